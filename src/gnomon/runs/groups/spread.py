"""The mean of a group over its seeds, and how far they spread. As `judge` counts: runs of one seed are averaged first.

Always true: what is NaN or infinite is left out and counted; a spread needs two seeds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Spread(NamedTuple):
    """`n` seeds with a mean and the standard deviation between them (n - 1); `left_out` values were no numbers."""

    n: int
    mean: float | None
    spread: float | None
    left_out: int = 0

    def __str__(self) -> str:
        if self.mean is None:
            return "-"
        return f"{self.mean:.6g}" if self.spread is None else shown(self.mean, self.spread)


def spread_of(values: Iterable[object], seeds: Iterable[object]) -> Spread:
    """Return mean and spread of some values over their seeds; a None is no value.

    >>> spread_of([1.0, 3.0, 3.0, None], [1, 2, 2, 3])
    Spread(n=2, mean=2.0, spread=1.4142135623730951, left_out=0)
    """
    by_seed: dict[object, list[float]] = {}
    left_out = 0
    for number, (value, seed) in enumerate(zip(values, seeds, strict=True)):
        if not isinstance(value, (int, float)):
            continue
        try:
            exact = float(value)
        except OverflowError:
            exact = math.inf
        if math.isfinite(exact):
            by_seed.setdefault(_Alone(number) if seed is None else seed, []).append(exact)
        else:
            left_out += 1
    means = [one[0] if len(one) == 1 else math.fsum(one) / len(one) for one in by_seed.values()]
    n = len(means)
    if not n:
        return Spread(0, None, None, left_out)
    try:
        mean = math.fsum(means) / n
        spread = math.sqrt(math.fsum((one - mean) ** 2 for one in means) / (n - 1)) if n > 1 else None
    except OverflowError:  # numbers near the largest
        return Spread(n, None, None, left_out)
    return Spread(n, mean, spread, left_out)


class _Alone(NamedTuple):
    """Stands for the seed of a run that has none."""

    number: int


def shown(mean: float, spread: float) -> str:
    """Return a mean with its spread, rounded where the spread makes further digits idle.

    >>> shown(0.3145926, 0.00234), shown(12345.678, 120.0), shown(1.0, 0.0)
    ('0.3146 ± 0.0023', '12346 ± 120', '1 ± 0')
    """
    if not spread or not math.isfinite(spread):
        return f"{mean:.6g} ± {spread:.2g}"
    digits = 1 - math.floor(math.log10(spread))
    if not 0 <= digits <= 8:
        return f"{mean:.6g} ± {spread:.2g}" if digits > 8 else f"{mean:.0f} ± {float(f'{spread:.2g}'):.0f}"
    return f"{mean:.{digits}f} ± {spread:.{digits}f}"
