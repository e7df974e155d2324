"""Merge laws of what people write: every order of arrival, grouping and repetition gives the same states."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.features import declare_features
from gnomon.record import kinds as features
from gnomon.record.fold import uncovered
from gnomon.record.index import Index
from gnomon.team.writing import entries
from gnomon.team.writing.kinds import KINDS as BY_TYPE
from gnomon.team.writing.state import fold_writing
from tests.property.laws import different_answers, in_folder
from tests.property.test_merge_laws import entries_of
from tests.unit.record.made_record import MadeLog

pytestmark = pytest.mark.slow

declare_features()
KINDS = tuple(BY_TYPE.values())
STATES = [*sorted({state for kind in KINDS for state in kind.states}), "odd", 3]
IDS = [f"{number:020x}" for number in range(1, 3)]
MEMBERS = [f"{number:020x}" for number in range(7, 10)]
quick = settings(
    phases=[Phase.generate, Phase.shrink], deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)  # fmt: skip
texts = st.sampled_from(["Which split?", "", " a\nb ", "\x1b[31m", "x" * 300, 3, None, ["x"]])


def went_over(time_us):
    return {"state": "open", "why": "x", "writer": "a" * 32, "time_us": time_us}


FIELDS = {
    entries.OPENED: {
        "number": st.sampled_from([1, 2, 2, -1, "1", 2.0, True]),
        "title": texts,
        "text": texts,
        "to": st.sampled_from([MEMBERS[:1], MEMBERS, [], "x", [3], None]),
        "due": st.sampled_from([1, 10**15, -1, "soon"]),
        "evidence": st.sampled_from([["run:ab12"], {"a": {"b": [1]}}, 3]),
        "unknown": texts,
    },
    entries.REVISED: {"title": texts, "text": texts},
    entries.ADDRESSED: {
        "to": st.sampled_from([MEMBERS[:1], MEMBERS[1:], []]),
        "due": st.sampled_from([5, 7, "x"]),
    },
    entries.MOVED: {
        "state": st.sampled_from(STATES),
        "why": texts,
        "before": st.lists(st.sampled_from([went_over(5), went_over(40), went_over(300), {}, 3]), max_size=2),
    },
    entries.SAID: {
        "id": st.sampled_from([*MEMBERS, "odd", 3]),
        "text": texts,
        "part": texts,
        "reply_to": st.sampled_from([*MEMBERS, "odd"]),
        "since_us": st.sampled_from([1, 10**9, "x"]),
    },
    entries.MARKED: {"what": texts, "value": st.sampled_from([{"verdict": "approve"}, 3, {"text": ["x"]}])},
}


@st.composite
def histories(draw):
    logs = [
        MadeLog(number, time_us=draw(st.integers(0, 20)) * 1_000)
        for number in range(1, draw(st.integers(2, 4)) + 1)
    ]
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True))
    written: list[str] = []
    for _ in range(draw(st.integers(3, 16))):
        log = draw(st.sampled_from(logs))
        if not log.lines:
            log.add("log.opened", f"log:{log.id}")
        act = draw(st.sampled_from(list(FIELDS)))
        body = {name: draw(values) for name, values in FIELDS[act].items() if draw(st.integers(0, 9))}
        over = draw(st.lists(st.sampled_from(written), max_size=3, unique=True)) if written else []
        kind = draw(st.sampled_from(kinds)).type
        subject = entries.subject(kind, draw(st.sampled_from(IDS)))
        written.append(log.add(f"{kind}.{act}", subject, body, over=over))
    return [log for log in logs if log.lines]


@settings(quick, max_examples=examples(30))
@given(histories(), st.randoms(use_true_random=False))
def test_order_grouping_and_repetition_make_no_difference(logs, random):
    assert len(different_answers(logs, random)) == 1


@settings(quick, max_examples=examples(40))
@given(histories(), st.randoms(use_true_random=False))
def test_the_fold_is_that_of_the_set_of_entries_and_nothing_that_stands_is_lost(logs, random):
    def check(record):
        for log in logs:
            record.put_log(log)
        live = uncovered(entries_of(record).values())
        index = Index(record.home)
        index.update()
        for kind in KINDS:
            feature = features.find(kind.type)
            for one in IDS:
                mine = [entry for entry in live if entry.subject == entries.subject(kind.type, one)]
                if not mine:
                    continue
                state = fold_writing(kind, random.sample(mine, len(mine)))
                assert state == fold_writing(kind, mine) == index.state(kind.type, one)
                json.dumps(state)
                feature.cells(one, state, {})
                list(feature.texts(state))
                _nothing_is_lost(kind, mine, state)

    in_folder(check)


def _nothing_is_lost(kind, live, state):
    def of(act):
        return [entry for entry in live if entry.kind == f"{kind.type}.{act}"]

    moved = {entry.body.get("state") for entry in of(entries.MOVED)}
    assert {one["state"] for one in state["states"]} == {state for state in moved if state in kind.states}
    assert set(state["state_heads"]) == {entry.hash for entry in of(entries.MOVED)}
    times = [one["time_us"] for one in state["history"]]
    assert times == sorted(set(times))
    assert len(state["marks"]) == len(of(entries.MARKED))
    said = {
        entry.body["text"]
        for entry in of(entries.SAID)
        if entry.body.get("id") in MEMBERS and isinstance(entry.body.get("text"), str) and entry.body["text"]
    }
    shown = {one["text"] for one in state["comments"]} | {
        text for one in state["comments"] for text in one["others"]
    }
    assert said <= shown
    if kind.can_be_revised:
        assert set(state["text_heads"]) == {entry.hash for entry in of(entries.REVISED)}
    else:
        assert state["revisions"] == []
