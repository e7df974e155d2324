"""How far categories moved: against SciPy, by hand, by counting all dealings, and by how often bounds hold."""

import itertools

import numpy as np
import pytest
from scipy import stats

from gnomon.checks.kinds.drift.numbers import index
from gnomon.checks.kinds.drift.words import (
    bounds,
    chi_square,
    distance,
    effect,
    fitted,
    pearson,
    pooled,
    share_bounds,
)

FIVE = np.full(5, 0.2)
FIFTY = np.full(50, 0.02)


def _drawn(chance, n, m, p, q):
    ours, theirs = chance.multinomial(n, p), chance.multinomial(m, q)
    is_there = ours + theirs > 0
    return ours[is_there], theirs[is_there]


def test_the_distance_is_the_share_of_rows_that_would_have_to_change():
    assert distance(np.array([6, 4, 0]), np.array([2, 4, 4])) == pytest.approx(0.4)
    assert distance(np.array([5, 0]), np.array([0, 9])) == 1.0


def test_the_test_is_that_of_scipy_over_the_pooled_cells():
    chance = np.random.default_rng(0)
    for k in (3, 8, 25):
        p = chance.dirichlet(np.full(k, 2.0))
        ours, theirs = _drawn(chance, 900, 400, p, chance.dirichlet(np.full(k, 2.0)))
        cells = pooled(ours, theirs)
        theirs_found = stats.chi2_contingency(np.array(cells), correction=False)
        found = chi_square(ours, theirs)
        assert found.p == pytest.approx(theirs_found.pvalue, abs=1e-9)
        assert found.statistic == pytest.approx(theirs_found.statistic, rel=1e-9)
        assert found.freedom == theirs_found.dof


def test_rare_categories_are_pooled_until_each_cell_expects_five_in_either_table():
    cells = pooled(np.array([100, 3, 2, 80, 2]), np.array([90, 2, 0, 93, 2]))
    assert [one.tolist() for one in cells] == [[100, 80, 7], [90, 93, 4]]
    # 2 rare rows expect too few even together, so the next rarest comes in
    cells = pooled(np.array([100, 50, 1]), np.array([100, 50, 1]))
    assert [one.tolist() for one in cells] == [[100, 51], [100, 51]]
    assert sum(cells[0]) == 151


def test_two_cells_with_few_rows_are_tested_exactly():
    found = chi_square(np.array([2, 500]), np.array([9, 490]))
    assert found.p == pytest.approx(stats.chi2_contingency([[2, 500], [9, 490]], correction=False).pvalue)
    found = chi_square(np.array([0, 500]), np.array([7, 490]))
    assert found.p == pytest.approx(stats.fisher_exact([[0, 500], [7, 490]]).pvalue, abs=1e-9)


def test_one_category_says_nothing_and_no_rows_fail_nothing():
    assert chi_square(np.array([9]), np.array([12])).p == 1.0
    assert chi_square(np.array([3, 0]), np.array([0, 3])).p == pytest.approx(0.1)


def test_the_fitted_law_has_mean_and_variance_of_all_dealings():
    """Every way to deal 3 + 2 + 2 rows to tables of 4 and 3: 35 in all."""
    rows = [0, 0, 0, 1, 1, 2, 2]
    statistics = []
    for dealt in itertools.combinations(range(7), 4):
        ours = np.bincount([rows[at] for at in dealt], minlength=3)
        statistics.append(pearson(ours, np.array([3, 2, 2]) - ours))
    mean, variance = np.mean(statistics), np.var(statistics)
    found = fitted(np.array([2, 1, 1]), np.array([1, 1, 1]))
    assert found.freedom == pytest.approx(2 * mean**2 / variance)
    assert found.p == pytest.approx(
        stats.gamma.sf(found.statistic, a=mean**2 / variance, scale=variance / mean), abs=1e-9
    )


def test_the_fitted_test_keeps_its_level_and_finds_other_rare_categories():
    chance = np.random.default_rng(2)
    many = np.full(300, 1 / 300)
    found = [chi_square(*_drawn(chance, 400, 400, many, many)) for _ in range(300)]
    assert all(one.freedom != int(one.freedom) for one in found)  # fitted
    assert np.mean([one.p <= 0.05 for one in found]) < 0.09
    halves = np.where(np.arange(300) < 150, 1 / 150, 0), np.where(np.arange(300) < 150, 0, 1 / 150)
    assert chi_square(*_drawn(chance, 400, 400, *halves)).p < 1e-9


def test_singles_alone_say_nothing():
    """Where each value occurs once, all dealings are alike."""
    assert fitted(np.array([1, 1, 1, 0, 0]), np.array([0, 0, 0, 1, 1])).p == 1.0


# ---------------------------------------------------------------- the effect


def test_the_effect_is_about_0_where_nothing_moved_and_the_distance_where_much_did():
    chance = np.random.default_rng(3)
    still = [_drawn(chance, 1_000, 1_000, FIFTY, FIFTY) for _ in range(50)]
    assert np.mean([distance(*one) for one in still]) > 0.11  # what chance adds
    assert np.mean([effect(*one) for one in still]) < 0.02
    moved = np.append(np.full(49, 0.7 / 49), 0.3)
    found = [effect(*_drawn(chance, 1_000, 1_000, FIFTY, moved)) for _ in range(50)]
    assert np.mean(found) == pytest.approx(0.28, abs=0.01)


def test_the_effect_of_two_clear_shares_is_their_difference():
    assert effect(np.array([500, 500]), np.array([300, 700])) == pytest.approx(0.2)


def test_the_effect_depends_on_no_name_and_no_order_but_on_the_seed_alone():
    chance = np.random.default_rng(4)
    ours, theirs = _drawn(chance, 300, 300, FIFTY, FIFTY)
    order = chance.permutation(len(ours))
    assert effect(ours, theirs) == effect(ours[order], theirs[order])
    assert effect(ours, theirs, 1) == effect(ours, theirs, 1)


@pytest.mark.slow
@pytest.mark.parametrize("n", [300, 2_000])
def test_both_ends_hold_where_one_category_grew_and_where_all_moved(n):
    chance = np.random.default_rng(5)
    for p in (FIVE, FIFTY, np.array([0.95, 0.05])):
        grown = p * 0.9
        grown[0] += 0.1
        signs = np.where(np.arange(len(p)) % 2, 1.0, -1.0)
        swung = p * (1 + 0.2 * signs) / (p * (1 + 0.2 * signs)).sum()
        for q in (grown, swung):
            true = np.abs(p - q).sum() / 2
            high, low = [], []
            for _ in range(150):
                both = _drawn(chance, n, n, p, q)
                ends = bounds(*both, effect(*both))
                low.append(ends[0] <= true)
                high.append(true <= ends[1])
            assert np.mean(high) > 0.9
            assert np.mean(low) > 0.88


def test_the_upper_end_takes_off_what_chance_must_have_added():
    """Without that, 50 categories could not pass with 5,000 rows."""
    chance = np.random.default_rng(6)
    both = _drawn(chance, 5_000, 5_000, FIFTY, FIFTY)
    assert bounds(*both, effect(*both))[1] < distance(*both) + 0.01
    assert bounds(*both, effect(*both))[1] < 0.1


def test_many_rare_categories_are_never_said_to_hold():
    chance = np.random.default_rng(7)
    many = np.full(1_000, 0.001)
    both = _drawn(chance, 1_000, 1_000, many, many)
    assert bounds(*both, effect(*both))[1] > 0.4


def test_shares_are_apart_whichever_is_larger():
    assert share_bounds(50, 100, 80, 100) == share_bounds(80, 100, 50, 100)
    low, high = share_bounds(50, 100, 80, 100)
    assert low < 0.3 < high
    assert share_bounds(50, 100, 50, 100)[0] == 0.0


def test_psi_by_hand():
    p, q = np.array([90.5, 10.5]) / 101, np.array([50.5, 50.5]) / 101
    assert index(np.array([90, 10]), np.array([50, 50])) == pytest.approx(((p - q) * np.log(p / q)).sum())
