"""`gnomon data erase`: take the bytes of versions out for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.data import keepers
from gnomon.data.cli_look import VERSION_HELP
from gnomon.errors import UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable

    from gnomon.data.erasing import Prepared
    from gnomon.objects.collect import Done
    from gnomon.objects.erase import Stays
    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record

MOST_KEEPERS = 10


def erase(parser: Parser) -> Run:
    """Take the bytes of versions out of the record for good, after asking.

    Bytes that another version or a kept file of a run has too stay; it is said which. The version, what was said of it and who
    used it stay as well, with who erased it, when and why. Other copies of the record lose the bytes when they meet this one.
    Files outside the record are not touched.
    """
    parser.option("versions", metavar="VERSION", nargs="+", complete="version", help=VERSION_HELP)
    parser.option("--reason", metavar="TEXT", help="why; everybody who has the record can read it")
    parser.option("--dry-run", action="store_true", help="only say what would go, and what would stay")
    parser.option("--yes", "-y", action="store_true", help="do not ask")
    parser.option(
        "--although-incomplete", action="store_true",
        help="go on where parts of the record cannot be read; what only these keep may be erased with it",
    )  # fmt: skip
    parser.option("--json", action="store_true", help="print JSON")
    parser.example('gnomon data erase credit@v3 --reason "a customer asked for it"', "one version")
    parser.example("gnomon data erase credit@v1 credit@v2 --dry-run", "what would go, if both went")
    parser.note(
        "Exit code 1: some bytes are still there: since a process is writing (they go when it has ended), or since a run has "
        "them too; it says which run, and under which path."
    )
    return _erase


def _erase(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data import erasing
    from gnomon.session import session_for

    record = open_record(arguments, terminal)
    versions = list({one.id: one for one in map(record.data, arguments.versions)}.values())
    progress = terminal.progress("looking for what else has these bytes")
    prepared = erasing.prepare(
        record, versions, although_incomplete=arguments.although_incomplete, progress=progress
    )
    progress.end()
    if not arguments.json:
        _say_prepared(prepared, record, terminal, terminal.write if arguments.dry_run else terminal.say)
    done = None
    if not arguments.dry_run:
        if not arguments.yes and not _is_sure(prepared, terminal):
            terminal.say("nothing was erased")
            return 1
        session_for(record.path).rest()  # where this process added data before, for nobody else's sake
        progress = terminal.progress("erasing")
        done = erasing.erase(prepared, reason=arguments.reason, progress=progress)
        progress.end()
    if arguments.json:
        terminal.json(_as_json(prepared, done))
    elif done is not None:
        _say_done(prepared, done, record, terminal)
    return 1 if done is not None and (done.left or done.failed or prepared.stays_in_runs) else 0


def _is_sure(prepared: Prepared, terminal: Terminal) -> bool:
    import sys

    labels = " and ".join(one.label for one in prepared.versions)
    if not sys.stdin.isatty():
        raise UsageError(
            f"`gnomon data erase` asks before it erases {labels}, and nobody can answer here",
            hint="give `--yes`",
        )
    terminal.say(f"erase {labels} for good? [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say_prepared(prepared: Prepared, record: Record, terminal: Terminal, say: Callable[[str], None]) -> None:
    for version in prepared.versions:
        if version.erased is not None:
            say(f"{version.label} was erased before; what came back of it goes")
    going = f"{terminal.count(prepared.objects, 'object')}, about {terminal.size(prepared.bytes)} stored"
    say(f"goes: {going}" if prepared.objects else "goes: nothing that is here")
    by_keeper = _by_keeper(prepared.stays)
    for keeper, found in by_keeper[:MOST_KEEPERS]:
        amount = f"{terminal.count(len(found), 'object')}, {terminal.size(sum(one.size for one in found))}"
        who = terminal.clean(keepers.called(record, keeper, [one.object for one in found]))
        say(
            f"stays: {amount}, which {who} has too"
            if keepers.is_version(keeper)
            else f"stays: {amount}: {who}"
        )
    if len(by_keeper) > MOST_KEEPERS:
        say(f"stays: more, which {len(by_keeper) - MOST_KEEPERS:,} others have too")


def _by_keeper(stays: Iterable[Stays]) -> list[tuple[str, list[Stays]]]:
    """Return what stays by who keeps it: first what is no version of data, then whoever keeps most."""
    found: dict[str, list[Stays]] = {}
    for one in stays:
        found.setdefault(one.keeper, []).append(one)
    return sorted(found.items(), key=lambda pair: (keepers.is_version(pair[0]), -len(pair[1])))


def _say_done(prepared: Prepared, done: Done, record: Record, terminal: Terminal) -> None:
    for version in prepared.versions:
        terminal.write(version.label)
    packs = terminal.count(len(done.gone), "pack")
    terminal.say(
        f"erased: {terminal.size(done.freed)} out of {packs}; other copies of the record lose it when they meet this one"
    )
    terminal.say("not touched: files outside the record, such as your working copy")
    for keeper, found in _by_keeper(prepared.stays_in_runs)[:MOST_KEEPERS]:
        who = terminal.clean(keepers.called(record, keeper, [one.object for one in found]))
        size = terminal.size(sum(one.size for one in found))
        terminal.say(
            terminal.style(
                f"NOT ERASED: {size} of these bytes are still in the record: {who}", "red", talk=True
            )
        )
    if prepared.stays_in_runs:
        terminal.say("hint: nothing takes files out of a run yet: whoever has the record has these bytes")
    if any(one.keeper.startswith("process:") for one in prepared.stays_in_runs):
        terminal.say(
            "hint: have Git ignore the file (`.gitignore`), so that no further run captures it as its source"
        )
    if done.left:
        ids = ", ".join(str(one.process) for one in done.holders if one.process is not None)
        who = f"process {ids}" if ids else "a process, perhaps on another machine,"
        packs = terminal.count(len(done.left), "pack")
        what = f"{who} is writing" if done.holders else "another process is deleting"
        text = f"still here: {packs}, since {what}; they go when it ends, or with `gnomon gc`"
        terminal.say(terminal.style(text, "yellow", talk=True))
    for loss, why in done.failed:
        text = f"still here: pack {loss.pack.name[:8]}, which cannot be written anew: {terminal.clean(why)}"
        terminal.say(terminal.style(text, "yellow", talk=True))


def _as_json(prepared: Prepared, done: Done | None) -> dict[str, object]:
    return {
        "versions": [one.label for one in prepared.versions],
        "is_dry_run": done is None,
        "objects": prepared.objects,
        "bytes": prepared.bytes,
        "stays": [one._asdict() for one in prepared.stays],
        "freed_bytes": done.freed if done is not None else 0,
        "packs_left": len(done.left) + len(done.failed) if done is not None else 0,
    }
