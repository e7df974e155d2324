"""The table that a check looks at, whatever it was given as: one narwhals expression asks DuckDB, Spark, Ibis and all others.

A table is a path (CSV, Parquet, Arrow, JSON lines, or a folder of one of them), anything that `data add` takes as a table, a
DataFrame that narwhals knows (pandas, Polars, PyArrow, Modin, …), or a lazy one: DuckDB relation, Spark, Ibis, Dask.
Always true: nothing is changed where it comes from; a path is read by the engine, in bounded memory, and a lazy table stays
where it is until a check asks. Column names are told apart before anything is computed. The index of a pandas DataFrame
without a name is no column.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from gnomon.checks.files import relation_of, require_different
from gnomon.errors import BadArgumentError, MissingExtraError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from gnomon.data.profile.engine import Engine

WHAT = (
    "a path, a pandas or Polars DataFrame, an Arrow table, a structured NumPy array, a dict of columns, a list of dicts,"
    " or a relation of DuckDB, Spark or Ibis"
)
_INDEX = re.compile(r"__index_level_\d+__")


def is_index(name: str) -> bool:
    """Return whether a column is the index of a pandas DataFrame without a name, as Arrow calls it: places of rows."""
    return _INDEX.fullmatch(name) is not None


class Rows:
    """A table that checks ask. `frame` is a narwhals LazyFrame, `evidence` says what it is."""

    def __init__(
        self, frame: Any, names: Sequence[str], evidence: dict[str, object], engine: Engine | None
    ) -> None:
        self.frame = frame
        self.names = tuple(names)
        self.evidence = evidence
        self.engine = engine
        self._count: int | None = None

    @property
    def count(self) -> int:
        """How many rows there are. Asks the engine once."""
        if self._count is None:
            import narwhals as nw

            self._count = int(self.rows(self.frame.select(nw.len().alias("n")))[0][0])
        return self._count

    def require(self, column: str, argument: str) -> str:
        """Return the name of a column that must be there. Raises BadArgumentError, which names those that are near."""
        if not isinstance(column, str) or column not in self.names:
            near = get_close_matches(str(column), self.names, n=3) or list(self.names[:8])
            raise BadArgumentError(
                f"`{argument}` names the column {column!r}, which the table does not have",
                hint=f"it has: {', '.join(f'`{name}`' for name in near)}{'' if len(near) == len(self.names) else ', …'}",
            )
        return column

    def rows(self, frame: Any) -> list[tuple[Any, ...]]:
        """Return the rows of an answer, which is small: a narwhals LazyFrame made from `frame`."""
        if self.engine is not None:
            import narwhals as nw

            return list(nw.to_native(frame).fetchall())  # narwhals would want pyarrow
        return list(frame.collect().iter_rows())

    def named(self, frame: Any) -> list[dict[str, Any]]:
        """Return the same, each row by the names of the columns."""
        names = frame.collect_schema().names()
        return [dict(zip(names, row, strict=True)) for row in self.rows(frame)]

    def arrays(self, columns: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
        """Return columns as NumPy arrays of all rows, in one order: numbers and booleans as float64 with NaN where missing
        (whole columns of integers and booleans without a missing value keep their type), all else as objects, None where missing.
        """
        import narwhals as nw

        if self.engine is not None:
            return _arrays_of_duckdb(nw.to_native(self.frame), columns)
        collected = self.frame.select(*dict.fromkeys(columns)).collect()
        return {name: _array(collected[name]) for name in dict.fromkeys(columns)}


@contextmanager
def rows_of(table: object, *, argument: str = "table", role: str = "table") -> Iterator[Rows]:
    """Give a table as `Rows`, for as long as the block lasts. `argument` is how errors name it, `role` how the evidence does.

    Raises MissingExtraError without narwhals or NumPy, MissingFileError, BadArgumentError, DamagedFileError.
    """
    _require_libraries()
    from gnomon.data.profile.engine import engine

    if isinstance(table, Rows):
        yield table
        return
    with engine() as opened:
        opened.connection.execute("SET preserve_insertion_order = true")
        if isinstance(table, (str, bytes, os.PathLike)):
            rows = _of_path(opened, os.fsdecode(table), argument, role)
            rows.evidence.update(getattr(table, "evidence", {}))  # of a version of data: see `actions.Lent`
            yield rows
        elif (lazy := _lazy(table)) is not None:
            found = lazy.collect_schema().names()
            names = require_different([name for name in found if not is_index(name)], argument)
            lazy = lazy if len(names) == len(found) else lazy.select(*names)
            yield Rows(lazy, names, {"role": role, "columns": len(names)}, None)
        else:
            yield _of_frame(opened, table, argument, role)


def _require_libraries() -> None:
    try:
        import narwhals
        import numpy as np
    except ImportError as error:
        raise MissingExtraError(
            f"checks need the library `{error.name}`", hint="`pip install 'gnomon[checks]'`"
        ) from None
    del narwhals, np


def _lazy(table: object) -> Any:
    """Return a narwhals LazyFrame where the table is a lazy one of any library; None for all others."""
    import narwhals as nw

    try:
        found = nw.from_native(table)  # type: ignore[call-overload]
    except (TypeError, nw.exceptions.DuplicateError):
        return None  # no DataFrame, or one that `_of_frame` has words for
    if not isinstance(found, nw.LazyFrame):
        return None
    if found.implementation.is_polars():
        from gnomon.data.table.arrow import without_null_types

        return nw.from_native(without_null_types(found.to_native()))
    return found


def _of_frame(opened: Engine, table: object, argument: str, role: str) -> Rows:
    import duckdb

    from gnomon.data.table.arrow import reader_of

    columns = getattr(table, "columns", None)
    if columns is not None and not isinstance(table, dict):
        require_different([str(name) for name in columns], argument)
    try:
        reader = reader_of(table)
    except BadArgumentError as error:
        raise BadArgumentError(f"`{argument}`: {error.message}", hint=error.hint or f"give {WHAT}") from error
    name = f"given_{opened.serial()}"
    try:
        opened.connection.from_arrow(reader).create(name)  # Arrow's readers can be read but once
    except duckdb.Error as error:
        raise BadArgumentError(
            f"`{argument}`: the engine cannot take a column of this {type(table).__name__} over: {str(error)[:300]}",
            hint="leave out the columns of uncommon types, or cast them to text or numbers",
        ) from error
    return _of_relation(opened, opened.connection.table(name), {"role": role}, argument)


def _of_path(opened: Engine, path: str, argument: str, role: str) -> Rows:
    if not os.path.lexists(path):
        raise MissingFileError(f"`{argument}`: there is no file or folder `{path}`")
    relation, evidence = relation_of(opened, path, argument)
    return _of_relation(
        opened,
        relation,
        {"role": role, "path": os.path.basename(os.path.abspath(path)), **evidence},
        argument,
    )


def _of_relation(opened: Engine, relation: Any, evidence: dict[str, object], argument: str) -> Rows:
    import narwhals as nw

    from gnomon.data.profile.engine import identifier

    names = require_different([name for name in relation.columns if not is_index(name)], argument)
    # A column that says no type holds nothing: texts, all missing, as of a dict of columns.
    untyped = {
        name for name, held in zip(relation.columns, relation.types, strict=True) if str(held) == '"NULL"'
    }
    if untyped or len(names) < len(relation.columns):
        cast = {name: f"{identifier(name)}::VARCHAR AS {identifier(name)}" for name in untyped}
        relation = relation.project(", ".join(cast.get(name, identifier(name)) for name in names))
    return Rows(nw.from_native(relation), names, {**evidence, "columns": len(names)}, opened)


def _arrays_of_duckdb(relation: Any, columns: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
    from gnomon.data.profile.engine import identifier

    wanted = list(dict.fromkeys(columns))
    chosen = relation.project(", ".join(identifier(name) for name in wanted))
    found = chosen.fetchnumpy()
    return {name: _plain_array(found[name]) for name in wanted}


def _array(series: Any) -> np.ndarray[Any, Any]:
    import numpy as np

    values = series.to_numpy()
    if values.dtype == object or values.dtype.kind in "US":
        missing = series.is_null().to_numpy()
        values = np.where(missing, None, values.astype(object))
    return _plain_array(values)


def _plain_array(values: Any) -> np.ndarray[Any, Any]:
    """Return a column as `Rows.arrays` promises it."""
    import decimal

    import numpy as np

    mask = None
    if isinstance(values, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(values) if np.ma.is_masked(values) else None
        values = values.data
    column: np.ndarray[Any, Any] = np.asarray(values)
    if column.dtype.kind in "biuf":
        if mask is None:
            return column
        numbers: np.ndarray[Any, Any] = column.astype(float)
        numbers[mask] = np.nan
        return numbers
    found = column.astype(object)  # a copy
    if mask is not None:
        found[mask] = None
    present = [value for value in found[:1000] if value is not None]
    if present and all(
        isinstance(value, (decimal.Decimal, int, float)) and not isinstance(value, bool) for value in present
    ):
        return np.array([np.nan if value is None else float(value) for value in found])
    if present and all(isinstance(value, bool) for value in present):
        return np.array([np.nan if value is None else float(value) for value in found])
    for place, value in enumerate(found):
        if not isinstance(value, np.ndarray) and value != value:
            found[place] = None
    return found
