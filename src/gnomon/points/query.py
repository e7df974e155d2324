"""Ask for points: one series, all points of a run, the last row.

Of segments only the row groups are read that may hold what is asked for (`points.row_groups`). WALs are read by
`points.reader`. The answers are the same.

Always true: each point is counted once, whatever files hold it; points stand in order of (clock of the WAL, number of
the WAL in its process, WAL id, row).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from gnomon.errors import DamagedFileError
from gnomon.points.row_groups import chosen, may_hold
from gnomon.points.segment import Group, as_table, collect, covers_of
from gnomon.points.series import Part, Place, Series, on_common_rows
from gnomon.points.series_points import SeriesKey, SeriesPoints, points_by_series
from gnomon.points.sources import Source, Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gnomon.env import Env
    from gnomon.points.covers import Cover
    from gnomon.points.series_points import Within
    from gnomon.record.problems import Problem

NO_END = 2**63 - 1  # of rows
ALL = [(0, NO_END)]

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
        self._sources = Sources(env, segments, wals, covers)

    @property
    def is_complete(self) -> bool:
        """Whether no file had to be left out so far, because it is gone or cannot be trusted."""
        return not self._sources.has_refused

    @property
    def has_gone(self) -> bool:
        """Whether a file went away, most likely into another one: who looks again finds all points."""
        return self._sources.has_gone

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
        within: Within | None = None,
    ) -> Series:
        """Return one series of a run; empty where it has none.

        `rank=None` gives all ranks. `x` names the series that is the x-axis: then only the rows that hold both count.
        What is behind a cut, where the run was resumed from an earlier row, is left out. `within` asks for a part of what each
        WAL has.
        """
        names = {name} if x is None else {name, x}
        found = self._points(run, names, rank, cuts, within if x is None else None)
        return series_in(found, run, name, rank, x, within)

    def points(self, run: str, names: set[str] | None = None, *, cuts: Sequence[Cut] = ()) -> Found:
        """Return the points of a run by WAL and series (of these series, if given)."""
        return self._points(run, names, None, cuts)

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

    def left_from(
        self, run: str, step: int, *, rank: int, but: str | None, cuts: Sequence[Cut] = ()
    ) -> list[tuple[str, int]]:
        """Return where each process stops to count that has rows of this rank from `step` on: (WAL, last row that counts).

        The row is -1 where none counts. The process of the WAL `but` is left out.
        """
        places = {source.wal: source for source in self._sources.chosen()}
        lasts: dict[str, dict[str, int]] = {}  # by process and WAL: the last row before `step`
        later: set[str] = set()
        for (wal, _), points in self._points(run, None, rank, cuts).items():
            if wal not in places:
                continue
            log, at = places[wal].log, _last_before(points, step)
            rows = lasts.setdefault(log, {})
            rows[wal] = max(rows.get(wal, -1), points.rows[at] if at >= 0 else -1)
            if at + 1 < len(points):
                later.add(log)
        if but in places:
            later.discard(places[but].log)
        found = []
        for log in sorted(later):
            wals = sorted(lasts[log], key=lambda wal: places[wal].ordinal)
            last = next((wal for wal in reversed(wals) if lasts[log][wal] >= 0), wals[0])
            found.append((last, lasts[log][last]))
        return found

    def _points(
        self,
        run: str,
        names: set[str] | None,
        rank: int | None,
        cuts: Sequence[Cut],
        within: Within | None = None,
    ) -> Found:
        """Return the points by WAL and series, in order of the WALs; files that turn out damaged are left out.

        Of what is not `within` some may be there.
        """

        def is_wanted(key: SeriesKey) -> bool:
            return key.run == run and (names is None or key.series in names) and rank in (None, key.rank)

        while True:
            sources = [one for one in self._sources.chosen() if one.cover is None or _has(one.cover, run)]
            wanted = _Wanted(is_wanted, within, cut_wals(sources, cuts) if within is not None else set())
            try:
                found = self._collect(sources, run, names, wanted)
            except _RefusedError as refused:
                self._sources.refuse(refused.path, refused.error)
                continue
            return that_count(found, sources, cuts)

    def _collect(self, sources: list[Source], run: str, names: set[str] | None, wanted: _Wanted) -> Found:
        by_segment: dict[str, set[str]] = {}
        for source in sources:
            if source.cover is not None:
                by_segment.setdefault(source.path, set()).add(source.wal)
        by_wal: dict[str, dict[SeriesKey, SeriesPoints]] = {}
        for path, wals in by_segment.items():
            for (key, wal), points in self._ask_segment(path, run, names, wals, wanted).items():
                by_wal.setdefault(wal, {})[key] = points
        for source in sources:
            if source.read is not None:
                part = wanted.within if source.wal not in wanted.whole else None
                by_wal[source.wal] = points_by_series(source.read.blocks, wanted.has, part)
        return {
            (source.wal, key): points
            for source in sources
            for key, points in sorted(by_wal.get(source.wal, {}).items())
        }

    # --- segments

    def _ask_segment(
        self, path: str, run: str, names: set[str] | None, wals: set[str], wanted: _Wanted
    ) -> dict[Group, SeriesPoints]:
        """Return what one file holds of these series in these WALs; only the row groups that may hold them are read."""

        def is_group_wanted(key: SeriesKey, wal: str) -> bool:
            return wal in wals and wanted.has(key)

        def part_of(group: Group) -> Within | None:
            return wanted.within if group[1] not in wanted.whole else None

        try:
            covers = covers_of(self._env, path)
            found = chosen(
                self._env,
                path,
                sum(cover.points for cover in covers),
                may_hold([run], names, wals, is_group_wanted),
                part_of,
            )
            points = collect(found.batches, is_group_wanted)
        except (OSError, DamagedFileError) as error:
            raise _RefusedError(path, error) from error
        for group in found.left_out.keys() & points.keys():
            points[group].skipped += found.left_out[group]
        return points


def _has(cover: Cover, run: str) -> bool:
    """Return whether a segment holds something of a run; a cut in a WAL that does not says nothing of it."""
    return any(one.run == run for one in cover.runs)


class _Wanted(NamedTuple):
    """Which series are asked for, which part of them, and the WALs of which everything is needed to find that part."""

    has: Callable[[SeriesKey], bool]
    within: Within | None
    whole: set[str]


def series_in(
    found: Found, run: str, name: str, rank: int | None, x: str | None, within: Within | None = None
) -> Series:
    """Return one series of a run of which these points were found, of one rank or of all; of each WAL a part, if asked for."""
    parts = []
    for (wal, key), points in found.items():
        if key.series != name or rank not in (None, key.rank):
            continue
        if x is None:
            parts.append(Part(wal, key.rank, points, None))
        elif (wal, SeriesKey(run, x, key.rank)) in found:
            common = on_common_rows(points, found[wal, SeriesKey(run, x, key.rank)])
            parts.append(Part(wal, key.rank, *common))
    series = Series(run, name, parts, x)
    return series if within is None else series.within(within)


class Cut(NamedTuple):
    """Where a run was continued: the last row that counts, of the WAL that holds it.

    Rows after it, and later WALs of the same process, are left out; where the process itself continued the run, only those
    before `until`, (WAL, first row that counts again). `by` is the process (log) that continued; once all of its own rows
    are left behind by another, where it continued says nothing any more.
    """

    wal: str
    row: int
    until: tuple[str, int] | None = None
    by: str = ""


class _RefusedError(Exception):
    """A file turned out to be damaged or gone in the middle of an answer."""

    def __init__(self, path: str, error: Exception) -> None:
        super().__init__(path)
        self.path = path
        self.error = error


def that_count(found: Found, sources: Sequence[Source], cuts: Sequence[Cut]) -> Found:
    """Return the points without those that a continuation left behind."""
    if not cuts:
        return found
    ranges = left_behind(cuts, {source.wal: source for source in sources})
    kept: Found = {}
    for (wal, key), points in found.items():
        for first, after in ranges.get(wal, ()):
            points = points.without(first, after)  # noqa: PLW2901
        if len(points):
            kept[wal, key] = points
    return kept


def cut_wals(sources: Iterable[Source], cuts: Sequence[Cut]) -> set[str]:
    """Return the WALs of which a continuation leaves rows behind."""
    return set(rows_away(cuts, {source.wal: source for source in sources})) if cuts else set()


class InProcess(Protocol):
    """Where a WAL stands: of which process (log) it is, and which of its WALs."""

    @property
    def log(self) -> str:
        """The id of the log."""

    @property
    def ordinal(self) -> int:
        """Which WAL of its process this is."""


def left_behind(cuts: Sequence[Cut], places: Mapping[str, InProcess]) -> dict[str, list[tuple[int, int]]]:
    """Return, by WAL, (first row, row after the last) of what these cuts leave out of a run.

    `places` are those of all WALs that hold something of the run; a cut in another WAL says nothing.
    """
    open_cuts, closed = _sorted_out(cuts, places)
    last: dict[str, tuple[int, int]] = {}  # of a process: the last WAL that counts, and its last row
    for wal, row in open_cuts.items():
        place = places[wal]
        last[place.log] = max(last.get(place.log, (-1, -1)), (place.ordinal, row))
    found: dict[str, list[tuple[int, int]]] = {}
    for wal, place in places.items():
        ordinal, row = last.get(place.log, (place.ordinal + 1, 0))
        if place.ordinal >= ordinal:
            found.setdefault(wal, []).append((_row(row + 1) if place.ordinal == ordinal else 0, NO_END))
        for cut, until in closed:
            ends = (places[cut.wal].ordinal, places[until[0]].ordinal)
            if places[cut.wal].log == place.log and ends[0] <= place.ordinal <= ends[1]:
                first = _row(cut.row + 1) if wal == cut.wal else 0
                found.setdefault(wal, []).append((first, _row(until[1]) if wal == until[0] else NO_END))
    return found


class Counted(InProcess, Protocol):
    """The same of a WAL of which so many rows are known."""

    @property
    def rows(self) -> int:
        """How many."""


def rows_away(cuts: Sequence[Cut], places: Mapping[str, Counted]) -> dict[str, list[tuple[int, int]]]:
    """Return what `left_behind` returns of rows that are there: `ALL` where none of a WAL counts, nothing where all do.

    Most continuations go on after the last row, and so leave nothing out.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for wal, ranges in left_behind(cuts, places).items():
        rows = places[wal].rows
        away = [(first, after) for first, after in ranges if first < min(after, rows)]
        if any(first == 0 and after >= rows for first, after in away):
            found[wal] = ALL
        elif away:
            found[wal] = away
    return found


def _sorted_out(
    cuts: Sequence[Cut], places: Mapping[str, InProcess]
) -> tuple[dict[str, int], list[tuple[Cut, tuple[str, int]]]]:
    """Return the cuts that have no end (several of one WAL as one, at the last row), and those within one process."""
    open_cuts: dict[str, int] = {}
    closed = []
    gone = _gone(cuts, places)
    for cut in cuts:
        first = places.get(cut.wal)
        if first is None or cut.by in gone:
            continue
        until = places.get(cut.until[0]) if cut.until is not None else None
        if cut.until is not None and until is not None and until.log == first.log:
            closed.append((cut, cut.until))
        else:
            open_cuts[cut.wal] = max(cut.row, open_cuts.get(cut.wal, -1))
    return open_cuts, closed


def _gone(cuts: Sequence[Cut], places: Mapping[str, InProcess]) -> set[str]:
    """Return the processes (logs) of which another one left all rows behind."""
    firsts: dict[str, int] = {}
    for one in places.values():
        firsts[one.log] = min(one.ordinal, firsts.get(one.log, one.ordinal))
    gone = set()
    for cut in cuts:
        place = places.get(cut.wal)
        is_whole = cut.row < 0 and cut.until is None
        if is_whole and place and place.log != cut.by and place.ordinal == firsts[place.log]:
            gone.add(place.log)
    return gone


def _row(number: int) -> int:
    """Return a row number that a teammate's entry says, within what rows can be."""
    return max(0, min(number, NO_END))


def _last_before(points: SeriesPoints, before_step: int | None) -> int:
    """Return the position of the last point whose step is smaller; -1 where there is none."""
    at = len(points) - 1
    if before_step is not None:
        steps = points.steps
        while at >= 0 and steps[at] >= before_step:
            at -= 1
    return at
