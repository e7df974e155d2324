"""`gnomon sql`: ask the record in SQL."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from gnomon.errors import UsageError
from gnomon.runs.cli import FEWEST_ROWS, LINES_AROUND_TABLE, PAGE, open_record

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from typing import TextIO

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.sql.engine import Question

ALL = ""
FIRST = ("id", "run", "name", "status")
STOPPED, INTERRUPTED = 2, 130  # exit codes, as in `cli.main`


def sql(parser: Parser) -> Run:
    """Ask the record in SQL: runs, params, metrics, points, groups, notes, files, data, used, processes, packages, entries.

    A query can only ask: it changes nothing, reads no other file, and is stopped after `--timeout` seconds. The dialect is
    that of DuckDB. `params.lr` and `metrics.loss` (its last value) are columns of `runs`; a name with other characters is
    quoted: `metrics."loss/train"`.
    """
    parser.option("query", metavar="QUERY", nargs="?", help="the query; `-` reads it from stdin")
    parser.option(
        "--schema",
        metavar="TABLE",
        nargs="?",
        const=ALL,
        help="print the tables, or the columns of one, instead of asking",
    )
    parser.option(
        "--view",
        metavar="ENGINE",
        choices=("clickhouse", "duckdb", "spark"),
        help="print, for this engine, the SQL that reads the record's plain files without Gnomon",
    )
    parser.option(
        "--remote",
        metavar="REMOTE",
        complete="remote",
        help="with --view: of this remote (its name, a folder or a URL of a bucket), not of this replica",
    )
    parser.option(
        "--limit", metavar="N", type=int, help=f"show at most so many rows (default: what fits, or {PAGE})"
    )
    parser.option("--all", action="store_true", help="show all rows")
    parser.option("--json", action="store_true", help="print a JSON list of all rows (or of --limit)")
    parser.option("--csv", action="store_true", help="print CSV of all rows (or of --limit)")
    parser.option(
        "--out",
        metavar="FILE",
        complete="files",
        help="write all rows to FILE: .parquet, .arrow, .csv or .json",
    )
    parser.option("--overwrite", action="store_true", help="replace FILE where it is there")
    parser.option(
        "--timeout",
        metavar="SECONDS",
        type=float,
        default=60.0,
        help="stop the query after this (default: 60)",
    )
    parser.option(
        "--with-removed", action="store_true", help="hidden runs too; the column `removed` tells them"
    )
    parser.example(
        'gnomon sql "select name, params.lr, metrics.auc from runs order by metrics.auc desc"',
        "like `gnomon runs`",
    )
    parser.example(
        'gnomon sql "select name, count(*), avg(last), max(last) from metrics group by name"', "over all runs"
    )
    parser.example("gnomon sql --schema runs", "the columns of a table")
    parser.example('gnomon sql "from points" --out points.parquet', "every point, for another tool")
    parser.example("gnomon sql --view duckdb --remote team > views.sql", "for whoever has no Gnomon")
    parser.note(
        "`group` is a word of SQL: write `runs.group`. Times are in UTC in JSON, CSV and files. In CSV a text that begins like a "
        "formula gets a ' in front, and control characters are written as escapes."
    )
    return _sql


def _sql(arguments: Namespace, terminal: Terminal) -> int:
    if arguments.schema is not None:
        _write_schema(arguments.schema, terminal)
        return 0
    if arguments.view is not None:
        _write_views(arguments, terminal)
        return 0
    if arguments.remote is not None:
        raise UsageError(
            "`--remote` of `gnomon sql` needs `--view`",
            hint="a query asks this replica; `gnomon sync` brings what a remote has",
        )
    _check(arguments)
    from gnomon.runs.sql import engine

    if arguments.out is not None:
        from gnomon.runs.sql import saved

        saved.check_target(arguments.out, overwrite=arguments.overwrite)
    text = sys.stdin.read() if arguments.query == "-" else arguments.query
    record = open_record(arguments, terminal)
    question = engine.ask(
        record, text, timeout_s=arguments.timeout, with_removed=arguments.with_removed, is_own_process=True
    )
    terminal.at_end(lambda: _leave(question, terminal))
    if arguments.out is not None:
        _save(question, arguments, terminal)
    elif arguments.json or arguments.csv:
        question.answer(lambda answer: _write_text(answer, question, arguments, terminal))
    else:
        _show(question, arguments, terminal)
    return 0


def _leave(question: Question, terminal: Terminal) -> None:
    """End this process at once where a function of DuckDB heeds no interrupt: it would hold up, or break, an orderly end."""
    if question.guard.is_at_work:
        terminal.flush()
        os._exit(INTERRUPTED if question.guard.was_left else STOPPED)


def _check(arguments: Namespace) -> None:
    if arguments.query is None:
        raise UsageError(
            "`gnomon sql` needs a query",
            hint='for instance `gnomon sql "select name, status from runs"`; `--schema` lists the tables',
        )
    for one, other in (("json", "csv"), ("json", "out"), ("csv", "out"), ("limit", "all")):
        if getattr(arguments, one) not in (None, False) and getattr(arguments, other) not in (None, False):
            raise UsageError(f"`--{one}` and `--{other}` exclude each other")
    if arguments.limit is not None and (arguments.limit < 0 or arguments.out is not None):
        raise UsageError(
            "`--limit` must be a whole number from 0"
            if arguments.out is None
            else "`--limit` and `--out` exclude each other",
            hint=None if arguments.out is None else "write `limit N` at the end of the query",
        )
    if not arguments.timeout > 0:
        raise UsageError(f"`--timeout` must be a number of seconds above 0; got {arguments.timeout:g}")


# --- the views for others


def _write_views(arguments: Namespace, terminal: Terminal) -> None:
    """Print the statements that make the views; of a replica that is written to, say what is not in them."""
    from gnomon.env import REAL
    from gnomon.record.home import open_home, record_path
    from gnomon.runs.sql.shipped.dialects import DIALECTS
    from gnomon.runs.sql.shipped.views import place_of, statements

    if arguments.query is not None:
        raise UsageError("`--view` and a query exclude each other")
    root = arguments.remote
    if root is None or not ("/" in root or root.startswith(("~", "."))):
        home = open_home(record_path(getattr(arguments, "record", None), REAL), REAL)
        root = home.path
        if arguments.remote is not None:
            from gnomon.record.index_place import place_for
            from gnomon.sync.state import StateFile, chosen_remote

            root = chosen_remote(StateFile(home, place_for(home, REAL)).load(), arguments.remote)[1].url
        elif home.wal_files():
            terminal.say(
                "points of live runs are in no Parquet file yet and so not in these views: `gnomon sync` to a folder, and take"
                " the views of that (`--remote`)"
            )
    for statement in statements(DIALECTS[arguments.view], place_of(root)):
        terminal.write(f"{statement};\n")


# --- the schema


def _write_schema(table: str, terminal: Terminal) -> None:
    from gnomon.runs.sql.advice import near
    from gnomon.runs.sql.schema import TABLES

    if table == ALL:
        rows = [
            {"table": one.name, "what": one.meaning, "columns": ", ".join(_names(one.columns))}
            for one in TABLES.values()
        ]
        terminal.table(["table", "what", "columns"], rows, styles={"table": lambda _: "bold"})
        terminal.say(
            "`gnomon sql --schema TABLE` tells the types and what they mean; so does docs/reference/sql.md"
        )
        return
    found = TABLES.get(table.lower())
    if found is None:
        raise UsageError(
            f"there is no table `{table}`", hint=f"{near(table, TABLES)}the tables are {', '.join(TABLES)}"
        )
    columns = [
        {
            "column": one.name,
            "type": one.type,
            "meaning": one.meaning + ("; only where it is named" if one.by_name else ""),
        }
        for one in found.columns
    ]
    terminal.table(
        ["column", "type", "meaning"],
        columns,
        styles={"column": lambda _: "bold"},
        importance=["column", "meaning"],
    )


def _names(columns: Any) -> list[str]:
    return [column.name for column in columns]


# --- the answer


def _save(question: Question, arguments: Namespace, terminal: Terminal) -> None:
    from gnomon.runs.sql import saved

    def write(file: TextIO, ending: str, columns: list[str], rows: Iterator[dict[str, object]]) -> None:
        onto = terminal.onto(file)
        if ending == ".json":
            onto.json_list(rows)
        else:
            onto.csv(columns, rows)

    saved.save(question, arguments.out, write, overwrite=arguments.overwrite)
    terminal.say(f"wrote {terminal.size(os.path.getsize(arguments.out))}")
    terminal.write(terminal.clean(arguments.out))


def _write_text(answer: Any, question: Question, arguments: Namespace, terminal: Terminal) -> None:
    from itertools import islice

    from gnomon.runs.sql.answer import plain_rows
    from gnomon.runs.sql.engine import batches_of

    def rows() -> Iterator[dict[str, object]]:
        for batch in batches_of(answer):
            with question.guard.paused():  # whoever reads may take their time
                yield from plain_rows(batch)

    wanted = islice(rows(), arguments.limit)
    if arguments.json:
        terminal.json_list(wanted)
    else:
        terminal.csv(list(answer.columns), wanted)


def _show(question: Question, arguments: Namespace, terminal: Terminal) -> None:
    limit = None if arguments.all else arguments.limit
    if limit is None and not arguments.all:
        limit = max(FEWEST_ROWS, terminal.height - LINES_AROUND_TABLE) if terminal.is_interactive else PAGE
    from gnomon.runs.sql.answer import first_rows, flattened

    columns, rows, total, is_whole = question.answer(lambda answer: first_rows(answer, limit))
    if question.statement.is_explain:
        for line in chain.from_iterable(terminal.clean_lines(str(row[columns[-1]])) for row in rows):
            terminal.write(line)
        return
    if total == 0 and columns:
        terminal.say(
            f"no rows (columns: {', '.join(map(terminal.clean, columns[:12]))}{', …' if len(columns) > 12 else ''})"
        )
        return
    columns, rows = flattened(
        columns, [{key: _readable(value, terminal) for key, value in row.items()} for row in rows]
    )
    left_out = terminal.table(columns, rows, importance=_importance(columns, rows))
    if len(rows) < total:
        there_are = f"{'' if is_whole else 'more than '}{terminal.count(total, 'row')}"
        terminal.say(f"{len(rows):,} of {there_are}; `--all` or `--limit N` shows more")
    if left_out:
        names = ", ".join(terminal.clean(key) for key in left_out[:5]) + (", …" if len(left_out) > 5 else "")
        terminal.say(
            f"too narrow for {terminal.count(len(left_out), 'column')} ({names}); select fewer, or use `--json`"
        )


def _importance(columns: list[str], rows: list[dict[str, object]]) -> list[str]:
    """Return columns in the order in which a narrow terminal keeps them: those that say something, of a run its figures first."""
    telling = [key for key in columns if any(row[key] is not None for row in rows)]
    figures = [key for key in telling if key.startswith(("metrics.", "params.", "mean.", "spread."))]
    first = [key for key in telling if key in FIRST] if figures else []
    return list(dict.fromkeys([*first, *sorted(figures), *telling, *columns]))


def _readable(value: object, terminal: Terminal) -> object:
    """Return a value as a person reads it: a moment in their own zone."""
    from gnomon.runs.sql.answer import plain

    if isinstance(value, datetime) and value.tzinfo is not None:
        return terminal.timestamp(value.timestamp())
    if isinstance(value, dict):
        return {key: _readable(item, terminal) for key, item in value.items()}
    return plain(value)
