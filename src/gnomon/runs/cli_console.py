"""`gnomon console`: what a run printed, also while it runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.capture.views import Printed
    from gnomon.runs.face import Parser, Run, Terminal

LOOK_EVERY_S = 0.5


def console(parser: Parser) -> Run:
    """Print what a run printed, oldest first.

    Kept are the first and the last half megabyte of each process, lines as they stood last (progress bars), without
    colours; what looked like a secret was withheld. A gap says how much it left out.
    """
    parser.option("run", metavar="RUN", complete="run", help="the run's id, or the beginning of it")
    parser.option("--grep", metavar="TEXT", help="only lines with this text, whatever its case")
    parser.option("--out", action="store_true", help="only what went to standard output")
    parser.option("--err", action="store_true", help="only what went to standard error")
    parser.option("--follow", action="store_true", help="go on until the run ends")
    parser.example("gnomon console 4f1d", "all of it")
    parser.example("gnomon console 4f1d --follow", "as it comes")
    parser.example("gnomon console 4f1d --grep error", "only lines with that word")
    return _console


def _console(arguments: Namespace, terminal: Terminal) -> int:
    if arguments.out and arguments.err:
        raise UsageError("`--out` and `--err` exclude each other", hint="leave both out for both streams")
    stream = "out" if arguments.out else "err" if arguments.err else None
    record = open_record(arguments, terminal)
    run = record.run(arguments.run)
    shown = 0
    while True:
        pieces = list(run.console())
        # A tail takes the place of the one before: what was shown of that is not shown again.
        for piece in pieces[shown:]:
            _show(piece, stream, arguments.grep, terminal)
        shown = max(shown, len(pieces))
        terminal.flush()
        if not arguments.follow or run.status != "running":
            break
        time.sleep(LOOK_EVERY_S)
        run = record.run(run.id)
    if not shown:
        terminal.say(_why_nothing(run.status))
    return 0


def _show(piece: Printed, stream: str | None, grep: str | None, terminal: Terminal) -> None:
    if piece.skipped_bytes and not grep:
        gap = f"[… {piece.skipped_bytes:,} characters were left out here …]"
        terminal.write(terminal.style(gap, "dim"))
    if stream is not None and piece.stream != stream:
        return
    for line in piece.text.removesuffix("\n").split("\n"):
        if grep is None or grep.casefold() in line.casefold():
            terminal.write(terminal.clean(line))


def _why_nothing(status: str) -> str:
    if status == "running":
        return "nothing was printed yet"
    return "nothing was captured: the run printed nothing, or GNOMON_CAPTURE left the console out"
