"""A picture as one page: the SVG, its points, and a script for values, zoom and lines that come and go.

Always true: the page asks nothing of a network and runs no script but its own, whatever runs are called: names stand in it as
escaped text or as JSON without `<`, and its policy (by hash) lets a browser run and load nothing else. Without a script it is
the picture and a table.
"""

from __future__ import annotations

import os
from base64 import b64encode
from hashlib import sha256
from json import dumps
from typing import TYPE_CHECKING

from gnomon.runs.plot.look import LIGHT, escaped
from gnomon.runs.plot.svg import dark_rules, drawn, layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.runs.plot.lines import Line
    from gnomon.runs.plot.picture import Plot
    from gnomon.runs.plot.scale import Scale

_HELP = "Drag to zoom, double-click to see all. Click a name to hide its line, with Shift to see it alone."
_HERE = os.path.dirname(__file__)
_IN_JSON = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def page(plot: Plot) -> str:
    """Return the whole page."""
    dark = f"@media (prefers-color-scheme: dark) {{ {dark_rules(plot)} }}"
    light = f".gn-muted {{ fill: {LIGHT.muted} }} .gn-grid {{ stroke: {LIGHT.grid} }} .gn-axis {{ stroke: {LIGHT.muted} }}"
    style = f"\n{_file('page.css')}{light}\n{dark}\n"
    script = f"\n{_file('page.js')}"
    policy = f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escaped(plot.title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            f'<div class="gn-stage">\n{drawn(plot, LIGHT)}</div>',
            f'<p class="gn-help">{_HELP} <button type="button" id="gn-reset" hidden>all of it</button></p>',
            *_summary(plot),
            '<details id="gn-points"><summary>Drawn points</summary></details>',
            f'<script type="application/json" id="gn-data">{_json(plot)}</script>',
            f"<script>{script}</script>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _file(name: str) -> str:
    with open(os.path.join(_HERE, name), encoding="utf-8") as file:
        return file.read()


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


def _summary(plot: Plot) -> Iterator[str]:
    """Yield a table with one row for each line: which runs, how many points, first, last, lowest, highest value."""
    head = ("line", "metric", "runs", "points", "last", "lowest", "highest")
    yield '<details><summary>Lines</summary><div class="gn-scroll"><table>'
    yield f"<thead><tr>{''.join(f'<th>{text}</th>' for text in head)}</tr></thead><tbody>"
    for panel in plot.panels:
        for line in panel.lines:
            ys = [y for y in line.ys if y == y]
            figures = [f"{y:.6g}" for y in (ys[-1], min(ys), max(ys))] if ys else ["–"] * 3
            runs = ", ".join(run[:8] for run in line.runs[:20]) + (", …" if len(line.runs) > 20 else "")
            box = f'<input type="checkbox" checked disabled data-key="{line.key}">'
            name = f"<label>{box} {escaped(line.label)}</label>"
            cells = [name, escaped(line.metric), escaped(runs), f"{line.points:,}", *figures]
            yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield "</tbody></table></div></details>"


def _json(plot: Plot) -> str:
    """Return what the script needs, as JSON that can stand in a page."""
    place = layout(plot)
    x_scale = plot.x_scale()
    found = {
        "keys": plot.keys,
        "x": {**_scale(x_scale), "name": plot.x_label(x_scale), "unit": x_scale.unit[0] if x_scale else 1},
        "panels": [
            {
                "box": [round(side, 1) for side in box],
                "y": _scale(plot.y_scale(panel)),
                "lines": [_line(line, plot.keys[line.key]) for line in panel.lines],
            }
            for panel, box in zip(plot.panels, place.boxes, strict=True)
        ],
    }
    return dumps(found, ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(_IN_JSON)


def _scale(scale: Scale | None) -> dict[str, object]:
    if scale is None:
        return {}
    return {"low": scale.low, "high": scale.high, "log": scale.is_log, "kind": scale.kind}


def _line(line: Line, key: str) -> dict[str, object]:
    found: dict[str, object] = {
        "key": line.key,
        "metric": line.metric,
        "x": _numbers(line.xs, 15),
        "y": _numbers(line.ys),
    }
    if line.label != key:  # of several lines of one key
        found["label"] = line.label
    if line.raw is not None:
        found["raw"] = [_numbers(line.raw[0], 15), _numbers(line.raw[1])]
    if line.lows:
        found |= {"low": _numbers(line.lows), "high": _numbers(line.highs), "runs": list(line.counts)}
    return found


def _numbers(values: Sequence[float], digits: int = 9) -> list[float | int | None]:
    return [_number(float(f"{value:.{digits}g}")) if value == value else None for value in values]


def _number(value: float) -> float | int | None:
    if value in (float("inf"), float("-inf")):  # rounded up beyond the floats
        return None
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
