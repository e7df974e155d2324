"""Read a WAL: the rows that are certain, and an upper bound for those that are missing.

Always true: no bytes make this raise (only the file system does: OSError); a row that is returned was written exactly
so; after a record that is wrong nothing is used; the bound is never below the truth as long as what is damaged was
once what the writer wrote.
Not promised: that a live file stands still. A header that changes while its rows are read is read again.
Format: docs/internals/record-format.md, "WAL: live points".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gnomon.points import layout
from gnomon.points.decode import Decoder, Definitions
from gnomon.points.header import Close, Counters, Damage, Head, Header, read_head

if TYPE_CHECKING:
    from gnomon.env import Env
    from gnomon.points.block import Block

MAX_READ_SIZE = layout.MAX_FILE_SIZE  # what follows in a longer file is not of this format, and is not read
_ATTEMPTS = 3
_CHUNK = 1 << 16
_CRC_SIZE = layout.CRC.size
_NO_BOOT = bytes(16)


class Cursor(msgspec.Struct, frozen=True):
    """Where reading stopped, so that it can go on there. `msgspec.json.encode` and `decode` keep it."""

    wal: str
    offset: int
    row: int
    crc: int
    definitions: Definitions


class WalRead(msgspec.Struct, frozen=True):
    """What one reading of a WAL found.

    `rows` counts all rows that are certain, `blocks` hold those from `first_row` on. `missing` is the most calls that
    may be missing after them (None: unknown); `lost_rows` and `lost_values` were counted by the writer and come on top;
    they are a lower bound where `losses_are_certain` is false. `is_unfinished` says that the file ends in one record
    that is not whole: a call in flight when the process died, or one that is being written now.
    """

    header: Header | None
    close: Close | None
    counters: Counters
    file_size: int
    first_row: int
    rows: int
    end: int
    content_end: int
    missing: int | None
    is_unfinished: bool
    blocks: tuple[Block, ...]
    damage: tuple[Damage, ...]
    cursor: Cursor | None

    @property
    def lost_rows(self) -> int:
        """Calls that the writer could not store."""
        return self.counters.lost_rows

    @property
    def lost_values(self) -> int:
        """Values of those calls."""
        return self.counters.lost_values

    @property
    def losses_are_certain(self) -> bool:
        """Whether both slots of counters are sound."""
        return self.counters.are_certain

    @property
    def bound(self) -> int | None:
        """The most calls of `log` that this file may lack, lost ones included; None where nothing can be said."""
        if self.missing is None or not self.losses_are_certain:
            return None
        return self.missing + self.lost_rows

    @property
    def is_whole(self) -> bool:
        """Whether every row that was ever written is here, as the file itself proves: a close mark, and no damage."""
        return self.close is not None and self.missing == 0 and not self.damage


def read_wal(env: Env, path: str, *, cursor: Cursor | None = None) -> WalRead:
    """Return what a WAL holds, or what it holds after `cursor`. Raises OSError only."""
    fd = env.open_read(path)
    try:
        return read_open_wal(env, fd, cursor=cursor)
    finally:
        env.close(fd)


def read_open_wal(env: Env, fd: int, *, cursor: Cursor | None = None) -> WalRead:
    """Return what `read_wal` returns, of a file that is open already."""
    for _ in range(_ATTEMPTS):
        head = env.read(fd, layout.HEADER_SIZE, 0)
        size = env.size(fd)
        start = _start(head, cursor, size)
        if start > layout.HEADER_SIZE and not _goes_on(cursor, env.read(fd, _CRC_SIZE, start - _CRC_SIZE)):
            cursor, start = None, layout.HEADER_SIZE
        body = env.read(fd, max(0, min(size, MAX_READ_SIZE) - start), start)
        if env.read(fd, layout.HEADER_SIZE, 0) == head:
            break
    return read_parts(head, body, file_size=size, boot_id=env.boot_id(), cursor=cursor)


def read_bytes(data: bytes, *, boot_id: bytes = _NO_BOOT, cursor: Cursor | None = None) -> WalRead:
    """Return what the bytes of a WAL hold; `boot_id` is that of the machine that reads (zeros: unknown)."""
    start = _start(data, cursor, len(data))
    if start > layout.HEADER_SIZE and not _goes_on(cursor, data[start - _CRC_SIZE : start]):
        cursor, start = None, layout.HEADER_SIZE
    return read_parts(
        data[: layout.HEADER_SIZE],
        data[start:MAX_READ_SIZE],
        file_size=len(data),
        boot_id=boot_id,
        cursor=cursor,
    )


def read_parts(
    head: bytes, body: bytes, *, file_size: int, boot_id: bytes, cursor: Cursor | None = None
) -> WalRead:
    """Return what a WAL holds: `head` is its first 1024 bytes, `body` what follows (or follows the cursor)."""
    facts = read_head(head)
    header = facts.header
    if header is None:
        return _unreadable(facts, body, file_size)
    start = _start(head, cursor, file_size)
    if cursor is not None and start == cursor.offset:
        known, crc, row = cursor.definitions, cursor.crc, cursor.row
        definitions = Definitions([*known.series], [*known.runs], [*known.columns])
    else:
        definitions, crc, row = Definitions(), header.first_crc, 0
    decoder = Decoder(body, start, definitions, crc, row)
    decoder.run()
    content_end = start + end_of_content(body)
    missing, is_unfinished, damage = _judge(facts, decoder, content_end, file_size, boot_id)
    return WalRead(
        header=header,
        close=facts.close,
        counters=facts.counters,
        file_size=file_size,
        first_row=decoder.first_row,
        rows=decoder.row,
        end=decoder.stop,
        content_end=content_end,
        missing=missing,
        is_unfinished=is_unfinished,
        blocks=tuple(decoder.blocks()),
        damage=(*facts.damage, *damage),
        cursor=Cursor(header.wal, decoder.stop, decoder.row, decoder.crc, definitions),
    )


def end_of_content(data: bytes) -> int:
    """Return the place after the last byte that is not zero."""
    zeros = bytes(_CHUNK)
    end = len(data)
    while end >= _CHUNK and data[end - _CHUNK : end] == zeros:
        end -= _CHUNK
    low = max(0, end - _CHUNK)
    return low + len(data[low:end].rstrip(b"\0"))


def _start(head: bytes, cursor: Cursor | None, file_size: int) -> int:
    """Return where to read from: the cursor, if it is one of this file, else the first record."""
    if cursor is None or not layout.HEADER_SIZE <= cursor.offset <= file_size:
        return layout.HEADER_SIZE
    at = (16, layout.FIXED_COPY_AT + 16)
    is_same = any(head[place : place + 16].hex() == cursor.wal for place in at)
    return cursor.offset if is_same else layout.HEADER_SIZE


def _goes_on(cursor: Cursor | None, before: bytes) -> bool:
    """Return whether the record before the cursor is still there (it vouches for all before it), by its CRC.

    A shorter copy may have come in the file's place: it is allocated ahead, so its size says nothing.
    """
    return cursor is not None and before == layout.CRC.pack(cursor.crc)


def _unreadable(facts: Head, body: bytes, file_size: int) -> WalRead:
    damage = facts.damage
    if not damage and end_of_content(body):
        damage = (Damage(0, "both copies of the header are zeros, and records follow"),)
    return WalRead(
        header=None,
        close=None,
        counters=Counters(facts.counters.lost_rows, facts.counters.lost_values),
        file_size=file_size,
        first_row=0,
        rows=0,
        end=layout.HEADER_SIZE,
        content_end=file_size,
        missing=None,
        is_unfinished=False,
        blocks=(),
        damage=damage,
        cursor=None,
    )


def _judge(
    facts: Head, decoder: Decoder, content_end: int, file_size: int, boot_id: bytes
) -> tuple[int | None, bool, list[Damage]]:
    """Return (the bound for missing rows, whether the last record is unfinished, what is damaged)."""
    stop, failure = decoder.stop, decoder.failure
    damage: list[Damage] = []
    close, capacity = facts.close, facts.counters.capacity
    full_size = close.end if close is not None else capacity
    if failure is None and content_end > stop:
        failure = "bytes follow the end of the records"
    is_unfinished = False
    if failure is not None:
        ends_there = decoder.failed_size > 0 and content_end <= stop + decoder.failed_size
        is_unfinished = close is None and ends_there and file_size >= capacity
        damage.append(Damage(stop, failure))
    elif file_size < full_size:
        damage.append(Damage(file_size, f"the file was cut: it has {file_size:,} of {full_size:,} bytes"))
    if file_size > MAX_READ_SIZE:
        damage.append(
            Damage(MAX_READ_SIZE, "the file is longer than the format allows; the rest was not read")
        )
    if close is not None:
        if not damage and (close.end, close.rows, close.crc) != (stop, decoder.row, decoder.crc):
            damage.append(Damage(layout.CLOSE_AT, "the close mark does not fit the records"))
        return max(0, close.rows - decoder.row), False, damage
    header = facts.header
    if header is None or not facts.counters.are_certain or header.boot_id == _NO_BOOT:
        return None, is_unfinished, damage
    if header.boot_id != boot_id:
        return None, is_unfinished, damage
    if not damage:
        return 0, False, damage
    if is_unfinished:
        return 1, True, damage
    # A row that was written has a byte that is not zero among its first four, so none begins after the last such byte;
    # what a cut took away may have reached up to the capacity.
    until = content_end if file_size >= capacity else capacity
    return -(-max(0, until - stop) // layout.SMALLEST_ROW), False, damage
