"""A table as models take it: columns that can be picked, blanked and renumbered, and put together again in the model's container.

A pandas or Polars DataFrame stays in its own library and keeps its types; all else comes as NumPy arrays.
Always true: a table that was given is never changed; every column is of one length; the order of rows is kept.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gnomon.checks.files import require_different
from gnomon.checks.model_columns import (
    NUMPY,
    PANDAS,
    POLARS,
    array_of,
    library_of,
    of_polars,
    picked,
    put,
    stacked,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

    from gnomon.checks.rows import Rows

    Array = np.ndarray[Any, Any]


class Inputs:
    """Columns by name. `library` is where they are at home: `numpy`, `pandas` or `polars`; `evidence` says what the table is."""

    def __init__(
        self,
        columns: Mapping[str, Any],
        library: str,
        evidence: Mapping[str, object],
        labels: Mapping[str, Any] | None = None,
    ) -> None:
        self.columns = dict(columns)
        self.library = library
        self.evidence = dict(evidence)
        self._labels = labels or {}  # names of pandas that are no texts
        self.count = len(next(iter(self.columns.values()))) if self.columns else 0
        self._base: tuple[Inputs, str] | None = None
        self._tables: dict[str, Any] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def array(self, name: str) -> Array:
        """Return a column as `Rows.arrays` has it: numbers with NaN where missing, or objects with None where missing."""
        return array_of(self.columns[name])

    def take(self, rows: Array) -> Inputs:
        """Return the rows at these places, in this order."""
        return self.of({name: picked(column, rows) for name, column in self.columns.items()})

    def only(self, names: Sequence[str]) -> Inputs:
        """Return these columns, in this order."""
        return self.of({name: self.columns[name] for name in names})

    def in_arrays(self) -> Inputs:
        """Return the same as NumPy arrays."""
        if self.library == NUMPY:
            return self
        return Inputs({name: self.array(name) for name in self.columns}, NUMPY, self.evidence)

    def of(self, columns: Mapping[str, Any]) -> Inputs:
        """Return other columns of the same kind of table."""
        return Inputs(columns, self.library, self.evidence, self._labels)

    def with_column(self, name: str, column: Any) -> Inputs:
        """Return the same with another column in one place. Its table is made from a copy of this one's, which is kept."""
        made = self.of({**self.columns, name: column})
        made._base = (self, name)
        return made

    def table(self, container: str) -> Any:
        """Return all columns as one table: a DataFrame of pandas or Polars, or a NumPy array of shape (rows, columns)."""
        if self._base is not None:
            base, name = self._base
            if container not in base._tables:
                base._tables[container] = base.table(container)
            return self._changed(base._tables[container], name, container)
        if container == PANDAS:
            import pandas as pd

            columns = {self._labels.get(name, name): values_of(one) for name, one in self.columns.items()}
            return pd.DataFrame(columns, index=pd.RangeIndex(self.count))
        if container == POLARS:
            import polars as pl

            return pl.DataFrame(dict(self.columns))
        return stacked([array_of(column) for column in self.columns.values()], self.count)

    def _changed(self, table: Any, name: str, container: str) -> Any:
        """Return a copy of a table with the column `name` of this one."""
        column = self.columns[name]
        if container == PANDAS:
            table = table.copy()
            table[self._labels.get(name, name)] = values_of(column)
            return table
        if container == POLARS:
            return table.with_columns(
                column.alias(name) if library_of(column) == POLARS else of_polars(name, column)
            )
        array = array_of(column)
        if array.dtype.kind == "O" and table.dtype.kind != "O":
            table = table.astype(object)
        else:
            import numpy as np

            table = table.astype(
                np.result_type(table.dtype, array.dtype) if table.dtype.kind != "O" else object
            )
        put(table, self.names.index(name), array)
        return table


@contextmanager
def inputs_of(
    table: object,
    *,
    argument: str = "table",
    role: str = "table",
    most_rows: int | None = None,
    seed: int = 0,
) -> Iterator[tuple[Inputs, int]]:
    """Give a table as `Inputs`, and how many rows it has; of more than `most_rows`, so many drawn by `seed`, in their order.

    A path is sampled where it lies; a lazy table of another engine comes here first. Raises what `rows_of` raises.
    """
    import numpy as np

    def drawn(count: int) -> Array | None:
        if most_rows is None or count <= most_rows:
            return None
        return np.sort(np.random.default_rng([seed, 0x5A]).choice(count, most_rows, replace=False))

    if isinstance(table, Inputs):
        found, count = table, table.count
    elif (native := _native(table, argument, role)) is not None:
        found, count = native, native.count
    else:
        from gnomon.checks.rows import rows_of

        with rows_of(table, argument=argument, role=role) as rows:
            count = rows.count
            chosen = drawn(count)
            yield _of_rows(rows, chosen), count
        return
    chosen = drawn(count)
    yield (found if chosen is None else found.take(chosen)), count


def _native(table: object, argument: str, role: str) -> Inputs | None:
    """Return a DataFrame of pandas or Polars as `Inputs`; None for all else."""
    library = type(table).__module__.partition(".")[0]
    if library not in (PANDAS, POLARS) or not hasattr(table, "columns") or hasattr(table, "collect"):
        return None
    frame: Any = table
    names = [str(name) for name in frame.columns]
    require_different(names, argument)
    evidence = {"role": role, "rows": len(frame), "columns": len(names)}
    if library == POLARS:
        return Inputs({name: frame.get_column(name) for name in names}, POLARS, evidence)
    frame = frame.reset_index(drop=True)
    labels = {str(name): name for name in frame.columns}
    return Inputs({str(name): frame[name] for name in frame.columns}, PANDAS, evidence, labels)


def _of_rows(rows: Rows, chosen: Array | None) -> Inputs:
    evidence = {**rows.evidence, "rows": rows.count}
    if chosen is None:
        return Inputs(rows.arrays(rows.names), NUMPY, evidence)
    if rows.engine is None:
        return Inputs(rows.arrays(rows.names), NUMPY, evidence).take(chosen)
    import narwhals as nw

    from gnomon.checks.rows import Rows as _Rows

    engine = rows.engine
    given, picks, place = (f"picked_{engine.serial()}" for _ in range(3))
    nw.to_native(rows.frame).create_view(given)
    engine.connection.execute(
        f"CREATE TABLE {picks} AS SELECT unnest(?::BIGINT[]) AS {place}", [chosen.tolist()]
    )
    relation = engine.connection.sql(
        f"SELECT * EXCLUDE ({place}) FROM (SELECT *, row_number() OVER () - 1 AS {place} FROM {given})"
        f" SEMI JOIN {picks} USING ({place}) ORDER BY {place}"
    )
    return Inputs(_Rows(nw.from_native(relation), rows.names, {}, engine).arrays(rows.names), NUMPY, evidence)
