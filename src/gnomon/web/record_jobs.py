"""Work on the record that takes longer than a page: a sync with a remote, a verification. Each in a thread of its own.

Always true: of one kind one runs at a time for a record; it goes on when its page is left; what it found stays until the next
one or the end of the process. An error ends the job in words, never the server. Stopping takes effect at the next piece of work,
and a sync that is stopped leaves both sides whole.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gnomon.env import REAL
from gnomon.errors import BadArgumentError, GnomonError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.record.problems import Problem

SYNC, VERIFY = "sync", "verify"
MOST_PROBLEMS = 200
MOST_RUNS = 8
DRY, CHECK, DEEP = "dry", "check", "deep"


class Stopped(Exception):
    """The job is to end."""


@dataclass
class Job:
    """What a job is about and how far it is. `ended` is None while it runs; `error` is (message, hint)."""

    kind: str
    what: str
    how: str = ""
    began: float = field(default_factory=time.time)
    ended: float | None = None
    step: str = ""
    done: int = 0
    total: int = 0
    said: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    more_problems: int = 0
    is_good: bool = True
    error: tuple[str, str | None] | None = None
    is_stopping: bool = False

    @property
    def is_running(self) -> bool:
        """Whether it is at work."""
        return self.ended is None

    def told(self, step: str, done: int, total: int) -> None:
        """Note how far it is. Raises Stopped where a person asked for the end."""
        self.step, self.done, self.total = step, done, total
        if self.is_stopping:
            raise Stopped


_jobs: dict[tuple[str, str], Job] = {}
_lock = threading.Lock()


def last(path: str, kind: str) -> Job | None:
    """Return the job of a kind that runs over the record at `path`, else the last one; None where there was none."""
    return _jobs.get((path, kind))


def start(path: str, job: Job, work: Callable[[Job], None]) -> Job:
    """Start a job in a thread. Raises BadArgumentError where one of its kind runs already."""
    key = (path, job.kind)
    with _lock:
        running = _jobs.get(key)
        if running is not None and running.is_running:
            raise BadArgumentError(f"{_called(running)} runs already", hint="wait for its end, or stop it")
        _jobs[key] = job
    threading.Thread(target=_work, args=(job, work), name=f"gnomon-job-{job.kind}", daemon=True).start()
    return job


def stop(path: str, kind: str) -> None:
    """Ask for the end of a job."""
    job = last(path, kind)
    if job is not None and job.is_running:
        job.is_stopping = True


def _called(job: Job) -> str:
    return f"a sync with `{job.what}`" if job.kind == SYNC else "a verification"


def _work(job: Job, work: Callable[[Job], None]) -> None:
    try:
        work(job)
    except Stopped:
        job.said, job.is_good = ["stopped; what was done stays"], True
    except GnomonError as error:
        job.error, job.is_good = (f"{error.message} ({error.code})", error.hint), False
    except OSError as error:
        job.error, job.is_good = (f"the disk or the network refused: {error.strerror or error}", None), False
    except Exception as error:  # noqa: BLE001  the trace goes to the terminal; the page says that there is one
        traceback.print_exc(file=sys.stderr)
        said = f"Gnomon has a bug here: {type(error).__name__}; the trace is in the terminal of `gnomon ui`"
        job.error, job.is_good = (said, None), False
    finally:
        job.ended = time.time()


def sync_with(path: str, name: str, how: str = "") -> Callable[[Job], None]:
    """Return the work of meeting a remote that this replica knows by name. Raises UnknownRemoteError."""
    from gnomon.record.home import open_home
    from gnomon.record.index_place import place_for
    from gnomon.sync.state import StateFile, chosen_remote

    home = open_home(path, REAL)
    name, remote = chosen_remote(StateFile(home, place_for(home, REAL)).load(), name)

    def work(job: Job) -> None:
        from gnomon.syncing import sync
        from gnomon.telling import kinds_told, planned, summed, warnings_of

        done = sync(home, name, remote, is_dry=how == DRY, is_checking=how == CHECK, told=job.told)
        job.said = [planned(done) if how == DRY else summed(done)]
        job.said += [
            f"from device {writer[:8]}: {kinds_told(what.kinds)}" for writer, what in done.arrived.items()
        ]
        created = [one for what in done.arrived.values() for one in what.subjects.get("run.created", ())]
        job.runs = [one.partition(":")[2] for one in created[-MOST_RUNS:]]
        job.notes = warnings_of(done)
        if done.not_sent is not None:
            job.error = (
                f"nothing could be sent: {done.not_sent.message} ({done.not_sent.code})",
                done.not_sent.hint,
            )
            job.is_good = False

    return work


def verify(path: str, how: str = "") -> Callable[[Job], None]:
    """Return the work of checking every file of the record."""

    def work(job: Job) -> None:
        from gnomon.record.home import open_home
        from gnomon.telling import WHOLE, checked_lines, verdict
        from gnomon.verification import Verification

        checking = Verification(
            open_home(path, REAL),
            deep=how == DEEP,
            progress=lambda done, total: job.told("checking", done, total),
        )
        for problem in checking:
            if len(job.problems) < MOST_PROBLEMS:
                job.problems.append(problem)
            else:
                job.more_problems += 1
        wrong, notices = verdict(checking)
        job.said = [(wrong or WHOLE) + (f"; {notices}" if notices else "")]
        job.notes = [f"checked: {line}" for line in checked_lines(checking)]
        job.is_good = checking.is_whole

    return work
