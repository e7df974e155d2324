"""The distributions behind a judgement: Student's t, the studentized range, and many comparisons with one.

Standard library only. Degrees of freedom may be fractions. Checked against SciPy in
tests/unit/runs/groups/test_student.py to four digits of a probability of 5 %, and better.

How: the range of `k` normals is integrated once, on a grid, for each `k` (`Family`); dividing by an estimated
standard deviation is a second, one-dimensional integral over that table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

GRID = 0.125  # of the normal integrals: the trapezoid rule is exact to 1e-12 at this step
REACH = 8.0  # normals beyond ± REACH do not count: 1e-15
SMALLEST = 1e-15  # no probability below this is told apart from it


def density(z: float) -> float:
    """Return the standard normal density."""
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def below(z: float) -> float:
    """Return P(Z <= z) of a standard normal."""
    return math.erfc(-z / math.sqrt(2)) / 2


def digamma(x: float) -> float:
    """Return the derivative of log Gamma, for x > 0."""
    shift = 0.0
    while x < 6:
        shift -= 1 / x
        x += 1
    y = 1 / (x * x)
    return shift + math.log(x) - 0.5 / x - y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y / 240)))


def trigamma(x: float) -> float:
    """Return the second derivative of log Gamma, for x > 0: the variance of a log chi-square."""
    shift = 0.0
    while x < 6:
        shift += 1 / (x * x)
        x += 1
    y = 1 / (x * x)
    return shift + 1 / x + y / 2 + y / x * (1 / 6 - y * (1 / 30 - y * (1 / 42 - y / 30)))


def inverse_trigamma(value: float) -> float:
    """Return x > 0 with `trigamma(x) == value`, for value > 0 (Smyth 2004, appendix: Newton on 1/trigamma)."""
    if value > 1e7:
        return 1 / math.sqrt(value)
    if value < 1e-6:
        return 1 / value
    x = 0.5 + 1 / value
    for _ in range(50):
        at_x = trigamma(x)
        step = at_x * (1 - at_x / value) / _tetragamma(x)
        x += step
        if -step / x < 1e-10:
            break
    return x


def _tetragamma(x: float) -> float:
    shift = 0.0
    while x < 6:
        shift -= 2 / x**3
        x += 1
    y = 1 / (x * x)
    return shift - y - y / x - y * y * (1 / 2 - y * (1 / 6 - y * (1 / 6 - y * 3 / 10)))


def two_sided(t: float, df: float) -> float:
    """Return P(|T| >= |t|) of Student's t with `df` > 0 degrees of freedom.

    >>> round(two_sided(2.306, 8), 4)  # the 5 % point of every table
    0.05
    """
    return incomplete_beta(df / 2, 0.5, df / (df + t * t))


@lru_cache(maxsize=4096)
def t_quantile(level: float, df: float) -> float:
    """Return the t that |T| passes with probability `level`.

    >>> round(t_quantile(0.05, 8), 3)
    2.306
    """
    return _root(lambda t: two_sided(t, df), level)


def stepped(df: float) -> float:
    """Return `df` rounded down to one of a few steps (5 % apart), so that few bounds are computed."""
    if df >= 2000:
        return 2000.0
    return 1.05 ** math.floor(math.log(df) / math.log(1.05) + 1e-9)


def _root(survival: Callable[[float], float], level: float) -> float:
    """Return x > 0 where the falling function `survival` comes down to `level` (it is at or below it there)."""
    low, high = 0.0, 4.0
    while survival(high) > level:
        low, high = high, high * 2
        if high > 1e12:
            return high
    goal = math.log(level)
    f_low, f_high = math.log(survival(low)) - goal, math.log(max(survival(high), 1e-300)) - goal
    side = 0
    for _ in range(60):  # regula falsi, the Illinois way
        middle = (f_high * low - f_low * high) / (f_high - f_low)
        if not low < middle < high:
            middle = (low + high) / 2
        f_middle = math.log(max(survival(middle), 1e-300)) - goal
        if f_middle > 0:
            low, f_low = middle, f_middle
            f_high, side = (f_high / 2 if side == 1 else f_high), 1
        else:
            high, f_high = middle, f_middle
            f_low, side = (f_low / 2 if side == -1 else f_low), -1
        if high - low < 1e-9 * high or -1e-12 < f_high <= 0:
            break
    return high


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function (Lentz's continued fraction)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    fraction = d
    for m in range(1, 500):
        up = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 + up * d, 1 + up / c
        d, c = 1 / (d if abs(d) > tiny else tiny), c if abs(c) > tiny else tiny
        fraction *= d * c
        up = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 + up * d, 1 + up / c
        d, c = 1 / (d if abs(d) > tiny else tiny), c if abs(c) > tiny else tiny
        fraction *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return front * fraction / a


class Family:
    """Comparisons judged together: P(any |t| >= a bound), where no difference is real.

    `all_pairs(k)`: every pair of `k` groups (Tukey 1949, Kramer 1956). The best of `k` against all others is
    within it, also when the best was found by looking.
    `with_one(m, correlation)`: `m` groups against one that was named beforehand (Dunnett 1955).
    With one comparison both are Student's t.
    """

    def __init__(self, table: list[float] | None) -> None:
        self._log_survival = table  # at w = 0, GRID, 2 GRID, …; None: a single comparison
        self._bounds: dict[tuple[float, float], float] = {}

    def survival(self, t: float, df: float) -> float:
        """Return the corrected p of a comparison with the statistic `t` (any sign) on `df` degrees of freedom."""
        if self._log_survival is None:
            return two_sided(t, df)
        if math.isinf(t):
            return 0.0
        t = abs(t)
        total = 0.0
        for scale, weight in _chi(df):
            total += weight * self._at(t * scale)
        return min(1.0, total)

    def critical(self, level: float, df: float) -> float:
        """Return the bound that any |t| passes with probability `level`."""
        if self._log_survival is None:
            return t_quantile(level, df)
        found = self._bounds.get((level, df))
        if found is None:
            found = self._bounds[level, df] = _root(lambda t: self.survival(t, df), level)
        return found

    def _at(self, w: float) -> float:
        """Return P(any |z| >= w) where the standard deviation is known: cubic interpolation of its logarithm."""
        table = self._log_survival
        assert table is not None  # noqa: S101 - for the type checker
        place = w / GRID
        i = int(place)
        if i >= len(table) - 3:
            return math.exp(table[-1])
        if i < 1:
            i = 1
        x = place - i
        a, b, c, d = table[i - 1 : i + 3]
        return math.exp(
            b + x * ((c - a) / 2 + x * (a - 2.5 * b + 2 * c - d / 2 + x * ((d - a) / 2 + 1.5 * (b - c))))
        )


@lru_cache(maxsize=512)
def _chi(df: float) -> tuple[tuple[float, float], ...]:
    """Return nodes and weights of s = sqrt(chi-square / df): the trapezoid rule over log s."""
    width = 1 / math.sqrt(2 * df)
    low = -7 * width - 30 / df if df < 30 else -9 * width
    high = min(9 * width, math.log(2 + 60 / df) / 2 + 7 * width)
    count = 96
    step = (high - low) / count
    peak = -df / 2
    nodes = []
    for i in range(count + 1):
        x = low + i * step
        nodes.append((math.exp(x), math.exp(df * x - df * math.exp(2 * x) / 2 - peak)))
    total = sum(weight for _, weight in nodes)
    return tuple((s, weight / total) for s, weight in nodes if weight > 1e-18 * total)


@lru_cache(maxsize=64)
def all_pairs(k: int) -> Family:
    """Return the family of all pairs of `k` groups: the studentized range, in units of t (q = t sqrt 2)."""
    if k <= 2:
        return Family(None)
    # The grid of the range is finer by sqrt 2, so that w = t sqrt 2 falls on it.
    step = GRID * math.sqrt(2)
    count = int(REACH / step)
    z = [i * step for i in range(-count, count + 1)]
    phi = [density(x) * step for x in z]
    cumulated = [below(x) for x in z]
    table = []
    for shift in range(len(z)):
        inside = 0.0
        for i, weight in enumerate(phi):
            lower = cumulated[i - shift] if i >= shift else 0.0
            inside += weight * (cumulated[i] - lower) ** (k - 1)
        table.append(math.log(max(SMALLEST, 1 - k * inside)))
    return Family(table)


@lru_cache(maxsize=64)
def with_one(m: int, correlation: float) -> Family:
    """Return the family of `m` comparisons with one group; `correlation` of two differences, in [0, 1)."""
    if m <= 1:
        return Family(None)
    shared, own = math.sqrt(correlation), math.sqrt(1 - correlation)
    count = int(REACH / GRID)
    table = []
    for place in range(count + 32):
        w = place * GRID
        inside = 0.0
        for i in range(-count, count + 1):
            z = i * GRID
            inside += density(z) * GRID * (below((w + shared * z) / own) - below((shared * z - w) / own)) ** m
        table.append(math.log(max(SMALLEST, 1 - inside)))
    return Family(table)
