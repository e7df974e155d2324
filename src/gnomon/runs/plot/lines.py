"""What is drawn: the points of a run or of a group, smoothed and thinned out.

Always true: the lowest and the highest value of a line are among its drawn points, however many points it stands for
(`points.downsample`); what has no place in the picture (NaN, infinities, nothing above 0 on a logarithmic axis) is counted.
A line is drawn in order of x, but over another series in the order of logging: there x may go back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import compress, islice
from operator import le
from typing import TYPE_CHECKING

from gnomon.points.downsample import m4
from gnomon.runs.plot import interval
from gnomon.runs.plot.smooth import smoothed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.runs.plot.smooth import Smoothing
    from gnomon.runs.run_view import RunView

    Points = tuple[Sequence[float], Sequence[float]]

STEP, TIME, RELATIVE = "step", "time", "relative"
FEWEST_BUCKETS, MOST_BUCKETS = 60, 800  # of the width of a picture; each gives four points at most
BUCKETS = 24_000  # of all lines together
GRID = 4_000  # x at which the mean of a group is taken
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
    counts: Sequence[int] = ()  # runs that the mean is of, at each of `xs`
    points: int = 0  # that were logged
    left_out: tuple[tuple[int, str], ...] = ()  # how many points have no place, and why

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

    @property
    def buckets(self) -> int:
        return max(FEWEST_BUCKETS, min(MOST_BUCKETS, BUCKETS // max(self.lines, 1)))


def line_of_run(run: RunView, metric: str, key: int, label: str, how: Drawing) -> Line:
    """Return the line of one series of one run."""
    raw, count, left_out = _read(run, metric, how, may_thin=how.smoothing is None and not how.is_log_x)
    shown = raw
    if how.smoothing is not None:
        shown = raw[0], smoothed(*raw, how.smoothing)
    on_axis, low = _on_axis(shown, how)
    left_out = left_out + low
    xs, ys = thinned(on_axis, how.buckets, is_log_x=how.is_log_x)
    paler = thinned(_on_axis(raw, how)[0], how.buckets, is_log_x=how.is_log_x) if how.smoothing else None
    return Line(key, label, metric, (run.id,), xs, ys, paler, points=count, left_out=left_out)


def line_of_group(runs: Sequence[RunView], metric: str, key: int, label: str, how: Drawing) -> Line:
    """Return the mean of the same series of several runs, with its interval: see `interval`."""
    curves, count, left_out = [], 0, list[tuple[int, str]]()
    for run in runs:
        raw, points, low = _read(run, metric, how)
        if how.smoothing is not None:
            raw = raw[0], smoothed(*raw, how.smoothing)
        curves.append(_by_x(*raw))
        count += points
        left_out += low
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
        count, _summed([*left_out, *low]),
    )  # fmt: skip


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
    kept = m4(_placed(xs, is_log_x), ys, buckets)
    return [float(xs[at]) for at in kept], [ys[at] for at in kept]


def _placed(xs: Sequence[float], is_log_x: bool) -> Sequence[float]:
    return list(map(math.log10, xs)) if is_log_x else xs


# --- reading


def _read(
    run: RunView, metric: str, how: Drawing, *, may_thin: bool = False
) -> tuple[Points, int, tuple[tuple[int, str], ...]]:
    """Return the points that have a place on the x-axis (infinite values as NaN), how many there were, what is left out.

    With `may_thin`, a very long series is thinned out as it is read; of NaN in it only those that are read are counted.
    """
    is_series = how.x not in (STEP, TIME, RELATIVE)
    rank = how.rank if how.rank is not None else min(ranks_of(run, metric), default=0)
    is_long = run.stats[metric, rank].count > LONG if (metric, rank) in run.stats else False
    buckets = how.buckets if may_thin and is_long and not is_series else None
    series = run.series(metric, rank=rank, x=how.x if is_series else None, buckets=buckets)
    ys: Sequence[float] = series.values()
    if series.exact:
        ys = [_as_float(y) for y in ys]
    xs: Sequence[float]
    if how.x == STEP:
        xs, ys = _by_x(series.steps(), ys)
    elif is_series:
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


def ranks_of(run: RunView, metric: str) -> list[int]:
    """Return the ranks that logged a series."""
    return [rank for name, rank in run.stats if name == metric]


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
