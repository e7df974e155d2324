"""What a person does with updates: give one for their own day; what blocks them becomes questions.

Always true: a member has one update for a local day; giving it again changes it, and asks only what was not asked yet.
"""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.team.people import clock
from gnomon.team.questions.actions import ask
from gnomon.team.updates.asking import plan
from gnomon.team.updates.draft import draft
from gnomon.team.updates.sections import blockers, parts
from gnomon.team.whom import meant
from gnomon.team.writing import actions, views
from gnomon.team.writing.apart import text_to_edit
from gnomon.team.writing.kinds import QUESTION, UPDATE

if TYPE_CHECKING:
    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person
    from gnomon.team.updates.sections import Blocker
    from gnomon.team.writing.views import Writing

LONGEST_BACK_S = 14 * 86_400.0
FIRST_BACK_S = 86_400.0


class Given(NamedTuple):
    """An update, the questions that its blockers became, and those blockers that name nobody here."""

    update: Writing
    asked: list[Writing]
    not_asked: list[Blocker]


def give(record: Record, who: Person, text: str, *, now: float | None = None) -> Given:
    """Give the update of a member for their day. Raises BadArgumentError for a text without any of the three parts."""
    now = time.time() if now is None else now
    if not any(parts(text).values()):
        raise BadArgumentError(
            "an update says what was done, what is next, or what blocks",
            hint="three lines suffice: `Did: …`, `Next: …`, `Blocked: NAME: …`",
        )
    day = own_day(who, now)
    asked, not_asked = _ask(record, who, blockers(text), now)
    known = of_day(record, who, day)
    if known is not None:
        return Given(actions.revise(known, text=text), asked, not_asked)
    fields: dict[str, object] = {"day": day.isoformat()}
    if asked:
        fields["blockers"] = [one.label for one in asked]
    title = f"{who.name}, {day:%a} {day.day} {day:%b %Y}"
    update = actions.open_writing(record, UPDATE.type, title, text, fields=fields)
    plan(record, who, now)
    return Given(update, asked, not_asked)


def own_day(who: Person, now: float) -> date:
    """Return the date that it is for a member; in UTC where they said no zone."""
    day = clock.local_date("UTC", now)
    works = who.works_on(day)
    return clock.local_date(works.zone, now) if works is not None else day


def of_day(record: Record, who: Person, day: date) -> Writing | None:
    """Return the update of a member for a day; None where they gave none yet."""
    record.replica.update(record.progress)
    for row in views.rows(record, UPDATE.type):
        if row.writer in who.writers:
            found = views.Writing(record, row.kind, row.id, row.label)
            if found.fields.get("day") == day.isoformat():
                return found
            if found.created < clock.day_window("UTC", day).start - 2 * clock.DAY_S:
                return None
    return None


def is_due(record: Record, who: Person, now: float) -> bool:
    """Return whether a member has begun their working day and given no update for it."""
    day = own_day(who, now)
    works = who.works_on(day)
    if works is None:
        return False
    today = clock.day_window(works.zone, day)
    begun = [window for window in clock.windows(who, today.start, today.end) if window.start <= now]
    return bool(begun) and of_day(record, who, day) is None


def drafted(record: Record, who: Person, now: float | None = None) -> str:
    """Return the draft of the next update: the one of today where there is one, else what was done since the last."""
    now = time.time() if now is None else now
    known = of_day(record, who, own_day(who, now))
    if known is not None:
        return text_to_edit(known)
    given = [row.created for row in views.rows(record, UPDATE.type) if row.writer in who.writers]
    since = max(*given, now - LONGEST_BACK_S) if given else now - FIRST_BACK_S
    return draft(record, who.writers, since)


def _ask(
    record: Record, who: Person, found: list[Blocker], now: float
) -> tuple[list[Writing], list[Blocker]]:
    """Ask what blocks, unless it is asked already; return the questions, and the blockers that name no member."""
    from gnomon.team.people.views import people

    members = people(record)
    waiting = {
        row.title for row in views.rows(record, QUESTION.type) if row.is_open and row.writer in who.writers
    }
    asked: list[Writing] = []
    not_asked: list[Blocker] = []
    for blocker in found:
        try:
            whom = meant(members, blocker.whom) if blocker.whom is not None else None
        except (UnknownSubjectError, AmbiguousIdError):
            whom = None
        if whom is None:
            not_asked.append(blocker)
        elif _title(blocker) not in waiting:
            asked.append(ask(record, _title(blocker), [whom], _rest(blocker), now=now))
    return asked, not_asked


def _title(blocker: Blocker) -> str:
    """Return the question in a line; a long one is cut, and stands whole in its text."""
    line = " ".join(blocker.what.split())
    return line if len(line) <= 200 else line[:199] + "…"


def _rest(blocker: Blocker) -> str:
    return "" if len(" ".join(blocker.what.split())) <= 200 else blocker.what
