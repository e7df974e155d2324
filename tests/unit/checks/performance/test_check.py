"""The whole check: what it says of odd tables, what changes nothing, and what it keeps."""

import re

import numpy as np
import pytest

from gnomon.checks import performance
from gnomon.checks.result import FAIL, PASS, UNKNOWN, read
from gnomon.errors import BadArgumentError


def scored(seed, n, *, apart=1.5):
    """Return a table of two classes with good scores, and columns that say nothing."""
    chance = np.random.default_rng(seed)
    logit = -0.5 + apart * chance.standard_normal(n)
    truth = chance.random(n) < 1 / (1 + np.exp(-logit))
    return {
        "y": truth.astype(int), "s": 1 / (1 + np.exp(-logit)), "age": chance.integers(18, 80, n),
        "region": chance.choice(list("abc"), n).astype(object),
    }  # fmt: skip


def values(result, name="metrics"):
    table = result.table(name)
    return dict(zip(table.column(table.columns[0]), table.column("value"), strict=True))


def moved(table, seed=1):
    order = np.random.default_rng(seed).permutation(len(table["y"]))
    return {name: column[order] for name, column in table.items()}


# ---------------------------------------------------------------- what changes nothing


@pytest.mark.slow
def test_shuffled_rows_give_the_same_result_to_the_last_digit():
    table = scored(1, 1500)
    one = performance(table, target="y", score="s", max_calibration_error=0.1, bootstrap=True, resamples=100)
    two = performance(
        moved(table), target="y", score="s", max_calibration_error=0.1, bootstrap=True, resamples=100
    )
    assert one.to_dict() == two.to_dict()


def test_shuffled_rows_of_a_regression_give_the_same_result():
    chance = np.random.default_rng(2)
    truth = chance.standard_normal(800)
    table = {"y": truth, "p": truth + chance.standard_normal(800), "x": chance.standard_normal(800)}
    assert (
        performance(table, target="y", prediction="p").to_dict()
        == performance(moved(table), target="y", prediction="p").to_dict()
    )


@pytest.mark.slow
def test_doubled_rows_have_the_same_figures_and_narrower_intervals():
    table = scored(3, 600)
    one = performance(table, target="y", score="s")
    two = performance(
        {name: np.concatenate([column, column]) for name, column in table.items()}, target="y", score="s"
    )
    assert values(one) == pytest.approx(values(two), abs=1e-12)
    wide, narrow = (result.table("metrics").to_dicts() for result in (one, two))
    for before, after in zip(wide, narrow, strict=True):
        assert after["value_high"] - after["value_low"] < before["value_high"] - before["value_low"]


@pytest.mark.slow
def test_other_names_of_classes_change_no_figure():
    chance = np.random.default_rng(4)
    truth, said = chance.integers(0, 4, 500), chance.integers(0, 4, 500)
    said = np.where(chance.random(500) < 0.7, truth, said)
    one = performance({"y": truth, "p": said}, target="y", prediction="p")
    words = np.array(["fox", "cat", "eel", "dog"], object)
    two = performance({"y": words[truth], "p": words[said]}, target="y", prediction="p")
    assert values(one) == pytest.approx(values(two), abs=1e-12)
    yes = np.array(["no", "yes"], object)
    table = scored(5, 400)
    numbers = performance(table, target="y", score="s", slices=False)
    labels = performance({**table, "y": yes[table["y"]]}, target="y", score="s", positive="yes", slices=False)
    assert numbers.figures[0] == labels.figures[0]


@pytest.mark.slow
def test_a_dict_of_columns_a_frame_and_a_file_give_the_same(tmp_path):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    table = scored(6, 300)
    pandas.DataFrame(table).to_parquet(tmp_path / "t.parquet")
    pandas.DataFrame(table).to_csv(tmp_path / "t.csv", index=False, float_format="%.17g")
    given = [
        table,
        pandas.DataFrame(table),
        polars.DataFrame(table).lazy(),
        tmp_path / "t.parquet",
        tmp_path / "t.csv",
    ]
    first, *others = [performance(one, target="y", score="s") for one in given]
    for other in others:
        assert (first.findings, first.figures) == (other.findings, other.figures)


# ---------------------------------------------------------------- odd tables


def outcomes(result):
    return {one.key: one.outcome for one in result.findings}


def test_one_class_only_says_nothing_of_ranking():
    found = performance(
        {"y": np.ones(200, int), "s": np.linspace(0, 1, 200)}, target="y", score="s", require="auc >= 0.9"
    )
    assert outcomes(found) == {"baseline": UNKNOWN, "require.auc.least": UNKNOWN}
    assert found.notes == ("there is no other column to make slices of",)
    assert found.finding("baseline").note == "there is one class only"
    assert values(found)["auc"] is None and values(found)["recall"] == 0.5
    labels = performance({"y": ["a"] * 30, "p": ["a"] * 30}, target="y", prediction="p")
    assert labels.verdict == UNKNOWN


def test_scores_that_are_all_the_same_say_nothing():
    table = {**scored(7, 2000), "s": np.full(2000, 0.5)}
    found = performance(table, target="y", score="s", slices=False)
    assert (found.finding("baseline").value, found.finding("baseline").outcome) == (
        0.5,
        FAIL,
    )  # surely no better
    assert values(found)["mcc"] == 0
    few = {name: column[:10] for name, column in table.items()}
    assert performance(few, target="y", score="s", slices=False).finding("baseline").outcome == UNKNOWN


def test_no_score_at_all_says_nothing():
    found = performance(
        {**scored(8, 300), "s": np.full(300, np.nan)}, target="y", score="s", require="auc >= 0.5"
    )
    assert found.verdict == UNKNOWN
    assert found.finding("require.auc.least").note == "there are no scores"
    assert "every value of `s` is missing" in found.notes[0]


def test_ten_rows_have_wide_intervals():
    table = {"y": [0, 1] * 5, "s": [0.2, 0.8] * 5, "x": [0, 1] * 5}
    found = performance(table, target="y", score="s", require="auc >= 0.95")
    assert found.finding("require.auc.least").outcome == UNKNOWN
    assert found.finding("slices").outcome == UNKNOWN
    assert found.rows == 10


def test_no_row_or_no_target_says_nothing():
    for table in ({"y": [], "s": []}, {"y": [None] * 30, "s": [0.1] * 30}):
        found = performance(table, target="y", score="s")
        assert found.verdict == UNKNOWN and found.rows == 0
    assert "30 rows are left out: `y` is missing there" in found.notes


@pytest.mark.slow
def test_rows_without_a_target_are_left_out_and_noted():
    table = scored(9, 400)
    target = np.array(table["y"], object)
    target[:100] = None
    part = {name: column[100:] for name, column in table.items()}
    one = performance({**table, "y": target}, target="y", score="s")
    assert one.rows == 300 and one.evidence[0]["rows"] == 400
    assert one.notes[0] == "100 rows are left out: `y` is missing there"
    assert one.figures == performance(part, target="y", score="s").figures


def test_a_regression_with_one_value_to_predict():
    found = performance(
        {"y": np.full(100, 3.5), "p": np.linspace(3, 4, 100)}, target="y", prediction="p", require="r2 >= 0"
    )
    assert found.finding("baseline").note == "the target has one value only"
    assert found.finding("require.r2.least").outcome == UNKNOWN
    assert values(found)["rmse"] == pytest.approx(np.sqrt(np.mean((np.linspace(3, 4, 100) - 3.5) ** 2)))


def test_a_perfect_regression_and_a_target_of_zeros():
    found = performance(
        {"y": np.arange(100.0), "p": np.arange(100.0)}, target="y", prediction="p", require="rmse <= 1"
    )
    assert values(found)["r2"] == 1 and values(found)["mape"] is None
    assert (
        found.finding("require.rmse.most").outcome == UNKNOWN
    )  # all rows say the same: there is no interval
    assert "all rows say the same" in found.finding("require.rmse.most").note


@pytest.mark.slow
def test_a_thousand_classes():
    chance = np.random.default_rng(10)
    truth = chance.integers(0, 1000, 20_000)
    said = np.where(chance.random(20_000) < 0.6, truth, chance.integers(0, 1000, 20_000))
    table = {
        "y": np.char.add("c", truth.astype(str)).astype(object),
        "p": np.char.add("c", said.astype(str)).astype(object),
    }
    found = performance(table, target="y", prediction="p", require="accuracy >= 0.5", resamples=100)
    assert found.finding("require.accuracy.least").outcome == PASS
    assert len(found.table("classes").rows) == 20
    assert values(found)["f1_macro"] == pytest.approx(0.6, abs=0.02)


def test_classes_with_few_rows_make_means_over_classes_uncertain():
    truth = np.array(["a"] * 200 + ["b"] * 200 + ["c"] * 3, object)
    found = performance(
        {"y": truth, "p": truth}, target="y", prediction="p", require=["f1_macro >= 0.5", "accuracy >= 0.5"]
    )
    assert found.finding("require.f1_macro.least").outcome == UNKNOWN
    assert (
        found.finding("require.f1_macro.least").note
        == "a class has fewer than 10 rows: the interval is too narrow"
    )
    assert found.finding("require.accuracy.least").outcome == PASS


def test_a_class_that_is_hardly_ever_predicted_makes_precisions_uncertain():
    truth = np.array(["a"] * 100 + ["b"] * 100 + ["c"] * 50, object)
    said = np.array(["a"] * 100 + ["b"] * 145 + ["c"] * 5, object)
    require = ["precision_macro >= 0.1", "precision_weighted >= 0.1", "recall_macro >= 0.1"]
    found = performance({"y": truth, "p": said}, target="y", prediction="p", require=require)
    for name, outcome in (
        ("precision_macro", UNKNOWN),
        ("precision_weighted", UNKNOWN),
        ("recall_macro", PASS),
    ):
        assert found.finding(f"require.{name}.least").outcome == outcome
    note = "classes are predicted in fewer than 10 rows: the interval is too narrow"
    assert found.finding("require.precision_macro.least").note == note
    truth = np.array(["a"] * 500 + ["b"] * 500 + ["c"] * 12, object)
    said = np.array(["a"] * 500 + ["b"] * 500 + ["a"] * 7 + ["c"] * 5, object)
    found = performance({"y": truth, "p": said}, target="y", prediction="p", require=require)
    assert found.finding("require.precision_macro.least").outcome == UNKNOWN
    assert found.finding("require.precision_weighted.least").outcome == PASS  # 12 rows of 1,012 weigh little


@pytest.mark.slow
def test_scores_of_many_classes():
    chance = np.random.default_rng(11)
    truth = chance.integers(0, 3, 900)
    scores = chance.dirichlet(np.ones(3), 900) + 0.8 * np.eye(3)[truth]
    scores /= scores.sum(1, keepdims=True)
    table = {"y": truth, **{f"p{at}": scores[:, at] for at in range(3)}}
    found = performance(
        table,
        target="y",
        score=["p0", "p1", "p2"],
        require=["auc >= 0.8", "log_loss <= 1"],
        max_calibration_error=1.0,
    )
    assert found.verdict == PASS
    sklearn = pytest.importorskip("sklearn.metrics")
    assert values(found)["auc"] == pytest.approx(
        sklearn.roc_auc_score(truth, scores, multi_class="ovr"), abs=1e-9
    )
    assert values(found)["log_loss"] == pytest.approx(sklearn.log_loss(truth, scores), abs=1e-9)
    ranks = performance({**table, "p0": table["p0"] * 3}, target="y", score=["p0", "p1", "p2"])
    assert "do not add up to 1" in " ".join(ranks.notes) and "log_loss" not in values(ranks)


@pytest.mark.slow
def test_many_columns_are_looked_at_in_part():
    table = scored(12, 300)
    table.update({f"x{at}": np.arange(300.0) for at in range(250)})
    found = performance(table, target="y", score="s")
    assert "slices are looked for in the first 200 of 252 columns" in " ".join(found.notes)


@pytest.mark.slow
def test_columns_of_mixed_types_are_no_trouble():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(scored(13, 300))
    frame["when"] = pandas.date_range("2024-01-01", periods=300)
    frame["list"] = [[1, 2]] * 300
    frame["nothing"] = None
    frame["truth"] = frame.age > 40
    found = performance(frame, target="y", score="s")
    assert found.finding("slices").outcome in (PASS, UNKNOWN)
    assert (
        any(str(cell).startswith("when") for cell in found.table("slices").column("slice"))
        or found.table("slices").rows
    )


def test_two_columns_of_one_name_are_an_error():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.zeros((5, 3)), columns=["y", "s", "s"])
    with pytest.raises(BadArgumentError, match="two columns called `s`"):
        performance(frame, target="y", score="s")


# ---------------------------------------------------------------- what is said


def test_demands_decide_the_verdict():
    table = scored(14, 3000)
    found = performance(
        table, target="y", score="s", require=["auc >= 0.5", "accuracy >= 0.99"], slices=False
    )
    assert outcomes(found) == {"baseline": PASS, "require.auc.least": PASS, "require.accuracy.least": FAIL}
    assert found.verdict == FAIL
    assert found.finding("require.accuracy.least").limit == "at least 0.99"


@pytest.mark.slow
def test_calibration_is_a_figure_unless_it_is_asked_for():
    table = scored(15, 3000)
    table["s"] = table["s"] ** 3
    found = performance(table, target="y", score="s", slices=False)
    assert "calibration" not in outcomes(found) and found.table("reliability").rows
    found = performance(table, target="y", score="s", slices=False, max_calibration_error=0.02)
    assert found.finding("calibration").outcome == FAIL
    few = performance(scored(16, 60), target="y", score="s", max_calibration_error=0.02, slices=False)
    assert few.finding("calibration").outcome == UNKNOWN


@pytest.mark.slow
def test_slices_are_found_or_said_to_be_none():
    table = scored(17, 5000, apart=3)
    is_weak = table["region"] == "b"
    weak = {**table, "s": np.where(is_weak, 1 - table["s"], table["s"])}
    found = performance(weak, target="y", score="s")
    assert [one.key for one in found.failed] == ["slice.region = b"]
    assert "accuracy" in found.failed[0].what and "rows" in found.failed[0].note
    none = performance(table, target="y", score="s").finding("slices")
    assert none.outcome == PASS and "slices of 2 columns were looked at" in none.note
    assert performance(weak, target="y", score="s", max_slice_drop=0.99).finding("slices").outcome == PASS
    only = performance(weak, target="y", score="s", slices=["age"])
    assert "slices of 1 column were looked at" in only.finding("slices").note
    assert "slices" not in outcomes(performance(weak, target="y", score="s", slices=False))


def test_with_few_rows_no_slice_is_said_to_be_fine():
    assert performance(scored(18, 250), target="y", score="s").finding("slices").outcome == UNKNOWN


@pytest.mark.slow
def test_a_result_is_the_same_after_it_was_written_down():
    found = performance(scored(19, 300), target="y", score="s", require="auc > 0.5", bootstrap=True)
    assert read(found.to_dict()) == found
    assert {one.name for one in found.figures} == {
        "metrics",
        "confusion",
        "calibration",
        "reliability",
        "slices",
        "bootstrap",
    }
    assert {one.key: one.form for one in found.charts} == {
        "roc": "lines", "precision_recall": "lines", "calibration": "lines", "slices": "intervals",
    }  # fmt: skip
    assert all(len(series.x) <= 200 for chart in found.charts for series in chart.series)


def test_no_row_of_the_data_is_in_a_result():
    table = scored(20, 400)
    table["name"] = np.array([f"person-{at}" for at in range(400)], object)
    assert "person-" not in str(performance(table, target="y", score="s").to_dict())


def test_settings_hold_every_option():
    found = performance(scored(21, 100), target="y", score="s", require="auc >= 0.5", seed=3, slices=["age"])
    assert found.settings["require"] == ["auc >= 0.5"]
    assert (found.settings["seed"], found.settings["slices"], found.settings["task"]) == (
        3,
        ["age"],
        "binary",
    )
    assert found.name == "performance of y"


def test_metrics_can_be_chosen_and_demands_are_measured_all_the_same():
    found = performance(scored(22, 300), target="y", score="s", metrics=["brier"], require="auc >= 0.1")
    assert list(values(found)) == ["brier"]
    assert found.finding("require.auc.least").outcome == PASS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"require": "r2 >= 0"}, "`require` names 'r2', which is no metric of a binary task"),
        ({"metrics": "acuracy"}, "`metrics` names 'acuracy'"),
        ({"slices": ["nope"]}, "`slices` names the column 'nope'"),
        ({"max_slice_drop": -1}, "`max_slice_drop` must be a number from 0 on"),
        ({"seed": -1}, "`seed` must be a whole number"),
        (
            {"score": None, "prediction": "y2", "require": "auc >= 0.5"},
            "`require` names 'auc', which needs scores",
        ),
    ],
)
def test_what_is_asked_wrongly_is_named(options, said):
    table = scored(23, 60)
    table["y2"] = table["y"]
    with pytest.raises(BadArgumentError, match=re.escape(said)):
        performance(table, **{"target": "y", "score": "s", **options})


@pytest.mark.slow
def test_the_usual_bootstrap_is_not_drawn_with_many_rows():
    found = performance(scored(24, 50_001), target="y", score="s", slices=False, bootstrap=True)
    assert "no bootstrap of rows is drawn with more than 50,000 rows" in found.notes[0]
