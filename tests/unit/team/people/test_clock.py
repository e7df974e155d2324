"""What follows from working hours: mornings, deadlines, who is first, what is shared. Each case can be checked by hand."""

from __future__ import annotations

import zoneinfo
from datetime import date

import pytest

from gnomon.errors import BadArgumentError, MissingExtraError
from gnomon.team.people import clock, zones
from gnomon.team.people.person import Person
from tests.unit.team.people.made import at, person, shown, works

BERLIN, KOLKATA = person("Ann", "Europe/Berlin"), person("Bea", "Asia/Kolkata")
NOBODY = Person("c" * 20, "Cleo")


def windows(one, first, last, zone="UTC", **how):
    return shown(clock.windows(one, at(first), at(last), **how), zone)


def test_windows_are_cut_to_the_instants_that_are_asked_for():
    assert windows(BERLIN, "2026-11-26 10:00", "2026-11-27 09:30") == [
        "11-26 10:00 to 11-26 16:00", "11-27 08:00 to 11-27 09:30"
    ]  # fmt: skip
    assert windows(BERLIN, "2026-11-28 00:00", "2026-11-30 00:00") == []
    assert windows(BERLIN, "2026-11-27 10:00", "2026-11-27 10:00") == []
    assert windows(BERLIN, "2026-11-27 10:00", "2026-11-26 10:00") == []
    assert windows(NOBODY, "2026-11-26 00:00", "2026-12-26 00:00") == []


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin():
    night = person(
        "Nia", works("Europe/London", "22:00-06:00", "mon-fri"), away=[("2026-11-26", "2026-11-26")]
    )
    found = windows(night, "2026-11-25 00:00", "2026-11-30 00:00")
    # Thursday the 26th is off: the shift that began on Wednesday goes on until Thursday 06:00, and Friday's ends on Saturday.
    assert found == [
        "11-25 00:00 to 11-25 06:00", "11-25 22:00 to 11-26 06:00", "11-27 22:00 to 11-28 06:00"
    ]  # fmt: skip


def test_several_spans_of_a_day_stay_apart_and_those_that_meet_are_one():
    split = person("Sue", works("UTC", "09:00-12:00,14:00-18:00"))
    assert windows(split, "2026-11-26 00:00", "2026-11-27 00:00") == [
        "11-26 09:00 to 11-26 12:00", "11-26 14:00 to 11-26 18:00"
    ]  # fmt: skip
    always = person("Al", works("UTC", "00:00-24:00", "mon-sun"))
    assert windows(always, "2026-11-26 00:00", "2026-11-29 00:00") == ["11-26 00:00 to 11-29 00:00"]


def test_working_hours_stay_local_when_clocks_change():
    assert windows(BERLIN, "2026-10-23 00:00", "2026-10-27 00:00") == [
        "10-23 07:00 to 10-23 15:00", "10-26 08:00 to 10-26 16:00"
    ]  # fmt: skip
    sunday = person("Ann", works("Europe/Berlin", "00:00-24:00", "sun"))
    lengths = [
        clock.windows(sunday, at(f"{day} 12:00") - 40 * 3600, at(f"{day} 12:00") + 40 * 3600)[0].seconds
        / 3600
        for day in ("2026-03-29", "2026-10-25", "2026-11-01")
    ]
    assert lengths == [23, 25, 24]


def test_a_time_that_clocks_skip_is_the_instant_of_the_jump_and_one_that_comes_twice_is_the_outer_one():
    berlin = zones.zone_called("Europe/Berlin")
    jump = at("2026-03-29 01:00")
    assert (
        clock.instant_of(berlin, date(2026, 3, 29), 150)
        == jump
        == clock.instant_of(berlin, date(2026, 3, 29), 150, is_end=True)
    )
    first, second = at("2026-10-25 00:30"), at("2026-10-25 01:30")
    assert clock.instant_of(berlin, date(2026, 10, 25), 150) == first
    assert clock.instant_of(berlin, date(2026, 10, 25), 150, is_end=True) == second


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("Asia/Kathmandu", "2026-11-26", "11-26 03:15 to 11-26 11:15"),  # +05:45
        ("Australia/Lord_Howe", "2026-11-26", "11-25 22:00 to 11-26 06:00"),  # +11:00 in summer
        ("Australia/Lord_Howe", "2026-06-25", "06-24 22:30 to 06-25 06:30"),  # +10:30 in winter
        ("Antarctica/Troll", "2026-07-01", "07-01 07:00 to 07-01 15:00"),  # +02:00 in summer
        ("Antarctica/Troll", "2026-11-26", "11-26 09:00 to 11-26 17:00"),  # +00:00 in winter
        ("Pacific/Apia", "2026-11-26", "11-25 20:00 to 11-26 04:00"),  # +13:00
        ("Pacific/Kiritimati", "2026-11-26", "11-25 19:00 to 11-26 03:00"),  # +14:00
        ("Pacific/Pago_Pago", "2026-11-26", "11-26 20:00 to 11-27 04:00"),  # -11:00
    ],
)
def test_odd_zones(zone, day, expected):
    one = person("Oda", zone)
    begins = clock.day_window(zone, date.fromisoformat(day))
    assert shown(clock.windows(one, *begins)) == [expected]


def test_a_day_that_a_zone_left_out_has_no_working_hours():
    """Samoa went over the date line: the 30th of December 2011 was not."""
    one = person("Apa", works("Pacific/Apia", days="mon-sun"))
    found = shown(clock.windows(one, at("2011-12-29 10:00"), at("2012-01-01 00:00")), "Pacific/Apia")
    assert found == ["12-29 09:00 to 12-29 17:00", "12-31 09:00 to 12-31 17:00", "01-01 09:00 to 01-01 14:00"]
    assert clock.day_window("Pacific/Apia", date(2011, 12, 30)).seconds == 0


def test_who_moves_works_in_the_zone_that_holds_on_each_day():
    mover = person("Mo", works("Europe/Berlin"), works("Asia/Tokyo", since="2026-12-03"))
    assert windows(mover, "2026-12-01 12:00", "2026-12-05 00:00") == [
        "12-01 12:00 to 12-01 16:00", "12-02 08:00 to 12-02 16:00", "12-03 00:00 to 12-03 08:00", "12-04 00:00 to 12-04 08:00"
    ]  # fmt: skip
    assert clock.local_zone(mover, at("2026-12-02 16:00")) == "Asia/Tokyo"  # the 3rd has begun there
    assert clock.local_zone(mover, at("2026-12-02 14:00")) == "Europe/Berlin"


def test_who_flies_over_the_date_line_has_no_hour_twice():
    mover = person(
        "Mo",
        works("America/New_York", "09:00-23:00"),
        works("Pacific/Apia", "00:00-12:00", since="2026-12-01"),
    )
    # Monday the 30th in New York ends 04:00 UTC on the 1st; Tuesday the 1st in Apia begins 11:00 UTC on the 30th.
    assert windows(mover, "2026-11-30 00:00", "2026-12-01 12:00") == [
        "11-30 11:00 to 12-01 04:00", "12-01 11:00 to 12-01 12:00"
    ]  # fmt: skip


def test_nothing_is_known_before_a_schedule_begins():
    newcomer = person("New", works("Europe/Berlin", since="2026-12-07"))
    assert windows(newcomer, "2026-11-01 00:00", "2026-12-07 12:00") == ["12-07 08:00 to 12-07 12:00"]
    assert clock.next_morning(newcomer, at("2026-11-01 00:00")) == at("2026-12-07 08:00")


def test_days_off_are_out_and_can_be_asked_for():
    off = person("Off", "UTC", away=[("2026-11-26", "2026-11-27")])
    assert windows(off, "2026-11-25 00:00", "2026-11-28 00:00") == ["11-25 09:00 to 11-25 17:00"]
    assert len(windows(off, "2026-11-25 00:00", "2026-11-28 00:00", with_days_off=True)) == 3


def test_working_now_is_from_the_beginning_up_to_the_end():
    states = [
        clock.is_working(BERLIN, at(f"2026-11-26 {time}")) for time in ("07:59", "08:00", "15:59", "16:00")
    ]
    assert states == [False, True, True, False]


def test_the_next_morning_is_the_next_beginning_after_an_instant():
    morning = {
        "2026-11-26 07:59": "2026-11-26 08:00",
        "2026-11-26 08:00": "2026-11-27 08:00",
        "2026-11-26 12:00": "2026-11-27 08:00",
        "2026-11-27 16:00": "2026-11-30 08:00",
    }
    assert {when: clock.next_morning(BERLIN, at(when)) for when in morning} == {
        when: at(expected) for when, expected in morning.items()
    }
    assert clock.next_morning(NOBODY, 0) is None
    gone = person("Gus", "UTC", away=[("2026-01-01", "2030-01-01")])
    assert clock.next_morning(gone, at("2026-11-26 00:00")) is None
    assert clock.next_working(BERLIN, at("2026-11-26 12:00")) == at("2026-11-26 12:00")


def test_a_long_shift_is_one_window_however_it_is_looked_at():
    """Searches go ahead in steps; a window over the end of a step is not cut there."""
    always = person("Al", works("UTC", "00:00-24:00", "mon-sun"))
    [window] = clock.windows_after(always, 0)
    assert window == (0, clock.AHEAD_S)
    days = list(clock.windows_after(person("Di", works("UTC", "20:00-04:00", "mon-sun")), 3600))
    assert {one.seconds for one in days[1:-1]} == {8 * 3600}


def test_own_working_hours_are_counted_over_nights_weekends_and_days_off():
    off = person("Off", "Europe/Berlin", away=[("2026-11-30", "2026-11-30")])
    friday = at("2026-11-27 15:00")
    assert clock.after_working_hours(off, friday, 2) == at("2026-12-01 09:00")
    assert clock.after_working_hours(off, friday, 1) == at("2026-11-27 16:00")
    assert clock.after_working_hours(off, friday, 0) == friday
    assert clock.after_working_hours(off, at("2026-11-28 00:00"), 0) == at("2026-12-01 08:00")
    assert clock.after_working_hours(NOBODY, friday, 1) is None
    assert clock.working_hours_between(off, friday, at("2026-12-01 09:00")) == 2
    assert clock.working_hours_between(off, friday, at("2026-11-27 15:45")) == 0.75
    assert clock.working_hours_between(off, friday, friday - 3600) == 0
    for hours in (-1, float("nan"), float("inf"), 1e9):
        with pytest.raises(BadArgumentError, match="number from 0"):
            clock.after_working_hours(off, friday, hours)


def test_counting_forth_and_back_agree():
    split = person("Sue", works("America/St_Johns", "09:30-12:15,13:00-17:45,22:00-01:00", "mon-thu"))
    start = at("2026-03-01 00:00")
    for hours in range(1, 200, 7):
        end = clock.after_working_hours(split, start, hours)
        assert clock.working_hours_between(split, start, end) == pytest.approx(hours)


def test_what_is_shared_is_when_all_work():
    day = at("2026-11-26 00:00"), at("2026-11-27 00:00")
    assert shown(clock.overlap([BERLIN, KOLKATA], *day)) == ["11-26 08:00 to 11-26 11:30"]
    west = person("Wes", "America/Los_Angeles")
    assert clock.overlap([BERLIN, KOLKATA, west], *day) == []
    assert clock.overlap([BERLIN], *day) == clock.windows(BERLIN, *day)
    assert clock.overlap([], *day) == []
    assert clock.overlap([BERLIN, NOBODY], *day) == []
    split = person("Sue", works("UTC", "07:00-09:00,10:00-11:00"))
    assert shown(clock.overlap([KOLKATA, BERLIN, split], *day)) == [
        "11-26 08:00 to 11-26 09:00", "11-26 10:00 to 11-26 11:00"
    ]  # fmt: skip


def test_a_deadline_leaves_each_their_own_hours():
    evening = at("2026-11-26 16:00")  # Berlin has just ended, it is night in Kolkata
    assert clock.deadline([BERLIN, KOLKATA], evening, 2) == at("2026-11-27 10:00")
    assert clock.deadline([KOLKATA], evening, 2) == at("2026-11-27 05:30")
    assert clock.deadline([BERLIN, NOBODY], evening, 2) is None
    assert clock.deadline([], evening, 2) is None
    last = clock.deadline([BERLIN, KOLKATA], evening, 2)
    assert min(clock.working_hours_between(one, evening, last) for one in (BERLIN, KOLKATA)) == 2


def test_the_soonest_has_had_the_hours_first():
    evening = at("2026-11-26 16:00")
    turns = clock.soonest([BERLIN, NOBODY, KOLKATA], evening, 1)
    assert [(turn.person.name, turn.begins, turn.ends) for turn in turns] == [
        ("Bea", at("2026-11-27 03:30"), at("2026-11-27 04:30")),
        ("Ann", at("2026-11-27 08:00"), at("2026-11-27 09:00")),
    ]
    assert [turn.person.name for turn in clock.soonest([BERLIN, KOLKATA], at("2026-11-26 15:30"), 1)] == [
        "Bea",
        "Ann",
    ]
    assert [turn.person.name for turn in clock.soonest([BERLIN, KOLKATA], at("2026-11-26 15:00"), 1)] == [
        "Ann",
        "Bea",
    ]


@pytest.mark.parametrize(
    "name",
    ["Mars/Olympus", "europe/berlin", "../etc/passwd", "Europe", "", "right/UTC", "posixrules", "x" * 200],
)
def test_a_zone_that_is_not_known_is_an_error_of_its_own(name):
    with pytest.raises(BadArgumentError, match="there is no time zone"):
        clock.windows(person("Ann", works(name)), 0, 1e9)


def test_a_near_zone_is_offered():
    with pytest.raises(BadArgumentError, match=r"did you mean `Asia/Kolkata`\?"):
        zones.checked_zone("kolkata")
    with pytest.raises(BadArgumentError, match=r"did you mean `Europe/Berlin`\?"):
        zones.checked_zone("europe/berlin")


def test_a_missing_zone_database_is_said_with_what_to_install(monkeypatch):
    def fails(key):
        raise zoneinfo.ZoneInfoNotFoundError(key)

    zones.zone_called.cache_clear()
    monkeypatch.setattr(zones, "ZoneInfo", fails)
    with pytest.raises(MissingExtraError, match="pip install tzdata"):
        clock.is_working(BERLIN, 0)


def test_far_away_instants_are_no_trouble():
    assert clock.windows(BERLIN, -1e18, -1e17) == []
    assert clock.windows(BERLIN, 1e17, 1e18) == []
