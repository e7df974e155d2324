"""`/sql`: a query in SQL and its answer.

Always true: a query can only ask, is stopped after `TIMEOUT_S` and within the memory that `runs.sql.guard` allows, and no more
than `MOST_AT_ONCE` run at a time, so that the other pages answer meanwhile. A query in the address is run when that is opened.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from math import isfinite, nan
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadArgumentError, BadQueryError, GnomonError, QueryStoppedError
from gnomon.ids import SHOWN_LENGTH, is_hex
from gnomon.page import Binary, Json, Shown
from gnomon.text import any_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.page import Ask
    from gnomon.runs.display.markup import Html
    from gnomon.runs.sql.engine import Question
    from gnomon.runs.views import Record

SHOWN_ROWS = 1_000
MOST_COLUMNS = 200
TIMEOUT_S = 20.0
MOST_AT_ONCE = 2
MOST_DOWNLOADED = 128 << 20
MOST_FIELDS = 60
FEWEST_FOR_CURVE, MOST_CURVES = 3, 6
CURVE = (300, 72)  # pixels
_PLACES = threading.BoundedSemaphore(MOST_AT_ONCE)
_PATIENCE_S = 2.0
_ID = re.compile(r"[0-9a-f]{8,32}\Z")
_running: dict[str, Question] = {}
_early: deque[str] = deque(maxlen=32)  # ids of queries that were stopped before they had begun
MEDIA_TYPES = {"csv": "text/csv", "json": "application/json", "parquet": "application/vnd.apache.parquet"}


class Cell(NamedTuple):
    """A cell as it is shown. `kind` is number, time, run (a link), null or text."""

    kind: str
    value: object
    shown: str


class Curve(NamedTuple):
    """A column of numbers over the first column whose values rise, or fall, from row to row."""

    name: str
    x: str
    low: float
    high: float
    drawing: Html


class Result(NamedTuple):
    """The first rows of an answer. `is_whole` is False where even counting stopped."""

    columns: list[tuple[str, str, bool]]  # name, type, whether it holds numbers
    rows: list[list[Cell]]
    total: int
    is_whole: bool
    left_out: int  # columns
    plan: list[str]  # lines of EXPLAIN
    curves: list[Curve]


def sql(ask: Ask) -> Shown:
    """Show the query of the address and its answer."""
    from gnomon.runs.sql.examples import EXAMPLES
    from gnomon.runs.sql.schema import TABLES

    query = ask.query.text("query")
    with_removed = ask.query.flag("removed")
    values: dict[str, object] = {
        "query": query, "with_removed": with_removed, "result": None, "error": None, "took_s": 0.0, "examples": EXAMPLES,
        "most_rows": SHOWN_ROWS, "kinds": tuple(MEDIA_TYPES), "timeout_s": TIMEOUT_S, "tables": tuple(TABLES.values()),
        "record_id": ask.record.home.record_id,
    }  # fmt: skip
    if query:
        began = perf_counter()
        try:
            values["result"] = _result(ask, query, with_removed=with_removed)
        except (BadQueryError, QueryStoppedError, BadArgumentError) as error:
            values["error"] = error
        values["took_s"] = perf_counter() - began
    if not ask.part:
        values["fields"] = _fields(ask.record)
    return Shown("runs/sql.html", "SQL", values)


def download(ask: Ask) -> Binary:
    """Return the whole answer as a file: `as` is csv, json or parquet."""
    kind = ask.query.text("as", "csv")
    if kind not in MEDIA_TYPES:
        raise BadArgumentError(f"`as` must be one of {', '.join(MEDIA_TYPES)}; got {kind!r}")
    with _asked(ask, ask.query.text("query"), with_removed=ask.query.flag("removed")) as question:
        data = question.answer(lambda answer: _parquet(answer) if kind == "parquet" else _lines(answer, kind))
    return Binary(data, MEDIA_TYPES[kind], f"{ask.record.name or 'answer'}-query.{kind}")


def stop(ask: Ask) -> Json:
    """Stop a query that runs, by the id that its asker gave it."""
    called = ask.form.text("id")
    question = _running.get(called)
    if question is not None:
        question.guard.stop()
    elif _ID.match(called):
        _early.append(called)  # its tables are being filled
    return Json({"stopped": question is not None})


# --- asking


@contextmanager
def _asked(ask: Ask, query: str, *, with_removed: bool) -> Iterator[Question]:
    """Give a question that is ready to run, as one of the few that may run at once."""
    from gnomon.runs.sql.engine import ask as ask_engine

    if not query:
        raise BadArgumentError("there is no query", hint="for instance `select name, status from runs`")
    if not _PLACES.acquire(timeout=_PATIENCE_S):
        raise QueryStoppedError(
            f"{MOST_AT_ONCE} queries run already", hint="wait for one of them, or stop it in its tab"
        )
    called = ask.query.text("id")
    is_named = _ID.match(called) is not None
    try:
        question = ask_engine(ask.record, query, timeout_s=TIMEOUT_S, with_removed=with_removed)
        if is_named:
            _running[called] = question
            if called in _early:
                question.guard.stop()
        with question.held:
            yield question
    finally:
        if is_named:
            _running.pop(called, None)
        _PLACES.release()


def _result(ask: Ask, query: str, *, with_removed: bool) -> Result:
    from gnomon.runs.sql.answer import first_rows, flattened

    with _asked(ask, query, with_removed=with_removed) as question:
        types: dict[str, str] = {}

        def use(answer: Any) -> tuple[list[str], list[dict[str, object]], int, bool]:
            for name, kind in zip(answer.columns, answer.types, strict=True):
                types.update(_types(name, kind))
            return first_rows(answer, SHOWN_ROWS)

        columns, rows, total, is_whole = question.answer(use)
        tables, is_explain = question.statement.tables, question.statement.is_explain
    if is_explain:
        plan = [line for row in rows for line in str(row[columns[-1]]).split("\n")]
        return Result([], [], total, is_whole, 0, plan, [])
    columns, rows = flattened(columns, rows)
    shown, left_out = columns[:MOST_COLUMNS], max(0, len(columns) - MOST_COLUMNS)
    of_runs = {"run", *(["id"] if "runs" in tables and not tables & {"data", "entries"} else [])}
    cells = [[_cell(row[name], is_run=name in of_runs) for name in shown] for row in rows]
    kinds = [{row[at].kind for row in cells} - {"null"} for at in range(len(shown))]
    heads = [(name, types.get(name, ""), kind == {"number"}) for name, kind in zip(shown, kinds, strict=True)]
    return Result(heads, cells, total, is_whole, left_out, [], curves(heads, cells))


def _types(name: str, kind: Any) -> Iterator[tuple[str, str]]:
    """Yield the type of a column; of a STRUCT those of its fields, as the table shows them."""
    if getattr(kind, "id", "") == "struct":
        for field, of in kind.children:
            yield from _types(f"{name}.{field}", of)
    else:
        yield name, str(kind).lower().replace(" with time zone", "")


def _cell(value: object, *, is_run: bool) -> Cell:
    from gnomon.runs.sql.answer import plain

    if value is None:
        return Cell("null", None, "")
    if isinstance(value, datetime) and value.tzinfo is not None:
        return Cell("time", value.timestamp(), "")
    value = plain(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Cell("number", value, any_value(value))
    return Cell(
        "run" if is_run and is_hex(value) and len(str(value)) >= SHOWN_LENGTH else "text",
        value,
        any_value(value),
    )


def curves(heads: Sequence[tuple[str, str, bool]], rows: Sequence[Sequence[Cell]]) -> list[Curve]:
    """Return small curves of the columns of numbers; none where no column is an x-axis for them."""
    from gnomon.runs.display.sparkline import sparkline

    columns = [[row[at] for row in rows] for at in range(len(heads))] if len(rows) >= FEWEST_FOR_CURVE else []
    at_x = next((at for at, cells in enumerate(columns) if _is_axis(cells)), None)
    if at_x is None:
        return []
    xs = [_number(cell) for cell in columns[at_x]]
    step = 1 if xs[0] < xs[-1] else -1
    found: list[Curve] = []
    for at, (name, _, is_number) in enumerate(heads):
        ys = [_number(cell) for cell in columns[at]] if is_number and at != at_x else []
        finite = [y for y in ys if isfinite(y)]
        if finite and len(found) < MOST_CURVES:
            drawing = sparkline(xs[::step], ys[::step], width=CURVE[0], height=CURVE[1])
            if drawing:
                found.append(Curve(name, heads[at_x][0], min(finite), max(finite), drawing))
    return found


def _is_axis(cells: Sequence[Cell]) -> bool:
    """Return whether the values of a column are numbers or moments that only rise, or only fall."""
    if any(cell.kind not in ("number", "time") for cell in cells):
        return False
    pairs = list(pairwise(map(_number, cells)))
    return all(one < other for one, other in pairs) or all(one > other for one, other in pairs)


def _number(cell: Cell) -> float:
    if not isinstance(cell.value, (int, float)):
        return nan
    try:
        return float(cell.value)
    except OverflowError:
        return nan


# --- downloads


def _lines(answer: Any, kind: str) -> list[bytes]:
    from gnomon.rows_text import csv_lines, json_lines
    from gnomon.runs.sql.answer import plain_rows
    from gnomon.runs.sql.engine import batches_of

    rows = (row for batch in batches_of(answer) for row in plain_rows(batch))
    found, taken = [], 0
    for line in csv_lines(list(answer.columns), rows) if kind == "csv" else json_lines(rows):
        found.append(line.encode("utf-8", "replace") + b"\n")
        taken += len(found[-1])
        if taken > MOST_DOWNLOADED:
            raise _too_large(kind)
    return found


def _parquet(answer: Any) -> list[bytes]:
    from io import BytesIO

    from arro3.io import write_parquet

    file = BytesIO()
    write_parquet(answer, file, compression="zstd(1)")
    if file.tell() > MOST_DOWNLOADED:
        raise _too_large("parquet")
    return [file.getvalue()]


def _too_large(kind: str) -> GnomonError:
    return QueryStoppedError(
        f"the answer has more than {MOST_DOWNLOADED >> 20} MB, which is more than a page hands out",
        hint=f'`gnomon sql "…" --out answer.{kind}` writes it as it comes',
    )


# --- what may be asked


def _fields(record: Record) -> dict[str, list[str]]:
    """Return the names that the STRUCT columns of this record have, as they are written in SQL; of each at most some."""
    from gnomon.runs.sql.advice import written

    record.replica.update(record.progress)
    found: dict[str, list[str]] = {}
    for key in record.replica.index.keys("run"):
        family, dot, name = key.partition(".")
        if dot and family in ("params", "metrics") and not name.startswith("system/"):
            found.setdefault(family, []).append(written(family, name))
    return {family: names[:MOST_FIELDS] for family, names in sorted(found.items(), reverse=True)}
