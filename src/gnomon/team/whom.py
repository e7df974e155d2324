"""Whom a word means that a person typed: a member's whole name or id, else the one whose name, or part of it, begins so.

Always true: a whole name counts before a beginning, and a beginning that fits several is an error that offers them. References in
texts (`member:bea`) take whole names only: who joins later must not change whom a text names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import AmbiguousIdError, UnknownSubjectError

if TYPE_CHECKING:
    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person
    from gnomon.team.people.views import People

FEWEST_LETTERS = 2


def meant(members: People, word: str) -> Person:
    """Return the member that a word means. Raises UnknownSubjectError, AmbiguousIdError."""
    try:
        return members.called(word)
    except UnknownSubjectError:
        begins = word.strip().casefold()
        found = [one for one in members if len(begins) >= FEWEST_LETTERS and _begins(one, begins)]
        if not found:
            raise
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"`{one.name}`" for one in found[:5])
    raise AmbiguousIdError(
        f"the names of {len(found)} members begin with `{word.strip()}`: {names}",
        hint="write more of the name",
    )


def _begins(person: Person, word: str) -> bool:
    names = [name.casefold() for name in (person.name, *person.other_names)]
    return any(name.startswith(word) or any(part.startswith(word) for part in name.split()) for name in names)


def person_meant(record: Record, word: str) -> Person:
    """Return the same, of the members of a record."""
    from gnomon.team.people.views import people

    return meant(people(record), word)
