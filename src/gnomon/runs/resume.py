"""Continuing a run: from which row, and what of the earlier process no longer counts.

The entry `run.joined` cites the last row that counts: `continues` is {"wal", "row"} of this replica's best knowledge. Rows
that the earlier process (the same log) logged after it stay in the record and leave the series. Where a process continues
a run of its own, `until` in it says from which row on its rows count again. `leaves` lists, where the run goes on before a step,
the last row that counts ({"wal", "row"}; -1 for none) of each other process that had rows from there on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs import checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.points.query import Cut


class ContinuePoint(NamedTuple):
    """Where a run goes on."""

    run: str
    name: str | None
    group: str | None
    seed: int | None
    next_step: int
    continues: dict[str, object] | None

    def until(self, here: tuple[str, int] | None) -> dict[str, object] | None:
        """Return what to cite; `here` is where this process's rows count again, if it has written any."""
        if self.continues is None or here is None:
            return self.continues
        return {**self.continues, "until": {"wal": here[0], "row": here[1]}}


def where_to_continue(record_path: str, short_id: str, step: int | None, rank: int = 0) -> ContinuePoint:
    """Return where the run goes on: after its last row, or before `step`. Raises UnknownSubjectError, AmbiguousIdError."""
    from gnomon.errors import BadArgumentError
    from gnomon.runs.views import open

    if step is not None and (not isinstance(step, int) or isinstance(step, bool) or step < 0):
        raise BadArgumentError(f"`resume_step` of `run()` must be a whole number from 0; got {step!r}")
    view = open(record_path).run(short_id)
    points, known_cuts = view.record.replica.points_of(view.id), cuts(view._state)
    place = points.last_row(view.id, before_step=step, cuts=known_cuts)
    seed = view.seed if isinstance(view.seed, int) else None
    continues: dict[str, object] | None = None
    if place is not None:
        continues = {"wal": place.wal, "row": place.row}
    if step is not None:
        left = points.left_from(view.id, step, rank=rank, but=place.wal if place else None, cuts=known_cuts)
        if left:
            continues = {**(continues or {}), "leaves": [{"wal": wal, "row": row} for wal, row in left]}
    next_step = step if step is not None else place.step + 1 if place is not None else 0
    return ContinuePoint(view.id, view.name, view.group, seed, next_step, continues)


def cuts(state: Mapping[str, object]) -> list[Cut]:
    """Return where the run was continued: what each continuation left behind does not count.

    Several continuations of one row all count.
    """
    from gnomon.points.query import Cut

    found = []
    processes = state.get("processes")
    for log, process in processes.items() if isinstance(processes, dict) else ():
        for continued in process.get("continued", ()):
            until = _place(continued.get("until"))
            for left in (continued, *checked.objects(continued.get("leaves"))):
                wal, row = left.get("wal"), left.get("row")
                if isinstance(wal, str) and isinstance(row, int):
                    found.append(Cut(wal, row, until if left is continued else None, by=log))
    return found


def _place(until: object) -> tuple[str, int] | None:
    if isinstance(until, dict) and isinstance(until.get("wal"), str) and isinstance(until.get("row"), int):
        return until["wal"], until["row"]
    return None
