"""`gnomon console`: what a run printed, also while it runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator

    from gnomon.runs.capture.views import Printed
    from gnomon.runs.face import Parser, Run, Terminal

LOOK_EVERY_S = 0.5


def console(parser: Parser) -> Run:
    """Print what a run printed, oldest first.

    Kept are the first and the last half megabyte of each process, lines as they stood last (progress bars), without
    colours; what looked like a secret was withheld. A gap says how much it left out.
    """
    parser.option(
        "run",
        metavar="RUN",
        complete="run",
        help="the run's id, the beginning of it, or its name; `@1` is the newest",
    )
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
    following = Following()
    while True:
        for piece in following.new(run.console()):
            _show(piece, stream, arguments.grep, terminal)
        terminal.flush()
        if not arguments.follow or run.status != "running":
            break
        time.sleep(LOOK_EVERY_S)
        run = record.run(run.id)
    if not following.has_shown:
        terminal.say(_why_nothing(run.status))
    return 0


class Following:
    """What was shown of a console so far, so that only what is new is shown next.

    Each process has pieces that stay, and after them a tail that a newer one replaces. A tail mostly begins with the end of the
    one before: what both hold is shown once. Where they have nothing in common, the gap between them is told.
    """

    def __init__(self) -> None:
        self.has_shown = False
        self._heads: set[tuple[str, int]] = set()  # (process, its how manieth piece)
        self._tails: dict[str, _Tail] = {}

    def new(self, pieces: Iterable[Printed]) -> Iterator[Printed]:
        """Yield what was not shown yet of the pieces that there are now, in order."""
        counts: dict[str, int] = {}
        tails: dict[str, list[Printed]] = {}
        for piece in pieces:
            self.has_shown = True
            if piece.is_tail:
                tails.setdefault(piece.process, []).append(piece)
                continue
            nth = counts[piece.process] = counts.get(piece.process, 0) + 1
            if (piece.process, nth) not in self._heads:
                self._heads.add((piece.process, nth))
                yield piece
        for process, tail in tails.items():
            yield from self._of_tail(process, tail)

    def _of_tail(self, process: str, pieces: list[Printed]) -> Iterator[Printed]:
        now = _Tail(pieces)
        before = self._tails.get(process)
        self._tails[process] = now
        if before is None:
            yield from pieces
            return
        # Both count from the end of the pieces that stay: what lies before `done` was shown.
        done = max(before.end - now.begin, 0)
        gap = max(now.begin - before.end, 0)
        for piece in pieces:
            text = piece.text[done:]
            done = max(done - len(piece.text), 0)
            if text:
                yield piece._replace(text=text, skipped_bytes=gap)
                gap = 0


class _Tail:
    """Where a tail begins and ends, in characters after the pieces that stay."""

    def __init__(self, pieces: list[Printed]) -> None:
        self.begin = sum(piece.skipped_bytes for piece in pieces)
        self.end = self.begin + sum(len(piece.text) for piece in pieces)


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
    if status == "interrupted":
        return "nothing was written before its process died: what is printed is written about a second later"
    return "nothing was captured: the run printed nothing, or GNOMON_CAPTURE left the console out"
