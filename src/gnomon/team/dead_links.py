"""References in texts of the team that mean nothing now: link rot, found by asking the record what each of them stands for.

Always true: a reference is told only where the record was asked and has nothing for it, several things, or what was erased.
Not promised: texts beyond the newest `MOST` writings, which are counted in `left_out`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.team.cards import FOUND, cards
from gnomon.team.references import references_in
from gnomon.team.writing.kinds import KINDS
from gnomon.team.writing.views import Writing, rows

if TYPE_CHECKING:
    from gnomon.runs.views import Record
    from gnomon.team.references import Reference

MOST = 2_000
_PER_TEXT = 200


class DeadLink(NamedTuple):
    """A reference that means nothing: where it stands (`decision:12`), what was written, and why (`missing`, …)."""

    where: str
    reference: str
    why: str


class DeadLinks(NamedTuple):
    """What was found, and how many writings were looked at and left out."""

    found: list[DeadLink]
    looked_at: int
    left_out: int


def dead_links(record: Record) -> DeadLinks:
    """Return the references that mean nothing, in the newest writings that are not archived or withdrawn."""
    record.replica.update(record.progress)
    every = [
        row for kind in KINDS for row in rows(record, kind) if row.state not in ("archived", "withdrawn")
    ]
    every.sort(key=lambda row: -row.changed)
    said: list[tuple[str, Reference]] = []
    for row in every[:MOST]:
        writing = Writing(record, row.kind, row.id, row.label)
        for text in (writing.text, *(one.text for one in writing.comments)):
            said += [(row.label, one.reference.whole) for one in references_in(text, most=_PER_TEXT)]
    found = cards(record, [reference for _, reference in said])
    dead = [
        DeadLink(where, str(reference), found[reference].state)
        for where, reference in dict.fromkeys(said)
        if found[reference].state != FOUND
    ]
    return DeadLinks(dead, min(len(every), MOST), max(0, len(every) - MOST))
