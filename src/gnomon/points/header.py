"""What the first 1024 bytes of a WAL say: who wrote it, what was lost, whether it ended in order.

Always true: nothing is believed without its CRC, and nothing here raises, whatever the bytes are. A file whose two
copies of the fixed part are both damaged has no header: its rows cannot be checked, so they are not used.
Format: docs/internals/record-format.md, "WAL: live points".
"""

from __future__ import annotations

import re

import msgspec

from gnomon.points import layout
from gnomon.record.hashing import derive

SOME_MAGIC = b"GNMWAL"
_VERSION = re.compile(rb"GNMWAL([2-9])\n")


class Damage(msgspec.Struct, frozen=True):
    """Bytes that are not what was written: at which offset of the file, and what is wrong there."""

    offset: int
    what: str


class Header(msgspec.Struct, frozen=True):
    """The fixed part. Ids are hex; `boot_id` and `salt` are raw bytes."""

    wal: str
    log: str
    writer: str
    boot_id: bytes
    salt: bytes
    created_ns: int
    first_crc: int
    ordinal: int
    process_id: int


class Close(msgspec.Struct, frozen=True):
    """The close mark: where the records end, how many rows there are, the last running CRC, when."""

    end: int
    rows: int
    crc: int
    time_ns: int


class Counters(msgspec.Struct, frozen=True):
    """What the writer counted. `are_certain` is False where a slot is damaged or none was ever written."""

    lost_rows: int = 0
    lost_values: int = 0
    capacity: int = 0
    are_certain: bool = False


class Head(msgspec.Struct, frozen=True):
    """All of the first 1024 bytes. `header` is None where neither copy of the fixed part is sound, or nothing was written yet."""

    header: Header | None
    counters: Counters
    close: Close | None
    damage: tuple[Damage, ...]


def read_head(data: bytes) -> Head:
    """Return what the first 1024 bytes of a WAL say (`data` may be shorter or longer)."""
    damage: list[Damage] = []
    if not data[: layout.HEADER_SIZE].strip(b"\0"):
        return Head(None, Counters(), None, ())
    header = _fixed(data, damage)
    counters = _counters(data, damage)
    close = _close(data, damage)
    zeros = data[layout.ZEROS_AT : layout.HEADER_SIZE]
    if zeros.strip(b"\0"):
        offset = layout.ZEROS_AT + len(zeros) - len(zeros.lstrip(b"\0"))
        damage.append(Damage(offset, "a part of the header that must be zeros is not"))
    if len(data) < layout.HEADER_SIZE:
        damage.append(Damage(len(data), "the file ends inside its header"))
    return Head(header, counters, close, tuple(damage))


def newer_version(data: bytes) -> str | None:
    """Return the version that both copies of the header name, where it is not one that this reader knows."""
    first, second = data[: len(layout.MAGIC)], data[layout.FIXED_COPY_AT :][: len(layout.MAGIC)]
    found = _VERSION.fullmatch(first)
    return found[1].decode() if found is not None and first == second != layout.MAGIC else None


def _fixed(data: bytes, damage: list[Damage]) -> Header | None:
    found = None
    copies = [data[at : at + layout.FIXED_SIZE] for at in (0, layout.FIXED_COPY_AT)]
    sound = [layout.unpack_fixed(copy) for copy in copies]
    for number, (copy, fields) in enumerate(zip(copies, sound, strict=True)):
        at = number * layout.FIXED_COPY_AT
        if fields is None:
            damage.append(Damage(at, _why_not(copy, number)))
            continue
        header = _as_header(fields)
        if header is None:
            damage.append(Damage(at, "the WAL id does not follow from the log id and the salt"))
        elif found is None:
            found = header
        elif copies[0] != copy:
            damage.append(Damage(at, "the two copies of the header differ"))
    return found


def _why_not(copy: bytes, number: int) -> str:
    which = ("first", "second")[number]
    if copy.startswith(SOME_MAGIC) and not copy.startswith(layout.MAGIC):
        return f"the {which} copy of the header has an unknown version {copy[6:8]!r}"
    return f"the {which} copy of the header is damaged"


def _as_header(fields: dict[str, int | bytes]) -> Header | None:
    named = {
        key: value.hex() if isinstance(value, bytes) and key in ("wal", "log", "writer") else value
        for key, value in fields.items()
    }
    header = msgspec.convert(named, Header)
    expected = derive("wal", bytes.fromhex(header.log) + header.salt)[:16].hex()
    return header if header.wal == expected else None


def _counters(data: bytes, damage: list[Damage]) -> Counters:
    best = (0, 0, 0, 0)
    are_certain = True
    for at in layout.SLOT_AT:
        slot = layout.unpack_slot(data[at : at + layout.SLOT_SIZE])
        if slot is None:
            are_certain = False
            damage.append(Damage(at, "a slot of counters is damaged"))
        else:
            best = max(best, slot)
    serial, lost_rows, lost_values, capacity = best
    return Counters(lost_rows, lost_values, capacity, are_certain and serial > 0)


def _close(data: bytes, damage: list[Damage]) -> Close | None:
    mark = data[layout.CLOSE_AT : layout.CLOSE_AT + layout.SLOT_SIZE]
    fields = layout.unpack_close(mark)
    if fields is not None:
        return Close(*fields)
    if mark.strip(b"\0"):
        damage.append(Damage(layout.CLOSE_AT, "the close mark is damaged"))
    return None
