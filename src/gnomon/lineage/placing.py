"""A lineage as boxes and curves: where each stands and what is written on it, for those who draw it.

Always true: boxes do not overlap, every curve ends at its boxes, and all text is cut to its box. What one curve stands for may be
several links between two things; it is dashed where nobody declared any of them, or where the link is not known at all.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gnomon.lineage.layout import is_lane, lanes
from gnomon.runs.plot.look import cut, plain, text_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.lineage.graph import Edge, Graph, Node
    from gnomon.lineage.layout import Lanes

WIDTH, HEIGHT = 196, 46
ACROSS, DOWN, LANE, MARGIN = 284, 60, 22, 18
LETTER, NOTE_LETTER = 14.0, 11.0  # px; the label is 13 and bold
MOST_LABELS = 3  # curves of one word from or to one box that are labelled each; of more, the box is
_PASSES = 6
STAND_INS = frozenset({"more", "gap"})
"""Kinds of nodes that stand for what is left out, and for what nobody knows: see `lineage.standing_in`."""


class Box(NamedTuple):
    """A node with its place: the upper left corner. `label` and `note` fit the box; `words` say it whole."""

    node: Node
    x: float
    y: float
    label: str
    note: str
    is_asked: bool


class Curve(NamedTuple):
    """Links between two boxes: the path in the words of SVG, and where its word stands (empty: the word is another's)."""

    source: str
    target: str
    path: str
    word: str
    x: float
    y: float
    is_declared: bool
    anchor: str = "middle"


class Drawing(NamedTuple):
    """All of it, and how large it is."""

    width: int
    height: int
    boxes: list[Box]
    curves: list[Curve]


def drawing(graph: Graph) -> Drawing:
    """Return where everything stands."""
    found = lanes(graph)
    tops = _tops(found)
    places = {
        key: (MARGIN + at * float(ACROSS), tops[key])
        for at, column in enumerate(found.columns)
        for key in column
    }
    boxes = [
        _box(node, *places[node.key], is_asked=node.key in graph.roots) for node in graph.nodes()
    ]  # fmt: skip
    curves = _curves(graph.edges, found, places)
    bottom = max((y for _, y in places.values()), default=0.0) + HEIGHT + MARGIN
    return Drawing(2 * MARGIN + (len(found.columns) - 1) * ACROSS + WIDTH, round(bottom), boxes, curves)


def _box(node: Node, x: float, y: float, *, is_asked: bool) -> Box:
    room = WIDTH - 24
    name_room = room - 14  # a mark may stand after it
    note = plain(node.note)
    if node.kind not in STAND_INS:
        note = f"{node.kind} · {note}" if note else node.kind
    return Box(
        node, x, round(y, 1), cut(plain(node.label), name_room, LETTER), _cut_at_end(note, room), is_asked
    )


def _cut_at_end(text: str, room: float) -> str:
    if text_width(text, NOTE_LETTER) <= room:
        return text
    while text and text_width(f"{text}…", NOTE_LETTER) > room:
        text = text[:-1]
    return f"{text.rstrip(' ,')}…"


# ---------------------------------------------------------------- heights


def _tops(found: Lanes) -> dict[str, float]:
    """Return how far down each key stands: near to its neighbours, in the order of its column, never over another."""
    tops: dict[str, float] = {}
    for column in found.columns:
        tops.update(zip(column, _spread(column, [0.0] * len(column)), strict=True))
    for nth in range(_PASSES):
        beside = found.before if nth % 2 == 0 else found.after
        for column in found.columns if nth % 2 == 0 else reversed(found.columns):
            wanted = [
                sum(_middle(one, tops) for one in beside[key]) / len(beside[key]) - _tall(key) / 2 if beside[key] else tops[key]
                for key in column
            ]  # fmt: skip
            tops.update(zip(column, _spread(column, wanted), strict=True))
    lowest = min(tops.values(), default=0.0)
    return {key: top - lowest + MARGIN for key, top in tops.items()}


def _tall(key: str) -> float:
    return 0.0 if is_lane(key) else HEIGHT


def _middle(key: str, tops: Mapping[str, float]) -> float:
    return tops[key] + _tall(key) / 2


def _spread(column: Sequence[str], wanted: Sequence[float]) -> list[float]:
    """Return places in order, far enough apart, as near to what is wanted as their mean can be."""
    placed: list[float] = []
    lowest = float("-inf")
    for key, want in zip(column, wanted, strict=True):
        placed.append(max(want, lowest))
        lowest = placed[-1] + (LANE if is_lane(key) else DOWN)
    off = (
        sum(want - place for want, place in zip(wanted, placed, strict=True)) / len(placed) if placed else 0.0
    )
    return [place + off for place in placed]


# ---------------------------------------------------------------- curves


def _curves(edges: Sequence[Edge], found: Lanes, places: Mapping[str, tuple[float, float]]) -> list[Curve]:
    links: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        links.setdefault((edge.source, edge.target), []).append(edge)
    words = {pair: ", ".join(dict.fromkeys(edge.how for edge in held)) for pair, held in links.items()}
    crowded = _crowded(words)
    curves = []
    for pair, held in links.items():
        points = _points(found.ways.get(pair, [*pair]), places)
        is_back = pair not in found.ways
        (x1, y1), (x2, y2) = points[len(points) // 2 - 1], points[len(points) // 2]
        word = "" if (pair[0], words[pair]) in crowded or (pair[1], words[pair]) in crowded else words[pair]
        curves.append(
            Curve(*pair, _path(points, is_back=is_back), plain(word, 40), round((x1 + x2) / 2, 1), round((y1 + y2) / 2 - 5, 1),
                  any(edge.is_declared for edge in held))
        )  # fmt: skip
    return curves + _labels(crowded, words, links, places)


def _crowded(words: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], bool]:
    """Return (key, word) where more curves of one word end than can be labelled each; True where they begin there."""
    counts: dict[tuple[str, str, bool], int] = {}
    for (source, target), word in words.items():
        for key, starts in ((source, True), (target, False)):
            counts[key, word, starts] = counts.get((key, word, starts), 0) + 1
    return {(key, word): starts for (key, word, starts), many in counts.items() if many > MOST_LABELS}


def _labels(
    crowded: Mapping[tuple[str, str], bool],
    words: Mapping[tuple[str, str], str],
    links: Mapping[tuple[str, str], Sequence[Edge]],
    places: Mapping[str, tuple[float, float]],
) -> list[Curve]:
    """Return a word beside each box that many curves of this word begin or end at; the path is empty."""
    found = []
    for (key, word), starts in crowded.items():
        x, y = places[key]
        of = [held for pair, held in links.items() if words[pair] == word and pair[0 if starts else 1] == key]
        is_declared = any(edge.is_declared for held in of for edge in held)
        at = x + WIDTH + 6 if starts else x - 10
        found.append(
            Curve(
                "",
                "",
                "",
                plain(word, 40),
                at,
                round(y + HEIGHT / 2 - 7, 1),
                is_declared,
                "start" if starts else "end",
            )
        )
    return found


def _points(way: Sequence[str], places: Mapping[str, tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where a curve begins, what it passes on both sides of each column, and where it ends."""
    first, *lanes_passed, last = way
    points = [(places[first][0] + WIDTH, places[first][1] + HEIGHT / 2)]
    for key in lanes_passed:
        x, y = places[key]
        points += [(x, y), (x + WIDTH, y)]
    return [*points, (places[last][0], places[last][1] + HEIGHT / 2)]


def _path(points: Sequence[tuple[float, float]], *, is_back: bool) -> str:
    (x, y), *_ = points
    parts = [f"M{x:.0f} {y:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        bend = max(abs(x2 - x1) / 2, 30.0) if not is_back else ACROSS / 2
        dip = DOWN * 0.9 if is_back else 0.0
        parts.append(f"C{x1 + bend:.0f} {y1 + dip:.1f} {x2 - bend:.0f} {y2 + dip:.1f} {x2:.0f} {y2:.1f}")
    return "".join(parts)
