"""Walking links, up to what something came from or down to what came of it: level by level, each node once.

Two things are joined by their bytes as well as by what was said: a file that a run kept, an input that was read by its path, and
a version of data with the same digest are one. Such an edge is marked: nobody declared it. Where a run names a version, the
link goes by the version, and its bytes add nothing.

Always true: every node that the links reach is met once, whatever cycles and diamonds there are; each level costs a few
questions to the index, and no log is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.lineage.graph import Edge
from gnomon.record.kinds import FROM, IS, MAKES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gnomon.record.index import Index
    from gnomon.record.index_links import Linked
    from gnomon.record.kinds import Link

SAME = "same bytes"
BYTES = "bytes"  # how a run names the bytes of a version that it names, too
MOST_NODES = 200_000


class Walked(NamedTuple):
    """What a walk met: nodes in order (the roots first), and edges."""

    keys: list[str]
    edges: list[Edge]
    is_cut: bool


def walk(index: Index, roots: Sequence[str], *, is_up: bool, depth: int | None = None) -> Walked:
    """Walk from the roots, `depth` steps far or to the end."""
    steps = _Steps(index)
    met = dict.fromkeys(roots)
    edges: list[Edge] = []
    level: list[str] = list(met)
    far = 0
    while level and (depth is None or far < depth) and len(met) < MOST_NODES:
        found = list(steps.up(level) if is_up else steps.down(level))
        edges += found
        nexts = dict.fromkeys(edge.source if is_up else edge.target for edge in found)
        level = [key for key in nexts if key not in met]
        met.update(dict.fromkeys(level))
        far += 1
    return Walked(list(met), _said_by_bytes(edges), bool(level) and len(met) >= MOST_NODES)


def _said_by_bytes(edges: list[Edge]) -> list[Edge]:
    """Mark what was read from a file that something else leads to: only the bytes say that it is the same."""
    entered = {edge.target for edge in edges}
    return [
        edge._replace(is_declared=False)
        if edge.source.startswith("object:") and edge.source in entered
        else edge
        for edge in edges
    ]


class _Steps:
    """One step up or down from many nodes at once."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._links: dict[str, list[Link]] = {}
        self._linked: dict[str, list[Linked]] = {}
        self._same: set[tuple[str, str]] = set()  # by content, in the direction in which it was drawn

    def down(self, level: Sequence[str]) -> Iterator[Edge]:
        """Yield what leads away from these."""
        own = self._links_of(level)
        linked = self._linked_to([*level, *_bytes_of(own)])
        for key in level:
            for link in own.get(key, ()):
                if link.way == MAKES:
                    yield Edge(key, link.target, link.how)
                elif link.way == IS and self._has_others(key, linked[link.target]):
                    yield from self._draw_same(key, link.target)
            if key.startswith("object:"):
                yield from self._from_bytes(key, linked[key])
            else:
                for one in linked[key]:
                    if one.way == FROM:
                        yield Edge(key, one.subject, one.how)

    def up(self, level: Sequence[str]) -> Iterator[Edge]:
        """Yield what leads to these."""
        own = self._links_of(level)
        linked = self._makers_of([*level, *_bytes_of(own)])
        versions = self._links_of([link.target for links in own.values() for link in links if _is_data(link)])
        for key in level:
            links = own.get(key, ())
            named = {one.target for link in links if _is_data(link) for one in versions.get(link.target, ())}
            for link in links:
                if link.way == FROM and not (link.how == BYTES and link.target in named):
                    yield Edge(link.target, key, link.how if link.how != BYTES else "used")
                elif link.way == IS and any(
                    one.way == MAKES or (one.way == IS and one.subject != key) for one in linked[link.target]
                ):
                    yield from self._draw_same(link.target, key)
            for one in linked[key]:
                if one.way == MAKES:
                    yield Edge(one.subject, key, one.how)
                elif one.way == IS:
                    yield from self._draw_same(one.subject, key)

    def _has_others(self, key: str, linked: Sequence[Linked]) -> bool:
        """Return whether anybody else has these bytes: another version, or a run that read them and named no version."""
        return any(one.way == IS and one.subject != key for one in linked) or any(
            True for _ in self._readers(linked)
        )

    def _from_bytes(self, key: str, linked: Sequence[Linked]) -> Iterator[Edge]:
        for one in linked:
            if one.way == IS:
                yield from self._draw_same(key, one.subject)
        for one in self._readers(linked):
            yield Edge(key, one.subject, one.how if one.how != BYTES else "used")

    def _readers(self, linked: Sequence[Linked]) -> Iterator[Linked]:
        """Yield who read bytes and names no version that is here and has them."""
        stray = [one for one in linked if one.how == BYTES and one.way == FROM]
        users: set[str] = set()
        if stray:
            holders = [one.subject for one in linked if one.way == IS]
            by_version = self._linked_to(holders)
            users = {one.subject for holder in holders for one in by_version[holder]}
        for one in linked:
            if one.way == FROM and not (one.how == BYTES and one.subject in users):
                yield one

    def _draw_same(self, source: str, target: str) -> Iterator[Edge]:
        """Yield an edge by content, unless it is drawn the other way round already."""
        if (target, source) not in self._same:
            self._same.add((source, target))
            yield Edge(source, target, SAME, is_declared=False)

    def _links_of(self, keys: Iterable[str]) -> dict[str, list[Link]]:
        wanted = list(dict.fromkeys(keys))
        missing = [key for key in wanted if key not in self._links and not key.startswith("object:")]
        if missing:
            found = self._index.links(missing)
            self._links.update({key: found[key] for key in missing if key in found})
        return {key: self._links[key] for key in wanted if key in self._links}

    def _linked_to(self, keys: Iterable[str]) -> dict[str, list[Linked]]:
        wanted = list(dict.fromkeys(keys))
        missing = [key for key in wanted if key not in self._linked]
        if missing:
            self._linked.update({key: [] for key in missing})
            for one in self._index.linked_to(missing):
                self._linked[one.target].append(one)
        return {key: self._linked[key] for key in wanted}

    def _makers_of(self, keys: Iterable[str]) -> dict[str, list[Linked]]:
        """Return who makes these, or is the same: of a version that very many runs used, these are few."""
        found: dict[str, list[Linked]] = {key: [] for key in keys}
        for one in self._index.linked_to(list(found), lowest=MAKES):
            found[one.target].append(one)
        return found


def _bytes_of(own: dict[str, list[Link]]) -> list[str]:
    return [link.target for links in own.values() for link in links if link.way == IS]


def _is_data(link: Link) -> bool:
    return link.way == FROM and link.target.startswith("data:")
