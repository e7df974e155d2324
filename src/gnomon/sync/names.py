"""What a file of a remote may be called. Nothing that a remote says becomes a path unless it matches here.

Format: docs/internals/record-format.md, "Heads".
"""

from __future__ import annotations

import re
import stat as stat_module
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from gnomon.errors import RecordError
from gnomon.record.hashing import new_hasher
from gnomon.sync.store import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.record.home import Home

LOG, POINTS, OBJECTS, HEADS = "log", "points", "objects", "heads"
_SEALED = re.compile(
    r"(?:(log)/([0-9a-f]{32})/([0-9a-f]{32})(?:\.open)?\.bundle\.jsonl"
    r"|(points)/([0-9a-f]{32})/([0-9a-f]{32})\.parquet"
    r"|(points)/([0-9a-f]{32})/[0-9a-f]{32}\.([0-9a-f]{8})\.salvage"
    r"|(objects)/([0-9a-f]{32})/([0-9a-f]{32})\.pack)"
).fullmatch
_USE = {LOG: "bundle", POINTS: "segment", OBJECTS: "pack"}


class SealedFile(NamedTuple):
    """A file that never changes; its name tells its bytes. `check` is 32 hex digits, or the 8 of a CRC (salvage)."""

    path: str
    part: str
    writer: str
    check: str


def sealed_file(path: str) -> SealedFile | None:
    """Return what a path within a record names, None where it names no sealed file."""
    match = _SEALED(path)
    if match is None:
        return None
    part, writer, check = (group for group in match.groups() if group is not None)
    return SealedFile(path, part, writer, check)


class Checked:
    """The bytes of a file as they come, held against its name."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file
        self._hasher = new_hasher(_USE[file.part])
        self._crc = 0
        self._end = b""
        self.size = 0

    def update(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.size += len(piece)
        if len(self._file.check) == 32:
            self._hasher.update(piece)
        else:  # the last four bytes are the CRC of all before
            data = self._end + piece
            self._crc = crc32(data[:-4], self._crc)
            self._end = data[-4:]

    @property
    def is_true(self) -> bool:
        """Whether the bytes so far are those that the name tells."""
        if len(self._file.check) == 32:
            return self._hasher.digest(16).hex() == self._file.check
        return self._end.hex() == self._file.check and int.from_bytes(self._end, "little") == self._crc


def is_true(home: Home, path: str, source: str) -> bool:
    """Return whether the local file `source` holds what the sealed file at `path` must hold. Raises OSError."""
    file = sealed_file(path)
    if file is None:
        return False
    checked = Checked(file)
    fd = home.env.open_read(source)
    try:
        while piece := home.env.read(fd, PIECE, checked.size):
            checked.update(piece)
    finally:
        home.env.close(fd)
    return checked.is_true


def sealed_files(home: Home) -> Iterator[tuple[SealedFile, int]]:
    """Yield each sealed file of a replica and its size, by path."""
    for part in (LOG, OBJECTS, POINTS):
        for writer in home.writers(part):
            for name, state in home.env.list_folder(home.folder(part, writer)):
                file = sealed_file(f"{part}/{writer}/{name}")
                if file is not None and stat_module.S_ISREG(state.st_mode):
                    yield file, state.st_size


def folder_within(home: Home, part: str, writer: str) -> str:
    """Return a writer's folder in a replica, made if missing. Raises RecordError where a link stands in its place."""
    for path in (f"{home.path}/{part}", home.folder(part, writer)):
        home.env.make_folder(path)
        if not stat_module.S_ISDIR(home.env.stat(path).st_mode):
            raise RecordError(
                f"`{path}` is not a folder but a link or something else; nothing is written through it",
                hint="look who put it there, and move it away",
            )
    return home.folder(part, writer)
