"""`/team`: who works when, in the reader's zone; whom the record knows; saying who one is and when one works."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadArgumentError, GnomonError
from gnomon.page import Redirect
from gnomon.team.pages.around import reader_of, shown
from gnomon.team.pages.tried import NOTHING, Tried
from gnomon.team.people import actions
from gnomon.team.people import clock as clocks
from gnomon.team.people.hours import read_days, read_hours
from gnomon.team.people.views import people, require_me
from gnomon.team.people.zones import checked_zone

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.page import Answer, Ask, Shown
    from gnomon.team.people.person import Person

HOURS = 24
WIDTH = 960.0  # of a drawn day, in units of the drawing


class Bar(NamedTuple):
    """A stretch of a drawn day: where it begins, and how wide it is."""

    x: float
    width: float


class Line(NamedTuple):
    """A member's day: the bars in which they work, what they say of their hours, and their local time now."""

    person: Person
    bars: list[Bar]
    zone: str
    hours: str
    is_working: bool
    next: float | None
    is_away: bool


def clock(ask: Ask) -> Shown:
    """Show the day of every member on one axis: the next 24 hours from the beginning of this hour."""
    return _shown(ask, NOTHING)


def _shown(ask: Ask, tried: Tried) -> Shown:
    members = people(ask.record)
    reader = reader_of(ask, members)
    start = ask.now - ask.now % 3600
    lines = [_line(one, start, ask.now) for one in members]
    lines.sort(key=lambda one: (one.next or float("inf"), one.person.name.casefold()))
    having = [one for one in members if one.schedule]
    chosen = [one for one in having if one.id in ask.query.all("with")] or having
    shared = clocks.overlap(chosen, start, start + HOURS * 3600) if len(chosen) > 1 else []
    values = {
        "members": members, "me": reader, "lines": lines, "shared": shared, "chosen": {one.id for one in chosen},
        "shared_bars": [_bar(one.start, one.end, start) for one in shared], "width": WIDTH,
        "ticks": [(nth * WIDTH / HOURS, start + nth * 3600) for nth in range(0, HOURS, 3)],
        "works": _works(reader, ask.now), "now_x": (ask.now - start) / (HOURS * 3600) * WIDTH,
    }  # fmt: skip
    return shown(ask, "team/clock.html", "Team", "team", values, tried)


def _line(person: Person, start: float, now: float) -> Line:
    works = _works(person, now)
    bars = [_bar(one.start, one.end, start) for one in clocks.windows(person, start, start + HOURS * 3600)]
    today = clocks.local_date(works.zone, now) if works is not None else None
    return Line(
        person, bars, works.zone if works is not None else "", f"{works.hours} {works.week}" if works is not None else "",
        clocks.is_working(person, now), clocks.next_working(person, now), today is not None and person.is_away(today),
    )  # fmt: skip


def _works(person: Person | None, now: float) -> Any:
    """Return when and where a member works now; None where they said nothing."""
    if person is None or not person.schedule:
        return None
    return person.works_on(clocks.local_date("UTC", now)) or person.schedule[0]


def _bar(begin: float, end: float, start: float) -> Bar:
    scale = WIDTH / (HOURS * 3600)
    return Bar(round((begin - start) * scale, 1), round((end - begin) * scale, 1))


# ---------------------------------------------------------------- changes


def me(ask: Ask) -> Answer:
    """Say who the reader is, and when they work."""
    return _changed(ask, "me", _become)


def add(ask: Ask) -> Answer:
    """Add a member who has no device yet."""
    return _changed(ask, "add", _add)


def away(ask: Ask) -> Answer:
    """Say that the reader is away on some days."""
    return _changed(ask, "away", _away)


def _changed(ask: Ask, act: str, change: Callable[[Ask], None]) -> Answer:
    """Make a change and lead back to the page; where it does not work, show the page with what was typed."""
    try:
        change(ask)
    except GnomonError as error:
        return _shown(ask, Tried(act, ask.form, error))
    return Redirect("/team")


def _become(ask: Ask) -> None:
    zone, hours, days = _hours_of(ask)
    person = actions.become(ask.record, ask.form.text("name")).person
    if zone or hours or days:
        actions.works(ask.record, person, zone=zone, hours=hours, days=days)


def _add(ask: Ask) -> None:
    zone, hours, days = _hours_of(ask)
    person = actions.add(ask.record, ask.form.text("name"))
    if zone:
        actions.works(ask.record, person, zone=zone, hours=hours, days=days)


def _hours_of(ask: Ask) -> tuple[str | None, str | None, str | None]:
    """Return zone, hours and days of a form. Raises BadArgumentError for a wrong one, before anything is written."""
    zone, hours, days = (ask.form.text(key) or None for key in ("zone", "hours", "days"))
    if zone:
        checked_zone(zone)
    if hours:
        read_hours(hours)
    if days:
        read_days(days)
    return zone, hours, days


def _away(ask: Ask) -> None:
    person = require_me(ask.record)
    first, last = _date(ask, "first"), _date(ask, "last")
    if first is None:
        raise BadArgumentError("a day off needs a date, such as 2026-12-24")
    actions.away(ask.record, person, first, last, why=ask.form.text("why"))


def _date(ask: Ask, name: str) -> date | None:
    text = ask.form.text(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadArgumentError(f"`{text}` is no date", hint="write it as 2026-12-24") from None
