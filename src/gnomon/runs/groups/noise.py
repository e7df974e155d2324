"""How large the noise between seeds is: variances that borrow strength from each other, as far as they agree.

Five seeds say little about their own variance. Thirty groups of five seeds say much, if their noise is alike. So
each variance is drawn towards the common one with the weight of `agreement` further degrees of freedom, estimated
from how much more the variances differ than chance makes them differ (Smyth 2004, "Linear models and empirical
Bayes methods for assessing differential expression in microarray experiments", section 6; known as limma).

What differs from limma, chosen on simulated cases (docs/explanation/honest-comparison.md):

- The common variance is the plain pooled one, which is at or above limma's: careful where the variances differ.
- Chance makes variances differ more where tails are heavy; how heavy is estimated too (as in Layard 1973, "Robust
  large-sample tests for homogeneity of variances").
- The estimate of how much they differ gets a margin that falls with the number of groups and of seeds: three
  groups that happen to agree prove little, and two seeds each even less.
- A variance that stands out far above the common one is not drawn down (the idea of Phipson et al. 2016), and one
  far beyond does not count for the others: runs that went astray make their own group uncertain, and no other.

Always true: two groups borrow nothing from each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from gnomon.runs.groups.student import digamma, inverse_trigamma, trigamma

MARGIN = 0.25
STANDS_OUT = 8.0  # over the square root of its degrees of freedom, times the common variance, above it
HEAVIEST = 9.0  # excess kurtosis: heavier tails are not believed (an exponential has 6)
FLOOR = 1e-6  # of the common variance: a variance of exactly 0 has no logarithm
ASTRAY = 100.0  # times the middle variance: ten times the spread. Such a group neither lends nor borrows
FEWEST = 3  # variances that can agree
ROUNDING = 1e-14  # a spread below this part of the values is the rounding of the numbers


def same_each_time(seeds: int) -> float:
    """Return how likely, at most, chance brings one and the same difference, not 0, for each of some seeds.

    What does nothing leaves two draws of the same kind for each seed. They differ by one given number in at most one case of
    four, whatever they are drawn from (Motzkin and Straus 1965); each seed after the first has to hit that of the first.
    """
    return 4.0 ** (1 - seeds)


class Noise(NamedTuple):
    """An estimated variance, and how many degrees of freedom it is worth."""

    variance: float
    df: float
    fourth: float = (
        0.0  # unbiased estimate of the fourth cumulant (0 for a normal); 0 with fewer than 4 values
    )
    squared: float = 0.0  # unbiased estimate of the squared variance; 0 with fewer than 4 values


class Common(NamedTuple):
    """What a set of variances say together."""

    variance: float  # the pooled one; 0 where all are 0
    agreement: float  # degrees of freedom that it is worth to each of them; 0: nothing is borrowed
    limit: float  # no estimate is worth more degrees of freedom than all have together


def measured(values: Sequence[float], *, size: float = 0.0) -> Noise:
    """Return the variance of two or more values, and what tells how heavy their tails are.

    `size` is that of the numbers they were computed from: a spread that is only their rounding counts as none.

    >>> measured([1.0, 2.0, 3.0]).variance
    1.0
    """
    n = len(values)
    mean = math.fsum(values) / n
    squares = [(value - mean) ** 2 for value in values]
    second = math.fsum(squares)
    variance = second / (n - 1)
    if variance <= (ROUNDING * max(size, *map(abs, values))) ** 2:
        return Noise(0.0, n - 1)
    if n < 4:
        return Noise(variance, n - 1)
    fourth_power = math.fsum(square * square for square in squares)
    # k-statistics (Fisher 1929): unbiased for the cumulants.
    fourth = (n * (n + 1) * fourth_power - 3 * (n - 1) * second**2) / ((n - 1) * (n - 2) * (n - 3))
    squared = (variance**2 - fourth / n) / (1 + 2 / (n - 1))
    return Noise(variance, n - 1, fourth, squared)


def common(
    noises: Sequence[Noise], *, groups: int | None = None, overlap: float = 0.0, limit: float | None = None
) -> Common:
    """Return what `noises` say together.

    Where they are of differences between `groups` groups, and so not independent: `overlap` is the mean
    correlation of two of them, and `limit` the degrees of freedom that they have together.
    """
    middle = sorted(noise.variance for noise in noises)[len(noises) // 2] if noises else 0.0
    if len(noises) >= FEWEST and middle > 0:
        kept = [noise for noise in noises if noise.variance <= ASTRAY * middle]
        groups, noises = (groups or len(noises)) * len(kept) // len(noises), kept
    total = math.fsum(noise.df for noise in noises)
    limit = total if limit is None else limit
    pooled = math.fsum(noise.variance * noise.df for noise in noises) / total if total else 0.0
    count = groups or len(noises)
    if count < FEWEST or len(noises) < FEWEST or pooled == 0:
        return Common(pooled, 0.0, limit)
    weights = [noise.df * (1 - noise.df / total) for noise in noises]
    whole = math.fsum(weights)
    logs = [
        math.log(max(noise.variance, FLOOR * pooled) * noise.df / 2) - digamma(noise.df / 2)
        for noise in noises
    ]
    center = math.fsum(noise.df * log for noise, log in zip(noises, logs, strict=True)) / total
    seen = math.fsum(noise.df * (log - center) ** 2 for noise, log in zip(noises, logs, strict=True)) / whole
    tails = _excess_kurtosis(noises) / 2
    plain = [
        trigamma(noise.df / 2) for noise in noises
    ]  # what chance alone does to the logarithms of normal values
    chance = math.fsum(w * c for w, c in zip(weights, plain, strict=True)) / whole
    heavy = [c * (1 + tails * noise.df / (noise.df + 1)) for c, noise in zip(plain, noises, strict=True)]
    by_chance = math.fsum(w * c for w, c in zip(weights, heavy, strict=True)) / whole
    margin = MARGIN * chance * (1 + chance) / (count - 2)
    differ = max(0.0, seen / (1 - overlap) - by_chance) + margin
    return Common(pooled, 2 * inverse_trigamma(differ), limit)


def _excess_kurtosis(noises: Sequence[Noise]) -> float:
    squared = math.fsum(noise.squared for noise in noises)
    if squared <= 0:
        return 0.0
    return min(HEAVIEST, max(0.0, math.fsum(noise.fourth for noise in noises) / squared))


def drawn(noise: Noise, together: Common) -> Noise:
    """Return `noise` drawn towards the common variance, with the degrees of freedom that it is then worth.

    >>> drawn(Noise(1.0, 4), Common(variance=2.0, agreement=12.0, limit=40))[:2]  # (4 x 1 + 12 x 2) / 16
    (1.75, 16.0)
    """
    weight = together.agreement
    if weight == 0 or noise.variance > (1 + STANDS_OUT / math.sqrt(noise.df)) * together.variance:
        return noise
    mixed = (noise.df * noise.variance + weight * together.variance) / (noise.df + weight)
    return Noise(mixed, min(noise.df + weight, max(together.limit, noise.df)))
