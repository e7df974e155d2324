"""Stopping a run and all that it started: asked first, then told, then killed.

Each run is a session of its own (`setsid`), led by the process that records it. That one is spared for as long as it takes to
write down how the command ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

from gnomon.runs.sweep.workers import INTERRUPT, KILL, TERMINATE

_STEPS = {
    INTERRUPT: (signal.SIGINT, signal.SIGTERM, signal.SIGKILL),
    TERMINATE: (signal.SIGTERM, signal.SIGKILL),
    KILL: (signal.SIGKILL,),
}
RECORDING_S = 20.0  # how long the leader may take to write down the end, once all else was killed


class Stopping:
    """The steps by which one run is being stopped."""

    def __init__(self, leader: int, how: str, grace_s: float) -> None:
        self._leader = leader
        self._steps = list(_STEPS[how])
        self._grace_s = grace_s
        self.next_s = 0.0
        self.step()

    def step(self) -> None:
        """Take the next step, where its time has come."""
        now = time.monotonic()
        if now < self.next_s:
            return
        if not self._steps:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._leader, signal.SIGKILL)
            self.next_s = now + RECORDING_S
            return
        number = self._steps.pop(0)
        if number == signal.SIGKILL:
            kill_below(self._leader)
            self.next_s = now + RECORDING_S
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._leader, number)
            self.next_s = now + self._grace_s

    def hurry(self, how: str) -> None:
        """Leave out the steps that are gentler than `how`."""
        wanted = _STEPS[how]
        if len(self._steps) >= len(wanted):
            self._steps = list(wanted)
            self.next_s = 0.0
            self.step()


def kill_below(leader: int) -> None:
    """Kill every process of a session and below its leader, but not the leader. It must not have been waited for yet."""
    import psutil  # type: ignore[import-untyped]

    found = {pid for pid in psutil.pids() if pid != leader and _session(pid) == leader}
    with contextlib.suppress(psutil.Error):
        found |= {child.pid for child in psutil.Process(leader).children(recursive=True)}
    for pid in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None
