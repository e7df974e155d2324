"""Several curves in one pair of axes of a terminal, with ticks, bands, and a legend.

Lines are told apart by colour; where there is none, or where there are more lines than colours, by letters that stand in the
lines and in the legend. What was smoothed is drawn over the paler raw line, a band is shaded.

Always true: what is drawn is what a picture file would show (the same points, axes and ticks); no character of a name reaches
the terminal unclean.
"""

from __future__ import annotations

from string import ascii_letters
from typing import TYPE_CHECKING, NamedTuple

from gnomon import text
from gnomon.cli.draw import Canvas, ascii_, braille

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gnomon.runs.plot.lines import Line
    from gnomon.runs.plot.scale import Scale, Tick

COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")
SMALLEST = (20, 5)
MOST_KEYS = 20  # lines that the legend names
SHADE, PALE = {True: "░", False: ":"}, {True: "·", False: ","}
_BETWEEN = 12  # columns between the letters of a line, at least


class Frame(NamedTuple):
    """What is drawn in: so many characters wide and high, axes included, the legend not."""

    width: int
    height: int
    is_unicode: bool
    is_coloured: bool
    style: Callable[..., str]  # paints a text


class _Cell(NamedTuple):
    text: str
    styles: tuple[str, ...]


def curves(lines: Sequence[Line], x_scale: Scale, y_scale: Scale, frame: Frame, *, x_name: str) -> list[str]:
    """Return the lines of text of a drawing, without the legend."""
    frame = frame._replace(width=max(frame.width, SMALLEST[0]), height=max(frame.height, SMALLEST[1]))
    rows = frame.height - 2
    ticks = y_scale.ticks(max(3, min(6, rows // 3)), is_unicode=frame.is_unicode)
    label_width = min(max(text.width(tick.text) for tick in ticks), frame.width // 3)
    columns = frame.width - label_width - 3
    labels = _rows_of(ticks, y_scale, rows)
    bar, at_tick = ("│", "┤") if frame.is_unicode else ("|", "+")
    drawn = []
    for row, cells in enumerate(_cells(lines, (x_scale, y_scale), (columns, rows), frame)):
        label = text.cut(labels.get(row, ""), label_width)
        axis = at_tick if row in labels else bar
        drawn.append(f"{label:>{label_width}} {axis} {_painted(cells, frame)}".rstrip())
    return [*drawn, *_x_axis(x_scale, label_width, columns, frame, x_name)]


def _rows_of(ticks: Iterable[Tick], scale: Scale, rows: int) -> dict[int, str]:
    """Return the text beside each row that has a tick."""
    return {round((1 - scale.at(tick.value)) * (4 * rows - 1)) // 4: tick.text for tick in ticks}


def _x_axis(scale: Scale, label_width: int, columns: int, frame: Frame, name: str) -> list[str]:
    ticks = [
        Tick_(round(scale.at(tick.value) * (2 * columns - 1)) // 2, tick.text)
        for tick in _x_ticks(scale, columns, frame)
    ]
    corner, dash, mark = ("└", "─", "┬") if frame.is_unicode else ("+", "-", "+")
    rule, texts = [dash] * columns, ""
    for tick in ticks:
        rule[min(tick.column, columns - 1)] = mark
        start = max(0, min(tick.column - len(tick.text) // 2, columns - len(tick.text)))
        if start >= len(texts) + bool(texts):
            texts = texts.ljust(start) + tick.text
    room = columns - len(texts) - 2
    named = text.cut(name, columns)
    if text.width(named) <= room:
        texts = f"{texts}  {named:>{room}}" if room - text.width(named) < 4 else f"{texts}  {named}"
        below = [texts]
    else:
        below = [texts, named.rjust(columns)]
    indent = " " * label_width
    return [f"{indent} {corner}{dash}{''.join(rule)}", *(f"{indent}   {line}".rstrip() for line in below)]


class Tick_(NamedTuple):
    column: int
    text: str


def _x_ticks(scale: Scale, columns: int, frame: Frame) -> list[Tick]:
    """Return as many ticks as have room side by side."""
    for about in (max(2, columns // 12), max(2, columns // 18), 2):
        ticks = scale.ticks(min(about, 10), is_unicode=frame.is_unicode)
        if sum(len(tick.text) + 2 for tick in ticks) <= columns:
            break
    return ticks


# --- the lines


def _cells(
    lines: Sequence[Line], scales: tuple[Scale, Scale], size: tuple[int, int], frame: Frame
) -> list[list[_Cell]]:
    columns, rows = size
    grid = [[_Cell(" ", ()) for _ in range(columns)] for _ in range(rows)]
    for line in lines:
        _shade(grid, line, scales, size, frame)
    if any(line.raw for line in lines):
        for line in lines:
            raw = _canvas(line.raw or ((), ()), scales, size)
            for place, cell in enumerate(raw.cells):
                if cell:
                    shown = (
                        braille(cell) if frame.is_coloured and frame.is_unicode else PALE[frame.is_unicode]
                    )
                    grid[place // columns][place % columns] = _Cell(shown, ("dim", _colour(line)))
    canvases = [(line, _canvas((line.xs, line.ys), scales, size)) for line in lines]
    for place in range(columns * rows):
        touching = [(canvas.cells[place], line) for line, canvas in canvases if canvas.cells[place]]
        if touching:
            union = 0
            for cell, _ in touching:
                union |= cell
            _, front = max(touching, key=lambda one: one[0].bit_count())
            shown = braille(union) if frame.is_unicode else ascii_(union)
            grid[place // columns][place % columns] = _Cell(
                shown, (_colour(front),) if len(lines) > 1 or front.raw else ()
            )
    if needs_letters(lines, frame):
        for number, (line, canvas) in enumerate(canvases):
            _put_letters(grid, line, canvas, number, len(lines))
    return grid


def needs_letters(lines: Sequence[Line], frame: Frame) -> bool:
    """Return whether colours do not tell these lines apart."""
    return len(lines) > 1 and (not frame.is_coloured or max(line.key for line in lines) >= len(COLOURS))


def letter(line: Line) -> str:
    """Return the letter that stands for a line; the 53rd and those after it share one."""
    return ascii_letters[line.key] if line.key < len(ascii_letters) else "*"


def _colour(line: Line) -> str:
    return COLOURS[line.key % len(COLOURS)]


def _canvas(
    points: tuple[Sequence[float], Sequence[float]], scales: tuple[Scale, Scale], size: tuple[int, int]
) -> Canvas:
    canvas = Canvas(*size)
    before: tuple[int, int] | None = None
    for x, y in zip(*points, strict=True):
        if y != y:
            before = None
            continue
        here = _dot(canvas, x, y, scales)
        canvas.line(before or here, here)
        before = here
    return canvas


def _dot(canvas: Canvas, x: float, y: float, scales: tuple[Scale, Scale]) -> tuple[int, int]:
    across, up = scales[0].at(x), scales[1].at(y)
    return round(across * (canvas.dot_columns - 1)), round((1 - up) * (canvas.dot_rows - 1))


def _shade(
    grid: list[list[_Cell]], line: Line, scales: tuple[Scale, Scale], size: tuple[int, int], frame: Frame
) -> None:
    """Shade the cells of a band, column by column."""
    columns, rows = size
    ends: dict[int, tuple[float, float]] = {}
    for x, low, high in zip(line.xs, line.lows, line.highs, strict=False):
        if high != high:
            continue
        column = min(round(scales[0].at(x) * (2 * columns - 1)) // 2, columns - 1)
        lowest, highest = ends.get(column, (low, high))
        ends[column] = min(low, lowest), max(high, highest)
    filled = sorted(ends)
    for column, after in zip(filled, [*filled[1:], filled[-1] + 1] if filled else [], strict=True):
        low, high = ends[column]
        top = round((1 - scales[1].at(high)) * (4 * rows - 1)) // 4
        bottom = round((1 - scales[1].at(max(low, scales[1].low))) * (4 * rows - 1)) // 4
        for row in range(max(top, 0), min(bottom, rows - 1) + 1):
            for across in range(column, min(after, column + max(2, columns // 8), columns)):
                grid[row][across] = _Cell(SHADE[frame.is_unicode], ("dim", _colour(line)))


def _put_letters(grid: list[list[_Cell]], line: Line, canvas: Canvas, number: int, count: int) -> None:
    """Put the letter of a line into it, here and there, where no other letter stands."""
    apart = max(_BETWEEN, 2 * count)
    touched: dict[int, int] = {}
    for place, cell in enumerate(canvas.cells):
        if cell:
            touched.setdefault(place % canvas.columns, place // canvas.columns)
    wanted = [column for column in sorted(touched) if column % apart == 2 * number % apart]
    for column in wanted or list(touched)[:1]:
        row = touched[column]
        if not grid[row][column].text.isalpha():
            grid[row][column] = grid[row][column]._replace(text=letter(line))


def _painted(cells: Sequence[_Cell], frame: Frame) -> str:
    """Return a row as text, neighbours of one style painted at once."""
    out, waiting, styles = "", "", tuple[str, ...]()
    for cell in cells:
        if cell.styles != styles:
            out += frame.style(waiting, *styles) if styles and waiting else waiting
            waiting, styles = "", cell.styles
        waiting += cell.text
    waiting = waiting if frame.is_coloured and styles else waiting.rstrip()
    return out + (frame.style(waiting, *styles) if styles and waiting else waiting)


# --- the legend


def legend(lines: Sequence[Line], frame: Frame) -> list[str]:
    """Return the lines of the legend: each line's sign, name and last value, with its interval if it has one."""
    has_letters = needs_letters(lines, frame)
    dash = "━━" if frame.is_unicode else "--"
    rows = []
    for line in lines[:MOST_KEYS]:
        sign = letter(line) if has_letters else ""
        sign = f"{dash}{sign}" if frame.is_coloured or not has_letters else sign
        rows.append((frame.style(sign, _colour(line)), text.clean(line.label), _last(line, frame)))
    value_width = max((text.width(row[2]) for row in rows), default=0)
    room = max(8, frame.width - value_width - 8)
    name_width = min(max((text.width(row[1]) for row in rows), default=0), room)
    found = []
    for sign, name, value in rows:
        shown = text.cut(name, name_width, "…" if frame.is_unicode else "..")
        found.append(f"  {sign} {shown}{' ' * (name_width - text.width(shown))}  {value}".rstrip())
    if len(lines) > MOST_KEYS:
        found.append(f"  and {len(lines) - MOST_KEYS:,} more")
    return found


def _last(line: Line, frame: Frame) -> str:
    """Return the last drawn value of a line."""
    at = next((at for at in range(len(line.ys) - 1, -1, -1) if line.ys[at] == line.ys[at]), None)
    if at is None:
        return "nothing to draw"
    shown = text.number(line.ys[at])
    if not line.counts:
        return shown
    half = (line.highs[at] - line.ys[at]) if line.highs[at] == line.highs[at] else None
    seeds = text.count(line.counts[at], "seed")
    sign = "±" if frame.is_unicode else "+-"
    return (
        f"{shown} {sign} {text.number(float(f'{half:.2g}'))} ({seeds})"
        if half is not None
        else f"{shown} ({seeds})"
    )
