"""How much of the ranks of a metric the classes of a parameter explain: the share, its chance, its interval.

The share is epsilon squared of a one-way analysis of variance on ranks (Kelley 1935; of ranks: Kruskal and Wallis 1952):
what remains of the explained part once what chance alone explains is taken off. It asks nothing of the shape: a parameter
with its best value in the middle explains as much as one that rises.

Always true: `p` is that of exchanging configurations, counted up to `EXACT` of them, and by the beta distribution that
it tends to beyond; both give the same answer for the same numbers. Standard library only.
"""

from __future__ import annotations

import math
import random
from itertools import accumulate
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.groups.student import incomplete_beta

if TYPE_CHECKING:
    from collections.abc import Sequence

EXACT = 250  # configurations: with more, p is that of the beta distribution
FEWEST_EXCHANGES, MOST_EXCHANGES = 1999, 9999
FOR_EACH = 100  # exchanges for each parameter: the correction for many asks for smaller chances
ENOUGH = 50  # exchanges that did as well: then p is known well enough to stop (Besag and Clifford 1991)
SIDE = 0.05  # each side of the interval is wrong in so many cases
_SQUEEZE = 1.645  # of a normal, at SIDE
_LONG = (
    100.0  # share x configurations beyond which the interval is that of a normal on the scale of Fisher's z
)


class Share(NamedTuple):
    """`explained` as it is, `share` without what chance explains; `n` configurations in `k` classes."""

    explained: float
    share: float
    n: int
    k: int


def midranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, from 1; equal ones share the middle of theirs.

    >>> midranks([3.0, 1.0, 3.0])
    [2.5, 1.0, 2.5]
    """
    order = sorted(values)
    last = dict(zip(order, range(1, len(order) + 1), strict=True))
    first = dict(zip(reversed(order), range(len(order), 0, -1), strict=True))
    return [(first[value] + last[value]) / 2 for value in values]


def centered(values: Sequence[float]) -> list[float]:
    """Return values around 0, of length 1; all 0 where they are all the same."""
    mean = sum(values) / len(values)
    apart = [value - mean for value in values]
    length = math.sqrt(sum(map(mul, apart, apart)))
    return [value / length for value in apart] if length > 0 else apart


def ranked(values: Sequence[float]) -> list[float]:
    """Return the ranks of values, `centered`: the sum of products of two such is Spearman's correlation."""
    return centered(midranks(values))


def explained_by(sizes: Sequence[int], sums: Sequence[float]) -> float:
    """Return the part of the variance that classes explain; `sums` are those of values that `centered` gave."""
    return min(1.0, math.fsum(total * total / size for total, size in zip(sums, sizes, strict=True)))


def without_chance(explained: float, n: int, k: int) -> float:
    """Return the explained part without what `k` classes of `n` explain by chance; never below 0.

    >>> without_chance(0.25, 5, 2)  # 1 - 0.75 x 4/3
    0.0
    """
    return 0.0 if n <= k else max(0.0, 1 - (1 - explained) * (n - 1) / (n - k))


# ---------------------------------------------------------------- chance


def chances(
    scores: Sequence[float],
    sizes: Sequence[Sequence[int]],
    explained: Sequence[float],
    *,
    seed: int = 0,
) -> list[float]:
    """Return for each parameter the chance that its classes explain as much where it has nothing to do with the metric.

    `scores` are `centered`, one a configuration; of each parameter, `sizes` of its classes and what they explain.
    """
    if len(scores) > EXACT:
        return [beyond(part, len(scores), len(each)) for part, each in zip(explained, sizes, strict=True)]
    most = min(MOST_EXCHANGES, max(FEWEST_EXCHANGES, FOR_EACH * len(sizes)))
    edges = [list(accumulate(each, initial=0)) for each in sizes]
    hits = [0] * len(sizes)
    tries = [0] * len(sizes)
    live = list(range(len(sizes)))
    shuffled, chance = list(scores), random.Random(seed)  # noqa: S311  not for secrets: the same answer each time
    for done in range(1, most + 1):
        chance.shuffle(shuffled)
        up_to = [0.0, *accumulate(shuffled)]
        is_settled = False
        for at in live:
            total, low = 0.0, 0
            for high in edges[at][1:]:
                part = up_to[high] - up_to[low]
                total += part * part / (high - low)
                low = high
            if total >= explained[at] - 1e-12:
                hits[at] += 1
                is_settled = is_settled or hits[at] == ENOUGH
            tries[at] = done
        if is_settled:
            live = [at for at in live if hits[at] < ENOUGH]
            if not live:
                break
    return [
        hit / count if hit == ENOUGH else (hit + 1) / (count + 1)
        for hit, count in zip(hits, tries, strict=True)
    ]


def beyond(explained: float, n: int, k: int) -> float:
    """Return the chance that `k` classes of `n` explain so much or more: the beta distribution that exchanging tends to.

    >>> round(beyond(0.25, 20, 2), 4)  # r = 0.5 with 18 degrees of freedom
    0.0248
    """
    if n <= k:
        return 1.0
    return incomplete_beta((n - k) / 2, (k - 1) / 2, max(0.0, 1 - explained))


def holm(chances: Sequence[float]) -> list[float]:
    """Return chances corrected for all of them together (Holm 1979): the chance of one or more false alarms is at most the level.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    corrected, highest = [0.0] * len(chances), 0.0
    for place, at in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - place) * chances[at]))
        corrected[at] = highest
    return corrected


# ---------------------------------------------------------------- the interval


def interval(found: Share) -> tuple[float, float]:
    """Return (low, high) of the share: each side is wrong in about 5 % of cases.

    Low is 0 exactly where `beyond` is above 0.05. It asks which true shares make what was found no rarity, where the classes
    came by chance as the values did (the distribution of R squared with random predictors, Lee 1971).
    """
    if found.n <= found.k:
        return 0.0, 1.0
    if found.explained >= 1 - 1e-12:
        return 1.0 - 1e-9, 1.0
    if found.n > 50 and found.share * found.n > _LONG:
        middle, width = math.atanh(math.sqrt(found.share)), _SQUEEZE / math.sqrt(found.n - found.k)
        return math.tanh(max(0.0, middle - width)) ** 2, math.tanh(middle + width) ** 2
    table = _betas(found)
    low = 0.0 if table[0] < 1 - SIDE else _true_share(table, found, 1 - SIDE)
    high = 0.0 if table[0] < SIDE else _true_share(table, found, SIDE)
    return low, max(high, low)


def _betas(found: Share) -> list[float]:
    """Return I_x(a + j, b) at x = `explained`, for j = 0, 1, … until it is nothing."""
    x, a, b = found.explained, (found.k - 1) / 2, (found.n - found.k) / 2
    if x <= 0:
        return [0.0]
    value = incomplete_beta(a, b, x)
    step = math.exp(
        a * math.log(x)
        + b * math.log1p(-x)
        - math.log(a)
        - math.lgamma(a)
        - math.lgamma(b)
        + math.lgamma(a + b)
    )
    table = [value]
    while value > 1e-7 and len(table) < 5000:
        value = max(0.0, value - step)
        step *= x * (a + b) / (a + 1)
        a += 1
        table.append(value)
    return table


def _true_share(table: Sequence[float], found: Share, goal: float) -> float:
    """Return the true share at which what was found or less has this chance."""
    low, high = 0.0, 1 - 1e-9
    for _ in range(26):
        middle = (low + high) / 2
        if _at_most(table, (found.n - 1) / 2, middle) > goal:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(table: Sequence[float], half: float, true: float) -> float:
    """Return the chance of what was found or less, by a true share: negative binomial weights over the betas."""
    weight = half * math.log1p(-true)
    if weight < -700:
        return 0.0
    mass, total = math.exp(weight), 0.0
    for j, value in enumerate(table):
        total += mass * value
        mass *= true * (half + j) / (j + 1)
    return total
