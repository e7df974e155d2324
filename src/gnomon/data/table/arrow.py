"""From what programs call a table to Arrow: without pyarrow or NumPy, and without a copy where there is an interface for it.

A table is anything with `__arrow_c_stream__` (Polars, Arrow, DuckDB, pandas with pyarrow), a pandas DataFrame, a structured
NumPy array, a list of dicts (a row each), or a dict of columns.
Always true: a column has one type, found from all of its values; one that holds several is an error that names the column.
"""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_INT64 = range(-(1 << 63), 1 << 63)
_UINT64 = range(1 << 64)
WHAT = "a table is a pandas or Polars DataFrame, an Arrow table, a structured NumPy array, a list of dicts, or a dict of columns"


def reader_of(table: object) -> Any:
    """Return an arro3 RecordBatchReader over the rows of a table. Raises BadArgumentError for what is none."""
    from arro3.core import RecordBatchReader

    found = _streamed(table)
    if found is None:
        found = _of_columns(_columns_of(table))
    reader: Any = found if isinstance(found, RecordBatchReader) else RecordBatchReader.from_stream(found)
    names = [field.name for field in reader.schema]
    double = next((name for name, times in Counter(names).items() if times > 1), None)
    if double is not None:
        raise BadArgumentError(f"the table has two columns called `{double}`", hint="rename one of them")
    if not names:
        raise BadArgumentError("the table has no columns", hint="give one with a column at least")
    return _writable(reader)


def _writable(reader: Any) -> Any:
    """Return a reader whose dictionaries hold plain texts: the writer takes no views in them (as Polars gives)."""
    from arro3.core import DataType, RecordBatch, RecordBatchReader

    views = {
        place
        for place, field in enumerate(reader.schema)
        if DataType.is_dictionary(field.type) and DataType.is_string_view(field.type.value_type)
    }
    if not views:
        return reader
    plain = DataType.dictionary(DataType.int32(), DataType.string())

    def changed(batch: Any) -> Any:
        columns = [
            batch.column(place).cast(plain) if place in views else batch.column(place)
            for place in range(batch.num_columns)
        ]
        return RecordBatch.from_arrays(columns, names=[field.name for field in reader.schema])

    batches = [changed(batch) for batch in reader]
    if not batches:
        raise BadArgumentError(
            "a table of Polars without rows has a categorical column", hint="cast it to `pl.String`"
        )
    return RecordBatchReader.from_batches(batches[0].schema, batches)


def _streamed(table: object) -> Any:
    """Return something with `__arrow_c_stream__`; None where the table has to be taken apart."""
    module = type(table).__module__.partition(".")[0]
    if module == "polars" and hasattr(table, "collect"):
        raise BadArgumentError("a Polars LazyFrame holds no rows yet", hint="give `frame.collect()`")
    if module == "pandas" and hasattr(table, "itertuples"):
        return _of_pandas(table)
    if module == "polars" and hasattr(table, "collect_schema"):
        table = without_null_types(table)
    if not hasattr(table, "__arrow_c_stream__"):
        return None
    from arro3.core import RecordBatchReader

    try:
        return RecordBatchReader.from_stream(table)
    except Exception as error:  # arro3 raises bare exceptions
        raise BadArgumentError(
            f"this {type(table).__name__} is no table of columns: {error}", hint=WHAT
        ) from error


def without_null_types(frame: Any) -> Any:
    """Return a frame of Polars whose columns all have a type: one of nothing but nulls holds texts, as in a dict of columns.

    arro3 takes no column of the type Null as Polars hands it over.
    """
    changed = {
        name: stated for name, held in frame.collect_schema().items() if (stated := _stated(held)) != held
    }
    return frame.cast(changed) if changed else frame


def _stated(held: Any) -> Any:
    """Return a type of Polars, with text where it says Null."""
    import polars

    if held == polars.Null:
        return polars.String
    if isinstance(held, polars.List):
        return polars.List(_stated(held.inner))
    if isinstance(held, polars.Array):
        return polars.Array(_stated(held.inner), held.size)
    if isinstance(held, polars.Struct):
        return polars.Struct({field.name: _stated(field.dtype) for field in held.fields})
    return held


def _of_pandas(frame: Any) -> Any:
    odd = next((name for name in frame.columns if not isinstance(name, str)), None)
    if odd is not None:
        raise BadArgumentError(
            f"column {odd!r} of the DataFrame is not called by a text",
            hint="`frame.columns = map(str, frame.columns)`",
        )
    try:
        from arro3.core import RecordBatchReader

        return RecordBatchReader.from_stream(frame)  # needs pyarrow
    except ImportError:
        import duckdb

        has_index = frame.index.name is not None or frame.index.nlevels > 1
        return duckdb.from_df(frame.reset_index() if has_index else frame)
    except (
        Exception
    ) as error:  # what pyarrow raises has classes of its own; here it may not even be installed
        if type(error).__module__.partition(".")[0] not in ("pyarrow", "builtins"):
            raise
        raise BadArgumentError(
            f"a column of the DataFrame has values of several types: {str(error)[:300]}",
            hint="give it one type, for instance with `frame[column].astype(str)`",
        ) from error


def _columns_of(table: object) -> Mapping[str, Any]:
    """Return the columns of a table that has no interface of Arrow."""
    names = getattr(getattr(table, "dtype", None), "names", None)
    if names:
        return {name: table[name] for name in names}  # type: ignore[index]
    if isinstance(table, dict) and table:
        return _named(table)
    if isinstance(table, list) and table and all(isinstance(row, dict) for row in table):
        keys = dict.fromkeys(key for row in table for key in row)
        return _named({key: [row.get(key) for row in table] for key in keys})
    if hasattr(table, "dtype") and hasattr(table, "ndim"):
        raise BadArgumentError(
            "the NumPy array has no names for its columns",
            hint="give a dict of columns, `{'a': array[:, 0], …}`, or a structured array",
        )
    if isinstance(table, (list, dict)) and not table:
        raise BadArgumentError("the table is empty, and nothing says which columns it has", hint=WHAT)
    raise BadArgumentError(f"a value of the type `{type(table).__name__}` is no table", hint=WHAT)


def _named(columns: Mapping[Any, Any]) -> Mapping[str, Any]:
    for name in columns:
        if not isinstance(name, str):
            raise BadArgumentError(f"column {name!r} of the table is not called by a text")
    return columns


def _of_columns(columns: Mapping[str, Any]) -> Any:
    from arro3.core import Table

    arrays = {name: _array(name, column) for name, column in columns.items()}
    lengths = {len(array) for array in arrays.values()}
    if len(lengths) > 1:
        said = ", ".join(f"`{name}` {len(array):,}" for name, array in list(arrays.items())[:5])
        raise BadArgumentError(f"the columns of the table have different lengths: {said}")
    return Table.from_pydict(arrays)


def _array(name: str, column: Any) -> Any:
    from arro3.core import Array

    if hasattr(column, "__arrow_c_array__"):
        return Array.from_arrow(column)
    if hasattr(column, "dtype"):
        if getattr(column, "ndim", 1) != 1:
            raise BadArgumentError(
                f"column `{name}` of the table has {column.ndim} dimensions; a column has one"
            )
        if column.dtype.kind in "biufUM" and column.dtype.str[1:] != "f2":
            try:
                return Array.from_numpy(column)
            except Exception:  # noqa: BLE001 - a type that arro3 does not take over: its values are looked at instead
                return _array(name, column.tolist())
        return _array(name, column.tolist())
    try:
        values = list(column)
    except TypeError:
        raise BadArgumentError(
            f"column `{name}` of the table is of the type `{type(column).__name__}`, not a list of values"
        ) from None
    return _of_values(name, values)


def _of_values(name: str, values: Sequence[Any]) -> Any:
    from arro3.core import Array, DataType

    kinds = {_kind(value) for value in values if value is not None}
    if not kinds:
        return Array(values, type=DataType.string())  # nothing says what it would hold
    if kinds == {"int", "float"}:
        return Array([None if value is None else float(value) for value in values], type=DataType.float64())
    if len(kinds) > 1 or "" in kinds:
        seen = list(dict.fromkeys(type(value).__name__ for value in values if value is not None))
        wrong = next(
            nth
            for nth, value in enumerate(values)
            if value is not None and _kind(value) in ("", *(kinds - {_kind(_first(values))}))
        )
        what = (
            f"values of several types ({', '.join(seen[:4])})"
            if len(seen) > 1
            else f"values of the type `{seen[0]}`"
        )
        raise BadArgumentError(
            f"column `{name}` of the table holds {what}; the first that does not fit is in row {wrong + 1:,}",
            hint="give it one type: bool, int, float, str, bytes, date or datetime",
        )
    (kind,) = kinds
    if kind == "int":
        present = [value for value in values if value is not None]
        low, high = min(present), max(present)
        if low in _INT64 and high in _INT64:
            return Array(values, type=DataType.int64())
        if low in _UINT64 and high in _UINT64:
            return Array(values, type=DataType.uint64())
        raise BadArgumentError(
            f"column `{name}` of the table holds whole numbers that take more than 64 bits",
            hint="give them as floats or as text",
        )
    if kind == "datetime":
        return _of_times(name, values)
    types = {
        "bool": DataType.bool(), "float": DataType.float64(), "str": DataType.string(), "bytes": DataType.binary(),
    }  # fmt: skip
    if kind == "date":
        days = [None if value is None else (value - datetime.date(1970, 1, 1)).days for value in values]
        return Array(days, type=DataType.int32()).cast(DataType.date32())
    return Array(values, type=types[kind])


def _of_times(name: str, values: Sequence[Any]) -> Any:
    from arro3.core import Array, DataType

    has_zone = {value.tzinfo is not None for value in values if value is not None}
    if len(has_zone) > 1:
        raise BadArgumentError(
            f"column `{name}` of the table holds times with and without a zone", hint="give all of them one"
        )
    is_aware = has_zone == {True}
    zero = datetime.datetime(
        1970, 1, 1, tzinfo=datetime.UTC if is_aware else None
    )  # with a zone where the values have one
    micros = [
        None if value is None else (value - zero) // datetime.timedelta(microseconds=1) for value in values
    ]
    return Array(micros, type=DataType.int64()).cast(DataType.timestamp("us", tz="UTC" if is_aware else None))


def _first(values: Sequence[Any]) -> Any:
    return next(value for value in values if value is not None)


def _kind(value: object) -> str:
    """Return our word for the type of a value; an empty one for a type that no column has."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, datetime.datetime):
        return "datetime"
    for kind in (int, float, str, bytes, datetime.date):
        if isinstance(value, kind):
            return kind.__name__
    return "int" if hasattr(value, "__index__") else "float" if hasattr(value, "__float__") else ""
