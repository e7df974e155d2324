"""The members that go along with an export: all of them where the whole record is meant, none with chosen runs.

`members.json` says who they are, when they work and are away; the entries go along, so an import has the members, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.archive.texts import json_bytes
from gnomon.team.people.entries import member_subject
from gnomon.team.people.views import people

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gnomon.runs.archive.object_files import ObjectFiles
    from gnomon.runs.archive.parts import Cited, Request
    from gnomon.team.people.views import People

FILE = "members.json"


def part_of(request: Request) -> MembersPart | None:
    """Return the members that go along; None where there are none, or where only some runs were chosen."""
    found = people(request.record) if request.is_all else None
    return MembersPart(found) if found else None


class MembersPart:
    """Members as a part of an export. See `runs.archive.parts.Part`."""

    def __init__(self, found: People) -> None:
        self._people = found

    @property
    def subjects(self) -> list[str]:
        return [member_subject(one.id) for one in self._people]

    @property
    def listed(self) -> list[str]:
        return []  # what is listed are versions of data

    @property
    def folders(self) -> Mapping[str, str]:
        return {}

    @property
    def size(self) -> int:
        return 0

    @property
    def announcement(self) -> str:
        return f"with the record: {text.count(len(self._people), 'member')}, with working hours and days off"

    @property
    def readme(self) -> tuple[list[tuple[str, str]], list[str]]:
        return [("members of the team: names, working hours, days off", f"`{FILE}`")], []

    def cited(self) -> Iterator[tuple[str, Cited]]:
        yield from ()

    def write(self, files: ObjectFiles) -> None:
        files.files.write(FILE, json_bytes([one.to_dict() for one in self._people]))
