"""Merge laws of saved views: every order of arrival, grouping and repetition gives the same states and the same list."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.features import declare_features
from gnomon.record.fold import uncovered
from gnomon.record.index import Index
from gnomon.runs.saved import entries
from gnomon.runs.saved.state import FEATURE, fold_view
from tests.property.laws import different_answers, in_folder
from tests.property.test_merge_laws import entries_of
from tests.unit.record.made_record import MadeLog

pytestmark = pytest.mark.slow

declare_features()
VIEWS = [f"{number:020x}" for number in range(1, 4)]
quick = settings(
    phases=[Phase.generate, Phase.shrink], deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)  # fmt: skip


@st.composite
def bodies(draw):
    """A kind of entry and its body, now and then an odd one."""
    if draw(st.integers(0, 3)) == 0:
        return entries.REMOVED, {}
    body = {
        "name": draw(st.sampled_from(["best", "worst", " best ", "\x1b[31m", "", 3])),
        "page": draw(st.sampled_from(["/runs", "/runs", "/sql", None])),
        "query": draw(st.sampled_from(["", "where=seed+%3D+1", "sort=a&x=1", "x=1&sort=a", "%", [1]])),
    }
    return entries.SAVED, {key: value for key, value in body.items() if draw(st.integers(0, 9))}


@st.composite
def histories(draw):
    logs = [
        MadeLog(number, time_us=draw(st.integers(0, 20)) * 1_000)
        for number in range(1, draw(st.integers(2, 4)) + 1)
    ]
    written: list[str] = []
    for _ in range(draw(st.integers(3, 14))):
        log = draw(st.sampled_from(logs))
        if not log.lines:
            log.add("log.opened", f"log:{log.id}")
        kind, body = draw(bodies())
        over = draw(st.lists(st.sampled_from(written), max_size=3, unique=True)) if written else []
        written.append(log.add(kind, entries.view_subject(draw(st.sampled_from(VIEWS))), body, over=over))
    return [log for log in logs if log.lines]


@settings(quick, max_examples=examples(60))
@given(histories(), st.randoms(use_true_random=False))
def test_order_grouping_and_repetition_make_no_difference(logs, random):
    assert len(different_answers(logs, random)) == 1


@settings(quick, max_examples=examples(60))
@given(histories(), st.randoms(use_true_random=False))
def test_the_fold_is_that_of_the_set_of_entries(logs, random):
    def check(record):
        for log in logs:
            record.put_log(log)
        live = uncovered(entries_of(record).values())
        index = Index(record.home)
        index.update()
        for view in VIEWS:
            mine = [entry for entry in live if entry.subject == entries.view_subject(view)]
            if mine:
                state = fold_view(random.sample(mine, len(mine)))
                assert state == fold_view(mine) == index.state("view", view)
                json.dumps(state)
                FEATURE.cells(view, state, {})
                list(FEATURE.texts(state))
                # Whoever saves over all heads has settled it; whoever was not seen stays.
                assert set(state["heads"]) == {entry.hash for entry in mine}

    in_folder(check)


@settings(quick, max_examples=examples(60))
@given(histories())
def test_a_view_stays_as_long_as_a_saved_one_is_not_covered(logs):
    def check(record):
        for log in logs:
            record.put_log(log)
        index = Index(record.home)
        index.update()
        shown = {
            view for view in VIEWS
            if any(
                entry.kind == entries.SAVED and entry.body.get("page") == "/runs"
                and isinstance(entry.body.get("name"), str) and entry.body["name"].strip()
                for entry in uncovered(entries_of(record).values())
                if entry.subject == entries.view_subject(view)
            )
        }  # fmt: skip
        if "view" in index.types():
            table = index.columns("view", ["", "name"])
            assert shown == {
                view for view, name in zip(table[""], table["name"], strict=True) if name is not None
            }

    in_folder(check)
