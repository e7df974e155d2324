"""Intervals of gaps whose two groups were picked after looking."""

import numpy as np
import pytest

from gnomon.checks.intervals import newcombe
from gnomon.checks.kinds.fairness.measured import Mean, normal, rate, student
from gnomon.checks.kinds.fairness.pairs import gap_of, range_tail, range_z, upper_z


def rates(hits, n):
    hits, n = np.array(hits, float), np.array(n, float)
    return rate("selection_rate", "g", tuple(map(str, range(len(n)))), hits, n)


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3, 12, 100])
def test_the_range_of_alike_groups_is_the_studentized_range(k):
    from scipy import stats

    for z in (0.5, 2.0, 3.5, 5.0):
        expected = stats.studentized_range.sf(z * 2**0.5, k, 1e6) if k > 2 else 2 * stats.norm.sf(z)
        assert range_tail(z, k) == pytest.approx(expected, rel=1e-3, abs=1e-12)
    assert range_tail(range_z(0.01, k), k) == pytest.approx(0.01, rel=1e-9)


def test_the_gap_of_two_groups_is_the_interval_of_newcombe():
    found = gap_of(rates([56, 48], [70, 80]), 0.05)
    low, high = newcombe(56, 70, 48, 80)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, float(low), float(high)))
    assert (found.low_at, found.high_at) == (1, 0)


def test_looking_at_more_groups_lowers_the_lower_end_and_spares_the_upper():
    two = gap_of(rates([60, 80], [100, 100]), 0.05)
    many = gap_of(rates([60, 80, *[70] * 10], [100] * 12), 0.05)
    assert many.value == two.value
    assert many.low < two.low - 0.05
    assert two.high - 0.03 < many.high <= two.high


def test_both_sides_together_miss_in_as_many_cases_as_the_level_says():
    # of two groups: 2.5 % on each side
    assert upper_z(range_z(0.05, 2), 0.05) == pytest.approx(1.96, abs=1e-3)
    # of many: nearly all of the 5 % is above, since few pairs that stand out are missed below
    assert 1.645 < upper_z(range_z(0.05, 12), 0.05) < 1.66


def test_an_interval_contains_its_gap_and_stays_possible():
    for hits, n in (([0, 0], [10, 10]), ([10, 0], [10, 10]), ([1, 0, 3], [1, 5, 3])):
        found = gap_of(rates(hits, n), 0.05)
        assert 0 <= found.low <= found.value <= found.high <= 1
    assert gap_of(rates([0, 0], [10, 10]), 0.05).high > 0.2  # nobody of ten is no certain zero


def test_a_group_of_means_has_the_interval_of_student():
    from scipy import stats

    chance = np.random.default_rng(3)
    rows = [chance.normal(1, 2, 30), chance.normal(0, 1, 40)]
    error = np.array([one.std(ddof=1) / len(one) ** 0.5 for one in rows])
    measured = Mean(
        "e", "g", ("a", "b"), np.array([30.0, 40.0]), np.array([one.mean() for one in rows]), error
    )
    low, high = measured.ends(1.959964)
    for place, one in enumerate(rows):
        expected = stats.t.interval(0.95, len(one) - 1, one.mean(), error[place])
        assert (low[place], high[place]) == pytest.approx(expected, abs=1e-3)


def test_student_and_normal_undo_each_other():
    freedom = np.array([3.0, 10.0, 1e6])
    assert normal(student(2.5, freedom), freedom) == pytest.approx([2.5] * 3)
    assert student(1.96, freedom) == pytest.approx([3.18, 2.228, 1.96], abs=0.05)
