"""Calibration and errors of a regression by group: values of the rows, and variances that few rows cannot make too small."""

import numpy as np
import pytest

from gnomon.checks.kinds.fairness.cells import Groups
from gnomon.checks.kinds.fairness.means import leaning, mean_of


def errors(rows):
    """Return the groups of a regression; `rows` are (target, prediction) of each group."""
    e = [prediction - target for target, prediction in rows]
    sums = {
        "n": [len(one) for one in e], "e": [one.sum() for one in e], "ee": [(one**2).sum() for one in e],
        "a": [np.abs(one).sum() for one in e], "eeee": [(one**4).sum() for one in e],
    }  # fmt: skip
    return Groups("g", tuple("abc"[: len(rows)]), {key: np.array(one, float) for key, one in sums.items()})


def scores(rows):
    sums = {
        "s_n": [len(s) for s, _ in rows], "s": [s.sum() for s, _ in rows], "ss": [(s**2).sum() for s, _ in rows],
        "s_y": [y.sum() for _, y in rows], "s_sy": [(s * y).sum() for s, y in rows],
    }  # fmt: skip
    return Groups("g", tuple("abc"[: len(rows)]), {key: np.array(one, float) for key, one in sums.items()})


def drawn(seed, n):
    chance = np.random.default_rng(seed)
    return chance.normal(0, 1, n), chance.normal(0.2, 1.5, n)


@pytest.mark.slow
def test_errors_of_a_regression_are_those_of_fairlearn_and_scikit_learn():
    from fairlearn.metrics import MetricFrame, mean_prediction
    from sklearn.metrics import mean_absolute_error, root_mean_squared_error

    rows = [drawn(1, 50), drawn(2, 70), drawn(3, 11)]
    groups = errors(rows)
    labels = np.repeat(list("abc"), [50, 70, 11])
    target, prediction = (np.concatenate(one) for one in zip(*rows, strict=True))
    frame = MetricFrame(
        metrics={"mae": mean_absolute_error, "rmse": root_mean_squared_error, "mean": mean_prediction},
        y_true=target, y_pred=prediction, sensitive_features=labels,
    )  # fmt: skip
    assert mean_of(groups, "mean_absolute_error").value == pytest.approx(
        frame.by_group["mae"].to_numpy(), abs=1e-9
    )
    assert mean_of(groups, "root_mean_squared_error").value == pytest.approx(
        frame.by_group["rmse"].to_numpy(), abs=1e-9
    )
    means = [target[labels == one].mean() for one in "abc"]
    assert mean_of(groups, "mean_error").value == pytest.approx(
        frame.by_group["mean"].to_numpy() - means, abs=1e-9
    )


def test_the_standard_error_of_many_rows_is_that_of_the_rows():
    rows = [drawn(1, 4000), drawn(2, 4000)]
    for metric, values in (
        ("mean_error", [p - y for y, p in rows]),
        ("mean_absolute_error", [np.abs(p - y) for y, p in rows]),
    ):
        expected = [one.std(ddof=1) / len(one) ** 0.5 for one in values]
        assert mean_of(errors(rows), metric).error == pytest.approx(expected, rel=0.02)


def test_calibration_is_mean_score_minus_share_of_positives():
    chance = np.random.default_rng(4)
    s = chance.random(3000)
    y = (chance.random(3000) < s).astype(float)
    found = mean_of(scores([(s, y), (s * 0.5, y)]), "calibration")
    assert found.value == pytest.approx([s.mean() - y.mean(), s.mean() / 2 - y.mean()])
    assert found.error == pytest.approx([one.std(ddof=1) / 3000**0.5 for one in (s - y, s / 2 - y)], rel=0.02)


def test_twenty_people_of_whom_nobody_is_positive_are_not_certain():
    s = np.full(20, 0.05)
    low, high = mean_of(scores([(s, np.zeros(20))]), "calibration").ends(1.96)
    assert low[0] < 0 < high[0]
    assert high[0] - low[0] > 0.15


def test_few_rows_that_agree_lean_on_the_others_and_many_do_not():
    variance, n = np.array([0.0, 1.0, np.nan]), np.array([10.0, 1000.0, 1.0])
    found = leaning(variance, n)
    pooled = 999 / 1008
    assert found[0] == pytest.approx(20 * pooled / 29)
    assert found[1] == 1.0
    assert found[2] == pytest.approx(pooled)
    assert leaning(np.array([9.0, 1.0]), np.array([10.0, 1000.0]))[0] == 9.0


@pytest.mark.parametrize("little", [0.0, 1e-6])
def test_ten_errors_that_happen_to_be_nothing_are_no_proof(little):
    chance = np.random.default_rng(5)
    some = (np.zeros(1000), chance.normal(0, 1, 1000) * (chance.random(1000) < 0.2))
    none = (np.zeros(10), np.full(10, little))
    found = mean_of(errors([some, none]), "root_mean_squared_error")
    low, high = found.ends(1.96)
    assert found.value[1] == pytest.approx(little)
    assert 0 <= low[1] <= little
    assert 0.3 < high[1] < 3
