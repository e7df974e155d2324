"""Reviews: what is asked, verdicts by round, who may do what."""

from __future__ import annotations

import pytest

from gnomon.errors import BadArgumentError
from gnomon.team.people.clock import working_hours_between
from gnomon.team.reviews import actions
from gnomon.team.reviews.views import (
    APPROVED,
    CHANGES,
    WAITING,
    current_round,
    has_verdict,
    standing,
    verdicts,
)
from gnomon.team.writing import views
from tests.teams import all_meet, disband, team

ZONES = {"ana": "Europe/Berlin", "bea": "Asia/Kolkata", "chi": "America/Los_Angeles"}


@pytest.fixture
def world(tmp_path):
    members = team(tmp_path, ZONES)
    yield members
    disband(members)


def requested(world, *names, **options):
    ana = world["ana"]
    run = ana.train("depth-6", auc=0.9)
    asked = actions.request(
        ana.record, f"run:{run[:8]}", [ana.person(name) for name in names], now=ana.clock.now, **options
    )
    all_meet(world)
    return asked


def of(who, review):
    return views.find(who.record, f"review:{review.id}")


@pytest.mark.slow
def test_a_review_says_what_is_reviewed_and_leaves_each_reviewer_their_own_hours(world):
    asked = requested(world, "bea", "chi", hours=6)
    assert asked.title.startswith("Review ")
    assert asked.fields["subject"].startswith("run:")
    ana = world["ana"]
    left = [working_hours_between(ana.person(name), ana.clock.now, asked.due) for name in ("bea", "chi")]
    assert min(left) == pytest.approx(6, abs=0.01)


@pytest.mark.slow
def test_verdicts_of_all_approve_and_one_that_wants_changes_stands_out(world):
    ana, bea, chi = world.values()
    asked = requested(world, "bea", "chi")
    assert standing(asked) == WAITING
    actions.give_verdict(of(bea, asked), bea.me, "approve")
    actions.give_verdict(of(chi, asked), chi.me, "changes", "split by customer")
    all_meet(world)
    found = of(ana, asked)
    assert standing(found) == CHANGES
    assert {(one.who, one.verdict, one.text) for one in verdicts(found)} == {
        ("bea", "approve", ""), ("chi", "changes", "split by customer"),
    }  # fmt: skip
    actions.give_verdict(of(chi, asked), chi.me, "approve")
    all_meet(world)
    assert standing(of(ana, asked)) == APPROVED


@pytest.mark.slow
def test_the_next_round_asks_everybody_again(world):
    ana, bea, _ = world.values()
    asked = requested(world, "bea")
    actions.give_verdict(of(bea, asked), bea.me, "changes", "no")
    all_meet(world)
    ana.clock.forward(24)
    again = actions.ask_again(of(ana, asked), ana.me, "done", now=ana.clock.now)
    assert (current_round(again), standing(again), again.due > asked.due) == (2, WAITING, True)
    all_meet(world)
    assert not has_verdict(of(bea, asked), bea.me)
    approved = actions.give_verdict(of(bea, asked), bea.me, "approve")
    assert standing(approved) == APPROVED
    assert [one.verdict for one in verdicts(approved, 1)] == ["changes"]


@pytest.mark.slow
def test_only_who_is_asked_judges_and_only_who_asked_ends_the_round(world):
    ana, bea, chi = world.values()
    asked = requested(world, "bea")
    with pytest.raises(BadArgumentError, match="asks bea; chi may comment"):
        actions.give_verdict(of(chi, asked), chi.me, "approve")
    with pytest.raises(BadArgumentError, match="was asked for by ana; bea cannot end"):
        actions.close(of(bea, asked), bea.me)
    with pytest.raises(BadArgumentError, match="one of approve, changes; got `maybe`"):
        actions.give_verdict(of(bea, asked), bea.me, "maybe")
    with pytest.raises(BadArgumentError, match="says which"):
        actions.give_verdict(of(bea, asked), bea.me, "changes")
    assert actions.close(of(ana, asked), ana.me).state == "withdrawn"
    all_meet(world)
    with pytest.raises(BadArgumentError, match="is withdrawn"):
        actions.give_verdict(of(bea, asked), bea.me, "approve")


@pytest.mark.slow
def test_what_is_not_there_is_not_reviewed(world):
    ana = world["ana"]
    with pytest.raises(BadArgumentError, match="`run:ffffffff` cannot be reviewed"):
        actions.request(ana.record, "run:ffffffff", [ana.person("bea")])
    with pytest.raises(BadArgumentError, match="`the run` is no reference"):
        actions.request(ana.record, "the run", [ana.person("bea")])
    with pytest.raises(BadArgumentError, match="needs somebody who reviews"):
        actions.request(ana.record, "run:ffffffff", [])
