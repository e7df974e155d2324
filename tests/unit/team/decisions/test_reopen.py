"""Conditions: how they are written, and that many of them together say what each of them says alone."""

from __future__ import annotations

import random

import pytest

import gnomon
from gnomon.team.decisions.reopen import AFTER, DATA, RUNS, Condition, Lookup, conditions_of, held, read
from gnomon.team.decisions.seen import Seen


@pytest.mark.slow
def test_the_three_kinds_of_condition_are_read_and_kept(project, train):
    train("deep", 1, 0.9)
    (project / "credit.csv").write_text("a\n1\n")
    gnomon.add_data("credit.csv", name="credit")
    record = gnomon.open()
    texts = ["Any run  where metrics.auc > 0.99", "data:credit has a newer version", "after 2090-03"]
    found = [read(record, text) for text in texts]
    assert [one.kind for one in found] == [RUNS, DATA, AFTER]
    assert (found[0].filter, found[1].name, found[1].number) == ("metrics.auc > 0.99", "credit", 1)
    assert conditions_of({"reopen": [one.to_dict() for one in found]}) == found


def test_a_day_is_over_at_its_end(project, monkeypatch, train):
    import time

    train("deep", 1, 0.9)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    condition = read(gnomon.open(), "after 2030-01-01")
    lookup = Lookup(Seen(gnomon.open()))
    assert condition.after == 1_893_542_400.0  # 2030-01-02 00:00 UTC
    assert held(condition, lookup, 1_893_542_399.0).verdict == "intact"
    assert held(condition, lookup, 1_893_542_400.0).verdict == "changed"
    monkeypatch.undo()
    time.tzset()


FILTERS = [
    "params.depth = 3", "params.depth = 3 and metrics.auc > 0.5", "metrics.auc >= 0.5", "metrics.auc < 0.1",
    "metrics.auc <= 0.25 and params.depth > 2", "params.depth = 99", "group = 'g1' and metrics.auc > 0.9",
    "params.amp = true", "params.depth = 1", "params.amp", "metrics.auc > 0.2 or params.depth = 2",
    "not params.depth = 2", "metrics.auc > 5", "metrics.auc < -5", "params.odd > 1", "params.odd = 'x'",
    "status = finished and metrics.auc > 0.95", "0.4 < metrics.auc < 0.6", "'a' in tags", "seed >= 30",
    "metrics.none > 1", "metrics.auc > inf",
    "params.depth = 2.0",
]  # fmt: skip


@pytest.fixture
def many(project):
    chance = random.Random(3)
    for seed in range(60):
        odd = chance.choice([None, 1, 2.5, "x", True, 10**20])
        params = {"depth": chance.choice([1, 2, 3, 2.0, True]), "amp": chance.random() < 0.5}
        params |= {"odd": odd} if odd is not None else {}
        with gnomon.run(
            f"r{seed}", params=params, seed=seed, group=f"g{seed % 3}", tags=["a"] if seed % 2 else []
        ) as run:
            run.log({"auc": chance.choice([chance.random(), chance.random(), float("nan"), float("inf")])})
    record = gnomon.open()
    record.remove(record.run("r7").id)
    record.replica.update()
    return record


def test_many_filters_together_choose_the_runs_that_each_chooses_alone(many):
    seen = Seen(many)
    lookup = Lookup(seen, [Condition(RUNS, text, filter=text) for text in FILTERS])
    for text in FILTERS:
        chosen = {seen.ids[place] for place in lookup.matching(text)}
        assert chosen == set(many.runs(text, columns=["id"], limit=None).ids), text


def test_columns_are_looked_through_for_values_only_where_there_are_many_conditions(many):
    seen = Seen(many)
    few = Lookup(seen, [Condition(RUNS, FILTERS[0], filter=FILTERS[0])])
    assert not few._equal and few.matching(FILTERS[0])


def test_a_filter_that_nobody_can_read_any_more_cannot_be_told(many):
    condition = Condition(RUNS, "any run where (((", filter="(((")
    found = held(condition, Lookup(Seen(many), [condition]), 0.0)
    assert found.verdict == "cannot tell" and "cannot be read" in found.now
