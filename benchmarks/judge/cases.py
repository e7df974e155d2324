"""Simulated groups of seeds whose true means are known."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from gnomon.runs.groups.judge import Sample

KINDS = ("normal", "exponential", "lognormal", "t with 3 df")
MOST_SEEDS, MOST_GROUPS = 20, 30


def draw(rng: random.Random, kind: str) -> float:
    """Return one value of mean 0 and standard deviation 1."""
    if kind == "normal":
        return rng.gauss(0, 1)
    if kind == "exponential":
        return rng.expovariate(1) - 1
    if kind == "lognormal":
        return (math.exp(rng.gauss(0, 1)) - math.exp(0.5)) / math.sqrt((math.e - 1) * math.e)
    if kind == "t with 3 df":
        return rng.gauss(0, 1) / math.sqrt(rng.gammavariate(1.5, 2) / 3) / math.sqrt(3)
    raise ValueError(kind)


@dataclass
class Case:
    """Some groups, and what is true of them. More seeds can be drawn."""

    kind: str
    means: dict[str, float]
    spreads: dict[str, float]
    sizes: dict[str, int]
    shares_seeds: bool
    seed_effect: float  # standard deviation of what a seed does to every group alike
    truth: str  # "all equal", "some equal", "all different"
    rng: random.Random
    untouched: frozenset[str] = frozenset()  # groups on which the seed has no effect

    def __post_init__(self) -> None:
        self._effects: list[float] = []
        self._values: dict[str, list[float]] = {name: [] for name in self.means}

    def samples(self, more: int = 0) -> list[Sample]:
        """Return the groups, with `more` further seeds in each: the first ones stay as they were."""
        found = []
        for name, size in self.sizes.items():
            values = self._values[name]
            while len(values) < size + more:
                values.append(self._value(name, len(values)))
            seeds = tuple(range(size + more)) if self.shares_seeds else (None,) * (size + more)
            found.append(Sample(name, tuple(values[: size + more]), seeds))
        return found

    def _value(self, name: str, seed: int) -> float:
        effect = 0.0
        if self.shares_seeds:
            while len(self._effects) <= seed:
                self._effects.append(self.seed_effect * draw(self.rng, self.kind))
            effect = self._effects[seed]
            if name in self.untouched:
                effect = 0.0
        return self.means[name] + effect + self.spreads[name] * draw(self.rng, self.kind)

    @property
    def is_equal_in_size(self) -> bool:
        return len(set(self.sizes.values())) == 1

    @property
    def is_equal_in_spread(self) -> bool:
        return len(set(self.spreads.values())) == 1


def any_case(name: str, kind: str) -> Case:
    """Return a case of any shape: 2 to 30 groups of 2 to 20 seeds, sizes and spreads alike or not, paired or not."""
    rng = random.Random(f"{name}/{kind}")
    count = rng.randint(2, MOST_GROUPS) if rng.random() < 0.7 else rng.randint(2, 5)
    names = [f"g{i}" for i in range(count)]
    size = rng.randint(2, MOST_SEEDS)
    same_size, same_spread, shares_seeds = (rng.random() < 0.5 for _ in range(3))
    sizes = {g: size if same_size else rng.randint(2, MOST_SEEDS) for g in names}
    spreads = {g: 1.0 if same_spread else math.exp(rng.uniform(0, math.log(4))) for g in names}
    effect = rng.choice((0.0, 0.5, 1.0, 2.0)) if shares_seeds else 0.0
    truth = rng.choice(("all equal", "some equal", "all different"))
    means = dict.fromkeys(names, 0.0)
    if truth == "some equal":
        means = {g: rng.choice((0.0, 0.0, 1.0, 3.0)) for g in names}
    elif truth == "all different":
        means = {g: rng.gauss(0, 1) for g in names}
    return Case(kind, means, spreads, sizes, shares_seeds, effect, truth, rng)


def one_stands_out(
    name: str, kind: str, count: int, *, shares_seeds: bool, by: float = 3.0, seeds: int = 5
) -> Case:
    """Return `count` alike groups but one, which is better by `by` standard deviations."""
    rng = random.Random(f"{name}/{kind}/{count}/{shares_seeds}")
    names = [f"g{i}" for i in range(count)]
    best = rng.choice(names)
    means = {g: by if g == best else 0.0 for g in names}
    return Case(
        kind,
        means,
        dict.fromkeys(names, 1.0),
        dict.fromkeys(names, seeds),
        shares_seeds,
        0.0,
        "some equal",
        rng,
    )


def to_be_settled(name: str, kind: str) -> Case:
    """Return a case where more seeds may help: 2 to 10 groups of 3 to 8 seeds; in one of four nothing differs."""
    rng = random.Random(f"{name}/{kind}/more")
    names = [f"g{i}" for i in range(rng.randint(2, 10))]
    size = rng.randint(3, 8)
    scale = rng.choice((0.0, 0.5, 1.0, 2.0))
    means = {g: scale * rng.gauss(0, 1) for g in names}
    shares = rng.random() < 0.5
    effect = rng.choice((0.0, 1.0)) if shares else 0.0
    truth = "all different" if scale else "all equal"
    return Case(
        kind, means, dict.fromkeys(names, 1.0), dict.fromkeys(names, size), shares, effect, truth, rng
    )


HARD = (
    "2 groups of 5, spreads 1 and 4",
    "2 groups, 3 seeds of spread 4 and 20 of spread 1",
    "10 groups of 5, one with 10 times the spread",
    "10 groups of 5, each spread 1 or 4",
    "30 groups of 2, spreads 1 to 4",
    "30 groups of 5, spreads 1 to 4",
    "10 groups of 5 that share seeds, which have an effect on half of them",
    "10 groups of 8 that share seeds; effect 1 on half of them, none on the others, 30 % as much noise",
)


def hard_case(name: str, kind: str, which: str) -> Case:
    """Return a case made to break the method: all means are equal."""
    rng = random.Random(f"{name}/{kind}/{which}")
    count = int(which.split()[0])
    names = [f"g{i}" for i in range(count)]
    sizes = dict.fromkeys(names, 8 if "of 8" in which else 2 if "of 2" in which else 5)
    spreads = dict.fromkeys(names, 1.0)
    untouched: frozenset[str] = frozenset()
    if which == HARD[0]:
        spreads["g1"] = 4.0
    elif which == HARD[1]:
        sizes, spreads = {"g0": 3, "g1": 20}, {"g0": 4.0, "g1": 1.0}
    elif which == HARD[2]:
        spreads["g0"] = 10.0
    elif which == HARD[3]:
        spreads = {g: rng.choice((1.0, 4.0)) for g in names}
    elif which in HARD[4:6]:
        spreads = {g: math.exp(rng.uniform(0, math.log(4))) for g in names}
    else:
        untouched = frozenset(names[::2])
        if which == HARD[7]:
            spreads = dict.fromkeys(names, 0.3)
    shares = "share" in which
    return Case(kind, dict.fromkeys(names, 0.0), spreads, sizes, shares, 1.0, "all equal", rng, untouched)
