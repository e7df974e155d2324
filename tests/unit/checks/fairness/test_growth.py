"""Whether a gap grew since an earlier version."""

import numpy as np
import pytest

from gnomon.checks.intervals import newcombe
from gnomon.checks.kinds.fairness.growth import growth_of, in_common
from gnomon.checks.kinds.fairness.measured import rate


def rates(hits, n, labels="abcdefghijkl"):
    n = np.array(n, float)
    return rate("selection_rate", "g", tuple(labels[: len(n)]), np.array(hits, float), n)


def test_a_gap_that_surely_grew_has_an_interval_above_zero():
    found = growth_of(rates([300, 600], [1000, 1000]), rates([450, 550], [1000, 1000]), 0.05)
    assert found.value == pytest.approx(0.2)
    assert 0.1 < found.low < 0.2 < found.high < 0.3
    assert found.p < 1e-6


def test_the_interval_of_two_groups_puts_both_intervals_together_by_squares():
    now, before = rates([60, 30], [100, 100]), rates([50, 45], [100, 100])
    found = growth_of(now, before, 0.05)
    low, high = map(float, newcombe(60, 100, 30, 100))
    low0, high0 = map(float, newcombe(50, 100, 45, 100))
    assert found.low == pytest.approx(0.25 - np.hypot(0.3 - low, high0 - 0.05))
    assert found.high == pytest.approx(0.25 + np.hypot(high - 0.3, 0.05 - max(low0, 0)))


def test_the_chance_is_the_level_at_which_the_interval_leaves_zero_out():
    now, before = rates([60, 30, 40], [100] * 3), rates([50, 42, 44], [100] * 3)
    found = growth_of(now, before, 0.05)
    assert 0.001 < found.p < 0.2
    assert growth_of(now, before, found.p * 1.02).low > 0 > growth_of(now, before, found.p * 0.98).low


def test_a_gap_that_turned_around_did_not_grow():
    found = growth_of(rates([300, 500], [1000, 1000]), rates([500, 300], [1000, 1000]), 0.05)
    assert found.value == 0
    assert found.p == 1


def test_a_small_sample_now_is_no_growth():
    # ten groups that are alike: twenty people each make a gap of 0.4 by chance
    chance = np.random.default_rng(1)
    now, before = rates(chance.binomial(20, [0.5] * 10), [20] * 10), rates([50_000] * 10, [100_000] * 10)
    found = growth_of(now, before, 0.05)
    assert found.value > 0.2
    assert found.low <= 0
    assert found.p > 0.05


def test_only_groups_of_both_versions_that_are_large_enough_are_compared():
    now, before = rates([5, 6, 7, 8], [10, 20, 30, 40], "abcd"), rates([5, 6, 7], [30, 5, 20], "cbd")
    first, second = in_common(now, before, 10)
    assert first.labels == second.labels == ("c", "d")
    assert second.n.tolist() == [30, 20]
    assert in_common(now, before, 35) is None


@pytest.mark.slow
def test_a_gap_that_did_not_grow_is_seldom_said_to_have_grown():
    chance = np.random.default_rng(2)
    wrong = 0
    for truth in ([0.5, 0.5], [0.4, 0.6], [0.3] * 5, [0.3, 0.4, 0.45, 0.5, 0.5]):
        for _ in range(150):
            now, before = (rates(chance.binomial(n, truth), [n] * len(truth)) for n in (100, 400))
            wrong += growth_of(now, before, 0.05).p <= 0.05
    assert wrong <= 44  # 30 of 600 are allowed; more than 44 are by chance in 1 of 100
