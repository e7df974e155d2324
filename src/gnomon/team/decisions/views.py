"""What a person asks about decisions: all of them, one, and whether its evidence changed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs import checked
from gnomon.team.decisions.contradiction import CHANGED, UNKNOWN, WEAKENED
from gnomon.team.decisions.evidence import evidence_of
from gnomon.team.decisions.parts import parts_of
from gnomon.team.decisions.reopen import conditions_of
from gnomon.team.decisions.standing import standings
from gnomon.team.decisions.succession import Succession
from gnomon.team.writing.kinds import DECISION
from gnomon.team.writing.views import Writing, row_called, rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.decisions.evidence import Evidence
    from gnomon.team.decisions.grounds import Standing
    from gnomon.team.decisions.parts import Parts
    from gnomon.team.decisions.reopen import Condition
    from gnomon.team.decisions.succession import Other
    from gnomon.team.writing.views import Row

IN_FORCE = ("proposed", "accepted")
_FIRST = {CHANGED: 0, UNKNOWN: 1, WEAKENED: 2}


class Decision(Writing):
    """One decision. Everything is read when it is asked for."""

    @property
    def evidence(self) -> list[Evidence]:
        """What it rests on, as it was that day."""
        return evidence_of(self.fields)

    @property
    def conditions(self) -> list[Condition]:
        """What would reopen it."""
        return conditions_of(self.fields)

    @property
    def supersedes(self) -> list[str]:
        """The ids of the decisions in whose place it stands."""
        return checked.texts(self.fields.get("supersedes"))

    @property
    def parts(self) -> Parts:
        """Context, options, choice and consequences, by the headings of its text."""
        return parts_of(self.text)

    @property
    def is_in_force(self) -> bool:
        """Whether it is proposed or accepted, by any of the states that people gave it apart."""
        return self.state in IN_FORCE or any(one.state in IN_FORCE for one in self.moves)

    @cached_property
    def standing(self) -> Standing:
        """How its evidence stands, when it was first asked."""
        return standings(self.record, [self])[0]

    @cached_property
    def succession(self) -> Succession:
        """What stands in the place of decisions, when it was first asked."""
        return Succession(self.record)

    @property
    def in_its_place(self) -> list[Other]:
        """The decisions in force that stand in its place; several were written apart, and nobody settled it."""
        return self.succession.in_place_of(self.id)

    @property
    def beside(self) -> list[tuple[Other, Row]]:
        """The decisions in force that stand in one place with it, each with the older one whose place that is."""
        return self.succession.beside(self.id)

    @property
    def changed(self) -> bool:
        """Whether its evidence changed, or what reopens it holds."""
        return self.standing.is_changed

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        return {
            **super().to_dict(), "standing": self.standing.to_dict(),
            "in_its_place": [one.row.label for one in self.in_its_place],
            "beside": [one.row.label for one, _ in self.beside],
        }  # fmt: skip


class Listed(NamedTuple):
    """A decision in a list, with how its evidence stands; None where nobody asks: it is not in force."""

    decision: Decision
    standing: Standing | None

    @property
    def is_changed(self) -> bool:
        """Whether it says *evidence changed*."""
        return self.standing is not None and self.standing.is_changed


def decisions(record: Record, *, all: bool = False, now: float | None = None) -> list[Listed]:
    """Return the decisions in force (`all`: every one), those whose evidence changed first, then the newest.

    `now` is what conditions are held against, seconds since 1970 UTC.
    """
    record.replica.update(record.progress)
    return listed(record, [_decision(record, row) for row in rows(record, DECISION.type)], all=all, now=now)


def listed(
    record: Record, every: Sequence[Decision], *, all: bool = False, now: float | None = None
) -> list[Listed]:
    """Return decisions with how their evidence stands; those that are not in force are left out unless `all`."""
    asked = [one for one in every if one.is_in_force]
    found = dict(zip([one.id for one in asked], standings(record, asked, now), strict=True))
    succession = Succession(record) if every else None
    for one in every:
        one.__dict__["succession"] = succession
    for one in asked:
        one.__dict__["standing"] = found[one.id]
    shown = [Listed(one, found.get(one.id)) for one in (every if all else asked)]
    return sorted(shown, key=_by_urgency)


def _by_urgency(one: Listed) -> tuple[int, bool]:
    verdict = one.standing.verdict if one.standing is not None else ""
    return _FIRST.get(verdict, 3), one.standing is None


def changed(
    record: Record, writers: Collection[str] | None = None, *, now: float | None = None
) -> list[Listed]:
    """Return the decisions whose evidence changed: all, or those that these devices wrote, for who must be told."""
    record.replica.update(record.progress)
    own = [one for one in rows(record, DECISION.type) if writers is None or one.writer in writers]
    return [one for one in listed(record, [_decision(record, row) for row in own], now=now) if one.is_changed]


def superseded_by(decision: Writing) -> list[Row]:
    """Return the decisions that one supersedes, those that are in this replica."""
    replaced = frozenset(checked.texts(decision.fields.get("supersedes")))
    return [row for row in rows(decision.record, DECISION.type) if row.id in replaced]


def decision_called(record: Record, word: str) -> Decision:
    """Return the decision that a word means: `12`, `decision:12`, `decision:12~3fa9`, the beginning of an id.

    Raises UnknownSubjectError, AmbiguousIdError.
    """
    record.replica.update(record.progress)
    return _decision(record, row_called(rows(record, DECISION.type), DECISION.type, word))


def _decision(record: Record, row: Row) -> Decision:
    return Decision(record, row.kind, row.id, row.label)
