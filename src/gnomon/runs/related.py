"""Which other runs a run has to do with: its parent, its parts, the others of its group; and the tags that are in use.

Always true: hidden runs are not among them, but a parent is named whether it is here or not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.record.index import Index
    from gnomon.runs.views import Record

MOST_TAGS = 200


class Other(NamedTuple):
    """Another run. `name` is None where it has none; `is_here` is False where this replica has not heard of it."""

    id: str
    name: str | None
    is_here: bool = True


@dataclass(slots=True)
class Related:
    """`place` counts from 1 among the `count` runs of the group, oldest first; 0 where the run is in no group."""

    parent: Other | None = None
    children: list[Other] = field(default_factory=list)
    previous: Other | None = None
    next: Other | None = None
    place: int = 0
    count: int = 0


def related(record: Record, run: str) -> Related:
    """Return the runs that this one (a whole id) has to do with, as of the last look at the record."""
    index = record.replica.index
    ids = index.ids("run")
    own = ids.index(run)
    table = index.columns("run", ["parent", "group", "removed", "created"])
    shown = [place for place, removed in enumerate(table["removed"]) if not removed]
    found = Related()
    if (parent := table["parent"][own]) is not None:
        found.parent = _parent(index, ids, str(parent))
    children = [place for place in shown if table["parent"][place] == run]
    found.children = _others(index, ids, _by_age(children, table["created"]))
    group = table["group"][own]
    if group is not None:
        members = [place for place in shown if table["group"][place] == group]
        ordered = _by_age({*members, own}, table["created"])
        at = ordered.index(own)
        found.place, found.count = at + 1, len(ordered)
        found.previous, found.next = (
            _others(index, ids, [ordered[other]])[0] if 0 <= other < len(ordered) else None
            for other in (at - 1, at + 1)
        )
    return found


def known_tags(record: Record) -> list[str]:
    """Return the tags that runs have, the most frequent first."""
    column = record.replica.index.columns("run", ["tags"])["tags"]
    counts = Counter(tag for tags in column if isinstance(tags, list) for tag in tags if isinstance(tag, str))
    return [tag for tag, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_TAGS]]


def _parent(index: Index, ids: Sequence[str], parent: str) -> Other:
    try:
        return _others(index, ids, [ids.index(parent)])[0]
    except ValueError:
        return Other(parent, None, is_here=False)


def _by_age(places: Sequence[int] | set[int], created: Sequence[object]) -> list[int]:
    def age(place: int) -> tuple[int, int]:
        moment = created[place]
        return (moment if isinstance(moment, int) else 0, place)

    return sorted(places, key=age)


def _others(index: Index, ids: Sequence[str], places: Sequence[int]) -> list[Other]:
    names = index.columns("run", ["name"], places)["name"] if places else []
    return [
        Other(ids[place], str(name) if name is not None else None)
        for place, name in zip(places, names, strict=True)
    ]
