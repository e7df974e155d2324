"""What the index has of each log and bundle, and how to tell that a file is another one than it was.

Always true: a file that `is_as` it was is not read. Not promised: that a change is seen which leaves size, time of the
last change and inode as they were; `gnomon verify` reads every byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.record.hashing import new_hasher
from gnomon.record.home import BUNDLE_SUFFIX

if TYPE_CHECKING:
    import os
    import sqlite3
    from collections.abc import Iterable

    from gnomon.record.index_lines import LineFile


class File:
    """What the index has of one file. `last_at` and `last_mark` tell whether the file is still the one that was read."""

    __slots__ = (
        "damaged",
        "inode",
        "is_dirty",
        "last_at",
        "last_mark",
        "mtime_ns",
        "no",
        "path",
        "read_to",
        "size",
    )

    def __init__(self, path: str, row: tuple[int, int, int, int, int, int, bytes, int]) -> None:
        self.path = path
        self.is_dirty = False
        (
            self.no,
            self.size,
            self.mtime_ns,
            self.inode,
            self.read_to,
            self.last_at,
            self.last_mark,
            self.damaged,
        ) = row

    def is_as(self, state: os.stat_result) -> bool:
        """Return whether nothing about the file changed."""
        return (self.size, self.mtime_ns, self.inode) == (state.st_size, state.st_mtime_ns, state.st_ino)


class Changes:
    """The difference between the files that are there and those that the index has."""

    __slots__ = ("changed", "gone", "known", "present", "unread_bytes")

    def __init__(self, known: dict[str, File], listed: Iterable[tuple[str, os.stat_result]]) -> None:
        self.known = known
        self.present = dict(listed)
        self.changed = [
            (path, state)
            for path, state in self.present.items()
            if path not in known or not known[path].is_as(state)
        ]
        self.gone = [file for path, file in known.items() if path not in self.present]
        self.unread_bytes = sum(
            max(0, state.st_size - (known[path].read_to if path in known else 0))
            for path, state in self.changed
        )

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone)


def known_files(database: sqlite3.Connection) -> dict[str, File]:
    """Return the files that the index has, by path within the record."""
    query = "SELECT path, no, size, mtime_ns, inode, read_to, last_at, last_mark, damaged FROM main.file"
    return {row[0]: File(row[0], row[1:]) for row in database.execute(query)}


def mark(line: bytes) -> bytes:
    """Return what tells one last line from another."""
    return new_hasher("entry").update(line).digest(16)


def has_its_name(path: str, lines: LineFile) -> bool:
    """Return whether a bundle's bytes are those that its name says."""
    hasher = new_hasher("bundle")
    for window in lines.windows():
        hasher.update(window)
    return hasher.digest(16).hex() == path.rpartition("/")[2].removesuffix(BUNDLE_SUFFIX)
