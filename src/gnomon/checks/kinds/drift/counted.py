"""Sketches counted where the rows are: DuckDB, Polars, Spark, … answer the same expressions, and only counts come here.

Two questions for all columns (how many, from where to where), then one for each: how many rows in each cell, or of each category.
Always true: whatever engine counts, the sketch is the same, place for place; the place of a value is that of
`gnomon.data.profile.cells.Grid.place`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals as nw

from gnomon.checks.kinds.drift.columns import NUMBERS, OTHER, TIMES, WORDS, asked_counts, kinds_of, number
from gnomon.checks.kinds.drift.sketch import CELLS, EMPTY, TOO_MANY, ColumnSketch, Sketch
from gnomon.checks.rows import Rows, rows_of
from gnomon.data.profile.cells import Cells, Grid, cells_of, grid_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT_ONCE = 50  # columns in one question


def sketch_of(table: object, *, columns: Sequence[str] | None = None) -> Sketch:
    """Return the sketch of a table: a path, any DataFrame, a relation of DuckDB, Spark or Ibis; of all columns, or of some.

    Raises as `rows_of` does.
    """
    with rows_of(table) as rows:
        for name in columns or ():
            rows.require(name, "columns")
        return sketched(rows, list(dict.fromkeys(columns)) if columns is not None else list(rows.names))


def sketched(rows: Rows, names: Sequence[str]) -> Sketch:
    """Return the sketch of some columns of rows."""
    found: dict[str, ColumnSketch] = {}
    for at in range(0, len(names), _AT_ONCE):
        found.update(_counted(rows, names[at : at + _AT_ONCE]))
    return Sketch(rows=rows.count, columns={name: found[name] for name in names})


def _counted(rows: Rows, names: Sequence[str]) -> dict[str, ColumnSketch]:
    schema, kinds = rows.frame.collect_schema(), kinds_of(rows)
    asked: list[Any] = []
    for at, name in enumerate(names):
        kind = kinds[name][0]
        if kind in (NUMBERS, TIMES):
            x = number(name, kind, schema[name])
            finite = nw.when(x.is_finite()).then(x)
            asked += [
                # Not by `is_nan`: DuckDB 2.0 takes it to be never true where a Parquet file states a smallest value.
                x.is_finite().cast(nw.Int64).sum().alias(f"n{at}"),
                (x == -math.inf).cast(nw.Int64).sum().alias(f"b{at}"),
                (x == math.inf).cast(nw.Int64).sum().alias(f"a{at}"),
                finite.min().alias(f"l{at}"),
                finite.max().alias(f"h{at}"),
            ]
        else:
            asked.append((~nw.col(name).is_null()).cast(nw.Int64).sum().alias(f"n{at}"))
    answer = rows.named(rows.frame.select(*asked))[0]
    found = {}
    for at, name in enumerate(names):
        figures = {key: answer.get(f"{key}{at}") for key in "nbalh"}
        is_whole = bool(schema[name].is_integer() or schema[name] == nw.Date)
        found[name] = _column(rows, name, kinds[name][0], schema[name], figures, is_whole=is_whole)
    return found


def _column(
    rows: Rows, name: str, kind: str, dtype: Any, figures: dict[str, Any], *, is_whole: bool
) -> ColumnSketch:
    count = sum(int(figures[key] or 0) for key in "nba")
    missing = rows.count - count
    if not count:
        return ColumnSketch(kind=EMPTY, missing=missing)
    if kind == OTHER:
        return ColumnSketch(kind=kind, count=count, missing=missing)
    if kind == WORDS:
        counts = asked_counts(rows, name)
        if counts is None:
            return ColumnSketch(kind=kind, count=count, missing=missing, reason=TOO_MANY)
        return ColumnSketch(kind=kind, count=count, missing=missing, counts=dict(sorted(counts.items())))
    cells = None
    if figures["l"] is not None:
        ends = float(figures["l"]), float(figures["h"])
        cells = _cells(rows, number(name, kind, dtype), *ends, is_whole=is_whole)
    return ColumnSketch(
        kind=kind, count=count, missing=missing, below=int(figures["b"] or 0), above=int(figures["a"] or 0), cells=cells,
    )  # fmt: skip


def _cells(rows: Rows, x: Any, low: float, high: float, *, is_whole: bool) -> Cells:
    grid = grid_of(low, high, is_whole=is_whole, limit=CELLS)
    values = rows.frame.select(x.alias("x")).filter(nw.col("x").is_finite())
    places = values.select(place(nw.col("x"), grid).alias("place"))
    counted = places.group_by("place").agg(nw.len().alias("n")).select("place", "n")
    counts = {int(at): int(n) for at, n in rows.rows(counted)}
    return cells_of(grid, counts, low=low, high=high, is_whole=is_whole, limit=CELLS)


def place(x: Any, grid: Grid) -> Any:
    """Return the expression for the place of a finite float64; a logarithm that rounds at a power of two gives the same place.

    Each branch sees only the values that it is for: engines work out both, and some refuse a whole number beyond 64 bits.
    """
    lowest = grid.unit + grid.bits
    border = math.ldexp(1.0, lowest + 1) if lowest < 1023 else math.inf
    size = x.abs()
    small, large = nw.when(size < border).then(size), nw.when(size >= border).then(size)
    linear = (small * math.ldexp(1.0, -grid.unit)).floor().cast(nw.Int64)
    octave = large.log(2.0).floor()
    within = (large * (nw.lit(2.0) ** (grid.bits - octave))).floor().cast(nw.Int64)
    curved = (octave - lowest).cast(nw.Int64) * (1 << grid.bits) + within
    found = nw.when(size < border).then(linear).otherwise(curved)
    return nw.when(x < 0).then(-found - 1).otherwise(found)
