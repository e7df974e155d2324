"""A graph as a tree of lines. What was met before is named again and not followed; what is left out is counted.

Always true: the lines are bounded by `most`, however large the graph is, and the count of nodes left out is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.lineage.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.lineage.graph import Edge, Graph, Node

MOST_LINES, MOST_OF_ONE = 100, 12
MOST_SORTED = 200


class Line(NamedTuple):
    """A line: the drawn branches, how it is linked, and the node; or, where `node` is None, how many more there are."""

    branches: str
    how: str
    node: Node | None
    by_content: bool = False
    is_above: bool = False  # it stands above already, with all that follows from it
    more: int = 0


class Tree(NamedTuple):
    """The lines of one direction, and how many nodes of it they do not show."""

    lines: list[Line]
    left_out: int


class _Step(NamedTuple):
    edge: Edge | None
    branches: str
    below: str
    more: int = 0


def tree(graph: Graph, direction: str, *, most: int | None = MOST_LINES, is_unicode: bool = True) -> Tree:
    """Return the tree of one direction, without the roots; with `most` None it leaves nothing out."""
    is_up = direction == "up"
    nexts = _nexts(graph.walks.get(direction, ()), is_up)
    fork, last, bar = ("├─ ", "└─ ", "│  ") if is_unicode else ("|- ", "`- ", "|  ")

    def steps(key: str, below: str) -> list[_Step]:
        """Return the lines of what follows from a node, the first one last."""
        edges = nexts.get(key, [])
        if 1 < len(edges) <= MOST_SORTED:  # of very many, those that arrived last come first
            edges = sorted(edges, key=lambda edge: -graph.node(edge.source if is_up else edge.target).time_us)
        shown = edges if most is None or len(edges) <= MOST_OF_ONE else edges[: MOST_OF_ONE - 1]
        found = [_Step(edge, below + fork, below + bar) for edge in shown]
        if len(shown) < len(edges):
            found.append(_Step(None, below + last, below, len(edges) - len(shown)))
        elif found:
            found[-1] = _Step(found[-1].edge, below + last, f"{below}   ")
        return found[::-1]

    met = set(graph.roots)
    drawn: list[tuple[_Step, str, bool]] = []
    todo = [step for root in reversed(graph.roots) for step in steps(root, "")]
    while todo and (most is None or len(drawn) < most):  # no recursion: a chain of ten thousand is no problem
        step = todo.pop()
        if step.edge is None:
            drawn.append((step, "", False))
            continue
        key = step.edge.source if is_up else step.edge.target
        drawn.append((step, key, key in met))
        if key not in met:
            met.add(key)
            todo += steps(key, step.below)
    nodes = {node.key: node for node in graph.nodes({key: None for _, key, _ in drawn if key})}
    lines = [
        Line(step.branches, "", None, more=step.more)
        if step.edge is None
        else Line(
            step.branches,
            word(step.edge, is_up=is_up),
            nodes[key],
            not step.edge.is_declared,
            is_met and bool(nexts.get(key)),
        )
        for step, key, is_met in drawn
    ]
    return Tree(lines, _reached(graph.roots, nexts, is_up) - len(met))


def _nexts(edges: Iterable[Edge], is_up: bool) -> dict[str, list[Edge]]:
    """Return the edges that lead on from each node; of several to one node that which somebody declared."""
    found: dict[str, dict[str, Edge]] = {}
    for edge in edges:
        here, there = (edge.target, edge.source) if is_up else (edge.source, edge.target)
        known = found.setdefault(here, {}).setdefault(there, edge)
        if edge.is_declared and not known.is_declared:
            found[here][there] = edge
    return {key: [*one.values()] for key, one in found.items()}


def _reached(roots: tuple[str, ...], nexts: dict[str, list[Edge]], is_up: bool) -> int:
    met = set(roots)
    todo = list(roots)
    while todo:
        for edge in nexts.get(todo.pop(), ()):
            key = edge.source if is_up else edge.target
            if key not in met:
                met.add(key)
                todo.append(key)
    return len(met)
