"""`/run/{run}/console`: what a run printed, its two streams told apart, the end first; it goes on while the run runs."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from gnomon.page import Redirect
from gnomon.runs.capture.console_lines import console_lines
from gnomon.runs.pages.run_parts import address, opened, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.page import Answer, Ask
    from gnomon.runs.capture.console_lines import ConsoleLine

LINES = 2_000
STREAMS = ("out", "err")


def console(ask: Ask) -> Answer:
    """Show the last lines, or those before a line of the address."""
    run = opened(ask, "console")
    if isinstance(run, Redirect):
        return run
    words, stream = ask.query.text("q"), ask.query.text("stream")
    before = ask.query.whole("before", 0)
    found = _chosen(console_lines(run.console()), words, stream if stream in STREAMS else "")
    total, lines = _last(found, before)
    ranks = {one.log: one.rank for one in run.processes}
    has_several = len({line.process for line in lines}) > 1
    values = {
        "lines": [(line, _whose(line, lines[place - 1] if place else None, ranks) if has_several else "") for place, line in
                  enumerate(lines)],
        "total": total, "words": words, "stream": stream, "before": before, "path": address(run.id, "console"),
        "earlier": lines[0].number if lines and total > len(lines) and lines[0].number > 1 else 0,
        "keep": {"q": words, "stream": stream}, "most": LINES, "is_end": not before,
    }  # fmt: skip
    return shown(ask, run, "console", "runs/run_console.html", values)


def _chosen(lines: Iterable[ConsoleLine], words: str, stream: str) -> Iterator[ConsoleLine]:
    wanted = words.casefold()
    for line in lines:
        if (not stream or line.stream == stream) and wanted in line.text.casefold():
            yield line


def _last(lines: Iterable[ConsoleLine], before: int) -> tuple[int, list[ConsoleLine]]:
    """Return how many lines there are up to the one that is asked for, and the last of them."""
    kept: deque[ConsoleLine] = deque(maxlen=LINES)
    count = 0
    for line in lines:
        if before and line.number >= before:
            break
        kept.append(line)
        count += 1
    return count, list(kept)


def _whose(line: ConsoleLine, previous: ConsoleLine | None, ranks: dict[str, int]) -> str:
    """Return whose lines begin here; nothing where they go on."""
    if previous is not None and previous.process == line.process:
        return ""
    return f"process {line.process[:8]}, rank {ranks.get(line.process, 0)}"
