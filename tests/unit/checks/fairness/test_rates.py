"""Rates of groups: equal to Fairlearn's to 1e-9 on generated tables, and told apart from it where nobody was counted."""

import math
import warnings

import numpy as np
import pytest

from gnomon.checks.kinds.fairness.cells import Groups
from gnomon.checks.kinds.fairness.names import RATES
from gnomon.checks.kinds.fairness.rates import demographic_parity, difference, equalized_odds, rate_of, ratio

fairlearn = pytest.importorskip("fairlearn.metrics")


def generated(seed):
    """Return a table of (group, target, prediction) in which every group has every outcome, and its groups."""
    chance = np.random.default_rng(seed)
    k = int(chance.integers(2, 13))
    group = np.concatenate([np.repeat(np.arange(k), 4), chance.integers(0, k, int(chance.integers(0, 500)))])
    y = np.concatenate(
        [np.tile([0, 0, 1, 1], k), chance.random(len(group) - 4 * k) < chance.random()]
    ).astype(int)
    p = np.concatenate(
        [np.tile([0, 1, 0, 1], k), chance.random(len(group) - 4 * k) < chance.random()]
    ).astype(int)
    sums = {
        key: np.bincount(group, (y == truth) & (p == chosen), minlength=k)
        for key, truth, chosen in (("tp", 1, 1), ("fp", 0, 1), ("fn", 1, 0), ("tn", 0, 0))
    }
    return group, y, p, Groups("g", tuple(map(str, range(k))), sums)


def metrics_of_fairlearn():
    from sklearn.metrics import accuracy_score, precision_score

    return {
        **{name: getattr(fairlearn, name) for name in RATES if hasattr(fairlearn, name)},
        "accuracy": accuracy_score, "precision": precision_score,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_every_rate_difference_and_ratio_is_that_of_fairlearn(seed):
    group, y, p, groups = generated(seed)
    frame = fairlearn.MetricFrame(
        metrics=metrics_of_fairlearn(), y_true=y, y_pred=p, sensitive_features=group
    )
    assert set(frame.overall.index) == set(RATES)
    whole = Groups("", ("all",), {key: one.sum(keepdims=True) for key, one in groups.sums.items()})
    for name in RATES:
        values, overall = rate_of(groups, name).value, float(rate_of(whole, name).value[0])
        close = pytest.approx(frame.by_group[name].to_numpy(float), abs=1e-9)
        assert values == close, name
        assert overall == pytest.approx(frame.overall[name], abs=1e-9)
        assert difference(values) == pytest.approx(frame.difference()[name], abs=1e-9)
        assert ratio(values) == pytest.approx(frame.ratio()[name], abs=1e-9)
        assert difference(values, overall) == pytest.approx(
            frame.difference(method="to_overall")[name], abs=1e-9
        )
        assert ratio(values, overall) == pytest.approx(frame.ratio(method="to_overall")[name], abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 30))
def test_both_parities_are_those_of_fairlearn(seed):
    group, y, p, groups = generated(seed)
    given = {"y_true": y, "y_pred": p, "sensitive_features": group}
    assert demographic_parity(groups) == pytest.approx(
        (fairlearn.demographic_parity_difference(**given), fairlearn.demographic_parity_ratio(**given)),
        abs=1e-9,
    )
    assert equalized_odds(groups) == pytest.approx(
        (fairlearn.equalized_odds_difference(**given), fairlearn.equalized_odds_ratio(**given)), abs=1e-9
    )


def test_a_rate_of_nobody_is_nan_where_fairlearn_says_zero():
    groups = Groups("g", ("a",), {"tp": np.zeros(1), "fp": np.ones(1), "fn": np.zeros(1), "tn": np.ones(1)})
    assert math.isnan(rate_of(groups, "true_positive_rate").value[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert fairlearn.true_positive_rate([0, 0], [1, 0], pos_label=1) == 0


def test_differences_and_ratios_of_a_hand_worked_case():
    values = np.array([0.5, 0.25, np.nan, 0.4])
    assert (difference(values), ratio(values)) == (0.25, 0.5)
    assert difference(values, 0.3) == pytest.approx(0.2)
    assert ratio(values, 0.3) == pytest.approx(0.6)  # 0.3 / 0.5
    assert math.isnan(difference(np.array([np.nan]))) and math.isnan(ratio(np.zeros(3)))
