"""Smoothing against values worked by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import BadArgumentError
from gnomon.runs.plot.smooth import smoothed, smoothing


def by(asked: object):
    found = smoothing(asked)
    assert found is not None
    return found


def test_a_weight_is_the_debiased_exponential_mean():
    # 1; (0.5·1 + 3)/1.5; (0.25·1 + 0.5·3 + 5)/1.75
    assert smoothed([0, 7, 8], [1.0, 3.0, 5.0], by(0.5)) == pytest.approx([1, 3.5 / 1.5, 6.75 / 1.75])


def test_a_half_life_goes_by_the_distance_on_the_axis():
    # half-life 2: at x=2 the first weighs 1/2, at x=6 both weigh a quarter of what they did
    found = smoothed([0, 2, 6], [1.0, 3.0, 5.0], by(2))
    assert found == pytest.approx([1, (0.5 * 1 + 3) / 1.5, (0.125 * 1 + 0.25 * 3 + 5) / 1.375])


def test_runs_that_log_more_often_are_smoothed_alike():
    few = smoothed(list(range(0, 1000, 10)), [float(x // 500) for x in range(0, 1000, 10)], by(50))
    many = smoothed(list(range(1000)), [float(x // 500) for x in range(1000)], by(50))
    assert few[-1] == pytest.approx(many[990], abs=0.01)


@pytest.mark.parametrize("asked", [0.7, 13])
def test_a_constant_stays_exactly_what_it_is(asked):
    assert smoothed(list(range(50)), [0.1] * 50, by(asked)) == [0.1] * 50


def test_nan_stays_and_counts_for_nothing():
    found = smoothed([0, 1, 2], [1.0, math.nan, 3.0], by(0.5))
    assert math.isnan(found[1])
    assert found[::2] == pytest.approx([1, 3.5 / 1.5])
    found = smoothed([0, 1, 2], [1.0, math.nan, 3.0], by(1))
    assert found[2] == pytest.approx((0.25 * 1 + 3) / 1.25)


@pytest.mark.parametrize(
    ("asked", "weight", "half_life"),
    [
        (0.9, 0.9, 0),
        ("0.9", 0.9, 0),
        (200, None, 200),
        ("1", None, 1),
        ("90s", None, 90),
        ("5 min", None, 300),
        ("2h", None, 7200),
    ],
)
def test_what_is_written_is_understood(asked, weight, half_life):
    assert by(asked)[:2] == (weight, half_life)


@pytest.mark.parametrize("asked", [None, 0, "0"])
def test_none_and_zero_smooth_nothing(asked):
    assert smoothing(asked) is None


@pytest.mark.parametrize("asked", [-1, "x", "", True, "5 parsecs", math.nan, math.inf, "0s", [1]])
def test_anything_else_is_refused(asked):
    with pytest.raises(BadArgumentError, match="`smooth` of `plot\\(\\)` must be"):
        smoothing(asked)


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e308, 1e308)), min_size=1, max_size=30),
    st.sampled_from([0.1, 0.5, 0.999, 1, 1000.0]),
)
@settings(deadline=None)
def test_a_smoothed_value_lies_between_what_was_seen(points, asked):
    ys = [y for _, y in points]
    for at, value in enumerate(smoothed([x for x, _ in points], ys, by(asked)), start=1):
        low, high = min(ys[:at]), max(ys[:at])
        slack = 1e-12 * max(abs(low), abs(high)) + 1e-322
        assert low - slack <= value <= high + slack
