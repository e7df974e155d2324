"""Distributions as bars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.data.profile.bars import bars
from gnomon.data.profile.cells import cells_from


def test_whole_numbers_of_a_small_range_have_a_bin_each():
    found = bars([cells_from([0, 1, 1, 1], is_whole=True)])
    assert found.shares == ((0.25, 0.75),)
    assert found.edges == (-0.5, 0.5, 1.5)


def test_bins_of_whole_numbers_hold_as_many_of_them_each():
    found = bars([cells_from(range(100), is_whole=True)], 24)
    assert found.shares[0] == pytest.approx([0.05] * 20)


def test_two_distributions_stand_over_the_same_bins():
    found = bars([cells_from([0.0, 0.5, 1.0, 2.0]), cells_from([3.0, 4.0])], 4)
    assert found.edges == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert [sum(shares) for shares in found.shares] == [pytest.approx(1), pytest.approx(1)]
    assert found.shares[1][:3] == (0.0, 0.0, 0.0)


def test_one_value_alone_has_no_bars():
    assert bars([cells_from([5.0, 5.0])]) is None


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=30))
def test_shares_add_up_to_one_whatever_the_values(values):
    found = bars([cells_from(values)])
    if found is not None:
        assert sum(found.shares[0]) == pytest.approx(1)
        assert list(found.edges) == sorted(found.edges)
