"""`gnomon runs`, and what all commands about runs share. The others: `runs.cli_show`, `runs.cli_change`.

They ask `runs.views` and write through a `Terminal` (`runs.face`); no logic of runs is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.table import RunTable
    from gnomon.runs.views import Record

PAGE = 20
FEWEST_ROWS = 10
LINES_AROUND_TABLE = 6
NO_RUNS = "no runs yet: `gnomon run -- python train.py` records one, or `gnomon.run()` in your script"
STATUS_STYLES = {"failed": "red", "stopped": "yellow", "interrupted": "yellow", "running": "cyan"}


def open_record(arguments: Namespace, terminal: Terminal) -> Record:
    """Return the record that the command line means; taking in what is new shows its progress."""
    from gnomon.runs.views import open

    record = open(getattr(arguments, "record", None))
    terminal.at_end(record.close)
    record.progress = terminal.progress("reading what is new")
    return record


# --- list


def runs(parser: Parser) -> Run:
    """List runs, newest first.

    The table shows what tells the runs apart: parameters that vary, and the last value of each metric; the status, where not
    all are finished. A narrow terminal keeps what `--sort` and `--where` name, then some of both, metrics of validation
    before those of training; what has no room is said. A pipe gets every column.

    `--columns` chooses; `--where` and `--sort` take the same keys: name, status, group, seed, tags, created, ended, duration,
    parent, params.NAME, data.NAME (the version used), metrics.NAME (its last value), metrics.NAME.min and .max.
    """
    parser.option(
        "--where", metavar="EXPRESSION", help='only runs for which this holds, such as "params.lr < 0.01"'
    )
    parser.option(
        "--sort", metavar="KEY", action="append", complete="sort",
        help="sort by this column; `-KEY`, `KEY:asc` and `KEY:desc` say which way (repeatable)",
    )  # fmt: skip
    parser.option("--columns", metavar="A,B,…", complete="columns", help="show these columns")
    parser.option(
        "--view", metavar="NAME", help="what a saved view asks; other options go before it (`gnomon views`)"
    )
    parser.option(
        "--limit", metavar="N", type=int, help=f"at most so many runs (default: what fits, or {PAGE})"
    )
    parser.option("--all", action="store_true", help="all runs, however many")
    parser.option("--removed", action="store_true", help="list the hidden runs instead")
    parser.option(
        "--groups",
        action="store_true",
        help="list groups of seeds instead, metrics as mean ± standard deviation between seeds",
    )
    parser.option(
        "--same-code", action="store_true",
        help="with --groups: leave out runs that ran other code than most of their group",
    )  # fmt: skip
    parser.option("--json", action="store_true", help="print a JSON list of all runs (or of --limit)")
    parser.option("--csv", action="store_true", help="print CSV of all runs (or of --limit)")
    parser.example("gnomon runs", "the newest")
    parser.example('gnomon runs --where "params.lr < 0.01 and metrics.auc > 0.9"', "only some")
    parser.example("gnomon runs --sort metrics.loss:asc --columns name,seed,metrics.loss", "your own table")
    parser.example("gnomon runs --view 'best of each'", "the table that a saved view asks for")
    parser.example(
        "gnomon runs --groups --sort metrics.auc", "groups of seeds, that with the best mean first"
    )
    parser.example("gnomon runs --json --limit 1", "the newest, for a program")
    parser.note(
        "With --json each run is an object with id, name, status, group, seed, tags, created, ended, duration_s, parent, "
        "params and metrics. JSON has no NaN and no infinity: they are the texts `NaN`, `Infinity` and `-Infinity` there, and "
        "`nan`, `inf`, `-inf` in CSV; null is what is missing. Times are ISO 8601 in UTC. "
        "In CSV a text that begins like a formula gets a ' in front, and control characters are "
        "written as escapes."
    )
    return _runs


def _runs(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.columns import importance, keys_concerned, side_by_side

    if arguments.json and arguments.csv:
        raise UsageError("`--json` and `--csv` exclude each other")
    if arguments.all and arguments.limit is not None:
        raise UsageError("`--all` and `--limit` exclude each other")
    if arguments.groups and arguments.removed:
        raise UsageError("`--groups` and `--removed` exclude each other", hint="hidden runs are in no group")
    record = open_record(arguments, terminal)
    if arguments.view is not None:
        _take_view(arguments, record)
    if arguments.same_code and not arguments.groups:
        raise UsageError("`--same-code` needs `--groups`", hint="`gnomon runs --groups --same-code`")
    columns = _asked_columns(arguments.columns)
    limit = _limit(arguments, terminal)
    if arguments.groups:
        _groups(record, arguments, columns, limit, terminal)
        return _ended(record, arguments, terminal)

    def ask(columns: list[str] | None) -> RunTable:
        return record.runs(
            arguments.where, sort=arguments.sort, columns=columns, limit=limit, removed=arguments.removed
        )

    table = ask(columns)
    _say_unknown(record, table.unknown, terminal, _sorted_by(arguments))
    if arguments.json:
        terminal.json_list(table.records())
    elif arguments.csv:
        _write_csv(table, terminal)
    elif not len(table):
        terminal.say(_why_nothing(arguments, record))
    elif columns is not None:
        known = [key for key in table.columns if key not in set(table.unknown)]
        _write_table(record, table, known, [], terminal)
    else:
        concerned = keys_concerned(arguments.where, arguments.sort or (), table.unknown)
        shown = side_by_side([*table.default_columns(), *concerned])
        table = table if set(shown) <= set(table.columns) else ask(shown)
        _write_table(record, table, shown, importance(shown, concerned), terminal)
    return _ended(record, arguments, terminal)


def _ended(record: Record, arguments: Namespace, terminal: Terminal) -> int:
    """Ask for the update of today where a person reads a table, and return the exit code."""
    from gnomon.team.updates.asking import ask

    if not arguments.json and not arguments.csv:
        ask(record.replica, terminal)
    return 0


def _take_view(arguments: Namespace, record: Record) -> None:
    """Put what a saved view asks where the command line says nothing."""
    question = record.view(arguments.view).question
    arguments.where = question.where or None if arguments.where is None else arguments.where
    arguments.sort = list(question.sort) or None if arguments.sort is None else arguments.sort
    arguments.columns = ",".join(question.columns) or None if arguments.columns is None else arguments.columns
    arguments.groups = arguments.groups or (bool(question.by) and not arguments.removed)
    arguments.removed = arguments.removed or (question.removed and not arguments.groups)


def _groups(
    record: Record, arguments: Namespace, columns: list[str] | None, limit: int | None, terminal: Terminal
) -> None:
    from gnomon.runs.groups.cli import write_groups, write_groups_csv

    table = record.groups(
        arguments.where, sort=arguments.sort, columns=columns, limit=limit, same_code=arguments.same_code
    )
    _say_unknown(record, table.unknown, terminal)
    if arguments.json:
        terminal.json_list(table.records())
    elif arguments.csv:
        write_groups_csv(table, terminal)
    elif not len(table):
        terminal.say("no group of seeds matches" if arguments.where else NO_RUNS)
    else:
        write_groups(table, columns or table.default_columns(), terminal)


def _limit(arguments: Namespace, terminal: Terminal) -> int | None:
    """Return how many runs are wanted: a program gets all, a person what fits, unless they say."""
    if arguments.limit is not None or arguments.all or arguments.json or arguments.csv:
        return arguments.limit  # type: ignore[no-any-return]
    return max(FEWEST_ROWS, terminal.height - LINES_AROUND_TABLE) if terminal.is_interactive else PAGE


def _sorted_by(arguments: Namespace) -> list[str]:
    """Return the columns of `--sort`."""
    from gnomon.runs.where import parse_sort

    return [column for column, _ in parse_sort(arguments.sort)] if arguments.sort else []


def _say_unknown(
    record: Record, unknown: Iterable[str], terminal: Terminal, sorted_by: Iterable[str] = ()
) -> None:
    """Say which columns no run has: most often they are misspelt, or lack their `params.` or `metrics.`."""
    from gnomon.runs.columns import near_columns

    by = set(sorted_by)
    for column in dict.fromkeys(unknown):
        name = column.removesuffix(".last") if column.startswith("metrics.") else column
        near = near_columns(name, [*record.column_keys(), *record.process_keys()])
        meant = f"; did you mean {' or '.join(f'`{terminal.clean(key)}`' for key in near)}?" if near else ""
        so = ", so nothing is sorted by it" if column in by else ""
        terminal.say(f"no run has `{terminal.clean(name)}`{so}{meant}")


def _asked_columns(text: str | None) -> list[str] | None:
    from gnomon.runs.where_text import SAME

    if text is None:
        return None
    columns = [SAME.get(key.strip(), key.strip()) for key in text.split(",") if key.strip()]
    if not columns:
        raise UsageError(
            "`--columns` needs at least one column", hint="for instance `--columns name,metrics.loss`"
        )
    return list(dict.fromkeys(columns))


def _write_table(
    record: Record, table: RunTable, columns: list[str], importance: list[str], terminal: Terminal
) -> None:
    digits = shown_digits(record, table.ids)
    rows = table.to_pylist()
    when = _timestamps(rows, terminal)
    shown = {
        "id": lambda value: str(value)[:digits],
        "parent": lambda value: str(value)[:digits] if value else "-",
        "created": when,
        "ended": when,
        "duration": terminal.duration,
    }
    styles = {"status": lambda value: STATUS_STYLES.get(str(value), ""), "id": lambda _: "bold"}
    left_out = terminal.table(columns, rows, shown, styles=styles, importance=importance)
    if len(table) < table.total:
        terminal.say(
            f"{len(table):,} of {terminal.count(table.total, 'run')}; `--all` or `--limit N` shows more"
        )
    if left_out:
        names = ", ".join(terminal.clean(key) for key in left_out[:5]) + (", …" if len(left_out) > 5 else "")
        terminal.say(
            f"too narrow for {terminal.count(len(left_out), 'column')} ({names}); `--columns` chooses"
        )


def _timestamps(rows: list[dict[str, object]], terminal: Terminal) -> Callable[[object], str]:
    """Return how times are shown: to the minute, or to the second where two runs were made within one minute."""
    minutes = [terminal.timestamp(row["created"]) for row in rows if row.get("created") is not None]
    if len(set(minutes)) == len(minutes):
        return terminal.timestamp
    return lambda moment: terminal.timestamp(moment, with_seconds=True)


def _write_csv(table: RunTable, terminal: Terminal) -> None:
    from gnomon.runs.table import TIMES, iso_time

    names = {key: "duration_s" if key == "duration" else key for key in table.columns}

    def readable(row: dict[str, object]) -> dict[str, object]:
        return {names[key]: iso_time(value) if key in TIMES else value for key, value in row.items()}

    terminal.csv(list(names.values()), map(readable, table.to_pylist()))


def _why_nothing(arguments: Namespace, record: Record) -> str:
    if arguments.limit == 0:
        return "no runs: `--limit 0` asks for none"
    kind = "hidden run" if arguments.removed else "run"
    if arguments.where:
        return f"no {kind} matches"
    if arguments.removed:
        return "no hidden runs"
    hidden = len(record.runs(removed=True, columns=["id"], limit=None))
    if hidden:
        are = "run is" if hidden == 1 else "runs are"
        return f"no runs to list; {hidden:,} {are} hidden: `gnomon runs --removed` lists them, `gnomon restore` brings them back"
    return NO_RUNS


def shown_digits(record: Record, ids: Iterable[str]) -> int:
    """Return how many digits tell these runs from every run of the record, hidden ones included; at least 8."""
    from gnomon.runs.short_ids import digits_to_show

    return digits_to_show(record.replica.index, ids)
