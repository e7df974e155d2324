"""Results drawn: the charts of a check as markup (for notebooks and pages), and a whole result for notebooks.

Always true: a chart has at most a few thousand corners, and its figures stand beside it as a table or as words; text is escaped
by `runs.display.markup`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gnomon import text
from gnomon.checks.result import Chart, Series
from gnomon.runs.display import look, tables
from gnomon.runs.display.markup import Html, tag
from gnomon.runs.display.shorten import more, words
from gnomon.runs.display.sparkline import Whiskers
from gnomon.runs.plot.scale import scale_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.checks.result import CheckResult, Figures
    from gnomon.runs.display.markup import Child
    from gnomon.runs.plot.scale import Scale

WIDTH, HEIGHT = 360, 240
LEFT, BOTTOM, TOP, RIGHT = 44, 30, 8, 10
MARKS, BARS, LINES, CORNERS = 60, 24, 8, 400
ROWS, FINDINGS, CHARTS = 20, 30, 6


def html(result: CheckResult) -> str:
    """Return what a notebook shows of a result."""
    findings = [
        [tag("b", one.outcome), _ticked(one.what), figure(one.value, one.low, one.high), words(one.limit), words(one.note, 300)]
        for one in result.told[:FINDINGS]
    ]  # fmt: skip
    return look.framed(
        tag("div", tag("b", words(result.name)), f" {result.sentence}", class_="head"),
        tables.table(["outcome", "finding", "figure", "limit", "note"], findings) if findings else None,
        tables.below(more(len(result.findings) - FINDINGS, "finding")),
        [look.warning(words(note, 500)) for note in result.notes],
        [
            look.section(one.title, chart(one), is_open=nth == 0)
            for nth, one in enumerate(result.charts[:CHARTS])
        ],
        [look.section(one.title, table_html(one), is_open=False) for one in result.figures],
    )


def table_html(found: Figures) -> Html:
    """Return the first rows of a table, the ends of an interval in the cell of what they are about."""
    rows = found.to_dicts()[:ROWS]
    columns = shown_columns(found)
    cells = [
        [figure(row[key], row.get(f"{key}_low"), row.get(f"{key}_high")) if _is_number(row[key]) else row[key] for key in columns]
        for row in rows
    ]  # fmt: skip
    return Html(
        tables.table([key.replace("_", " ") for key in columns], cells).markup
        + tables.below(more(len(found.rows) - ROWS, "row"), words(found.note, 500)).markup
    )


def shown_columns(found: Figures) -> list[str]:
    """Return the columns of a table without the ends of intervals, which stand in the cell of what they are about."""
    ends = {f"{key}{end}" for key in found.columns for end in ("_low", "_high")}
    return [key for key in found.columns if key not in ends]


def figure(value: object, low: object = None, high: object = None) -> str:
    """Return a figure with its interval, in words.

    >>> figure(0.25, 0.2, 0.3125), figure(3), figure(None)
    ('0.25 (0.2 to 0.312)', '3', '')
    """
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return "" if value is None else str(value)
    shown = f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        return f"{shown} ({low:.3g} to {high:.3g})"
    return shown


def _is_number(cell: object) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _ticked(sentence: str) -> Html:
    """Return a sentence in which ` stands around names."""
    parts: list[Child] = [
        tag("code", part) if nth % 2 else part for nth, part in enumerate(words(sentence, 500).split("`"))
    ]
    return tag("span", parts)


# ---------------------------------------------------------------- charts


def chart(one: Chart) -> Html:
    """Return a chart as markup; empty where there is nothing to draw."""
    if one.form == "intervals":
        return _intervals(one)
    return _bars(one) if one.form == "bars" else _lines(one)


def _intervals(one: Chart) -> Html:
    marks = list(_marks(one))
    spans = [(low, value, high) for _, value, low, high in marks]
    if one.limit is not None:
        spans.append((None, one.limit, None))
    scale = Whiskers(spans)
    rows: list[list[object]] = [
        [label, scale.drawn(low, value, high), figure(value, low, high)]
        for label, value, low, high in marks[:MARKS]
    ]
    if one.limit is not None:
        rows.append([tag("i", "limit"), scale.drawn(None, one.limit, None), figure(one.limit)])
    if not rows:
        return Html("")
    return tag(
        "div", tables.table([words(one.x_name) or " ", words(one.y_name) or " ", ""], rows),
        tables.below(more(len(marks) - MARKS, "row")), class_="intervals",
    )  # fmt: skip


def _marks(one: Chart) -> Iterator[tuple[str, float | None, float | None, float | None]]:
    """Yield (label, value, low, high) of each mark; where there are several series, those of one label stand together."""
    places = dict.fromkeys(str(x) for series in one.series for x in series.x)
    for place in places:
        for series in one.series:
            for nth, x in enumerate(series.x):
                if str(x) == place:
                    label = words(place if len(one.series) == 1 else f"{place} · {series.label}", 120)
                    yield label, series.y[nth], _at(series.low, nth), _at(series.high, nth)


def _at(part: tuple[float | None, ...], nth: int) -> float | None:
    return part[nth] if len(part) > nth else None


def _bars(one: Chart) -> Html:
    """Return shares beside each other, one row a bin, one bar a series."""
    most = max((abs(y) for series in one.series for y in series.y if y is not None), default=0.0) or 1.0
    places = list(dict.fromkeys(str(x) for series in one.series for x in series.x))
    rows: list[list[object]] = []
    for place in places[:BARS]:
        values = [dict(zip(map(str, series.x), series.y, strict=True)).get(place) for series in one.series]
        height = 7 * len(values)
        bars = [_bar(nth, 120 * abs(value or 0) / most) for nth, value in enumerate(values)]
        drawn = tag(
            "svg", bars, viewBox=f"0 0 120 {height}", width="120", height=str(height), aria_hidden="true"
        )
        rows.append([words(place, 60), drawn, " → ".join(figure(value) or text.MISSING for value in values)])
    if not rows:
        return Html("")
    return tag(
        "div", _legend(one), tables.table([words(one.x_name) or " ", words(one.y_name) or " ", ""], rows),
        tables.below(more(len(places) - BARS, "row")), class_="bars",
    )  # fmt: skip


def _bar(nth: int, length: float) -> Html:
    return tag("path", d=f"M0 {7 * nth}h{length:.1f}v6h-{length:.1f}z", class_=f"fill s{nth % LINES}")


def _lines(one: Chart) -> Html:
    series = [
        each for each in one.series[:LINES] if any(_point(x, y) for x, y in zip(each.x, each.y, strict=True))
    ]
    if not series:
        return Html("")
    points = [
        point for each in series for x, y in zip(each.x, each.y, strict=True) if (point := _point(x, y))
    ]
    ends = [y for each in series for part in (each.low, each.high) for y in part if y is not None]
    xs, ys = (
        [x for x, _ in points],
        [y for _, y in points] + ends + ([] if one.limit is None else [one.limit]),
    )
    if one.is_diagonal:
        ys = [*ys, min(xs), max(xs)]
    across, up = scale_of(xs, padding=0), scale_of(ys, padding=0)
    assert across is not None and up is not None  # there are points  # noqa: S101
    parts: list[Child] = [*_axes(one, across, up)]
    if one.is_diagonal:
        parts.append(
            tag("path", d=_path([(min(xs), min(xs)), (max(xs), max(xs))], across, up), class_="even")
        )
    if one.limit is not None:
        parts.append(
            tag("path", d=_path([(min(xs), one.limit), (max(xs), one.limit)], across, up), class_="even")
        )
    for nth, each in enumerate(series):
        parts += _line(each, nth, across, up)
    svg = tag(
        "svg",
        parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=str(WIDTH),
        height=str(HEIGHT),
        aria_hidden="true",
    )
    return tag("div", _legend(one) if len(one.series) > 1 else None, svg, class_="lines")


def _line(each: Series, nth: int, across: Scale, up: Scale) -> list[Html]:
    """Return the band of a line, the line, and its marks where they are few."""
    places = [(x, y) for x, y in zip(each.x, each.y, strict=True)]
    step = max(1, math.ceil(len(places) / CORNERS))
    points = [point for x, y in places[::step] if (point := _point(x, y))]
    drawn = []
    if len(each.low) == len(places) == len(each.high):
        low = [
            point for (x, _), y in list(zip(places, each.low, strict=True))[::step] if (point := _point(x, y))
        ]
        high = [
            point
            for (x, _), y in list(zip(places, each.high, strict=True))[::step]
            if (point := _point(x, y))
        ]
        drawn.append(tag("path", d=_path([*high, *low[::-1]], across, up) + "Z", class_=f"band s{nth}"))
    drawn.append(tag("path", d=_path(points, across, up), class_=f"line s{nth}"))
    if len(points) <= 30:
        drawn += [
            tag("circle", cx=f"{_x(across, x):.1f}", cy=f"{_y(up, y):.1f}", r="2.5", class_=f"fill s{nth}") for x, y in points
        ]  # fmt: skip
    return drawn


def _axes(one: Chart, across: Scale, up: Scale) -> Iterator[Html]:
    ground = f"M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"
    yield tag("path", d=ground, class_="axis")
    for tick in across.ticks(5):
        yield tag(
            "text",
            tick.text,
            x=f"{_x(across, tick.value):.1f}",
            y=str(HEIGHT - BOTTOM + 13),
            class_="tick below",
        )
    for tick in up.ticks(5):
        yield tag("text", tick.text, x=str(LEFT - 5), y=f"{_y(up, tick.value) + 4:.1f}", class_="tick beside")
    yield tag("text", words(one.x_name), x=str((LEFT + WIDTH) // 2), y=str(HEIGHT - 3), class_="tick below")
    yield tag("text", words(one.y_name), x=str(LEFT + 6), y=str(TOP + 10), class_="tick name")


def _legend(one: Chart) -> Html:
    keys = [
        tag("span", tag("span", class_=f"key s{nth % LINES}"), words(each.label, 80), " ", class_="nowrap")
        for nth, each in enumerate(one.series)
    ]
    return tag("div", keys, class_="legend")


def _point(x: object, y: object) -> tuple[float, float] | None:
    return (float(x), float(y)) if isinstance(x, (int, float)) and isinstance(y, (int, float)) else None


def _x(scale: Scale, value: float) -> float:
    return LEFT + min(1.0, max(0.0, scale.at(value))) * (WIDTH - LEFT - RIGHT)


def _y(scale: Scale, value: float) -> float:
    return HEIGHT - BOTTOM - min(1.0, max(0.0, scale.at(value))) * (HEIGHT - BOTTOM - TOP)


def _path(points: list[tuple[float, float]], across: Scale, up: Scale) -> str:
    return "".join(
        f"{'M' if nth == 0 else 'L'}{_x(across, x):.1f} {_y(up, y):.1f}" for nth, (x, y) in enumerate(points)
    )
