"""What commits of the git repository here hold, asked as carefully as capture asks (`runs.capture.code_git`).

A commit is named by the hash of all that it holds, so whichever repository has it has the right one: that around the record,
else that around the working folder.

Always true: the work tree, the index and the configuration are only read; nothing that the repository names is run; no
answer is longer or later than the limits say. What a record calls a commit is passed on only where it is one by its form.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from gnomon.runs.capture.code_files import scrubbed, shown
from gnomon.runs.capture.code_git import Deadline, Git, find_command, find_root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.scrub.scrubber import Scrubber

SECONDS = 15.0
MOST_BYTES = 32_000_000
MOST_NAMES = 4_000_000
LARGEST_FILE = 2_000_000
_BATCH = 100
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_HEADER = re.compile(rb"[0-9a-f]{40,64} (\w+) (\d+)")


class Repository:
    """The commits of one repository."""

    def __init__(self, git: Git, scrubber: Scrubber) -> None:
        self._git = git
        self._scrubber = scrubber
        self._left = MOST_BYTES
        self._contents: dict[tuple[str, str], bytes | None] = {}
        self._commits: dict[str, bool] = {}
        self.is_cut = False  # something could not be read in time, or was too much

    @property
    def root(self) -> str:
        """The folder of the repository."""
        return self._git.root

    def has(self, commit: object) -> bool:
        """Return whether a commit is here."""
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            return False
        if commit not in self._commits:
            answer = self._git.ask("cat-file", "-t", commit, at_most=100)
            self._commits[commit] = answer.fault is None and answer.out.strip() == b"commit"
        return self._commits[commit]

    def changed(self, before: str, after: str) -> dict[str, bytes]:
        """Return the files in which two commits differ: as the record shows their names, and as git has them."""
        answer = self._git.ask(
            "diff-tree", "-r", "-z", "--no-renames", "--name-only", before, after, at_most=MOST_NAMES
        )
        self.is_cut = self.is_cut or answer.is_cut or answer.fault is not None
        names = answer.out.split(b"\0")[:-1]
        return {shown(name): name for name in names if b".gnomon" not in name.split(b"/")}

    def read(self, commit: str, names: Iterable[tuple[str, bytes]]) -> None:
        """Read files of a commit, given as (path as shown, path), for `content`; many at once."""
        wanted = [
            (path, name) for path, name in names if (commit, path) not in self._contents and b"\n" not in name
        ]
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            asked = b"".join(commit.encode("ascii") + b":" + name + b"\n" for _, name in batch)
            if len(asked) > 32_000:  # git may wait for its answer to be read before it reads on
                for path, name in batch:
                    self._take(commit, [(path, name)], commit.encode("ascii") + b":" + name + b"\n")
            else:
                self._take(commit, batch, asked)

    def _take(self, commit: str, batch: list[tuple[str, bytes]], asked: bytes) -> None:
        if len(asked) > 32_000:
            return
        answer = self._git.ask("cat-file", "--batch", at_most=max(self._left, 0), given=asked)
        self._left -= len(answer.out)
        self.is_cut = self.is_cut or answer.is_cut or answer.fault is not None
        place = 0
        for path, _ in batch:
            line, end, _ = answer.out[place:].partition(b"\n") if place < len(answer.out) else (b"", b"", b"")
            if not end:
                return
            place += len(line) + 1
            head = _HEADER.fullmatch(line)
            if head is None:  # "… missing", or a submodule's
                self._contents[commit, path] = None
                continue
            size = int(head[2])
            content = answer.out[place : place + size]
            if len(content) < size:
                return
            place += size + 1
            if head[1] == b"blob":
                self._contents[commit, path] = content

    def content(self, commit: str, path: str) -> bytes | None:
        """Return what a commit holds of a file that was read, without secrets; None where it has no such file.

        Raises KeyError for a file that could not be read.
        """
        content = self._contents[commit, path]
        if content is None or b"\0" in content or len(content) > LARGEST_FILE:
            return content
        return scrubbed(content, "", self._scrubber)

    def raw(self, commit: str, path: str) -> bytes | None:
        """Return the same with what looks like a secret: to apply a diff to. Raises KeyError."""
        return self._contents[commit, path]


def find_repository(places: Iterable[str], commits: Iterable[object], scrubber: Scrubber) -> Repository | str:
    """Return the first repository at or above these folders that has one of the commits, or in a sentence why there is none."""
    wanted = [commit for commit in commits if isinstance(commit, str) and _COMMIT.fullmatch(commit)]
    if not wanted:
        return "no commit is recorded"
    command = find_command()
    if command is None:
        return "git is not installed here"
    roots = dict.fromkeys(find_root(os.path.realpath(place)) for place in places)
    for root in roots:
        if root is None:
            continue
        git = Git(command, root, Deadline(time.monotonic, SECONDS, None))
        if git.open() is None:
            repository = Repository(git, scrubber)
            if any(map(repository.has, wanted)):
                return repository
    return "no git repository with these commits is here"
