"""`gnomon data check`, `contract`, `croissant`, and what `data add` does with a contract, a description and Parquet."""

from __future__ import annotations

import json

import polars
import pytest

import gnomon
from gnomon.data import entries
from gnomon.session import session_for

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

CONTRACT = '[columns.id]\ndtype = "int64"\nunique = true\n[columns.age]\nlt = 100\n'


@pytest.fixture
def credit(project):
    (project / "credit.csv").write_text("id,age\n1,31\n2,44\n2,200\n")
    (project / "credit.contract.toml").write_text(CONTRACT)
    return project / "credit.csv"


def test_a_broken_contract_stops_the_add_and_says_where(ask, credit, project):
    answer = ask("data", "add", "credit.csv")
    assert answer.code == 1
    assert "`id` is unique: 2 rows; first in 2, 3" in answer.out
    assert "`age` is < 100: 1 row; first in 3" in answer.out
    assert "GN113" in answer.err and "--allow-failing" in answer.err
    assert sorted(path.name for path in project.iterdir()) == ["credit.contract.toml", "credit.csv"]
    answer = ask("data", "add", "credit.csv", "--json")
    assert (answer.code, answer.json()["added"], answer.json()["verdict"], answer.json()["failed"]) == (
        1,
        False,
        "fail",
        2,
    )
    assert ask("data", "add", "credit.csv", "--contract", "x", "--no-contract").code == 2


def test_what_is_allowed_to_fail_is_recorded_and_shown(ask, credit):
    assert ask("data", "add", "credit.csv", "--allow-failing").out == "credit@v1\n"
    shown = ask("data", "show", "credit").out
    assert "contracts" in shown and "fail, 2 of 8 expectations broken" in shown
    (found,) = ask("data", "show", "credit", "--json").json()["checks"]
    assert (found["verdict"], found["contract_name"]) == ("fail", "credit.contract.toml")
    assert ask("data", "add", "credit.csv", "--no-contract", "--name", "other").code == 0
    assert "contracts" not in ask("data", "show", "other").out


def test_a_version_is_checked_with_an_exit_code(ask, credit, project):
    ask("data", "add", "credit.csv", "--no-contract")
    assert ask("data", "check", "credit@v1", "--no-record").code == 1
    assert ask("data", "show", "credit", "--json").json()["checks"] == []
    (project / "loose.toml").write_text("[columns.id]\n")
    answer = ask("data", "check", "credit@v1", "--contract", "loose.toml", "--all")
    assert answer.code == 0
    assert "credit@v1, loose.toml: pass, 3 expectations, 3 rows" in answer.lines[0]
    assert "✓ there is a column `id`" in answer.out
    found = ask("data", "check", "credit@v1", "--contract", "loose.toml", "--json").json()
    assert (found["of"], found["verdict"], found["rows"]) == ("credit@v1", "pass", 3)
    assert len(ask("data", "show", "credit", "--json").json()["checks"]) == 1


def test_the_contract_that_a_version_was_checked_by_is_used_again(ask, credit, project):
    ask("data", "add", "credit.csv", "--allow-failing")
    (project / "credit.contract.toml").unlink()
    answer = ask("data", "check", "credit@v1")
    assert answer.code == 1
    assert answer.lines[0].startswith("credit@v1, credit.contract.toml: fail")
    credit.write_text("id,age\n1,31\n")
    ask("data", "add", "credit.csv")
    assert ask("data", "check", "credit@v2").code == 0, "that of the version before"


def test_code_is_run_only_where_it_is_named(ask, credit, project):
    (project / "contract.py").write_text(
        "open('ran', 'w').close()\nimport pandera.pandas as pa\nschema = pa.DataFrameSchema({'id': pa.Column(int)})\n"
    )
    ask("data", "add", "credit.csv", "--no-contract")
    assert ask("data", "check", "credit", "--contract", "contract.py:schema").code == 0
    assert (project / "ran").exists()
    (project / "ran").unlink()
    (project / "credit.contract.toml").unlink()
    answer = ask("data", "check", "credit")
    assert (answer.code, (project / "ran").exists()) == (2, False)
    assert "has no contract" in answer.err


def test_what_a_record_calls_a_contract_is_never_run(ask, credit, project):
    """Whoever wrote the entry says that it is no code, and names it as if it were."""
    (project / "credit.contract.toml").unlink()
    ask("data", "add", "credit.csv")
    session = session_for()
    with session.objects() as store:
        digest = store.put_bytes(b"open('ran', 'w').close()\nschema = None\n")
    for name in ("evil.py", "evil.py:schema", "../..", "x/../../evil.toml"):
        body = {"contract": digest, "contract_name": name, "verdict": "pass", "is_code": False}
        session.append(
            entries.CHECKED, entries.data_subject(gnomon.open().data("credit").id), body, strict=True
        )
        answer = ask("data", "check", "credit")
        assert (answer.code, answer.err[:6], (project / "ran").exists()) == (2, "error:", False), name


def test_a_path_is_checked_before_it_is_a_version(ask, credit, project):
    answer = ask("data", "check", "credit.csv")
    assert answer.code == 1
    assert not (project / ".gnomon").exists()
    assert ask("data", "check", "gone.csv").code == 2
    (project / "credit.contract.toml").unlink()
    assert "no contract lies beside" in ask("data", "check", "credit.csv").err


def test_a_draft_is_met_and_never_written_over(ask, credit, project):
    ask("data", "add", "credit.csv", "--no-contract")
    assert "in_range = { min_value = 31, max_value = 200 }" in ask("data", "contract", "credit").out
    answer = ask("data", "contract", "credit", "-o", "credit.contract.toml")
    assert (answer.code, "exists already" in answer.err) == (2, True)
    assert ask("data", "contract", "credit", "-o", "credit.contract.toml", "--force").code == 0
    assert ask("data", "check", "credit").code == 0


# ---------------------------------------------------------------- Croissant


def test_a_version_goes_out_and_comes_in_again(ask, project):
    (project / "d").mkdir()
    (project / "d" / "x.csv").write_text("id,age\n1,31\n2,44\n")
    ask(
        "data", "add", "d", "--name", "credit", "--licence", "MIT", "--origin", "a survey", "-m", "as it came"
    )
    answer = ask("data", "croissant", "credit", "-o", "c.json", "--validate", "--url", "https://example.org")
    assert (answer.code, answer.out) == (0, "c.json\n")
    assert "mlcroissant finds no error" in answer.err
    assert "Croissant wants `creator`: say it with `--creator`" in answer.err
    assert ask("data", "croissant", "credit", "-o", "c.json").code == 2
    assert json.loads(ask("data", "croissant", "credit").out)["name"] == "credit"
    answer = ask("data", "add", "d", "--croissant", "c.json", "--name", "again", "--no-pointer")
    assert answer.out == "again@v1\n"
    assert "1 file as described; record sets: credit (2 fields)" in answer.err
    found = ask("data", "show", "again", "--json").json()
    assert (found["licence"], found["origin"], found["message"]) == ("MIT", "a survey", "as it came")
    assert len(found["croissant"]) == 64
    (project / "d" / "x.csv").write_text("other")
    answer = ask("data", "add", "d", "--croissant", "c.json")
    assert (answer.code, "is not the file that is described" in answer.err) == (3, True)


def test_an_invalid_description_has_an_exit_code(ask, project, monkeypatch):
    from gnomon.data import croissant
    from gnomon.data.croissant.validate import Validated

    (project / "x.csv").write_text("id\n1\n")
    ask("data", "add", "x.csv")
    monkeypatch.setattr(croissant, "validated", lambda _: Validated(["it is wrong"], []))
    answer = ask("data", "croissant", "x", "--validate")
    assert (answer.code, "error: it is wrong" in answer.err) == (1, True)


def test_options_that_need_each_other(ask, project):
    assert "needs PATH" in ask("data", "add").err
    (project / "x.csv").write_text("id\n1\n")
    assert "give `--croissant FILE` with it" in ask("data", "add", "x.csv", "--fetch").err
    assert "`digest` is for URLs" in ask("data", "add", "x.csv", "--digest").err


# ---------------------------------------------------------------- Parquet


def test_parquet_is_normalised_in_place_before_it_is_added(ask, project):
    frame = polars.DataFrame({"id": range(50_000)})
    frame.write_parquet("x.parquet", statistics=False)
    answer = ask("data", "add", "x.parquet", "--normalise")
    assert "normalised x.parquet: 50,000 rows" in answer.err
    assert polars.read_parquet("x.parquet").equals(frame)
    assert "unchanged" in ask("data", "status").out
    assert "already normalised" in ask("data", "add", "x.parquet", "--normalise").err
    (project / "x.csv").write_text("id\n1\n")
    assert ask("data", "add", "x.csv", "--normalise").code == 2


# ---------------------------------------------------------------- references


def test_verify_looks_where_references_lie_when_asked(ask, project):
    (project / "x.csv").write_text("id\n1\n")
    ask("data", "add", "x.csv", "--by-reference")
    ask("data", "add", "http://127.0.0.1:9/y.csv", "--by-reference", "--no-look")
    assert "`--references` looks there" in ask("data", "verify").err
    answer = ask("data", "verify", "--references")
    assert answer.code == 0
    assert "x.csv: unchanged; its bytes have the digest" in answer.out
    assert "y.csv: cannot tell; " in answer.out
    (project / "x.csv").write_text("id\n2\n")
    answer = ask("data", "verify", "x", "--references", "--json")
    assert (answer.code, answer.json()["references"][0]["state"]) == (3, "changed")
    answer = ask("data", "status", "--references")
    assert answer.code == 0
    assert "x@v1  changed; digest was" in answer.out
    assert "y@v1  cannot tell" in answer.out
    assert {one["state"] for one in ask("data", "status", "--references", "--json").json()} == {
        "changed",
        "cannot tell",
    }
    (project / "x.csv").unlink()
    assert "missing" in ask("data", "verify", "x", "--references").out
