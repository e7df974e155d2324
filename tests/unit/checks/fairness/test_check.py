"""The fairness check as a whole: what it says of tables by hand, at its edges, and under changes that must not matter."""

import math

import numpy as np
import pandas as pd
import pytest

from gnomon.checks.kinds.fairness.check import fairness
from gnomon.checks.result import read
from gnomon.errors import BadArgumentError


def people(seed=1, n=2000, apart=0.25):
    """Return people of two sexes and three regions; `apart` is how much less often women are selected."""
    chance = np.random.default_rng(seed)
    table = pd.DataFrame({"sex": chance.choice(["f", "m"], n), "region": chance.choice(["n", "s", "w"], n)})
    table["score"] = chance.beta(2, 2, n)
    table["y"] = chance.random(n) < table["score"]
    table["p"] = chance.random(n) < 0.5 - apart * (table["sex"] == "f")
    return table


def asked(table, **given):
    return fairness(table, **({"target": "y", "prediction": "p", "groups": ["sex", "region"]} | given))


def said(result):
    """Return everything that a result says but the names of groups, so that nearly equal numbers compare equal."""
    return {
        one.key: (one.outcome, pytest.approx((one.value, one.low, one.high), abs=1e-12))
        for one in result.findings
    }


def values(result):
    return {one.key: (one.outcome, (one.value, one.low, one.high)) for one in result.findings}


def test_a_planted_gap_fails_and_the_other_attribute_does_not():
    result = asked(people())
    assert result.verdict == "fail"
    assert result.finding("gap.selection_rate.sex").outcome == "fail"
    assert result.finding("gap.selection_rate.sex & region").outcome == "fail"
    assert result.finding("gap.selection_rate.region").outcome != "fail"
    assert result.finding("gap.selection_rate.sex").what.startswith("selection rate by `sex`: `m` 0.5")
    assert [one.key for one in result.findings] == [
        f"gap.{metric}.{attribute}"
        for metric in ("selection_rate", "true_positive_rate", "false_positive_rate")
        for attribute in ("sex", "region", "sex & region")
    ]


def test_figures_are_those_of_the_rows():
    table = people()
    result = asked(table, score="score")
    rows = {(row["attribute"], row["group"]): row for row in result.table("groups").to_dicts()}
    women = table[table["sex"] == "f"]
    assert rows["sex", "f"]["n"] == len(women)
    assert rows["sex", "f"]["true_positive_rate"] == women[women["y"]]["p"].mean()
    assert rows["sex", "f"]["calibration"] == pytest.approx(women["score"].mean() - women["y"].mean())
    assert rows["(all)", "all"]["selection_rate"] == table["p"].mean()
    gaps = {(row["metric"], row["attribute"]): row for row in result.table("gaps").to_dicts()}
    own = table.groupby("sex")["p"].mean()
    row = gaps["selection_rate", "sex"]
    assert (row["gap"], row["ratio"], row["lowest"], row["highest"]) == pytest.approx(
        (own["m"] - own["f"], own["f"] / own["m"], "f", "m")
    )
    assert row["gap_low"] < row["gap"] < row["gap_high"]
    assert row["to_overall"] == pytest.approx(max(abs(own - table["p"].mean())))


@pytest.mark.slow
def test_both_parities_are_those_of_fairlearn():
    from fairlearn.metrics import demographic_parity_ratio, equalized_odds_difference

    table = people()
    rows = {(row[0], row[1]): row[2:] for row in asked(table).table("parity").rows}
    given = {"y_true": table["y"], "y_pred": table["p"], "sensitive_features": table[["sex", "region"]]}
    assert rows["sex & region", "demographic parity"][1] == pytest.approx(
        demographic_parity_ratio(**given), abs=1e-9
    )
    assert rows["sex & region", "equalized odds"][0] == pytest.approx(
        equalized_odds_difference(**given), abs=1e-9
    )


@pytest.mark.slow
def test_a_result_is_the_same_after_it_was_written_down():
    result = asked(people(), score="score", resamples=100)
    again = read(result.to_dict())
    assert again.to_dict() == result.to_dict()
    assert [one.name for one in result.figures] == ["groups", "gaps", "parity", "resampled", "cells"]
    assert result.charts[0].form == "intervals"
    assert result.charts[0].series[0].x == ("f", "m")


# ---------------------------------------------------------------- changes that must not matter


@pytest.mark.slow
def test_other_names_of_groups_change_nothing():
    table = people(apart=0.1, n=300)
    renamed = table.assign(
        sex=table["sex"].map({"f": "zz", "m": "aa"}),
        region=table["region"].map({"n": "3", "s": "1", "w": "2"}),
    )
    assert values(asked(renamed)) == said(asked(table))


@pytest.mark.slow
def test_other_names_of_columns_change_keys_only():
    table = people(apart=0.1, n=300)
    renamed = table.rename(columns={"sex": "group", "y": "p", "p": "y"})
    result = fairness(renamed, target="p", prediction="y", groups=["group", "region"])
    assert [one[:2] for one in values(result).values()] == [one[:2] for one in said(asked(table)).values()]


@pytest.mark.slow
def test_another_order_of_rows_changes_nothing():
    table = people(apart=0.1, n=300)
    assert values(asked(table.sample(frac=1, random_state=3), score="score")) == said(
        asked(table, score="score")
    )


@pytest.mark.slow
def test_rows_that_are_there_twice_change_intervals_and_no_estimate():
    table = people(n=1000)
    once, twice = asked(table, score="score"), asked(pd.concat([table, table]), score="score")
    for one, other in zip(once.findings, twice.findings, strict=True):
        assert other.value == pytest.approx(one.value, abs=1e-12)
        assert other.high - other.low < one.high - one.low


@pytest.mark.slow
def test_the_same_question_has_the_same_answer():
    assert asked(people(n=200), resamples=100).to_dict() == asked(people(n=200), resamples=100).to_dict()


# ---------------------------------------------------------------- scores and regressions


@pytest.mark.slow
def test_scores_that_are_too_low_for_one_group_are_found():
    table = people(n=6000)
    table["score"] -= 0.2 * (table["sex"] == "f") * table["score"]
    result = asked(table, score="score", groups="sex", max_gap=0.05)
    assert result.finding("gap.calibration.sex").outcome == "fail"
    assert asked(people(n=6000), score="score", groups="sex").finding("gap.calibration.sex").outcome == "pass"


def test_a_score_alone_selects_from_a_threshold_on():
    table = people()
    result = fairness(table, target="y", score="score", groups="sex", threshold=0.7)
    assert result.table("groups").to_dicts()[0]["selection_rate"] == (table["score"] >= 0.7).mean()
    assert result.notes[0] == "positive: `y` is true; selected: `score` is 0.7 or more"


@pytest.mark.slow
def test_scores_that_are_no_chances_have_no_calibration():
    table = people()
    table["score"] = np.log(table["score"] / (1 - table["score"]))
    with pytest.raises(BadArgumentError, match=r"so 0\.5 is no natural threshold(.|\n)*`threshold=`"):
        fairness(table, target="y", score="score", groups="sex")
    result = fairness(table, target="y", score="score", groups="sex", threshold=0.0)
    assert "gap.calibration.sex" not in {one.key for one in result.findings}
    assert any("no chances" in note for note in result.notes)
    with pytest.raises(BadArgumentError, match="a table without a `score` between 0 and 1 does not have"):
        fairness(table, target="y", score="score", groups="sex", threshold=0.0, metrics=["calibration"])


def test_a_missing_score_leaves_a_row_out_of_calibration_alone():
    table = people()
    table.loc[:9, "score"] = math.nan
    result = asked(table, score="score")
    assert result.rows == len(table)
    assert "10 rows without a score: not in calibration" in result.notes


@pytest.mark.slow
def test_predictions_that_are_too_high_for_one_group_are_found_in_units_of_the_target():
    chance = np.random.default_rng(2)
    table = pd.DataFrame({"sex": chance.choice(["f", "m"], 4000), "pay": chance.normal(3000, 500, 4000)})
    table["said"] = table["pay"] + chance.normal(0, 100, 4000) + 100 * (table["sex"] == "m")
    result = fairness(table, target="pay", prediction="said", groups="sex")
    found = result.finding("gap.mean_error.sex")
    assert found.outcome == "fail"
    assert found.value == pytest.approx(100, abs=15)
    assert found.limit.startswith("at most 50") or found.limit.startswith("at most 49")
    assert "units of `pay`" in found.limit
    assert result.finding("gap.root_mean_squared_error.sex").outcome == "pass"
    shifted = fairness(
        table.assign(pay=table["pay"] + 1e7, said=table["said"] + 1e7),
        target="pay",
        prediction="said",
        groups="sex",
    )
    assert shifted.finding("gap.mean_error.sex").value == pytest.approx(found.value, abs=1e-6)


# ---------------------------------------------------------------- versions


@pytest.mark.slow
def test_a_gap_that_grew_is_flagged_and_one_that_did_not_is_not():
    before, now = asked(people(apart=0.02, n=4000)), people(seed=2, n=4000)
    result = asked(now, since=before)
    assert result.finding("grew.selection_rate.sex").outcome == "fail"
    assert result.finding("grew.selection_rate.region").outcome != "fail"
    same = asked(now, since=read(asked(people(n=4000)).to_dict()))
    assert all(one.outcome != "fail" for one in same.findings if one.key.startswith("grew"))
    assert "the two versions are compared as if made on different people" in same.notes


@pytest.mark.slow
def test_what_the_earlier_version_lacks_is_said():
    before = asked(people(), groups="sex", metrics=["selection_rate"])
    result = asked(people(), score="score", since=before)
    assert "grew.true_positive_rate.sex" in {one.key for one in result.findings}  # it follows from the counts
    assert any(
        "nothing to compare for: " in note and "calibration.sex" in note and "region" in note
        for note in result.notes
    )
    assert "grew.selection_rate.region" not in {one.key for one in result.findings}


# ---------------------------------------------------------------- edges: clear answers


def untold(result):
    assert result.verdict == "cannot tell"
    return {one.key: one.note for one in result.findings}


def test_one_group_only():
    table = people().assign(sex="f")
    assert untold(asked(table, groups="sex"))["gap.selection_rate.sex"] == "there is one group only, `f`"


def test_one_class_only():
    notes = untold(asked(people(n=200, apart=0).assign(y=True), groups="sex"))
    assert notes["gap.false_positive_rate.sex"] == "there are no negatives"


def test_no_prediction_at_all():
    result = asked(people(n=50).assign(p=None))
    assert set(untold(result).values()) == {
        "there are no people",
        "there are no positives",
        "there are no negatives",
    }
    assert "left out: 50 rows without a target or prediction" in result.notes
    assert result.rows == 0


def test_no_row_at_all():
    assert asked(people(n=10).head(0).astype({"y": bool, "p": bool})).verdict == "cannot tell"


def test_ten_rows():
    notes = untold(asked(people(n=10), score="score"))
    assert all(notes.values())


@pytest.mark.slow
def test_all_errors_missing_and_a_constant_target():
    table = pd.DataFrame({"g": ["a", "b"] * 20, "y": [1.5] * 40, "p": [math.nan] * 40})
    assert (
        untold(fairness(table, target="y", prediction="p", groups="g"))["gap.mean_error.g"]
        == "there are no people"
    )
    result = fairness(table.assign(p=2.0), target="y", prediction="p", groups="g")
    assert (
        untold(result)["gap.mean_error.g"] == "the target has one value only, so there is no unit for a limit"
    )


def test_small_groups_are_listed_and_neither_pass_nor_fail():
    table = people(apart=0.0, n=20_000)
    table.loc[:2, "sex"] = "x"
    table.loc[:2, "p"] = True
    result = asked(table, groups="sex")
    small = result.finding("small.sex")
    assert (small.outcome, small.value) == ("cannot tell", 1)
    assert "selection rate: `x` 3 people" in small.note
    assert result.finding("gap.selection_rate.sex").outcome == "pass"
    assert result.verdict == "cannot tell"


@pytest.mark.slow
def test_ten_thousand_groups():
    n = 30_000
    table = pd.DataFrame(
        {"street": np.arange(n) % 10_000, "y": np.arange(n) % 2 == 0, "p": np.arange(n) % 3 == 0}
    )
    result = asked(table, groups="street", smallest=2)
    assert result.finding("gap.selection_rate.street").note.startswith(
        "only the 100 largest of 10,000 groups are judged"
    )
    assert len(result.table("groups").rows) == 41
    assert "the 40 largest of 10,000 groups of `street` are shown" in result.table("groups").note
    assert len(result.table("cells").rows) == 100
    assert len(result.charts[0].series[0].x) == 40


def test_numbers_truths_and_missing_labels_in_one_column_of_groups():
    table = people(n=400)
    table["sex"] = pd.Series([1.0, 2.0, math.nan, 1.0] * 100)
    assert [row[1] for row in asked(table, groups="sex").table("groups").rows[1:]] == ["(missing)", "1", "2"]
    table["sex"] = [1, "1", None, True] * 100
    with pytest.raises(BadArgumentError, match="several types"):
        asked(table, groups="sex")


def test_without_a_target_only_selection_is_looked_at():
    result = asked(people(), target=None, groups="sex")
    assert [one.key for one in result.findings] == ["gap.selection_rate.sex"]
    assert [row[1] for row in result.table("parity").rows] == ["demographic parity"]
    with pytest.raises(
        BadArgumentError, match="names 'accuracy', which a table without `target` does not have"
    ):
        asked(people(), target=None, groups="sex", metrics=["accuracy"])


def test_the_demands_of_the_field_are_names_of_metrics_too():
    result = asked(people(), groups="sex", metrics=["equalized_odds", "true_positive_rate"])
    assert result.settings["metrics"] == ["true_positive_rate", "false_positive_rate"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"groups": []}, "`groups` must be the name of a column"),
        ({"groups": ["sex", "sex"]}, "`groups` names the column 'sex' twice"),
        ({"groups": "sez"}, "`groups` names the column 'sez'"),
        ({"prediction": None}, "needs `prediction` or `score`"),
        ({"threshold": 0.5}, "`threshold` says from which score on"),
        ({"metrics": ["selection"]}, "'selection', which is no metric of fairness"),
        ({"metrics": ["mean_error"]}, "which a classification does not have"),
        ({"task": "ranking"}, "`task` must be 'classification' or 'regression'"),
        ({"max_gap": -0.1}, "`max_gap` must be a number from 0 on"),
        ({"level": 1}, "`level` must be a number between 0 and 1"),
        ({"smallest": 1}, "`smallest` must be a whole number from 2 on"),
        ({"resamples": 20}, "`resamples` must be 0, or between 100 and 10,000"),
        ({"since": "sex"}, "`since` must be the result of an earlier fairness check; got str"),
        ({"task": "regression"}, "`target`: the column `y` does not hold numbers"),
    ],
)
def test_a_wrong_argument_is_an_error_that_says_which(given, message):
    with pytest.raises(BadArgumentError, match=message):
        asked(people(n=20), **given)
