"""Count how often a judge is right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from benchmarks.judge.cases import KINDS, Case, any_case, hard_case, one_stands_out, to_be_settled
from gnomon.runs.groups.judge import Judgement, Sample, judge

Judge = Callable[[list[Sample]], Judgement]
FRACTIONS = (0.25, 0.5, 1.0, 2.0)


def best(samples: list[Sample]) -> Judgement:
    return judge(samples, better="higher")


@dataclass
class Tally:
    cases: int = 0
    false: int = 0  # cases with one wrong claim or more
    together: int = 0  # cases where every printed interval of a difference holds the true one
    alone: float = 0.0  # share of printed intervals of differences that hold, summed over cases
    means: float = 0.0  # share of intervals of means that hold, summed over cases
    of_best: int = 0  # cases where the interval of the mean of the best group holds

    def share(self, what: str) -> float:
        return 100 * getattr(self, what) / self.cases


def is_false(judgement: Judgement, means: dict[str, float]) -> bool:
    """Return whether a claim is wrong: the true means are equal, or the other way round (higher is better)."""
    assert judgement.reference is not None
    top = means[judgement.reference]
    return any(
        (c.verdict == "worse" and means[c.name] >= top) or (c.verdict == "better" and means[c.name] <= top)
        for c in judgement.comparisons
    )


def labels(case: Case) -> Iterable[str]:
    """Return the kinds of case that are counted apart."""
    yield "all"
    yield case.kind
    yield f"true means: {case.truth}"
    yield f"{case.kind}, {case.truth}"
    count = len(case.means)
    yield "groups: " + next(
        label for top, label in ((2, "2"), (5, "3–5"), (10, "6–10"), (99, "11–30")) if count <= top
    )
    yield f"{case.kind}, {'2' if count == 2 else '3–30'} groups"
    smallest = min(case.sizes.values())
    yield "fewest seeds: " + next(
        label for top, label in ((2, "2"), (4, "3–4"), (99, "5–20")) if smallest <= top
    )
    yield "sizes: " + ("equal" if case.is_equal_in_size else "unequal")
    yield "spreads: " + ("equal" if case.is_equal_in_spread else "unequal, up to 4 times")
    yield "seeds: " + ("shared" if case.shares_seeds else "not shared")


def count(
    case_range: str, cases: int, *, judge: Judge = best, step: Callable[[str], None] = print
) -> dict[str, Tally]:
    """Return the tallies of `cases` cases of each kind."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for kind in KINDS:
        step(f"claims and intervals: {kind}")
        for number in range(cases):
            case = any_case(f"{case_range}/{number}", kind)
            add(case, judge(case.samples()), [tallies[label] for label in labels(case)])
    return tallies


def add(case: Case, judgement: Judgement, tallies: list[Tally]) -> None:
    top = case.means[judgement.reference]
    held = [c.low <= case.means[c.name] - top <= c.high for c in judgement.comparisons]
    of_means = {s.name: s.low <= case.means[s.name] <= s.high for s in judgement.standings}
    false = is_false(judgement, case.means)
    for tally in tallies:
        tally.cases += 1
        tally.false += false
        tally.together += all(held)
        tally.alone += sum(held) / len(held)
        tally.means += sum(of_means.values()) / len(of_means)
        tally.of_best += of_means[judgement.reference]


def hard(case_range: str, cases: int, kind: str, which: str, *, judge: Judge = best) -> float:
    """Return the share of cases, in percent, with a wrong claim: all means are equal, so any claim is wrong."""
    drawn = (hard_case(f"{case_range}/{number}", kind, which) for number in range(cases))
    return 100 * sum(is_false(judge(case.samples()), case.means) for case in drawn) / cases


def found(
    case_range: str, cases: int, kind: str, groups: int, *, shares_seeds: bool, judge: Judge = best
) -> float:
    """Return how often, in percent, the best group is said to be better than another one, picked at random."""
    hits = 0
    for number in range(cases):
        case = one_stands_out(f"{case_range}/{number}", kind, groups, shares_seeds=shares_seeds)
        top = max(case.means, key=case.means.__getitem__)
        other = case.rng.choice([name for name in case.means if name != top])
        judgement = judge(case.samples())
        hits += judgement.reference == top and any(
            c.name == other and c.verdict == "worse" for c in judgement.comparisons
        )
    return 100 * hits / cases


@dataclass
class Advice:
    cases: int = 0
    undecided: int = 0
    given: int = 0
    advised: list[int] = field(default_factory=list)
    settled: dict[float, int] = field(
        default_factory=lambda: defaultdict(int)
    )  # at a fraction of the seeds advised
    wrong: int = 0  # settled the wrong way round


def advice(case_range: str, cases: int, kind: str, *, judge: Judge = best) -> Advice:
    """Follow the advice "k more seeds" and return how often k, or a fraction of k, settle it."""
    tally = Advice()
    for number in range(cases):
        case = to_be_settled(f"{case_range}/{number}", kind)
        judgement = judge(case.samples())
        tally.cases += 1
        undecided = [c for c in judgement.comparisons if c.verdict == "cannot tell"]
        given = [c for c in undecided if c.more_seeds is not None]
        tally.undecided += bool(undecided)
        if not given:
            continue
        tally.given += 1
        one = case.rng.choice(given)
        tally.advised.append(one.more_seeds)
        for fraction in FRACTIONS:
            more = max(1, round(fraction * one.more_seeds))
            settled, wrong = is_settled(case, judge(case.samples(more)), {judgement.reference, one.name})
            tally.settled[fraction] += settled
            tally.wrong += wrong and fraction == 1.0
    return tally


def is_settled(case: Case, later: Judgement, pair: set[str | None]) -> tuple[bool, bool]:
    """Return whether one of the pair is now told from the best, and whether that is wrong.

    The best may be a third group by then: a pair is settled when it is known which of the two is not the best.
    """
    losers = [c.name for c in later.comparisons if c.name in pair and c.verdict == "worse"]
    return bool(losers), any(case.means[loser] >= case.means[later.reference] for loser in losers)
