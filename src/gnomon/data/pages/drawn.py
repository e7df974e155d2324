"""What profiles and histories look like as drawings: rectangles with a place, a size and words, which templates write as SVG.

Always true: places and sizes are finite numbers with one digit, so a drawing is the same for equal data, and bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.data.profile.bars import bars
from gnomon.data.profile.lines import about, share_words
from gnomon.text import any_value, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.data.profile.bars import Bars
    from gnomon.data.profile.profile import Column, Value

NUMBERS = ("integer", "float")
BINS = 28
SMALL, LARGE, OVERLAID = (168, 36), (336, 96), (240, 56)  # wide, high
MOST_VALUES, LONGEST_VALUE = 6, 28


class Bar(NamedTuple):
    """A rectangle; `words` say what it stands for."""

    x: float
    y: float
    width: float
    height: float
    words: str = ""


class Histogram(NamedTuple):
    """Bars over a range; with two distributions, `before` is the earlier one."""

    width: int
    height: int
    low: str
    high: str
    bars: list[Bar]
    before: list[Bar]


class Share(NamedTuple):
    """A common value, and which share of rows has it: now, and before where two versions are compared."""

    value: str
    share: float
    words: str
    before: float | None = None
    before_words: str = ""


def histograms(column: Column) -> tuple[Histogram, Histogram] | None:
    """Return the distribution of a column of numbers or times, small and large; None where the profile holds none."""
    found = _found([column], BINS)
    return (_drawn([column], found, SMALL), _drawn([column], found, LARGE)) if found is not None else None


def overlaid(before: Column, after: Column) -> Histogram | None:
    """Return two distributions over the same bins."""
    found = _found([before, after], BINS)
    return _drawn([before, after], found, OVERLAID) if found is not None else None


def _found(columns: Sequence[Column], bins: int) -> Bars | None:
    cells = [column.cells for column in columns if column.cells is not None]
    found = bars(cells, bins) if len(cells) == len(columns) else None
    return found if found is not None and found.low < found.high else None


def _drawn(columns: Sequence[Column], found: Bars, size: tuple[int, int]) -> Histogram:
    top = max(share for shares in found.shares for share in shares)
    is_number = all(column.type in NUMBERS for column in columns)
    drawn = [_bars(found, shares, top, size, is_number=is_number) for shares in found.shares]
    low, high = (_end(column, word) for column, word in zip(_outer(columns), ("min", "max"), strict=True))
    return Histogram(*size, low, high, drawn[-1], drawn[0] if len(drawn) > 1 else [])


def _outer(columns: Sequence[Column]) -> tuple[Column, Column]:
    """Return the columns with the smallest and with the largest value."""
    held = [column for column in columns if column.cells is not None]
    return (
        min(held, key=lambda one: one.cells.low if one.cells else 0.0),
        max(held, key=lambda one: one.cells.high if one.cells else 0.0),
    )


def _end(column: Column, word: str) -> str:
    value = getattr(column, word)
    return about(value) if isinstance(value, float) else any_value(value)


def _bars(
    found: Bars, shares: Sequence[float], top: float, size: tuple[int, int], *, is_number: bool
) -> list[Bar]:
    """Return a bar for each share; one that holds anything is at least a pixel high."""
    width, height = size
    step = width / len(shares)
    return [
        Bar(
            round(at * step, 1),
            round(height - tall, 1),
            round(max(step - (1 if step > 3 else 0.3), 0.5), 1),
            round(tall, 1),
            f"{_between(found, at)}: {_percent(share)}" if is_number else _percent(share),
        )
        for at, share in enumerate(shares)
        if share > 0
        for tall in [max(share / top * height, 1.0)]
    ]


def _percent(share: float) -> str:
    return "less than 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def _between(found: Bars, at: int) -> str:
    low, high = found.edges[at], found.edges[at + 1]
    if found.edges[0] != found.low - 0.5:
        return f"{about(low)} to {about(high)}"
    first, last = about(low + 0.5), about(min(high - 0.5, found.high))  # whole numbers
    return first if first == last else f"{first} to {last}"


def top_values(column: Column, most: int = MOST_VALUES) -> list[Share]:
    """Return the common values that the profile holds, with their shares."""
    return [
        Share(_shown(one), _part(one, column), share_words(one.count, column.count))
        for one in column.top[:most]
        if column.count
    ]


def values_of_both(before: Column, after: Column, most: int = MOST_VALUES) -> list[Share]:
    """Return the common values of two versions, with both shares; None where one of them does not hold the value."""
    was = {str(one.value): one for one in before.top}
    now = {str(one.value): one for one in after.top}
    names = sorted(
        was.keys() | now.keys(),
        key=lambda name: -max(_part(was.get(name), before), _part(now.get(name), after)),
    )
    return [
        Share(
            _shown(now.get(name) or was[name]),
            _part(now.get(name), after), _words(now.get(name), after),
            _part(was.get(name), before), _words(was.get(name), before),
        )
        for name in names[:most]
    ]  # fmt: skip


def _part(one: Value | None, column: Column) -> float:
    return min(max(one.count / column.count, 0.0), 1.0) if one is not None and column.count else 0.0


def _words(one: Value | None, column: Column) -> str:
    if one is not None:
        return share_words(one.count, column.count)
    return "0" if column.top_is_complete else "not kept"


def _shown(one: Value) -> str:
    return cut(any_value(one.value), LONGEST_VALUE)


# ---------------------------------------------------------------- over versions


class History(NamedTuple):
    """One number over the versions, oldest first."""

    title: str
    width: int
    height: int
    bars: list[tuple[Bar, str]]  # and the path of the version's page
    top: str


def history(title: str, values: Sequence[tuple[str, str, float | None, str]]) -> History | None:
    """Return bars for (label, path, value, words) of each version; None where fewer than two have a value."""
    held = [value for _, _, value, _ in values if value is not None]
    if len(held) < 2 or not max(held):
        return None
    step, height = max(10.0, min(34.0, 420 / len(values))), 64
    drawn = [
        (Bar(round(at * step, 1), round(height - tall, 1), round(step - 3, 1), round(tall, 1), f"{label}: {words}"), path)
        for at, (label, path, value, words) in enumerate(values)
        if value is not None
        for tall in [max(value / max(held) * height, 1.0)]
    ]  # fmt: skip
    top = next(words for _, _, value, words in values if value == max(held))
    return History(title, round(step * len(values)), height, drawn, top)
