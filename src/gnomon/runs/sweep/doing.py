"""What `gnomon sweep` does from its file to its end: which sweep it goes on with, who runs the runs, signals.

Always true: nothing is written and nothing begun before the file, the sampler and the command are known to be good.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.runs.signals import handled
from gnomon.runs.sweep import actions
from gnomon.runs.sweep.file import Plan
from gnomon.runs.sweep.views import Sweep, checked_plan, resumable, sweep_called, sweeps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from gnomon.runs.sweep.running import Ending, Listener, Sweeper
    from gnomon.runs.sweep.workers import Workers
    from gnomon.runs.views import Record
    from gnomon.session import Session

PLACES = ("here", "ray")


class Asked(NamedTuple):
    """What the command line asks. `resume` names a sweep; `plan` is that of the file, None where only the record has it."""

    plan: Plan | None
    resume: str | None = None
    is_new: bool = False
    retry: bool = False


def known_sweep(record: Record, asked: Asked) -> Sweep | None:
    """Return the sweep of the record that is meant; None where it is a new one. Raises UnknownSubjectError, AmbiguousIdError."""
    if asked.resume is not None:
        return sweep_called(record, asked.resume)
    if asked.is_new or asked.plan is None:
        return None
    return resumable(record, asked.plan)


def plan_to_go_on(sweep: Sweep, asked: Asked) -> Plan:
    """Return the plan of a sweep that goes on without a file. Raises BadArgumentError."""
    return asked.plan if asked.plan is not None else checked_plan(sweep)


def changed_code(record: Record, sweep: Sweep) -> str | None:
    """Return what is said where a sweep goes on with other code than its newest finished run had; None where it does not."""
    from gnomon.runs.capture.code import project_root
    from gnomon.runs.capture.loaded import FilesHere
    from gnomon.runs.sweep import entries

    finished = [one for trial in sweep.trials for one in trial.attempts if one.status == entries.FINISHED]
    if not finished:
        return None
    newest = max(finished, key=lambda one: (one.began_us, one.run))
    files = record.run_of(newest.run).captured.part("loaded").get("files", ())
    root = project_root(os.getcwd())
    here = FilesHere(root) if root is not None else None
    changed = here.changed(files) if here is not None and here.has_any(files) else []
    if not changed:
        return None
    more = f" and {len(changed) - 1:,} more" if len(changed) > 1 else ""
    return (
        f"{changed[0]}{more} changed since run {newest.run[:8]}: its means will be of both codes; "
        "`--new` begins again with this one"
    )


def workers_of(plan: Plan, on: str) -> Workers:
    """Return what runs the runs of a plan. Raises MissingExtraError, StorageError."""
    if on == "ray":
        from gnomon.runs.sweep.on_ray import RayWorkers

        return RayWorkers(plan)
    from gnomon.runs.sweep.warm import Warm

    return Warm()


def begun_or_extended(record: Record, session: Session, sweep: Sweep | None, plan: Plan) -> Sweep:
    """Return the sweep, written down: a new one, or that one with what the plan asks beyond it. Raises BadArgumentError."""
    if sweep is None:
        made = actions.make(session, plan)
        return next(one for one in sweeps(record) if one.id == made)
    actions.extend(session, sweep, plan)
    return sweep


@contextlib.contextmanager
def alone(record: Record, sweep: Sweep | None) -> Iterator[None]:
    """Hold a sweep for a block, so that no other process of this machine does the same runs. Raises BadArgumentError.

    `sweep` is None where it does not exist yet. Where no folder of the cache can be written, nothing is held.
    """
    from gnomon.record.index_place import place_for

    home = record.home
    place = place_for(home, home.env)
    if sweep is None or place is None:
        yield
        return
    with home.env.held_lock(os.path.join(place.folder, f"sweep-{sweep.id}.lock")) as is_ours:
        if not is_ours:
            raise BadArgumentError(
                f"another `gnomon sweep` of this machine goes on with sweep `{sweep.id[:8]}` ({sweep.name})",
                hint="`gnomon sweeps` shows how far it is; stop it to go on here, or give more `--parallel` when it begins",
            )
        yield


def do(
    record: Record,
    session: Session,
    sweep: Sweep,
    plan: Plan,
    workers: Workers,
    listener: Listener,
    *,
    retry: bool,
) -> tuple[Ending, Sweeper]:
    """Do a sweep to its end, or until a signal comes. Raises MissingExtraError, StorageError."""
    from gnomon.runs.sweep.running import Sweeper

    try:
        workers.bind(record)
        with alone(record, sweep):
            sweeper = Sweeper(record, session, sweep, plan, workers, listener, cwd=os.getcwd(), retry=retry)
            with _counted_signals(sweeper):
                return sweeper.go(), sweeper
    finally:
        workers.close()
        if not session.sync():
            listener.say(f"`{session.path}` could not be brought to the disk")


def _counted_signals(sweeper: Sweeper) -> contextlib.AbstractContextManager[None]:
    """Have Ctrl-C and the like stop the sweep in good order."""

    def count(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the shape of every handler
        sweeper.interrupts += 1

    return handled(count, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def checked_place(on: str) -> str:
    """Return where runs are to run. Raises BadArgumentError."""
    if on not in PLACES:
        raise BadArgumentError(f"`--on` must be `here` or `ray`; got `{on}`")
    return on
