"""The commands about runs: list, change, and take kept files out. `show` is in `runs.cli_show`.

They ask `runs.views` and write through a `Terminal` (`runs.face`); no logic of runs is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli_show import show as show  # the command table names all commands of runs in this module

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.run_view import Kept, RunView
    from gnomon.runs.table import RunTable
    from gnomon.runs.views import Record

PAGE = 20
FEWEST_ROWS = 10
LINES_AROUND_TABLE = 6
STATUS_STYLES = {"failed": "red", "stopped": "yellow", "interrupted": "yellow", "running": "cyan"}
SCISSORS = "<!-- gnomon: what is below this line is left out -->"


def open_record(arguments: Namespace, terminal: Terminal) -> Record:
    """Return the record that the command line means; taking in what is new shows its progress."""
    from gnomon.runs.views import open

    record = open(getattr(arguments, "record", None))
    record.progress = terminal.progress("reading what is new")
    return record


# --- list


def runs(parser: Parser) -> Run:
    """List runs, newest first.

    The table shows what tells the runs apart: parameters that vary, and the last value of each metric. `--columns`
    chooses; `--where` and `--sort` take the same keys: name, status, group, seed, tags, created, ended, duration, parent,
    params.NAME, metrics.NAME (its last value), metrics.NAME.min and .max.
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
        "--limit", metavar="N", type=int, help=f"at most so many runs (default: what fits, or {PAGE})"
    )
    parser.option("--all", action="store_true", help="all runs, however many")
    parser.option("--removed", action="store_true", help="list the hidden runs instead")
    parser.option("--json", action="store_true", help="print a JSON list of all runs (or of --limit)")
    parser.option("--csv", action="store_true", help="print CSV of all runs (or of --limit)")
    parser.example("gnomon runs", "the newest")
    parser.example('gnomon runs --where "params.lr < 0.01 and metrics.auc > 0.9"', "only some")
    parser.example("gnomon runs --sort metrics.loss:asc --columns name,seed,metrics.loss", "your own table")
    parser.example("gnomon runs --json --limit 1", "the newest, for a program")
    parser.note(
        "With --json each run is an object with id, name, status, group, seed, tags, created, ended, duration_s, parent, "
        "params and metrics. JSON has no NaN and no infinity: both are null there, and `nan`, `inf` in CSV. Times are "
        "ISO 8601 in UTC. In CSV a text that begins like a formula gets a ' in front, and control characters are "
        "written as escapes."
    )
    return _runs


def _runs(arguments: Namespace, terminal: Terminal) -> int:
    if arguments.json and arguments.csv:
        raise UsageError("`--json` and `--csv` exclude each other")
    if arguments.all and arguments.limit is not None:
        raise UsageError("`--all` and `--limit` exclude each other")
    record = open_record(arguments, terminal)
    columns = _asked_columns(arguments.columns)
    for_program = arguments.json or arguments.csv
    limit = arguments.limit
    if limit is None and not arguments.all and not for_program:
        limit = max(FEWEST_ROWS, terminal.height - LINES_AROUND_TABLE) if terminal.is_interactive else PAGE
    table = record.runs(
        arguments.where, sort=arguments.sort, columns=columns, limit=limit, removed=arguments.removed
    )
    if arguments.json:
        terminal.json_list(table.records())
    elif arguments.csv:
        _write_csv(table, terminal)
    elif not len(table):
        terminal.say(_why_nothing(arguments))
    else:
        _write_table(
            record, table, table.columns if columns is not None else table.default_columns(), terminal
        )
    return 0


def _asked_columns(text: str | None) -> list[str] | None:
    if text is None:
        return None
    columns = [key.strip() for key in text.split(",") if key.strip()]
    if not columns:
        raise UsageError(
            "`--columns` needs at least one column", hint="for instance `--columns name,metrics.loss`"
        )
    return list(dict.fromkeys(columns))


def _write_table(record: Record, table: RunTable, columns: list[str], terminal: Terminal) -> None:
    digits = shown_digits(record, table.ids)
    shown = {
        "id": lambda value: str(value)[:digits],
        "parent": lambda value: str(value)[:digits] if value else "-",
        "created": terminal.timestamp,
        "ended": terminal.timestamp,
        "duration": terminal.duration,
    }
    styles = {"status": lambda value: STATUS_STYLES.get(str(value), ""), "id": lambda _: "bold"}
    left_out = terminal.table(columns, table.to_pylist(), shown, styles=styles)
    if len(table) < table.total:
        terminal.say(
            f"{len(table):,} of {terminal.count(table.total, 'run')}; `--all` or `--limit N` shows more"
        )
    if left_out:
        names = ", ".join(terminal.clean(key) for key in left_out[:5]) + (", …" if len(left_out) > 5 else "")
        terminal.say(
            f"too narrow for {terminal.count(len(left_out), 'column')} ({names}); `--columns` chooses"
        )


def _write_csv(table: RunTable, terminal: Terminal) -> None:
    from gnomon.runs.table import TIMES, iso_time

    def readable(row: dict[str, object]) -> dict[str, object]:
        return {key: iso_time(value) if key in TIMES else value for key, value in row.items()}

    terminal.csv(table.columns, map(readable, table.to_pylist()))


def _why_nothing(arguments: Namespace) -> str:
    if arguments.limit == 0:
        return "no runs: `--limit 0` asks for none"
    kind = "hidden run" if arguments.removed else "run"
    return f"no {kind} matches" if arguments.where else f"no {kind}s" + ("" if arguments.removed else " yet")


def shown_digits(record: Record, ids: Iterable[str]) -> int:
    """Return how many digits tell these runs from every run of the record, hidden ones included; at least 8."""
    from gnomon.ids import SHOWN_LENGTH

    wanted, known = set(ids), record.replica.index.subjects("run")
    digits = SHOWN_LENGTH
    while digits < max(map(len, wanted), default=0):
        beginnings = {run[:digits] for run in wanted}
        if sum(1 for run in known if run[:digits] in beginnings) <= len(wanted):
            break
        digits += 1
    return digits


# --- change


def note(parser: Parser) -> Run:
    """Write a note about a run, in Markdown.

    Without a text your editor opens (VISUAL, then EDITOR); with `-` the text is read from standard input.
    """
    parser.option("run", metavar="RUN", complete="run", help="the run's id, or the beginning of it")
    parser.option("text", metavar="TEXT", nargs="?", help="the note; `-` reads it from standard input")
    parser.example('gnomon note 4f1d "Plateaus after 3 epochs; next: smaller depth."', "a line")
    parser.example("gnomon note 4f1d", "in your editor")
    parser.example("gnomon note 4f1d - < findings.md", "from a file")
    return _note


def _note(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    run = record.run(arguments.run)
    text = arguments.text
    if text == "-":
        import sys

        text = sys.stdin.read()
    elif text is None:
        text = _from_editor(f"a note in Markdown about run {_called(run, terminal)}")
    record.add_note(run.id, text.strip("\n"))
    terminal.say(f"noted on run {_called(run, terminal)}")
    return 0


def _from_editor(about: str) -> str:
    import os
    import shlex
    import subprocess
    import sys
    import tempfile

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not sys.stdin.isatty():
        raise UsageError(
            "`gnomon note` needs a text", hint="give it as an argument, or `-` to read standard input"
        )
    if not editor:
        raise UsageError("`gnomon note` needs a text, or an editor", hint="give a text, or set EDITOR")
    with tempfile.TemporaryDirectory(prefix="gnomon-") as folder:
        path = os.path.join(folder, "note.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"\n\n{SCISSORS}\n{about}\n")
        done = subprocess.run([*shlex.split(editor), path], check=False)
        if done.returncode != 0:
            raise UsageError(
                f"the editor `{editor}` ended with {done.returncode}", hint="nothing was written"
            )
        with open(path, encoding="utf-8") as file:
            return file.read().partition(SCISSORS)[0].strip("\n")


def tag(parser: Parser) -> Run:
    """Add tags to a run, or take them away. Prints the tags that it then has, one a line.

    A tag that a teammate adds at the same time, elsewhere, stays.
    """
    parser.option("run", metavar="RUN", complete="run", help="the run's id, or the beginning of it")
    parser.option("tags", metavar="TAG", nargs="*", help="tags to add")
    parser.option(
        "--remove",
        metavar="TAG",
        nargs="+",
        action="extend",
        default=[],
        complete="tag",
        help="tags to take away",
    )
    parser.example("gnomon tag 4f1d candidate paper", "add two")
    parser.example("gnomon tag 4f1d --remove candidate", "take one away")
    return _tag


def _tag(arguments: Namespace, terminal: Terminal) -> int:
    both = sorted(set(arguments.tags) & set(arguments.remove))
    if both:
        raise UsageError(f"tag `{both[0]}` cannot be added and taken away at once")
    record = open_record(arguments, terminal)
    run = record.run(arguments.run)
    if arguments.tags or arguments.remove:
        record.tag(run.id, arguments.tags, arguments.remove)
        run = record.run(run.id)
    for text in run.tags:
        terminal.write(terminal.clean(text))
    if not run.tags:
        terminal.say(f"run {_called(run, terminal)} has no tags")
    return 0


def rename(parser: Parser) -> Run:
    """Give a run another name. Where two people gave it different names, this settles it."""
    parser.option("run", metavar="RUN", complete="run", help="the run's id, or the beginning of it")
    parser.option("name", metavar="NAME", help="the new name")
    parser.example("gnomon rename 4f1d baseline-2", "the id stays")
    return _rename


def _rename(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    run = record.run(arguments.run)
    record.rename(run.id, arguments.name)
    before = f", before `{terminal.clean(run.name)}`" if run.name else ""
    terminal.say(f"run {run.id[:8]} is now called `{terminal.clean(arguments.name)}`{before}")
    return 0


def rm(parser: Parser) -> Run:
    """Hide runs from lists. Nothing is deleted: `gnomon restore` brings them back.

    The bytes stay in the record, and so in every copy of it.
    """
    parser.option("runs", metavar="RUN", nargs="+", complete="run", help="ids, or the beginnings of them")
    parser.example("gnomon rm 4f1d 99ab", "hide two")
    parser.example("gnomon runs --removed", "what is hidden")
    return _rm


def _rm(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    found = _resolved(record, arguments.runs)
    for run in found:
        record.remove(run.id)
        terminal.say(f"hidden: run {_called(run, terminal)}")
    ids = " ".join(run.id[: shown_digits(record, [run.id])] for run in found)
    terminal.say(
        f"nothing was deleted; `gnomon restore {ids}` brings {'it' if len(found) == 1 else 'them'} back"
    )
    return 0


def restore(parser: Parser) -> Run:
    """Bring hidden runs back. See `gnomon runs --removed`."""
    parser.option(
        "runs", metavar="RUN", nargs="+", complete="hidden-run", help="ids, or the beginnings of them"
    )
    parser.example("gnomon restore 4f1d", "show it in lists again")
    return _restore


def _restore(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    for run in _resolved(record, arguments.runs):
        record.restore(run.id)
        terminal.say(f"back: run {_called(run, terminal)}")
    return 0


def _resolved(record: Record, short_ids: Iterable[str]) -> list[RunView]:
    """Return the runs that are meant, each once; all are looked up before anything is written."""
    found = {run.id: run for run in map(record.run, short_ids)}
    return list(found.values())


def _called(run: RunView, terminal: Terminal) -> str:
    return f"{run.id[:8]} ({terminal.clean(run.name)})" if run.name else run.id[:8]


# --- kept files


def get(parser: Parser) -> Run:
    """Write a kept file or folder of a run to the disk, and print where it is.

    Its bytes are checked against their hash first. What is at the target stays, unless `--overwrite` is given.
    """
    parser.option("run", metavar="RUN", complete="run", help="the run's id, or the beginning of it")
    parser.option(
        "name", metavar="NAME", complete="kept", help="what it is called in the run: see `gnomon show RUN`"
    )
    parser.option("--to", metavar="PATH", required=True, complete="files", help="the file or folder to write")
    parser.option("--overwrite", action="store_true", help="replace files that are there")
    parser.example("gnomon get 4f1d model.skops --to best.skops", "where nothing is yet")
    return _get


def _get(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.errors import BadArgumentError
    from gnomon.objects.store import ObjectStore

    record = open_record(arguments, terminal)
    run = record.run(arguments.run)
    kept = _kept_as(run, arguments.name)
    home = record.replica.home
    store = ObjectStore(home.env, f"{home.path}/objects")
    try:
        files = store.restore(kept.object, arguments.to, overwrite=arguments.overwrite, is_tree=kept.is_tree)
    except BadArgumentError as error:
        hint = error.hint and error.hint.replace("`overwrite=True`", "`--overwrite`")
        raise BadArgumentError(error.message, hint=hint) from error
    terminal.say(f"wrote {terminal.count(files, 'file')}, {terminal.size(kept.size)}")
    terminal.write(terminal.clean(arguments.to))
    return 0


def _kept_as(run: RunView, name: str) -> Kept:
    """Return what was last kept under this name."""
    kept = run.kept
    for one in reversed(kept):
        if one.name == name:
            return one
    from gnomon.errors import UnknownSubjectError

    names = ", ".join(f"`{one}`" for one in dict.fromkeys(one.name for one in kept))
    raise UnknownSubjectError(
        f"run {run.id[:8]} kept nothing called `{name}`",
        hint=f"it kept {names}" if names else "it kept no files",
    )
