"""Tables: from rows, columns and data frames to Parquet, and back."""

from __future__ import annotations

import datetime
import io

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import BadArgumentError, DamagedObjectError
from gnomon.runs.values import table as table_module
from gnomon.runs.values.kinds import Image, Table
from gnomon.runs.values.read import read_value
from gnomon.runs.values.recognise import encoded
from tests.unit.runs.values.back import there_and_back


def columns_of(table):
    return {name: table.column(name).to_pylist() for name in table.column_names}


def kept(*args, **options):
    result, table = there_and_back(Table(*args, **options))
    return result, columns_of(table)


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=5),
)


@given(
    st.sampled_from([st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)]).flatmap(
        lambda kind: st.lists(st.one_of(st.none(), kind), max_size=9)
    )
)
def test_cells_of_one_type_come_back(column):
    assert kept({"a": column})[1] == {"a": column}


@given(st.lists(cells, max_size=9))
def test_no_mix_of_cells_is_refused(column):
    _, found = kept({"a": column})
    assert [cell is None for cell in found["a"]] == [cell is None for cell in column]


def test_rows_and_columns_are_the_same_table():
    by_rows = encoded(Table(columns=["true", "n"], rows=[["cat", 3], ["dog", None]]))
    assert by_rows == encoded(Table({"true": ["cat", "dog"], "n": [3, None]}))
    assert by_rows == encoded(
        Table(columns=["true", "n"], rows=[{"true": "cat", "n": 3}, {"true": "dog", "x": 1}])
    )
    assert by_rows.meta == {"rows": 2, "columns": 2}
    assert by_rows.parts[0].media_type == "application/vnd.apache.parquet"


def test_another_reader_finds_the_same(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(encoded(Table({"a": [1, 2], "b": ["x", None]})).parts[0].data)
    assert duckdb.connect().read_parquet(str(path)).fetchall() == [(1, "x"), (2, None)]


def test_what_is_no_plain_value_becomes_its_text():
    class Strange:
        def __str__(self):
            raise RuntimeError

    day = datetime.date(2026, 1, 2)
    result, found = kept({"a": [day, object(), [1, 2], Strange(), Image(None, caption="c"), "\ud800"]})
    assert found == {"a": ["2026-01-02", "<object object>", "[1, 2]", "<Strange>", "<Image 'c'>", "?"]}
    assert result.notes == ("no plain values, kept as text: 5 cells",)


def test_numbers_of_numpy_are_numbers():
    row = [np.float32(0.5), np.int8(3), np.bool_(True), np.str_("s"), np.float64("nan"), np.array(3)]
    _, found = kept(columns=list("abcdef"), rows=[row])
    assert [found[name][0] for name in "abcd"] == [0.5, 3, True, "s"]
    assert found["e"][0] != found["e"][0]
    assert [type(found[name][0]) for name in "abcd"] == [float, int, bool, str]
    assert found["f"] == ["3"]
    assert kept({"a": np.arange(3), "b": np.array([0.5, 1, 2])})[1] == {"a": [0, 1, 2], "b": [0.5, 1.0, 2.0]}
    assert kept(columns=["a", "b"], rows=np.eye(2))[1] == {"a": [1.0, 0.0], "b": [0.0, 1.0]}


def test_columns_that_mix_types_are_text():
    result, found = kept({"a": [1, "x"], "b": [1, 2.5], "c": [2**70, 1], "d": [True, 1]})
    assert found == {"a": ["1", "x"], "b": [1.0, 2.5], "c": [str(2**70), "1"], "d": ["True", "1"]}
    assert result.notes == ("mixed types or huge numbers, kept as text: `a`, `c`, `d`",)


@pytest.mark.slow
def test_rows_columns_and_cells_are_bounded():
    result, found = kept(
        {f"c{at}": range(10_001) for at in range(3)} | {f"d{at}": [0] * 10_001 for at in range(200)}
    )
    assert (len(found), len(found["c0"])) == (200, 10_000)
    assert result.notes == (
        "the first 10,000 of 10,001 rows are kept",
        "the first 200 of 203 columns are kept",
    )
    assert result.meta == {"rows": 10_000, "columns": 200, "total_rows": 10_001, "total_columns": 203}
    result, found = kept({"a": ["x" * 10_001]})
    assert found == {"a": ["x" * 10_000]}
    assert result.notes == ("cut to 10,000 characters: 1 cell",)


def test_rows_that_never_end_are_left_early():
    taken = 0

    def rows():
        nonlocal taken
        while True:
            yield [taken]
            taken += 1

    result = encoded(Table(columns=["n"], rows=rows()))
    assert result.meta == {"rows": 10_000, "columns": 1}
    assert taken == 10_000
    assert result.notes == ("the first 10,000 of more than 10,000 rows are kept",)


def test_a_table_without_rows():
    assert kept(columns=["a"], rows=[])[1] == {"a": []}
    assert kept({"a": []})[0].meta == {"rows": 0, "columns": 1}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "`data` of `Table` must be given, or both `columns` and `rows`"),
        ({"columns": ["a"]}, "must be given"),
        ({"data": {"a": [1]}, "columns": ["a"], "rows": [[1]]}, "must be given"),
        ({"columns": [], "rows": []}, "at least one name"),
        ({"columns": ["a", "a"], "rows": []}, "names that differ; got `a` twice"),
        ({"columns": ["a", "b"], "rows": [[1, 2], [3]]}, r"`rows\[1\]` of `Table` must be of 2 cells"),
        (
            {"columns": ["a"], "rows": ["x"]},
            r"`rows\[0\]` of `Table` must be a list of cells, or a dict; got 'x'",
        ),
        ({"columns": ["a"], "rows": 3}, "a list of rows; got 3"),
        ({"data": {"a": [1], "b": [1, 2]}}, "of one length; got `a`: 1, `b`: 2"),
        ({"data": {"a": 3}}, "got 3 in `a`"),
        ({"data": [1]}, r"a dict of columns, or a pandas, Polars or Arrow table; got a list"),
    ],
)
def test_what_is_no_table_is_refused(options, said):
    with pytest.raises(BadArgumentError, match=said):
        encoded(Table(**options))


def test_a_table_that_stays_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(table_module, "MAX_BYTES", 500)
    with pytest.raises(BadArgumentError, match=r"at most 0 MB; got .* bytes"):
        encoded(Table({"a": list(range(1000))}))


# ---------------------------------------------------------------- data frames


def test_pandas_tables():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"n": [1, 2], "t": pandas.to_datetime(["2026-01-02", None]), "c": pandas.Categorical(["x", "y"])}
    )
    result, found = kept(frame)
    assert found == {"n": [1, 2], "t": ["2026-01-02 00:00:00", None], "c": ["x", "y"]}
    assert result.notes == ("no plain values, kept as text: 1 cell",)
    assert "the index is not kept: `reset_index()` makes it a column" in kept(frame.set_index("c"))[0].notes
    with pytest.raises(BadArgumentError, match="`n` twice"):
        encoded(Table(pandas.concat([frame, frame], axis=1)))


def test_polars_tables():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {
            "n": [1, 2],
            "c": polars.Series(["x", "y"], dtype=polars.Categorical),
            "l": [[1], [2, 3]],
            "o": [object(), object()],
            "b": [b"x", None],
        }
    )
    _, found = kept(frame)
    assert found == {
        "n": [1, 2],
        "c": ["x", "y"],
        "l": [[1], [2, 3]],
        "o": ["<object object>"] * 2,
        "b": [b"x", None],
    }
    result, found = kept(polars.DataFrame({"n": range(25_000)}))
    assert found["n"] == list(range(10_000))
    assert result.notes == ("the first 10,000 of 25,000 rows are kept",)


def test_equal_tables_of_different_libraries_give_equal_bytes():
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    columns = {"a": [1, 2], "b": ["x", "y"]}
    plain = encoded(Table(columns))
    assert encoded(Table(polars.DataFrame(columns))) == plain
    assert encoded(Table(pyarrow.table(columns))) == plain
    assert encoded(Table(pyarrow.table(columns).to_reader())) == plain


def test_a_stream_is_read_no_further_than_needed():
    pyarrow = pytest.importorskip("pyarrow")
    taken = []

    def batches():
        for at in range(10_000):
            taken.append(at)
            yield pyarrow.record_batch({"a": range(4000)})

    schema = pyarrow.schema({"a": pyarrow.int64()})
    result = encoded(Table(pyarrow.RecordBatchReader.from_batches(schema, batches())))
    assert len(taken) <= 4
    assert result.notes == ("the first 10,000 of more than 10,000 rows are kept",)


def test_tables_of_duckdb():
    assert kept(duckdb.connect().sql("SELECT 1::BIGINT AS a, 'x' AS b"))[1] == {"a": [1], "b": ["x"]}


# ---------------------------------------------------------------- from other hands


@pytest.mark.slow
def test_broken_parquet_is_refused(capfd):
    data = encoded(Table({"a": list(range(100))})).parts[0].data
    footer = int.from_bytes(data[-8:-4], "little")
    lying = data[:-8] + (footer - 9).to_bytes(4, "little") + b"PAR1"
    for bad in (
        b"",
        b"PAR1",
        data[:-1],
        data[9:],
        data[:4] + data[-8:],
        lying,
        data[:4] + bytes(99) + data[4 - footer - 12 :],
    ):
        with pytest.raises(DamagedObjectError, match="cannot be read as Parquet"):
            read_value("table", {}, {"table.parquet": bad})


def test_a_table_that_unpacks_to_too_much_is_refused():
    from arro3.core import Array, DataType
    from arro3.core import Table as ArrowTable
    from arro3.io import write_parquet

    file = io.BytesIO()
    rows = Array.from_numpy(np.zeros(1_100_000, np.int64)).cast(DataType.int64())
    write_parquet(ArrowTable.from_pydict({"a": rows}), file, compression="zstd(1)")
    with pytest.raises(DamagedObjectError, match="more than any table that Gnomon writes"):
        read_value("table", {}, {"table.parquet": file.getvalue()})
