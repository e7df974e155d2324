"""Slots for meetings over several weeks that share the awkward hours fairly.

A slot's **awkwardness** for a person is its minutes outside their own working hours, each weighted by 1 plus the hours to
the nearest working hour: half an hour just after work counts 37, half an hour in the dead of night 240. Slots are chosen so that
the person with the largest sum has as little as can be, then the one with the next largest, and so on (`people.sharing`). The
slots that are chosen stand in the order that keeps the sums so far close together.

Who is away on a day of a week is not counted as awkward: slots with the fewest people away come first, and who is
away is said.

Always true: the choice follows from its input alone; `is_exact` says whether it is certain that no fairer one exists; of four
weeks it is, for nearly any team. Costs are whole numbers, so equal means equal.
Nothing here reads a record or asks what time it is.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.team.people import clock
from gnomon.team.people.clock import DAY_S, Window
from gnomon.team.people.sharing import Option, share

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gnomon.team.people.person import Person

STEP_MINUTES = 15
"""Slots begin at each full quarter of an hour UTC, so at one in nearly every zone there is."""
UNIT = 240
"""Awkwardness is counted in this part of a weighted minute, so that sums are whole numbers."""
MOST_WEEKS, MOST_MINUTES, MOST_PERSONS = 52, 24 * 60, 50
_AROUND_S = 8 * DAY_S  # the nearest working hour is looked for as far as this


class Outside(NamedTuple):
    """Who is outside their working hours in a slot: for how many minutes, and weighted by how far."""

    person: Person
    minutes: int
    awkwardness: float


class Slot(NamedTuple):
    """A meeting: from `start` up to `end`, who is outside their working hours then, and who is away."""

    start: int
    end: int
    outside: tuple[Outside, ...]
    away: tuple[Person, ...]


class Plan(NamedTuple):
    """Slots in order, and the sum of awkwardness of each person by id.

    `least` is the largest sum that every choice has at the least; `is_exact` says whether it is certain that none is fairer.
    """

    slots: tuple[Slot, ...]
    sums: dict[str, float]
    least: float
    is_exact: bool


class Starts(NamedTuple):
    """Where the weeks begin: at the midnight of a date in a zone."""

    zone: str
    day: date


def fair_slots(
    persons: Sequence[Person], starts: Starts, *, minutes: int = 30, weeks: int = 4, every: int = 1
) -> Plan:
    """Return a slot for every so many weeks, chosen so that awkward hours are shared. Costs: see above.

    Raises BadArgumentError for numbers out of range, for nobody, and for somebody whose working hours are not known.
    """
    _check(persons, minutes, weeks, every)
    windows = [
        clock.day_window(starts.zone, starts.day + timedelta(days=7 * week), 7)
        for week in range(0, weeks, every)
    ]
    around = Window(windows[0].start - _AROUND_S, windows[-1].end + _AROUND_S)
    diaries = [Diary(person, around) for person in persons]
    options = [_options(diaries, window, minutes) for window in windows]
    choice = share(options)
    slots = tuple(slot_at(diaries, option.start, minutes) for option in choice.options)
    sums = {
        person.id: sum(option.costs[place] for option in choice.options) / UNIT
        for place, person in enumerate(persons)
    }
    return Plan(slots, sums, choice.least / UNIT, choice.is_exact)


def _check(persons: Sequence[Person], minutes: int, weeks: int, every: int) -> None:
    if not 1 <= len(persons) <= MOST_PERSONS:
        raise BadArgumentError(f"a meeting has 1 to {MOST_PERSONS} people; got {len(persons)}")
    if not 5 <= minutes <= MOST_MINUTES:
        raise BadArgumentError(f"a meeting takes 5 to {MOST_MINUTES:,} minutes; got {minutes}")
    if not 1 <= weeks <= MOST_WEEKS or not 1 <= every <= weeks:
        raise BadArgumentError(
            f"slots are planned for 1 to {MOST_WEEKS} weeks, one every 1 or more of them; got {weeks} and {every}"
        )


class Diary:
    """A person's working time around the weeks that are planned, days off counted as working days, and the days off."""

    def __init__(self, person: Person, around: Window) -> None:
        self.person = person
        self._windows = clock.windows(person, *around, with_days_off=True)
        if not self._windows:
            raise BadArgumentError(
                f"the working hours of {person.name} are not known for these weeks",
                hint="`gnomon me --zone … --hours …` says them, `gnomon team works MEMBER` for a teammate",
            )
        self._starts = [one.start for one in self._windows]

    def is_away(self, start: int, end: int) -> bool:
        """Return whether a part of these instants lies on a day off."""
        if not self.person.away:
            return False
        zones = (clock.local_zone(self.person, instant) for instant in (start, end - 1))
        days = {
            clock.local_date(zone, instant) for zone, instant in zip(zones, (start, end - 1), strict=True)
        }
        return any(map(self.person.is_away, days))

    def outside(self, start: int, end: int) -> tuple[int, int]:
        """Return (minutes outside working time, awkwardness in parts of a minute) between two instants."""
        minutes = cost = 0
        place = max(bisect_right(self._starts, start) - 1, 0)
        at = start
        while at < end:
            before, after = self._neighbours(place, at)
            stop = min(end, after) if after is not None else end
            if before is None or at >= before:
                minutes += (stop - at) // 60
                cost += _cost(at // 60, stop // 60, before, after)
            else:
                stop = min(end, before)
            at = stop
            place = max(bisect_right(self._starts, at) - 1, 0)
        return minutes, cost

    def _neighbours(self, place: int, at: int) -> tuple[int | None, int | None]:
        """Return (end of the window before or around an instant, start of the one after it)."""
        if at < self._starts[place]:
            return None, int(self._starts[place])
        following = self._starts[place + 1] if place + 1 < len(self._starts) else None
        return int(self._windows[place].end), int(following) if following is not None else None


def _cost(start: int, end: int, before: int | None, after: int | None) -> int:
    """Return the awkwardness of the minutes from start to end, which lie between working time that ends and that begins.

    `before` and `after` are in seconds. Of minute t: 1 + (minutes to the nearer one) / 60, summed up exactly.
    """
    low = before // 60 if before is not None else None
    high = after // 60 if after is not None else None
    length = UNIT * (end - start)
    if low is None or high is None:
        edge = high if low is None else low
        assert edge is not None  # a diary has a window  # noqa: S101
        return length + 2 * abs((end - edge) ** 2 - (start - edge) ** 2)
    twice = low + high  # of the middle, so that it is a whole number
    rising = _squares(2 * start, 2 * end, 2 * low, 2 * low, twice)
    falling = _squares(2 * start, 2 * end, 2 * high, twice, 2 * high)
    return length + (rising + falling) // 2


def _squares(start: int, end: int, edge: int, first: int, last: int) -> int:
    """Return |(end - edge)^2 - (start - edge)^2| of the part of start to end that lies between first and last."""
    start, end = max(start, first), min(end, last)
    return abs((end - edge) ** 2 - (start - edge) ** 2) if start < end else 0


def _options(diaries: Sequence[Diary], week: Window, minutes: int) -> list[Option]:
    """Return the slots of a week in which the fewest people are away, with what each costs whom."""
    step = STEP_MINUTES * 60
    first = -(-int(week.start) // step) * step
    starts = range(first, int(week.end) - minutes * 60 + 1, step)
    away = {start: sum(one.is_away(start, start + minutes * 60) for one in diaries) for start in starts}
    fewest = min(away.values())
    return [_option(diaries, start, minutes) for start in starts if away[start] == fewest]


def _option(diaries: Sequence[Diary], start: int, minutes: int) -> Option:
    end = start + minutes * 60
    costs = tuple(0 if one.is_away(start, end) else one.outside(start, end)[1] for one in diaries)
    return Option(costs, start)


def slot_at(diaries: Sequence[Diary], start: int, minutes: int) -> Slot:
    end = start + minutes * 60
    outside, away = [], []
    for one in diaries:
        out, cost = one.outside(start, end)
        if one.is_away(start, end):
            away.append(one.person)
        elif out:
            outside.append(Outside(one.person, out, cost / UNIT))
    return Slot(start, end, tuple(outside), tuple(away))
