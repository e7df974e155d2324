"""Why do two runs differ? Find the factors, say what it costs, make the mixtures that are missing, and answer.

Always true: `ask` starts nothing; `make` can be interrupted at any time and goes on from what the record has; an answer is
written on both runs, by `write_down`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.runs import entries
from gnomon.runs.actions import write
from gnomon.runs.rebuild.recipe import recipe_of
from gnomon.runs.rebuild.swap import takes_seed
from gnomon.runs.reproduce.actions import UNFINISHED
from gnomon.runs.why.attribute import DEFAULT_SEEDS, Question
from gnomon.runs.why.factors import Factors, factors_of, together, without
from gnomon.runs.why.looks import attribute, looks_at, plan
from gnomon.runs.why.mixtures import MOST_SEEDS, ends_of, needed
from gnomon.runs.why.running import Mixtures, durations, repeat
from gnomon.runs.why.value import how_it_failed, require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gnomon.runs.compare.comparison import Comparison
    from gnomon.runs.rebuild.gaps import Gap
    from gnomon.runs.rebuild.recipe import Recipe
    from gnomon.runs.views import Record
    from gnomon.runs.why.answer import Answer, Mixture, Seed
    from gnomon.runs.why.attribute import Run
    from gnomon.runs.why.running import Made

EXACT = (
    "each repeat gives the same values and other seeds cannot be tried: the shares hold for these two runs, of others "
    "nothing is known"
)


@dataclass(slots=True)
class Asked:
    """A question about two runs: what differs, which runs it takes, which of them exist."""

    record: Record = field(repr=False)
    a: Recipe
    b: Recipe
    metric: str
    values: tuple[float, float]  # of the two runs as they were recorded
    factors: Factors
    question: Question | None  # None: nothing that differs can be swapped
    looks: tuple[Question, ...]  # at the question: at some of its seeds, at more, at all. Most often one
    mixtures: Mixtures = field(repr=False)
    comparison: Comparison = field(repr=False)
    is_seeded: bool
    gaps: tuple[Gap, ...]  # that block one of the ends
    notes: tuple[str, ...]
    duration_s: float | None  # of one run

    @property
    def seed_said(self) -> str | None:
        """What is said of the seeds where the two runs have different ones; None where they have the same.

        Where nothing else differs, the spread between seeds is all that there is, and `nothing` says it.
        """
        one, other = self.a.seed, self.b.seed
        if one == other or not self.factors.found:
            return None
        moved = " → ".join("none" if seed is None else str(seed) for seed in (one, other))
        if self.is_seeded:
            return f"{moved}: every mixture is run with the same seeds, so it is no cause here"
        return f"{moved}: it cannot be given from outside, so it goes with what gives it, or with the first run's"

    @property
    def missing(self) -> int:
        """How many runs are to be made now: those of the next stage."""
        return len(plan(self.looks, self.mixtures.results).runs) if self.looks else 0

    @property
    def at_most(self) -> int:
        """How many runs are to be made in all, if the next stage shows a difference."""
        if not self.looks:
            return 0
        stage = plan(self.looks, self.mixtures.results)
        return len(stage.runs) + stage.then_at_most


def ask(
    record: Record,
    a: str,
    b: str,
    metric: str,
    *,
    seeds: int | Sequence[int] = DEFAULT_SEEDS,
    up_to: int | None = None,
    level: float = 0.05,
    everything: bool = False,
    budget: int | None = None,
    join: Sequence[str] = (),
    apart: Sequence[str] = (),
    leave: Sequence[str] = (),
    env: str = "auto",
    take: Sequence[str] = (),
    retry: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Asked:
    """Return what asking why two runs differ takes. Nothing is started.

    `seeds` is how many, or which; `up_to` is with how many seeds it goes on until a cause is told; `join` are factors that are
    made one, `apart` those that are taken apart, `leave` those that are left out. `retry` has mixtures that failed run again.

    Raises BadArgumentError where one of the runs has not ended or never logged the metric, UnknownSubjectError,
    AmbiguousIdError.
    """
    first_look = seeds if isinstance(seeds, int) else len(dict.fromkeys(seeds))
    if up_to is not None and not first_look <= up_to <= MOST_SEEDS:
        raise BadArgumentError(
            f"`up_to` must be from {first_look}, the seeds of the first look, to {MOST_SEEDS}; got {up_to}"
        )
    record.replica.update(record.progress)
    one, other = record.run(a), record.run(b)
    if one.id == other.id:
        raise BadArgumentError(f"`{a}` and `{b}` are the same run", hint="name two runs")
    for view in (one, other):
        if view.status in UNFINISHED:
            raise BadArgumentError(
                f"run {view.id[:8]} has not ended ({view.status})", hint="wait for its end (`gnomon eta`)"
            )
    values = (require(one, metric), require(other, metric))
    first, second = recipe_of(one), recipe_of(other)
    compared = record.compare(one.id, other.id)
    plain = Mixtures(record, first, second, (), metric, is_seeded=True, env=env, take=take, say=say)
    source = plain.plan(frozenset()).source
    factors = without(factors_of(record, first, second, compared, source, apart), leave)
    factors = together(factors, join)
    is_seeded = first.seed is not None and takes_seed(first, source)
    made = Mixtures(
        record,
        first,
        second,
        factors.found,
        metric,
        is_seeded=is_seeded,
        env=env,
        take=take,
        retry=retry,
        say=say,
    )
    whole = frozenset(one.name for one in factors.found)
    gaps = tuple(dict.fromkeys([gap for end in (frozenset[str](), whole) for gap in made.plan(end).blocked]))
    notes = list(factors.notes)
    for view in (one, other):
        if view.status == "failed":
            notes.append(f"run {view.id[:8]} failed after it had logged `{metric}`: {how_it_failed(view)}")
    if not is_seeded:
        notes.append(
            "other seeds cannot be tried (no word of the command, and no `run.seed` in the script): "
            "the noise is that between repeats"
        )
    question = None
    if whole and not gaps:
        mixtures = [frozenset[str](), whole]
        made.find(mixtures)
        chosen = _seeds(made, first, second, seeds, up_to, is_seeded)
        names = tuple(sorted(whole))
        question = Question(names, tuple(chosen), level=level, everything=everything, budget=budget)
        inner = {run.mixture for seed in question.seeds for run in needed(question, seed)} - set(
            ends_of(question)
        )
        if inner and _are_few(len(inner)):
            made.find(inner)
    return Asked(
        record, first, second, metric, values, factors, question,
        looks_at(question, min(first_look, len(question.seeds))) if question is not None else (),
        made, compared, is_seeded, gaps, tuple(notes), durations((one, other)),
    )  # fmt: skip


def require_question(asked: Asked) -> None:
    """Raise BadArgumentError where nothing can be asked: nothing that differs can be swapped, or an end cannot be rebuilt."""
    if asked.gaps:
        raise BadArgumentError(f"the two runs cannot be made again: {asked.gaps[0]}", hint=asked.gaps[0].next)
    if asked.question is None:
        fixed = ", ".join(f"`{name}` ({why})" for name, why in asked.factors.fixed.items())
        raise BadArgumentError(
            f"nothing that differs between {asked.a.run[:8]} and {asked.b.run[:8]} can be swapped",
            hint=f"what differs: {fixed}" if fixed else "`gnomon compare` says what is recorded of both",
        )


def _are_few(count: int) -> bool:
    """Whether the code of so many mixtures may be rebuilt only to see whether they were run."""
    return count <= 64


def _seeds(
    made: Mixtures, a: Recipe, b: Recipe, wanted: int | Sequence[int], up_to: int | None, is_seeded: bool
) -> list[object]:
    """Return the seeds: first those that were given, or those of which both ends exist, then of one; then others."""
    if not isinstance(wanted, int):
        if not is_seeded:
            raise BadArgumentError(
                f"the runs take no seed, so seeds {', '.join(map(str, wanted))} cannot be tried",
                hint="`--seeds N` says how often each mixture is repeated",
            )
        given = list(dict.fromkeys(wanted))
        return _with_others(given, max(len(given), up_to or 0))
    if not 1 <= wanted <= MOST_SEEDS:
        raise BadArgumentError(f"`seeds` must be from 1 to {MOST_SEEDS}; got {wanted}")
    total = max(wanted, up_to or 0)
    if not is_seeded:
        return [repeat(nth + 1) for nth in range(total)]
    known: dict[int, int] = {}
    for _, seed in made.results:
        if isinstance(seed, int):
            known[seed] = known.get(seed, 0) + 1
    for recipe in (a, b):
        if isinstance(recipe.seed, int):
            known.setdefault(recipe.seed, 0)
    return _with_others(sorted(known, key=lambda seed: (-known[seed], seed))[:total], total)


def _with_others(chosen: list[int], total: int) -> list[object]:
    """Return some seeds, and the smallest others, until there are so many."""
    found = dict.fromkeys(chosen)
    candidate = 0
    while len(found) < total:
        found.setdefault(candidate)
        candidate += 1
    return list(found)


def make(
    asked: Asked, *, parallel: int = 1, tell: Callable[[Run, Made, int, int], None] = lambda *_: None
) -> Answer:
    """Make the runs that are missing, stage by stage, and answer. `tell` hears of each: run, result, how many of how many.

    Raises KeyboardInterrupt as it comes; what was made is in the record.
    """
    question, mixtures = asked.question, asked.mixtures
    assert question is not None  # who calls has looked  # noqa: S101
    if not asked.is_seeded:
        # Two repeats of each end say whether anything is random at all. If not, all others would be the same again.
        _make((replace(question, seeds=question.seeds[:2]),), mixtures, parallel, tell, only_ends=True)
        if _repeats_exactly(question, mixtures.results):
            one = (replace(question, seeds=question.seeds[:1], everything=True),)
            _make(one, mixtures, parallel, tell)
            answer = attribute(one, mixtures.results)
            return replace(answer, more_seeds=None, notes=(*answer.notes, EXACT))
    _make(asked.looks, mixtures, parallel, tell)
    return attribute(asked.looks, mixtures.results)


def _make(
    looks: tuple[Question, ...],
    mixtures: Mixtures,
    parallel: int,
    tell: Callable[[Run, Made, int, int], None],
    *,
    only_ends: bool = False,
) -> None:
    done: Counter[str] = Counter()
    while (stage := plan(looks, mixtures.results)).runs and not (only_ends and stage.name != "ends"):
        name, total = stage.name, done[stage.name] + len(stage.runs)

        def heard(run: Run, made: Made) -> None:
            done[name] += 1  # noqa: B023  of this stage
            tell(run, made, done[name], total)  # noqa: B023

        mixtures.make(stage.runs, parallel, heard, stops_at_failure=name == "mixtures")


def _repeats_exactly(question: Question, results: Mapping[tuple[Mixture, Seed], float]) -> bool:
    """Whether each end gave the same value both times: then repeats say nothing of chance."""
    first = question.seeds[:2]
    values = [[results.get((end, seed)) for seed in first] for end in ends_of(question)]
    return len(first) == 2 and all(one is not None and one == other for one, other in values)


def _seed_notes(asked: Asked) -> list[str]:
    return [] if asked.seed_said is None else [f"seed {asked.seed_said}"]


def write_down(asked: Asked, answer: Answer) -> None:
    """Write the answer on both runs; it covers earlier answers to the same question."""
    said = {one.name: one.said for one in asked.factors.found}
    difference = answer.difference
    body: dict[str, object] = {
        "a": asked.a.run, "b": asked.b.run, "metric": asked.metric, "values": list(asked.values), "verdict": answer.verdict,
        "why": answer.why, "level": answer.level, "difference": [difference.mean, difference.low, difference.high],
        "shares": [
            [one.name, said.get(one.name, ""), one.share, one.low, one.high, one.p, one.is_cause] for one in answer.shares
        ],
        "together": [[one.first, one.second, one.more, one.low, one.high] for one in answer.together],
        "fixed": dict(asked.factors.fixed), "seeds": len(answer.seeds),
        "notes": [*_seed_notes(asked), *asked.notes, *answer.notes],
        "runs": len(asked.mixtures.made), "is_exact": answer.is_exact,
    }  # fmt: skip
    for run in (asked.a.run, asked.b.run):
        earlier = [
            one["hash"] for one in asked.record.run(run).explanations
            if (one["a"], one["b"], one["metric"]) == (asked.a.run, asked.b.run, asked.metric)
        ]  # fmt: skip
        write(asked.record, run, entries.EXPLAINED, body, over=earlier)
    asked.record.replica.update()
