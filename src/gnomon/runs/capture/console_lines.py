"""What was printed as lines: for the console of a run's page.

Always true: no line holds a code for colours or a control character as it is; pieces of one stream that follow each other are one
text, so a line that was written in two pieces is one line. Where the other stream comes between, it is two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.runs.capture.views import Printed

LONGEST = 4_000
_CODES = re.compile(
    r"\x1b(?:\[[0-9;:?]{0,64}[ -/]{0,4}[@-~]|\][^\x07\x1b\r\n]{0,2048}(?:\x07|\x1b\\)|[ -/]{1,4}[0-~]|[0-Z\\-_])"
)


class ConsoleLine(NamedTuple):
    """A line: `stream` is 'out' or 'err'; `skipped_bytes` were left out before it; `process` printed it."""

    number: int
    stream: str
    text: str
    skipped_bytes: int
    process: str


def without_codes(text: str) -> str:
    """Return a text without the codes that terminals draw with.

    >>> without_codes("a \\x1b[31mred\\x1b[0m word")
    'a red word'
    """
    return _CODES.sub("", text) if "\x1b" in text else text


def console_lines(pieces: Iterable[Printed]) -> Iterator[ConsoleLine]:
    """Yield the lines of what was printed, numbered from 1."""
    number = 0
    for stream, text, skipped, process in _joined(pieces):
        for place, line in enumerate(without_codes(text.removesuffix("\n")).split("\n")):
            number += 1
            yield ConsoleLine(number, stream, _shown(line), 0 if place else skipped, process)


def _shown(line: str) -> str:
    more = len(line) - LONGEST
    cut = line if more <= 0 else f"{line[:LONGEST]} … {more:,} more characters"
    return clean(cut.removesuffix("\r").expandtabs(8))


def _joined(pieces: Iterable[Printed]) -> Iterator[tuple[str, str, int, str]]:
    """Yield pieces, those that belong together as one."""
    held: list[str] = []
    stream = process = ""
    skipped = 0
    for piece in pieces:
        if held and (piece.skipped_bytes or piece.stream != stream or piece.process != process):
            yield stream, "".join(held), skipped, process
            held = []
        if not held:
            stream, process, skipped = piece.stream, piece.process, piece.skipped_bytes
        held.append(piece.text)
    if held:
        yield stream, "".join(held), skipped, process
