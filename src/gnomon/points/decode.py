"""From the records of a WAL to blocks of rows.

Rows of one columns number have one size as long as all values are floats, so they are taken in stretches: what must be
equal is compared with strided slices, the CRC fields are cut out, and one `crc32` call checks the stretch against its
last record's CRC, which vouches for all before it. Where a stretch fails, it is read again record by record.

Always true: nothing raises, whatever the bytes are; reading stops for good at the first record that is wrong; memory
grows with the file's size only (a size field allocates nothing).
Not promised: that a wrong CRC field inside a stretch that a later CRC vouches for stops the reading. `verify` names it.
Format: docs/internals/record-format.md, "Records, from offset 1024".
"""

from __future__ import annotations

import re
import struct
from array import array
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from gnomon.points import layout
from gnomon.points.block import Block, Shape
from gnomon.points.columns import numpy_for

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_EXACT_BYTES = (
    1024  # of a whole number: about 2,400 digits, so that turning hostile ones into digits stays cheap
)
_STRETCH_BYTES = 1 << 18  # what is checked by one `crc32` call; small enough to stay in the processor's cache
_SHORTEST_STRETCH = 16
_TAGS_BY_COLUMN = 64
_MAX_WIDTHS_TRIED = 8  # more than one fits only where somebody made it so
_RUN_ID = re.compile(r"[0-9a-z._:-]{1,128}\Z")
_DOUBLE = struct.Struct("<d")
_SIZE_AND_WHAT = struct.Struct("<II").unpack
_ONE_VALUE = layout.ROW_PREFIX.pack(layout.ROW_TAG, 1)
_FLOAT = layout.FLOAT_TAG[0]
_EXACT = layout.EXACT_TAG[0]


class RunDefinition(msgspec.Struct):
    """The payload of a run's definition."""

    run: str
    rank: int


class Definitions(msgspec.Struct):
    """What the records so far have defined: names, (run, rank), and the payloads of the columns definitions."""

    series: list[str] = []
    runs: list[tuple[str, int]] = []
    columns: list[bytes] = []


class Decoder:
    """Reads records from `data`; `base` is the offset in the file of its first byte."""

    def __init__(self, data: bytes, base: int, definitions: Definitions, crc: int, row: int) -> None:
        self.data = data
        self.base = base
        self.definitions = definitions
        self.crc = crc
        self.first_row = row
        self.row = row
        self.place = 0
        self.failure: str | None = None
        self.failed_size = (
            0  # of the record that is wrong, where its size field fits what it says it is; else 0
        )
        self._shapes: dict[int, Shape] = {}
        self._wide: dict[tuple[int, str], Shape] = {}  # by run number and series

    @property
    def stop(self) -> int:
        """The offset in the file after the last record that was used."""
        return self.base + self.place

    def blocks(self) -> list[Block]:
        """Return the rows that were read, in order of their first rows."""
        shapes = (*self._shapes.values(), *self._wide.values())
        blocks = [shape.block(self.data) for shape in shapes if shape.count]
        blocks.sort(key=lambda block: block.rows[0])
        return blocks

    def run(self) -> None:
        """Read until the end of data or the first record that is wrong."""
        data, length = self.data, len(self.data)
        one_by_one_until = 0
        while length - self.place >= 4:
            place = self.place
            size, what = _SIZE_AND_WHAT(data[place : place + 8].ljust(8, b"\0"))
            if size == 0:
                return
            if size < layout.RECORD_OVERHEAD or size > length - place:
                self._fail(f"a record of {size:,} bytes cannot be here")
                return
            shape = self._shapes.get(what) or self._shape(what)
            if (
                shape is not None
                and size == shape.size
                and place >= one_by_one_until
                and data[place : place + 8] == data[place + 15 * size : place + 15 * size + 8]
            ):
                count = self._alike(shape)
                if count >= _SHORTEST_STRETCH:
                    if self._take_stretch(shape, count):
                        continue
                    one_by_one_until = place + count * size
            if not self._take_record(place, size, what, shape):
                return
        if self.data[self.place :].strip(b"\0"):
            self._fail("the file ends inside a record")

    def _fail(self, what: str, size: int = 0) -> None:
        self.failure = what
        self.failed_size = size

    # --- stretches of equal rows

    def _alike(self, shape: Shape) -> int:
        """Return how many records from here on are all-float rows of this shape (a stretch at most)."""
        data, place, size = self.data, self.place, shape.size
        count = min(max(1, _STRETCH_BYTES // size), (len(data) - place) // size)
        start = data[place : place + 8]
        fixed = [(at, start[at]) for at in range(8)] + [
            (24 + at, byte) for at, byte in enumerate(shape.opening)
        ]
        numpy = numpy_for(count)
        if numpy is not None:
            fixed += [(at, _FLOAT) for at in range(29, size - 4, 9)]
            rows = numpy.frombuffer(data, numpy.uint8, count * size, place).reshape(count, size)
            places, wanted = numpy.array(fixed).T
            alike = (rows[:, places] == wanted.astype(numpy.uint8)).all(axis=1)
            return count if alike.all() else int(alike.argmin())
        for at, byte in fixed:
            count = leading(data, place + at, place + count * size, size, byte)
            if count < _SHORTEST_STRETCH:
                return count
        if shape.width <= _TAGS_BY_COLUMN:
            for at in range(29, size - 4, 9):
                count = leading(data, place + at, place + count * size, size, _FLOAT)
            return count
        for number in range(count):
            low = place + number * size
            if data[low + 29 : low + size - 4 : 9] != shape.tags:
                return number
        return count

    def _take_stretch(self, shape: Shape, count: int) -> bool:
        size = shape.size
        end = self.place + count * size
        bodies = bytearray(self.data[self.place : end])
        for byte in range(4):
            del bodies[size - 4 :: size - byte]
        crc = crc32(bodies, self.crc)
        if crc != int.from_bytes(self.data[end - 4 : end], "little"):
            return False
        shape.add(self.place, end, self.row, count)
        self.crc = crc
        self.row += count
        self.place = end
        return True

    # --- one record

    def _take_record(self, place: int, size: int, what: int, shape: Shape | None) -> bool:
        data = self.data
        end = place + size
        crc = crc32(data[place : end - 4], self.crc)
        if crc != int.from_bytes(data[end - 4 : end], "little"):
            fits = self._fits(place, size, what, shape)
            self._fail("the checksum of the record is wrong", size if fits else 0)
            return False
        if what == layout.WIDE_ROW:
            why = self._take_wide_row(data[place : end - 4])
        elif shape is None:
            why = self._define(what, data[place + 8 : end - 4])
        elif (
            size == shape.size
            and data[place + 24 : place + 29] == shape.opening
            and data[place + 29 : end - 4 : 9] == shape.tags
        ):
            shape.add(place, end, self.row, 1)
            self.row += 1
            why = None
        else:
            why = self._take_mixed_row(data[place : end - 4], shape)
        if why is not None:
            self._fail(why)
            return False
        self.crc = crc
        self.place = end
        return True

    def _take_mixed_row(self, body: bytes, shape: Shape) -> str | None:
        row = _values(body, 24, shape.width)
        if row is None:
            return "the values of the row are malformed"
        floats, exact = row
        record = b"".join((body[:24], shape.opening, floats, bytes(4)))
        shape.add_converted(record, self.row, exact)
        self.row += 1
        return None

    def _take_wide_row(self, body: bytes) -> str | None:
        """Take in a row that names its own series: each value goes to the block of its series."""
        row = self._wide_row(body)
        if row is None:
            return "the wide row is malformed"
        run_number, numbers, floats, exact = row
        known = self.definitions
        places = {
            known.series[number]: at for at, number in enumerate(numbers)
        }  # of a repeated name, the last counts
        for name, at in places.items():
            shape = self._wide.get((run_number, name))
            if shape is None:
                shape = self._wide[run_number, name] = Shape(*known.runs[run_number], [name])
            record = b"".join((body[:24], _ONE_VALUE, floats[9 * at : 9 * at + 9], bytes(4)))
            shape.add_converted(record, self.row, {0: exact[at]} if at in exact else {})
        self.row += 1
        return None

    def _wide_row(self, body: bytes) -> tuple[int, array[int], bytes, dict[int, int]] | None:
        """Return (run number, series numbers, values as floats, exact numbers) of a wide row; None if it is malformed.

        How many series there are follows from the values: it is the smallest number that fits.
        """
        words = array("I", body[24 : 24 + (len(body) - 24) // 4 * 4])
        if not words or words[0] >= len(self.definitions.runs):
            return None
        for width in _possible_widths(body):
            numbers = words[1 : 1 + width]
            if max(numbers) < len(self.definitions.series) and len(set(numbers)) == width:
                values = _values(body, 28 + 4 * width, width)
                if values is not None:
                    return words[0], numbers, *values
        return None

    def _fits(self, place: int, size: int, what: int, shape: Shape | None) -> bool:
        """Return whether the size of a record whose CRC is wrong is one that a record of its kind can have."""
        if what in (layout.SERIES, layout.RUN, layout.COLUMNS):
            return self._fits_definition(what, self.data[place + 8 : place + size - 4])
        if what == layout.WIDE_ROW:
            each = (
                size - layout.RECORD_OVERHEAD - layout.ROW_PREFIX.size - 4
            )  # of n floats: n times 4 and 9 bytes
            is_of_floats = each > 0 and each % 13 == 0
            return is_of_floats or self._wide_row(self.data[place : place + size - 4]) is not None
        if shape is None:
            return False
        return size == shape.size or _values(self.data[place : place + size - 4], 24, shape.width) is not None

    # --- definitions

    def _fits_definition(self, what: int, rest: bytes) -> bool:
        """Return whether a definition whose CRC is wrong can be the beginning of one, and zeros: not one that swallows others."""
        written = rest[16:].rstrip(b"\0")
        if rest[:16].strip(b"\0"):
            return False
        if what != layout.COLUMNS:
            return b"\0" not in written
        if len(rest) < 16 + 8 or len(rest) % 4:
            return False
        numbers = array("I", written.ljust(-(-len(written) // 4) * 4, b"\0"))
        run, series = numbers[:1], numbers[1:]
        return all(one < len(self.definitions.runs) for one in run) and all(
            one < len(self.definitions.series) for one in series
        )

    def _shape(self, what: int) -> Shape | None:
        shape = None
        if 1 <= what <= len(self.definitions.columns):
            run_number, *numbers = array("I", self.definitions.columns[what - 1])
            names = self.definitions.series
            run, rank = self.definitions.runs[run_number]
            shape = self._shapes[what] = Shape(run, rank, [names[number] for number in numbers])
        return shape

    def _define(self, what: int, rest: bytes) -> str | None:
        """Take in a definition; return why that cannot be."""
        payload = rest[16:]
        known = self.definitions
        if what == layout.SERIES:
            try:
                known.series.append(payload.decode())
            except UnicodeDecodeError:
                return "the name of a series is not UTF-8"
        elif what == layout.RUN:
            run = _run_definition(payload)
            if run is None:
                return "the definition of a run is malformed"
            known.runs.append(run)
        elif what == layout.COLUMNS:
            if len(payload) < 8 or len(payload) % 4:
                return "the definition of columns is malformed"
            numbers = array("I", payload)
            if numbers[0] >= len(known.runs) or max(numbers[1:]) >= len(known.series):
                return "the definition of columns names a run or series that is not defined"
            if len(set(numbers[1:])) < len(numbers) - 1:
                return "the definition of columns names a series twice"
            known.columns.append(payload)
        elif 1 <= what <= layout.MAX_COLUMNS_NUMBER:
            return f"the row has the columns number {what}, which is not defined"
        else:
            return f"unknown kind of record {what}"
        return "a definition has a step or a time" if rest[:16].strip(b"\0") else None


def leading(data: bytes, start: int, end: int, stride: int, byte: int) -> int:
    """Return how many of the bytes at `start`, `start + stride`, … below `end` are `byte`, from the first on."""
    taken = data[start:end:stride]
    wanted = byte.to_bytes(1, "little")
    return len(taken) if taken == wanted * len(taken) else len(taken) - len(taken.lstrip(wanted))


def _run_definition(payload: bytes) -> tuple[str, int] | None:
    try:
        found = msgspec.json.decode(payload, type=RunDefinition)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if not _RUN_ID.match(found.run) or not 0 <= found.rank < 2**31:
        return None
    return found.run, found.rank


def _values(body: bytes, place: int, width: int) -> tuple[bytes, dict[int, int]] | None:
    """Return the values that begin at `place`, all as floats, and the exact numbers by column; None if malformed."""
    if body[place : place + 5] != layout.ROW_PREFIX.pack(layout.ROW_TAG, width):
        return None
    place += 5
    if len(body) - place == 9 * width and body[place::9] == layout.FLOAT_TAG * width:
        return body[place:], {}
    parts: list[bytes] = []
    exact: dict[int, int] = {}
    for number in range(width):
        tag = body[place] if place < len(body) else 0
        if tag == _FLOAT:
            parts.append(body[place : place + 9])
            place += 9
        elif tag == _EXACT:
            length = int.from_bytes(body[place + 1 : place + 5], "little")
            place += 5 + length
            if not 1 <= length <= MAX_EXACT_BYTES or place > len(body):
                return None
            exact[number] = whole = int.from_bytes(body[place - length : place], "little", signed=True)
            parts.append(layout.FLOAT_TAG + nearest_float(whole))
        else:
            return None
    return (b"".join(parts), exact) if place == len(body) else None


def _possible_widths(body: bytes) -> Iterator[int]:
    """Yield how many series a wide row may have: where a `[` and that number follow as many series numbers."""
    found = 0
    place = body.find(layout.ROW_TAG, 32)
    while place >= 0 and found < _MAX_WIDTHS_TRIED:
        width, odd = divmod(place - 28, 4)
        if not odd and body[place + 1 : place + 5] == width.to_bytes(4, "little"):
            found += 1
            yield width
        place = body.find(layout.ROW_TAG, place + 1)


def nearest_float(number: int) -> bytes:
    """Return the 8 bytes of the f64 nearest to a whole number; beyond the largest, the infinity of its sign."""
    try:
        value = float(number)
    except OverflowError:
        value = float("inf") if number > 0 else float("-inf")
    return _DOUBLE.pack(value)
