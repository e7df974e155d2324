"""Pairs of groups that were picked after looking: the range of many normals, intervals of all pairs, the interval of the gap.

The gap is the largest value minus the smallest. Whoever looks for it picks two groups of `k`, so its lower end must hold for all
pairs at once (Tukey 1949; Kramer 1956). Its upper end needs no such price: the gap is the difference of *one* pair, and the
largest upper end of all pairs is no smaller than that of this one.
Always true: an interval contains its estimate, and is never below 0.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.intervals import two_sided, z_of

if TYPE_CHECKING:
    from gnomon.checks.kinds.fairness.measured import Measured

Array = np.ndarray[Any, np.dtype[np.float64]]

_STEP, _REACH = 0.1, 9.0
_GRID = np.arange(-_REACH, _REACH + 12.0, _STEP)  # z of the largest normal; it may lie far out
_ERFC = np.frompyfunc(math.erfc, 1, 1)


def below(z: Array) -> Array:
    """Return P(Z <= z) of a standard normal, an array of the same shape."""
    found: Array = np.asarray(_ERFC(-np.asarray(z, float) / math.sqrt(2)), float) / 2
    return found


@lru_cache(maxsize=256)
def _of(k: int) -> tuple[Array, Array]:
    """Return k · density · step on the grid, and P(Z <= z) there."""
    return k * np.exp(-_GRID * _GRID / 2) / math.sqrt(2 * math.pi) * _STEP, below(_GRID)


@lru_cache(maxsize=4096)
def range_tail(z: float, k: int) -> float:
    """Return the chance that any two of `k` groups, all alike, differ by `z` of their standard errors or more.

    That is the studentized range with known variance, of z·√2. For groups of unequal size it is an upper bound (Hayter 1984).
    Source: Tukey, "The problem of multiple comparisons", 1953.

    >>> round(range_tail(1.96, 2), 3), round(range_tail(3.314, 10) , 3)  # 2: the normal; 10: q = 4.687 / √2 would be 0.03
    (0.05, 0.035)
    """
    if k == 2:
        return two_sided(z)
    if z <= 0:
        return 1.0
    weight, all_below = _of(k)
    near = all_below - below(_GRID - z * math.sqrt(2))
    return float(min(1.0, weight @ (all_below ** (k - 1) - np.maximum(near, 0) ** (k - 1))))


@lru_cache(maxsize=1024)
def range_z(level: float, k: int) -> float:
    """Return the z that any pair of `k` groups that are alike passes with chance `level`.

    >>> round(range_z(0.05, 2), 3), round(range_z(0.05, 3) * 2**0.5, 3)  # of every table: q(0.05; 3, ∞) = 3.314
    (1.96, 3.314)
    """
    if k == 2:
        return z_of(level)
    low, high = 0.0, 12.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if range_tail(middle, k) > level else (low, middle)
    return high


def upper_z(z: float, level: float) -> float:
    """Return the z of the upper ends, where `z` is that of the lower: both sides together miss in `level` of cases, at most.

    A single pair that stands out is missed below as often as a normal is above `z`; what is left of the level is for above.
    """
    left = max(level / 2, level - two_sided(z) / 2)
    return z_of(min(1.0, 2 * left))


class Gap(NamedTuple):
    """The largest difference between groups, by their places. `value` is `high_at` minus `low_at`."""

    value: float
    low: float
    high: float
    low_at: int
    high_at: int
    widest: tuple[int, int]  # the pair whose upper end is `high`


def differences(value: Array) -> Array:
    """Return value[i] - value[j] as a matrix."""
    return value[:, None] - value[None, :]


def gap_of(measured: Measured, level: float) -> Gap:
    """Return the gap between the groups of `measured`, two at least, with its interval.

    Each group's own interval is put together for a pair by squares (Newcombe 1998; Zou and Donner, "Construction of confidence
    limits about effect measures", Statistics in Medicine 2008), so that rates near 0 and 1 keep their level.
    """
    k = len(measured.value)
    return gap_at(measured, range_z(level, k), level)


def gap_at(measured: Measured, z: float, level: float) -> Gap:
    """Return the gap with lower ends by `z`; `level` is what both sides together miss."""
    value = measured.value
    apart = differences(value)
    low, high = measured.ends(z)
    lower = apart - np.hypot((value - low)[:, None], (high - value)[None, :])
    low, high = measured.ends(upper_z(z, level))
    upper = apart + np.hypot((high - value)[:, None], (value - low)[None, :])
    np.fill_diagonal(upper, -np.inf)
    first, second = np.unravel_index(int(np.argmax(upper)), upper.shape)
    high_at, low_at = int(np.argmax(value)), int(np.argmin(value))
    found = float(value[high_at] - value[low_at])
    return Gap(
        found,
        min(max(0.0, float(lower.max())), found),
        max(float(upper.max()), found),
        low_at,
        high_at,
        (int(first), int(second)),
    )
