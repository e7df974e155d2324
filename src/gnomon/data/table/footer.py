"""The footers of Parquet files, so that row groups that were written apart can stand in one file.

A footer is a Thrift struct in the compact protocol. It is taken apart without knowing its fields, the few that say where
something lies are moved, and it is put together again.
Always true: what is not known is carried along as it is. Page indexes are left out: they hold places of their own.
Format: the Parquet specification, `parquet.thrift`; the Thrift specification, "compact protocol".
"""

from __future__ import annotations

from typing import Any, NamedTuple

MAGIC = b"PAR1"
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_VARINTS = (4, 5, 6)
# Fields of parquet.thrift
_ROWS, _ROW_GROUPS = 3, 4  # FileMetaData
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7  # RowGroup
_CHUNK_OFFSET, _CHUNK_META, _PAGE_INDEXES = 2, 3, (4, 5, 6, 7)  # ColumnChunk
_PAGE_OFFSETS = (9, 10, 11)  # ColumnMetaData: data, index and dictionary page
_BLOOM = (14, 15)

Struct = dict[int, tuple[int, Any]]
"""A struct: by the number of each field its type and value. Whole numbers stay in zigzag form."""


class Part(NamedTuple):
    """A Parquet file in memory, taken apart."""

    pages: bytes
    footer: Struct


def part_of(data: bytes) -> Part:
    """Return the pages and the footer of a Parquet file of our own writing."""
    length = int.from_bytes(data[-8:-4], "little")
    footer, _ = _read_struct(data, len(data) - 8 - length)
    end = 4
    for group in footer[_ROW_GROUPS][1]:
        for chunk in group[_COLUMNS][1]:
            meta = chunk[_CHUNK_META][1]
            starts = [_plain(meta[field][1]) for field in _PAGE_OFFSETS if field in meta]
            end = max(end, min(starts) + _plain(meta[7][1]))  # 7: its size on the disk
    return Part(data[4:end], footer)


class Joined:
    """The footer of one file that holds the row groups of many."""

    def __init__(self) -> None:
        self._footer: Struct | None = None
        self._groups: list[Struct] = []
        self.rows = 0

    def add(self, part: Part, place: int) -> None:
        """Add the row groups of a part whose pages lie at `place` in the file."""
        if self._footer is None:
            self._footer = part.footer
        self.rows += _plain(part.footer[_ROWS][1])
        for group in part.footer[_ROW_GROUPS][1]:
            _move(group, place - 4)
            if _ORDINAL in group:
                group[_ORDINAL] = (group[_ORDINAL][0], min(len(self._groups), (1 << 15) - 1) << 1)
            self._groups.append(group)

    def encode(self) -> bytes:
        """Return the bytes that end the file."""
        assert self._footer is not None  # there is a part, if only an empty one  # noqa: S101
        footer = {
            **self._footer, _ROWS: (6, self.rows << 1), _ROW_GROUPS: (_LIST, _List(self._groups, _STRUCT)),
        }  # fmt: skip
        out = bytearray()
        _write_struct(out, footer)
        return bytes(out) + len(out).to_bytes(4, "little") + MAGIC


def _move(group: Struct, by: int) -> None:
    _shift(group, _GROUP_OFFSET, by)
    for chunk in group[_COLUMNS][1]:
        for field in _PAGE_INDEXES:
            chunk.pop(field, None)
        if _plain(chunk[_CHUNK_OFFSET][1]):
            _shift(chunk, _CHUNK_OFFSET, by)
        meta = chunk[_CHUNK_META][1]
        for field in _BLOOM:
            meta.pop(field, None)
        for field in _PAGE_OFFSETS:
            _shift(meta, field, by)


def _shift(struct: Struct, field: int, by: int) -> None:
    if field in struct:
        kind, value = struct[field]
        struct[field] = (kind, (_plain(value) + by) << 1)


def _plain(zigzag: int) -> int:
    return (zigzag >> 1) ^ -(zigzag & 1)


class _List(list[Any]):
    """The items of a list, and the type that they have."""

    def __init__(self, items: list[Any], kind: int) -> None:
        super().__init__(items)
        self.kind = kind


# ---------------------------------------------------------------- the compact protocol


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _read_struct(data: bytes, at: int) -> tuple[Struct, int]:
    fields: Struct = {}
    field = 0
    while True:
        head = data[at]
        at += 1
        if not head:
            return fields, at
        if head >> 4:
            field += head >> 4
        else:
            coded, at = _read_varint(data, at)
            field = _plain(coded)
        kind = head & 15
        if kind in (_TRUE, _FALSE):
            fields[field] = (kind, None)
        else:
            value, at = _read_value(data, at, kind)
            fields[field] = (kind, value)


def _read_value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in _VARINTS:
        return _read_varint(data, at)
    if kind == _BINARY:
        length, at = _read_varint(data, at)
        return data[at : at + length], at + length
    if kind == _STRUCT:
        return _read_struct(data, at)
    if kind in (_LIST, _SET):
        size, of = data[at] >> 4, data[at] & 15
        at += 1
        if size == 15:
            size, at = _read_varint(data, at)
        items = []
        for _ in range(size):
            item, at = _read_value(data, at, of)
            items.append(item)
        return _List(items, of), at
    if kind in (_TRUE, _FALSE, _BYTE):
        return data[at], at + 1
    if kind == _DOUBLE:
        return data[at : at + 8], at + 8
    raise ValueError(f"a footer of Parquet holds a field of type {kind}, which it never does")


def _write_varint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _write_struct(out: bytearray, fields: Struct) -> None:
    last = 0
    for field, (kind, value) in sorted(fields.items()):
        if 0 < field - last < 16:
            out.append(field - last << 4 | kind)
        else:
            out.append(kind)
            _write_varint(out, field << 1)
        last = field
        if kind not in (_TRUE, _FALSE):
            _write_value(out, kind, value)
    out.append(0)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    if kind in _VARINTS:
        _write_varint(out, value)
    elif kind == _BINARY:
        _write_varint(out, len(value))
        out += value
    elif kind == _STRUCT:
        _write_struct(out, value)
    elif kind in (_LIST, _SET):
        size = len(value)
        out.append(min(size, 15) << 4 | value.kind)
        if size >= 15:
            _write_varint(out, size)
        for item in value:
            _write_value(out, value.kind, item)
    elif kind == _DOUBLE:
        out += value
    else:
        out.append(value)
