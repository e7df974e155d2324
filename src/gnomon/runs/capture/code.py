"""The code that a run runs: its commit, what differs from it, and the files that no commit holds.

It is looked at while a training goes on, in a thread of it or in the command that started it.

Always true: `code_state` does not raise and changes nothing; where something could not be found out, or is left
out, a note says so; `fingerprint` is there only where everything it speaks of was looked at.
What only a repository needs is loaded when one is met.
Not promised: that the index of a repository with `core.splitIndex` keeps its time. Git renews it when it reads.
"""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.capture import code_tree
from gnomon.runs.capture.code_files import (
    PROGRAMS,
    SKIPPED,
    CodeFile,
    Limits,
    is_source,
    lock_files,
    read_files,
    shown,
    walk,
)
from gnomon.runs.capture.code_git import Deadline, Git, find_command, find_root, head_by_hand
from gnomon.runs.capture.small_files import text_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from gnomon.runs.capture.code_diff import Status
    from gnomon.runs.capture.code_files import Files
    from gnomon.scrub.scrubber import Scrubber

__all__ = ["CodeFile", "CodeState", "Limits", "code_state"]

_MOST_WORDS = 1000
_MOST_NAMED = 20
_LONGEST_NAME = 1000
_SUBMODULE = r"(?m)^\s*path\s*=\s*\"?(.+?)\"?\s*$"


class CodeState(NamedTuple):
    """What a run's record says of its code, and the bytes that are kept beside it."""

    facts: dict[str, object]
    blobs: dict[str, bytes]  # `diff`, and `files/<path>`


def code_state(
    folder: str,
    *,
    scrubber: Scrubber,
    script: str | None = None,
    argv: Sequence[str] = (),
    limits: Limits = Limits(),  # noqa: B008 - it cannot change
    clock: Callable[[], float] = time.monotonic,
    stop: threading.Event | None = None,
    since_s: float | None = None,
) -> CodeState:
    """Return the state of the code in and around `folder`, the working folder of a process that began at `since_s`.

    `script` and the words of `argv` that name source files are kept too where no commit holds them, wherever they
    are. Setting `stop` ends the work soon, with what is known by then.
    """
    look = _Look(folder, scrubber, limits, clock, stop, since_s)
    try:
        look.find(script, argv)
    except Exception as error:  # noqa: BLE001 - a training must not stop because its code looks odd; the note is the trace
        look.is_complete = False
        look.notes.append(f"looking at the code failed: {type(error).__name__}")
    return look.result()


class _Look:
    """One look at the code, and what it found so far."""

    def __init__(
        self,
        folder: str,
        scrubber: Scrubber,
        limits: Limits,
        clock: Callable[[], float],
        stop: threading.Event | None,
        since_s: float | None,
    ) -> None:
        self.since_s = since_s
        self.folder, self.scrubber, self.limits = folder, scrubber, limits
        self.clock, self.stop = clock, stop
        self.root = folder
        self.facts: dict[str, object] = {"kind": "folder"}
        self.blobs: dict[str, bytes] = {}
        self.notes: list[str] = []
        self.marks: list[tuple[bytes, bytes]] = []  # what the fingerprint is made of
        self.is_complete = True
        self.is_cut = False  # there are more files than were looked at
        self.tree: (
            dict[bytes, bytes] | None
        ) = {}  # what names the content of each file; None where not all is known
        self.named: dict[
            bytes, str
        ] = {}  # files that the command names: path in the record, path on the disk

    def find(self, script: str | None, argv: Sequence[str]) -> None:
        self.folder = os.path.realpath(self.folder)
        above = find_root(self.folder)
        self.root = above or self.folder
        deadline = Deadline(self.clock, self.limits.seconds, self.stop)
        sources: list[tuple[bytes, str]] | None = None
        if above is not None:
            self._name(script, argv)
            sources = self._ask_git(above, deadline)
        if sources is None:
            if above is not None and _is_wide(above):
                self.root = self.folder
            self._name(script, argv)
            sources = self._walk(deadline)
        self._read(sources, deadline)

    def result(self) -> CodeState:
        facts = self.facts
        facts["root_name"] = shown(os.fsencode(os.path.basename(self.root)))
        facts["cwd"] = shown(os.fsencode(os.path.relpath(self.folder, self.root)))
        if self.is_complete and self.tree is not None:
            facts.update(code_tree.marks(self.tree))
        if self.is_complete:
            facts["fingerprint"] = _fingerprint(facts.get("commit"), self.blobs.get("diff", b""), self.marks)
        if self.notes:
            facts["notes"] = list(dict.fromkeys(self.notes))
        return CodeState(facts, self.blobs)

    # ------------------------------------------------------------ what the command names

    def _name(self, script: str | None, argv: Sequence[str]) -> None:
        """Find the files that the command names; the first is the script."""
        self.named = {}
        words = [word for word in argv[:_MOST_WORDS] if isinstance(word, str)]
        words += [word.partition("=")[2] for word in words if "=" in word]
        for word in ([script] if script else []) + words:
            if len(self.named) >= _MOST_NAMED:
                break
            if not is_source(word) and word != script:
                continue
            place = os.path.realpath(os.path.join(self.folder, word))
            if len(place) > _LONGEST_NAME or not os.path.isfile(place):
                continue
            path = _below(place, self.root) or f"outside/{os.path.basename(place)}"
            if word == script:
                self.facts["script"] = shown(os.fsencode(path))
            is_installed = not SKIPPED.isdisjoint(path.split("/")) or (
                path.startswith("outside/") and _below(place, os.path.realpath(sys.prefix)) is not None
            )
            if not is_installed and is_source(place):
                self.named.setdefault(os.fsencode(path), place)

    # ------------------------------------------------------------ a git repository

    def _ask_git(self, root: str, deadline: Deadline) -> list[tuple[bytes, str]] | None:
        """Find what git knows; return the files that it does not know, or None where it knows nothing."""
        command = find_command()
        if command is None:
            self._without_git(root, "git is not installed")
            return None
        git = Git(command, root, deadline)
        from gnomon.runs.capture.code_diff import read_status

        status = git.open() or read_status(git)
        if isinstance(status, str):
            self._without_git(root, status)
            return None
        facts = self.facts
        facts["kind"] = "git"
        facts["branch"] = status.branch
        if status.commit:
            facts["commit"] = status.commit
        remote = git.config.get("remote.origin.url")
        if remote:
            facts["remote"] = self.scrubber.url(remote, "git remote")
        self._ask_commit(git, status)
        sources = self._ask_repositories(git, status)
        sources += [
            (name, place) for name, place in self.named.items() if name not in {n for n, _ in sources}
        ]
        return sources

    def _without_git(self, root: str, why: str) -> None:
        why = self.scrubber.text(why.replace(root, "."), "git")
        self.notes.append(f"{why}: whether files differ from the commit is not known")
        self.facts.update(head_by_hand(root))
        if self.stop is not None and self.stop.is_set():
            self.is_complete = False

    def _ask_commit(self, git: Git, status: Status) -> None:
        """Find the time of the commit, and which of the named files it holds."""
        for name in status.changed:
            self.named.pop(name, None)
        if not status.commit:
            return
        inside = [name for name in self.named if not name.startswith(b"outside/") and b"\n" not in name]
        lines = [b"HEAD", *(b"HEAD:" + name for name in inside)]
        answer = git.ask("cat-file", "--batch", at_most=4_000_000, given=b"\n".join(lines) + b"\n")
        time_of = re.search(
            rb"^committer .*> (\d+) [+-]\d{4}$", answer.out.partition(b"\n\n")[0], re.MULTILINE
        )
        if time_of:
            self.facts["commit_time"] = int(time_of[1])
        for name in inside:
            if b"HEAD:" + name + b" missing\n" not in answer.out:
                del self.named[name]  # the commit or the patch holds it

    def _ask_repositories(self, git: Git, status: Status) -> list[tuple[bytes, str]]:
        """Find changes and unknown files, in the repository and in those that lie inside it."""
        looked: list[tuple[Git, Status, bytes]] = []
        sources: list[tuple[bytes, str]] = []
        submodules: list[dict[str, object]] = []
        todo: list[tuple[Git, Status, bytes]] = [(git, status, b"")]
        while todo and len(looked) < self.limits.repositories:
            git, status, prefix = todo.pop(0)
            looked.append((git, status, prefix))
            if status.is_cut:
                self.notes.append("more files differ from the commit than can be listed")
                self.is_complete = False
            inside: dict[bytes, str] = self._submodules(git, status)
            for name in self._unknown(git):
                if name.endswith(b"/"):
                    inside[name[:-1]] = "not tracked"
                else:
                    sources.append((prefix + name, f"{git.root}/{os.fsdecode(name)}"))
            for name, state in inside.items():
                place = f"{git.root}/{os.fsdecode(name)}"
                opened = self._open(git, place)
                commit, states = None, [] if state == "same" else [state]
                if isinstance(opened, str):
                    states.append(opened)
                else:
                    commit = opened[1].commit
                    if opened[1].changed:
                        states.append("dirty")
                    todo.append((*opened, prefix + name + b"/"))
                said = ", ".join(states) or "clean"
                submodules.append({"path": shown(prefix + name), "commit": commit, "state": said})
                self.marks.append((prefix + name, f"{commit} {said}".encode()))
        if todo:
            self.notes.append(
                f"more than {self.limits.repositories} repositories; the others were not looked at"
            )
            self.is_complete = False
        if submodules:
            self.facts["submodules"] = submodules[: self.limits.listed]
        self._take_changes(looked)
        return sources

    def _open(self, outer: Git, place: str) -> tuple[Git, Status] | str:
        """Return a repository inside another one, or in a word why it cannot be looked at."""
        if os.path.realpath(place) != place or not os.path.lexists(f"{place}/.git"):
            return "not checked out"
        git = Git(outer.command, place, outer.deadline)
        from gnomon.runs.capture.code_diff import read_status

        status = git.open() or read_status(git)
        if isinstance(status, str):
            self.notes.append(f"a repository inside cannot be looked at: {status.replace(place, '.')}")
            self.is_complete = False
            return "cannot be read"
        return git, status

    def _submodules(self, git: Git, status: Status) -> dict[bytes, str]:
        """Return the submodules of a repository: which were moved away from the commit that it names."""
        text = text_of(git.root, ".gitmodules", 1_000_000)
        paths = [
            path
            for path in re.findall(_SUBMODULE, text)
            if not path.startswith(("/", "..")) and "\0" not in path
        ]
        listed = dict.fromkeys((os.fsencode(path) for path in paths[: self.limits.repositories + 1]), "same")
        return {**listed, **status.submodules}

    def _unknown(self, git: Git) -> list[bytes]:
        """Return the files that a repository neither tracks nor ignores; a folder that is a repository ends in `/`."""
        if _is_wide(git.root):
            self.notes.append(
                "the repository is a home folder: files that it does not track were not looked at"
            )
            return []
        words = ["ls-files", "-z", "--others", "--exclude-standard"]
        for name in sorted(SKIPPED - {".git"}):
            words.append(f"--exclude={name}/")
        limit = self.limits.seen
        answer = git.ask(*words, at_most=limit * 100)
        if answer.fault:
            self.notes.append(f"{answer.fault}; files that git does not track were not looked at")
            self.is_complete = False
            return []
        names = answer.out.split(b"\0")[:-1]
        if len(names) > limit or answer.is_cut:
            self._cut()
            self.notes.append(
                f"more than {min(len(names), limit):,} files that git does not track; program text and the first of the others "
                "were looked at"
            )
            endings = [f":(icase)*{ending}" for ending in sorted(PROGRAMS)]
            programs = git.ask(*words, "--", *endings, at_most=limit * 100).out.split(b"\0")[:-1]
            names = [*dict.fromkeys([*programs[:limit], *names[:limit]])]
        return names

    def _cut(self) -> None:
        """Take note that not all files are looked at: nothing may be said then that speaks of all."""
        self.is_cut, self.is_complete, self.tree = True, False, None

    def _take_changes(self, looked: list[tuple[Git, Status, bytes]]) -> None:
        from gnomon.runs.capture.code_diff import read_patch

        self._take_tree(looked)
        changed: list[bytes] = []
        patch = bytearray()
        for git, status, prefix in looked:
            changed += [prefix + name for name in status.changed]
            if not status.changed:
                continue
            room = self.limits.diff_bytes - len(patch)
            found = read_patch(git, status, prefix, max(room, 0), self.scrubber)
            patch += found.content
            self.marks += found.marks
            self.notes += found.notes
            self.is_complete = self.is_complete and found.is_complete
        self.facts["is_dirty"] = bool(changed)
        self.facts["changed_count"] = len(changed)
        self.facts["changed"] = [shown(name) for name in sorted(changed)[: self.limits.listed]]
        self.facts["diff_bytes"] = len(patch)
        if patch:
            self.blobs["diff"] = bytes(patch)

    def _take_tree(self, looked: list[tuple[Git, Status, bytes]]) -> None:
        """Take what the commits hold, and of changed files what is on the disk."""
        from gnomon.scrub.files import secret_file

        for git, status, prefix in looked:
            files = code_tree.committed(git, prefix) if status.commit else {}
            if files is None or self.tree is None or len(status.changed) > self.limits.files:
                self.tree = None
                return
            self.tree |= files
            for name in status.changed:
                if name in status.submodules:
                    continue
                like = files.get(prefix + name, b"")
                place, is_open = f"{git.root}/{os.fsdecode(name)}", secret_file(shown(prefix + name)) is None
                content = code_tree.content_of(place, like, may_open=is_open)
                if content is not None:
                    self.tree[prefix + name] = content
                else:
                    self.tree.pop(prefix + name, None)

    # ------------------------------------------------------------ a folder

    def _walk(self, deadline: Deadline) -> list[tuple[bytes, str]]:
        if _is_wide(self.root):
            self.notes.append(
                "the working folder is no project: only the files that the command names were looked at"
            )
            return list(self.named.items())
        if all(os.path.lexists(f"{self.root}/{name}") for name in ("HEAD", "objects", "refs")):
            self.notes.append(
                "the working folder is a bare repository: only the files that the command names were looked at"
            )
            return list(self.named.items())
        if deadline.is_over():
            deadline = self._more_time()
        walked = walk(self.root, self.limits, deadline)
        sources = walked.files
        self.notes += walked.notes
        if not walked.is_whole:
            self._cut()
        self.is_complete = self.is_complete and not deadline.is_over()
        names = {name for name, _ in sources}
        return sources + [(name, place) for name, place in self.named.items() if name not in names]

    def _more_time(self) -> Deadline:
        return Deadline(self.clock, self.limits.seconds / 2, self.stop)

    # ------------------------------------------------------------ their bytes

    def _take_others(self, sources: list[tuple[bytes, str]], found: Files, deadline: Deadline) -> None:
        """Take the files that no commit holds, but for what the run wrote: of those that are kept, the content."""
        if self.tree is None:
            return
        kept = {file.path for file in found.files if file.digest is not None}
        places = dict(sources)
        like = next(iter(self.tree.values()), b"")
        for name, mark in found.marks:
            if deadline.is_over():
                self.tree = None
                return
            content = code_tree.content_of(places[name], like) if shown(name) in kept else None
            self.tree[name] = content or mark

    def _read(self, sources: list[tuple[bytes, str]], deadline: Deadline) -> None:
        if deadline.left() < self.limits.seconds / 2:
            deadline = self._more_time()
        if deadline.was_stopped():
            self.notes.append("looking at the code was stopped")
        sources = [(name, place) for name, place in sources if b".gnomon" not in name.split(b"/")]
        found = read_files(sources, self.named, self.limits, self.scrubber, deadline, self.since_s)
        self.blobs.update(found.blobs)
        self.marks += found.marks
        self._take_others(sources, found, deadline)
        self.notes += found.notes
        self.is_complete = self.is_complete and found.is_complete
        self.facts["untracked"] = [file.facts() for file in found.files[: self.limits.listed]]
        self.facts["untracked_count"] = len(sources)
        if self.is_cut:
            self.facts["is_cut"] = True
        if unkept := [file for file in found.files if file.mark is not None]:
            self.facts["unkept_sources"] = len(unkept)
            self.facts["unkept_mark"] = code_tree.mark_of_unkept(unkept)
        self.facts["kept_count"] = len(found.blobs)
        self.facts["kept_bytes"] = sum(len(content) for content in found.blobs.values())
        if not deadline.is_over():
            self.facts["lock_files"] = lock_files(
                self.root, os.path.relpath(self.folder, self.root), self.scrubber
            )


def _below(place: str, root: str) -> str | None:
    """Return a path relative to a folder that holds it; None where it lies elsewhere."""
    inside = root.rstrip("/") + "/"
    return place.removeprefix(inside) if place.startswith(inside) else None


def project_root(folder: str) -> str | None:
    """Return the real path of the project around a folder: its repository, else the folder; None where it is a home folder.

    That is where `code_state` looks, unless git cannot be asked.
    """
    real = os.path.realpath(folder)
    above = find_root(real)
    root = real if above is None or _is_wide(above) else above
    return None if _is_wide(root) else root


def _is_wide(folder: str) -> bool:
    """Return whether a folder is a home folder or one that holds such: it is no project."""
    home = os.path.realpath(os.path.expanduser("~"))
    return f"{home}/".startswith(folder.rstrip("/") + "/")


def _fingerprint(commit: object, patch: bytes, marks: list[tuple[bytes, bytes]]) -> str:
    from blake3 import blake3

    hasher = blake3(b"gnomon code 1")
    for part in (str(commit or "").encode(), patch, *(part for mark in sorted(marks) for part in mark)):
        hasher.update(b"%d:" % len(part)).update(part)
    return hasher.hexdigest()
