"""Python cells to Arrow columns, without pyarrow and without NumPy."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from arro3.core import Array, DataType, Table, list_array

from gnomon.runs.table import TIMES

if TYPE_CHECKING:
    from collections.abc import Sequence

_INT64 = range(-(2**63), 2**63)


def arrow_table(cells: dict[str, list[object]], columns: Sequence[str]) -> Table:
    """Return an arro3 Table of these columns; every column has one type, the narrowest that holds all its cells."""
    return Table.from_pydict({key: _array(key, cells[key]) for key in columns})


def _array(key: str, values: list[object]) -> Array:
    if key in TIMES:
        micros = Array([value if isinstance(value, int) else None for value in values], type=DataType.int64())
        return micros.cast(DataType.timestamp("us", tz="UTC"))
    if key == "tags":
        lists = [[str(tag) for tag in value] if isinstance(value, list) else [] for value in values]
        offsets = Array(list(accumulate(map(len, lists), initial=0)), type=DataType.int32())
        return list_array(offsets, Array([tag for tags in lists for tag in tags], type=DataType.string()))
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return Array(values, type=DataType.float64() if key.startswith("metrics.") else DataType.string())
    if kinds == {bool}:
        return Array(values, type=DataType.bool())
    if kinds == {int} and all(value is None or value in _INT64 for value in values):
        return Array(values, type=DataType.int64())
    if kinds <= {int, float}:
        return Array([None if value is None else float(value) for value in values], type=DataType.float64())  # type: ignore[arg-type]
    return Array([None if value is None else str(value) for value in values], type=DataType.string())
