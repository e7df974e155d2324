"""Contracts met with tables: each count by hand, and against pandera on the same rows."""

from __future__ import annotations

import warnings

import polars
import pytest

from gnomon.data.contract import count
from gnomon.data.contract.terms import parse
from gnomon.errors import BadArgumentError, DamagedFileError

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

CSV = """id,age,name,when,x
1,31,anna,2020-02-03,1.5
2,,bob,2019-01-01,2
2,500,Zed,2021-01-01,abc
4,x,NA,,NA
"""


def check(text: str, path="t.csv"):
    verdict = count.check(str(path), parse(text.encode(), "c.toml"))
    return verdict, {one.what: one for one in verdict.outcomes}


@pytest.fixture
def table(project):
    (project / "t.csv").write_text(CSV)
    return project / "t.csv"


@pytest.mark.parametrize(
    ("column", "says", "what", "failing", "rows"),
    [
        ("id", "dtype = 'int64'", "`id` is int64", 0, ()),
        ("id", "unique = true", "`id` is unique", 2, ("2", "3")),
        ("age", "dtype = 'int64'", "`age` is int64", 1, ("4",)),
        ("age", "dtype = 'int8'", "`age` is int8", 2, ("3", "4")),
        ("age", "dtype = 'int64'", "`age` is never missing", 1, ("2",)),
        ("age", "dtype = 'int64'\nlt = 100", "`age` is < 100", 1, ("3",)),
        ("age", "lt = 100", "`age` is < 100", 2, ("3", "4")),
        ("name", "dtype = 'str'\nstr_matches = '[a-z]+$'", "`name` matches '[a-z]+$'", 2, ("3", "4")),
        ("name", "dtype = 'str'\nisin = ['anna', 'bob']", "`name` is one of 'anna', 'bob'", 2, ("3", "4")),
        ("name", "notin = ['Zed']", "`name` is none of 'Zed'", 1, ("3",)),
        ("name", "dtype = 'str'\nstr_length = { max_value = 3 }", "`name` has a length of max 3", 1, ("1",)),
        ("name", "str_contains = 'o'", "`name` contains 'o'", 2, ("1", "3")),
        ("name", "dtype = 'str'", "`name` is never missing", 0, ()),
        ("name", "", "`name` is never missing", 1, ("4",)),
        ("when", "dtype = 'date'\nnullable = true\ngt = 2020-01-01", "`when` is > 2020-01-01", 1, ("2",)),
        ("when", "dtype = 'datetime64[ns]'\nge = '2020-01-01'", "`when` is >= '2020-01-01'", 1, ("2",)),
        ("x", "dtype = 'float64'", "`x` is float64", 1, ("3",)),
        ("x", "dtype = 'float64'\nge = 2", "`x` is >= 2", 1, ("1",)),
        ("x", "isin = [1.5, 2, 'abc']", "`x` is one of 1.5, 2, 'abc'", 0, ()),
        ("id", "unique_values_eq = [1, 2]", "`id` has exactly the values 1, 2", 1, ()),
    ],
)
def test_a_check_counts_what_breaks_it(table, column, says, what, failing, rows):
    _, found = check(f"[columns.{column}]\n{says}")
    one = found[what]
    assert (one.failing, one.rows, one.outcome) == (failing, rows, "fail" if failing else "pass")


def test_what_concerns_the_whole_table(table):
    verdict, found = check(
        "strict = true\nordered = true\nrows = { min = 5, max = 9 }\nunique = ['id', 'when']\n"
        "[columns.when]\n[columns.id]\n[columns.gone]"
    )
    assert found["there is a column `gone`"].outcome == "fail"
    assert found["there are no other columns"].note == "there are `age`, `name`, `x`"
    assert found["the columns stand in the order of the contract"].outcome == "fail"
    assert (found["there are at least 5 rows"].outcome, found["there are at most 9 rows"].outcome) == (
        "fail",
        "pass",
    )
    assert found["`id` and `when` are together unique"].outcome == "pass"
    assert (verdict.verdict, verdict.rows) == ("fail", 4)


def test_a_warning_fails_nothing(table):
    verdict, found = check("[columns.id]\nlt = { value = 3, raise_warning = true }")
    assert (found["`id` is < 3"].outcome, found["`id` is < 3"].failing, verdict.verdict) == (
        "warn",
        1,
        "pass",
    )


def test_types_that_a_file_states(project):
    polars.DataFrame({"n": [1, 2], "s": ["1", "2"], "f": [1.0, float("nan")]}).write_parquet("t.parquet")
    _, found = check(
        "[columns.n]\ndtype='float64'\n[columns.s]\ndtype='int64'\ncoerce=true\n[columns.f]\ndtype='float32'",
        "t.parquet",
    )
    assert (found["`n` is float64"].outcome, found["`n` is float64"].note) == (
        "fail",
        "the file stores it as BIGINT",
    )
    assert found["`s` is int64"].outcome == "pass"
    assert (found["`f` is never missing"].failing, found["`f` is never missing"].rows) == (1, ("2",)), (
        "NaN is missing"
    )


def test_rows_of_several_files_are_told_apart(project):
    (project / "d").mkdir()
    (project / "d" / "a.csv").write_text("id\n1\n2\n")
    (project / "d" / "b.csv").write_text("id\n3\nx\n1\n")
    verdict, found = check("[columns.id]\ndtype='int64'\nunique=true", "d")
    assert verdict.rows == 5
    assert found["`id` is int64"].rows == ("b.csv:2",)
    assert found["`id` is unique"].rows == ("a.csv:1", "b.csv:3")


def test_one_table_of_a_folder_is_named(project):
    (project / "d").mkdir()
    (project / "d" / "a.csv").write_text("id\n1\n")
    (project / "d" / "b.csv").write_text("other,more\n3,4\n")
    with pytest.raises(
        BadArgumentError, match=r"holds 2 tables with different columns \(`a.csv`, `b.csv`, …\)"
    ):
        check("[columns.id]", "d")
    assert check("file = 'b*'\n[columns.other]", "d")[0].verdict == "pass"
    with pytest.raises(BadArgumentError, match="no table in `d` is called `c`"):
        check("file = 'c'\n[columns.id]", "d")
    (project / "p.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(BadArgumentError, match="holds no table"):
        check("[columns.id]", "p.png")


def test_records_that_do_not_fit_break_every_contract(project):
    (project / "t.csv").write_text("a,b\n1,2\n3\n4,5\n")
    verdict, found = check("[columns.a]\ndtype='int64'")
    assert found["every record has the columns of the table"].failing == 1
    assert (verdict.verdict, verdict.rows) == ("fail", 2)


def test_a_pattern_that_the_engine_lacks_is_said(table):
    with pytest.raises(BadArgumentError, match="no look-ahead"):
        check("[columns.name]\nstr_matches = '(?=a)b'")


def test_a_pattern_for_columns_takes_no_time_whatever_it_is(project):
    (project / "t.csv").write_text(f"x_1,x_2,{'a' * 60}!\n1,2,3\n")
    _, found = check(
        "[columns.'x_[0-9]']\nregex = true\nlt = 2\n[columns.'(a+)+$']\nregex = true\nrequired = false"
    )
    assert (found["`x_1` is < 2"].outcome, found["`x_2` is < 2"].outcome) == ("pass", "fail")
    assert found["there is a column like `x_[0-9]`"].outcome == "pass"


def test_a_file_that_cannot_be_read(project):
    (project / "t.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(DamagedFileError, match=r"`t\.parquet` cannot be read"):
        check("[columns.a]", "t.parquet")


def test_nothing_that_a_contract_says_is_run_as_sql(table):
    _, found = check(
        """[columns.name]\ndtype='str'\nisin = ["'); DROP TABLE t; --", "anna"]\nstr_startswith = "' OR true --" """
    )
    assert [one.failing for one in found.values() if one.failing] == [3, 4]


def test_rows_are_numbered_in_order_where_several_threads_read(project):
    rows = [{7: "bad", 123_456: "bad", 399_999: "bad"}.get(row, str(row % 97)) for row in range(1, 400_001)]
    polars.DataFrame({"x": rows}).write_parquet("t.parquet", row_group_size=5_000)
    _, found = check("[columns.x]\ndtype='int64'\ncoerce = true\n", "t.parquet")
    assert found["`x` is int64"].rows == ("7", "123456", "399999")


# ---------------------------------------------------------------- against pandera

# pandas and pandera take two seconds to import, so only the tests that need them do: every test run collects this file.


def frame():
    """Six rows of five types, with values that are missing."""
    import pandas

    return pandas.DataFrame(
        {
            "n": [1, 2, 3, -4, 5, 5], "f": [0.5, None, 2.25, -1.0, 120.0, 3.5], "s": ["ab", "b", None, "abc", "", "ab"],
            "b": [True, False, True, True, False, True],
            "t": pandas.to_datetime(["2020-01-01", "2021-06-01", "2019-12-31", None, "2020-01-01", "2024-02-29"]),
        }
    )  # fmt: skip


# A column, the name of a `pandera.Check`, and what it is called with.
CHECKS = [
    ("n", "ge", 0), ("n", "gt", 1), ("n", "le", 3), ("n", "lt", 3), ("n", "eq", 5),
    ("n", "ne", 5), ("n", "isin", [1, 2, 3]), ("n", "notin", [5]),
    ("n", "in_range", 1, 5, True, False), ("f", "ge", 0.5), ("f", "in_range", 0, 100),
    ("f", "isin", [0.5, 3.5]), ("s", "str_matches", "a"), ("s", "str_matches", "b$"),
    ("s", "str_contains", "b"), ("s", "str_startswith", "ab"), ("s", "str_endswith", "c"),
    ("s", "str_length", 1, 2), ("s", "isin", ["ab", "b"]), ("s", "notin", ["ab"]),
    ("t", "ge", "2020-01-01"), ("t", "lt", "2020-01-01"),
]  # fmt: skip


@pytest.mark.parametrize("case", CHECKS, ids=lambda case: "-".join(map(str, case)))
def test_counts_are_those_of_pandera(case, project):
    """The same schema, written by pandera and read by us, on the same rows."""
    import pandas
    import pandera.pandas as pa

    column, name, *values = case
    if column == "t":
        values = [pandas.Timestamp(value) for value in values]
    rows, of = frame(), getattr(pa.Check, name)(*values)
    schema = pa.DataFrameSchema({column: pa.Column(rows[column].dtype, of, nullable=True)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = schema.to_yaml()
    try:
        schema.validate(rows, lazy=True)
        expected: list[int] = []
    except pa.errors.SchemaErrors as error:
        expected = sorted(int(place) + 1 for place in error.failure_cases["index"])
    rows.to_parquet("t.parquet")
    verdict = count.check("t.parquet", parse(text.encode(), "c.yaml"))
    (found,) = [one for one in verdict.outcomes if one.column == column and "is datetime" not in one.what][
        -1:
    ]
    assert (found.failing, [int(row) for row in found.rows]) == (len(expected), expected[:5]), found


@pytest.mark.parametrize("column", ["n", "f", "s"])
def test_uniqueness_and_missing_values_are_those_of_pandera(column, project):
    import pandera.pandas as pa

    rows = frame()
    schema = pa.DataFrameSchema({column: pa.Column(rows[column].dtype, unique=True, nullable=False)})
    with pytest.raises(pa.errors.SchemaErrors) as raised:
        schema.validate(rows, lazy=True)
    cases = raised.value.failure_cases
    rows.to_parquet("t.parquet")
    verdict = count.check("t.parquet", parse(schema.to_yaml().encode(), "c.yaml"))
    found = {one.what: one.failing for one in verdict.outcomes}
    assert found[f"`{column}` is never missing"] == sum(cases["check"] == "not_nullable")
    assert found[f"`{column}` is unique"] == sum(cases["check"] == "field_uniqueness")


def test_nan_in_parquet_is_missing_though_its_statistics_leave_it_out(project):
    """Rows with NaN were said to be out of range too, though they are counted as missing already."""
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"x": [1.0, float("nan"), 2.0, float("nan"), 3.0]})
    pyarrow.parquet.write_table(table, project / "t.parquet")
    _, outcomes = check(
        "[columns.x]\ndtype = 'float64'\nle = 2\nunique = true\nin_range = { min_value = 0, max_value = 5 }",
        str(project / "t.parquet"),
    )
    found = [outcomes[f"`x` is {what}"].failing for what in ("never missing", "<= 2", "in [0, 5]", "unique")]
    assert found == [2, 1, 0, 2]
