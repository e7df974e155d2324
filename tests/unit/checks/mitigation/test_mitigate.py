"""Mitigation as a comparison: what is gained, what is lost, who pays, and what is said beside it."""

import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from gnomon.checks.kinds.fairness.mitigate import Mitigation, mitigate
from gnomon.checks.result import read
from gnomon.errors import BadArgumentError, MissingExtraError

BASE = np.random.default_rng(12)
QUICK = ("reweighing", "threshold")


def made(n, seed=0):
    base = np.random.default_rng(seed)
    sex = base.choice(["f", "m"], n)
    skill = base.normal(size=n)
    paid = skill + 1.2 * (sex == "m") + 1.5 * base.normal(size=n) > 1.0
    like = (sex == "m") + 0.3 * base.normal(size=n)  # tells the sexes apart, though not for sure
    return pd.DataFrame(
        {
            "skill": skill,
            "like": like,
            "town": base.choice(["A", "B"], n),
            "sex": sex,
            "paid": np.where(paid, ">50K", "<=50K"),
        }
    )


TRAIN, TEST = made(2_500, 1), made(2_500, 2)
ASKED = {"target": "paid", "positive": ">50K", "groups": ["sex"], "features": ["skill", "like"]}


@pytest.fixture(scope="module")
def found():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return mitigate(
            LogisticRegression(), TRAIN, TEST, methods=("reweighing", "threshold", "reductions"), **ASKED
        )


@pytest.mark.slow
def test_the_gap_before_is_large_and_each_method_makes_it_smaller(found):
    rows = {row["method"]: row for row in found.result.table("methods").to_dicts()}
    assert list(rows) == ["reweighing", "threshold", "reductions"]
    for row in rows.values():
        assert row["gap_before"] > 0.2 and row["gap_after"] < row["gap_before"]
        assert row["gap_change_low"] <= row["gap_change"] <= row["gap_change_high"] < 0
    assert found.result.finding("gap.threshold").outcome == "pass"
    assert found.result.finding("gap.reductions").outcome == "pass"
    assert 0 < found.result.finding("gap.reweighing").value < 0.1
    assert [one.key for one in found.result.findings] == ["gap.reweighing", "gap.threshold", "gap.reductions"]


def test_what_it_costs_is_a_figure_with_an_interval_and_no_finding(found):
    row = found.result.table("methods").to_dicts()[1]
    for metric in ("accuracy", "balanced_accuracy", "f1"):
        assert row[f"{metric}_change"] == pytest.approx(row[f"{metric}_after"] - row[f"{metric}_before"])
        assert row[f"{metric}_change_low"] <= row[f"{metric}_change"] <= row[f"{metric}_change_high"]
    assert row["accuracy_change_high"] < 0  # parity cannot be had for nothing here
    assert not any("accuracy" in one.key for one in found.result.findings)


def test_who_pays_is_told_for_each_group(found):
    rows = {(row["method"], row["group"]): row for row in found.result.table("groups").to_dicts()}
    women, men = rows["threshold", "f"], rows["threshold", "m"]
    assert women["selection_rate_change"] > 0 > men["selection_rate_change"]
    assert women["to_positive"] > 0 == women["to_negative"] and men["to_negative"] > 0 == men["to_positive"]
    assert women["rows"] + men["rows"] == 2_500
    for metric in ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy"):
        assert {
            f"{metric}{end}" for end in ("_before", "_after", "_change", "_change_low", "_change_high")
        } <= women.keys()


def test_the_figures_are_those_of_the_predictions(found):
    for method in ("reweighing", "threshold", "reductions"):
        said = found.predictions[method] == ">50K"
        for group in "fm":
            own = TEST.sex == group
            row = next(
                r
                for r in found.result.table("groups").to_dicts()
                if (r["method"], r["group"]) == (method, group)
            )
            assert row["selection_rate_after"] == pytest.approx(said[own].mean(), abs=1e-12)
            assert row["accuracy_after"] == pytest.approx(
                (said == (TEST.paid == ">50K"))[own].mean(), abs=1e-12
            )


def test_models_predict_what_was_compared_in_the_labels_of_the_target(found):
    assert list(found.models) == ["before", "reweighing", "threshold", "reductions"]
    for method, model in found.models.items():
        said = model.predict(TEST)
        assert set(said) <= {">50K", "<=50K"}
        assert np.array_equal(said, found.predictions[method])
    assert np.array_equal(
        found.models["before"].predict(TEST[["skill", "like"]]), found.predictions["before"]
    )


def test_a_model_that_needs_the_group_says_so(found):
    with pytest.raises(
        BadArgumentError,
        match="no column `sex`, which the model needs to decide: it treats groups differently",
    ):
        found.models["threshold"].predict(TEST[["skill", "like"]])
    assert any("`threshold` needs the group of each person to decide" in note for note in found.result.notes)


def test_decisions_that_chance_makes_are_said_and_seeded(found):
    assert any("`threshold` decides in part by chance" in note for note in found.result.notes)
    again = found.models["threshold"].predict(TEST, seed=1)
    share = np.mean(again != found.predictions["threshold"])
    row = found.result.table("methods").to_dicts()[1]
    assert 0 < share < 0.1 and share == pytest.approx(row["by_chance"], abs=0.02)


@pytest.mark.slow
def test_equalized_odds_are_another_aim():
    found = mitigate(LogisticRegression(), TRAIN, TEST, methods=QUICK, constraint="equalized_odds", **ASKED)
    row = found.result.table("methods").to_dicts()[1]
    assert row["gap_after"] < row["gap_before"]
    assert (
        "true positive rates and false positive rates differ by up to"
        in found.result.finding("gap.threshold").what
    )
    assert any("does not aim at equalized odds" in note for note in found.result.notes)


@pytest.mark.slow
def test_the_same_question_has_the_same_answer():
    asked = {**ASKED, "methods": QUICK}
    first = mitigate(SGDClassifier(), TRAIN, TEST, **asked)
    second = mitigate(SGDClassifier(), TRAIN, TEST, **asked)
    assert first.result.to_dict() == second.result.to_dict()
    assert all(np.array_equal(first.predictions[one], second.predictions[one]) for one in first.predictions)


def test_a_result_is_the_same_after_it_was_written_down(found):
    assert isinstance(found, Mitigation) and read(found.result.to_dict()) == found.result
    assert (found.result.check, found.result.name) == ("mitigation", "mitigation of paid by sex")
    assert [one.key for one in found.result.charts] == ["gap", "cost", "groups"]
    assert [one["role"] for one in found.result.evidence] == ["train", "test", "model"]
    assert str(found).startswith("mitigation of paid by sex: ")


@pytest.mark.slow
def test_tables_of_any_library_and_files_get_the_same_answer(tmp_path):
    TRAIN.to_parquet(tmp_path / "train.parquet")
    TEST.to_csv(tmp_path / "test.csv", index=False)
    pairs = [
        (TRAIN, TEST), (pl.DataFrame(TRAIN.to_dict("list")), pl.DataFrame(TEST.to_dict("list"))),
        (tmp_path / "train.parquet", tmp_path / "test.csv"),
    ]  # fmt: skip
    found = [
        mitigate(LogisticRegression(), train, test, methods=QUICK, **ASKED).result for train, test in pairs
    ]
    assert found[0].findings == found[1].findings == found[2].findings
    assert found[0].figures == found[1].figures == found[2].figures


def test_shuffled_training_and_test_rows_and_relabelled_groups_keep_the_figures():
    first = mitigate(GaussianNB(), TRAIN, TEST, methods=["reweighing"], **ASKED).result
    names = {"f": "z", "m": "a"}
    second = mitigate(
        GaussianNB(), TRAIN.sample(frac=1, random_state=0).assign(sex=lambda t: t.sex.map(names)),
        TEST.sample(frac=1, random_state=1).assign(sex=lambda t: t.sex.map(names)), methods=["reweighing"], **ASKED,
    ).result  # fmt: skip
    for one, other in zip(
        first.table("methods").rows[0][1:], second.table("methods").rows[0][1:], strict=True
    ):
        assert one == pytest.approx(other, abs=0.02)  # bootstrap ends are drawn in another order
    own = {row["group"]: row for row in first.table("groups").to_dicts()}
    theirs = {row["group"]: row for row in second.table("groups").to_dicts()}
    assert own["f"]["selection_rate_change"] == pytest.approx(theirs["z"]["selection_rate_change"], abs=1e-12)


def test_the_estimator_that_was_given_is_never_fitted():
    estimator = LogisticRegression()
    fitted = LogisticRegression().fit(TRAIN[["skill", "like"]], TRAIN.paid)
    before = fitted.coef_.copy()
    mitigate(estimator, TRAIN, TEST, methods=["reweighing"], **ASKED)
    mitigate(fitted, TRAIN, TEST, methods=["reweighing"], **ASKED)
    assert not hasattr(estimator, "coef_") and np.array_equal(fitted.coef_, before)


def test_groups_are_no_features_unless_they_are_kept():
    estimator = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["sex"]), remainder="passthrough"), LogisticRegression()
    )
    asked = {**ASKED, "features": ["skill", "like", "sex"], "methods": ["reweighing"]}
    with pytest.raises(
        BadArgumentError, match=r"`estimator` raised ValueError.*`skill`.*\n.*`keep_group=True`"
    ):
        mitigate(estimator, TRAIN, TEST, **asked)
    kept = mitigate(estimator, TRAIN, TEST, keep_group=True, **asked)
    assert kept.result.settings["features"] == ["skill", "like", "sex"]
    left = mitigate(LogisticRegression(), TRAIN, TEST, **asked)
    assert "`sex` left out of the features; `keep_group=True` keeps them" in left.result.notes


def test_crossed_groups_are_named_by_their_values():
    found = mitigate(
        LogisticRegression(), TRAIN, TEST, **{**ASKED, "groups": ["sex", "town"]}, methods=["reweighing"]
    )
    assert [row["group"] for row in found.result.table("groups").to_dicts()] == [
        "f & A",
        "f & B",
        "m & A",
        "m & B",
    ]


@pytest.mark.slow
def test_a_fit_that_warns_is_noted_and_not_raised():
    found = mitigate(LogisticRegression(max_iter=1), TRAIN, TEST, methods=QUICK, **ASKED)
    assert any(note.startswith("`before`: the fit warned: ConvergenceWarning") for note in found.result.notes)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        mitigate(LogisticRegression(max_iter=1), TRAIN, TEST, methods=QUICK, **ASKED)


def test_an_estimator_without_weights_says_so_for_the_methods_that_need_them():
    found = mitigate(
        KNeighborsClassifier(), TRAIN, TEST, methods=("reweighing", "threshold", "reductions"), **ASKED
    )
    for method in ("reweighing", "reductions"):
        finding = found.result.finding(f"gap.{method}")
        assert (finding.outcome, finding.note) == (
            "cannot tell",
            "KNeighborsClassifier takes no weights of rows",
        )
    assert list(found.models) == ["before", "threshold"]
    assert [row["method"] for row in found.result.table("methods").to_dicts()] == ["threshold"]


class Fragile(GaussianNB):
    """Refuses to be fitted with weights, with a value of the data in its words."""

    def fit(self, X, y, sample_weight=None):
        if sample_weight is not None:
            raise RuntimeError(f"secret {X.max()}")
        return super().fit(X, y)


def test_a_method_whose_fit_fails_is_told_without_a_value_of_the_data():
    found = mitigate(Fragile(), TRAIN, TEST, methods=QUICK, **ASKED)
    assert found.result.finding("gap.reweighing").note == "the fit raised RuntimeError"
    assert found.result.finding("gap.threshold").value is not None
    assert "secret" not in str(found.result.to_dict())


def test_without_fairlearn_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fairlearn.postprocessing", None)
    with pytest.raises(
        MissingExtraError, match=r"`threshold` needs the library `fairlearn`.*\n.*gnomon\[trust\]"
    ):
        mitigate(LogisticRegression(), TRAIN, TEST, methods=["threshold"], **ASKED)
    assert mitigate(LogisticRegression(), TRAIN, TEST, methods=["reweighing"], **ASKED).models


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"target": "pay"}, "`target` names the column 'pay', which `train` does not have"),
        ({"groups": ["race"]}, "`groups` names the column 'race'"),
        ({"groups": []}, "`groups` names no column"),
        ({"groups": ["paid"]}, "`groups` names the target"),
        ({"features": ["wage"]}, "`features` names the column 'wage'"),
        ({"features": ["sex"]}, "no column is left"),
        ({"positive": None}, "which one is positive is not guessed"),
        ({"positive": "rich"}, "`positive` is 'rich'"),
        ({"methods": ["magic"]}, "`methods` must be a list of reweighing, threshold, reductions"),
        ({"methods": "threshold"}, "`methods` must be a list"),
        ({"methods": []}, "`methods` must be a list"),
        ({"constraint": "parity"}, "`constraint` must be demographic_parity or equalized_odds"),
        ({"max_gap": 2}, "`max_gap` must be a number from 0 to 1"),
        ({"level": 0}, "`level`"),
        ({"resamples": 1}, "`resamples`"),
    ],
)
def test_what_makes_no_sense_is_named(wrong, words):
    with pytest.raises(BadArgumentError, match=words):
        mitigate(LogisticRegression(), TRAIN, TEST, **{"methods": ["reweighing"], **ASKED, **wrong})


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (LogisticRegression, "the class `LogisticRegression`"),
        (len, "got a builtin_function_or_method"),
        (None, "got a NoneType"),
    ],
)
def test_what_cannot_be_fitted_is_an_error(estimator, words):
    with pytest.raises(
        BadArgumentError,
        match=f"`estimator` must be a classifier that can be cloned and fitted; {words if 'got' in words else 'got ' + words}",
    ):
        mitigate(estimator, TRAIN, TEST, **ASKED)
