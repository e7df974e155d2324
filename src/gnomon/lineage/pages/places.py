"""Where the page of a node is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from gnomon.lineage.graph import Node

ASKED = frozenset({"object", "source", "person", "device"})
"""Kinds of keys that have no page but their lineage."""


def page_of(node: Node) -> str:
    """Return the path of a node's page: that of the run or version, else its lineage; empty where there is nothing to see."""
    kind, _, rest = node.key.partition(":")
    if kind == "run" and node.is_known:
        return f"/run/{rest}"
    if kind == "data" and node.is_known and node.data_set:
        return quote(f"/data/{node.data_set}/{rest}", safe="/:")
    return lineage_of(node) if kind in ASKED else ""


def lineage_of(node: Node) -> str:
    """Return the path of a node's lineage; empty where nothing can be asked about it."""
    kind = node.key.partition(":")[0]
    if kind in ASKED or (kind in ("run", "data") and node.is_known):
        return f"/lineage?{urlencode({'of': asked_as(node)})}"
    return ""


def asked_as(node: Node) -> str:
    """Return how a node is asked about: what stands in the field."""
    kind, _, rest = node.key.partition(":")
    return f"data:{node.data_set}@{rest}" if kind == "data" and node.data_set else node.key
