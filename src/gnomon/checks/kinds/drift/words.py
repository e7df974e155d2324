"""How far a column of categories moved: total variation distance without what chance adds to it, chi-square test, PSI.

Counts in, figures out: `reference[i]` and `current[i]` are the rows of category i. Always true: what the categories are called,
and in which order they stand, changes nothing.

The distance as counted is too large where categories are many: 50 equal ones differ by 0.13 between two samples of 1,000 rows of
one and the same source. So three figures are told apart: `distance` as counted, `effect` without that part, and an upper
bound that takes only so much of it off as chance must have added at least.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from gnomon.checks.intervals import newcombe
from gnomon.checks.kinds.drift.chances import chi_square_above, gamma_above, shares_differ
from gnomon.checks.kinds.drift.numbers import SIDE, Z

Counts = np.ndarray[Any, np.dtype[np.int64]]

FEWEST = 5  # rows that a cell of a chi-square test expects, in the smaller table too
MOST_POOLED = 0.1  # of the rows; beyond, every cell counts and the law of the statistic is fitted
FEW = 10  # categories, up to which the rare are pooled in any case
SPLITS = 32
CUTS = (-2.0, 0.0, 2.0)  # standard errors of a half
DENSE = 10  # rows of a category in both together, from which its share is close to normal


class ChiSquare(NamedTuple):
    """A chi-square statistic, its degrees of freedom, and the chance of one as large. Fitted ones need not be whole."""

    statistic: float
    freedom: float
    p: float


def distance(reference: Counts, current: Counts) -> float:
    """Return the total variation distance in [0, 1]: the share of rows that would have to take another category.

    >>> distance(np.array([50, 50]), np.array([25, 75]))
    0.25
    """
    return float(np.abs(reference / reference.sum() - current / current.sum()).sum() / 2)


# ---------------------------------------------------------------- the test


def chi_square(reference: Counts, current: Counts) -> ChiSquare:
    """Return the test that both are samples of one source.

    Pearson's chi-square with the categories that expect fewer than 5 rows in either table pooled into one; where two cells
    remain, `shares_differ`. Where what would be pooled, of more than ten categories, holds over a tenth of the rows, `fitted`.

    >>> round(chi_square(np.array([30, 70]), np.array([50, 50])).p, 5)
    0.00389
    """
    total = reference + current
    n, m = int(reference.sum()), int(current.sum())
    is_rare = total * min(n, m) < FEWEST * (n + m)
    if len(total) > FEW and total[is_rare].sum() > MOST_POOLED * (n + m):
        return fitted(reference, current)
    cells = pooled(reference, current)
    if len(cells[0]) <= 2:
        hits, other = int(cells[0][0]), int(cells[1][0])
        return ChiSquare(pearson(*cells), float(len(cells[0]) - 1), shares_differ(hits, n, other, m))
    statistic = pearson(*cells)
    return ChiSquare(statistic, float(len(cells[0]) - 1), chi_square_above(statistic, len(cells[0]) - 1))


def pooled(reference: Counts, current: Counts) -> tuple[Counts, Counts]:
    """Return counts with rare categories in one cell, which takes in the next rarest until it expects 5 rows too."""
    total = reference + current
    order = np.argsort(-total, kind="stable")
    need = FEWEST * int(total.sum()) / min(int(reference.sum()), int(current.sum()))
    kept = int((total >= need).sum())
    if kept < len(total):
        while kept > 1 and total[order[kept:]].sum() < need:
            kept -= 1
    kept = max(kept, 1)
    cells = [
        np.append(counts[order[:kept]], counts[order[kept:]].sum() if kept < len(total) else [])
        for counts in (reference, current)
    ]
    return cells[0].astype(np.int64), cells[1].astype(np.int64)


def pearson(reference: Counts, current: Counts) -> float:
    """Return Pearson's statistic of a table of two rows, of which every column has rows."""
    n, m = int(reference.sum()), int(current.sum())
    apart = reference * (m / (n + m)) - current * (n / (n + m))
    return float((apart**2 / (reference + current)).sum() * (n + m) ** 2 / (n * m))


def fitted(reference: Counts, current: Counts) -> ChiSquare:
    """Return the test with every category as a cell, however rare: the law of the statistic has its true mean and variance.

    Both are those over all ways to deal the same rows out to the two tables (Haldane 1940), so nothing is expected of the cells.
    The law between them is that of a multiple of a chi-square. Chance 1 where no category has two rows: all dealings are alike.
    """
    total = (reference + current).astype(float)
    n, m = float(reference.sum()), float(current.sum())
    mean, variance = _dealt(total, n, m)
    scale = (n + m) ** 2 / (n * m)
    statistic = pearson(reference, current)
    mean, variance = (mean - n * n / (n + m)) * scale, variance * scale**2
    if mean <= 0 or variance <= 1e-9 * mean:
        return ChiSquare(statistic, 0.0, 1.0)
    freedom = 2 * mean * mean / variance
    return ChiSquare(statistic, freedom, gamma_above(freedom / 2, statistic * mean / variance))


def _dealt(total: np.ndarray[Any, Any], n: float, m: float) -> tuple[float, float]:
    """Return mean and variance of the sum of x*x / s, where x of the s rows of each category are dealt to the first table."""
    size = n + m
    r1, r2, r3, r4 = np.cumprod([(n - k) / (size - k) if size > k else 0.0 for k in range(4)])
    s, k = total, len(total)
    mean = float((s - 1).sum() * r2 + k * r1)
    # Of pairs of categories: E[x*x y*y] / (s t) = (s-1)(t-1) r4 + (s-1 + t-1) r3 + r2.
    rest = s - 1
    sums, squares = float(rest.sum()), float((rest * rest).sum())
    pairs = (sums * sums - squares) * r4 + 2 * (k - 1) * sums * r3 + k * (k - 1) * r2
    same = ((rest * (s - 2) * (s - 3) * r4 + 6 * rest * (s - 2) * r3 + 7 * rest * r2 + r1) / s).sum()
    return mean, max(0.0, float(pairs + same) - mean * mean)


# ---------------------------------------------------------------- the effect


def effect(reference: Counts, current: Counts, seed: int = 0) -> float:
    """Return the total variation distance without what chance adds: close to 0 where nothing moved.

    It is the largest gap between the shares of any set of categories. Rows are halved, 32 times by chance: one half says which
    categories are in the set, the other how wide the gap is. The set is of those that grew; or of those that grew clearly, or
    of all that did not clearly shrink, since one that grew much may take a little from each of all others. It errs to the low
    side where many categories move by little each.
    """
    n, m = int(reference.sum()), int(current.sum())
    order = np.lexsort((current, reference))  # so that names do not matter
    ours, theirs = reference[order], current[order]
    chance = np.random.default_rng(seed)
    halves = [chance.binomial(counts, 0.5, (SPLITS, len(order))) for counts in (ours, theirs)]
    one = 2 * (halves[1] / m - halves[0] / n)
    other = 2 * (theirs / m - ours / n) - one
    errors = np.sqrt(2 * (ours + theirs) / (n + m) * (1 / n + 1 / m))
    found = [
        float((other[one > cut * errors].sum() + one[other > cut * errors].sum()) / (2 * SPLITS))
        for cut in CUTS
    ]
    return min(max(*found, 0.0), distance(reference, current))


def bounds(reference: Counts, current: Counts, estimate: float) -> tuple[float, float]:
    """Return (low, high) of the distance between what the tables are samples of; each end is wrong in at most about 5 % of cases.

    High: where the true distance is T, that counted is on average no less than S·h(T/S), with h(t) = E|N(t, 1)| and S half the
    sum of the standard errors of the categories' shares: chance adds least where all move by as many standard errors. And it is
    below its average by more than 1.645 times half of sqrt(1/n + 1/m) in 5 % of cases at most. Categories of fewer
    than 10 rows are taken to add nothing, so the bound is wide where there are many.
    """
    n, m = int(reference.sum()), int(current.sum())
    if len(reference) <= 2:
        return share_bounds(int(reference[0]), n, int(current[0]), m)
    share, other = reference / n, current / m
    errors = np.sqrt(share * (1 - share) / n + other * (1 - other) / m)
    added = float(errors[reference + current >= DENSE].sum()) / 2
    half_width = Z * math.sqrt(1 / (n + 2) + 1 / (m + 2)) / 2
    counted = distance(reference, current)
    high = min(1.0, max(_without(counted + half_width, added), estimate))
    return max(0.0, min(estimate, estimate - half_width)), high


def share_bounds(hits: int, n: int, other_hits: int, other_n: int) -> tuple[float, float]:
    """Return (low, high) of how far apart two shares are, whichever is larger; each end is wrong in about 5 % of cases."""
    low, high = (float(end) for end in newcombe(hits, n, other_hits, other_n, 2 * SIDE))
    return max(0.0, low, -high), max(high, -low)


def _without(counted: float, added: float) -> float:
    """Return the T of which S·h(T/S) is what was counted, where S is `added`; 0 where chance alone adds more."""
    if added <= 0:
        return counted
    goal = counted / added
    low, high = 0.0, goal
    for _ in range(60):
        middle = (low + high) / 2
        of_normal = middle * math.erf(middle / math.sqrt(2)) + math.sqrt(2 / math.pi) * math.exp(
            -middle * middle / 2
        )
        low, high = (middle, high) if of_normal < goal else (low, middle)
    return low * added
