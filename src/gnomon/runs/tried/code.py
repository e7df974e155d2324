"""Which code runs ran, as far as it was recorded: the fingerprint of the code, else its commit.

Always true: two codes are the same only where both have one fingerprint. Where one was not recorded, nobody can tell.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.record.index_query import stored
from gnomon.runs.tried.processes import facts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.record.index import Index

HERE = "here"
FEWEST_DIGITS = 4
_FEW = 64  # processes: to look for them in the bytes of a column takes less than to make its cells
_KEYS = ("code.fingerprint", "code.commit")


class Code(NamedTuple):
    """A state of the code. Both are None where it was not recorded."""

    fingerprint: str | None = None
    commit: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything was recorded."""
        return self.fingerprint is not None or self.commit is not None

    @property
    def short(self) -> str:
        """The beginning of what names it."""
        return (self.fingerprint or self.commit or "")[:8]


def is_same(one: Code, other: Code) -> bool | None:
    """Return whether two states of the code are the same; None where nobody can tell.

    >>> [is_same(Code("a1", "c1"), other) for other in (Code("a1", "c2"), Code("b2", "c1"), Code(None, "c1"), Code(None, "c2"))]
    [True, False, None, False]
    """
    if one.fingerprint is not None and other.fingerprint is not None:
        return one.fingerprint == other.fingerprint
    if one.commit is not None and other.commit is not None and one.commit != other.commit:
        return False
    return None


def codes_of(index: Index, places: Sequence[int]) -> list[Code]:
    """Return the code of the runs at these places, in their order: that of the first process that recorded it."""
    found = []
    for facts in facts_of(index, places, _KEYS):
        own = [Code(_text(mark), _text(commit)) for mark, commit in facts]
        marked = next((one for one in own if one.fingerprint is not None), None)
        found.append(marked or next((one for one in own if one.is_known), Code()))
    return found


def places_with(index: Index, fingerprint: str) -> list[int]:
    """Return the places of the runs that a process of this fingerprint made, ascending."""
    table = index.columns("process", [_KEYS[0]])[_KEYS[0]]
    at = [place for place, mark in enumerate(table) if mark == fingerprint]
    if not at:
        return []
    logs = frozenset(map(str, index.columns("process", [""], at)[""]))
    column = index.ask(lambda database: stored(database, "run", ["processes"]))["processes"]
    cells = column.cells_near([*logs]) if len(logs) <= _FEW else enumerate(column.cells())
    return [place for place, own in cells if isinstance(own, list) and not logs.isdisjoint(own)]


def code_called(index: Index, word: str) -> Code:
    """Return the code that a word means: `here`, or the beginning of a fingerprint or a commit that runs ran.

    Raises BadArgumentError, UnknownSubjectError, AmbiguousIdError.
    """
    if word == HERE:
        return code_here()
    digits = word.lower()
    if len(digits) < FEWEST_DIGITS or not digits.isalnum():
        raise BadArgumentError(
            f"`--code` must be `{HERE}` or at least {FEWEST_DIGITS} digits of a fingerprint or a commit; got `{word}`",
            hint="`gnomon show RUN` shows the code of a run",
        )
    for nth, key in enumerate(_KEYS):
        known = index.columns("process", [key])[key]
        found = sorted({str(one) for one in known if isinstance(one, str) and one.startswith(digits)})
        if len(found) > 1:
            shown = ", ".join(f"`{one[:12]}`" for one in found[:5]) + (", …" if len(found) > 5 else "")
            raise AmbiguousIdError(
                f"{len(found)} states of the code begin with `{word}`: {shown}", hint="type more of it"
            )
        if found:
            return Code(found[0], None) if nth == 0 else Code(None, found[0])
    raise UnknownSubjectError(
        f"no run ran code whose fingerprint or commit begins with `{word}`",
        hint=f"`gnomon show RUN` shows the code of a run, `--code {HERE}` means that of this folder",
    )


def code_here() -> Code:
    """Return the state of the code in and around the working folder. Raises BadArgumentError where it cannot be known."""
    from gnomon.runs.capture.capture import scrubber_here
    from gnomon.runs.capture.code import code_state

    facts = code_state(os.getcwd(), scrubber=scrubber_here()).facts
    found = Code(_text(facts.get("fingerprint")), _text(facts.get("commit")))
    if found.fingerprint is None:
        notes = facts.get("notes")
        why = f" ({notes[0]})" if isinstance(notes, list) and notes else ""
        raise BadArgumentError(
            f"the code in this folder could not all be looked at{why}, so `--code {HERE}` cannot be compared",
            hint="leave `--code` out to ask about runs of any code",
        )
    return found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
