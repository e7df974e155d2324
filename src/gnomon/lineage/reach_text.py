"""A reach as plain text, to be sent to somebody: what was reached, what may have been, whom to tell.

Always true: the three parts stand in it, and what is left out is counted; control characters are written as escapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.lineage.reach import WHY, counted
from gnomon.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.lineage.graph import Node
    from gnomon.lineage.reach import Reach

MOST = 200


def as_text(found: Reach) -> str:
    """Return the text."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Reach) -> Iterator[str]:
    roots = found.graph.nodes(found.graph.roots)
    yield "asked about"
    yield from _listed(roots, len(roots))
    reached = found.reached
    by_content = found.by_content
    yield f"reached: {counted(kinds_of(reached)) or 'nothing that the record knows of'}"
    yield from _listed(found.graph.nodes(reached[:MOST]), len(reached), by_content)
    if found.graph.is_cut:
        yield "  and more: the walk ended here"
    yield f"perhaps reached: {found.perhaps_count:,}, of which the record cannot say"
    for why, keys in found.perhaps.items():
        yield f"  {len(keys):,} because {WHY.get(why, f'its inputs: {why}')}"
        yield from _listed(found.nodes(keys[:MOST]), len(keys), indent="    ")
    yield f"not reached: {counted(found.not_reached) or 'nothing'}"
    yield "tell"
    for one in found.whom_to_tell():
        yield f"  {clean(one.called)}: {clean(one.reasons)}"


def kinds_of(keys: Sequence[str]) -> dict[str, int]:
    """Return how many keys there are of each kind."""
    kinds: dict[str, int] = {}
    for key in keys:
        kind = key.partition(":")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    return kinds


def _listed(
    nodes: Sequence[Node], total: int, by_content: set[str] | frozenset[str] = frozenset(), indent: str = "  "
) -> Iterator[str]:
    for node in nodes[:MOST]:
        note = f" ({clean(node.note)})" if node.note else ""
        mark = ", by content" if node.key in by_content else ""
        yield f"{indent}{node.kind} {clean(node.label)}{note}{mark}"
    if total > MOST:
        yield f"{indent}… {total - MOST:,} more"
