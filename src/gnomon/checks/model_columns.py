"""One column of a table, wherever it is at home: a NumPy array, or a Series of pandas or Polars.

Always true: what is done to a column keeps its type where the type can hold it, and never changes the column that was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    Array = np.ndarray[Any, Any]

NUMPY, PANDAS, POLARS = "numpy", "pandas", "polars"


def library_of(column: Any) -> str:
    return type(column).__module__.partition(".")[0]


def picked(column: Any, rows: Array) -> Any:
    """Return a column with the values at these places."""
    library = library_of(column)
    if library == PANDAS:
        return column.take(rows).reset_index(drop=True)
    return column.gather(rows) if library == POLARS else column[rows]


def blanked(column: Any, at: Array) -> Any:
    """Return a column without the values where `at` is true; whole numbers of NumPy become floats, for they have no blank."""
    import numpy as np

    library = library_of(column)
    if library == PANDAS:
        if column.dtype == np.float64:  # ten times quicker than `mask`, which counts for thousands of columns
            import pandas as pd

            return pd.Series(np.where(at, np.nan, column.to_numpy()), name=column.name)
        return column.mask(at)
    if library == POLARS:
        import polars as pl

        return pl.select(pl.when(pl.Series(at)).then(None).otherwise(column).alias(column.name)).to_series()
    if column.dtype.kind in "iub":
        column = column.astype(float)
    if column.dtype.kind == "f":
        return np.where(at, np.nan, column)
    return _without(column, at)


def renumbered(column: Any, numbers: Array) -> Any:
    """Return a column with other numbers, in the type that it has; where it has none, it keeps having none."""
    import numpy as np

    missing = np.isnan(numbers)
    library = library_of(column)
    if library == NUMPY:
        if column.dtype.kind == "O":
            return _without(numbers, missing)
        return _in_type(numbers, column.dtype)
    if library == POLARS:
        import polars as pl

        return pl.Series(column.name, numbers).fill_nan(None).cast(column.dtype, strict=False)
    import pandas as pd

    if isinstance(column.dtype, np.dtype):
        values = _in_type(numbers, column.dtype)
    else:
        values = pd.array(_without(numbers, missing), dtype=column.dtype)
    return pd.Series(values, index=column.index, name=column.name)


def _in_type(numbers: Array, dtype: Any) -> Array:
    import numpy as np

    if dtype.kind in "iu":
        ends = np.iinfo(dtype)
        most = min(float(ends.max), float(np.nextafter(float(ends.max) + 1, 0)))  # of 64 bits: no float
        numbers = np.rint(np.clip(np.nan_to_num(numbers), float(ends.min), most))
    return np.asarray(numbers.astype(dtype))


def _without(values: Array, missing: Array) -> Array:
    """Return values as objects, None where missing."""
    found = values.astype(object)
    found[missing] = None
    return found


def array_of(column: Any) -> Array:
    """Return a column as a NumPy array, as `Rows.arrays` promises it; NumPy's are taken to be so already."""
    library = library_of(column)
    if library == NUMPY:
        found: Array = column
        return found
    if library == POLARS:
        import polars as pl

        is_plain = column.dtype.is_numeric() and not column.dtype.is_decimal()
        if is_plain and column.null_count():
            column = column.cast(pl.Float64)  # of small integers it would make small floats
        if is_plain or column.dtype == pl.String:
            values: Array = column.to_numpy()
            return values
        return _of_objects(_objects(column.to_list()))
    values = _array_of_pandas(column)
    is_text = type(column.dtype).__name__ == "StringDtype"
    return values if values.dtype.kind in "iufb" or is_text else _of_objects(values)


def _array_of_pandas(column: Any) -> Array:
    import numpy as np

    kind = getattr(column.dtype, "kind", "O")
    missing = column.isna().to_numpy()
    if kind not in "iufb":
        return _without(column.to_numpy(dtype=object), missing)
    if missing.any():
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    return np.asarray(column.to_numpy(dtype={"b": bool, "f": float, "u": "uint64"}.get(kind, "int64")))


def _objects(values: Sequence[Any]) -> Array:
    import numpy as np

    found = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):  # `np.array` would make a table of lists
        found[place] = value
    return found


def _of_objects(values: Array) -> Array:
    """Return objects as numbers where all that are there are numbers, or all are true or false; else None where missing."""
    import decimal

    import numpy as np

    values = values.astype(object)
    missing = np.array(
        [value is None or (isinstance(value, float) and value != value) for value in values], dtype=bool
    )
    present = values[~missing]
    flags = [isinstance(value, (bool, np.bool_)) for value in present]
    if len(present) and all(flags) and not missing.any():
        return np.asarray(present.astype(bool))
    numbers = (int, float, np.integer, np.floating, decimal.Decimal)
    if len(present) and (
        all(flags) or (not any(flags) and all(isinstance(value, numbers) for value in present))
    ):
        found = np.full(len(values), np.nan)
        found[~missing] = present.astype(float)
        return found
    values[missing] = None
    return values


def is_category(column: Any) -> bool:
    """Return whether a column says of itself that its values are categories, even where they look like numbers."""
    name = type(column.dtype).__name__
    return name in ("CategoricalDtype", "Categorical", "Enum")


def stacked(arrays: Sequence[Array], count: int) -> Array:
    """Return columns side by side, shape (count, columns): numbers where all are, else objects with NaN where missing."""
    import numpy as np

    if not arrays:
        return np.empty((count, 0))
    if all(one.dtype.kind in "iufb" for one in arrays):
        return np.column_stack(arrays)
    found = np.empty((count, len(arrays)), dtype=object)
    for place, one in enumerate(arrays):
        put(found, place, one)
    return found


def put(table: Array, place: int, array: Array) -> None:
    """Set a column of an array; NaN where an object is None, as scikit-learn knows what is missing."""
    table[:, place] = array
    if array.dtype.kind == "O":
        table[[value is None for value in array], place] = float("nan")


def values_of(column: Any) -> Any:
    """Return a column without the index that pandas gave it."""
    return column.array if library_of(column) == PANDAS else column


def of_polars(name: str, column: Any) -> Any:
    import polars as pl

    return pl.Series(name, column)
