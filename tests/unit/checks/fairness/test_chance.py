"""The chance that groups which are alike differ so much: exact for counts, whatever their order."""

import numpy as np
import pytest

from gnomon.checks.kinds.fairness import chance
from gnomon.checks.kinds.fairness.chance import chances, standing
from gnomon.checks.kinds.fairness.measured import rate
from gnomon.checks.kinds.fairness.pairs import range_tail


def rates(hits, n):
    hits, n = np.array(hits, float), np.array(n, float)
    return rate("selection_rate", "g", tuple(map(str, range(len(n)))), hits, n)


def test_two_groups_stand_as_far_apart_as_the_pooled_test_says():
    from scipy import stats

    z = standing(rates([30, 45], [100, 90]))
    table = [[30, 70], [45, 45]]
    assert z[0, 1] ** 2 == pytest.approx(stats.chi2_contingency(table, correction=False).statistic)


@pytest.mark.parametrize(
    ("hits", "n", "is_formula_wrong"), [([2, 8], [10, 12], False), ([3, 6], [12, 300], True)]
)
def test_a_chance_of_few_people_is_that_of_counting_all_tables(hits, n, is_formula_wrong):
    from scipy import stats

    measured = rates(hits, n)
    z = float(standing(measured)[0, 1])
    law = stats.hypergeom(sum(n), sum(hits), n[0])  # hits of the first group, where all are alike
    exact = 0.0
    for first in range(max(0, sum(hits) - n[1]), min(n[0], sum(hits)) + 1):
        other = float(standing(rates([first, sum(hits) - first], n))[0, 1])
        exact += law.pmf(first) * (1.0 if other > z + 1e-9 else 0.5 if abs(other - z) <= 1e-9 else 0.0)
    (found,) = chances(measured, [z], seed=0)
    assert 0.0005 < exact < 0.05
    assert found == pytest.approx(exact, rel=0.35)
    assert (range_tail(z, 2) < exact / 10) == is_formula_wrong


def test_drawing_and_the_formula_agree_where_there_are_many_people(monkeypatch):
    measured = rates([120, 90, 100, 101], [200] * 4)
    z = float(standing(measured).max())
    (formula,) = chances(measured, [z], seed=0)
    monkeypatch.setattr(chance, "MANY", 1e9)
    (drawn,) = chances(measured, [z], seed=0)
    assert 0.005 < formula < 0.1
    assert drawn == pytest.approx(formula, rel=0.35)


def test_names_and_order_of_groups_change_no_chance():
    hits, n = np.array([2, 9, 4, 6]), np.array([20, 30, 15, 40])
    order = [2, 0, 3, 1]
    first, second = rates(hits, n), rates(hits[order], n[order])
    z = float(standing(first).max())
    assert chances(first, [z], seed=4) == chances(second, [z], seed=4)


def test_groups_of_whom_nobody_or_everybody_is_chosen_do_not_differ():
    for hits in ([0, 0, 0], [10, 20, 30]):
        measured = rates(hits, [10, 20, 30])
        assert standing(measured).max() == 0
        assert chances(measured, [0.0, 0.0], seed=0) == [1.0, 1.0]


def test_a_chance_is_never_zero():
    measured = rates([0, 100_000], [100_000, 100_000])
    assert 0 < chances(measured, [float(standing(measured).max())], seed=0)[0] < 1e-9
