"""A few rows of a WAL, here and there: how a long live series went, without reading all of it.

A record's checksum covers the one before it, which stands in the four bytes before the record. So a place where a record
begins can be recognised anywhere in the file, and reading can begin there.

Always true: a row that is returned was written exactly so; however long the file is, at most 4 MB of it are read, and most
often 100 KB. Not promised: which rows these are, but for the last ones.
"""

from __future__ import annotations

import os
import struct
from array import array
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import msgspec

from gnomon.points import layout
from gnomon.points.decode import Decoder, Definitions
from gnomon.points.reader import Cursor, read_wal
from gnomon.points.series_points import SeriesKey, points_by_series
from gnomon.points.stats import SeriesStat
from gnomon.record.index_cells import opened

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from gnomon.env import Env
    from gnomon.points.series_points import SeriesPoints

SMALL_BYTES = 48 << 10  # a file up to here is read as a whole
BYTES_AT_END = 16 << 10
MOST_AT_END = 100  # rows
BYTES_AT_PLACE = 4 << 10
PLACES = 20
MOST_AT_PLACE, MOST_BYTES_AT_END = 128 << 10, 1 << 20  # where a point is far from the next
_MOST_SHAPES = 8
_BYTES_SEARCHED = 4 << 10
_DOUBLE = struct.Struct("<d")
_by_time = attrgetter("time_us")
_decode_stats = msgspec.msgpack.Decoder(list[tuple[int, str, SeriesStat]]).decode
_decode_cursor = msgspec.msgpack.Decoder(Cursor).decode


class LiveWal(NamedTuple):
    """A WAL file that the index follows and that holds a series: its path, which of its process it is, how many points it has
    of the series, and where reading stopped.
    """

    path: str
    log: str
    ordinal: int
    points: int
    cursor: Cursor


class Row(NamedTuple):
    """A point of a series; the time is microseconds since 1970 UTC."""

    step: int
    time_us: int
    value: float


class _Shape(NamedTuple):
    """How rows of floats that hold a series begin (their size, and their columns number), and where its value stands."""

    beginning: bytes
    size: int
    value_at: int


def live_wals(database: sqlite3.Connection, key: SeriesKey) -> list[LiveWal]:
    """Return the WAL files that hold a series and are no part of a segment yet, the oldest first. A question for `Index.ask`."""
    query = (
        "SELECT f.path, w.log, w.ordinal, s.data, f.cursor FROM all_point_stat AS s JOIN all_point_wal AS w ON w.no = s.wal"
        " JOIN all_point_file AS f ON f.wal = w.id WHERE s.run = ? AND f.state <> '' ORDER BY w.started_ns, w.ordinal, w.id"
    )
    found = []
    for path, log, ordinal, data, cursor in database.execute(query, (key.run,)).fetchall():
        counts = {(series, rank): stat.count for rank, series, stat in _decode_stats(opened(data))}
        points = counts.get((key.series, key.rank), 0)
        if points and cursor:
            found.append(LiveWal(path, log, ordinal, points, _decode_cursor(opened(cursor))))
    return found


def glimpse(env: Env, folder: str, wal: LiveWal, key: SeriesKey) -> list[Row]:
    """Return some points of a series, in order, the last ones among them; none where this file has none of it.

    `folder` is that of the record. Raises OSError.
    """
    path = os.path.join(folder, wal.path)
    end = wal.cursor.offset
    if end - layout.HEADER_SIZE <= SMALL_BYTES:
        return _rows_of(points_by_series(read_wal(env, path).blocks, lambda one: one == key).get(key))
    definitions = wal.cursor.definitions
    shapes = _shapes(definitions, key)
    fd = env.open_read(path)
    try:
        *places, (start, size) = _windows(end, wal.points)
        data = env.read(fd, min(size, end - start), start)
        last = _rows_in(data, shapes, only_first=False)
        if not last:  # they have another shape: rows that name their own series, or hold exact numbers
            shapes, last = [], _decoded(data, definitions, key)
        found: list[Row] = []
        for start, size in places:
            data = env.read(fd, size, start)
            found += _rows_in(data, shapes, only_first=True) if shapes else _decoded(data, definitions, key)
    finally:
        env.close(fd)
    return found + last[-MOST_AT_END:]


def _windows(end: int, points: int) -> list[tuple[int, int]]:
    """Return where to read, and how much: evenly over the file, and at its end. Between two points other rows may stand."""
    a_point = (end - layout.HEADER_SIZE) // max(1, points)
    size = min(max(BYTES_AT_PLACE, 3 * a_point), MOST_AT_PLACE)
    at_end = min(max(BYTES_AT_END, MOST_AT_END * a_point), MOST_BYTES_AT_END)
    last = max(layout.HEADER_SIZE, end - at_end)
    apart = (last - layout.HEADER_SIZE) // PLACES
    places = [layout.HEADER_SIZE + apart * place for place in range(PLACES)] if apart > size else []
    return [*((place, size) for place in places), (last, at_end)]


def _rows_in(data: bytes, shapes: Iterable[_Shape], *, only_first: bool) -> list[Row]:
    """Return rows of these shapes in a part of a WAL that may begin inside a record; all, or the first of each."""
    found: list[Row] = []
    for shape in shapes:
        place = data.find(shape.beginning, layout.CRC.size)
        while place > 0:
            is_row = _is_record(data, place)
            if is_row:
                found.append(_row(data, place, shape))
            if is_row and only_first:
                break
            place = data.find(shape.beginning, place + (shape.size if is_row else 1))
    return sorted(found, key=_by_time)


def _row(data: bytes, place: int, shape: _Shape) -> Row:
    _, _, step, time_ns = layout.PREFIX.unpack_from(data, place)
    return Row(step, time_ns // 1000, _DOUBLE.unpack_from(data, place + shape.value_at)[0])


def _decoded(data: bytes, definitions: Definitions, key: SeriesKey) -> list[Row]:
    """Return the rows of a series in a part of a WAL, of whatever shape they are."""
    start = _first_record(data)
    if start is None:
        return []
    known = Definitions([*definitions.series], [*definitions.runs], [*definitions.columns])
    decoder = Decoder(data[start:], 0, known, int.from_bytes(data[start - 4 : start], "little"), 0)
    decoder.run()  # stops at the record that is cut off
    return _rows_of(points_by_series(decoder.blocks(), lambda one: one == key).get(key))


def _rows_of(points: SeriesPoints | None) -> list[Row]:
    if points is None:
        return []
    return list(map(Row, points.steps.tolist(), points.times_us.tolist(), points.values.tolist()))


def _shapes(definitions: Definitions, key: SeriesKey) -> list[_Shape]:
    """Return how rows of floats look that hold a series: those of the columns that were defined last."""
    found: list[_Shape] = []
    if key.series not in definitions.series or (key.run, key.rank) not in definitions.runs:
        return found
    run, series = definitions.runs.index((key.run, key.rank)), definitions.series.index(key.series)
    of_run = run.to_bytes(4, "little")
    for number in range(len(definitions.columns), 0, -1):
        columns = definitions.columns[number - 1]
        if columns.startswith(of_run) and series in (numbers := array("I", columns)[1:]):
            size = layout.RECORD_OVERHEAD + layout.ROW_PREFIX.size + 9 * len(numbers)
            opening = layout.PREFIX.size + layout.ROW_PREFIX.size
            value_at = opening + 9 * numbers.index(series) + 1
            found.append(_Shape(layout.PREFIX.pack(size, number, 0, 0)[:8], size, value_at))
            if len(found) == _MOST_SHAPES:
                break
    return found


def _first_record(data: bytes) -> int | None:
    """Return where the first record begins whose checksum and that of the record before it agree; near the beginning."""
    for start in range(layout.CRC.size, min(len(data), _BYTES_SEARCHED)):
        if _is_record(data, start):
            return start
    return None


def _is_record(data: bytes, start: int) -> bool:
    """Return whether a record begins here, by its checksum, which covers that of the record before it."""
    size = int.from_bytes(data[start : start + 4], "little")
    if not layout.RECORD_OVERHEAD <= size <= len(data) - start:
        return False
    end = start + size
    before = int.from_bytes(data[start - 4 : start], "little")
    return crc32(data[start : end - 4], before) == int.from_bytes(data[end - 4 : end], "little")
