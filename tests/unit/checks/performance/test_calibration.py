"""Calibration: bins, the error without what chance makes, intercept and slope."""

import numpy as np
import pytest

from gnomon.checks.kinds.performance.calibration import bins_of, calibration_of


def scored(chance, n, *, steeper=1.0):
    """Return chances that are steeper than they should be by a factor, and what happened."""
    logit = chance.standard_normal(n)
    return 1 / (1 + np.exp(-steeper * logit)), (chance.random(n) < 1 / (1 + np.exp(-logit))).astype(int)


def test_bins_have_as_many_rows_and_equal_scores_stay_together():
    scores = np.array([0.1] * 5 + [0.2] * 1 + [0.9] * 4)
    bins = bins_of(scores, np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 0]), 5)
    assert bins.rows.tolist() == [5, 1, 4]
    assert bins.scores.tolist() == pytest.approx([0.1, 0.2, 0.9])
    assert bins.rates.tolist() == pytest.approx([0.2, 1, 0.75])


def test_the_error_is_the_mean_over_bins():
    # ten bins of one row each are off by |1 - 0.5|
    found = calibration_of(np.linspace(0.5, 0.50001, 10), np.ones(10, int), 0.05, 0)
    assert found.error == pytest.approx(0.5, abs=1e-4)


@pytest.mark.slow
def test_a_calibrated_score_has_no_error_beyond_chance():
    chance = np.random.default_rng(1)
    beyond = 0
    for _ in range(25):
        found = calibration_of(*scored(chance, 500), 0.05, 0)
        assert found.corrected < found.error
        beyond += found.ends(0.05)[0] > 0
    assert beyond <= 4  # 0.6 are stated: one side of 5 %


@pytest.mark.slow
def test_an_error_that_is_there_is_found_and_its_interval_holds_it():
    chance = np.random.default_rng(2)
    scores, hits = scored(chance, 400_000, steeper=2.0)
    bins = bins_of(scores, hits)
    true = float(np.abs(bins.rates - bins.scores).mean())
    held = 0
    for _ in range(20):
        found = calibration_of(*scored(chance, 1000, steeper=2.0), 0.05, 0)
        low, high = found.ends(0.05)
        held += low <= true <= high
        assert low > 0
    assert held >= 17
    assert found.slope == pytest.approx(0.5, abs=0.15)


@pytest.mark.slow
def test_many_rows_that_are_far_off_keep_their_error():
    """However many rows there are, the corrected error is then the one that was found, and its interval a narrow one."""
    for n in (10_000, 200_000):
        scores, hits = scored(np.random.default_rng(5), n, steeper=3.0)
        found = calibration_of(scores, hits, 0.05, 0)
        assert found.corrected == pytest.approx(found.error, abs=0.003) and found.error > 0.1
        low, high = found.ends(0.05)
        assert high - low < 4 / np.sqrt(n)


def test_intercept_and_slope_are_those_of_a_logistic_regression():
    chance = np.random.default_rng(3)
    scores, hits = scored(chance, 20_000, steeper=1.5)
    found = calibration_of(scores, hits, 0.05, 0)
    assert found.slope_low < 1 / 1.5 < found.slope_high
    assert found.large == pytest.approx(scores.mean() - hits.mean())
    assert found.large_low < found.large < found.large_high


@pytest.mark.parametrize(
    ("scores", "hits"),
    [(np.full(50, 0.5), np.ones(50, int)), (np.repeat([0.0, 1.0], 25), np.repeat([0, 1], 25)), (np.array([0.3]), np.array([1]))],
)  # fmt: skip
def test_scores_that_say_nothing_have_no_slope_and_raise_nothing(scores, hits):
    found = calibration_of(scores, hits, 0.05, 0)
    assert found.slope is None
    low, high = found.ends(0.05)
    assert 0 <= low <= found.corrected <= high <= 1
    assert calibration_of(np.zeros(0), np.zeros(0, int), 0.05, 0) is None
