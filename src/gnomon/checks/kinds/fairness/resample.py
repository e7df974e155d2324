"""Bootstrap intervals of rates: rows drawn again with replacement, which for counts is one multinomial draw of the cells.

A bootstrap of a million rows draws a million rows; their counts follow a multinomial distribution of the counts that were
found, so drawing those is the same bootstrap, exactly, at the cost of a few hundred numbers. Means of scores and errors are not
counts and have none.
Not promised: a bootstrap says that 0 of 20 is 0, surely. So the verdict rests on the intervals of `pairs`, not on these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.intervals import two_sided
from gnomon.checks.kinds.fairness.cells import OUTCOMES
from gnomon.checks.kinds.fairness.names import RATES
from gnomon.checks.kinds.fairness.pairs import upper_z

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.checks.kinds.fairness.cells import Cells
    from gnomon.checks.kinds.fairness.judge import Weighed

    Array = np.ndarray[Any, np.dtype[np.float64]]

_HELD = 4_000_000  # numbers held at once


class Resampled(NamedTuple):
    """Intervals of the rates of each judged group, and of their gap."""

    labels: tuple[str, ...]
    value: Array
    low: Array
    high: Array
    gap: float
    gap_low: float
    gap_high: float


def resampled(
    cells: Cells, weighed: Sequence[Weighed], times: int, *, level: float, seed: int
) -> dict[str, Resampled]:
    """Return bootstrap intervals, by the key of what was weighed; of rates only."""
    rates = [one for one in weighed if one.measured.metric in RATES and one.gap is not None]
    drawn: dict[str, list[Array]] = {one.key: [] for one in rates}
    counts = np.stack([cells.sums[key] for key in OUTCOMES])  # (4, groups)
    total = counts.sum()
    if not rates or not total:
        return {}
    chance = np.random.default_rng(seed)
    sorts = {one.measured.attribute: _sorted(cells, one.measured.attribute) for one in rates}
    done = 0
    while done < times:
        now = min(times - done, max(1, _HELD // counts.size))
        draws = chance.multinomial(int(total), counts.ravel() / total, size=now).reshape(now, *counts.shape)
        by = {
            attribute: dict(
                zip(OUTCOMES, np.add.reduceat(draws[:, :, order], starts, axis=2).swapaxes(0, 1), strict=True)
            )
            for attribute, (order, starts) in sorts.items()
        }
        for one in rates:
            hits, out_of = RATES[one.measured.metric]
            sums = by[one.measured.attribute]
            with np.errstate(invalid="ignore", divide="ignore"):
                value = sum(sums[key] for key in hits) / sum(sums[key] for key in out_of)
            drawn[one.key].append(np.asarray(value)[:, one.places])
        done += now
    return {one.key: _intervals(one, np.concatenate(drawn[one.key]), level) for one in rates}


def _sorted(cells: Cells, attribute: str) -> tuple[Any, Any]:
    """Return the order that brings the cells of a group together, and where each group begins; groups as `Cells.by` has them."""
    places = [place for place, name in enumerate(cells.attributes) if attribute == name] or list(
        range(len(cells.attributes))
    )
    _, at = np.unique(cells.codes[:, places], axis=0, return_inverse=True)
    at = at.reshape(-1)
    order = np.argsort(at, kind="stable")
    return order, np.flatnonzero(np.diff(at[order], prepend=-1))


def _intervals(one: Weighed, drawn: Array, level: float) -> Resampled:
    """Return intervals of the rates by percentiles, and of the gap as `pairs` has it: by all pairs below, by single above."""
    measured = one.measured.at(one.places)
    value = measured.value
    drawn = np.where(np.isnan(drawn), value, drawn)  # a draw in which nobody counts says nothing else
    low, high = np.quantile(drawn, [level / 2, 1 - level / 2], axis=0)
    spreads, farthest = [], np.zeros(len(drawn))
    for apart, found in _pairs(drawn, value):
        spread = np.std(apart, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            np.maximum(
                farthest, np.where(spread > 0, np.abs(apart - found) / spread, 0.0).max(axis=1), out=farthest
            )
        spreads.append(spread)
    z = float(np.quantile(farthest, 1 - level))
    side = two_sided(upper_z(z, level)) / 2
    gap = gap_low = gap_high = 0.0
    for (apart, found), spread in zip(_pairs(drawn, value), spreads, strict=True):
        ends = np.quantile(apart, [side, 1 - side], axis=0)
        gap = max(gap, float(np.abs(found).max()))
        gap_low = max(gap_low, float((np.abs(found) - z * spread).max()))
        gap_high = max(gap_high, float(np.abs(ends).max()))
    return Resampled(
        measured.labels,
        value,
        np.minimum(low, value),
        np.maximum(high, value),
        gap,
        min(gap_low, gap),
        max(gap_high, gap),
    )


def _pairs(drawn: Array, value: Array) -> Iterator[tuple[Array, Array]]:
    """Yield the differences of each group to those after it: as drawn (draws, groups after it), and as found."""
    for first in range(len(value) - 1):
        yield drawn[:, first + 1 :] - drawn[:, first : first + 1], value[first + 1 :] - value[first]
