"""A table of runs: what tells them apart first, times that can be read, and how many there are of how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.display import look, tables
from gnomon.runs.display.markup import tag
from gnomon.runs.display.shorten import more, short, words

if TYPE_CHECKING:
    from gnomon.runs.display.markup import Child
    from gnomon.runs.table import RunTable
    from gnomon.runs.views import Record

ROWS, COLUMNS, NEWEST = 50, 24, 10
MANY = 2_000  # runs: of more, only those that are shown are read, and what varies among them is shown
TIMES = ("created", "ended")


def runs_html(found: RunTable) -> str:
    """Return the first runs of a table."""
    if not len(found):
        return look.framed(tag("div", "no run", class_="dim"))
    if len(found) > MANY:
        found = found.head(ROWS)
    keys = found.default_columns()
    shown = keys[:COLUMNS]
    cells = [found.column(key)[:ROWS] for key in shown]
    rows = [
        [_cell(key, value) for key, value in zip(shown, row, strict=True)] for row in zip(*cells, strict=True)
    ]
    count = min(len(found), ROWS)
    said = (
        text.count(found.total, "run")
        if count == found.total
        else f"{count:,} of {text.count(found.total, 'run')}"
    )
    return look.framed(
        tables.table(tables.heads(shown), rows, numbers=["duration"]),
        tables.below(said, more(len(keys) - COLUMNS, "column"), _unknown(found)),
    )


def record_html(record: Record) -> str:
    """Return what a record is called, where it is, and its newest runs."""
    head = tag("div", tag("b", words(record.name)), " ", tag("span", words(record.path, 300), class_="dim"))
    return f"{look.framed(head)}{runs_html(record.runs(limit=NEWEST))}"


def _cell(key: str, value: object) -> Child | object:
    if value is None:
        return None
    if key == "id":
        return tag("span", words(str(value)[:8]), class_="id")
    if key == "status":
        return look.status(words(value))
    if key in TIMES:
        return tag("span", text.timestamp(value), class_="t")
    if key == "duration":
        return tag("span", text.duration(value), class_="t")
    return value if isinstance(value, (int, float)) else short(value, 80)


def _unknown(found: RunTable) -> str:
    names = ", ".join(f"`{words(name.removesuffix('.last'), 60)}`" for name in found.unknown[:3])
    return f"no run has {names}" if names else ""
