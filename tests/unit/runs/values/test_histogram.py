"""Histograms, the same with and without NumPy."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import BadArgumentError, DamagedObjectError
from gnomon.runs.values.kinds import Histogram
from gnomon.runs.values.read import read_value
from gnomon.runs.values.recognise import encoded
from tests.unit.runs.values.back import there_and_back

NAN, INF = math.nan, math.inf


def body(*args, **options):
    return json.loads(encoded(Histogram(*args, **options)).parts[0].data)


def test_a_hand_worked_case():
    # bins of 0 to 1, 1 to 2, 2 to 4 by quarters of 0..4: [0, 1), [1, 2), [2, 3), [3, 4]
    assert body([0, 0.5, 1, 3.5, 4, NAN, INF, -INF, -INF], bins=4) == {
        "edges": [0, 1, 2, 3, 4],
        "counts": [2, 1, 0, 2],
        "nan": 1,
        "minus_inf": 2,
        "plus_inf": 1,
        "below": 0,
        "above": 0,
    }


def test_values_outside_a_range_are_counted():
    found = body([-5, 0, 1, 2, 2.1, 9], bins=2, range=(0, 2))
    assert (found["edges"], found["counts"], found["below"], found["above"]) == ([0, 1, 2], [1, 2], 1, 2)


@given(st.lists(st.floats(), max_size=40), st.integers(1, 70))
def test_lists_and_arrays_give_the_same_and_every_value_is_counted_once(values, bins):
    result, histogram = there_and_back(Histogram(values, bins=bins))
    assert result == encoded(Histogram(np.array(values), bins=bins))
    assert sum(histogram.counts) + sum(histogram.outside.values()) == len(values)
    assert all(low < high for low, high in pairwise(histogram.edges))
    assert all(math.isfinite(edge) for edge in histogram.edges)
    assert len(histogram.counts) <= bins


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=40))
def test_numpy_counts_the_same_between_these_edges(values):
    counts, edges = there_and_back(Histogram(values, bins=16))[1].to_numpy()
    assert counts.tolist() == np.histogram(values, edges)[0].tolist()


@pytest.mark.parametrize("value", [0.0, 3.0, -1e300, 1.7976931348623157e308, 5e-324])
def test_a_constant_has_its_place(value):
    result = encoded(Histogram([value] * 5))
    assert result.meta["count"] == 5
    assert result.meta["min"] <= value <= result.meta["max"]


def test_shapes_and_types():
    expected = body([1.0, 2.0, 3.0, 4.0])
    assert (
        body([[1, 2], [3, 4]]) == body(np.array([[1, 2], [3, 4]], np.int8)) == body((1, 2, 3, 4)) == expected
    )
    assert body(range(1, 5)) == body([np.float32(1), 2, 3, 4]) == expected
    assert body([10**400, -(10**400)])["plus_inf"] == 1
    assert body([True, False], bins=2)["counts"] == [1, 1]


def test_nothing_to_count():
    result, histogram = there_and_back(Histogram([NAN]))
    assert (histogram.edges, histogram.counts, histogram.outside["nan"]) == ([], [], 1)
    assert result.meta == {"bins": 0, "count": 0}
    assert result.notes == ("NaN, counted apart: 1 value",)


def test_counts_that_were_made_elsewhere():
    counts, edges = np.histogram([1, 2, 2, 9], bins=3)
    result, histogram = there_and_back(Histogram(edges=edges, counts=counts, caption="c"))
    assert histogram.counts == counts.tolist()
    assert histogram.edges == edges.tolist()
    assert result.meta == {"bins": 3, "count": 4, "min": 1.0, "max": 9.0, "caption": "c"}
    assert body(edges=[0, 1], counts=[0.25])["counts"] == [0.25]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "`values` of `Histogram` must be given, or both `edges` and `counts`"),
        ({"edges": [1, 2]}, "must be given"),
        ({"values": [1], "edges": [1, 2], "counts": [1]}, "must be given"),
        ({"edges": [1, 2], "counts": [1, 2]}, "one more than `counts`.*; got 2 edges and 2 counts"),
        ({"edges": [1], "counts": []}, "one more than"),
        ({"edges": [2, 1], "counts": [1]}, "finite and increasing"),
        ({"edges": [1, NAN], "counts": [1]}, "finite and increasing"),
        ({"edges": [1, 2], "counts": [-1]}, "finite and at least 0"),
        ({"edges": [1, 2], "counts": [NAN]}, "finite and at least 0"),
        ({"values": [1], "bins": 0}, "`bins` of `Histogram` must be a whole number from 1 to 4,096; got 0"),
        ({"values": [1], "bins": "auto"}, "got 'auto'"),
        ({"values": [1], "range": (2, 1)}, r"\(low, high\), finite and increasing; got \(2, 1\)"),
        ({"values": ["x"]}, "an array of numbers"),
        ({"values": [1j]}, "complex128"),
        ({"values": object()}, "an array of numbers; got a object"),
    ],
)
def test_what_is_no_histogram_is_refused(options, said):
    with pytest.raises(BadArgumentError, match=said):
        encoded(Histogram(**options))


def test_a_list_that_holds_itself_is_refused():
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(BadArgumentError, match="8 levels"):
        encoded(Histogram(endless))


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"edges":[1],"counts":[1]}', b'{"edges":["a","b"],"counts":[1]}', b"[" * 99_999],
)
def test_broken_histograms_are_refused_on_reading(data):
    with pytest.raises(DamagedObjectError):
        read_value("histogram", {}, {"histogram.json": data})
