"""A part of a graph that can be taken in at a glance: the nearest nodes, a few of each node's neighbours, and how many more.

Always true: what is left out is counted where it would stand, so nothing is left out unseen; roots stay.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.lineage.graph import Edge, Graph

WIDE, MOST = 8, 80
MOST_SORTED, MOST_SEARCHED = 200, 5_000


class More(NamedTuple):
    """How many neighbours of a node are left out, in which direction."""

    key: str
    direction: str
    kinds: dict[str, int]  # by the kind of key

    @property
    def many(self) -> int:
        return sum(self.kinds.values())


class Part(NamedTuple):
    """The part, and what is left out of it."""

    graph: Graph
    more: list[More]


def part(graph: Graph, *, wide: int = WIDE, most: int = MOST) -> Part:
    """Return at most `most` nodes, at most `wide` neighbours of each in each direction, those made last first."""
    kept = dict.fromkeys(graph.roots)
    beside: list[tuple[str, str, list[str]]] = []
    for direction, edges in graph.walks.items():
        nexts = _nexts(edges, direction)
        level = list(graph.roots)
        while level:
            following: dict[str, None] = {}
            for key in level:
                fresh = [other for other in nexts.get(key, ()) if other not in kept]
                room = min(max(most - len(kept), 0), wide if len(fresh) > wide + 1 else len(fresh))
                chosen = _newest(graph, fresh)[:room]
                kept.update(dict.fromkeys(chosen))
                following.update(dict.fromkeys(chosen))
                beside.append((key, direction, fresh if room < len(fresh) else []))
            level = list(following)
    more = [
        More(key, way, Counter(other.partition(":")[0] for other in fresh if other not in kept))
        for key, way, fresh in beside
    ]
    return Part(graph.only(kept), [one for one in more if one.many])


def matching(graph: Graph, text: str) -> Graph | None:
    """Return the nodes that hold a text in their names, with what leads from the roots to them; None where none does.

    Of a very large graph only the nearest are looked at.
    """
    words = text.casefold()
    looked_at = graph.nodes(graph.keys[:MOST_SEARCHED])
    found = [node.key for node in looked_at if words in f"{node.kind} {node.label} {node.note}".casefold()]
    if not found:
        return None
    kept = {*graph.roots, *found}
    for direction, edges in graph.walks.items():
        came = _came(graph.roots, _nexts(edges, direction))
        for key in found:
            way = key
            while way in came:
                way = came[way]
                kept.add(way)
    return graph.only(kept)


def _nexts(edges: Iterable[Edge], direction: str) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for edge in edges:
        here, there = (edge.target, edge.source) if direction == "up" else (edge.source, edge.target)
        found.setdefault(here, {})[there] = None
    return {key: list(others) for key, others in found.items()}


def _came(roots: Sequence[str], nexts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return from where each node is met first."""
    came: dict[str, str] = {}
    todo = list(roots)
    for key in todo:
        for other in nexts.get(key, ()):
            if other not in came and other not in roots:
                came[other] = key
                todo.append(other)
    return came


def _newest(graph: Graph, keys: Sequence[str]) -> list[str]:
    if not 1 < len(keys) <= MOST_SORTED:
        return list(keys)
    return [node.key for node in sorted(graph.nodes(keys), key=lambda node: -node.time_us)]
