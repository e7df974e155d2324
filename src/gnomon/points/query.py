"""Ask for points: one series, all points of a run, the last row.

Small segments are read whole, because importing DuckDB costs more than reading a million points; of larger ones DuckDB
reads only the row groups that hold the series. WALs are read by `points.reader`. The answers are the same.

Always true: each point is counted once, whatever files hold it; points stand in order of (clock of the WAL, number of
the WAL in its process, WAL id, row); no path or name becomes part of a SQL text.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import DamagedFileError
from gnomon.points.columns import numpy_for
from gnomon.points.segment import (
    Group,
    as_table,
    at_most,
    collect,
    covers_of,
    decode,
    read_file,
    refusing_damage,
)
from gnomon.points.series import Part, Place, Series, on_common_rows
from gnomon.points.series_points import SeriesKey, SeriesPoints, points_by_series
from gnomon.points.sources import Source, Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gnomon.env import Env
    from gnomon.points.covers import Cover
    from gnomon.record.problems import Problem

LARGE_SEGMENT_BYTES = 8 << 20
_GLOB = frozenset("*?[]{}")
# Texts come back as places in lists that are known here: a million texts would cost more than all numbers.
_ASK = """
SELECT list_position(?, t.run) AS run, list_position(?, t.series) AS series, list_position(?, t.wal) AS wal,
       rank, step, time, value, exact, "row"
FROM read_parquet(?) AS t WHERE t.run = ?
"""

Found = dict[tuple[str, SeriesKey], SeriesPoints]  # by WAL and series, in order of the WALs


class PointFiles:
    """The points in these files, as they are at one moment. Not for several threads at once.

    `covers` may hold what the index knows of segments (path to covers), so that they need not be opened to learn which
    of them matter. `problems` collects what is damaged or gone; the answers leave it out.
    """

    def __init__(
        self,
        env: Env,
        *,
        segments: Iterable[str] = (),
        wals: Iterable[str] = (),
        covers: Mapping[str, Iterable[Cover]] | None = None,
    ) -> None:
        self._env = env
        self._segments = list(segments)
        self._sources = Sources(env, self._segments, wals, covers)
        self._connection: Any = None

    @property
    def problems(self) -> list[Problem]:
        """What is damaged or gone among the files that were asked so far."""
        return list(self._sources.problems)

    def series(
        self,
        run: str,
        name: str,
        rank: int | None = 0,
        x: str | None = None,
        *,
        cuts: Sequence[Cut] = (),
    ) -> Series:
        """Return one series of a run; empty where it has none.

        `rank=None` gives all ranks. `x` names the series that is the x-axis: then only the rows that hold both count.
        What is behind a cut, where the run was resumed from an earlier row, is left out.
        """
        found = self._points(run, {name} if x is None else {name, x}, rank, cuts)
        parts = []
        for (wal, key), points in found.items():
            if key.series != name:
                continue
            if x is None:
                parts.append(Part(wal, key.rank, points, None))
            elif (wal, SeriesKey(run, x, key.rank)) in found:
                common = on_common_rows(points, found[wal, SeriesKey(run, x, key.rank)])
                parts.append(Part(wal, key.rank, *common))
        return Series(run, name, parts, x)

    def frame(self, run: str, *, cuts: Sequence[Cut] = ()) -> Any:
        """Return all points of a run as an Arrow table (arro3), one row a point, with the columns of a segment."""
        found = self._points(run, None, None, cuts)
        return as_table({(key, wal): points for (wal, key), points in found.items()})

    def last_row(self, run: str, *, before_step: int | None = None, cuts: Sequence[Cut] = ()) -> Place | None:
        """Return the last row of a run (of its lowest rank), or the last one with a smaller step than `before_step`."""
        found = self._points(run, None, None, cuts)
        lowest = min((key.rank for _, key in found), default=0)
        last: Place | None = None
        for (wal, key), points in found.items():
            at = _last_before(points, before_step)
            if (
                key.rank == lowest
                and at >= 0
                and (last is None or last.wal != wal or points.rows[at] > last.row)
            ):
                last = Place(wal, points.rows[at], points.steps[at])
        return last

    def _points(self, run: str, names: set[str] | None, rank: int | None, cuts: Sequence[Cut]) -> Found:
        """Return the points by WAL and series, in order of the WALs; files that turn out damaged are left out."""

        def is_wanted(key: SeriesKey) -> bool:
            return key.run == run and (names is None or key.series in names) and rank in (None, key.rank)

        while True:
            sources = self._sources.chosen()
            try:
                found = self._collect(sources, run, names, is_wanted)
            except _RefusedError as refused:
                self._sources.refuse(refused.path, refused.error)
                continue
            return _that_count(found, sources, cuts)

    def _collect(
        self, sources: list[Source], run: str, names: set[str] | None, is_wanted: Callable[[SeriesKey], bool]
    ) -> Found:
        by_segment: dict[str, set[str]] = {}
        for source in sources:
            if source.cover is not None and any(one.run == run for one in source.cover.runs):
                by_segment.setdefault(source.path, set()).add(source.wal)
        by_wal: dict[str, dict[SeriesKey, SeriesPoints]] = {}
        for path, wals in by_segment.items():
            for (key, wal), points in self._ask_segment(path, run, names, wals, is_wanted).items():
                by_wal.setdefault(wal, {})[key] = points
        for source in sources:
            if source.read is not None:
                by_wal[source.wal] = points_by_series(source.read.blocks, is_wanted)
        return {
            (source.wal, key): points
            for source in sources
            for key, points in sorted(by_wal.get(source.wal, {}).items())
        }

    # --- segments

    def _ask_segment(
        self,
        path: str,
        run: str,
        names: set[str] | None,
        wals: set[str],
        is_wanted: Callable[[SeriesKey], bool],
    ) -> dict[Group, SeriesPoints]:
        def is_group_wanted(key: SeriesKey, wal: str) -> bool:
            return wal in wals and is_wanted(key)

        try:
            is_large = self._env.stat(path).st_size >= LARGE_SEGMENT_BYTES and not _GLOB.intersection(path)
            if not is_large or names is None:
                return decode(read_file(self._env, path), path, is_group_wanted).points
            covers = covers_of(self._env, path)
            with refusing_damage(path):
                return self._ask_duckdb(path, run, sorted(names), covers, is_group_wanted)
        except (OSError, DamagedFileError) as error:
            raise _RefusedError(path, error) from error

    def _ask_duckdb(
        self,
        path: str,
        run: str,
        names: list[str],
        covers: Iterable[Cover],
        is_wanted: Callable[[SeriesKey, str], bool],
    ) -> dict[Group, SeriesPoints]:
        """Return what one file holds of these series; only the row groups that may hold them are read."""
        from arro3.core import Table

        texts = {"run": [run], "series": names, "wal": [cover.wal for cover in covers]}
        only = f" AND t.series IN ({', '.join('?' * len(names))})"
        answer = self._connected().sql(
            _ASK + only, params=[*texts.values(), os.path.abspath(path), run, *names]
        )
        limit = sum(cover.points for cover in covers)
        numpy_for(limit)  # imports it where that pays for the whole, if not for a batch
        return collect(at_most(limit, Table.from_arrow(answer).to_batches(), path), is_wanted, texts)

    def _connected(self) -> Any:
        if self._connection is None:
            import duckdb

            off = dict.fromkeys(("autoinstall_known_extensions", "autoload_known_extensions"), False)
            self._connection = duckdb.connect(":memory:", config={**off, "python_enable_replacements": False})
            allowed = [os.path.abspath(path) for path in self._segments]
            self._connection.execute("SET allowed_paths = ?", [allowed])
            self._connection.execute("SET enable_external_access = false")
            self._connection.execute("SET lock_configuration = true")
        return self._connection


class Cut(NamedTuple):
    """Where a run was continued: the last row that counts, of the WAL that holds it.

    Rows after it, and later WALs of the same process, are left out; where the process itself continued the run, only those
    before `until`, (WAL, first row that counts again).
    """

    wal: str
    row: int
    until: tuple[str, int] | None = None


class _RefusedError(Exception):
    """A file turned out to be damaged or gone in the middle of an answer."""

    def __init__(self, path: str, error: Exception) -> None:
        super().__init__(path)
        self.path = path
        self.error = error


def _that_count(found: Found, sources: list[Source], cuts: Sequence[Cut]) -> Found:
    """Return the points without those that a continuation left behind."""
    if not cuts:
        return found
    by_wal = {source.wal: source for source in sources}
    open_cuts, closed = _sorted_out(cuts, by_wal)
    last: dict[str, tuple[int, int]] = {}  # of a process: the last WAL that counts, and its last row
    for wal, row in open_cuts.items():
        source = by_wal[wal]
        last[source.log] = max(last.get(source.log, (-1, -1)), (source.ordinal, row))
    kept: Found = {}
    for (wal, key), points in found.items():
        source = by_wal[wal]
        ordinal, row = last.get(source.log, (source.ordinal + 1, 0))
        end = source.rows if source.ordinal < ordinal else row + 1 if source.ordinal == ordinal else 0
        points = points.below(end)  # noqa: PLW2901
        for cut, first, until in closed:
            if (
                first.log == source.log
                and first.ordinal <= source.ordinal <= until.ordinal
                and cut.until is not None
            ):
                start = cut.row + 1 if source is first else 0
                points = points.without(start, cut.until[1] if source is until else source.rows)  # noqa: PLW2901
        if len(points):
            kept[wal, key] = points
    return kept


def _sorted_out(
    cuts: Sequence[Cut], by_wal: Mapping[str, Source]
) -> tuple[dict[str, int], list[tuple[Cut, Source, Source]]]:
    """Return the cuts that have no end (several of one WAL as one, at the last row), and those within one process."""
    open_cuts: dict[str, int] = {}
    closed = []
    for cut in cuts:
        first = by_wal.get(cut.wal)
        if first is None:
            continue
        until = by_wal.get(cut.until[0]) if cut.until is not None else None
        if until is not None and until.log == first.log:
            closed.append((cut, first, until))
        else:
            open_cuts[cut.wal] = max(cut.row, open_cuts.get(cut.wal, -1))
    return open_cuts, closed


def _last_before(points: SeriesPoints, before_step: int | None) -> int:
    """Return the position of the last point whose step is smaller; -1 where there is none."""
    at = len(points) - 1
    if before_step is not None:
        steps = points.steps
        while at >= 0 and steps[at] >= before_step:
            at -= 1
    return at
