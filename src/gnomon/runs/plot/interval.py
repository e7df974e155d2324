"""The mean of several curves with its interval, at each x.

The interval is the 95 % t interval of the mean: mean ± t(n − 1) · s / √n, where n curves have a value. It is pointwise: it
covers the mean at one x, not the whole line. It takes what the seeds give as a sample from a normal distribution.

Always true: a curve counts only inside its own range of x, and not across a gap (NaN); with fewer than two curves there is
no interval (NaN).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.groups.student import t_quantile
from gnomon.text import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Curve = tuple[Sequence[float], Sequence[float]]

OUTSIDE = 0.05  # how often the interval misses the mean


class Means(NamedTuple):
    """Columns of equal length: where, the mean, both ends of its interval, and how many curves counted."""

    xs: list[float]
    means: list[float]
    lows: list[float]
    highs: list[float]
    counts: list[int]


def means(curves: Sequence[Curve], grid: Iterable[float]) -> Means:
    """Return the mean of the curves (each sorted by x) and its interval at each x of the grid; NaN where none has a value."""
    xs = sorted(set(grid))
    columns = [on_grid(curve, xs) for curve in curves]
    found = Means(xs, [], [], [], [])
    for at in range(len(xs)):
        values = [column[at] for column in columns if column[at] == column[at]]
        mean, half = mean_and_half(values)
        found.means.append(mean)
        found.lows.append(mean - half)
        found.highs.append(mean + half)
        found.counts.append(len(values))
    return found


def mean_and_half(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and half the width of its interval; NaN where there is none.

    >>> mean, half = mean_and_half([1.0, 2.0, 3.0])  # t(2) = 4.3027, s = 1
    >>> mean, round(half, 4)
    (2.0, 2.4841)
    """
    count = len(values)
    if count == 0:
        return math.nan, math.nan
    mean = sum(values) / count
    if math.isinf(mean):
        mean = sum(value / count for value in values)
    if count == 1:
        return mean, math.nan
    spread = math.hypot(*(value - mean for value in values))  # never overflows half way
    return mean, t_quantile(OUTSIDE, count - 1) * spread / math.sqrt(count - 1) / math.sqrt(count)


def shown(mean: float, low: float, high: float, digits: int | None = None) -> str:
    """Return a mean and its interval as text, with so many digits behind the point; the mean alone where it has none.

    >>> shown(0.969259, 0.964449, 0.974069, 4), shown(2.0, math.nan, math.nan, 3), shown(0.9, 0.9, 0.9)
    ('0.9693 [0.9644, 0.9741]', '2.000', '0.9 [0.9, 0.9]')
    """
    ends = (mean, low, high) if low == low and high == high else (mean,)
    is_plain = digits is not None and 1e-4 <= max(map(abs, ends)) < 1e6
    texts = [f"{value:.{digits}f}" if is_plain else number(value) for value in ends]
    return texts[0] if len(texts) == 1 else f"{texts[0]} [{texts[1]}, {texts[2]}]"


def shared_digits(intervals: Iterable[tuple[float, float]]) -> int | None:
    """Return how many digits behind the point means with these intervals get side by side.

    Two of half the width of the widest, one more where others are much narrower; None where none has a width.
    """
    halves = [half for low, high in intervals if 0 < (half := high / 2 - low / 2) < math.inf]
    wanted = [min(max(1 - math.floor(math.log10(half)), 0), 9) for half in halves]
    return min(max(wanted), min(wanted) + 1) if wanted else None


def on_grid(curve: Curve, grid: Sequence[float]) -> list[float]:
    """Return a curve at each x of a sorted grid, by straight lines between its points; NaN outside of them."""
    xs, ys = curve
    found = []
    at = 0
    for x in grid:
        at = bisect_right(xs, x, lo=at)
        if at == 0:
            found.append(math.nan)
        elif xs[at - 1] == x:
            found.append(ys[at - 1])
        elif at == len(xs):
            found.append(math.nan)
        else:
            share = (x / 2 - xs[at - 1] / 2) / (xs[at] / 2 - xs[at - 1] / 2)
            found.append(ys[at - 1] * (1 - share) + ys[at] * share)
    return found
