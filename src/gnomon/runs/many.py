"""Series of many runs at once, as `RunView.series` gives them one by one.

Always true: every run comes once, with every name that is asked for; a name that it has no point of is an empty series; where a
run was resumed, what it did again counts once. The order of the runs is that of the files that hold them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UnknownSubjectError
from gnomon.record.index_query import subjects_with
from gnomon.runs import entries
from gnomon.runs.resume import cuts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gnomon.points.many import Rank
    from gnomon.points.query import Cut
    from gnomon.points.series import Series
    from gnomon.points.series_points import Within
    from gnomon.runs.views import Record

FEW = 2_000  # runs; of more, those that were continued are looked for in their entries before any is folded


class ManyRuns:
    """The series of these runs (whole ids), as the files are now. `known_cuts` are those of the runs, where they are known."""

    def __init__(
        self, record: Record, runs: Iterable[str], known_cuts: Mapping[str, Sequence[Cut]] | None = None
    ) -> None:
        self._record = record
        self._known_cuts = known_cuts or {}
        runs = list(dict.fromkeys(runs))
        self._continued = _maybe_continued(record, runs)
        self._files = record.replica.points_of_many(runs)

    def series(
        self,
        runs: Sequence[str],
        names: Sequence[str],
        *,
        rank: Rank = "lowest",
        x: str | None = None,
        within: Within | None = None,
    ) -> Iterator[tuple[str, dict[str, Series]]]:
        """Yield of every run its series of these names; of each the lowest rank that has it, unless given.

        `within` asks for a part of each.
        """
        yield from self._files.series(runs, names, rank, x, cuts=self._cuts_of, within=within)

    def _cuts_of(self, run: str) -> Sequence[Cut]:
        if run in self._known_cuts:
            return self._known_cuts[run]
        return cuts(_state(self._record, run)) if run in self._continued else ()


def series_of_many(
    record: Record,
    runs: Sequence[str],
    names: Sequence[str],
    *,
    rank: Rank = "lowest",
    x: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[str, dict[str, Series]]]:
    """Yield what `ManyRuns` does of all these runs."""
    for number, one in enumerate(ManyRuns(record, runs).series(runs, names, rank=rank, x=x), 1):
        yield one
        if progress is not None:
            progress(number, len(runs))


def _maybe_continued(record: Record, runs: Sequence[str]) -> set[str]:
    """Return the runs that may have been resumed."""
    if len(runs) < FEW:
        return set(runs)

    def ask(database: sqlite3.Connection) -> set[str]:
        texts = (entries.JOINED, "continues")
        return set.intersection(*(set(subjects_with(database, "run", text)) for text in texts))

    return record.replica.index.ask(ask)


def _state(record: Record, run: str) -> dict[str, object]:
    try:
        state = record.replica.index.state("run", run)
    except UnknownSubjectError:
        return {}  # its entries were erased meanwhile
    return state if isinstance(state, dict) else {}
