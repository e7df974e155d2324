"""Start fresh processes, time them, and account for every process that they leave behind.

Always true: a process starts in a session of its own, with the peer's variables, in the peer's store; what it prints
goes to a log file. Its processor time includes that of its children, also of those that outlive it: on Linux
the driver adopts them (`adopt_orphans`) and waits for them. Elsewhere those count for nothing.
"""

import ctypes
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.peers.base import Peer
from benchmarks.peers.gnomon import PROJECT

WORKER = Path(__file__).with_name("worker.py")
ORPHANS_LIMIT_S = 300.0
_serial = itertools.count()
servers: set[int] = set()
"""Children that are not waited for: what a case has started for all its processes to talk to."""


class FailedError(Exception):
    """A process of a peer ended with an error, or not in time."""


@dataclass(frozen=True)
class Seat:
    """Where a peer runs: its class, its interpreter, a folder of its own."""

    cls: type[Peer]
    python: Path
    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def environ(self) -> dict[str, str]:
        """The environment of the peer's processes: telemetry off, no file outside `folder` touched."""
        home = str(self.home)
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TMPDIR") if key in os.environ}
        own = {k: v.format(store=self.store, home=home) for k, v in self.cls.environ.items()}
        places = {
            f"XDG_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("CACHE", "CONFIG", "DATA", "STATE")
        }
        return {**kept, "HOME": home, "PYTHONWARNINGS": "ignore", "DO_NOT_TRACK": "1", **places, **own}


@dataclass(frozen=True)
class Timing:
    """What a process took, from before its start until it had been waited for."""

    wall_s: float
    cpu_s: float
    """User and system time of the process and its children; of those that outlived it too."""
    first_s: float | None
    """Until the process said that its first metric was logged."""
    peak_mb: float = 0.0
    """The most memory that one of its processes had, files that it mapped included."""


def adopt_orphans() -> bool:
    """Make this process the parent of its descendants' orphans; return whether the system can."""
    if sys.platform != "linux":
        return False
    set_child_subreaper = 36
    return ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0) == 0


def time_command(
    argv: Sequence[str | Path], seat: Seat, cwd: Path | None = None, limit_s: float = 300
) -> Timing:
    """Run a command to its end. A `{first}` in its arguments becomes the number of a file descriptor.

    Writing a byte there says that the first metric was logged.
    """
    reader, writer = os.pipe()
    command = [str(arg).replace("{first}", str(writer)) for arg in argv]
    with (seat.folder / "output.txt").open("w") as output:
        begin = perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd or seat.store,
            env=seat.environ(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(writer,),
            start_new_session=True,
        )
    os.close(writer)
    first_s = None
    if "{first}" in " ".join(map(str, argv)):
        first_s = perf_counter() - begin if os.read(reader, 1) else None
    cpu_s, peak_mb = _wait(process, limit_s)
    wall_s = perf_counter() - begin
    os.close(reader)
    cpu_s += reap_orphans()
    if process.returncode != 0:
        raise _failed(seat, process.returncode, Path(command[0]).name, seat.folder / "output.txt")
    return Timing(wall_s, cpu_s, first_s, peak_mb)


def _failed(seat: Seat, status: int, what: str, output: Path) -> FailedError:
    """Return an error with the end of what was printed, without the places of this machine."""
    text = output.read_text(errors="replace")[-600:]
    for place in (seat.folder, PROJECT, sys.base_prefix, Path.home()):
        text = text.replace(str(place), "…")
    return FailedError(f"{seat.cls.name}: exit {status} of {what}: {text}")


def _wait(process: subprocess.Popen, limit_s: float) -> tuple[float, float]:
    """Wait for a process, and kill it after the limit; return the processor time of all, and the most MB that one had."""
    alarm = threading.Timer(limit_s, kill_tree, [process.pid])
    alarm.start()
    _, status, usage = os.wait4(process.pid, 0)
    alarm.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    kilobyte = 1e6 if sys.platform == "darwin" else 1e3  # macOS counts bytes
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / kilobyte


def reap_orphans(limit_s: float = ORPHANS_LIMIT_S) -> float:
    """Wait for adopted processes, kill those that stay, and return the processor time of all."""
    total, alarm = 0.0, perf_counter() + limit_s
    while True:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return total
        if pid:
            total += usage.ru_utime + usage.ru_stime
        elif servers and not strays():
            return total
        else:
            if perf_counter() > alarm:
                for child in strays():
                    kill_tree(child)
            time.sleep(0.005)


def strays() -> set[int]:
    """Return the processes below this one that are no server, and not below one."""
    kept = {pid for server in servers for pid in (server, *descendants(server))}
    return set(descendants(os.getpid())) - kept


@dataclass(frozen=True)
class Task:
    """A function of `benchmarks.tasks` at work in a fresh process, which leads a process group."""

    seat: Seat
    name: str
    process: subprocess.Popen
    out: Path
    begin: float

    def wait(self, limit_s: float = 900) -> dict:
        """Wait for the end and return what the function returned, with times of the whole process."""
        cpu_s, _ = _wait(self.process, limit_s)
        wall_s = perf_counter() - self.begin
        if self.process.returncode != 0 or not self.out.exists():
            raise self.failed()
        return {**json.loads(self.out.read_text()), "process_wall_s": wall_s, "process_cpu_s": cpu_s}

    def failed(self) -> FailedError:
        return _failed(self.seat, self.process.returncode, self.name, self.out.with_suffix(".txt"))


def start_task(seat: Seat, name: str, **arguments: object) -> Task:
    """Start a task and return at once."""
    out = seat.folder / f"{name}-{next(_serial)}.json"
    out.unlink(missing_ok=True)
    errand = {"peer": seat.cls.name, "task": name, "store": seat.store, "out": out, "arguments": arguments}
    with out.with_suffix(".txt").open("w") as output:
        begin = perf_counter()
        process = subprocess.Popen(
            [seat.python, WORKER, json.dumps(errand, default=str)],
            cwd=seat.store,
            env=seat.environ(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Task(seat, name, process, out, begin)


def run_task(seat: Seat, name: str, **arguments: object) -> dict:
    """Run a task to its end, and whatever it leaves behind, and return its result.

    `cpu_s` is added: the processor time of all of that since the moment that the task names with `before_cpu_s`.
    """
    row = start_task(seat, name, **arguments).wait()
    cpu_s = row["process_cpu_s"] + reap_orphans() - row.pop("before_cpu_s", 0.0)
    return {**row, "cpu_s": cpu_s}


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid`, children before their own; [] where there is no /proc."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:  # it has just ended
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(0), [])
        found += below
        todo += below
    return found


def kill_tree(pid: int) -> None:
    """SIGKILL to a process, its group and all below it: what an out-of-memory killer of a container does."""
    below = descendants(pid)
    for victim in (pid, *below):
        for kill in (os.killpg, os.kill):
            try:
                kill(victim, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
