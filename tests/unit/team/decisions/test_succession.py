"""Which decision stands in whose place: two that were written apart are both told, and nobody writes a second one knowingly."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.errors import BadArgumentError
from gnomon.session import session_for
from gnomon.team.decisions.actions import accept, decide, reject
from gnomon.team.decisions.succession import Succession
from gnomon.team.decisions.views import decision_called, decisions
from gnomon.team.writing.actions import move
from tests.teams import all_meet, disband, team

ZONES = {"ana": "Europe/Lisbon", "bea": "Africa/Nairobi", "ken": "Asia/Tokyo"}


@pytest.fixture
def apart(tmp_path):
    """Bea and Ken have each put a decision in the place of Ana's, and then met."""
    members = team(tmp_path, ZONES)
    decide(members["ana"].record, "Use depth 6", "x")
    all_meet(members)
    decide(members["bea"].record, "Use depth 7", "x", supersedes=["1"])
    decide(members["ken"].record, "Use depth 8", "x", supersedes=["1"])
    decide(members["ken"].record, "Use 5 seeds", "x")
    all_meet(members)
    yield members
    disband(members)


def titled(record, title):
    return next(one.decision for one in decisions(record, all=True) if one.decision.title == title)


@pytest.mark.slow
def test_both_that_were_written_apart_are_told_with_who_wrote_them(apart):
    for who in apart.values():
        old = titled(who.record, "Use depth 6")
        assert [(one.row.title, one.who) for one in old.in_its_place] in (
            [("Use depth 7", "bea"), ("Use depth 8", "ken")],
            [
                ("Use depth 8", "ken"),
                ("Use depth 7", "bea"),
            ],  # they have one number, so their ids say which is first
        )
        mine = titled(who.record, "Use depth 7")
        ((other, place),) = mine.beside
        assert (other.row.title, other.who, place.title) == ("Use depth 8", "ken", "Use depth 6")
        assert titled(who.record, "Use 5 seeds").beside == old.beside == []
        assert old.to_dict()["in_its_place"] == [one.row.label for one in old.in_its_place]


@pytest.mark.slow
def test_one_that_supersedes_both_settles_it(apart):
    record = apart["ana"].record
    both = [titled(record, title).label for title in ("Use depth 7", "Use depth 8")]
    with pytest.raises(BadArgumentError, match=r"is superseded: `decision:2~\w+` of \w+ and") as refused:
        decide(record, "Use depth 9", "x", supersedes=["1"])
    assert all(f"--supersedes {one.removeprefix('decision:')}" in str(refused.value) for one in both)
    with pytest.raises(BadArgumentError, match="in its place"):
        decide(record, "Use depth 9", "x", supersedes=["1", both[0]])
    settled = decide(record, "Use depth 9", "x", supersedes=["1", *both])
    assert settled.beside == []
    assert [one.row.id for one in titled(record, "Use depth 6").in_its_place] == [settled.id]
    assert [titled(record, title).state for title in ("Use depth 7", "Use depth 8")] == ["superseded"] * 2


@pytest.mark.slow
def test_rejecting_one_settles_it_too(apart):
    record = apart["ana"].record
    reject(titled(record, "Use depth 8"), "too slow")
    assert titled(record, "Use depth 7").beside == []
    assert [one.row.title for one in titled(record, "Use depth 6").in_its_place] == ["Use depth 7"]


def test_what_was_superseded_is_not_accepted_while_another_stands_in_its_place(project):
    with gnomon.run("a"):
        pass
    record = gnomon.open()
    old = decide(record, "old", "x")
    decide(record, "new", "x", supersedes=["1"])
    with pytest.raises(
        BadArgumentError, match=r"`decision:1` is superseded: `decision:2` of .* stands"
    ) as refused:
        accept(decision_called(record, old.id))
    assert "gnomon decisions reject 2` first" in str(refused.value)
    with pytest.raises(BadArgumentError, match="gnomon decisions supersede 2 TITLE"):
        decide(record, "newer", "x", supersedes=["1"])
    assert len(decisions(record, all=True)) == 2
    reject(decision_called(record, "2"))
    assert accept(decision_called(record, "1")).state == "accepted"


def test_a_proposal_is_not_accepted_beside_what_took_the_place_meanwhile(project):
    with gnomon.run("a"):
        pass
    record = gnomon.open()
    decide(record, "old", "x")
    decide(record, "slow", "x", supersedes=["1"], propose=True)
    decide(record, "quick", "x", supersedes=["1"])
    with pytest.raises(BadArgumentError, match="would stand in the place of an older one where `decision:3`"):
        accept(decision_called(record, "2"))
    assert decision_called(record, "2").state == "proposed"
    assert accept(decision_called(record, "3")).state == "accepted", "what is in force stays so"
    reject(decision_called(record, "3"))
    assert accept(decision_called(record, "2")).state == "accepted"


def test_of_a_chain_the_last_stands_in_the_place_of_all(project):
    with gnomon.run("a"):
        pass
    record = gnomon.open()
    for number in range(4):
        decide(record, f"n{number + 1}", "x", supersedes=[str(number)] if number else [])
    assert [one.row.number for one in decision_called(record, "1").in_its_place] == [4]
    assert decision_called(record, "4").beside == []
    reject(decision_called(record, "4"))
    assert decision_called(record, "1").in_its_place == []


def test_a_circle_that_a_stranger_wrote_ends(project):
    with gnomon.run("a"):
        pass
    record = gnomon.open()
    ids = ["a" * 20, "b" * 20]
    session = session_for(record.path, env=record.home.env)
    for one, other, number in zip(ids, reversed(ids), (1, 2), strict=True):
        body = {"number": number, "title": "x", "text": "x", "supersedes": [other, one, "no id"]}
        session.append("decision.opened", f"decision:{one}", body, strict=True)
        session.append("decision.moved", f"decision:{one}", {"state": "accepted"}, strict=True)
    session.sync()
    record.replica.update()
    found = Succession(record)
    assert [len(found.in_place_of(one)) for one in ids] == [0, 0], "each is superseded"
    assert [len(found.beside(one)) for one in ids] == [1, 1], "and both are in force"
    assert len(decisions(record)) == 2


def test_one_that_two_ways_lead_to_stands_alone_in_the_place_of_the_first(project):
    with gnomon.run("a"):
        pass
    record = gnomon.open()
    decide(record, "old", "x")
    left, right = (decide(record, name, "x", supersedes=["1"], propose=True) for name in ("left", "right"))
    accept(left)
    move(right, "accepted")
    both = decide(record, "both", "x", supersedes=["2", "3"])
    move(decision_called(record, "2"), "accepted", "by somebody who did not see it")
    assert [one.row.id for one in decision_called(record, "1").in_its_place] == [both.id]
    ((other, place),) = decision_called(record, both.id).beside
    assert other.row.number == place.number == 2


@pytest.mark.slow
def test_a_long_chain_costs_no_recursion(project):
    with gnomon.run("a"):
        pass
    record = gnomon.open()
    session = session_for(record.path, env=record.home.env)
    ids = [f"{number:020x}" for number in range(1, 1_501)]
    for number, one in enumerate(ids):
        body = {"number": number + 1, "title": "x", "text": "x", "supersedes": ids[number - 1 : number]}
        session.append("decision.opened", f"decision:{one}", body)
        session.append("decision.moved", f"decision:{one}", {"state": "accepted"})
    session.sync()
    record.replica.update()
    found = Succession(record)
    assert [one.row.id for one in found.in_place_of(ids[0])] == [ids[-1]]
    assert len(found.beside(ids[-1])) == len(ids) - 1
