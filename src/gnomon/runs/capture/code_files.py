"""Files of code that no commit holds: which are looked at, which are read, scrubbed and kept.

Always true: only plain files that look like source by their name are opened; a file whose name says that it is a secret
never is; a symbolic link is named with its target and not followed; what is kept has passed the scrubber, and is no more
than the limits say; program text is kept before configuration and data. Of source that is not kept, `mark` is a digest of its
bytes, or its size and time where there is too much of it.
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
PROGRAMS = _ENDINGS - _ALSO_OUTPUT  # what nothing but a program's text is called
BY_THE_RUN = "written by the run"
TOO_LARGE = "too large"
_MARK_DIGITS = 32  # of a BLAKE3 digest in hex
_PIECE = 1 << 16
_MOST_ENTRIES = 200_000  # of folders, in one look
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
    seen: int = (
        20_000  # names of files that git does not know, or entries of a folder; of program text as many again
    )
    hashed_files: int = 5_000  # of those that are not kept
    hashed_bytes: int = 256_000_000
    listed: int = 200  # names in the facts
    depth: int = 12
    repositories: int = 50  # submodules, and other repositories inside


class CodeFile:
    """One file that no commit holds."""

    __slots__ = ("digest", "mark", "path", "size", "why_not")

    def __init__(
        self, path: str, size: int, digest: str | None, why_not: str | None, mark: str | None = None
    ) -> None:
        self.path = path
        self.size = size
        self.digest = digest
        self.why_not = why_not
        self.mark = mark  # of source that is not kept

    def facts(self) -> dict[str, object]:
        """Return what the record says of the file."""
        found: dict[str, object] = {
            "path": self.path,
            "size": self.size,
            "digest": self.digest,
            "why_not": self.why_not,
        }
        return found if self.mark is None else {**found, "mark": self.mark}


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
        self.files = files  # source that is not kept comes first, then what is kept
        self.blobs = blobs  # by `files/<path>`
        self.marks = marks
        self.notes = notes
        self.is_complete = is_complete


class _Candidate:
    __slots__ = ("mark", "name", "order", "size", "source")

    def __init__(
        self, order: tuple[bool, bool, int, bytes], name: bytes, source: str, size: int, mark: bytes
    ) -> None:
        self.order = order  # what the command names, then program text, then what lies near the root
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


def is_program(name: str) -> bool:
    """Return whether a file is program text by its name, and neither configuration nor data."""
    return os.path.splitext(name)[1].lower() in PROGRAMS


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
    unkept: list[CodeFile] = []
    hashing = _Hashing(limits, deadline)
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
            continue
        file, mark = one
        if file.why_not == TOO_LARGE:
            file.mark = hashing.mark(source, file.size, mark)
            unkept.append(file)
        else:
            others.append(file)
        found.marks.append((name, mark if file.mark is None else file.mark.encode("ascii")))
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
            of_bytes = hashing.mark(candidate.source, candidate.size, candidate.mark)
            unkept.append(CodeFile(path, candidate.size, None, kept, of_bytes))
            found.marks.append((candidate.name, of_bytes.encode("ascii")))
            continue
        digest = _digest(kept)
        kept_bytes += len(kept)
        found.blobs[f"files/{path}"] = kept
        found.files.append(CodeFile(path, candidate.size, digest, None))
        found.marks.append((candidate.name, digest.encode("ascii")))
    found.files = [
        file
        for files in (unkept, found.files, others)
        for file in sorted(
            files, key=lambda one: (one.mark is not None and not is_program(one.path), one.path)
        )
    ]
    return found


class _Hashing:
    """Digests of files that are not kept, as long as their number, size and time allow."""

    def __init__(self, limits: Limits, deadline: Deadline) -> None:
        self._files, self._bytes, self._deadline = limits.hashed_files, limits.hashed_bytes, deadline

    def mark(self, source: str, size: int, otherwise: bytes) -> str:
        """Return what stands for the bytes of a file."""
        if self._files < 1 or size > self._bytes or self._deadline.is_over():
            return otherwise.decode("ascii")
        self._files -= 1
        self._bytes -= size
        try:
            content = read_plain(source, size)
        except (OSError, ValueError):
            return otherwise.decode("ascii")
        return _digest(content)[:_MARK_DIGITS]


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
        return CodeFile(path, size, None, TOO_LARGE), mark
    order = not is_named, not is_program(path), name.count(b"/"), name
    return _Candidate(order, name, source, size, mark)


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
        return TOO_LARGE
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


class Walked(NamedTuple):
    """The files below a folder as (path, path on the disk); `is_whole` where none was left out for its number or depth."""

    files: list[tuple[bytes, str]]
    notes: list[str]
    is_whole: bool


def walk(root: str, limits: Limits, deadline: Deadline) -> Walked:
    """Return the files below a folder: program text, and of all others as many as the limits say.

    Hidden folders, environments and caches are left out without a word.
    """
    found: list[tuple[bytes, str]] = []
    notes: list[str] = []
    todo, seen, is_deeper, is_cut, programs, others = [("", 1)], 0, False, False, 0, 0
    while todo:
        prefix, depth = todo.pop(0)
        try:
            with os.scandir(f"{root}/{prefix}") as listing:
                entries = []
                for entry in listing:
                    seen += 1
                    if seen > _MOST_ENTRIES or deadline.is_over():
                        break
                    entries.append(entry)
        except OSError as error:
            notes.append(f"the folder `{shown(os.fsencode(prefix)) or '.'}` {_cannot(error)}")
            continue
        entries.sort(key=lambda entry: entry.name)
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                is_one = is_program(entry.name)
                programs, others = programs + is_one, others + (not is_one)
                if (programs if is_one else others) <= limits.seen:
                    found.append((os.fsencode(name), f"{root}/{name}"))
                else:
                    is_cut = True
            elif _is_left_out(root, name, entry.name):
                continue
            elif depth < limits.depth:
                todo.append((f"{name}/", depth + 1))
            else:
                is_deeper = True
        if seen > _MOST_ENTRIES or deadline.is_over():
            break
    if seen > _MOST_ENTRIES:
        notes.append(f"the folder holds more than {_MOST_ENTRIES:,} entries; only these were looked at")
    elif deadline.is_over():
        notes.append("there was no time to look at the whole folder")
    elif is_cut:
        notes.append(
            f"the folder holds {seen:,} files; of those that are no program text the first {limits.seen:,} were looked at"
        )
    if is_deeper:
        notes.append(f"folders more than {limits.depth} deep were not looked at")
    return Walked(found, notes, not is_cut and not is_deeper and seen <= _MOST_ENTRIES)


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
