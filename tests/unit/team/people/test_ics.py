"""Calendar files: what a day off is, what is left out, what is refused, and that titles stay where they are."""

from __future__ import annotations

import glob
import os
from datetime import date

import icalendar
import pytest

import gnomon
from gnomon.errors import BadArgumentError, MissingExtraError
from gnomon.team.people import actions, ics
from tests.unit.team.people.made import at, person, works

TODAY = date(2026, 11, 26)
ANN = person("Ann", "Europe/Berlin")


def event(*lines, uid="1@example"):
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"])


def calendar(*parts, head=""):
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *filter(None, [head]), *parts, "END:VCALENDAR", ""]
    ).encode()


def read(*parts, of=ANN, head="", **how):
    return ics.read_days_off(calendar(*parts, head=head), of, today=TODAY, source="cal.ics", **how)


def days(*parts, **how):
    return [(one.first.isoformat(), one.last.isoformat()) for one in read(*parts, **how).days]


# ---------------------------------------------------------------- days


def test_an_all_day_event_is_its_dates():
    assert days(event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227")) == [
        ("2026-12-24", "2026-12-26")
    ]
    assert days(event("DTSTART;VALUE=DATE:20261224")) == [("2026-12-24", "2026-12-24")]
    assert days(event("DTSTART;VALUE=DATE:20261224", "DURATION:P3D")) == [("2026-12-24", "2026-12-26")]
    assert days(event("DTSTART;VALUE=DATE:20261120", "DTEND;VALUE=DATE:20261201")) == [
        ("2026-11-20", "2026-11-30")
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # Ann works 09:00 to 17:00 in Berlin: 08:00 to 16:00 UTC. The 4th of December is a Friday.
        ("DTSTART:20261204T080000Z", "DTEND:20261204T160000Z", [("2026-12-04", "2026-12-04")]),
        ("DTSTART:20261204T081500Z", "DTEND:20261204T160000Z", []),
        ("DTSTART:20261204T120000Z", "DTEND:20261204T130000Z", []),
        ("DTSTART:20261203T120000Z", "DTEND:20261207T160000Z", [("2026-12-04", "2026-12-07")]),
        ("DTSTART:20261205T000000Z", "DTEND:20261206T000000Z", []),  # a Saturday
        ("DTSTART;TZID=Asia/Tokyo:20261204T170000", "DTEND;TZID=Asia/Tokyo:20261205T010000", [("2026-12-04", "2026-12-04")]),
        ("DTSTART:20261204T090000", "DTEND:20261204T170000", [("2026-12-04", "2026-12-04")]),  # on Ann's clock
        ("DTSTART:20261204T080000Z", "DURATION:PT8H", [("2026-12-04", "2026-12-04")]),
        ("DTSTART:20261204T080000Z", "SUMMARY:no end", []),
    ],
)  # fmt: skip
def test_a_timed_event_is_the_days_whose_working_hours_it_covers(start, end, expected):
    assert days(event(start, end)) == expected


def test_a_night_shift_off_is_the_day_on_which_it_begins():
    night = person("Nia", works("Europe/Berlin", "22:00-06:00"))
    found = days(event("DTSTART:20261203T200000Z", "DTEND:20261204T060000Z"), of=night)
    assert found == [("2026-12-03", "2026-12-03")]


def test_what_recurs_is_each_of_its_days_without_exceptions():
    weekly = event(
        "DTSTART;VALUE=DATE:20200103", "RRULE:FREQ=WEEKLY;BYDAY=FR;UNTIL=20270101", "EXDATE;VALUE=DATE:20261211,20261225"
    )  # fmt: skip
    moved = event("RECURRENCE-ID;VALUE=DATE:20261218", "DTSTART;VALUE=DATE:20261217", "SUMMARY:moved")
    cancelled = event("RECURRENCE-ID;VALUE=DATE:20261204", "DTSTART;VALUE=DATE:20261204", "STATUS:CANCELLED")
    found = [first for first, _ in days(weekly, moved, cancelled)]
    assert found == ["2026-11-27", "2026-12-17", "2027-01-01"]


def test_what_recurs_without_end_is_read_for_two_years():
    found = days(event("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=MONTHLY"))
    assert len(found) == 24
    assert found[-1][0] == "2028-11-01"


def test_a_day_off_by_the_clock_of_another_zone_follows_it_over_a_change_of_clocks():
    """New York and Berlin change on different days; a day there from 03:00 to 11:00 is Ann's working day all year but then."""
    rule = event(
        "DTSTART;TZID=America/New_York:20270301T030000", "DTEND;TZID=America/New_York:20270301T110000",
        "RRULE:FREQ=WEEKLY;COUNT=6",
    )  # fmt: skip
    # From the 14th to the 28th of March the hours between are 5: 08:00 to 16:00 in Berlin.
    assert [first for first, _ in days(rule)] == ["2027-03-01", "2027-03-08", "2027-03-29", "2027-04-05"]


def test_a_zone_that_the_file_defines_is_that_of_the_file():
    zone = "\r\n".join(
        ["BEGIN:VTIMEZONE", "TZID:Office", "BEGIN:STANDARD", "DTSTART:20000101T000000", "TZOFFSETFROM:+0900",
         "TZOFFSETTO:+0900", "END:STANDARD", "END:VTIMEZONE"]
    )  # fmt: skip
    at_work = event("DTSTART;TZID=Office:20261204T170000", "DTEND;TZID=Office:20261205T010000")
    assert days(zone, at_work) == [("2026-12-04", "2026-12-04")]


def test_several_calendars_in_one_file_are_all_read():
    data = calendar(event("DTSTART;VALUE=DATE:20261224")) + calendar(
        event("DTSTART;VALUE=DATE:20261231", uid="2")
    )
    found = ics.read_days_off(data, ANN, today=TODAY, source="x").days
    assert [one.first.isoformat() for one in found] == ["2026-12-24", "2026-12-31"]


# ---------------------------------------------------------------- what is left out


def test_what_is_no_day_off_is_left_out_and_counted():
    found = read(
        event("DTSTART;VALUE=DATE:20261201", "STATUS:CANCELLED", uid="a"),
        event("DTSTART;VALUE=DATE:20261202", "TRANSP:TRANSPARENT", uid="b"),
        event("DTSTART;VALUE=DATE:20261203", "X-MICROSOFT-CDO-BUSYSTATUS:FREE", uid="c"),
        event("DTSTART:20261204T110000Z", "DTEND:20261204T120000Z", uid="d"),
        event("SUMMARY:no beginning", uid="e"),
        event("DTSTART;VALUE=DATE:20261204", "RRULE:FREQ=FORTNIGHTLY", uid="f"),
        event(
            "DTSTART;TZID=Mars/Olympus:20261204T000000", "DTEND;TZID=Mars/Olympus:20261205T000000", uid="g"
        ),
        event("DTSTART;VALUE=DATE:20261110", uid="past"),
        "BEGIN:VTODO\r\nUID:t\r\nDUE;VALUE=DATE:20261201\r\nEND:VTODO",
    )
    assert found == ics.Found([], free=2, partial=1, unreadable=3)


def test_events_that_are_marked_as_free_can_be_taken():
    holiday = event("DTSTART;VALUE=DATE:20261225", "TRANSP:TRANSPARENT")
    assert days(holiday, with_free=True) == [("2026-12-25", "2026-12-25")]


def test_a_calendar_that_cancels_has_no_days_off():
    assert days(event("DTSTART;VALUE=DATE:20261224"), head="METHOD:CANCEL") == []


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=5",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5",
    ],
)
def test_what_recurs_many_times_a_day_is_not_followed(rule):
    found = read(event("DTSTART:20261201T000000Z", f"RRULE:{rule}"))
    assert (found.days, found.unreadable) == ([], 1)


def test_a_bad_event_does_not_hide_the_others():
    found = read(event("DTSTART:99999999", uid="bad"), event("DTSTART;VALUE=DATE:20261224"))
    assert [one.first.isoformat() for one in found.days] == ["2026-12-24"]
    assert found.unreadable == 1


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\xff\xfe\x00\x01",
        b"BEGIN:VCARD\r\nEND:VCARD\r\n",
        b"BEGIN:VCALENDAR\r\n",
        b"PK\x03\x04" + bytes(99),
    ],
)
def test_what_is_no_calendar_is_refused(data):
    with pytest.raises(BadArgumentError, match="no calendar in the form of RFC 5545"):
        ics.read_days_off(data, ANN, today=TODAY, source="x")


def test_what_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(ics, "MOST_BYTES", 100)
    with pytest.raises(BadArgumentError, match="at most 100 bytes"):
        read(event("DTSTART;VALUE=DATE:20261224"))
    monkeypatch.setattr(ics, "MOST_BYTES", 10_000)
    monkeypatch.setattr(ics, "MOST_EVENTS", 2)
    with pytest.raises(BadArgumentError, match="more than 2 events"):
        read(*(event("DTSTART;VALUE=DATE:20261224", uid=str(number)) for number in range(3)))
    monkeypatch.setattr(ics, "MOST_DAYS_OFF", 5)
    with pytest.raises(BadArgumentError, match="more than 5 days off"):
        read(event("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY"))


def test_whose_hours_are_not_known_has_no_days_off_yet():
    with pytest.raises(BadArgumentError, match="working hours of New are not known"):
        read(event("DTSTART;VALUE=DATE:20261224"), of=person("New"))


def test_the_extra_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "recurring_ical_events", None)
    with pytest.raises(MissingExtraError, match=r"gnomon\[calendar\]"):
        read(event("DTSTART;VALUE=DATE:20261224"))
    monkeypatch.setitem(__import__("sys").modules, "icalendar", None)
    with pytest.raises(MissingExtraError, match=r"gnomon\[calendar\]"):
        ics.write_calendar([], name="x", now=0)


@pytest.mark.slow
def test_the_calendars_that_come_with_the_library_are_read_or_refused():
    folder = os.path.dirname(icalendar.__file__)
    paths = sorted(glob.glob(os.path.join(folder, "tests", "**", "*.ics"), recursive=True))
    assert len(paths) > 50, "the installed package has its test files"
    found = unreadable = 0
    refused = set()
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        for today in (date(2001, 1, 1), date(2012, 1, 1), date(2019, 6, 1)):
            try:
                read_ = ics.read_days_off(
                    data, ANN, today=today, source="x", with_titles=True, with_free=True
                )
            except BadArgumentError:
                refused.add(path)
            else:
                found, unreadable = found + len(read_.days), unreadable + read_.unreadable
    assert found > 0 and unreadable > 0
    assert 5 < len(refused) < len(paths)


# ---------------------------------------------------------------- ids and titles


def test_the_same_event_has_the_same_uid_and_another_day_has_another():
    one, two = (
        read(
            event(f"DTSTART;VALUE=DATE:{day}", "SUMMARY:x"), event("DTSTART;VALUE=DATE:20261231", uid="2")
        ).days
        for day in ("20261224", "20261223")
    )
    assert one[1].uid == two[1].uid
    assert one[0].uid != two[0].uid
    assert len({off.uid for off in (*one, *two)}) == 3
    other = read(event("DTSTART;VALUE=DATE:20261224"), of=person("Bea", "UTC")).days
    assert other[0].uid != one[0].uid


def bytes_of(folder):
    found = b""
    for base, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(base, name), "rb") as file:
                found += file.read()
    return found


SECRETS = [
    b"Knee surgery",
    b"Dr. Frank",
    b"surgery-uid@clinic",
    b"Room 5",
    b"private-calendar",
    b"frank@clinic",
]


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "private-calendar.ics"
    data = calendar(
        event(
            "DTSTART;VALUE=DATE:20270110", "SUMMARY:Knee surgery", "DESCRIPTION:with Dr. Frank", "LOCATION:Room 5",
            "ORGANIZER:mailto:frank@clinic", uid="surgery-uid@clinic",
        )
    )  # fmt: skip
    path.write_bytes(data)
    return path


def test_no_title_place_name_or_id_of_an_event_is_in_the_record(project, secret_file):
    with gnomon.run("a"):
        pass
    record = gnomon.open()
    ann = actions.works(record, actions.add(record, "Ann"), zone="Europe/Berlin")
    found = ics.read_days_off(secret_file.read_bytes(), ann, today=TODAY, source=secret_file.name)
    assert len(actions.take_in(record, ann, found.days).away) == 1
    record.close()
    data = bytes_of(project) + bytes_of(project.parent / "cache")
    assert b"2027-01-10" in data
    assert [secret for secret in SECRETS if secret in data] == []


def test_titles_are_kept_where_they_are_asked_for(project, secret_file):
    found = ics.read_days_off(
        secret_file.read_bytes(), ANN, today=TODAY, source=secret_file.name, with_titles=True
    )
    assert [one.why for one in found.days] == ["Knee surgery"]
    long = event("DTSTART;VALUE=DATE:20261224", f"SUMMARY:{'x' * 500}")
    assert len(read(long, with_titles=True).days[0].why) == 200


# ---------------------------------------------------------------- writing


def test_days_off_that_are_written_are_read_again():
    bea = person("Bea", "Asia/Kolkata", away=[("2026-12-24", "2027-01-02"), ("2027-02-01", "2027-02-01")])
    data = ics.write_calendar(ics.days_off_events([bea, ANN]), name="Team", now=at("2026-11-26 12:00"))
    found = ics.read_days_off(data, bea, today=TODAY, source="x", with_titles=True).days
    assert [(one.first, one.last) for one in found] == [(one.first, one.last) for one in bea.away]
    assert {one.why for one in found} == {"Bea away"}
    assert data == ics.write_calendar(
        ics.days_off_events([bea, ANN]), name="Team", now=at("2026-11-26 12:00")
    )


def test_slots_that_are_written_are_read_again():
    start = at("2026-12-01 08:30")
    made = ics.Event(
        "1@gnomon", "Weekly, with; odd: signs\n", start, start + 1800, "Ann: Tue 09:30\nBea: Tue 14:00"
    )
    [found] = icalendar.Calendar.from_ical(ics.write_calendar([made], name="x", now=0)).events
    assert (found.start.timestamp(), found.end.timestamp()) == (start, start + 1800)
    assert str(found["SUMMARY"]).strip() == made.title.strip()
    assert str(found["DESCRIPTION"]) == made.note
