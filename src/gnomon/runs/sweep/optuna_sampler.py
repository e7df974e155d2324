"""Optuna's TPE as a sampler. The study lives in memory and is built from the record's trials: there is no second database.

Each configuration is drawn by a sampler of its own, whose seed the sweep's seed and the number of the configuration decide. So a
sweep that runs one trial at a time gives the same configurations with and without a resume in between.
Not promised: the same with several at a time, where the order in which they end decides what is known.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gnomon.errors import MissingExtraError
from gnomon.runs.sweep import entries
from gnomon.runs.sweep.samplers import share
from gnomon.runs.sweep.space import Choice
from gnomon.runs.sweep.trials import key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gnomon.runs.sweep.file import Plan
    from gnomon.runs.sweep.space import Dimension
    from gnomon.runs.sweep.trials import Trial


def load_optuna() -> Any:
    """Return Optuna, which says nothing by itself. Raises MissingExtraError."""
    try:
        import optuna
    except ImportError:
        raise MissingExtraError(
            "the sampler `optuna` and its pruners need Optuna, which is not installed",
            hint='pip install "gnomon[sweep]", or `sampler = "random"` and `kind = "median"`, which need nothing',
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


class Tpe:
    """Proposes what promises most, by the trials that have ended."""

    def __init__(
        self, plan: Plan, trials: Sequence[Trial], again: Collection[tuple[int, bytes]] = ()
    ) -> None:
        self._optuna = load_optuna()
        self._plan = plan
        self._study = self._optuna.create_study(
            direction=plan.goal,
            sampler=self._sampler(0),
            storage=None,
            pruner=self._optuna.pruners.NopPruner(),
        )
        self._distributions = {one.name: self._distribution(one) for one in plan.space}
        self._asked: dict[tuple[int, bytes], Any] = {}
        for trial in trials:
            key = key_of(trial.number, trial.params)
            if key in again or trial.status(plan.seeds_or_none) == entries.OPEN:
                self._study.enqueue_trial(dict(trial.params))
                self._asked[key] = self._study.ask(self._distributions)
            else:
                self._study.add_trial(self._frozen(trial))

    def params(self, number: int) -> dict[str, object]:
        """Return the configuration of a number: another one with each call, where trials ended in between."""
        self._study.sampler = self._sampler(number)
        asked = self._study.ask(self._distributions)
        params = {one.name: asked.params[one.name] for one in self._plan.space}
        self._asked[key_of(number, params)] = asked
        return params

    def tell(self, trial: Trial) -> None:
        """Take in what came of a trial."""
        asked = self._asked.pop(key_of(trial.number, trial.params), None)
        if asked is None:
            return
        state, value = self._ending(trial)
        if state == self._optuna.trial.TrialState.PRUNED and value is not None:
            asked.report(value, _step(trial))
        self._study.tell(
            asked, value if state == self._optuna.trial.TrialState.COMPLETE else None, state=state
        )

    def _sampler(self, number: int) -> Any:
        import warnings

        seed = int(share(self._plan.sampler_seed, number, "") * 2**32)
        with warnings.catch_warnings():  # that `constant_liar` is experimental
            warnings.simplefilter("ignore")
            return self._optuna.samplers.TPESampler(seed=seed, constant_liar=self._plan.parallel > 1)

    def _distribution(self, one: Dimension) -> Any:
        distributions = self._optuna.distributions
        if isinstance(one, Choice):
            return distributions.CategoricalDistribution(one.values)
        if one.is_whole:
            return distributions.IntDistribution(int(one.low), int(one.high), log=one.is_log, step=one.step)
        return distributions.FloatDistribution(one.low, one.high, log=one.is_log)

    def _frozen(self, trial: Trial) -> Any:
        state, value = self._ending(trial)
        is_complete = state == self._optuna.trial.TrialState.COMPLETE
        is_pruned = state == self._optuna.trial.TrialState.PRUNED and value is not None
        return self._optuna.trial.create_trial(
            state=state, value=value if is_complete else None, params=dict(trial.params),
            distributions=self._distributions, intermediate_values={_step(trial): value} if is_pruned else None,
        )  # fmt: skip

    def _ending(self, trial: Trial) -> tuple[Any, float | None]:
        """Return what Optuna calls the end of a trial, and the value that it learns from."""
        states, seeds = self._optuna.trial.TrialState, self._plan.seeds_or_none
        value = trial.objective(seeds)
        if value is not None:
            return states.COMPLETE, value
        if trial.status(seeds) == entries.PRUNED:
            values = [
                one.value for one in trial.attempts if one.status == entries.PRUNED and one.value is not None
            ]
            return states.PRUNED, math.fsum(values) / len(values) if values else None
        return states.FAIL, None


def _step(trial: Trial) -> int:
    """Return how far a pruned trial came."""
    return max((one.step or 0 for one in trial.attempts if one.status == entries.PRUNED), default=0)
