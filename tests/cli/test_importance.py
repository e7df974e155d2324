"""`gnomon importance`: the table, the sentence, JSON, and what is wrong."""

from __future__ import annotations

import random

import pytest

import gnomon


@pytest.fixture
def sweep(project):
    chance = random.Random(5)
    for at in range(24):
        depth = chance.choice([2, 4, 8])
        run = gnomon.run(
            "sweep", params={"depth": depth, "width": 32 * depth, "lr": chance.random()}, seed=at
        )
        run.log(auc=0.1 * depth + chance.gauss(0, 0.05))
        run.finish()


def test_a_table_a_sentence_and_what_varies_together(ask, sweep):
    answer = ask("importance", "auc")
    assert answer.code == 0
    assert "depth" in answer.out and "matters" in answer.out and "cannot tell" in answer.out
    assert "This is association within these runs, not cause." in answer.out
    assert "`depth` and `width` vary together (1.00)" in answer.out


def test_json_says_the_same(ask, sweep):
    found = ask("importance", "metrics.auc", "--json", "--where", "params.depth > 2").json()
    assert found["metric"] == "auc" and found["configurations"] < 24
    assert {pair["second"] for pair in found["vary_together"]} == {"width"}


def test_an_unknown_metric_and_a_wrong_level_are_said(ask, sweep):
    answer = ask("importance", "auk")
    assert answer.code == 2 and "did you mean `auc`?" in answer.err
    assert "`--level`" in ask("importance", "auc", "--level", "5").err


def test_without_runs_nothing_is_claimed(ask, project):
    run = gnomon.run("alone", params={"lr": 0.1})
    run.log(auc=0.5)
    run.finish()
    assert "Cannot tell which parameters matter for `auc`" in ask("importance", "auc").out
