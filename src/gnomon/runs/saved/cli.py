"""`gnomon views`, `views save`, `views rm`: tables of runs with a name. No logic of views is here; see `runs.saved.views`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.saved.question import Question


def ls(parser: Parser) -> Run:
    """List the saved views: what a table of runs asks, under a name. The commands below save and remove them.

    A view is part of the record, so everybody who syncs has it. `gnomon runs --view NAME` shows its table.
    """
    return _declare_list(parser, "gnomon views")


def list_(parser: Parser) -> Run:
    """List the saved views. Where people changed one apart, each of what they saved has a line."""
    return _declare_list(parser, "gnomon views ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option("--json", action="store_true", help="print JSON: one object a view")
    parser.example(command, "all views")
    return _ls


def _ls(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record

    found = open_record(arguments, terminal).views()
    if arguments.json:
        terminal.json_list([one.to_dict() for one in found])
        return 0
    if not found:
        terminal.say("no saved views yet; `gnomon views save NAME --where …` makes one")
        return 0
    rows = []
    for one in found:
        said = [(one.name, one.question, one.author), *reversed(one.others)]
        for nth, (name, question, author) in enumerate(said):
            note = "not settled: the next save counts" if one.others else None
            row = {
                "id": one.id[:8] if nth == 0 else "",
                "name": name,
                **_shown(question),
                "by": author,
                "note": note,
            }
            rows.append(row)
    columns = ["id", "name", "where", "sort", "columns", "shows", "by", "note"]
    columns = [key for key in columns if key in ("id", "name") or any(row[key] for row in rows)]
    terminal.table(columns, rows, styles={"name": lambda _: "bold"}, importance=["name", "where", *columns])
    return 0


def _shown(question: Question) -> dict[str, object]:
    """Return the cells of what a view asks."""
    return {
        "where": question.where or None,
        "sort": ", ".join(question.sort) or None,
        "columns": ",".join(question.columns) or None,
        "shows": "seed groups" if question.by else "hidden runs" if question.removed else None,
    }


# ---------------------------------------------------------------- save, rm


def save(parser: Parser) -> Run:
    """Save what a table of runs asks, under a name, for everybody who has this record. Prints the view's id.

    A view that is called so already is changed: it then asks what is given here, and nothing else. Where people changed it
    apart, this settles it.
    """
    parser.option("name", metavar="NAME", help="what to call it")
    parser.option("--where", metavar="EXPRESSION", help="only runs for which this holds")
    parser.option(
        "--sort", metavar="KEY", action="append", complete="sort", help="sort by this column (repeatable)"
    )
    parser.option("--columns", metavar="A,B,…", complete="columns", help="show these columns")
    parser.option(
        "--pin", metavar="A,B,…", complete="columns", help="columns that stay at the left in the browser"
    )
    parser.option("--groups", action="store_true", help="groups of seeds instead of runs")
    parser.option("--removed", action="store_true", help="the hidden runs")
    parser.example(
        'gnomon views save "good ones" --where "metrics.auc > 0.9" --sort metrics.auc',
        "then `gnomon runs --view`",
    )
    return _save


def _save(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.runs.saved.question import asked

    if arguments.groups and arguments.removed:
        raise UsageError("`--groups` and `--removed` exclude each other", hint="hidden runs are in no group")
    given = asked([("columns", arguments.columns or ""), ("pin", arguments.pin or "")])
    saved = open_record(arguments, terminal).save_view(
        arguments.name, arguments.where or "", sort=arguments.sort or (), columns=given.columns, pin=given.pin,
        groups=arguments.groups, removed=arguments.removed,
    )  # fmt: skip
    terminal.write(saved.id)
    return 0


def rm(parser: Parser) -> Run:
    """Remove a saved view. Its runs stay as they are."""
    parser.option("view", metavar="NAME", help="its name, or the beginning of its id")
    parser.example('gnomon views rm "good ones"', "the name is free again")
    return _rm


def _rm(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.runs.saved import actions

    removed = actions.remove(open_record(arguments, terminal), arguments.view)
    terminal.say(f"removed the view `{terminal.clean(removed.name)}`")
    return 0
