"""Resamples: drawn tables and the usual bootstrap of rows."""

import numpy as np
import pytest

from gnomon.checks.kinds.performance import resampling, tables
from gnomon.checks.kinds.performance.bootstrapped import bootstrapped
from gnomon.checks.kinds.performance.columns import Given

TRUTH = np.array([0] * 50 + [1] * 30 + [2] * 20)
SAID = np.concatenate([[0] * 40, [1] * 10, [1] * 30, [2] * 15, [0] * 5]).astype(int)


def test_drawn_tables_spread_as_tables_of_drawn_rows_do():
    drawn = tables.of_classes(resampling.drawn_counts(TRUTH, SAID, 3, 4000, 0))
    chance = np.random.default_rng(1)
    rows = []
    for _ in range(2000):
        at = chance.integers(0, 100, 100)
        rows.append(tables.kappa(tables.counts_of(TRUTH[at], SAID[at], 3)))
    assert drawn["kappa"].std() == pytest.approx(np.std(rows), rel=0.1)
    assert drawn["kappa"].mean() == pytest.approx(np.mean(rows), abs=0.01)


def test_a_table_without_a_wrong_cell_is_not_drawn_as_surely_right():
    truth = np.repeat([0, 1], 25)
    assert 0.8 < np.quantile(tables.mcc(resampling.drawn_counts(truth, truth, 2, 1000, 0)), 0.025) < 0.999
    usual = tables.mcc(resampling.drawn_counts(truth, truth, 2, 1000, 0, is_usual=True))
    assert np.nanmin(usual) == pytest.approx(1)  # which the usual bootstrap says


def test_the_same_seed_draws_the_same():
    one, two, other = (resampling.drawn_counts(TRUTH, SAID, 3, 50, seed).hits for seed in (1, 1, 2))
    assert (one == two).all()
    assert (one != other).any()


def test_many_cells_are_drawn_by_their_sums(monkeypatch):
    exact = tables.of_classes(resampling.drawn_counts(TRUTH, SAID, 3, 4000, 0))
    monkeypatch.setattr(resampling, "MOST_CELLS", 2)
    apart = tables.of_classes(resampling.drawn_counts(TRUTH, SAID, 3, 4000, 0))
    for name in ("f1_macro", "accuracy", "kappa"):
        assert apart[name].mean() == pytest.approx(exact[name].mean(), abs=0.01)
        assert apart[name].std() == pytest.approx(exact[name].std(), rel=0.15)


def test_classes_that_occur_nowhere_cost_nothing():
    few, many = (resampling.drawn_counts(TRUTH, SAID, count, 20, 0) for count in (3, 300))
    assert (few.hits == many.hits).all()


def test_drawn_rows_are_as_many_as_there_are():
    (weights,) = list(resampling.row_weights(40, 30, 0))
    assert weights.shape == (30, 40)
    assert (weights.sum(1) == 40).all()
    assert weights.var() == pytest.approx(1, abs=0.2)  # that of a Poisson, nearly


@pytest.mark.slow
def test_the_usual_bootstrap_of_numbers_is_that_of_drawn_rows():
    chance = np.random.default_rng(3)
    truth = chance.standard_normal(60) + 3
    said = truth + chance.standard_normal(60)
    found = bootstrapped(Given("regression", 60, np.arange(60), truth, said), 3000, 0)
    rows = [chance.integers(0, 60, 60) for _ in range(3000)]
    expected = {
        "rmse": [np.sqrt(np.mean((said[at] - truth[at]) ** 2)) for at in rows],
        "median_absolute_error": [np.median(np.abs(said[at] - truth[at])) for at in rows],
        "r2": [1 - np.mean((said[at] - truth[at]) ** 2) / truth[at].var() for at in rows],
        "mape": [np.mean(np.abs((said[at] - truth[at]) / truth[at])) for at in rows],
    }
    for name, values in expected.items():
        assert found[name].mean() == pytest.approx(np.mean(values), rel=0.05, abs=0.03), name
        assert found[name].std() == pytest.approx(np.std(values), rel=0.1), name


@pytest.mark.slow
def test_the_usual_bootstrap_of_scores_is_that_of_drawn_rows():
    from gnomon.checks.kinds.performance import ranking

    chance = np.random.default_rng(4)
    truth = chance.integers(0, 2, 80)
    scores = np.round(np.clip(chance.normal(0.4 + 0.2 * truth, 0.2), 0, 1), 1)  # with ties
    given = Given(
        "binary",
        80,
        np.arange(80),
        truth,
        (scores > 0.5).astype(int),
        scores,
        None,
        ("0", "1"),
        is_chance=True,
    )
    found = bootstrapped(given, 2000, 0)
    aucs, averages = [], []
    for _ in range(1000):
        at = chance.integers(0, 80, 80)
        order = ranking.ranked(scores[at], truth[at])
        aucs.append(ranking.auc_of(order).value)
        averages.append(ranking.average_precision_of(order).value)
    for name, values in (("auc", aucs), ("average_precision", averages)):
        assert found[name].mean() == pytest.approx(np.mean(values), abs=0.01)
        assert found[name].std() == pytest.approx(np.std(values), rel=0.12)


def test_the_order_of_rows_changes_no_draw():
    chance = np.random.default_rng(5)
    truth = chance.standard_normal(50)
    said = truth + chance.standard_normal(50)
    moved = chance.permutation(50)
    one = bootstrapped(Given("regression", 50, np.arange(50), truth, said), 100, 0)
    two = bootstrapped(Given("regression", 50, np.arange(50), truth[moved], said[moved]), 100, 0)
    assert np.allclose(one["rmse"], two["rmse"], rtol=1e-12)
