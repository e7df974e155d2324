"""Nodes that stand for what a drawing leaves out ("38 runs more"), and for what the record does not know.

Always true: a run or version of which nobody knows what it came from gets a node that says so and why, joined by a link that is
named unknown; nothing is drawn as if it came from nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.lineage.graph import Edge, Graph, Node
from gnomon.lineage.reach import WHY, counted, doubts_about
from gnomon.lineage.walk import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.lineage.bounded import Part
    from gnomon.record.index import Index

UNKNOWN = "unknown"


def doubts_upward(index: Index, graph: Graph) -> dict[str, str]:
    """Return why the record cannot say all that something came from, in words, for what was followed upward."""
    edges = graph.walks.get("up")
    if edges is None:
        return {}
    followed = dict.fromkeys([*graph.roots, *(key for edge in edges for key in (edge.source, edge.target))])
    return {key: WHY.get(why, f"its inputs: {why}") for key, why in doubts_about(index, followed).items()}


def of_nothing_known(index: Index, doubts: dict[str, str]) -> dict[str, str]:
    """Return those that no link leads to at all, be it drawn or not."""
    entered = {edge.target for edge in walk(index, list(doubts), is_up=True, depth=1).edges}
    return {key: why for key, why in doubts.items() if key not in entered}


def with_stand_ins(part: Part, unknown: dict[str, str]) -> Graph:
    """Return the part with a node for each thing that is left out, and for each that is `unknown`, by why."""
    graph = part.graph
    made: dict[str, Node] = {}
    walks = {direction: list(edges) for direction, edges in graph.walks.items()}
    for at, one in enumerate(part.more):
        key = f"more:{at}"
        made[key] = Node(key, f"{counted(one.kinds)} more", "left out of the drawing")
        ends = (key, one.key) if one.direction == "up" else (one.key, key)
        walks[one.direction].append(Edge(*ends, ""))
    for key, why in unknown.items():
        if key in graph.keys:
            gap = f"gap:{key}"
            made[gap] = Node(gap, UNKNOWN, why, is_known=False)
            walks["up"].append(Edge(gap, key, UNKNOWN, is_declared=False))

    def describe(keys: Sequence[str]) -> dict[str, Node]:
        known = [key for key in keys if key not in made]
        found = {node.key: node for node in graph.nodes(known)}
        return found | {key: made[key] for key in keys if key in made}

    return Graph(graph.roots, walks, [*graph.keys, *made], describe, is_cut=graph.is_cut)
