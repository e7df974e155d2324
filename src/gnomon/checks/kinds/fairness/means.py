"""Metrics that are means: calibration of scores by group, and the errors of a regression.

A few rows tell little of how far rows spread: ten that happen to agree would look certain. So the variance of a group is never
taken to be less than one that leans on all groups, as `LEAN` rows would (Smyth 2004 leans in this way; we only ever lean
upward).
Always true: values are those of the rows alone; only intervals and chances lean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.kinds.fairness.measured import Mean
from gnomon.checks.kinds.fairness.names import CALIBRATION

if TYPE_CHECKING:
    from gnomon.checks.kinds.fairness.cells import Groups

    Array = np.ndarray[Any, np.dtype[np.float64]]

LEAN = 20.0
"""Rows that the pooled variance weighs as much as."""


def mean_of(groups: Groups, metric: str) -> Mean:
    """Return a metric of each group: `calibration` (mean score minus share of positives) or one of `ERRORS`.

    An error is prediction minus target: a mean error above 0 says that predictions are too high.
    """
    if metric == CALIBRATION:
        return calibration(groups)
    sums = groups.sums
    first, second = {"mean_error": ("e", "ee"), "mean_absolute_error": ("a", "ee")}.get(
        metric, ("ee", "eeee")
    )
    n = sums["n"]
    mean, variance = _moments(n, sums[first], sums[second])
    error = np.sqrt(leaning(variance, n) / np.maximum(n, 1))
    is_root = metric == "root_mean_squared_error"
    if is_root:
        # of normal errors the square has the variance 2·mean²: so much is taken at least
        error = np.maximum(error, mean * np.sqrt(2 / np.maximum(n, 1)))
    value = np.sqrt(mean) if is_root else mean
    return Mean(metric, groups.attribute, groups.labels, n, value, error, is_root)


def calibration(groups: Groups) -> Mean:
    """Return the mean score minus the share of positives, of each group.

    Its variance is at least that of outcomes that come by chance as often as they came, and two hits and two misses more:
    twenty people with a score of 0.05, of whom nobody is positive, would else look as if they agreed.
    """
    sums = groups.sums
    n = sums["s_n"]
    mean, variance = _moments(n, sums["s"] - sums["s_y"], sums["ss"] - 2 * sums["s_sy"] + sums["s_y"])
    with np.errstate(invalid="ignore", divide="ignore"):
        s, ss, share = sums["s"] / n, sums["ss"] / n, (sums["s_y"] + 2) / (n + 4)
    # The mean of q·(1 - q), q being the scores moved so that `share` is their mean (2 hits, 2 misses more: Agresti, Coull 1998).
    moved = s - share
    expected = np.clip(share - (ss - 2 * moved * s + moved * moved), 0, 0.25)
    by_chance = (n * np.nan_to_num(variance) + LEAN * np.nan_to_num(expected)) / (n + LEAN)
    variance = np.maximum(leaning(variance, n), by_chance)
    error = np.sqrt(variance / np.maximum(n, 1))
    return Mean(CALIBRATION, groups.attribute, groups.labels, n, mean, error)


def leaning(variance: Array, n: Array) -> Array:
    """Return variances, none less than one that leans on the variance within all groups."""
    freedom = np.maximum(n - 1, 0)
    total = freedom.sum()
    pooled = float(np.nansum(freedom * variance) / total) if total else 0.0
    variance = np.where(freedom > 0, variance, pooled)
    return np.maximum(variance, (freedom * variance + LEAN * pooled) / (freedom + LEAN))


def _moments(n: Array, total: Array, squares: Array) -> tuple[Array, Array]:
    """Return mean and variance within each group from sums; NaN where there are too few."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / n
        variance = np.maximum(squares - n * mean * mean, 0) / (n - 1)
    return mean, np.where(n > 1, variance, np.nan)
