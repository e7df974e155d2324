"""The members that go along with an export: all of them where the whole record is meant, none with chosen runs.

`members.json` says who they are, when they work and are away; the entries go along, so an import has the members, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.archive.listed_part import ListedPart
from gnomon.team.people.entries import member_subject
from gnomon.team.people.views import people

if TYPE_CHECKING:
    from gnomon.runs.archive.parts import Request


def part_of(request: Request) -> ListedPart | None:
    """Return the members that go along; None where there are none, or where only some runs were chosen."""
    found = list(people(request.record)) if request.is_all else []
    if not found:
        return None
    return ListedPart(
        "members.json", [member_subject(one.id) for one in found], [one.to_dict() for one in found],
        f"with the record: {text.count(len(found), 'member')}, with working hours and days off",
        "members of the team: names, working hours, days off",
    )  # fmt: skip
