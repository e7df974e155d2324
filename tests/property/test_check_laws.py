"""Merge laws of checks: every order of arrival, grouping and repetition gives the same states, whatever a body holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.checks import entries
from gnomon.checks.state import FEATURE, fold_check
from gnomon.features import declare_features
from gnomon.record.fold import uncovered
from gnomon.record.index import Index
from tests.property.laws import different_answers, in_folder
from tests.property.test_merge_laws import entries_of
from tests.unit.record.made_record import MadeLog

pytestmark = pytest.mark.slow

declare_features()
CHECKS = [f"{number:020x}" for number in range(1, 4)]
quick = settings(
    phases=[Phase.generate, Phase.shrink], deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)  # fmt: skip
ODD = st.sampled_from(
    [None, 3, -1, "x", "", "\x1b[31m", [], {}, [None], [{"what": 3}], True, 1e300, "a" * 5_000, [["a"]]]
)
FINDING = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["a", "b", 3]), "what": st.sampled_from(["it holds", "", 3]),
        "outcome": st.sampled_from(["pass", "fail", "cannot tell", "fine"]), "value": st.sampled_from([0.5, None, "x", 1e300]),
    }
)  # fmt: skip


@st.composite
def bodies(draw):
    """What an entry says of a check, now and then with something odd in it."""
    body = {
        "check": "drift", "name": draw(st.sampled_from(["drift of age", "drift"])),
        "verdict": draw(st.sampled_from(["pass", "fail", "cannot tell", "good"])),
        "about": [f"run:{'a' * 20}", draw(st.sampled_from([f"data:{'b' * 20}", "run:x", "log:1"]))],
        "rows": 10, "level": 0.05, "findings": draw(st.lists(FINDING, max_size=3)), "failed": 1, "unknown": 0, "total": 2,
        "result": draw(st.sampled_from(["c" * 64, "c" * 63, None])), "evidence": [{"role": "table"}], "since": CHECKS[0],
    }  # fmt: skip
    for key in draw(st.lists(st.sampled_from(sorted(body)), max_size=3)):
        body[key] = draw(ODD)
    return body


@st.composite
def histories(draw):
    logs = [
        MadeLog(n, time_us=draw(st.integers(0, 20)) * 1_000) for n in range(1, draw(st.integers(2, 4)) + 1)
    ]
    for _ in range(draw(st.integers(3, 12))):
        log = draw(st.sampled_from(logs))
        if not log.lines:
            log.add("log.opened", f"log:{log.id}")
        log.add(entries.MADE, entries.check_subject(draw(st.sampled_from(CHECKS))), draw(bodies()))
    return [log for log in logs if log.lines]


@settings(quick, max_examples=examples(60))
@given(histories(), st.randoms(use_true_random=False))
def test_order_grouping_and_repetition_make_no_difference(logs, random):
    assert len(different_answers(logs, random)) == 1


@settings(quick, max_examples=examples(60))
@given(histories(), st.randoms(use_true_random=False))
def test_the_fold_is_that_of_the_set_of_entries_and_all_that_is_made_of_it_is_plain(logs, random):
    def check(record):
        for log in logs:
            record.put_log(log)
        live = uncovered(entries_of(record).values())
        index = Index(record.home)
        index.update()
        for one in CHECKS:
            mine = [entry for entry in live if entry.subject == entries.check_subject(one)]
            if mine:
                state = fold_check(random.sample(mine, len(mine)))
                assert state == fold_check(mine) == index.state("check", one)
                json.dumps(state, allow_nan=False)
                json.dumps(FEATURE.cells(one, state, {}), allow_nan=False)
                list(FEATURE.texts(state))
                assert all(
                    link.target.partition(":")[0] in ("run", "data", "check", "person")
                    for link in FEATURE.links(state)
                )
                FEATURE.about(one, state)

    in_folder(check)
