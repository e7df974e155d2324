"""Chances that tests of drift need, against SciPy's."""

import numpy as np
import pytest
from scipy import special, stats

from gnomon.checks.kinds.drift.chances import (
    EXACT_EQUAL,
    chi_square_above,
    distance_above,
    fisher,
    gamma_above,
    kolmogorov_above,
    kolmogorov_limit,
    shares_differ,
)

chance = np.random.default_rng(1)


@pytest.mark.parametrize("a", [0.5, 1.0, 2.5, 40.0, 700.0])
def test_gamma_is_that_of_scipy_near_its_middle_and_far_out(a):
    for x in (0.0, 1e-9, 0.3 * a, a, a + 1, 2 * a, 5 * a, np.inf):
        assert gamma_above(a, x) == pytest.approx(special.gammaincc(a, x), abs=1e-12)


def test_chi_square_is_that_of_scipy_and_certain_without_freedom():
    assert chi_square_above(12.3, 7) == pytest.approx(stats.chi2.sf(12.3, 7), abs=1e-12)
    assert chi_square_above(5.0, 0) == 1.0


@pytest.mark.parametrize(
    "table", [(3, 10, 0, 9), (0, 5, 5, 5), (1, 1000, 0, 1_000_000), (7, 40, 3, 33), (0, 4, 0, 4)]
)
def test_fisher_is_that_of_scipy(table):
    hits, n, other, m = table
    theirs = stats.fisher_exact([[hits, n - hits], [other, m - other]])[1]
    assert fisher(hits, n, other, m) == pytest.approx(theirs, abs=1e-9)


def test_shares_are_compared_by_chi_square_where_cells_are_full_and_exactly_where_not():
    full = stats.chi2_contingency([[30, 70], [45, 55]], correction=False).pvalue
    assert shares_differ(30, 100, 45, 100) == pytest.approx(full, abs=1e-12)
    assert shares_differ(1, 1000, 0, 1_000_000) == pytest.approx(fisher(1, 1000, 0, 1_000_000))
    assert shares_differ(0, 0, 3, 9) == shares_differ(0, 5, 0, 9) == shares_differ(5, 5, 9, 9) == 1.0


def test_the_limit_law_of_kolmogorov_is_that_of_scipy():
    for x in (0.2, 0.5, 0.999, 1.0, 1.3581, 2.0, 4.0):
        assert kolmogorov_above(x) == pytest.approx(stats.kstwobign.sf(x), abs=1e-12)
        assert kolmogorov_above(x) == pytest.approx(stats.kstwobign.sf(x), rel=1e-9)
    assert kolmogorov_above(0.0) == 1.0
    assert kolmogorov_above(kolmogorov_limit(0.01)) == pytest.approx(0.01, abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (7, 7), (300, 300), (13, 40), (100, 99), (3, 150)])
def test_the_chance_of_a_distance_is_counted_as_scipy_counts_it_where_rows_are_few(n, m):
    for shift in (0.0, 0.5, 3.0):
        found = stats.ks_2samp(chance.normal(size=n), chance.normal(size=m) + shift, method="exact")
        assert distance_above(found.statistic, n, m) == pytest.approx(found.pvalue, abs=1e-9)


def test_the_chance_of_a_distance_is_that_of_the_limit_law_where_rows_are_many():
    n, m = 4_000, 50_000
    assert distance_above(0.02, n, m) == pytest.approx(
        stats.kstwobign.sf(0.02 * np.sqrt(n * m / (n + m))), abs=1e-12
    )


def test_counting_and_the_limit_law_agree_where_one_gives_way_to_the_other():
    for distance in (0.015, 0.02, 0.03):
        counted = distance_above(distance, EXACT_EQUAL, EXACT_EQUAL)
        limit = distance_above(distance, EXACT_EQUAL + 1, EXACT_EQUAL)
        assert counted == pytest.approx(limit, rel=0.02, abs=1e-9)


def test_no_rows_say_nothing():
    assert distance_above(1.0, 0, 5) == 1.0
