"""`/data/{name}`: the versions of a data set, newest first, and how large they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.data.entries import DESCRIBED
from gnomon.data.pages.drawn import History, history
from gnomon.data.pages.row import row_of
from gnomon.data.views import users, versions
from gnomon.page import Shown
from gnomon.text import count, size

if TYPE_CHECKING:
    from gnomon.data.views import DataVersion
    from gnomon.page import Ask

MOST = 100
MOST_DRAWN = 60


def data_set(ask: Ask) -> Shown:
    """Show the versions; two of them can be chosen for their difference."""
    name, limit = ask.path["name"], ask.query.whole("limit", MOST, low=1, high=100_000)
    every = versions(ask.record, name)[::-1]
    used_by = users(ask.record.replica.index)
    shown = [
        {**row_of(one, len(used_by.get(one.id, ()))), "after": _after(one, every)} for one in every[:limit]
    ]
    tags = {tag: row["which"] for row in reversed(shown) for tag in row["tags"]}
    runs = {run for one in every for run in used_by.get(one.id, ())}
    return Shown(
        "data/data_set.html",
        name,
        {
            "name": name, "rows": shown, "total": len(every), "limit": limit, "tags": dict(sorted(tags.items())),
            "used": len(runs), "columns": _columns(shown), "same": _same(shown), "histories": _histories(shown),
            "drawn": min(len(shown), MOST_DRAWN),
        },
    )  # fmt: skip


def _after(one: DataVersion, every: list[DataVersion]) -> str:
    """Return the versions that one was made after, where it is not simply the one before."""
    if not one.follows_others(every):
        return ""
    called = {other.id: other.label for other in every}
    return ", ".join(called.get(parent, parent[:8]) for parent in one.parents) or "none"


def _columns(rows: list[dict[str, Any]]) -> frozenset[str]:
    """Return which columns have anything to show that `_same` does not say."""
    keys = ("rows", "tags", "message", *DESCRIBED, "verdict", "mark", "after")
    same = {key for key, _ in _same(rows)}
    return frozenset(
        key for key in keys if key not in same and any(row[key] not in (None, "", []) for row in rows)
    )


def _same(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return what is said alike of all versions: licence, origin, …"""
    found = [(field, {row[field] for row in rows}) for field in DESCRIBED]
    return [(field, values.pop()) for field, values in found if len(values) == 1 and "" not in values]


def _histories(rows: list[dict[str, Any]]) -> list[History]:
    drawn = rows[:MOST_DRAWN][::-1]
    found = [
        history("Rows", [(row["label"], row["path"], row["rows"], count(row["rows"] or 0, "row")) for row in drawn]),
        history("Size", [(row["label"], row["path"], row["size"], size(row["size"] or 0)) for row in drawn]),
    ]  # fmt: skip
    return [one for one in found if one is not None]
