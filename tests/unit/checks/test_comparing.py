"""Two results beside each other: what changed, and how sure that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gnomon.checks.comparing import compare
from gnomon.checks.result import FAIL, PASS, CheckResult, Figures, Finding
from gnomon.errors import BadArgumentError
from tests.unit.checks import made


def test_a_finding_that_got_worse_comes_first_with_the_difference_and_its_interval():
    found = compare(made.fairness(0.05, outcome=PASS), made.fairness(0.3))
    first = found.changes[0]
    assert (first.words, first.key) == ("now fails", "gap.selection_rate.sex")
    # 0.3 - 0.05, and half a width of sqrt(0.1² + 0.1²)
    assert first.figure.difference == pytest.approx(0.25)
    assert (first.figure.low, first.figure.high) == pytest.approx((0.25 - 0.02**0.5, 0.25 + 0.02**0.5))
    assert first.figure.is_sure
    assert found.sentence == "it was cannot tell, and is now fail: 1 of 2 findings now fails, 0 no longer do"


def test_figures_are_matched_by_the_words_of_their_rows():
    found = compare(made.fairness(0.05), made.fairness(0.3))
    told = {one.what: one for one in found.figures}
    assert told["selection rate (sex, Male)"].difference == pytest.approx(0.125)
    assert told["selection rate (sex, Female)"].difference == pytest.approx(-0.125)


def test_rows_that_one_result_alone_has_are_left_out():
    other = made.fairness()
    renamed = tuple(("sex", "F" if row[1] == "Female" else row[1], *row[2:]) for row in other.figures[0].rows)
    found = compare(made.fairness(), replace(other, figures=(other.figures[0]._replace(rows=renamed),)))
    assert [one.what for one in found.figures] == ["selection rate (sex, Male)"]


def test_findings_that_come_and_go_are_said():
    before = CheckResult("drift", "d", 1, (Finding("a", "a", PASS), Finding("b", "b", FAIL)))
    after = CheckResult("drift", "d", 1, (Finding("b", "b", FAIL), Finding("c", "c", PASS)))
    assert {one.key: one.words for one in compare(before, after).changes} == {
        "a": "no longer looked at", "b": "still fails", "c": "new"
    }  # fmt: skip


def test_a_check_with_itself_differs_in_nothing():
    found = compare(made.fairness(), made.fairness())
    assert all(one.difference == 0 and not one.is_sure for one in found.figures)
    assert not found.notes


def test_other_settings_are_said():
    other = replace(made.fairness(), settings={"target": "income", "groups": ["race"], "max_gap": 0.1})
    assert compare(made.fairness(), other).notes == ("they were asked differently: `groups`",)


def test_two_kinds_have_nothing_in_common():
    with pytest.raises(BadArgumentError, match="a check of fairness and one of drift"):
        compare(made.fairness(), made.drift())


def test_the_interval_of_a_difference_holds_its_level():
    """Two proportions of which each has a Wilson interval: the MOVER's interval of their difference is Newcombe's."""
    from gnomon.checks.intervals import newcombe, wilson

    random = np.random.default_rng(3)
    hits = 0
    for _ in range(400):
        a, b = random.binomial(80, 0.3), random.binomial(50, 0.5)
        results = []
        for k, n in ((a, 80), (b, 50)):
            low, high = wilson(k, n)
            table = Figures(
                "t", "t", ("who", "rate", "rate_low", "rate_high"), (("all", k / n, float(low), float(high)),)
            )
            results.append(CheckResult("fairness", "f", n, (), (table,)))
        (found,) = compare(*results).figures
        low, high = newcombe(b, 50, a, 80)
        assert (found.low, found.high) == pytest.approx((float(low), float(high)))
        hits += found.low <= 0.2 <= found.high
    assert 0.92 <= hits / 400 <= 0.985
