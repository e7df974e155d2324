"""Tables for a terminal: aligned, cut to its width, readable without colour.

Always true: every cell is cleaned (`text.clean`); a number is never cut in the middle; what did not fit is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.cli.text import MISSING, any_value, clean, cut, number, width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GAP = "  "
NARROWEST_TEXT = 8
_FAMILIES = ("params", "metrics")


class Column:
    """One column: its key, its title and family (`params`, `metrics` or ''), its cells as text, and their widths."""

    __slots__ = ("cells", "family", "is_number", "key", "title", "width", "widths")

    def __init__(self, key: str, values: Sequence[object], shown: Callable[[object], str] | None = None) -> None:
        family, dot, rest = key.partition(".")
        self.key = key
        self.family = family if dot and family in _FAMILIES else ""
        self.title = clean(rest if self.family else key)
        self.is_number = shown is None and _are_numbers(values)
        if self.is_number:
            self.cells = _dots_aligned([number(value) if value is not None else MISSING for value in values])  # type: ignore[arg-type]
        else:
            self.cells = [(shown or any_value)(value) for value in values]
        self.widths = [width(cell) for cell in self.cells]
        self.width = max([width(self.title), *self.widths])

    def shorten(self, columns: int) -> None:
        """Cut the cells of a column of text to this width."""
        self.cells = [cut(cell, columns) for cell in self.cells]
        self.title = cut(self.title, columns)
        self.widths = [width(cell) for cell in self.cells]
        self.width = max([width(self.title), *self.widths, len(self.family)])

    def paint(self, painters: Sequence[Callable[[str], str]]) -> None:
        """Colour each cell; its width stays what it was."""
        self.cells = [painter(cell) for painter, cell in zip(painters, self.cells, strict=True)]

    def padded(self, text: str, taken: int) -> str:
        """Return a cell (or the title) with the spaces that bring it to the column's width."""
        space = " " * (self.width - taken)
        return space + text if self.is_number else text + space


def lay_out(columns: list[Column], available: int | None) -> tuple[list[Column], list[Column]]:
    """Return (columns that fit, columns left out) for a terminal of this width; None is one without end.

    Texts are shortened first, the widest first; then columns at the end are left out. At least one stays.
    """
    kept, left_out = list(columns), list[Column]()
    _widen_for_families(kept)
    if available is None:
        return kept, left_out
    while len(kept) > 1 and _least_width(kept) > available:
        left_out.insert(0, kept.pop())
    excess = _total(kept) - available
    while excess > 0:
        texts = [column for column in kept if not column.is_number and column.width > NARROWEST_TEXT]
        if not texts:
            break
        widest = max(texts, key=lambda column: column.width)
        second = max([column.width for column in texts if column is not widest], default=0)
        widest.shorten(max(NARROWEST_TEXT, min(widest.width - 1, max(second, widest.width - excess))))
        excess = _total(kept) - available
    return kept, left_out


def lines_of(columns: list[Column]) -> tuple[list[str], list[str]]:
    """Return (lines of the head, lines of the rows), without trailing spaces."""
    head = []
    if any(column.family for column in columns):
        head.append(_family_line(columns))
    head.append(GAP.join(column.padded(column.title, width(column.title)) for column in columns).rstrip())
    rows = [
        GAP.join([column.padded(column.cells[row], column.widths[row]) for column in columns]).rstrip()
        for row in range(len(columns[0].cells))
    ]
    return head, rows


def _family_line(columns: list[Column]) -> str:
    """Return the line above the titles that says where `params` and `metrics` begin."""
    line = ""
    at = 0
    for place, column in enumerate(columns):
        if column.family and (place == 0 or columns[place - 1].family != column.family):
            line = line.ljust(at) + column.family
        at += column.width + len(GAP)
    return line


def _widen_for_families(columns: list[Column]) -> None:
    """Give neighbours of one family at least the width of its name."""
    place = 0
    while place < len(columns):
        end = place + 1
        while end < len(columns) and columns[end].family == columns[place].family:
            end += 1
        columns[end - 1].width += max(0, len(columns[place].family) - _total(columns[place:end]))
        place = end


def _total(columns: list[Column]) -> int:
    return sum(column.width for column in columns) + len(GAP) * (len(columns) - 1)


def _least_width(columns: list[Column]) -> int:
    least = [column.width if column.is_number else min(column.width, NARROWEST_TEXT) for column in columns]
    return sum(least) + len(GAP) * (len(columns) - 1)


def _are_numbers(values: Sequence[object]) -> bool:
    found = False
    for value in values:
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        found = True
    return found


def _dots_aligned(cells: list[str]) -> list[str]:
    """Return the texts of numbers with spaces after them, so that their points stand in one column."""
    tails = [len(cell) - _point(cell) for cell in cells]
    longest = max(tails, default=0)
    return [cell + " " * (longest - tail) for cell, tail in zip(cells, tails, strict=True)]


def _point(cell: str) -> int:
    for place, char in enumerate(cell):
        if char in ".e":
            return place
    return len(cell)
