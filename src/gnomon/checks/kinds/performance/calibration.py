"""Calibration: whether what a score says happens as often as it says.

Scores are put in ten bins of equally many rows. The expected calibration error is the mean over bins of |mean score - share
of positives|. Chance alone makes it larger than 0: a perfectly calibrated score has one of about 0.8 standard errors of a
bin. So it is taken off: the corrected error is the true one at which bins would, on average over binomial draws, look as they
do. Its interval is made of those true errors at which what was found is no rarity.

Always true: the corrected error is 0 where chance makes as much on average, and its interval then begins at 0. Equal scores
share a bin. What is off *within* a bin is not seen.
Sources: Naeini et al., AAAI 2015 (the error); Cox, Biometrika 1958 (intercept and slope).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gnomon.checks.intervals import wilson, z_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gnomon.checks.kinds.performance.ends import Ends

    Array = NDArray[np.float64]

BINS = 10
DRAWS = 1000
FEWEST = 100  # rows, with fewer of which bins say nothing
GRID = np.concatenate([np.arange(0, 2, 0.1), np.arange(2, 6.1, 0.5)])  # of c
_CLIP = 1e-6  # chances nearer to 0 or 1 are moved there before their logit is taken


class Bins(NamedTuple):
    """Bins in rising order of scores, arrays of one place a bin."""

    rows: Array
    hits: Array
    scores: Array  # mean
    low: Array  # lowest score
    high: Array

    @property
    def rates(self) -> Array:
        """Share of positives."""
        found: Array = self.hits / self.rows
        return found

    def ends(self, level: float) -> tuple[Array, Array]:
        """Wilson intervals of the shares."""
        return wilson(self.hits, self.rows, level)


class Calibration(NamedTuple):
    """`error` as found and `corrected` for chance; `large` is mean score less share of positives; intercept and slope of Cox."""

    bins: Bins
    error: float
    corrected: float
    ends: Ends
    large: float
    large_low: float
    large_high: float
    slope: float | None = None
    slope_low: float | None = None
    slope_high: float | None = None


def bins_of(scores: Array, hits: NDArray[np.int64], count: int = BINS) -> Bins:
    """Return bins of about equally many rows; rows of one score are in one bin.

    >>> bins_of(np.array([0.1, 0.1, 0.9, 0.9]), np.array([0, 1, 1, 1]), 2).rates.tolist()
    [0.5, 1.0]
    """
    order = np.argsort(scores, kind="stable")
    ordered, right = scores[order], hits[order]
    n = len(ordered)
    is_last = np.append(ordered[1:] != ordered[:-1], True)
    lasts = np.flatnonzero(is_last)
    goals = np.arange(1, count + 1) * n / count - 1
    cuts = np.unique(lasts[np.searchsorted(lasts, np.ceil(goals - 1e-9))])
    starts = np.append(0, cuts[:-1] + 1)
    rows = np.diff(np.append(starts, n)).astype(float)
    right_in, scores_in = np.add.reduceat(right.astype(float), starts), np.add.reduceat(ordered, starts)
    return Bins(rows, right_in, scores_in / rows, ordered[starts], ordered[cuts])


def calibration_of(scores: Array, hits: NDArray[np.int64], level: float, seed: int) -> Calibration | None:
    """Return the calibration of chances for what happened (1) or not (0); None for no rows."""
    if not len(scores):
        return None
    bins = bins_of(scores, hits)
    apart = bins.rates - bins.scores
    share = bins.rows / bins.rows.sum()
    error = float((share * np.abs(apart)).sum())
    profile = _Error(bins, error, seed)
    z = z_of(level)
    large = float(scores.mean() - hits.mean())
    deviation = math.sqrt(max(1e-12, float((scores * (1 - scores)).sum()))) / len(scores)
    observed = float((hits - scores).std()) / math.sqrt(len(scores))
    half = z * max(observed, deviation if observed == 0 else 0.0)
    return Calibration(
        bins,
        error,
        profile.corrected,
        profile.ends,
        large,
        large - half,
        large + half,
        *_slope(scores, hits, z),
    )


class _Profile:
    """The true error as one number, of bins that are off in a given shape: what they look like, drawn for each of `GRID`."""

    def __init__(self, bins: Bins, shape: Array, seed: int) -> None:
        chance = np.random.default_rng(seed)
        share = bins.rows / bins.rows.sum()
        true = np.clip(bins.scores + GRID[:, None] * shape, 0, 1)
        hits = chance.binomial(
            bins.rows.astype(np.int64), true[:, None, :], size=(len(GRID), DRAWS, len(shape))
        )
        self.looks = np.sort(np.abs(hits / bins.rows - bins.scores) @ share, axis=1)  # (GRID, DRAWS)
        self.errors = np.maximum.accumulate(np.abs(true - bins.scores) @ share)  # the true ones

    def true_error(self, found: float, looks: Array) -> float:
        """Return the true error at which bins look as they do, of what they look like at each of `GRID`.

        Beyond the grid bins are so far off that chance adds nothing: what is found more is true.
        """
        rising = np.maximum.accumulate(looks) + np.arange(len(looks)) * 1e-12
        return float(np.interp(found, rising, self.errors)) + max(0.0, found - float(rising[-1]))


class _Error:
    """The corrected error and its interval, from two shapes: the one that was found, and all bins off as chance makes them.

    The shape that was found is partly noise; the two together hold what either says.
    """

    def __init__(self, bins: Bins, found: float, seed: int) -> None:
        by_chance = np.sqrt(np.maximum(bins.scores * (1 - bins.scores), 1e-9) / bins.rows)
        self.found = found
        self.profiles = [_Profile(bins, shape, seed) for shape in (bins.rates - bins.scores, by_chance)]
        self.corrected = sum(one.true_error(found, one.looks.mean(1)) for one in self.profiles) / 2

    def ends(self, level: float) -> tuple[float, float]:
        """Return the true errors at which what was found is no rarity, each side at half the level."""
        tail = max(level / 2, 5 / DRAWS)
        place = int(tail * DRAWS)
        low = min(one.true_error(self.found, one.looks[:, -1 - place]) for one in self.profiles)
        high = max(one.true_error(self.found, one.looks[:, place]) for one in self.profiles)
        stretch = z_of(level) / z_of(2 * tail)
        under, over = (max(0.0, part) * stretch for part in (self.corrected - low, high - self.corrected))
        return max(0.0, self.corrected - under), min(1.0, self.corrected + over)


def _slope(
    scores: Array, hits: NDArray[np.int64], z: float
) -> tuple[float | None, float | None, float | None]:
    """Return the slope of the logit of what happened over the logit of the score, with its ends; None where there is none."""
    inside = np.clip(scores, _CLIP, 1 - _CLIP)
    x = np.log(inside / (1 - inside))
    if not 0 < hits.sum() < len(hits) or np.ptp(x) == 0:
        return None, None, None
    found = np.array([0.0, 1.0])
    design = np.stack([np.ones(len(x)), x])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(found @ design, -500, 500)))
        information = (design * (p * (1 - p))) @ design.T
        determinant = information[0, 0] * information[1, 1] - information[0, 1] ** 2
        if determinant <= 1e-12 * max(1.0, information[0, 0] * information[1, 1]):
            return None, None, None
        move = np.linalg.solve(information, design @ (hits - p))
        found = found + np.clip(move, -2, 2)
        if np.abs(move).max() < 1e-8:
            half = z * math.sqrt(information[0, 0] / determinant)
            return float(found[1]), float(found[1] - half), float(found[1] + half)
    return None, None, None
