"""What failed lately, alike failures together.

Always true: at most the newest so many runs are looked at; what is told of an error is the last line of its traceback, in which
capturing has left out secrets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.run_view import RunView

if TYPE_CHECKING:
    from gnomon.runs.views import Record

NEWEST = 24
WHERE = "status in ('failed', 'interrupted')"
_TYPE = re.compile(r"[\w.]{1,80}")


class Failure(NamedTuple):
    """Runs that ended in one way: the type of the error and what it said; the newest first."""

    status: str
    error: str
    said: str
    runs: list[tuple[str, str | None, float]]  # id, name, when it ended (or began)


def failures(record: Record, limit: int = NEWEST) -> tuple[list[Failure], int]:
    """Return how the newest runs failed, alike ones together, and how many failed or were interrupted in all."""
    table = record.runs(WHERE, columns=["id", "name", "status", "created", "ended"], limit=limit)
    found: dict[tuple[str, str, str], Failure] = {}
    for row in table:
        key = (str(row["status"]), *reason(RunView(record, str(row["id"]))))
        name = str(row["name"]) if row["name"] is not None else None
        at = row["ended"] if row["ended"] is not None else row["created"]
        when = float(at) if isinstance(at, (int, float)) else 0.0
        found.setdefault(key, Failure(*key, [])).runs.append((str(row["id"]), name, when))
    return list(found.values()), table.total


def reason(run: RunView) -> tuple[str, str]:
    """Return the type of the error that ended a run, and what it said: the last line of the traceback."""
    lines = [line for line in (run.traceback or "").splitlines() if line.strip()]
    last = lines[-1].strip() if lines else next((one.error for one in run.processes if one.error), "")
    kind, colon, said = last.partition(":")
    if colon and _TYPE.fullmatch(kind):
        return kind.rpartition(".")[2], said.strip()
    return (last, "") if _TYPE.fullmatch(last) else ("", last)
