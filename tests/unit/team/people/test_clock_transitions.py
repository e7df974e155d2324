"""Working windows around every change of clocks, 2020 to 2030, against an oracle that looks at each minute's wall clock."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from thorough import one_in

from gnomon.team.people import clock
from gnomon.team.people.hours import clock_text
from tests.unit.team.people.made import person, works

ZONES = """
Africa/Cairo Africa/Casablanca Africa/El_Aaiun Africa/Juba Africa/Lagos America/Asuncion America/Caracas America/Chicago
America/Godthab America/Havana America/Los_Angeles America/Mexico_City America/New_York America/Santiago America/Sao_Paulo
America/Scoresbysund America/St_Johns America/Whitehorse Antarctica/Casey Antarctica/Troll Asia/Almaty Asia/Amman
Asia/Beirut Asia/Dhaka Asia/Gaza Asia/Jerusalem Asia/Kathmandu Asia/Kolkata Asia/Tehran Asia/Tokyo Atlantic/Azores
Australia/Adelaide Australia/Lord_Howe Australia/Sydney Europe/Berlin Europe/London Europe/Volgograd Pacific/Apia
Pacific/Chatham Pacific/Easter Pacific/Fiji Pacific/Norfolk
""".split()
ALWAYS = {
    "Antarctica/Troll",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
}  # the others are slow together
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2020, 2031))
MINUTE, DAY = 60, 86_400


def transitions(zone):
    """Return the instants at which the offset of a zone changes."""
    found = []
    for before in range(FIRST, LAST, DAY // 4):
        low, high = before, before + DAY // 4
        if offset(zone, low) != offset(zone, high):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if offset(zone, middle) != offset(zone, low) else (middle, high)
            found.append(high)
    return found


def offset(zone, instant):
    return datetime.fromtimestamp(instant, zone).utcoffset()


class Minutes:
    """Each minute between two instants with what a clock on the wall shows then."""

    def __init__(self, zone, start, end):
        self.instants = range(start, end, MINUTE)
        self.walls = [datetime.fromtimestamp(instant, zone).replace(tzinfo=None) for instant in self.instants]
        self.first = {}
        self.last = {}
        for instant, wall in zip(self.instants, self.walls, strict=True):
            self.first.setdefault(wall, instant)
            self.last[wall] = instant
        self.highest = []  # of the walls so far, so that the first one that reaches a time is found by halving
        for wall in self.walls:
            self.highest.append(max(wall, self.highest[-1]) if self.highest else wall)

    def reaches(self, wall):
        """The first minute at which the clock on the wall shows this time or a later one."""
        place = bisect_left(self.highest, wall)
        return self.instants[min(place, len(self.instants) - 1)]

    def working(self, spans, days):
        """The minutes in which somebody works."""
        found = set()
        for day in sorted({wall.date() for wall in self.walls[2 * 1440 : -2 * 1440]}):
            midnight = datetime(day.year, day.month, day.day)
            for span in spans if day.weekday() in days else ():
                begins, ends = (midnight + timedelta(minutes=minute) for minute in span)
                start = self.reaches(begins)
                end = self.last[ends] if ends in self.last else self.reaches(ends)
                found.update(range(start, end, MINUTE))
        return found


def schedules(zone, moment):
    """Hours that begin, end and lie in what a change of clocks skips or repeats, and ordinary ones."""
    before, after = (
        datetime.fromtimestamp(moment - 1, zone).replace(tzinfo=None) + timedelta(seconds=1),
        datetime.fromtimestamp(moment, zone).replace(tzinfo=None),
    )
    low, high = sorted((before, after))
    middle = low + (high - low) / 2
    touched = [clock_text(wall.hour * 60 + wall.minute) for wall in (low, middle, high)]
    for early, late in ((0, 1), (1, 2), (0, 2)):
        if touched[early] != touched[late]:
            yield f"{touched[early]}-{touched[late]}"
    yield from (f"{one}-{clock_text((int(one[:2]) + 5) % 24 * 60)}" for one in touched)
    yield from (f"{clock_text((int(one[:2]) - 5) % 24 * 60 + 7)}-{one}" for one in touched)
    yield from (
        "09:00-17:00",
        "22:00-06:00",
        "00:00-24:00",
        "00:30-01:30,01:45-02:15,02:45-05:00,23:00-24:00",
    )


@pytest.mark.parametrize(
    "name", [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in ZONES]
)
def test_windows_around_each_change_of_clocks_are_those_of_the_clock_on_the_wall(name):
    zone = ZoneInfo(name)
    for moment in transitions(zone)[:: 1 if name in ALWAYS else one_in(3)]:
        minutes = Minutes(zone, moment - 4 * DAY, moment + 4 * DAY)
        start, end = moment - DAY, moment + DAY
        for hours in schedules(zone, moment):
            for days in ("mon-sun", "mon-thu,sat")[: 2 if hours[:2] == "22" else 1]:
                one = person("Ann", works(name, hours, days))
                [row] = one.schedule
                found = {
                    minute
                    for window in clock.windows(one, start, end)
                    for minute in range(int(window.start), int(window.end), MINUTE)
                }
                expected = {
                    minute for minute in minutes.working(row.spans, row.days) if start <= minute < end
                }
                assert found == expected, f"{name}, {datetime.fromtimestamp(moment, UTC)}, {hours}, {days}"


@pytest.mark.slow
def test_the_zones_have_the_changes_that_the_test_is_about():
    changes = {
        name: len(transitions(ZoneInfo(name)))
        for name in ("Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe")
    }
    assert changes == {"Europe/Berlin": 22, "Asia/Kolkata": 0, "Australia/Lord_Howe": 22}
    assert len(ZONES) == len(set(ZONES)) >= 40
