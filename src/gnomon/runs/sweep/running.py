"""Doing a sweep: which run comes next, what came of the last one, when to stop.

Always true: every run is written down before it begins and when it has ended, so a sweep that dies at any moment goes on from the
record. What finished is never run again. A run that another process of this machine still runs is waited for.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gnomon.ids import RUN_ID_BYTES
from gnomon.runs.given import Given
from gnomon.runs.sweep import actions, entries
from gnomon.runs.sweep.command import filled, placeholders
from gnomon.runs.sweep.outcome import outcome_of
from gnomon.runs.sweep.pruning import pruner_of
from gnomon.runs.sweep.samplers import sampler_of
from gnomon.runs.sweep.space import nested
from gnomon.runs.sweep.trials import BAD, SETTLED, Attempt, Trial, best_of, key_of
from gnomon.runs.sweep.workers import INTERRUPT, KILL, TERMINATE, Done, Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.runs.sweep.file import Plan
    from gnomon.runs.sweep.trials import Seed
    from gnomon.runs.sweep.views import Sweep
    from gnomon.runs.sweep.workers import Workers
    from gnomon.runs.views import Record
    from gnomon.session import Session

PATIENCE_S = 0.5
PRUNE_EVERY_S = 1.0
LOOK_ABROAD_S = 1.0
_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d+")

DONE, INTERRUPTED, FAILING, NO_EFFECT = "done", "interrupted", "failing", "no effect"


class Listener(Protocol):
    """Hears how a sweep goes."""

    def trial(self, trial: Trial, best: Trial | None) -> None:
        """A trial has ended."""

    def trouble(self, one: Attempt, hint: str | None) -> None:
        """A run ended without a value."""

    def say(self, text: str) -> None:
        """Something else is worth saying."""

    def progress(self, done: int, total: int, going: int) -> None:
        """So many runs are done."""


class Ending(NamedTuple):
    """How a sweep ended: `why` is one of DONE, INTERRUPTED, FAILING, NO_EFFECT; `error` what there is to be shown."""

    why: str
    runs: int  # that ended now
    error: str | None = None
    hint: str | None = None


@dataclass(slots=True)
class _Going:
    trial: Trial
    attempt: Attempt
    is_pruned: bool = False
    last: tuple[int, float] | None = None  # step and value that it was pruned at


class Sweeper:
    """A sweep that is being done. `interrupts` is counted up by a signal handler: once stops, twice kills."""

    def __init__(
        self, record: Record, session: Session, sweep: Sweep, plan: Plan, workers: Workers, listener: Listener, *, cwd: str,
        retry: bool = False,
    ) -> None:  # fmt: skip
        """Prepare to go on with a sweep by this plan. Raises MissingExtraError."""
        self.interrupts = 0
        self.trials = list(sweep.trials)
        self._record = record
        self._session = session
        self._sweep = sweep.id
        self._plan = plan
        self._seeds = plan.seeds_or_none
        self._workers = workers
        self._listener = listener
        self._cwd = cwd
        self._used = {name for word in plan.command for name in placeholders(word)}
        self._going: dict[str, _Going] = {}
        self._abroad: dict[str, tuple[Trial, Seed]] = {}
        self._told: set[tuple[int, bytes]] = set()
        self._failures: list[Attempt] = []
        self._ending: Ending | None = None
        self._ended = 0
        self._has_read = self._is_forced = False
        self._next_prune_s = self._next_look_s = 0.0
        self._best = best_of(self.trials, self._seeds, highest=plan.goal == "maximize")
        self._has_finished = any(one.values(self._seeds) for one in self.trials)
        again = retry or not self._has_finished  # a sweep that stopped on its first error tries again
        self._queue: deque[tuple[Trial, Seed]] = deque()
        reopened: set[tuple[int, bytes]] = set()
        for trial in self.trials:
            open_ = trial.open_seeds(self._seeds, retry=again)
            self._queue += [(trial, seed) for seed in open_]
            key = key_of(trial.number, trial.params)
            (reopened if open_ else self._told).add(key)
        self._done = len(self.trials) * len(self._seeds) - len(self._queue)
        self._sampler = sampler_of(plan, self.trials, reopened)
        self._pruner = pruner_of(plan)

    def go(self) -> Ending:
        """Do all that is to be done. Raises StorageError; then whoever closes the workers stops all runs."""
        self._find_abroad()
        self._take_curves()
        while True:
            if self._ending is None:
                self._fill()
            if not self._going and (self._ending is not None or not self._abroad):
                return self._ending._replace(runs=self._ended) if self._ending else Ending(DONE, self._ended)
            for done in self._workers.wait(PATIENCE_S):
                self._take(done)
            self._hear_signals()
            self._look_abroad()
            self._prune()
            total = max(self._plan.trials, len(self.trials)) * len(self._seeds)
            self._listener.progress(min(self._done, total), total, len(self._going))

    # --- what comes next

    def _fill(self) -> None:
        while len(self._going) < self._plan.parallel and self._ending is None:
            found = self._next()
            if found is None:
                return
            self._start(*found)

    def _next(self) -> tuple[Trial, Seed] | None:
        while True:
            while self._queue:
                trial, seed = self._queue.popleft()
                if entries.PRUNED not in {one.status for one in trial.attempts}:
                    return trial, seed
                self._done += 1
            number = self._free_number()
            if number is None:
                return None
            trial = Trial(number, self._sampler.params(number))
            self.trials.append(trial)
            self._queue += [(trial, seed) for seed in self._seeds]

    def _free_number(self) -> int | None:
        """Return the lowest number that no trial has."""
        taken = {one.number for one in self.trials}
        return next((number for number in range(self._plan.trials) if number not in taken), None)

    def _start(self, trial: Trial, seed: Seed) -> None:
        plan = self._plan
        run = secrets.token_hex(RUN_ID_BYTES)
        one = Attempt(run, trial.number, trial.params, seed, began_us=self._session.time_ns() // 1000)
        one = one._replace(heads=(actions.begin(self._session, self._sweep, one),))
        in_command = {name: value for name, value in trial.params.items() if name in self._used}
        given = Given(
            {name: value for name, value in trial.params.items() if name not in self._used},
            seed if "seed" not in self._used else None,
            trial={"sweep": self._sweep, "number": trial.number},
        )
        label = f"{plan.name} {trial.number}"
        self._going[run] = _Going(trial, one)
        self._workers.start(
            Job(
                run=run, words=filled(plan.command, {**trial.params, **({"seed": seed} if seed is not None else {})}),
                place=self._session.path, cwd=self._cwd, name=label, group=label, params=nested(in_command),
                seed=seed if "seed" in self._used else None, given=given.to_text(), pick=list(plan.pick),
                timeout_s=plan.timeout_s, grace_s=plan.grace_s,
            )
        )  # fmt: skip

    # --- what came of it

    def _take(self, done: Done) -> None:
        going = self._going.pop(done["run"], None)
        if going is None:
            return
        self._ended += 1
        self._record.replica.update()
        one, unread = self._ended_as(going, done)
        actions.end(self._session, self._sweep, one)
        going.trial.attempts.append(one)
        self._done += one.status in SETTLED
        self._has_finished = self._has_finished or one.status == entries.FINISHED
        if self._pruner is not None:
            self._pruner_takes(one)
        if unread and one.status == entries.FAILED:
            self._note_no_effect(one, unread)
        elif one.status in BAD:
            self._listener.trouble(one, done["hint"])
            self._note_failure(one, done)
        for said in (*done["said"], *(f"`{name}` of `pick` was never printed" for name in done["unmatched"])):
            self._listener.say(f"run {one.run[:8]}: {said}")
        if one.status == entries.FINISHED and not self._has_read:
            self._has_read = True
            unread = tuple([name for name in unread if not self._is_read_elsewhere(name)])
            if unread:
                what, hint = _unread_words(one, unread)
                self._listener.say(
                    f"{what} had no effect on the first run: neither in the command nor read by the script; {hint}"
                )
        self._settle(going.trial)

    def _ended_as(self, going: _Going, done: Done) -> tuple[Attempt, tuple[str, ...]]:
        one = going.attempt._replace(duration_s=done["duration_s"])
        stopped, is_fine = done["stopped"], done["exit_code"] == 0
        if done["error"] is not None and stopped is None:
            return one._replace(status=entries.FAILED, why=done["error"]), ()
        if stopped == "timeout" and not is_fine:
            from gnomon.text import duration

            return one._replace(
                status=entries.TIMED_OUT, why=f"longer than {duration(self._plan.timeout_s)}"
            ), ()
        if stopped is not None and going.is_pruned and not is_fine and self._ending is None:
            step, value = going.last or (None, None)
            return one._replace(status=entries.PRUNED, value=value, step=step, why="behind the others"), ()
        if stopped is not None and not is_fine:
            return one._replace(status=entries.STOPPED, why="the sweep was stopped"), ()
        given = [name for name in one.params if name not in self._used]
        if one.seed is not None and "seed" not in self._used:
            given.append("seed")
        found = outcome_of(self._record, one.run, self._plan, tuple(given))
        one = one._replace(status=found.status, value=found.value, step=found.step, why=found.why)
        is_other = bool(found.unread) and (found.is_deaf or all(name in found.unread for name in one.params))
        if found.status == entries.FINISHED and is_other:
            # What it gave is not that of its trial: it is run again once the script is mended.
            names = ", ".join(f"`{name}`" for name in found.unread)
            one = one._replace(
                status=entries.FAILED, value=None,
                why=f"{names} had no effect: neither in the command nor read by the script",
            )  # fmt: skip
            return one, found.unread
        return one, found.unread if found.status == entries.FINISHED else ()

    def _settle(self, trial: Trial) -> None:
        """Tell the sampler and the listener, once a trial has ended."""
        key = key_of(trial.number, trial.params)
        if any(going.trial is trial for going in self._going.values()) or key in self._told:
            return
        status = trial.status(self._seeds)
        if status == entries.OPEN:
            return
        if any(queued is trial for queued, _ in self._queue) and status != entries.PRUNED:
            return  # seeds that failed are run again
        self._told.add(key)
        self._sampler.tell(trial)
        known = [trial] if self._best is None else [self._best, trial]
        self._best = best_of(known, self._seeds, highest=self._plan.goal == "maximize")
        self._listener.trial(trial, self._best)

    def _note_failure(self, one: Attempt, done: Done) -> None:
        """Stop where nothing ever finished and the first runs all failed alike."""
        self._failures.append(one)
        if self._has_finished or self._ending is not None:
            return
        kinds = {_NUMBERS.sub("#", failure.why or "") for failure in self._failures}
        is_hopeless = done["error"] is not None and done["hint"] is not None  # it could not even be started
        if len(kinds) == 1 and (is_hopeless or len(self._failures) >= self._plan.max_failures):
            count = len(self._failures)
            runs = "the first run" if count == 1 else f"the first {count} runs all"
            hint = done["hint"] or (
                f"`gnomon console {one.run[:8]}` shows what it printed; once it is mended, the same command tries again"
            )
            self._stop(Ending(FAILING, self._ended, f"{runs} failed with: {one.why}", hint))

    def _is_read_elsewhere(self, name: str) -> bool:
        """Whether the script's text reads a parameter, so that the first run may only have had no use for it."""
        from gnomon.runs.rebuild.command import script_in
        from gnomon.runs.rebuild.swap import may_read

        script = script_in(self._plan.command)
        if script is None:
            return False
        try:
            with open(os.path.join(self._cwd, script), encoding="utf-8", errors="replace") as file:
                return may_read(file.read(), name)
        except OSError:  # it moved since, or never was a file of this folder
            return False

    def _note_no_effect(self, one: Attempt, unread: tuple[str, ...]) -> None:
        """Stop: nothing that is tried has an effect."""
        if self._ending is None:
            _, hint = _unread_words(one, unread)
            self._stop(Ending(NO_EFFECT, self._ended, f"run {one.run[:8]}: {one.why}", hint))

    # --- stopping

    def _stop(self, ending: Ending) -> None:
        """Begin nothing more, and have what goes on stopped."""
        self._ending = ending
        for run in self._going:
            self._workers.stop(run, INTERRUPT)

    def _hear_signals(self) -> None:
        if self.interrupts and self._ending is None:
            self._stop(Ending(INTERRUPTED, self._ended))
            if self._going:
                self._listener.say(
                    f"stopping {len(self._going)} running {'run' if len(self._going) == 1 else 'runs'}; once more kills them"
                )
        if self.interrupts > 1 and not self._is_forced:
            self._is_forced = True
            for run in self._going:
                self._workers.stop(run, KILL)

    # --- pruning

    def _prune(self) -> None:
        now = time.monotonic()
        if (
            self._pruner is None
            or now < self._next_prune_s
            or not self._workers.is_near
            or self._ending is not None
        ):
            return
        self._next_prune_s = now + PRUNE_EVERY_S
        going = {run: one for run, one in self._going.items() if not one.is_pruned}
        if not going:
            return
        self._record.replica.update()
        for run, steps, values in self._curves(going):
            one = going[run]
            if self._pruner.is_behind(run, one.attempt.seed, steps, values):
                one.is_pruned, one.last = True, (steps[-1], values[-1])
                self._workers.stop(run, TERMINATE)

    def _curves(self, runs: Iterable[str]) -> Iterable[tuple[str, Sequence[int], Sequence[float]]]:
        """Yield (run, steps, values) of those that have logged the metric."""
        from gnomon.runs.many import series_of_many

        index = self._record.replica.index
        known = set(index.ids("run")) if "run" in index.types() else set()
        here = [run for run in runs if run in known]
        for run, found in series_of_many(self._record, here, [self._plan.metric]) if here else ():
            series = found[self._plan.metric]
            if len(series):
                yield run, series.steps(), [float(value) for value in series.values()]

    def _take_curves(self) -> None:
        """Give the pruner the curves of what finished before."""
        if self._pruner is None:
            return
        seeds = {
            one.run: one.seed
            for trial in self.trials
            for one in trial.attempts
            if one.status == entries.FINISHED
        }
        for run, steps, values in self._curves(sorted(seeds)):
            self._pruner.take(run, seeds[run], steps, values)

    def _pruner_takes(self, one: Attempt) -> None:
        assert self._pruner is not None  # the caller asked  # noqa: S101
        if one.status != entries.FINISHED:
            self._pruner.drop(one.run)
            return
        for run, steps, values in self._curves([one.run]):
            self._pruner.take(run, one.seed, steps, values)

    # --- runs that others run

    def _find_abroad(self) -> None:
        """Find runs whose process on this machine lives: of a sweep that was killed, or that goes on beside this one."""
        from gnomon.runs.run_view import RunView

        index = self._record.replica.index
        known = set(index.ids("run")) if "run" in index.types() else set()
        for trial in self.trials:
            for one in trial.attempts:
                if (
                    one.status == entries.OPEN
                    and one.run in known
                    and RunView(self._record, one.run).status == "running"
                ):
                    self._abroad[one.run] = (trial, one.seed)
        if self._abroad:
            taken = {(id(trial), seed) for trial, seed in self._abroad.values()}
            self._queue = deque(one for one in self._queue if (id(one[0]), one[1]) not in taken)
            count = len(self._abroad)
            self._listener.say(
                f"{count} {'run' if count == 1 else 'runs'} of this sweep still {'goes' if count == 1 else 'go'} on in another "
                "process: waited for, not done twice"
            )

    def _look_abroad(self) -> None:
        """See which of these have ended: taken over where they finished or failed, run again where they were cut off."""
        now = time.monotonic()
        if not self._abroad or now < self._next_look_s:
            return
        self._next_look_s = now + LOOK_ABROAD_S
        from gnomon.runs.run_view import RunView

        self._record.replica.update()
        for run, (trial, seed) in list(self._abroad.items()):
            if RunView(self._record, run).status == "running":
                continue
            del self._abroad[run]
            place = next(place for place, one in enumerate(trial.attempts) if one.run == run)
            found = outcome_of(self._record, run, self._plan)
            if found.status in SETTLED:
                self._done += 1
                trial.attempts[place] = trial.attempts[place]._replace(
                    status=found.status, value=found.value, step=found.step, why=found.why
                )
                self._settle(trial)
            else:
                self._queue.append((trial, seed))


def _unread_words(one: Attempt, unread: tuple[str, ...]) -> tuple[str, str]:
    """Return the names of values that had no effect, and what to do."""
    names = ", ".join(f"`{name}`" for name in unread)
    reads = [
        "`run.seed`" if name == "seed" and name not in one.params else f'`run.params["{name}"]`'
        for name in unread[:2]
    ]
    braces = " ".join(f"{{{name}}}" for name in unread)
    return names, f"put {braces} into `command`, or read {' and '.join(reads)} in the script"
