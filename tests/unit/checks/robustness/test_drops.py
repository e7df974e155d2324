"""The paired interval of a drop: equal to a bootstrap of rows, holding its level, and never a point for few rows."""

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, r2_score

from gnomon.checks.kinds.robustness.drops import paired
from gnomon.checks.kinds.robustness.scores import chosen_metric, of_classes, of_numbers
from gnomon.checks.model_labels import Labels

BASE = np.random.default_rng(4)


def test_the_figures_are_those_of_scikit_learn():
    truth, said = BASE.integers(0, 3, 500), BASE.integers(0, 3, 500)
    labels = Labels(truth)
    for metric, oracle in (("accuracy", accuracy_score), ("balanced_accuracy", balanced_accuracy_score)):
        score = of_classes(metric, labels)
        assert score.of(score.values(said)) == pytest.approx(oracle(truth, said), abs=1e-12)
    numbers, guesses = BASE.normal(size=500), BASE.normal(size=500)
    score = of_numbers(numbers)
    assert score.of(score.values(guesses)) == pytest.approx(r2_score(numbers, guesses), abs=1e-12)


def test_a_drop_by_hand():
    """100 rows, all right; 10 spoilt: 0.1. With two rows added: 10/102 ± 1.96 · sqrt((12/102 - (10/102)²)/102)."""
    score = of_classes("accuracy", Labels(np.zeros(100, int)))
    found = paired(np.ones(100), np.r_[np.zeros(10), np.ones(90)][:, None], score)[0]
    middle = 10 / 102
    half = 1.959964 * math.sqrt((12 / 102 - middle**2) / 102)
    assert found.value == pytest.approx(0.1)
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half), abs=1e-6)


@pytest.mark.slow
def test_the_interval_is_that_of_a_bootstrap_of_rows():
    """4,000 resamples of the same 3,000 rows: the ends agree to a tenth of the width."""
    n = 3_000
    truth = (BASE.random(n) < 0.2).astype(int)
    clean = (BASE.random(n) < np.where(truth, 0.6, 0.9)).astype(float)
    disturbed = np.where(BASE.random(n) < 0.15, 1 - clean, clean)
    for metric in ("accuracy", "balanced_accuracy"):
        score = of_classes(metric, Labels(truth))
        found = paired(clean, disturbed[:, None], score)[0]
        draws = []
        for _ in range(4_000):
            rows = BASE.integers(0, n, n)
            own = [rows[truth[rows] == one] for one in (0, 1)] if metric != "accuracy" else [rows]
            draws.append(np.mean([(clean - disturbed)[part].mean() for part in own]))
        low, high = np.quantile(draws, [0.025, 0.975])
        width = high - low
        assert found.low == pytest.approx(low, abs=width / 10) and found.high == pytest.approx(
            high, abs=width / 10
        )


@pytest.mark.parametrize(("n", "share"), [(60, 0.3), (400, 0.05), (400, 0.3)])
def test_intervals_hold_the_true_drop(n, share):
    """600 cases; 95 % is stated, and a standard error is 0.9 %."""
    held = 0
    for _ in range(600):
        clean = (BASE.random(n) < 0.8).astype(float)
        disturbed = np.where(BASE.random(n) < share, 1 - clean, clean)
        found = paired(clean, disturbed[:, None], of_classes("accuracy", Labels(np.zeros(n, int))))[0]
        held += found.low <= 0.6 * share <= found.high
    assert held / 600 >= 0.93


@pytest.mark.parametrize("noise", [0.2, 0.8])
def test_intervals_of_a_drop_of_r2_hold_it(noise):
    """y = x + e with Var(e) = 0.25; noise of s in the prediction costs s²/1.25. 500 cases."""
    held = 0
    for _ in range(500):
        x, e = BASE.normal(size=300), 0.5 * BASE.normal(size=300)
        score = of_numbers(x + e)
        clean, disturbed = score.values(x), score.values(x + noise * BASE.normal(size=300))
        found = paired(clean, disturbed[:, None], score)[0]
        held += found.low <= noise**2 / 1.25 <= found.high
    assert held / 500 >= 0.92


def test_ten_rows_that_did_not_change_prove_little():
    score = of_classes("accuracy", Labels(np.zeros(10, int)))
    found = paired(np.ones(10), np.ones((10, 1)), score)[0]
    assert found.value == 0 and found.low < -0.2 and found.high > 0.2


def test_the_chance_agrees_with_the_interval():
    score = of_classes("accuracy", Labels(np.zeros(500, int)))
    found = paired(np.ones(500), np.r_[np.zeros(60), np.ones(440)][:, None], score)[0]
    assert found.beyond(found.low - 1e-9) < 0.05 < found.beyond(found.low + 1e-3)
    assert found.beyond(0.5) == 1.0


def test_many_ways_are_measured_at_once_as_one_by_one():
    score = of_classes("balanced_accuracy", Labels(BASE.integers(0, 2, 200)))
    clean, many = (BASE.random(200) < 0.8).astype(float), BASE.random((200, 4))
    together = paired(clean, many, score)
    for place in range(4):
        assert together[place] == pytest.approx(
            paired(clean, many[:, place : place + 1], score)[0], abs=1e-12
        )


def test_doubled_and_shuffled_rows_keep_the_drop():
    truth = BASE.integers(0, 2, 200)
    clean, disturbed = (BASE.random(200) < 0.8).astype(float), (BASE.random(200) < 0.7).astype(float)
    first = paired(clean, disturbed[:, None], of_classes("balanced_accuracy", Labels(truth)))[0]
    order = np.r_[BASE.permutation(200), np.arange(200)]
    second = paired(
        clean[order], disturbed[order][:, None], of_classes("balanced_accuracy", Labels(truth[order]))
    )[0]
    assert second.value == pytest.approx(first.value, abs=1e-12)
    assert second.high - second.low < first.high - first.low


@pytest.mark.parametrize(
    ("metric", "counts", "expected"),
    [
        (None, [80, 20], "balanced_accuracy"),
        (None, [74, 26], "accuracy"),
        (None, [40, 40, 10], "balanced_accuracy"),
        ("accuracy", [90, 10], "accuracy"),
    ],
)
def test_uneven_classes_are_measured_by_balanced_accuracy(metric, counts, expected):
    assert chosen_metric(metric, np.repeat(np.arange(len(counts)), counts), len(counts)) == expected
    assert chosen_metric(None, None, 0) == "r2"
