"""Merge laws of members: every order of arrival, grouping and repetition gives the same states and the same people."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.features import declare_features
from gnomon.record.fold import uncovered
from gnomon.record.index import Index
from gnomon.team.people import entries
from gnomon.team.people.person import person_from
from gnomon.team.people.state import FEATURE, fold_member
from gnomon.team.people.views import _speaking
from tests.property.laws import different_answers, in_folder
from tests.property.test_merge_laws import entries_of
from tests.unit.record.made_record import MadeLog

pytestmark = pytest.mark.slow

declare_features()
MEMBERS = [f"{number:020x}" for number in range(1, 4)]
quick = settings(
    phases=[Phase.generate, Phase.shrink], deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)  # fmt: skip
odd = st.sampled_from([None, 3, True, "", "x" * 300, ["Bea"], {"a": 1}, 2**60, 0.5, "\ud800"])


@st.composite
def bodies(draw):
    """A kind of entry and its body, now and then an odd one."""
    kind = draw(
        st.sampled_from(
            [entries.NAMED, entries.WORKS, entries.AWAY, entries.BACK, entries.CLAIMED, entries.ASKED]
        )
    )
    fields = {
        entries.NAMED: {"name": ["Bea", " Bea ", "Ann", "ann"]},
        entries.WORKS: {
            "zone": ["Europe/Berlin", "Asia/Kolkata", "Mars/Olympus"], "hours": ["9-17", "09:00-17:00", "22-6"],
            "days": ["mon-fri", "sun-thu"], "from": [None, "2026-12-01", "2026-12-02"],
        },
        entries.AWAY: {
            "uid": ["a", "b"], "first": ["2026-12-24", "2026-12-25"], "last": ["2026-12-24", "2026-12-26"],
            "why": ["", "rest"], "source": ["", "cal"],
        },
        entries.ASKED: {"asked": [True, False]},
    }.get(kind, {})  # fmt: skip
    body = {key: draw(st.sampled_from(values)) for key, values in fields.items()}
    for key in list(body):
        if draw(st.integers(0, 11)) == 0:
            body[key] = draw(odd)
    return kind, {key: value for key, value in body.items() if draw(st.integers(0, 11))}


@st.composite
def histories(draw):
    logs = [
        MadeLog(number, writer=draw(st.integers(0, 2)), time_us=draw(st.integers(0, 20)) * 1_000)
        for number in range(1, draw(st.integers(2, 4)) + 1)
    ]
    written: list[str] = []
    for _ in range(draw(st.integers(3, 16))):
        log = draw(st.sampled_from(logs))
        kind, body = draw(bodies())
        over = draw(st.lists(st.sampled_from(written), max_size=3, unique=True)) if written else []
        written.append(log.add(kind, entries.member_subject(draw(st.sampled_from(MEMBERS))), body, over=over))
    return logs


@settings(quick, max_examples=examples(60))
@given(histories(), st.randoms(use_true_random=False))
def test_order_grouping_and_repetition_make_no_difference(logs, random):
    def people_of(index):
        states = dict(index.states("member")) if "member" in index.types() else {}
        speaking = _speaking(states)
        return index.export(), repr([
            person_from(member, state, tuple(one for one, whom in speaking.items() if whom == member))
            for member, state in sorted(states.items()) if state["name"] is not None
        ])  # fmt: skip

    assert len(different_answers(logs, random, people_of)) == 1


@settings(quick, max_examples=examples(80))
@given(histories(), st.randoms(use_true_random=False))
def test_the_fold_is_that_of_the_set_of_entries_and_never_raises(logs, random):
    def check(record):
        for log in logs:
            record.put_log(log)
        live = uncovered(entries_of(record).values())
        index = Index(record.home)
        index.update()
        for member in MEMBERS:
            mine = [entry for entry in live if entry.subject == entries.member_subject(member)]
            if mine:
                state = fold_member(random.sample(mine, len(mine)))
                assert state == fold_member(mine) == index.state("member", member)
                json.dumps(state)
                FEATURE.cells(member, state, {})
                list(FEATURE.texts(state))
                if state["name"] is not None:
                    json.dumps(person_from(member, state, ()).to_dict())

    in_folder(check)


@settings(quick, max_examples=examples(80))
@given(histories())
def test_what_nothing_covers_stays(logs):
    """A good name, days off and a part of a schedule are there as long as no entry goes over the one that says them."""

    def check(record):
        for log in logs:
            record.put_log(log)
        index = Index(record.home)
        index.update()
        for entry in uncovered(entries_of(record).values()):
            type_name, _, member = entry.subject.partition(":")
            if type_name != "member":
                continue
            state = index.state("member", member)
            body = entry.body
            if entry.kind == entries.NAMED and body.get("name") in ("Bea", " Bea ", "Ann"):
                assert body["name"].strip() in state["names"]
            if entry.kind == entries.CLAIMED:
                assert entry.writer in state["claims"]
            good = body.get("first") in ("2026-12-24", "2026-12-25") and body.get("last") == "2026-12-26"
            if entry.kind == entries.AWAY and body.get("uid") in ("a", "b") and good:
                rows = [(row["uid"], row["first"], row["last"]) for row in state["away"]]
                assert (body["uid"], body["first"], body["last"]) in rows

    in_folder(check)
