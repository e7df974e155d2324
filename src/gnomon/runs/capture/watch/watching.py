"""Starting to listen, and gathering what was heard: the side of Gnomon.

A command is heard through its environment: every Python that it starts finds `sitecustomize` of ours first, which listens and
then steps aside. This process can also be heard itself. What is heard lies in a folder of its own until the end, one file for
each process, so that it outlives whoever wrote it.

Always true: what was not heard is named; a Python that is told to ignore its environment (`-I`, `-E`, `-S`) is one of these.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.capture.other_python import python_of
from gnomon.runs.capture.watch import listener as listening
from gnomon.runs.capture.watch import readers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gnomon.data.scan import Stamp

WATCH_VARIABLE = "GNOMON_WATCH"
INJECTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "injected")
MOST_REPORT_BYTES = 64 << 20
# Programs that libraries start to look at the machine or the code, and that read no data.
_LOOKING = frozenset(
    "git nvidia-smi rocm-smi uname lscpu ldconfig ld gcc g++ cc c++ cl which hostname lsb_release locale tput stty getconf "
    "sysctl sw_vers nproc free df ps id whoami true".split()
)


class Heard(NamedTuple):
    """What was heard: files that were read (path: facts at the first time), files that were written, and what was not heard."""

    read: dict[str, Stamp]
    wrote: list[str]
    not_heard: list[str]
    processes: int


class Watch:
    """Listens to a command, or to this process, until `end`."""

    def __init__(self, folder: str, words: Sequence[str] | None) -> None:
        self.folder = folder
        self._words = words  # of the command; None where it is this process
        self._listener: listening.Listener | None = None

    @property
    def is_of_command(self) -> bool:
        """Whether a command is heard, with all that it starts."""
        return self._words is not None

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return what the environment of the command needs besides."""
        before = environ.get("PYTHONPATH")
        path = f"{INJECTED}{os.pathsep}{before}" if before else INJECTED
        return {WATCH_VARIABLE: self.folder, "PYTHONPATH": path}

    def discard(self) -> None:
        """Forget what was heard."""
        import shutil

        shutil.rmtree(self.folder, ignore_errors=True)

    def end(self) -> Heard:
        """Listen no more, and return what was heard."""
        if self._listener is not None:
            self._listener.stop()
        try:
            return _gathered(self.folder, self._words)
        finally:
            self.discard()


def watch_command(words: Sequence[str]) -> Watch:
    """Return what listens to a command, once its environment says so. Raises OSError where there is no room for it."""
    from tempfile import mkdtemp

    return Watch(mkdtemp(prefix="gnomon-watch-"), words)


def watch_here() -> Watch:
    """Listen to this process from now on. Raises OSError."""
    from tempfile import mkdtemp

    watch = Watch(mkdtemp(prefix="gnomon-watch-"), None)
    watch._listener = listening.listen(watch.folder, readers)
    return watch


def is_heard_already() -> bool:
    """Return whether the launcher above us listens to this process."""
    return WATCH_VARIABLE in os.environ and "_gnomon_listener" in sys.modules


class _Line(NamedTuple):
    time_ns: int
    kind: str
    stamp: Stamp
    path: str


def _gathered(folder: str, words: Sequence[str] | None) -> Heard:
    lines: list[_Line] = []
    processes = 0
    is_cut = False
    for name in sorted(os.listdir(folder)):
        processes += 1
        path = os.path.join(folder, name)
        is_cut = is_cut or os.path.getsize(path) > MOST_REPORT_BYTES
        with open(path, "rb") as file:
            lines += _lines(file.read(MOST_REPORT_BYTES))
    lines.sort()
    read: dict[str, Stamp] = {}
    wrote: dict[str, None] = {}
    not_heard = _of_command(words, processes) if words is not None else []
    for line in lines:
        if line.kind == listening.READ:
            if line.path not in wrote:  # what the run made itself is no input
                read.setdefault(line.path, line.stamp)
        elif line.kind == listening.WROTE:
            wrote[line.path] = None
        elif line.kind == listening.RAN:
            if line.path not in _LOOKING:
                not_heard.append(f"`{line.path}`, a program that it started")
        elif line.kind == listening.DEAF:
            not_heard.append(line.path)
        elif line.kind == listening.MORE:
            is_cut = True
    if is_cut:
        not_heard.append(f"files beyond the first {listening.MOST_PATHS:,} of a process")
    return Heard(read, list(wrote), list(dict.fromkeys(not_heard)), processes)


def _lines(data: bytes) -> Iterator[_Line]:
    """Yield the lines of one process; a last one that its end cut off is left out."""
    *whole, _ = data.split(b"\0")
    for text in whole:
        fields = text.split(b"\x1f", 6)
        if len(fields) != 7:
            continue
        kind, time_ns, size, mtime, inode, ctime, path = fields
        try:
            stamp = (int(size), int(mtime), int(inode), int(ctime))
            yield _Line(int(time_ns), kind.decode("ascii"), stamp, os.fsdecode(path))
        except ValueError:  # nobody's line but a stranger's
            continue


def _of_command(words: Sequence[str], processes: int) -> list[str]:
    """Return what is to be said of the command itself, which the listeners in its Pythons do not know."""
    if processes == 0:
        return ["anything: no Python that can be listened to was started"]
    if python_of(words) is None:
        return [f"`{os.path.basename(words[0])}` itself, which is no Python"]
    return []
