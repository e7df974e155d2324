"""Contracts that are code, drafts, and verdicts as they are recorded."""

from __future__ import annotations

import sys

import polars
import pytest

import gnomon
from gnomon.data import entries
from gnomon.data.contract import code, count, recording
from gnomon.data.contract.draft import draft
from gnomon.data.contract.state import checks_of
from gnomon.data.contract.terms import parse
from gnomon.data.profile import profile_of
from gnomon.data.state import fold_version
from gnomon.errors import BadArgumentError, ContractFailedError, MissingExtraError, MissingFileError
from gnomon.record.body import encode_body
from gnomon.record.fold import LiveEntry
from gnomon.session import session_for

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

SCHEMA = """
import pandera.pandas as pa
schema = pa.DataFrameSchema(
    {
        "id": pa.Column(int, unique=True),
        "age": pa.Column(float, pa.Check.in_range(0, 120), nullable=True, coerce=True),
        "name": pa.Column(str, pa.Check(lambda names: names.str.len() < 4, name="short")),
    },
    checks=pa.Check(lambda frame: frame["id"] > 1, error="ids are above one"),
)
not_one = 3
"""


@pytest.fixture
def table(project):
    (project / "t.csv").write_text("id,age,name\n1,31,ann\n2,,bob\n2,500,carl\n")
    (project / "contract.py").write_text(SCHEMA)
    return project / "t.csv"


def outcomes(schema) -> dict[str, tuple[str, int, tuple[str, ...]]]:
    return {one.what: (one.outcome, one.failing, one.rows) for one in code.check("t.csv", schema).outcomes}


def test_a_schema_of_pandera_is_run_on_the_rows(table):
    data, schema = code.load("contract.py:schema")
    assert data == SCHEMA.encode()
    found = outcomes(schema)
    assert found["ids are above one"] == ("fail", 1, ("1",))
    assert found["`age` in_range(0, 120)"] == ("fail", 1, ("3",))
    assert found["`name` short"] == ("fail", 1, ("3",))
    assert found["`id` is unique"] == ("fail", 2, ("2", "3"))
    assert found["`id` not_nullable"][0] == "pass"
    assert code.load("contract.py")[1].columns.keys() == schema.columns.keys(), (
        "`schema` is the name where none is given"
    )


def test_parts_count_as_one_table(table, monkeypatch):
    with table.open("a") as file:
        file.writelines(f"{row},{row % 200},ab\n" for row in range(3, 5_003))
        file.write("3,1,ab\n")
    _, schema = code.load("contract.py:schema")
    whole = outcomes(schema)
    monkeypatch.setattr(code, "PART_ROWS", 1_000)
    monkeypatch.setattr(code, "BATCH_ROWS", 500)
    verdict = code.check("t.csv", schema)
    assert {one.what: (one.outcome, one.failing, one.rows) for one in verdict.outcomes} == whole
    assert whole["`id` is unique"][1] == 4, "over all parts"
    assert "checked in 6 parts" in verdict.notes[0]


def test_a_schema_for_polars(table, project):
    (project / "p.py").write_text(
        "import pandera.polars as pa\nimport polars as pl\n"
        "schema = pa.DataFrameSchema({'id': pa.Column(pl.Int64, pa.Check.gt(1)), 'name': pa.Column(pl.String)})\n"
    )
    found = outcomes(code.load("p.py:schema")[1])
    assert found["`id` greater_than(1)"] == ("fail", 1, ("1",))


def test_code_that_fails_tells_nothing_of_the_data(table, project):
    (project / "f.py").write_text(
        "import pandera.pandas as pa\n"
        "def look(names):\n    raise ValueError(names.iloc[0])\n"
        "schema = pa.DataFrameSchema({'name': pa.Column(str, pa.Check(look, name='looks'))})\n"
    )
    verdict = code.check("t.csv", code.load("f.py")[1])
    assert verdict.verdict == "fail"
    assert "ann" not in str(verdict.to_dict())


def test_what_is_no_schema_is_said(table, project):
    with pytest.raises(BadArgumentError, match=r"has no schema of pandera's called `nothing`"):
        code.load("contract.py:nothing")
    with pytest.raises(BadArgumentError, match="called `not_one`"):
        code.load("contract.py:not_one")
    with pytest.raises(MissingFileError):
        code.load("gone.py:schema")
    (project / "bad.py").write_text("1 / 0\n")
    with pytest.raises(BadArgumentError, match="fails when it is run: ZeroDivisionError"):
        code.load("bad.py")


def test_a_schema_that_fails_as_a_whole_is_met_by_nothing(table, monkeypatch):
    _, schema = code.load("contract.py")
    monkeypatch.setattr(type(schema), "validate", lambda *_, **__: 1 / 0)
    verdict = code.check("t.csv", schema)
    assert {one.outcome for one in verdict.outcomes if "unique" not in one.what} == {"cannot tell"}
    assert verdict.outcomes[0].note == "it fails with ZeroDivisionError"


def test_without_the_libraries_the_extra_is_named(table, project, monkeypatch):
    for name, contract in (("pandera", "contract.py:schema"), ("yaml", "c.yaml")):
        (project / "c.yaml").write_text("columns: {id: {}}\n")
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(MissingExtraError, match=r"gnomon\[contracts\]"):
            recording.check_at("t.csv", contract)
    assert recording.check_at("t.csv", write(project / "c.toml", "[columns.id]\n")).verdict.verdict == "pass"


def write(path, text: str) -> str:
    path.write_text(text)
    return str(path)


# ---------------------------------------------------------------- drafts


def test_a_draft_is_met_by_what_it_was_drafted_from(project):
    polars.DataFrame(
        {
            "id": range(100), "x": [row / 7 if row % 9 else None for row in range(100)],
            "kind": [["a", "b", "NA"][row % 3] for row in range(100)], "email": [f"p{row}@x.org" for row in range(100)],
            'odd "name" = #\n': [row % 2 == 0 for row in range(100)], "day": ["2026-01-01"] * 100,
        }
    ).write_csv("t.csv")  # fmt: skip
    text = draft(profile_of("t.csv"), name="t", label="t@v1")
    verdict = count.check("t.csv", parse(text.encode(), "t.toml"))
    assert verdict.verdict == "pass", verdict.failed
    assert "in_range = { min_value = 0, max_value = 99 }" in text
    assert 'isin = ["NA", "a", "b"]' in text
    assert "unique = true" in text
    assert "p1@x.org" not in text
    with open("t.csv", "a") as file:
        file.write("100,1,c,q@x.org,maybe,2026-01-02\n")
    failed = {one.column for one in count.check("t.csv", parse(text.encode(), "t.toml")).failed}
    assert failed == {"id", "kind", 'odd "name" = #'}


def test_a_draft_of_a_folder_names_its_file(project):
    (project / "d").mkdir()
    (project / "d" / "a.csv").write_text("id\n1\n")
    (project / "d" / "b.csv").write_text("other,more\n3,4\n")
    found = profile_of("d")
    with pytest.raises(BadArgumentError, match="holds several tables"):
        draft(found, name="d", label="d@v1")
    text = draft(found, name="d", label="d@v1", file="b.csv")
    assert count.check("d", parse(text.encode(), "d.toml")).verdict == "pass"


# ---------------------------------------------------------------- at add, and recorded


@pytest.fixture
def strict(table, project):
    (project / "t.contract.toml").write_text("[columns.id]\nunique = true\n[columns.age]\nnullable = true\n")
    return project / "t.contract.toml"


def test_data_that_breaks_its_contract_is_not_added(strict, project):
    with pytest.raises(ContractFailedError) as raised:
        gnomon.add_data("t.csv")
    assert str(raised.value).startswith(
        "`t.csv` breaks the contract `t.contract.toml`: `id` is unique (2 rows) (GN113)"
    )
    assert not list((project / ".gnomon").rglob("*"))


def test_the_verdict_of_what_was_added_is_recorded_without_values(strict):
    version = gnomon.add_data("t.csv", allow_failing=True)
    (found,) = version.checks
    assert (found["contract_name"], found["verdict"], found["failed"], found["rows"]) == (
        "t.contract.toml",
        "fail",
        1,
        3,
    )
    assert [one["rows"] for one in found["outcomes"] if one["outcome"] == "fail"] == [["2", "3"]]
    assert version.record.replica.objects().read(found["contract"]) == strict.read_bytes()
    assert "carl" not in str(version.state)


def test_the_same_verdict_is_written_once_and_a_new_one_replaces_it(strict):
    version = gnomon.add_data("t.csv", allow_failing=True)
    again = gnomon.add_data("t.csv", allow_failing=True)
    assert (again.id, again.checks) == (version.id, version.checks)
    strict.write_text("[columns.id]\n")
    after = gnomon.add_data("t.csv")
    assert [one["verdict"] for one in after.checks] == ["pass"]


def test_verdicts_given_apart_both_stand(strict):
    version = gnomon.add_data("t.csv", contract=False)
    session = session_for()
    for verdict in ("pass", "fail"):
        body = {
            "contract": "ab" * 32,
            "contract_name": "c.toml",
            "verdict": verdict,
            "rows": 3,
            "outcomes": [],
        }
        session.append(entries.CHECKED, entries.data_subject(version.id), body, strict=True)
    assert sorted(one["verdict"] for one in gnomon.open().data("t").checks) == ["fail", "pass"]


def test_data_that_changes_while_it_is_checked_is_refused(strict, monkeypatch, table):
    strict.write_text("[columns.id]\n")
    real = recording.check_at

    def meanwhile(path, contract):
        found = real(path, contract)
        with table.open("a") as file:
            file.write("9,9,zoe\n")
        return found

    monkeypatch.setattr(recording, "check_at", meanwhile)
    with pytest.raises(BadArgumentError, match="changed while it was checked"):
        gnomon.add_data("t.csv")
    assert gnomon.open().data_sets() == []


def test_the_contract_of_the_data_set_is_found_before_that_of_the_file(strict, project):
    (project / "credit.contract.json").write_text('{"columns": {"id": {}}}')
    assert gnomon.add_data("t.csv", name="credit").checks[0]["contract_name"] == "credit.contract.json"


def live(body) -> LiveEntry:
    return LiveEntry(bytes(32), entries.CHECKED, None, bytes(16), bytes(16), 0, 1, encode_body(body))


def test_a_hostile_verdict_breaks_no_fold():
    bodies = [
        {}, {"verdict": "pass"}, {"verdict": ["pass"], "contract_name": "x"}, {"verdict": "pass", "contract_name": 3},
        {"verdict": "pass", "contract_name": "x" * 9_999, "contract": 5, "outcomes": [3, {}, {"outcome": "fail"}] * 500},
        {"verdict": "fail", "contract_name": "y", "rows": -1, "failed": "many", "outcomes": {"a": 1}, "notes": [1, "n" * 9_999]},
    ]  # fmt: skip
    found = checks_of([live(body) for body in bodies])
    assert [one["verdict"] for one in found] == ["fail", "pass"]
    assert all(len(str(one)) < 100_000 for one in found)
    assert fold_version([live(body) for body in bodies])["checks"] == found
