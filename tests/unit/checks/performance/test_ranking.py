"""ROC AUC and average precision: equal to scikit-learn, ties included, and moved by a row as their influences say."""

import numpy as np
import pytest

from gnomon.checks.kinds.performance import ranking
from gnomon.checks.kinds.performance.ranking import Rest, auc_of, average_precision_of, ranked


def generated(seed):
    chance = np.random.default_rng(seed)
    n = int(chance.choice([4, 10, 60, 400]))
    truth = (chance.random(n) < chance.choice([0.1, 0.5, 0.9])).astype(int)
    truth[:2] = 0, 1
    digits = int(chance.choice([0, 1, 2, 15]))  # few digits: many ties
    return np.round(chance.random(n) + truth * chance.choice([0, 0.5, 5]), digits), truth


@pytest.mark.slow
def test_both_are_those_of_scikit_learn():
    from sklearn import metrics as theirs

    for seed in range(100):
        scores, truth = generated(seed)
        found = ranked(scores, truth)
        assert auc_of(found).value == pytest.approx(theirs.roc_auc_score(truth, scores), abs=1e-9), seed
        expected = theirs.average_precision_score(truth, scores)
        assert average_precision_of(found).value == pytest.approx(expected, abs=1e-9), seed


@pytest.mark.slow
def test_the_mean_of_one_class_against_the_rest_is_that_of_scikit_learn():
    from sklearn import metrics as theirs

    for seed in range(20):
        chance = np.random.default_rng(seed)
        truth = np.append(np.arange(4), chance.integers(0, 4, 60))
        scores = chance.dirichlet(np.ones(4), len(truth))
        rest = Rest(truth, 4)
        for code in range(4):
            rest.add(code, scores[:, code])
        expected = theirs.roc_auc_score(truth, scores, multi_class="ovr")
        assert rest.value == pytest.approx(expected, abs=1e-9), seed


def test_equal_scores_count_half():
    # of 2 x 2 pairs: one right, one wrong, two equal
    assert auc_of(ranked(np.array([1.0, 2, 2, 3]), np.array([1, 0, 1, 0]))).value == (0 + 0 + 0.5 + 0) / 4


def test_one_class_has_no_figure():
    found = ranked(np.array([0.1, 0.2]), np.zeros(2, int))
    assert np.isnan(auc_of(found).value)
    assert np.isnan(average_precision_of(found).value)
    assert auc_of(found).ends is None


def test_only_the_order_counts():
    scores, truth = generated(7)
    assert auc_of(ranked(scores, truth)) == auc_of(ranked(np.exp(scores), truth))
    backwards = np.arange(len(truth))[::-1]
    assert auc_of(ranked(scores, truth)) == auc_of(ranked(scores[backwards], truth[backwards]))


@pytest.mark.parametrize("figure", [auc_of, average_precision_of])
def test_the_variance_is_that_of_moving_each_row_a_little(figure):
    """A row that is there twice instead of once moves the figure by its influence, to first order."""
    chance = np.random.default_rng(3)
    truth = np.append([0, 1], chance.integers(0, 2, 38))
    scores, n, times = np.round(chance.random(40) + truth, 1), 40, 2000
    many_scores, many_truth = np.repeat(scores, times), np.repeat(truth, times)
    base = figure(ranked(many_scores, many_truth)).value
    moves = []
    for row in range(n):
        more = figure(ranked(np.append(many_scores, scores[row]), np.append(many_truth, truth[row]))).value
        moves.append((more - base) * times * n)
    found = figure(ranked(scores, truth))
    variance = sum(found.parts) if hasattr(found, "parts") else found.variance
    assert variance == pytest.approx(np.mean(np.square(moves)) / n, rel=0.08)


def test_curves_are_short_and_begin_and_end_where_they_must():
    chance = np.random.default_rng(1)
    truth = chance.integers(0, 2, 5000)
    found = ranked(chance.random(5000) + 0.3 * truth, truth)
    alarms, hits = ranking.roc_points(found)
    assert len(alarms) <= ranking.CURVE_POINTS
    assert (alarms[0], hits[0], alarms[-1], hits[-1]) == (0, 0, 1, 1)
    assert (np.diff(alarms) >= 0).all() and (np.diff(hits) >= 0).all()
    recall, precision = ranking.precision_recall_points(found)
    assert len(recall) <= ranking.CURVE_POINTS
    assert recall[-1] == 1 and precision[0] == 1
    assert precision[-1] == pytest.approx(truth.mean(), abs=0.1)
