"""Several curves in one pair of axes of a terminal, with ticks, bands, and a legend.

Lines are told apart by colour; where there is none, or where lines share one, by letters that stand in the lines and in the
legend. Lines that the legend does not name (`runs.plot.few`) are dim, behind the others. What was smoothed is drawn over the
paler raw line, a band is shaded.

Always true: what is drawn is what a picture file would show (the same points, axes and ticks); no character of a name reaches
the terminal unclean.
"""

from __future__ import annotations

from itertools import pairwise
from string import ascii_letters
from typing import TYPE_CHECKING, NamedTuple

from gnomon import text
from gnomon.cli.draw import Canvas, ascii_, braille
from gnomon.runs.plot.few import OTHERS
from gnomon.runs.plot.interval import shared_digits, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.runs.plot.lines import Line
    from gnomon.runs.plot.picture import Panel
    from gnomon.runs.plot.scale import Scale, Tick

COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")
SMALLEST = (20, 5)
MOST_KEYS = 20  # that the legend names
LONGEST_BESIDE = 6  # the name of an x-axis that gets room left of its ticks
NARROWEST_NAME = 24
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


def curves(
    lines: Sequence[Line],
    x_scale: Scale,
    y_scale: Scale,
    frame: Frame,
    *,
    x_name: str,
    among: Sequence[Line] = (),
) -> list[str]:
    """Return the lines of text of a drawing, without its legend. `among` are all lines that share the legend, if more."""
    has_letters = needs_letters(among or lines, frame)
    frame = frame._replace(width=max(frame.width, SMALLEST[0]), height=max(frame.height, SMALLEST[1]))
    rows = frame.height - 2
    labels = _y_labels(y_scale, rows, frame)
    label_width = max(*map(text.width, labels.values()), min(text.width(x_name) - 2, LONGEST_BESIDE - 2))
    label_width = min(label_width, frame.width // 3)
    columns = frame.width - label_width - 3
    bar, at_tick = ("│", "┤") if frame.is_unicode else ("|", "+")
    drawn = []
    for row, cells in enumerate(_cells(lines, (x_scale, y_scale), (columns, rows), frame, has_letters)):
        label = text.cut(labels.get(row, ""), label_width)
        axis = at_tick if row in labels else bar
        drawn.append(f"{label:>{label_width}} {axis} {_painted(cells, frame)}".rstrip())
    return [*drawn, *_x_axis(x_scale, label_width, columns, frame, x_name)]


def _y_labels(scale: Scale, rows: int, frame: Frame) -> dict[int, str]:
    """Return the text beside each row that has a tick: every tick, or every second, so that a row is free between two."""
    ticks = scale.ticks(max(3, min(6, rows // 3)), is_unicode=frame.is_unicode)
    places = [round((1 - scale.at(tick.value)) * (4 * rows - 1)) // 4 for tick in ticks]
    while len(places) > 2 and any(low - high < 2 for low, high in pairwise(places)):
        ticks, places = ticks[::2], places[::2]
    return dict(zip(places, [tick.text for tick in ticks], strict=True))


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
    indent = " " * label_width
    below = [f"{indent}   {texts}"]
    if text.width(named) <= room:
        below[0] += f"  {named:>{room}}" if room - text.width(named) < 4 else f"  {named}"
    elif text.width(named) <= label_width + 2:
        below[0] = f"{named:>{label_width}}".ljust(label_width + 3) + texts
    else:
        below.append(f"{indent}   {named.rjust(columns)}")
    return [f"{indent} {corner}{dash}{''.join(rule)}", *(line.rstrip() for line in below)]


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
    lines: Sequence[Line],
    scales: tuple[Scale, Scale],
    size: tuple[int, int],
    frame: Frame,
    has_letters: bool,
) -> list[list[_Cell]]:
    columns, rows = size
    grid = [[_Cell(" ", ()) for _ in range(columns)] for _ in range(rows)]
    lines = sorted(lines, key=lambda line: line.key != OTHERS)
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
                    grid[place // columns][place % columns] = _Cell(shown, ("dim", *_colour(line)))
    canvases = [(line, _canvas((line.xs, line.ys), scales, size)) for line in lines]
    for place in range(columns * rows):
        touching = [(canvas.cells[place], line) for line, canvas in canvases if canvas.cells[place]]
        if touching:
            touching = [one for one in touching if one[1].key != OTHERS] or touching
            union = 0
            for cell, _ in touching:
                union |= cell
            _, front = max(touching, key=lambda one: one[0].bit_count())
            shown = braille(union) if frame.is_unicode else ascii_(union)
            grid[place // columns][place % columns] = _Cell(
                shown, (_colour(front) or ("dim",)) if len(lines) > 1 or front.raw or has_letters else ()
            )
    if has_letters:
        named = [one for one in canvases if one[0].key != OTHERS]
        for number, (line, canvas) in enumerate(named):
            _put_letters(grid, line, canvas, number, len(named))
    return grid


def needs_letters(lines: Sequence[Line], frame: Frame) -> bool:
    """Return whether colours do not tell the keys of these lines apart."""
    keys = {line.key: _tone(line) for line in lines if line.key != OTHERS}
    if len(keys) < 2:
        return False
    return not frame.is_coloured or max(keys.values()) >= len(COLOURS) or len(set(keys.values())) < len(keys)


def letter(line: Line) -> str:
    """Return the letter that stands for a line; the 53rd and those after it share one."""
    return ascii_letters[line.key] if line.key < len(ascii_letters) else "*"


def _colour(line: Line) -> tuple[str, ...]:
    return () if line.key == OTHERS else (COLOURS[_tone(line) % len(COLOURS)],)


def _tone(line: Line) -> int:
    return line.key if line.stroke is None else line.stroke.tone


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
                grid[row][across] = _Cell(SHADE[frame.is_unicode], ("dim", *_colour(line)))


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


def legend(panels: Sequence[Panel], keys: Sequence[str], frame: Frame) -> list[str]:
    """Return the lines of the legend of all panels: each key's sign, its name and its last value in each panel.

    Values that have no room beside the names are left out, those of the last panels first.
    """
    lines = [line for panel in panels for line in panel.lines]
    has_letters = needs_letters(lines, frame)
    signs = {line.key: _sign(line, frame, has_letters) for line in lines if line.key != OTHERS}
    shown_keys = sorted(signs)[:MOST_KEYS]
    columns = [[panel.title, *_lasts(panel.lines, shown_keys, is_alone=len(panels) == 1)] for panel in panels]
    if len(panels) == 1:
        columns[0][0] = "mean [95 % interval]" if any(line.counts for line in lines) else ""
    names = ["", *(text.clean(keys[key]) for key in shown_keys)]
    widest = max(map(text.width, names))
    indent = 3 + max((width for _, width in signs.values()), default=0)
    left = frame.width - indent
    while len(columns) > 1 and left - _width(columns) < min(widest, NARROWEST_NAME):
        columns.pop()
    name_width = min(widest, max(8, left - _width(columns)))
    found = []
    for row, name in enumerate(names):
        cut = text.cut_middle(name, name_width, "…" if frame.is_unicode else "..")
        cells = [" " * (name_width - text.width(cut)), *(_cell(column, row) for column in columns)]
        rest = cut + "  ".join(cells)
        if row:
            sign, width = signs[shown_keys[row - 1]]
            found.append(f"  {sign}{' ' * (indent - 2 - width)}{rest}".rstrip())
        elif rest.strip():
            found.append(frame.style(f"{' ' * indent}{rest}".rstrip(), "dim"))
    return [*found, *_unnamed(panels[0], len(signs), frame)]


def _width(columns: Sequence[Sequence[str]]) -> int:
    return sum(2 + max(map(text.width, column)) for column in columns)


def _cell(column: Sequence[str], row: int) -> str:
    cell = text.clean(column[row])
    return cell + " " * (max(map(text.width, column)) - text.width(cell))


def _sign(line: Line, frame: Frame, has_letters: bool) -> tuple[str, int]:
    """Return what stands before a name in the legend, painted, and how wide it is."""
    sign = letter(line) if has_letters else ""
    if frame.is_coloured or not has_letters:
        sign = ("━━" if frame.is_unicode else "--") + sign
    return frame.style(sign, *_colour(line)), len(sign)


def _unnamed(panel: Panel, named: int, frame: Frame) -> list[str]:
    """Return what says how many lines of a panel the legend does not name."""
    others = sum(1 for line in panel.lines if line.key == OTHERS)
    found = []
    if named > MOST_KEYS:
        found.append(f"  and {named - MOST_KEYS:,} more")
    if others:
        ends = f"named: what ends highest and lowest in {text.clean(panel.title)}"
        rest = f"{text.count(others, 'other')} drawn without a name"
        one = f"  {ends}; {rest}"
        found += [one] if text.width(one) <= frame.width else [f"  {ends};", f"  {rest}"]
    ellipsis = "…" if frame.is_unicode else ".."
    found = [text.cut(line, frame.width, ellipsis) for line in found]
    return [frame.style(line, "dim") for line in found]


def _lasts(lines: Sequence[Line], keys: Sequence[int], *, is_alone: bool) -> list[str]:
    """Return, for each key, the last value as logged, or the mean with its interval; of several lines, their range."""
    of_key = {
        key: [(line, at) for line in lines if line.key == key and (at := _end(line.ys)) is not None]
        for key in keys
    }
    digits = shared_digits(
        (line.lows[at], line.highs[at]) for ends in of_key.values() for line, at in ends if line.counts
    )
    return [_last(ends, digits, is_alone=is_alone) for ends in of_key.values()]


def _last(ends: Sequence[tuple[Line, int]], digits: int | None, *, is_alone: bool) -> str:
    if not ends:
        return "nothing to draw" if is_alone else text.MISSING
    if len(ends) > 1:
        values = sorted(_as_logged(line, at) for line, at in ends)
        return f"{text.number(values[0])} to {text.number(values[-1])} ({len(ends):,} lines)"
    line, at = ends[0]
    if not line.counts:
        return text.number(_as_logged(line, at))
    part = f"{line.counts[at]:,} of " if line.counts[at] < line.seeds else ""
    seeds = f"  {part}{text.count(max(line.seeds, line.counts[at]), 'seed')}" if is_alone else ""
    return shown(line.ys[at], line.lows[at], line.highs[at], digits) + seeds


def _as_logged(line: Line, at: int) -> float:
    """Return the value that a line ends with, before it was smoothed."""
    if line.raw is None or (end := _end(line.raw[1])) is None:
        return line.ys[at]
    return line.raw[1][end]


def _end(ys: Sequence[float]) -> int | None:
    """Return where the last value that is drawn stands."""
    return next((at for at in range(len(ys) - 1, -1, -1) if ys[at] == ys[at]), None)
