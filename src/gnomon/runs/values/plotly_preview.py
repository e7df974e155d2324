"""A plain picture of a Plotly figure, drawn without Plotly.

It shows the lines, markers, bars, histograms and heatmaps of the first pair of axes, and says below which traces it
does not draw. It is a preview: styles, hovering, subplots and annotations are in the figure's JSON.

Always true: it is bounded whatever the figure holds (40 traces, 2,000 points a trace, 64 x 64 cells), equal figures give
equal bytes, and no text of the figure becomes markup.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from gnomon.runs.values.plotly_axis import Axis, is_blank, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 560, 44, 348
MAX_TRACES, MAX_POINTS, MAX_CELLS = 40, 2_000, 64
_PALETTE = ("#636efa", "#ef553b", "#00cc96", "#ab63fa", "#ffa15a", "#19d3f3", "#ff6692", "#b6e880")
_SCALE = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))  # viridis
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,20}|rgba?\([0-9., %]{5,40}\)")
_TEXT = 'font-family="sans-serif" fill="#2a3f5f"'


def preview(spec: dict[str, Any]) -> tuple[bytes, list[str]]:
    """Return a figure, given as the dict of its JSON, as SVG, and notes about what is not drawn."""
    layout = _dict(spec.get("layout"))
    traces = [_dict(trace) for trace in spec.get("data") or []]
    drawn = [trace for trace in traces[:MAX_TRACES] if _is_drawn(trace)]
    left = [trace for trace in traces[:MAX_TRACES] if not _is_drawn(trace)] + traces[MAX_TRACES:]
    shapes: list[_Shape] = [_shape(trace, place) for place, trace in enumerate(drawn)]
    kinds = {shape.kind for shape in shapes}
    x = Axis([shape.xs for shape in shapes], _dict(layout.get("xaxis")), (_LEFT, _RIGHT))
    y = Axis([shape.ys for shape in shapes], _dict(layout.get("yaxis")), (_BOTTOM, _TOP))
    x.widen(has_cells=not kinds.isdisjoint({"bar", "heatmap"}))
    y.widen(has_cells="heatmap" in kinds)
    bars = [shape for shape in shapes if shape.kind == "bar"]
    size = f'width="{WIDTH}" height="{HEIGHT}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {WIDTH} {HEIGHT}">',
        f'<rect {size} fill="#fff"/>',
    ]
    heatmaps = [shape for shape in shapes if shape.kind == "heatmap"]
    for heatmap in heatmaps:
        lines += _heatmap(heatmap, x, y)
    lines += _frame(x, y, layout, has_grid=not heatmaps)
    for shape in shapes:
        if shape.kind == "bar":
            lines += _bars(shape, x, y, bars.index(shape), len(bars))
        elif shape.kind == "line":
            lines += _line(shape, x, y)
    lines += _legend(shapes) if len(shapes) > 1 else []
    notes = _notes(left)
    lines.append(_label(_LEFT, HEIGHT - 10, "; ".join(["a preview", *notes]), size=10, most=100))
    lines.append("</svg>\n")
    return "\n".join(lines).encode("utf-8", "replace"), notes


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_drawn(trace: dict[str, Any]) -> bool:
    kind = trace.get("type", "scatter")
    if (
        trace.get("xaxis", "x") != "x"
        or trace.get("yaxis", "y") != "y"
        or trace.get("visible", True) is not True
    ):
        return False
    if kind in ("bar", "histogram"):
        return trace.get("orientation", "v") == "v" and (kind == "bar" or "x" in trace)
    return kind in ("scatter", "scattergl", "heatmap")


def _notes(left: list[dict[str, Any]]) -> list[str]:
    counts: dict[str, int] = {}
    for trace in left:
        kind = re.sub(r"[^a-z0-9]", "", str(trace.get("type", "scatter")).lower())[:20]
        counts[kind] = counts.get(kind, 0) + 1
    if not counts:
        return []
    names = ", ".join(f"{kind} ({count})" for kind, count in sorted(counts.items())[:8])
    return [f"traces that the preview does not draw: {names}"]


# ---------------------------------------------------------------- traces


class _Shape:
    """What a trace looks like: points, bars or cells, and their colour."""

    __slots__ = ("cells", "colour", "kind", "mode", "name", "widths", "xs", "ys")

    def __init__(self, kind: str, xs: list[Any], ys: list[Any], name: str, colour: str) -> None:
        self.kind, self.xs, self.ys, self.name, self.colour = kind, xs, ys, name, colour
        self.mode = "lines"
        self.cells: list[list[Any]] = []
        self.widths: list[float] = []


def _shape(trace: dict[str, Any], place: int) -> _Shape:
    kind = trace.get("type", "scatter")
    colour = _PALETTE[place % len(_PALETTE)]
    for part in ("line", "marker"):
        said = _dict(trace.get(part)).get("color")
        if isinstance(said, str) and _COLOUR.fullmatch(said):
            colour = said
            break
    name = trace.get("name")
    name = name if isinstance(name, str) else f"trace {place}"
    if kind == "heatmap":
        return _cells(trace, name, colour)
    xs, ys = values_of(trace.get("x")), values_of(trace.get("y"))
    if kind == "histogram":
        return _counted(xs, trace, name, colour)
    count = min(len(xs) or len(ys), len(ys) or len(xs))
    xs, ys = xs[:count] or list(range(count)), ys[:count] or list(range(count))
    if count > MAX_POINTS:
        kept = [at * count // MAX_POINTS for at in range(MAX_POINTS)]
        xs, ys = [xs[at] for at in kept], [ys[at] for at in kept]
    shape = _Shape("bar" if kind == "bar" else "line", xs, ys, name, colour)
    if kind == "bar":
        shape.ys = [*ys, 0]  # the axis begins at nothing
    else:
        mode = trace.get("mode")
        shape.mode = mode if isinstance(mode, str) else "lines+markers" if count < 20 else "lines"
    return shape


def _counted(xs: list[Any], trace: dict[str, Any], name: str, colour: str) -> _Shape:
    """Return a histogram as bars: of 30 bins, or one for each text."""
    numbers = [x for x in xs if isinstance(x, (int, float)) and not is_blank(x)]
    if len(numbers) < len(xs) / 2:
        counts: dict[Any, int] = {}
        for x in xs:
            if isinstance(x, str) and (x in counts or len(counts) < MAX_POINTS):
                counts[x] = counts.get(x, 0) + 1
        return _Shape("bar", list(counts), [*counts.values(), 0], name, colour)
    low, high = (min(numbers), max(numbers)) if numbers else (0, 1)
    wanted = trace.get("nbinsx")
    bins = min(max(1, wanted), 200) if isinstance(wanted, int) else 30
    width = high / bins - low / bins or 1.0
    found = [0] * bins
    for x in numbers:
        found[min(bins - 1, int(x / width - low / width))] += 1
    shape = _Shape("bar", [low + width * (at + 0.5) for at in range(bins)], [*found, 0], name, colour)
    shape.widths = [width]
    return shape


def _cells(trace: dict[str, Any], name: str, colour: str) -> _Shape:
    z = trace.get("z")
    rows = [values_of(row) for row in values_of(z)] if not isinstance(z, dict) else values_of(z)
    rows = [row if isinstance(row, list) else [row] for row in rows]
    width = max(map(len, rows), default=0)
    down, right = -(-len(rows) // MAX_CELLS) or 1, -(-width // MAX_CELLS) or 1
    xs, ys = values_of(trace.get("x")), values_of(trace.get("y"))
    xs = xs if len(xs) == width else list(range(width))
    ys = ys if len(ys) == len(rows) else list(range(len(rows)))
    shape = _Shape("heatmap", xs[::right], ys[::down], name, colour)
    shape.cells = [row[::right] for row in rows[::down]]
    return shape


# ---------------------------------------------------------------- drawing


def _line(shape: _Shape, x: Axis, y: Axis) -> list[str]:
    points = [(x.place(one), y.place(other)) for one, other in zip(shape.xs, shape.ys, strict=False)]
    lines = []
    if "lines" in shape.mode:
        path, pen = [], "M"
        for across, down in points:
            if across is None or down is None:
                pen = "M"  # a gap
                continue
            path.append(f"{pen}{across:.1f} {down:.1f}")
            pen = "L"
        lines.append(f'<path d="{"".join(path)}" fill="none" stroke="{shape.colour}" stroke-width="2"/>')
    if "markers" in shape.mode or len(points) == 1:
        lines.append(f'<g fill="{shape.colour}">')
        for across, down in points:
            if across is not None and down is not None:
                lines.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3"/>')
        lines.append("</g>")
    return lines


def _bars(shape: _Shape, x: Axis, y: Axis, place: int, of: int) -> list[str]:
    """Return bars, those of several traces beside each other."""
    base = y.place(0) or _BOTTOM
    whole = x.width_of(shape.widths[0]) if shape.widths else 0.8 * x.distance()
    share = whole / (1 if shape.widths else of)
    lines = [f'<g fill="{shape.colour}" fill-opacity="{0.6 if shape.widths and of > 1 else 0.9}">']
    for one, other in zip(shape.xs, shape.ys, strict=False):
        across, down = x.place(one), y.place(other)
        if across is not None and down is not None:
            left = across - whole / 2 + (0 if shape.widths else share * place)
            height = abs(base - down)
            lines.append(
                f'<rect x="{left:.1f}" y="{min(base, down):.1f}" width="{share:.1f}" height="{height:.1f}"/>'
            )
    return [*lines, "</g>"]


def _heatmap(shape: _Shape, x: Axis, y: Axis) -> list[str]:
    numbers = [z for row in shape.cells for z in row if isinstance(z, (int, float)) and not is_blank(z)]
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    width, height = x.distance() + 0.5, y.distance() + 0.5
    lines = []
    for row, down_at in zip(shape.cells, shape.ys, strict=False):
        for z, across_at in zip(row, shape.xs, strict=False):
            across, down = x.place(across_at), y.place(down_at)
            if isinstance(z, (int, float)) and not is_blank(z) and across is not None and down is not None:
                lines.append(
                    f'<rect x="{across - width / 2:.1f}" y="{down - height / 2:.1f}" width="{width:.1f}" '
                    f'height="{height:.1f}" fill="{_scaled(z, low, high)}"/>'
                )
    ends = ((f"dark: {low:.4g}", 12), (f"bright: {high:.4g}", 28))
    return [*lines, *(_label(_RIGHT + 14, _TOP + down, text, size=11, most=22) for text, down in ends)]


def _scaled(z: float, low: float, high: float) -> str:
    span = high / 2 - low / 2
    share = (z / 2 - low / 2) / span * (len(_SCALE) - 1) if span > 0 else 0.0
    at = min(int(share), len(_SCALE) - 2)
    parts = [round(a + (b - a) * (share - at)) for a, b in zip(_SCALE[at], _SCALE[at + 1], strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*parts)


def _frame(x: Axis, y: Axis, layout: dict[str, Any], *, has_grid: bool) -> list[str]:
    lines = []
    for place, text in x.ticks(6):
        if has_grid:
            lines.append(f'<path d="M{place:.1f} {_TOP}V{_BOTTOM}" stroke="#e5ecf6"/>')
        lines.append(_label(place, _BOTTOM + 16, text, size=11, anchor="middle", most=14))
    for place, text in y.ticks(6):
        if has_grid:
            lines.append(f'<path d="M{_LEFT} {place:.1f}H{_RIGHT}" stroke="#e5ecf6"/>')
        lines.append(_label(_LEFT - 6, place + 4, text, size=11, anchor="end", most=10))
    lines.append(f'<path d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}" fill="none" stroke="#2a3f5f"/>')
    middle = (_LEFT + _RIGHT) / 2
    lines.append(_label(middle, 26, _title(layout), size=16, anchor="middle", most=60))
    lines.append(_label(middle, _BOTTOM + 38, x.title, size=12, anchor="middle", most=60))
    turned = f' transform="rotate(-90 16 {(_TOP + _BOTTOM) / 2:.0f})"'
    lines.append(_label(16, (_TOP + _BOTTOM) / 2, y.title, size=12, anchor="middle", most=45, more=turned))
    return [line for line in lines if line]


def _title(layout: dict[str, Any]) -> str:
    title = layout.get("title")
    text = _dict(title).get("text", title)
    return text if isinstance(text, str) else ""


def _legend(shapes: Sequence[_Shape]) -> list[str]:
    lines = []
    for place, shape in enumerate([shape for shape in shapes if shape.kind != "heatmap"][:15]):
        top = _TOP + 20 * place
        lines.append(f'<rect x="{_RIGHT + 14}" y="{top}" width="12" height="12" fill="{shape.colour}"/>')
        lines.append(_label(_RIGHT + 32, top + 10, shape.name, size=11, most=20))
    return lines


def _label(
    x: float, y: float, text: str, *, size: int, most: int, anchor: str = "start", more: str = ""
) -> str:
    if not text:
        return ""
    # Plotly's texts may hold tags such as <b>: they are left out, whatever else is there is shown as it is.
    plain = re.sub(r"</?[a-z]{1,4}>", " ", text[: 4 * most])
    plain = "".join(letter if letter.isprintable() else " " for letter in plain)
    cut = plain if len(plain) <= most else plain[: most - 1] + "…"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" {_TEXT}{more}>'
        f"{escape(cut)}</text>"
    )
