"""Runs of a sweep as tasks of a Ray cluster.

A task starts a process that records one run, as on this machine. Where it lands on this machine it writes to this record;
elsewhere to a record of its own, which comes back as an archive and is taken in: nobody needs a shared disk. Every node needs
Gnomon, and the folder in which the sweep was begun, under the same path.

Always true: a task that was stopped still gives back what its run has logged.
Not promised: that on another machine the points of a run can be seen before it ends.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from gnomon.errors import MissingExtraError, StorageError
from gnomon.runs.sweep.nursery import READ_BYTES, TIMEOUT, read_done
from gnomon.runs.sweep.stopping import Stopping, kill_below
from gnomon.runs.sweep.workers import INTERRUPT, TERMINATE, Done, Job, failed_job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gnomon.runs.sweep.file import Plan
    from gnomon.runs.views import Record

ASK_EVERY_S = 0.5
_PASSED_ON = ("GNOMON_CAPTURE", "GNOMON_CAPTURE_ENV", "GNOMON_CONSOLE")


class Board:
    """Which runs are to be stopped, and how: an actor that the tasks ask."""

    def __init__(self) -> None:
        self._stops: dict[str, str] = {}

    def stop(self, run: str, how: str) -> None:
        """Have a run stopped."""
        self._stops[run] = how

    def asked(self, run: str) -> str | None:
        """Return how a run is to be stopped; None where it is to go on."""
        return self._stops.get(run)


class RayWorkers:
    """Runs jobs on the cluster of RAY_ADDRESS; without it, on one that is started on this machine."""

    def __init__(self, plan: Plan) -> None:
        """Connect. Raises MissingExtraError, StorageError."""
        try:
            import ray
        except ImportError:
            raise MissingExtraError(
                "`--on ray` needs Ray, which is not installed",
                hint='pip install "gnomon[ray]"; without it, `parallel` runs several on this machine',
            ) from None
        self._ray: Any = ray
        address = os.environ.get("RAY_ADDRESS") or None
        try:
            own: dict[str, Any] = {"include_dashboard": False} if address is None else {}
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", **own)
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            raise StorageError(
                f"no Ray cluster can be reached{f' at `{address}`' if address else ''}: {error}",
                hint="`ray status` says whether it runs; RAY_ADDRESS says where it is",
            ) from None
        self._board = ray.remote(Board).options(num_cpus=0).remote()
        self._task = ray.remote(run_job).options(num_cpus=plan.cpus, num_gpus=plan.gpus, max_retries=0)
        self._runs: dict[Any, str] = {}
        self._record: Record | None = None
        hosts = {node.get("NodeManagerHostname") for node in ray.nodes() if node.get("Alive")}
        self.is_near = hosts <= {os.uname().nodename}

    def bind(self, record: Record) -> None:
        """Have what comes back from other machines taken into this record."""
        self._record = record

    def start(self, job: Job) -> None:
        """Begin a job."""
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        ask = self._board
        self._runs[self._task.remote(job, place_mark(job["place"]), ask, passed)] = job["run"]

    def stop(self, run: str, how: str) -> None:
        """Have a run stopped."""
        self._board.stop.remote(run, how)

    def wait(self, timeout_s: float) -> Sequence[Done]:
        """Return what has ended, after so long at most."""
        if not self._runs:
            time.sleep(timeout_s)
            return []
        ready, _ = self._ray.wait(list(self._runs), num_returns=1, timeout=timeout_s)
        found = []
        for ref in ready:
            run = self._runs.pop(ref)
            try:
                done, archive = self._ray.get(ref)
            except self._ray.exceptions.RayError as error:
                found.append(failed_job(run, f"Ray: {str(error).strip().splitlines()[-1]}"))
                continue
            if archive is not None:
                self._take_in(archive)
            found.append(done)
        return found

    def close(self) -> None:
        """Have all stopped that still runs, and let go of the cluster."""
        for run in self._runs.values():
            self._board.stop.remote(run, INTERRUPT)
        while self._runs:
            self.wait(ASK_EVERY_S)
        self._ray.shutdown()

    def _take_in(self, archive: bytes) -> None:
        from tempfile import NamedTemporaryFile

        assert self._record is not None  # bound before the first job  # noqa: S101
        with NamedTemporaryFile(suffix=".zip") as file:
            file.write(archive)
            file.flush()
            self._record.import_(file.name)


def place_mark(place: str) -> tuple[str, int, int]:
    """Return what tells a folder of this machine from one of the same path elsewhere."""
    found = os.stat(place)
    return os.uname().nodename, found.st_dev, found.st_ino


def run_job(
    job: Job, mark: tuple[str, int, int], board: Any, environ: Mapping[str, str]
) -> tuple[Done, bytes | None]:
    """Do a job in this task; return what became of it, and the run as an archive where this is another machine."""
    import ray

    os.environ.update(environ)

    def asked() -> str | None:
        found: str | None = ray.get(board.asked.remote(job["run"]))
        return found

    try:
        is_here = place_mark(job["place"]) == mark
    except OSError:
        is_here = False
    return (do_aside(job, asked), None) if is_here else do_elsewhere(job, asked)


def do_elsewhere(job: Job, asked: Callable[[], str | None]) -> tuple[Done, bytes | None]:
    """Do a job with a record of its own; return what became of it, and that record as an archive."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="gnomon-sweep-") as folder:
        aside = job.copy()
        aside["place"] = folder
        return do_aside(aside, asked), _archive(folder)


def do_aside(job: Job, asked: Callable[[], str | None]) -> Done:
    """Do a job in a process of its own; `asked` says, every half second, whether it is to be stopped, and how."""
    ours, theirs = os.pipe()
    began_s = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "gnomon.runs.sweep.one", str(theirs)],
        stdin=subprocess.PIPE, pass_fds=[theirs], start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    assert process.stdin is not None  # it was asked for  # noqa: S101
    process.stdin.write(json.dumps(job).encode())
    process.stdin.close()
    heard, why, stopping = b"", None, None
    while True:
        if select.select([ours], [], [], ASK_EVERY_S)[0]:
            data = os.read(ours, READ_BYTES)
            if not data:
                break
            heard += data
        how = asked()
        is_late = job["timeout_s"] is not None and time.monotonic() - began_s > job["timeout_s"]
        if stopping is not None:
            stopping.step()
            if how is not None and how != why:
                stopping.hurry(how)
        elif how is not None or is_late:
            why = how or TIMEOUT
            stopping = Stopping(process.pid, how or TERMINATE, job["grace_s"])
    os.close(ours)
    if stopping is not None:
        kill_below(process.pid)
    process.wait()
    done = read_done(heard, job["run"])
    done["stopped"] = why
    return done


def _archive(folder: str) -> bytes | None:
    """Return all runs of a record as an archive; None where there are none."""
    from pathlib import Path

    from gnomon.errors import GnomonError
    from gnomon.runs.views import open

    to = os.path.join(folder, "runs.zip")
    try:
        with open(folder) as record:
            record.archive(to, only="record")
        return Path(to).read_bytes()
    except (GnomonError, OSError):
        return None
