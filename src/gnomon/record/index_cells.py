"""The table of a subject type, kept by column: chunks of 256 subjects, so that a filter reads only what it names.

A cell is a plain scalar, or a short list of them. A chunk is a checksum and the msgpack of a list of cells, None where
a subject has none; trailing Nones are cut, and a chunk with few values is a map from place to cell. Column 0 of a type
holds the ids.

Always true: whole numbers of any size and every float come back as they were. A text over 4,096 characters is cut;
what is neither scalar nor list is kept as JSON text.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import msgspec

from gnomon.record.body import encode_body
from gnomon.record.index_tables import DamagedIndexError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

CHUNK_SHIFT = 8
CHUNK = 1 << CHUNK_SHIFT
CHUNK_MASK = CHUNK - 1
TYPE_SHIFT = 48
COLUMN_BITS = 24
MAX_COLUMNS = 1 << COLUMN_BITS
MAX_TEXT = 4096
IDS = 0
EMPTY = 5  # bytes of a chunk without cells: the checksum and an empty list
_SCALARS = frozenset({type(None), bool, int, float, str})
_CELLS = _SCALARS | {list}
_BIG = 1  # msgpack extension: a whole number beyond 64 bits, as decimal digits
_HEAD = 4  # bytes of the checksum
_FLOAT = b"\xcb"  # the byte before the eight of a float
_NONE = b"\xc0"
_FULL = b"\xdc\x01\x00"  # a list of a whole chunk
_WHOLE = b"\xcf"  # the same of a whole number from 2**32
_NUMBER_BYTES = 9
_unpack_float = struct.Struct(">d").unpack_from

Row = tuple[int, "Mapping[str, object]"]  # place within the type, cells


def _from_extension(code: int, data: memoryview) -> object:
    if code != _BIG:
        raise DamagedIndexError(f"unknown kind of cell {code}")
    return int(bytes(data), 16)


_decode = msgspec.msgpack.Decoder(ext_hook=_from_extension).decode
_encode = msgspec.msgpack.Encoder().encode


def sealed(payload: bytes) -> bytes:
    """Return bytes with their checksum before them."""
    return zlib.crc32(payload).to_bytes(4, "little") + payload


def opened(data: bytes) -> memoryview:
    """Return the bytes that `sealed` was given. Raises DamagedIndexError."""
    payload = memoryview(data)[4:]
    if zlib.crc32(payload) != int.from_bytes(data[:4], "little"):
        raise DamagedIndexError("a part of the index does not match its checksum")
    return payload


def encode_chunk(values: list[object]) -> bytes:
    """Return the stored form of up to 256 cells of one column; the list itself may be changed."""
    while values and values[-1] is None:
        values.pop()
    types = {*map(type, values)}
    if not types <= _CELLS or (str in types and max(map(_text_length, values)) > MAX_TEXT):
        values = [_storable(value) for value in values]
    try:
        return sealed(_encode(_compact(values)))
    except (OverflowError, UnicodeEncodeError, TypeError, ValueError):
        return sealed(_encode(_compact([_storable(value) for value in values])))


def decode_chunk(data: bytes) -> list[object]:
    """Return the cells of a chunk; cells that are cut at the end are None."""
    return _decoded(opened(data))


def cells_at(data: bytes, places: Iterable[int]) -> list[object]:
    """Return the cells of a chunk at some places (from 0), None beyond its end. Of floats, no others are read."""
    payload = opened(data)
    first, count = _where_floats_are(data)
    if count:
        return [
            _unpack_float(data, first + _NUMBER_BYTES * at + 1)[0] if at < count else None for at in places
        ]
    values = _decoded(payload)
    return [values[at] if at < len(values) else None for at in places]


def side_by_side(data: bytes | None, count: int) -> bytes | None:
    """Return the msgpack of a chunk's `count` cells side by side, none of them cut; None where it has few, by place."""
    if data is None:
        return _NONE * count
    if zlib.crc32(data[_HEAD:]) != int.from_bytes(data[:_HEAD], "little"):
        opened(data)
    if count == CHUNK and data.startswith(_FULL, _HEAD):
        return data[_HEAD + len(_FULL) :]  # most often
    first, found = _where_cells_are(data)
    return data[first:] + _NONE * (count - found) if first and found <= count else None


def numbers_in(data: bytes, count: int) -> bytearray | None:
    """Return cells that stand side by side as eight bytes each, the highest first; None for any others.

    Either all of them are floats, or all whole numbers from 2**32 to 2**63: each is a byte that says so and eight more. So if the
    first byte says so, and each ninth after it to the end, nothing else is in it.
    """
    kind = data[:1]
    if (
        kind not in (_FLOAT, _WHOLE)
        or len(data) != _NUMBER_BYTES * count
        or data[::_NUMBER_BYTES] != kind * count
    ):
        return None
    if kind == _WHOLE and max(data[1::_NUMBER_BYTES]) > 127:
        return None
    found = bytearray(data)
    del found[::_NUMBER_BYTES]
    return found


def is_float(data: bytes) -> bool:
    """Return whether the first of some cells is a float."""
    return data.startswith(_FLOAT)


def _where_floats_are(data: bytes) -> tuple[int, int]:
    """Return where the first cell of a chunk begins and how many there are, if all are floats (see `numbers_in`); else (0, 0)."""
    first, count = _where_cells_are(data)
    is_so = len(data) == first + _NUMBER_BYTES * count and data[first::_NUMBER_BYTES] == _FLOAT * count
    return (first, count) if first and is_so else (0, 0)


def _where_cells_are(data: bytes) -> tuple[int, int]:
    """Return where the first cell of a chunk begins and how many there are; (0, 0) where they are kept by place."""
    kind = data[_HEAD] if len(data) > _HEAD else 0
    if kind == 0xDC:  # a list whose length follows
        return _HEAD + 3, int.from_bytes(data[_HEAD + 1 : _HEAD + 3], "big")
    if kind >> 4 == 9:  # a list of up to 15
        return _HEAD + 1, kind & 15
    return 0, 0


def _decoded(payload: memoryview) -> list[object]:
    values = _decode(payload)
    if values.__class__ is dict:
        found: list[object] = [None] * (max(values) + 1)
        for place, value in values.items():
            found[place] = value
        return found
    return values  # type: ignore[no-any-return]


class Column:
    """One column of a type: its number, and in how many chunks it has any cell."""

    __slots__ = ("chunks", "is_dirty", "no")

    def __init__(self, no: int, chunks: int, *, is_dirty: bool = False) -> None:
        self.no = no
        self.chunks = chunks
        self.is_dirty = is_dirty

    def count(self, before: bytes | None, after: bytes) -> None:
        """Take note that a chunk has other cells now."""
        change = (len(after) > EMPTY) - (before is not None and len(before) > EMPTY)
        if change:
            self.chunks += change
            self.is_dirty = True


class CellWriter:
    """Writes rows of cells, chunk by chunk, into the file ("main") or into an overlay ("temp")."""

    def __init__(self, database: sqlite3.Connection, target: str) -> None:
        self._database = database
        self._target = target
        self._columns: dict[int, dict[str, Column]] = {}

    def write(self, type_no: int, rows: Sequence[Row], known: int) -> None:
        """Replace the rows of these places, in order of place: a cell that is not in the new row is emptied.

        `known` is how many subjects of the type had rows before.
        """
        by_chunk: dict[int, list[Row]] = {}
        for row in rows:
            by_chunk.setdefault(row[0] >> CHUNK_SHIFT, []).append(row)
        columns = self._columns.get(type_no)
        if columns is None:
            columns = self._columns[type_no] = _read_columns(self._database, type_no)
        stored: list[tuple[int, bytes]] = []
        for chunk, members in by_chunk.items():
            base = (type_no << TYPE_SHIFT) | (chunk << COLUMN_BITS)
            old = self._stored(base) if chunk << CHUNK_SHIFT < known else {}
            stored += _changed(base, members, columns, old)
        low = type_no << COLUMN_BITS
        changed = [
            (low | column.no, type_no, key, column.chunks)
            for key, column in columns.items()
            if column.is_dirty
        ]
        for column in columns.values():
            column.is_dirty = False
        insert = f"INSERT OR REPLACE INTO {self._target}"
        self._database.executemany(f"{insert}.col VALUES (?, ?, ?, ?)", changed)
        self._database.executemany(f"{insert}.cells VALUES (?, ?)", stored)

    def _stored(self, base: int) -> dict[int, bytes]:
        query = "SELECT no, data FROM all_cells WHERE no BETWEEN ? AND ?"
        return {no - base: data for no, data in self._database.execute(query, (base, base + MAX_COLUMNS - 1))}


def _changed(
    base: int, members: list[Row], columns: dict[str, Column], old: dict[int, bytes]
) -> Iterable[tuple[int, bytes]]:
    """Yield (number, data) of the chunks of one block of subjects that these rows change; may add columns."""
    wanted: dict[str, object] = {}  # its keys count
    for _, cells in members:
        wanted.update(cells)
    keys: dict[str, Column] = {}
    for key in wanted:
        column = columns.get(key) or columns.get(plain_text(key))
        if column is None:
            column = columns[plain_text(key)] = Column(len(columns), 0, is_dirty=True)
        if column.no < MAX_COLUMNS:
            keys[key] = column
    first, last = members[0][0] & CHUNK_MASK, members[-1][0] & CHUNK_MASK
    if not old and last - first + 1 == len(members):
        rows = [cells for _, cells in members]
        for key, column in keys.items():
            data = encode_chunk([None] * first + [cells.get(key) for cells in rows])
            column.count(None, data)
            yield base + column.no, data
        return
    others = old.keys() - {column.no for column in keys.values()}
    if others:  # columns in which these subjects may have had cells, and have none now
        keys.update({key: column for key, column in columns.items() if column.no in others})
    for key, column in keys.items():
        before = old.get(column.no)
        values = decode_chunk(before) if before is not None else []
        values.extend([None] * (last + 1 - len(values)))
        for place, cells in members:
            values[place & CHUNK_MASK] = cells.get(key)
        data = encode_chunk(values)
        if data != before:
            column.count(before, data)
            yield base + column.no, data


def _read_columns(database: sqlite3.Connection, type_no: int) -> dict[str, Column]:
    """Return the columns of a type that any subject ever had, by key. The ids are number 0, with the key ''."""
    low = type_no << COLUMN_BITS
    found = database.execute(
        "SELECT no, key, chunks FROM all_col WHERE no BETWEEN ? AND ?", (low, low + MAX_COLUMNS - 1)
    )
    return {"": Column(IDS, 0), **{key: Column(no - low, chunks) for no, key, chunks in found}}


def plain_text(text: str) -> str:
    """Return text that UTF-8 can hold: half of a surrogate pair is written out as an escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _compact(values: list[object]) -> object:
    if (len(values) - values.count(None)) * 8 >= len(values):
        return values
    return {place: value for place, value in enumerate(values) if value is not None}


def _text_length(value: object) -> int:
    return len(value) if value.__class__ is str else 0


def _storable(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**64 else msgspec.msgpack.Ext(_BIG, f"{value:x}".encode())
    if isinstance(value, list) and _SCALARS.issuperset(map(type, value)):
        return [_storable(item) for item in value]
    text = value if isinstance(value, str) else encode_body({"": value})[4:-1].decode("utf-8")
    text = plain_text(text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
