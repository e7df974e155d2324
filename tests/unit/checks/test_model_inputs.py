"""Columns of any library can be picked, blanked and renumbered, and keep their types; a sample is the same wherever rows lie."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from gnomon.checks.model_columns import NUMPY, PANDAS, POLARS, array_of, blanked, picked, renumbered, stacked
from gnomon.checks.model_inputs import inputs_of
from gnomon.errors import BadArgumentError

PANDAS_COLUMNS = {
    "int": pd.Series([3, 1, 2], dtype="int8"),
    "float": pd.Series([1.5, np.nan, 2.0]),
    "nullable": pd.Series([3, None, 2], dtype="Int64"),
    "flag": pd.Series([True, False, True]),
    "maybe": pd.Series([True, None, False], dtype="boolean"),
    "text": pd.Series(["x", None, "y"]),
    "category": pd.Series(["x", None, "y"], dtype="category"),
    "mixed": pd.Series([1, "x", None], dtype=object),
    "day": pd.to_datetime(pd.Series(["2026-01-01", None, "2026-01-03"])),
}
POLARS_COLUMNS = {
    "int": pl.Series("c", [3, 1, 2], pl.Int8),
    "float": pl.Series("c", [1.5, None, 2.0]),
    "flag": pl.Series("c", [True, None, False]),
    "text": pl.Series("c", ["x", None, "y"]),
    "category": pl.Series("c", ["x", None, "y"], pl.Categorical),
    "day": pl.Series("c", [datetime.date(2026, 1, 1), None, datetime.date(2026, 1, 3)]),
    "list": pl.Series("c", [[1, 2], None, [3]]),
}
COLUMNS = [*PANDAS_COLUMNS.values(), *POLARS_COLUMNS.values()]
NAMES = [f"pandas {name}" for name in PANDAS_COLUMNS] + [f"polars {name}" for name in POLARS_COLUMNS]


@pytest.mark.parametrize("column", COLUMNS, ids=NAMES)
def test_picking_keeps_the_type_and_takes_the_places(column):
    found = picked(column, np.array([2, 2, 0]))
    assert found.dtype == column.dtype
    assert [str(one) for one in found.to_list()] == [str(column.to_list()[place]) for place in (2, 2, 0)]


@pytest.mark.parametrize("column", COLUMNS, ids=NAMES)
def test_blanking_takes_away_those_values_alone(column):
    found = array_of(blanked(column, np.array([True, False, False])))
    assert found[0] is None or np.isnan(found[0])
    assert str(found[2]) in (
        str(array_of(column)[2]),
        str(float(array_of(column)[2])) if found.dtype == float else "",
    )


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "Int64", "Float64"])
def test_renumbering_keeps_the_type_of_pandas(dtype):
    column = pd.Series([3, 1, 2], dtype=dtype)
    found = renumbered(column, np.array([1.0, 2.0, 3.0]))
    assert found.dtype == column.dtype and found.tolist() == [1, 2, 3]


def test_renumbering_keeps_what_is_missing():
    numbers = np.array([1.0, np.nan, 3.0])
    assert renumbered(pd.Series([3, None, 2], dtype="Int64"), numbers).isna().tolist() == [False, True, False]
    assert renumbered(pl.Series("c", [3, None, 2], pl.Int16), numbers).to_list() == [1, None, 3]
    assert renumbered(np.array([3, None, 2], dtype=object), numbers).tolist() == [1.0, None, 3.0]


def test_the_largest_whole_numbers_do_not_turn_over():
    column = np.array([2**63 - 1, 0, 5], dtype=np.int64)
    assert renumbered(column, np.array([2.0**63, -5.0, 5.0])).tolist() == [2**63 - 1024, -5, 5]
    assert renumbered(np.array([1, 2, 3], dtype=np.uint8), np.array([-4.0, 300.0, 7.0])).tolist() == [
        0,
        255,
        7,
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, None, 3], [1.0, None, 3.0]),
        ([True, None, False], [1.0, None, 0.0]),
        ([decimal.Decimal("1.5"), 2, 3], [1.5, 2.0, 3.0]),
        ([1, "x", None], [1, "x", None]),
        ([True, 2, 3], [True, 2, 3]),
        ([None, None, None], [None, None, None]),
    ],
)
def test_objects_become_numbers_where_all_are(values, expected):
    found = array_of(pd.Series(values, dtype=object)).tolist()
    assert [None if one != one else one for one in found] == expected


def test_a_table_of_numbers_and_texts_is_stacked_as_objects_with_nan():
    found = stacked([np.array([1.0, np.nan]), np.array(["x", None], dtype=object)], 2)
    assert found[0].tolist() == [1.0, "x"] and np.isnan(found[1].tolist()).all()
    assert stacked([np.array([1, 2]), np.array([0.5, 1.0])], 2).dtype == float
    assert stacked([], 3).shape == (3, 0)


def test_a_frame_stays_in_its_library_and_all_else_becomes_arrays(tmp_path):
    pd.DataFrame({"a": [1, 2]}).to_csv(tmp_path / "t.csv", index=False)
    for table, library in (
        (pd.DataFrame({"a": [1, 2]}), PANDAS), (pl.DataFrame({"a": [1, 2]}), POLARS),
        ({"a": [1, 2]}, NUMPY), (tmp_path / "t.csv", NUMPY),
    ):  # fmt: skip
        with inputs_of(table) as (given, count):
            assert (given.library, count, given.array("a").tolist()) == (library, 2, [1, 2])


def test_names_of_pandas_that_are_no_texts_are_kept_for_the_model():
    with inputs_of(pd.DataFrame({0: [1, 2], "b": [3, 4]})) as (given, _):
        assert given.names == ("0", "b")
        assert list(given.table(PANDAS).columns) == [0, "b"]


def test_two_columns_of_one_name_are_an_error():
    with pytest.raises(BadArgumentError, match="`table` has two columns called `a`"):
        with inputs_of(pd.DataFrame([[1, 2]], columns=["a", "a"])):
            pass


def test_the_index_of_a_frame_means_nothing():
    frame = pd.DataFrame({"a": [1, 2, 3]}, index=[7, 7, 9])
    with inputs_of(frame, most_rows=2) as (given, count):
        assert (count, given.count) == (3, 2)
        assert given.table(PANDAS).index.tolist() == [0, 1]


@pytest.mark.slow
def test_a_sample_is_the_same_rows_wherever_they_lie_and_in_their_order(tmp_path):
    frame = pd.DataFrame({"a": range(5000), "b": [f"t{place % 7}" for place in range(5000)]})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    found = []
    for table in (
        frame,
        pl.DataFrame(frame.to_dict("list")),
        frame.to_dict("list"),
        tmp_path / "t.parquet",
        tmp_path / "t.csv",
    ):
        with inputs_of(table, most_rows=100, seed=3) as (given, count):
            found.append((count, given.array("a").tolist(), given.array("b").tolist()))
    assert all(one == found[0] for one in found)
    assert found[0][1] == sorted(found[0][1]) and len(set(found[0][1])) == 100
    with inputs_of(frame, most_rows=100, seed=4) as (given, _):
        assert given.array("a").tolist() != found[0][1]


@pytest.mark.parametrize("container", [NUMPY, PANDAS, POLARS])
def test_another_column_in_one_place_makes_the_same_table_as_made_anew(container):
    frame = {"a": [1, 2, 3], "b": ["x", "y", "z"], "c": [0.5, 1.5, 2.5]}
    for table in (pd.DataFrame(frame), pl.DataFrame(frame), frame):
        with inputs_of(table) as (given, _):
            if container == POLARS and given.library == PANDAS:
                continue
            for name in "abc":
                values = picked(given.columns[name], np.array([2, 1, 0]))
                anew = given.of({**given.columns, name: values}).table(container)
                for _ in range(2):  # made, and made from what was kept
                    found = given.with_column(name, values).table(container)
                    assert str(found) == str(anew) and type(found) is type(anew)
            assert str(given.table(container)) == str(given.of(given.columns).table(container))


def test_what_a_model_does_to_its_table_stays_with_it():
    with inputs_of(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})) as (given, _):
        for container in (NUMPY, PANDAS):
            found = given.with_column("a", given.columns["b"]).table(container)
            found[:] = 9.0
            assert np.asarray(given.with_column("a", given.columns["b"]).table(container)).tolist() == [
                [3.0, 3.0],
                [4.0, 4.0],
            ]
