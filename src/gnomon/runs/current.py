"""Which run is current here: in this thread, in this asynchronous task, or else in this process."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from gnomon.errors import UsageError

if TYPE_CHECKING:
    from gnomon.runs.run import Run

_current: ContextVar[Run | None] = ContextVar("gnomon_current_run", default=None)
_open: list[Run] = []


def current_run() -> Run:
    """Return the run that is current here: the innermost of this thread or task, else the only open one.

    Raises UsageError where there is none, or where several are open and this thread or task chose none.
    """
    run = _current.get()
    if run is not None and not run.is_ended:
        return run
    if len(_open) == 1:
        return _open[0]
    if not _open:
        raise UsageError("no run is open here", hint='open one: `with gnomon.run("name") as run:`')
    names = ", ".join(run.id[:8] for run in _open[-5:])
    raise UsageError(
        f"{len(_open)} runs are open in this process ({names}) and none is current in this thread or task",
        hint="call `run.log(...)` on the run that you mean, or open it with `with` in this thread",
    )


def innermost() -> Run | None:
    """Return the run whose `with` block we are in, if any."""
    run = _current.get()
    return run if run is not None and run.is_entered and not run.is_ended else None


def opened(run: Run) -> None:
    """Make a run current here."""
    _open.append(run)
    _current.set(run)


def ended(run: Run, before: Run | None) -> None:
    """Take a run back; the one that was current before it is current again."""
    if run in _open:
        _open.remove(run)
    if _current.get() is run:
        _current.set(before if before is not None and not before.is_ended else None)


def before_this() -> Run | None:
    """Return what is current now, to come back to."""
    return _current.get()
