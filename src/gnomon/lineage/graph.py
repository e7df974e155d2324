"""What a lineage is made of: nodes, the edges between them, and the graph that holds both.

A node's key is that of its subject (`run:<id>`, `data:<id>`), of bytes (`object:<digest>`), or of a name that somebody gave
(`source:<text>`, `person:<member>`, `device:<writer>`). An edge leads from what was there first to what came of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

KINDS = {"object": "file"}
"""What a kind of key is called, where that is another word."""


class Edge(NamedTuple):
    """A link: `how` is `used`, `read`, `kept`, `wrote`, `before`, `part of`, `origin of`, `added`, `same bytes`, or a
    feature's own word.

    `is_declared` is False where nobody said so and equal bytes do: a link by content.
    """

    source: str
    target: str
    how: str
    is_declared: bool = True


class Node(NamedTuple):
    """What is shown of something."""

    key: str
    label: str
    note: str = ""
    author: str | None = None  # the member who made it; None before the record has members
    writer: str | None = None  # the device
    time_us: int = 0
    people: tuple[
        tuple[str, str, bool], ...
    ] = ()  # others that are concerned: (id, how, whether it is a member)
    is_known: bool = True  # False: it is named, and what it is is not in this replica
    data_set: str | None = None

    @property
    def kind(self) -> str:
        """What it is: run, data, file, source, person, device, or the type of a feature's subject."""
        kind = self.key.partition(":")[0]
        return KINDS.get(kind, kind)

    @property
    def id(self) -> str:
        """The id, digest or text after the kind."""
        return self.key.partition(":")[2]


class Graph:
    """What was found from `roots`: `keys` in the order in which they were met, and `edges`. Nodes are read when asked for.

    `walks` are the edges by the direction in which they were found, 'up' or 'down'. `is_cut`: there are more nodes than a walk
    takes.
    """

    def __init__(
        self,
        roots: Sequence[str],
        walks: Mapping[str, Sequence[Edge]],
        keys: Iterable[str],
        describe: Callable[[Sequence[str]], dict[str, Node]],
        *,
        is_cut: bool = False,
    ) -> None:
        self.roots = tuple(roots)
        self.walks = {direction: list(dict.fromkeys(edges)) for direction, edges in walks.items()}
        self.edges = _each_once(edge for edges in self.walks.values() for edge in edges)
        self.keys = list(dict.fromkeys([*roots, *keys]))
        self.is_cut = is_cut
        self._describe = describe
        self._known: dict[str, Node] = {}

    def __repr__(self) -> str:
        return f"<Graph of {len(self.keys)} nodes, {len(self.edges)} edges>"

    def __len__(self) -> int:
        return len(self.keys)

    def nodes(self, keys: Iterable[str] | None = None) -> list[Node]:
        """Return nodes by key; all of them unless `keys` are given."""
        wanted = self.keys if keys is None else list(keys)
        missing = [key for key in dict.fromkeys(wanted) if key not in self._known]
        if missing:
            self._known.update(self._describe(missing))
        return [self._known[key] for key in wanted]

    def node(self, key: str) -> Node:
        """Return one node."""
        return self.nodes([key])[0]

    def first(self, most: int) -> Graph:
        """Return the part with the `most` nodes that stand nearest to the roots."""
        return self.only(self.keys[:most])

    def only(self, keys: Iterable[str]) -> Graph:
        """Return the part with these nodes, and the edges between them."""
        wanted = set(keys)
        kept = [key for key in self.keys if key in wanted]
        walks = {
            direction: [edge for edge in edges if edge.source in wanted and edge.target in wanted]
            for direction, edges in self.walks.items()
        }
        found = Graph(self.roots, walks, kept, self._describe, is_cut=self.is_cut)
        found._known = self._known
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: `gnomon lineage --format json` prints them."""
        return {
            "roots": list(self.roots),
            "directions": list(self.walks),
            "nodes": [node_dict(node) for node in self.nodes()],
            "edges": [
                {
                    "source": edge.source,
                    "target": edge.target,
                    "how": edge.how,
                    "by_content": not edge.is_declared,
                }
                for edge in self.edges
            ],
            "is_cut": self.is_cut,
        }


def node_dict(node: Node) -> dict[str, Any]:
    """Return a node as plain values."""
    from gnomon.runs.table import iso_time

    return {
        "key": node.key, "kind": node.kind, "id": node.id, "label": node.label, "note": node.note,
        "author": node.author, "writer": node.writer, "is_known": node.is_known,
        "time": iso_time(node.time_us / 1e6) if node.time_us else None,
    }  # fmt: skip


def _each_once(edges: Iterable[Edge]) -> list[Edge]:
    """Return the edges without those of equal bytes that another direction drew the other way round."""
    found = dict.fromkeys(edges)
    kept: dict[Edge, None] = {}
    for edge in found:
        if edge.is_declared or edge._replace(source=edge.target, target=edge.source) not in kept:
            kept[edge] = None
    return list(kept)
