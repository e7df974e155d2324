"""How a contract is read: every form that pandera writes, and every mistake by its name."""

from __future__ import annotations

import datetime as dt

import pytest

from gnomon.data.contract.terms import Check, parse, read
from gnomon.errors import BadArgumentError, MissingFileError


def of_toml(text: str):
    return parse(text.encode(), "c.contract.toml")


def test_all_that_a_contract_may_say():
    found = of_toml(
        """
contract = 1
file = "train.csv"
strict = true
ordered = true
unique = ["id", "day"]
rows = { min = 1, max = 9 }
[columns.id]
dtype = "int64"
unique = true
[columns.age]
dtype = "Int16"
nullable = true
required = false
coerce = true
in_range = { min_value = 0, max_value = 120, include_max = false }
[columns.day]
ge = 2020-01-01
[columns."x_.*"]
regex = true
checks.lt = { value = 5, raise_warning = true }
"""
    )
    assert (found.file, found.strict, found.ordered, found.rows) == ("train.csv", True, True, (1, 9))
    assert found.unique == (("id", "day"),)
    number, age, day, pattern = found.columns
    assert (number.kind.word, number.kind.high, number.unique, number.nullable) == (
        "integer",
        2**63 - 1,
        True,
        False,
    )
    assert (age.kind.low, age.nullable, age.required, age.coerce) == (-32768, True, False, True)
    assert age.checks == (Check("in_range", {"min_value": 0, "max_value": 120, "include_max": False}),)
    assert day.checks == (Check("greater_than_or_equal_to", {"min_value": dt.date(2020, 1, 1)}),)
    assert (pattern.is_pattern, pattern.checks[0].only_warns) == (True, True)


@pytest.mark.slow
def test_what_pandera_writes_is_read(tmp_path):
    import pandera.pandas as pa  # a second; every test run collects this file

    schema = pa.DataFrameSchema(
        {
            "age": pa.Column(int, [pa.Check.in_range(0, 120), pa.Check.isin([1, 2, 3])], unique=True),
            "name": pa.Column(str, [pa.Check.str_matches("^[a-z]+$"), pa.Check.str_length(1, 10)], nullable=True, required=False),
            "^x_.*": pa.Column(float, pa.Check.ge(0, raise_warning=True), regex=True, coerce=True),
        },
        strict=True, unique=["age", "name"], checks=[pa.Check.ne(7)],
    )  # fmt: skip
    schema.to_yaml(tmp_path / "c.yaml")
    (tmp_path / "c.json").write_text(schema.to_json())
    _, found = read(str(tmp_path / "c.yaml"))
    assert found == read(str(tmp_path / "c.json"))[1]
    age, name, pattern = found.columns
    assert [check.name for check in age.checks] == ["in_range", "isin"]
    assert (name.kind.word, name.nullable, name.required) == ("text", True, False)
    assert (pattern.is_pattern, pattern.coerce, pattern.checks[0].only_warns) == (True, True, True)
    assert found.checks == (Check("not_equal_to", {"value": 7}),)
    assert (found.strict, found.unique) == (True, (("age", "name"),))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("= 1", "it cannot be read"),
        ("x = 1", "`x` is not known"),
        ("colums = 1", "did you mean `columns`?"),
        ("columns = 3", "it is no table with `columns`"),
        ("contract = 1", "it expects nothing"),
        ("[columns.a]\ndtype = 'int65'", "`dtype` of column `a` is `int65`, which is not known"),
        ("[columns.a]\ndtype = 3", "must be a text such as 'int64'"),
        ("[columns.a]\nnullable = 'no'", "`nullable` must be true or false; it is 'no'"),
        ("[columns.a]\ninrange = 1", "did you mean `in_range`"),
        ("[columns.a]\nmy_own = 1", "`--contract FILE.py:NAME` runs a schema"),
        ("[columns.a]\nin_range = 3", "needs a number, a date or a text for `max_value`"),
        ("[columns.a]\nin_range = { min_value = 1, max_value = 2, incl = true }", "takes no `incl`"),
        ("[columns.a]\nisin = 3", "must have a list"),
        ("[columns.a]\nisin = []", "must have a list"),
        ("[columns.a]\nge = nan", "needs a number"),
        ("[columns.a]\nstr_matches = 3", "must have a text; it has 3"),
        ("[columns.a]\nstr_length = { min_value = -1 }", "whole numbers from 0"),
        ("[columns.'(']\nregex = true", "the pattern `(` for columns cannot be read"),
        ("[columns]\na = 3", "what it says of column `a` is no table"),
        ("rows = 3", "`rows` must be a table"),
        ("rows = { min = -1 }", "`rows` must be a table"),
        ("unique = 3", "`unique` must be a list"),
        ("file = 3", "`file` must be the path"),
        ("checks = [1]\n", "has no name in `options.check_name`"),
    ],
)
def test_a_mistake_is_named(text, said):
    with pytest.raises(BadArgumentError) as raised:
        of_toml(text)
    assert "contract `c.contract.toml`: " in str(raised.value)
    assert said in str(raised.value)


def test_other_files_are_no_contracts(tmp_path):
    with pytest.raises(MissingFileError, match="drafts one"):
        read(str(tmp_path / "c.toml"))
    with pytest.raises(BadArgumentError, match="must end in"):
        parse(b"", "c.txt")
    for data, name in (
        (b"[", "c.json"),
        (b"a: [", "c.yaml"),
        (b"\xff", "c.toml"),
        (b"[" * 100_000, "c.json"),
    ):
        with pytest.raises(BadArgumentError, match=r"cannot be read|no table"):
            parse(data, name)
    (tmp_path / "big.toml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(BadArgumentError, match="1,048,576 at most"):
        read(str(tmp_path / "big.toml"))


def test_yaml_cannot_make_objects():
    with pytest.raises(BadArgumentError, match="cannot be read"):
        parse(b"columns: !!python/object/apply:os.system ['true']", "c.yaml")
