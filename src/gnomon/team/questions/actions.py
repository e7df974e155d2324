"""What a person does with questions: ask one, answer it, take it back.

Always true: a question names who must answer; its time, unless one is given, leaves each of them so many of their own working
hours.
"""

from __future__ import annotations

import time
from math import ceil
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.team.writing import actions
from gnomon.team.writing.kinds import QUESTION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    Where one of them has not said when they work it has no date, and keeps the hours.
    """
    if not to:
        raise BadArgumentError(
            "a question needs somebody who is asked", hint="`gnomon team` lists the members"
        )
    now = time.time() if now is None else now
    due = due_at(to, now, hours) if until is None else until
    if due is not None and due <= now:
        raise BadArgumentError("the time until which an answer is wanted has passed already")
    fields: dict[str, object] = {"blocks": checked_references(blocks)} if blocks else {}
    if due is None:
        fields["hours"] = USUAL_HOURS if hours is None else hours
    return actions.open_writing(
        record, QUESTION.type, title, text, to=[one.id for one in to], due=due, fields=fields
    )


def due_at(to: Sequence[Person], now: float, hours: float | None = None) -> float | None:
    """Return the first moment by which each of them has had so many working hours. Raises BadArgumentError.

    None where one of them has not said when they work: no date follows from that, and a guess would look like one.
    """
    from gnomon.team.people import clock

    hours = USUAL_HOURS if hours is None else hours
    if not 0 < hours <= 1_000:
        raise BadArgumentError(f"working hours must be above 0 and at most 1,000; got {hours:g}")
    ends = [clock.after_working_hours(person, now, hours) for person in to]
    return None if None in ends else max(end for end in ends if end is not None)


def guess_at(now: float, hours: float) -> float:
    """Return the latest moment that is to be expected of somebody who said no hours: eight of them each Monday to Friday.

    The days are counted in UTC; whoever shows it says that it is a guess.
    """
    from datetime import UTC, datetime, timedelta

    left, day = ceil(hours / USUAL_HOURS), datetime.fromtimestamp(now, UTC)
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day.timestamp()


def until_when(
    to: Sequence[Person], due: float | None, hours: float, now: float, when: Callable[[float], str]
) -> str:
    """Return until when something is due, in words that follow "is due"; `when` writes a moment.

    Where somebody has not said when they work, it says so, and gives a date as a guess only.
    """
    if due is not None:
        return f"by {when(due)}"
    from gnomon.team.people import clock

    silent = [one.name for one in to if clock.after_working_hours(one, now, hours) is None]
    who = " and ".join(filter(None, [", ".join(silent[:-1]), silent[-1] if silent else ""]))
    has = "has" if len(silent) == 1 else "have"
    guess = when(guess_at(now, hours))
    return (
        f"within {hours:g} of their working hours; {who} {has} not said when they work (`gnomon me`), so the date is a guess:"
        f" {guess} at the latest, if they work Monday to Friday"
    )


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
