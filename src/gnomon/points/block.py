"""A block: the rows of a WAL that hold the same series of one run, as columns that are taken apart when asked.

Not promised: that the rows of a block follow each other in the file; `rows` says which they are.
"""

from __future__ import annotations

import struct
from array import array
from copy import copy
from itertools import chain
from typing import TYPE_CHECKING

from gnomon.points import layout
from gnomon.points.columns import Column, column, take_apart, whole_micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.points.series_points import Within

_FIRST_VALUE_AT = layout.PREFIX.size + layout.ROW_PREFIX.size + 1
_FEW_ROWS = 32  # up to here whole rows are unpacked at once; above, each column is taken apart by itself


class Block:
    """Rows of one run, one rank and one set of series. Columns have one number for each row, in order of the file.

    `exact` holds the whole numbers that a float64 cannot hold: for a column, by position in it; the column itself has
    the nearest float64 there. Of a name that a row has twice, the last value counts, as in a dict. Of wide rows, whose
    set of series changes with every call, each series has a block of its own. `skipped` is how many rows there are besides, where
    only a part was asked for.
    """

    __slots__ = (
        "_data",
        "_end",
        "_size",
        "_start",
        "_steps",
        "_times",
        "exact",
        "rank",
        "rows",
        "run",
        "series",
        "skipped",
    )

    def __init__(self, shape: Shape, data: bytes, start: int, end: int) -> None:
        self._data = data
        self._start = start
        self._end = end
        self._size = shape.size
        self._steps: Column | None = None
        self._times: Column | None = None
        self.run = shape.run
        self.rank = shape.rank
        self.series: tuple[str, ...] = tuple(shape.names)
        self.rows = shape.rows()
        self.exact: dict[int, dict[int, int]] = shape.exact
        self.skipped = 0

    def __len__(self) -> int:
        return len(self.rows)

    def columns_by_name(self) -> dict[str, int]:
        """Return the number of the column of each series."""
        return {name: number for number, name in enumerate(self.series)}

    def within(self, part: Within) -> Block:
        """Return the rows of a part without taking the others apart; all of them where their x goes back."""
        positions = part.positions(self.steps if part.by == "step" else self.times_us)
        if not isinstance(positions, slice):
            return self
        first, after, _ = positions.indices(len(self))
        found = copy(self)
        found._start, found._end = self._start + first * self._size, self._start + after * self._size
        found._steps = self._steps[positions] if self._steps is not None else None
        found._times = self._times[positions] if self._times is not None else None
        found.rows = self.rows[positions]
        found.exact = {
            number: {at - first: whole for at, whole in several.items() if first <= at < after}
            for number, several in self.exact.items()
        }
        found.skipped = self.skipped + len(self) - len(found)
        return found

    @property
    def steps(self) -> Column:
        """The step of each row."""
        if self._steps is None:
            self._steps = take_apart(self._data, self._start + 8, self._end, self._size, "q")
        return self._steps

    @property
    def times_us(self) -> Column:
        """The time of each row, microseconds since 1970 UTC."""
        if self._times is None:
            self._times = whole_micros(take_apart(self._data, self._start + 16, self._end, self._size, "q"))
        return self._times

    def values(self, number: int) -> Column:
        """Return one column of values."""
        start = self._start + _FIRST_VALUE_AT + 9 * number
        return take_apart(self._data, start, self._end, self._size, "d")

    def all_values(self) -> Sequence[Column]:
        """Return every column of values, in order of `series`."""
        if len(self) > _FEW_ROWS:
            return [self.values(number) for number in range(len(self.series))]
        unpack = struct.Struct("<29x" + "xd" * len(self.series)).unpack_from
        rows = [unpack(self._data, start) for start in range(self._start, self._end, self._size)]
        return [column("d", values) for values in zip(*rows, strict=True)]


class Shape:
    """How the rows of one set of series look while they are being read, and where they were found."""

    __slots__ = (
        "_afters",
        "_firsts",
        "_pieces",
        "count",
        "exact",
        "names",
        "opening",
        "rank",
        "run",
        "size",
        "tags",
        "width",
    )

    def __init__(self, run: str, rank: int, names: list[str]) -> None:
        self.run = run
        self.rank = rank
        self.names = names
        self.width = len(names)
        self.size = layout.RECORD_OVERHEAD + layout.ROW_PREFIX.size + 9 * self.width
        self.opening = layout.ROW_PREFIX.pack(layout.ROW_TAG, self.width)
        self.tags = layout.FLOAT_TAG * self.width  # of a row that has floats only
        self.count = 0
        self.exact: dict[int, dict[int, int]] = {}
        self._pieces: list[tuple[int, int] | bytearray] = []  # (start, end) in the data, or converted rows
        self._firsts = array("q")  # where a range of row numbers begins …
        self._afters = array("q")  # … and ends

    def add(self, start: int, end: int, row: int, count: int) -> None:
        """Take in `count` rows of floats that stand at start … end."""
        pieces = self._pieces
        last = pieces[-1] if pieces else None
        if last.__class__ is tuple and last[1] == start:
            pieces[-1] = (last[0], end)
        else:
            pieces.append((start, end))
        self._count_rows(row, count)

    def add_converted(self, record: bytes, row: int, exact: Mapping[int, int]) -> None:
        """Take in one row that was converted to floats, and the exact numbers that it holds."""
        for number, whole in exact.items():
            self.exact.setdefault(number, {})[self.count] = whole
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, bytearray):
            last += record
        else:
            self._pieces.append(bytearray(record))
        self._count_rows(row, 1)

    def _count_rows(self, row: int, count: int) -> None:
        if self.count and self._afters[-1] == row:
            self._afters[-1] = row + count
        else:
            self._firsts.append(row)
            self._afters.append(row + count)
        self.count += count

    def rows(self) -> range | Column:
        """Return the row number of each row."""
        if len(self._firsts) == 1:
            return range(self._firsts[0], self._afters[0])
        return column("q", chain.from_iterable(map(range, self._firsts, self._afters)))

    def block(self, data: bytes) -> Block:
        """Return the rows as a block; `data` is what the places refer to."""
        if len(self._pieces) == 1 and isinstance(self._pieces[0], tuple):
            return Block(self, data, *self._pieces[0])
        parts = [data[slice(*piece)] if isinstance(piece, tuple) else piece for piece in self._pieces]
        joined = b"".join(parts)
        return Block(self, joined, 0, len(joined))
