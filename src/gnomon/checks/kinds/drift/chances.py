"""Chances that tests of drift need: chi-square, Fisher's exact test, and those of the Kolmogorov-Smirnov distance.

Always true: a chance lies in [0, 1]; numbers in, number out, the standard library alone (NumPy in one place). Equal to SciPy's
where the same method is asked of it. The limit law of Kolmogorov is used where counting would take long; it errs to the safe
side, and so do all of them where values are tied.
"""

from __future__ import annotations

import math
from functools import lru_cache

EXACT_EQUAL = (
    10_000  # rows in each of two tables of one size, up to which the chance of a distance is counted
)
EXACT = 200  # rows in both together, where they differ in size
_TINY = 1e-300


def gamma_above(a: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function Q(a, x): the part of a gamma distribution above x.

    Series below a + 1, Lentz's continued fraction above (Press et al., "Numerical Recipes", 6.2).

    >>> round(gamma_above(1, 2), 6)  # exp(-2)
    0.135335
    """
    if x <= 0:
        return 1.0
    if math.isinf(x):
        return 0.0
    scale = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        at = a
        while abs(term) > abs(total) * 1e-16:
            at += 1
            term *= x / at
            total += term
        return min(1.0, max(0.0, 1 - total * scale))
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    h = d
    for i in range(1, 100_000):
        an = -i * (i - a)
        b += 2
        d = 1 / _apart(an * d + b)
        c = _apart(b + an / c)
        h *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return min(1.0, scale * h)


def _apart(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def chi_square_above(statistic: float, freedom: float) -> float:
    """Return P(X >= statistic) of a chi-square distribution with so many degrees of freedom; 1 where there are none.

    >>> round(chi_square_above(3.841459, 1), 4)
    0.05
    """
    return gamma_above(freedom / 2, statistic / 2) if freedom > 0 else 1.0


def fisher(hits: int, n: int, other_hits: int, other_n: int) -> float:
    """Return the two-sided chance of Fisher's exact test that two shares are one.

    `hits` of `n` against `other_hits` of `other_n`: the chances of all tables with the same margins that are no likelier than
    the one found (to 1e-7), as SciPy has it.

    >>> round(fisher(3, 3, 0, 3), 6)  # 2 of the 20 ways to choose 3 of 6
    0.1
    """
    both, total = hits + other_hits, n + other_n
    least, most = max(0, both - other_n), min(n, both)
    base = _log_choose(total, n)

    def likely(x: int) -> float:
        return _log_choose(both, x) + _log_choose(total - both, n - x) - base

    found = likely(hits) + 1e-7
    return min(1.0, math.fsum(math.exp(log) for x in range(least, most + 1) if (log := likely(x)) <= found))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def shares_differ(hits: int, n: int, other_hits: int, other_n: int) -> float:
    """Return the chance of two shares so far apart where they are one.

    Chi-square where every cell expects 5 or more, else Fisher's exact test; 1 where there is nothing to compare.

    >>> round(shares_differ(30, 100, 50, 100), 5)  # chi-square = 200 (30 * 50 - 70 * 50)**2 / (80 * 120 * 100 * 100) = 8.333
    0.00389
    """
    both, total = hits + other_hits, n + other_n
    if not n or not other_n or not both or both == total:
        return 1.0
    if min(both, total - both) * min(n, other_n) < 5 * total:
        return fisher(hits, n, other_hits, other_n)
    apart = hits * (other_n - other_hits) - other_hits * (n - hits)
    return chi_square_above(total * apart * apart / (both * (total - both) * n * other_n), 1)


# ---------------------------------------------------------------- the Kolmogorov-Smirnov distance


def distance_above(distance: float, n: int, m: int) -> float:
    """Return the chance of such a Kolmogorov-Smirnov distance or a larger one between `n` and `m` rows of one distribution.

    Counted for equal sizes up to 10,000 and for up to 200 rows in all, by the limit law beyond.

    >>> distance_above(1.0, 3, 3)  # 2 of the 20 orders of three and three
    0.1
    """
    if not n or not m:
        return 1.0
    if n == m <= EXACT_EQUAL:
        return _counted_equal(n, round(distance * n))
    if n + m <= EXACT:
        unit = n * m // math.gcd(n, m)
        return _counted(n, m, round(distance * unit))
    return kolmogorov_above(distance * math.sqrt(n * m / (n + m)))


def kolmogorov_above(x: float) -> float:
    """Return 1 - K(x), where K is the limit law of sqrt(n) times the distance (Kolmogorov 1933).

    >>> round(kolmogorov_above(1.3581), 4)
    0.05
    """
    if x <= 0.05:
        return 1.0
    if x < 1:
        below = math.fsum(math.exp(-(((2 * k - 1) * math.pi) ** 2) / (8 * x * x)) for k in range(1, 8))
        return min(1.0, max(0.0, 1 - math.sqrt(2 * math.pi) / x * below))
    return min(1.0, 2 * math.fsum((-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 12)))


@lru_cache(maxsize=16)
def kolmogorov_limit(chance: float) -> float:
    """Return the x that `kolmogorov_above` gives this chance.

    >>> round(kolmogorov_limit(0.05), 4)
    1.3581
    """
    low, high = 0.05, 40.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if kolmogorov_above(middle) > chance else (low, middle)
    return high


@lru_cache(maxsize=4096)
def _counted_equal(n: int, steps: int) -> float:
    """Return the part of all orders of n and n whose distance is `steps` / n or more (Gnedenko and Korolyuk 1951)."""
    if steps <= 0:
        return 1.0
    inside = 0.0
    for k in range(n // steps, 0, -1):
        # The share of paths that go k times beyond, from that of k - 1: a product of so many fractions.
        part = 1.0
        base = (k - 1) * steps
        for j in range(base, base + steps):
            part *= (n - j) / (n + j + 1)
        inside = part * (1 - inside)
    return min(1.0, 2 * inside)


@lru_cache(maxsize=4096)
def _counted(n: int, m: int, steps: int) -> float:
    """Return the part of all orders of n and m whose distance is `steps` / lcm(n, m) or more (Hodges 1957).

    Walks over all sums of rows: the share of orders that have stayed within until there, by how many are of the first table.
    """
    import numpy as np

    if steps <= 0:
        return 1.0
    each, other = (n * m // math.gcd(n, m) // size for size in (n, m))
    stayed = np.zeros(n + 1)
    stayed[0] = 1.0
    taken = np.arange(n + 1)
    for rows in range(1, n + m + 1):
        rest = rows - taken
        before = np.concatenate(([0.0], stayed[:-1]))
        stayed = (before * taken + stayed * np.maximum(rest, 0)) / rows
        stayed[(rest < 0) | (rest > m) | (np.abs(taken * each - rest * other) >= steps)] = 0.0
    return float(min(1.0, max(0.0, 1 - stayed[n])))
