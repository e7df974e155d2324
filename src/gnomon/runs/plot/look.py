"""How pictures look: colours, how wide a text is, and text that may stand in a page.

The colours can be told apart with the common kinds of colour blindness, and from their background (3 : 1 at least); see
tests/unit/runs/plot/test_look.py. After eight lines dashes tell lines apart, and many lines get a row of colours in order.
"""

from __future__ import annotations

import html
from typing import NamedTuple

from gnomon.text import cut_middle

MANY = 16  # from one more line on, colours follow the order of the lines
DASHES = ("", "7 4", "2 3", "9 3 2 3")
_JOINERS = "\u200c\u200d"
_WIDTHS = (  # of DejaVu Sans and Verdana, in hundredths of the font size, for ASCII from the space on
    "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 100 68 69 70 77 63 "
    "58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 50 61 63 55 63 62 35 63 63 28 28 58 28 "
    "97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84"
)
_WIDTH_OF = {chr(32 + at): int(width) / 100 for at, width in enumerate(_WIDTHS.split())}


class Theme(NamedTuple):
    """The colours of a picture."""

    paper: str
    ink: str
    muted: str
    grid: str
    lines: tuple[str, ...]
    order: tuple[str, ...]  # from the first of many lines to the last


LIGHT = Theme(
    "#ffffff", "#1f2328", "#59636e", "#e4e7eb",
    ("#246fd7", "#f26900", "#29a56c", "#6f005d", "#634000", "#199ebe", "#231289", "#454b43"),
    ("#1f4fb4", "#7a3e9d", "#c2405a", "#c96a12"),
)  # fmt: skip
DARK = Theme(
    "#14171c", "#e6e9ed", "#9aa4b0", "#2c323a",
    ("#85a7ff", "#ce5600", "#27d27a", "#ba438b", "#d7d517", "#8ef8ff", "#7550cb", "#947063"),
    ("#7fb2ff", "#c39be8", "#f58fa5", "#ffb45e"),
)  # fmt: skip


class Stroke(NamedTuple):
    """How a line is drawn: in which of so many colours, and with which dashes as SVG writes them (empty for none)."""

    tone: int
    tones: int
    dashes: str = ""

    def colour(self, theme: Theme) -> str:
        """Return the colour in a theme."""
        return colour(theme, self.tone, self.tones)

    @property
    def is_one_of_many(self) -> bool:
        """Whether there are so many colours that lines are drawn thin and follow an order of colours."""
        return self.tones > MANY


def plain_stroke(place: int, count: int) -> Stroke:
    """Return how a line with a colour of its own is drawn, by its place among so many."""
    return Stroke(place, count, dash(place, count))


def colour(theme: Theme, place: int, count: int) -> str:
    """Return the colour of a line, by its place among so many."""
    if count <= MANY:
        return theme.lines[place % len(theme.lines)]
    share = place / (count - 1) * (len(theme.order) - 1)
    at = min(int(share), len(theme.order) - 2)
    left, right = theme.order[at], theme.order[at + 1]
    parts = [
        round(int(left[i : i + 2], 16) * (1 - share + at) + int(right[i : i + 2], 16) * (share - at))
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


def dash(place: int, count: int) -> str:
    """Return the dashes of a line as SVG writes them; empty for none."""
    return DASHES[place // len(LIGHT.lines) % len(DASHES)] if count <= MANY else ""


def text_width(text: str, size: float) -> float:
    """Return how wide a text is at most, about, in a common sans-serif font of this size."""
    from unicodedata import combining, east_asian_width

    return size * sum(
        _WIDTH_OF.get(char) or (0.0 if combining(char) else 1.0 if east_asian_width(char) in "WF" else 0.7)
        for char in text
    )


def cut(text: str, width: float, size: float) -> str:
    """Return a text cut so that it is at most so wide: what stands at its end tells runs apart, and stays."""
    return cut_middle(text, width, measure=lambda part: text_width(part, size))


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Return the lines of a text that is broken at spaces to this width; a longer word is cut."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(cut(word, width, size))
    return lines


def plain(text: str, limit: int = 300) -> str:
    """Return a text on one line without characters that control something or that XML may not hold; long ones are cut."""
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    if shown.isprintable():
        return shown
    return "".join(
        char if char.isprintable() or char in _JOINERS else " " if char.isspace() else "\ufffd"
        for char in shown
    )


def escaped(text: str) -> str:
    """Return a text as it stands in XML or HTML, between tags or in quotes."""
    return html.escape(plain(text))
