"""What `attribute` says of the cases, beside the truth: the mean of 200 other seeds."""

from __future__ import annotations

import functools
import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from benchmarks.why.cases import case_of
from benchmarks.why.training import train
from gnomon.runs.why.attribute import Question
from gnomon.runs.why.looks import attribute, looks_at, plan
from gnomon.runs.why.mixtures import subsets
from gnomon.runs.why.shapley import shares_of_all, together_of_all

COUNTS = (3, 4, 5, 6, 8)  # of seeds that an answer may have
USUAL = 5
UP_TO = (20, 40)  # seeds, from the usual number on, until a cause is told
TRUTH_SEEDS = range(1_000, 1_200)
KNOWN = 3  # standard errors of the truth: a planted factor nearer to 0 than this is neither a cause nor none
TIED = 0.9  # of the largest share: as good as the largest
LEVEL = 0.05


class Tally(Counter):
    """Counts by name; `share` of two of them in percent."""

    def share(self, part, whole):
        return 100 * self[part] / self[whole] if self[whole] else math.nan


@dataclass
class Figures:
    """All that was counted."""

    by: dict = field(default_factory=dict)  # (kind or "all", number of seeds) -> Tally
    strength: dict = field(default_factory=dict)  # of the difference, in deviations between seeds -> Tally
    factors: dict = field(
        default_factory=dict
    )  # size of a share, in its own deviations between seeds -> Tally
    largest_rest: float = 0.0  # by which shares and difference did not agree
    wrong: list = field(default_factory=list)

    def of(self, kind, seeds=USUAL):
        return self.by.setdefault((kind, seeds), Tally())


class Runs:
    """The metric of every mixture of a case, over all seeds that anybody asks for; equal recipes are trained once."""

    def __init__(self, case, seeds):
        self.case, self.seeds = case, list(seeds)
        self.mixtures = subsets(case.changes)
        trained = {}
        self.values = {}
        for mixture in self.mixtures:
            recipe = case.recipe(mixture)
            if recipe not in trained:
                trained[recipe] = dict(zip(self.seeds, train(recipe, self.seeds).tolist(), strict=True))
            self.values[mixture] = trained[recipe]

    def answer(self, seeds, *, budget=None, first=None):
        """Return the answer, made as `gnomon why` makes it: look by look, stage by stage; and how many runs it took."""
        question = Question(tuple(self.case.changes), tuple(seeds), level=LEVEL, budget=budget)
        looks = looks_at(question, first or len(question.seeds))
        results = {}
        while (stage := plan(looks, results)).runs:
            results.update({run: self.values[run.mixture][run.seed] for run in stage.runs})
        return attribute(looks, results), len(results)


@functools.cache
def weights(k):
    """Return what each mixture of `k` factors counts for shares, and for pairs: shapes (k, 2^k), (pairs, 2^k).

    Both are linear, so they are known from what is said of games in which one mixture alone is worth something.
    """
    names = [str(i) for i in range(k)]
    mixtures = subsets(names)
    games = [dict.fromkeys(mixtures, 0.0) | {mixture: 1.0} for mixture in mixtures]
    shares = np.array(
        [[found[name] for name in names] for found in (shares_of_all(names, game) for game in games)]
    ).T
    pairs = list(combinations(names, 2))
    together = [together_of_all(names, game) if pairs else {} for game in games]
    return shares, np.array([[found[pair] for found in together] for pair in pairs]).reshape(
        len(pairs), len(games)
    )


def count(numbers, *, step=lambda _: None):
    """Count cases with causes, and twice as many without one."""
    figures = Figures()
    for number in numbers:
        step(number)
        for idle in (2 * number, 2 * number + 1):
            case = case_of(idle, has_cause=False)
            runs = Runs(case, range(max(UP_TO)))
            _count(figures, case, runs, dict.fromkeys(case.changes, 0.0), set(), {})
        case = case_of(number, has_cause=True)
        runs = Runs(case, [*range(max(UP_TO)), *TRUTH_SEEDS])
        _count_caused(figures, case, runs)
    return figures


def _count_caused(figures, case, runs):
    names = sorted(case.changes)
    drawn = np.array([[runs.values[mixture][seed] for seed in TRUTH_SEEDS] for mixture in subsets(names)])
    of_share, of_pair = weights(len(names))
    shares = dict(zip(names, of_share @ drawn, strict=True))
    true = {name: found.mean() for name, found in shares.items()}
    real = {name for name in case.planted if _is_known(shares[name])}
    pairs = dict(zip(combinations(names, 2), of_pair @ drawn, strict=True))
    together = {pair: found.mean() for pair, found in pairs.items() if _is_known(found)}
    _count(figures, case, runs, true, real, together)
    answer, _ = runs.answer(range(USUAL))
    ends = drawn[-1] - drawn[0]
    if real:
        tally = figures.strength.setdefault(_strength(ends), Tally())
        tally.update(_outcome(answer, true, real))
        for name in real:
            tally = figures.factors.setdefault(_strength(shares[name]), Tally())
            tally["factors"] += 1
            tally["named"] += name in {cause.name for cause in answer.causes}
    if answer.more_seeds is not None and real and answer.more_seeds <= len(TRUTH_SEEDS):
        later, _ = runs.answer([*range(USUAL), *list(TRUTH_SEEDS)[: answer.more_seeds]])
        tally = figures.of("advice")
        tally["advised"] += 1
        tally["settled"] += later.verdict == "causes" or later.difference.is_told > answer.difference.is_told


def _is_known(values):
    error = values.std(ddof=1) / math.sqrt(len(values))
    return abs(values.mean()) > max(KNOWN * error, 1e-9)


def _strength(values):
    spread = values.std(ddof=1)
    size = abs(values.mean()) / spread if spread else math.inf
    return next(
        (label for limit, label in ((0.5, "0–0.5"), (1, "0.5–1"), (2, "1–2"), (4, "2–4")) if size < limit),
        "over 4",
    )


def _count(figures, case, runs, true, real, together):
    k = len(case.changes)
    asked = [(seeds, seeds, None, None) for seeds in COUNTS]
    asked += [(f"up to {seeds}", seeds, None, USUAL) for seeds in UP_TO]
    if (
        k >= 3
    ):  # as if there were too many factors: one pair of orders a seed, the same cases exactly beside it
        asked += [("sampled", USUAL, USUAL * 2 * k, None), ("exact beside", USUAL, None, None)]
    for label, seeds, budget, first in asked:
        answer, cost = runs.answer(range(seeds), budget=budget, first=first)
        outcome = _outcome(answer, true, real)
        outcome["cases"] += 1
        outcome["runs"] += cost
        outcome["runs of all"] += seeds * len(runs.mixtures)
        outcome["false alarm"] += any(cause.name not in case.planted for cause in answer.causes)
        if case.planted:
            outcome["wrong way"] += any(
                cause.share * true[cause.name] < 0 for cause in answer.causes if cause.name in real
            )
            held = [
                one.low - 1e-12 <= true[one.name] <= one.high + 1e-12
                for one in answer.shares
                if one.low is not None
            ]
            outcome["intervals"] += len(held)
            outcome["intervals that hold"] += sum(held)
            outcome["cases with intervals"] += bool(held)
            outcome["all hold"] += bool(held) and all(held)
            said = {(one.first, one.second): one.more for one in answer.together}
            outcome["pairs false"] += any(
                pair[0] not in case.planted or pair[1] not in case.planted for pair in said
            )
            outcome["pairs"] += len(together)
            outcome["pairs found"] += len(set(said) & set(together))
        for kind in {"none"} if not case.planted else {"caused", case.kind}:
            figures.of(kind, label).update(outcome)
        if label == USUAL and outcome["named"] and not outcome["top-1 tied"]:
            figures.wrong.append((case, answer.causes, {n: round(v, 4) for n, v in true.items()}))
        for one in answer.seeds:
            rest = math.fsum(share.by_seed[one] for share in answer.shares) - answer.difference.by_seed[one]
            if answer.shares:
                size = max(abs(values[one]) for values in runs.values.values())
                figures.largest_rest = max(figures.largest_rest, abs(rest) / max(1.0, size))


def _outcome(answer, true, real):
    """Return what came of one case in which there is a cause (`real`): counts of 0 and 1."""
    outcome = Tally()
    if not real:
        outcome["no cause"] += 1
        return outcome
    outcome["caused"] += 1
    outcome[answer.verdict] += 1
    outcome["real"] += len(real)
    outcome["real named"] += sum(cause.name in real for cause in answer.causes)
    largest = max(true, key=lambda name: abs(true[name]))
    if answer.causes:
        first = answer.causes[0].name
        outcome["named"] += 1
        outcome["top-1"] += first == largest
        outcome["top-1 tied"] += abs(true[first]) >= TIED * abs(true[largest])
        outcome["top-3"] += largest in {cause.name for cause in answer.causes[:3]}
    if answer.shares:
        ranked = sorted(answer.shares, key=lambda one: -abs(one.share))
        outcome["ranked"] += 1
        outcome["ranked first"] += abs(true[ranked[0].name]) >= TIED * abs(true[largest])
    return outcome
