"""A picture as SVG: axes with round ticks, lines, bands, a legend beside the lines.

The colours of the light theme are attributes, those of the dark one a style sheet in it; so a program that knows no style
sheets still shows the light picture. Nothing is referred to: no font, image, script or link.

Always true: the file is well-formed XML whatever runs are called; equal plots give equal bytes; the lowest and highest drawn
value of each line stand in its path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from gnomon.runs.plot.lines import parts
from gnomon.runs.plot.look import (
    DARK,
    LIGHT,
    MANY,
    Stroke,
    Theme,
    cut,
    escaped,
    text_width,
    wrapped,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gnomon.runs.plot.lines import Line
    from gnomon.runs.plot.picture import Panel, Plot
    from gnomon.runs.plot.scale import Scale, Tick

WIDTH, HEIGHT = 860, 480
PANEL_HEIGHT = 280
FONT = "'Gnomon Sans', 'DejaVu Sans', Verdana, 'Segoe UI', system-ui, Helvetica, Arial, sans-serif"
TITLE, TEXT, SMALL = 16, 11, 10
EDGE, GAP, KEY = 16, 26, 17  # around all; between panels; lines of the legend
FEW_POINTS = 24  # up to so many, each point of a line is marked
MOST_LONE = 200  # points between gaps that are marked
WHISKER = 4  # half the width of the ends of an interval at one x alone


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


class Layout(NamedTuple):
    """Where everything stands."""

    width: int
    height: int
    boxes: tuple[Box, ...]  # inside the axes of each panel
    legend: Box | None
    keys: tuple[int, ...]  # that the legend shows
    caption: tuple[str, ...]


def svg(plot: Plot, theme: str = "auto") -> str:
    """Return the whole file. `theme` is 'light', 'dark' or 'auto'."""
    themes = {"light": (LIGHT, None), "dark": (DARK, None), "auto": (LIGHT, DARK)}
    if theme not in themes:
        from gnomon.errors import BadArgumentError

        raise BadArgumentError(f"`theme` of a plot must be 'light', 'dark' or 'auto'; got {theme!r}")
    shown, other = themes[theme]
    style = f"<style>@media (prefers-color-scheme: dark) {{ {dark_rules(plot)} }}</style>" if other else ""
    return drawn(plot, shown, style)


def dark_rules(plot: Plot) -> str:
    """Return the style rules of the dark theme, for all pictures of a page that have so many lines."""
    rules = [
        f".gn-paper{{fill:{DARK.paper}}}",
        f".gn-ink{{fill:{DARK.ink}}}",
        f".gn-muted{{fill:{DARK.muted}}}",
        f".gn-grid{{stroke:{DARK.grid}}}",
        f".gn-axis{{stroke:{DARK.muted}}}",
    ]
    for place, stroke in enumerate(plot.strokes):
        shade = stroke.colour(DARK)
        rules += [f".gn-s{place}{{stroke:{shade}}}", f".gn-f{place}{{fill:{shade}}}"]
    return " ".join(f".{_class(plot)} {rule}" for rule in rules)


def _class(plot: Plot) -> str:
    """Return the class of all pictures that share the rules of the dark theme: those with the same colours in their order."""
    strokes = plot.strokes
    if all(stroke.tone == place and stroke.tones == len(strokes) for place, stroke in enumerate(strokes)):
        return f"gn-of-{len(strokes)}"
    return f"gn-of-{len(strokes)}-{crc32(repr([stroke[:2] for stroke in strokes]).encode()):08x}"


def layout(plot: Plot) -> Layout:
    """Return where everything stands."""
    count = len(plot.panels)
    columns = 1 if count == 1 else 2 if count <= 4 else 3
    rows = -(-count // columns)
    width = plot.width or WIDTH
    caption = tuple(wrapped(plot.caption, width - 2 * EDGE, SMALL)) if plot.caption else ()
    top = EDGE + TITLE + 14
    bottom = EDGE + len(caption) * (SMALL + 4)
    height = plot.height or max(HEIGHT if rows == 1 else 0, top + bottom + rows * PANEL_HEIGHT)
    has_legend = len(plot.keys) > 1
    legend_width = 0.0
    if has_legend:
        widest = max(text_width(label, TEXT) for label in plot.keys)
        legend_width = min(widest + 38, max(width * 0.28, 90))
    area = Box(EDGE, top, width - 2 * EDGE - legend_width, height - top - bottom)
    cell = Box(0, 0, area.width / columns, area.height / rows)
    heading = 20 if count > 1 else 0
    boxes = []
    for number, panel in enumerate(plot.panels):
        left = _label_width(plot, panel)
        x = area.x + number % columns * cell.width + left
        y = area.y + number // columns * cell.height + heading
        right = 10 if columns == 1 else GAP / 2
        boxes.append(Box(x, y, max(cell.width - left - right, 40), max(cell.height - heading - 38, 30)))
    legend = (
        Box(width - EDGE - legend_width + 6, area.y, legend_width - 6, area.height - 4)
        if has_legend
        else None
    )
    keys = _shown_keys(len(plot.keys), max(2, int(legend.height // KEY)) if legend else 0)
    return Layout(width, height, tuple(boxes), legend, keys, caption)


def _shown_keys(count: int, room: int) -> tuple[int, ...]:
    """Return which lines the legend shows: all, or as many as there is room for, from the first to the last."""
    if count <= room:
        return tuple(range(count))
    shown = room - 1
    if count <= MANY or shown < 2:
        return tuple(range(shown))
    return tuple(round(at * (count - 1) / (shown - 1)) for at in range(shown))


def _label_width(plot: Plot, panel: Panel) -> float:
    scale = plot.y_scale(panel)
    texts = [tick.text for tick in scale.ticks(6)] if scale else []
    return max((text_width(text, TEXT) for text in texts), default=0) + 8


def drawn(plot: Plot, theme: Theme, style: str = "") -> str:
    """Return the SVG in one theme, with a style sheet in it."""
    place = layout(plot)
    size = f'width="{place.width}" height="{place.height}" viewBox="0 0 {place.width} {place.height}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gnomon-plot {_class(plot)}" {size} '
        f'font-family="{FONT}" font-size="{TEXT}" role="img" aria-label="{escaped(plot.title)}">'
    )
    out = [head, style, f"<title>{escaped(plot.title)}</title>", f"<desc>{escaped(plot.caption)}</desc>"]
    out.append(f'<rect class="gn-paper" width="{place.width}" height="{place.height}" fill="{theme.paper}"/>')
    title = cut(plot.title, place.width - 2 * EDGE, TITLE * 1.08)
    out.append(
        f'<text class="gn-ink" x="{EDGE}" y="{EDGE + TITLE - 2}" font-size="{TITLE}" font-weight="bold" '
        f'fill="{theme.ink}">{escaped(title)}</text>'
    )
    x_scale = plot.x_scale()
    for number, (panel, box) in enumerate(zip(plot.panels, place.boxes, strict=True)):
        out += _panel(plot, panel, number, box, x_scale, theme)
    if place.legend is not None:
        out += _legend(plot, place, place.legend, theme)
    for at, line in enumerate(reversed(place.caption)):
        y = place.height - EDGE + 2 - at * (SMALL + 4)
        out.append(
            f'<text class="gn-muted" x="{EDGE}" y="{y}" font-size="{SMALL}" fill="{theme.muted}">{escaped(line)}</text>'
        )
    return "\n".join([part for part in out if part] + ["</svg>\n"])


def _panel(
    plot: Plot, panel: Panel, number: int, box: Box, x_scale: Scale | None, theme: Theme
) -> Iterable[str]:
    y_scale = plot.y_scale(panel)
    out = [f'<g class="gn-panel" data-panel="{number}">']
    if len(plot.panels) > 1:
        out.append(
            f'<text class="gn-ink" x="{_n(box.x)}" y="{_n(box.y - 7)}" font-size="12" font-weight="bold" fill="{theme.ink}">'
            f"{escaped(cut(panel.title, box.width, 13))}</text>"
        )
    if x_scale is None or y_scale is None:
        why = ", ".join(f"{count:,} {text}" for line in panel.lines for count, text in line.left_out[:2])
        text = "nothing to draw" + (f": {why}" if why else "")
        middle = f'x="{_n(box.x + box.width / 2)}" y="{_n(box.y + box.height / 2)}" text-anchor="middle"'
        out.append(
            f'<text class="gn-muted" {middle} fill="{theme.muted}">{escaped(cut(text, box.width, TEXT))}</text></g>'
        )
        return out
    out.append('<g class="gn-axes">')
    out += _axes(plot, box, x_scale, y_scale, theme)
    out.append("</g>")
    out.append(
        f'<text class="gn-muted" x="{_n(box.x + box.width / 2)}" y="{_n(box.y + box.height + 31)}" text-anchor="middle" '
        f'fill="{theme.muted}">{escaped(cut(plot.x_label(x_scale), box.width, TEXT))}</text>'
    )
    # A frame of its own cuts what a page that zooms draws outside; its edges leave room for the width of lines.
    out.append(
        f'<svg class="gn-lines" x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" '
        'overflow="visible">'
    )
    strokes = plot.strokes
    for line in panel.lines:
        pen = _Pen(box, x_scale, y_scale)
        out += _line(line, strokes[line.key], pen, theme, is_few=len(panel.lines) <= 8)
    out.append("</svg></g>")
    return out


def ticks_of(box: Box, x_scale: Scale, y_scale: Scale) -> tuple[list[Tick], list[Tick]]:
    """Return the ticks that have room on both axes."""
    for about in (round(box.width / 75), round(box.width / 100), round(box.width / 150), 2):
        xs = x_scale.ticks(max(2, min(about, 10)))
        if sum(text_width(tick.text, TEXT) + 12 for tick in xs) <= box.width:
            break
    return xs, y_scale.ticks(max(2, min(round(box.height / 60), 7)))


def _axes(plot: Plot, box: Box, x_scale: Scale, y_scale: Scale, theme: Theme) -> Iterable[str]:
    pen = _Pen(box, x_scale, y_scale)
    xs, ys = ticks_of(box, x_scale, y_scale)
    bottom = box.y + box.height
    for tick in ys:
        y = _n(box.y + pen.y(tick.value))
        yield f'<path class="gn-grid" d="M{_n(box.x)} {y}h{_n(box.width)}" stroke="{theme.grid}"/>'
        yield (
            f'<text class="gn-muted" x="{_n(box.x - 7)}" y="{y}" dy="0.35em" text-anchor="end" fill="{theme.muted}">'
            f"{escaped(tick.text)}</text>"
        )
    for at, tick in enumerate(xs):
        x = box.x + pen.x(tick.value)
        half = text_width(tick.text, TEXT) / 2
        centre = min(x, plot_right(plot, box) - half) if at == len(xs) - 1 else x
        yield f'<path class="gn-axis" d="M{_n(x)} {_n(bottom)}v4" stroke="{theme.muted}"/>'
        yield (
            f'<text class="gn-muted" x="{_n(centre)}" y="{_n(bottom + 16)}" text-anchor="middle" fill="{theme.muted}">'
            f"{escaped(tick.text)}</text>"
        )
    yield f'<path class="gn-axis" d="M{_n(box.x)} {_n(bottom)}h{_n(box.width)}" stroke="{theme.muted}"/>'


def plot_right(plot: Plot, box: Box) -> float:
    """Return how far to the right a label may go."""
    return min(box.x + box.width + GAP, (plot.width or WIDTH) - 4)


class _Pen(NamedTuple):
    """Turns values into places in a box."""

    box: Box
    x_scale: Scale
    y_scale: Scale

    def x(self, value: float) -> float:
        return self.x_scale.at(value) * self.box.width

    def y(self, value: float) -> float:
        return (1 - self.y_scale.at(value)) * self.box.height

    def point(self, x: float, y: float) -> str:
        return f"{_n(self.x(x))} {_n(self.y(y))}"

    def path(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        """Return the path of a line with gaps."""
        return "".join(
            "M" + "L".join(map(self.point, part_xs, part_ys))
            for part_xs, part_ys in parts(xs, ys)
            if len(part_xs) > 1
        )

    def area(self, line: Line) -> str:
        """Return the path around a band, but where it is of one x alone."""
        found = []
        for xs, lows, highs in self._stretches(line):
            if len(xs) > 1:
                there, back = map(self.point, xs, highs), map(self.point, reversed(xs), reversed(lows))
                found.append("M" + "L".join([*there, *back]) + "Z")
        return "".join(found)

    def whiskers(self, line: Line) -> str:
        """Return the path of the intervals at an x alone, where a band has no width: each a bar with ends."""
        lone = [(xs[0], lows[0], highs[0]) for xs, lows, highs in self._stretches(line) if len(xs) == 1]
        return "".join(
            f"M{self.point(x, high)}L{self.point(x, low)}"
            + "".join(f"M{_n(self.x(x) - WHISKER)} {_n(self.y(y))}h{2 * WHISKER}" for y in (high, low))
            for x, low, high in lone[:MOST_LONE]
        )

    def _stretches(self, line: Line) -> Iterator[tuple[list[float], list[float], Sequence[float]]]:
        """Yield (xs, lows, highs) of a band between its gaps; below a logarithmic axis, low ends are at its bottom."""
        bottom = self.y_scale.low
        lows = [max(low, bottom) if low == low else low for low in line.lows]
        both = [low if high == high else high for low, high in zip(lows, line.highs, strict=True)]
        start = 0
        for part_xs, part_lows in parts(line.xs, both):
            start = next(at for at in range(start, len(line.xs)) if both[at] == both[at])
            part_highs = line.highs[start : start + len(part_xs)]
            start += len(part_xs)
            yield part_xs, part_lows, part_highs


def _line(line: Line, stroke: Stroke, pen: _Pen, theme: Theme, *, is_few: bool) -> Iterable[str]:
    shade = stroke.colour(theme)
    drawn = (
        f'class="gn-s{line.key}" fill="none" stroke="{shade}" stroke-linejoin="round" stroke-linecap="round"'
    )
    yield f'<g class="gn-line" data-key="{line.key}"><title>{escaped(line.label)}</title>'
    if line.lows and (area := pen.area(line)):
        yield f'<path class="gn-f{line.key} gn-band" data-of="band" d="{area}" fill="{shade}" fill-opacity="0.18"/>'
    if line.lows and (bars := pen.whiskers(line)):
        yield f'<path {drawn} data-of="whiskers" d="{bars}" stroke-width="1.4" stroke-opacity="0.7"/>'
    if line.raw is not None and (path := pen.path(*line.raw)):
        yield f'<path {drawn} data-of="raw" d="{path}" stroke-width="1" stroke-opacity="0.3"/>'
    width = 1.1 if stroke.is_one_of_many else 1.8
    opacity = ' stroke-opacity="0.75"' if stroke.is_one_of_many else ""
    dashed = f' stroke-dasharray="{stroke.dashes}"' if stroke.dashes else ""
    if path := pen.path(line.xs, line.ys):
        yield f'<path {drawn} d="{path}" stroke-width="{width}"{opacity}{dashed}/>'
    size = 3 if len(line.xs) == 1 else 2.2
    for x, y in _marked(line, is_few=is_few):
        yield (
            f'<circle class="gn-f{line.key}" cx="{_n(pen.x(x))}" cy="{_n(pen.y(y))}" r="{size}" '
            f'data-x="{x!r}" data-y="{y!r}" fill="{shade}"/>'
        )
    yield "</g>"


def _marked(line: Line, *, is_few: bool) -> Iterable[tuple[float, float]]:
    """Yield the points that get a mark: each of a few, else those alone between gaps, which no line goes through."""
    if is_few and len(line.xs) <= FEW_POINTS and line.raw is None:
        yield from ((x, y) for x, y in zip(line.xs, line.ys, strict=True) if y == y)
        return
    lone = [(xs[0], ys[0]) for xs, ys in parts(line.xs, line.ys) if len(xs) == 1]
    yield from lone[:MOST_LONE]


def _legend(plot: Plot, place: Layout, box: Box, theme: Theme) -> Iterable[str]:
    count, strokes = len(plot.keys), plot.strokes
    yield '<g class="gn-legend">'
    for row, key in enumerate(place.keys):
        label = plot.keys[key]
        y = box.y + 9 + row * KEY
        stroke = strokes[key]
        dashed = f' stroke-dasharray="{stroke.dashes}"' if stroke.dashes else ""
        yield (
            f'<g class="gn-key" data-key="{key}"><title>{escaped(label)}</title>'
            f'<rect x="{_n(box.x)}" y="{_n(y - 8)}" width="{_n(box.width)}" height="{KEY}" fill-opacity="0"/>'
            f'<path class="gn-s{key}" d="M{_n(box.x + 4)} {_n(y)}h18" stroke="{stroke.colour(theme)}" '
            f'stroke-width="2.2"{dashed}/>'
            f'<text class="gn-ink" x="{_n(box.x + 28)}" y="{_n(y)}" dy="0.35em" fill="{theme.ink}">'
            f"{escaped(cut(label, box.width - 28, TEXT))}</text></g>"
        )
    if len(place.keys) < count:
        y = box.y + 9 + len(place.keys) * KEY
        more = f"and {count - len(place.keys):,} more"
        yield f'<text class="gn-muted" x="{_n(box.x + 28)}" y="{_n(y)}" dy="0.35em" fill="{theme.muted}">{more}</text>'
    yield "</g>"


def _n(number: float) -> str:
    """Return a coordinate to a tenth of a pixel."""
    text = f"{number:.1f}"
    return text[:-2] if text.endswith(".0") else text
