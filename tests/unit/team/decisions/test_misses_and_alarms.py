"""Held-out simulated teams: contradicted evidence is noticed, and nothing else raises an alarm.

Full figures: docs/explanation/evidence-changed.md (`python -m benchmarks.decisions`); these are fewer cases, always the
same ones.
"""

from __future__ import annotations

import pytest

from benchmarks.decisions import figures
from benchmarks.decisions.cases import BORDERLINE, STILL
from gnomon.team.decisions import contradiction

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result():
    return figures.count("test", 12, step=lambda what: None)


def test_at_most_five_percent_of_contradictions_are_missed(result):
    assert result.misses <= 5


def test_at_most_ten_percent_of_other_decisions_raise_an_alarm(result):
    assert result.false_alarms <= 10
    assert result.share(STILL) <= 10
    assert result.share(BORDERLINE) <= 15  # of 36 cases: 10, and a standard error


def test_what_is_no_matter_of_chance_is_always_noticed(result):
    drawn = ("later seeds", "later runs", "more seeds", "lead")
    exact = {kind: one.wrong for kind, one in result.kinds.items() if not any(word in kind for word in drawn)}
    assert len(exact) >= 14
    assert {kind: wrong for kind, wrong in exact.items() if wrong and "one later" not in kind} == {}


def test_these_tests_would_see_a_decision_that_looks_at_no_later_run(monkeypatch):
    monkeypatch.setattr("gnomon.team.decisions.standing.later_runs", lambda seen, known: [[] for _ in known])
    assert figures.count("test", 2, step=lambda what: None).misses > 25


def test_these_tests_would_see_an_alarm_at_any_difference(monkeypatch):
    monkeypatch.setattr(contradiction, "LEVEL", 0.9)
    assert figures.count("test", 4, step=lambda what: None).false_alarms > 10
