"""How far a column of numbers moved: Kolmogorov-Smirnov distance, Wasserstein distance, PSI, and how far it may truly have moved.

All of it comes from `Steps`: the different values of both tables in order, and how many rows of each are at or below each. Rows
give them by one sort a table, sketches by their cells, so there is one set of formulas. Always true: figures depend on no
order of rows; infinities count as the lowest and highest values, and are left out where a distance has a unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gnomon.checks.intervals import z_of
from gnomon.checks.kinds.drift.chances import kolmogorov_limit
from gnomon.data.profile.cells import Cells, merged_cells, on_grid

Array = np.ndarray[Any, np.dtype[np.float64]]
Counts = np.ndarray[Any, Any]  # whole numbers

SIDE = 0.05  # each end of an interval is wrong in at most so many cases
Z = z_of(2 * SIDE)
BINS = 10
_TENTHS = np.arange(1, BINS) / BINS
HALF = 0.5  # rows that every bin has beforehand, so that an empty one has a logarithm


@dataclass(frozen=True, eq=False)
class Steps:
    """Different values in order, shape (k,), and how many rows of each table are at or below them.

    `low` and `high` are the ends of the cells that the values stand for; of rows they are the values themselves, and None.
    """

    values: Array
    reference: Counts
    current: Counts
    low: Array | None = None
    high: Array | None = None

    @property
    def n(self) -> int:
        """Rows of the reference."""
        return int(self.reference[-1]) if len(self.reference) else 0

    @property
    def m(self) -> int:
        """Rows of the current table."""
        return int(self.current[-1]) if len(self.current) else 0

    @cached_property
    def gaps(self) -> Array:
        """The share at or below each value in the reference, less that in the current table: above 0 where values rose."""
        found: Array = self.reference * (1 / self.n) - self.current * (1 / self.m)
        found[-1] = 0.0  # all rows of both
        return found

    @cached_property
    def distance(self) -> float:
        """The Kolmogorov-Smirnov distance in [0, 1]: the largest gap between the shares of rows at or below any value.

        >>> steps_of(np.array([1.0, 2.0]), np.array([2.0, 3.0])).distance
        0.5
        """
        return float(max(self.gaps.max(), -self.gaps.min()))


def steps_of(reference: Array, current: Array) -> Steps:
    """Return the steps of two columns, shapes (n,) and (m,), both with rows, without NaN.

    >>> steps_of(np.array([1.0, 3.0]), np.array([3.0, 2.0])).reference.tolist()  # at or below 1, 2, 3
    [1, 1, 2]
    """
    ours, theirs = np.sort(reference), np.sort(current)
    total = len(ours) + len(theirs)
    places = np.searchsorted(theirs, ours, side="right")
    places += np.arange(len(ours))
    is_theirs = np.ones(total, bool)
    is_theirs[places] = False
    values = np.empty(total)
    values[places], values[np.flatnonzero(is_theirs)] = ours, theirs
    rest = np.cumsum(is_theirs, dtype=np.int32)
    below = np.arange(1, total + 1, dtype=np.int32)
    below -= rest
    is_last = values[1:] != values[:-1]
    if not is_last.all():
        last = np.append(np.flatnonzero(is_last), total - 1)
        values, below, rest = values[last], below[last], rest[last]
    return Steps(values, below, rest)


def bounds(steps: Steps) -> tuple[float, float]:
    """Return (low, high) of the distance between what the tables are samples of; each end is wrong in at most 5 % of cases.

    High: the true distance is a gap at one point, and a gap at one point is a difference of two shares, whose error is known.
    So it is at most the largest of all gaps, each widened as a single one is. That is half as wide as the band of Dvoretzky,
    Kiefer and Wolfowitz, which must hold at all points at once. Shares are moved towards 1/2 by one row (Agresti and Coull
    1998), so that 0 of 10 is not taken for never. In a sketch a gap within a cell may be larger than at its ends.
    Low: the gap less what chance alone makes of it anywhere, so it is 0 exactly where the limit law gives chance 5 % or more.
    """
    gaps = np.abs(steps.gaps)
    at = int(gaps.argmax())
    widest = Z * math.sqrt(1 / (steps.n + 2) + 1 / (steps.m + 2)) / 2
    # Most gaps could not be the largest, however wide they are made.
    likely = np.flatnonzero(gaps >= gaps[at] + Z * _error(steps, np.array([at]))[0] - widest)
    high = float((gaps[likely] + Z * _error(steps, likely)).max()) + within(steps)
    low = steps.distance - kolmogorov_limit(SIDE) * math.sqrt(1 / steps.n + 1 / steps.m)
    return max(0.0, low), min(1.0, max(high, steps.distance))


def _error(steps: Steps, places: Counts) -> Array:
    """Return the standard errors of gaps, each share with a row of either kind added."""
    squared = np.zeros(len(places))
    for below, total in ((steps.reference, steps.n), (steps.current, steps.m)):
        share = (below[places] + 1.0) / (total + 2)
        squared += share * (1 - share) / (total + 2)
    return np.sqrt(squared)


def within(steps: Steps) -> float:
    """Return by how much the distance of the rows may be above that of the cells: 0 for rows.

    Inside a cell the gap can leave the larger of those at its ends by no more than the smaller of the two shares that the
    cell holds, since one table has to pass before the other does.
    """
    if steps.low is None or steps.high is None:
        return 0.0
    is_wide = steps.high > steps.low
    shares = [
        _between(below) / total for below, total in ((steps.reference, steps.n), (steps.current, steps.m))
    ]
    gaps = steps.gaps
    before = np.concatenate(([0.0], gaps[:-1]))
    most = np.maximum(np.abs(before + shares[0]), np.abs(before - shares[1]))
    return max(0.0, float(most[is_wide].max(initial=0.0)) - steps.distance)


def wasserstein(steps: Steps) -> float:
    """Return the Wasserstein-1 distance of finite values, in their unit: how far a row has to move, on average. NaN without any.

    >>> wasserstein(steps_of(np.array([0.0, 1.0]), np.array([0.5, 1.5])))
    0.5
    """
    finite = finite_of(steps)
    if not finite.n or not finite.m:
        return math.nan
    with np.errstate(over="ignore", invalid="ignore"):
        apart = np.diff(finite.values)
        apart *= np.abs(finite.gaps[:-1])
        return float(apart.sum())


def wasserstein_error(steps: Steps) -> float:
    """Return by how much the Wasserstein distance of cells may differ from that of the rows: 0 for rows."""
    if steps.low is None or steps.high is None:
        return 0.0
    finite = finite_of(steps)
    if not finite.n or not finite.m or finite.low is None or finite.high is None:
        return 0.0
    widths = np.maximum(finite.high - finite.values, finite.values - finite.low)
    shares = _between(finite.reference) / finite.n + _between(finite.current) / finite.m
    return float(shares @ widths)


def finite_of(steps: Steps) -> Steps:
    """Return the steps of finite values alone."""
    keep = np.isfinite(steps.values)
    if keep.all():
        return steps
    lowest = int(np.argmax(keep)) if keep.any() else len(keep)
    under = (steps.reference[lowest - 1], steps.current[lowest - 1]) if lowest else (0, 0)
    cut = [None if one is None else one[keep] for one in (steps.low, steps.high)]
    return Steps(steps.values[keep], steps.reference[keep] - under[0], steps.current[keep] - under[1], *cut)


def deviation(steps: Steps) -> float:
    """Return the standard deviation (divided by n) of the finite values of the reference; NaN without any."""
    finite = finite_of(steps)
    if not finite.n:
        return math.nan
    counts = _between(finite.reference)
    with np.errstate(over="ignore", invalid="ignore"):
        apart = finite.values - float((counts * finite.values).sum()) / finite.n
        return math.sqrt(float((counts * apart**2).sum()) / finite.n)


def psi(steps: Steps) -> float:
    """Return the population stability index over ten bins with equal shares of the reference: 0 and above.

    The sum of (p - q) ln(p / q) over bins, where half a row is added to each bin of each table, so that an empty one does not
    make it infinite. A bin ends at the smallest value that so many tenths of the reference are at or below; ends that are tied
    become one. Source: Siddiqi, "Credit Risk Scorecards", 2006, which calls 0.1 a small and 0.25 a large shift.

    >>> round(psi(steps_of(np.arange(10.0), np.arange(10.0) + 5)), 3)  # 5 (0.1 - 1/30) ln 3 + (6.5/15 - 0.1) ln (65/15)
    0.855
    """
    ends = np.searchsorted(steps.reference, steps.n * _TENTHS - 1e-9)
    ends = np.append(np.unique(ends[ends < len(steps.values) - 1]), len(steps.values) - 1)
    return index(_between(steps.reference[ends]), _between(steps.current[ends]))


def _between(below: Counts) -> Counts:
    """Return counts from those at or below."""
    found = below.copy()
    found[1:] -= below[:-1]
    return found


def index(reference: Counts, current: Counts) -> float:
    """Return the population stability index of counts in bins, shape (k,) each, with half a row added to each."""
    k = len(reference)
    p = (reference + HALF) / (reference.sum() + HALF * k)
    q = (current + HALF) / (current.sum() + HALF * k)
    return float(((p - q) * np.log(p / q)).sum())


def direction(steps: Steps) -> str:
    """Return where values went: `up`, `down`, `wider`, `narrower`, or nothing where they did not move."""
    gaps = steps.gaps
    most, least = float(gaps.max()), float(-gaps.min())
    if max(most, least) <= 0:
        return ""
    if least <= most / 2:
        return "up"
    if most <= least / 2:
        return "down"
    # Below 0 first, then above: more rows than before at both ends.
    return "wider" if int(gaps.argmin()) < int(gaps.argmax()) else "narrower"


# ---------------------------------------------------------------- from cells


def steps_of_cells(
    reference: Cells | None, current: Cells | None, below: tuple[int, int], above: tuple[int, int]
) -> Steps:
    """Return the steps of two columns that are known by their cells, on the finest grid that both can be put on.

    `below` and `above` count the infinities of both. A value stands for its cell: the middle of it.
    """
    values, low, high = [], [], []
    counts: list[tuple[int, int]] = []

    def add(ends: tuple[float, float], many: tuple[int, int]) -> None:
        if any(many):
            low.append(ends[0])
            high.append(ends[1])
            values.append(ends[0] if ends[0] == ends[1] else ends[0] / 2 + ends[1] / 2)
            counts.append(many)

    add((-math.inf, -math.inf), below)
    both = merged_cells(reference, current)
    if both is not None:
        ours, theirs = (on_grid(one, both.grid) if one is not None else {} for one in (reference, current))
        for place in both.places:
            add(_ends(both, place), (ours.get(place, 0), theirs.get(place, 0)))
    add((math.inf, math.inf), above)
    below_of = np.cumsum(np.array(counts, dtype=np.int64).reshape(-1, 2), axis=0)
    return Steps(
        np.array(values), below_of[:, 0].copy(), below_of[:, 1].copy(), np.array(low), np.array(high)
    )


def _ends(cells: Cells, place: int) -> tuple[float, float]:
    """Return the ends of a cell, cut to the range; of a cell that holds one whole number, that number twice."""
    low, high = cells.grid.bounds(place)
    if cells.is_whole and high - low <= 1:
        return (low, low) if place >= 0 else (high, high)  # the end nearer to zero is in the cell
    return max(low, cells.low), min(high, cells.high)
