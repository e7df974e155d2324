"""`/run/{run}/lineage`: what a run came from and what came of it, as two trees with links; the graph has a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode

from gnomon.page import Redirect
from gnomon.runs.pages.run_parts import address, opened, shown

if TYPE_CHECKING:
    from gnomon.lineage.graph import Node
    from gnomon.page import Answer, Ask

TITLES = {"up": "What it came from", "down": "What came of it"}
NOTHING = {
    "up": "The record knows of nothing that it came from. `run.use('credit@v3')` says what it uses.",
    "down": "The record knows of nothing that came of it: no file that it kept was read by another run, or added as data.",
}


class Line(NamedTuple):
    """A line of a tree: its drawn branches, how it is linked, the node and its address."""

    branches: str
    how: str
    by_content: bool
    node: Node | None
    to: str
    is_above: bool
    more: int


def lineage(ask: Ask) -> Answer:
    """Show the lineage of a run."""
    from gnomon.lineage.tree import tree

    run = opened(ask, "lineage")
    if isinstance(run, Redirect):
        return run
    graph = ask.record.lineage(f"run:{run.id}")
    parts = []
    for direction in graph.walks:
        found = tree(graph, direction)
        lines = [
            Line(one.branches, one.how, one.by_content and one.how != "same bytes", one.node,
                 to_node(one.node) if one.node is not None else "", one.is_above, one.more)
            for one in found.lines
        ]  # fmt: skip
        parts.append((TITLES[direction], lines, max(0, found.left_out), NOTHING[direction]))
    values = {"parts": parts, "count": len(graph), "is_cut": graph.is_cut, "of": f"run:{run.id}"}
    return shown(ask, run, "lineage", "runs/run_lineage.html", values)


def to_node(node: Node) -> str:
    """Return the address of what a node stands for: its own page, else its lineage."""
    if node.kind == "run" and node.is_known:
        return address(node.id)
    name, at, version = node.label.partition("@")
    if node.kind == "data" and node.is_known and at:
        return f"/data/{quote(name)}/{quote(version)}"
    return f"/lineage?{urlencode({'of': node.key})}"
