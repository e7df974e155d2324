"""`gnomon data`, `data add`, `data status`: from the disk into the record. The others: `data.cli_look`, `data.cli_files`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.data.actions import Added
    from gnomon.data.changes import Changes
    from gnomon.data.standing import Standing
    from gnomon.data.status import Status
    from gnomon.data.views import DataVersion
    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record

MOST_FILES = 20
FACTS = {
    "licence": "under which licence it is, such as `CC-BY-4.0`",
    "origin": "where it comes from",
    "sensitivity": "how careful to be with it, such as `personal`",
    "legal_basis": "why it may be used, such as `consent` or `contract`",
    "retention": "until when it may be kept, such as `2027-12-31`",
}
_MARKS = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}
_STYLES = {"added": "green", "removed": "red", "changed": "yellow", "moved": "cyan"}


def ls(parser: Parser) -> Run:
    """List the data sets of the record, with their newest versions; the commands below do the rest.

    A data set is a name that versions share: `credit@v3` is the third version of `credit`, `credit@gold` the one with the tag
    `gold`, `credit` the newest.
    """
    return _declare_list(parser, "gnomon data")


def list_(parser: Parser) -> Run:
    """List the data sets of the record, with their newest versions. Where several were added apart, each has a line."""
    return _declare_list(parser, "gnomon data ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option("--json", action="store_true", help="print JSON: one object a data set")
    parser.example(command, "all data sets")
    return _ls


def _ls(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record

    record = open_record(arguments, terminal)
    found = record.data_sets()
    if arguments.json:
        terminal.json_list(
            [{**one._asdict(), "newest": [version.to_dict() for version in one.newest]} for one in found]
        )
        return 0
    if not found:
        terminal.say("no data sets yet; `gnomon data add PATH` makes the first version of one")
        return 0
    rows = [
        {
            "name": one.name if nth == 0 else "",
            "newest": version.label,
            "files": f"{version.file_count:,}" if version.object else None,
            "size": terminal.size(version.size) if version.object else None,
            "added": version.created,
            "versions": one.versions if nth == 0 else None,
            "tags": ", ".join(f"{tag}: {' and '.join(labels)}" for tag, labels in one.tags.items())
            if nth == 0
            else None,
            "note": mark_of(version),
        }
        for one in found
        for nth, version in enumerate(one.newest)
    ]
    columns = ["name", "newest", "files", "size", "added", "versions", "tags", "note"]
    columns = [
        key for key in columns if key in ("name", "newest", "files", "size") or any(row[key] for row in rows)
    ]
    terminal.table(
        columns, rows, {"added": terminal.timestamp}, styles={"name": lambda _: "bold"}, importance=columns
    )
    return 0


def mark_of(version: DataVersion) -> str | None:
    """Return the honest mark of a version whose bytes the record does not hold."""
    return version.mark


# ---------------------------------------------------------------- add


def add(parser: Parser) -> Run:
    """Keep a file or folder as the next version of a data set.

    Its bytes go into the record; what is there already is not stored again. Writes `NAME.gnomon` beside the data, a small
    file that belongs into Git: `gnomon data checkout` brings the data that it names. Prints the version. Bytes that the
    newest version has already make no new one. Interrupted, the same command goes on from there.
    """
    from gnomon.data.cli_profile import NO_VALUES_HELP

    parser.option(
        "path",
        metavar="PATH",
        nargs="?",
        complete="files",
        help="a file or folder; with --by-reference also a URL; may be left out with --croissant",
    )
    parser.option(
        "--name",
        metavar="NAME",
        complete="dataset",
        help="the data set (default: as the pointer says, or the file is called)",
    )
    parser.option("--message", "-m", metavar="TEXT", help="what is new in this version")
    for field, about in FACTS.items():
        parser.option(f"--{field.replace('_', '-')}", metavar="TEXT", help=about)
    parser.option(
        "--by-reference",
        action="store_true",
        help="leave the bytes where they are; their digest is recorded, of a URL what its server says of them",
    )
    parser.option(
        "--digest", action="store_true", help="read the bytes at a URL once, so that others are noticed"
    )
    parser.option(
        "--no-look", action="store_true", help="ask no server what lies at a URL; write it down unseen"
    )
    parser.option(
        "--contract",
        metavar="FILE",
        complete="files",
        help="data that breaks this contract is not added (default: `NAME.contract.toml`, .json or .yaml beside the data)",
    )
    parser.option("--no-contract", action="store_true", help="check by no contract")
    parser.option(
        "--allow-failing",
        action="store_true",
        help="add data that breaks its contract, and record the verdict",
    )
    parser.option(
        "--normalise",
        action="store_true",
        help="first write Parquet files anew, rows unchanged, so that the next version with inserted rows takes little space",
    )
    parser.option(
        "--croissant",
        metavar="FILE",
        complete="files",
        help="take name, licence, origin and checksums of files from this description in Croissant",
    )
    parser.option(
        "--fetch", action="store_true", help="download files that the description names and that are not here"
    )
    parser.option("--no-pointer", action="store_true", help="write no pointer file")
    parser.option(
        "--gitignore",
        action="store_true",
        help="have Git ignore the data: add a line to `.gitignore` beside it",
    )
    parser.option(
        "--profile",
        action="store_const",
        const=True,
        help="make its profile (rows, types, distributions) whatever its size; without this up to 32 MB and 5,000 files",
    )
    parser.option("--no-profile", dest="profile", action="store_const", const=False, help="make no profile")
    parser.option(
        "--no-values",
        action="store_true",
        help=NO_VALUES_HELP,
    )
    parser.option("--json", action="store_true", help="print JSON")
    parser.example('gnomon data add data/credit --name credit -m "without duplicates"', "a folder")
    parser.example(
        "gnomon data add adult.csv --licence CC-BY-4.0 --origin https://archive.ics.uci.edu",
        "a file, and where it is from",
    )
    parser.example(
        "gnomon data add s3://bank/2026.parquet --name ledger --by-reference", "what stays in a bucket"
    )
    parser.example("gnomon data add --croissant croissant.json --fetch", "a data set that somebody described")
    parser.note("Licence and the other facts are taken over from the version before, unless given.")
    parser.note("Exit code 1: the data breaks its contract; it says where, and nothing was added.")
    return _add


def _add(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data import actions
    from gnomon.data.cli_adding import as_described, demands_of, normalised, write_broken
    from gnomon.data.cli_profile import make_of_added
    from gnomon.errors import ContractFailedError

    described = as_described(arguments, terminal)
    if arguments.normalise:
        normalised(arguments.path, terminal)
    progress = terminal.progress("adding")
    try:
        done = actions.add(
            arguments.path, name=arguments.name, message=arguments.message,
            described={field: getattr(arguments, field) for field in FACTS}, by_reference=arguments.by_reference,
            is_asked=not arguments.no_look, with_digest=arguments.digest, pointer=not arguments.no_pointer,
            demands=demands_of(arguments), description=described.data if described is not None else None,
            place=getattr(arguments, "record", None), progress=progress,
        )  # fmt: skip
    except ContractFailedError as error:
        progress.end()
        return write_broken(error, arguments, terminal)
    progress.end()
    terminal.at_end(done.version.record.replica.close)
    if not arguments.json:
        _say_added(done, terminal)
        terminal.write(done.version.label)
        terminal.flush()  # the version is safe, whatever becomes of its profile
    if done.pointer is not None:
        _about_git(arguments, done, terminal)
    version = make_of_added(arguments, done, terminal)
    if arguments.json:
        terminal.json({**version.to_dict(), "is_new": done.is_new, "pointer": done.pointer})
    return 0


def _say_added(done: Added, terminal: Terminal) -> None:
    version = done.version
    for note in version.notes if done.is_new else ():
        terminal.say(terminal.style(f"note: {terminal.clean(note)}", "yellow", talk=True))
    amount = f"{terminal.count(version.file_count, 'file')}, {terminal.size(version.size)}"
    if version.reference is not None:
        mark = mark_of(version)
        amount = f"{mark}" if version.object is None else f"{amount}, {mark}"
    if done.is_new:
        terminal.say(f"added {version.label}: {amount}")
    elif version.object is None:
        terminal.say(f"nothing changed that the server would tell: {version.label} ({amount})")
    else:
        terminal.say(f"nothing changed: {version.label} has these bytes ({amount})")
    if done.described:
        said = ", ".join(field.replace("_", " ") for field in done.described)
        terminal.say(f"said anew of {version.label}: {said}")
    if done.checked is not None:
        verdict = done.checked.verdict
        style = "green" if verdict.verdict == "pass" else "red"
        sentence = terminal.style(verdict.sentence, style, talk=True)
        terminal.say(f"contract {terminal.clean(done.checked.contract)}: {sentence}")
    if done.pointer is not None and done.is_new:
        terminal.say(f"pointer for Git: {terminal.clean(os.path.relpath(done.pointer))}")


def _about_git(arguments: Namespace, done: Added, terminal: Terminal) -> None:
    from gnomon.data.ignoring import ignore, ignore_line, is_shown_to_git

    if not is_shown_to_git(arguments.path):
        return
    if arguments.gitignore:
        terminal.say(f"Git ignores it now: {terminal.clean(os.path.relpath(ignore(arguments.path)))}")
    elif done.is_new:
        line, file = ignore_line(arguments.path)
        terminal.say(
            f"Git would track the data as well; to have it ignored, add `{terminal.clean(line)}` to "
            f"`{terminal.clean(os.path.relpath(file))}`, or give `--gitignore`"
        )


# ---------------------------------------------------------------- status


def status(parser: Parser) -> Run:
    """Say what changed on the disk since the version that belongs here.

    Without PATH, for every pointer file below the working folder. Files whose size, times and inode are as they were are not
    read, so this takes seconds for 100,000 files.
    """
    parser.option(
        "path", metavar="PATH", nargs="?", complete="files", help="a file or folder, or its pointer"
    )
    parser.option(
        "--against", metavar="VERSION", complete="version", help="compare with this version instead"
    )
    parser.option("--all", action="store_true", help=f"list all files, not only the first {MOST_FILES}")
    parser.option(
        "--references",
        action="store_true",
        help="also say how the newest references stand: reads what lies at their paths, asks the servers of their URLs",
    )
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon data status", "all data below here")
    parser.example("gnomon data status data/credit --against credit@v1", "since another version")
    return _status


def _status(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data.status import status
    from gnomon.runs.cli import open_record

    record = open_record(arguments, terminal)
    progress = terminal.progress("reading what changed")
    found = status(record, arguments.path, against=arguments.against, progress=progress)
    progress.end()
    standings = _standings(record) if arguments.references else []
    if arguments.json:
        shown = [{**one._asdict(), "changes": one.changes.to_dict()} for one in found]
        terminal.json_list([*shown, *(one._asdict() for one in standings)])
        return 0
    for stands in standings:
        style = "green" if stands.state == "unchanged" else "yellow"
        place = terminal.style(terminal.clean(stands.place), "bold")
        terminal.write(
            f"{place}  {stands.version}  {terminal.style(stands.state, style)}; {terminal.clean(stands.what)}"
        )
    if not found and not standings:
        terminal.say("no pointer file (`NAME.gnomon`) below here; `gnomon data add PATH` writes one")
    for one in found:
        _write_status(one, terminal, with_all=arguments.all)
    return 0


def _standings(record: Record) -> list[Standing]:
    from gnomon.data.standing import standing

    newest = [version for data_set in record.data_sets() for version in data_set.newest]
    return [standing(one) for one in newest if one.reference is not None and one.erased is None]


def _write_status(one: Status, terminal: Terminal, *, with_all: bool) -> None:
    said = one.changes.sentence if one.state == "changed" else one.state
    if one.state == "missing":
        said = "missing; `gnomon data checkout` brings it"
    elif one.state == "unknown":
        said = "changed; what changed cannot be told, the list of files of that version is not here"
    terminal.write(
        f"{terminal.style(terminal.clean(one.path), 'bold')}  {one.label}  "
        f"{terminal.style(said, 'green' if one.state == 'unchanged' else 'yellow')}"
    )
    write_changes(one.changes, terminal, with_all=with_all)
    if one.newer:
        terminal.say(f"{one.label} is not the newest: {' and '.join(one.newer)}")
    for note in one.notes[:MOST_FILES]:
        terminal.say(terminal.style(f"note: {terminal.clean(note)}", "yellow", talk=True))


def write_changes(changes: Changes, terminal: Terminal, *, with_all: bool) -> None:
    """Write the files that differ, with their sizes."""
    lines = [("added", file.path, terminal.size(file.size)) for file in changes.added]
    lines += [("removed", file.path, terminal.size(file.size)) for file in changes.removed]
    for one in changes.changed:
        before, after = terminal.size(one.before), terminal.size(one.after)
        lines.append(("changed", one.path, f"{before} → {after}" if one.before != one.after else after))
    lines += [("moved", f"{old} → {new}", terminal.size(size)) for old, new, size in changes.moved]
    for kind, path, size in lines if with_all else lines[:MOST_FILES]:
        mark = terminal.style(f"{_MARKS[kind]} {terminal.clean(path)}", _STYLES[kind])
        terminal.write(f"  {mark}  {terminal.style(size, 'dim')}")
    if not with_all and len(lines) > MOST_FILES:
        terminal.write(f"  and {len(lines) - MOST_FILES:,} more; `--all` lists them")
