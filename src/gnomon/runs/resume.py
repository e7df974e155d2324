"""Continuing a run: from which row, and what of the earlier process no longer counts.

The entry `run.joined` cites the last row that counts: `continues` is {"wal", "row"} of this replica's best knowledge. Rows
that the earlier process (the same log) logged after it are superseded: they stay in the record and leave the series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.runs.run_view import RunView


class ContinuePoint(NamedTuple):
    """Where a run goes on."""

    run: str
    name: str | None
    group: str | None
    seed: int | None
    next_step: int
    continues: dict[str, object] | None


def where_to_continue(record_path: str, short_id: str, step: int | None) -> ContinuePoint:
    """Return where the run goes on: after its last row, or before `step`. Raises UnknownSubjectError, AmbiguousIdError."""
    from gnomon.errors import BadArgumentError
    from gnomon.runs.views import open

    if step is not None and (not isinstance(step, int) or isinstance(step, bool) or step < 0):
        raise BadArgumentError(f"`resume_step` of `run()` must be a whole number from 0; got {step!r}")
    view = open(record_path).run(short_id)
    place = view.record.replica.points_of(view.id).last_row(
        view.id, before_step=step, superseded=superseded(view._state)
    )
    seed = view.seed if isinstance(view.seed, int) else None
    continues = {"wal": place.wal, "row": place.row} if place is not None else None
    next_step = step if step is not None else place.step + 1 if place is not None else 0
    return ContinuePoint(view.id, view.name, view.group, seed, next_step, continues)


def superseded(state: Mapping[str, object]) -> dict[str, int]:
    """Return, for each WAL that a later process continues, the last row of it that counts.

    Rows after it, and rows of later WALs of the same process, do not. Several continuations of one row all count.
    """
    cited: dict[str, int] = {}
    processes = state.get("processes")
    for process in processes.values() if isinstance(processes, dict) else ():
        continues = process.get("continues")
        if isinstance(continues, dict):
            wal, row = continues.get("wal"), continues.get("row")
            if isinstance(wal, str) and isinstance(row, int):
                cited[wal] = max(row, cited.get(wal, -1))
    return cited


def is_resumed(view: RunView) -> bool:
    """Return whether any process continued the run."""
    return bool(superseded(view._state))
