"""`/lineage`: what something came from and what came of it, drawn, and as a tree of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.lineage import bounded, naming
from gnomon.lineage.drawn import mermaid
from gnomon.lineage.pages.places import asked_as, lineage_of, page_of
from gnomon.lineage.placing import HEIGHT, STAND_INS, WIDTH, drawing
from gnomon.lineage.standing_in import doubts_upward, of_nothing_known, with_stand_ins
from gnomon.lineage.tree import tree
from gnomon.lineage.views import of_keys
from gnomon.page import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.lineage.graph import Graph, Node
    from gnomon.lineage.placing import Box
    from gnomon.page import Ask

MOST_RECENT = 12
MOST_ROOTS = 20
STEPS = ((bounded.WIDE, bounded.MOST), (40, 400), (2_000, 2_000))
"""How much is drawn: neighbours of a node, and nodes; each step of "more" goes on to the next."""
KNOWN = frozenset({"run", "data", "file", "source", "person", "device", *STAND_INS})


def drawn_graph(ask: Ask) -> Shown:
    """Show the lineage of what the address asks about; without that, what could be asked about."""
    asked = ask.query.text("of")
    query = {
        "of": asked, "up": ask.query.flag("up"), "down": ask.query.flag("down"),
        "depth": ask.query.whole("depth", 0, high=1_000) or None, "find": ask.query.text("find"),
        "step": ask.query.whole("step", 0, high=len(STEPS) - 1),
    }  # fmt: skip
    if not asked:
        return Shown("lineage/start.html", "Lineage", {"asked": "", "query": query, **_recent(ask)})
    keys = naming.resolve(ask.record, asked, reads_disk=False)
    whole = of_keys(
        ask.record, keys, up=bool(query["up"]), down=bool(query["down"]),
        depth=ask.query.whole("depth", 0, high=1_000) or None,
    )  # fmt: skip
    chosen = bounded.matching(whole, str(query["find"])) if query["find"] else whole
    graph = chosen if chosen is not None else whole.only(whole.roots)
    roots = whole.nodes(whole.roots[:MOST_ROOTS])
    return Shown(
        "lineage/graph.html",
        f"Lineage of {', '.join(node.label for node in roots[:3])}",
        {
            "asked": asked, "query": query, "roots": [_shown(node) for node in roots], "root_count": len(whole.roots),
            "total": len(whole), "is_cut": whole.is_cut, "is_found": chosen is not None, **_drawn(ask, graph, query),
            "trees": [_tree(graph, direction) for direction in graph.walks], "mermaid": mermaid(graph.first(bounded.MOST)),
        },
    )  # fmt: skip


def _recent(ask: Ask) -> dict[str, Any]:
    sets = ask.record.data_sets()
    newest = sorted((one for held in sets for one in held.newest), key=lambda one: -one.created)[:MOST_RECENT]
    runs = ask.record.runs(columns=["id", "name", "status", "created"], limit=MOST_RECENT).to_pylist()
    return {"versions": [{"label": one.label, "created": one.created} for one in newest], "runs": runs}


# ---------------------------------------------------------------- the drawing


def _drawn(ask: Ask, graph: Graph, query: dict[str, Any]) -> dict[str, Any]:
    wide, most = STEPS[query["step"]]
    part = bounded.part(graph, wide=wide, most=most)
    doubts = doubts_upward(ask.record.replica.index, part.graph)
    unknown = of_nothing_known(ask.record.replica.index, doubts)
    found = drawing(with_stand_ins(part, unknown))
    numbers = {box.node.key: at for at, box in enumerate(found.boxes)}
    return {
        "width": found.width, "height": found.height, "box_width": WIDTH, "box_height": HEIGHT,
        "boxes": [_box(box, "" if box.node.key in unknown else doubts.get(box.node.key, "")) for box in found.boxes],
        "curves": [
            {**curve._asdict(), "from_box": numbers.get(curve.source, -1), "to_box": numbers.get(curve.target, -1),
             "is_unknown": curve.source.startswith("gap:"), "is_more": "more:" in (curve.source[:5], curve.target[:5])}
            for curve in found.curves
        ],
        "left_out": len(graph) - len(part.graph), "is_last_step": query["step"] == len(STEPS) - 1,
        "legend": _legend(found.boxes), "has_content": any(not one.is_declared for one in part.graph.edges),
        "unsure_roots": [(node.label, doubts[node.key]) for node in graph.nodes(graph.roots[:MOST_ROOTS]) if node.key in doubts],
        "has_gaps": any(box.node.kind == "gap" for box in found.boxes),
    }  # fmt: skip


def _box(box: Box, doubt: str) -> dict[str, Any]:
    node = box.node
    kinds = [node.kind if node.kind in KNOWN else "other"]
    kinds += ["asked"] if box.is_asked else []
    kinds += [] if node.is_known else ["not-known"]
    return {
        "x": box.x, "y": box.y, "label": box.label, "note": box.note, "classes": " ".join(kinds), "to": page_of(node),
        "kind": node.kind, "whole": ": ".join(filter(None, [node.label, node.note])),
        "doubt": doubt if node.kind not in STAND_INS else "",
    }  # fmt: skip


def _legend(boxes: Iterable[Box]) -> list[str]:
    """Return the kinds that are drawn, in the order of what they mean."""
    met = {box.node.kind for box in boxes}
    return [kind for kind in ("source", "person", "device", "data", "run", "file") if kind in met]


# ---------------------------------------------------------------- the tree


def _shown(node: Node) -> dict[str, Any]:
    return {
        "kind": node.kind, "label": node.label, "note": node.note, "is_known": node.is_known, "to": page_of(node),
        "lineage": lineage_of(node), "asked": asked_as(node),
    }  # fmt: skip


def _tree(graph: Graph, direction: str) -> dict[str, Any]:
    found = tree(graph, direction)
    return {
        "direction": direction,
        "left_out": found.left_out,
        "lines": [
            {
                "branches": line.branches, "depth": len(line.branches) // 3, "how": line.how, "by_content": line.by_content,
                "is_above": line.is_above, "more": line.more, "node": _shown(line.node) if line.node is not None else None,
            }
            for line in found.lines
        ],
    }  # fmt: skip
