"""The points of one series of one run and rank that one WAL holds: four columns and the exact numbers.

They are the same whether they come from the WAL or from a segment; commitments, segments and answers are made of them.
Always true: `rows` increases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.points.columns import Column, counting, is_increasing, join, order_of, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gnomon.points.block import Block


class SeriesKey(NamedTuple):
    """Which series; in the order in which segments are sorted."""

    run: str
    series: str
    rank: int


class SeriesPoints:
    """Columns of equal length. `exact` holds the whole numbers that a float64 cannot hold, by position."""

    __slots__ = ("exact", "rows", "steps", "times_us", "values")

    def __init__(
        self, rows: range | Column, steps: Column, times_us: Column, values: Column, exact: dict[int, int]
    ) -> None:
        self.rows = rows
        self.steps = steps
        self.times_us = times_us
        self.values = values
        self.exact = exact

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
    blocks: Iterable[Block], wanted: Callable[[SeriesKey], bool] | None = None
) -> dict[SeriesKey, SeriesPoints]:
    """Return the points of the blocks of one WAL by series, only those `wanted` if that is given."""
    parts: dict[SeriesKey, list[SeriesPoints]] = {}
    for block in blocks:
        columns = None if wanted is not None else block.all_values()
        for name, number in block.columns_by_name().items():
            key = SeriesKey(block.run, name, block.rank)
            if wanted is not None and not wanted(key):
                continue
            values = columns[number] if columns is not None else block.values(number)
            points = SeriesPoints(
                block.rows, block.steps, block.times_us, values, block.exact.get(number, {})
            )
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
    return joined.picked(order_of(rows))


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
    )


def _count_below(rows: range | Column, row: int) -> int:
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low
