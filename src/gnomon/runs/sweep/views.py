"""What a person asks about sweeps: all of them, one with its trials, and which trial is best, as far as its seeds can tell.

Always true: only columns of the index are read, but for runs that began and have not ended; a trial is called better than another
only where `groups.judge` says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.ids import is_hex
from gnomon.runs.sweep import entries
from gnomon.runs.sweep.file import Plan, plan_of
from gnomon.runs.sweep.trials import Attempt, Trial, best_of, trials_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.runs.groups.judge import Judgement
    from gnomon.runs.views import Record

TYPE, RUN_TYPE = "sweep", "trial"
_FEWEST_DIGITS = 4
_CELLS = ("number", "params", "seed", "status", "value", "step", "why", "duration_s", "began_us")


@dataclass(frozen=True)
class Sweep:
    """A sweep of the record. `trials` are read when they are asked for; runs that have ended unseen count as they ended."""

    record: Record
    id: str
    name: str
    file: dict[str, Any]
    author: str | None
    created: float  # seconds since 1970 UTC
    heads: tuple[str, ...]

    @cached_property
    def plan(self) -> Plan:
        """What it does. Raises BadArgumentError where another version of Gnomon wrote a file that this one cannot read."""
        return plan_of(self.file, f"the sweep {self.id[:8]}")

    @cached_property
    def trials(self) -> list[Trial]:
        """What was tried, by number."""
        return trials_of(settled(self.record, attempts_of(self.record, self.id), self.plan))

    @property
    def best(self) -> Trial | None:
        """The trial with the best mean; whether it is better than others, `judgement` says."""
        return best_of(self.trials, self.plan.seeds_or_none, highest=self.plan.goal == "maximize")

    @property
    def judgement(self) -> Judgement | None:
        """What may be said of the trials that finished; None where there is none."""
        return judged(self.trials, self.plan)

    @cached_property
    def is_seed_unread(self) -> bool:
        """Whether its script reads no seed, as far as its latest run says."""
        return is_seed_unread(self.record, self.trials, self.plan)

    @property
    def sentence(self) -> str:
        """Which trial has the best mean, and whether that means anything, in a sentence or two."""
        return sentence_of(self.trials, self.plan, self.judgement, is_seed_unread=self.is_seed_unread)

    @property
    def finished(self) -> int:
        """How many trials have ended, one way or another."""
        return sum(one.status(self.plan.seeds_or_none) != entries.OPEN for one in self.trials)

    @property
    def where(self) -> str:
        """The filter for its runs."""
        return f"sweep = '{self.id}'"

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as `gnomon sweeps show --json` prints them."""
        from gnomon.runs.table import iso_time

        plan, judgement = self.plan, self.judgement
        best = self.best
        return {
            "id": self.id, "name": self.name, "author": self.author, "created": iso_time(self.created), "file": self.file,
            "trials_planned": plan.trials, "trials_ended": self.finished,
            "best": best.label if best is not None else None,
            "sentence": self.sentence,
            "cannot_be_told_from_best": list(judgement.undecided) if judgement is not None else [],
            "trials": [trial_dict(one, plan) for one in self.trials],
        }  # fmt: skip


def trial_dict(trial: Trial, plan: Plan) -> dict[str, object]:
    """Return a trial as plain values."""
    seeds = plan.seeds_or_none
    return {
        "trial": trial.label, "params": dict(trial.params), "status": trial.status(seeds), "mean": trial.objective(seeds),
        "runs": [
            {key: getattr(one, key) for key in ("run", "seed", "status", "value", "step", "why", "duration_s")}
            for one in sorted(trial.attempts, key=lambda one: (one.began_us, one.run))
        ],
    }  # fmt: skip


def sweeps(record: Record) -> list[Sweep]:
    """Return the sweeps of a record, the newest first."""
    record.follow()
    index = record.replica.index
    if TYPE not in index.types():
        return []
    table = index.columns(TYPE, ["", "name"])
    found = []
    for sweep, name in zip(table[""], table["name"], strict=True):
        state: Any = index.state(TYPE, str(sweep)) if name is not None else None
        if isinstance(state, dict) and state["file"] is not None:
            one = Sweep(
                record, str(sweep), state["name"], state["file"], state["author"], state["created_us"] / 1e6,
                tuple(state["heads"]),
            )  # fmt: skip
            found.append(one)
    return sorted(found, key=lambda one: (-one.created, one.id))


def sweep_called(record: Record, word: str) -> Sweep:
    """Return the sweep whose id begins so, or the newest that is called so. Raises UnknownSubjectError, AmbiguousIdError."""
    every = sweeps(record)
    if len(word) >= _FEWEST_DIGITS and is_hex(word):
        found = [one for one in every if one.id.startswith(word)]
        if len(found) > 1:
            ids = ", ".join(f"`{one.id}`" for one in found[:5])
            raise AmbiguousIdError(
                f"`{word}` begins the ids of {len(found)} sweeps: {ids}", hint="write more of it"
            )
        if found:
            return found[0]
    named = [one for one in every if one.name == word.strip()]
    if named:
        return named[0]
    near = get_close_matches(word, [one.name for one in every], n=3)
    meant = f"did you mean {' or '.join(f'`{name}`' for name in near)}? " if near else ""
    raise UnknownSubjectError(f"there is no sweep `{word}`", hint=f"{meant}`gnomon sweeps` lists them")


def attempts_of(record: Record, sweep: str) -> list[Attempt]:
    """Return the runs of a sweep as `trial:…` says them; the record must have been followed."""
    index = record.replica.index
    if RUN_TYPE not in index.types():
        return []
    mine = index.columns(RUN_TYPE, ["sweep"])["sweep"]
    places = [place for place, one in enumerate(mine) if one == sweep]
    cells = index.columns(RUN_TYPE, ["", *_CELLS], places)
    rows = zip(*(cells[key] for key in ("", *_CELLS)), strict=True)
    return [_attempt(row) for row in rows]


def _attempt(row: tuple[Any, ...]) -> Attempt:
    run, number, params, seed, status, value, step, why, duration_s, began_us = row
    return Attempt(
        str(run),
        number or 0,
        json.loads(params or "{}"),
        seed,
        status or entries.OPEN,
        value,
        step,
        why,
        duration_s,
        began_us or 0,
    )


def settled(record: Record, attempts: Iterable[Attempt], plan: Plan) -> list[Attempt]:
    """Return these runs; of those whose end nobody wrote down, but which have finished or failed, how they ended."""
    from gnomon.runs.sweep.outcome import outcome_of

    found = list(attempts)
    if all(one.status != entries.OPEN for one in found):
        return found
    known = set(record.replica.index.ids("run")) if "run" in record.replica.index.types() else set()
    for place, one in enumerate(found):
        if one.status == entries.OPEN and one.run in known and is_over(record, one.run):
            outcome = outcome_of(record, one.run, plan)
            found[place] = one._replace(
                status=outcome.status, value=outcome.value, step=outcome.step, why=outcome.why
            )
    return found


def is_over(record: Record, run: str) -> bool:
    """Return whether a run ended by itself: 'finished', 'failed' or 'stopped'."""
    from gnomon.runs.run_view import RunView

    return RunView(record, run).status in ("finished", "failed", "stopped")


def judged(trials: Iterable[Trial], plan: Plan) -> Judgement | None:
    """Return what may be said of trials by their seeds; None where none has a value."""
    from gnomon.runs.groups.judge import Sample, judge

    samples = []
    for one in trials:
        if one.objective(plan.seeds_or_none) is not None:
            values = one.values(plan.seeds_or_none)
            samples.append(
                Sample(one.label, tuple([value for _, value in values]), tuple([seed for seed, _ in values]))
            )
    if not samples:
        return None
    better: Literal["higher", "lower"] = "higher" if plan.goal == "maximize" else "lower"
    return judge(samples, better=better)


def is_seed_unread(record: Record, trials: Iterable[Trial], plan: Plan) -> bool:
    """Return whether the latest run that finished was given a seed that its script never read."""
    from gnomon.runs.run_view import RunView

    done = [one for trial in trials for one in trial.attempts if one.status == entries.FINISHED]
    if not plan.seeds or not done:
        return False
    latest = max(done, key=lambda one: (one.began_us, one.run))
    return "seed" in RunView(record, latest.run).unread


def sentence_of(
    trials: list[Trial], plan: Plan, judgement: Judgement | None, *, is_seed_unread: bool = False
) -> str:
    """Return which trial has the best mean, and whether that means anything, in a sentence or two."""
    from gnomon.runs.sweep.words import best_words

    return best_words(trials, plan, judgement, is_seed_unread=is_seed_unread)


def resumable(record: Record, plan: Plan) -> Sweep | None:
    """Return the newest sweep that is called as this plan is; None where there is none."""
    return next((one for one in sweeps(record) if one.name == plan.name), None)


def checked_plan(sweep: Sweep) -> Plan:
    """Return the plan of a sweep that is to go on without its file. Raises BadArgumentError where it lacks a secret."""
    if any("[withheld:" in word for word in sweep.plan.command):
        raise BadArgumentError(
            f"the command of the sweep {sweep.id[:8]} holds a secret, which the record does not have",
            hint="go on with its file: `gnomon sweep sweep.toml`",
        )
    return sweep.plan
