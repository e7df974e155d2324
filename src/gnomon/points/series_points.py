"""The points of one series of one run and rank that one WAL holds: four columns and the exact numbers.

They are the same whether they come from the WAL or from a segment; commitments, segments and answers are made of them.
Always true: `rows` increases.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from gnomon.points.columns import (
    Column,
    as_column,
    counting,
    is_increasing,
    is_sorted,
    join,
    numpy_for,
    order_of,
    take,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gnomon.points.block import Block


_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class SeriesKey(NamedTuple):
    """Which series; in the order in which segments are sorted."""

    run: str
    series: str
    rank: int


class Within(NamedTuple):
    """A part of a series: the points whose step, or time in microseconds, lies from `low` to `high`, and the nearest beside them.

    So a line can be drawn to the edges. Nearest is of those below the highest (the last, of several), of those above the lowest
    (the first). Points may stand in any order.
    """

    by: Literal["step", "time"]
    low: float
    high: float

    @property
    def bounds(self) -> tuple[int, int]:
        """The smallest and the largest whole number that lies within, as far as int64 goes."""
        low = max(min(self.low, self.high), float(_SMALLEST))
        high = min(max(self.low, self.high), float(_LARGEST))
        return min(ceil(low), _LARGEST), min(max(floor(high), _SMALLEST), _LARGEST)

    def needed(self, edges: Sequence[tuple[int, int]]) -> set[int]:
        """Return which stretches of one series are to be read. Of each is given (smallest, largest), in order of the rows."""
        low, high = self.bounds
        found = {at for at, (first, last) in enumerate(edges) if first <= high and last >= low}
        lower = max(((last, at) for at, (_, last) in enumerate(edges) if last < low), default=None)
        upper = min(((first, at) for at, (first, _) in enumerate(edges) if first > high), default=None)
        # A stretch that reaches over an edge may hold the nearest point beside it.
        has_lower = lower and any(lower < (edges[at][0], at) and edges[at][0] < low for at in found)
        has_upper = upper and any(upper > (edges[at][1], at) and edges[at][1] > high for at in found)
        beside = {end[1] for end, has in ((lower, has_lower), (upper, has_upper)) if end and not has}
        return found | beside

    def positions(self, numbers: Column) -> Sequence[int] | slice:
        """Return where the points of this part are among all; `numbers` are the steps, or times."""
        low, high = self.bounds
        if is_sorted(numbers):
            return slice(max(0, bisect_left(numbers, low) - 1), bisect_right(numbers, high) + 1)
        numpy = numpy_for(len(numbers))
        if numpy is not None:
            return self._positions_numpy(numpy, numpy.frombuffer(numbers, numpy.int64))
        values = numbers.tolist()
        inside = {at for at, value in enumerate(values) if low <= value <= high}
        below = [(value, at) for at, value in enumerate(values) if value < low]
        above = [(value, at) for at, value in enumerate(values) if value > high]
        inside |= {max(below)[1]} if below else set()
        return sorted(inside | ({min(above)[1]} if above else set()))

    def _positions_numpy(self, numpy: Any, values: Any) -> Sequence[int]:
        low, high = self.bounds
        inside = (values >= low) & (values <= high)
        below, above = numpy.flatnonzero(values < low), numpy.flatnonzero(values > high)
        if len(below):
            inside[below[len(below) - 1 - numpy.argmax(values[below][::-1])]] = True
        if len(above):
            inside[above[numpy.argmin(values[above])]] = True
        return numpy.flatnonzero(inside).tolist()  # type: ignore[no-any-return]


class SeriesPoints:
    """Columns of equal length. `exact` holds the whole numbers that a float64 cannot hold, by position.

    `skipped` is how many points there are besides, where only a part was asked for.
    """

    __slots__ = ("exact", "rows", "skipped", "steps", "times_us", "values")

    def __init__(
        self,
        rows: range | Column,
        steps: Column,
        times_us: Column,
        values: Column,
        exact: dict[int, int],
        skipped: int = 0,
    ) -> None:
        self.rows = rows
        self.steps = steps
        self.times_us = times_us
        self.values = values
        self.exact = exact
        self.skipped = skipped

    def __len__(self) -> int:
        return len(self.values)

    def exactly(self) -> list[float | int]:
        """Return the values; whole numbers that a float64 cannot hold are ints."""
        values: list[Any] = self.values.tolist()
        for at, number in self.exact.items():
            values[at] = number
        return values

    def below(self, row: int) -> SeriesPoints:
        """Return the points of rows below `row`."""
        if not len(self) or self.rows[-1] < row:
            return self
        return self[: _count_below(self.rows, row)]

    def without(self, first: int, after: int) -> SeriesPoints:
        """Return the points but those of rows from `first` to before `after`."""
        low, high = _count_below(self.rows, first), _count_below(self.rows, after)
        return self if low >= high else one_after_the_other([self[:low], self[high:]])

    def within(self, part: Within) -> SeriesPoints:
        """Return the points of a part; the others are counted as `skipped`."""
        positions = part.positions(self.steps if part.by == "step" else self.times_us)
        found = self[positions] if isinstance(positions, slice) else self.picked(positions)
        found.skipped = self.skipped + len(self) - len(found)
        return found

    def copied(self) -> SeriesPoints:
        """Return the same points in columns of their own: a part of a long column keeps all of it in memory."""
        rows = self.rows if isinstance(self.rows, range) else _copied(self.rows)
        steps, times_us, values = map(_copied, (self.steps, self.times_us, self.values))
        return SeriesPoints(rows, steps, times_us, values, self.exact, self.skipped)

    def picked(self, positions: Sequence[int]) -> SeriesPoints:
        """Return the points at these positions, in their order."""
        after = {int(before): at for at, before in enumerate(positions)} if self.exact else {}
        return SeriesPoints(
            take(counting(self.rows), positions),
            take(self.steps, positions),
            take(self.times_us, positions),
            take(self.values, positions),
            {after[at]: number for at, number in self.exact.items() if at in after},
        )

    def __getitem__(self, part: slice) -> SeriesPoints:
        first, after, _ = part.indices(len(self))
        exact = {at - first: number for at, number in self.exact.items() if first <= at < after}
        return SeriesPoints(self.rows[part], self.steps[part], self.times_us[part], self.values[part], exact)


def points_by_series(
    blocks: Iterable[Block], wanted: Callable[[SeriesKey], bool] | None = None, part: Within | None = None
) -> dict[SeriesKey, SeriesPoints]:
    """Return the points of the blocks of one WAL by series, only those `wanted` if that is given.

    Of a `part`, some points outside may be there too: of a block whose x goes back, all are.
    """
    parts: dict[SeriesKey, list[SeriesPoints]] = {}
    for whole in blocks:
        is_needed = wanted is None or any(
            wanted(SeriesKey(whole.run, name, whole.rank)) for name in whole.series
        )
        block = whole.within(part) if part is not None and is_needed else whole
        columns = None if wanted is not None else block.all_values()
        for name, number in block.columns_by_name().items():
            key = SeriesKey(block.run, name, block.rank)
            if wanted is not None and not wanted(key):
                continue
            values = columns[number] if columns is not None else block.values(number)
            exact = block.exact.get(number, {})
            points = SeriesPoints(block.rows, block.steps, block.times_us, values, exact, block.skipped)
            parts.setdefault(key, []).append(points)
    return {key: in_order(several) for key, several in parts.items()}


def in_order(parts: Sequence[SeriesPoints]) -> SeriesPoints:
    """Return the points of one WAL, which may come in several parts, in order of their rows."""
    if len(parts) == 1:
        return parts[0]
    joined = one_after_the_other(sorted(parts, key=lambda part: part.rows[0]))
    rows = counting(joined.rows)
    if is_increasing(rows):
        return joined
    found = joined.picked(order_of(rows))
    found.skipped = joined.skipped
    return found


def one_after_the_other(parts: Sequence[SeriesPoints]) -> SeriesPoints:
    """Return the parts joined as they come (their rows may belong to different WALs)."""
    exact: dict[int, int] = {}
    offset = 0
    for part in parts:
        exact.update({offset + at: number for at, number in part.exact.items()})
        offset += len(part)
    return SeriesPoints(
        join([counting(part.rows) for part in parts], "q"),
        join([part.steps for part in parts], "q"),
        join([part.times_us for part in parts], "q"),
        join([part.values for part in parts], "d"),
        exact,
        sum(part.skipped for part in parts),
    )


def _copied(numbers: Column) -> Column:
    return as_column(bytes(numbers), numbers.format)


def _count_below(rows: range | Column, row: int) -> int:
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low
