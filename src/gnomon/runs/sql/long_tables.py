"""The tables `params` and `metrics`: a row for each name of each run.

A column of the index becomes a stretch of rows, so a query over all of them costs little more than reading these columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.runs.sql import columns
from gnomon.runs.sql.columns import as_number, labels
from gnomon.runs.sql.schema import TABLES
from gnomon.runs.sql.tables import METRICS, PARAMS, figure_key
from gnomon.runs.table import FIGURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Runs, Tables

_FIRST_STEP = 1  # its place in a `stats.<series>` cell
_FIGURES = {
    "min": FIGURES["min"], "max": FIGURES["max"], "count": FIGURES["count"], "first_step": _FIRST_STEP,
    "last_step": FIGURES["step"],
}  # fmt: skip


def make_params(tables: Tables, statement: Statement) -> None:
    """Make the table `params`."""
    names = tables.names("params")
    long = _Long(tables.read([PARAMS + name for name in names]), names, PARAMS)
    arrays = long.arrays(statement)
    if statement.wants("value"):
        arrays["value"] = columns.texts(long.values)
    if statement.wants("number"):
        arrays["number"] = columns.numbers([_number(value) for value in long.values])
    tables.table("params", arrays, length=len(long.values))


def make_metrics(tables: Tables, statement: Statement) -> None:
    """Make the table `metrics`."""
    names = tables.names("metrics")
    wanted = [one for one in TABLES["metrics"].columns if one.name in _FIGURES and statement.wants(one.name)]
    places = [_FIGURES[one.name] for one in wanted]
    runs = tables.read([METRICS + name for name in names], [(name, at) for name in names for at in places])
    long = _Long(runs, names, METRICS)
    arrays = long.arrays(statement)
    if statement.wants("last"):
        arrays["last"] = columns.numbers(long.values)
    for one, at in zip(wanted, places, strict=True):
        cells = long.alongside([runs.cells[figure_key(name, at)] for name in names])
        arrays[one.name] = columns.column(one.type, cells)
    tables.table("metrics", arrays, length=len(long.values))


class _Long:
    """Columns of the index, one under the other: a row for each cell that there is."""

    def __init__(self, runs: Runs, names: Sequence[str], prefix: str) -> None:
        self._runs = runs
        self._names = names
        self.values: list[Any] = []
        self._gaps: list[list[int] | None] = []  # of each name: the places that have a cell; None: all have
        for name in names:
            cells = runs.cells[prefix + name]
            places = [place for place, one in enumerate(cells) if one is not None] if None in cells else None
            self._gaps.append(places)
            self.values += cells if places is None else [cells[place] for place in places]

    def arrays(self, statement: Statement) -> dict[str, Any]:
        """Return the columns `run` and `name`, those that are wanted."""
        count = len(self._runs.ids)
        arrays = {}
        if statement.wants("run"):
            every = range(count)
            places = [place for gaps in self._gaps for place in (every if gaps is None else gaps)]
            arrays["run"] = labels(self._runs.ids, places)
        if statement.wants("name"):
            numbers: list[int] = []
            for number, gaps in enumerate(self._gaps):
                numbers += [number] * (count if gaps is None else len(gaps))
            arrays["name"] = labels(self._names, numbers)
        return arrays

    def alongside(self, cells: Sequence[Sequence[Any]]) -> list[Any]:
        """Return other columns, one for each name, in the same rows."""
        found: list[Any] = []
        for column, gaps in zip(cells, self._gaps, strict=True):
            found += column if gaps is None else [column[place] for place in gaps]
        return found


def _number(value: object) -> float | None:
    return None if value.__class__ is str else as_number(value)
