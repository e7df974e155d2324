"""`/runs`: the table of runs, or of seed groups; and what is done to the runs that are selected in it.

What is asked is `runs.saved.question`: the same words as `gnomon runs`. Rows come a hundred at a time: `from=` is the first of
them, `rows=` how many of them a live page shows already, `shown=` each column that it shows.

Always true: no cell is read that is not shown; a filter that cannot be read is said beside it, with the table empty.
Parts: table_columns (heads and menu), table_rows (cells), views_page (saved views).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from gnomon import text
from gnomon.errors import BadArgumentError, BadExpressionError, GnomonError, UnknownSubjectError
from gnomon.page import Json, Redirect, Shown
from gnomon.runs import at_once
from gnomon.runs.columns import near_columns
from gnomon.runs.pages import table_columns, table_rows
from gnomon.runs.saved.question import Question, asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.page import Answer, Ask
    from gnomon.runs.groups.table import GroupTable
    from gnomon.runs.pages.table_rows import Row
    from gnomon.runs.saved.views import SavedView
    from gnomon.runs.views import Record

PAGE = 100
MOST_ROWS = 10_000
MOST_COLUMNS = 500
MOST_UNKNOWN = 5
MOST_METRICS = 6
_FACTS = ("status", "group", "seed", "created", "duration")


class Rows(NamedTuple):
    """The rows of one answer, and what there is beside them."""

    rows: Sequence[Row]
    columns: Sequence[str]
    total: int
    unknown: Sequence[str]
    notes: Sequence[str] = ()
    left_out: int = 0  # columns that tell these rows apart, too


def table(ask: Ask) -> Shown:
    """Show the table, or a part of it: `table` (all rows that are shown), `rows` (the next ones)."""
    views = ask.record.views() if ask.part in ("", "table") else []
    question, view = _question(ask, views)
    start = ask.query.whole("from", 0)
    count = min(ask.query.whole("rows", PAGE, low=1), MOST_ROWS)
    error: GnomonError | None = None
    try:
        found = _rows(ask, question, start, count)
        heads = table_columns.heads(
            question, found.columns, table_rows.numeric_columns(found.rows, found.columns)
        )
    except BadExpressionError as wrong:
        error, found = wrong, Rows((), (), 0, ())
        heads = table_columns.heads(Question(), (), ())
    address = Address(question, view.id if view else "")
    values: dict[str, object] = {
        "question": question, "address": address, "heads": heads, "rows": found.rows, "total": found.total,
        "start": start, "end": start + len(found.rows), "count": count, "shown": found.columns, "error": error,
        "is_live": any(cell.kind == "status" and cell.value == "running" for row in found.rows for cell in row.cells),
    }  # fmt: skip
    if ask.part != "rows":
        values |= _around_rows(ask.record, question, found, error)
    if not ask.part:
        values |= {
            "views": views, "view": view, "is_changed": view is not None and view.question != question,
            "menu": table_columns.menu(ask.record, question, found.columns),
            "fields": table_columns.fields(ask.record), "record_id": ask.record.home.record_id,
        }  # fmt: skip
    return Shown("runs/table.html", "Runs", values)


class Address:
    """Addresses of the table, for the template: as it is, or with something else. A view stays named while something is asked."""

    def __init__(self, question: Question, view: str) -> None:
        self.question, self.view = question, view

    def __call__(self, *, start: int = 0, part: str = "", shown: Sequence[str] = (), **changes: Any) -> str:
        """Return the address with some of the question replaced. `shown` are columns, one by one: a name may hold a comma."""
        pairs = self.pairs(**changes)
        pairs += [("from", str(start))] if start else []
        pairs += [("part", part)] if part else []
        pairs += [("shown", key) for key in shown]
        return f"/runs?{urlencode(pairs)}" if pairs else "/runs"

    def pairs(self, *, without: Sequence[str] = (), **changes: Any) -> list[tuple[str, str]]:
        """Return the names and values of such an address, for a form that asks for the names `without` itself."""
        pairs = [pair for pair in self.question._replace(**changes).pairs if pair[0] not in without]
        return [*pairs, ("view", self.view)] if self.view and (pairs or without) else pairs


def _question(ask: Ask, views: Sequence[SavedView]) -> tuple[Question, SavedView | None]:
    """Return what is asked, and the saved view that it began with; a view alone stands for what it asks."""
    question = asked(ask.query.pairs())
    named = ask.query.text("view")
    view = next((one for one in views if named and named in (one.id, one.name)), None)
    if view is not None and not any(name in ask.query for name in Question._fields):
        question = view.question
    if question.by and question.removed:
        question = question._replace(removed=False)  # hidden runs are in no group
    return question, view


# ---------------------------------------------------------------- rows


def _rows(ask: Ask, question: Question, start: int, count: int) -> Rows:
    given = list(dict.fromkeys(ask.query.all("shown")))[:MOST_COLUMNS] if ask.part == "rows" else []
    if question.by:
        return _group_rows(ask.record, question, start, count, given)
    left_out = 0
    columns = given or (table_columns.shown_columns(question, (), ()) if question.columns else None)
    found = ask.record.runs(
        question.where or None, sort=list(question.sort) or None, limit=count, offset=start, removed=question.removed,
        columns=None if columns is None else list(dict.fromkeys(["id", "name", *columns])),
    )  # fmt: skip
    if columns is None:
        first = found.head(PAGE)
        defaults = first.default_columns() if len(first) else _FACTS
        columns = table_columns.shown_columns(question, defaults, found.unknown)
        is_read = len(found) <= PAGE and set(columns) <= set(first.columns)
        left_out = len({*defaults} - {*columns, "id", "name"})
        found = first if is_read else found.select(list(dict.fromkeys(["id", "name", *columns])))
    return Rows(table_rows.run_rows(found, columns), columns, found.total, found.unknown, left_out=left_out)


def _group_rows(record: Record, question: Question, start: int, count: int, given: Sequence[str]) -> Rows:
    found = record.groups(
        question.where or None, sort=list(question.sort) or None, columns=list(question.columns) or None,
        limit=start + count,
    )  # fmt: skip
    defaults = [*found.default_columns(), "created"] if not question.columns else ()
    columns = list(given) or table_columns.shown_columns(question, defaults, found.unknown)
    rows = table_rows.group_rows(found, columns, start)
    shown = [key for key in found.columns if key in columns]
    left_out = len({*defaults} - {*columns, "name"})
    return Rows(rows, columns, found.total, found.unknown, _of_shown(found, shown), left_out)


def _of_shown(found: GroupTable, shown: Sequence[str]) -> list[str]:
    """Return what is to be said of groups, as far as it is about the columns that are shown."""
    found.columns = list(shown)
    return found.notes()


def _around_rows(
    record: Record, question: Question, found: Rows, error: GnomonError | None
) -> dict[str, object]:
    """Return what stands above the rows: what is unknown, why there is nothing, how groups are compared."""
    metrics = [key.removeprefix("metrics.") for key in found.columns if key.startswith("metrics.")]
    return {
        "said": _said(record, question, found.unknown),
        "notes": found.notes,
        "left_out": found.left_out,
        "metrics": metrics[:MOST_METRICS] if question.by else [],
        "hidden": _hidden(record, question) if not found.total and error is None else 0,
    }


def _said(record: Record, question: Question, unknown: Iterable[str]) -> list[str]:
    """Return a sentence for each column that no run has."""
    names = [
        column.removesuffix(".last") if column.startswith("metrics.") else column
        for column in dict.fromkeys(unknown)
        if not (question.by and column in table_columns.OF_GROUPS)
    ]
    if not names:
        return []
    known = [*record.column_keys(), *record.process_keys()]
    said = []
    for name in dict.fromkeys(names[:MOST_UNKNOWN]):
        near = near_columns(name, known)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        said.append(f"No run has {name}{meant}")
    return said


def _hidden(record: Record, question: Question) -> int:
    """Return how many runs are hidden, where a table without a filter shows none."""
    if question.where or question.removed:
        return 0
    return record.runs(removed=True, columns=["id"], limit=0).total


# ---------------------------------------------------------------- what is done to the selected


def tag(ask: Ask) -> Answer:
    """Add tags to the selected runs, or take them away."""
    add, remove = ask.form.listed("add"), ask.form.listed("remove")
    if tags := ask.form.listed("tags"):
        add, remove = (add, [*remove, *tags]) if ask.form.text("way") == "remove" else ([*add, *tags], remove)
    return _done(ask, at_once.tag(ask.record, _runs(ask), add, remove))


def hide(ask: Ask) -> Answer:
    """Hide the selected runs from lists."""
    return _done(ask, at_once.set_removed(ask.record, _runs(ask), removed=True))


def restore(ask: Ask) -> Answer:
    """Bring the selected runs back."""
    return _done(ask, at_once.set_removed(ask.record, _runs(ask), removed=False))


def _runs(ask: Ask) -> list[str]:
    runs = ask.form.listed("run")
    if not runs:
        raise BadArgumentError("no run is selected", hint="select some in the table first")
    ask.record.replica.update()
    known = set(ask.record.replica.index.ids("run")) if len(runs) > 1 else None
    for run in runs:
        if known is not None and run not in known:
            raise UnknownSubjectError(
                f"there is no run `{run[:40]}`", hint="the table may be an old one: load it again"
            )
    return runs


def _done(ask: Ask, changed: int) -> Answer:
    """Go back to the table; script gets the number of runs that were changed."""
    if ask.form.text("answer") == "json":
        return Json({"changed": changed, "said": text.count(changed, "run")})
    return Redirect(back(ask))


def back(ask: Ask) -> str:
    """Return where to go on: the path of ours that the form or its address names, else the table."""
    path = ask.form.text("next") or ask.query.text("next")
    return path if path.startswith("/") and not path.startswith("//") else "/runs"
