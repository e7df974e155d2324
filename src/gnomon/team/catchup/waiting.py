"""How much waits for the reader, as a number: what a first page can ask each time it is looked at.

It counts what is to be accepted, answered, reviewed or decided by them, as the catch-up shows it. Not counted: their decisions
whose evidence changed, since asking that means to ask all evidence again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.record.keys import own_writer
from gnomon.team.people.views import people
from gnomon.team.reviews.views import has_verdict
from gnomon.team.writing import views
from gnomon.team.writing.kinds import KINDS, REVIEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person


def waiting(record: Record) -> int:
    """Return how many writings wait for who speaks with this device; 0 where the record does not know them."""
    writer = own_writer(record.home.env)
    person = people(record).of_writer(writer) if writer is not None else None
    if person is None:
        return 0
    return sum(_waiting(record, person, kind) for kind in KINDS if kind in record.replica.index.types())


def _waiting(record: Record, person: Person, kind: str) -> int:
    index = record.replica.index
    table = index.columns(kind, ("number", "open", "to"))
    found = [
        place
        for place, (number, is_open, to) in enumerate(zip(*table.values(), strict=True))
        if is_open and to and person.id in to and number is not None
    ]
    return _without_verdict(record, person, found) if kind == REVIEW.type and found else len(found)


def _without_verdict(record: Record, person: Person, places: Sequence[int]) -> int:
    """Return how many of these reviews have no verdict of the reader in the round that is going on."""
    rows = views.rows_at(record.replica.index, REVIEW.type, places)
    return sum(not has_verdict(views.Writing(record, row.kind, row.id, row.label), person) for row in rows)
