"""Days off from a calendar file (ICS, RFC 5545), and calendar files from days off and slots.

An all-day event is its dates. A timed event is the dates whose working hours it covers, so that a dentist at noon is no day off.
Left out, and counted: what is cancelled, what is marked as free, what cannot be read, what is no whole working day.

Always true: only dates leave the file, and marks that are hashes of its ids; titles only where they are asked for. What recurs
without end is read for two years at the most. Zones of the file are those that it names or defines; times without one are local.
Needs `pip install 'gnomon[calendar]'`.
"""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadArgumentError, MissingExtraError
from gnomon.team.people import clock
from gnomon.team.people.person import Away
from gnomon.team.people.state import MAX_WHY
from gnomon.team.people.zones import zone_called

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gnomon.team.people.person import Person

MOST_BYTES = 16 * 1024 * 1024
MOST_EVENTS = 20_000
MOST_DAYS_OFF = 5_000
AHEAD = timedelta(days=2 * 366)
_DAY = timedelta(days=1)
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_FREE = frozenset({"FREE", "WORKINGELSEWHERE"})  # what Outlook says of an event
_MOST_TIMES_A_DAY = 24
_BAD = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
)  # what a bad event makes the libraries raise
_PRODUCT = "-//Gnomon//team//EN"


class Found(NamedTuple):
    """The days off of a calendar, and how many of its events are none: marked as free, no whole working day, unreadable."""

    days: list[Away]
    free: int = 0
    partial: int = 0
    unreadable: int = 0


class Event(NamedTuple):
    """An event to be written: `start` and `end` are dates (the end included) or seconds since 1970 UTC."""

    uid: str
    title: str
    start: date | float
    end: date | float
    note: str = ""


# ---------------------------------------------------------------- reading


def read_days_off(
    data: bytes,
    person: Person,
    *,
    today: date,
    source: str,
    with_titles: bool = False,
    with_free: bool = False,
) -> Found:
    """Return the days off of a person in a calendar, from today on, for two years.

    `source` is what the file is called: with it days off that vanish from the file are found. `with_titles` keeps titles as
    reasons; `with_free` takes events that are marked as free, as public holidays often are.

    Raises BadArgumentError for what is no calendar or is too large, and for a person whose time zone is not known;
    MissingExtraError.
    """
    if not person.schedule:
        raise BadArgumentError(
            f"the working hours of {person.name} are not known, so events cannot be told from days off",
            hint="say them first: `--zone`, `--hours`, `--days` of `gnomon me` or `gnomon team works`",
        )
    events, unreadable = _occurrences(_calendars(data), today, today + AHEAD)
    days: dict[str, Away] = {}
    free = partial = 0
    for event in events:
        if _text(event, "STATUS").upper() == "CANCELLED":
            continue
        if _is_free(event) and not with_free:
            free += 1
            continue
        try:
            stretches = list(_dates(event, person))
        except (
            ValueError,
            TypeError,
            AttributeError,
            OverflowError,
        ):  # an event without a beginning, or with odd dates
            unreadable += 1
            continue
        partial += not stretches
        title = " ".join(_text(event, "SUMMARY").split())[:MAX_WHY] if with_titles else ""
        for first, last in stretches:
            if last >= today:
                name = mark(person.id, _uid(event), first.isoformat())
                days[name] = Away(f"ics-{name}", first, last, title, sourcemark(source))
        if len(days) > MOST_DAYS_OFF:
            raise BadArgumentError(
                f"the calendar has more than {MOST_DAYS_OFF:,} days off in two years; it is no calendar of them"
            )
    return Found(
        sorted(days.values(), key=lambda one: (one.first, one.last, one.uid)), free, partial, unreadable
    )


def gone_from(person: Person, found: Found, *, source: str, today: date) -> list[Away]:
    """Return the days off that came from a calendar of this name and are not in it any more; past ones are left alone."""
    mark, here = sourcemark(source), {one.uid for one in found.days}
    return [one for one in person.away if one.source == mark and one.uid not in here and one.last >= today]


def sourcemark(name: str) -> str:
    """Return the mark of a calendar, from the name of its file."""
    return mark("source", name)[:8]


def mark(*parts: str) -> str:
    """Return a mark that tells nothing of what it was made from but whether it is the same: 20 hex digits."""
    from blake3 import blake3

    return blake3("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:20]


def _calendars(data: bytes) -> list[Any]:
    try:
        import icalendar
        import recurring_ical_events  # noqa: F401  both are needed; better to say so before the file is read
    except ImportError as error:
        raise MissingExtraError(
            "calendar files are read with icalendar and recurring-ical-events",
            hint="pip install 'gnomon[calendar]'",
        ) from error
    if len(data) > MOST_BYTES:
        raise BadArgumentError(
            f"a calendar file has at most {MOST_BYTES:,} bytes; this one has {len(data):,}"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", UserWarning
            )  # a zone's name behind a prefix of its maker is one that is known
            found = icalendar.Calendar.from_ical(data, multiple=True)
    except (*_BAD, RecursionError) as error:
        raise BadArgumentError(f"this is no calendar in the form of RFC 5545 (ICS): {error}") from error
    if not found or any(one.name != "VCALENDAR" for one in found):
        raise BadArgumentError(
            "this is no calendar in the form of RFC 5545 (ICS): it begins with no `BEGIN:VCALENDAR`"
        )
    return found


def _occurrences(calendars: Iterable[Any], first: date, last: date) -> tuple[list[Any], int]:
    """Return events that touch these dates, recurring ones once for each time, and how many series cannot be read."""
    import recurring_ical_events

    found: list[Any] = []
    unreadable = count = 0
    for calendar in calendars:
        if _text(calendar, "METHOD").upper() == "CANCEL":
            continue
        for series in _series(calendar):
            count += len(series)
            if count > MOST_EVENTS:
                raise BadArgumentError(
                    f"the calendar has more than {MOST_EVENTS:,} events; export the days off alone"
                )
            try:
                for event in series:
                    _check(event)
                query = recurring_ical_events.of(_alone(calendar, series))
                found += query.between(first - _DAY, last + _DAY)
            except _BAD:  # one bad series; the others count
                unreadable += 1
    return found, unreadable


def _alone(calendar: Any, series: Iterable[Any]) -> Any:
    """Return a calendar that holds one series only; its times have their zones already, but for those of the whole calendar."""
    import icalendar

    alone = icalendar.Calendar()
    if "X-WR-TIMEZONE" in calendar:
        alone["X-WR-TIMEZONE"] = calendar["X-WR-TIMEZONE"]
    for event in series:
        alone.add_component(event)
    return alone


def _series(calendar: Any) -> list[list[Any]]:
    """Return the events of a calendar, those with the same id together: a series and its exceptions."""
    found: dict[str, list[Any]] = {}
    for number, event in enumerate(part for part in calendar.subcomponents if part.name == "VEVENT"):
        found.setdefault(_text(event, "UID") or f"\0{number}", []).append(event)
    return list(found.values())


def _check(event: Any) -> None:
    """Raise ValueError for an event that recurs many times a day (no day off does), and for one in a zone that is not known."""
    start = event.get("DTSTART")
    if isinstance(start.dt, datetime) and start.dt.tzinfo is None and "TZID" in start.params:
        raise ValueError("its time zone is not known")
    rules = event.get("RRULE")
    for rule in rules if isinstance(rules, list) else [rules] if rules else []:
        times = 1
        for key in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            times *= len(rule.get(key) or [1])
        if _TOO_OFTEN & {str(one).upper() for one in rule.get("FREQ") or []} or times > _MOST_TIMES_A_DAY:
            raise ValueError("an event recurs many times a day")


def _text(component: Any, key: str) -> str:
    value = component.get(key)
    return str(value[0] if isinstance(value, list) and value else value if value is not None else "")


def _uid(event: Any) -> str:
    """Return the id of an event; of one without, its dates."""
    return _text(event, "UID") or f"{event.get('DTSTART').dt}"


def _is_free(event: Any) -> bool:
    return (
        _text(event, "TRANSP").upper() == "TRANSPARENT"
        or _text(event, "X-MICROSOFT-CDO-BUSYSTATUS").upper() in _FREE
    )


def _dates(event: Any, person: Person) -> Iterator[tuple[date, date]]:
    """Yield the days off that an event is: stretches of local dates, both ends included."""
    start, end = event.start, event.end
    if not isinstance(start, datetime):
        yield start, max(start, end - _DAY)
        return
    begins, ends = _instant(start, person), _instant(end, person)
    zone = clock.local_zone(person, begins)
    first: date | None = None
    last = day = clock.local_date(zone, begins) - _DAY
    while day <= clock.local_date(zone, ends):
        working = clock.windows_of(person, day)
        if working and all(begins <= one.start and one.end <= ends for one in working):
            first, last = first or day, day
        elif working and first is not None:
            yield first, last
            first = None
        day += _DAY
    if first is not None:
        yield first, last


def _instant(moment: datetime, person: Person) -> float:
    """Return seconds since 1970; a time without a zone is on the person's clock."""
    if moment.tzinfo is not None:
        return moment.timestamp()
    works = person.works_on(moment.date()) or person.schedule[0]
    return clock.instant_of(zone_called(works.zone), moment.date(), moment.hour * 60 + moment.minute)


# ---------------------------------------------------------------- writing


def write_calendar(events: Sequence[Event], *, name: str, now: float) -> bytes:
    """Return a calendar of these events as the bytes of a file. Raises MissingExtraError."""
    try:
        import icalendar
    except ImportError as error:
        raise MissingExtraError(
            "calendar files are written with icalendar", hint="pip install 'gnomon[calendar]'"
        ) from error
    calendar = icalendar.Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for one in events:
        event = icalendar.Event()
        event.add("uid", one.uid)
        event.add("dtstamp", datetime.fromtimestamp(int(now), UTC))
        event.add("summary", one.title)
        event.add("dtstart", _written(one.start))
        event.add("dtend", one.end + _DAY if isinstance(one.end, date) else _written(one.end))
        if one.note:
            event.add("description", one.note)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _written(moment: date | float) -> date | datetime:
    return moment if isinstance(moment, date) else datetime.fromtimestamp(moment, UTC)


def days_off_events(persons: Iterable[Person]) -> list[Event]:
    """Return the days off of people as events to be written. Reasons stay in the record."""
    return [
        Event(
            f"{mark(one.id, off.uid, off.first.isoformat())}@gnomon", f"{one.name} away", off.first, off.last
        )
        for one in persons
        for off in one.away
    ]
