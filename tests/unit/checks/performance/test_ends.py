"""Intervals in closed form: by hand, by what they must contain, and by how often they hold."""

import math

import numpy as np
import pytest

from gnomon.checks.intervals import wilson
from gnomon.checks.kinds.performance import ends, ranking

LEVELS = (0.5, 0.1, 0.05, 0.001, 1e-9)


def every(chance):
    """Return intervals of each kind, with their estimates."""
    values = np.exp(chance.standard_normal(40))
    truth = chance.integers(0, 2, 60)
    truth[:4] = 0, 0, 1, 1
    found = ranking.ranked(chance.random(60) + truth, truth)
    auc, average = ranking.auc_of(found), ranking.average_precision_of(found)
    target = chance.standard_normal(40)
    said = target + chance.standard_normal(40)
    draws = chance.beta(20, 10, 1000)
    return {
        "rate": (0.9, ends.rate(9, 10)),
        "f1": (2 * 5 / (2 * 5 + 3), ends.f1(5, 3)),
        "mean_of_rates": (0.75, ends.mean_of_rates(np.array([9.0, 6]), np.array([10.0, 10]))),
        "mean": (values.mean(), ends.mean_of(values, low=0.0)),
        "root": (math.sqrt(values.mean()), ends.root_of(ends.mean_of(values, low=0.0))),
        "median": (np.median(values), ends.median_of(values)),
        "r2": (
            1 - ((said - target) ** 2).sum() / ((target - target.mean()) ** 2).sum(),
            ends.r2(target, said),
        ),
        "auc": (auc.value, auc.ends),
        "average": (average.value, average.ends),
        "drawn": (0.66, ends.drawn(0.66, draws, 0.0, 1.0)),
    }


@pytest.mark.parametrize("seed", range(5))
def test_an_interval_holds_its_estimate_and_those_of_larger_levels(seed):
    for name, (value, of) in every(np.random.default_rng(seed)).items():
        found = [of(level) for level in LEVELS]
        assert all(low <= value + 1e-12 and value - 1e-12 <= high for low, high in found), name
        assert all(
            wide[0] <= narrow[0] + 1e-9 and narrow[1] - 1e-9 <= wide[1]
            for narrow, wide in zip(found, found[1:], strict=False)
        ), name


def test_f1_is_a_rate_moved_over():
    low, high = (float(end) for end in wilson(8, 12, 0.05))
    assert ends.f1(8, 4)(0.05) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))


def test_the_mean_of_one_rate_is_that_rate():
    assert ends.mean_of_rates(np.array([7.0]), np.array([9.0]))(0.05) == pytest.approx(ends.rate(7, 9)(0.05))


@pytest.mark.slow
@pytest.mark.parametrize(("sizes", "true"), [([25, 25], 0.977), ([15] * 10, 0.97), ([80, 60, 40, 20], 0.98)])
def test_the_mean_of_rates_near_one_is_held_as_often_as_stated(sizes, true):
    """Squares of Wilson's intervals alone hold it in 86 to 92 of 100 tables."""
    chance = np.random.default_rng(0)
    n = np.array(sizes, float)
    held = []
    for _ in range(1000):
        low, high = ends.mean_of_rates(chance.binomial(n.astype(int), true).astype(float), n)(0.05)
        held.append(low <= true <= high)
    assert np.mean(held) > 0.935


def test_a_mean_without_skew_has_the_interval_of_student():
    values = np.array([-2.0, -1, 0, 1, 2])  # deviation sqrt(2.5 / 5); t of 4 degrees of freedom
    low, high = ends.mean_of(values)(0.05)
    assert (low, high) == pytest.approx((-2.776 * math.sqrt(0.5), 2.776 * math.sqrt(0.5)), rel=0.02)


def test_a_skewed_mean_reaches_farther_to_the_long_side():
    values = np.exp(np.random.default_rng(1).standard_normal(50))
    low, high = ends.mean_of(values)(0.05)
    assert high - values.mean() > 1.2 * (values.mean() - low)


def test_the_median_of_ten_lies_between_the_second_and_the_ninth():
    # P(Binomial(10, 1/2) < 2) = 11/1024, below 2.5 %; < 3 is 56/1024
    assert ends.median_of(np.arange(1.0, 11))(0.05) == (2.0, 9.0)


def test_a_perfect_ranking_has_an_interval():
    truth = np.repeat([0, 1], 25)
    low, high = ranking.auc_of(ranking.ranked(truth.astype(float), truth)).ends(0.05)
    assert high == 1.0
    assert 0.8 < low < 0.97
    low, high = ranking.average_precision_of(ranking.ranked(truth.astype(float), truth)).ends(0.05)
    assert (0.7 < low < 0.97) and high == 1.0


def test_nothing_is_said_of_values_that_are_all_the_same():
    assert ends.mean_of(np.full(20, 0.3)) is None
    assert ends.mean_of(np.array([1.0])) is None
    assert ends.r2(np.arange(5.0), np.arange(5.0)) is None
    assert ends.drawn(0.5, np.full(10, np.nan), 0, 1) is None


def test_the_smallest_level_is_where_the_interval_reaches_the_limit():
    of = ends.rate(60, 100)
    level = ends.smallest_level(lambda low, high: low > 0.5, of)
    assert of(level * 1.01)[0] > 0.5 > of(level / 1.01)[0]
    assert level == pytest.approx(0.0455, abs=1e-3)  # z = 2
    assert ends.smallest_level(lambda low, high: low > 0.7, of) == 1.0


# ---------------------------------------------------------------- how often they hold; the full table is made by the benchmark


def held(make, true, cases=400):
    chance = np.random.default_rng(11)
    count = 0
    for _ in range(cases):
        of = make(chance)
        low, high = (0.0, 1.0) if of is None else of(0.05)
        count += low <= true <= high
    return count / cases


def test_intervals_of_skewed_means_hold():
    assert held(lambda chance: ends.mean_of(np.exp(chance.standard_normal(50))), math.exp(0.5)) > 0.89
    assert held(lambda chance: ends.mean_of(chance.exponential(1, 200)), 1.0) > 0.92


@pytest.mark.slow
@pytest.mark.parametrize(("apart", "true"), [(0.0, 0.5), (2.0, 0.92135), (4.0, 0.99766)])
def test_intervals_of_an_auc_hold(apart, true):
    def make(chance):
        truth = chance.random(100) < 0.3
        return ranking.auc_of(ranking.ranked(chance.standard_normal(100) + apart * truth, truth)).ends

    assert held(make, true) > 0.92


def test_an_interval_that_is_all_the_same_for_any_rows_would_be_seen():
    assert held(lambda chance: lambda level: (0.91, 0.93), 0.5) == 0
