"""What no column shows alone."""

import math

import numpy as np
import pytest
from scipy import stats

from gnomon.checks.kinds.drift.joint import joint, limit_of, told_apart

LIMIT = limit_of(0.1)


def _table(chance, n, correlation, columns=4):
    made = chance.normal(size=(n, columns))
    made[:, 1] = correlation * made[:, 0] + math.sqrt(1 - correlation**2) * made[:, 1]
    return {f"c{at}": made[:, at].copy() for at in range(columns)}


def _shown(pair):
    return {pair.first, pair.second}


def test_auc_and_its_chance_are_those_of_mann_and_whitney():
    chance = np.random.default_rng(0)
    for draw in (lambda n: chance.normal(size=n), lambda n: chance.integers(0, 5, n).astype(float)):
        a, b = draw(60), draw(45)
        theirs = stats.mannwhitneyu(b, a, alternative="greater", method="asymptotic", use_continuity=False)
        auc, low, high, p = told_apart(a, b)
        assert auc == pytest.approx(theirs.statistic / (60 * 45), abs=1e-12)
        assert p == pytest.approx(theirs.pvalue, abs=1e-9)
        assert low <= auc <= high
    assert told_apart(np.zeros(5), np.zeros(5))[3] == 1.0


def test_the_interval_of_an_auc_holds():
    chance = np.random.default_rng(1)
    true = stats.norm.cdf(0.5 / math.sqrt(2))
    found = [told_apart(chance.normal(size=80), chance.normal(size=120) + 0.5)[1:3] for _ in range(400)]
    assert np.mean([low <= true for low, _ in found]) > 0.92
    assert np.mean([true <= high for _, high in found]) > 0.92


def test_a_correlation_that_turned_is_found_and_named():
    chance = np.random.default_rng(2)
    found = joint(_table(chance, 2_000, 0.0), _table(chance, 2_000, 0.6), limit=LIMIT)
    assert found.auc > 0.6
    assert found.p < 1e-9
    assert _shown(found) == {"`c0`", "`c1`"}
    assert found.before == pytest.approx(0.0, abs=0.1)
    assert found.after == pytest.approx(0.6, abs=0.1)


def test_dependence_without_correlation_is_found_too():
    chance = np.random.default_rng(3)

    def ring(n, is_ring):
        angle = chance.uniform(0, 2 * math.pi, n)
        x, y = np.cos(angle), np.sin(angle)
        if not is_ring:
            y = chance.permutation(y)
        return {"x": x + 0.1 * chance.normal(size=n), "y": y + 0.1 * chance.normal(size=n)}

    found = joint(ring(2_000, False), ring(2_000, True), limit=LIMIT)
    assert found.p < 1e-9
    assert "how far from its middle is" in found.first + found.second


def test_a_category_that_goes_with_another_column_is_found():
    chance = np.random.default_rng(4)

    def made(n, strength):
        x = chance.normal(size=n)
        is_a = chance.random(n) < 1 / (1 + np.exp(-strength * x))
        return {"x": x, "w": np.where(is_a, "a", "b").astype(object)}

    found = joint(made(2_000, 0.0), made(2_000, 2.0), limit=LIMIT)
    assert found.p < 1e-9
    assert _shown(found) == {"`x`", "`w`"}


@pytest.mark.slow
def test_what_moved_in_a_column_alone_does_not_count_again():
    chance = np.random.default_rng(5)
    p = []
    for at in range(60):
        before, after = _table(chance, 600, 0.5), _table(chance, 600, 0.5)
        after["c0"] = np.exp(3 * after["c0"]) + 5
        after["c1"] = -2 + after["c1"] ** 3
        p.append(joint(before, after, limit=LIMIT, seed=at).p)
    assert np.mean(np.array(p) <= 0.05) < 0.15


@pytest.mark.slow
def test_nothing_is_found_where_nothing_changed():
    chance = np.random.default_rng(6)

    def made(n):
        table = _table(chance, n, 0.4)
        table["c2"] = np.where(chance.random(n) < 0.6, 0.0, table["c2"])
        table["c3"] = np.where(chance.random(n) < 0.3, np.nan, table["c3"])
        table["w"] = chance.choice(np.array(["a", "b", "c", None], object), n, p=[0.6, 0.2, 0.1, 0.1])
        return table

    found = [joint(made(400), made(300), limit=LIMIT, seed=at) for at in range(150)]
    assert np.mean([one.p <= 0.05 for one in found]) < 0.1
    assert np.mean([one.auc for one in found]) == pytest.approx(0.5, abs=0.01)


def test_order_of_rows_and_units_change_nothing():
    chance = np.random.default_rng(7)
    before, after = _table(chance, 400, 0.1), _table(chance, 300, 0.4)
    order = chance.permutation(400)
    once = joint(before, after, limit=LIMIT)
    assert joint({name: values[order] for name, values in before.items()}, after, limit=LIMIT) == once
    assert joint(before, after, limit=LIMIT, seed=1) != once


@pytest.mark.slow
def test_with_few_rows_for_many_columns_the_upper_end_says_that_a_change_could_hide():
    """500 rows say little of 1,225 pairs: a classifier that finds nothing is then no proof."""
    chance = np.random.default_rng(8)
    for seed in range(5):
        few = joint(_table(chance, 500, 0.0, 50), _table(chance, 500, 0.0, 50), limit=LIMIT, seed=seed)
        assert few.high > LIMIT
    many = joint(_table(chance, 4_000, 0.0, 50), _table(chance, 4_000, 0.0, 50), limit=LIMIT)
    assert many.high < LIMIT


def test_columns_that_do_not_vary_say_nothing():
    chance = np.random.default_rng(9)
    one = {
        "a": np.ones(100),
        "b": np.full(100, np.nan),
        "c": np.full(100, "x", object),
        "d": chance.normal(size=100),
    }
    assert joint(one, one, limit=LIMIT) is None
    assert joint({"a": np.ones(100)}, {"a": np.ones(100)}, limit=LIMIT) is None


def test_the_limit_is_that_of_a_shift_of_normals():
    shift = 2 * stats.norm.ppf((1 + 0.1) / 2)
    assert limit_of(0.1) == pytest.approx(stats.norm.cdf(shift / math.sqrt(2)))
