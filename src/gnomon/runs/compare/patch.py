"""Read the uncommitted diff that capture keeps, and apply a file's part of it to what the commit holds.

The diff has passed the scrubber, so a line of it may differ from the file where a secret was withheld: context is taken from
the commit, and lines are found by their numbers.

Always true: reading never raises; `applied` gives the file as it was, or raises PatchError. Nothing is written anywhere.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gnomon.runs.capture.code_files import shown

_FILE = re.compile(rb"^diff --(?:git|cc|combined) |^\* Unmerged path ", re.MULTILINE)
_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_SCRUBBED = (b"[withheld: ", b"~")  # a secret, the home folder


class PatchError(Exception):
    """A part of a diff does not fit what it is applied to. Never leaves this folder."""


class Part(NamedTuple):
    """What a diff says of one file."""

    path: str  # as the record shows names
    raw: bytes
    is_new: bool
    is_deleted: bool
    is_readable: bool  # False for a binary file, a conflict, or what was left out

    @property
    def hunks(self) -> bytes:
        """The lines from the first `@@` on."""
        start = self.raw.find(b"\n@@ ")
        return self.raw[start + 1 :] if start >= 0 else b""


def parts_of(patch: bytes) -> dict[str, Part]:
    """Return what a diff says of each file, by path."""
    starts = [found.start() for found in _FILE.finditer(patch)]
    parts: dict[str, Part] = {}
    for start, end in zip(starts, [*starts[1:], len(patch)], strict=False):
        raw = patch[start:end]
        path = _path(raw)
        if path:
            head = raw.partition(b"\n@@ ")[0]
            is_readable = (
                raw.startswith(b"diff --git ")
                and b"\nGIT binary patch" not in head
                and b"\nBinary files " not in head
                and path not in parts
            )
            is_new, is_deleted = b"\nnew file mode " in head, b"\ndeleted file mode " in head
            parts[path] = Part(path, raw, is_new, is_deleted, is_readable)
    return parts


def applied(base: bytes | None, part: Part) -> bytes | None:
    """Return the content of a file after its part of a diff; None where that deletes it. Raises PatchError."""
    if not part.is_readable:
        raise PatchError("its change is not text")
    if part.is_deleted:
        return None
    if base is None and not part.is_new:
        raise PatchError("what it was before is not here")
    before = _lines(base or b"")
    after: list[bytes] = []
    at = 0
    for start, old, new in _hunks(part.hunks):
        if start < at or start + len(old) > len(before):
            raise PatchError("its lines are not where the diff says")
        after += before[at:start]
        kept = before[start : start + len(old)]
        if any(a != b and not any(mark in b for mark in _SCRUBBED) for a, b in zip(kept, old, strict=True)):
            raise PatchError("its lines are not those that the diff says")
        after += [kept[place] if place is not None else line for place, line in new]
        at = start + len(old)
    return b"".join([*after, *before[at:]])


def _hunks(text: bytes) -> list[tuple[int, list[bytes], list[tuple[int | None, bytes]]]]:
    """Return (first line, lines before, lines after: of context the place among those before) of each hunk."""
    found = []
    lines = _lines(text)
    place = 0
    while place < len(lines):
        head = _HUNK.match(lines[place])
        if head is None:
            raise PatchError("its diff cannot be read")
        start, old_count, new_count = int(head[1]), int(head[2] or 1), int(head[4] or 1)
        if head[2] == b"0" or old_count == 0:
            old_count, start = 0, start + 1  # nothing before: the number is that of the line before it
        if head[4] == b"0":
            new_count = 0
        old: list[bytes] = []
        new: list[tuple[int | None, bytes]] = []
        place += 1
        while place < len(lines) and not lines[place].startswith(b"@@ "):
            line = lines[place]
            sign, rest = line[:1], line[1:]
            if sign == b"\\":  # "\ No newline at end of file": of the line before it
                _without_end(lines[place - 1][:1], old, new)
            elif sign in (b" ", b"-"):
                if sign == b" ":
                    new.append((len(old), rest))
                old.append(rest)
            elif sign == b"+":
                new.append((None, rest))
            else:
                raise PatchError("its diff cannot be read")
            place += 1
        if (len(old), len(new)) != (old_count, new_count):
            raise PatchError("its diff is cut")
        found.append((start - 1, old, new))
    return found


def _without_end(sign: bytes, old: list[bytes], new: list[tuple[int | None, bytes]]) -> None:
    if sign in (b" ", b"-") and old:
        old[-1] = old[-1].removesuffix(b"\n")
    if sign in (b" ", b"+") and new:
        new[-1] = (new[-1][0], new[-1][1].removesuffix(b"\n"))


def _lines(text: bytes) -> list[bytes]:
    """Return lines with their line feeds; a carriage return alone ends none."""
    lines = text.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _path(raw: bytes) -> str:
    """Return the path that the first line of a part names; both names are the same, since capture follows no renames."""
    line = raw.partition(b"\n")[0]
    if not line.startswith(b"diff --git "):
        return shown(line.rpartition(b" ")[2])
    rest = line[len(b"diff --git ") :]
    if rest.startswith(b'"'):
        return shown(_unquoted(rest[1:]).removeprefix(b"a/"))
    half = (len(rest) - 1) // 2
    return shown(rest[:half].removeprefix(b"a/"))


def _unquoted(text: bytes) -> bytes:
    """Return what git wrote in quotes, up to the closing one."""
    found, place = bytearray(), 0
    while place < len(text) and text[place : place + 1] != b'"':
        if text[place : place + 1] != b"\\":
            found += text[place : place + 1]
            place += 1
            continue
        octal = text[place + 1 : place + 4]
        if len(octal) == 3 and octal.isdigit():
            found.append(int(octal, 8) & 255 if not set(octal) & set(b"89") else ord("?"))
            place += 4
        else:
            one = text[place + 1 : place + 2]
            found += _ESCAPES.get(one, one)
            place += 2
    return bytes(found)
