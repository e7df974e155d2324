"""The compact protocol of Thrift, as far as footers of Parquet need it.

A struct is taken apart without knowing its fields, and put together again.
Always true: what is not known is carried along as it is; reading ends at the end of the bytes, whatever they are.
Format: the Thrift specification, "compact protocol".
"""

from __future__ import annotations

from typing import Any

TRUE, FALSE, BYTE, I64, DOUBLE, BINARY, LIST, SET, STRUCT = 1, 2, 3, 6, 7, 8, 9, 10, 12
_VARINTS = (4, 5, I64)
_LONGEST = 63  # bits before the last byte of a number

Struct = dict[int, tuple[int, Any]]
"""A struct: by the number of each field its type and value. Whole numbers stay in zigzag form.

What is written may hold a struct as its bytes.
"""


class List(list[Any]):
    """The items of a list, and the type that they have."""

    def __init__(self, items: list[Any], kind: int) -> None:
        super().__init__(items)
        self.kind = kind


def plain(zigzag: int) -> int:
    """Return the whole number that stands in zigzag form."""
    return (zigzag >> 1) ^ -(zigzag & 1)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > _LONGEST:
            raise ValueError("a footer of Parquet holds a number of more than 64 bits")


def read_struct(data: bytes, at: int) -> tuple[Struct, int]:
    """Return the struct that begins at `at`, and the place after it. Raises IndexError, ValueError, RecursionError."""
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
            field = plain(coded)
        kind = head & 15
        if kind in (TRUE, FALSE):
            fields[field] = (kind, None)
        else:
            value, at = _read_value(data, at, kind)
            fields[field] = (kind, value)


def _read_value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in _VARINTS:
        return _read_varint(data, at)
    if kind == BINARY:
        length, at = _read_varint(data, at)
        return data[at : at + length], at + length
    if kind == STRUCT:
        return read_struct(data, at)
    if kind in (LIST, SET):
        size, of = data[at] >> 4, data[at] & 15
        at += 1
        if size == 15:
            size, at = _read_varint(data, at)
        items = []
        for _ in range(size):
            item, at = _read_value(data, at, of)
            items.append(item)
        return List(items, of), at
    if kind in (TRUE, FALSE, BYTE):
        return data[at], at + 1
    if kind == DOUBLE:
        return data[at : at + 8], at + 8
    raise ValueError(f"a footer of Parquet holds a field of type {kind}, which it never does")


def _write_varint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def write_struct(out: bytearray, fields: Struct) -> None:
    """Add the bytes of a struct."""
    last = 0
    for field, (kind, value) in sorted(fields.items()):
        if 0 < field - last < 16:
            out.append(field - last << 4 | kind)
        else:
            out.append(kind)
            _write_varint(out, field << 1)
        last = field
        if kind not in (TRUE, FALSE):
            _write_value(out, kind, value)
    out.append(0)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    if kind in _VARINTS:
        _write_varint(out, value)
    elif kind == BINARY:
        _write_varint(out, len(value))
        out += value
    elif kind == STRUCT and isinstance(value, bytes):
        out += value
    elif kind == STRUCT:
        write_struct(out, value)
    elif kind in (LIST, SET):
        size = len(value)
        out.append(min(size, 15) << 4 | value.kind)
        if size >= 15:
            _write_varint(out, size)
        for item in value:
            _write_value(out, value.kind, item)
    elif kind == DOUBLE:
        out += value
    else:
        out.append(value)
