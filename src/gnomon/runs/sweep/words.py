"""How sweeps are put into words. Always true: no trial is called better that `groups.judge` does not call so."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.groups.judge import NO_SPREAD, SAME
from gnomon.runs.sweep import entries
from gnomon.runs.sweep.trials import BAD, best_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.groups.judge import Judgement, Standing
    from gnomon.runs.sweep.file import Plan
    from gnomon.runs.sweep.trials import Attempt, Trial

_SHOWN = 3
MOST_DIGITS = 8  # behind the point


def params_words(params: Mapping[str, object]) -> str:
    """Return a configuration on one line.

    >>> params_words({"lr": 0.1, "depth": 4})
    'lr=0.1 depth=4'
    """
    return " ".join(f"{text.clean(name)}={text.any_value(value)}" for name, value in params.items())


def seeds_words(trial: Trial, plan: Plan) -> str:
    """Return on which seeds the mean of a trial stands, and which failed."""
    if not plan.seeds:
        return ""
    values = trial.values(plan.seeds)
    bad = [seed for seed in plan.seeds if trial.status_of(seed) in (entries.FAILED, entries.TIMED_OUT)]
    failed = f", {'seed' if len(bad) == 1 else 'seeds'} {', '.join(map(str, bad))} failed" if bad else ""
    return f" ({text.count(len(values), 'seed')}{failed})"


def trial_words(trial: Trial, plan: Plan) -> str:
    """Return what came of a trial: `auc 0.91 (3 seeds)`."""
    seeds = plan.seeds_or_none
    value = trial.objective(seeds)
    if value is not None:
        return f"{plan.metric} {text.number(value)}{seeds_words(trial, plan)}"
    status = trial.status(seeds)
    if status == entries.OPEN:
        return f"open: {text.count(len(trial.open_seeds(seeds)), 'run')} to go"
    why = why_words(trial, plan)
    if status == entries.PRUNED:
        return f"pruned {why}".rstrip()
    return f"failed: {why}"


def why_words(trial: Trial, plan: Plan) -> str:
    """Return where a trial was pruned, or why it failed; nothing for another one."""
    seeds = plan.seeds_or_none
    status = trial.status(seeds)
    if status == entries.PRUNED:
        last = next(one for one in trial.attempts if one.status == entries.PRUNED)
        if last.value is None:
            return ""
        at = f"at step {last.step}, " if last.step is not None else ""
        return f"{at}{plan.metric} {text.number(last.value)}"
    if status != entries.FAILED:
        return ""
    why = next((one.why for one in trial.attempts if one.why and one.status in BAD), None)
    done = trial.values(seeds)
    if done:
        few = f"only {len(done)} of {len(seeds)} seeds finished"
        return f"{few}: {text.clean(why)}" if why else few
    return text.clean(why or "no seed finished")


def run_words(one: Attempt) -> str:
    """Return why a run counts for nothing."""
    seed = f" seed {one.seed}" if one.seed is not None else ""
    return f"trial {one.number}{seed} {one.status}: {text.clean(one.why or 'nobody knows why')} (run {one.run[:8]})"


def best_words(
    trials: Sequence[Trial], plan: Plan, judgement: Judgement | None, *, is_seed_unread: bool = False
) -> str:
    """Return which trial has the best mean, and whether others could be as good, in a sentence or two.

    `is_seed_unread`: the script read no seed, so that further ones would be the same run again.
    """
    best = best_of(trials, plan.seeds_or_none, highest=plan.goal == "maximize")
    if best is None or judgement is None:
        return "no trial has finished"
    standing = next(one for one in judgement.standings if one.name == best.label)
    head = f"best mean: trial {best.label} ({params_words(best.params)}), {plan.metric} {standing_words(standing)}"
    rest = len(judgement.standings) - 1
    if rest == 0:
        return f"{head}; it is the only one that finished"
    if standing.n < 2:
        return f"{head}; one seed says nothing about its own noise, so whether it is better than others cannot be told"
    if judgement.winner == best.label and not judgement.unjudged:
        return (
            f"{head}; better than each of the {rest:,} others"
            if rest > 1
            else f"{head}; better than the other one"
        )
    if judgement.reference != best.label:
        return f"{head}; some of its seeds failed, so it is not called better than the others"
    same = [*judgement.undecided, *judgement.unjudged]
    if not same:
        return f"{head}; better than each of the {rest:,} others"
    named = ", ".join(same[:_SHOWN]) + (", …" if len(same) > _SHOWN else "")
    which = "trial" if len(same) == 1 else "trials"
    of = f"{len(same):,} of the {rest:,} others ({which} {named})"
    return (
        f"{head}; cannot be told from {of}: {_why_not_told(judgement, same, is_seed_unread=is_seed_unread)}"
    )


def _why_not_told(judgement: Judgement, same: Sequence[str], *, is_seed_unread: bool) -> str:
    """Return why the best mean cannot be told from these: noise is a reason only where there is some."""
    reasons = {one.why for one in judgement.comparisons if one.name in same}
    if reasons == {SAME}:
        return SAME
    if reasons and reasons <= {SAME, NO_SPREAD} and not judgement.unjudged:
        if is_seed_unread:
            return "no spread at all between seeds, and nothing read the seed: further seeds tell nothing"
        return NO_SPREAD
    return "the noise between seeds could explain it"


def number_words(mean: float | None, low: float | None, high: float | None) -> str:
    """Return a mean with its interval, so that nobody takes it for the spread that ± means elsewhere; nothing for none.

    >>> number_words(0.912, 0.908, 0.916), number_words(0.5, None, None)
    ('0.9120 [0.9080, 0.9160]', '0.5')
    """
    if mean is None:
        return ""
    if low is None or high is None:
        return text.number(mean)
    half = (high - low) / 2
    digits = 1 - math.floor(math.log10(half)) if half and math.isfinite(half) else -1
    if 0 <= digits <= MOST_DIGITS:  # the interval makes further ones idle
        return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
    return f"{text.number(mean)} [{text.number(low)}, {text.number(high)}]"


def standing_words(standing: Standing) -> str:
    """Return a mean with its interval: `0.912 [0.908, 0.916] (3 seeds)`."""
    assert standing.mean is not None  # it has a value  # noqa: S101
    noun = "run" if standing.low is None or standing.high is None else "seed"
    return f"{number_words(standing.mean, standing.low, standing.high)} ({text.count(standing.n, noun)})"
