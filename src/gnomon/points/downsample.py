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
    numpy = numpy_for(count)
    try:
        array = None if numpy is None else numpy.asarray(ys, dtype=numpy.float64)
    except OverflowError:  # a whole number beyond the largest float64
        array = None
    lows, highs = _extremes(ys, edges) if array is None else _extremes_numpy(numpy, array, edges)
    ends = [edge - 1 for edge in edges[1:]]
    return sorted({*edges[:-1], *ends, *lows, *highs})


def _edges(xs: Sequence[float], count: int, buckets: int) -> list[int]:
    """Return where each bucket but the first begins; equal edges mean an empty bucket."""
    first, last = float(xs[0]), float(xs[-1])
    is_sorted = -inf < first < last < inf and all(map(le, xs, islice(xs, 1, None)))
    if not is_sorted:
        return [count * number // buckets for number in range(1, buckets)]
    return [bisect_left(xs, first + (last - first) * number / buckets) for number in range(1, buckets)]


def _extremes(ys: Sequence[float], edges: list[int]) -> tuple[list[int], list[int]]:
    lows, highs = [], []
    for start, end in zip(edges, edges[1:], strict=False):
        part = list(ys[start:end])
        if any(map(_is_nan, part)):
            numbers = [value for value in part if value == value]
            if not numbers:
                continue
        else:
            numbers = part
        lows.append(start + part.index(min(numbers)))
        highs.append(start + part.index(max(numbers)))
    return lows, highs


def _is_nan(value: float) -> bool:
    return value != value


def _extremes_numpy(numpy: Any, ys: Any, edges: list[int]) -> tuple[list[int], list[int]]:
    starts = numpy.asarray(edges[:-1])
    numbers_in = numpy.add.reduceat(~numpy.isnan(ys), starts) > 0
    found = []
    for reduce in (numpy.fmin, numpy.fmax):
        extremes = numpy.repeat(reduce.reduceat(ys, starts), numpy.diff(edges))
        positions = numpy.flatnonzero(ys == extremes)
        firsts = positions[numpy.searchsorted(positions, starts[numbers_in])]
        found.append(firsts.tolist())
    return found[0], found[1]
