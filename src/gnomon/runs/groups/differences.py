"""How uncertain the differences between groups of seeds are: seed by seed where they share enough seeds, else group by group.

Always true: the seeds decide whether pairs are made, and not the values, but for the two exceptions that `Table.errors` names.
What is taken and why: `judge`, docs/explanation/honest-comparison.md.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.groups import student
from gnomon.runs.groups.noise import Common, Noise, common, drawn, measured
from gnomon.runs.groups.spread import per_seed

if TYPE_CHECKING:
    from gnomon.runs.groups.judge import Sample

FEWEST_PAIRED_DF = 4  # pairing costs degrees of freedom: it must leave these
SHARED = 0.75  # …and this part of the seeds that an unpaired comparison would use
# Up to this many groups, every pair says how alike their differences vary; beyond, eight each.
EVERY_PAIR = 24


class Group(NamedTuple):
    """One group, its repeated seeds averaged, in the unit of the judgement."""

    name: str
    by_seed: Mapping[Hashable, float]  # empty where a run names no seed
    values: tuple[float, ...]  # one a seed
    mean: float  # 0 where there is no value
    failed: int  # seeds without a finite value
    repeated: int

    @property
    def n(self) -> int:
        return len(self.values)


def group_of(sample: Sample, unit: float) -> Group:
    found = per_seed(sample.values, sample.seeds)
    values = tuple([value / unit for value in found.values])
    return Group(
        sample.name,
        {} if found.alone else {seed: value / unit for seed, value in found.by_seed.items()},
        values,
        math.fsum(values) / len(values) if values else 0.0,
        found.failed,
        found.repeated,
    )


class Uncertain(NamedTuple):
    """How uncertain a difference is."""

    difference: float
    noises: tuple[tuple[Noise, int], ...]  # each with the seeds that it is a mean over: one (paired) or two
    limit: float
    seeds: tuple[Hashable, ...]  # those shared, where it is paired

    def after(self, more: int) -> tuple[float, float]:
        """Return the standard error and its degrees of freedom with `more` seeds in each group."""
        parts = [noise.variance / (n + more) for noise, n in self.noises]
        whole = math.fsum(parts)
        df = [noise.df + more for noise, _ in self.noises]
        if whole == 0:
            return 0.0, min(df)
        squares = math.fsum((part / whole) ** 2 / d for part, d in zip(parts, df, strict=True))
        limit = max(self.limit + more, *df) if len(df) > 1 else df[0]
        return math.sqrt(whole), student.stepped(min(1 / squares, limit))

    @property
    def is_exact(self) -> bool:
        return all(noise.variance == 0 for noise, _ in self.noises)


class Table:
    """The noise of all groups with two seeds or more, by name."""

    def __init__(self, usable: Sequence[Group]) -> None:
        self.groups = usable
        self.raw = {group.name: measured(group.values) for group in usable}
        self.together = common(list(self.raw.values()))
        self.own = {name: drawn(noise, self.together) for name, noise in self.raw.items()}
        self.skewness = _skewness([group.values for group in usable if self.raw[group.name].variance > 0])

    def errors(self, reference: Group, enough_pairs: int) -> dict[str, Uncertain]:
        """Return the uncertainty of each difference to the reference.

        `enough_pairs`: so many that show one and the same difference can be told by that. Fewer are compared
        unpaired, as two groups of fewer seeds are: else a further seed could take a verdict away.
        """
        shared = self._shared(reference)
        family = [group for group in self.groups if group is reference or group.name in shared]
        together = _differences_together(family) if shared else None
        found = {}
        for group in self.groups:
            if group is reference:
                continue
            seeds = shared.get(group.name, ())
            if seeds and together is not None:
                noise = drawn(_noise_of_difference(reference, group, seeds), together)
                difference = math.fsum(reference.by_seed[s] - group.by_seed[s] for s in seeds) / len(seeds)
                is_enough = noise.variance > 0 or difference == 0 or len(seeds) >= enough_pairs
                if is_enough and difference * (reference.mean - group.mean) >= 0:
                    found[group.name] = Uncertain(difference, ((noise, len(seeds)),), together.limit, seeds)
                    continue
            noises = (self.own[reference.name], reference.n), (self.own[group.name], group.n)
            found[group.name] = Uncertain(reference.mean - group.mean, noises, self.together.limit, ())
        return found

    def in_pairs(self, reference: Group, group: Group) -> Uncertain | None:
        """Return the uncertainty of a difference taken over the seeds that both have, however few; None where nobody knows it,
        or where it points the other way than that of all seeds.
        """
        seeds = tuple(seed for seed in reference.by_seed if seed in group.by_seed)
        if len(seeds) < 2:
            return None
        noise = _noise_of_difference(reference, group, seeds)
        difference = math.fsum(reference.by_seed[s] - group.by_seed[s] for s in seeds) / len(seeds)
        if noise.variance == 0 or difference * (reference.mean - group.mean) <= 0:
            return None
        return Uncertain(difference, ((noise, len(seeds)),), float(noise.df), seeds)

    def _shared(self, reference: Group) -> dict[str, tuple[Hashable, ...]]:
        """Return the seeds shared with the reference of each group that is to be compared seed by seed."""
        shared = {}
        for group in self.groups:
            seeds = tuple(seed for seed in reference.by_seed if seed in group.by_seed)
            unpaired = 2 / (1 / reference.n + 1 / group.n)
            if self.raw[reference.name].variance == 0 == self.raw[group.name].variance:
                continue  # the seed has no effect in either
            if group is not reference and len(seeds) >= max(2, SHARED * unpaired):
                shared[group.name] = seeds
        df = sum(len(seeds) - 1 for seeds in shared.values())
        return shared if df >= FEWEST_PAIRED_DF else {}


def are_enough(shared: int, reference: int, group: int) -> bool:
    """Return whether two groups of so many seeds each share enough of them to be compared in pairs, two groups alone.

    >>> are_enough(4, 4, 4), are_enough(5, 5, 5), are_enough(5, 10, 10)
    (False, True, False)
    """
    unpaired = 2 / (1 / reference + 1 / group)
    return shared >= max(2, SHARED * unpaired) and shared - 1 >= FEWEST_PAIRED_DF


def _noise_of_difference(a: Group, b: Group, seeds: Sequence[Hashable]) -> Noise:
    size = max(abs(a.mean), abs(b.mean))
    return measured([a.by_seed[seed] - b.by_seed[seed] for seed in seeds], size=size)


def _differences_together(family: Sequence[Group]) -> Common:
    """Return what the differences between groups that share seeds say together about their noise."""
    k = len(family)
    shifts = range(1, k // 2 + 1) if k <= EVERY_PAIR else range(1, 9)
    pairs = sorted({(min(i, j), max(i, j)) for shift in shifts for i in range(k) for j in [(i + shift) % k]})
    noises = []
    for i, j in pairs:
        a, b = family[i], family[j]
        seeds = [seed for seed in a.by_seed if seed in b.by_seed]
        if len(seeds) >= 2:
            noises.append(_noise_of_difference(a, b, seeds))
    if not noises:
        return Common(0.0, 0.0, 0.0)
    count = len(noises)
    limit = math.fsum(noise.df for noise in noises) * (k - 1) / count
    # Two differences that share a group have correlation 1/2, and so their variances 1/4.
    overlap = min(0.25, 0.25 * (4 * count / k - 2) / max(1, count - 1))
    return common(noises, groups=k, overlap=overlap, limit=limit)


def _skewness(groups: Sequence[Sequence[float]]) -> float:
    """Return how skewed the values of all groups are together, either way: the mean of their standardized third moments.

    Few values hardly show the skew that makes the interval of their mean too short; those of many groups do.
    """
    total, count = 0.0, 0
    for values in groups:
        n = len(values)
        if n < 3:
            continue
        mean = math.fsum(values) / n
        deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / n)
        if deviation > 0:
            total += math.fsum(((value - mean) / deviation) ** 3 for value in values)
            count += n
    return abs(total) / count if count else 0.0
