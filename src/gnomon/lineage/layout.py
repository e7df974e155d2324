"""Where the nodes of a drawing stand: columns from what came first to what came of it, and an order within each column.

Cycles are cut where the walk meets them again; a column is one more than the last column that leads to it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.lineage.graph import Edge, Graph

_PASSES = 4


def columns(graph: Graph) -> list[list[str]]:
    """Return the keys by column, from left to right, each column from top to bottom."""
    forward = _without_cycles(graph.keys, graph.edges)
    before: dict[str, list[str]] = {key: [] for key in graph.keys}
    after: dict[str, list[str]] = {key: [] for key in graph.keys}
    for edge in forward:
        before[edge.target].append(edge.source)
        after[edge.source].append(edge.target)
    ranks = _ranks(graph.keys, before, after)
    found: list[list[str]] = [[] for _ in range(max(ranks.values(), default=0) + 1)]
    for key in graph.keys:
        found[ranks[key]].append(key)
    _untangle(found, before, after)
    return found


class Lanes(NamedTuple):
    """Columns in which links that pass a column have a place there, too: `ways` are the keys that each leads through."""

    columns: list[list[str]]
    ways: dict[tuple[str, str], list[str]]  # by source and target
    before: dict[str, list[str]]
    after: dict[str, list[str]]


def lanes(graph: Graph) -> Lanes:
    """Return the columns with a place for each link that passes one, so that it can be drawn between the boxes.

    A link that leads back (there is a cycle) has no way.
    """
    every = [*graph.keys]
    before: dict[str, list[str]] = {key: [] for key in every}
    after: dict[str, list[str]] = {key: [] for key in every}
    forward = list(
        dict.fromkeys((edge.source, edge.target) for edge in _without_cycles(graph.keys, graph.edges))
    )
    for source, target in forward:
        before[target].append(source)
        after[source].append(target)
    ranks = _ranks(every, before, after)
    found: list[list[str]] = [[] for _ in range(max(ranks.values(), default=0) + 1)]
    for key in every:
        found[ranks[key]].append(key)
    lanes_of = Lanes(found, {}, {key: [] for key in every}, {key: [] for key in every})
    for source, target in forward:
        _lay(lanes_of, source, target, ranks[source], ranks[target])
    _untangle(found, lanes_of.before, lanes_of.after)
    return lanes_of


def _lay(into: Lanes, source: str, target: str, first: int, last: int) -> None:
    way = [source]
    for rank in range(first + 1, last):
        key = f"\0{len(into.before)}"
        into.columns[rank].append(key)
        into.before[key], into.after[key] = [], []
        way.append(key)
    way.append(target)
    for here, there in pairwise(way):
        into.after[here].append(there)
        into.before[there].append(here)
    into.ways[source, target] = way


def is_lane(key: str) -> bool:
    """Return whether a key is only a place that a link passes."""
    return key.startswith("\0")


def _without_cycles(keys: Iterable[str], edges: Iterable[Edge]) -> list[Edge]:
    """Return the edges without those that lead back to where a walk came from."""
    nexts: dict[str, list[Edge]] = {}
    for edge in edges:
        nexts.setdefault(edge.source, []).append(edge)
    kept: list[Edge] = []
    state: dict[str, int] = {}  # 1: on the way, 2: done
    for start in keys:
        if start in state:
            continue
        state[start] = 1
        way = [(start, iter(nexts.get(start, ())))]
        while way:
            key, following = way[-1]
            onward = next(following, None)
            if onward is None:
                state[key] = 2
                way.pop()
                continue
            if state.get(onward.target) == 1:
                continue
            kept.append(onward)
            if onward.target not in state:
                state[onward.target] = 1
                way.append((onward.target, iter(nexts.get(onward.target, ()))))
    return kept


def _ranks(keys: Sequence[str], before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, int]:
    waiting = {key: len(before[key]) for key in keys}
    ranks = dict.fromkeys(keys, 0)
    ready = [key for key in keys if not waiting[key]]
    order = []
    while ready:
        key = ready.pop()
        order.append(key)
        for other in after[key]:
            ranks[other] = max(ranks[other], ranks[key] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    for key in order:  # what nothing leads to stands just before what it leads to
        if not before[key] and after[key]:
            ranks[key] = min(ranks[other] for other in after[key]) - 1
    return ranks


def _untangle(found: list[list[str]], before: dict[str, list[str]], after: dict[str, list[str]]) -> None:
    """Sort each column by where its neighbours stand, to and fro."""
    place = {key: float(at) for column in found for at, key in enumerate(column)}
    for nth in range(_PASSES):
        beside = before if nth % 2 == 0 else after
        for column in found if nth % 2 == 0 else reversed(found):
            wanted = {
                key: sum(place[one] for one in beside[key]) / len(beside[key]) if beside[key] else place[key]
                for key in column
            }
            column.sort(key=wanted.__getitem__)
            place.update({key: float(at) for at, key in enumerate(column)})
