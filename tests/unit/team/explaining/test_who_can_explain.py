"""Who else can explain this: who is named, why, and what is never told."""

from __future__ import annotations

import json
import random

import pytest

from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.session import session_for
from gnomon.team.decisions.actions import decide
from gnomon.team.explaining.views import LEFT_OUT, who_can_explain
from gnomon.team.handoffs import actions as handoffs
from gnomon.team.knowledge import pages
from gnomon.team.people import actions as people_actions
from gnomon.team.people import entries
from gnomon.team.questions import actions as questions
from gnomon.team.reviews import actions as reviews
from gnomon.team.writing import actions, views
from tests.teams import all_meet, disband, team

ZONES = {"ana": "Europe/Berlin", "bea": "Asia/Kolkata", "chi": "America/Los_Angeles", "dan": "Asia/Tokyo"}


@pytest.fixture
def world(tmp_path):
    members = team(tmp_path, ZONES)
    yield members
    disband(members)


def agree(*members, is_yes=True):
    for one in members:
        people_actions.can_be_asked(one.record, one.me, is_yes=is_yes)


def found(who, what):
    return who_can_explain(who.record, what, now=who.clock.now)


def told(explaining):
    """Reasons by name, in the order in which they stand."""
    return {one.person.name: [str(reason) for reason in one.reasons] for one in explaining.members}


def of(who, writing):
    return views.find(who.record, f"{writing.kind.type}:{writing.id}")


def everything_about(world):
    """A run that each member had a part in; return its id."""
    ana, bea, chi, dan = world.values()
    run = ana.train("depth-6", auc=0.9)
    short = f"run:{run[:10]}"
    ana.record.add_note(run, "the split is by customer")
    review = reviews.request(ana.record, short, [ana.person("bea")], now=ana.clock.now)
    decide(ana.record, "Use depth 6", "", evidence=[short], now=ana.clock.now)
    handoff = handoffs.hand_off(
        ana.record, ana.me, ana.person("chi"), "go on", subjects=[f"run:{run}"], now=ana.clock.now
    )
    question = questions.ask(ana.record, f"Why is {short} so good?", [ana.person("dan")], now=ana.clock.now)
    all_meet(world)
    reviews.give_verdict(of(bea, review), bea.me, "approve")
    handoffs.accept(of(chi, handoff), chi.me)
    questions.answer(of(dan, question), "It has seen the test set.")
    pages.write(dan.record, "splits", f"How {short} was split.")
    all_meet(world)
    return run


# ---------------------------------------------------------------- why


@pytest.mark.slow
def test_a_run_is_explained_by_who_made_reviewed_decided_took_over_and_answered(world):
    run = everything_about(world)
    agree(*world.values())
    all_meet(world)
    for one in world.values():
        assert told(found(one, f"run:{run[:10]}")) == {
            "ana": ["ran it", "wrote a note on it", "decided on it: decision:1", "handed it off: handoff:1"],
            "bea": ["reviewed it: review:1"],
            "chi": ["accepted a hand-off of it: handoff:1"],
            "dan": ["answered a question about it: question:1", "wrote about it: page:splits"],
        }


@pytest.mark.slow
def test_data_is_explained_by_who_added_it_and_who_wrote_about_its_data_set(world, tmp_path):
    ana, bea, chi, dan = world.values()
    file = tmp_path / "credit.csv"
    for rows in ("a\n1\n", "a\n1\n2\n"):
        file.write_text(rows)
        ana.record.add_data(str(file), name="credit")
    pages.write(bea.record, "credit", "data:credit comes from the bureau.")
    pages.write(chi.record, "first", "data:credit@v1 has one row, data:other@v1 has none.")
    agree(ana, bea, chi, dan)
    all_meet(world)
    assert told(found(dan, "data:credit@v1")) == {
        "ana": ["added it"], "bea": ["wrote about its data set: page:credit"], "chi": ["wrote about it: page:first"],
    }  # fmt: skip
    assert set(told(found(dan, "data:credit@v2"))) == {"ana", "bea"}


@pytest.mark.slow
def test_a_decision_and_a_page_are_explained_by_who_wrote_and_said_something(world):
    ana, bea, chi, dan = world.values()
    page = pages.write(ana.record, "setup", "How to set up.")
    decision = decide(bea.record, "Use depth 6", "see page:setup", propose=True)
    all_meet(world)
    actions.revise(of(chi, page), text="How to set it up.")
    actions.say(of(dan, page), "Also on a Mac.")
    actions.move(of(dan, decision), "accepted")
    agree(*world.values())
    all_meet(world)
    assert told(found(ana, "page:setup")) == {
        "ana": ["wrote it"], "bea": ["wrote about it: decision:1"], "chi": ["changed its text"],
        "dan": ["said something about it"],
    }  # fmt: skip
    assert told(found(ana, "decision:1")) == {"bea": ["wrote it"], "dan": ["accepted it"]}


@pytest.mark.slow
def test_who_asks_or_hides_or_tags_does_not_thereby_explain(world):
    ana, bea, *_ = world.values()
    run = ana.train("depth-6", auc=0.9)
    all_meet(world)
    question = questions.ask(bea.record, f"What is run:{run}?", [bea.person("ana")], now=bea.clock.now)
    actions.say(of(bea, question), "Nobody knows?")
    bea.record.tag(run, ["odd"])
    agree(ana, bea)
    all_meet(world)
    assert told(found(ana, f"run:{run}")) == {"ana": ["ran it"]}


@pytest.mark.slow
def test_a_reference_that_means_another_run_tomorrow_names_none(world):
    ana, bea, *_ = world.values()
    run = ana.train("depth-6", auc=0.9)
    all_meet(world)
    pages.write(bea.record, "latest", "run:@1 is the latest; `run:" + run + "` in code is none.")
    agree(ana, bea)
    all_meet(world)
    assert told(found(ana, "run:@1")) == {"ana": ["ran it"]}


@pytest.mark.slow
def test_what_nobody_made_is_refused(world):
    for what in ("member:ana", "group:depth-6", "ab12", "see run:ab12"):
        with pytest.raises(BadArgumentError):
            found(world["ana"], what)
    with pytest.raises(UnknownSubjectError, match="run:ffff"):
        found(world["ana"], "run:ffff")


# ---------------------------------------------------------------- who


@pytest.mark.slow
def test_who_did_not_agree_is_as_if_they_were_not_there(world):
    """The answer is the same to the byte, whether somebody who did not agree has done something with it or not."""
    ana, bea, *_ = world.values()
    run = ana.train("depth-6", auc=0.9)
    agree(ana)
    all_meet(world)
    before = found(ana, f"run:{run}").to_dict()
    bea.record.add_note(run, "I know all about it")
    pages.write(bea.record, "mine", f"run:{run}")
    all_meet(world)
    after = found(ana, f"run:{run}").to_dict()
    for one in (*before["members"], *after["members"]):
        one["works"] = None  # the clock goes on
    assert after == before
    assert before["left_out"] == LEFT_OUT


@pytest.mark.slow
def test_nobody_agrees_for_somebody_else(world):
    ana, bea, *_ = world.values()
    run = ana.train("depth-6", auc=0.9)
    all_meet(world)
    with pytest.raises(BadArgumentError, match="only ana can say whether ana may be asked"):
        people_actions.can_be_asked(bea.record, bea.person("ana"), is_yes=True)
    session_for(bea.path, env=bea.env).append(
        entries.ASKED, entries.member_subject(ana.me.id), {"asked": True}, strict=True
    )
    all_meet(world)
    assert not bea.person("ana").can_be_asked
    assert told(found(bea, f"run:{run}")) == {}
    agree(ana)
    all_meet(world)
    assert told(found(bea, f"run:{run}")) == {"ana": ["ran it"]}


@pytest.mark.slow
def test_who_takes_it_back_is_no_longer_named_and_a_no_said_apart_counts(world):
    ana, *_ = world.values()
    agree(ana)
    agree(ana)
    assert ana.me.can_be_asked
    assert len(ana.record.replica.index.state("member", ana.me.id)["asked_heads"]) == 1
    agree(ana, is_yes=False)
    assert not ana.me.can_be_asked
    session_for(ana.path, env=ana.env).append(
        entries.ASKED, entries.member_subject(ana.me.id), {"asked": True}, strict=True
    )
    assert not ana.me.can_be_asked
    agree(ana)
    assert ana.me.can_be_asked


@pytest.mark.slow
def test_an_odd_word_is_as_if_it_had_not_been_said(world):
    ana = world["ana"]
    for odd in (None, 1, "yes", [True]):
        session_for(ana.path, env=ana.env).append(
            entries.ASKED, entries.member_subject(ana.me.id), {"asked": odd}, strict=True
        )
        assert not ana.me.can_be_asked


@pytest.mark.slow
def test_the_only_one_is_told_as_a_fact_of_the_thing(world):
    ana, bea, *_ = world.values()
    run = ana.train("depth-6", auc=0.9)
    all_meet(world)
    assert found(bea, f"run:{run}").said == "nobody who may be asked has made it, or written about it"
    agree(ana)
    all_meet(world)
    assert found(bea, f"run:{run}").said == "only ana may be asked about it"
    bea.record.add_note(run, "I saw it, too")
    agree(bea)
    all_meet(world)
    assert found(bea, f"run:{run}").said == "those who may be asked about it, in the order of their names"


@pytest.mark.slow
def test_it_is_said_when_each_works_next(world):
    ana, bea, *_ = world.values()
    run = ana.train("depth-6", auc=0.9)
    bea.train("other")
    all_meet(world)
    bea.record.add_note(run, "seen")
    agree(ana, bea)
    all_meet(world)
    works = {one.person.name: one.standing for one in found(ana, f"run:{run}").members}
    assert works["ana"].what == "working until 17:00"  # it is 9 in Berlin
    assert works["bea"].what == "working until 17:00"  # and 13:30 in Kolkata
    ana.clock.forward(5)
    assert found(ana, f"run:{run}").to_dict()["members"][1]["works"]["next_begins"] == "2026-11-24T03:30:00Z"


# ---------------------------------------------------------------- nobody is ranked


def numbers_in(value):
    """Numbers among plain values, truth values left out."""
    if isinstance(value, dict):
        return [one for item in value.values() for one in numbers_in(item)]
    if isinstance(value, list):
        return [one for item in value for one in numbers_in(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


@pytest.mark.slow
def test_members_stand_in_the_order_of_their_names_and_nothing_is_counted(world):
    ana, *_, dan = world.values()
    run = dan.train("depth-6", auc=0.9)
    all_meet(world)
    page = pages.write(dan.record, "setup", f"About run:{run}.")
    for nth in range(9):
        dan.record.add_note(run, f"note {nth}")
        actions.say(page, f"{nth}: see run:{run}.")
    ana.record.add_note(run, "one")
    agree(ana, dan)
    all_meet(world)
    seen = found(ana, f"run:{run}")
    assert told(seen) == {
        "ana": ["wrote a note on it"],
        "dan": [
            "ran it",
            "wrote about it: page:setup",
            "wrote a note on it",
            "said something about it: page:setup",
        ],
    }
    assert list(told(seen)) == ["ana", "dan"]
    plain = json.loads(json.dumps(seen.to_dict()))
    assert numbers_in(plain) == []
    assert "9" not in seen.said


@pytest.mark.slow
def test_an_export_says_who_may_be_asked_and_no_number_of_anybody(world, tmp_path):
    ana, *_ = world.values()
    run = ana.train("depth-6", auc=0.9)
    agree(ana)
    all_meet(world)
    folder = tmp_path / "out"
    ana.record.export(folder)
    members = json.loads((folder / "members.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in members] == ["ana", "bea", "chi", "dan"]
    assert [one["can_be_asked"] for one in members] == [True, False, False, False]
    assert numbers_in(members) == []
    assert not any("explain" in path.name for path in folder.rglob("*")), run


@pytest.mark.slow
def test_of_many_places_the_latest_few_are_told_and_not_how_many_more_there_are(world):
    ana, *_ = world.values()
    run = ana.train("depth-6", auc=0.9)
    agree(ana)
    for nth in range(1, 9):
        pages.write(ana.record, f"page-{nth}", f"See run:{run}.")
        if nth in (5, 8):
            (one,) = found(ana, f"run:{run}").members
            assert (one.has_more, one.reasons[0].how) == (nth == 8, "ran it")
            places = [f"page:page-{number}" for number in range(nth - 4, nth + 1)]
            assert [reason.reference for reason in one.reasons[1:]] == places


# ---------------------------------------------------------------- against what is known


@pytest.mark.slow
def test_of_random_work_exactly_what_was_done_is_told(world):
    """Members do this and that to a few things; each reason that is told was done, and each that was done is told."""
    draw, members = random.Random(8), [world["ana"], world["bea"], world["chi"]]
    agree(*members[:2])
    things, truth = {}, set()
    for nth in range(3):
        who = draw.choice(members)
        things[nth] = f"run:{who.train(f'run {nth}', auc=0.9)}"
        truth.add((nth, who.name, "ran it"))
    all_meet(world)
    for step in range(14):
        who, nth = draw.choice(members), draw.randrange(3)
        act = draw.choice(["note", "page", "decide", "nothing"])
        if act == "note":
            who.record.add_note(things[nth].partition(":")[2], f"note {step}")
            truth.add((nth, who.name, "wrote a note on it"))
        elif act == "page":
            pages.write(
                who.record,
                f"{who.name}-{nth}",
                f"{step}: {things[nth][:14]} was good, `{things[0]}` is code.",
            )
            truth.add((nth, who.name, f"wrote about it: page:{who.name}-{nth}"))
        elif act == "decide":
            written = decide(who.record, f"Step {step}", "", evidence=[things[nth]], now=who.clock.now)
            all_meet(world)
            truth.add((nth, who.name, f"decided on it: {written.label}"))
        else:
            pages.write(who.record, f"{who.name}-other", f"{step}: nothing of it")
    all_meet(world)
    seen = {
        (nth, name, reason)
        for nth, what in things.items()
        for name, reasons in told(found(world["dan"], what)).items()
        for reason in reasons
    }
    assert seen == {one for one in truth if one[1] != "chi"}
    assert len(seen) > 8
