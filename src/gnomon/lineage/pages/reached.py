"""`/lineage/reach`: all that something touched, what the record cannot say, and whom to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.lineage.pages.places import page_of
from gnomon.lineage.reach import KINDS, WHY, counted, reach
from gnomon.lineage.reach_text import as_text, kinds_of
from gnomon.page import Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.lineage.graph import Node
    from gnomon.lineage.reach import Reach
    from gnomon.page import Ask

MOST, MOST_OF_A_REASON, MOST_ROOTS = 50, 10, 8


def reached(ask: Ask) -> Shown:
    """Show it. `of` is a thing, or the name of a data set for all its versions; `origin` a source, or a part of its name."""
    asked, origin = ask.query.text("of"), ask.query.text("origin")
    if not (asked or origin):
        return Shown("lineage/reach.html", "Reach", {"asked": "", "origin": "", "found": None})
    most = ask.query.whole("most", MOST, low=1, high=20_000)
    found = reach(ask.record, origin or asked, origin=bool(origin), reads_disk=False)
    return Shown(
        "lineage/reach.html",
        f"Reach of {origin or asked}",
        {"asked": "" if origin else asked, "origin": origin, "most": most, "found": _found(found, most)},
    )


def _found(found: Reach, most: int) -> dict[str, Any]:
    told = found.whom_to_tell()
    roots = found.graph.roots
    return {
        "roots": _nodes(found.graph.nodes(roots[:MOST_ROOTS]), found), "root_count": len(roots),
        "reached": _groups(found, most), "reached_count": len(found.reached), "reached_words": counted(kinds_of(found.reached)),
        "perhaps": _perhaps(found, most), "perhaps_count": found.perhaps_count,
        "not_reached": counted(found.not_reached) or "nothing", "is_complete": found.is_complete, "is_cut": found.graph.is_cut,
        "told": [(one.called, one.reasons) for one in told[:most]], "told_count": len(told),
        "has_members": any(one.is_member for one in told), "text": as_text(found),
    }  # fmt: skip


def _groups(found: Reach, most: int) -> list[dict[str, Any]]:
    """Return what was reached by kind: runs first, then data, files and the rest."""
    by_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for key in found.reached:
        by_kind.setdefault(key.partition(":")[0], []).append(key)
    return [
        {
            "title": counted({kind: len(keys)}), "nodes": nodes, "total": len(keys),
            "has_makers": any(node["by"] or node["created"] for node in nodes),
        }
        for kind, keys in by_kind.items()
        if keys
        for nodes in [_nodes(found.graph.nodes(keys[:most]), found)]
    ]  # fmt: skip


def _perhaps(found: Reach, most: int) -> list[dict[str, Any]]:
    limit = MOST_OF_A_REASON if most == MOST else most
    return [
        {
            "why": WHY.get(why, f"its inputs: {why}"),
            "total": len(keys),
            "nodes": _nodes(found.nodes(keys[:limit]), found),
        }
        for why, keys in found.perhaps.items()
    ]


def _nodes(nodes: Sequence[Node], found: Reach) -> list[dict[str, Any]]:
    by_content = found.by_content
    return [
        {
            "kind": node.kind, "label": node.label, "note": node.note, "to": page_of(node),
            "is_known": node.is_known, "by_content": node.key in by_content,
            "by": node.author or (f"device {node.writer[:8]}" if node.writer else ""),
            "created": node.time_us / 1e6 if node.time_us else None,
        }
        for node in nodes
    ]  # fmt: skip
