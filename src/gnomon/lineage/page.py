"""A graph as one page: a drawing whose boxes lead to the rows of a table with all facts.

Always true: the page has no script and asks nothing of a network, whatever runs and data are called: names stand in it as
escaped text, and its policy (by hash) lets a browser use its own style and nothing else.
"""

from __future__ import annotations

import os
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gnomon.lineage.layout import columns
from gnomon.runs.plot.look import escaped
from gnomon.text import clean, cut, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.lineage.graph import Edge, Graph, Node

WIDTH, HEIGHT = 190, 40
_ACROSS, _DOWN, _MARGIN = 290, 58, 16
_MOST_LABEL = 26
_HELP = (
    "From left to right: what was there first, and what came of it. Dashed lines are links that nobody declared: "
    "the bytes are equal."
)
_HEAD = ("what", "called", "id", "facts", "by", "when", "came from")
_TIP = (
    '<defs><marker id="gn-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
)
_KNOWN = frozenset({"run", "data", "file", "source", "person", "device"})


class Place(NamedTuple):
    """Where a box stands: its upper left corner."""

    x: int
    y: int


def page(graph: Graph, *, left_out: int = 0) -> str:
    """Return the whole page."""
    with open(os.path.join(os.path.dirname(__file__), "page.css"), encoding="utf-8") as file:
        style = f"\n{file.read()}"
    policy = f"default-src 'none'; style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'"
    roots = ", ".join(clean(node.label) for node in graph.nodes(graph.roots[:5]))
    more = f" {left_out:,} more are not drawn." if left_out else ""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Lineage of {escaped(roots)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            f"<h1>Lineage of {escaped(roots)}</h1>",
            f"<p>{_HELP}{more}</p>",
            f'<div class="gn-scroll" tabindex="0">\n{_drawing(graph)}</div>',
            *_table(graph),
            "</body>",
            "</html>",
            "",
        ]
    )


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


def _places(graph: Graph) -> tuple[dict[str, Place], int, int]:
    """Return where each node stands, and how wide and high the drawing is."""
    found = columns(graph)
    tallest = max(map(len, found), default=1)
    places = {
        key: Place(_MARGIN + x * _ACROSS, _MARGIN + round((y + (tallest - len(column)) / 2) * _DOWN))
        for x, column in enumerate(found)
        for y, key in enumerate(column)
    }
    return places, 2 * _MARGIN + (len(found) - 1) * _ACROSS + WIDTH, 2 * _MARGIN + (tallest + 1) * _DOWN


def _drawing(graph: Graph) -> str:
    places, width, height = _places(graph)
    rows = {key: at for at, key in enumerate(graph.keys)}
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    about = 'role="img" aria-label="Lineage; the table below says the same"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {about}>', _TIP]
    lines += [_line(edge, places[edge.source], places[edge.target]) for edge in graph.edges]
    for node in graph.nodes():
        lines.append(_box(node, places[node.key], rows[node.key], is_asked=node.key in graph.roots))
    return "\n".join([*lines, "</svg>\n"])


def _line(edge: Edge, start: Place, end: Place) -> str:
    x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
    bend = max(40, abs(x2 - x1) // 2)
    dip = 0 if 0 < x2 - x1 < _ACROSS else _DOWN  # past columns, or back: below the boxes in between
    kind = "" if edge.is_declared else ' class="gn-content"'
    curve = f"M{x1} {y1} C{x1 + bend} {y1 + dip} {x2 - bend} {y2 + dip} {x2} {y2}"
    path = f'<path{kind} marker-end="url(#gn-tip)" d="{curve}"/>'
    word = escaped(cut(clean(edge.how), 16))
    x, y = (x1 + x2) // 2, (y1 + y2) // 2 + dip * 3 // 4 - 4
    return f'{path}<text class="gn-how" text-anchor="middle" x="{x}" y="{y}">{word}</text>'


def _box(node: Node, place: Place, row: int, *, is_asked: bool) -> str:
    kinds = [f"gn-{node.kind}"] if node.kind in _KNOWN else []
    kinds += ["gn-asked"] if is_asked else []
    kinds += [] if node.is_known else ["gn-unknown"]
    x, y = place
    return (
        f'<a href="#gn-{row}" class="{" ".join(kinds)}"><title>{escaped(clean(node.label))}: {escaped(clean(node.note))}</title>'
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text class="gn-kind" x="{x + 10}" y="{y + 14}">{escaped(node.kind)}</text>'
        f'<text x="{x + 10}" y="{y + 30}">{escaped(cut(clean(node.label), _MOST_LABEL))}</text></a>'
    )


def _table(graph: Graph) -> Iterator[str]:
    called = {node.key: node.label for node in graph.nodes()}
    came: dict[str, list[str]] = {}
    for edge in graph.edges:
        content = "" if edge.is_declared else ", by content"
        came.setdefault(edge.target, []).append(f"{called[edge.source]} ({edge.how}{content})")
    yield f"<table><thead><tr>{''.join(f'<th>{text}</th>' for text in _HEAD)}</tr></thead><tbody>"
    for at, node in enumerate(graph.nodes()):
        who = node.author or (node.writer and f"device {node.writer[:12]}") or ""
        when = timestamp(node.time_us / 1e6) if node.time_us else ""
        froms = "; ".join(came.get(node.key, ())[:20])
        cells = [node.kind, node.label, node.id, node.note, who, when, froms]
        yield f'<tr id="gn-{at}">{"".join(f"<td>{escaped(clean(cell))}</td>" for cell in cells)}</tr>'
    yield "</tbody></table>"
