"""Tables for a terminal: aligned, cut to its width, readable without colour.

Always true: every cell is cleaned (`text.clean`); a number, or a mean with its spread (`0.91 ± 0.02`), is never cut in
the middle; what did not fit is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.text import MISSING, any_value, clean, cut, cut_middle, number, width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GAP = "  "
NARROWEST_TEXT = 8
NAMES = {
    "name": 16,
    "group": 12,
}  # columns whose texts are cut in the middle, as both ends tell; how narrow they may be
SPREAD = " ± "
_FAMILIES = ("params", "metrics")


class Column:
    """One column: its key, its title and family (`params`, `metrics` or ''), and its cells as text."""

    __slots__ = ("cells", "cells_width", "family", "is_number", "key", "painters", "title", "width")

    def __init__(
        self, key: str, values: Sequence[object], shown: Callable[[object], str] | None = None
    ) -> None:
        family, dot, rest = key.partition(".")
        self.key = key
        self.family = family if dot and family in _FAMILIES else ""
        self.title = clean(rest if self.family else key)
        self.is_number = shown is None and _are_numbers(values)
        self.cells = _numbers(values) if self.is_number else [(shown or any_value)(value) for value in values]
        if not self.is_number and _are_spreads(self.cells):
            self.is_number, self.cells = True, _aligned_spreads(self.cells)
        self.painters: Sequence[Callable[[str], str]] | None = None
        self._measure()

    def _measure(self) -> None:
        self.cells_width = max(_widths(self.cells), default=0)
        self.width = max(width(self.title), self.cells_width)

    @property
    def least_width(self) -> int:
        """How narrow it can be made: texts and titles can be cut, numbers cannot."""
        narrowest = NAMES.get(self.key, NARROWEST_TEXT)
        least = max(self.cells_width, min(NARROWEST_TEXT, self.width)) if self.is_number else narrowest
        return min(self.width, least)

    def shorten(self, columns: int, ellipsis: str) -> None:
        """Cut the title and, in a column of text, the cells to this width."""
        if not self.is_number:
            shortened = cut_middle if self.key in NAMES else cut
            self.cells = [shortened(cell, columns, ellipsis) for cell in self.cells]
        self.title = cut(self.title, columns, ellipsis)
        self._measure()

    def padded_title(self) -> str:
        """Return the title, as wide as the column."""
        space = " " * (self.width - width(self.title))
        return space + self.title if self.is_number else self.title + space

    def padded_cells(self) -> list[str]:
        """Return the cells, as wide as the column, coloured where they have a colour."""
        if self.is_number:
            return [cell.rjust(self.width) for cell in self.cells]
        if self.painters is None and _are_ascii(self.cells):
            return [cell.ljust(self.width) for cell in self.cells]
        painters = self.painters or [str] * len(self.cells)
        spaces = [" " * (self.width - taken) for taken in _widths(self.cells)]
        return [paint(cell) + space for paint, cell, space in zip(painters, self.cells, spaces, strict=True)]


def lay_out(
    columns: list[Column], available: int | None, ellipsis: str = "…", importance: Sequence[str] = ()
) -> tuple[list[Column], list[Column]]:
    """Return (columns that fit, columns left out) for a terminal of this width; None is one without end.

    Texts and titles are shortened first, the widest first; then columns are left out, those that stand last in
    `importance` (and those that are not in it, from the end) first. At least one stays.
    """
    kept = list(columns)
    _widen_for_families(kept)
    if available is None:
        return kept, []
    rank = {key: place for place, key in enumerate(importance)}
    by_importance = sorted(kept, key=lambda column: rank.get(column.key, len(rank)))
    while len(kept) > 1 and _total([column.least_width for column in kept]) > available:
        kept.remove(by_importance.pop())
    left_out = [column for column in columns if column not in kept]
    while (excess := _total([column.width for column in kept]) - available) > 0:
        wide = sorted(
            (column for column in kept if column.width > column.least_width), key=lambda one: one.width
        )
        if not wide:
            break
        second = wide[-2].width if len(wide) > 1 else 0
        target = min(wide[-1].width - 1, max(second, wide[-1].width - excess))
        wide[-1].shorten(max(wide[-1].least_width, target), ellipsis)
    return kept, left_out


def lines_of(columns: list[Column]) -> tuple[list[str], list[str]]:
    """Return (lines of the head, lines of the rows), without trailing spaces."""
    head = [_family_line(columns)] if any(column.family for column in columns) else []
    head.append(GAP.join([column.padded_title() for column in columns]).rstrip())
    rows = zip(*[column.padded_cells() for column in columns], strict=True)
    return head, [GAP.join(cells).rstrip() for cells in rows]


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
        columns[end - 1].width += max(
            0, len(columns[place].family) - _total([column.width for column in columns[place:end]])
        )
        place = end


def _total(widths: list[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _are_numbers(values: Sequence[object]) -> bool:
    kinds = set(map(type, values))
    return kinds <= {int, float, type(None)} and kinds != {type(None)}


def _are_spreads(cells: Sequence[str]) -> bool:
    """Return whether cells are means with their spreads, as far as there are any."""
    present = [cell for cell in cells if cell != MISSING]
    return any(SPREAD in cell for cell in present) and all(
        cell.count(SPREAD) == 1 or cell.lstrip("-")[:1].isdigit() for cell in present
    )


def _aligned_spreads(cells: Sequence[str]) -> list[str]:
    """Return means with their spreads, so that the ± stand in one column."""
    halves = [cell.partition(SPREAD) for cell in cells]
    before = max(len(mean) for mean, _, _ in halves)
    after = max(len(sign + spread) for _, sign, spread in halves)
    return [mean.rjust(before) + (sign + spread).ljust(after) for mean, sign, spread in halves]


def _numbers(values: Sequence[object]) -> list[str]:
    """Return numbers as text, all of one width, so that their points stand in one column."""
    floats = _plain_floats(values)
    cells = (
        [f"{value:.6g}" for value in floats] if floats is not None else [_number(value) for value in values]
    )
    heads = [_point(cell) for cell in cells]
    tails = [len(cell) - head for cell, head in zip(cells, heads, strict=True)]
    before, after = max(heads, default=0), max(tails, default=0)
    return [
        f"{' ' * (before - head)}{cell}{' ' * (after - tail)}"
        for cell, head, tail in zip(cells, heads, tails, strict=True)
    ]


def _plain_floats(values: Sequence[object]) -> Sequence[float] | None:
    """Return the values if all are floats that `number` shows as `.6g` does (most columns are such, and this is quick)."""
    if set(map(type, values)) != {float}:
        return None
    floats: Sequence[float] = values  # type: ignore[assignment]
    return floats if max(floats) < 1e5 and min(floats) > -1e5 else None


def _number(value: object) -> str:
    return MISSING if value is None else number(value)  # type: ignore[arg-type]


def _point(cell: str) -> int:
    """Return where the point of a number stands, or its exponent, or its end."""
    place = cell.find(".")
    if place >= 0:
        return place
    place = cell.find("e")
    return place if place >= 0 else len(cell)


def _are_ascii(cells: list[str]) -> bool:
    return "".join(cells).isascii()


def _widths(cells: list[str]) -> list[int]:
    return list(map(len if _are_ascii(cells) else width, cells))
