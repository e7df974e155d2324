"""What counts of a group of seeds, its mean, and how far its seeds spread: one rule for the table, the verdict, SQL and curves.

- **A seed counts once.** Runs that repeat a seed are averaged first; a run that names no seed is a seed of its own.
- **What is not finite is a seed that failed.** A seed with NaN, an infinity, or a value beyond 1e100 in any of its runs has no
  value. It is never dropped in silence: `failed` counts it, and whatever shows the mean shows that it is one of the others only.
- A run that never logged the metric is neither: it was not measured.

Always true: `per_seed` is the only place that says so; a spread needs two seeds.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.groups.noise import ROUNDING
from gnomon.text import cut

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

LARGEST = 1e100  # a value beyond is no value, as an infinite one is: its square would drown or overflow all
_MOST_SEEDS_NAMED = 3
PARTLY = "(3 of 5) is the mean of 3 seeds: the others have no finite value, and failed by this metric"


class Seeds(NamedTuple):
    """The values of a group, one a seed."""

    by_seed: dict[Hashable, float]
    alone: tuple[float, ...]  # of runs that name no seed
    failed: int  # seeds that have no finite value
    repeated: int  # runs beyond the first of a seed

    @property
    def values(self) -> tuple[float, ...]:
        """All values, in an order that does not depend on that of the runs."""
        return tuple(sorted((*self.by_seed.values(), *self.alone)))


def per_seed(values: Iterable[object], seeds: Iterable[object]) -> Seeds:
    """Return what counts of the values of some runs; None is no value.

    >>> per_seed([1.0, 3.0, 5.0, float("nan"), None], [1, 1, 2, 3, 4])
    Seeds(by_seed={1: 2.0, 2: 5.0}, alone=(), failed=1, repeated=1)
    """
    of_seed: dict[Hashable, list[float]] = {}
    alone: list[float] = []
    failed = 0
    for value, seed in zip(values, seeds, strict=True):
        if not isinstance(value, (int, float)):
            continue
        exact = _finite(value)
        if seed is not None:
            of_seed.setdefault(_key(seed), []).append(exact)
        elif exact == exact:
            alone.append(exact)
        else:
            failed += 1
    means = {}
    for key, found in of_seed.items():
        mean = found[0] if len(found) == 1 else math.fsum(found) / len(found)
        if mean == mean:
            means[key] = mean
    failed += len(of_seed) - len(means)
    return Seeds(means, tuple(alone), failed, sum(map(len, of_seed.values())) - len(of_seed))


def _finite(value: float) -> float:
    """Return a value as a float; NaN where it counts as none."""
    return float(value) if -LARGEST <= value <= LARGEST else math.nan


def _key(seed: object) -> Hashable:
    return seed if isinstance(seed, (int, float, str)) else repr(seed)


class Spread(NamedTuple):
    """`n` seeds with a mean and the standard deviation between them (n - 1); `failed` further seeds have no finite value."""

    n: int
    mean: float | None
    spread: float | None
    failed: int = 0

    def __str__(self) -> str:
        if self.mean is None:
            return (
                f"0 of {self.failed} finite" if self.failed else "-"
            )  # a digit first: such a column is never cut
        text = f"{self.mean:.6g}" if self.spread is None else shown(self.mean, self.spread)
        return f"{text} ({self.n} of {self.n + self.failed})" if self.failed else text

    @property
    def honest_mean(self) -> float | None:
        """The mean; NaN where a seed failed, so that no group is ranked by those that survived."""
        return math.nan if self.failed else self.mean


def spread_of(values: Iterable[object], seeds: Iterable[object]) -> Spread:
    """Return mean and spread of some values over their seeds; a None is no value.

    A spread that is only the rounding of the numbers (`noise.ROUNDING`) is none, as for the judge.

    >>> spread_of([1.0, 3.0, 3.0, None], [1, 2, 2, 3])
    Spread(n=2, mean=2.0, spread=1.4142135623730951, failed=0)
    >>> spread_of([0.3, 0.1 + 0.2], [1, 2])
    Spread(n=2, mean=0.30000000000000004, spread=0.0, failed=0)
    """
    found = per_seed(values, seeds)
    means = found.values
    n = len(means)
    if not n:
        return Spread(0, None, None, found.failed)
    mean = math.fsum(means) / n
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in means) / (n - 1)) if n > 1 else None
    if spread is not None and spread <= ROUNDING * max(map(abs, means)):
        spread = 0.0
    return Spread(n, mean, spread, found.failed)


# ---------------------------------------------------------------- words


class SeedCount(NamedTuple):
    """How many seeds some runs are."""

    seeds: int
    runs: int
    repeated: tuple[tuple[object, int], ...]  # seeds that several runs have, with how many

    def __str__(self) -> str:
        text = f"{self.seeds:,} seed{'' if self.seeds == 1 else 's'}"
        if not self.repeated:
            return text
        named = [
            f"seed {cut(str(seed), 24)} {_times(count)}" for seed, count in self.repeated[:_MOST_SEEDS_NAMED]
        ]
        more = ", …" if len(self.repeated) > _MOST_SEEDS_NAMED else ""
        return f"{text}, {self.runs:,} runs ({', '.join(named)}{more})"


def count_of(seeds: Iterable[object]) -> SeedCount:
    """Return how many seeds the runs with these seeds are.

    >>> str(count_of([0, 1, 2, 0])), str(count_of([None, None]))
    ('3 seeds, 4 runs (seed 0 twice)', '2 seeds')
    """
    seeds = list(seeds)
    counts = Counter(_key(seed) for seed in seeds if seed is not None)
    repeated = tuple([(seed, count) for seed, count in counts.items() if count > 1])
    return SeedCount(len(counts) + seeds.count(None), len(seeds), repeated)


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count:,} times"


_LONGEST = 1e12  # written without an exponent


def shown(mean: float, spread: float) -> str:
    """Return a mean with its spread (the standard deviation between seeds: what ± always means), rounded where the spread
    makes further digits idle.

    >>> shown(0.3145926, 0.00234), shown(12345.678, 120.0), shown(1.0, 0.0)
    ('0.3146 ± 0.0023', '12346 ± 120', '1 ± 0')
    """
    if not spread or not math.isfinite(spread):
        return f"{mean:.6g} ± {spread:.2g}"
    digits = 1 - math.floor(math.log10(spread))
    if not 0 <= digits <= 8:
        is_short = digits < 0 and abs(mean) < _LONGEST  # `12346`, not `1.23457e+04`
        return f"{mean:.0f} ± {float(f'{spread:.2g}'):.0f}" if is_short else f"{mean:.6g} ± {spread:.2g}"
    return f"{mean:.{digits}f} ± {spread:.{digits}f}"
