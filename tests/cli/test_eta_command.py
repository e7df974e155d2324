"""`gnomon eta`: the table, a moment to compare with, JSON, and what is wrong."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

import gnomon


@pytest.fixture
def going(project):
    """A run that goes on: 40 of 100 steps, two seconds each."""
    run = gnomon.run("going", params={"max_steps": 100})
    for step in range(40):
        run.log(loss=1.0, step=step)
    return run


@pytest.fixture
def slow_clock(monkeypatch):
    """A clock that goes on by two seconds with each row."""
    from gnomon.env import Env

    began, calls = time.time_ns(), iter(range(10**9))
    monkeypatch.setattr(Env, "time_ns", lambda _: began + 2_000_000_000 * next(calls))


def test_all_that_run_now_with_progress_and_range(ask, slow_clock, going):
    with gnomon.run("over") as run:
        run.log(loss=1.0)
    answer = ask("eta")
    assert answer.code == 0
    assert "going" in answer.out and "40 of 100" in answer.out and " to " in answer.out
    assert "over" not in answer.out
    assert "`max_steps` is 100" in answer.err


def test_the_chance_before_a_span_a_time_and_a_time_of_day(ask, slow_clock, going):
    soon, late = ask("eta", "--before", "1s"), ask("eta", "--before", "20h")
    assert "before" in soon.lines[0] and "< 1 %" in soon.out
    assert "> 99 %" in late.out
    assert "> 99 %" in ask("eta", "going", "--before", "2099-01-01").out
    assert ask("eta", "going", "--before", "18:30").code == 0


def test_json_has_times_in_utc_and_the_chance(ask, slow_clock, going):
    (found,) = ask("eta", going.id[:8], "--before", "20h", "--json").json()
    assert found["run"] == going.id and found["verdict"] == "told" and found["level"] == 0.8
    assert datetime.fromisoformat(found["low"]) < datetime.fromisoformat(found["high"])
    assert found["ends_before"] == 0.99
    assert (found["done"], found["total"], found["unit"]) == (40, 100, "step")


def test_before_the_next_morning_of_a_member(ask, going):
    from gnomon.team.people import actions

    record = gnomon.open()
    bea = actions.add(record, "Bea")
    actions.works(record, bea, zone="Asia/Tokyo", hours="09:00-17:00")
    actions.add(record, "Ole")
    answer = ask("eta", "going", "--before", "bea", "--json")
    (found,) = answer.json()
    assert found["before"].endswith("T00:00:00.000000Z")  # nine in the morning there
    assert "it is not known when Ole works next" in ask("eta", "--before", "ole").err


def test_what_is_no_moment_is_said(ask, going):
    answer = ask("eta", "--before", "soonish")
    assert answer.code == 2 and "got `soonish`" in answer.err


def test_a_run_that_ended_and_one_that_is_not_there(ask, project):
    with gnomon.run("over") as run:
        run.log(loss=1.0)
    answer = ask("eta", "over")
    assert answer.code == 0 and "it finished" in answer.err
    assert ask("eta", "nowhere").code == 2


def test_without_a_run_that_goes_on_there_is_nothing_to_tell(ask, project):
    with gnomon.run("over") as run:
        run.log(loss=1.0)
    answer = ask("eta")
    assert (answer.code, answer.out) == (0, "") and "no run goes on now" in answer.err


def test_where_nobody_can_tell_the_reason_is_said(ask, project):
    run = gnomon.run("vague")
    run.log(loss=1.0)
    answer = ask("eta", "--before", "8h")
    assert answer.out.count("cannot tell") == 2
    assert "it says nowhere how many steps it takes" in answer.err


def test_show_says_when_a_run_ends(ask, slow_clock, going):
    answer = ask("show", "going")
    assert "in 4 of 5 cases (`max_steps` is 100" in answer.out
    going.finish()
    assert "in 4 of 5 cases" not in ask("show", "going").out
