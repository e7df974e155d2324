"""Updates: their three parts, whom blockers ask, one for a day of one's own, and what a draft says."""

from __future__ import annotations

import pytest

from gnomon.errors import BadArgumentError
from gnomon.team.updates import actions
from gnomon.team.updates.sections import Blocker, blockers, parts
from gnomon.team.writing import actions as writing
from gnomon.team.writing import views
from tests.teams import disband, team

ZONES = {"ana": "Europe/Berlin", "bea": "Asia/Kolkata"}


@pytest.fixture
def world(tmp_path):
    members = team(tmp_path, ZONES)
    yield members
    disband(members)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Did: a\nNext: b\nBlocked: c", {"did": ["a"], "next": ["b"], "blocked": ["c"]}),
        ("## Did:\n\n- a\n- b\n\n## Next:\n1. c", {"did": ["a", "b"], "next": ["c"]}),
        ("**Did:** a\n  and more", {"did": ["a and more"]}),
        ("DID: a\nBlocked: none.", {"did": ["a"], "blocked": []}),
        ("Did:\n- \nNext: -\n", {"did": [], "next": []}),
        ("Hello\nthere", {}),
        ("Didn't: a", {}),
    ],
)
def test_the_three_parts_are_read_however_they_are_written(text, expected):
    assert parts(text) == expected


def test_a_blocker_says_whom_it_asks():
    text = "Blocked:\n- bea: which split?\n- @Chidi Obi: may I: yes or no?\n- the disk is full"
    assert blockers(text) == [
        Blocker("bea", "which split?"), Blocker("Chidi Obi", "may I: yes or no?"), Blocker(None, "the disk is full"),
    ]  # fmt: skip


@pytest.mark.slow
def test_blockers_become_questions_once_and_the_others_are_told(world):
    ana = world["ana"]
    text = "Did: x\nBlocked:\n- bea: which split?\n- nobody here: may I?\n- the disk is full"
    given = actions.give(ana.record, ana.me, text, now=ana.clock.now)
    (asked,) = given.asked
    assert (asked.title, asked.for_whom, asked.due > ana.clock.now) == ("which split?", ["bea"], True)
    assert [one.what for one in given.not_asked] == ["may I?", "the disk is full"]
    assert given.update.fields["blockers"] == [asked.label]
    again = actions.give(ana.record, ana.me, text, now=ana.clock.now)
    assert again.asked == []
    assert len(views.rows(ana.record, "question")) == 1


@pytest.mark.slow
def test_a_second_update_of_a_day_changes_the_first_and_the_next_day_has_its_own(world):
    ana = world["ana"]
    first = actions.give(ana.record, ana.me, "Did: x", now=ana.clock.now).update
    second = actions.give(ana.record, ana.me, "Did: x and y", now=ana.clock.now + 3600).update
    assert (second.id, second.text) == (first.id, "Did: x and y")
    ana.clock.forward(24)
    assert actions.give(ana.record, ana.me, "Did: z", now=ana.clock.now).update.id != first.id


@pytest.mark.slow
def test_a_day_is_that_of_the_member(world):
    ana, bea = world.values()
    ana.clock.now = ana.clock.now - ana.clock.now % 86_400 + 20 * 3600  # 20:00 UTC: tomorrow in India
    mine = actions.give(ana.record, ana.me, "Did: x", now=ana.clock.now).update
    theirs = actions.give(bea.record, bea.me, "Did: x", now=bea.clock.now).update
    assert mine.fields["day"] < theirs.fields["day"]


@pytest.mark.slow
def test_an_update_says_something(world):
    ana = world["ana"]
    for text in ("", "hello", "Did:\nNext:\n- \nBlocked: none"):
        with pytest.raises(BadArgumentError, match="three lines suffice"):
            actions.give(ana.record, ana.me, text)


@pytest.mark.slow
def test_the_draft_says_what_was_done_since_the_last_update_and_nothing_of_others(world):
    ana, bea = world.values()
    ana.train("before", auc=0.1)
    ana.clock.forward(1)
    actions.give(ana.record, ana.me, "Did: x", now=ana.clock.now)
    ana.clock.forward(24)
    best = ana.train("sweep-1", group="sweep", seed=1, auc=0.9)
    ana.train("sweep-2", group="sweep", seed=2, auc=0.8)
    ana.train("broken", status="failed", error="E: x")
    bea.train("of bea", auc=0.5)
    writing.open_writing(ana.record, "decision", "Depth 6", "x")
    asked = writing.open_writing(ana.record, "question", "Not any more", "x")
    writing.move(asked, "withdrawn")
    bea.meet()
    ana.meet()
    drafted = actions.drafted(ana.record, ana.me, ana.clock.now)
    assert f"2 runs of `sweep`: 2 finished; best auc {{{{ metrics.auc of run:{best[:8]} }}}}" in drafted
    assert "of `broken`: failed" in drafted
    assert "decision:1 Depth 6" in drafted
    assert "before" not in drafted
    assert "of bea" not in drafted
    assert "Not any more" not in drafted
    assert set(parts(drafted)) == {"did", "next", "blocked"}
