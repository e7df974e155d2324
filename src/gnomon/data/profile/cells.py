"""The distribution of a column of numbers, as counts in cells.

A cell is like a float of few bits: `bits` binary digits of relative precision, and no finer than 2**unit. How fine the cells
are follows from the smallest and the largest value alone: as fine as fits into `limit` cells. A wider range never has finer
cells, and every cell of a coarser grid is made of whole cells of a finer one. So the cells of the parts, made coarser and
added up, are exactly those of the whole; order, threads and the number of parts change nothing.

That is why this is no t-digest and no KLL: those depend on the order of rows (or on chance). Price: no fixed bound on the
error in rank; a value is known to within its cell, which is at most 1/`limit`-th of the range wide in the linear case, and
2**-bits of the value elsewhere. Figures: docs/explanation/data-profiles.md.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LIMIT = 1024  # cells of a column
LIMIT_WIDE = 128  # where a table has many columns
OCTAVES = 30  # below the largest value: from there on cells are of one width, down to zero
_MAX_BITS = 52
_LOWEST = -1020  # exponent: its reciprocal is a float


class Grid(msgspec.Struct, frozen=True):
    """Which cells there are: `bits` of relative precision, no cell narrower than 2**unit."""

    bits: int
    unit: int

    def place(self, value: float) -> int:
        """Return the place of the cell that holds a finite value; places have the order of values."""
        if value < 0:
            return -self._place(-value) - 1
        return self._place(value)

    def _place(self, size: float) -> int:
        lowest = self.unit + self.bits
        if size < math.ldexp(1.0, lowest + 1):
            return math.floor(math.ldexp(size, -self.unit))
        exponent = math.frexp(size)[1] - 1
        return ((exponent - lowest) << self.bits) + math.floor(math.ldexp(size, self.bits - exponent))

    def edge(self, place: int) -> float:
        """Return the end of a cell that is nearer to zero."""
        place = place if place >= 0 else -place - 1
        if place < 2 << self.bits:
            return math.ldexp(place, self.unit)
        octave = (place >> self.bits) - 1
        return math.ldexp(place - (octave << self.bits), self.unit + octave)

    def bounds(self, place: int) -> tuple[float, float]:
        """Return the lower and the upper end of a cell."""
        near = self.edge(place)
        try:
            far = self.edge(place + 1 if place >= 0 else place - 1)
        except OverflowError:
            far = math.inf
        return (near, far) if place >= 0 else (-far, -near)

    def sql(self, x: str) -> str:
        """Return the place of a DOUBLE as SQL for DuckDB; log2 may round at a power of two, the place is the same."""
        lowest = self.unit + self.bits
        size = f"abs({x})"
        linear = f"floor({size} * {math.ldexp(1.0, -self.unit)!r}::DOUBLE)::BIGINT"
        octave = f"floor(log2({size}))"
        curved = (
            f"(({octave} - {lowest}) * {1 << self.bits})::BIGINT"
            f" + floor({size} * pow(2.0::DOUBLE, {self.bits} - {octave}))::BIGINT"
        )
        border = f"{math.ldexp(1.0, lowest + 1)!r}::DOUBLE" if lowest < 1023 else "'inf'::DOUBLE"
        place = f"CASE WHEN {size} < {border} THEN {linear} ELSE {curved} END"
        return f"CASE WHEN {x} < 0 THEN -({place}) - 1 ELSE {place} END"


def grid_of(low: float, high: float, *, is_whole: bool = False, limit: int = LIMIT) -> Grid:
    """Return the grid of a range: about as fine as fits into `limit` cells; whole numbers need no cell narrower than 1.

    A wider range never has more bits or a smaller unit. Hence the three cases, where taking whatever fits would not do.
    """
    largest, smallest = max(abs(low), abs(high)), min(abs(low), abs(high))
    top = math.frexp(largest)[1] - 1 if largest else _LOWEST
    bits = limit.bit_length() - 1 - 6  # both signs: 2 * (OCTAVES + 2) * 2**bits cells always fit
    if low >= 0 or high <= 0:
        bits += 1  # one sign: half of that
        if smallest >= math.ldexp(
            1.0, max(top - OCTAVES, _LOWEST)
        ):  # and far from zero: no cell is as narrow as the unit
            bits = _most_bits(low, high, limit, at_least=bits, unit=_LOWEST)
    if is_whole:
        bits = _most_bits(low, high, limit, at_least=bits, unit=0)
    return Grid(bits, max(top - OCTAVES - bits, 0 if is_whole else _LOWEST))


def _most_bits(low: float, high: float, limit: int, *, at_least: int, unit: int) -> int:
    """Return how many bits fit into the limit, with a unit that does not depend on the range."""
    for bits in range(_MAX_BITS, at_least, -1):
        grid = Grid(bits, unit)
        if grid.place(high) - grid.place(low) < limit:
            return bits
    return at_least


class Cells(msgspec.Struct, frozen=True, kw_only=True):
    """Counts in the cells of a grid that hold anything; `steps` leads from one place to the next."""

    low: float
    high: float
    limit: int
    is_whole: bool
    grid: Grid
    steps: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def is_sound(self) -> bool:
        """True where nothing in it could mislead or exhaust a reader, whoever wrote it."""
        return (
            len(self.steps) == len(self.counts) <= self.limit <= LIMIT
            and 0 <= self.grid.bits <= _MAX_BITS
            and -1100 <= self.grid.unit <= 1024
            and math.isfinite(self.low)
            and math.isfinite(self.high)
            and self.low <= self.high
            and all(count > 0 for count in self.counts)
            and all(step > 0 for step in self.steps[1:])
            and all(abs(place) < (1 << 64) for place in (*self.places[:1], *self.places[-1:]))
            and (not self.steps or self.is_within())
        )

    def is_within(self) -> bool:
        """True where the first and last cell have the ends of the range."""
        places = self.places
        return self.grid.place(self.low) == places[0] and self.grid.place(self.high) == places[-1]

    @property
    def places(self) -> list[int]:
        places, place = [], 0
        for step in self.steps:
            place += step
            places.append(place)
        return places

    @property
    def total(self) -> int:
        return sum(self.counts)

    def parts(self) -> list[tuple[float, float, int]]:
        """Return lower end, upper end and count of every cell, cut to the range, in order."""
        parts = []
        for place, count in zip(self.places, self.counts, strict=True):
            low, high = self.grid.bounds(place)
            if self.is_whole and high - low <= 1:
                low = high = math.floor(high) if place < 0 else math.ceil(low)
            parts.append((max(low, self.low), min(high, self.high), count))
        return parts

    def quantile(self, share: float) -> float | None:
        """Return the value below which this share of all values lies; inside a cell values are taken as even."""
        total = self.total
        if not total:
            return None
        rank = min(max(share, 0.0), 1.0) * (total - 1)
        seen = 0
        for low, high, count in self.parts():
            if rank < seen + count:
                return (
                    low + (high - low) * min((rank - seen + 0.5) / count, 1.0)
                    if count > 1
                    else (low + high) / 2
                )
            seen += count
        return self.high

    def shares_at(self, edges: Sequence[float]) -> list[float]:
        """Return which share of the values lies below each of the edges, which are in order."""
        total, parts = self.total or 1, self.parts()
        shares, seen, at = [], 0, 0
        for edge in edges:
            while at < len(parts) and (parts[at][1] < edge or (parts[at][1] == edge > parts[at][0])):
                seen += parts[at][2]
                at += 1
            inside = 0.0
            if at < len(parts) and parts[at][0] < edge:
                low, high, count = parts[at]
                inside = count * (edge - low) / (high - low)
            shares.append((seen + inside) / total)
        return shares

    def bars(self, number_of: int) -> list[float]:
        """Return counts in so many even bins over the range; a cell that spans bins is shared among them."""
        if not self.counts:
            return []
        width = (self.high / number_of) - (self.low / number_of)
        if not width > 0:
            return [float(self.total)]
        bars = [0.0] * number_of
        for low, high, count in self.parts():
            first = min(int((low - self.low) / width), number_of - 1)
            last = min(int((high - self.low) / width), number_of - 1)
            for bin_ in range(first, last + 1):
                start, end = self.low + bin_ * width, self.low + (bin_ + 1) * width
                share = (min(high, end) - max(low, start)) / (high - low) if last > first else 1.0
                bars[bin_] += count * max(share, 0.0)
        return bars


def cells_of(
    grid: Grid, counts: Mapping[int, int], *, low: float, high: float, is_whole: bool, limit: int
) -> Cells:
    """Return cells from counts by place."""
    places = sorted(counts)
    steps = places[:1] + [after - before for before, after in pairwise(places)]
    return Cells(
        low=low,
        high=high,
        limit=limit,
        is_whole=is_whole,
        grid=grid,
        steps=tuple(steps),
        counts=tuple(counts[place] for place in places),
    )


def cells_from(values: Iterable[float], *, is_whole: bool = False, limit: int = LIMIT) -> Cells | None:
    """Return the cells of finite values; None where there are none."""
    held = list(values)
    if not held:
        return None
    low, high = min(held), max(held)
    grid = grid_of(low, high, is_whole=is_whole, limit=limit)
    counts: dict[int, int] = {}
    for value in held:
        place = grid.place(value)
        counts[place] = counts.get(place, 0) + 1
    return cells_of(grid, counts, low=low, high=high, is_whole=is_whole, limit=limit)


def merged_cells(a: Cells | None, b: Cells | None) -> Cells | None:
    """Return the cells of the values of both: exactly those of all values together, where both are of one type."""
    if a is None or b is None:
        return a or b
    low, high = min(a.low, b.low), max(a.high, b.high)
    is_whole, limit = a.is_whole and b.is_whole, min(a.limit, b.limit)
    best = grid_of(low, high, is_whole=is_whole, limit=limit)
    grid = Grid(min(best.bits, a.grid.bits, b.grid.bits), max(best.unit, a.grid.unit, b.grid.unit))
    counts = on_grid(a, grid)
    for place, count in on_grid(b, grid).items():
        counts[place] = counts.get(place, 0) + count
    return cells_of(grid, counts, low=low, high=high, is_whole=is_whole, limit=limit)


def distance(a: Cells, b: Cells) -> float:
    """Return the largest gap between the shares of values below any edge of a cell (Kolmogorov-Smirnov): 0 same, 1 apart.

    Both are put on the one grid that both can be put on, so the gap is exact at the edges; between edges it may be a little
    larger.
    """
    both = merged_cells(a, b)
    if both is None:
        return 0.0
    ours, theirs = on_grid(a, both.grid), on_grid(b, both.grid)
    first = second = 0
    gap = 0.0
    for place in both.places:
        first += ours.get(place, 0)
        second += theirs.get(place, 0)
        gap = max(gap, abs(first / a.total - second / b.total))
    return gap


def on_grid(cells: Cells, grid: Grid) -> dict[int, int]:
    """Return counts by the places of a coarser grid."""
    counts: dict[int, int] = {}
    for place, count in zip(cells.places, cells.counts, strict=True):
        at = _coarser(cells.grid, place, grid)
        counts[at] = counts.get(at, 0) + count
    return counts


def _coarser(fine: Grid, place: int, coarse: Grid) -> int:
    """Return the cell of the coarser grid that a cell lies in."""
    edge = fine.edge(place)
    return coarse._place(edge) if place >= 0 else -coarse._place(edge) - 1
