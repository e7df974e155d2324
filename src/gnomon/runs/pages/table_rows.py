"""The rows of the table: each cell as it is shown, by its kind, with all of it in `title` where something is cut or rounded.

Always true: a cell is made of what the row has and nothing else, so rows that come later look like those before them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon import text
from gnomon.runs.display.shorten import short
from gnomon.runs.groups.spread import Spread
from gnomon.runs.table import TIMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.groups.table import GroupTable
    from gnomon.runs.table import RunTable

_LONG = 26  # characters that a column surely has room for
_LONGEST = 1_000
_MOST_TAGS = 6
_MOST_RUNS_IN_FILTER = 200


class Cell(NamedTuple):
    """One cell. `kind` says how the template shows `value`: text, number, time, status, tags, run or none."""

    kind: str
    value: object = None
    title: str = ""
    is_number: bool = False


class Row(NamedTuple):
    """One row. `id` is a run, or the runs of a group with commas between; `where` are the runs of a group, as a filter."""

    id: str
    key: str
    name: str
    is_named: bool
    cells: Sequence[Cell]
    where: str = ""


MISSING = Cell("none", text.MISSING)


def cell_of(key: str, value: object) -> Cell:
    """Return a cell of a run."""
    if value is None or value == []:
        return MISSING
    if key == "status":
        return Cell("status", str(value))
    if key in TIMES:
        return Cell("time", value)
    if key == "duration":
        return Cell("text", text.duration(value), is_number=True)
    if key in ("id", "parent"):
        return Cell("run", str(value))
    if key == "tags" and isinstance(value, list):
        tags = [short(one, 60) for one in value]
        return Cell("tags", tags[:_MOST_TAGS], ", ".join(tags)[:_LONGEST])
    if isinstance(value, Spread):
        return _of_spread(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        shown, exact = text.number(value), text.exact(value)
        return Cell("number", shown, exact if exact != shown else "", is_number=True)
    shown = short(value, 80)
    return Cell("text", shown, short(value, _LONGEST) if len(shown) > _LONG else "")


def _of_spread(value: Spread) -> Cell:
    if value.mean is None and not value.failed:
        return MISSING
    seeds = text.count(value.n, "seed")
    title = f"mean of {seeds}" + (", ± standard deviation between seeds" if value.spread is not None else "")
    return Cell(
        "number", str(value), title + (f"; {value.failed} failed" if value.failed else ""), is_number=True
    )


def run_rows(table: RunTable, columns: Sequence[str]) -> list[Row]:
    """Return the rows of a table of runs."""
    rows = []
    for one in table.to_pylist():
        run, name = str(one["id"]), one.get("name")
        cells = [cell_of(key, one.get(key)) for key in columns]
        rows.append(Row(run, run, short(name, _LONGEST) if name else run[:8], bool(name), cells))
    return rows


def group_rows(table: GroupTable, columns: Sequence[str], start: int) -> list[Row]:
    """Return the rows of a table of groups, from one on."""
    groups = table.groups[start:]
    cells = {key: [_of_group(key, value) for value in table.column(key)[start:]] for key in columns}
    labels = [group.label for group in table.groups]
    is_whole = len(table) == table.total
    rows = []
    for place, group in enumerate(groups):
        is_alone = is_whole and group.label is not None and labels.count(group.label) == 1
        where = f"group = {_quoted(group.label or '')}" if is_alone else _one_of(group.runs)
        row = [cells[key][place] for key in columns]
        rows.append(Row(",".join(group.runs), f"group-{start + place}", group.name, True, row, where))
    return rows


def _of_group(key: str, value: object) -> Cell:
    if key == "duration" and isinstance(value, Spread):
        return Cell(
            "text", text.duration(value.mean), f"mean of {text.count(value.n, 'seed')}", is_number=True
        )
    if key == "seeds" and isinstance(value, list):
        return cell_of(key, ", ".join(text.any_value(one) for one in value[:50]))
    return cell_of(key, value)


def _one_of(runs: Sequence[str]) -> str:
    named = ", ".join(f"'{run}'" for run in runs[:_MOST_RUNS_IN_FILTER])
    return f"id in ({named})" if runs else ""


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def numeric_columns(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """Return the columns whose cells are numbers, where they are there at all."""
    found: list[str] = []
    for place, key in enumerate(columns):
        there = [row.cells[place] for row in rows if row.cells[place] is not MISSING]
        if there and all(cell.is_number for cell in there):
            found.append(key)
    return found
