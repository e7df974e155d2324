"""The columns of two tables: of what kind each is, and its values as numbers or as counts of categories.

Numbers and times are numbers (a time is seconds since 1970), texts and true or false are categories; of all else nothing can be
told. Always true: one expression asks every engine, so DuckDB, Polars and Spark give the same; NaN counts as missing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from gnomon.checks.rows import Rows
from gnomon.data.profile.engine import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.data.profile.engine import Engine

    Array = np.ndarray[Any, np.dtype[np.float64]]

NUMBERS, TIMES, WORDS, OTHER = "numbers", "times", "categories", "other"
EXACT_ROWS = 5_000_000  # of either table; beyond, it is counted in cells where it lies
MOST_CATEGORIES = 10_000
FEW_ROWS = 20_000  # up to which texts are brought here and counted; beyond, the engine counts
_CELLS = 4_000_000  # values that are brought here at once
_MOST_COLUMNS = 2_000  # in one question


def kinds_of(rows: Rows) -> dict[str, tuple[str, str]]:
    """Return for each column its kind, and what the engine calls its type."""
    return {name: (_kind(dtype), str(dtype)) for name, dtype in rows.frame.collect_schema().items()}


def _kind(dtype: Any) -> str:
    if dtype.is_numeric():
        return NUMBERS
    if dtype == nw.Date or dtype == nw.Datetime:
        return TIMES
    if dtype == nw.String or dtype == nw.Boolean or dtype == nw.Categorical or dtype == nw.Enum:
        return WORDS
    return OTHER


def is_local(rows: Rows) -> bool:
    """Tell whether the rows are on this machine, so that columns may be brought here one after another."""
    near = (nw.Implementation.POLARS, nw.Implementation.DUCKDB)
    return rows.engine is not None or rows.frame.implementation in near


def number(name: str, kind: str, dtype: Any) -> Any:
    """Return the expression that gives a column of numbers or times as float64."""
    column = nw.col(name)
    if kind == NUMBERS:
        return column.cast(nw.Float64)
    year = column.dt.year().cast(nw.Float64)
    leap_days = ((year - 1969) / 4).floor() - ((year - 1901) / 100).floor() + ((year - 1601) / 400).floor()
    days = (year - 1970) * 365 + leap_days + column.dt.ordinal_day().cast(nw.Float64) - 1
    if dtype == nw.Date:
        return days * 86_400.0
    hours = column.dt.hour().cast(nw.Float64) * 3_600.0 + column.dt.minute().cast(nw.Float64) * 60.0
    parts = column.dt.second().cast(nw.Float64) + column.dt.microsecond().cast(nw.Float64) / 1e6
    return days * 86_400.0 + hours + parts


def numbers_in(rows: Rows, names: Sequence[str], kinds: dict[str, str]) -> Iterator[tuple[str, Array]]:
    """Yield columns of numbers and times as float64, NaN where missing, in the order asked for, few at a time."""
    size = max(1, min(_MOST_COLUMNS, _CELLS // max(rows.count, 1)))
    for at in range(0, len(names), size):
        group = names[at : at + size]
        yield from _brought(rows, group, kinds).items()


def _brought(rows: Rows, names: Sequence[str], kinds: dict[str, str]) -> dict[str, Any]:
    """Return columns: numbers and times as float64 with NaN, categories as objects with None."""
    schema = rows.frame.collect_schema()
    # An expression for each costs more than the column, where there are thousands: what can be read as it is, is.
    ready = [name for name in names if _is_ready(schema[name], kinds[name])]
    arrays = rows.arrays(ready) if ready else {}
    made = [name for name in names if name not in arrays]
    if made:
        asked = [_as_needed(name, kinds[name], schema[name]).alias(name) for name in made]
        arrays |= Rows(rows.frame.select(*asked), made, {}, rows.engine).arrays(made)
    return {
        name: arrays.pop(name).astype(object if kinds[name] == WORDS else np.float64, copy=False)
        for name in names
    }


def _is_ready(dtype: Any, kind: str) -> bool:
    return bool(dtype == nw.String if kind == WORDS else dtype.is_integer() or dtype.is_float())


def _as_needed(name: str, kind: str, dtype: Any) -> Any:
    return nw.col(name).cast(nw.String) if kind == WORDS else number(name, kind, dtype)


def counts_in(rows: Rows, names: Sequence[str]) -> Iterator[tuple[str, dict[str, int] | None]]:
    """Yield the counts of the categories of columns, missing ones left out; None where there are more than 10,000."""
    if rows.count > FEW_ROWS or not is_local(rows):
        for name in names:
            yield name, asked_counts(rows, name)
        return
    for at in range(0, len(names), _MOST_COLUMNS):
        group = names[at : at + _MOST_COLUMNS]
        for name, values in _brought(rows, group, dict.fromkeys(group, WORDS)).items():
            counts = Counter(values.tolist())
            counts.pop(None, None)
            yield name, dict(counts) if len(counts) <= MOST_CATEGORIES else None


def values_of(rows: Rows, name: str) -> int:
    """Return how many rows have a value in a column, whatever its type."""
    asked = rows.frame.select((~nw.col(name).is_null()).cast(nw.Int64).sum().alias("n"))
    return int(rows.rows(asked)[0][0] or 0)


def asked_counts(rows: Rows, name: str) -> dict[str, int] | None:
    """Return the counts of the categories of a column, as the engine counts them."""
    labels = rows.frame.select(nw.col(name).cast(nw.String).alias("label")).filter(~nw.col("label").is_null())
    counted = labels.group_by("label").agg(nw.len().alias("n")).head(MOST_CATEGORIES + 1)
    found = rows.rows(counted.select("label", "n"))
    return {str(label): int(n) for label, n in found} if len(found) <= MOST_CATEGORIES else None


# ---------------------------------------------------------------- some of the rows


def sample(
    rows: Rows, names: Sequence[str], kinds: dict[str, str], most: int, seed: int, held: dict[str, Array]
) -> dict[str, Any] | None:
    """Return columns of the same rows, at most `most` of them, drawn by the seed; None where the engine cannot draw.

    Numbers and times as float64 with NaN, categories as objects with None. `held` has columns that were drawn before.
    """
    wanted = [name for name in names if name not in held]
    found: dict[str, Any] = dict(held)
    if wanted:
        drawn = rows if rows.count <= most else _drawn(rows, wanted, most, seed)
        if drawn is None:
            return None
        found |= _brought(drawn, wanted, kinds)
    return {name: found[name] for name in names}


def picks(count: int, most: int, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the places of the rows that are drawn, in order; all, where there are no more than `most`."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def _drawn(rows: Rows, names: Sequence[str], most: int, seed: int) -> Rows | None:
    frame = _drawn_frame(rows, names, most, seed)
    return Rows(frame, names, {}, rows.engine) if frame is not None else None


def _drawn_frame(rows: Rows, names: Sequence[str], most: int, seed: int) -> Any:
    frame = rows.frame.select(*names)
    native = nw.to_native(frame)
    if rows.engine is not None:
        return nw.from_native(_of_duckdb(rows.engine, native, names, picks(rows.count, most, seed)))
    if is_local(rows) and rows.count <= EXACT_ROWS:
        return frame.collect()[picks(rows.count, most, seed)].lazy()
    if not hasattr(native, "sample"):
        return None
    try:
        return nw.from_native(native.sample(fraction=min(1.0, most / rows.count), seed=seed))  # Spark, Ibis
    except TypeError:
        return None


def _of_duckdb(engine: Engine, native: Any, names: Sequence[str], places: Any) -> Any:
    """Return the rows of a relation at some places, in order, as another relation."""
    from arro3.core import Array, Table

    name, place = (
        f"drawn_{engine.serial()}",
        identifier(max(names, key=len) + "_"),
    )  # longer than any: no column is called so
    native.create_view(f"{name}_from")
    drawn = Table.from_pydict({place[1:-1].replace('""', '"'): Array.from_numpy(places)})
    engine.connection.from_arrow(drawn).create(f"{name}_at")
    engine.connection.execute(
        f"CREATE TEMP TABLE {name} AS SELECT * EXCLUDE ({place}) FROM"
        f" (SELECT *, row_number() OVER () - 1 AS {place} FROM {name}_from)"
        f" SEMI JOIN {name}_at USING ({place}) ORDER BY {place}"
    )
    return engine.connection.table(name)
