"""Text that comes in pieces, such as a console: a secret may be cut in two by the end of a piece.

What is fed comes out in whole lines (`\\n`, `\\r` or `\\r\\n` ends one), without secrets; the unfinished last line waits
for its end.

Always true: however a text is cut, the same comes out as in one piece, as long as its lines are shorter than `MAX_HELD`.
At most `MAX_HELD` characters wait. Of a longer line all but the last `OVERLAP` characters come out without waiting,
never cut inside something recognised; so a secret in it is missed only if, with its name, it is longer than `OVERLAP`.
A private key that has begun is held back by its lines, which are dropped as they come.
Not promised: safe from several threads; one stream belongs to one reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.scrub.blocks import Blocks

if TYPE_CHECKING:
    from gnomon.scrub.scrubber import Scrubber

MAX_HELD = 1 << 14
OVERLAP = 1 << 12


class TextStream:
    """One text in pieces on its way through a scrubber."""

    def __init__(self, scrubber: Scrubber, where: str) -> None:
        self._scrubber = scrubber
        self._where = where
        self._held: list[str] = []  # pieces of the unfinished line
        self._held_size = 0
        self._blocks = Blocks()

    def feed(self, text: str) -> str:
        """Return what may be stored now: the lines that are whole, without secrets."""
        if not text:
            return ""
        if self._held and self._held[-1].endswith("\r"):  # its `\n` may have come now
            last = self._held.pop()
            self._held_size -= len(last)
            text = last + text
        whole = _end_of_whole_lines(text)
        lines = ""
        if whole:
            lines = self._clean("".join([*self._held, text[:whole]]))
            self._held, self._held_size = [], 0
            text = text[whole:]
        if text:
            self._held.append(text)
            self._held_size += len(text)
        return lines + self._overflow() if self._held_size > MAX_HELD else lines

    def end(self) -> str:
        """Return what is left, without secrets. The stream may be fed again; a new text begins."""
        left = self._clean("".join(self._held))
        self._held, self._held_size, self._blocks = [], 0, Blocks()
        return left

    def _clean(self, text: str) -> str:
        return self._scrubber.lines(text, self._where, self._blocks) if text else ""

    def _overflow(self) -> str:
        """Return all but the end of a line that is too long to wait for."""
        line = "".join(self._held)
        cut = max(len(line) - OVERLAP, 0)
        blank = max(line.rfind(" ", cut - OVERLAP, cut), line.rfind("\t", cut - OVERLAP, cut))
        cut = blank if blank > 0 else cut
        for span in self._scrubber.find(line):
            if span.since < cut < span.end and len(line) - span.since <= MAX_HELD:
                cut = span.since
        begun = line.rfind("-----BEGIN ", 0, cut)
        if begun > 0 and len(line) - begun <= MAX_HELD and "-----END " not in line[begun:cut]:
            cut = begun
        self._held, self._held_size = [line[cut:]], len(line) - cut
        return self._clean(line[:cut])


def _end_of_whole_lines(text: str) -> int:
    """Return where the last whole line ends. A `\\r` at the very end waits: a `\\n` may follow."""
    end = len(text) - 1 if text.endswith("\r") else len(text)
    return max(text.rfind("\n", 0, end), text.rfind("\r", 0, end)) + 1
