"""A sweep as Python and the pages see it: how far it is, what came of each configuration, and what may be said of the best one.

Always true: a trial is called better or worse than another only where `groups.judge` says so; what can still come is no claim.
"""

from __future__ import annotations

import statistics
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.liveness import RUNNING, UNKNOWN, liveness
from gnomon.runs.sweep import entries
from gnomon.runs.sweep.views import RUN_TYPE, TYPE
from gnomon.runs.sweep.words import number_words, params_words, why_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gnomon.runs.groups.judge import Judgement
    from gnomon.runs.sweep.file import Plan
    from gnomon.runs.sweep.trials import Attempt, Trial
    from gnomon.runs.sweep.views import Sweep

FINISHED, STOPPED = "finished", "stopped"
BEST, WORSE, CANNOT_TELL = "best", "worse", "cannot tell"


class TrialView(NamedTuple):
    """One configuration of a sweep, and what came of it.

    `mean` is that over its seeds, None while it has none; `low` and `high` are the 95 % interval of that mean, None with fewer
    than two seeds. `status` is 'finished', 'open', 'pruned' or 'failed', and `why` says the last two in words. `done` of its
    `seeds` finished. `standing` is 'best' (it has the best mean), 'worse' (than that one, beyond noise), 'cannot tell', or empty.
    """

    name: str
    number: int
    params: Mapping[str, object]
    status: str
    mean: float | None
    low: float | None
    high: float | None
    done: int
    seeds: int
    why: str
    standing: str
    runs: tuple[Attempt, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        found = {**self._asdict(), "params": dict(self.params)}
        return {**found, "runs": [_run_dict(one) for one in self.runs]}


class SweepView:
    """A sweep of a record. Get it as `record.sweep("name")`; what came of it is read when it is asked for.

    Where another version of Gnomon wrote a file that this one cannot read, all but `id`, `name`, `author`, `created`, `where` and
    `file` raise BadArgumentError.
    """

    def __init__(self, of: Sweep) -> None:
        self._of = of
        self.id = of.id
        self.name = of.name
        self.file = of.file
        self.author = of.author
        self.created = of.created
        self.where = of.where

    def __repr__(self) -> str:
        from gnomon.runs.display.shorten import words

        return f"<SweepView {self.id[:8]} {words(self.name, 80)} {self.done:,} of {self.planned:,} runs>"

    def _repr_html_(self) -> str:
        from gnomon.runs.display.sweep import sweep_html

        return sweep_html(self)

    # --- what it was asked to do

    @property
    def plan(self) -> Plan:
        """What its file says, read and checked."""
        return self._of.plan

    @property
    def command(self) -> list[str]:
        """The words of the command, with `{name}` where a value goes."""
        return list(self._of.plan.command)

    @property
    def metric(self) -> str:
        """The metric that it is about."""
        return self._of.plan.metric

    @property
    def goal(self) -> str:
        """'maximize' or 'minimize'."""
        return self._of.plan.goal

    @property
    def at(self) -> str:
        """Which value of the metric counts: 'last' or 'best'."""
        return self._of.plan.at

    @property
    def sampler(self) -> str:
        """'grid', 'random' or 'optuna'."""
        return self._of.plan.sampler

    @property
    def seeds(self) -> list[int]:
        """The seeds of each trial; none where each has one run without a seed."""
        return list(self._of.plan.seeds)

    # --- how far it is

    @property
    def planned_trials(self) -> int:
        """How many configurations it is to try."""
        return max(self._of.plan.trials, len(self._of.trials))

    @property
    def ended_trials(self) -> int:
        """How many of them have ended, one way or another."""
        return self._of.finished

    @property
    def planned(self) -> int:
        """How many runs all of it is: trials × seeds."""
        return self.planned_trials * len(self._of.plan.seeds_or_none)

    @cached_property
    def done(self) -> int:
        """How many of these runs need not be made any more: they ended, or their trial was pruned."""
        seeds = self._of.plan.seeds_or_none
        left = sum(len(one.open_seeds(seeds)) for one in self._of.trials)
        return len(self._of.trials) * len(seeds) - left

    @cached_property
    def state(self) -> str:
        """'finished', 'running', 'stopped' (the same command goes on), or 'unknown' where nobody here can tell."""
        if self.done >= self.planned:
            return FINISHED
        found = [self._liveness(*one) for one in self._writers()]
        return RUNNING if RUNNING in found else UNKNOWN if found[-1:] == [UNKNOWN] else STOPPED

    def _writers(self) -> list[tuple[str, str]]:
        """Return (writer, log) of those who have this sweep in hand, as far as anybody can know: the latest last."""
        attempts = sorted(self._attempts(), key=lambda one: (one.began_us, one.run))
        open_ = [one for one in attempts[:-1] if one.status == entries.OPEN]
        subjects = [(TYPE, self.id), *((RUN_TYPE, one.run) for one in [*open_, *attempts[-1:]])]
        index = self._of.record.replica.index
        every = [
            (one.writer, one.log)
            for subject in subjects
            for one in sorted(index.live(*subject), key=lambda one: one.time_us)
        ]
        return list(dict.fromkeys(reversed(every)))[::-1]

    def _liveness(self, writer: str, log: str) -> str:
        return liveness(self._of.record.home, writer, log)

    def _attempts(self) -> Iterator[Attempt]:
        for trial in self._of.trials:
            yield from trial.attempts

    @property
    def left_s(self) -> float | None:
        """About how long the rest takes, by the median of the runs that finished; None while nobody can tell."""
        took = [
            one.duration_s
            for one in self._attempts()
            if one.status == entries.FINISHED and one.duration_s is not None
        ]
        left = self.planned - self.done
        return statistics.median(took) * left / self._of.plan.parallel if took and left else None

    # --- what came of it

    @cached_property
    def _judgement(self) -> Judgement | None:
        return self._of.judgement

    @cached_property
    def trials(self) -> list[TrialView]:
        """What was tried so far, by number."""
        judgement, best = self._judgement, self._of.best
        standings = {one.name: one for one in judgement.standings} if judgement is not None else {}
        seeds = self._of.plan.seeds_or_none
        found = []
        for trial in self._of.trials:
            one = standings.get(trial.label)
            mean, low, high = (one.mean, one.low, one.high) if one is not None else (None, None, None)
            standing = _standing(trial, best, judgement) if one is not None else ""
            runs = tuple(sorted(trial.attempts, key=lambda each: (each.began_us, each.run)))
            found.append(
                TrialView(
                    trial.label, trial.number, trial.params, trial.status(seeds), mean, low, high, len(trial.values(seeds)),
                    len(seeds), why_words(trial, self._of.plan), standing, runs,
                )
            )  # fmt: skip
        return found

    @property
    def best(self) -> TrialView | None:
        """The trial with the best mean, None where none has finished. `sentence` says whether it is better than others."""
        return next((one for one in self.trials if one.standing == BEST), None)

    @property
    def sentence(self) -> str:
        """Which trial has the best mean, and whether the noise between seeds could explain it."""
        return self._of.sentence

    @property
    def is_best_told(self) -> bool:
        """Whether the best trial is better than every other one that finished, beyond the noise between seeds."""
        judgement, best = self._judgement, self._of.best
        if judgement is None or best is None or len(judgement.standings) < 2:
            return False
        return judgement.reference == best.label and not judgement.undecided and not judgement.unjudged

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        from gnomon.runs.table import iso_time

        best = self.best
        return {
            "id": self.id, "name": self.name, "author": self.author, "created": iso_time(self.created), "state": self.state,
            "metric": self.metric, "goal": self.goal, "file": self.file, "trials_planned": self.planned_trials,
            "trials_ended": self.ended_trials, "runs_planned": self.planned, "runs_done": self.done,
            "best": best.name if best is not None else None, "is_best_told": self.is_best_told, "sentence": self.sentence,
            "trials": [one.to_dict() for one in self.trials],
        }  # fmt: skip


def best_so_far(view: SweepView) -> str:
    """Return the trial with the best mean in few words: for a list, where no claim has room."""
    best = view.best
    if best is None or best.mean is None:
        return ""
    return f"{number_words(best.mean, best.low, best.high)} ({params_words(best.params)})"


def _standing(trial: Trial, best: Trial | None, judgement: Judgement | None) -> str:
    """Return how a trial that has a mean stands to the one with the best mean."""
    if judgement is None or best is None:
        return ""
    if trial is best:
        return BEST
    if judgement.reference != best.label or trial.label in {*judgement.undecided, *judgement.unjudged}:
        return CANNOT_TELL
    return WORSE


def _run_dict(one: Attempt) -> dict[str, object]:
    return {key: getattr(one, key) for key in ("run", "seed", "status", "value", "step", "why", "duration_s")}
