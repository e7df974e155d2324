"""`/data`: the data sets of the record, with their newest versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.data.pages.row import row_of
from gnomon.data.views import users_of_sets
from gnomon.errors import BadArgumentError
from gnomon.page import Shown

if TYPE_CHECKING:
    from gnomon.data.views import DataSet
    from gnomon.page import Ask

MOST = 200
SORTS = ("name", "versions", "size", "rows", "created", "used")


def data_sets(ask: Ask) -> Shown:
    """Show them, sorted and filtered as the address says."""
    asked, limit = ask.query.text("q"), ask.query.whole("limit", MOST, low=1, high=100_000)
    sort = ask.query.text("sort") or "name"
    every = ask.record.data_sets()
    used_by = users_of_sets(ask.record.replica.index)
    rows = [_row(one, used_by) for one in every if _fits(one, asked)]
    _sort(rows, sort)
    return Shown(
        "data/data_sets.html",
        "Data",
        {"rows": rows[:limit], "found": len(rows), "total": len(every), "asked": asked, "sort": sort, "limit": limit},
    )  # fmt: skip


def _fits(one: DataSet, asked: str) -> bool:
    words = asked.casefold()
    return not words or any(words in text.casefold() for text in (one.name, *one.tags))


def _row(one: DataSet, used_by: dict[str, set[str]]) -> dict[str, Any]:
    """Return a data set by its newest version; where there are several, by the last one added."""
    newest = max(one.newest, key=lambda version: (version.created, version.id))
    return {
        **row_of(newest, len(used_by.get(one.name, ()))), "versions": one.versions, "all_tags": one.tags,
        "others": [version.label for version in one.newest if version.id != newest.id],
    }  # fmt: skip


def _sort(rows: list[dict[str, Any]], sort: str) -> None:
    key = sort.removeprefix("-")
    if key not in SORTS:
        raise BadArgumentError(
            f"`sort` must be one of {', '.join(SORTS)}, with `-` before it for the other way; got {sort!r}"
        )
    known = [row for row in rows if row[key] is not None]
    known.sort(
        key=lambda row: row[key].casefold() if key == "name" else row[key], reverse=sort.startswith("-")
    )
    rows[:] = known + [row for row in rows if row[key] is None]
