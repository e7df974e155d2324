"""Metrics of `checks.performance` as figures of robustness: values, what a row moves, intervals that hold, what is refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.linear_model import LinearRegression, LogisticRegression

from gnomon.checks.kinds.performance.names import METRICS
from gnomon.checks.kinds.robustness import slices
from gnomon.checks.kinds.robustness.check import robustness
from gnomon.checks.kinds.robustness.drops import paired
from gnomon.checks.kinds.robustness.figured import NOT_HERE, figure_of
from gnomon.checks.model_labels import Labels
from gnomon.errors import BadArgumentError

BASE = np.random.default_rng(11)
N = 300
ROWS = pd.DataFrame({"a": BASE.normal(size=2_000), "b": BASE.normal(size=2_000)})
YES = (ROWS.a + 0.5 * ROWS.b + BASE.normal(size=2_000) > 0).astype(int)
MODEL = LogisticRegression().fit(ROWS, YES)


def case(task, name):
    """A figure, and answers of a model that is often right; scores have ties."""
    if task == "regression":
        target = BASE.normal(5, 1, N)
        return figure_of(name, target, None), target + BASE.normal(size=N)
    count = 2 if task == "binary" else 3
    truth = BASE.integers(0, count, N)
    figure = figure_of(name, truth, Labels(truth))
    if METRICS[task][name].needs == "labels":
        return figure, np.where(BASE.random(N) < 0.7, truth, BASE.integers(0, count, N))
    chances = BASE.random((N, count))
    chances[np.arange(N), truth] += 0.5
    chances = np.round(chances / chances.sum(axis=1, keepdims=True), 2)
    return figure, chances[:, 1] if count == 2 else chances


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "name"),
    [(task, name) for task, each in METRICS.items() for name in each if name not in (*NOT_HERE, "r2")],
)
def test_what_a_row_moves_is_what_leaving_it_out_changes(task, name):
    figure, answers = case(task, name)
    value, moves = figure.measured(answers)
    every = np.ones(N, dtype=bool)
    left_out = []
    for row in range(N):
        every[row] = False
        left_out.append((value - figure.at(every).measured(answers[every])[0]) * (N - 1) / N)
        every[row] = True
    assert abs(moves.sum()) < 1e-9
    assert np.corrcoef(moves, left_out)[0, 1] > 0.999
    assert np.std(moves) == pytest.approx(np.std(left_out), rel=0.01)
    assert figure.of(figure.values(answers)) == pytest.approx(value, abs=1e-9)


@pytest.mark.slow
def test_values_are_those_of_scikit_learn():
    chance, said = MODEL.predict_proba(ROWS)[:, 1], MODEL.predict(ROWS)
    expected = {
        "auc": metrics.roc_auc_score(YES, chance), "average_precision": metrics.average_precision_score(YES, chance),
        "log_loss": metrics.log_loss(YES, chance), "f1": metrics.f1_score(YES, said),
        "mcc": metrics.matthews_corrcoef(YES, said), "brier": metrics.brier_score_loss(YES, chance),
    }  # fmt: skip
    for name, value in expected.items():
        result = robustness(
            MODEL, ROWS.assign(y=YES), target="y", metric=name, noise=[0.5], missing=[], shifts=False
        )
        first, noisy = result.table("strengths").to_dicts()
        assert first["metric"] == pytest.approx(value, abs=1e-9)
        is_loss = name in ("log_loss", "brier")
        assert noisy["drop"] > 0 and (noisy["metric"] > value) == is_loss  # a drop is how much worse it is
        assert noisy["drop_low"] < noisy["drop"] < noisy["drop_high"]
        (finding,) = result.findings
        assert ("rises by" if is_loss else "falls by") in finding.what
        assert finding.limit == f"a {'rise' if is_loss else 'drop'} of at most 0.05"


@pytest.mark.slow
def test_labels_in_words_and_many_classes():
    words = np.array(["no", "yes"])[YES]
    rows = ROWS.assign(y=words)
    plain = {"target": "y", "features": ["a", "b"], "noise": [0.5], "missing": [], "shifts": False}
    with pytest.raises(BadArgumentError, match="needs to know which class is the positive one"):
        robustness(LogisticRegression().fit(ROWS, words), rows, metric="f1", **plain)
    found = [
        robustness(model, rows, metric="average precision", positive="yes", **plain).findings[0].value
        for model in (
            MODEL,
            LogisticRegression().fit(ROWS, words),
            lambda table: MODEL.predict_proba(table)[:, 1],
        )
    ]
    assert found[0] == found[1] == found[2] > 0
    three = np.array(["low", "mid", "top"])[np.digitize(ROWS.a, [-0.5, 0.5])]
    model = LogisticRegression().fit(ROWS, three)
    for name in ("kappa", "auc", "f1_macro", "log_loss"):
        result = robustness(model, ROWS.assign(y=three), metric=name, **plain)
        assert result.settings["metric"] == name and result.findings[0].value > 0


def test_slices_have_the_metric_too_and_one_that_says_nothing_is_undefined():
    rows = ROWS.assign(y=YES, group=np.where(ROWS.a > 1.2, "one class", "rest"))
    result = robustness(
        MODEL, rows, target="y", features=["a", "b"], metric="auc", noise=[], missing=[], shifts=["group"]
    )
    inside = (rows.group == "rest").to_numpy()
    by_label = {row["slice"]: row for row in result.table("slices").to_dicts()}
    assert by_label["group = rest"]["metric"] == pytest.approx(
        metrics.roc_auc_score(YES[inside], MODEL.predict_proba(ROWS[inside])[:, 1])
    )
    rows["group"] = np.where(YES == 1, "yes", "no")
    result = robustness(
        MODEL, rows, target="y", features=["a", "b"], metric="auc", noise=[], missing=[], shifts=["group"]
    )
    assert result.findings[0].outcome == "cannot tell"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"), [("auc", 92), ("f1", 92), ("average_precision", 92), ("log_loss", 88), ("mcc", 92)]
)
@pytest.mark.parametrize("share", [0.5, 0.15])
def test_intervals_hold_the_true_drop_and_slices_of_chance_rarely_stand_out(name, share, least):
    chance = np.random.default_rng(5)

    def drawn(rows):
        truth = (chance.random(rows) < share).astype(int)
        return truth, chance.normal(size=rows) + 1.5 * truth - 0.75

    def answers(seen, noise):
        said = 1 / (1 + np.exp(-2 * (seen + noise * chance.normal(size=len(seen)))))
        return (said >= 0.5).astype(int) if name in ("f1", "mcc") else said

    truth, seen = drawn(200_000)
    figure = figure_of(name, truth, Labels(truth))
    true_drop = figure.sign * (figure.measured(answers(seen, 0))[0] - figure.measured(answers(seen, 0.7))[0])
    held = alarms = 0
    for _ in range(150):
        truth, seen = drawn(400)
        figure, clean = figure_of(name, truth, Labels(truth)), answers(seen, 0)
        disturbed = np.mean([figure.values(answers(seen, 0.7)) for _ in range(5)], axis=0)
        drop = paired(figure.values(clean), disturbed[:, None], figure)[0]
        held += drop.low <= true_drop <= drop.high
        member = np.zeros(400, dtype=bool)
        member[chance.choice(400, 100, replace=False)] = True
        alarms += (
            slices.measured(figure, figure.values(clean), "c", [("c", member)], 0.05, clean)[0].chance <= 0.05
        )
    assert held >= least / 100 * 150
    assert alarms <= 0.1 * 150  # 5 % are stated


def test_equal_answers_are_no_proof_in_few_rows():
    truth = np.repeat([0, 1], 15)
    figure = figure_of("f1", truth, Labels(truth))
    values = figure.values(truth)
    drop = paired(values, values[:, None], figure)[0]
    assert drop.value == 0 and drop.high > 0.1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"metric": "mean_error"}, "cannot be 'mean_error': it has no better side"),
        ({"metric": "medae"}, "cannot be 'medae'"),
        ({"metric": "kappa"}, "no metric of a binary task"),
        ({"metric": "mape"}, "this is a classification, which takes `accuracy`"),
        ({"metric": "mae", "max_drop": 1.0}, "this is a classification"),
        ({"metric": "rmse"}, "in the units of the target, so `max_drop` must say"),
    ],
)
def test_a_metric_that_does_not_fit_is_named(wrong, words):
    with pytest.raises(BadArgumentError, match=words):
        robustness(MODEL, ROWS.assign(y=YES), target="y", **wrong)


def test_numbers_of_a_regression():
    target = 3 * ROWS.a + BASE.normal(size=2_000) + 20
    model, rows = LinearRegression().fit(ROWS, target), ROWS.assign(y=target)
    plain = {"target": "y", "features": ["a", "b"], "noise": [0.5], "missing": [], "shifts": ["b"]}
    result = robustness(model, rows, metric="rmse", max_drop=0.5, **plain)
    assert result.table("strengths").to_dicts()[0]["metric"] == pytest.approx(
        metrics.root_mean_squared_error(target, model.predict(ROWS))
    )
    assert {one.key: one.outcome for one in result.findings} == {"noise.0.5": "fail", "shift.b": "pass"}
    with pytest.raises(
        BadArgumentError, match="this is a regression, which takes `mae`, `rmse`, `r2`, `mape`"
    ):
        robustness(model, rows, metric="f1", **plain)
    with pytest.raises(BadArgumentError, match="a value of the target is 0"):
        robustness(model, rows.assign(y=np.where(ROWS.a > 0, 0, target)), metric="mape", **plain)


def test_a_model_without_chances_and_answers_that_say_nothing():
    rows = ROWS.assign(y=YES)
    plain = {"target": "y", "features": ["a", "b"], "noise": [0.5], "missing": [], "shifts": False}
    with pytest.raises(BadArgumentError, match="needs chances, and `model` gives none"):
        robustness(lambda table: np.asarray(table["a"] > 0).astype(int), rows, metric="auc", **plain)
    result = robustness(lambda table: np.zeros(len(table), int), rows, metric="precision", **plain)
    assert result.verdict == "cannot tell" and "precision is not defined" in result.findings[0].note
    few = rows[YES == 0].head(80).index.union(rows[YES == 1].head(5).index)
    result = robustness(MODEL, rows.loc[few], metric="auc", **plain)
    assert (
        result.findings[0].outcome == "cannot tell"
        and "fewer than 10 rows of the class '1'" in result.findings[0].note
    )
