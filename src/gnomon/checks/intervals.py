"""Intervals and many comparisons: what all checks share. NumPy arrays in, NumPy arrays out; the standard library for quantiles.

Always true: an interval contains its estimate and lies within what is possible; where nothing was counted it is everything.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

    Array = np.ndarray[Any, np.dtype[np.float64]]

_NORMAL = NormalDist()


def z_of(level: float) -> float:
    """Return the z that |Z| of a standard normal passes with probability `level`.

    >>> round(z_of(0.05), 3)
    1.96
    """
    return -_NORMAL.inv_cdf(level / 2)


def two_sided(z: float) -> float:
    """Return P(|Z| >= |z|) of a standard normal.

    >>> round(two_sided(1.96), 3)
    0.05
    """
    return 2 * _NORMAL.cdf(-abs(z))


def wilson(hits: ArrayLike, n: ArrayLike, level: float = 0.05) -> tuple[Array, Array]:
    """Return the interval of a proportion, arrays of one shape: `hits` of `n`, both counts; (0, 1) where `n` is 0.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.

    >>> [round(float(end), 4) for end in wilson(5, 10)]
    [0.2366, 0.7634]
    """
    import numpy as np

    hits, n = np.asarray(hits, float), np.asarray(n, float)
    z = z_of(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = hits / n
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        low = np.where(n > 0, np.minimum(np.clip(middle - half, 0, 1), p), 0.0)
        high = np.where(n > 0, np.maximum(np.clip(middle + half, 0, 1), p), 1.0)
    return low, high


def newcombe(
    hits: ArrayLike, n: ArrayLike, other_hits: ArrayLike, other_n: ArrayLike, level: float = 0.05
) -> tuple[Array, Array]:
    """Return the interval of the difference of two independent proportions, first minus second.

    Source: Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 1998,
    method 10: it keeps its level where proportions are near 0 or 1 and groups are small, which the usual ± z·s does not.

    >>> [round(float(end), 4) for end in newcombe(56, 70, 48, 80)]  # the example of the paper
    [0.0524, 0.3339]
    """
    import numpy as np

    hits, n, other_hits, other_n = (np.asarray(one, float) for one in (hits, n, other_hits, other_n))
    low, high = wilson(hits, n, level)
    other_low, other_high = wilson(other_hits, other_n, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(n > 0, hits / n, 0.5)
        other = np.where(other_n > 0, other_hits / other_n, 0.5)
    difference = p - other
    is_known = (n > 0) & (other_n > 0)  # else all that the one which was counted allows
    ends = (
        np.where(is_known, difference - np.hypot(p - low, other_high - other), low - other_high),
        np.where(is_known, difference + np.hypot(high - p, other - other_low), high - other_low),
    )
    return np.maximum(ends[0], -1), np.minimum(ends[1], 1)
