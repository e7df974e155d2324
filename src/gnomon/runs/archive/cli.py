"""`gnomon export`, `archive`, `import`: runs as plain files, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.archive.export import Exported
    from gnomon.runs.face import Parser, Run, Terminal

_SHOWN = 20


def export(parser: Parser) -> Run:
    """Write runs into a folder of plain files, which anybody can open without Gnomon.

    A table of all runs, and for each run its facts, points, notes, console, code, kept files, images and tables, and cells; the
    versions of data that these runs used, and with `--all` every version. In the folder `record/` stands the same exactly:
    `gnomon import` takes it into another record.
    """
    _declare_choice(parser)
    parser.option(
        "--to", metavar="FOLDER", required=True, complete="files", help="the folder to write; it must be new"
    )
    _declare_form(parser)
    parser.example("gnomon export 4f1d --to best-run", "one run")
    parser.example("gnomon export --where \"group = 'paper'\" --to paper", "a selection")
    parser.example("gnomon export --all --points parquet --to everything", "all runs, all data")
    parser.example("gnomon export --all --no-data --to light", "all runs, of the data the facts alone")
    return _export


def archive(parser: Parser) -> Run:
    """Write runs into one ZIP file, for instance to attach it to a paper; it holds what `gnomon export` writes.

    The same runs give the same bytes. `gnomon import` takes the file into another record.
    """
    _declare_choice(parser)
    parser.option(
        "--to", metavar="FILE.zip", required=True, complete="files", help="the file to write; it must be new"
    )
    _declare_form(parser)
    parser.example("gnomon archive 4f1d 77ab --to runs.zip", "two runs")
    parser.example("gnomon archive --all --only record --to runs.zip", "to hand on, without the plain files")
    return _archive


def import_(parser: Parser) -> Run:
    """Take runs and data into this record that `gnomon export` or `gnomon archive` wrote.

    Everything is checked against its hash first; where one is wrong, nothing is imported. What is here already stays, so an
    import may be repeated, and exports may be imported in any order. Without a record here, one is made.
    """
    parser.option("path", metavar="PATH", complete="files", help="a folder or a ZIP file")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon import runs.zip", "an archive")
    parser.example("gnomon import paper", "a folder")
    return _import


def _declare_choice(parser: Parser) -> None:
    parser.option("runs", metavar="RUN", nargs="*", complete="run", help="ids of runs, or their beginnings")
    parser.option("--where", metavar="EXPRESSION", help="the runs for which this holds")
    parser.option("--all", action="store_true", help="all runs")
    parser.option("--removed", action="store_true", help="hidden runs, too")


def _declare_form(parser: Parser) -> None:
    parser.option(
        "--points",
        metavar="FORM",
        choices=["csv", "parquet"],
        default="csv",
        help="points as csv (default) or parquet",
    )
    parser.option(
        "--only", metavar="WHAT", choices=["files", "record"],
        help="`files` leaves out `record/`: half the size, but it cannot be imported; `record` leaves out the rest",
    )  # fmt: skip
    parser.option(
        "--no-data", action="store_true",
        help="of the versions of data that these runs used, leave the bytes out; their facts and profiles go along",
    )  # fmt: skip
    parser.option("--json", action="store_true", help="print JSON")
    parser.note(
        "Exit code 1: something of these runs is missing or damaged; it is named, and the rest is written. Files that were "
        "kept stand in an export twice: as they were, and in `record/`."
    )


def _export(arguments: Namespace, terminal: Terminal) -> int:
    return _write(arguments, terminal, as_file=False)


def _archive(arguments: Namespace, terminal: Terminal) -> int:
    return _write(arguments, terminal, as_file=True)


def _write(arguments: Namespace, terminal: Terminal, *, as_file: bool) -> int:
    from gnomon.runs.archive import export as files

    command = "archive" if as_file else "export"
    ways = [bool(arguments.runs), arguments.where is not None, arguments.all]
    if sum(ways) != 1:
        said = "exclude each other" if sum(ways) > 1 else "are all missing"
        raise UsageError(
            f"`RUN`, `--where` and `--all` of `gnomon {command}` {said}",
            hint="say which runs are meant, in one way",
        )
    record = open_record(arguments, terminal)
    record.export_progress = terminal.progress("exporting")
    wanted = files.Wanted(
        arguments.runs or None, arguments.where, arguments.removed, arguments.points, arguments.only,
        not arguments.no_data,
    )  # fmt: skip
    write = files.archive if as_file else files.export
    done = write(record, arguments.to, wanted, lambda said: terminal.say(terminal.clean(said)))
    if arguments.json:
        terminal.json(done._asdict())
    else:
        _say(done, terminal)
        terminal.write(terminal.clean(arguments.to))
    return 1 if done.problems else 0


def _say(done: Exported, terminal: Terminal) -> None:
    for note in done.notes:
        terminal.say(f"note: {terminal.clean(note)}")
    for problem in done.problems[:_SHOWN]:
        terminal.say(terminal.style(f"missing: {terminal.clean(problem)}", "yellow", talk=True))
    if len(done.problems) > _SHOWN:
        terminal.say(f"and {len(done.problems) - _SHOWN} more: see its README.md")
    files = terminal.count(done.files, "file")
    data = f" and {terminal.count(len(done.data), 'version')} of data" if done.data else ""
    terminal.say(f"wrote {terminal.count(len(done.runs), 'run')}{data}: {files}, {terminal.size(done.bytes)}")


def _import(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.archive.take_in import make_if_missing

    make_if_missing(getattr(arguments, "record", None))
    record = open_record(arguments, terminal)
    record.export_progress = terminal.progress("importing")
    done = record.import_(arguments.path)
    if arguments.json:
        terminal.json(done._asdict())
        return 0
    data = (
        f", {terminal.count(len(done.data), 'version')} of data, {_news(done.new_data)}" if done.data else ""
    )
    terminal.say(
        f"imported {terminal.count(len(done.runs), 'run')}, {_news(done.new_runs)}{data}: "
        f"{terminal.count(done.entries, 'entry', 'entries')}, "
        f"{terminal.count(done.points, 'point')}, {terminal.count(done.objects, 'object')}"
    )
    new = set(done.new_runs)
    for run in done.runs:
        mark = "" if not terminal.is_interactive else "  new" if run in new else "  was here"
        terminal.write(f"{terminal.clean(run)}{mark}")
    return 0


def _news(new: list[str]) -> str:
    return f"{len(new):,} of them new" if new else "none of them new"
