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
        try:
            process = subprocess.Popen(
                [*self._words, *words],
                cwd=self.root,
                env=self._environment,
                stdin=subprocess.PIPE if given else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,  # no terminal to ask at, and one group to end
            )
        except (OSError, ValueError) as error:
            return Answer(b"", f"git cannot be started: {getattr(error, 'strerror', None) or 'a bad name'}")
        try:
            answer = self._listen(process, at_most, given)
        finally:
            _end(process)
        return answer

    def _listen(self, process: subprocess.Popen[bytes], at_most: int, given: bytes) -> Answer:
        import selectors
        import subprocess

        if process.stdin is not None:
            try:
                process.stdin.write(given)
                process.stdin.close()
            except OSError:  # it ended without reading; its exit status says why
                pass
        out, complaint = bytearray(), bytearray()
        with selectors.DefaultSelector() as ready:
            for pipe, place in ((process.stdout, out), (process.stderr, complaint)):
                if pipe is not None:
                    ready.register(pipe, selectors.EVENT_READ, place)
            while ready.get_map():
                if self.deadline.is_over():
                    return Answer(bytes(out), self._too_late())
                for key, _ in ready.select(min(0.05, self.deadline.left())):
                    part = os.read(key.fd, 1 << 16)
                    if not part:
                        ready.unregister(key.fileobj)
                    elif key.data is out or len(complaint) < _MAX_COMPLAINT:
                        key.data.extend(part)
                    if len(out) > at_most:
                        return Answer(bytes(out[:at_most]), None, True)
        try:
            status = process.wait(max(0.05, self.deadline.left()))
        except subprocess.TimeoutExpired:
            return Answer(bytes(out), self._too_late())
        return Answer(bytes(out), _complaint(status, complaint) if status else None)

    def _too_late(self) -> str:
        if self.deadline.was_stopped():
            return "looking at the code was stopped"
        return f"git took longer than {self.deadline.seconds:g} s"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, and close its pipes."""
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
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
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
