"""Columns of numbers without NumPy, and faster with it.

A column is a contiguous `memoryview` of int64 ('q') or float64 ('d') in the machine's order, which is little-endian on
every platform that our dependencies are built for. NumPy, DuckDB and Arrow read it without copying. Every function
here gives the same bits whether NumPy is there or not.
"""

from __future__ import annotations

import sys
from array import array
from itertools import compress, islice
from math import isfinite
from operator import le, lt, ne
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    Column: TypeAlias = "memoryview[Any]"
else:
    Column = memoryview

NUMPY_WORTHWHILE = 512  # below this many numbers a call into NumPy costs more than it saves
NUMPY_IMPORT_WORTHWHILE = 300_000  # from here on even importing it pays
_STRIDE_CHUNK = 4096  # records taken apart at a time, so that they stay in the processor's cache


def numpy_for(count: int) -> Any:
    """Return NumPy where it is worth a call for `count` numbers, else None.

    It is imported for large columns only: the others are taken apart faster than the import takes.
    """
    if count < NUMPY_WORTHWHILE:
        return None
    if sys.modules.get("numpy") is None and count < NUMPY_IMPORT_WORTHWHILE:
        return None
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def column(code: str, numbers: Iterable[Any] = ()) -> Column:
    """Return a column of these numbers; `code` is 'q' or 'd'."""
    return memoryview(array(code, numbers))


def as_column(buffer: Any, code: str) -> Column:
    """Return bytes, a bytearray or a NumPy array of 8-byte numbers as a column, without copying."""
    view: Any = memoryview(buffer)
    return view.cast("B").cast(code)  # type: ignore[no-any-return]


def take_apart(data: bytes, start: int, end: int, stride: int, code: str) -> Column:
    """Return the 8-byte numbers that stand at `start`, `start + stride`, … below `end`, as a column."""
    count = max(0, -(-(end - start) // stride))
    numpy = numpy_for(count)
    if numpy is not None:
        return as_column(numpy.ndarray(count, numpy.int64, data, start, stride).copy(), code)
    out = bytearray(8 * count)
    step = _STRIDE_CHUNK * stride
    for first in range(0, count, _STRIDE_CHUNK):
        low = start + first * stride
        high = min(end, low + step)
        at = 8 * first
        until = at + 8 * min(_STRIDE_CHUNK, count - first)
        for byte in range(8):
            out[at + byte : until : 8] = data[low + byte : high + byte : stride]
    return as_column(out, code)


def join(parts: Sequence[Column], code: str) -> Column:
    """Return the columns one after the other."""
    if len(parts) == 1:
        return parts[0]
    return as_column(bytearray().join(parts), code)


def whole_micros(nanoseconds: Column) -> Column:
    """Return each number divided by 1000, rounded down."""
    numpy = numpy_for(len(nanoseconds))
    if numpy is not None:
        return as_column(numpy.frombuffer(nanoseconds, numpy.int64) // 1000, "q")
    return column("q", [number // 1000 for number in nanoseconds])


def counting(numbers: range | Column) -> Column:
    """Return a range as a column; a column as it is."""
    if isinstance(numbers, memoryview):
        return numbers
    numpy = numpy_for(len(numbers))
    if numpy is not None:
        return as_column(numpy.arange(numbers.start, numbers.stop, dtype=numpy.int64), "q")
    return column("q", numbers)


def is_increasing(numbers: range | Column) -> bool:
    """Return whether each number is larger than the one before it."""
    if isinstance(numbers, range):
        return True
    numpy = numpy_for(len(numbers))
    if numpy is not None:
        view = numpy.frombuffer(numbers, numpy.int64)
        return bool((view[1:] > view[:-1]).all())
    values = numbers.tolist()
    return all(map(lt, values, islice(values, 1, None)))


def is_sorted(numbers: Column) -> bool:
    """Return whether no number is smaller than the one before it."""
    numpy = numpy_for(len(numbers))
    if numpy is not None:
        view = numpy.frombuffer(numbers, numpy.int64)
        return bool((view[1:] >= view[:-1]).all())
    return all(map(le, numbers, islice(numbers, 1, None)))


def are_finite(numbers: Column) -> bool:
    """Return whether all of these float64 are finite; of some that are very large, not even that."""
    numpy = numpy_for(len(numbers))
    if numpy is not None:
        return bool(numpy.isfinite(numpy.frombuffer(numbers, numpy.float64)).all())
    return isfinite(sum(numbers))


def order_of(numbers: Column) -> Sequence[int]:
    """Return the positions of the numbers from the smallest to the largest; equal ones keep their order."""
    numpy = numpy_for(len(numbers))
    if numpy is not None:
        order: Sequence[int] = numpy.argsort(numpy.frombuffer(numbers, numpy.int64), kind="stable")
        return order
    return sorted(range(len(numbers)), key=numbers.tolist().__getitem__)


def take(numbers: Column, positions: Sequence[int]) -> Column:
    """Return the numbers at these positions, bit for bit."""
    code = numbers.format
    numpy = numpy_for(len(positions))
    if numpy is not None:
        return as_column(numpy.frombuffer(numbers, numpy.int64)[numpy.asarray(positions)], code)
    whole = as_column(numbers, "q").tolist()
    return as_column(column("q", [whole[position] for position in positions]), code)


def changes(numbers: Sequence[int]) -> list[int]:
    """Return the positions at which a number differs from the one before it."""
    numpy = numpy_for(len(numbers))
    if numpy is not None:
        view = numpy.asarray(numbers)
        return (numpy.flatnonzero(view[1:] != view[:-1]) + 1).tolist()  # type: ignore[no-any-return]
    values = list(numbers)
    return list(compress(range(1, len(values)), map(ne, values, islice(values, 1, None))))


def same_bits(left: Column, right: Column) -> bool:
    """Return whether two columns hold the same bits (so NaN equals itself, and 0.0 differs from -0.0)."""
    return left.nbytes == right.nbytes and left.cast("B") == right.cast("B")
