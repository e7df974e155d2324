"""Metrics of predicted classes: equal to scikit-learn, on generated cases and where a metric is 0/0."""

import warnings

import numpy as np
import pytest

from gnomon.checks.kinds.performance import tables
from gnomon.checks.kinds.performance.tables import Counts, counts_of


def generated(seed, classes):
    """Return truth and prediction of few or many rows, of classes of very different size, some of which never occur."""
    chance = np.random.default_rng(seed)
    n = int(chance.choice([1, 2, 5, 10, 60, 300]))
    shares = chance.dirichlet(np.full(classes, chance.choice([0.2, 1.0, 5.0])))
    truth = chance.choice(classes, n, p=shares)
    is_right = chance.random(n) < chance.choice([0.0, 0.3, 0.8, 1.0])
    return truth, np.where(is_right, truth, chance.choice(classes, n, p=shares))


def quietly(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def same(found, expected):
    return (np.isnan(found) and np.isnan(expected)) or abs(found - expected) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 120, 12))
def test_metrics_of_two_classes_are_those_of_scikit_learn(seed):
    for one in range(seed, seed + 12):
        compare_two_classes(one)


def compare_two_classes(seed):
    from sklearn import metrics as theirs

    truth, said = generated(seed, 2)
    ours = tables.of_binary(counts_of(truth, said, 2))
    expected = {
        "accuracy": theirs.accuracy_score(truth, said),
        "balanced_accuracy": quietly(theirs.balanced_accuracy_score, truth, said),
        "precision": theirs.precision_score(truth, said, zero_division=np.nan),
        "recall": theirs.recall_score(truth, said, zero_division=np.nan),
        "f1": theirs.f1_score(truth, said, zero_division=np.nan),
        "specificity": theirs.recall_score(truth, said, pos_label=0, zero_division=np.nan),
        "mcc": quietly(theirs.matthews_corrcoef, truth, said) if len(set(truth)) > 1 else np.nan,
    }
    assert {name: value for name, value in ours.items() if not same(value, expected[name])} == {}


@pytest.mark.slow
@pytest.mark.parametrize("classes", [3, 7])
@pytest.mark.parametrize("seed", range(20))
def test_metrics_of_many_classes_are_those_of_scikit_learn(seed, classes):
    from sklearn import metrics as theirs

    truth, said = generated(seed, classes)
    ours = tables.of_classes(counts_of(truth, said, classes))
    expected = {
        "accuracy": theirs.accuracy_score(truth, said),
        "balanced_accuracy": quietly(theirs.balanced_accuracy_score, truth, said),
        "kappa": quietly(theirs.cohen_kappa_score, truth, said),
    }
    for name, function in (
        ("precision", theirs.precision_score),
        ("recall", theirs.recall_score),
        ("f1", theirs.f1_score),
    ):
        for mean in ("macro", "weighted"):
            expected[f"{name}_{mean}"] = function(truth, said, average=mean, zero_division=0)
    assert {name: value for name, value in ours.items() if not same(value, expected[name])} == {}


def test_a_hand_worked_table():
    # 3 true positives, 1 false positive, 2 false negatives, 4 true negatives
    truth = np.array([1] * 5 + [0] * 5)
    said = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    found = tables.of_binary(counts_of(truth, said, 2))
    assert found["precision"] == 3 / 4
    assert found["recall"] == 3 / 5
    assert found["specificity"] == 4 / 5
    assert found["f1"] == pytest.approx(2 * 3 / (2 * 3 + 1 + 2))
    assert found["mcc"] == pytest.approx((3 * 4 - 1 * 2) / np.sqrt(4 * 5 * 5 * 6))


def test_what_is_zero_by_zero_is_not_defined_of_two_classes():
    # no positive row, and none predicted
    found = tables.of_binary(counts_of(np.zeros(4, int), np.zeros(4, int), 2))
    assert np.isnan([found["precision"], found["recall"], found["f1"], found["mcc"]]).all()
    assert found["accuracy"] == found["specificity"] == found["balanced_accuracy"] == 1


def test_a_class_that_is_never_predicted_has_precision_0_in_a_mean():
    found = tables.of_classes(counts_of(np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1]), 3))
    assert found["precision_macro"] == (1 + 0.5 + 0) / 3
    assert found["recall_macro"] == (1 + 1 + 0) / 3


def test_a_class_that_occurs_nowhere_is_no_part_of_a_mean():
    few = tables.of_classes(counts_of(np.array([0, 1, 1]), np.array([0, 1, 0]), 2))
    many = tables.of_classes(counts_of(np.array([0, 1, 1]), np.array([0, 1, 0]), 9))
    assert {name: float(value) for name, value in few.items()} == {
        name: float(value) for name, value in many.items()
    }


def test_draws_go_along_in_a_leading_axis():
    hits, true, predicted = (
        np.array([[1.0, 2], [0, 3]]),
        np.array([[2.0, 2], [1, 3]]),
        np.array([[1.0, 3], [0, 4]]),
    )
    together = tables.of_classes(Counts(hits, true, predicted))
    for draw in range(2):
        alone = tables.of_classes(Counts(hits[draw], true[draw], predicted[draw]))
        assert {name: float(value[draw]) for name, value in together.items()} == {
            name: float(value) for name, value in alone.items()
        }
