"""Series of many runs: one question, and every file that holds some of them is read about once.

Runs share files: a segment may hold a thousand of them. Asked one by one, each reads that segment anew. Here the runs are
taken some at a time, those of the same files together; what a file holds of all of them is read in one go.

Always true: each series has exactly the points that `points.query` gives, of the same files; no more points than
`MOST_AT_ONCE`, or those of one run, are in memory; of a run that is not asked for nothing is kept.
Not promised: the order of the runs. They come as the files hold them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from gnomon.errors import DamagedFileError
from gnomon.points.columns import changes, numpy_for
from gnomon.points.query import Found, _RefusedError, cut_wals, series_in, that_count
from gnomon.points.row_groups import chosen, may_hold
from gnomon.points.segment import (
    _as_numbers,
    _text_numbers,
    check_name,
    points_of,
    refusing_damage,
)
from gnomon.points.series_points import SeriesKey, SeriesPoints, one_after_the_other, points_by_series
from gnomon.points.sources import Source, Sources

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from gnomon.env import Env
    from gnomon.points.covers import Cover
    from gnomon.points.query import Cut
    from gnomon.points.reader import WalRead
    from gnomon.points.segment import Group
    from gnomon.points.series import Series
    from gnomon.points.series_points import Within
    from gnomon.record.problems import Problem

    Rank: TypeAlias = int | Literal["lowest"] | None
    Labels: TypeAlias = tuple[Any, list[str]]  # an array of places, and the texts that they stand for
    Wanted: TypeAlias = dict[tuple[str, str], int | None]  # by run and series: of which rank, None of all

MOST_AT_ONCE = 1_000_000  # points of all series of the runs that are read together
LITTLE = 0.75  # of the points of a batch: what is wanted of it is copied, so that the rest need not be kept


class Loose(NamedTuple):
    """A WAL file that may hold points of runs that are asked for: its WAL, how many rows are known, and these runs."""

    wal: str
    rows: int
    runs: frozenset[str]


class Held(NamedTuple):
    """The files that may hold points of these runs, as the index knows them."""

    runs: frozenset[str]
    covers: dict[str, list[Cover]]  # by path of the segment
    loose: dict[str, Loose]  # by path of the WAL file


def held(database: sqlite3.Connection, runs: Iterable[str]) -> Held:
    """Return which files hold points of these runs; paths are within the record."""
    from gnomon.points.follow import known_covers, wal_files_and_runs

    wanted = frozenset(runs)
    covers = {
        path: found
        for path, found in known_covers(database).items()
        if any(not wanted.isdisjoint([one.run for one in cover.runs]) for cover in found)
    }
    loose = {}
    for path, wal, rows, theirs in wal_files_and_runs(database):
        mine = wanted & theirs
        if mine:
            loose[path] = Loose(wal, rows, mine)
    return Held(wanted, covers, loose)


class ManySeries:
    """The points of many runs in the files of a folder, as they are at one moment. Not for several threads at once.

    `problems` collects what is damaged or gone; the answers leave it out.
    """

    def __init__(
        self,
        env: Env,
        folder: str,
        held: Held,
        lowest: Callable[[str, str, Sequence[Cut]], int | None] = lambda *_: 0,
    ) -> None:
        self._env = env
        self._lowest_of = lowest
        self._covers: dict[str, list[tuple[str, Cover]]] = {}  # of a run, with the path of the segment
        self._ranks: dict[str, set[int]] = {}  # of a run, as far as covers say
        self._weights: dict[str, int] = {}  # of a run: at most so many points
        self._loose: dict[str, list[str]] = {}  # of a run: WAL files
        for name, covers in held.covers.items():
            path = os.path.join(folder, name)
            for cover in covers:
                for one in cover.runs:
                    if one.run not in held.runs:
                        continue
                    known = self._covers.setdefault(one.run, [])
                    if not known or known[-1][1] is not cover:
                        known.append((path, cover))
                    self._ranks.setdefault(one.run, set()).add(one.rank)
                    self._weights[one.run] = self._weights.get(one.run, 0) + one.points
        for name, loose in held.loose.items():
            path = os.path.join(folder, name)
            for run in loose.runs:
                self._loose.setdefault(run, []).append(path)
                self._weights[run] = self._weights.get(run, 0) + loose.rows // len(loose.runs)
        self._segments = {  # by path: how many points each holds, at most
            os.path.join(folder, name): sum(cover.points for cover in covers)
            for name, covers in held.covers.items()
        }
        self._refused: set[str] = set()
        self._reads: dict[str, WalRead] = {}
        self._problems: list[Problem] = []

    @property
    def problems(self) -> list[Problem]:
        """What is damaged or gone among the files that were asked so far."""
        return list(dict.fromkeys(self._problems))

    def series(
        self,
        runs: Iterable[str],
        names: Sequence[str],
        rank: Rank = 0,
        x: str | None = None,
        *,
        cuts: Callable[[str], Sequence[Cut]] = lambda _: (),
        within: Within | None = None,
    ) -> Iterator[tuple[str, dict[str, Series]]]:
        """Yield of every run its series of these names (those without a point too), once, in any order.

        The runs are among those of `held`. `rank`, `x`, `cuts` and `within` are those of `PointFiles.series`; rank 'lowest' is
        the lowest that has the series, which `lowest` tells of a run, a name and cuts where covers do not.
        """
        for some in self._portions(runs):
            of_runs = {run: cuts(run) for run in some}
            ranks = {
                (run, name): self._lowest(run, name, of_runs[run]) if rank == "lowest" else rank
                for run in some
                for name in names
            }
            found = self._points(of_runs, _wanted(ranks, x), within if x is None else None)
            for run in some:
                of_run = found.pop(run)
                yield run, {name: series_in(of_run, run, name, ranks[run, name], x, within) for name in names}
        self._reads.clear()

    def _lowest(self, run: str, name: str, cuts: Sequence[Cut]) -> int | None:
        ranks = self._ranks.get(run, set())
        if len(ranks) == 1 and run not in self._loose:
            return next(iter(ranks))
        return self._lowest_of(run, name, cuts)

    def _portions(self, runs: Iterable[str]) -> Iterator[list[str]]:
        """Yield the runs, some at a time: in a segment runs stand in order of their ids, so those of one stand together."""

        def files_of(run: str) -> tuple[tuple[str, ...], str]:
            covers = self._covers.get(run, ())
            segments = (covers[0][0],) if len(covers) == 1 else sorted({path for path, _ in covers})
            return (*segments, *self._loose.get(run, ())), run

        some: list[str] = []
        weight = 0
        for run in sorted(dict.fromkeys(runs), key=files_of):
            more = self._weights.get(run, 0)
            if some and weight + more > MOST_AT_ONCE:
                yield some
                self._reads.clear()
                some, weight = [], 0
            some.append(run)
            weight += more
        if some:
            yield some

    def _points(
        self, cuts: Mapping[str, Sequence[Cut]], wanted: Wanted, within: Within | None
    ) -> dict[str, Found]:
        """Return the points of each run, as `PointFiles` does of one; files that turn out damaged are left out.

        Of what is not `within` some may be there.
        """
        while True:
            sources = {run: self._sources_of(run) for run in cuts}
            whole = {run: cut_wals(sources[run], behind) for run, behind in cuts.items()}

            def part_of(run: str, wal: str, whole: dict[str, set[str]] = whole) -> Within | None:
                return within if wal not in whole.get(run, ()) else None

            try:
                found = self._collect(sources, wanted, part_of)
            except _RefusedError as refused:
                _OfRun(self, (), (), {}).refuse(refused.path, refused.error)
                continue
            return {run: that_count(found[run], sources[run], behind) for run, behind in cuts.items()}

    def _sources_of(self, run: str) -> list[Source]:
        """Return which file answers for each WAL of a run: a segment that leaves the run out says nothing of it."""
        covers: dict[str, list[Cover]] = {}
        for path, cover in self._covers.get(run, ()):
            covers.setdefault(path, []).append(cover)
        return _OfRun(self, covers, self._loose.get(run, ()), covers).chosen()

    def _collect(
        self,
        sources: Mapping[str, list[Source]],
        wanted: Wanted,
        part_of: Callable[[str, str], Within | None],
    ) -> dict[str, Found]:
        by_segment: dict[str, dict[str, set[str]]] = {}  # path, run, WALs
        by_file: dict[str, tuple[WalRead, str, set[str]]] = {}  # path: what was read, the WAL, the runs
        for run, several in sources.items():
            for source in several:
                if source.cover is not None:
                    by_segment.setdefault(source.path, {}).setdefault(run, set()).add(source.wal)
                elif source.read is not None:
                    by_file.setdefault(source.path, (source.read, source.wal, set()))[2].add(run)
        by_run: dict[str, dict[str, dict[SeriesKey, SeriesPoints]]] = {run: {} for run in sources}
        for path, wals in by_segment.items():
            for (key, wal), points in self._in_segment(path, wals, wanted, part_of).items():
                by_run[key.run].setdefault(wal, {})[key] = points
        for read, wal, runs in by_file.values():
            for run in runs:
                blocks = [block for block in read.blocks if block.run == run]
                of_run = points_by_series(blocks, lambda key: _is_wanted(key, wanted), part_of(run, wal))
                by_run[run].setdefault(wal, {}).update(of_run)
        return {
            run: {
                (source.wal, key): points
                for source in sources[run]
                for key, points in sorted(by_wal.get(source.wal, {}).items())
            }
            for run, by_wal in by_run.items()
        }

    # --- segments

    def _in_segment(
        self,
        path: str,
        wals: Mapping[str, set[str]],
        wanted: Wanted,
        part_of: Callable[[str, str], Within | None],
    ) -> dict[Group, SeriesPoints]:
        """Return what a segment holds of these runs in their WALs. Raises _RefusedError."""

        def is_wanted(key: SeriesKey, wal: str) -> bool:
            return wal in wals.get(key.run, ()) and _is_wanted(key, wanted)

        may = may_hold(wals, {name for _, name in wanted}, set().union(*wals.values()), is_wanted)
        parts: dict[Group, list[SeriesPoints]] = {}
        try:
            check_name(self._env, path)
            found = chosen(
                self._env, path, self._segments[path], may, lambda group: part_of(group[0].run, group[1])
            )
            with refusing_damage(path):
                for batch in found.batches:
                    for group, points in _groups(batch, is_wanted):
                        parts.setdefault(group, []).append(points)
        except (OSError, DamagedFileError) as error:
            raise _RefusedError(path, error) from error
        joined = {
            group: one_after_the_other(several) if len(several) > 1 else several[0]
            for group, several in parts.items()
        }
        for group in found.left_out.keys() & joined.keys():
            joined[group].skipped += found.left_out[group]
        return joined


class _OfRun(Sources):
    """The files of one run; what was read of a WAL, refused, and found to be damaged is known to all runs."""

    def __init__(
        self,
        many: ManySeries,
        segments: Iterable[str],
        wals: Iterable[str],
        covers: Mapping[str, Iterable[Cover]],
    ) -> None:
        super().__init__(many._env, segments, wals, covers)
        self._refused = many._refused
        self._reads = many._reads
        self.problems = many._problems


def _wanted(ranks: Mapping[tuple[str, str], int | None], x: str | None) -> Wanted:
    """Return which series are to be read: the x-axis of a run of each rank for which one of its series is."""
    wanted = dict(ranks)
    if x is not None:
        for (run, _), rank in ranks.items():
            known = wanted.setdefault((run, x), rank)
            if known != rank:
                wanted[run, x] = None
    return wanted


def _is_wanted(key: SeriesKey, wanted: Wanted) -> bool:
    rank = wanted.get((key.run, key.series), -1)
    return rank is None or rank == key.rank


def _groups(batch: Any, is_wanted: Callable[[SeriesKey, str], bool]) -> Iterator[tuple[Group, SeriesPoints]]:
    """Yield the points of each wanted series and WAL in one batch, which is sorted by them."""
    count = batch.num_rows
    if count == 0:
        return
    labels = [_text_numbers(batch.column(name)) for name in ("run", "series", "wal")]
    places = _places(batch, labels)
    wanted = [(group, start, end) for group, start, end in places if is_wanted(*group)]
    rows = sum(end - start for _, start, end in wanted)
    if not rows:
        return
    exact = batch.column("exact")
    digits = exact.to_pylist() if exact.null_count < count else None
    if numpy_for(count) is None:
        for group, start, end in wanted:
            yield group, points_of(batch, start, end, digits)
        return
    whole = points_of(batch, 0, count, digits)
    for group, start, end in wanted:
        part = whole[start:end]
        yield group, part.copied() if rows < LITTLE * count else part


def _places(batch: Any, labels: Sequence[Labels]) -> list[tuple[Group, int, int]]:
    """Return the series and WALs of a batch, and from which row to which each has its points."""
    (runs, run_texts), (series, series_texts), (wals, wal_texts) = labels
    arrays = (runs, series, batch.column("rank"), wals)
    last = batch.num_rows - 1
    if all(array[0] == array[last] for array in arrays):  # the rows are sorted, so all are of one group
        numbers, starts = [[array[0].as_py()] for array in arrays], [0]
    else:
        numbers = [_as_numbers(array) for array in arrays]
        starts = sorted({0}.union(*map(changes, numbers)))
    of_run, of_series, of_rank, of_wal = ([int(part[at]) for at in starts] for part in numbers)
    return [
        ((SeriesKey(run_texts[run], series_texts[name], rank), wal_texts[wal]), start, end)
        for run, name, rank, wal, start, end in zip(
            of_run, of_series, of_rank, of_wal, starts, [*starts[1:], last + 1], strict=True
        )
    ]
