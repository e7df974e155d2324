"""What is shown of nodes: each subject's feature says it (`Feature.about`); names and files speak for themselves.

Always true: a subject that links name and that is not in this replica is shown as such, never left out; of a type that no
feature knows, the id is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import UnknownSubjectError
from gnomon.lineage.graph import Node
from gnomon.record import kinds
from gnomon.runs.links import UNKNOWN
from gnomon.text import size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.record.index import Index

NAMES = frozenset({"source", "person", "device"})
_MOST_ASKED = 4  # neighbours of a file, for its name


def describe(index: Index, keys: Sequence[str]) -> dict[str, Node]:
    """Return the nodes of these keys."""
    found: dict[str, Node] = {}
    said: dict[str, Mapping[str, Any]] = {}
    objects = [key for key in keys if key.startswith("object:")]
    names = _names_of_files(index, objects, said) if objects else {}
    for key in keys:
        kind, _, rest = key.partition(":")
        if kind == "object":
            name, count = names.get(key, (None, None))
            note = ", ".join(filter(None, [rest[:12], size(count) if count is not None else None]))
            found[key] = Node(key, name or rest[:12], note if name else "", is_known=key in names)
        elif kind == UNKNOWN:
            found[key] = Node(key, rest.partition(":")[2], "bytes not known", is_known=False)
        elif kind in NAMES:
            found[key] = Node(key, rest[:12] if kind == "device" else rest)
        else:
            found[key] = _subject(key, about(index, key, said))
    return found


def about(index: Index, key: str, said: dict[str, Mapping[str, Any]] | None = None) -> Mapping[str, Any]:
    """Return what the feature of a subject says of it; empty where it is not here or has none."""
    if said is not None and key in said:
        return said[key]
    kind, _, rest = key.partition(":")
    feature = kinds.find(kind)
    found: Mapping[str, Any] = {}
    try:
        entries = index.live(kind, rest)
    except UnknownSubjectError:
        entries = None
    if entries is not None:
        found = (
            feature.about(rest, feature.fold(entries))
            if feature is not None and feature.about is not None
            else {"label": rest[:12], "note": f"a {kind}, which nothing here can read", "author": None}
        )
    if said is not None:
        said[key] = found
    return found


def _subject(key: str, found: Mapping[str, Any]) -> Node:
    rest = key.partition(":")[2]
    if not found:
        return Node(key, rest[:8], "not in this replica", is_known=False)
    return Node(
        key, str(found["label"]), str(found.get("note") or ""), found.get("author"), found.get("writer"),
        int(found.get("time_us") or 0),
        tuple((str(who), str(how), bool(is_member)) for who, how, is_member in found.get("people", ())),
        bool(found.get("is_known", True)), found.get("data_set"),
    )  # fmt: skip


def _names_of_files(
    index: Index, objects: Sequence[str], said: dict[str, Mapping[str, Any]]
) -> dict[str, tuple[str, int]]:
    """Return what files are called and how large they are, by those who kept or read them."""
    asked: dict[str, int] = {}
    found: dict[str, tuple[str, int]] = {}
    makers = index.linked_to(objects, lowest=kinds.MAKES)
    made = {one.target for one in makers}
    for one in [*makers, *index.linked_to([key for key in objects if key not in made])]:
        if one.target in found or asked.get(one.target, 0) >= _MOST_ASKED:
            continue
        asked[one.target] = asked.get(one.target, 0) + 1
        called = about(index, one.subject, said).get("files", {}).get(one.target)
        if called:
            found[one.target] = (str(called[0]), int(called[1]))
    return found
