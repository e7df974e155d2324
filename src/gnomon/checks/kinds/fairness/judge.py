"""The gaps between groups and their findings: what fails, what passes, and what nobody can tell from so few people.

A gap fails where two groups differ by more than `max_gap` *and* by more than chance explains, corrected for all pairs of groups
and all findings of the result (Holm). It passes where the whole interval of the gap is within `max_gap`. Each pair is judged by
its own numbers: a few people who happen to lie far off make no gap, and hide none.
Always true: which groups are judged follows from their sizes alone, never from their values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.kinds.fairness.chance import chances, standing
from gnomon.checks.kinds.fairness.names import SMALLEST
from gnomon.checks.kinds.fairness.pairs import Gap, differences, gap_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.kinds.fairness.measured import Measured

    Places = np.ndarray[Any, Any]

MOST_JUDGED = 100
_SAME = 1e-12


@dataclass(frozen=True, slots=True)
class Weighed:
    """One metric over the groups of one attribute: its gap, and the chances of it.

    `places` are the groups that are judged, `small` those that are too small, `unseen` counts those beyond `MOST_JUDGED`.
    `p` is the chance that groups which are alike differ so much, `p_beyond` the same of the surest pair that is beyond the limit
    (1 where none is); `pair` is that pair, as places among all groups, the higher one first.
    """

    measured: Measured
    limit: float
    places: Places
    small: Places
    unseen: int
    gap: Gap | None
    p: float = 1.0
    p_beyond: float = 1.0
    pair: tuple[int, int] | None = None
    z: float = 0.0

    @property
    def key(self) -> str:
        return f"{self.measured.metric}.{self.measured.attribute}"


def weigh(
    measured: Measured, limit: float, *, level: float, smallest: int = SMALLEST, seed: int = 0
) -> Weighed:
    """Return the gap of a metric between groups. `limit` is in the metric's own unit."""
    n = np.nan_to_num(measured.n)
    is_large = (n >= smallest) & np.isfinite(measured.value)
    order = np.lexsort((measured.value, -n))  # by size, then by value: the names of groups change nothing
    places = order[is_large[order]]
    unseen = max(0, len(places) - MOST_JUDGED)
    places = np.sort(places[:MOST_JUDGED])
    small = np.flatnonzero(~is_large)
    if len(places) < 2 or not math.isfinite(limit):
        return Weighed(measured, limit, places, small, unseen, None)
    judged = measured.at(places)
    z = standing(judged)
    apart = differences(judged.value)
    beyond = np.where(apart > limit + _SAME, z, 0.0)
    first, second = (int(one) for one in np.unravel_index(int(np.argmax(beyond)), beyond.shape))
    farthest = float(beyond[first, second])
    p, p_beyond = chances(judged, [float(z.max()), farthest], seed)
    pair = (int(places[first]), int(places[second])) if farthest > 0 else None
    gap = gap_of(judged, level)
    gap = gap._replace(
        low_at=int(places[gap.low_at]), high_at=int(places[gap.high_at]),
        widest=(int(places[gap.widest[0]]), int(places[gap.widest[1]])),
    )  # fmt: skip
    return Weighed(measured, limit, places, small, unseen, gap, p, p_beyond, pair, farthest)


def corrected(found: Sequence[float]) -> list[float]:
    """Return chances corrected for all of them together (Holm)."""
    from gnomon.runs.importance.share import holm

    return holm(found)


def outcome_of(one: Weighed, fair: float, level: float) -> str:
    """Return the outcome of a gap; `fair` is its `p`, corrected for all findings."""
    from gnomon.checks.result import FAIL, PASS, UNKNOWN

    if one.gap is None:
        return UNKNOWN
    if one.pair is not None and fair <= level and one.p_beyond * price(one.p, fair) <= level:
        return FAIL
    return PASS if one.gap.high <= one.limit + _SAME and not one.unseen else UNKNOWN


def price(p: float, fair: float) -> float:
    """Return by how much a chance was multiplied for all that was looked at."""
    return max(1.0, fair / p) if p > 0 else 1.0
