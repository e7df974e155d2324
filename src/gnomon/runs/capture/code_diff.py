"""What differs from the commit: the names, and the patch that brings it back.

The patch is that of `git diff-index`, whose form no person's configuration changes, so `git apply` takes it. It is
cut into its files before it is scrubbed: a secret never spans two files, and no single search takes long.

Always true: a file whose name says that it is a secret is in no patch; every text in a patch has passed the
scrubber, also that of files that git takes for binary, which are left out where they hold a secret.
"""

from __future__ import annotations

import os
import re
import zlib
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.capture.code_files import mark_of, scrubbed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.runs.capture.code_git import Git
    from gnomon.scrub.scrubber import Scrubber

_EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_MOST_STATUS_BYTES = 16_000_000
_MOST_LEFT_OUT = 200
_LARGEST_COMPARED = 50_000_000  # git would take as much memory for a longer file
_BATCH = 1 << 16
_BINARY = b"\nGIT binary patch\n"
_NEXT_FILE = re.compile(rb"^diff --git |^diff --cc |^\* Unmerged path ", re.MULTILINE)


class Status(NamedTuple):
    """What `git status` says of one repository; names are relative to it."""

    commit: str | None
    branch: str | None
    changed: list[bytes]
    submodules: dict[bytes, str]  # those that differ from what is committed
    is_cut: bool


class Patch(NamedTuple):
    """A patch, and what it does not show."""

    content: bytes
    marks: list[tuple[bytes, bytes]]  # of the files that it does not show
    notes: list[str]
    is_complete: bool


def read_status(git: Git) -> Status | str:
    """Return which tracked files differ from the commit, or why that is not known."""
    answer = git.ask(
        "status",
        "--porcelain=v2",
        "--branch",
        "-z",
        "--no-ahead-behind",
        "--no-renames",
        "--untracked-files=no",
        "--ignore-submodules=dirty",
        at_most=_MOST_STATUS_BYTES,
    )
    if answer.fault:
        return answer.fault
    commit = branch = None
    changed: list[bytes] = []
    submodules: dict[bytes, str] = {}
    lines = answer.out.split(b"\0")[:-1]  # what follows the last zero byte is nothing, or half a line
    for line in lines:
        if line.startswith(b"# branch.oid ") and not line.endswith(b"(initial)"):
            commit = line[13:].decode("ascii", "replace")
        elif line.startswith(b"# branch.head ") and not line.endswith(b"(detached)"):
            branch = shown(line[14:])
        elif line[:2] in (b"1 ", b"u "):
            fields = line.split(b" ", 8 if line[:1] == b"1" else 10)
            name = fields[-1]
            if b".gnomon" in name.split(b"/"):
                continue
            if fields[2].startswith(b"S"):
                submodules[name] = "moved"
            changed.append(name)
    return Status(commit, branch, changed, submodules, answer.is_cut)


def read_patch(git: Git, status: Status, prefix: bytes, at_most: int, scrubber: Scrubber) -> Patch:
    """Return what changed in one repository, which lies at `prefix` below the root, in at most so many bytes."""
    hidden, notes = _hidden(git.root, status, prefix, scrubber)
    marks = [(prefix + name, _mark(git.root, name)) for name in hidden]
    if len(hidden) > _MOST_LEFT_OUT:
        notes.append("the patch is left out: it would hold too many secret or huge files")
        return Patch(b"", _all_marks(git.root, status, prefix), notes, True)
    if len(hidden) == len(status.changed):
        return Patch(b"", marks, notes, True)
    words: list[str | bytes] = [
        *("diff-index", "-p", "--full-index", "--no-color", "--no-renames", "--no-ext-diff", "--no-textconv"),
        *("--ignore-submodules=dirty", "--submodule=short", "--binary"),
        *(b"--src-prefix=a/" + prefix, b"--dst-prefix=b/" + prefix),
    ]
    base = status.commit or _EMPTY_TREE.get(
        git.config.get("extensions.objectformat", ""), _EMPTY_TREE["sha1"]
    )
    places: list[str | bytes] = [base, "--", ".", ":(exclude,glob)**/.gnomon/**"]
    places += [b":(exclude,literal)" + name for name in hidden]
    answer = git.ask(*words, *places, at_most=at_most)
    if answer.is_cut and _BINARY in answer.out:
        words.remove("--binary")
        notes.append(f"the patch is longer than {at_most:,} bytes; changes of binary files are left out")
        answer = git.ask(*words, *places, at_most=at_most)
    raw = answer.out
    is_short = answer.is_cut or answer.fault is not None
    if is_short:
        why = answer.fault or f"it is longer than {at_most:,} bytes"
        raw = raw[: raw.rfind(b"\n") + 1]
        notes.append(f"the patch ends early: {why}")
    clean = _without_secrets(raw, git, scrubber)
    notes += clean.notes
    if is_short or clean.notes:
        marks = _all_marks(git.root, status, prefix)
    return Patch(clean.content, marks, notes, clean.is_complete and answer.fault is None)


def _hidden(root: str, status: Status, prefix: bytes, scrubber: Scrubber) -> tuple[list[bytes], list[str]]:
    """Return the changed files that no patch may show, and notes that name them."""
    from gnomon.scrub.files import secret_file

    hidden: list[bytes] = []
    notes: list[str] = []
    for name in status.changed:
        path = shown(prefix + name)
        secret = secret_file(path)
        if secret:
            scrubber.withhold(secret, "code diff", path)
            notes.append(f"the change of `{path}` is left out: a secret by its name ({secret})")
        elif _size(root, name) > _LARGEST_COMPARED:
            notes.append(f"the change of `{path}` is left out: the file is too large")
        else:
            continue
        hidden.append(name)
    return hidden, notes[:20]


def _size(root: str, name: bytes) -> int:
    try:
        return os.lstat(os.path.join(os.fsencode(root), name)).st_size
    except OSError:  # deleted
        return 0


def _mark(root: str, name: bytes) -> bytes:
    try:
        return mark_of(os.lstat(os.path.join(os.fsencode(root), name)))
    except OSError:
        return b"gone"


def _all_marks(root: str, status: Status, prefix: bytes) -> list[tuple[bytes, bytes]]:
    return [(prefix + name, _mark(root, name)) for name in status.changed]


# ---------------------------------------------------------------- without secrets


class _Clean(NamedTuple):
    content: bytes
    notes: list[str]  # what was left out of it
    is_complete: bool


def _without_secrets(raw: bytes, git: Git, scrubber: Scrubber) -> _Clean:
    parts: list[bytes] = []
    notes: list[str] = []
    for part in _batches(raw):
        if git.deadline.is_over():
            notes.append("the patch ends early: there was no time to look for secrets in all of it")
            return _Clean(b"".join(parts), notes, False)
        header, mark, packed = part.partition(_BINARY)
        parts.append(scrubbed(header, "code diff", scrubber))
        if not mark:
            continue
        if all(scrubbed(piece, "code diff", scrubber) == piece for piece in _binary_pieces(packed)):
            parts.append(mark + packed)
        else:
            parts.append(b"\nBinary files differ: left out, they hold a secret\n")
            notes.append("the change of a binary file is left out: it holds a secret")
    return _Clean(b"".join(parts), notes, True)


def _batches(raw: bytes) -> Iterator[bytes]:
    """Yield a patch in parts that end where a file ends; a binary file is a part of its own."""
    starts = [match.start() for match in _NEXT_FILE.finditer(raw)]
    batch: list[bytes] = []
    size = 0
    for place, start in enumerate(starts):
        one = raw[start : starts[place + 1] if place + 1 < len(starts) else len(raw)]
        if _BINARY in one:
            yield b"".join(batch)
            yield one
            batch, size = [], 0
            continue
        batch.append(one)
        size += len(one)
        if size > _BATCH:
            yield b"".join(batch)
            batch, size = [], 0
    yield b"".join(batch)


def _binary_pieces(packed: bytes) -> Iterator[bytes]:
    """Yield what a binary patch holds, at most 16 MB of each side, in pieces that overlap a little."""
    side = bytearray()
    for line in [*packed.splitlines(), b""]:
        if line and not line.startswith((b"literal ", b"delta ")):
            side += _line_bytes(line)
            continue
        content = _unpacked(side)
        for start in range(0, len(content), _BATCH):
            yield content[start : start + _BATCH + 256]
        side = bytearray()


def _line_bytes(line: bytes) -> bytes:
    """Return the bytes of one line of a binary patch: a letter for how many, then base 85."""
    from base64 import b85decode

    first = line[0]
    count = first - 64 if 65 <= first <= 90 else first - 70 if 97 <= first <= 122 else 0
    try:
        return b85decode(line[1:])[:count]
    except ValueError:
        return b""


def _unpacked(packed: bytearray) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, 16_000_000)
    except zlib.error:
        return bytes(packed)
