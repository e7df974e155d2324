"""Merge laws of versions of data: every order of arrival, grouping and repetition gives the same states and the same answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.data import entries
from gnomon.data.state import FEATURE, fold_version
from gnomon.data.views import labels, newest, rows
from gnomon.features import declare_features
from gnomon.record.fold import uncovered
from gnomon.record.index import Index
from tests.property.laws import different_answers, in_folder
from tests.property.test_merge_laws import entries_of
from tests.unit.record.made_record import MadeLog

pytestmark = pytest.mark.slow

declare_features()
VERSIONS = [f"{number:020x}" for number in range(1, 5)]
quick = settings(
    phases=[Phase.generate, Phase.shrink],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
texts = st.sampled_from(["gold", "silver", "v3", "\x1b[31m", ""])


@st.composite
def bodies(draw):
    """A kind of entry and its body, now and then an odd one."""
    kind = draw(st.sampled_from([entries.ADDED, entries.TAGGED, entries.DESCRIBED_AS, entries.PROFILED]))
    if kind == entries.TAGGED:
        return kind, {"tags": draw(st.lists(texts, max_size=2))}
    if kind == entries.PROFILED:
        made = {
            "object": draw(st.sampled_from(["ab" * 32, "cd" * 32, "no"])),
            "rows": draw(st.sampled_from([1, -1, "x"])),
        }
        return kind, made if draw(st.booleans()) else {"note": draw(texts)}
    if kind == entries.DESCRIBED_AS:
        return kind, {"field": draw(st.sampled_from(["licence", "origin", "other"])), "value": draw(texts)}
    body = {
        "name": draw(st.sampled_from(["credit", "ledger", "a b"])),
        "number": draw(st.sampled_from([1, 2, 3, 0, -1, "1"])),
        "parents": draw(st.lists(st.sampled_from([*VERSIONS, "x"]), max_size=2)),
        "object": draw(st.sampled_from(["ab" * 32, "cd" * 32, "no"])),
        "is_tree": draw(st.booleans()),
        "licence": draw(texts),
    }
    return kind, {key: value for key, value in body.items() if draw(st.integers(0, 9))}


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
        over = draw(st.lists(st.sampled_from(written), max_size=2, unique=True)) if written else []
        written.append(log.add(kind, entries.data_subject(draw(st.sampled_from(VERSIONS))), body, over=over))
    return [log for log in logs if log.lines]


def answers(index: Index) -> object:
    """What a person is told: states, and how versions are called, by data set."""
    found = rows(index)
    names = sorted({row.name for row in found})
    return [
        [[row.id, row.number, list(row.tags)] for row in found],
        labels(found),
        {name: [row.id for row in newest([row for row in found if row.name == name])] for name in names},
        {row.id: index.state("data", row.id) for row in found},
    ]


@settings(quick, max_examples=examples(60))
@given(histories(), st.randoms(use_true_random=False))
def test_order_grouping_and_repetition_make_no_difference(logs, random):
    def answer(index):
        return index.export(), json.dumps(answers(index), sort_keys=True)

    assert len(different_answers(logs, random, answer)) == 1


@settings(quick, max_examples=examples(60))
@given(histories(), st.randoms(use_true_random=False))
def test_the_fold_is_that_of_the_set_of_entries(logs, random):
    def check(record):
        for log in logs:
            record.put_log(log)
        live = uncovered(entries_of(record).values())
        index = Index(record.home)
        index.update()
        for version in VERSIONS:
            mine = [entry for entry in live if entry.subject == entries.data_subject(version)]
            if mine:
                state = fold_version(random.sample(mine, len(mine)))
                assert state == fold_version(mine) == index.state("data", version)
                FEATURE.cells(version, state, {})

    in_folder(check)


@settings(quick, max_examples=examples(30))
@given(histories())
def test_every_data_set_has_a_newest_version(logs):
    def check(record):
        for log in logs:
            record.put_log(log)
        index = Index(record.home)
        index.update()
        found = rows(index)
        for name in {row.name for row in found}:
            assert newest([row for row in found if row.name == name])

    in_folder(check)
