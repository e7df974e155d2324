"""What a person does with hand-offs: hand off, accept, decline, take back.

Always true: only who it is for accepts or declines, and only who wrote it takes it back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.team.people import clock
from gnomon.team.writing import actions
from gnomon.team.writing.kinds import HANDOFF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person
    from gnomon.team.writing.views import Writing


def hand_off(
    record: Record,
    giver: Person,
    receiver: Person,
    body: str,
    *,
    subjects: Sequence[str] = (),
    title: str | None = None,
    now: float | None = None,
) -> Writing:
    """Write a hand-off. `subjects` are what is open (`run:<id>`, …); it is due when the receiver next begins to work."""
    if giver.id == receiver.id:
        raise BadArgumentError(
            "a hand-off is for somebody else", hint="`gnomon problem` or a note keeps it for you"
        )
    if not body.strip():
        raise BadArgumentError("a hand-off needs some text; this one is empty", hint="nothing was written")
    now = time.time() if now is None else now
    morning = clock.next_morning(receiver, now)
    fields: dict[str, object] = {"items": list(subjects)}
    if morning is not None:
        fields["morning"] = round(morning * 1e6)
    title = title or f"{giver.name} to {receiver.name}"
    return actions.open_writing(
        record, HANDOFF.type, title, body, to=[receiver.id], due=morning, fields=fields
    )


def accept(handoff: Writing, who: Person, note: str = "") -> Writing:
    """Accept a hand-off: from now on it is theirs. Raises BadArgumentError for who it is not for, or what is over."""
    _require_receiver(handoff, who)
    if handoff.state == "accepted" and len(handoff.moves) == 1 and not note:
        return handoff
    return actions.move(handoff, "accepted", note)


def decline(handoff: Writing, who: Person, why: str) -> Writing:
    """Decline a hand-off, and say why. Raises as `accept`."""
    _require_receiver(handoff, who)
    if not why.strip():
        raise BadArgumentError(
            "who declines a hand-off says why, and who could take it", hint="nothing was written"
        )
    if handoff.state == "accepted" and len(handoff.moves) == 1:
        raise BadArgumentError(
            f"`{handoff.label}` was accepted by {handoff.moves[0].who}",
            hint="hand it off again: `gnomon handoff --to …`",
        )
    return actions.move(handoff, "declined", why)


def withdraw(handoff: Writing, who: Person, why: str = "") -> Writing:
    """Take a hand-off back. Raises BadArgumentError for who did not write it."""
    if handoff.writer not in who.writers:
        raise BadArgumentError(f"`{handoff.label}` is of {handoff.who}; {who.name} cannot take it back")
    if handoff.state == "accepted" and len(handoff.moves) == 1:
        raise BadArgumentError(f"`{handoff.label}` was accepted by {handoff.moves[0].who}: it is theirs now")
    return actions.move(handoff, "withdrawn", why)


def _require_receiver(handoff: Writing, who: Person) -> None:
    if who.id not in handoff.to:
        names = ", ".join(handoff.for_whom)
        raise BadArgumentError(f"`{handoff.label}` is for {names}; {who.name} cannot accept or decline it")
    if handoff.state == "withdrawn" and len(handoff.moves) == 1:
        raise BadArgumentError(f"`{handoff.label}` was taken back by who wrote it")
