"""What a person does with questions: ask one, answer it, take it back.

Always true: a question names who must answer; its time, unless one is given, leaves each of them so many of their own working
hours.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.team.writing import actions
from gnomon.team.writing.kinds import QUESTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person
    from gnomon.team.writing.views import Writing

USUAL_HOURS = 8.0  # of work: a day of most people


def ask(
    record: Record,
    title: str,
    to: Sequence[Person],
    text: str = "",
    *,
    hours: float | None = None,
    until: float | None = None,
    blocks: Sequence[str] = (),
    now: float | None = None,
) -> Writing:
    """Ask members something. `blocks` are references (`run:ab12`) to what cannot go on before the answer is there.

    The answer is due at `until` (seconds since 1970 UTC), else when each of them has had `hours` of work (8 unless given).
    """
    if not to:
        raise BadArgumentError(
            "a question needs somebody who is asked", hint="`gnomon team` lists the members"
        )
    now = time.time() if now is None else now
    due = due_at(to, now, hours) if until is None else until
    if due <= now:
        raise BadArgumentError("the time until which an answer is wanted has passed already")
    fields: dict[str, object] = {"blocks": checked_references(blocks)} if blocks else {}
    return actions.open_writing(
        record, QUESTION.type, title, text, to=[one.id for one in to], due=due, fields=fields
    )


def due_at(to: Sequence[Person], now: float, hours: float | None = None) -> float:
    """Return the first moment by which each of them has had so many working hours. Raises BadArgumentError.

    Of who said no working hours, eight are counted as a day of 24.
    """
    from gnomon.team.people import clock

    hours = USUAL_HOURS if hours is None else hours
    if not 0 < hours <= 1_000:
        raise BadArgumentError(f"working hours must be above 0 and at most 1,000; got {hours:g}")
    ends = [clock.after_working_hours(person, now, hours) for person in to]
    return max(end if end is not None else now + hours / USUAL_HOURS * clock.DAY_S for end in ends)


def answer(question: Writing, text: str) -> Writing:
    """Answer a question: the text stands among its comments, and it is answered. Further answers only add to it."""
    actions.say(question, text)
    return actions.move(actions.refreshed(question), "answered")


def withdraw(question: Writing, why: str = "") -> Writing:
    """Take a question back."""
    return actions.move(question, "withdrawn", why)


def checked_references(texts: Sequence[str]) -> list[str]:
    """Return references as they were written. Raises BadArgumentError for what is none."""
    from gnomon.team.references import parse

    for text in texts:
        if parse(text) is None:
            raise BadArgumentError(
                f"`{text}` is no reference", hint="it looks like `run:ab12`, `data:credit@v3`, `decision:12`"
            )
    return list(dict.fromkeys(texts))
