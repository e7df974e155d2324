"""When people work: windows of working time, what follows an instant, what several share.

Instants are seconds since 1970 UTC. Nothing here reads a record or asks what time it is.

A working day is a local date with local hours; it becomes instants by the zone's rules of that very day, so working
hours stay local when clocks change. A local time that does not exist means the instant to which clocks jump; one that
exists twice means the first for a beginning and the second for an end. A span over midnight belongs to the date on which
it begins: that date decides whether it is worked, a day off, and by which part of the schedule.

Always true: windows are in order, have a length, and do not touch; nobody is searched further ahead than `AHEAD_S`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.team.people.hours import DAY_MINUTES
from gnomon.team.people.zones import zone_called

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from gnomon.team.people.person import Person, Works

HOUR_S = 3600
DAY_S = 86_400
AHEAD_S = 2 * 366 * DAY_S
"""How far ahead a window is searched: two years. Who has none until then is as if they had none at all."""
_CHUNK_S = 28 * DAY_S
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  wall clock time, of no zone yet
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_EARLIEST, _LATEST = -2_208_988_800, 221_845_392_000  # 1900 to 9000: dates of schedules lie between


class Window(NamedTuple):
    """A stretch of time: from `start` up to `end`, in seconds since 1970 UTC."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start


class Turn(NamedTuple):
    """When somebody can begin, and when they have had the hours that were asked for."""

    person: Person
    begins: float
    ends: float


# ---------------------------------------------------------------- local time


def instant_of(zone: ZoneInfo, day: date, minute: int, *, is_end: bool = False) -> int:
    """Return the instant of a local time: `minute` from midnight of a date, on the clock on the wall.

    Where clocks skip it: the instant to which they jump. Where it comes twice: the first, or the second for an end.
    """
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001  as above
    first = _utc(zone, wall)
    second = _utc(zone, wall.replace(fold=1))
    if second >= first:
        return second if is_end else first
    return _jump_between(zone, second, first)


def _utc(zone: ZoneInfo, wall: datetime) -> int:
    offset = zone.utcoffset(wall)
    assert offset is not None  # a zone of the database has one always  # noqa: S101
    return (wall.replace(fold=0) - _EPOCH - offset) // _SECOND


def _jump_between(zone: ZoneInfo, before: int, after: int) -> int:
    """Return the instant at which the zone's offset changes: it is another one at `before` than at `after`."""
    late = _offset_at(zone, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset_at(zone, middle) == late:
            after = middle
        else:
            before = middle
    return after


def _offset_at(zone: ZoneInfo, instant: int) -> timedelta | None:
    return datetime.fromtimestamp(instant, zone).utcoffset()


def local_date(zone: str, instant: float) -> date:
    """Return the date in a zone at an instant. Raises BadArgumentError, MissingExtraError for the zone."""
    return _local_date(zone_called(zone), instant)


def _local_date(zone: ZoneInfo, instant: float) -> date:
    return datetime.fromtimestamp(min(max(instant, _EARLIEST), _LATEST), zone).date()


def local_zone(person: Person, instant: float) -> str:
    """Return the name of the zone that holds for a person at an instant; the first one, before their schedule begins.

    Raises BadArgumentError for somebody who said no schedule, and for a zone that is not known here; MissingExtraError.
    """
    if not person.schedule:
        raise BadArgumentError(
            f"the time zone of {person.name} is not known",
            hint="`--zone Europe/Berlin` of `gnomon me` says it",
        )
    for works in reversed(person.schedule):
        if works.from_ is None or works.from_ <= local_date(works.zone, instant):
            return works.zone
    return person.schedule[0].zone


def day_window(zone: str, day: date, days: int = 1) -> Window:
    """Return some days of a zone, from midnight to midnight; a day of clock change has 23 or 25 hours."""
    found = zone_called(zone)
    return Window(instant_of(found, day, 0), instant_of(found, day + timedelta(days=days), 0))


# ---------------------------------------------------------------- one person


def windows(person: Person, start: float, end: float, *, with_days_off: bool = False) -> list[Window]:
    """Return the working time of a person between two instants, cut to them; empty where they said no schedule.

    `with_days_off` takes days off for working days. Raises BadArgumentError for a zone that is not known here,
    MissingExtraError where no zone is.
    """
    found = [
        window
        for works, first, last in _parts(person)
        for day in _days(works, max(start, _EARLIEST), min(end, _LATEST), first, last)
        if with_days_off or not person.is_away(day)
        for window in _of_day(works, day)
    ]
    return _joined(Window(max(one.start, start), min(one.end, end)) for one in found)


def _parts(person: Person) -> Iterator[tuple[Works, date, date]]:
    """Yield each part of a schedule with the dates on which it holds, both included."""
    for works, following in pairwise([*person.schedule, None]):
        assert works is not None  # only the last of the list is  # noqa: S101
        ends = following.from_ if following is not None else None
        yield works, works.from_ or date.min, ends - _DAY if ends is not None else date.max


def _days(works: Works, start: float, end: float, first: date, last: date) -> Iterator[date]:
    """Yield the working days of which hours may lie between two instants, days off included."""
    if end <= start:
        return
    zone = zone_called(works.zone)
    day = max(
        _local_date(zone, start) - 2 * _DAY, first
    )  # a shift that began the day before, and a skipped day
    stop = min(_local_date(zone, end), last)
    while day <= stop:
        if day.weekday() in works.days:
            yield day
        day += _DAY


def _of_day(works: Works, day: date) -> Iterator[Window]:
    zone = zone_called(works.zone)
    for span in works.spans:
        next_day, minute = divmod(span.end, DAY_MINUTES)
        start = instant_of(zone, day, span.start)
        yield Window(start, instant_of(zone, day + next_day * _DAY, minute, is_end=True))


def _joined(found: Iterable[Window]) -> list[Window]:
    """Return windows in order, those that meet made one, those without length left out."""
    joined: list[Window] = []
    for one in sorted(found):
        if one.end <= one.start:
            continue
        if joined and one.start <= joined[-1].end:
            joined[-1] = Window(joined[-1].start, max(joined[-1].end, one.end))
        else:
            joined.append(one)
    return joined


def windows_of(person: Person, day: date) -> list[Window]:
    """Return the working time that begins on a local date, also where the date is a day off."""
    works = person.works_on(day)
    return _joined(_of_day(works, day)) if works is not None and day.weekday() in works.days else []


def is_working(person: Person, instant: float) -> bool:
    """Return whether an instant is in a person's working time; the end of a window is not."""
    return any(one.start <= instant < one.end for one in windows(person, instant - DAY_S, instant + DAY_S))


def windows_after(person: Person, instant: float) -> Iterator[Window]:
    """Yield a person's working time from an instant on, the first cut to it, for two years."""
    waiting: Window | None = None
    start, stop = instant, instant + AHEAD_S
    while start < stop:
        end = min(start + _CHUNK_S, stop)
        for one in windows(person, start, end):
            if waiting is not None and waiting.end < one.start:
                yield waiting
                waiting = None
            waiting = Window(waiting.start if waiting is not None else one.start, one.end)
        if waiting is not None and waiting.end < end:
            yield waiting
            waiting = None
        start = end
    if waiting is not None:
        yield waiting


def next_morning(person: Person, instant: float) -> float | None:
    """Return when a person next begins to work, after an instant; None where they do not within two years.

    Of somebody who works at the instant it is the beginning of the window after this one.
    """
    for window in windows_after(person, instant - DAY_S):
        if window.start > instant:
            return window.start
    return None


def next_working(person: Person, instant: float) -> float | None:
    """Return the first instant from this one on at which a person works: this one, if they do; None within two years."""
    return next((window.start for window in windows_after(person, instant)), None)


def after_working_hours(person: Person, start: float, hours: float) -> float | None:
    """Return the instant by which a person has had so many of their working hours since `start`.

    None where they have fewer within two years. For 0 hours: when they next work. Raises BadArgumentError for a number below 0.
    """
    if not 0 <= hours <= AHEAD_S / HOUR_S:
        raise BadArgumentError(f"working hours must be a number from 0; got {hours!r}")
    left = hours * HOUR_S
    for window in windows_after(person, start):
        if left <= window.seconds:
            return window.start + left
        left -= window.seconds
    return None


def working_hours_between(person: Person, start: float, end: float) -> float:
    """Return how many working hours a person has between two instants; 0 where the second is not later."""
    return sum(window.seconds for window in windows(person, start, end)) / HOUR_S


# ---------------------------------------------------------------- several


def overlap(persons: Sequence[Person], start: float, end: float) -> list[Window]:
    """Return the windows between two instants in which all work; empty for nobody. Errors as `windows`."""
    if not persons:
        return []
    shared = windows(persons[0], start, end)
    for person in persons[1:]:
        shared = shared_windows(shared, windows(person, start, end))
    return shared


def shared_windows(ours: Sequence[Window], theirs: Sequence[Window]) -> list[Window]:
    """Return what two lists of windows, each in order, have in common."""
    found: list[Window] = []
    left = right = 0
    while left < len(ours) and right < len(theirs):
        both = Window(max(ours[left].start, theirs[right].start), min(ours[left].end, theirs[right].end))
        if both.start < both.end:
            found.append(both)
        if ours[left].end <= theirs[right].end:
            left += 1
        else:
            right += 1
    return found


def deadline(persons: Sequence[Person], now: float, hours: float) -> float | None:
    """Return the earliest instant that leaves each person so many of their own working hours.

    None for nobody, and where one of them has fewer within two years. Errors as `after_working_hours`.
    """
    ends = [after_working_hours(person, now, hours) for person in persons]
    return max((end for end in ends if end is not None), default=None) if None not in ends else None


def soonest(persons: Iterable[Person], now: float, hours: float = 0.0) -> list[Turn]:
    """Return who can act, the first to have had so many of their own working hours first; then by name.

    Who has fewer within two years is left out. Errors as `after_working_hours`.
    """
    turns = []
    for person in persons:
        begins, ends = next_working(person, now), after_working_hours(person, now, hours)
        if begins is not None and ends is not None:
            turns.append(Turn(person, begins, ends))
    return sorted(turns, key=lambda one: (one.ends, one.begins, one.person.name.casefold(), one.person.id))
