"""The footers of Parquet files, so that row groups that were written apart can stand in one file.

A footer is a Thrift struct (`points.compact`). It is taken apart without knowing its fields, the few that say where
something lies are moved, and it is put together again.
Always true: what is not known is carried along as it is. Page indexes are left out: they hold places of their own.
Format: the Parquet specification, `parquet.thrift`.
"""

from __future__ import annotations

from typing import NamedTuple

from gnomon.points.compact import I64, LIST, STRUCT, List, Struct, plain, read_struct, write_struct

MAGIC = b"PAR1"
# Fields of parquet.thrift
_ROWS, _ROW_GROUPS = 3, 4  # FileMetaData
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7  # RowGroup
_CHUNK_OFFSET, _CHUNK_META, _PAGE_INDEXES = 2, 3, (4, 5, 6, 7)  # ColumnChunk
_PAGE_OFFSETS = (9, 10, 11)  # ColumnMetaData: data, index and dictionary page
_BLOOM = (14, 15)


class Part(NamedTuple):
    """A Parquet file in memory, taken apart."""

    pages: bytes
    footer: Struct


def part_of(data: bytes) -> Part:
    """Return the pages and the footer of a Parquet file of our own writing."""
    length = int.from_bytes(data[-8:-4], "little")
    footer, _ = read_struct(data, len(data) - 8 - length)
    end = 4
    for group in footer[_ROW_GROUPS][1]:
        for chunk in group[_COLUMNS][1]:
            meta = chunk[_CHUNK_META][1]
            starts = [plain(meta[field][1]) for field in _PAGE_OFFSETS if field in meta]
            end = max(end, min(starts) + plain(meta[7][1]))  # 7: its size on the disk
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
        self.rows += plain(part.footer[_ROWS][1])
        for group in part.footer[_ROW_GROUPS][1]:
            _move(group, place - 4)
            if _ORDINAL in group:
                group[_ORDINAL] = (group[_ORDINAL][0], min(len(self._groups), (1 << 15) - 1) << 1)
            self._groups.append(group)

    def encode(self) -> bytes:
        """Return the bytes that end the file."""
        assert self._footer is not None  # there is a part, if only an empty one  # noqa: S101
        footer = {
            **self._footer, _ROWS: (I64, self.rows << 1), _ROW_GROUPS: (LIST, List(self._groups, STRUCT)),
        }  # fmt: skip
        out = bytearray()
        write_struct(out, footer)
        return bytes(out) + len(out).to_bytes(4, "little") + MAGIC


def _move(group: Struct, by: int) -> None:
    _shift(group, _GROUP_OFFSET, by)
    for chunk in group[_COLUMNS][1]:
        for field in _PAGE_INDEXES:
            chunk.pop(field, None)
        if plain(chunk[_CHUNK_OFFSET][1]):
            _shift(chunk, _CHUNK_OFFSET, by)
        meta = chunk[_CHUNK_META][1]
        for field in _BLOOM:
            meta.pop(field, None)
        for field in _PAGE_OFFSETS:
            _shift(meta, field, by)


def _shift(struct: Struct, field: int, by: int) -> None:
    if field in struct:
        kind, value = struct[field]
        struct[field] = (kind, (plain(value) + by) << 1)
