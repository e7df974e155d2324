"""Fewer points that draw the same line: of each bucket the first, the lowest, the highest and the last (M4).

Always true: the lowest and the highest value of all are among the points that stay; the result is the same with and
without NumPy. NaN is never the lowest or highest; it stays only where it begins or ends a bucket.
Source: Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice
from math import inf
from operator import le
from typing import TYPE_CHECKING, Any

from gnomon.points.columns import numpy_for

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXACT_FROM = 2**53  # from here on, not every whole number is a float64


def m4(xs: Sequence[float], ys: Sequence[float], buckets: int) -> list[int]:
    """Return the positions of the points to draw, in order: at most four for each bucket.

    Buckets have equal width on the x-axis; where x goes back or is NaN, they hold equally many points. Empty input
    gives an empty list; `buckets` is at least 1.

    >>> m4(range(6), [0, 9, 1, -5, 3, 1], 1)
    [0, 1, 3, 5]
    """
    count = len(ys)
    if count <= 4 * buckets:
        return list(range(count))
    edges = sorted({0, *_edges(xs, count, buckets), count})
    lows, highs = extremes(ys, edges)
    ends = [edge - 1 for edge in edges[1:]]
    found = {*edges[:-1], *ends, *lows, *highs}
    return sorted(place for place in found if place is not None)


def _is_sorted(xs: Sequence[float]) -> bool:
    numpy = numpy_for(len(xs)) if isinstance(xs, memoryview) else None
    if numpy is not None:
        array = numpy.asarray(xs)
        return bool((array[1:] >= array[:-1]).all())
    return all(map(le, xs, islice(xs, 1, None)))


def extremes(ys: Sequence[float], edges: Sequence[int]) -> tuple[list[int | None], list[int | None]]:
    """Return the positions of the lowest and of the highest value between each two edges; None where all are NaN."""
    numpy = numpy_for(len(ys))
    if numpy is None or _has_exact(ys):
        return _extremes(ys, edges)
    return _extremes_numpy(numpy, numpy.asarray(ys, dtype=numpy.float64), edges)


def _has_exact(ys: Sequence[float]) -> bool:
    """Return whether there are whole numbers that a float64 may not hold: two that differ would be one to NumPy."""
    if isinstance(ys, memoryview) or int not in set(map(type, ys)):
        return False
    return any(type(y) is int and not -_EXACT_FROM < y < _EXACT_FROM for y in ys)


def _edges(xs: Sequence[float], count: int, buckets: int) -> list[int]:
    """Return where each bucket but the first begins; equal edges mean an empty bucket."""
    first, last = float(xs[0]), float(xs[-1])
    if not (-inf < first < last < inf and _is_sorted(xs)):
        return [count * number // buckets for number in range(1, buckets)]
    return [bisect_left(xs, first + (last - first) * number / buckets) for number in range(1, buckets)]


def _extremes(ys: Sequence[float], edges: Sequence[int]) -> tuple[list[int | None], list[int | None]]:
    lows: list[int | None] = []
    highs: list[int | None] = []
    for start, end in zip(edges, edges[1:], strict=False):
        part = list(ys[start:end])
        numbers = [value for value in part if value == value] if any(map(_is_nan, part)) else part
        lows.append(start + part.index(min(numbers)) if numbers else None)
        highs.append(start + part.index(max(numbers)) if numbers else None)
    return lows, highs


def _is_nan(value: float) -> bool:
    return value != value


def _extremes_numpy(numpy: Any, ys: Any, edges: Sequence[int]) -> tuple[list[int | None], list[int | None]]:
    starts = numpy.asarray(edges[:-1])
    numbers_in = (numpy.add.reduceat(~numpy.isnan(ys), starts) > 0).tolist()
    found: list[list[int | None]] = []
    for reduce in (numpy.fmin, numpy.fmax):
        highest = numpy.repeat(reduce.reduceat(ys, starts), numpy.diff(edges))
        positions = numpy.append(numpy.flatnonzero(ys == highest), len(ys))
        firsts = positions[numpy.searchsorted(positions, starts)].tolist()
        found.append([first if has else None for first, has in zip(firsts, numbers_in, strict=True)])
    return found[0], found[1]
