"""`gnomon me`, `team`, `overlap`, `meet`: what they say, what they write, what they refuse."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import gnomon
from gnomon.env import Env
from gnomon.team.people.views import me, people

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=ZoneInfo("UTC"))  # a Thursday


@pytest.fixture(autouse=True)
def here(project, monkeypatch):
    """A record, on a machine in Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    with gnomon.run("a"):
        pass


@pytest.fixture
def at_noon(monkeypatch):
    """Let all commands ask at noon UTC; they reach the clock through the record's `Env`."""
    monkeypatch.setattr(Env, "time_ns", staticmethod(lambda: int(NOON.timestamp() * 1e9)))


@pytest.fixture
def team(ask, at_noon):
    ask("me", "--name", "Ann")
    ask("team", "add", "Bea", "--zone", "Asia/Kolkata")
    ask("team", "add", "Cleo", "--zone", "America/Los_Angeles", "--hours", "9-12,13-18", "--days", "sun-thu")


def member(name):
    return people(gnomon.open()).called(name)


# ---------------------------------------------------------------- me


def test_who_you_are_is_asked_and_said(ask, at_noon):
    unknown = ask("me")
    assert unknown.code == 2
    assert "`gnomon me --name NAME` says who you are" in unknown.err
    said = ask("me", "--name", "Ann", "--hours", "10-18")
    assert said.code == 0
    assert "time zone: Europe/Berlin, as on this machine" in said.err
    assert said.lines == [
        f"Ann  member:{me(gnomon.open()).id[:8]}",
        "now       Thu 2026-11-26 13:00 +01:00, Europe/Berlin, working until 18:00",
        "works     10:00-18:00 mon-fri, Europe/Berlin",
        "devices   1",
    ]
    assert ask("me").out == said.out
    found = ask("me", "--json").json()
    assert (found["name"], found["is_working"], found["next_begins"]) == ("Ann", True, "2026-11-27T09:00:00Z")


def test_a_machine_that_tells_no_zone_asks_for_one(ask, monkeypatch):
    monkeypatch.setenv("TZ", "CET-1")
    refused = ask("me", "--name", "Ann")
    assert refused.code == 2
    assert "gnomon me … --zone Europe/Berlin" in refused.err
    assert ask("team", "--json").json() == []
    assert ask("me", "--name", "Ann", "--zone", "Europe/Berlin").code == 0


def test_what_changes_is_said_with_or_without_a_date(ask, at_noon, team):
    ask("me", "--zone", "Asia/Tokyo", "--from", "2027-01-04")
    ask("me", "--days", "mon-thu", "--from", "2026-12-01")
    lines = ask("me").lines
    assert [line for line in lines if line.startswith("works")] == [
        "works     09:00-17:00 mon-fri, Europe/Berlin",
        "works     09:00-17:00 mon-thu, Europe/Berlin, from 2026-12-01",
        "works     09:00-17:00 mon-fri, Asia/Tokyo, from 2027-01-04",
    ]
    assert "from 2027-01-04" not in ask("me", "--forget", "2027-01-04").out
    assert ask("me", "--forget", "2027-01-04").code == 2


def test_who_travels_is_told_where_the_machine_is(ask, team, monkeypatch):
    assert "this machine" not in ask("me").err
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert (
        "this machine is in Asia/Tokyo; `gnomon me --zone Asia/Tokyo` if you work there now" in ask("me").err
    )
    monkeypatch.setenv("TZ", "Etc/UTC")  # a server
    assert "this machine" not in ask("me").err


def test_a_teammate_that_was_added_is_taken_over_and_it_is_said(ask):
    id_ = ask("team", "add", "Bea", "--zone", "Asia/Kolkata").out.strip()
    said = ask("me", "--name", "bea")
    assert f"a teammate has added Bea (member:{id_[:8]}); this device speaks for them now" in said.err
    assert "`--new` makes another" in said.err
    assert "Asia/Kolkata" in said.out
    assert me(gnomon.open()).id == id_


def test_new_makes_another_and_as_is_a_second_device(ask):
    id_ = ask("team", "add", "Bea", "--zone", "Asia/Kolkata").out.strip()
    ask("me", "--name", "Bea", "--new")
    assert me(gnomon.open()).id != id_
    assert len(people(gnomon.open())) == 2
    assert "this device speaks for Bea now" in ask("me", "--as", id_[:6]).err
    assert me(gnomon.open()).id == id_
    assert ask("me", "--new").code == 2
    assert ask("me", "--name", "x", "--as", "Bea").code == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--zone", "Berlin"], "did you mean `Europe/Berlin`?"),
        (["--hours", "9 to 5"], "hours must be spans"),
        (["--days", "weekdays"], "days must be written as"),
        (["--from", "tomorrow"], "`--from` must be a date"),
        (["--forget", "2026-13-01"], "`--forget` must be a date"),
        (["--name", "me"], "cannot be called"),
    ],
)
def test_what_cannot_be_read_says_why(ask, team, words, why):
    before = ask("me").out
    refused = ask("me", *words)
    assert refused.code == 2
    assert why in refused.err
    assert ask("me").out == before


# ---------------------------------------------------------------- team


@pytest.mark.slow
def test_the_team_is_listed_with_what_time_it_is_for_each(ask, team):
    listed = ask("team").lines
    assert listed[0].split() == ["name", "their", "time", "now", "works", "zone", "id", "note"]
    assert "Ann   Thu 2026-11-26 13:00 +01:00  working until 17:00" in listed[1]
    assert "Bea   Thu 2026-11-26 17:30 +05:30  back Fri 2026-11-27 09:00" in listed[2]
    assert "Cleo  Thu 2026-11-26 04:00 -08:00  back Thu 2026-11-26 09:00" in listed[3]
    assert "no device yet" in listed[3] and "no device yet" not in listed[1]
    assert ask("team", "ls").lines == listed
    assert [one["is_working"] for one in ask("team", "--json").json()] == [True, False, False]


def test_an_empty_team_says_how_it_begins(ask):
    assert ask("team").err == (
        "no members yet; `gnomon me --name NAME` says who you are, `gnomon team add NAME` adds a teammate\n"
    )
    assert ask("team", "--json").json() == []
    assert ask("overlap").code == 2


@pytest.mark.slow
def test_a_zone_that_is_not_known_here_hides_nobody(ask, team):
    from gnomon.session import session_for
    from gnomon.team.people import entries

    session = session_for(gnomon.open().path)
    bea, zed = (entries.member_subject(id_) for id_ in (member("Bea").id, "ab" * 10))
    body = {"zone": "Mars/Olympus", "hours": "09:00-17:00", "days": "mon-fri", "from": None}
    session.append(entries.WORKS, bea, {**body, "zone": "Asia/Tokyo"}, strict=True)
    session.append(entries.NAMED, zed, {"name": "Zed"}, strict=True)
    session.append(entries.WORKS, zed, body, strict=True)
    listed = ask("team")
    assert listed.code == 0
    assert "there is no time zone `Mars/Olympus` on this machine" in listed.out
    assert "working until 17:00" in listed.out
    assert "schedule not settled; no device yet" in listed.out
    drawn = ask("overlap")
    assert drawn.code == 0
    assert drawn.lines[-2].endswith("zone Mars/Olympus is not known here")
    assert drawn.lines[-1].endswith("without Zed")
    assert "Zed have no 1 working hours" in ask("overlap", "--unblock", "1").err
    assert ask("meet", "me", "Zed").code == 2


@pytest.mark.slow
def test_a_name_cannot_touch_the_terminal(ask, team):
    from gnomon.session import session_for
    from gnomon.team.people import entries

    session = session_for(gnomon.open().path)
    session.append(entries.NAMED, entries.member_subject("ab" * 10), {"name": "\x1b[31mEve\n"}, strict=True)
    for words in (
        ["team"],
        ["overlap"],
        ["team", "works", "abab", "--zone", "UTC"],
        ["meet", "me", "abab"],
        ["overlap", "--unblock", "1"],
    ):
        said = ask(*words)
        assert said.code == 0
        assert "\x1b" not in said.out + said.err


def test_a_teammates_hours_are_changed(ask, team):
    assert (
        "11:00-19:00 sun-thu, Asia/Kolkata, from 2026-11-26"
        in ask("team", "works", "bea", "--hours", "11-19", "--days", "sun-thu").out
    )
    assert ask("team", "works", "bea").code == 2
    assert ask("team", "add", "Dan", "--hours", "9-17").code == 2
    assert ask("team", "add", "Dan", "--zone", "Mars").code == 2
    assert ask("team", "add", "Bea").code == 2
    assert {one.name for one in people(gnomon.open())} == {"Ann", "Bea", "Cleo"}


# ---------------------------------------------------------------- days off


def test_days_off_are_noted_shown_and_taken_back(ask, team):
    said = ask("team", "away", "me", "2026-11-26", "2026-11-29", "--why", "a long weekend")
    assert said.err == "Ann is away for 4 days from 2026-11-26\n"
    assert "away      2026-11-26 to 2026-11-29  a long weekend" in ask("me").lines
    assert "away until 2026-11-29" in ask("team").out
    assert ask("team", "back", "me", "2026-11-28").err == "taken back: 2026-11-26 to 2026-11-29\n"
    assert "away" not in ask("me").out
    assert ask("team", "back", "me", "2026-11-28").code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["me"],
        ["me", "soon"],
        ["me", "2026-12-02", "2026-12-01"],
        ["nobody", "2026-12-01"],
        ["me", "2026-12-01", "--sync"],
        ["me", "2026-12-01", "--ics", "x.ics"],
        ["me", "--ics", "no-such.ics"],
        ["me", "--ics", "."],
    ],
)
def test_days_off_that_cannot_be_noted_are_refused(ask, team, words):
    refused = ask("team", "away", *words)
    assert refused.code == 2
    assert refused.err.startswith("error: ")
    assert member("Ann").away == ()


def write_calendar(path, *days):
    events = [
        f"BEGIN:VEVENT\r\nUID:{day}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:{day}\r\nSUMMARY:Secret {day}\r\nEND:VEVENT"
        for day in days
    ]
    text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *events, "END:VCALENDAR", ""]
    path.write_text("\r\n".join(text))


@pytest.mark.slow
def test_a_calendar_is_taken_in_once_and_what_vanished_is_offered(ask, team, project):
    path = project / "off.ics"
    write_calendar(path, "20261201", "20261202")
    first = ask("team", "away", "me", "--ics", "off.ics")
    assert first.err == "2 stretches of days off in `off.ics`, 2 of them new; titles were not taken in\n"
    assert "Secret" not in json.dumps(ask("me", "--json").json())
    again = ask("team", "away", "me", "--ics", "off.ics")
    assert "2 stretches of days off in `off.ics`, 0 of them new" in again.err
    assert len(member("Ann").away) == 2
    ask("team", "away", "me", "2026-12-10")
    write_calendar(path, "20261202", "20261203")
    offered = ask("team", "away", "me", "--ics", "off.ics")
    assert "no longer in the file: 2026-12-01. They are noted still; `--sync` takes them back" in offered.err
    assert [one.first.day for one in member("Ann").away] == [1, 2, 3, 10]
    done = ask("team", "away", "me", "--ics", "off.ics", "--sync")
    assert "no longer in the file: 2026-12-01. They were taken back" in done.err
    assert [one.first.day for one in member("Ann").away] == [2, 3, 10]  # what was typed stays


@pytest.mark.slow
def test_another_calendar_takes_nothing_back(ask, team, project):
    write_calendar(project / "a.ics", "20261201")
    write_calendar(project / "b.ics", "20261202")
    ask("team", "away", "me", "--ics", "a.ics")
    assert "no longer" not in ask("team", "away", "me", "--ics", "b.ics", "--sync").err
    assert len(member("Ann").away) == 2


def test_titles_are_taken_in_where_they_are_asked_for(ask, team, project):
    write_calendar(project / "off.ics", "20261201")
    assert "titles" not in ask("team", "away", "me", "--ics", "off.ics", "--with-titles").err
    assert [one.why for one in member("Ann").away] == ["Secret 20261201"]


def test_days_off_of_all_are_written_as_a_calendar(ask, team, project):
    ask("team", "away", "bea", "2026-12-01", "--why", "surgery")
    assert "wrote 1 stretch of days off to `team.ics`" in ask("team", "ls", "--ics", "team.ics").err
    text = (project / "team.ics").read_text()
    assert "SUMMARY:Bea away" in text and "DTSTART;VALUE=DATE:20261201" in text
    assert "surgery" not in text


# ---------------------------------------------------------------- overlap


def test_shared_hours_are_drawn_in_the_zone_of_who_asks(ask, team):
    assert ask("overlap", "me", "bea").lines == [
        "Thursday 2026-11-26, Europe/Berlin (+01:00)",
        "     00    03    06    09    12    15    18    21",
        "Ann  " + "·" * 18 + "█" * 7 + "▒" * 9 + "·" * 14 + "  09:00-17:00 +01:00",
        "Bea  " + "·" * 9 + "▒" * 9 + "█" * 7 + "·" * 23 + "  09:00-17:00 +05:30",
        "shared: 09:00-12:30 (3.5 h)",
    ]


def test_who_does_not_work_is_said_and_the_others_still_share(ask, team):
    ask("team", "away", "Bea", "2026-11-27")
    ask("team", "add", "Dan")
    lines = ask("overlap", "Ann", "Bea", "Cleo", "Dan", "--on", "2026-11-27").lines
    assert lines[3].endswith("  away +05:30")
    assert lines[5].endswith("  has not said when")
    assert lines[6] == "no time is shared, without Bea and Dan"  # Cleo's Thursday ends at 03:00 in Berlin
    assert ask("overlap", "me", "--on", "2026-11-27").lines[-1] == "Ann works alone"
    assert ask("overlap", "--on", "2026-11-28").lines[-1] == "nobody works"


def test_a_day_of_clock_change_is_drawn_with_its_hours(ask, team):
    for day, cells in (("2027-03-28", 46), ("2026-10-25", 50), ("2026-11-26", 48)):
        strip = ask("overlap", "me", "--on", day).lines[2].split("  ")[1]
        assert len(strip) == cells


def test_a_narrow_terminal_gets_an_hour_for_each_sign(ask, team, monkeypatch):
    from gnomon.cli.terminal import Terminal

    monkeypatch.setattr(Terminal, "width", property(lambda self: 60))
    lines = ask("overlap", "me", "bea").lines
    assert len(lines[2].split("  ")[1]) == 24
    assert all(len(line) <= 60 for line in lines)


def test_several_days_in_another_zone_and_as_json(ask, team):
    found = ask("overlap", "me", "bea", "--on", "2026-11-27", "--days", "3", "--zone", "UTC", "--json").json()
    assert found["zone"] == "UTC"
    assert [day["date"] for day in found["days"]] == ["2026-11-27", "2026-11-28", "2026-11-29"]
    assert found["days"][0]["shared"] == [["2026-11-27T08:00:00Z", "2026-11-27T11:30:00Z"]]
    assert [one["working"] for one in found["days"][1]["members"]] == [[], []]
    for words in (["--days", "0"], ["--days", "32"], ["--on", "x"], ["--zone", "Mars"], ["nobody"]):
        assert ask("overlap", *words).code == 2


def test_unblock_says_who_is_first_and_when_all_are_done(ask, team):
    said = ask("overlap", "--unblock", "2")
    assert [line.split()[0] for line in said.lines[1:]] == ["Ann", "Cleo", "Bea"]
    assert "Thu 2026-11-26 13:00  Thu 2026-11-26 15:00" in said.lines[1]
    assert said.err == "all have had 2 working hours by Fri 2026-11-27 06:30, Europe/Berlin\n"
    assert ask("overlap", "--unblock", "2", "--json").json()["all"] == "2026-11-27T05:30:00Z"
    ask("team", "add", "Dan")
    assert "Dan have no 2 working hours" in ask("overlap", "--unblock", "2").err
    assert ask("overlap", "--unblock", "-1").code == 2


# ---------------------------------------------------------------- meet


def test_slots_within_all_hours_say_so(ask, team):
    said = ask("meet", "me", "bea", "--weeks", "2")
    assert said.lines[1:] == [
        "Mon 2026-11-30 09:00  Mon 09:00  Mon 13:30",
        "Mon 2026-12-07 09:00  Mon 09:00  Mon 13:30",
    ]
    assert said.err == "all slots are within the working hours of all who are there\n"


@pytest.mark.slow
def test_slots_that_suit_nobody_say_who_is_outside_and_share_it(ask, team):
    said = ask("meet", "me", "bea", "cleo", "--weeks", "2")
    assert "no slot is within the working hours of all" in said.err
    assert "min outside" in said.out
    found = ask("meet", "me", "bea", "cleo", "--weeks", "2", "--json").json()
    assert found["is_exact"] is True
    assert max(found["sums"].values()) == found["least"]
    for slot in found["slots"]:
        assert any(one["minutes_outside"] for one in slot["members"])
    ids = {one["id"]: one["name"] for one in found["slots"][0]["members"]}
    assert {ids[id_] for id_ in found["sums"]} == {"Ann", "Bea", "Cleo"}


def test_slots_are_written_as_a_calendar(ask, team, project):
    import icalendar

    said = ask(
        "meet",
        "me",
        "bea",
        "--weeks",
        "4",
        "--every",
        "2",
        "--minutes",
        "60",
        "--ics",
        "meet.ics",
        "--title",
        "Weekly",
    )
    assert "wrote 2 slots to `meet.ics`" in said.err
    events = icalendar.Calendar.from_ical((project / "meet.ics").read_bytes()).events
    assert [str(event["SUMMARY"]) for event in events] == ["Weekly", "Weekly"]
    assert events[0].end - events[0].start == timedelta(hours=1)
    assert "Bea: Mon 2026-11-30 13:30" in str(events[0]["DESCRIPTION"])
    assert len({str(event["UID"]) for event in events}) == 2


def test_a_meeting_begins_in_the_week_that_is_said(ask, team):
    found = ask("meet", "me", "bea", "--weeks", "1", "--from", "2027-03-01", "--json").json()
    assert date(2027, 3, 1) <= datetime.fromisoformat(found["slots"][0]["start"]).date() <= date(2027, 3, 7)
    for words in (["--minutes", "2"], ["--weeks", "0"], ["--from", "x"]):
        assert ask("meet", "me", "bea", *words).code == 2
    ask("team", "add", "Dan")
    assert "the working hours of Dan are not known" in ask("meet", "me", "dan").err


# ---------------------------------------------------------------- office hours


@pytest.mark.slow
def test_office_hours_are_reached_in_turn_and_it_is_said_who_cannot(ask, team):
    ask("team", "add", "Ned", "--zone", "America/New_York")
    ask("team", "add", "Zed")
    said = ask("meet", "--office-hours", "me", "--weeks", "2", "--within", "2")
    assert said.code == 0
    assert said.lines[0].split() == ["when", "(Europe/Berlin)", "Ann", "Bea", "Cleo", "Ned"]
    slots = ask(
        "meet", "--office-hours", "me", "bea", "ned", "--weeks", "2", "--within", "2", "--json"
    ).json()["slots"]
    reached = [[one["name"] for one in slot["members"] if not one["minutes_outside"]] for slot in slots]
    assert sorted(reached) == [["Ann", "Bea"], ["Ann", "Ned"]]
    assert "without working hours, so left out: Zed" in said.err
    assert "Cleo: no working hours in common with Ann" in said.err
    found = ask(
        "meet", "--office-hours", "me", "bea", "ned", "--weeks", "2", "--within", "1", "--json"
    ).json()
    assert (found["host"], found["never"], found["without"]) == ("Ann", [], [])
    assert found["late"] == [{"name": "Bea", "weeks": 1}, {"name": "Ned", "weeks": 1}]
    assert all(one["minutes_outside"] == 0 for slot in found["slots"] for one in slot["members"][:1])


def test_office_hours_that_all_reach_say_so_and_go_into_a_calendar(ask, team, project):
    import icalendar

    said = ask("meet", "--office-hours", "me", "bea", "--ics", "office.ics")
    assert "everybody reaches one within their own working hours every 4 weeks" in said.err
    events = icalendar.Calendar.from_ical((project / "office.ics").read_bytes()).events
    assert [str(event["SUMMARY"]) for event in events] == ["Office hours of Ann"] * 8
    assert events[0].end - events[0].start == timedelta(hours=1)
    assert "Bea: Mon 2026-11-30 13:30" in str(events[0]["DESCRIPTION"])


def test_a_week_without_the_host_is_said(ask, team):
    ask("team", "away", "me", "2026-12-07", "2026-12-11")
    said = ask("meet", "--office-hours", "me", "bea", "--weeks", "2")
    assert len(said.lines) == 2
    assert "Ann has no time in the week from 2026-12-07" in said.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--office-hours", "me", "--every", "2"], "`--within N` says how often"),
        (["me", "bea", "--within", "2"], "`--within` needs `--office-hours HOST`"),
        ([], "`gnomon meet` needs members"),
        (["--office-hours", "me", "me"], "members other than their host"),
        (["--office-hours", "me", "bea", "--minutes", "1"], "5 to 480 minutes"),
    ],
)
def test_office_hours_refuse_what_they_cannot_mean(ask, team, words, why):
    refused = ask("meet", *words)
    assert (refused.code, why in refused.err) == (2, True), refused.err


def test_office_hours_need_somebody(ask, at_noon):
    ask("me", "--name", "Ann")
    refused = ask("meet", "--office-hours", "me")
    assert "nobody besides Ann has said when they work" in refused.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--zone", "Nope/X"), "no time zone `Nope/X`"),
        (("--hours", "25:00-26:00"), "from 00:00 to 24:00"),
        (("--days", "someday"), "days must be written as"),
        (("--from", "soon"), "`--from` must be a date"),
        (("--forget", "soon"), "`--forget` must be a date"),
        (("--forget", "2027-01-04"), "no schedule of Ann begins"),
        (("--can-be-asked", "--zone", "Nope/X"), "no time zone"),
    ],
)
def test_of_a_refused_command_nothing_is_applied(project, ask, words, said):
    ask("me", "--name", "Ann", "--zone", "Europe/Berlin")
    ask("me", "--hours", "10-18", "--from", "2026-12-01")
    before = ask("team", "--json").json()
    for name in (("--name", "Zed"), ("--name", "Zed", "--new")):
        answer = ask("me", *name, *words)
        assert answer.code == 2 and said.replace("Ann", "Zed" if "--new" in name else "Ann") in answer.err
        assert "Zed" not in answer.err or "no schedule of Zed" in answer.err, "nothing else is announced"
        assert ask("team", "--json").json() == before


def test_a_teammate_whose_hours_are_refused_is_not_added_and_can_be_afterwards(project, ask):
    for wrong in (("--hours", "25:00-26:00"), ("--days", "x"), ("--from", "soon")):
        assert ask("team", "add", "Bea", "--zone", "UTC", *wrong).code == 2
    assert ask("team", "--json").json() == []
    assert ask("team", "add", "Bea", "--zone", "UTC", "--hours", "22-6").code == 0
    (bea,) = ask("team", "--json").json()
    assert bea["schedule"][0]["hours"] == "22:00-06:00"


def test_a_part_of_a_schedule_is_forgotten_and_said_anew_in_one_command(project, ask):
    ask("me", "--name", "Ann", "--zone", "Europe/Berlin")
    ask("me", "--hours", "10-18", "--from", "2027-01-04")
    answer = ask("me", "--forget", "2027-01-04", "--hours", "10-18", "--from", "2027-01-04", "--can-be-asked")
    assert answer.code == 0, answer.err
    (ann,) = ask("team", "--json").json()
    assert [one["from"] for one in ann["schedule"]] == [None, "2027-01-04"] and ann["can_be_asked"]
