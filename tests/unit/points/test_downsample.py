"""Fewer points draw the same line."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.points import columns
from gnomon.points.downsample import _edges, _extremes, _extremes_numpy, extremes, m4

NAN = float("nan")


def test_a_hand_worked_bucket(numpy_or_not):
    assert m4(range(6), [0, 9, 1, -5, 3, 1], 1) == [0, 1, 3, 5]


def test_few_points_all_stay():
    assert m4(range(8), [1.0] * 8, 2) == [*range(8)]
    assert m4([], [], 5) == []


def test_buckets_have_equal_width_on_the_x_axis(numpy_or_not):
    """Nine points lie in the first half of the axis, three in the second."""
    xs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 50, 60, 100]
    ys = [0, 5, 1, 1, 1, 1, -5, 1, 2, 1, 9, 3]
    assert m4(xs, ys, 2) == [0, 1, 6, 8, 9, 10, 11]


@pytest.mark.parametrize("xs", [[3, 1, 2, 0] * 5, [NAN, *range(19)], [*range(19), math.inf]])
def test_where_x_goes_back_buckets_hold_equally_many(xs, numpy_or_not):
    assert m4(xs, [float(number) for number in range(20)], 2) == [0, 9, 10, 19]


def test_nan_is_never_an_extreme(numpy_or_not):
    assert m4(range(6), [1, NAN, 5, NAN, 0, 2], 1) == [0, 2, 4, 5]
    assert m4(range(6), [NAN] * 6, 1) == [0, 5]
    assert m4(range(12), [NAN] * 6 + [1, 2, 3, 0, 5, 4], 2) == [0, 5, 6, 9, 10, 11]


def test_one_x_for_all(numpy_or_not):
    assert m4([1] * 9, [3, 1, 2, 9, 4, 5, 6, 7, 8], 1) == [0, 1, 3, 8]
    assert set(m4([1] * 9, [3, 1, 2, 9, 4, 5, 6, 7, 8], 2)) >= {0, 1, 3, 8}


def test_whole_numbers_beyond_float64_are_drawn(numpy_or_not):
    ys = [1, 10**400, 2, -(10**400), 5, 6]
    assert m4(range(6), ys, 1) == [0, 1, 3, 5]


values = st.floats(width=16) | st.sampled_from([0.0, -0.0, NAN, 1.0])


@given(st.lists(values, min_size=1, max_size=60), st.integers(1, 7), st.randoms(use_true_random=False))
def test_with_and_without_numpy_the_same_points_stay(ys, buckets, chance):
    numpy = pytest.importorskip("numpy")
    xs = sorted(chance.choice(range(100)) for _ in ys) if buckets % 2 else [chance.random() for _ in ys]
    edges = sorted({0, *_edges(xs, len(ys), buckets), len(ys)})
    assert _extremes(ys, edges) == _extremes_numpy(numpy, numpy.asarray(ys), edges)


@given(st.lists(values, max_size=80), st.integers(1, 5))
def test_what_stays_is_in_order_and_holds_the_extremes(ys, buckets):
    kept = m4(range(len(ys)), ys, buckets)
    assert kept == sorted(set(kept))
    assert len(kept) <= 4 * buckets
    numbers = [value for value in ys if value == value]
    if numbers:
        assert min(numbers) in [ys[at] for at in kept]
        assert max(numbers) in [ys[at] for at in kept]


def test_columns_are_taken_as_they_are():
    ys = columns.column("d", [random.Random(1).random() for _ in range(2_000)])
    xs = columns.column("q", range(2_000))
    assert m4(xs, ys, 50) == m4(xs.tolist(), ys.tolist(), 50)


def test_whole_numbers_that_a_float64_cannot_hold_are_told_apart(numpy_or_not):
    ys = [2**60 + 3, 2**60 + 1, *[2**60 + 2] * 700, 2**60 + 5, 0.5 + 2**52, 2**60 + 4]
    assert extremes(ys, [0, 2, 703, len(ys)]) == ([1, 2, 703], [0, 702, 704])
