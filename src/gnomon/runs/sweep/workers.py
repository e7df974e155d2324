"""What runs the runs of a sweep: processes of this machine (`warm`), or a Ray cluster (`on_ray`).

A job says all that one run needs, in plain values, so that it can go to another process or machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record

INTERRUPT, TERMINATE, KILL = "interrupt", "terminate", "kill"
"""How a run is stopped: asked, with more force after each `grace_s`, or at once."""


class Job(TypedDict):
    """One run to do."""

    run: str  # its id
    words: list[str]  # of the command
    place: str  # the record
    cwd: str
    name: str
    group: str
    params: dict[str, Any]  # that stand in the command
    seed: int | None  # where it stands in the command
    given: str  # the value of GNOMON_GIVEN
    pick: list[str]
    timeout_s: float | None
    grace_s: float


class Done(TypedDict):
    """What became of a job. `error` and `hint` are there where nothing was run."""

    run: str
    exit_code: int | None
    duration_s: float
    stopped: str | None  # 'timeout', or how it was asked to stop
    error: str | None
    hint: str | None
    unmatched: list[str]  # what was to be picked and was never printed
    said: list[str]  # warnings about recording


class Workers(Protocol):
    """Runs jobs."""

    is_near: bool  # the points of a run can be read while it goes on

    def bind(self, record: Record) -> None:
        """Have what comes from elsewhere taken into this record; called before the first job."""

    def start(self, job: Job) -> None:
        """Begin a job."""

    def stop(self, run: str, how: str) -> None:
        """Have a run stopped, with more force after each grace time; asked again with more force, at once."""

    def wait(self, timeout_s: float) -> Sequence[Done]:
        """Return what has ended, after so long at most. Raises StorageError."""

    def close(self) -> None:
        """Let go of all."""


def failed_job(run: str, error: str, hint: str | None = None) -> Done:
    """Return the end of a job that could not be run."""
    return Done(
        run=run, exit_code=None, duration_s=0.0, stopped=None, error=error, hint=hint, unmatched=[], said=[]
    )
