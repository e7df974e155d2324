"""Whom a typed word means, until when somebody without hours is asked, and what is said of runs elsewhere."""

from __future__ import annotations

import pytest

from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.runs.elsewhere import elsewhere, sentence
from gnomon.team.people import actions as people
from gnomon.team.questions import actions as questions
from tests.teams import all_meet, disband, team


@pytest.fixture
def members(tmp_path):
    found = team(tmp_path, {"Ana Sousa": "Europe/Lisbon", "Bea Wanjiku": "Africa/Nairobi"})
    yield found
    disband(found)


@pytest.fixture
def ana(members):
    return members["Ana Sousa"].record


def test_a_unique_beginning_of_a_name_or_of_a_part_of_it_is_enough(ana):
    assert [ana.team.person(word).name for word in ("bea", "Wanj", "bea wanjiku")] == ["Bea Wanjiku"] * 3
    people.add(ana, "Beatrix")
    with pytest.raises(
        AmbiguousIdError, match="the names of 2 members begin with `bea`: `Bea Wanjiku`, `Beatrix`"
    ):
        ana.team.person("bea")
    assert ana.team.person("Beatrix").name == "Beatrix"
    for word in ("b", "eatrix", ""):
        with pytest.raises(UnknownSubjectError):
            ana.team.person(word)


def test_who_has_not_said_when_they_work_gets_no_date_but_a_guess_that_says_so(ana):
    silent = people.add(ana, "Nozone")
    friday = 1_795_780_800.0  # 2026-11-27 12:00 UTC
    asked = questions.ask(ana, "Why?", [silent], hours=4, now=friday)
    assert (asked.due, asked.fields["hours"]) == (None, 4)
    said = questions.until_when([silent], asked.due, 4, friday, lambda moment: f"at {moment:.0f}")
    monday = friday + 3 * 86_400
    assert said == (
        "within 4 of their working hours; Nozone has not said when they work (`gnomon me`), so the date is a guess:"
        f" at {monday:.0f} at the latest, if they work Monday to Friday"
    )
    known = questions.ask(ana, "Why?", [ana.team.person("bea")], hours=4, now=friday)
    assert known.due is not None and "hours" not in known.fields


def test_a_part_that_a_review_never_had_is_refused_with_those_that_it_has(members, ana):
    run = members["Ana Sousa"].train("a", params={"lr": 0.1}, auc=0.9)
    review = ana.team.review(f"run:{run[:8]}", "bea")
    with pytest.raises(BadArgumentError, match=r"(?s)has no part `metrics.nope`.*params.lr"):
        ana.team.say(review.label, "x", part="metrics.nope")
    assert ana.team.say(review.label, "x", part="metrics.auc").part == "metrics.auc"
    assert ana.team.say(review.label, "x", part="params").part == "params"


def test_runs_of_another_device_are_said_to_have_gone_on_when_last_heard_of(members):
    ana, bea = members["Ana Sousa"], members["Bea Wanjiku"]
    ana.train("going", status=None, loss=1.0)
    ana.train("done", loss=1.0)
    all_meet(members)
    now = ana.clock.now
    [found] = elsewhere(bea.record, now)
    assert (found.whose, len(found.runs)) == ("Ana Sousa", 1)
    assert sentence([found], lambda _: "then") == (
        "elsewhere, 1 run was going on when last heard of: 1 of Ana Sousa (then)"
    )
    assert elsewhere(ana.record, now) == []
    assert elsewhere(bea.record, now + 8 * 86_400) == []
