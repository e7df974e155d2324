"""The other end of the nursery: what a sweep asks it, and hears from it."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from gnomon.errors import StorageError
from gnomon.runs.sweep.nursery import READ_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.sweep.workers import Done, Job
    from gnomon.runs.views import Record


class Warm:
    """Runs jobs on this machine, each in a child of one warm process. To be made before this process has a second thread."""

    is_near = True

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair()
        self._waiting = b""
        if threading.active_count() == 1:
            self._pid = self._fork(theirs)
            self._process = None
        else:  # a fork of many threads may hold a lock of one that is not there
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gnomon.runs.sweep.nursery", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
            )
            self._pid = self._process.pid
        theirs.close()

    def _fork(self, theirs: socket.socket) -> int:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            from gnomon.runs.sweep.nursery import serve

            self._channel.close()
            serve(theirs)
            code = 0
        finally:
            os._exit(code)

    def bind(self, record: Record) -> None:
        """Every run writes to the record that its job names."""

    def start(self, job: Job) -> None:
        """Begin a job."""
        self._ask({"job": job})

    def stop(self, run: str, how: str) -> None:
        """Have a run stopped."""
        self._ask({"stop": run, "how": how})

    def wait(self, timeout_s: float) -> Sequence[Done]:
        """Return what has ended, after so long at most. Raises StorageError where the nursery died."""
        if not select.select([self._channel], [], [], timeout_s)[0]:
            return []
        data = self._channel.recv(READ_BYTES)
        if not data:
            raise StorageError(
                "the process that starts the runs of the sweep was killed",
                hint="the system may be out of memory: fewer in `parallel`; the same command goes on",
            )
        *lines, self._waiting = (self._waiting + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """Have all stopped that still runs, and wait for it."""
        self._channel.close()
        if self._process is not None:
            self._process.wait()
        else:
            try:
                os.waitpid(self._pid, 0)
            except ChildProcessError:
                pass

    def _ask(self, said: dict[str, object]) -> None:
        try:
            self._channel.sendall(json.dumps(said).encode() + b"\n")
        except OSError as error:
            raise StorageError(
                f"the process that starts the runs of the sweep is gone: {error.strerror}"
            ) from None
