"""`gnomon checks`, `checks show`, `checks compare`: what was checked, and the exit codes."""

from __future__ import annotations

import random

import pytest

import gnomon
from tests.unit.checks import made


@pytest.fixture
def checked(project):
    """A run with two versions of a check, and a drift check that passes."""
    with gnomon.run("trees") as run:
        run.check(made.fairness(0.1, outcome="pass"))
        run.check(made.fairness(0.3))
        run.check(made.drift())
    return run.id


def test_checks_are_listed_the_newest_first(checked, ask):
    answer = ask("checks")
    assert answer.code == 0
    assert [line.split()[1] for line in answer.lines[1:]] == ["pass", "fail"]
    assert "1 of 2 failed, 1 cannot tell" in answer.out and "fairness of income by sex" in answer.out
    assert len(ask("checks", "--earlier").lines) == 4
    assert len(ask("checks", "--of", "trees").lines) == 3
    found = ask("checks", "ls", "--json").json()
    assert {key: found[1][key] for key in ("verdict", "check", "failed", "cannot_tell", "about")} == {
        "verdict": "fail", "check": "fairness", "failed": 1, "cannot_tell": 1, "about": [f"run:{checked}"]
    }  # fmt: skip


def test_failed_checks_give_an_exit_code(checked, ask):
    answer = ask("checks", "--failed")
    assert (answer.code, len(answer.lines)) == (1, 2)
    assert ask("checks", "--failed", "--of", "trees").code == 1


def test_without_checks_it_says_how_to_make_one(project, ask):
    with gnomon.run("a"):
        pass
    assert "no checks yet" in ask("checks").err
    answer = ask("checks", "--failed")
    assert (answer.code, answer.err) == (0, "no check fails\n")


def test_a_check_is_shown_with_its_intervals_and_its_code(checked, ask):
    answer = ask("checks", "show", "fairness of income by sex")
    assert answer.code == 1
    assert "fail, 1 of 2 findings failed, 1 cannot be told, over 400 rows" in answer.out
    assert (
        "selection rates are alike over `sex`" in answer.out
        and "0.3 (0.2 to 0.4), limit at most 0.1" in answer.out
    )
    assert "about 300 more of `Female`" in answer.out and "note: 3 rows have no `income`" in answer.out
    assert "Rates of each group" in answer.out and "0.35 (0.3 to 0.4)" in answer.out
    assert "Gaps" not in answer.out and "Gaps" in answer.err
    assert "Gaps" in ask("checks", "show", "fairness of income by sex", "--all").out
    assert ask("checks", "show", "drift of age").code == 0
    found = ask("checks", "show", "drift of age", "--json").json()
    assert (found["verdict"], found["findings"][0]["key"]) == ("pass", "column.age")


def test_two_checks_are_compared(checked, ask):
    answer = ask("checks", "compare", "fairness of income by sex")
    assert answer.code == 1
    assert "now fails" in answer.out and "+0.2" in answer.out
    newest, oldest = (one["id"] for one in ask("checks", "--earlier", "--json").json()[1:])
    assert ask("checks", "compare", oldest, newest).code == 1
    assert ask("checks", "compare", newest, oldest).code == 0
    assert ask("checks", "compare", newest, oldest, "--json").json()["after"] == "cannot tell"


def test_what_is_not_there_is_said(checked, ask):
    answer = ask("checks", "show", "fairnes of income")
    assert answer.code == 2 and "there is no check `fairnes of income`" in answer.err
    answer = ask("checks", "compare", "drift of age")
    assert answer.code == 2 and "is the first of its name" in answer.err
    answer = ask("check")
    assert answer.code == 2 and "`gnomon check fairness`" in answer.err


# ---------------------------------------------------------------- making checks


@pytest.fixture
def table(project):
    """People of two groups, of whom the model selects the second far too often; and a run."""
    chance = random.Random(7)
    lines = ["sex,city,income,chance,predicted"]
    for _ in range(2_000):
        sex, rich = chance.choice("FM"), chance.random() < 0.4
        score = min(0.99, max(0.01, chance.gauss(0.65 if rich else 0.35, 0.15) - 0.15 * (sex == "F")))
        lines.append(f"{sex},{chance.choice(['Oslo', 'Lima'])},{int(rich)},{score:.3f},{int(score > 0.5)}")
    (project / "test.csv").write_text("\n".join(lines) + "\n")
    with gnomon.run("model"):
        pass


FAIRNESS = (
    "check",
    "fairness",
    "test.csv",
    "--target",
    "income",
    "--prediction",
    "predicted",
    "--groups",
    "sex",
)


@pytest.mark.slow
def test_a_check_is_made_shown_and_written_down(table, ask):
    answer = ask(*FAIRNESS, "--of", "model")
    assert answer.code == 1
    assert "fairness of income by sex: fail" in answer.out and "selection rate by `sex`" in answer.out
    assert "written down as check:" in answer.err
    (one,) = gnomon.open().checks.all()
    assert (one.verdict, one.rows) == ("fail", 2_000)
    assert one.result.evidence[0]["path"] == "test.csv" and len(one.result.evidence[0]["digest"]) == 64
    again = ask(*FAIRNESS, "--of", "@1")
    assert f"compared with check:{one.id[:8]}" in again.err


@pytest.mark.slow
def test_a_check_about_nothing_is_shown_and_says_that_it_is_not_kept(table, ask):
    answer = ask(*FAIRNESS)
    assert answer.code == 1 and "not written down: `--of RUN`" in answer.err
    assert ask(*FAIRNESS, "--of", "model", "--no-record").code == 1
    assert gnomon.open().checks.all() == []


def test_a_check_needs_no_record(project, ask, tmp_path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "t.csv").write_text("g,y,p\n" + "a,1,1\nb,0,0\n" * 200)
    answer = ask(
        "check", "fairness", str(other / "t.csv"), "--target", "y", "--prediction", "p", "--groups", "g"
    )
    assert "not written down" in answer.err and answer.code in (0, 1, 3)
    answer = ask("check", "drift", "none@v1", "none@v2")
    assert answer.code == 2 and "no file `none@v1`, and no record here" in answer.err


@pytest.mark.slow
def test_versions_of_data_are_checked_and_are_what_it_is_about(table, ask, project):
    gnomon.add_data("test.csv", name="test")
    text = (project / "test.csv").read_text().replace(",Oslo,", ",Pune,")
    (project / "test.csv").write_text(text)
    gnomon.add_data("test.csv", name="test")
    answer = ask("check", "drift", "test@v1", "test@v2")
    assert answer.code == 1 and "written down" in answer.err
    (one,) = gnomon.open().checks.about("test@v2")
    assert [each["version"] for each in one.result.evidence] == ["test@v1", "test@v2"]
    assert ask("check", "drift", "test@v1", "test@v1", "--no-record").code in (0, 3)
    answer = ask("check", "drift", "test@v1", "test@v9")
    assert answer.code == 2 and "test@v9" in answer.err


@pytest.mark.slow
def test_json_is_the_whole_result(table, ask):
    found = ask(*FAIRNESS, "--json").json()
    assert (found["check"], found["verdict"]) == ("fairness", "fail")
    assert {"findings", "figures", "charts", "settings", "evidence"} <= set(found)


def test_small_groups_give_the_exit_code_of_cannot_tell(project, ask):
    (project / "t.csv").write_text("g,y,p\n" + "a,1,1\na,0,0\nb,1,0\nb,0,1\n" * 4)
    answer = ask("check", "fairness", "t.csv", "--target", "y", "--prediction", "p", "--groups", "g")
    assert answer.code == 3 and "cannot tell" in answer.out


@pytest.mark.slow
def test_wrong_columns_files_and_numbers_are_named(table, ask):
    answer = ask(*FAIRNESS[:-1], "sexes")
    assert answer.code == 2 and "'sexes'" in answer.err and "`sex`" in answer.err
    answer = ask("check", "fairness", "tests.csv", *FAIRNESS[3:])
    assert answer.code == 2 and "neither a file `tests.csv` nor a data set" in answer.err
    answer = ask("check", "robustness", "model.skops", "test.csv", "--target", "income", "--noise", "a lot")
    assert answer.code == 2 and "`--noise` must be numbers" in answer.err
    answer = ask("check", "robustness", "model.skops", "test.csv", "--target", "income", "--of", "model")
    assert answer.code == 2 and "nothing called `model.skops`" in answer.err
    answer = ask("check", "robustness", "model.skops", "test.csv", "--target", "income")
    assert answer.code == 2 and "there is no model file `model.skops`" in answer.err
    assert ask(*FAIRNESS, "--since", "abcdef").code == 2


@pytest.mark.slow
def test_a_model_that_a_run_kept_is_checked(project, ask):
    skops = pytest.importorskip("skops.io")
    from sklearn.linear_model import LogisticRegression

    chance = random.Random(3)
    rows = [(chance.gauss(0, 1), chance.gauss(0, 1)) for _ in range(600)]
    truth = [int(a + b + chance.gauss(0, 0.5) > 0) for a, b in rows]
    model = LogisticRegression().fit(rows, truth)
    skops.dump(model, "model.skops")
    lines = [f"{a},{b},{y}" for (a, b), y in zip(rows, truth, strict=True)]
    (project / "rows.csv").write_text("a,b,y\n" + "\n".join(lines) + "\n")
    with gnomon.run("kept") as run:
        run.keep("model.skops")
    (project / "model.skops").unlink()
    answer = ask(
        "check",
        "robustness",
        "model.skops",
        "rows.csv",
        "--target",
        "y",
        "--features",
        "a,b",
        "--of",
        "kept",
        "--repeats",
        "2",
    )
    assert answer.code in (0, 1, 3), answer.err
    assert "written down" in answer.err and "noise" in answer.out


@pytest.fixture
def yes_and_no(project):
    """A model that answers 0 and 1, rows whose truth is said in words, and a column that it does not take."""
    skops = pytest.importorskip("skops.io")
    from sklearn.linear_model import LogisticRegression

    chance = random.Random(3)
    rows = [(chance.gauss(0, 1), chance.gauss(0, 1)) for _ in range(400)]
    truth = [int(a + b + chance.gauss(0, 0.5) > 0) for a, b in rows]
    skops.dump(LogisticRegression().fit(rows, truth), project / "model.skops")
    lines = [
        f"{a},{b},{place % 2},{'>50K' if y else '<=50K'}"
        for place, ((a, b), y) in enumerate(zip(rows, truth, strict=True))
    ]
    (project / "rows.csv").write_text("a,b,region,income\n" + "\n".join(lines) + "\n")
    return (
        "check", "robustness", "model.skops", "rows.csv", "--target", "income", "--features", "a,b", "--repeats", "1", "--json"
    )  # fmt: skip


@pytest.mark.slow
def test_robustness_is_told_what_is_positive_and_which_slices_to_take(yes_and_no, ask):
    refused = ask(*yes_and_no)
    assert refused.code == 2 and "positive" in refused.err
    found = ask(*yes_and_no, "--positive", ">50K").json()
    assert found["settings"]["positive"] == ">50K"
    slices = {one["key"] for one in found["findings"] if one["key"].startswith("shift.")}
    assert slices == {"shift.a", "shift.b"}
    found = ask(*yes_and_no, "--positive", ">50K", "--shifts", "region,b").json()
    assert {one["key"] for one in found["findings"] if one["key"].startswith("shift.")} == {
        "shift.region",
        "shift.b",
    }
    found = ask(*yes_and_no, "--positive", ">50K", "--no-shifts").json()
    assert not any(one["key"].startswith("shift.") for one in found["findings"])


@pytest.mark.slow
def test_robustness_takes_no_slices_that_are_not_there_or_that_contradict(yes_and_no, ask):
    given = (*yes_and_no, "--positive", ">50K")
    assert "`shifts` names the column 'regions'" in ask(*given, "--shifts", "regions").err
    answer = ask(*given, "--shifts", "region", "--no-shifts")
    assert answer.code == 2 and "exclude each other" in answer.err
    assert "which no row of the target has" in ask(*yes_and_no, "--positive", "rich").err


@pytest.mark.slow
def test_drift_says_that_a_column_of_one_table_alone_fails(project, ask):
    (project / "a.csv").write_text("x,y\n" + "1,2\n" * 50)
    (project / "b.csv").write_text("x\n" + "1\n" * 50)
    assert "every column of either table unless given, and one that only one has fails" in " ".join(
        ask("check", "drift", "--help").out.split()
    )
    assert ask("check", "drift", "a.csv", "b.csv").code == 1
    assert ask("check", "drift", "a.csv", "b.csv", "--columns", "x,y").code == 1
    assert ask("check", "drift", "a.csv", "b.csv", "--columns", "x").code in (0, 3)
