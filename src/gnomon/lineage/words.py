"""What edges are called, read in the direction in which they are followed. A feature's own words stand as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnomon.lineage.graph import Edge

_DOWN = {
    "used": "used by", "read": "read by", "before": "followed by", "part of": "its run", "same bytes": "same bytes",
}  # fmt: skip
_UP = {
    "kept": "kept by", "wrote": "written by", "before": "after", "same bytes": "same bytes as",
    "origin of": "from", "added": "added by", "holds": "lies at",
}  # fmt: skip
BY_CONTENT = "by content"


def word(edge: Edge, *, is_up: bool) -> str:
    """Return what leads to the next node.

    >>> from gnomon.lineage.graph import Edge
    >>> word(Edge("data:1", "run:2", "used"), is_up=False), word(Edge("run:2", "object:3", "kept"), is_up=True)
    ('used by', 'kept by')
    """
    return (_UP if is_up else _DOWN).get(edge.how, edge.how)
