"""Asked for the update on one's own morning: who, when, how often, and by which commands."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import gnomon
from gnomon.cli.main import main
from gnomon.cli.terminal import Terminal
from gnomon.env import Env
from gnomon.session import close_all
from gnomon.team.people import actions as people
from gnomon.team.updates import actions, asking
from gnomon.team.updates.asking import LINE, ask, load, plan
from tests.teams import disband, team

ZONES = {"ana": "Europe/Berlin", "bea": "Asia/Kolkata", "chi": "America/Los_Angeles"}


class Screen(io.StringIO):
    """A stream that a person reads, or not."""

    def __init__(self, *, is_read=True):
        super().__init__()
        self.is_read = is_read

    def isatty(self):
        return self.is_read


def asked(who, *, out=True, err=True):
    """Return whether a command that they type now asks them."""
    screens = Screen(is_read=out), Screen(is_read=err)
    ask(who.record.replica, Terminal(*screens))
    assert screens[0].getvalue() == ""
    return LINE in screens[1].getvalue()


def give(who):
    actions.give(who.record, who.me, "Did: x", now=who.clock.now)


def when_asked(who, days, every_minutes=30):
    """Let so many days go by with a command now and then; return when they were asked, on their own clock."""
    found, zone = [], ZoneInfo(ZONES[who.name])
    for _ in range(days * 24 * 60 // every_minutes):
        who.clock.forward(every_minutes / 60)
        if asked(who):
            found.append(datetime.fromtimestamp(who.clock.now, zone).strftime("%a %d %H:%M"))
    return found


@pytest.fixture
def world(tmp_path):
    members = team(tmp_path, ZONES)  # Monday 2026-11-23, 9:00 in Berlin
    yield members
    disband(members)


# ---------------------------------------------------------------- when, and whom


@pytest.mark.slow
@pytest.mark.parametrize("name", ZONES)
def test_each_is_asked_once_a_working_day_when_it_begins_on_their_own_clock(world, name):
    who = world[name]
    give(who)  # for all of them it is Monday; in Los Angeles it has just begun
    expected = ["Tue 24 09:00", "Wed 25 09:00", "Thu 26 09:00", "Fri 27 09:00", "Mon 30 09:00"]
    assert when_asked(who, 8)[:5] == expected


@pytest.mark.slow
def test_over_a_change_of_clocks_it_stays_nine_o_clock(tmp_path):
    from tests.teams import Clock

    members = team(tmp_path, {"ana": "Europe/Berlin"}, Clock("2026-10-23 10:00"))
    give(members["ana"])
    assert when_asked(members["ana"], 4) == ["Mon 26 09:00", "Tue 27 09:00"]
    disband(members)


@pytest.mark.slow
def test_who_gave_no_update_and_did_not_ask_for_it_is_not_asked(world):
    ana = world["ana"]
    plan(ana.record, ana.me, ana.clock.now)
    assert when_asked(ana, 2, 120) == []
    plan(ana.record, ana.me, ana.clock.now, wish=True)
    assert asked(ana)
    assert not asked(ana)
    plan(ana.record, ana.me, ana.clock.now, wish=False)
    give(ana)
    assert when_asked(ana, 3, 120) == []
    assert load(ana.record.home).wish is False


@pytest.mark.slow
def test_nobody_is_asked_before_or_after_work_and_a_night_shift_once(tmp_path):
    members = team(tmp_path, {"ana": "Europe/Berlin"})
    ana = members["ana"]
    people.works(ana.record, ana.me, zone="Europe/Berlin", hours="22:00-06:00", since=date(2026, 11, 23))
    plan(ana.record, ana.me, ana.clock.now, wish=True)
    assert when_asked(ana, 2) == ["Mon 23 22:00", "Tue 24 22:00"]
    disband(members)


@pytest.mark.slow
def test_days_off_are_left_out(world):
    ana = world["ana"]
    give(ana)
    people.away(ana.record, ana.me, date(2026, 11, 24), date(2026, 11, 25))
    plan(ana.record, ana.me, ana.clock.now)
    assert when_asked(ana, 4, 60) == ["Thu 26 09:00", "Fri 27 09:00"]


@pytest.mark.slow
def test_an_update_that_was_given_meanwhile_is_not_asked_for(world, monkeypatch):
    ana = world["ana"]
    give(ana)
    ana.clock.forward(24)
    monkeypatch.setattr(actions, "plan", lambda *_: None)  # as on another device of hers
    give(ana)
    assert not asked(ana)
    ana.clock.forward(24)
    assert asked(ana)


@pytest.mark.slow
def test_who_looks_at_nothing_for_a_month_is_left_alone(world):
    ana = world["ana"]
    give(ana)
    ana.clock.forward(24 * (asking.DAYS_AHEAD - 2))
    assert len(when_asked(ana, 20, 240)) <= 2


@pytest.mark.slow
@pytest.mark.parametrize(("out", "err"), [(False, True), (True, False), (False, False)])
def test_nothing_is_said_where_no_person_reads_and_it_is_asked_later(world, out, err):
    ana = world["ana"]
    plan(ana.record, ana.me, ana.clock.now, wish=True)
    assert not asked(ana, out=out, err=err)
    assert asked(ana)


@pytest.mark.slow
def test_on_the_device_of_somebody_else_nothing_is_planned(world):
    ana = world["ana"]
    plan(ana.record, ana.person("bea"), ana.clock.now, wish=True)
    assert load(ana.record.home) == asking.Asking()


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b'{"wish": true}', b'{"wish":1,"writers":2,"days":[[1]],"asked":0}', b"\x00\xff"],
)
def test_a_damaged_file_costs_only_that_nothing_is_asked(world, text):
    ana = world["ana"]
    plan(ana.record, ana.me, ana.clock.now, wish=True)
    with open(asking._path(ana.record.home), "wb") as file:
        file.write(text)
    assert not asked(ana)
    plan(ana.record, ana.me, ana.clock.now, wish=True)
    assert asked(ana)


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_hinders_no_command(world, monkeypatch):
    ana = world["ana"]
    plan(ana.record, ana.me, ana.clock.now, wish=True)

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(type(ana.env), "create", refuse)
    screens = Screen(), Screen()
    ask(ana.record.replica, Terminal(*screens))
    assert screens[1].getvalue() == ""


@pytest.mark.slow
def test_nothing_of_it_is_inside_the_record(world):
    ana = world["ana"]
    plan(ana.record, ana.me, ana.clock.now)  # what is read the first time is there
    before = ana.files()
    plan(ana.record, ana.me, ana.clock.now, wish=True)
    assert asked(ana)
    assert ana.files() == before


# ---------------------------------------------------------------- the commands


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves, in seconds since 1970 UTC; Monday at 9:30 in Berlin."""

    class Clock:
        now = datetime(2026, 11, 23, 8, 30, tzinfo=UTC).timestamp()

        def to(self, text):
            self.now = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()

    one = Clock()

    def time_ns(_):
        one.now += 1e-6
        return int(one.now * 1e9)

    monkeypatch.setattr(Env, "time_ns", time_ns)
    monkeypatch.setattr("time.time", lambda: one.now)
    return one


@pytest.fixture
def typed(project, clock, monkeypatch):
    """Type a command; return (what was written, what was said)."""
    with gnomon.run("first", seed=1) as run:
        run.log(auc=0.9)
    close_all()

    def typed(*words, is_read=True, code=0):
        screens = Screen(is_read=is_read), Screen(is_read=is_read)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", screens[0])
            patch.setattr(sys, "stderr", screens[1])
            assert main(list(words)) == code
        close_all()
        return screens[0].getvalue(), screens[1].getvalue()

    typed("me", "--name", "Ana", "--zone", "Europe/Berlin")
    return typed


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("runs",), ("runs", "--groups"), ("show", "@1"), ("sync",)], ids=" ".join
)  # fmt: skip
def test_commands_of_the_morning_ask_once_a_day(typed, clock, project, words):
    typed("remote", "add", "team", str(project / "share"))
    assert LINE not in typed(*words)[1]
    typed("update", "--did", "x")
    assert LINE not in typed(*words)[1]
    clock.to("2026-11-24 08:55")
    assert LINE not in typed(*words)[1]
    clock.to("2026-11-24 09:05")
    assert LINE not in typed(*words, is_read=False)[1]
    out, err = typed(*words)
    assert LINE in err and LINE not in out
    assert LINE not in typed(*words)[1]
    clock.to("2026-11-25 14:00")
    assert LINE in typed(*words)[1]


@pytest.mark.parametrize(
    "words", [("runs", "--json"), ("runs", "--csv"), ("show", "@1", "--json")], ids=" ".join
)
def test_who_wants_data_is_not_asked(typed, words):
    typed("me", "--ask-updates")
    assert LINE not in typed(*words)[1]
    assert LINE in typed("runs")[1]


def test_one_setting_turns_it_off_and_on(typed, clock):
    assert "updates" not in typed("me")[0]
    assert "asked for in the terminal" in typed("me", "--ask-updates")[0]
    assert "never asked for" in typed("me", "--no-ask-updates")[0]
    typed("update", "--did", "x")
    clock.to("2026-11-24 09:05")
    assert LINE not in typed("runs")[1]
    typed("me", "--ask-updates")
    assert LINE in typed("runs")[1]
    assert "exclude each other" in typed("me", "--ask-updates", "--no-ask-updates", code=2)[1]


def test_what_the_catch_up_asks_is_not_asked_again(typed, clock):
    typed("update", "--did", "x")
    clock.to("2026-11-24 09:05")
    assert "`gnomon update` drafts it" in typed("catchup")[0]
    assert LINE not in typed("runs")[1]


def test_days_off_that_one_says_are_known_at_once(typed, clock):
    typed("update", "--did", "x")
    typed("team", "away", "me", "2026-11-24")
    clock.to("2026-11-24 09:05")
    assert LINE not in typed("runs")[1]
    typed("team", "back", "me", "2026-11-24")
    assert LINE in typed("runs")[1]
    typed("me", "--zone", "America/New_York", "--from", "2026-11-25")
    clock.to("2026-11-25 14:55")
    assert LINE not in typed("runs")[1]
    clock.to("2026-11-25 15:05")
    assert LINE in typed("runs")[1]


@pytest.mark.slow
def test_a_sync_that_watches_asks_in_the_morning(typed, clock, project, monkeypatch):
    typed("remote", "add", "team", str(project / "share"))
    typed("update", "--did", "x")
    rounds = []

    def sleep(_):
        rounds.append(clock.now)
        if len(rounds) == 60:
            raise KeyboardInterrupt
        clock.now += 3600

    monkeypatch.setattr("time.sleep", sleep)
    said = typed("sync", "--watch")[1]
    assert said.count(LINE) == 2  # Tuesday and Wednesday, in 60 hours
    assert rounds[-1] - rounds[0] > 2 * 86_400


# ---------------------------------------------------------------- what it costs


def test_a_command_that_asks_nobody_loads_and_reads_next_to_nothing(project):
    """Tests do not time; what takes time are modules and the index."""
    code = (
        "import sys\n"
        "from gnomon.runs.views import open\n"
        "record = open(None); before = set(sys.modules)\n"
        "from gnomon.team.updates.asking import ask\n"
        "from gnomon.cli.terminal import Terminal\n"
        "import io\n"
        "class Screen(io.StringIO):\n"
        "    def isatty(self): return True\n"
        "record.replica.index.columns = record.replica.index.types = None\n"
        "ask(record.replica, Terminal(Screen(), Screen()))\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    with gnomon.run("first"):
        pass
    close_all()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert {one for one in loaded if one.startswith("gnomon.team")} == {
        "gnomon.team", "gnomon.team.updates", "gnomon.team.updates.asking",
    }  # fmt: skip
    assert not loaded & {"hashlib", "nacl", "zoneinfo", "difflib"}


@pytest.mark.slow
def test_the_days_ahead_are_few_and_small(world):
    ana = world["ana"]
    plan(ana.record, ana.me, ana.clock.now, wish=True)
    assert os.path.getsize(asking._path(ana.record.home)) < 4_000
    assert timedelta(days=asking.DAYS_AHEAD) <= timedelta(days=31)
