"""Files of code that no commit holds: which are looked at, which are read, scrubbed and kept.

Always true: only plain files that look like source by their name and size are opened; a file whose name says
that it is a secret never is; a symbolic link is named with its target and not followed; what is kept has
passed the scrubber, and is no more than the limits say.
"""

from __future__ import annotations

import os
import stat as stat_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gnomon.runs.capture.code_git import Deadline
    from gnomon.scrub.scrubber import Scrubber

_ENDINGS = frozenset(
    ".py .pyi .pyx .pxd .ipynb .r .rmd .qmd .jl .sh .bash .zsh .fish .ps1 .bat .slurm .sbatch .sql .yaml .yml .toml .json "
    ".jsonnet .libsonnet .gin .cfg .conf .ini .properties .md .txt .rst .tex .c .cc .cpp .cxx .cu .cuh .h .hh .hpp "
    ".rs .go .java .kt .scala .js .mjs .ts .jsx .tsx .html .css .lua .pl .rb .m .mm .swift .f90 .proto .j2 .jinja .tf "
    ".hcl .nix .mk .cmake .bzl .patch .diff .xml .lock".split()
)
_NAMES = frozenset(
    "makefile gnumakefile justfile snakefile dockerfile containerfile jenkinsfile procfile vagrantfile rakefile "
    "pipfile gemfile sconstruct build workspace license readme .gitignore .gitattributes .gitmodules .dockerignore "
    ".pre-commit-config.yaml .editorconfig .python-version".split()
)
# Of these, what is newer than the run was written by it: results and logs, no code that it ran.
_ALSO_OUTPUT = frozenset(
    ".json .txt .md .rst .html .xml .yaml .yml .toml .cfg .conf .ini .properties .lock .tex .css .js .patch .diff".split()
)
BY_THE_RUN = "written by the run"
_PIECE = 1 << 16
_LARGEST_JSON = 100_000  # a longer one is more likely data
# Folders that hold no code of one's own. `.gnomon` is the record.
SKIPPED = frozenset(
    ".git .gnomon .venv venv node_modules __pycache__ site-packages dist-packages .tox .nox .mypy_cache "
    ".ruff_cache .pytest_cache .ipynb_checkpoints".split()
)


class Limits(NamedTuple):
    """How much of the code is looked at and kept."""

    seconds: float = 10.0  # of git; reading files has the rest of it, or half of it again
    diff_bytes: int = 10_000_000
    file_bytes: int = 1_000_000
    files: int = 500
    total_bytes: int = 20_000_000
    seen: int = 20_000  # names of files that git does not know, or entries of a folder
    listed: int = 200  # names in the facts
    depth: int = 6
    repositories: int = 50  # submodules, and other repositories inside


class CodeFile:
    """One file that no commit holds."""

    __slots__ = ("digest", "path", "size", "why_not")

    def __init__(self, path: str, size: int, digest: str | None, why_not: str | None) -> None:
        self.path = path
        self.size = size
        self.digest = digest
        self.why_not = why_not

    def facts(self) -> dict[str, object]:
        """Return what the record says of the file."""
        return {"path": self.path, "size": self.size, "digest": self.digest, "why_not": self.why_not}


class Files:
    """What was found: `marks` are equal where the files look the same."""

    __slots__ = ("blobs", "files", "is_complete", "marks", "notes")

    def __init__(
        self,
        files: list[CodeFile],
        blobs: dict[str, bytes],
        marks: list[tuple[bytes, bytes]],
        notes: list[str],
        is_complete: bool,
    ) -> None:
        self.files = files  # those that are kept come first
        self.blobs = blobs  # by `files/<path>`
        self.marks = marks
        self.notes = notes
        self.is_complete = is_complete


class _Candidate:
    __slots__ = ("mark", "name", "order", "size", "source")

    def __init__(
        self, order: tuple[bool, int, bytes], name: bytes, source: str, size: int, mark: bytes
    ) -> None:
        self.order = order  # what the command names, then what lies near the root
        self.name = name
        self.source = source
        self.size = size
        self.mark = mark


def shown(name: bytes) -> str:
    """Return a name as it stands in the record: what is not text, and the backslash, as `%5C` would be."""
    text = name.decode("utf-8", "surrogateescape").replace("\\", "%5C")
    return "".join(f"%{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c for c in text)


def is_source(name: str) -> bool:
    """Return whether a file looks like source by its name."""
    name = name.rpartition("/")[2].lower()
    return (
        os.path.splitext(name)[1] in _ENDINGS
        or name in _NAMES
        or name.startswith(("dockerfile", "makefile.", "requirements"))
    )


def read_plain(path: str, at_most: int) -> bytes:
    """Return the bytes of a plain file; one byte more than `at_most` where it is longer. Never waits for a pipe."""
    flags = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    fd = os.open(path, flags)
    try:
        if not stat_module.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(0, "it is not a plain file")
        parts, left = [], at_most + 1
        while left > 0 and (part := os.read(fd, min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
    finally:
        os.close(fd)


def read_files(
    sources: Iterable[tuple[bytes, str]],
    named: Collection[bytes],
    limits: Limits,
    scrubber: Scrubber,
    deadline: Deadline,
    since_s: float | None = None,
) -> Files:
    """Look at files, given as (path in the record, path on the disk), and keep those that may be kept.

    `named` are those that the command names: they come first where not all can be kept. What was written after `since_s`
    (seconds since 1970) and is no program text is an output of the run: named, not kept, and no mark of the code.
    """
    found = Files([], {}, [], [], True)
    candidates = []
    others: list[CodeFile] = []
    for name, source in sources:
        if deadline.is_over():
            return _stopped(found, others)
        if (
            since_s is not None
            and name not in named
            and (size := _size_of_output(source, since_s)) is not None
        ):
            others.append(CodeFile(shown(name), size, None, BY_THE_RUN))
            continue
        one = _look(name, source, name in named, limits, scrubber)
        if isinstance(one, _Candidate):
            candidates.append(one)
        else:
            file, mark = one
            others.append(file)
            found.marks.append((name, mark))
    candidates.sort(key=lambda one: one.order)
    kept_bytes = 0
    for candidate in candidates:
        if deadline.is_over():
            return _stopped(found, others)
        path, room = shown(candidate.name), limits.total_bytes - kept_bytes
        if len(found.blobs) >= limits.files or candidate.size > room or f"files/{path}" in found.blobs:
            kept: bytes | str = "over the limit"
        else:
            kept = _read(candidate, path, min(limits.file_bytes, room), scrubber)
        if isinstance(kept, str):
            others.append(CodeFile(path, candidate.size, None, kept))
            found.marks.append((candidate.name, candidate.mark))
            continue
        digest = _digest(kept)
        kept_bytes += len(kept)
        found.blobs[f"files/{path}"] = kept
        found.files.append(CodeFile(path, candidate.size, digest, None))
        found.marks.append((candidate.name, digest.encode("ascii")))
    found.files.sort(key=lambda file: file.path)
    found.files.extend(sorted(others, key=lambda file: file.path))
    return found


def _size_of_output(source: str, since_s: float) -> int | None:
    """Return the size of a file that the run wrote; None for what was there before, or is program text."""
    if is_source(source) and os.path.splitext(source)[1].lower() not in _ALSO_OUTPUT:
        return None
    try:
        state = os.lstat(source)
    except (OSError, ValueError):
        return None
    return state.st_size if state.st_mtime > since_s else None


def _stopped(found: Files, others: list[CodeFile]) -> Files:
    found.files.extend(others)
    found.notes.append("there was no time to read all files that no commit holds")
    found.is_complete = False
    return found


def _look(
    name: bytes, source: str, is_named: bool, limits: Limits, scrubber: Scrubber
) -> _Candidate | tuple[CodeFile, bytes]:
    from gnomon.scrub.files import secret_file

    path = shown(name)
    try:
        state = os.lstat(source)
    except (OSError, ValueError) as error:
        return CodeFile(path, 0, None, _cannot(error)), b"?"
    size, mark = state.st_size, mark_of(state)
    secret = secret_file(path)
    if secret:
        scrubber.withhold(secret, "code", path)
        return CodeFile(path, size, None, f"a secret by its name ({secret})"), mark
    if stat_module.S_ISLNK(state.st_mode):
        target = _target(source)
        said = scrubber.text(shown(target), "code")
        return CodeFile(path, size, None, f"a symbolic link to `{said}`"), b"link " + target
    if not stat_module.S_ISREG(state.st_mode):
        return CodeFile(path, size, None, "not a plain file"), mark
    if not is_source(path):
        return CodeFile(path, size, None, "not source code by its name"), mark
    largest = limits.file_bytes
    if path.lower().endswith(".json") and not is_named:
        largest = min(largest, _LARGEST_JSON)
    if size > largest:
        return CodeFile(path, size, None, "too large"), mark
    return _Candidate((not is_named, name.count(b"/"), name), name, source, size, mark)


def mark_of(state: os.stat_result) -> bytes:
    """Return what stands for the bytes of a file that is not read."""
    return b"%d %d" % (state.st_size, state.st_mtime_ns)


def _read(candidate: _Candidate, path: str, at_most: int, scrubber: Scrubber) -> bytes | str:
    """Return the scrubbed bytes of a file, or why it is not kept."""
    try:
        content = read_plain(candidate.source, at_most)
    except (OSError, ValueError) as error:
        return _cannot(error)
    if len(content) > at_most:
        return "too large"
    if b"\0" in content:
        return "binary"
    kept = scrubbed(content, f"code file {path}", scrubber)
    return kept if len(kept) <= at_most else "over the limit"


def scrubbed(content: bytes, where: str, scrubber: Scrubber) -> bytes:
    """Return bytes without secrets; those that are no UTF-8 survive.

    A long text is searched in pieces of whole lines, so that no other thread waits long for the interpreter.
    """
    from gnomon.scrub.blocks import Blocks

    blocks, parts, start = Blocks(), [], 0
    while start < len(content):
        end = content.find(b"\n", start + _PIECE) + 1 or len(content)
        text: str = scrubber.lines(content[start:end].decode("utf-8", "surrogateescape"), where, blocks)
        parts.append(text.encode("utf-8", "surrogateescape"))
        start = end
    return b"".join(parts)


def _target(source: str) -> bytes:
    try:
        return os.fsencode(os.readlink(source))
    except OSError:
        return b"?"


def _cannot(error: OSError | ValueError) -> str:
    why = error.strerror if isinstance(error, OSError) else None
    return f"cannot be read: {why or 'its name is not allowed'}"


def _digest(content: bytes) -> str:
    from blake3 import blake3

    return blake3(content).hexdigest()


# ---------------------------------------------------------------- a folder without git


def walk(root: str, limits: Limits, deadline: Deadline) -> tuple[list[tuple[bytes, str]], list[str]]:
    """Return the files below a folder as (path, path on the disk), and notes about what was left out.

    Hidden folders, environments and caches are left out without a word.
    """
    found: list[tuple[bytes, str]] = []
    notes: list[str] = []
    todo, seen, is_deeper = [("", 1)], 0, False
    while todo:
        prefix, depth = todo.pop(0)
        try:
            with os.scandir(f"{root}/{prefix}") as listing:
                entries = []
                for entry in listing:
                    seen += 1
                    if seen > limits.seen or deadline.is_over():
                        break
                    entries.append(entry)
        except OSError as error:
            notes.append(f"the folder `{shown(os.fsencode(prefix)) or '.'}` {_cannot(error)}")
            continue
        entries.sort(key=lambda entry: entry.name)
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                found.append((os.fsencode(name), f"{root}/{name}"))
            elif _is_left_out(root, name, entry.name):
                continue
            elif depth < limits.depth:
                todo.append((f"{name}/", depth + 1))
            else:
                is_deeper = True
        if seen > limits.seen:
            notes.append(f"the folder holds more than {limits.seen:,} entries; only these were looked at")
            break
        if deadline.is_over():
            notes.append("there was no time to look at the whole folder")
            break
    if is_deeper:
        notes.append(f"folders more than {limits.depth} deep were not looked at")
    return found, notes


def _is_left_out(root: str, name: str, last: str) -> bool:
    return last.startswith(".") or last in SKIPPED or os.path.lexists(f"{root}/{name}/pyvenv.cfg")


# ---------------------------------------------------------------- lock files

_LOCKS = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pixi.lock",
    "conda-lock.yml",
    "environment.yml",
    "environment.yaml",
)
_LARGEST_LOCK = 10_000_000
_MOST_REQUIREMENTS = 20


def lock_files(root: str, below: str, scrubber: Scrubber) -> list[dict[str, object]]:
    """Return path and digest of the files at the root and in the folder `below` it that pin packages.

    Those that people write (requirements, environments) are scrubbed before they are hashed: they may hold a password.
    """
    found: list[dict[str, object]] = []
    for prefix in dict.fromkeys(("", "" if below == "." else f"{below}/")):
        for name in (*_LOCKS, *_requirements(f"{root}/{prefix}")):
            try:
                content = read_plain(f"{root}/{prefix}{name}", _LARGEST_LOCK)
            except (OSError, ValueError):
                continue
            if len(content) > _LARGEST_LOCK:
                continue
            if name.startswith(("requirements", "environment")):
                content = scrubbed(content, name, scrubber)
            found.append({"path": shown(os.fsencode(prefix + name)), "digest": _digest(content)})
    return found


def _requirements(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as listing:
            names = []
            for count, entry in enumerate(listing):
                if count > 1000:
                    break
                if entry.name.startswith("requirements") and entry.name.endswith(".txt"):
                    names.append(entry.name)
    except OSError:
        return []
    return sorted(names)[:_MOST_REQUIREMENTS]
