"""Packed columns: the cells that they were made of, and the same answers from them as from lists."""

from __future__ import annotations

import random
from array import array

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.runs.packed import Words, cells_at, packed, packed_bytes, size_of
from gnomon.runs.where import parse, sort_indices

NAN = float("nan")
COLUMNS = {
    "floats": [0.5, -0.0, 1e300, float("inf")] * 20,
    "whole": [*range(79), -(2**63)],
    "few whole": [3, None, 7, 0] * 20,
    "texts": ["adam", "sgd", None, ""] * 20,
    "texts and truths": ["withheld", True, False, None] * 20,
    "truths": [True, False, None, None] * 20,
    "many texts": [f"run {number:03}" for number in range(80)],
    "truths and numbers": [True, 1, 1.0, 0] * 20,
    "with nan": [0.5, NAN, 1.0, 2.0] * 20,
    "both infinities": [float("inf"), float("-inf"), 1.0, 2.0] * 20,
    "large": [2**70, 1, 2, 3] * 20,
    "lists": [["a"], [], None, ["b", "c"]] * 20,
    "nothing": [None] * 80,
}
FORMS = {
    **COLUMNS,
    "moments": [10**15 + number for number in range(80)],
    "whole of 64 bits": [2**63 - 1, 2**63] * 40,
    "small whole": [-32, -1, 0, 127, None] * 16,
    "one more than small": [-33, 0, 127, 128] * 20,
    "truths and few whole": [True, 1, 0, None] * 20,
    "one inside another": ["a", "ab", "b", "", "aba", None] * 20,
    "not ASCII": ["é", "e", "日本", None] * 20,
    "text and numbers": ["é", 1, 2] * 30,
    "long texts": ["x" * 31, "x" * 32, "y" * 300] * 30,
    "controls": ["\0", "\x01\x02", "\x7f", "\x7f\x7f"] * 20,
    "sixteen texts": [f"t{number}" for number in range(16)] * 5,
    "seventeen texts": [f"t{number}" for number in range(17)] * 5,
    "empty lists": [[], "", None, 0] * 20,
    "dicts that are texts": ['{"a": 1}', "[]", "{}", "x"] * 20,
}
cell = st.one_of(
    st.none(), st.booleans(), st.sampled_from(["", "a", "ab", "é", "x" * 40]), st.integers(-(2**63), 2**64 - 1),
    st.integers(-40, 140), st.floats(), st.lists(st.integers(0, 3), max_size=2),
)  # fmt: skip
QUESTIONS = (
    "params.x > 0.7", "params.x <= 3", "params.x = 1", "params.x != 1", "params.x = 'sgd'", "params.x != 'sgd'", "params.x",
    "params.x = false", "params.x in ('adam', 3)", "params.x not in ('adam', 3)", "params.x is missing",
    "params.x is not missing", "params.x is nan", "params.x is not nan", "params.x ~ '*d*'", "params.x !~ '*d*'",
    "params.x ~ 'run 0?1'", "params.x contains 'a'",
    "not params.x > 0.7", "params.x > 0.7 or params.x is missing", "params.x < 2 and params.x != 0", "params.x < params.y",
)  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_the_cells_are_those_that_were_packed(name):
    cells = COLUMNS[name]
    column = packed(list(cells))
    assert [*map(repr, column)] == [*map(repr, cells)]
    assert [repr(column[row]) for row in range(len(cells))] == [*map(repr, cells)]
    assert len(column) == len(cells)


def by_bytes(cells):
    return packed_bytes(b"".join(map(msgspec.msgpack.encode, cells)), len(cells))


@pytest.mark.parametrize("name", [name for name in FORMS if name != "large"])
def test_the_bytes_of_cells_are_packed_as_the_cells_are(name):
    cells = FORMS[name]
    column = by_bytes(cells)
    if column is not None:
        assert [*map(repr, column)] == [*map(repr, cells)]
        assert type(column) is type(packed(list(cells)))


@pytest.mark.parametrize(
    "name", ["floats", "few whole", "texts", "truths", "moments", "one inside another", "sixteen texts"]
)
def test_most_columns_are_packed_without_their_cells(name):
    assert by_bytes(FORMS[name]) is not None


@given(st.lists(cell, max_size=4), st.integers(1, 40))
def test_bytes_are_packed_as_they_were_or_not_at_all(few, times):
    column = by_bytes(few * times)
    assert column is None or [*map(repr, column)] == [*map(repr, few * times)]


@pytest.mark.parametrize("name", COLUMNS)
def test_cells_of_some_rows(name):
    rows = [79, 0, 5, 5]
    assert repr(cells_at(packed(list(COLUMNS[name])), rows)) == repr([COLUMNS[name][row] for row in rows])


@pytest.mark.parametrize("name", COLUMNS)
def test_a_filter_and_an_order_make_no_difference_between_a_packed_column_and_a_list(name):
    cells = COLUMNS[name]
    tables = [{"params.x": form, "params.y": [1.5] * 80} for form in (list(cells), packed(list(cells)))]
    for question in QUESTIONS:
        asked = parse(question)
        chosen = [asked.compile(table) for table in tables]
        assert chosen[0] == chosen[1], question
        half = [parse(f"params.y > 1 and ({question})").compile(table, 80) for table in tables]
        assert half[0] == half[1]
    for order in ("params.x", "params.x:desc", "params.y,params.x"):
        for limit in (None, 0, 3, 15, 80):
            first, second = (sort_indices(table, order, range(80), limit) for table in tables)
            assert first == second, (order, limit)


@pytest.mark.parametrize("is_descending", [False, True])
def test_the_first_of_many_rows_are_those_of_all_in_order(is_descending):
    """Also where every sixteenth row, by which their bound is told, has nothing of the others."""
    chance = random.Random(3)
    order = "params.x:desc" if is_descending else "params.x:asc"
    for odd in (-5.0, 0.5, 5.0):
        cells = [odd if row % 16 == 0 else chance.random() for row in range(8_000)]
        table = {"params.x": array("d", cells)}
        all_of_them = sorted(range(8_000), key=cells.__getitem__, reverse=is_descending)
        for limit in (100, 300, 1_500):
            assert sort_indices(table, order, range(8_000), limit) == all_of_them[:limit]


def test_a_packed_column_takes_less_room():
    assert isinstance(packed(["adam", "sgd"] * 40), Words)
    assert size_of(packed(["adam", "sgd"] * 40)) == 80
    assert size_of(packed([0.5] * 80)) == 640 < size_of([0.5] * 80)
