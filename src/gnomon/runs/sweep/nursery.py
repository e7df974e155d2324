"""A process that stays warm: it has loaded what a run needs, does nothing else, and forks a child for each run of a sweep.

So a run costs a fork, not the start of a Python. It talks JSON lines over one socket: jobs and `stop` come in, what became of
each goes out. It has one thread, so that a fork is safe, and opens no record.

Always true: when the other end of the socket closes, however that process died, all runs are stopped and it ends. Where this
process dies itself (Linux), its children are told to terminate.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from gnomon.runs.sweep.one import do, silence
from gnomon.runs.sweep.stopping import Stopping, kill_below
from gnomon.runs.sweep.workers import INTERRUPT, TERMINATE, Done, Job, failed_job

if TYPE_CHECKING:
    import socket

READ_BYTES = 1 << 16
TIMEOUT = "timeout"
_PR_SET_PDEATHSIG = 1
_WARM = (
    "logging", "tempfile", "shutil", "psutil", "subprocess", "datetime", "ast", "fnmatch", "getpass", "platform",
    "pwd", "socket", "importlib.metadata", "nacl.bindings", "gnomon.runs.given",
    "gnomon.runs.capture.launcher", "gnomon.runs.capture.machine", "gnomon.runs.capture.console",
    "gnomon.runs.capture.environment", "gnomon.runs.capture.other_python", "gnomon.runs.capture.code",
    "gnomon.runs.capture.code_git", "gnomon.runs.capture.code_files", "gnomon.runs.capture.packages",
    "gnomon.runs.capture.process_tree", "gnomon.runs.capture.system", "gnomon.runs.capture.gpus",
    "gnomon.runs.capture.cgroups", "gnomon.objects.store", "gnomon.upkeep", "gnomon.record.log", "gnomon.points.wal",
)  # fmt: skip
"""What every run loads: loaded here once."""


class _Child:
    """A run that goes on."""

    def __init__(self, run: str, pid: int, pipe: int, job: Job) -> None:
        self.run = run
        self.pid = pid
        self.pipe = pipe
        self.heard = b""
        self.grace_s = job["grace_s"]
        self.began_s = time.monotonic()
        self.deadline_s = self.began_s + job["timeout_s"] if job["timeout_s"] is not None else None
        self.why: str | None = None
        self.stopping: Stopping | None = None

    def stop(self, how: str, why: str) -> None:
        if self.stopping is None:
            self.why = why
            self.stopping = Stopping(self.pid, how, self.grace_s)
        else:
            self.stopping.hurry(how)

    def due(self, now: float) -> float | None:
        """Return in how many seconds something is to be done with it."""
        at = self.stopping.next_s if self.stopping is not None else self.deadline_s
        return None if at is None else max(at - now, 0.0)

    def look(self, now: float) -> None:
        """Do what is due."""
        if self.stopping is not None:
            self.stopping.step()
        elif self.deadline_s is not None and now >= self.deadline_s:
            self.stop(TERMINATE, TIMEOUT)


class Nursery:
    """What `serve` does."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ)
        self._children: dict[str, _Child] = {}
        self._waiting = b""
        self._is_open = True

    def serve(self) -> None:
        """Do what the other end asks, until it closes and no run is left."""
        while self._is_open or self._children:
            now = time.monotonic()
            dues = [due for child in self._children.values() if (due := child.due(now)) is not None]
            for key, _ in self._selector.select(min(dues, default=None)):
                if key.data is None:
                    self._hear()
                else:
                    self._hear_child(key.data)
            now = time.monotonic()
            for child in self._children.values():
                child.look(now)

    def _hear(self) -> None:
        try:
            data = self._channel.recv(READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self._is_open = False
            self._selector.unregister(self._channel)
            for child in self._children.values():
                child.stop(INTERRUPT, INTERRUPT)
            return
        *lines, self._waiting = (self._waiting + data).split(b"\n")
        for line in lines:
            said = json.loads(line)
            if "job" in said:
                self._start(said["job"])
            elif said["stop"] in self._children:
                self._children[said["stop"]].stop(said["how"], said["how"])

    def _start(self, job: Job) -> None:
        ours, theirs = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            os.close(ours)
            os.close(theirs)
            self._say(failed_job(job["run"], f"no process can be started: {error.strerror}"))
            return
        if pid == 0:
            self._be_child(job, theirs)
        os.close(theirs)
        child = _Child(job["run"], pid, ours, job)
        self._children[child.run] = child
        self._selector.register(ours, selectors.EVENT_READ, child)

    def _be_child(self, job: Job, pipe: int) -> None:
        code = 1
        try:
            os.setsid()
            die_with_parent()
            self._channel.close()
            self._selector.close()
            for child in self._children.values():
                os.close(child.pipe)
            os.write(pipe, json.dumps(do(job)).encode())
            code = 0
        except BaseException as error:  # noqa: BLE001  a child must never go on as its parent; the trouble is told
            with contextlib.suppress(OSError):
                os.write(
                    pipe, json.dumps(failed_job(job["run"], f"{type(error).__name__}: {error}")).encode()
                )
        finally:
            os._exit(code)

    def _hear_child(self, child: _Child) -> None:
        data = os.read(child.pipe, READ_BYTES)
        if data:
            child.heard += data
            return
        self._selector.unregister(child.pipe)
        os.close(child.pipe)
        del self._children[child.run]
        if child.stopping is not None:  # what it left behind
            kill_below(child.pid)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child.pid, 0)
        done = read_done(child.heard, child.run)
        done["stopped"] = child.why
        done["duration_s"] = done["duration_s"] or time.monotonic() - child.began_s
        self._say(done)

    def _say(self, done: Done) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            self._channel.sendall(json.dumps(done).encode() + b"\n")


def read_done(data: bytes, run: str) -> Done:
    """Return what a child said of its end, or that it said nothing."""
    try:
        done: Done = json.loads(data)
    except ValueError:
        return failed_job(run, "the process that recorded the run was killed")
    return done


def die_with_parent() -> None:
    """Have this process told to terminate when its parent dies; Linux only."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def serve(channel: socket.socket) -> None:
    """Serve what the other end asks, in a process that does nothing else."""
    import gc
    from importlib import import_module

    with contextlib.suppress(OSError):
        os.setsid()  # Ctrl-C is for whoever asks us
    silence()
    for name in _WARM:
        with contextlib.suppress(ImportError):
            import_module(name)
    gc.collect()
    gc.freeze()  # so that no child copies what it never changes
    Nursery(channel).serve()


def main(words: list[Any]) -> None:
    """Serve the socket of this descriptor."""
    import socket

    serve(socket.socket(fileno=int(words[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
