"""Asking git about somebody's repository without trusting it, changing it or waiting for it.

A repository can name programs that git would run: file monitors, external diffs, text converters, filters,
hooks, pagers, credential helpers, transports for objects that are missing. All of them are off here, filters
included, whose names are read from the configuration first. Variables that begin with GIT_ are not passed on.

Always true: no program that the repository names is run, nothing in it is written, nobody is asked for a
password, and no answer is longer or later than the caller said.
Not promised: that a git older than 2.17 understands the questions. It then says so, which becomes a note.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gnomon.env import which
from gnomon.runs.capture.small_files import first_line, text_of

if TYPE_CHECKING:
    import subprocess
    import threading
    from collections.abc import Callable

_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.askPass=",
    "credential.helper=",
    "diff.suppressBlankEmpty=false",
    "submodule.recurse=false",
    "gc.auto=0",
)
_FIXED = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "GIT_NO_LAZY_FETCH": "1",  # git 2.44 and later
    "GIT_ALLOW_PROTOCOL": "none",  # so that an older git cannot fetch a missing object either
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TRACE2": "0",
    "GIT_TRACE2_EVENT": "0",
    "GIT_TRACE2_PERF": "0",
    "LC_ALL": "C",
    "LANGUAGE": "",
}
# Where a person says which folders git may trust: without these an owner's own repository may look foreign.
_PASSED_ON = re.compile(r"GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)|GIT_EXEC_PATH")
_ASKED_CONFIG = r"^(filter\..*|remote\.origin\.url|core\.bare|extensions\.objectformat)$"
_MAX_FILTERS = 100
_MAX_COMPLAINT = 4000
_OBJECT_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class Deadline:
    """A time after which no more work is begun; `stop` brings it forward to now."""

    def __init__(self, clock: Callable[[], float], seconds: float, stop: threading.Event | None) -> None:
        self.seconds, self._clock, self._stop = seconds, clock, stop
        self._end = clock() + seconds

    def left(self) -> float:
        """Return the seconds that are left, 0 where it is over."""
        return 0.0 if self.was_stopped() else max(0.0, self._end - self._clock())

    def was_stopped(self) -> bool:
        """Return whether it is over because somebody said so."""
        return self._stop is not None and self._stop.is_set()

    def is_over(self) -> bool:
        """Return whether no more work should begin."""
        return self.left() <= 0


class Answer:
    """What git said: `out` is its beginning where `is_cut`, and may be anything where there is a `fault`."""

    __slots__ = ("fault", "is_cut", "out")

    def __init__(self, out: bytes, fault: str | None = None, is_cut: bool = False) -> None:
        self.out = out
        self.fault = fault  # a sentence without paths, or what git complained about
        self.is_cut = is_cut


class _Pipe:
    """A pipe, of which each end is closed only while it is ours: a script may close all descriptors, and reuse the numbers."""

    def __init__(self) -> None:
        """Make one. Raises OSError."""
        self.read_end, self.write_end = os.pipe()
        self._marks = {fd: which(fd) for fd in (self.read_end, self.write_end)}

    def keep_read_end(self) -> None:
        """Close the other one, which is the child's now."""
        self._close(self.write_end)

    def keep_write_end(self) -> None:
        """Close the other one, which is the child's now."""
        self._close(self.read_end)

    def read(self) -> bytes | None:
        """Return what there is, empty at the end; None where the end is not ours any more."""
        return os.read(self.read_end, 1 << 16) if self._is_ours(self.read_end) else None

    def write(self, data: bytes) -> None:
        """Write all of it; a child that ended without reading says why with its exit status."""
        try:
            while data and self._is_ours(self.write_end):
                data = data[os.write(self.write_end, data) :]
        except OSError:
            pass

    def close(self) -> None:
        """Close what is open of it."""
        for fd in list(self._marks):
            self._close(fd)

    def _is_ours(self, fd: int) -> bool:
        return self._marks.get(fd) == which(fd)

    def _close(self, fd: int) -> None:
        if self._is_ours(fd):
            os.close(fd)
        self._marks.pop(fd, None)


class Git:
    """The git command, for one repository."""

    def __init__(self, command: str, root: str, deadline: Deadline) -> None:
        self.root, self.deadline = root, deadline
        self.command = command
        self._words = [command, "--no-pager", "--no-optional-locks"]
        for setting in _SETTINGS:
            self._words += ["-c", setting]
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") or _PASSED_ON.fullmatch(name)
        }
        # The folder that was found by hand is the repository: git shall not look further up, nor elsewhere.
        found = {"GIT_CEILING_DIRECTORIES": os.path.dirname(root), "GIT_WORK_TREE": root}
        self._environment = {**environment, **_FIXED, **found}
        self.config: dict[str, str] = {}

    def open(self) -> str | None:
        """Read the configuration and switch filters off; return why the repository cannot be looked at."""
        answer = self.ask("config", "-z", "--get-regexp", _ASKED_CONFIG, at_most=1_000_000)
        if answer.is_cut:
            return "its configuration is too large"
        if answer.fault and answer.out == b"" and not answer.fault.startswith("git ended"):
            return answer.fault
        filters: set[str] = set()
        for line in answer.out.decode("utf-8", "surrogateescape").split("\0"):
            name, _, value = line.partition("\n")
            if name.startswith("filter."):
                filters.add(name.rpartition(".")[0])
            self.config.setdefault(name, value)
        if len(filters) > _MAX_FILTERS or any("=" in name or "\n" in name for name in filters):
            return "its configuration names filters that cannot be switched off"
        for name in sorted(filters):
            self._words += ["-c", f"{name}.clean=", "-c", f"{name}.process=", "-c", f"{name}.required=false"]
        is_bare = self.config.get("core.bare", "").lower() in ("true", "yes", "on", "1")
        if is_bare and os.path.isdir(f"{self.root}/.git"):  # a linked work tree of a bare repository is fine
            return "it is a bare repository"
        return None

    def ask(self, *words: str | bytes, at_most: int, given: bytes = b"") -> Answer:
        """Return what one git command says, at most so many bytes of it. `given` (short) is its input."""
        import subprocess

        if self.deadline.is_over():
            return Answer(b"", self._too_late())
        pipes: list[_Pipe] = []
        try:
            pipes += [_Pipe(), _Pipe()]
            out, complaint = pipes
            source = _Pipe() if given else None
            pipes += [source] if source is not None else []
            process = subprocess.Popen(
                [*self._words, *words],
                cwd=self.root,
                env=self._environment,
                stdin=source.read_end if source is not None else subprocess.DEVNULL,
                stdout=out.write_end,
                stderr=complaint.write_end,
                start_new_session=True,  # no terminal to ask at, and one group to end
            )
        except (OSError, ValueError) as error:
            for pipe in pipes:
                pipe.close()
            return Answer(b"", f"git cannot be started: {getattr(error, 'strerror', None) or 'a bad name'}")
        try:
            out.keep_read_end()
            complaint.keep_read_end()
            if source is not None:
                source.keep_write_end()
                source.write(given)
                source.close()
            answer = self._listen(process, out, complaint, at_most)
        finally:
            for pipe in pipes:
                pipe.close()
            _end(process)
        return answer

    def _listen(self, process: subprocess.Popen[bytes], out: _Pipe, complaint: _Pipe, at_most: int) -> Answer:
        import select
        import subprocess

        said = {out: bytearray(), complaint: bytearray()}
        ready = select.poll()  # it needs no descriptor of its own
        open_ = {pipe.read_end: pipe for pipe in (out, complaint)}
        for fd in open_:
            ready.register(fd, select.POLLIN)
        while open_:
            if self.deadline.is_over():
                return Answer(bytes(said[out]), self._too_late())
            for fd, _ in ready.poll(1000 * min(0.05, self.deadline.left())):
                pipe = open_.get(fd)
                part = pipe.read() if pipe is not None else b""
                if part is None:
                    return Answer(b"", "the script closed our descriptors while git was asked")
                if not part:
                    ready.unregister(fd)
                    del open_[fd]
                elif pipe is out or len(said[complaint]) < _MAX_COMPLAINT:
                    said[pipe or out] += part
                if len(said[out]) > at_most:
                    return Answer(bytes(said[out][:at_most]), None, True)
        try:
            status = process.wait(max(0.05, self.deadline.left()))
        except subprocess.TimeoutExpired:
            return Answer(bytes(said[out]), self._too_late())
        return Answer(bytes(said[out]), _complaint(status, said[complaint]) if status else None)

    def _too_late(self) -> str:
        if self.deadline.was_stopped():
            return "looking at the code was stopped"
        return f"git took longer than {self.deadline.seconds:g} s"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    import signal
    import subprocess

    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            process.kill()
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:  # it hangs in the kernel, on a disk that is gone: leave it there
            pass


def _complaint(status: int, complaint: bytearray) -> str:
    text = complaint.decode("utf-8", "replace")
    if "dubious ownership" in text or "unsafe repository" in text:
        return "the folder belongs to someone else, and git does not trust it (see git's `safe.directory`)"
    lines = [line for line in text.splitlines() if line.startswith(("fatal:", "error:"))]
    return f"git said `{lines[0][:300]}`" if lines else f"git ended with status {status}"


# ---------------------------------------------------------------- without git


def find_command() -> str | None:
    """Return the path of git; None where there is none. A `git` in the working folder is not taken."""
    import shutil

    command = shutil.which("git")
    return command if command and os.path.isabs(command) else None


def find_root(folder: str) -> str | None:
    """Return the folder at or above `folder` (a real path) that holds a `.git`, as git would find it."""
    while True:
        place = os.path.join(folder, ".git")
        if os.path.isfile(place) or os.path.lexists(f"{place}/HEAD"):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def head_by_hand(root: str) -> dict[str, object]:
    """Return `commit` and `branch` as the files of a repository say, without git; {} where they do not."""
    git_folder = f"{root}/.git"
    if os.path.isfile(git_folder):
        git_folder = os.path.join(root, first_line("", git_folder).removeprefix("gitdir:").strip())
    head = first_line("", f"{git_folder}/HEAD")
    if _OBJECT_ID.fullmatch(head):
        return {"commit": head, "branch": None}
    name = head.removeprefix("ref:").strip()
    if not head.startswith("ref:") or ".." in name or not name.startswith("refs/heads/"):
        return {}
    common = os.path.join(git_folder, first_line("", f"{git_folder}/commondir") or ".")
    commit = first_line("", f"{common}/{name}") or _packed_ref(f"{common}/packed-refs", name)
    known: dict[str, object] = {"branch": name.removeprefix("refs/heads/")}
    return {"commit": commit, **known} if _OBJECT_ID.fullmatch(commit) else known


def _packed_ref(path: str, name: str) -> str:
    text = text_of("", path, 10_000_000)
    match = re.search(rf"^([0-9a-f]{{40,64}}) {re.escape(name)}$", text, re.MULTILINE)
    return match[1] if match else ""
