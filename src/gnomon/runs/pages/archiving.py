"""`/runs/archive`: the chosen runs in one ZIP file, as `gnomon archive` writes it.

Always true: it can be imported into another record, and the same runs give the same bytes; what is too large for a browser is
refused with the command that writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.page import Binary
from gnomon.runs.archive.in_memory import archived
from gnomon.runs.pages.chosen import chosen

if TYPE_CHECKING:
    from gnomon.page import Ask

MOST_RUNS = 500
LARGEST = 256 << 20


def archive(ask: Ask) -> Binary:
    """Return an archive of the runs that the address names."""
    found = chosen(ask, MOST_RUNS)
    if found.is_default or not found.ids:
        raise BadArgumentError("`run` must be given at least once: it says which runs go into the archive")
    kept = {one.object: one.size for run in found.ids for one in ask.record.run_of(run).kept}
    size = sum(kept.values())
    if found.total > MOST_RUNS or size > LARGEST:
        raise BadArgumentError(
            f"these {found.total:,} runs keep {size / 1e6:,.0f} MB of files; a page hands out at most {MOST_RUNS:,} runs and "
            f"{LARGEST / 1e6:,.0f} MB",
            hint='`gnomon archive --where "…" --to runs.zip` writes any number',
        )
    data = archived(ask.record, found.ids)
    which = found.ids[0][:8] if len(found.ids) == 1 else "runs"
    return Binary([data], "application/zip", f"{ask.record.name}-{which}.zip")
