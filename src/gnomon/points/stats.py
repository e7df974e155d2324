"""What a table of runs shows of a series without its points: how many, first, last, smallest, largest.

Always true: whole numbers that a float64 cannot hold stay exact; NaN is counted apart and is never the smallest or
largest; merging the figures of successive ranges of rows gives the figures of the whole.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from gnomon.points.columns import Column, numpy_for, take
from gnomon.points.series_points import SeriesKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.points.block import Block

_INT64 = range(-(2**63), 2**63)


class SeriesStat(msgspec.Struct, frozen=True, array_like=True):
    """The figures of one series. `msgspec.msgpack.encode` keeps them in about 50 bytes.

    Read `last`, `min` and `max`: the packed fields hold the digits of whole numbers beyond 64 bits. Times are
    microseconds since 1970 UTC.
    """

    count: int
    nan: int
    first_step: int
    last_step: int
    last_time_us: int
    packed_last: float | int | str
    packed_min: float | int | str | None
    packed_max: float | int | str | None

    @property
    def last(self) -> float | int:
        """The value of the last row, NaN included."""
        return _unpacked(self.packed_last)

    @property
    def min(self) -> float | int | None:
        """The smallest value; None where every value is NaN."""
        return None if self.packed_min is None else _unpacked(self.packed_min)

    @property
    def max(self) -> float | int | None:
        """The largest value; None where every value is NaN."""
        return None if self.packed_max is None else _unpacked(self.packed_max)


def merge(first: SeriesStat, then: SeriesStat) -> SeriesStat:
    """Return the figures of two ranges, of which `then` follows `first`."""
    return _merge(first, then, starts=first, ends=then)


def stats_of(blocks: Iterable[Block]) -> dict[SeriesKey, SeriesStat]:
    """Return the figures of every series in the blocks of one reading of a WAL."""
    spans: dict[SeriesKey, tuple[int, int, SeriesStat]] = {}
    for block in blocks:
        columns = block.all_values()
        steps, times = block.steps, block.times_us
        first_row, last_row = block.rows[0], block.rows[-1]
        for name, number in block.columns_by_name().items():
            stat = stat_of(steps, times, columns[number], block.exact.get(number))
            key = SeriesKey(block.run, name, block.rank)
            known = spans.get(key)
            if known is None:
                spans[key] = (first_row, last_row, stat)
                continue
            starts = known[2] if known[0] < first_row else stat
            ends = known[2] if known[1] > last_row else stat
            whole = _merge(known[2], stat, starts=starts, ends=ends)
            spans[key] = (min(known[0], first_row), max(known[1], last_row), whole)
    return {key: stat for key, (_, _, stat) in spans.items()}


def stat_of(
    steps: Column, times_us: Column, values: Column, exact: dict[int, int] | None = None
) -> SeriesStat:
    """Return the figures of one series. There must be at least one point."""
    nan, low, high = _extremes(_without(values, exact) if exact else values)
    last: float | int = values[-1]
    if exact:
        low = min(exact.values(), default=low) if low is None else min([low, *exact.values()])
        high = max(exact.values(), default=high) if high is None else max([high, *exact.values()])
        last = exact.get(len(values) - 1, last)
    return SeriesStat(
        count=len(values),
        nan=nan,
        first_step=steps[0],
        last_step=steps[-1],
        last_time_us=times_us[-1],
        packed_last=_packed(last),
        packed_min=None if low is None else _packed(low),
        packed_max=None if high is None else _packed(high),
    )


def _extremes(values: Column) -> tuple[int, float | int | None, float | int | None]:
    """Return (how many are NaN, the smallest, the largest)."""
    numpy = numpy_for(len(values))
    if numpy is not None:
        view = numpy.frombuffer(values, numpy.float64)
        nan = int(numpy.isnan(view).sum())
        if nan == len(view):
            return nan, None, None
        if nan:
            view = view[~numpy.isnan(view)]
        return nan, float(view.min()) + 0.0, float(view.max()) + 0.0  # + 0.0: there is one zero
    numbers = values.tolist()
    nan = sum(map(math.isnan, numbers))
    if nan:
        numbers = [number for number in numbers if number == number]
    return (nan, min(numbers) + 0.0, max(numbers) + 0.0) if numbers else (nan, None, None)


def _without(values: Column, positions: dict[int, int]) -> Column:
    return take(values, [at for at in range(len(values)) if at not in positions])


def _merge(first: SeriesStat, then: SeriesStat, *, starts: SeriesStat, ends: SeriesStat) -> SeriesStat:
    lows = [stat.min for stat in (first, then) if stat.min is not None]
    highs = [stat.max for stat in (first, then) if stat.max is not None]
    return SeriesStat(
        count=first.count + then.count,
        nan=first.nan + then.nan,
        first_step=starts.first_step,
        last_step=ends.last_step,
        last_time_us=ends.last_time_us,
        packed_last=ends.packed_last,
        packed_min=_packed(min(lows)) if lows else None,
        packed_max=_packed(max(highs)) if highs else None,
    )


def _packed(number: float | int) -> float | int | str:
    if isinstance(number, int) and number not in _INT64:
        return str(number)
    return number


def _unpacked(number: float | int | str) -> float | int:
    return int(number) if isinstance(number, str) else number
