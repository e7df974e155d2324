"""What a person asks: who else can explain this?

Told are facts of the thing: what was done with it, by whom, in which writing, and when last. Named are only members who
agreed to it (`gnomon me --can-be-asked`); all others are as if they were not there, and are not counted. Members stand
in the order of their names. Nothing here counts, sums or compares what people did: of the same deed in the same place
only the last one is told, and of many places the latest few, so that no length of a list says how much somebody did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.team.explaining.deeds import deeds
from gnomon.team.explaining.thing import thing_called
from gnomon.team.people.drawn import iso
from gnomon.team.people.standing import standing_of
from gnomon.team.people.views import people

if TYPE_CHECKING:
    from gnomon.runs.views import Record
    from gnomon.team.explaining.thing import Thing
    from gnomon.team.people.person import Person
    from gnomon.team.people.standing import Standing

MOST_PLACES = 5  # of which reasons of one member are told
LEFT_OUT = "members who did not say `gnomon me --can-be-asked` are left out, and not counted"


class Reason(NamedTuple):
    """Why somebody can explain a thing: what they did, in which writing (None: the thing itself), and when last."""

    how: str
    reference: str | None
    last: float

    def __str__(self) -> str:
        return f"{self.how}: {self.reference}" if self.reference is not None else self.how

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        return {"how": self.how, "reference": self.reference, "last": iso(self.last)}


class Explainer(NamedTuple):
    """A member who can explain a thing, why, and how it stands with them; `has_more` where some reasons are left out."""

    person: Person
    reasons: tuple[Reason, ...]
    has_more: bool
    standing: Standing

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them. There is no number in them."""
        return {
            "id": self.person.id, "name": self.person.name, "reasons": [one.to_dict() for one in self.reasons],
            "has_more": self.has_more,
            "works": self.standing.to_dict(),
        }  # fmt: skip


class Explaining(NamedTuple):
    """Who can explain a thing, in the order of their names."""

    thing: Thing
    members: tuple[Explainer, ...]

    @property
    def said(self) -> str:
        """What follows for the thing, in words."""
        if not self.members:
            return "nobody who may be asked has made it, or written about it"
        if self.members[1:]:
            return "those who may be asked about it, in the order of their names"
        return f"only {self.members[0].person.name} may be asked about it"

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them. There is no number in them."""
        return {
            "what": self.thing.label, "title": self.thing.title, "subject": self.thing.subject,
            "members": [one.to_dict() for one in self.members], "said": self.said, "left_out": LEFT_OUT,
        }  # fmt: skip


def who_can_explain(record: Record, what: str, *, now: float | None = None) -> Explaining:
    """Return which members, of those who agreed to be asked, can explain what a reference means.

    `now` is seconds since 1970 UTC: the instant at which it is said when they work next. Raises BadArgumentError,
    UnknownSubjectError, AmbiguousIdError.
    """
    thing = thing_called(record, what)
    members = people(record)
    now = record.home.env.time_ns() / 1e9 if now is None else now
    last: dict[str, dict[tuple[str, str | None], float]] = {}
    for one in deeds(record, thing):
        person = members.of_writer(one.writer)
        if person is not None and person.can_be_asked:
            known = last.setdefault(person.id, {})
            known[one.how, one.reference] = max(one.time, known.get((one.how, one.reference), one.time))
    return Explaining(
        thing,
        tuple(
            Explainer(person, *_reasons(last[person.id]), standing_of(person, now))
            for person in members
            if person.id in last
        ),
    )


def _reasons(last: dict[tuple[str, str | None], float]) -> tuple[tuple[Reason, ...], bool]:
    """Return reasons, the earliest first, and whether those of earlier places are left out."""
    found = [Reason(how, reference, time) for (how, reference), time in last.items()]
    found.sort(key=lambda one: (one.last, one.how, one.reference or ""))
    places = list(dict.fromkeys(one.reference for one in found[::-1] if one.reference is not None))
    told = {None, *places[:MOST_PLACES]}
    return tuple(one for one in found if one.reference in told), bool(places[MOST_PLACES:])
