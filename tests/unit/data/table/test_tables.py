"""Tables that a program gives: what counts as one, how its values come back, and what is refused."""

from __future__ import annotations

import datetime as dt
import sys
import time

import duckdb
import numpy as np
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import gnomon
from gnomon.data.table import normalise, write_table
from gnomon.data.table.arrow import reader_of
from gnomon.errors import BadArgumentError, ContractFailedError, DamagedFileError, MissingFileError

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

ROWS = [{"id": 1, "x": 0.5, "name": "ann"}, {"id": 2, "x": None, "name": None}]


@pytest.mark.parametrize(
    "table",
    [
        pandas.DataFrame({"id": [1, 2], "x": [0.5, None], "name": ["ann", None]}),
        polars.DataFrame({"id": [1, 2], "x": [0.5, None], "name": ["ann", None]}),
        pa.table({"id": [1, 2], "x": [0.5, None], "name": ["ann", None]}),
        ROWS,
        {"id": [1, 2], "x": [0.5, None], "name": ["ann", None]},
        {"id": np.array([1, 2]), "x": [0.5, None], "name": ["ann", None]},
        duckdb.sql(
            "SELECT * FROM (VALUES (1::BIGINT, 0.5::DOUBLE, 'ann'), (2, NULL, NULL)) AS t(id, x, name)"
        ),
    ],
    ids=["pandas", "polars", "arrow", "rows", "columns", "arrays", "duckdb"],
)
def test_every_kind_of_table_comes_back_as_it_was(table, project):
    version = gnomon.add_data(table, name="credit", licence="CC0-1.0")
    assert (version.label, version.file_name, version.profile.rows) == ("credit@v1", "credit.parquet", 2)
    path = version.restore(project / "back")
    assert pq.read_table(path).to_pylist() == ROWS


def test_types_of_plain_values(tmp_path):
    day, time = dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3, 4, 5, 6)
    table = {
        "flag": [True, None], "text": ["a", "ü"], "raw": [b"\0", b""], "day": [day, None], "time": [time, None],
        "zoned": [time.replace(tzinfo=dt.timezone(dt.timedelta(hours=1))), None], "big": [2**63, 1], "none": [None, None],
        "mixed": [1, 2.5],
    }  # fmt: skip
    write_table(table, str(tmp_path / "x.parquet"))
    back = pq.read_table(tmp_path / "x.parquet").to_pydict()
    assert back["zoned"][0] == table["zoned"][0]
    assert {**back, "zoned": None, "mixed": [1, 2.5]} == {**table, "zoned": None}


def test_a_structured_array_has_the_columns_of_its_fields(tmp_path):
    array = np.array([(1, "x", 2.5), (2, "yy", 0)], dtype=[("a", "i4"), ("b", "U3"), ("c", "f4")])
    write_table(array, str(tmp_path / "x.parquet"))
    assert pq.read_table(tmp_path / "x.parquet").to_pydict() == {"a": [1, 2], "b": ["x", "yy"], "c": [2.5, 0]}


def test_categories_and_lists_of_polars_come_back(tmp_path):
    frame = polars.DataFrame(
        {"c": polars.Series(["u", "v", "u"], dtype=polars.Categorical), "l": [[1], [], [2, 3]]}
    )
    write_table(frame, str(tmp_path / "x.parquet"))
    assert pq.read_table(tmp_path / "x.parquet").to_pydict() == {"c": ["u", "v", "u"], "l": [[1], [], [2, 3]]}


def test_pandas_without_pyarrow_is_a_table_too(tmp_path, monkeypatch):
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None]}, index=pandas.Index([7, 8], name="key"))

    def missing(self, requested_schema=None):
        raise ImportError("no pyarrow")

    monkeypatch.setattr(pandas.DataFrame, "__arrow_c_stream__", missing)
    write_table(frame, str(tmp_path / "x.parquet"))
    assert pq.read_table(tmp_path / "x.parquet").to_pydict() == {"key": [7, 8], "a": [1, 2], "b": ["x", None]}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([1, 2], "a value of the type `list` is no table"),
        ([], "the table is empty"),
        ([{"a": 1}, {"a": "x"}], "holds values of several types (int, str); the first that does not fit is in row 2"),
        ({"a": [{1}]}, "holds values of the type `set`"),
        ({"a": [1], "b": [1, 2]}, "have different lengths: `a` 1, `b` 2"),
        ({"a": 5}, "column `a` of the table is of the type `int`"),
        ({1: [1]}, "column 1 of the table is not called by a text"),
        ({"a": [2**70]}, "more than 64 bits"),
        ({"a": [dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]}, "with and without a zone"),
        (np.zeros((2, 2)), "no names for its columns"),
        (pandas.DataFrame({1: [1]}), "column 1 of the DataFrame is not called by a text"),
        (pandas.DataFrame({"a": [1, "x"]}), "values of several types"),
        (pandas.Series([1]), "is no table of columns"),
        (polars.LazyFrame({"a": [1]}), "holds no rows yet"),
        (pa.table([[1], [2]], names=["a", "a"]), "two columns called `a`"),
        (object(), "a value of the type `object` is no table"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_by_name(table, said, project):
    with pytest.raises(BadArgumentError) as raised:
        gnomon.add_data(table, name="x")
    assert said in str(raised.value)
    assert list((project / ".gnomon").rglob("*.pack")) == []


def test_a_table_needs_a_name_and_lies_nowhere(project):
    with pytest.raises(BadArgumentError, match="no name of its own"):
        gnomon.add_data(ROWS)
    with pytest.raises(BadArgumentError, match="lies nowhere"):
        gnomon.add_data(ROWS, name="x", by_reference=True)


def test_the_file_in_between_is_gone_and_no_pointer_is_written(project, tmp_path):
    gnomon.add_data(ROWS, name="credit")
    assert not list((tmp_path / "cache").rglob(".table-*"))
    assert not list((tmp_path / "cache").rglob("*.cache"))
    assert sorted(path.name for path in project.iterdir()) == [".gnomon"]
    assert gnomon.open().add_data(ROWS, name="credit").label == "credit@v1", (
        "the same rows are no new version"
    )


def test_a_table_meets_the_contract_of_its_name_in_the_working_folder(project):
    (project / "credit.contract.toml").write_text("[columns.id]\nless_than = 2\n")
    with pytest.raises(ContractFailedError) as raised:
        gnomon.add_data(ROWS, name="credit")
    assert "`credit` breaks the contract `credit.contract.toml`: `id` is < 2 (1 rows)" in str(raised.value)
    assert raised.value.verdict.failed[0].rows == ("2",)
    assert gnomon.add_data(ROWS, name="credit", allow_failing=True).checks[0]["verdict"] == "fail"
    assert gnomon.add_data([*ROWS, ROWS[0]], name="credit", contract=False).checks == []


def test_importing_gnomon_loads_none_of_this():
    loaded = {name for name in sys.modules if name.startswith("gnomon.data.table")}
    assert loaded, "this test file loads it"
    import subprocess

    code = "import sys, gnomon; print([n for n in sys.modules if n.startswith(('gnomon.data', 'pandera', 'duckdb', 'arro3'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- normalising


@pytest.fixture
def plain(project):
    path = project / "plain.parquet"
    pq.write_table(pa.table({"id": list(range(50_000)), "t": [f"n{n % 97}" for n in range(50_000)]}), path)
    return path


def test_normalising_keeps_every_row_and_happens_once(plain):
    plain.chmod(0o640)
    before = pq.read_table(plain)
    (done,) = normalise(str(plain))
    assert (done.rows, done.after) == (50_000, plain.stat().st_size)
    assert pq.read_table(plain).equals(before)
    assert plain.stat().st_mode & 0o777 == 0o640
    assert normalise(str(plain)) == []


def test_a_folder_is_normalised_file_by_file(plain, project):
    (project / "d" / "e").mkdir(parents=True)
    plain.rename(project / "d" / "e" / "x.parquet")
    (project / "d" / "y.csv").write_text("a\n1\n")
    assert [one.path for one in normalise("d")] == [str(project / "d" / "e" / "x.parquet")]
    assert (project / "d" / "y.csv").read_text() == "a\n1\n"


@pytest.mark.parametrize("data", [b"hello\n", b"PAR1" + b"\0" * 50 + b"PAR1", b""])
def test_what_is_no_parquet_is_left_as_it_is(data, project):
    (project / "bad.parquet").write_bytes(data)
    with pytest.raises(DamagedFileError, match=r"`.*bad.parquet` cannot be read as Parquet"):
        normalise("bad.parquet")
    assert (project / "bad.parquet").read_bytes() == data
    assert [path.name for path in project.iterdir()] == ["bad.parquet"]


def test_nothing_to_normalise_is_an_error(project):
    (project / "x.csv").write_text("a\n")
    with pytest.raises(BadArgumentError, match="holds no Parquet file"):
        normalise("x.csv")
    with pytest.raises(MissingFileError):
        normalise("nothing")


def test_a_file_whose_rows_would_change_is_never_replaced(plain, monkeypatch):
    from gnomon.data.table import parquet

    real = parquet.groups
    monkeypatch.setattr(parquet, "groups", lambda reader: list(real(reader))[1:])
    before = plain.read_bytes()
    with pytest.raises(DamagedFileError, match="not read back as it was"):
        normalise(str(plain))
    assert plain.read_bytes() == before
    assert [path.name for path in plain.parent.iterdir()] == ["plain.parquet"]


def test_a_column_of_nulls_of_polars_is_written(tmp_path):
    frame = polars.DataFrame({"a": [1, 2], "n": [None, None], "l": [[None], []]})
    write_table(frame, str(tmp_path / "x.parquet"))
    assert pq.read_table(tmp_path / "x.parquet").to_pydict() == {
        "a": [1, 2], "n": [None, None], "l": [[None], []]
    }  # fmt: skip


def test_very_many_columns_are_told_apart_in_one_look():
    """Each name was counted among all: these took 7 seconds, now half of one."""
    many = pa.table({f"column_{place}": [1] for place in range(20_000)})
    started = time.process_time()
    assert len(reader_of(many).schema) == 20_000
    assert time.process_time() - started < 3
