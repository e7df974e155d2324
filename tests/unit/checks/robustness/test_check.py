"""What a check of robustness says of models whose weakness is known, and that it changes nothing and repeats itself."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits

from gnomon.checks.kinds.robustness.check import robustness
from gnomon.checks.result import read
from gnomon.errors import BadArgumentError

BASE = np.random.default_rng(7)
N = 1_500
ROWS = pd.DataFrame(
    {
        "strong": BASE.normal(size=N), "weak": BASE.normal(size=N), "idle": BASE.normal(size=N),
        "town": BASE.choice(["Aix", "Bonn", "Cork"], N, p=[0.5, 0.3, 0.2]), "flag": BASE.random(N) < 0.5,
    }
)  # fmt: skip
ROWS["y"] = np.where(ROWS.strong + 0.2 * ROWS.weak > 0, "yes", "no")


@pytest.fixture(autouse=True)
def one_thread():
    """OpenMP's threads wait for each other, which costs more than such small fits where other programs keep the cores busy."""
    with threadpool_limits(limits=1):
        yield


def rule(table):
    """Say yes by the first column, and badly in Cork."""
    sign = np.where(np.asarray(table["town"]) == "Cork", -1, 1) if "town" in table else 1
    return np.where(np.asarray(table["strong"]) * sign > 0, "yes", "no")


def steady(table):
    return np.where(np.asarray(table["strong"]) > 0, "yes", "no")


def outcomes(result):
    return {one.key: one.outcome for one in result.findings}


def test_noise_that_is_too_much_fails_and_little_noise_passes():
    result = robustness(steady, ROWS, target="y", noise=[0.02, 1.0], missing=[], shifts=False)
    assert outcomes(result) == {"noise.0.02": "pass", "noise.1": "fail"}
    assert result.verdict == "fail" and result.rows == N
    strong = result.finding("noise.1")
    assert strong.low > 0.05 and strong.low < strong.value < strong.high
    assert "accuracy falls by" in strong.what and "under noise of 1 standard deviations" in strong.what


def test_the_column_whose_noise_hurts_most_comes_first():
    result = robustness(steady, ROWS, target="y", noise=[0.5], missing=[], shifts=False)
    rows = result.table("columns").to_dicts()
    assert rows[0]["column"] == "strong" and rows[0]["changed"] > 0.1
    assert all(row["drop"] == 0 and row["changed"] == 0 for row in rows[1:])


def test_a_slice_where_the_model_is_bad_fails_and_its_column_alone():
    result = robustness(rule, ROWS, target="y", noise=[], missing=[])
    found = outcomes(result)
    assert found.pop("shift.town") == "fail"
    assert "fail" not in found.values()
    assert "where town = Cork" in result.finding("shift.town").what
    assert result.table("slices").to_dicts()[0].keys() >= {"slice", "drop", "drop_low", "drop_high", "rows"}


def test_slices_may_be_of_a_column_that_the_model_does_not_get():
    rows = ROWS.assign(sex=np.where(ROWS.town == "Cork", "f", "m"))
    result = robustness(
        rule, rows, target="y", features=["strong", "town"], noise=[], missing=[], shifts=["sex"]
    )
    assert outcomes(result) == {"shift.sex": "fail"}


def test_a_model_that_is_insensitive_passes():
    result = robustness(
        lambda table: ["yes"] * len(table), ROWS, target="y", features=["idle", "flag"], shifts=False
    )
    assert set(outcomes(result).values()) == {"pass"}
    assert [row["drop"] for row in result.table("strengths").to_dicts()][1:] == [0, 0, 0, 0]


def test_a_model_that_takes_no_missing_values_cannot_be_told_and_says_so():
    model = LogisticRegression().fit(ROWS[["strong", "weak"]], ROWS.y)
    result = robustness(model, ROWS, target="y", noise=[], missing=[0.1], shifts=False)
    finding = result.finding("missing.0.1")
    assert (finding.outcome, finding.note, finding.value) == (
        "cannot tell",
        "the model does not take missing values",
        None,
    )


def test_another_error_on_blanked_rows_is_told_apart_without_a_value_of_the_data():
    def model(table):
        if table["strong"].isna().any():
            raise KeyError(f"secret {table['idle'].max()}")
        return steady(table)

    result = robustness(model, ROWS, target="y", noise=[], missing=[0.1], shifts=False)
    assert result.finding("missing.0.1").note == "the model raised KeyError on such rows"
    assert "secret" not in str(result.to_dict())


def test_a_model_that_fails_altogether_later_is_an_error():
    calls = []

    def model(table):
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError("the machine is gone")
        return steady(table)

    with pytest.raises(BadArgumentError, match="RuntimeError: the machine is gone"):
        robustness(model, ROWS, target="y", noise=[], missing=[0.1], shifts=False)


def test_a_model_that_takes_missing_values_is_measured():
    x = ROWS[["strong", "weak"]]
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(x, ROWS.y)
    result = robustness(model, ROWS, target="y", noise=[], missing=[0.01, 0.5], shifts=False)
    assert outcomes(result) == {"missing.0.01": "pass", "missing.0.5": "fail"}


def test_a_regression_is_measured_by_r2():
    x = ROWS[["strong", "weak"]]
    rows = x.assign(y=3 * x.strong + x.weak + 0.5 * BASE.normal(size=N))
    result = robustness(LinearRegression().fit(x, rows.y), rows, target="y", noise=[0.05, 0.5], missing=[])
    assert result.settings["metric"] == "r2"
    found = outcomes(result)
    assert (found["noise.0.05"], found["noise.0.5"]) == ("pass", "fail")
    # noise of half a deviation in both columns: 0.25 of the variance that they explain, a little less at the ends
    assert result.finding("noise.0.5").value == pytest.approx(0.25 * 10 / 10.25, abs=0.05)
    assert "R² falls by" in result.finding("noise.0.5").what


def test_the_same_question_has_the_same_answer_and_another_seed_another():
    asked = {"target": "y", "noise": [0.3], "missing": [], "repeats": 2}
    first = robustness(rule, ROWS, **asked)
    assert robustness(rule, ROWS, **asked).to_dict() == first.to_dict()
    assert robustness(rule, ROWS, seed=1, **asked).finding("noise.0.3") != first.finding("noise.0.3")


def test_a_result_is_the_same_after_it_was_written_down():
    result = robustness(rule, ROWS, target="y", repeats=1)
    assert read(result.to_dict()) == result
    assert [one.key for one in result.charts] == ["strengths", "columns", "slices"]
    assert result.charts[0].form == "lines" and result.charts[0].series[0].x[0] == 0.0


@pytest.mark.slow
def test_pandas_polars_and_a_file_get_the_same_answer(tmp_path):
    ROWS.to_parquet(tmp_path / "rows.parquet")
    tables = (ROWS, pl.DataFrame(ROWS.to_dict("list")), ROWS.to_dict("list"), tmp_path / "rows.parquet")
    found = [robustness(rule, table, target="y", repeats=1, missing=[]).findings for table in tables]
    assert found[1:] == found[:-1]


def test_doubled_rows_keep_the_figures_and_shuffled_rows_keep_the_slices():
    asked = {"target": "y", "noise": [], "missing": []}
    first = robustness(rule, ROWS, **asked)
    shuffled = robustness(rule, ROWS.sample(frac=1, random_state=3), **asked)
    doubled = robustness(rule, pd.concat([ROWS, ROWS]), **asked)
    assert shuffled.findings == first.findings
    for one in first.findings:
        assert doubled.finding(one.key).value == pytest.approx(one.value, abs=1e-12)


def test_relabelled_values_change_nothing_but_the_words():
    def renamed(table):
        return rule(table.assign(town=table["town"].map({"x": "Aix", "y": "Bonn", "z": "Cork"})))

    rows = ROWS.assign(town=ROWS.town.map({"Aix": "x", "Bonn": "y", "Cork": "z"}))
    asked = {"target": "y", "repeats": 2, "missing": []}
    first, second = robustness(rule, ROWS, **asked), robustness(renamed, rows, **asked)
    assert [one[2:6] for one in first.findings] == [one[2:6] for one in second.findings]


def test_a_model_of_an_array_from_a_file(tmp_path):
    names = ["strong", "weak", "town"]
    columns = ColumnTransformer([("town", OrdinalEncoder(), [2])], remainder="passthrough")
    model = Pipeline(
        [("columns", columns), ("model", HistGradientBoostingClassifier(max_iter=5, random_state=0))]
    )
    rows = ROWS.assign(y=(ROWS.y == "yes").astype(int))
    skops.io.dump(model.fit(rows[names].to_numpy(dtype=object), rows.y), tmp_path / "model.skops")
    result = robustness(tmp_path / "model.skops", rows, target="y", features=names, missing=[], repeats=1)
    assert result.finding("noise.0.3").value > 0
    assert [one["role"] for one in result.evidence] == ["table", "model"]
    assert result.evidence[1]["path"] == "model.skops" and len(result.evidence[1]["digest"]) == 64


def test_what_the_model_calls_one_can_be_said():
    rows = ROWS.assign(y=np.where(ROWS.y == "yes", ">50K", "<=50K"))
    result = robustness(
        lambda t: (steady(t) == "yes").astype(int), rows, target="y", positive=">50K", missing=[], repeats=1
    )
    assert result.table("strengths").rows[0][2] > 0.9
    with pytest.raises(BadArgumentError, match="`positive=…`"):
        robustness(lambda t: (steady(t) == "yes").astype(int), rows, target="y")


def test_chances_are_decided_and_said():
    rows = ROWS.assign(y=(ROWS.y == "yes").astype(int))
    result = robustness(
        lambda t: 1 / (1 + np.exp(-np.asarray(t["strong"]))), rows, target="y", missing=[], repeats=1
    )
    assert "the model gives chances; they were decided at 0.5" in result.notes


def test_rows_are_drawn_above_a_limit_and_the_note_says_so():
    result = robustness(rule, ROWS, target="y", most_rows=400, missing=[], repeats=1)
    assert result.rows == 400 and "400 of 1,500 rows were looked at, drawn by the seed" in result.notes


def test_progress_is_told_up_to_the_end():
    seen = []
    robustness(rule, ROWS, target="y", repeats=2, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] and [done for done, _ in seen] == list(range(1, len(seen) + 1))


def test_the_limit_can_differ_by_kind():
    result = robustness(rule, ROWS, target="y", max_drop={"shift": 0.9}, missing=[], repeats=1)
    assert result.finding("shift.town").outcome == "pass"
    assert result.finding("noise.0.3").limit == "a drop of at most 0.05"


def test_the_table_is_not_changed():
    before = ROWS.copy(deep=True)
    robustness(rule, ROWS, target="y", repeats=1)
    pd.testing.assert_frame_equal(ROWS, before)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"target": "z"}, "`target` names the column 'z'"),
        ({"noise": [0]}, "`noise` must be a list of numbers above 0"),
        ({"noise": 0.1}, "`noise` must be a list"),
        ({"missing": [1.5]}, "`missing` must be a list of numbers above 0, up to 1"),
        ({"max_drop": -1}, "`max_drop` must be a number from 0"),
        ({"max_drop": {"drift": 0.1}}, "`max_drop` must be a number from 0, or one for each"),
        ({"metric": "acc"}, "`metric` of `robustness` must be a metric of `performance`; got 'acc'"),
        ({"metric": "r2"}, "`metric` is 'r2', and this is a classification"),
        ({"repeats": 0}, "`repeats` must be a whole number"),
        ({"level": 1.0}, "`level` must be a number between 0 and 1"),
        ({"most_rows": 0}, "`most_rows`"),
        ({"shifts": "town"}, "`shifts` must be true, false, or a list"),
        ({"shifts": ["home"]}, "`shifts` names the column 'home'"),
        ({"shifts": ["y"]}, "`shifts` names the target"),
        ({"positive": "maybe"}, "`positive` is 'maybe'"),
    ],
)
def test_what_makes_no_sense_is_named(wrong, words):
    with pytest.raises(BadArgumentError, match=words):
        robustness(rule, ROWS, **{"target": "y", **wrong})
