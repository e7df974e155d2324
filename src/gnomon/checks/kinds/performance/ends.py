"""Intervals of metrics in closed form: each function returns `ends`, which gives (low, high) for any level.

Closed forms, because they hold their level where a percentile bootstrap does not: few rows, rates near 0 and 1, an AUC of
nearly 1, skewed losses. What was measured: docs/explanation/performance-checks.md, "How often intervals hold".

Always true: an interval contains its estimate, and one at a smaller level contains that at a larger one, so that the level at
which it reaches a limit (`smallest_level`) is the chance of that limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.intervals import wilson, z_of
from gnomon.runs.groups.student import incomplete_beta, stepped, t_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Ends = Callable[[float], tuple[float, float]]

PRIOR = 5.0  # rows that nothing can be learned of before the variance is that of the rows alone
_MOST_DF = 2000.0
_STEPS = 60


def rate(hits: float, n: float) -> Ends:
    """Return the ends of `hits` of `n` (Wilson).

    >>> [round(end, 4) for end in rate(5, 10)(0.05)]
    [0.2366, 0.7634]
    """

    def ends(level: float) -> tuple[float, float]:
        low, high = wilson(hits, n, level)
        return float(low), float(high)

    return ends


def f1(tp: float, wrong: float) -> Ends:
    """Return the ends of F1 = 2 tp / (2 tp + wrong), `wrong` the false positives and false negatives.

    F1 rises with tp / (tp + wrong), which is a rate: its Wilson interval, moved over.

    >>> [round(end, 4) for end in f1(5, 5)(0.05)]  # the rate is 0.2366 to 0.7634: 2 x 0.2366 / 1.2366
    [0.3827, 0.8658]
    """
    of_rate = rate(tp, tp + wrong)

    def ends(level: float) -> tuple[float, float]:
        low, high = of_rate(level)
        return 2 * low / (1 + low), 2 * high / (1 + high)

    return ends


def mean_of_rates(hits: Array, n: Array) -> Ends:
    """Return the ends of the mean of independent rates, `hits` of `n` each, by their Wilson intervals.

    Of several rates near 1 (or 0) that is too narrow: a rate without an error has no room above itself, though it stands for
    one that errs. So the ends are never within those of one rate with the variance of the mean (`effective`).

    Source: Zou and Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 2008 (MOVER).
    """
    if len(hits) == 1:
        return rate(float(hits[0]), float(n[0]))
    p = hits / n
    mean, count = float(p.mean()), len(p)
    variance = float((p * (1 - p) / n).sum()) / count**2
    informative = float(np.minimum(hits, n - hits).sum())
    together = effective(mean, variance, count**2 / float((1 / n).sum()), informative, _MOST_DF)

    def ends(level: float) -> tuple[float, float]:
        low, high = wilson(hits, n, level)
        below, above = math.sqrt(float(((p - low) ** 2).sum())), math.sqrt(float(((high - p) ** 2).sum()))
        lowest, highest = together(level)
        return max(0.0, min(lowest, mean - below / count)), min(1.0, max(highest, mean + above / count))

    return ends


def mean_of(values: Array, *, low: float = -math.inf, high: float = math.inf) -> Ends | None:
    """Return the ends of the mean of `values`, which may be skewed; None for fewer than two, or where all are equal.

    Source: Hall, "On the removal of skewness by transformation", JRSS B 1992, with Student's quantile: to second order
    what a studentized bootstrap gives, without drawing. `low` and `high` are what the mean can be.
    """
    n = len(values)
    if n < 2:
        return None
    mean = float(values.mean())
    apart = values - mean
    square = float((apart * apart).mean())
    if square <= 1e-28 * max(1.0, mean * mean):
        return None
    error = math.sqrt(square / (n - 1))
    skew = float((apart * apart * apart).mean()) / square**1.5 / math.sqrt(n)

    def ends(level: float) -> tuple[float, float]:
        t = t_quantile(level, stepped(n - 1.0))
        return max(low, mean - _unskewed(t, skew) * error), min(high, mean - _unskewed(-t, skew) * error)

    return ends


def _unskewed(t: float, skew: float) -> float:
    """Return the T whose transformation T + a T²/3 + a² T³/27 + a/6 is `t`, with a = `skew`."""
    if abs(skew) < 1e-6:
        return t
    return 3 / skew * (float(np.cbrt(1 + skew * (t - skew / 6))) - 1)


def root_of(square: Ends | None) -> Ends | None:
    """Return the ends of a root, of those of its square."""
    if square is None:
        return None

    def ends(level: float) -> tuple[float, float]:
        low, high = square(level)
        return math.sqrt(max(0.0, low)), math.sqrt(high)

    return ends


def r2(target: Array, prediction: Array) -> Ends | None:
    """Return the ends of R²: Student's interval of log(1 - R²), by how each row moves it.

    None where the target has one value, nothing is wrong, or there are fewer than three rows.
    """
    n = len(target)
    apart = target - target.mean()
    error = (target - prediction) ** 2
    spread, wrong = float((apart * apart).mean()), float(error.mean())
    if n < 3 or spread <= 0 or wrong <= 0:
        return None
    influence = error / wrong - apart * apart / spread
    deviation = math.sqrt(float((influence * influence).sum()) / (n - 1) / n)

    def ends(level: float) -> tuple[float, float]:
        factor = math.exp(min(700.0, t_quantile(level, stepped(n - 1.0)) * deviation))
        return 1 - wrong / spread * factor, 1 - wrong / spread / factor

    return ends


def median_of(values: Array) -> Ends:
    """Return the ends of the median: order statistics, which hold their level for every distribution (David, Nagaraja 2003)."""
    ordered = np.sort(values)
    n = len(ordered)

    def ends(level: float) -> tuple[float, float]:
        below = _rank(n, level)
        return (
            (float(ordered[below - 1]), float(ordered[n - below]))
            if below
            else (min(0.0, float(ordered[0])), math.inf)
        )

    return ends


def _rank(n: int, level: float) -> int:
    """Return the largest r with P(Binomial(n, 1/2) < r) at or below half the level; 0 where there is none."""
    low, high = 0, n // 2
    while low < high:
        middle = (low + high + 1) // 2
        if incomplete_beta(n - middle + 1, middle, 0.5) <= level / 2:
            low = middle
        else:
            high = middle - 1
    return low


def auc(value: float, parts: tuple[float, float], sizes: tuple[int, int], informative: float) -> Ends:
    """Return the ends of an AUC, `parts` the variances that positives and negatives bring (DeLong), `sizes` how many there are.

    A score interval: all true values that lie no more than z of their own deviations away, where the deviation is Hanley and
    McNeil's as a function of the true value, scaled to what DeLong finds in these rows. `informative` counts the rows that are
    not ranked beyond the whole other class; with few of them the scale is drawn to 1, and above. So a perfect ranking has an
    interval, which DeLong's alone has not.

    Sources: DeLong et al., Biometrics 1988; Newcombe, "Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic. Part 2", Statistics in Medicine 2006 (method 5).
    """
    m, n = sizes
    variance = parts[0] + parts[1]
    inside = min(max(value, 0.5 / (m * n)), 1 - 0.5 / (m * n))
    ratio = variance / _hanley(inside, m, n)
    freedom = _welch(parts, (m - 1, n - 1))

    def ends(level: float) -> tuple[float, float]:
        z = z_of(level)
        scale = _scale(informative, ratio, t_quantile(level, stepped(freedom)) / z)

        def is_inside(true: float) -> bool:
            return (value - true) ** 2 <= z * z * scale * _hanley(true, m, n)

        return _edge(is_inside, value, 0.0), _edge(is_inside, value, 1.0)

    return ends


def _hanley(true: float, m: int, n: int) -> float:
    """Return the variance of an AUC whose true value is `true` (Hanley and McNeil 1982, as Newcombe makes it symmetric)."""
    middle = (m + n) / 2 - 1
    return true * (1 - true) * (1 + middle * ((1 - true) / (2 - true) + true / (1 + true))) / (m * n)


def _scale(informative: float, ratio: float, widened: float) -> float:
    """Return the factor of a variance: that of the rows, drawn to what is known without them where few rows tell it."""
    return (informative * ratio * widened * widened + PRIOR * max(1.0, ratio)) / (informative + PRIOR)


def _welch(parts: tuple[float, ...], freedoms: tuple[float, ...]) -> float:
    """Return the degrees of freedom of a sum of variances, at least 2.5."""
    below = sum(part * part / max(1.0, one) for part, one in zip(parts, freedoms, strict=True))
    return max(2.5, min(_MOST_DF, sum(parts) ** 2 / below)) if below > 0 else _MOST_DF


def _edge(is_inside: Callable[[float], bool], value: float, end: float) -> float:
    """Return how far from `value` towards `end` the inside reaches."""
    near, far = value, end
    for _ in range(_STEPS):
        middle = (near + far) / 2
        near, far = (middle, far) if is_inside(middle) else (near, middle)
    return near


def effective(
    value: float, variance: float, n: float, informative: float, freedom: float, prior: float = 3.0
) -> Ends:
    """Return the ends of a mean of things in 0…1 that is no rate: Wilson's, of as many rows as have this variance.

    `n` is how many rows a rate of this variance would come from if each said 0 or 1; `informative` and `freedom` as in `auc`.
    """
    inside = min(max(value, 0.5 / n), 1 - 0.5 / n)
    ratio = variance / (inside * (1 - inside) / n)
    freedom = max(2.0, min(_MOST_DF, freedom))

    def ends(level: float) -> tuple[float, float]:
        widened = t_quantile(level, stepped(freedom)) / z_of(level)
        scale = (informative * ratio * widened**2 + prior * max(ratio, 1.0)) / (informative + prior)
        low, high = wilson(value * n / scale, n / scale, level)
        return float(low), float(high)

    return ends


def drawn(value: float, draws: Array, low: float, high: float) -> Ends | None:
    """Return the ends of what `draws` say: their quantiles, and beyond the fifth from each side those of a normal like it."""
    found = np.sort(draws[np.isfinite(draws)])
    if len(found) < 20:
        return None
    edge = 5 / len(found)
    middle = float(np.median(found))

    def ends(level: float) -> tuple[float, float]:
        tail = max(level / 2, edge)
        stretch = z_of(level) / z_of(2 * tail)
        under, over = (float(one) for one in np.quantile(found, [tail, 1 - tail]))
        return (
            max(low, min(value, middle - (middle - under) * stretch)),
            min(high, max(value, middle + (over - middle) * stretch)),
        )

    return ends


def smallest_level(is_beyond: Callable[[float, float], Any], ends: Ends) -> float:
    """Return the smallest level at which `is_beyond(low, high)` holds of the interval; 1 where it does at none.

    >>> round(smallest_level(lambda low, high: low > 0.5, rate(90, 100)), 12)  # z = 8
    0.0
    """
    if not is_beyond(*ends(0.999)):
        return 1.0
    near, far = math.log10(0.999), -14.0
    if is_beyond(*ends(10**far)):
        return 10**far
    for _ in range(40):
        middle = (near + far) / 2
        near, far = (middle, far) if is_beyond(*ends(10**middle)) else (near, middle)
    return float(10**near)
