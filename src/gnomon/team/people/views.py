"""What a person asks about members: all of them, who I am, whom a word means.

Always true: a name that several members have is an error that offers their ids; nothing is guessed. A device speaks for one
member at a time, the one that it claimed last.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from gnomon.errors import AmbiguousIdError, UnknownSubjectError, UsageError
from gnomon.ids import is_hex
from gnomon.record.keys import own_writer
from gnomon.team.people.entries import TYPE
from gnomon.team.people.person import Person, person_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.record.index import Index
    from gnomon.runs.views import Record

_FEWEST_DIGITS = 4
_PREFIX = f"{TYPE}:"


class People:
    """The members of a record, by name; `by_id` has them by id."""

    def __init__(self, members: Iterable[Person]) -> None:
        ordered = sorted(members, key=lambda one: (one.name.casefold(), one.name, one.id))
        self.by_id = {one.id: one for one in ordered}
        self._of_writer = {writer: one for one in ordered for writer in one.writers}

    def __iter__(self) -> Iterator[Person]:
        return iter(self.by_id.values())

    def __len__(self) -> int:
        return len(self.by_id)

    def of_writer(self, writer: str) -> Person | None:
        """Return the member for whom a writer (a device) speaks; None where it claimed none."""
        return self._of_writer.get(writer)

    def named(self, name: str) -> list[Person]:
        """Return the members who are called so, or were called so apart; case makes no difference."""
        wanted = name.strip().casefold()
        return [one for one in self if wanted in map(str.casefold, (one.name, *one.other_names))]

    def called(self, word: str) -> Person:
        """Return the member that a word means: a name, `member:<id>`, or 4 or more digits that an id begins with.

        Raises UnknownSubjectError, AmbiguousIdError.
        """
        bare = word.strip().removeprefix(_PREFIX)
        digits = bare.lower()
        by_id = [one for one in self if one.id.startswith(digits)] if _is_id(digits) else []
        by_name = self.named(bare)
        found = (by_id or by_name) if word.strip().startswith(_PREFIX) else (by_name or by_id)
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(f"`{_PREFIX}{one.id[:8]}` ({one.name})" for one in found)
            raise AmbiguousIdError(
                f"`{word}` means {len(found)} members: {ids}", hint="write the id of one of them"
            )
        near = self._near(bare)
        meant = f"did you mean {' or '.join(f'`{name}`' for name in near)}? " if near else ""
        raise UnknownSubjectError(
            f"there is no member `{word}`",
            hint=f"{meant}`gnomon team` lists them, `gnomon team add NAME` adds one",
        )

    def _near(self, word: str) -> list[str]:
        """Return names that may be meant: of which the word is a part, then those that are spelt alike."""
        wanted = word.casefold()
        names = {name.casefold(): name for one in self for name in (one.name, *one.other_names)}
        parts = [name for name in names if wanted and any(part.startswith(wanted) for part in name.split())]
        alike = get_close_matches(wanted, names, n=3)
        return [names[name] for name in dict.fromkeys([*parts, *alike])][:3]


def _is_id(digits: str) -> bool:
    return len(digits) >= _FEWEST_DIGITS and is_hex(digits)


def people(record: Record) -> People:
    """Return the members. Those of whom nobody here says a name are left out."""
    record.replica.update(record.progress)
    return people_in(record.replica.index)


def people_in(index: Index) -> People:
    """Return the same, of what was taken in so far."""
    states: dict[str, dict[str, Any]] = {}
    if TYPE in index.types():
        for member, state in index.states(TYPE):
            assert isinstance(state, dict)  # `fold_member` made it  # noqa: S101
            states[member] = state
    speaking = _speaking(states)
    return People(
        person_from(member, state, tuple(writer for writer, whom in speaking.items() if whom == member))
        for member, state in states.items()
        if state["name"] is not None
    )


def _speaking(states: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return, for each writer, the member that it claimed last."""
    latest: dict[str, tuple[list[Any], str]] = {}
    for member, state in states.items():
        for writer, claim in state["claims"].items():
            latest[writer] = max(latest.get(writer, (claim, member)), (claim, member))
    return {writer: latest[writer][1] for writer in sorted(latest)}


def me(record: Record) -> Person | None:
    """Return the member for whom this device speaks; None where it has not said so."""
    writer = own_writer(record.home.env)
    return people(record).of_writer(writer) if writer is not None else None


def require_me(record: Record) -> Person:
    """Return the member for whom this device speaks. Raises UsageError where it has not said so."""
    found = me(record)
    if found is None:
        raise UsageError(
            "this record does not know who you are",
            hint="`gnomon me --name NAME` says it, and so does the page Team of `gnomon ui`",
        )
    return found


def person_called(record: Record, word: str) -> Person:
    """Return the member that a word means; see `People.called`. Raises UnknownSubjectError, AmbiguousIdError."""
    return people(record).called(word)
