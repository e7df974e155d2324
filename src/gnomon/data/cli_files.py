"""`gnomon data get`, `checkout`, `verify`: from the record to the disk, whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.data.cli_look import VERSION_HELP
from gnomon.errors import GnomonError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.data.standing import Standing
    from gnomon.data.views import DataVersion
    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record

MOST_FAULTS = 50


def get(parser: Parser) -> Run:
    """Write a version to a new place, every byte checked. Prints the path.

    A folder becomes the folder PATH, which must be new or empty; a file becomes the file PATH, or a file of its own name in PATH
    where that is a folder. Interrupted, the same command goes on from there.
    """
    parser.option("version", metavar="VERSION", complete="version", help=VERSION_HELP)
    parser.option("--to", metavar="PATH", required=True, complete="files", help="where to write it")
    parser.example("gnomon data get credit@v3 --to /tmp/credit", "a version")
    return _get


def _get(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    version = record.data(arguments.version)
    progress = terminal.progress("writing")
    if version.reference is not None:
        from gnomon.data.standing import bring

        written, note = bring(version, arguments.to, progress=progress)
        progress.end()
        if note is not None:
            terminal.say(terminal.style(f"note: {terminal.clean(note)}", "yellow", talk=True))
    else:
        written = version.restore(arguments.to, progress=progress)
        progress.end()
    terminal.say(
        f"wrote {version.label}: {terminal.count(version.file_count, 'file')}, {terminal.size(version.size)}"
    )
    terminal.write(terminal.clean(written))
    return 0


def checkout(parser: Parser) -> Run:
    """Bring the data that pointer files name to the places that they name, for instance after `git checkout`.

    Without POINTER, for every pointer file below the working folder. Data that is there already is replaced only where a version
    holds it.
    """
    parser.option(
        "pointers",
        metavar="POINTER",
        nargs="*",
        complete="files",
        help="pointer files, or the data that they point to",
    )
    parser.option("--force", action="store_true", help="replace data that no version holds; it is lost then")
    parser.example("gnomon data checkout", "all data below here")
    parser.example("gnomon data checkout data/credit.gnomon", "that of one pointer")
    parser.note("Exit code 1: some could not be brought; each is named, and the others are there.")
    return _checkout


def _checkout(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data import pointer as pointers
    from gnomon.data import restoring
    from gnomon.data.newer import Newer

    record = open_record(arguments, terminal)
    record.replica.update(record.progress)
    env = record.replica.home.env
    files = [_pointer_file(env, one) for one in arguments.pointers] or list(pointers.find_pointers(env, "."))
    if not files:
        terminal.say("no pointer file (`NAME.gnomon`) below here; `gnomon data add PATH` writes one")
    failed: list[GnomonError] = []
    for file in files:
        progress = terminal.progress("writing")
        try:
            pointer = pointers.read(env, file)
            did = restoring.checkout(record, pointer, force=arguments.force, progress=progress)
        except GnomonError as error:
            if len(files) == 1:
                raise
            progress.end()
            failed.append(error)
            terminal.say(
                terminal.style(
                    f"not brought: {terminal.clean(error.message)} ({error.code})", "yellow", talk=True
                )
            )
            if error.hint:
                terminal.say(f"hint: {terminal.clean(error.hint)}")
            continue
        progress.end()
        said = "brought" if did else "is there already"
        label, note = Newer(record).called(pointer)
        terminal.say(f"{terminal.clean(label)} {said}")
        if note is not None:
            terminal.say(terminal.style(f"note: {terminal.clean(note)}", "yellow", talk=True))
        terminal.write(terminal.clean(os.path.relpath(pointer.target)))
    return 1 if failed else 0


def _pointer_file(env: object, given: str) -> str:
    """Return the pointer that a person means by its own path, or by that of its data."""
    from gnomon.data import pointer as pointers
    from gnomon.env import Env

    assert isinstance(env, Env)  # noqa: S101
    if given.endswith(pointers.SUFFIX):
        return given
    found = pointers.pointer_of(env, given)
    if found is None:
        pointers.require_no_conflict(env, given)
    return found.file if found is not None else f"{given.rstrip('/')}{pointers.SUFFIX}"


def verify(parser: Parser) -> Run:
    """Read every stored byte of versions and check it against its digest; what is damaged or missing is named.

    A name means all versions of that data set; without one, all versions of the record. What this device has unpacked and checked
    before is read and hashed, not unpacked again; `gnomon verify` unpacks everything.
    """
    parser.option(
        "versions",
        metavar="VERSION",
        nargs="*",
        complete="version",
        help="data sets or versions, such as `credit` or `credit@v3`",
    )
    parser.option(
        "--references",
        action="store_true",
        help="also look where references lie: read what is at a path, ask the server of a URL",
    )
    parser.option(
        "--digest",
        action="store_true",
        help="read the bytes at URLs whose digest is known; implies --references",
    )
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon data verify", "all data")
    parser.example("gnomon data verify ledger --references", "whether what lies elsewhere is still the same")
    parser.example("gnomon data verify credit@v3", "one version")
    parser.note("Exit code 3: something is damaged or missing, or a reference is not what it was.")
    parser.note("`gnomon verify` checks the whole record.")
    return _verify


def _verify(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data.verify import verify

    record = open_record(arguments, terminal)
    found = _chosen(record, arguments.versions)
    if not found:
        terminal.say("no data sets yet; `gnomon data add PATH` makes the first version of one")
        return 0
    progress = terminal.progress("checking")
    done = verify(found, progress=progress)
    progress.end()
    standings = _standings(found, arguments, terminal)
    moved = [one for one in standings if one.state in ("changed", "missing")]
    if arguments.json:
        shown = {"references": [one._asdict() for one in standings]} if standings else {}
        terminal.json({**done._asdict(), "faults": [fault._asdict() for fault in done.faults], **shown})
        return DAMAGED if done.faults or moved else 0
    for fault in done.faults[:MOST_FAULTS]:
        named = f"{fault.version or '(no version)'}  {terminal.clean(fault.path)}"
        terminal.write(f"{named}: {terminal.clean(fault.what)}")
    if len(done.faults) > MOST_FAULTS:
        terminal.write(f"and {len(done.faults) - MOST_FAULTS:,} more; `--json` has all")
    for one in standings:
        terminal.write(f"{one.version}  {terminal.clean(one.place)}: {one.state}; {terminal.clean(one.what)}")
    for label in done.unchecked if not standings else ():
        terminal.say(
            f"not checked: {label} was added by reference, its bytes are not in the record; `--references` looks there"
        )
    for label in done.erased:
        terminal.say(f"erased: {label} has no bytes any more; `gnomon data show {label}` says who did it")
    counts = [terminal.count(done.versions, "version"), terminal.count(done.objects, "object")]
    terminal.say(f"checked: {', '.join(counts)}, {terminal.size(done.bytes)}")
    if done.faults:
        terminal.say("another replica may hold good copies: copy its `objects/` folder into this one")
        return DAMAGED
    if moved:
        return DAMAGED
    if done.versions or not standings:
        terminal.write("all bytes are as they were")
    return 0


def _standings(found: list[DataVersion], arguments: Namespace, terminal: Terminal) -> list[Standing]:
    if not (arguments.references or arguments.digest):
        return []
    from gnomon.data.standing import standing

    progress = terminal.progress("looking where references lie")
    seen = [
        standing(one, reads=arguments.digest, progress=progress)
        for one in found
        if one.reference is not None and one.erased is None
    ]
    progress.end()
    return seen


DAMAGED = 3


def _chosen(record: Record, given: list[str]) -> list[DataVersion]:
    from gnomon.data.views import versions

    found: dict[str, DataVersion] = {}
    for one in given or [data_set.name for data_set in record.data_sets()]:
        for version in [record.data(one)] if "@" in one else versions(record, one):
            found[version.id] = version
    return list(found.values())
