"""More seeds until a cause is told: the same question asked of 5 seeds, then of 10, 20, and at last of all.

Whoever adds seeds until something is told is wrong more often than he says. So the level is shared out: each of k looks is
decided at level / k, and the chance that any of them names a cause that is none is at most their sum, whenever one stops.

Always true: one look is the question itself. The seeds of a look are the first of those of the next one, so that no run is made
for one look only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.runs.why import attribute as one_look
from gnomon.runs.why.attribute import NO_WHOLE_SEED
from gnomon.runs.why.mixtures import LEAST_LEVEL, NO_END, SAME, Question, Results, Stage, needed
from gnomon.runs.why.mixtures import plan as plan_one

if TYPE_CHECKING:
    from gnomon.runs.why.answer import Answer

TIMES = 2  # as many seeds in the next look
LEAST_TIMES = 1.5  # a look that the last one would follow with fewer is left out


def looks_at(question: Question, first: int) -> tuple[Question, ...]:
    """Return the looks at a question: at its `first` seeds, at twice as many and so on, and at all of them.

    >>> question = Question(factors=("lr",), seeds=tuple(range(20)))
    >>> [(len(look.seeds), round(look.level, 4)) for look in looks_at(question, 5)]
    [(5, 0.0167), (10, 0.0167), (20, 0.0167)]
    """
    total = len(question.seeds)
    counts = []
    while first * LEAST_TIMES <= total:
        counts.append(first)
        first *= TIMES
    counts.append(total)
    level = question.level / len(counts)
    if level < LEAST_LEVEL:
        raise BadArgumentError(
            f"`level` of {len(counts)} looks must be at least {len(counts) * LEAST_LEVEL:g}, {LEAST_LEVEL:g} for each; "
            f"got {question.level!r}",
            hint="raise `level`, or ask for fewer seeds",
        )
    return tuple(
        replace(
            question,
            seeds=question.seeds[:count],
            level=level,
            budget=None if question.budget is None else question.budget * count // total,
        )
        for count in counts
    )


def plan(looks: tuple[Question, ...], results: Results) -> Stage:
    """Return the runs to make next: those of the first look that is not answered, or does not settle it."""
    last = looks[-1]
    for look in looks:
        stage = plan_one(look, results)
        if stage.runs:
            if look is not last:
                asked = {*stage.runs, *results}
                later = sum(run not in asked for seed in last.seeds for run in needed(last, seed))
                stage = replace(stage, then_at_most=later)
            return stage
        if look is last or _is_settled(one_look.attribute(look, results)):
            return stage
    raise AssertionError("there is a last look")


def attribute(looks: tuple[Question, ...], results: Results) -> Answer:
    """Return the answer of the look that settled it, else of the last one that names a cause, else of the last one.

    >>> def evaluate(mixture, seed):  # the noise is larger than what `lr` does
    ...     return (seed * 7 % 11) / 10 + (0.6 + (seed * 5 % 13) / 10 - 0.6) * ("lr" in mixture)
    >>> looks = looks_at(Question(factors=("lr",), seeds=tuple(range(20))), 5)
    >>> results = {}
    >>> while (stage := plan(looks, results)).runs:
    ...     results.update({run: evaluate(*run) for run in stage.runs})
    >>> len(attribute(looks, results).seeds)
    10
    """
    found: Answer | None = None
    for nth, look in enumerate(looks, 1):
        answer = one_look.attribute(look, results)
        if found is None or answer.causes or not found.causes:
            found = _over_all(answer, looks, nth)
        if plan_one(look, results).runs or _is_settled(answer):
            break
    assert found is not None  # there is a first look  # noqa: S101
    return found


def _is_settled(answer: Answer) -> bool:
    """Whether more seeds would say nothing that is asked for: a cause is told, and it is the largest share.

    Nor would they where all is the same, or fails, whatever the seed.
    """
    if not answer.causes:
        return answer.why in (SAME, NO_END, NO_WHOLE_SEED)
    return all(one.is_cause or abs(one.share) <= abs(answer.causes[0].share) for one in answer.shares)


def _over_all(answer: Answer, looks: tuple[Question, ...], nth: int) -> Answer:
    """Return the answer of one look as one of all of them: its level is theirs, its p are corrected for them."""
    times = len(looks)
    if times == 1:
        return answer
    level = answer.level * times

    def corrected(p: float | None) -> float | None:
        return None if p is None else min(1.0, p * times)

    counts = ", ".join(str(len(look.seeds)) for look in looks)
    return replace(
        answer,
        level=level,
        difference=replace(answer.difference, p=corrected(answer.difference.p)),
        shares=tuple(replace(one, p=corrected(one.p)) for one in answer.shares),
        together=tuple(replace(one, p=min(1.0, one.p * times)) for one in answer.together),
        notes=(
            *answer.notes,
            f"looks after {counts} seeds, each at {answer.level:.2g} (level {level:.2g}): this is look {nth}",
        ),
    )
