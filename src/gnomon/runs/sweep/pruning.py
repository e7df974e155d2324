"""Which runs are behind, by their curves so far: the median rule, or Optuna's pruners.

Always true: a curve is compared with curves of the same seed only, so that a lucky seed is no reason to stop another one; with
fewer than `trials` finished curves of it nothing is stopped.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.sweep.file import Plan, Pruning
    from gnomon.runs.sweep.trials import Seed

    Curve = tuple[Sequence[int], Sequence[float]]  # steps, ascending, and values


class Pruner(Protocol):
    """Says who is behind."""

    def take(self, run: str, seed: Seed, steps: Sequence[int], values: Sequence[float]) -> None:
        """Take in the curve of a run that finished."""

    def drop(self, run: str) -> None:
        """Forget a run that ended otherwise."""

    def is_behind(self, run: str, seed: Seed, steps: Sequence[int], values: Sequence[float]) -> bool:
        """Return whether a run that goes on should be stopped."""


class Median:
    """Behind is whose best value so far is worse than the median of what the others had at the same step."""

    def __init__(self, rule: Pruning, *, highest: bool) -> None:
        self._rule = rule
        self._highest = highest
        self._curves: dict[Seed, dict[str, Curve]] = {}

    def take(self, run: str, seed: Seed, steps: Sequence[int], values: Sequence[float]) -> None:
        """Take in the curve of a run that finished."""
        if len(steps):
            self._curves.setdefault(seed, {})[run] = (steps, values)

    def drop(self, run: str) -> None:
        """Nothing is kept of a run that goes on."""

    def is_behind(self, run: str, seed: Seed, steps: Sequence[int], values: Sequence[float]) -> bool:
        """Return whether a run that goes on should be stopped.

        >>> from gnomon.runs.sweep.file import Pruning
        >>> rule = Median(Pruning("median", after=2, trials=1), highest=True)
        >>> rule.take("a", 1, [0, 1, 2], [0.5, 0.6, 0.7])
        >>> rule.is_behind("b", 1, [0, 1], [0.1, 0.2]), rule.is_behind("b", 2, [0, 1], [0.1, 0.2])
        (True, False)
        """
        if len(values) < self._rule.after:
            return False
        at = steps[-1]
        others = [
            value
            for other, (theirs, curve) in self._curves.get(seed, {}).items()
            if other != run and theirs[-1] >= at and (place := bisect_right(theirs, at))
            if math.isfinite(value := curve[place - 1])
        ]
        if len(others) < self._rule.trials:
            return False
        finite = [value for value in values if math.isfinite(value)]
        if not finite:
            return True
        middle = median(others)
        return max(finite) < middle if self._highest else min(finite) > middle


class OptunaPruner:
    """Optuna's pruners, one study for each seed; they know curves and no parameters, and are kept nowhere."""

    def __init__(self, plan: Plan, rule: Pruning) -> None:
        from gnomon.runs.sweep.optuna_sampler import load_optuna

        self._optuna = load_optuna()
        self._plan = plan
        self._rule = rule
        self._studies: dict[Seed, Any] = {}
        self._finished: dict[Seed, int] = {}
        self._asked: dict[str, tuple[Any, Any, int]] = {}  # study, trial, values reported

    def take(self, run: str, seed: Seed, steps: Sequence[int], values: Sequence[float]) -> None:
        """Take in the curve of a run that finished."""
        finite = {
            max(step, 0): value for step, value in zip(steps, values, strict=True) if math.isfinite(value)
        }
        if not finite:
            self.drop(run)
            return
        self._finished[seed] = self._finished.get(seed, 0) + 1
        study, trial, reported = self._asked.pop(run, None) or (self._study(seed), None, 0)
        if trial is None:  # from the record: lived through again, since a pruner notes how far each came
            trial = study.ask()
            for upto in _some(len(steps)):
                self._report(trial, steps[:upto], values, reported)
                trial.should_prune()
                reported = upto
        self._report(trial, steps, values, reported)
        study.tell(trial, [*finite.values()][-1])

    def drop(self, run: str) -> None:
        """Forget a run that ended otherwise."""
        asked = self._asked.pop(run, None)
        if asked is not None:
            study, trial, _ = asked
            study.tell(trial, state=self._optuna.trial.TrialState.FAIL)

    def is_behind(self, run: str, seed: Seed, steps: Sequence[int], values: Sequence[float]) -> bool:
        """Return whether a run that goes on should be stopped."""
        if run not in self._asked:
            study = self._study(seed)
            self._asked[run] = (study, study.ask(), 0)
        study, trial, reported = self._asked[run]
        self._report(trial, steps, values, reported)
        self._asked[run] = (study, trial, len(values))
        is_behind = bool(trial.should_prune())  # asked in any case: it notes how far each came
        return (
            is_behind and len(values) >= self._rule.after and self._finished.get(seed, 0) >= self._rule.trials
        )

    def _report(self, trial: Any, steps: Sequence[int], values: Sequence[float], reported: int) -> None:
        import warnings

        with warnings.catch_warnings():  # of a step that was reported before
            warnings.simplefilter("ignore")
            for step, value in zip(steps[reported:], values[reported : len(steps)], strict=True):
                trial.report(float(value), max(step, 0))

    def _study(self, seed: Seed) -> Any:
        if seed not in self._studies:
            import warnings

            pruners = self._optuna.pruners
            with warnings.catch_warnings():  # that Hyperband is experimental, where it is
                warnings.simplefilter("ignore")
                if self._rule.kind == "halving":
                    pruner = pruners.SuccessiveHalvingPruner(min_resource=self._rule.after)
                else:
                    pruner = pruners.HyperbandPruner(min_resource=self._rule.after)
            self._studies[seed] = self._optuna.create_study(
                direction=self._plan.goal,
                pruner=pruner,
                sampler=self._optuna.samplers.RandomSampler(0),
                study_name=f"seed {seed}",  # Hyperband's brackets depend on it
            )
        return self._studies[seed]


def _some(count: int) -> list[int]:
    """Return numbers up to `count`, all of the first and fewer and fewer later on.

    >>> _some(5), len(_some(100_000)) < 500
    ([1, 2, 3, 4, 5], True)
    """
    found, at = [], 1
    while at <= count:
        found.append(at)
        at += max(at // 32, 1)
    return found


def pruner_of(plan: Plan) -> Pruner | None:
    """Return what prunes the runs of a plan. Raises MissingExtraError."""
    rule = plan.pruning
    if rule is None:
        return None
    if rule.kind == "median":
        return Median(rule, highest=plan.goal == "maximize")
    return OptunaPruner(plan, rule)
