"""Rows that say little, tables that are wide, columns of every kind: clear answers, no warning and no exception."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression

from gnomon.checks.kinds.robustness.check import MOST_COLUMNS, robustness
from gnomon.errors import BadArgumentError

BASE = np.random.default_rng(8)


def by_a(table):
    return (np.asarray(table["a"], dtype=float) > 0).astype(int)


def people(n, **more):
    a = BASE.normal(size=n)
    return pd.DataFrame({"a": a, "b": BASE.choice(["x", "y"], n), **more, "y": (a > 0).astype(int)})


def test_one_class_cannot_be_told():
    result = robustness(by_a, people(200).assign(y=1), target="y", repeats=1)
    assert {one.outcome for one in result.findings} == {"cannot tell"}
    assert {one.note for one in result.findings} == {"the target has one class only"}
    assert result.verdict == "cannot tell"


def test_ten_rows_cannot_be_told():
    result = robustness(by_a, people(10), target="y", repeats=2)
    assert {one.outcome for one in result.findings} == {"cannot tell"}
    assert all("rows would probably tell" in one.note or "limit" in one.note for one in result.findings)
    assert any("no two slices of 50 rows" in one for one in result.notes)


@pytest.mark.parametrize("n", [0, 1])
def test_no_row_and_one_row(n):
    result = robustness(by_a, people(5).iloc[:n], target="y")
    assert result.verdict == "cannot tell" and result.rows == n
    assert {one.note for one in result.findings} == {
        "no row has a truth" if n == 0 else "the target has one class only"
    }


def test_rows_without_a_truth_are_left_out_and_counted():
    rows = people(300)
    rows["y"] = rows.y.astype(float)
    rows.loc[:49, "y"] = np.nan
    result = robustness(by_a, rows, target="y", repeats=1)
    assert result.rows == 250 and "50 rows without a `y` left out" in result.notes


def test_a_target_that_is_missing_altogether_cannot_be_told():
    result = robustness(by_a, people(50).assign(y=np.nan), target="y")
    assert result.verdict == "cannot tell" and result.rows == 0


def test_a_column_that_is_all_missing_and_mixed_types_are_taken():
    rows = people(300, empty=np.nan, none=None, mixed=pd.Series([1, "x", None] * 100, dtype=object))
    rows["many"] = [[place] for place in range(300)]
    result = robustness(by_a, rows, target="y", repeats=1)
    assert result.finding("noise.0.1").value is not None
    assert any("no two slices" in one and "`empty`" in one and "`none`" in one for one in result.notes)


def test_numbers_too_large_for_their_squares_are_no_warning():
    rows = people(200, huge=np.r_[[1e308, -1e308], BASE.normal(size=198)])
    assert robustness(by_a, rows, target="y", repeats=1).finding("noise.0.3").value is not None


@pytest.mark.slow
def test_ten_thousand_columns_are_bounded():
    rows = pd.DataFrame(BASE.normal(size=(60, 10_000)), columns=[f"c{place}" for place in range(10_000)])
    rows["y"] = BASE.integers(0, 2, 60)
    seen = []

    def model(table):
        seen.append(table.shape)
        return (table["c0"].to_numpy() > 0).astype(int)

    result = robustness(model, rows, target="y", noise=[0.1], missing=[0.1])
    assert len(seen) == 1 + 2 * 1 + MOST_COLUMNS and set(seen) == {(60, 10_000)}
    assert len(result.table("columns").rows) == MOST_COLUMNS
    assert "50 of 10,000 columns were looked at one by one, drawn by the seed" in result.notes
    assert any("each strength was drawn 1 time, not 5" in one for one in result.notes)


def test_two_columns_of_one_name_are_an_error():
    with pytest.raises(BadArgumentError, match="two columns called `a`"):
        robustness(by_a, pd.DataFrame([[1, 2, 0]], columns=["a", "a", "y"]), target="y")


def test_a_table_of_the_target_alone_is_an_error():
    with pytest.raises(BadArgumentError, match="no column that the model could get"):
        robustness(by_a, people(50)[["y"]], target="y")


def test_a_regression_of_few_rows_and_of_one_value_cannot_be_told():
    rows = pd.DataFrame({"a": BASE.normal(size=20)}).assign(y=lambda t: t.a * 2 + 0.25)
    model = LinearRegression().fit(rows[["a"]], rows.y)
    assert {one.note for one in robustness(model, rows, target="y", missing=[]).findings} == {
        "fewer than 30 rows"
    }
    constant = pd.DataFrame({"a": BASE.normal(size=50), "y": 0.5})
    result = robustness(model, constant, target="y")
    assert {one.note for one in result.findings} == {"the target has one value only"}


def test_a_regression_that_gives_no_number_says_for_how_many_rows():
    rows = pd.DataFrame({"a": BASE.normal(size=100)}).assign(y=lambda t: t.a * 2 + 0.25)
    always = robustness(lambda t: np.where(t["a"] > 0, np.nan, 1.0), rows, target="y")
    assert all(
        "the model gave no finite number for" in one.note and "as they are" in one.note
        for one in always.findings
    )
    result = robustness(lambda t: t["a"].to_numpy() * 2, rows, target="y", noise=[], missing=[0.2], repeats=1)
    assert (
        result.findings[0].outcome == "cannot tell"
        and "the model gave no finite number for" in result.findings[0].note
    )


def test_a_regression_over_a_target_of_texts_is_an_error():
    model = HistGradientBoostingRegressor(max_iter=2, min_samples_leaf=1).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(BadArgumentError, match="`target` is no column of numbers"):
        robustness(model, people(50)[["a", "b"]], target="b")


def test_texts_for_a_target_of_many_numbers_are_an_error():
    rows = people(100).assign(y=lambda t: t.a)
    with pytest.raises(BadArgumentError, match="predicts what is no number"):
        robustness(lambda t: ["yes"] * len(t), rows, target="y")


def test_a_missing_label_counts_as_wrong():
    rows = people(200)
    result = robustness(
        lambda t: [None if one > 0 else 0 for one in t["a"]],
        rows,
        target="y",
        noise=[],
        missing=[],
        shifts=["b"],
    )
    assert result.table("strengths").rows[0][2] == pytest.approx((rows.y == 0).mean())


def test_what_a_model_warns_of_is_a_note():
    import warnings

    def model(table):
        warnings.warn("found unknown categories", UserWarning, stacklevel=1)
        return by_a(table)

    result = robustness(model, people(100), target="y", repeats=1)
    assert "the model warned: UserWarning: found unknown categories" in result.notes


def test_nothing_asked_says_nothing():
    result = robustness(
        DummyClassifier().fit([[0]], [1]),
        people(100)[["a", "y"]],
        target="y",
        noise=[],
        missing=[],
        shifts=False,
    )
    assert result.findings == () and result.verdict == "cannot tell"
