"""Curves for a terminal, in braille dots or plain ASCII.

Each column of dots shows the first, lowest, highest and last value of the points that fall into it, so no spike is lost
however many points there are. NaN leaves a gap; infinities are not drawn but counted.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import islice
from operator import le
from typing import TYPE_CHECKING

from gnomon.text import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Points = tuple[Sequence[float], Sequence[float]]

_BRAILLE = (
    (0x01, 0x08),
    (0x02, 0x10),
    (0x04, 0x20),
    (0x40, 0x80),
)  # bits by row of dots, then column of dots


class Frame:
    """What is drawn in: so many characters wide and high, axes and labels included."""

    __slots__ = ("height", "is_log", "is_unicode", "width")

    def __init__(self, width: int, height: int, *, is_unicode: bool = True, is_log: bool = False) -> None:
        self.width = max(width, 20)
        self.height = max(height, 3)
        self.is_unicode = is_unicode
        self.is_log = is_log


def curve(xs: Sequence[float], ys: Sequence[float], frame: Frame, *, x_name: str = "step") -> list[str]:
    """Return the lines of a drawn curve, axes included, without trailing spaces.

    Where there is nothing to draw (no points, none finite, none positive on a log scale), one line says so.
    """
    points = _sorted_by_x(_floats(xs), _floats(ys))
    if not len(points[0]):
        return ["no points"]
    notes = _left_out(points[1], frame)
    low, high = _range(points[1], frame)
    if low > high:
        return [f"nothing to draw: {', '.join(notes)}"]
    top_label, bottom_label = number(high), number(low)
    label_width = max(len(top_label), len(bottom_label))
    columns = frame.width - label_width - 3
    rows = frame.height - 2
    canvas = Canvas(columns, rows)
    _draw(canvas, points, (low, high), frame)
    lines = []
    bar, corner, dash = ("│", "└", "─") if frame.is_unicode else ("|", "+", "-")
    labels = {0: top_label, rows - 1: bottom_label} if low != high else {canvas.middle_row // 4: top_label}
    for row, text in enumerate(canvas.lines(is_unicode=frame.is_unicode)):
        lines.append(f"{labels.get(row, ''):>{label_width}} {bar} {text}".rstrip())
    lines.append(f"{'':>{label_width}} {corner}{dash * (columns + 1)}")
    lines.append(f"{'':>{label_width}}   {_x_labels(points[0], columns, x_name)}".rstrip())
    if notes:
        lines.append(f"{'':>{label_width}}   not drawn: {', '.join(notes)}")
    return lines


def _floats(values: Sequence[float]) -> Sequence[float]:
    """Return the values as floats; a whole number beyond the range of floats becomes an infinity."""
    return values if set(map(type, values)) <= {float} else [_float(value) for value in values]


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _sorted_by_x(xs: Sequence[float], ys: Sequence[float]) -> Points:
    """Return points in order of x; those whose x is not a finite number are left out."""
    if all(map(le, xs, islice(xs, 1, None))) and (
        not len(xs) or (math.isfinite(xs[0]) and math.isfinite(xs[-1]))
    ):
        return xs, ys
    pairs = [(x, place) for place, x in enumerate(xs) if math.isfinite(x)]
    pairs.sort()
    return [x for x, _ in pairs], [ys[place] for _, place in pairs]


def _is_drawn(value: float, frame: Frame) -> bool:
    return math.isfinite(value) and (value > 0 or not frame.is_log)


def _range(ys: Sequence[float], frame: Frame) -> tuple[float, float]:
    """Return the lowest and highest value that is drawn; (inf, -inf) where there is none."""
    low, high = _extremes(ys)
    if not (_is_drawn(low, frame) and _is_drawn(high, frame)):
        drawn = [value for value in ys if _is_drawn(value, frame)]
        return (min(drawn), max(drawn)) if drawn else (math.inf, -math.inf)
    return low, high


def _extremes(values: Sequence[float]) -> tuple[float, float]:
    """Return (min, max), not-a-numbers aside; (nan, nan) where there is nothing else.

    A comparison with NaN is false, so `min` and `max` pass over every NaN but one that comes first.
    """
    if values[0] == values[0]:
        return min(values), max(values)
    start = next((place for place, value in enumerate(values) if value == value), None)
    return (math.nan, math.nan) if start is None else (min(values[start:]), max(values[start:]))


def _left_out(ys: Sequence[float], frame: Frame) -> list[str]:
    if math.isfinite(sum(ys)) and not frame.is_log:
        return []
    nans = sum(1 for value in ys if value != value)
    infinite = sum(1 for value in ys if value in (math.inf, -math.inf))
    low = sum(1 for value in ys if frame.is_log and -math.inf < value <= 0)
    found = [(nans, "NaN"), (infinite, "infinite"), (low, "not above 0")]
    return [f"{count:,} {what}" for count, what in found if count]


def _draw(canvas: Canvas, points: Points, limits: tuple[float, float], frame: Frame) -> None:
    xs, ys = points
    low, high = (math.log(limits[0]), math.log(limits[1])) if frame.is_log else limits
    spread = high / 2 - low / 2  # halves: the difference of two large floats may be infinite
    first_x, last_x = xs[0], xs[-1]
    last_column, last_row = canvas.dot_columns - 1, canvas.dot_rows - 1

    def row_of(value: float) -> int:
        if spread <= 0:
            return canvas.middle_row
        height = math.log(value) if frame.is_log else value
        return round((high / 2 - height / 2) / spread * last_row)

    def column_of(x: float) -> int:
        span = last_x / 2 - first_x / 2
        return round((x / 2 - first_x / 2) / span * last_column) if span > 0 else 0

    before: tuple[int, int] | None = None
    start = 0
    while start < len(xs):
        column = column_of(xs[start])
        end = _end_of_column(xs, start, column, column_of)
        shown = _first_low_high_last(ys, start, end, frame)
        if not shown:
            before = None  # a gap
        for value in shown:
            here = (column, row_of(value))
            canvas.line(before or here, here)
            before = here
        start = end


def _end_of_column(xs: Sequence[float], start: int, column: int, column_of: Callable[[float], int]) -> int:
    """Return where the points of this dot column end. `xs` is sorted, so the column never goes back."""
    if start + 1 == len(xs) or column_of(xs[start + 1]) != column:
        return start + 1
    return bisect_left(xs, column + 1, lo=start + 1, key=column_of)


def _first_low_high_last(ys: Sequence[float], start: int, end: int, frame: Frame) -> list[float]:
    """Return the values of one column to draw a line through, those that stand for all others."""
    if end - start == 1:
        return [ys[start]] if _is_drawn(ys[start], frame) else []
    part = ys[start:end]
    low, high = _extremes(part)
    if not (_is_drawn(low, frame) and _is_drawn(high, frame)):
        part = [value for value in part if _is_drawn(value, frame)]
        if not part:
            return []
        low, high = min(part), max(part)
    first, last = part[0], part[-1]
    # A NaN at the edge of a column that has other values: the line goes on from what is there.
    first = first if _is_drawn(first, frame) else low
    last = last if _is_drawn(last, frame) else high
    return [first, low, high, last] if first <= last else [first, high, low, last]


def _x_labels(xs: Sequence[float], columns: int, name: str) -> str:
    left, right = number(xs[0]), number(xs[-1])
    if left == right:
        return f"{name} {left}"
    space = columns - len(left) - len(right)
    middle = name if len(name) + 2 <= space else ""
    return left + middle.center(max(1, space)) + right


class Canvas:
    """Dots, two by four to a character."""

    __slots__ = ("cells", "columns", "dot_columns", "dot_rows", "rows")

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = max(1, columns)
        self.rows = max(1, rows)
        self.dot_columns = 2 * self.columns
        self.dot_rows = 4 * self.rows
        self.cells = bytearray(self.columns * self.rows)

    @property
    def middle_row(self) -> int:
        """The row of dots on which a constant is drawn."""
        return (self.dot_rows - 1) // 2

    def dot(self, column: int, row: int) -> None:
        self.cells[row // 4 * self.columns + column // 2] |= _BRAILLE[row % 4][column % 2]

    def line(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Draw dots from `start` to `end`, both included."""
        (x0, y0), (x1, y1) = start, end
        steps = max(abs(x1 - x0), abs(y1 - y0))
        if steps == 0:
            self.dot(x1, y1)
            return
        for step in range(steps + 1):
            self.dot(x0 + round((x1 - x0) * step / steps), y0 + round((y1 - y0) * step / steps))

    def lines(self, *, is_unicode: bool) -> list[str]:
        """Return the rows of characters."""
        shown = braille if is_unicode else ascii_
        return [
            "".join(map(shown, self.cells[row * self.columns : (row + 1) * self.columns]))
            for row in range(self.rows)
        ]


def braille(cell: int) -> str:
    return chr(0x2800 + cell) if cell else " "


def ascii_(cell: int) -> str:
    upper, lower = cell & 0x09, cell & 0xC0
    if upper and lower:
        return "|"
    return "'" if upper else "." if lower else "-" if cell else " "
