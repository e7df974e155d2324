"""Questions: whom they ask, until when in their own working hours, and what becomes of them."""

from __future__ import annotations

import pytest

from gnomon.errors import BadArgumentError
from gnomon.team.people.clock import working_hours_between
from gnomon.team.questions import actions
from gnomon.team.writing import views
from tests.teams import all_meet, disband, team

ZONES = {"ana": "Europe/Berlin", "bea": "Asia/Kolkata", "chi": "America/Los_Angeles"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    members = team(tmp_path_factory.mktemp("team"), ZONES)
    yield members
    disband(members)


@pytest.mark.slow
@pytest.mark.parametrize("names", [["bea"], ["bea", "chi"]])
@pytest.mark.parametrize("hours", [0.5, 8, 20])
def test_everybody_who_is_asked_has_so_many_of_their_own_working_hours(world, names, hours):
    ana = world["ana"]
    asked = actions.ask(
        ana.record, "Which split?", [ana.person(name) for name in names], hours=hours, now=ana.clock.now
    )
    left = [working_hours_between(ana.person(name), ana.clock.now, asked.due) for name in names]
    assert min(left) == pytest.approx(hours, abs=0.01)


def test_who_said_no_hours_has_no_date_that_was_made_up(world):
    from gnomon.team.people.actions import add

    ana = world["ana"]
    dan = add(ana.record, "dan")
    asked = actions.ask(ana.record, "Which split?", [dan], hours=8, now=ana.clock.now)
    assert (asked.due, asked.fields["hours"]) == (None, 8)


@pytest.mark.slow
def test_an_answer_is_said_and_closes_the_question(world):
    ana, bea, _ = world.values()
    asked = actions.ask(
        ana.record, "Which split?", [ana.person("bea")], blocks=["run:ab12"], now=ana.clock.now
    )
    all_meet(world)
    answered = actions.answer(views.find(bea.record, f"question:{asked.id}"), "the one of data:credit@v3")
    assert (answered.state, answered.comments[0].text, answered.comments[0].who) == (
        "answered", "the one of data:credit@v3", "bea",
    )  # fmt: skip
    again = actions.answer(answered, "and its seed is 3")
    assert [one.text for one in again.comments] == ["the one of data:credit@v3", "and its seed is 3"]
    assert len(again.moves) == 1


def test_what_cannot_be_asked(world):
    ana = world["ana"]
    bea = ana.person("bea")
    with pytest.raises(BadArgumentError, match="needs somebody who is asked"):
        actions.ask(ana.record, "x", [])
    with pytest.raises(BadArgumentError, match="has passed already"):
        actions.ask(ana.record, "x", [bea], until=ana.clock.now - 1, now=ana.clock.now)
    with pytest.raises(BadArgumentError, match="above 0 and at most 1,000; got 0"):
        actions.ask(ana.record, "x", [bea], hours=0, now=ana.clock.now)
    with pytest.raises(BadArgumentError, match="`the run` is no reference"):
        actions.ask(ana.record, "x", [bea], blocks=["the run"], now=ana.clock.now)
