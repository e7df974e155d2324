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
from gnomon.points.query import (
    _GLOB,
    LARGE_SEGMENT_BYTES,
    Found,
    _RefusedError,
    closed_in_duckdb,
    series_in,
    that_count,
)
from gnomon.points.segment import (
    MAX_POINTS,
    ROW_GROUP,
    _as_column,
    _as_numbers,
    _text_numbers,
    at_most,
    check_name,
    exact_numbers,
    read_file,
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
    from gnomon.points.series import Series
    from gnomon.record.problems import Problem

    Rank: TypeAlias = int | Literal["lowest"] | None
    Labels: TypeAlias = tuple[Any, list[str]]  # an array of places, and the texts that they stand for
    Wanted: TypeAlias = dict[tuple[str, str], int | None]  # by run and series: of which rank, None of all

MOST_AT_ONCE = 1_000_000  # points of all series of the runs that are read together
TINY_SEGMENT_BYTES = 1 << 20  # up to here a question to DuckDB takes longer than reading all of it

_ASK = """
SELECT wanted.run_no, list_position(?, t.series) AS series_no, t.rank, wals.wal_no, t.step, t.time, t.value, t.exact, t."row"
FROM read_parquet(?) AS t JOIN wanted ON t.run = wanted.run AND t.series = wanted.series JOIN wals ON t.wal = wals.wal
WHERE (wanted.rank IS NULL OR wanted.rank = t.rank) AND t.series IN ({places})
ORDER BY wanted.run_no, t.series, t.rank, wals.wal_no, t."row"
"""


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
        self._connection: Any = None
        self._uses_duckdb = self._is_worth_duckdb()

    def _is_worth_duckdb(self) -> bool:
        total = 0
        for path in self._segments:
            try:
                total += self._env.stat(path).st_size
            except OSError:
                pass  # gone: whoever reads it says so
        return total >= LARGE_SEGMENT_BYTES

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
    ) -> Iterator[tuple[str, dict[str, Series]]]:
        """Yield of every run its series of these names (those without a point too), once, in any order.

        The runs are among those of `held`. `rank`, `x` and `cuts` are those of `PointFiles.series`; rank 'lowest' is the lowest
        that has the series, which `lowest` tells of a run, a name and cuts where covers do not.
        """
        for some in self._portions(runs):
            of_runs = {run: cuts(run) for run in some}
            ranks = {
                (run, name): self._lowest(run, name, of_runs[run]) if rank == "lowest" else rank
                for run in some
                for name in names
            }
            found = self._points(of_runs, _wanted(ranks, x))
            for run in some:
                of_run = found.pop(run)
                yield run, {name: series_in(of_run, run, name, ranks[run, name], x) for name in names}
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

    def _points(self, cuts: Mapping[str, Sequence[Cut]], wanted: Wanted) -> dict[str, Found]:
        """Return the points of each run, as `PointFiles` does of one; files that turn out damaged are left out."""
        while True:
            sources = {run: self._sources_of(run) for run in cuts}
            try:
                found = self._collect(sources, wanted)
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

    def _collect(self, sources: Mapping[str, list[Source]], wanted: Wanted) -> dict[str, Found]:
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
            for key, wal, points in self._in_segment(path, wals, wanted):
                if wal in wals.get(key.run, ()):
                    _add(by_run[key.run].setdefault(wal, {}), key, points)
        for read, wal, runs in by_file.values():

            def is_wanted(key: SeriesKey, runs: set[str] = runs) -> bool:
                return key.run in runs and _is_wanted(key, wanted)

            for key, points in points_by_series(read.blocks, is_wanted).items():
                by_run[key.run].setdefault(wal, {})[key] = points
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
        self, path: str, wals: Mapping[str, set[str]], wanted: Wanted
    ) -> Iterator[tuple[SeriesKey, str, SeriesPoints]]:
        """Yield what a segment holds of these runs; what it has in other WALs may come along. Raises _RefusedError."""
        try:
            size = self._env.stat(path).st_size
            if not self._uses_duckdb or size < TINY_SEGMENT_BYTES or _GLOB.intersection(path):
                yield from _read_whole(read_file(self._env, path), path, wals, wanted)
            else:
                check_name(self._env, path)
                with refusing_damage(path):
                    yield from self._ask_duckdb(path, wals, wanted)
        except (OSError, DamagedFileError) as error:
            raise _RefusedError(path, error) from error

    def _ask_duckdb(
        self, path: str, wals: Mapping[str, set[str]], wanted: Wanted
    ) -> Iterator[tuple[SeriesKey, str, SeriesPoints]]:
        """Yield what one file holds of these runs; only the row groups that may hold them are read."""
        from arro3.core import Table

        if self._connection is None:
            self._connection = closed_in_duckdb(self._segments)
        runs = sorted(wals)
        names = sorted({name for _, name in wanted})
        texts = sorted(set().union(*wals.values()))
        places = {run: at for at, run in enumerate(runs, 1)}
        rows = [(places[run], run, name, rank) for (run, name), rank in wanted.items() if run in places]
        numbers, *others = map(list, zip(*rows, strict=True))
        make, drop = "CREATE OR REPLACE TEMP TABLE", "DROP TABLE IF EXISTS"
        columns = (
            "unnest(?::INT[]) AS run_no, unnest(?::VARCHAR[]) AS run, unnest(?::VARCHAR[]) AS series, "
            "unnest(?::INT[]) AS rank"
        )
        self._connection.execute(f"{make} wanted AS SELECT {columns}", [numbers, *others])
        self._connection.execute(
            f"{make} wals AS SELECT unnest(?::INT[]) AS wal_no, unnest(?::VARCHAR[]) AS wal",
            [[*range(1, len(texts) + 1)], texts],
        )
        query = _ASK.format(places=", ".join("?" * len(names)))
        answer = self._connection.sql(query, params=[names, os.path.abspath(path), *names])
        numpy_for(self._segments[path])  # imports it where that pays for the whole, if not for a batch
        for batch in at_most(self._segments[path], Table.from_arrow(answer).to_batches(), path):
            labels = [
                (batch.column(column), ["", *known])
                for column, known in (("run_no", runs), ("series_no", names), ("wal_no", texts))
            ]
            yield from _groups(batch, *labels)
        self._connection.execute(f"{drop} wanted; {drop} wals")


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


def _add(known: dict[SeriesKey, SeriesPoints], key: SeriesKey, points: SeriesPoints) -> None:
    known[key] = one_after_the_other([known[key], points]) if key in known else points


def _read_whole(
    data: bytes, path: str, wals: Mapping[str, set[str]], wanted: Wanted
) -> Iterator[tuple[SeriesKey, str, SeriesPoints]]:
    """Yield what a segment holds of these runs: every row is read, those that are wanted are taken apart."""
    from gnomon.points.covers import METADATA_KEY, decode_covers

    with refusing_damage(path):
        from arro3.core import Array, DataType
        from arro3.io import read_parquet

        reader = read_parquet(data, batch_size=ROW_GROUP)
        covers = decode_covers(reader.schema.metadata.get(METADATA_KEY.encode()), path)
        limit = min(MAX_POINTS, sum(cover.points for cover in covers))
        names = {name for _, name in wanted}
        for batch in at_most(limit, reader, path):
            rows = _rows_of(batch, names, wals)
            if rows:
                chosen = batch.take(Array(rows, DataType.int32())) if len(rows) < batch.num_rows else batch
                labels = [_text_numbers(chosen.column(name)) for name in ("run", "series", "wal")]
                for key, wal, points in _groups(chosen, *labels):
                    if _is_wanted(key, wanted):
                        yield key, wal, points


def _rows_of(batch: Any, names: set[str], wals: Mapping[str, set[str]]) -> Sequence[int]:
    """Return the rows of a batch that are of these series and runs."""
    if batch.num_rows == 0:
        return ()
    (runs, run_texts), (series, series_texts) = (
        _text_numbers(batch.column(name)) for name in ("run", "series")
    )
    good_runs = {number for number, text in enumerate(run_texts) if text in wals}
    good_series = {number for number, text in enumerate(series_texts) if text in names}
    if not good_runs or not good_series:
        return ()
    last = batch.num_rows - 1
    if runs[0] == runs[last] and series[0] == series[last]:  # the rows are sorted, so all are of one series
        is_good = runs[0].as_py() in good_runs and series[0].as_py() in good_series
        return range(batch.num_rows if is_good else 0)
    numbers = series.to_pylist()
    of_runs = runs.to_pylist()
    if len(good_series) == len(series_texts):
        return [at for at, run in enumerate(of_runs) if run in good_runs]
    return [at for at, one in enumerate(numbers) if one in good_series and of_runs[at] in good_runs]


def _groups(
    batch: Any, runs: Labels, series: Labels, wals: Labels
) -> Iterator[tuple[SeriesKey, str, SeriesPoints]]:
    """Yield the points of each series and WAL in a batch in which the rows of one stand together."""
    count = batch.num_rows
    if count == 0:
        return
    ranks = batch.column("rank")
    arrays = (runs[0], series[0], ranks, wals[0])
    if all(array[0] == array[count - 1] for array in arrays):  # the rows are sorted, so all are of one group
        numbers, starts = [[array[0].as_py()] for array in arrays], [0]
    else:
        numbers = [_as_numbers(array) for array in arrays]
        starts = sorted({0}.union(*map(changes, numbers)))
    exact = batch.column("exact")
    digits = exact.to_pylist() if exact.null_count < count else None
    from arro3.core import DataType

    rows, steps, values = (
        _as_column(batch.column(name), code) for name, code in (("row", "q"), ("step", "q"), ("value", "d"))
    )
    times = _as_column(batch.column("time").cast(DataType.int64()), "q")
    of_run, of_series, of_rank, of_wal = ([part[at] for at in starts] for part in numbers)
    for at, start in enumerate(starts):
        end = starts[at + 1] if at + 1 < len(starts) else count
        key = SeriesKey(runs[1][of_run[at]], series[1][of_series[at]], int(of_rank[at]))
        found = exact_numbers(digits[start:end]) if digits is not None else {}
        points = SeriesPoints(rows[start:end], steps[start:end], times[start:end], values[start:end], found)
        yield key, wals[1][of_wal[at]], points
