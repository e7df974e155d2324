"""The tables `checks` and `findings`: what was checked, and what came of it.

A check is folded only where its findings, or the object of its result, are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import UnknownSubjectError
from gnomon.runs.sql.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Tables

_OF_FINDING = ("key", "what", "outcome", "value", "low", "high", "note")


def make_checks(tables: Tables, statement: Statement) -> None:
    """Make the table `checks`."""
    from gnomon.checks.views import checks, standing

    found = checks(tables.record)
    latest = {one.id for one in standing(found)}
    cells: dict[str, Sequence[Any]] = {
        "id": [one.id for one in found], "check": [one.kind for one in found],
        "run": [_of("run", one.about) for one in found], "data": [_of("data", one.about) for one in found],
        "is_latest": [one.id in latest for one in found], "cannot_tell": [one.unknown for one in found],
        "findings": [one.total for one in found], "created": [round(one.created * 1e6) for one in found],
    }  # fmt: skip
    cells |= {
        name: [getattr(one, name) for one in found]
        for name in ("name", "verdict", "rows", "failed", "author")
    }
    if statement.wants("result"):
        states = [_state(tables, one.id) for one in found]
        cells["result"] = [state and state["result"] for state in states]
    tables.plain("checks", cells, statement, length=len(found))


def make_findings(tables: Tables, statement: Statement) -> None:
    """Make the table `findings`."""
    from gnomon.checks.views import checks

    rows = [
        (one.id, finding)
        for one in checks(tables.record)
        if (state := _state(tables, one.id)) is not None
        for finding in state["findings"]
    ]
    cells: dict[str, Sequence[Any]] = {
        "check_id": [check for check, _ in rows], "limit_said": [finding["limit"] for _, finding in rows],
    }  # fmt: skip
    cells |= {name: [finding[name] for _, finding in rows] for name in _OF_FINDING}
    assert set(cells) == {one.name for one in TABLES["findings"].columns}  # noqa: S101
    tables.plain("findings", cells, statement, length=len(rows))


def _of(kind: str, about: Sequence[str]) -> str | None:
    """Return the id of the first subject of a kind."""
    return next((one.partition(":")[2] for one in about if one.startswith(f"{kind}:")), None)


def _state(tables: Tables, check: str) -> Any:
    try:
        return tables.index.state("check", check)
    except UnknownSubjectError:
        return None  # its entries were erased meanwhile
