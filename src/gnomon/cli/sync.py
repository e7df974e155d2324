"""`gnomon sync`, `gnomon clone`: meet a remote, say what came."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from gnomon.cli.parser import record_of
from gnomon.telling import as_json, kinds_told, planned, summed, warnings_of

if TYPE_CHECKING:
    import argparse

    from gnomon.cli.parser import Parser, Run
    from gnomon.cli.terminal import Terminal
    from gnomon.record.home import Home
    from gnomon.sync.arrived import FromWriter
    from gnomon.syncing import Synced

WATCH_EVERY_S = 60.0
FEWEST_SECONDS = 1.0
PARTS = {"all": ("log", "points", "objects"), "points": ("log", "points"), "entries": ("log",)}
MOST_NAMES = 5
MOST_INDEXED = 2_000  # entries; where more came at once, the runs are counted and the next question brings the index up to date
_ONLY_HELP = "fetch only `entries` (who did what), or `points` too (the curves), without the kept bytes; `all` again fetches all"


def sync(parser: Parser) -> Run:
    """Exchange with a remote what the other side lacks, both ways, and say what arrived.

    Runs that are going on are sent as far as they are. Nothing is overwritten and nothing is locked: where two people
    changed the same thing, both changes are there. Interrupted, the same command goes on from there.
    """
    parser.option(
        "remote",
        metavar="REMOTE",
        nargs="?",
        complete="remote",
        help="its name (not needed where there is one)",
    )
    parser.option("--only", metavar="WHAT", choices=sorted(PARTS), help=_ONLY_HELP)
    parser.option("--dry-run", action="store_true", help="say what would be sent and fetched; change nothing")
    parser.option(
        "--check",
        action="store_true",
        help="read the whole remote, and send again what it lost, or what is damaged there, of what is here",
    )
    parser.option("--watch", action="store_true", help="do it again and again, until Ctrl-C")
    parser.option(
        "--every",
        metavar="SECONDS",
        type=float,
        default=WATCH_EVERY_S,
        help="with --watch: how often (default: 60)",
    )
    parser.option(
        "--json", action="store_true", help="print what was done as JSON; with --watch a line each time"
    )
    parser.example("gnomon sync", "with the only remote")
    parser.example("gnomon sync team --only entries", "on a slow line")
    parser.example("gnomon sync team --watch --every 30", "while a training runs")
    parser.note("Why nothing can be lost or overwritten, and what a remote can hide: docs/internals/sync.md.")
    return _sync


def _sync(arguments: argparse.Namespace, terminal: Terminal) -> int:
    import time

    from gnomon.errors import BadArgumentError, StorageError

    if arguments.every < FEWEST_SECONDS:
        raise BadArgumentError(
            f"`--every` of `gnomon sync` must be at least 1 second; got `{arguments.every:g}`"
        )
    if not arguments.watch:
        done = _meet(arguments, terminal, is_watching=False)
        _show(done, arguments, terminal)
        _ask_for_update(arguments, terminal)
        return 1 if done.not_sent is not None else 0
    try:
        while True:
            try:
                done = _meet(arguments, terminal, is_watching=True)
                if done.has_news or arguments.json:
                    _show(done, arguments, terminal)
                _ask_for_update(arguments, terminal)
                terminal.flush()
            except StorageError as error:  # the network comes and goes; what was sent stays
                terminal.say(
                    f"{terminal.clean(error.message)} ({error.code}); trying again in {arguments.every:g} s"
                )
            time.sleep(arguments.every)
    except KeyboardInterrupt:
        terminal.say("stopped; what was sent stays")
        return 0


def _meet(arguments: argparse.Namespace, terminal: Terminal, *, is_watching: bool) -> Synced:
    from gnomon.env import REAL
    from gnomon.record.index_place import place_for
    from gnomon.sync.state import StateFile, chosen_remote
    from gnomon.syncing import sync as meet

    home = _home(arguments)
    file = StateFile(home, place_for(home, REAL))
    state = file.load()
    name, remote = chosen_remote(state, arguments.remote)
    if arguments.only is not None and not arguments.dry_run:
        state.parts = list(PARTS[arguments.only])
        file.save(state)
    with _progress(terminal) as told:
        return meet(
            home,
            name,
            remote,
            parts=PARTS[arguments.only] if arguments.only else None,
            is_dry=arguments.dry_run,
            is_watching=is_watching,
            is_checking=arguments.check,
            told=told,
        )


def _ask_for_update(arguments: argparse.Namespace, terminal: Terminal) -> None:
    """Ask for the update of today where a person reads; while one watches, on the first round of their morning."""
    from gnomon.replica import Replica
    from gnomon.team.updates.asking import ask_at

    if not arguments.json and not arguments.dry_run:
        home = _home(arguments)
        ask_at(home, lambda: Replica(home).index, terminal)


def _home(arguments: argparse.Namespace) -> Home:
    from gnomon.env import REAL
    from gnomon.record.home import open_home, record_path

    return open_home(record_path(record_of(arguments), REAL), REAL)


class _progress:
    """A line of progress for each direction, as long as it lasts."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._what = ""
        self._line = terminal.progress("")

    def __enter__(self) -> _progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.end()

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self._line.end()
            self._what, self._line = what, self._terminal.progress(what)
        self._line(done, total)


def clone(parser: Parser) -> Run:
    """Make a replica of the record at a remote: `.gnomon/` in FOLDER, with the remote called `origin`.

    Interrupted, the same command goes on from there.
    """
    parser.option(
        "url", metavar="URL", complete="folder", help="where the record is: see `gnomon remote add --help`"
    )
    parser.option(
        "folder",
        metavar="FOLDER",
        nargs="?",
        complete="folder",
        help="the project's folder (default: this one)",
    )
    parser.option("--only", metavar="WHAT", choices=sorted(PARTS), default="all", help=_ONLY_HELP)
    parser.option("--json", action="store_true", help="print what was done as JSON")
    parser.example("gnomon clone s3://bucket/team credit", "into the folder `credit`")
    parser.example("gnomon clone git+origin", "in a Git repository: the record in its own remote")
    return _clone


def _clone(arguments: argparse.Namespace, terminal: Terminal) -> int:
    from gnomon.record.home import as_record_folder
    from gnomon.session import require_supported_platform
    from gnomon.sync.store import absolute
    from gnomon.syncing import clone as make

    require_supported_platform()
    path = as_record_folder(record_of(arguments) or arguments.folder or os.getcwd())
    with _progress(terminal) as told:
        done = make(absolute(arguments.url), path, parts=PARTS[arguments.only], told=told)
    _show(done, arguments, terminal)
    if not arguments.json:
        terminal.write(terminal.clean(path))
    return 0


# ---------------------------------------------------------------- saying what happened


def _show(done: Synced, arguments: argparse.Namespace, terminal: Terminal) -> None:
    if arguments.json:
        terminal.json(as_json(done, is_dry=getattr(arguments, "dry_run", False)))
        return
    if getattr(arguments, "dry_run", False):
        terminal.write(planned(done))
        return
    if done.arrived:
        names = _names(list(done.arrived.values()), arguments, terminal)
        for writer, what in done.arrived.items():
            terminal.write(_sentence(writer, what, names, terminal))
    terminal.write(terminal.clean(summed(done)))
    for line in warnings_of(done):
        first, *more = line.split("\n")
        terminal.say(terminal.style("note: ", "yellow", talk=True) + terminal.clean(first))
        for one in more:
            terminal.say(f"  {terminal.clean(one)}")
    if done.not_sent is not None:
        said = f"nothing could be sent: {done.not_sent.message} ({done.not_sent.code})"
        terminal.say(terminal.style("error: ", "red", talk=True) + terminal.clean(said))


def _names(arrived: list[FromWriter], arguments: argparse.Namespace, terminal: Terminal) -> dict[str, str]:
    """Return what the runs that will be named are called; none of them where so much came that the index takes its time."""
    wanted = [run for what in arrived for run in _started(what)[:MOST_NAMES]]
    if not wanted or sum(what.entries for what in arrived) > MOST_INDEXED:
        return {}
    from gnomon.runs.views import open

    record = open(
        record_of(arguments) or (os.fspath(arguments.folder) if getattr(arguments, "folder", None) else None)
    )
    terminal.at_end(record.replica.close)
    names = {}
    for run in wanted:
        with contextlib.suppress(LookupError):  # its entries are here, its body is not
            names[run] = f"{record.run(run).name} ({run[:8]})"
    return names


def _started(what: FromWriter) -> list[str]:
    return [subject.partition(":")[2] for subject in what.subjects.get("run.created", ())]


def _sentence(writer: str, what: FromWriter, names: dict[str, str], terminal: Terminal) -> str:
    """Return one line: who, what, where to look."""
    started = _started(what)
    called = [names.get(run, run[:8]) for run in started[:MOST_NAMES]] if names else []
    more = f", … {len(started) - MOST_NAMES} more" if called and len(started) > MOST_NAMES else ""
    parts = kinds_told(what.kinds, len(started), f"{', '.join(called)}{more}" if called else "")
    look = (
        f"; look: `gnomon show {started[-1][:8]}`"
        if started and names
        else "; look: `gnomon runs`"
        if started
        else ""
    )
    return terminal.clean(f"from {writer[:8]}: {parts}{look}")
