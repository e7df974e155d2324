"""Cells of the index as Arrow columns of a declared type, without NumPy.

Always true: a cell that is not of the type becomes NULL (or text, where the type is VARCHAR); nothing here raises over
what a stranger wrote. Arrow owns all memory: DuckDB 1 crashes over arrays that lean on a buffer of Python.
"""

from __future__ import annotations

from itertools import accumulate
from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_INT64 = range(-(2**63), 2**63)
_MAX_DIGITS = 4000


def column(type_: str, values: Sequence[Any]) -> Any:
    """Return values as an Arrow array of one of the types of `schema`."""
    return _MAKERS[type_](values)


def texts(values: Sequence[Any]) -> Any:
    """Return cells as text; numbers and truths as they are written in Python and JSON."""
    from arro3.core import Array, DataType

    return Array(list(map(as_text, values)), type=DataType.string())


def as_text(value: object) -> str | None:
    """Return a cell as text; None for none."""
    if value is None or value.__class__ is str:
        return value
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)


def labels(names: Sequence[str], places: Sequence[int]) -> Any:
    """Return `names[place]` for every place, as a dictionary column."""
    from arro3.core import Array, DataType

    if not places:
        return texts([])
    dictionary = DataType.dictionary(DataType.int32(), DataType.string())
    return Array(list(names), DataType.string()).cast(dictionary).take(Array(places, DataType.int32()))


def numbers(values: Sequence[Any]) -> Any:
    """Return cells as float64; what is no number is NULL."""
    from arro3.core import Array, DataType

    try:
        return Array(values, type=DataType.float64())
    except (TypeError, ValueError, OverflowError):
        return Array(list(map(as_number, values)), type=DataType.float64())


def as_number(value: object) -> float | None:
    """Return a cell as a float, None for what is no number; the nearest for a whole number that stands as its digits."""
    if value.__class__ is float:
        return value
    if value.__class__ is int:
        try:
            return float(value)
        except OverflowError:
            return inf if value > 0 else -inf
    if value.__class__ is str and len(value) <= _MAX_DIGITS and value.removeprefix("-").isdecimal():
        return as_number(int(value))
    return None


def wholes(values: Sequence[Any]) -> Any:
    """Return cells as int64; what is no such number is NULL."""
    from arro3.core import Array, DataType

    return Array(
        [value if value.__class__ is int and value in _INT64 else None for value in values],
        type=DataType.int64(),
    )


def truths(values: Sequence[Any]) -> Any:
    """Return cells as true and false."""
    from arro3.core import Array, DataType

    return Array([value if value.__class__ is bool else None for value in values], type=DataType.bool())


def times(values: Sequence[Any]) -> Any:
    """Return microseconds since 1970 as moments in UTC."""
    from arro3.core import DataType

    return wholes(values).cast(DataType.timestamp("us", tz="UTC"))


def lists_of(items: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
    """Return what makes a column of lists; a cell that is no list is an empty one."""

    def made(values: Sequence[Any]) -> Any:
        from arro3.core import Array, DataType, list_array

        lists = [value if isinstance(value, (list, tuple)) else () for value in values]
        offsets = Array(list(accumulate(map(len, lists), initial=0)), type=DataType.int32())
        return list_array(offsets, items([item for found in lists for item in found]))

    return made


def any_kind(values: Sequence[Any]) -> Any:
    """Return cells in the narrowest of BOOLEAN, BIGINT, DOUBLE and VARCHAR that holds all of them."""
    kinds = set(map(type, values))
    kinds.discard(type(None))
    if kinds == {float}:
        return numbers(values)
    if kinds == {bool}:
        return truths(values)
    if kinds == {int} and all(value is None or value in _INT64 for value in values):
        return wholes(values)
    return numbers(values) if kinds and kinds <= {int, float} else texts(values)


_MAKERS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "VARCHAR": texts,
    "JSON": texts,
    "DOUBLE": numbers,
    "BIGINT": wholes,
    "INTEGER": wholes,
    "BOOLEAN": truths,
    "TIMESTAMP WITH TIME ZONE": times,
    "VARCHAR[]": lists_of(texts),
    "BIGINT[]": lists_of(wholes),
}
