"""Groups and outcomes that are missing, rare or alone; few rows, many columns, odd values: clear answers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from gnomon.checks.kinds.fairness.mitigate import mitigate
from gnomon.errors import BadArgumentError

BASE = np.random.default_rng(13)
QUICK = ("reweighing", "threshold")


def people(n, **more):
    group = BASE.choice(["a", "b"], n)
    x = BASE.normal(size=n) + (group == "b")
    return pd.DataFrame({"x": x, "group": group, "y": (x + BASE.normal(size=n) > 0.5).astype(int), **more})


def asked(train, test=None, estimator=None, **how):
    return mitigate(
        estimator or LogisticRegression(), train, people(400) if test is None else test,
        **{"target": "y", "groups": ["group"], "features": ["x"], "methods": QUICK, **how},
    )  # fmt: skip


def notes_of(found):
    return {one.note for one in found.result.findings}


def test_one_outcome_in_training_cannot_be_told():
    found = asked(people(200).assign(y=1))
    assert found.result.verdict == "cannot tell" and notes_of(found) == {
        "the training rows have one outcome only"
    }
    assert found.models == {} and found.result.figures == ()


def test_one_group_cannot_be_told():
    assert notes_of(asked(people(200).assign(group="a"))) == {"the training rows have one group only"}


@pytest.mark.slow
def test_one_group_in_test_is_compared_for_accuracy_alone():
    found = asked(people(400), people(300).assign(group="a"))
    assert found.result.verdict == "cannot tell"
    assert all("fewer than two groups have 10 rows that count" in note for note in notes_of(found))
    row = found.result.table("methods").to_dicts()[0]
    assert row["gap_after"] is None and row["accuracy_after"] is not None
    assert "groups of the training rows that the test rows do not have: `b`" in found.result.notes


def test_one_outcome_in_test_is_compared_as_far_as_it_goes():
    found = asked(people(400), people(300).assign(y=0))
    row = found.result.table("methods").to_dicts()[0]
    assert row["f1_change"] is None or row["f1_after"] == 0
    assert row["gap_after"] is not None
    groups = found.result.table("groups").to_dicts()
    assert all(one["true_positive_rate_change"] is None for one in groups)


def test_no_test_row_and_no_training_row():
    assert notes_of(asked(people(400), people(5).iloc[:0])) == {"no test row has an outcome"}
    assert notes_of(asked(people(5).iloc[:0])) == {"no training row has an outcome"}


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
def test_ten_rows_cannot_be_told():
    found = asked(people(60), people(10).assign(group=["a"] * 5 + ["b"] * 5))
    assert found.result.verdict == "cannot tell" and found.result.rows == 10
    tiny = asked(people(10).assign(y=[0, 1] * 5, group=["a"] * 5 + ["b"] * 5), people(200))
    assert tiny.result.finding("gap.threshold").note == "fewer than two groups have 6 rows of each outcome"


@pytest.mark.slow
def test_a_group_that_training_lacks_keeps_its_decisions():
    test = people(400)
    test.loc[:49, "group"] = "new"
    found = asked(people(600), test)
    assert "groups of the test rows that the training rows do not have: `new`" in found.result.notes
    own = test.group == "new"
    assert np.array_equal(found.predictions["threshold"][own], found.predictions["before"][own])


@pytest.mark.slow
def test_a_missing_group_is_a_group():
    train, test = people(600), people(600)
    for table in (train, test):
        table.loc[:99, "group"] = None
    found = asked(train, test)
    assert "(missing)" in [row["group"] for row in found.result.table("groups").to_dicts()]


@pytest.mark.slow
def test_small_groups_are_left_out_of_the_gap_and_counted():
    test = people(600)
    test.loc[:3, "group"] = "rare"
    found = asked(people(900), test)
    assert "1 group with fewer than 10 rows that count left out" in found.result.finding("gap.threshold").note
    assert "rare" in [row["group"] for row in found.result.table("groups").to_dicts()]


@pytest.mark.slow
def test_rows_without_an_outcome_are_predicted_and_in_no_figure():
    train, test = people(500), people(500)
    for table in (train, test):
        table["y"] = table.y.astype(float)
        table.loc[:49, "y"] = np.nan
    found = asked(train, test)
    assert found.result.rows == 450 and len(found.predictions["threshold"]) == 500
    assert "50 test rows without a `y` left out of the figures" in found.result.notes


def test_a_label_that_training_lacks_is_an_error():
    with pytest.raises(
        BadArgumentError,
        match="the target of `test` has the value 'maybe', which that of `train` does not have",
    ):
        asked(
            people(200).assign(y=lambda t: np.where(t.y, "yes", "no")),
            people(50).assign(y="maybe"),
            positive="yes",
        )


@pytest.mark.slow
def test_of_three_outcomes_one_is_positive():
    train = people(600).assign(y=lambda t: np.where(t.y, "yes", np.where(t.x > 0, "no", "never")))
    found = asked(train, train, positive="yes")
    assert set(found.predictions["before"]) == {"yes", "not yes"}


@pytest.mark.parametrize("labels", [(False, True), (-1, 1), (0.0, 1.0)])
def test_labels_that_say_what_is_positive(labels):
    train = people(300).assign(y=lambda t: np.where(t.y, labels[1], labels[0]))
    found = asked(train, train, methods=["reweighing"])
    assert set(found.predictions["before"].tolist()) == set(labels)


def test_a_column_that_is_all_missing_is_the_estimators_own_matter():
    train, test = people(300, empty=np.nan), people(300, empty=np.nan)
    filled = make_pipeline(SimpleImputer(strategy="constant", fill_value=0), LogisticRegression())
    assert asked(train, test, filled, features=["x", "empty"]).result.figures
    with pytest.raises(
        BadArgumentError, match="`estimator` raised ValueError on the training rows: Input X contains NaN"
    ):
        asked(train, test, features=["x", "empty"])


def test_an_estimator_that_fails_on_the_test_rows_says_where():
    test = people(100)
    test.loc[3, "x"] = np.nan
    with pytest.raises(BadArgumentError, match="raised ValueError on the test rows: Input X contains NaN"):
        asked(people(300), test)


def test_a_thousand_groups_are_too_many():
    train = people(3_000, id=[f"p{place}" for place in range(3_000)])
    with pytest.raises(BadArgumentError, match="`groups` makes 3,000 groups; mitigation takes up to 1,000"):
        asked(train, train, groups=["id"])


@pytest.mark.slow
def test_ten_thousand_columns():
    wide = pd.DataFrame(BASE.normal(size=(200, 10_000)), columns=[f"c{place}" for place in range(10_000)])
    wide = pd.concat([wide, people(200)[["group", "y"]]], axis=1)
    found = asked(wide, wide, GaussianNB(), features=None, methods=["reweighing"])
    assert len(found.result.settings["features"]) == 50 and found.result.rows == 200
