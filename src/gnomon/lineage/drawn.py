"""A graph in the words of two drawing languages: Mermaid (which GitHub, GitLab and notebooks draw) and Graphviz's DOT.

Always true: no label can end its quotes or become a command of the language; ids are numbers of our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.text import clean, cut

if TYPE_CHECKING:
    from gnomon.lineage.graph import Edge, Graph, Node

MOST_LABEL = 60
_SHAPES = {
    "run": ("([", "])"),
    "data": ("[(", ")]"),
    "file": ("[", "]"),
    "source": ("{{", "}}"),
    "person": ("((", "))"),
}
_DOT_SHAPES = {"run": "ellipse", "data": "cylinder", "file": "note", "source": "hexagon", "person": "circle"}
_IN_MERMAID = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\\": "#92;"}


def mermaid(graph: Graph) -> str:
    """Return a Mermaid flowchart; dashed lines are links by content."""
    numbers = {key: f"n{at}" for at, key in enumerate(graph.keys)}
    lines = ["flowchart LR"]
    for node in graph.nodes():
        before, after = _SHAPES.get(node.kind, ("[", "]"))
        lines.append(f'  {numbers[node.key]}{before}"{_mermaid_text(node)}"{after}')
    for edge in graph.edges:
        arrow = "-->" if edge.is_declared else "-.->"
        text = "".join(_IN_MERMAID.get(char, char) for char in _how(edge))
        lines.append(f'  {numbers[edge.source]} {arrow}|"{text}"| {numbers[edge.target]}')
    roots = ",".join(numbers[key] for key in graph.roots)
    lines += ["  classDef asked stroke-width:3px", f"  class {roots} asked"]
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    """Return a Graphviz digraph; dashed lines are links by content."""
    numbers = {key: f"n{at}" for at, key in enumerate(graph.keys)}
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for node in graph.nodes():
        style = ' style="bold"' if node.key in graph.roots else ""
        shape = _DOT_SHAPES.get(node.kind, "box")
        lines.append(f'  {numbers[node.key]} [label="{_dot_text(label(node))}" shape={shape}{style}];')
    for edge in graph.edges:
        style = "" if edge.is_declared else " style=dashed"
        lines.append(
            f'  {numbers[edge.source]} -> {numbers[edge.target]} [label="{_dot_text(_how(edge))}"{style}];'
        )
    return "\n".join([*lines, "}"]) + "\n"


def label(node: Node) -> str:
    """Return what stands on a node: its kind and what it is called."""
    return f"{node.kind}: {cut(clean(node.label), MOST_LABEL)}"


def _how(edge: Edge) -> str:
    is_said = edge.is_declared or edge.how == "same bytes"
    return cut(clean(edge.how), MOST_LABEL) if is_said else f"{cut(clean(edge.how), MOST_LABEL)}, by content"


def _mermaid_text(node: Node) -> str:
    return "".join(_IN_MERMAID.get(char, char) for char in label(node))


def _dot_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
