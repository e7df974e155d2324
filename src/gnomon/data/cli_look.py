"""`gnomon data log`, `show`, `diff`, `tag`: what the record knows of versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.data.cli import mark_of, write_changes
from gnomon.data.cli_profile import profiles_moved, write, write_of_version
from gnomon.errors import UsageError
from gnomon.runs.cli import open_record, shown_digits

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.data.views import DataVersion
    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record

MOST_RUNS = 20
MOST_LISTED = 20
VERSION_HELP = "such as `credit@v3`, `credit@gold`, `credit@4f1d77ab`, or `credit` for the newest"


def log(parser: Parser) -> Run:
    """List the versions of a data set, newest first."""
    parser.option("name", metavar="NAME", complete="dataset", help="the data set")
    parser.option("--json", action="store_true", help="print JSON: one object a version")
    parser.example("gnomon data log credit", "its versions")
    return _log


def _log(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data.views import versions

    record = open_record(arguments, terminal)
    found = versions(record, arguments.name)[::-1]
    if arguments.json:
        terminal.json_list([one.to_dict() for one in found])
        return 0
    called = {one.id: one.label for one in found}
    rows = [
        {
            "version": one.label,
            "id": one.id[:8],
            "added": one.created,
            "files": f"{one.file_count:,}" if one.object else None,
            "size": terminal.size(one.size) if one.object else None,
            "rows": f"{one.state['profile']['rows']:,}" if one.state["profile"].get("rows") else None,
            "after": ", ".join(called.get(parent, parent[:8]) for parent in one.parents)
            if one.follows_others(found)
            else None,
            "tags": ", ".join(one.tags),
            "message": terminal.clean(one.message or ""),
            "note": mark_of(one),
        }
        for one in found
    ]
    columns = ["version", "id", "added", "files", "size", "rows", "after", "tags", "message", "note"]
    columns = [key for key in columns if any(row[key] for row in rows)]
    terminal.table(
        columns, rows, {"added": terminal.timestamp}, styles={"version": lambda _: "bold"},
        importance=["version", "added", "size", "tags", "message", *columns],
    )  # fmt: skip
    return 0


# ---------------------------------------------------------------- show


def show(parser: Parser) -> Run:
    """Show everything about a version: what it holds, what was said of it, its profile, which runs used it."""
    parser.option("version", metavar="VERSION", complete="version", help=VERSION_HELP)
    parser.option("--files", action="store_true", help="list all its files")
    parser.option("--all", action="store_true", help="list all columns of its profile, not only the first")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon data show credit", "the newest version")
    parser.example("gnomon data show credit@v1 --files", "with its files")
    return _show


def _show(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    version = record.data(arguments.version)
    if arguments.json:
        from gnomon.data.profiling import profile_or_note

        files = [file._asdict() for file in version.files()] if arguments.files else None
        found, note = profile_or_note(version)
        shown = {"profile": found.to_json() if found is not None else None, "profile_note": note}
        terminal.json({**version.to_dict(), **shown, **({"file_list": files} if files is not None else {})})
        return 0
    listed = version.files() if arguments.files else []
    terminal.write(f"data {terminal.style(version.label, 'bold')}  {version.id}")
    reference = version.reference
    amount = f"{terminal.count(version.file_count, 'file')}, {terminal.size(version.size)}"
    facts = {
        "holds": f"{terminal.clean(version.file_name)}{'/' if version.is_tree else ''} ({amount})"
        if version.object
        else None,
        "digest": version.object,
        "lies at": f"{terminal.clean(str(reference['place']))}  ({mark_of(version)})" if reference else None,
        "added": terminal.timestamp(version.created, with_seconds=True),
        "by": version.author and terminal.clean(version.author),
        "device": version.writer and version.writer[:12],
        "after": ", ".join(_label_of(record, parent, version.name) for parent in version.parents),
        "tags": ", ".join(version.tags),
        "message": version.message and terminal.clean(version.message),
        "erased": _erased(version, terminal),
        **{field.replace("_", " "): terminal.clean(text) for field, text in version.described.items()},
        "croissant": version.state["croissant"] and f"described by {version.state['croissant'][:12]}",
    }
    longest = max(len(key) for key, fact in facts.items() if fact)
    for key, fact in facts.items():
        if fact:
            terminal.write(f"  {terminal.style(f'{key:<{longest}}', 'dim')}  {fact}")
    for field, values in version.conflicts.items():
        said = " and ".join(f"`{terminal.clean(str(value))}`" for value in values)
        text = f"two said different things: {field.replace('_', ' ')} is {said}; adding it again with one of them settles it"
        terminal.write(f"  {terminal.style(text, 'yellow')}")
    for note in version.notes:
        terminal.write(f"  {terminal.style(f'note: {terminal.clean(note)}', 'yellow')}")
    write_of_version(version, terminal, with_all=arguments.all)
    _contracts(version, terminal, with_all=arguments.all)
    _used_by(record, version, terminal)
    if arguments.files:
        _heading("files", terminal)
        for file in listed:
            terminal.write(
                f"  {terminal.clean(file.path)}  {terminal.style(terminal.size(file.size), 'dim')}"
            )
    return 0


def _erased(version: DataVersion, terminal: Terminal) -> str | None:
    found = version.erased
    if found is None:
        return None
    who = terminal.clean(found["author"] or "device " + str(found["writer"])[:12])
    why = f": {terminal.clean(found['reason'])}" if found["reason"] else ""
    return (
        f"{terminal.timestamp(found['time_us'] / 1e6)} by {who}{why} ({terminal.size(found['bytes'])} went)"
    )


def _contracts(version: DataVersion, terminal: Terminal, *, with_all: bool) -> None:
    if not version.checks:
        return
    from gnomon.data.cli_contract import write_verdict

    _heading("contracts", terminal)
    for one in version.checks:
        when = terminal.timestamp(one["time_us"] / 1e6)
        write_verdict(f"  {terminal.clean(one['contract_name'])}, {when}", one, terminal, with_all=with_all)


def _used_by(record: Record, version: DataVersion, terminal: Terminal) -> None:
    runs = version.used_by[::-1]
    if not runs:
        return
    _heading(f"used by {terminal.count(len(runs), 'run')}", terminal)
    shown = runs[:MOST_RUNS]
    digits = shown_digits(record, shown)
    rows = [
        {"id": run[:digits], "name": view.name, "status": view.status, "created": view.created}
        for run in shown
        for view in [record.run(run)]
    ]
    terminal.table(
        ["id", "name", "status", "created"], rows, {"created": terminal.timestamp}, indent="  ",
        styles={"id": lambda _: "bold"}, importance=["id", "name", "status", "created"],
    )  # fmt: skip
    if len(runs) > MOST_RUNS:
        terminal.write(f"  and {len(runs) - MOST_RUNS:,} more; `--json` has all")


def _label_of(record: Record, id: str, name: str) -> str:
    from gnomon.data.views import labels, rows

    return labels(rows(record.replica.index, name)).get(id, id[:8])


def _heading(title: str, terminal: Terminal) -> None:
    terminal.write()
    terminal.write(terminal.style(title, "bold"))


# ---------------------------------------------------------------- diff and tag


def diff(parser: Parser) -> Run:
    """Say which files a version adds, removes, changes and moves, compared with another, and what moved in its profile.

    With one version: compared with the one before it. What moved in columns is told where both versions have a profile; `--rows`
    reads both and names rows.
    """
    parser.option(
        "versions",
        metavar="VERSION",
        nargs="+",
        complete="version",
        help=f"one or two versions: {VERSION_HELP}",
    )
    parser.option("--all", action="store_true", help="list all files and columns, not only the first")
    parser.option(
        "--rows",
        action="store_true",
        help="compare rows of tables too: added, removed and changed ones, with examples as they are",
    )
    parser.option(
        "--key",
        metavar="COLUMN",
        action="append",
        default=[],
        help="a row is known by this column (repeatable; default: one that is unique in both versions)",
    )
    parser.option("--file", metavar="PATH", help="compare the rows of this file of a folder")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon data diff credit@v1 credit@v2", "from the first to the second")
    parser.example("gnomon data diff credit@v2", "from the version before it")
    parser.example("gnomon data diff credit@v1 credit@v2 --rows --file train.csv --key id", "row by row")
    return _diff


def _diff(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    if len(arguments.versions) > 2:
        raise UsageError(
            f"`gnomon data diff` compares two versions; got {len(arguments.versions)}", hint="name one or two"
        )
    found = [record.data(one) for one in arguments.versions]
    if len(found) == 1:
        found.insert(0, found[0].before)
    before, after = found
    if (arguments.key or arguments.file) and not arguments.rows:
        raise UsageError("`--key` and `--file` say how rows are compared", hint="give `--rows` with them")
    changes = before.diff(after)
    moved = profiles_moved(before, after, terminal)
    rows = before.rows_diff(after, key=arguments.key, file=arguments.file) if arguments.rows else None
    if arguments.json:
        shown = {
            "profile": moved.to_json() if moved is not None else None,
            "rows": rows.to_json() if rows is not None else None,
        }
        terminal.json({"before": before.label, "after": after.label, **changes.to_dict(), **shown})
        return 0
    terminal.write(f"{before.label} → {after.label}: {changes.sentence}; {changes.same:,} the same")
    write_changes(changes, terminal, with_all=arguments.all)
    if moved is not None:
        _heading("profile", terminal)
        write(moved, terminal, with_all=arguments.all)
    if rows is not None:
        terminal.write()
        write(rows, terminal)
    return 0


def tag(parser: Parser) -> Run:
    """Give a version a tag, or take it back. Prints the tags that it then has, one a line.

    A tag is one for the data set: the version that had it loses it. `credit@gold` then names the version.
    """
    parser.option("version", metavar="VERSION", complete="version", help=VERSION_HELP)
    parser.option("tags", metavar="TAG", nargs="*", help="tags to give")
    parser.option(
        "--remove", metavar="TAG", action="append", default=[], help="take this tag back (repeatable)"
    )
    parser.example("gnomon data tag credit@v3 gold", "now `credit@gold` means v3")
    parser.example("gnomon data tag credit@v3 --remove gold", "now nothing does")
    return _tag


def _tag(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data import actions

    record = open_record(arguments, terminal)
    version = record.data(arguments.version)
    if arguments.tags or arguments.remove:
        version = actions.tag(record, version, arguments.tags, arguments.remove)
    for text in version.tags:
        terminal.write(terminal.clean(text))
    return 0
