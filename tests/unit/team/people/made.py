"""People for tests, made without a record."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from gnomon.team.people.hours import read_days, read_hours
from gnomon.team.people.person import Away, Person, Works


def works(zone, hours="09:00-17:00", days="mon-fri", since=None):
    return Works(date.fromisoformat(since) if since else None, zone, read_hours(hours), read_days(days))


def person(name, *schedule, away=()):
    """A person with a schedule: `Works`, or names of zones with ordinary hours; `away` are (first, last) as text."""
    rows = tuple(works(one) if isinstance(one, str) else one for one in schedule)
    off = tuple(Away(f"{first}", date.fromisoformat(first), date.fromisoformat(last)) for first, last in away)
    return Person(name.lower().ljust(20, "0"), name, rows, off)


def at(text, zone="UTC"):
    """The instant of a local time such as `2026-11-26 09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def shown(windows, zone="UTC"):
    """Windows as text in a zone: `11-26 09:00 to 11-26 17:00`."""
    return [
        " to ".join(
            datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%m-%d %H:%M") for moment in window
        )
        for window in windows
    ]
