"""What is drawn: the points of a run or of a group, smoothed and thinned out.

Always true: the lowest and the highest value of a line are among its drawn points, however many points it stands for
(`points.downsample`); what has no place in the picture (NaN, infinities, nothing above 0 on a logarithmic axis) is counted.
A line is drawn in order of x, but over another series in the order of logging: there x may go back.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, islice
from operator import le
from typing import TYPE_CHECKING

from gnomon.points.columns import are_finite, is_sorted, take
from gnomon.points.downsample import m4
from gnomon.points.series_points import Within
from gnomon.points.thin import FEWEST_FOR_BUCKET
from gnomon.runs.plot import interval
from gnomon.runs.plot.smooth import smoothed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gnomon.points.series import Series
    from gnomon.points.stats import SeriesStat
    from gnomon.runs.plot.look import Stroke
    from gnomon.runs.plot.smooth import Smoothing
    from gnomon.runs.run_view import RunView

    Points = tuple[Sequence[float], Sequence[float]]
    Stats = Mapping[tuple[str, int], SeriesStat]  # by series and rank

STEP, TIME, RELATIVE = "step", "time", "relative"
FEWEST_BUCKETS, MOST_BUCKETS = 60, 800  # of the width of a picture; each gives four points at most
BUCKETS = 24_000  # of all lines together
GRID = 4_000  # x at which the mean of a group is taken
_ROUNDED_US = 2.0  # a moment in seconds is that inexact
LONG = (
    2_000_000  # points of a run beyond which its line is drawn from the series' outline, not from every point
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a picture. NaN in `ys`, `lows` and `highs` is a gap. `key` is its place in the legend."""

    key: int
    label: str
    metric: str
    runs: tuple[str, ...]
    xs: Sequence[float]
    ys: Sequence[float]
    raw: Points | None = None  # before it was smoothed
    lows: Sequence[float] = ()  # of the band, at each of `xs`; none for a single run
    highs: Sequence[float] = ()
    counts: Sequence[int] = ()  # seeds that the mean is of, at each of `xs`
    seeds: int = 0  # that it could be of; the others failed there (NaN), or have no value there
    points: int = 0  # that were logged
    left_out: tuple[tuple[int, str], ...] = ()  # how many points have no place, and why
    stroke: Stroke | None = None  # None: that of its key alone

    @property
    def is_drawn(self) -> bool:
        """Whether there is anything to draw."""
        return any(y == y for y in self.ys)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How lines are made: the x-axis, the smoothing, logarithmic axes, the rank, and how many lines share a picture."""

    x: str = STEP
    smoothing: Smoothing | None = None
    is_log: bool = False
    is_log_x: bool = False
    rank: int | None = None  # None: the lowest that has the series
    lines: int = 1
    detail: int | None = None  # buckets of each line; by the number of lines unless given
    long: int = LONG  # points of a run beyond which its line is drawn from the series' outline
    rough: int = FEWEST_FOR_BUCKET  # points of a bucket, at least, where the outline is drawn
    low_x: float = -math.inf  # where the picture begins, and
    high_x: float = math.inf  # where it ends: points outside are left away, but the ones just beside

    @property
    def buckets(self) -> int:
        if self.detail is not None:
            return self.detail
        return max(FEWEST_BUCKETS, min(MOST_BUCKETS, BUCKETS // max(self.lines, 1)))

    @property
    def longest(self) -> int:
        """How many points a line may have that is drawn from all of them; fewer in a part, where the rest is read in vain."""
        return self.long // 4 if self.is_part else self.long

    @property
    def is_part(self) -> bool:
        """Whether only a part of the x-axis is drawn."""
        return self.low_x > -math.inf or self.high_x < math.inf


def line_of_run(
    run: RunView, metric: str, key: int, label: str, how: Drawing, series: Series | None = None
) -> Line:
    """Return the line of one series of one run, which is read unless given."""
    found = series if series is not None else read(run, metric, how, may_thin=may_thin(how))
    part = part_of_x(how)
    if part is not None:
        found = found.within(part)
    if how.detail is not None and (plain := _as_it_is(found, how)) is not None:
        return Line(key, label, metric, (run.id,), *plain, points=found.total)
    raw, count, left_out = _in_place(found, run, how)
    shown = raw
    if how.smoothing is not None:
        shown = raw[0], smoothed(*raw, how.smoothing)
    if how.is_part:
        raw, shown = _between(raw, how), _between(shown, how)
    on_axis, low = _on_axis(shown, how)
    left_out = left_out + low
    xs, ys = thinned(on_axis, how.buckets, is_log_x=how.is_log_x)
    paler = thinned(_on_axis(raw, how)[0], how.buckets, is_log_x=how.is_log_x) if how.smoothing else None
    return Line(key, label, metric, (run.id,), xs, ys, paler, points=count, left_out=left_out)


def line_of_group(
    runs: Sequence[RunView],
    metric: str,
    key: int,
    label: str,
    how: Drawing,
    series: Mapping[str, Series] | None = None,
    seeds: Sequence[object] = (),
) -> Line:
    """Return the mean of the same series of several runs (read unless given), with its interval: see `interval`.

    Runs of one seed, where `seeds` are given, are averaged first, so that a seed counts once.
    """
    curves, count, left_out = [], 0, list[tuple[int, str]]()
    for run in runs:
        of_run = series[run.id] if series is not None else read(run, metric, how)
        raw, points, low = _in_place(of_run, run, how)
        if how.smoothing is not None:
            raw = raw[0], smoothed(*raw, how.smoothing)
        curve = raw if series_on_x(how) is None else _by_x(*raw)  # all others are in order of x
        curves.append(_between(curve, how) if how.is_part else curve)
        count += points
        left_out += low
    curves = _one_a_seed(curves, seeds or [None] * len(curves), how)
    found = interval.means(curves, _grid(curves, how))
    (xs, ys), low = _on_axis((found.xs, found.means), how)
    kept = m4(_placed(xs, how.is_log_x), ys, how.buckets)
    ends = [_on_axis((xs, ends), how)[0][1] for ends in (found.lows, found.highs)]
    if how.is_log:  # a band that goes below 0 goes down to the bottom of the picture
        ends[0] = [0.0 if y != y and high == high else y for y, high in zip(*ends, strict=True)]
    return Line(
        key, label, metric, tuple(run.id for run in runs),
        [xs[at] for at in kept], [ys[at] for at in kept], None,
        [ends[0][at] for at in kept], [ends[1][at] for at in kept], [found.counts[at] for at in kept],
        len(curves), count, _summed([*left_out, *low]),
    )  # fmt: skip


@lru_cache(maxsize=128)  # the series of a run share their steps, and runs of a sweep do
def _few_steps_are_sorted(steps: bytes) -> bool:
    return is_sorted(memoryview(steps).cast("q"))


def _as_it_is(series: Series, how: Drawing) -> Points | None:
    """Return the points of a series that needs nothing but thinning to be drawn over its steps; None for any other."""
    is_plain = how.x == STEP and how.smoothing is None and not how.is_log and not how.is_log_x
    if not is_plain:
        return None
    steps, values = series.columns()
    if not (isinstance(values, memoryview) and isinstance(steps, memoryview)):
        return None
    is_long = len(values) > 4 * how.buckets
    if not are_finite(values) or not (
        is_sorted(steps) if is_long else _few_steps_are_sorted(steps.tobytes())
    ):
        return None
    if how.is_part:
        inside = slice(*_inside(steps, how))
        steps, values = steps[inside], values[inside]
    if len(values) <= 4 * how.buckets:
        return steps, values
    kept = m4(steps, values, how.buckets)
    return take(steps, kept), take(values, kept)


def _one_a_seed(curves: Sequence[Points], seeds: Sequence[object], how: Drawing) -> list[Points]:
    """Return one curve a seed, the mean of those of its runs; what has no seed stays by itself."""
    of_seed: dict[str, list[Points]] = {}
    for place, (curve, seed) in enumerate(zip(curves, seeds, strict=True)):
        of_seed.setdefault(f"run {place}" if seed is None else f"seed {seed!r}", []).append(curve)
    found: list[Points] = []
    for several in of_seed.values():
        if len(several) > 1:
            averaged = interval.means(several, _grid(several, how))
            found.append((averaged.xs, averaged.means))
        else:
            found += several
    return found


def _grid(curves: Sequence[Points], how: Drawing) -> set[float]:
    """Return where the mean is taken: at each x where those are few, else at those that a drawing of each curve needs."""
    xs = set[float]()
    for curve_xs, _ in curves:
        if len(curve_xs) > GRID or len(xs) > GRID:
            break
        xs.update(curve_xs)
    else:
        return xs
    buckets = max(8, GRID // (4 * len(curves)))
    return {x for curve in curves for x in thinned(curve, buckets, is_log_x=how.is_log_x)[0]}


def thinned(points: Points, buckets: int, *, is_log_x: bool = False) -> tuple[list[float], list[float]]:
    """Return the points that draw the same line: at most four for each of so many parts of the x-axis."""
    xs, ys = points
    if len(ys) <= 4 * buckets:
        return list(map(float, xs)), list(ys)
    kept = m4(_placed(xs, is_log_x), ys, buckets)
    return [float(xs[at]) for at in kept], [ys[at] for at in kept]


def _placed(xs: Sequence[float], is_log_x: bool) -> Sequence[float]:
    return list(map(math.log10, xs)) if is_log_x else xs


# --- reading


def may_thin(how: Drawing) -> bool:
    """Return whether a very long series may be thinned out as it is read; of NaN in it only those that are read are counted."""
    is_over_steps = how.x == STEP or not how.is_part
    return how.smoothing is None and not how.is_log_x and is_over_steps and series_on_x(how) is None


def part_of_x(how: Drawing) -> Within | None:
    """Return which part of a series is enough to draw a part of the x-axis; None where all is needed."""
    if not how.is_part or how.smoothing is not None or how.x not in (STEP, TIME):
        return None
    if how.x == STEP:
        return Within("step", how.low_x, how.high_x)
    return Within("time", how.low_x * 1e6 - _ROUNDED_US, how.high_x * 1e6 + _ROUNDED_US)


def series_on_x(how: Drawing) -> str | None:
    """Return the series that is the x-axis, if one is."""
    return how.x if how.x not in (STEP, TIME, RELATIVE) else None


def is_long(stats: Stats, metric: str, how: Drawing) -> bool:
    """Return whether a series of a run with these figures is so long that reading all of it takes time."""
    rank = _rank(stats, metric, how)
    return (metric, rank) in stats and stats[metric, rank].count * _share(
        stats[metric, rank], how
    ) > how.longest


def _share(stat: SeriesStat, how: Drawing) -> float:
    """Return about which share of a series lies within the picture, if it was logged at steps that are equally far apart."""
    first, last = stat.first_step, stat.last_step
    if not how.is_part or first is None or last is None or last <= first:
        return 1.0
    inside = min(last, how.high_x) - max(first, how.low_x)
    return min(1.0, max(inside / (last - first), 1e-6))


def read(run: RunView, metric: str, how: Drawing, *, may_thin: bool = False) -> Series:
    """Return the series of one run that is drawn."""
    stats = run.stats
    rank = _rank(stats, metric, how)
    if may_thin and is_long(stats, metric, how):
        stat = stats[metric, rank]
        buckets = min(round(how.buckets / _share(stat, how)), stat.count // how.rough)
        return run.outline(metric, rank, max(1, buckets))
    part = part_of_x(how)
    return run.series(metric, rank=rank, x=series_on_x(how)) if part is None else run.part(metric, rank, part)


def _rank(stats: Stats, metric: str, how: Drawing) -> int:
    if how.rank is not None:
        return how.rank
    return min((rank for name, rank in stats if name == metric), default=0)


def _in_place(series: Series, run: RunView, how: Drawing) -> tuple[Points, int, tuple[tuple[int, str], ...]]:
    """Return the points that have a place on the x-axis (infinite values as NaN), how many there were, what is left out."""
    ys: Sequence[float] = series.values()
    if series.exact:
        ys = [_as_float(y) for y in ys]
    xs: Sequence[float]
    if how.x == STEP:
        xs, ys = _by_x(series.steps(), ys)
    elif series_on_x(how) is not None:
        xs, ys = _in_order(series.times(), [_as_float(x) for x in series.x_values()], ys)
    else:
        start_us = round(run.created * 1e6) if how.x == RELATIVE else 0
        xs, ys = _by_x([(time_us - start_us) / 1e6 for time_us in series.times()], ys)
    count = series.total
    (xs, ys), left_out = _with_x((xs, ys), how)
    if not math.isfinite(sum(ys)):
        nan = sum(1 for y in ys if y != y)
        infinite = sum(1 for y in ys if y in (math.inf, -math.inf))
        left_out += ((nan, "NaN"), (infinite, "infinite"))
        if infinite:
            ys = [y if -math.inf < y < math.inf else math.nan for y in ys]
    return (xs, ys), count, _summed(left_out)


def _between(points: Points, how: Drawing) -> Points:
    """Return the points within the picture and the nearest on each side, to which the line goes on."""
    xs, ys = points
    if not _is_sorted(xs):
        inside = [how.low_x <= x <= how.high_x for x in xs]
        return list(compress(xs, inside)), list(compress(ys, inside))
    first, after = _inside(xs, how)
    return xs[first:after], ys[first:after]


def _inside(xs: Sequence[float], how: Drawing) -> tuple[int, int]:
    """Return from where to before where the x, which are sorted, are within the picture or next to it."""
    return max(0, bisect_left(xs, how.low_x) - 1), bisect_right(xs, how.high_x) + 1


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond the largest float64
        return math.inf if value > 0 else -math.inf


def _is_sorted(xs: Sequence[float]) -> bool:
    return all(map(le, xs, islice(xs, 1, None)))


def _by_x(xs: Sequence[float], ys: Sequence[float]) -> Points:
    """Return the points in order of x; those of equal x keep theirs."""
    return (xs, ys) if _is_sorted(xs) else _in_order(xs, xs, ys)


def _in_order(keys: Sequence[float], xs: Sequence[float], ys: Sequence[float]) -> Points:
    if _is_sorted(keys):
        return xs, ys
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return [xs[at] for at in order], [ys[at] for at in order]


def _with_x(points: Points, how: Drawing) -> tuple[Points, tuple[tuple[int, str], ...]]:
    """Return the points whose x has a place on the axis."""
    xs, ys = points
    if not how.is_log_x and math.isfinite(sum(xs)):
        return points, ()
    low = 0.0 if how.is_log_x else -math.inf
    has_place = [low < x < math.inf for x in xs]
    lost = len(xs) - sum(has_place)
    if not lost:
        return points, ()
    return (list(compress(xs, has_place)), list(compress(ys, has_place))), (
        (lost, f"with `{how.x}` not above 0" if how.is_log_x else f"without a finite `{how.x}`"),
    )


def _on_axis(points: Points, how: Drawing) -> tuple[Points, tuple[tuple[int, str], ...]]:
    """Return the points with gaps where a logarithmic axis has no place, and how many those are."""
    xs, ys = points
    if not how.is_log:
        return points, ()
    low = sum(1 for y in ys if y <= 0)
    return (xs, [y if y > 0 else math.nan for y in ys] if low else ys), ((low, "not above 0"),) if low else ()


def _summed(found: Sequence[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    total: dict[str, int] = {}
    for count, why in found:
        total[why] = total.get(why, 0) + count
    return tuple((count, why) for why, count in total.items() if count)


def parts(xs: Sequence[float], ys: Sequence[float]) -> Iterator[tuple[list[float], list[float]]]:
    """Yield the stretches of a line between its gaps."""
    part_xs, part_ys = list[float](), list[float]()
    for x, y in zip(xs, ys, strict=True):
        if y == y:
            part_xs.append(x)
            part_ys.append(y)
        elif part_xs:
            yield part_xs, part_ys
            part_xs, part_ys = [], []
    if part_xs:
        yield part_xs, part_ys
