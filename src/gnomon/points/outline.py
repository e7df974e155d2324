"""The outline of a long series: of every 1,024 rows of a WAL the first, the lowest, the highest and the last point.

With it a line of a hundred million points is drawn without reading them: the buckets of a picture are made of whole pieces
of the outline (`points.thin`). It is derived, kept by the index and may be thrown away at any time.

Always true: the points of an outline are points of the series, bit for bit; the lowest and the highest of every piece are
among them; NaN is never the lowest or highest. Outlines with and without NumPy are the same.
Not promised: whole numbers that a float64 cannot hold. A series that has some in a WAL has no outline there.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Literal

from gnomon.points.columns import Column, as_column, column, counting, take
from gnomon.points.downsample import extremes
from gnomon.points.series_points import SeriesPoints

if TYPE_CHECKING:
    from collections.abc import Sequence

PIECE = 1024  # rows
FEWEST = 16 * PIECE  # points that a series must have in a WAL for an outline to pay
FIRST, LOW, HIGH, LAST = range(4)
_NONE = -1  # the row of a lowest or highest point where all are NaN
_CODES: tuple[Literal["q", "d"], ...] = ("q", "q", "q", "d")  # row, step, time, value
_NAN = column("d", [float("nan")]).tobytes()


class Outline:
    """Pieces in order of their rows; a column has one number for each. `counts` is how many points each has, `count` all."""

    __slots__ = ("_columns", "counts")

    def __init__(self, counts: Column, columns: Sequence[Sequence[Column]]) -> None:
        self.counts = counts
        self._columns = columns

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def count(self) -> int:
        """How many points the series has in this WAL."""
        return sum(self.counts)

    def rows(self, which: int) -> Column:
        """Return the row of that point of each piece; -1 where a piece has no lowest or highest."""
        return self._columns[which][0]

    def steps(self, which: int) -> Column:
        """Return the step of the first (`FIRST`), …, last (`LAST`) point of each piece."""
        return self._columns[which][1]

    def values(self, which: int) -> Column:
        """Return the value of that point of each piece; NaN where a piece has no lowest or highest."""
        return self._columns[which][3]

    def points(self, chosen: Sequence[Sequence[int]]) -> SeriesPoints:
        """Return points in order of their rows, each once: the first ones of some pieces, the lowest, the highest, the last."""
        where: dict[int, tuple[int, int]] = {}  # by row: which point, of which piece
        for which, pieces in enumerate(chosen):
            rows = self.rows(which)
            where.update({rows[piece]: (which, piece) for piece in pieces})
        where.pop(_NONE, None)
        places = [where[row] for row in sorted(where)]
        rows, steps, times_us, values = (
            column(code, [self._columns[which][number][piece] for which, piece in places])
            for number, code in enumerate(_CODES)
        )
        return SeriesPoints(rows, steps, times_us, values, {})

    def pack(self) -> bytes:
        """Return the outline as bytes."""
        parts = [self.counts, *(numbers for point in self._columns for numbers in point)]
        return b"".join(numbers.cast("B") for numbers in parts)

    @staticmethod
    def unpack(data: bytes | memoryview) -> Outline:
        """Return the outline that these bytes hold."""
        numbers = 1 + 4 * len(_CODES)
        size = len(data) // numbers
        view = memoryview(data)
        parts = [view[at * size : (at + 1) * size] for at in range(numbers)]
        columns = [
            [part.cast("B").cast(code) for part, code in zip(parts[1 + at : 5 + at], _CODES, strict=True)]
            for at in range(0, 4 * len(_CODES), 4)
        ]
        return Outline(parts[0].cast("B").cast("q"), columns)


def outline_of(points: SeriesPoints) -> Outline:
    """Return the outline of what one WAL holds of a series. The lowest and highest are so exactly; `values` has the float64."""
    edges = _edges(points.rows)
    lows, highs = extremes(points.exactly() if points.exact else points.values, edges)
    firsts, lasts = edges[:-1], [edge - 1 for edge in edges[1:]]
    counts = column("q", [after - first for first, after in zip(firsts, edges[1:], strict=True)])
    return Outline(counts, [_columns(points, places) for places in (firsts, lows, highs, lasts)])


def _edges(rows: range | Column) -> list[int]:
    """Return where each piece begins, and the end."""
    if not len(rows):
        return [0]
    first, last = rows[0] // PIECE, rows[-1] // PIECE
    bounds = range((first + 1) * PIECE, last * PIECE + 1, PIECE)
    if isinstance(rows, range):
        return [0, *(bound - rows[0] for bound in bounds), len(rows)]
    return sorted({0, *(bisect_left(rows, bound) for bound in bounds), len(rows)})


def _columns(points: SeriesPoints, places: Sequence[int | None]) -> list[Column]:
    known = [0 if place is None else place for place in places]
    missing = [at for at, place in enumerate(places) if place is None]
    found = [
        take(numbers, known)
        for numbers in (counting(points.rows), points.steps, points.times_us, points.values)
    ]
    if missing:
        rows, values = bytearray(found[0]), bytearray(found[3])
        for at in missing:
            rows[8 * at : 8 * at + 8] = _NONE.to_bytes(8, "little", signed=True)
            values[8 * at : 8 * at + 8] = _NAN
        found[0], found[3] = as_column(rows, "q"), as_column(values, "d")
    return found
