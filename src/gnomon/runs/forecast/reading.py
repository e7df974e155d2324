"""Reads from the record what a forecast needs of a run that goes on, and of those before it.

Always true: of a long live series a few rows are read (`points.glimpse`), of a long one in segments none but its figures;
so a run of a million points costs what one of ten thousand does.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from gnomon.points.glimpse import LiveWal, Row, glimpse, live_wals
from gnomon.points.series_points import SeriesKey
from gnomon.runs import checked, entries
from gnomon.runs.flat import flat
from gnomon.runs.forecast.pace import without_gaps
from gnomon.runs.forecast.predict import Earlier, Seen
from gnomon.runs.forecast.stated import Stated, stated_epochs, stated_steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.points.stats import SeriesStat
    from gnomon.runs.forecast.alike import Alike
    from gnomon.runs.forecast.pace import Knot
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

MOST_READ = 20_000  # points of a series that lies in segments
MOST_COURSES, MOST_AT_ONCE = (
    5,
    100,
)  # earlier runs of which it is read when they did their steps: of one run, of all
VALIDATION = ("val", "valid", "validation", "test", "eval", "dev")
AS_STATED = (0.98, 1.02)  # shares of a stated total at which earlier runs ended that did all they said
ALIKE_BY = 0.02  # earlier runs that all ended at one share of what they stated count otherwise than that says


class Axis(NamedTuple):
    """What a run is followed by: a series, and whether its values (epochs) or its steps count.

    `offset` is added to make them a count of what is done: 1 where they begin with 0.
    """

    series: str
    rank: int
    is_epochs: bool
    offset: float

    @property
    def unit(self) -> str:
        """What is counted."""
        return "epoch" if self.is_epochs else "step"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a run: `seen` for the forecast, and what to say of it. `stated` is None where it was not taken."""

    seen: Seen
    axis: Axis | None
    stated: Stated | None
    stated_epochs: Stated | None
    heard: float | None


def facts_of(
    run: RunView,
    now: float,
    status: str,
    others: Alike,
    cells: Mapping[int, Mapping[str, object]],
    courses: Courses,
) -> Facts:
    """Return what is known of a run. `cells` has `stats.<series>` and parameters of the earlier runs, `courses` their steps."""
    figures = {key: stat for key, stat in run.stats.items() if not key[0].startswith("system/")}
    params = dict(flat(checked.shallow(run.params)))
    heard = max((stat.last_time_us / 1e6 for stat in figures.values()), default=None)
    epochs = stated_epochs(params)
    axis = axis_of(figures, epochs)
    if axis is None:
        earlier = [Earlier(0.0, one.duration_s, None, one.is_twin) for one in others.runs]
        seen = Seen(run.created, now, is_surely_alive=status == "running", earlier=earlier)
        return Facts(seen, None, None, epochs, heard)
    knots, longest_s = _knots(run, axis, figures[axis.series, axis.rank])
    stated = epochs if axis.is_epochs else stated_steps(params)
    earlier = _earlier(axis, stated, others, cells)
    if stated is None and not axis.is_epochs and epochs is not None:
        counted = _earlier(axis, epochs, others, cells)
        if _has_validation_each_step(figures, axis) or _did_as_stated(counted):
            stated, earlier = epochs, counted
    done = knots[-1][0] if knots else 0.0
    if stated is not None and (done > stated.total * AS_STATED[1] or _counts_otherwise(earlier)):
        stated, earlier = None, _earlier(axis, None, others, cells)
    if len(knots) > 1:
        earlier = _with_courses(earlier, others, axis, done, courses)
    seen = Seen(
        run.created, now, knots, longest_s, stated.total if stated else None, bool(stated and stated.may_stop),
        status == "running", earlier,
    )  # fmt: skip
    return Facts(seen, axis, stated, epochs, heard)


def axis_of(figures: Mapping[tuple[str, int], SeriesStat], epochs: Stated | None) -> Axis | None:
    """Return by which series a run is followed: that of epochs where it states how many, else the one that is furthest."""
    if not figures:
        return None
    lowest: dict[str, int] = {}
    for series, rank in figures:
        lowest[series] = min(rank, lowest.get(series, rank))
    for series, rank in sorted(lowest.items()):
        stat = figures[series, rank]
        if epochs is not None and series.rpartition("/")[2].lower() in ("epoch", "epochs") and stat.count > 1:
            return Axis(series, rank, True, _offset_of_epochs(stat))
    furthest = max(
        lowest, key=lambda one: (figures[one, lowest[one]].last_step, figures[one, lowest[one]].count, one)
    )
    stat = figures[furthest, lowest[furthest]]
    return Axis(furthest, lowest[furthest], False, _offset_of_steps(stat))


def _offset_of_steps(stat: SeriesStat) -> float:
    return 1.0 if stat.first_step == 0 else 0.0


def _offset_of_epochs(stat: SeriesStat) -> float:
    """Return what makes epochs a count of those that are over, where they are whole numbers.

    Logged once each, at their end: 1 where they begin with 0. Logged many times each: -1 where they begin with 1.
    """
    low, high = stat.min, stat.max
    if low is None or high is None:
        return 0.0
    if low == 0 and stat.count == high + 1:
        return 1.0
    return -1.0 if low == 1 and stat.count > 1.5 * high else 0.0


# --- knots


def _knots(run: RunView, axis: Axis, stat: SeriesStat) -> tuple[list[Knot], float]:
    """Return the knots of a run, and the longest time between two rows that stand beside each other."""
    record, key = run.record, SeriesKey(run.id, axis.series, axis.rank)
    by_log: dict[str, list[Row]] = {}
    for wal in _once_each(record.replica.index.ask(lambda database: live_wals(database, key))):
        try:
            by_log.setdefault(wal.log, []).extend(glimpse(record.home.env, record.home.path, wal, key))
        except OSError:
            continue  # sealed since the index looked: its figures still count
    if not any(by_log.values()) and stat.count <= MOST_READ:
        series = run.series(axis.series, axis.rank)
        by_log = {"": list(map(Row, series.steps(), series.times(), series.values()))}
    pieces = [_rising(axis, rows) for rows in by_log.values()]
    resumed = _resumed(run)
    pieces = [part for piece in pieces for part in _cut_at(piece, resumed)]
    if not pieces:
        return [(stat.last_step + axis.offset, stat.last_time_us / 1e6)] if not axis.is_epochs else [], 0.0
    last = pieces[-1]
    done = [step for step, _ in last]
    usual = min((b - a for a, b in zip(done, done[1:], strict=False)), default=0.0)
    longest = max(
        (b[1] - a[1] for a, b in zip(last, last[1:], strict=False) if b[0] - a[0] <= 2 * usual), default=0.0
    )
    return without_gaps(pieces), longest


def _resumed(run: RunView) -> list[float]:
    """Return when the run was resumed, seconds since 1970 UTC."""
    live = run.record.replica.index.live("run", run.id)
    return [one.time_us / 1e6 for one in live if one.kind == entries.JOINED and "continues" in one.body]


def _cut_at(piece: Sequence[Knot], moments: Sequence[float]) -> list[list[Knot]]:
    """Return the parts of a piece between these moments, which rise; none of them is empty."""
    parts: list[list[Knot]] = [[] for _ in range(len(moments) + 1)]
    for knot in piece:
        parts[bisect_right(moments, knot[1])].append(knot)
    return [part for part in parts if part]


def _once_each(wals: Sequence[LiveWal]) -> list[LiveWal]:
    """Return each WAL once, the file with the most points."""
    best: dict[tuple[str, int], LiveWal] = {}
    for wal in wals:
        known = best.get((wal.log, wal.ordinal))
        if known is None or wal.points > known.points:
            best[wal.log, wal.ordinal] = wal
    return list(best.values())


def _rising(axis: Axis, rows: Sequence[Row]) -> list[Knot]:
    """Return the points of a process as knots, without those that do not go on: the first row of each epoch, say."""
    found: list[Knot] = []
    last, latest = -math.inf, -math.inf
    for step, time_us, value in rows:
        done, time = (value if axis.is_epochs else step) + axis.offset, time_us / 1e6
        if done > last and time > latest:
            found.append((done, time))
            last, latest = done, time
    return found


# --- earlier runs


def _earlier(
    axis: Axis, stated: Stated | None, others: Alike, cells: Mapping[int, Mapping[str, object]]
) -> list[Earlier]:
    found = []
    for one in others.runs:
        row = cells[one.place]
        stat = row.get(f"stats.{axis.series}")
        steps = _done(axis, stat) if isinstance(stat, list) else 0.0
        total = row.get(f"params.{stated.key}") if stated else None
        said = float(total) if isinstance(total, (int, float)) and total >= 1 else None
        found.append(Earlier(steps, one.duration_s, said, one.is_twin))
    return found


def _with_courses(
    earlier: Sequence[Earlier], others: Alike, axis: Axis, done: float, courses: Courses
) -> list[Earlier]:
    """Return the earlier runs, the newest of those that went further with when they did their steps."""
    found, left = list(earlier), MOST_COURSES
    for place, (one, like) in enumerate(zip(earlier, others.runs, strict=True)):
        if left and one.is_twin and one.steps > done:
            found[place], left = replace(one, knots=courses.of(like.run, axis)), left - 1
    return found


class Courses:
    """When earlier runs did their steps: read once for all runs that are asked about, and of no more than `MOST_AT_ONCE`."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._read: dict[tuple[str, str, int, bool], list[Knot]] = {}

    def of(self, run: str, axis: Axis) -> list[Knot]:
        """Return (steps done, seconds before its end, below 0); empty where that cannot be told or is too much to read."""
        key = (run, axis.series, axis.rank, axis.is_epochs)
        if key not in self._read and len(self._read) < MOST_AT_ONCE:
            self._read[key] = self._read_one(run, axis)
        return self._read.get(key, [])

    def _read_one(self, run: str, axis: Axis) -> list[Knot]:
        view = self._record.run_of(run)
        stat, ended = view.stats.get((axis.series, axis.rank)), view.ended
        if stat is None or ended is None:
            return []
        offset = _offset_of_epochs(stat) if axis.is_epochs else _offset_of_steps(stat)
        knots, _ = _knots(view, axis._replace(offset=offset), stat)
        return [(done, time - ended) for done, time in knots if time < ended]


def _done(axis: Axis, stat: Sequence[object]) -> float:
    """Return how far an earlier run came, of [count, first step, last step, smallest, largest]."""
    _, first, last, _, largest = stat
    if axis.is_epochs:
        return float(largest) + axis.offset if isinstance(largest, (int, float)) else 0.0
    if not isinstance(first, int) or not isinstance(last, int):
        return 0.0
    return float(last + (first == 0))


def _shares(earlier: Sequence[Earlier]) -> list[float]:
    return [one.steps / one.stated for one in earlier if one.stated and one.steps]


def _did_as_stated(earlier: Sequence[Earlier]) -> bool:
    """Return whether an earlier run ended after as many steps as it stated, and none after more."""
    shares = _shares(earlier)
    return any(AS_STATED[0] <= share <= AS_STATED[1] for share in shares) and max(shares) <= AS_STATED[1]


def _counts_otherwise(earlier: Sequence[Earlier]) -> bool:
    """Return whether earlier runs show that what is stated is no count of these steps.

    One went further than it stated, or all (two or more) ended at one and the same other share.
    """
    shares = _shares(earlier)
    if any(share > AS_STATED[1] for share in shares):
        return True
    return (
        len(shares) > 1 and max(shares) < AS_STATED[0] and max(shares) - min(shares) <= ALIKE_BY * max(shares)
    )


def _has_validation_each_step(figures: Mapping[tuple[str, int], SeriesStat], axis: Axis) -> bool:
    """Return whether a series of validation has a point at each step: then a step is an epoch."""
    steps = figures[axis.series, axis.rank].count
    return any(
        stat.count == steps == stat.last_step - stat.first_step + 1
        for (series, _), stat in figures.items()
        if any(word in VALIDATION for word in series.lower().replace("/", "_").replace(".", "_").split("_"))
    )
