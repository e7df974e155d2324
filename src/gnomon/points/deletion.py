"""Prove that a WAL or a segment may be deleted, and delete it.

A WAL may go only if every byte of it up to its end is elsewhere *and* its end is certain: it has a close mark, or it
was opened in this boot of this machine and its exclusive lock was obtained. A missing process id proves nothing
(another container), nor does age, nor a machine that went down: such a WAL stays, sealed and counted once.

Always true: what a damaged WAL holds after its last sound record is copied to a salvage file first; a segment goes only
when another one that was checked against its name covers as much of every WAL.
Format: docs/internals/record-format.md, "Bundles", "Deletion needs proof of coverage".
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from gnomon.errors import DamagedFileError
from gnomon.points import layout
from gnomon.points.header import read_head
from gnomon.points.reader import MAX_READ_SIZE, WalRead, read_open_wal
from gnomon.points.seal import Sealed, is_empty, write_whole
from gnomon.points.segment import covers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.env import Env
    from gnomon.points.covers import Cover

SALVAGE_MAGIC = b"GNMSLV1\n"
SALVAGE_SUFFIX = ".salvage"
SALVAGE_PLACE = struct.Struct("<QQ")  # offset in the WAL, length
_NO_BOOT = bytes(16)

CLOSED = "closed"  # it ended in order
DEAD = "dead"  # its process is gone
ALIVE = "alive"  # somebody holds it
UNKNOWN = "unknown"  # another machine, another boot, or no locks here


class Verdict(msgspec.Struct, frozen=True):
    """Whether a file may be deleted, and why or why not."""

    is_allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.is_allowed


def life_of(env: Env, path: str) -> str:
    """Return CLOSED, DEAD, ALIVE or UNKNOWN for a WAL; for showing, and for choosing what to seal. Raises OSError."""
    fd = env.open_write(path)
    try:
        return _life(env, fd, path, env.is_lock_free)
    finally:
        env.close(fd)


def may_delete(env: Env, path: str, sealed: Sealed | None) -> Verdict:
    """Return whether this WAL may be deleted: all of it is in `sealed` (and a salvage file), or it holds nothing."""
    return _with_open_wal(env, path, lambda fd: _proof(env, fd, path, sealed)[0])


def delete_wal(env: Env, path: str, sealed: Sealed | None) -> Verdict:
    """Delete a WAL if that is proven to lose nothing; copy a damaged remainder to a salvage file first.

    Raises OSError where salvaging or deleting fails, StorageError where the salvage file does not read back.
    """

    def delete(fd: int) -> Verdict:
        verdict, read = _proof(env, fd, path, sealed)
        if verdict.reason == _NOT_SALVAGED:
            salvage(env, fd, path, read)
            verdict, _ = _proof(env, fd, path, sealed)
        if verdict:
            env.unlink(path)
            env.sync_folder(os.path.dirname(path))
        return verdict

    return _with_open_wal(env, path, delete)


def may_delete_segment(env: Env, path: str, kept: Sequence[str]) -> Verdict:
    """Return whether the segments `kept` hold all that the segment at `path` holds, each checked against its name."""
    covered: dict[str, list[Cover]] = {}
    try:
        for other in kept:
            if other != path:
                for cover in covers_of(env, other):
                    covered.setdefault(cover.wal, []).append(cover)
        lacking = [
            cover.wal
            for cover in covers_of(env, path)
            if not any(
                one.rows >= cover.rows and one.holds_runs_of(cover) for one in covered.get(cover.wal, ())
            )
        ]
    except (OSError, DamagedFileError) as error:
        return Verdict(False, str(error))
    if lacking:
        return Verdict(False, f"it is the only one that covers all of WAL {lacking[0]}")
    return Verdict(True, "other segments cover all of it")


# ---------------------------------------------------------------- the proof

_NOT_SALVAGED = "what is damaged in it was not salvaged yet"


def _with_open_wal(env: Env, path: str, then: Callable[[int], Verdict]) -> Verdict:
    try:
        fd = env.open_write(path)
    except OSError as error:
        return Verdict(False, f"it cannot be opened: {error}")
    try:
        return then(fd)
    finally:
        env.close(fd)


def _proof(env: Env, fd: int, path: str, sealed: Sealed | None) -> tuple[Verdict, WalRead]:
    life = _life(env, fd, path, env.try_lock)
    read = read_open_wal(env, fd)  # nobody writes any more: it is closed, or the lock is ours
    if life not in (CLOSED, DEAD):
        return Verdict(False, f"its end is not certain: it is {life}"), read
    if read.header is None:
        return Verdict(False, "its header is damaged"), read
    if read.file_size > MAX_READ_SIZE:
        return Verdict(False, "it is longer than the format allows"), read
    if is_empty(read):
        return Verdict(True, f"it is {life} and holds nothing"), read
    if sealed is None:
        return Verdict(False, "no segment covers it"), read
    try:
        is_held = sealed.holds(env, read)
    except (OSError, DamagedFileError) as error:
        return Verdict(False, f"the segment cannot be trusted: {error}"), read
    if not is_held:
        return Verdict(False, "the segment does not hold all of its rows"), read
    if needs_salvage(read) and not _is_salvaged(env, fd, path, read):
        return Verdict(False, _NOT_SALVAGED), read
    return Verdict(True, f"it is {life} and covered"), read


def _life(env: Env, fd: int, path: str, is_lock_free: Callable[[int], bool]) -> str:
    head = read_head(env.read(fd, layout.HEADER_SIZE, 0))
    if head.header is not None and head.close is not None:
        return CLOSED
    if head.header is None or head.header.boot_id == _NO_BOOT or head.header.boot_id != env.boot_id():
        return UNKNOWN
    try:
        is_free = is_lock_free(fd)
        # A writer whose sync failed moves to a new file of the same name: the lock must be that of the file at `path`.
        is_same_file = os.path.samestat(os.fstat(fd), env.stat(path))
    except OSError:
        return UNKNOWN
    if not is_free:
        return ALIVE
    return DEAD if is_same_file else UNKNOWN


# ---------------------------------------------------------------- salvage


def needs_salvage(read: WalRead) -> bool:
    """Return whether a WAL holds bytes that no segment takes over."""
    return bool(read.damage) or read.content_end > read.end


def salvage(env: Env, fd: int, path: str, read: WalRead) -> str:
    """Copy the header of a WAL and all that follows its last sound record; return the path of the copy."""
    data = _salvage_bytes(env, fd, read)
    return write_whole(env, _salvage_path(path, data), data, data.__eq__)


def _is_salvaged(env: Env, fd: int, path: str, read: WalRead) -> bool:
    data = _salvage_bytes(env, fd, read)
    try:
        return env.read_file(_salvage_path(path, data)) == data
    except FileNotFoundError:
        return False


def _salvage_path(path: str, data: bytes) -> str:
    return f"{path.removesuffix('.wal')}.{data[-4:].hex()}{SALVAGE_SUFFIX}"


def _salvage_bytes(env: Env, fd: int, read: WalRead) -> bytes:
    """Return magic, u64 offset, u64 length, the WAL's first 1024 bytes, its bytes at that offset, CRC-32 of all."""
    offset = read.end if read.header is not None else layout.HEADER_SIZE
    rest = env.read(fd, max(0, env.size(fd) - offset), offset).rstrip(b"\0")
    head = env.read(fd, layout.HEADER_SIZE, 0).ljust(layout.HEADER_SIZE, b"\0")
    data = SALVAGE_MAGIC + SALVAGE_PLACE.pack(offset, len(rest)) + head + rest
    return data + layout.CRC.pack(crc32(data))
