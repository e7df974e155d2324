"""Tables in every form give the same columns, and what is no table says what it lacks."""

from __future__ import annotations

import bz2
import datetime
import gzip
import lzma

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from gnomon.checks.rows import rows_of
from gnomon.errors import BadArgumentError, DamagedFileError, MissingFileError

DATA = {
    "sex": ["F", "M", None, "F"],
    "y": [1, 0, 1, 1],
    "p": [0.5, None, 0.25, 1.0],
    "is_old": [True, False, True, False],
}


def forms(folder):
    frame = pl.DataFrame(DATA)
    frame.write_csv(folder / "t.csv")
    frame.write_parquet(folder / "t.parquet")
    frame.write_ndjson(folder / "t.jsonl")
    pandas = pd.DataFrame(DATA)
    structured = np.array([(1, 0.5)], dtype=[("y", "i8"), ("p", "f8")])
    return {
        "polars": frame, "lazy polars": frame.lazy(), "pandas": pandas, "pandas by object": pandas.astype({"sex": object}),
        "categories": pandas.astype({"sex": "category"}), "arrow": pa.table(DATA), "dict": DATA,
        "dicts": [dict(zip(DATA, row, strict=True)) for row in zip(*DATA.values(), strict=True)],
        "duckdb": duckdb.from_arrow(pa.table(DATA)), "csv": folder / "t.csv", "parquet": str(folder / "t.parquet"),
        "jsonl": folder / "t.jsonl",
    }, structured  # fmt: skip


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return forms(tmp_path_factory.mktemp("forms"))


@pytest.mark.parametrize(
    "form",
    [
        "polars", "lazy polars", "pandas", "pandas by object", "categories", "arrow", "dict", "dicts", "duckdb", "csv", "parquet",
        "jsonl",
    ],
)  # fmt: skip
def test_a_table_gives_the_same_columns_whatever_it_is_given_as(given, form):
    with rows_of(given[0][form]) as rows:
        assert (rows.count, rows.names) == (4, tuple(DATA))
        found = rows.arrays(rows.names)
        assert found["sex"].tolist() == ["F", "M", None, "F"]
        assert found["y"].dtype.kind == "i" and found["y"].tolist() == [1, 0, 1, 1]
        np.testing.assert_array_equal(found["p"], [0.5, np.nan, 0.25, 1.0])
        assert found["is_old"].astype(float).tolist() == [1, 0, 1, 0]
        asked = rows.frame.group_by("y").agg(nw.len().alias("n")).sort("y")
        assert [tuple(map(int, row)) for row in rows.rows(asked)] == [(0, 1), (1, 3)]


def test_a_structured_array_is_a_table(given):
    with rows_of(given[1]) as rows:
        assert rows.arrays(["p"])["p"].tolist() == [0.5]


def test_two_tables_may_be_open_at_once():
    with rows_of({"a": [1, 2]}) as one, rows_of({"a": [3]}) as other:
        assert (one.arrays(["a"])["a"].tolist(), other.arrays(["a"])["a"].tolist()) == ([1, 2], [3])


def test_a_file_says_its_digest_and_its_name_but_no_folder(given):
    with rows_of(given[0]["csv"]) as rows:
        assert rows.evidence["path"] == "t.csv" and len(rows.evidence["digest"]) == 64
        assert rows.evidence["columns"] == 4


def test_every_value_of_a_csv_decides_its_type(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,c,d\n" + "1,2.5,2020-01-01,\n" * 3000 + "x,NA,2020-01-02,\n")
    with rows_of(path) as rows:
        found = rows.arrays(rows.names)
    assert found["a"].dtype == object and found["a"][0] == "1"
    assert np.isnan(found["b"][-1]) and found["b"][0] == 2.5
    assert found["c"][0] == datetime.datetime(2020, 1, 1)
    assert set(found["d"]) == {None}


def test_decimals_and_missing_booleans_are_numbers(tmp_path):
    relation = duckdb.sql("select 1.25::decimal(5,2) as d, null::boolean as b union all select 2.5, true")
    with rows_of(relation) as rows:
        found = rows.arrays(["d", "b"])
    assert sorted(found["d"].tolist()) == [1.25, 2.5]
    assert np.isnan(found["b"]).sum() == 1 and found["b"].dtype == float


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "`table` has two columns called `a`"),
        (pd.DataFrame([[1, 2]], columns=["a", "A"]), "two columns called `a` and `A`"),
        (pd.DataFrame({"a": [1, "x"]}), "`table`: .*several types"),
        (pd.DataFrame([[1]]), "not called by a text|column 0"),
        ({"a": [1], "b": [1, 2]}, "different lengths"),
        (3, "no table"), ([], "the table is empty"), (np.zeros((2, 2)), "no names for its columns"),
    ],
)  # fmt: skip
def test_what_is_no_table_says_what_is_wrong(table, said):
    with pytest.raises(BadArgumentError, match=said), rows_of(table):
        pass


def test_a_csv_with_a_column_twice_says_so(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,a\n1,2\n")
    with pytest.raises(BadArgumentError, match="two columns called `a`"), rows_of(path):
        pass


def test_a_file_that_is_not_there_and_one_that_is_damaged_are_named(tmp_path):
    with (
        pytest.raises(MissingFileError, match=r"there is no file or folder `nowhere\.csv`"),
        rows_of("nowhere.csv"),
    ):
        pass
    broken = tmp_path / "t.parquet"
    broken.write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(DamagedFileError, match=r"t\.parquet"), rows_of(broken):
        pass
    text = tmp_path / "t.bin"
    text.write_bytes(bytes(range(256)))
    with pytest.raises(BadArgumentError, match="holds no table"), rows_of(text):
        pass


def test_a_column_that_is_not_there_names_those_that_are_near():
    with rows_of({"income": [1], "age": [2]}) as rows:
        assert rows.require("age", "target") == "age"
        with pytest.raises(BadArgumentError, match="`target` names the column 'incme'") as error:
            rows.require("incme", "target")
        assert "`income`" in str(error.value)


@pytest.mark.parametrize("index", [[5, 7], ["x", "y"], pd.MultiIndex.from_tuples([(1, 2), (3, 4)])])
@pytest.mark.parametrize("form", ["frame", "arrow", "parquet", "relation"])
def test_the_index_of_a_pandas_frame_is_no_column(tmp_path, index, form):
    frame = pd.DataFrame({"a": [1, 2]}, index=index)
    table: object = frame
    if form == "arrow":
        table = pa.Table.from_pandas(frame)
    elif form == "parquet":
        table = tmp_path / "t.parquet"
        frame.to_parquet(table)
    elif form == "relation":
        table = duckdb.from_arrow(pa.Table.from_pandas(frame))
    with rows_of(table) as rows:
        assert (rows.names, rows.evidence["columns"], rows.frame.collect_schema().names()) == (
            ("a",),
            1,
            ["a"],
        )
        assert rows.arrays(["a"])["a"].tolist() == [1, 2]


def test_a_named_index_is_one():
    with rows_of(pd.DataFrame({"a": [1]}, index=pd.Index([4], name="key"))) as rows:
        assert rows.names == ("a", "key")


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame({"a": [1, 2], "n": [None, None]}), pl.DataFrame({"a": [1, 2], "n": [None, None]}).lazy(),
        pd.DataFrame({"a": [1, 2], "n": [None, None]}), pa.table({"a": [1, 2], "n": pa.nulls(2)}),
        {"a": [1, 2], "n": [None, None]},
    ],
    ids=["polars", "lazy polars", "pandas", "arrow", "dict"],
)  # fmt: skip
def test_a_column_of_nothing_but_nulls_holds_texts_that_are_all_missing(table):
    """Of Polars it was an error of DuckDB about C data."""
    with rows_of(table) as rows:
        assert rows.frame.collect_schema()["n"] == nw.String
        assert rows.arrays(["n"])["n"].tolist() == [None, None]


def test_nulls_inside_lists_and_structs_of_polars_are_taken_over():
    frame = pl.DataFrame({"l": [[None], []], "s": [{"q": None, "r": 1}] * 2})
    with rows_of(frame) as rows:
        found = rows.arrays(["l", "s"])
    assert found["s"].tolist() == [{"q": None, "r": 1}] * 2
    assert [len(one) for one in found["l"]] == [1, 0]


def test_a_type_that_the_engine_does_not_know_is_an_error_that_says_so():
    table = pa.table({"x": pa.array([1], pa.decimal256(50, 2))})
    with pytest.raises(BadArgumentError, match="`table`: the engine cannot take a column"), rows_of(table):
        pass


@pytest.mark.parametrize(
    ("suffix", "packed"), [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)]
)
def test_a_packed_csv_is_read_and_a_broken_one_is_named(tmp_path, suffix, packed):
    path, data = tmp_path / f"t.csv{suffix}", packed(b"a,b\n1,x\n2,y\n")
    path.write_bytes(data)
    with rows_of(path) as rows:
        found = rows.arrays(rows.names)
        assert (found["a"].tolist(), found["b"].tolist()) == ([1, 2], ["x", "y"])
    path.write_bytes(data[:-6])
    with (
        pytest.raises(DamagedFileError, match=rf"`t\.csv{suffix}` cannot be read: .*ended before"),
        rows_of(path),
    ):
        pass


def test_a_file_that_is_packed_in_another_way_says_which_ways_are_read(tmp_path):
    path = tmp_path / "t.csv.zip"
    path.write_bytes(b"PK\3\4 and so on")
    with pytest.raises(BadArgumentError, match=r"t\.csv\.zip` holds no table") as error, rows_of(path):
        pass
    assert ".gz, .zst, .xz or .bz2" in str(error.value)
