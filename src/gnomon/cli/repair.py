"""`gnomon repair`: put back from a remote what is damaged here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.cli.parser import record_of

if TYPE_CHECKING:
    import argparse

    from gnomon.cli.parser import Parser, Run
    from gnomon.cli.terminal import Terminal


def repair(parser: Parser) -> Run:
    """Put back what is damaged or missing here, from a remote that has it.

    Checks every byte here, fetches each damaged file again, syncs, and checks once more. What was damaged is kept beside the
    index. Nothing is changed that is whole.
    """
    parser.option(
        "--from",
        dest="remote",
        metavar="REMOTE",
        complete="remote",
        help="its name (not needed where there is one)",
    )
    parser.option("--json", action="store_true", help="print what was done as JSON")
    parser.example("gnomon verify", "what is damaged; then")
    parser.example("gnomon repair --from team", "exit code 3 where something is left")
    return _repair


def _repair(arguments: argparse.Namespace, terminal: Terminal) -> int:
    import contextlib

    from gnomon.env import REAL
    from gnomon.record.home import open_home, record_path
    from gnomon.record.index_place import place_for
    from gnomon.repairing import repair as put_back
    from gnomon.sync.state import StateFile, chosen_remote
    from gnomon.sync.store import open_store
    from gnomon.syncing import sync

    path = record_path(record_of(arguments), REAL)
    home = open_home(path, REAL)
    name, remote = chosen_remote(
        StateFile(home, place_for(home, REAL)).load(), arguments.remote, command="gnomon repair --from NAME"
    )
    progress = terminal.progress("checking")
    with contextlib.closing(open_store(remote.url, REAL, path)) as store:
        done = put_back(home, store, progress=progress)
        progress.end()
        met = sync(open_home(path, REAL), name, remote, store=store)
        again = put_back(home, store)  # what the sync brought may be what was lacking
    fetched = [*done.repaired, *again.repaired]
    left = again.left
    if arguments.json:
        terminal.json(
            {
                "repaired": sorted(fetched),
                "received": sorted(met.pulled.files),
                "left": [{"file": problem.file, "what": problem.what} for problem in left],
                "damaged_files_kept_in": done.aside or again.aside or None,
            }
        )
    else:
        for one in sorted(fetched):
            terminal.write(f"repaired: {terminal.clean(one)}")
        for problem in left:
            terminal.write(terminal.style(f"left: {terminal.clean(str(problem))}", "red"))
        if not fetched and not left:
            terminal.write("nothing here is damaged")
        for folder in filter(None, (done.aside, again.aside)):
            terminal.say(f"the damaged files are kept in {terminal.clean(folder)}")
    return 3 if left else 0
