"""Which runs to make next, and how many.

A question is answered in two stages: the two ends over all seeds; then, if their difference is told from the noise
between seeds (or `everything` is asked for), the mixtures between them, seed by seed.

Always true: a run that has a result is never asked for again, a failed one neither (leave it out of the results to try
it again). The same question and results give the same plan, whatever the order of factors; more seeds or a larger
budget only add runs. No seed is gone on with where one of its runs failed: it could not count. A mixture that failed with one
seed is the first that is run with the others: one that always fails costs one run a seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.runs.groups.spread import LARGEST
from gnomon.runs.why.answer import Mixture, Seed
from gnomon.runs.why.told import NO_SPREAD, ONE_SEED, WITHIN_NOISE, Evidence, behind, evidence

MOST_EXACT = 6  # factors of which all mixtures are run: 64 runs a seed
DEFAULT_SEEDS = 5  # docs/explanation/why-runs-differ.md, "How many seeds"
MOST_SEEDS = 50
LEAST_LEVEL, LARGEST_LEVEL = 0.001, 0.5
RUNS_PER_SEED = 2**MOST_EXACT  # beyond, orders are walked as long as they need no more

NO_END = "no seed has a value at both ends"
SAME = "both ends have the same values"

Results = Mapping[tuple[Mixture, Seed], float]  # NaN: the run failed


class Run(NamedTuple):
    """One run to make: these factors from B, all others from A."""

    mixture: Mixture
    seed: Seed


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, for `plan` and for `attribute`.

    Raises BadArgumentError: no factor or seed, one that comes twice, a level outside [0.001, 0.5], a budget that is too
    small for one pair of orders a seed.
    """

    factors: tuple[str, ...]
    seeds: tuple[Seed, ...]
    level: float = 0.05
    everything: bool = False  # run the mixtures although the ends cannot be told apart; then nothing is gated
    budget: int | None = (
        None  # the most runs in all, ends and existing ones included; None: RUNS_PER_SEED each
    )
    order_seed: int = 0  # of the random orders, where there are more factors than are swapped in every way

    def __post_init__(self) -> None:
        for name, given in (("factors", self.factors), ("seeds", self.seeds)):
            if not given:
                raise BadArgumentError(f"`{name}` of a question must not be empty")
            if len(set(given)) < len(given):
                twice = next(one for one in given if given.count(one) > 1)
                raise BadArgumentError(f"`{name}` of a question has {twice!r} twice; each counts once")
        if not LEAST_LEVEL <= self.level <= LARGEST_LEVEL:
            raise BadArgumentError(
                f"`level` of a question must be in [{LEAST_LEVEL:g}, {LARGEST_LEVEL:g}]; got {self.level!r}"
            )
        if self.budget is not None and self.budget < self.least:
            raise BadArgumentError(
                f"`budget` of a question must be at least {self.least:,} runs for {len(self.factors):,} factors "
                f"and {len(self.seeds):,} seeds; got {self.budget!r}"
            )

    @property
    def least(self) -> int:
        """The fewest runs that can answer: the ends, and one pair of orders for each seed."""
        return len(self.seeds) * (2 * len(self.factors) if len(self.factors) > 1 else 2)

    @property
    def pairs(self) -> int:
        """How many pairs of orders each seed walks; 0: all mixtures are run."""
        k, n = len(self.factors), len(self.seeds)
        if k <= MOST_EXACT and (self.budget is None or n * 2**k <= self.budget):
            return 0
        allowed = RUNS_PER_SEED if self.budget is None else self.budget // n
        return max(1, (allowed - 2) // (2 * (k - 1)))

    @property
    def is_exact(self) -> bool:
        return self.pairs == 0


@dataclass(frozen=True, slots=True)
class Stage:
    """What to run next. Nothing to run: the question can be answered, as far as it can."""

    name: Literal["ends", "mixtures", "done"]
    runs: tuple[Run, ...]  # in this order, seed by seed: what is cut short leaves whole seeds
    known: int  # runs of this stage that have a result already
    then_at_most: int  # runs that the stage after this one would need, if there comes one
    why: str | None = None  # of "done": why no more is run, where something was left out


def plan(question: Question, results: Results) -> Stage:
    """Return the runs to make next: those of the ends, then those of the mixtures, then none."""
    ends = [Run(end, seed) for seed in question.seeds for end in ends_of(question)]
    inner = {seed: [run for run in needed(question, seed) if run not in ends] for seed in question.seeds}
    missing = [run for run in ends if run not in results]
    if missing:
        then = sum(run not in results for runs in inner.values() for run in runs)
        return Stage("ends", tuple(missing), len(ends) - len(missing), then)
    why = why_stop(question, results)
    if why is not None:
        return Stage("done", (), 0, 0, why)
    going = [
        seed for seed in question.seeds if not any(is_failed(results, run) for run in needed(question, seed))
    ]
    fails = {mixture for mixture, seed in results if is_failed(results, Run(mixture, seed))}
    wanted = [run for seed in going for run in sorted(inner[seed], key=lambda one: one.mixture not in fails)]
    missing = [run for run in wanted if run not in results]
    return Stage("mixtures" if missing else "done", tuple(missing), len(wanted) - len(missing), 0)


def why_stop(question: Question, results: Results) -> str | None:
    """Return why the ends, which all have results, are all that is worth running; None: go on."""
    by_seed = difference(question, results)
    if not by_seed:
        return NO_END
    if question.everything:
        return None
    if len(by_seed) < 2:
        return ONE_SEED
    gate = evidence_of_ends(question, results, tuple(by_seed))
    return None if gate.chance <= question.level else why_within_noise(gate)


def why_within_noise(gate: Evidence) -> str:
    """Return why the difference of the ends is not told from noise."""
    if gate.error:
        return WITHIN_NOISE
    return NO_SPREAD if gate.mean else SAME


def difference(question: Question, results: Results) -> dict[Seed, float]:
    """Return the metric of B less that of A, for each seed of which both ends have a value."""
    a, b = ends_of(question)
    return {
        seed: results[b, seed] - results[a, seed]
        for seed in question.seeds
        if is_value(results.get((a, seed))) and is_value(results.get((b, seed)))
    }


def evidence_of_ends(question: Question, results: Results, seeds: Sequence[Seed]) -> Evidence:
    """Return what two seeds or more say about the difference of the ends."""
    a, b = ([results[end, seed] for seed in seeds] for end in ends_of(question))
    return evidence([y - x for x, y in zip(a, b, strict=True)], behind((a, b)))


# ---------------------------------------------------------------- mixtures


def ends_of(question: Question) -> tuple[Mixture, Mixture]:
    """Return A and B."""
    return frozenset(), frozenset(question.factors)


def needed(question: Question, seed: Seed) -> list[Run]:
    """Return all runs that one seed needs to count, the ends among them."""
    mixtures = subsets(question.factors) if question.is_exact else on_the_way(orders(question, seed))
    return [Run(mixture, seed) for mixture in mixtures]


def subsets(factors: Iterable[str]) -> list[Mixture]:
    """Return all mixtures of some factors, small ones first.

    >>> [sorted(mixture) for mixture in subsets(["b", "a"])]
    [[], ['a'], ['b'], ['a', 'b']]
    """
    names = sorted(factors)
    return [frozenset(chosen) for size in range(len(names) + 1) for chosen in combinations(names, size)]


def orders(question: Question, seed: Seed) -> list[tuple[str, ...]]:
    """Return the orders that one seed walks: drawn at random, each followed by its reverse.

    They depend on the names of the factors, the seed and `order_seed` alone; a larger budget adds to them.
    """
    chance = random.Random(f"{question.order_seed} {seed!r}")  # noqa: S311 - the same orders each time; no secret
    names, found = sorted(question.factors), []
    for _ in range(question.pairs):
        chance.shuffle(names)
        found += [tuple(names), tuple(reversed(names))]
    return found


def on_the_way(walked: Iterable[tuple[str, ...]]) -> list[Mixture]:
    """Return the mixtures that some orders pass, from A to B; each once."""
    return list(dict.fromkeys(frozenset(order[:size]) for order in walked for size in range(len(order) + 1)))


def is_value(value: float | None) -> bool:
    """Return whether a result is a value: finite, and not beyond 1e100."""
    return value is not None and -LARGEST <= value <= LARGEST


def is_failed(results: Results, run: Run) -> bool:
    """Return whether a run was made and gave no value."""
    return run in results and not is_value(results[run])
