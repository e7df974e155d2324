"""The tables `data` and `used`: the versions of data that there are, and what each run used.

`data` asks the feature of data for its versions. What a version says of itself is folded only where a column asks for more
than its row in the index holds. A version of which only heads are here is in neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import UnknownSubjectError
from gnomon.runs import entries
from gnomon.runs.sql.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Tables

_OF_ROW = ("id", "name", "number", "label", "object", "is_tree", "parents", "is_newest")
_AS_STATED = (
    "size", "files", "author", "message", "notes", "licence", "origin", "sensitivity", "legal_basis", "retention",
    "column_names",
)  # fmt: skip
_OF_USE = ("name", "dataset", "number", "version", "object", "is_tree", "size", "files", "how", "note")


def make_data(tables: Tables, statement: Statement) -> None:
    """Make the table `data`."""
    from gnomon.data.views import labels, newest, rows

    found = rows(tables.index)
    called = labels(found)
    by_name: dict[str, list[Any]] = {}
    for row in found:
        by_name.setdefault(row.name, []).append(row)
    heads = {row.id for of_name in by_name.values() for row in newest(of_name)}
    stated: dict[str, Sequence[Any]] = {}
    if any(statement.wants(one.name) for one in TABLES["data"].columns if one.name not in _OF_ROW):
        states = {row.id: state for row in found if (state := _state(tables, row.id)) is not None}
        found = [row for row in found if row.id in states]
        stated = _stated([states[row.id] for row in found])
    cells: dict[str, Sequence[Any]] = {
        "id": [row.id for row in found],
        "label": [called[row.id] for row in found],
        "is_newest": [row.id in heads for row in found],
        "parents": [row.parents for row in found],
    }
    cells |= {name: [getattr(row, name) for row in found] for name in ("name", "number", "object", "is_tree")}
    tables.plain("data", cells | stated, statement, length=len(found))


def _state(tables: Tables, version: str) -> Any:
    try:
        return tables.index.state("data", version)
    except UnknownSubjectError:
        return None  # its entries were erased meanwhile


def _stated(states: Sequence[Any]) -> dict[str, Sequence[Any]]:
    cells: dict[str, Sequence[Any]] = {name: [state[name] for state in states] for name in _AS_STATED}
    cells["created"] = [state["created_us"] for state in states]
    cells["file_name"] = [state["file_name"] or state["name"] for state in states]
    cells["tags"] = [sorted(state["tags"]) for state in states]
    cells["rows"] = [state["profile"].get("rows") for state in states]
    cells["columns"] = [state["profile"].get("columns") for state in states]
    cells["profile"] = [state["profile"].get("object") for state in states]
    cells["reference"] = [state["reference"] and state["reference"]["place"] for state in states]
    cells["erased"] = [state["erased"] and state["erased"]["time_us"] for state in states]
    cells["is_pinned"] = [state["object"] is not None for state in states]
    return cells


def make_used(tables: Tables, statement: Statement) -> None:
    """Make the table `used`."""
    rows = [(run, use) for run, state in tables.states_with(entries.USED) for use in state["uses"]]
    cells: dict[str, Sequence[Any]] = {
        "run": [run for run, _ in rows],
        "time": [use["time_us"] for _, use in rows],
    }
    cells |= {name: [use[name] for _, use in rows] for name in _OF_USE}
    tables.plain("used", cells, statement, length=len(rows))
