"""How far two values of a parameter lie apart: worked by hand, and laws."""

from __future__ import annotations

import math
import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.runs.packed import packed
from gnomon.runs.tried.near import scale_of_column
from gnomon.runs.tried.scale import Scale, apart, scale_of

numbers = st.one_of(st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False))
values = st.one_of(
    numbers, st.booleans(), st.text(max_size=5), st.none(), st.just(math.nan), st.just(math.inf)
)


def test_a_factor_of_ten_is_a_whole_difference_of_a_learning_rate():
    scale = scale_of([1e-4, 1e-3, 1e-2, 0.1, 0.3])
    assert apart(0.01, 0.1, scale) == 1.0 == apart(1e-4, 0.1, scale)
    assert apart(0.1, 0.12, scale) == pytest.approx(math.log10(1.2))
    assert apart(0.1, 0.11, scale) < 0.05  # a change of under 10 % is near


def test_the_range_that_was_tried_is_a_whole_difference_within_a_factor_of_ten():
    scale = scale_of([2, 4, 6, 8, 10])
    assert [apart(2, other, scale) for other in (2, 4, 6, 10)] == [0.0, 0.25, 0.5, 1.0]
    momentum = scale_of([0.9, 0.92, 0.95, 0.98, 0.99])
    assert apart(0.9, 0.99, momentum) == pytest.approx(1.0)


def test_while_few_values_are_known_the_change_itself_counts():
    assert scale_of([0.1], 0.12) == Scale()
    assert apart(0.1, 0.12, Scale()) == pytest.approx(0.0792, abs=1e-4)


def test_off_is_not_little():
    decay = scale_of([0, 1e-5, 1e-4, 1e-3, 1e-2])
    assert apart(0, 1e-5, decay) == 1.0 and apart(0.0, 0, decay) == 0.0
    assert apart(-1e-3, 1e-3, Scale()) == 1.0


def test_words_and_what_is_missing_differ_or_do_not():
    assert apart("adam", "adam", Scale()) == 0 and apart("adam", "sgd", Scale()) == 1
    assert (
        apart(True, False, Scale()) == 1
        and apart(None, False, Scale()) == 1
        and apart(3, "3", Scale(10)) == 1
    )
    assert apart(1, True, Scale()) == 0  # as groups of seeds have it
    assert apart(math.nan, math.nan, Scale()) == 0 and apart(math.nan, 1.0, Scale()) == 1


@given(values, values, st.lists(values, max_size=8))
def test_it_is_the_same_both_ways_and_0_only_for_equal_values(one, other, known):
    scale = scale_of(known, one)
    found = apart(one, other, scale)
    assert 0 <= found <= 1 and found == apart(other, one, scale)
    is_equal = one == other or (one != one and other != other)
    assert (found == 0) is is_equal


@given(st.lists(values, max_size=12), values, st.randoms())
def test_the_scale_does_not_depend_on_order_or_number(known, asked, chance):
    mixed = known * 2
    chance.shuffle(mixed)
    assert scale_of(known, asked) == scale_of(mixed, asked)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=200), st.one_of(numbers, st.none()))
def test_an_array_has_the_scale_of_its_values(known, asked):
    assert scale_of_column(array("d", known), asked) == scale_of(known, asked)
    assert scale_of_column(packed(known), asked) == scale_of(known, asked)


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20),
    st.floats(-1e9, 1e9),
    st.floats(0, 0.99),
)
def test_what_is_near_lies_within_reach_and_many_are_as_one(known, one, within):
    scale = scale_of(known, one)
    low, high = scale.reach(one, within)
    ends = [one + part * scale.width if scale.width else one * 10**part for part in (-within, within)]
    for other in [*known, *ends]:
        if scale.apart(one, other) <= within:
            assert low <= other <= high
    assert scale.all_apart(known, one) == pytest.approx(
        [scale.apart(one, other) for other in known], abs=1e-9
    )


def test_a_long_array_of_many_values_has_the_scale_of_its_values():
    chance = random.Random(3)
    column = array("d", [chance.uniform(0, 4) for _ in range(1000)])
    assert scale_of_column(column, 2) == scale_of(column, 2) == Scale()
    shifted = array("d", [3 + one for one in column])
    assert scale_of_column(shifted, 2.5) == scale_of(shifted, 2.5) != Scale()
