"""What something touched, down to the end, whom to tell, and how much of the record cannot say.

Three parts, and every run and version of the record that something can be made of is in exactly one:
- *reached*: links lead there, declared or by content;
- *perhaps*: the record cannot say. A run recorded no inputs, or some that nobody can tell by their bytes, or was not listened to
  while it ran; a version of data whose origin nobody said and that no run made; and all that came of these;
- *not reached*: the rest. All that is known of where they came from leads elsewhere.

Always true: an unknown link is never counted as a clean one. What is known only from outside the record (a copy mailed to
somebody) is in none of the parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.data.links import SAID
from gnomon.lineage import naming
from gnomon.lineage.describing import describe
from gnomon.lineage.graph import Graph, Node, node_dict
from gnomon.lineage.walk import walk
from gnomon.record import kinds
from gnomon.runs.links import DECLARED, IN_PART, NOT_HERE, NOT_PINNED, WATCHED
from gnomon.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.record.index import Index
    from gnomon.runs.views import Record

NOTHING, FOLLOWS = "nothing recorded", "follows"
WHY = {
    NOTHING: "it recorded no inputs",
    NOT_PINNED: "it used what is not pinned by a digest",
    NOT_HERE: "what it used is not in this replica, or was erased",
    IN_PART: "it was watched, and not all that it opens can be heard",
    DECLARED: "it declared inputs and was not watched: it may have read more",
    "data nothing recorded": "nobody said where this data is from, and no run made it",
    "data not pinned": "its bytes are not pinned by a digest",
    FOLLOWS: "it came of something that is unknown",
}


KINDS = {"run": ("run", "runs"), "data": ("version of data", "versions of data"), "object": ("file", "files")}
"""What a kind of key is called, one and many; others are called as they are."""


def counted(counts: Mapping[str, int]) -> str:
    """Return how many there are of each kind, in words.

    >>> counted({"run": 2, "object": 1, "source": 3})
    '2 runs, 1 file, 3 sources'
    """
    return ", ".join(count(many, *KINDS.get(kind, (kind, f"{kind}s"))) for kind, many in counts.items())


class Told(NamedTuple):
    """Somebody to tell: a member, or a device where the record has no members; and how they are concerned."""

    who: str
    is_member: bool
    why: tuple[tuple[str, int], ...]  # such as ("made run", 3)

    @property
    def called(self) -> str:
        """The member, or the beginning of the device."""
        return self.who if self.is_member else f"device {self.who[:12]}"

    @property
    def reasons(self) -> str:
        """How they are concerned, in words."""
        return ", ".join(f"{how} ({many:,})" if many > 1 else how for how, many in self.why)


class Reach:
    """What `roots` touched. `graph` holds what was reached; `perhaps` are keys by reason (see WHY)."""

    def __init__(
        self, index: Index, graph: Graph, perhaps: dict[str, list[str]], not_reached: dict[str, int]
    ) -> None:
        self.graph = graph
        self.perhaps = perhaps
        self.not_reached = not_reached
        self._index = index

    def __repr__(self) -> str:
        return f"<Reach: {len(self.reached)} reached, {self.perhaps_count} perhaps, {sum(self.not_reached.values())} not>"

    @property
    def reached(self) -> list[str]:
        """The keys of what was reached, nearest first; what was asked about is not among them."""
        return [key for key in self.graph.keys if key not in self.graph.roots]

    @property
    def perhaps_count(self) -> int:
        """How many runs and versions the record cannot speak for."""
        return sum(map(len, self.perhaps.values()))

    @property
    def by_content(self) -> set[str]:
        """The keys of what was reached by equal bytes alone: nobody declared a link to it."""
        edges = self.graph.edges
        return {edge.target for edge in edges} - {edge.target for edge in edges if edge.is_declared}

    @property
    def is_complete(self) -> bool:
        """Whether the record can speak for everything."""
        return not self.perhaps and not self.graph.is_cut

    def nodes(self, keys: Sequence[str]) -> list[Node]:
        """Return what is shown of these keys."""
        found = describe(self._index, keys)
        return [found[key] for key in keys]

    def whom_to_tell(self) -> list[Told]:
        """Return who made, added or wrote about what was asked about and what was reached, by name: nobody is ranked."""
        counts: dict[tuple[str, bool], dict[str, int]] = {}
        for node in self.graph.nodes():
            made = {"run": "made run", "data": "added data"}.get(node.kind, f"made {node.kind}")
            said = [(node.author, made, True)] if node.author else [(node.writer, made, False)]
            if node.kind in ("person", "device"):
                said = [(node.id, "is asked about", node.kind == "person")]
            for who, how, is_member in [
                *said,
                *((one[0], f"{one[1]} {node.kind}", one[2]) for one in node.people),
            ]:
                if who:
                    reasons = counts.setdefault((who, is_member), {})
                    reasons[how] = reasons.get(how, 0) + 1
        found = [Told(who, is_member, tuple(reasons.items())) for (who, is_member), reasons in counts.items()]
        return sorted(found, key=lambda one: (not one.is_member, one.who.casefold(), one.who))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as `gnomon reach --json` prints them."""
        return {
            "asked": [node_dict(node) for node in self.graph.nodes(self.graph.roots)],
            "reached": [node_dict(node) for node in self.graph.nodes(self.reached)],
            "edges": self.graph.to_dict()["edges"],
            "perhaps": [
                {"why": why, "says": WHY.get(why, why), "count": len(keys), "keys": keys}
                for why, keys in self.perhaps.items()
            ],
            "not_reached": self.not_reached,
            "whom_to_tell": [
                {"who": one.who, "is_member": one.is_member, "why": dict(one.why)}
                for one in self.whom_to_tell()
            ],
            "is_complete": self.is_complete,
        }


def reach(record: Record, what: str, *, origin: bool = False, reads_disk: bool = True) -> Reach:
    """Return all that `what` touched. A data set's name stands for all its versions; `origin` takes the text of a source.

    With `reads_disk` False, a path is not looked at: see `naming.resolve`.
    Raises UnknownSubjectError, AmbiguousIdError.
    """
    roots = (
        naming.origins(record, what)
        if origin
        else naming.resolve(record, what, whole_set=True, reads_disk=reads_disk)
    )
    index = record.replica.index
    down = walk(index, roots, is_up=False)
    graph = Graph(
        roots, {"down": down.edges}, down.keys, lambda keys: describe(index, keys), is_cut=down.is_cut
    )
    perhaps, not_reached = _the_others(index, {*_same_as(index, roots), *down.keys})
    return Reach(index, graph, perhaps, not_reached)


def _same_as(index: Index, roots: Sequence[str]) -> set[str]:
    """Return the bytes of the roots: whoever is asked about is neither reached nor not."""
    return {link.target for links in index.links(roots).values() for link in links if link.way == kinds.IS}


def _the_others(index: Index, reached: set[str]) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Return what the record cannot speak for, by reason, and how many of each type are not reached."""
    doubts: dict[str, str] = {}
    rest: dict[str, list[str]] = {}
    for type_name in index.types():
        feature = kinds.find(type_name)
        if feature is not None and feature.links is not None:
            rest[type_name] = _doubts_of(index, type_name, reached, doubts)
    clear = [key for keys in rest.values() for key in keys if key not in doubts]
    for key in _that_follow(index, clear, doubts):
        if key not in reached:
            doubts.setdefault(key, FOLLOWS)
    perhaps: dict[str, list[str]] = {why: [] for why in WHY}
    for key, why in doubts.items():
        if key.partition(":")[0] in rest:
            perhaps.setdefault(why, []).append(key)
    not_reached = {type_name: sum(key not in doubts for key in keys) for type_name, keys in rest.items()}
    return {why: keys for why, keys in perhaps.items() if keys}, not_reached


def _that_follow(index: Index, clear: Sequence[str], doubts: Iterable[str]) -> list[str]:
    """Return what came of doubtful things, as far as it matters for those that seem clear; from the side with fewer."""
    doubts = list(doubts)
    if not clear or not doubts:
        return []
    if len(doubts) <= len(clear):
        return walk(index, doubts, is_up=False).keys
    nexts: dict[str, list[str]] = {}
    for edge in walk(index, clear, is_up=True).edges:
        nexts.setdefault(edge.source, []).append(edge.target)
    found = dict.fromkeys(key for key in doubts if key in nexts)
    todo = list(found)
    while todo:
        for key in nexts.get(todo.pop(), ()):
            if key not in found:
                found[key] = None
                todo.append(key)
    return list(found)


def _doubts_of(index: Index, type_name: str, reached: set[str], doubts: dict[str, str]) -> list[str]:
    """Note the doubts about subjects of a type that were not reached; return those subjects, the newest first."""
    table = index.columns(type_name, ["", "inputs", "created", "parent"])
    inputs = dict(zip(table[""], table["inputs"], strict=True))
    rows = sorted(
        zip(table[""], table["inputs"], table["created"], table["parent"], strict=True),
        key=lambda row: -row[2] if isinstance(row[2], int) else 0,
    )
    found = [f"{type_name}:{row[0]}" for row in rows]
    made = _made_here(index, found) if type_name == "data" else frozenset()
    others = []
    for key, row in zip(found, rows, strict=True):
        if key in reached:
            continue
        others.append(key)
        why = _why(type_name, row[1], _of_parent(inputs, row[3]), is_made=key in made)
        if why is not None:
            doubts[key] = why
    return others


def _of_parent(inputs: Mapping[object, object], parent: object) -> object:
    return inputs.get(parent) if isinstance(parent, str) else None


def _why(type_name: str, said: object, of_parent: object, *, is_made: bool) -> str | None:
    """Return why the record cannot speak for something, by what it says of its inputs; None where it can."""
    if type_name == "data":
        return None if said == SAID or is_made else "data not pinned" if said else "data nothing recorded"
    if said is None and of_parent in (WATCHED, IN_PART):
        said = of_parent  # a run within another one, whose launcher heard what both opened
    return None if said == WATCHED else str(said) if said is not None else NOTHING


def doubts_about(index: Index, keys: Iterable[str]) -> dict[str, str]:
    """Return why the record cannot speak for these runs and versions (see WHY); those for which it can are left out."""
    wanted, found = list(keys), dict[str, str]()
    for type_name in ("run", "data"):
        mine = [key for key in wanted if key.startswith(f"{type_name}:")]
        if not mine:
            continue
        table = index.columns(type_name, ["", "inputs", "parent"])
        inputs = dict(zip(table[""], table["inputs"], strict=True))
        parents = dict(zip(table[""], table["parent"], strict=True))
        made = _made_here(index, mine) if type_name == "data" else frozenset()
        for key in mine:
            id_ = key.partition(":")[2]
            if id_ in inputs:
                why = _why(type_name, inputs[id_], _of_parent(inputs, parents[id_]), is_made=key in made)
                found.update({key: why} if why is not None else {})
    return found


def _made_here(index: Index, versions: Sequence[str]) -> frozenset[str]:
    """Return the versions whose bytes a run of this record made."""
    own = index.links(versions)
    bytes_of = {link.target: key for key, links in own.items() for link in links if link.way == kinds.IS}
    made = {one.target for one in index.linked_to(list(bytes_of)) if one.way == kinds.MAKES}
    return frozenset(
        key
        for key, links in own.items()
        if any(link.way == kinds.IS and link.target in made for link in links)
    )
