"""How often chance alone makes groups that are alike differ so much: exact for counts, by drawing them again.

Where all groups have one rate, the hits fall on the people at random: given how many there are in all, their numbers in the
groups are a multivariate hypergeometric draw. No formula for large samples takes part where numbers are small.
Always true: the answer depends on the counts and the seed alone, not on the order or the names of the groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.kinds.fairness.measured import Mean, Rate
from gnomon.checks.kinds.fairness.pairs import range_tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.checks.kinds.fairness.measured import Measured

    Array = np.ndarray[Any, np.dtype[np.float64]]

MOST_DRAWS = 9_999
ENOUGH = (
    100  # draws that differ as much: then the chance is known well enough to stop (Besag and Clifford 1991)
)
MANY = 30  # expected hits, and misses, in each group: beyond, the formula for large samples holds its level, or is careful
_FIRST, _HELD = 500, 400_000  # draws of the first round; groups times draws held at once
_OFTEN, _FEW = (
    0.15,
    30,
)  # a chance above this is of no use to anybody: so many draws that differ as much will do
_CLEAR = 1e-6  # where the formula says less and no draw of a thousand comes near, more draws tell no more
_SURE = (
    1e-12  # where the formula says less, no draw is needed, if a hit and a miss are expected in each group
)
_LEAST = 1e-16  # no chance is called smaller
_LIKELY = 0.5  # where the formula says more, the groups are alike as far as anybody can see


def standing(measured: Measured) -> Array:
    """Return how far apart each pair of groups is, in standard errors of groups that are alike: a matrix."""
    if isinstance(measured, Mean):
        return measured.standing()
    assert isinstance(measured, Rate)  # noqa: S101 - for the type checker
    z = np.zeros((len(measured.n), len(measured.n)))
    for first, row in enumerate(_apart(measured.hits[None, :], measured.n)):
        z[first, first + 1 :] = z[first + 1 :, first] = np.sqrt(row[0])
    return z


def chances(measured: Measured, thresholds: Sequence[float], seed: int) -> list[float]:
    """Return, for each threshold, the chance that the pair farthest apart stands so far apart where all groups are alike.

    The first threshold is that of the pair farthest apart. Half of the chance of exactly so far is left off (mid-p), so that
    few people do not make it too careful.
    """
    k = len(measured.n)
    by_formula = [max(_LEAST, range_tail(min(float(one), 30.0), k)) for one in thresholds]
    if isinstance(measured, Mean) or not any(one > 0 for one in thresholds):
        return by_formula
    assert isinstance(measured, Rate)  # noqa: S101 - for the type checker
    share = measured.hits.sum() / measured.n.sum()
    fewest = measured.n.min() * min(share, 1 - share)
    formula = max(part for part, one in zip(by_formula, thresholds, strict=True) if one > 0)
    is_plain = fewest >= MANY or (formula < _SURE and fewest >= 1) or by_formula[0] > _LIKELY
    if is_plain or measured.n.sum() >= 1e9:
        return by_formula
    return _drawn(measured, thresholds, by_formula, seed)


def _drawn(
    measured: Rate, thresholds: Sequence[float], by_formula: Sequence[float], seed: int
) -> list[float]:
    order = np.lexsort((measured.hits, measured.n))
    sizes = measured.n[order].astype(np.int64)
    total = int(measured.hits.sum())
    chance = np.random.default_rng(seed)
    goals, formula = np.array(thresholds), np.array(by_formula)
    more, same = np.zeros(len(goals)), np.zeros(len(goals))
    done = 0
    while done < MOST_DRAWS:
        count = min(MOST_DRAWS - done, max(1, _HELD // len(sizes)), max(_FIRST, done))
        hits = chance.multivariate_hypergeometric(sizes, total, size=count, method="marginals")
        farthest = np.zeros(count)
        for row in _apart(hits.astype(float), sizes.astype(float)):
            np.maximum(farthest, row.max(axis=1), out=farthest)
        np.sqrt(farthest, out=farthest)
        is_same = np.abs(farthest[:, None] - goals) <= 1e-9
        more += ((farthest[:, None] > goals) & ~is_same).sum(axis=0)
        same += is_same.sum(axis=0)
        done += count
        is_clear = (more + same == 0) & (formula < _CLEAR) & (done >= 2 * _FIRST)
        enough = np.where(more + same > _OFTEN * done, _FEW, ENOUGH)
        if np.all((more + same >= enough) | (goals <= 0) | is_clear):
            break
    found = (more + same / 2 + 0.5) / (done + 1)
    # Of what is rarer than so many draws can tell, the formula tells how rare.
    found = np.where(more + same == 0, np.minimum(found, formula), found)
    return [float(one) for one in np.where(goals <= 0, 1.0, found)]


def _apart(hits: Array, n: Array) -> Iterator[Array]:
    """Yield, for each group but the last, z² of its difference to those after it: shape (draws, groups after it).

    The common rate of a pair is taken from both, h of N; its variance h(N - h)/N² · (1/n1 + 1/n2) is h(N - h) / (N·n1·n2).
    """
    value = hits / n
    for first in range(len(n) - 1):
        both = n[first + 1 :] + n[first]
        found = hits[:, first + 1 :] + hits[:, first : first + 1]
        square = (value[:, first + 1 :] - value[:, first : first + 1]) ** 2 * (
            both * n[first + 1 :] * n[first]
        )
        spread = found * (both - found)
        yield np.divide(square, spread, out=np.zeros_like(square), where=spread > 0)
