"""The mean of seeds and its interval, against values worked by hand."""

from __future__ import annotations

import math

import pytest

from gnomon.runs.plot.interval import mean_and_half, means, on_grid

NAN = math.nan


def test_the_interval_is_the_t_interval_of_the_mean():
    # mean 2, s = 1, n = 3; t(0.975, 2) = 4.302653 by any table: 4.302653 / sqrt 3
    assert mean_and_half([1.0, 2.0, 3.0]) == pytest.approx((2, 2.4841377))
    # mean 1, s = sqrt 2, n = 2; t(0.975, 1) = 12.706205: 12.706205 · sqrt 2 / sqrt 2
    assert mean_and_half([0.0, 2.0]) == pytest.approx((1, 12.706205))


def test_one_curve_has_no_interval_and_none_no_mean():
    mean, half = mean_and_half([5.0])
    assert mean == 5 and math.isnan(half)
    assert all(map(math.isnan, mean_and_half([])))


def test_large_values_do_not_overflow():
    mean, half = mean_and_half([1e308, 1e308])
    assert (mean, half) == (1e308, 0)
    mean, half = mean_and_half([1e300, -1e300])
    assert mean == 0 and half == pytest.approx(12.706205 * 1e300)


def test_a_curve_counts_only_inside_its_range():
    assert on_grid(([0, 2], [0.0, 4.0]), [-1, 0, 1, 2, 3]) == pytest.approx([NAN, 0, 2, 4, NAN], nan_ok=True)


def test_a_curve_does_not_count_across_a_gap():
    found = on_grid(([0, 1, 2], [0.0, NAN, 4.0]), [0, 0.5, 1, 1.5, 2])
    assert found == pytest.approx([0, NAN, NAN, NAN, 4], nan_ok=True)


def test_curves_with_other_steps_meet_on_a_common_grid():
    found = means([([0, 2], [0.0, 2.0]), ([0, 1, 2, 3], [2.0, 3.0, 4.0, 5.0])], [0, 1, 2, 3])
    assert found.means == [1, 2, 3, 5]
    assert found.counts == [2, 2, 2, 1]
    assert found.lows[:3] == pytest.approx([1 - 12.706205, 2 - 12.706205, 3 - 12.706205])
    assert math.isnan(found.lows[3]) and math.isnan(found.highs[3])
