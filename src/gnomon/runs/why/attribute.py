"""Why does the metric of B differ from that of A? Each factor that was swapped gets its share, or *cannot tell*.

How to use it, with `evaluate(mixture, seed)` that trains with the factors of `mixture` from B and all others from A:

    question = Question(factors=("code", "params.lr"), seeds=(0, 1, 2, 3, 4))
    results = {}                                       # those that exist already: {(mixture, seed): value}
    while (stage := plan(question, results)).runs:     # the ends, then the mixtures; the cost is len(stage.runs)
        for run in stage.runs:                         # or some of them: what has a result is not asked for again
            results[run] = evaluate(*run)              # NaN where it failed
    answer = attribute(question, results)

`attribute` may be asked at any time. It answers from the seeds of which every run is there.

How (reasons, sources, measured figures: docs/explanation/why-runs-differ.md):

- The Shapley value is linear, so each seed gives one for each factor. They are independent over seeds: Student's t.
- First the difference of the ends is tested. Where the noise could explain it, no factor is a cause, unless
  `everything` was asked for: then factors are tested without this gate.
- The factors are then decided by Holm's steps; with the gate passed, one of them is known to be real.
- The intervals leave out 0 exactly for causes. Each holds at 1 - level, all together at 1 - 2 level (Bonferroni's,
  but for the end near 0 of what only Holm's later steps tell).

Always true: shares sum to the difference, seed by seed. Neither the order of factors or seeds nor scaling all values
changes what is a cause. A seed with a failed run does not count, and is named.
Not promised: anything about noise that all seeds share, such as one test set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gnomon.runs.why.answer import Answer, Difference, Failure, Mixture, Seed, Share, Together, Verdict
from gnomon.runs.why.mixtures import (
    DEFAULT_SEEDS,
    MOST_EXACT,
    SAME,
    Question,
    Results,
    Run,
    Stage,
    difference,
    ends_of,
    evidence_of_ends,
    is_failed,
    is_value,
    needed,
    orders,
    plan,
    why_stop,
    why_within_noise,
)
from gnomon.runs.why.shapley import shares_of_all, shares_of_orders, together_of_all
from gnomon.runs.why.told import (
    NO_SPREAD,
    ONE_SEED,
    WITHIN_NOISE,
    Behind,
    Decision,
    Evidence,
    behind,
    decided,
    evidence,
    more_seeds,
)

__all__ = [
    "DEFAULT_SEEDS",
    "MOST_EXACT",
    "Answer",
    "Difference",
    "Failure",
    "Mixture",
    "Question",
    "Run",
    "Seed",
    "Share",
    "Stage",
    "Together",
    "attribute",
    "plan",
]

NOT_RUN = "not everything that is needed was run"
WHICH = "the difference is more than noise, but no single factor is told from it"
NO_WHOLE_SEED = "no seed has a value for every run that it needs"


def attribute(question: Question, results: Results) -> Answer:
    """Return why B differs from A, as far as the results can tell.

    Results of other mixtures or seeds than those of the question are not looked at.

    >>> def evaluate(mixture, seed):
    ...     return 0.9 + seed / 1000 - (0.1 + seed / 500) * ("lr" in mixture)
    >>> question = Question(factors=("code", "lr"), seeds=(1, 2, 3, 4, 5))
    >>> results = {}
    >>> while (stage := plan(question, results)).runs:
    ...     results.update({run: evaluate(*run) for run in stage.runs})
    >>> [(cause.name, round(cause.share, 6)) for cause in attribute(question, results).causes]
    [('lr', -0.106)]
    """
    ends = difference(question, results)
    gate = evidence_of_ends(question, results, tuple(ends)) if len(ends) > 1 else None
    blank = _blank(question, results, ends, gate)
    if not all((end, seed) in results for end in ends_of(question) for seed in question.seeds):
        return blank
    why = why_stop(question, results)
    if why is not None:
        return _closed(blank, why, gate)
    values = {seed: found for seed in ends if (found := _values(question, results, seed)) is not None}
    if not values:
        return replace(blank, why=NO_WHOLE_SEED if blank.failed else NOT_RUN, seeds=())
    pending = {run.seed for run in plan(question, results).runs}
    if pending:
        note = (
            f"{len(pending):,} of {len(question.seeds):,} seeds are not run to the end, and do not count yet"
        )
        blank = replace(blank, notes=(*blank.notes, note))
    return _open(blank, question, results, values)


# ---------------------------------------------------------------- answers


def _blank(question: Question, results: Results, ends: Mapping[Seed, float], gate: Evidence | None) -> Answer:
    """Return what can be said before any mixture is looked at."""
    failed = _failed(question, results)
    return Answer(
        verdict="cannot tell",
        why=NOT_RUN,
        level=question.level,
        difference=_difference(ends, gate, question.level),
        shares=(),
        together=(),
        seeds=tuple(ends),
        failed=failed,
        is_exact=question.is_exact,
        orders=2 * question.pairs,
        more_seeds=None,
        notes=_notes(question, failed),
    )


def _closed(blank: Answer, why: str, gate: Evidence | None) -> Answer:
    """Return the answer where the difference of the ends is not told from noise: no factor is looked at."""
    if gate is None:
        return replace(blank, why=why, more_seeds=DEFAULT_SEEDS - len(blank.seeds))
    more = more_seeds(gate, blank.level)
    return replace(
        blank, verdict="cannot tell" if why == NO_SPREAD else "no cause above noise", why=why, more_seeds=more
    )


def _open(
    blank: Answer, question: Question, results: Results, values: Mapping[Seed, Mapping[Mixture, float]]
) -> Answer:
    """Return the answer from the seeds of which every run has a value."""
    seeds = tuple(values)
    of_seed = {seed: _shares_of(question, seed, values[seed]) for seed in seeds}
    by_factor = {name: {seed: of_seed[seed][name] for seed in seeds} for name in sorted(question.factors)}
    ends = {seed: found for seed, found in difference(question, results).items() if seed in values}
    if len(seeds) < 2:
        shares = [_share(name, found, None) for name, found in by_factor.items()]
        difference_ = _difference(ends, None, blank.level)
        more = DEFAULT_SEEDS - 1
        return replace(
            blank, why=ONE_SEED, difference=difference_, shares=_ranked(shares), seeds=seeds, more_seeds=more
        )
    gate = evidence_of_ends(question, results, seeds)
    blank = replace(blank, difference=_difference(ends, gate, blank.level), seeds=seeds)
    if not question.everything and gate.chance > blank.level:
        return _closed(blank, why_within_noise(gate), gate)  # fewer seeds have all runs than have both ends
    of = _behind(question, values)
    evidences = {name: evidence(list(found.values()), of) for name, found in by_factor.items()}
    decisions = decided(evidences, blank.level, one_is_real=not question.everything)
    shares = [
        _share(name, by_factor[name], (evidences[name], decision)) for name, decision in decisions.items()
    ]
    blank = replace(
        blank,
        shares=_ranked(shares),
        together=_together(question, values, blank.level, of),
    )
    if blank.causes:
        return replace(blank, verdict="causes", why=None, notes=(*blank.notes, *_larger(blank)))
    return _untold(blank, evidences, decisions)


def _larger(blank: Answer) -> list[str]:
    """Return a note where a share that is no cause is larger than that of a cause: it may be the larger one, or noise."""
    names = [
        one.name for one in blank.shares if not one.is_cause and abs(one.share) > abs(blank.causes[0].share)
    ]
    return [f"the share of {', '.join(names)} is larger, but is not told from noise"] if names else []


def _untold(blank: Answer, evidences: Mapping[str, Evidence], decisions: Mapping[str, Decision]) -> Answer:
    """Return the answer where no factor is told from noise: how many more seeds would probably tell the clearest."""
    asked = [name for name, one in evidences.items() if not one.is_zero]
    if not asked:
        return replace(blank, verdict="no cause above noise", why=SAME)
    clearest = min(asked, key=lambda name: (evidences[name].chance, name))
    more = more_seeds(evidences[clearest], decisions[clearest].level)
    verdict: Verdict = "cannot tell" if blank.difference.is_told else "no cause above noise"
    return replace(
        blank, verdict=verdict, why=WHICH if blank.difference.is_told else WITHIN_NOISE, more_seeds=more
    )


def _share(name: str, by_seed: Mapping[Seed, float], told: tuple[Evidence, Decision] | None) -> Share:
    mean = math.fsum(by_seed.values()) / len(by_seed)
    if told is None:
        return Share(name, mean, None, None, None, False, not any(by_seed.values()), by_seed)
    one, decision = told
    low, high = one.interval(decision)
    return Share(name, mean, low, high, decision.p, decision.is_told, one.is_zero, by_seed)


def _ranked(shares: Iterable[Share]) -> tuple[Share, ...]:
    return tuple(sorted(shares, key=lambda one: (not one.is_cause, -abs(one.share), one.name)))


def _together(
    question: Question, values: Mapping[Seed, Mapping[Mixture, float]], level: float, of: Behind
) -> tuple[Together, ...]:
    """Return the pairs of factors of which it is told that they act together. Asked only where all mixtures were run."""
    names = sorted(question.factors)
    if not question.is_exact or len(names) < 2:
        return ()
    by_seed = [together_of_all(names, value) for value in values.values()]
    evidences = {pair: evidence([of_seed[pair] for of_seed in by_seed], of) for pair in by_seed[0]}
    found = []
    for pair, decision in decided(evidences, level, one_is_real=False).items():
        low, high = evidences[pair].interval(decision)
        if decision.is_told and low is not None and high is not None:
            found.append(Together(*pair, evidences[pair].mean, low, high, decision.p))
    return tuple(sorted(found, key=lambda one: (-abs(one.more), one.first, one.second)))


def _difference(by_seed: Mapping[Seed, float], gate: Evidence | None, level: float) -> Difference:
    mean = math.fsum(by_seed.values()) / len(by_seed) if by_seed else None
    if mean is None or gate is None:
        return Difference(mean, None, None, None, False, by_seed)
    is_told = gate.chance <= level
    low, high = gate.interval(Decision(gate.chance, level, level, is_told))
    return Difference(mean, low, high, gate.chance, is_told, by_seed)


# ---------------------------------------------------------------- what is in the results


def _values(question: Question, results: Results, seed: Seed) -> dict[Mixture, float] | None:
    """Return the values of all mixtures that one seed needs; None: one is missing, or failed."""
    runs = needed(question, seed)
    if not all(is_value(results.get(run)) for run in runs):
        return None
    return {run.mixture: float(results[run]) for run in runs}


def _shares_of(question: Question, seed: Seed, value: Mapping[Mixture, float]) -> dict[str, float]:
    if question.is_exact:
        return shares_of_all(sorted(question.factors), value)
    return shares_of_orders(orders(question, seed), value)


def _behind(question: Question, values: Mapping[Seed, Mapping[Mixture, float]]) -> Behind:
    """Return what the runs of all mixtures are like, whichever seeds made them."""
    a, b = ends_of(question)
    by_mixture: dict[Mixture, list[float]] = {}
    for value in values.values():
        for mixture, one in value.items():
            by_mixture.setdefault(mixture, []).append(one)
    last = by_mixture.pop(b)
    return behind([by_mixture.pop(a), *by_mixture.values(), last])


def _failed(question: Question, results: Results) -> tuple[Failure, ...]:
    ends = [Run(end, seed) for seed in question.seeds for end in ends_of(question)]
    inner = [run for seed in question.seeds for run in needed(question, seed)]
    return tuple(Failure(*run) for run in dict.fromkeys((*ends, *inner)) if is_failed(results, run))


def _notes(question: Question, failed: Sequence[Failure]) -> tuple[str, ...]:
    """Return what a reader must know beside the numbers."""
    notes = []
    if failed:
        seeds = list(dict.fromkeys(failure.seed for failure in failed))
        named = ", ".join(str(seed) for seed in seeds[:5]) + (", …" if len(seeds) > 5 else "")
        notes.append(
            f"{len(failed):,} run{'s' if len(failed) > 1 else ''} gave no finite value: "
            f"seed{'s' if len(seeds) > 1 else ''} {named} of {len(question.seeds):,} "
            f"do{'' if len(seeds) > 1 else 'es'} not count"
        )
        always = frozenset.intersection(*(failure.mixture for failure in failed))
        if 0 < len(always) < len(question.factors):
            notes.append(f"every run that failed had {', '.join(sorted(always))} from B")
    if not question.is_exact:
        notes.append(
            f"{len(question.factors):,} factors: each seed walked {2 * question.pairs:,} orders of them, not all mixtures; "
            "how two factors act together is not looked at"
        )
    return tuple(notes)
