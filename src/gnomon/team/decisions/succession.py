"""Which decisions stand in whose place.

It is read from what each decision says that it supersedes: of two that were written apart in the place of one, both are found,
whatever the one says of itself.

Always true: a decision that was only proposed, or rejected, stands in the place of none; where one was superseded itself,
what stands in its place counts.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.runs import checked
from gnomon.team.people.views import people
from gnomon.team.writing import views
from gnomon.team.writing.kinds import DECISION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.decisions.views import Decision
    from gnomon.team.writing.views import Row, Writing


class Other(NamedTuple):
    """Another decision, as a sentence names it: `decision:5` of Bea."""

    row: Row
    who: str

    def __str__(self) -> str:
        return f"`{self.row.label}` of {self.who}"


class Succession:
    """What stands in the place of the decisions of a record, looked up once for many."""

    def __init__(self, record: Record) -> None:
        self._rows = {row.id: row for row in views.rows(record, DECISION.type)}
        self._members = people(record)
        self._is_accepted: set[str] = set()
        self._later: dict[str, list[str]] = {}
        self._earlier: dict[str, list[str]] = {}
        states = record.replica.index.states(DECISION.type) if self._rows else ()
        for decision, state in states:
            if decision not in self._rows or not isinstance(state, dict):
                continue
            if any(one["state"] == "accepted" for one in state["states"]):
                self._is_accepted.add(decision)
            for old in set(checked.texts(state["fields"].get("supersedes"))) - {decision}:
                self._later.setdefault(old, []).append(decision)
                self._earlier.setdefault(decision, []).append(old)

    def in_place_of(self, decision: str) -> list[Other]:
        """Return the decisions in force that stand in the place of one, by number; more than one were written apart."""
        return self._named(self._heads(decision))

    def beside(self, decision: str) -> list[tuple[Other, Row]]:
        """Return the decisions in force in the place of an older one in which this one stands, too, each with that older one."""
        if decision not in self._is_accepted or self._heads(decision):
            return []
        before = _reached(decision, self._earlier)
        found: dict[str, tuple[Other, Row]] = {}
        for old in sorted(before & self._rows.keys(), key=lambda one: -self._rows[one].number):
            rivals = [*self._heads(old), *([old] if old in self._is_accepted else ())]
            for other in self._named(one for one in rivals if one == old or one not in before):
                if other.row.id != decision:
                    found.setdefault(other.row.id, (other, self._rows[old]))
        return sorted(found.values(), key=lambda one: one[0].row.number)

    def _heads(self, decision: str) -> list[str]:
        """Return the accepted decisions that a chain leads to from one, and from which none leads to another accepted one."""
        there = _reached(decision, self._later) & self._is_accepted
        return [one for one in there if self._leading.isdisjoint(self._later.get(one, ()))]

    @cached_property
    def _leading(self) -> frozenset[str]:
        """The decisions that are accepted, or from which a chain leads to one that is."""
        found = set(self._is_accepted)
        waiting = list(found)
        while waiting:
            new = [one for one in self._earlier.get(waiting.pop(), ()) if one not in found]
            found.update(new)
            waiting += new
        return frozenset(found)

    def _named(self, ids: Iterable[str]) -> list[Other]:
        rows = sorted((self._rows[one] for one in set(ids)), key=lambda row: (row.number, row.id))
        return [Other(row, views.who(self._members, row.writer, row.author)) for row in rows]


def _reached(decision: str, steps: Mapping[str, Sequence[str]]) -> set[str]:
    """Return all decisions that steps lead to from one, without it; a stranger's entries may go in a circle."""
    found: set[str] = set()
    waiting = [decision]
    while waiting:
        new = [one for one in steps.get(waiting.pop(), ()) if one not in found]
        found.update(new)
        waiting += new
    return found - {decision}


def require_place(replaced: Sequence[Writing]) -> None:
    """Raise BadArgumentError where another decision stands in the place of one of these already.

    It is no error where what stands there is among them, too: who names all heads settles them.
    """
    if not replaced:
        return
    succession = Succession(replaced[0].record)
    named = {one.id for one in replaced}
    for old in replaced:
        there = succession.in_place_of(old.id)
        if any(one.row.id not in named for one in there):
            raise BadArgumentError(
                f"`{old.label}` is superseded: {stand(there)} in its place", hint=_next(there)
            )


def require_free(decision: Writing) -> None:
    """Raise BadArgumentError where a decision cannot be accepted because another one stands in its place, or where it would."""
    succession = Succession(decision.record)
    there = succession.in_place_of(decision.id)
    if there:
        raise BadArgumentError(
            f"`{decision.label}` is superseded: {stand(there)} in its place",
            hint=f"{_rejecting(there)} first; nothing was written",
        )
    replaced = checked.texts(decision.fields.get("supersedes"))
    for old in replaced:
        others = [
            one
            for one in succession.in_place_of(old)
            if one.row.id != decision.id and one.row.id not in replaced
        ]
        if others:
            raise BadArgumentError(
                f"`{decision.label}` would stand in the place of an older one where {stand(others)} already",
                hint=f"{_rejecting(others)} first, or {_next(others)}",
            )


def stand(others: Sequence[Other]) -> str:
    """Return `decision:5` of Bea and `decision:6` of Kenji stand, as a sentence says it."""
    return f"{' and '.join(map(str, others))} {'stands' if len(others) == 1 else 'stand'}"


def settling(labels: Sequence[str]) -> str:
    """Return the command that puts one decision in the place of several."""
    return f"`gnomon decide TITLE {' '.join(f'--supersedes {_word(one)}' for one in labels)}`"


def beside_lines(decision: Decision) -> list[str]:
    """Return, in words, which decisions stand in one place with one, and what settles it."""
    rivals = decision.beside
    lines = [
        f"{other.row.label} of {other.who} is in force, too, "
        + (
            f"though {decision.label} supersedes it"
            if other.row.id == old.id
            else f"in the place of {old.label}"
        )
        for other, old in rivals
    ]
    if lines:
        lines[0] = f"beside {decision.label} of {decision.who}: {lines[0]}"
        numbered = [
            (decision.number, decision.label),
            *((one.row.number, one.row.label) for one, _ in rivals),
        ]
        command = settling([label for _, label in sorted(numbered)])
        lines.append(f"{command} settles it, or `gnomon decisions reject` of one")
    return lines


def place_lines(decision: Decision) -> list[str]:
    """Return the same, and before it that several stand in the place of this one."""
    there = decision.in_its_place
    apart = f"several stand in its place, and all are in force: {settling([one.row.label for one in there])} settles it"
    return [*([apart] if len(there) > 1 else []), *beside_lines(decision)]


def _next(there: Sequence[Other]) -> str:
    labels = [one.row.label for one in there]
    how = f"`gnomon decisions supersede {_word(labels[0])} TITLE`" if len(labels) == 1 else settling(labels)
    return f"supersede what stands there: {how}; nothing was written"


def _rejecting(there: Sequence[Other]) -> str:
    return " and ".join(f"`gnomon decisions reject {_word(one.row.label)}`" for one in there)


def _word(label: str) -> str:
    return label.removeprefix(f"{DECISION.type}:")


def left_alone(decision: Writing) -> Iterator[Row]:
    """Yield the decisions that one supersedes and in whose place nothing stands now, though they are superseded still."""
    replaced = frozenset(checked.texts(decision.fields.get("supersedes")))
    succession = Succession(decision.record)
    for row in views.rows(decision.record, DECISION.type):
        if row.id in replaced and row.state == "superseded" and not succession.in_place_of(row.id):
            yield row
