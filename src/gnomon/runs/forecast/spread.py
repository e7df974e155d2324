"""A forecast as weighted values: quantiles, chances, and the heavy-tailed shape that a guess of a time has.

Always true: no chance is drawn; the same input gives the same numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PARTS = 40  # values that stand for a shape
SURE = 0.01  # no chance is given as nearer to 0 or 1: the tails of a guess are guesses


class Spread:
    """Values with weights. There must be one of a weight above 0."""

    def __init__(self, weighted: Iterable[tuple[float, float]]) -> None:
        kept = sorted(one for one in weighted if one[1] > 0)
        self._values = [value for value, _ in kept]
        self._below = list(accumulate(weight for _, weight in kept))

    def quantile(self, share: float) -> float:
        """Return the value below which `share` (from 0 to 1) of the weight lies.

        >>> Spread([(1.0, 1.0), (2.0, 1.0), (4.0, 2.0)]).quantile(0.5)
        2.0
        """
        wanted = share * self._below[-1]
        at = next((at for at, below in enumerate(self._below) if below >= wanted), len(self._values) - 1)
        return self._values[at]

    def chance_below(self, value: float) -> float:
        """Return the share of the weight at or below `value`, within 1 % of certainty at most."""
        at = bisect_right(self._values, value)
        share = self._below[at - 1] / self._below[-1] if at else 0.0
        return min(max(share, SURE), 1 - SURE)


@cache
def shape() -> tuple[float, ...]:
    """Return values that stand for Student's t with 4 degrees of freedom, each of the same weight, the middle one near 0.

    It has a closed quantile function (W. T. Shaw, "Sampling Student's T distribution", J. Comput. Finance 9, 2006).
    """
    return tuple(_t4_quantile((part + 0.5) / PARTS) for part in range(PARTS))


def _t4_quantile(share: float) -> float:
    root = math.sqrt(4 * share * (1 - share))
    return math.copysign(2 * math.sqrt(max(0.0, math.cos(math.acos(root) / 3) / root - 1)), share - 0.5)
