"""The distributions agree with SciPy's."""

import math

import pytest

from gnomon.runs.groups import student

DFS = (1, 2, 3.3, 8, 50, 1000)


@pytest.mark.slow
@pytest.mark.parametrize("df", DFS)
@pytest.mark.parametrize("t", [0.0, 0.3, 2.306, -2.306, 40.0])
def test_tails_of_t_are_those_of_scipy(t, df):
    from scipy import stats

    assert student.two_sided(t, df) == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("df", DFS)
@pytest.mark.parametrize("level", [0.001, 0.05, 0.5])
def test_quantiles_of_t_are_those_of_scipy(level, df):
    from scipy import stats

    assert student.t_quantile(level, df) == pytest.approx(stats.t.isf(level / 2, df), rel=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 5, 10, 30])
@pytest.mark.parametrize("df", [2, 4, 8, 20, 120])
def test_bounds_of_all_pairs_are_those_of_the_studentized_range(k, df):
    from scipy import stats

    bound = student.all_pairs(k).critical(0.05, df)
    assert stats.studentized_range.sf(bound * math.sqrt(2), k, df) == pytest.approx(0.05, rel=1e-4)


def test_bounds_of_all_pairs_are_those_of_the_printed_tables():
    # Studentized range at 5 %: q(3, 10) = 3.88, q(10, 20) = 5.01.
    assert student.all_pairs(3).critical(0.05, 10) * math.sqrt(2) == pytest.approx(3.88, abs=0.005)
    assert student.all_pairs(10).critical(0.05, 20) * math.sqrt(2) == pytest.approx(5.01, abs=0.005)


def test_bounds_with_one_are_those_of_dunnetts_printed_table():
    # Dunnett 1964, two-sided, 5 %: 2 groups and 10 df 2.57; 5 groups and 20 df 2.73.
    assert student.with_one(2, 0.5).critical(0.05, 10) == pytest.approx(2.57, abs=0.005)
    assert student.with_one(5, 0.5).critical(0.05, 20) == pytest.approx(2.73, abs=0.006)


@pytest.mark.slow
def test_uncorrelated_comparisons_with_one_are_independent():
    from scipy import stats

    # Known variance: P(any |z| >= w) = 1 - P(|z| < w)^m
    family = student.with_one(4, 0.0)
    inside = 1 - 2 * stats.norm.sf(2.5)
    assert family.survival(2.5, 1e6) == pytest.approx(1 - inside**4, rel=1e-4)


@pytest.mark.parametrize("family", [student.all_pairs(2), student.with_one(1, 0.5)])
def test_one_comparison_is_students_t(family):
    assert family.survival(2.5, 7) == student.two_sided(2.5, 7)
    assert family.critical(0.05, 7) == student.t_quantile(0.05, 7)


@pytest.mark.parametrize("family", [student.all_pairs(7), student.with_one(6, 0.5)])
@pytest.mark.parametrize("df", [1, 3, 30])
def test_p_at_the_bound_is_the_level(family, df):
    assert family.survival(family.critical(0.05, df), df) == pytest.approx(0.05, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("x", [0.3, 1.0, 2.5, 7.0, 40.0])
def test_digamma_and_trigamma_are_those_of_scipy(x):
    from scipy import special

    assert student.digamma(x) == pytest.approx(special.digamma(x), abs=1e-8)
    assert student.trigamma(x) == pytest.approx(special.polygamma(1, x), rel=1e-7)


@pytest.mark.parametrize("value", [1e-8, 1e-3, 0.5, 5.0, 100.0])
def test_inverse_trigamma_undoes_trigamma(value):
    assert student.trigamma(student.inverse_trigamma(value)) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("df", [0.5, 1.0, 1.7, 8.0, 99.0, 1999.0])
def test_degrees_of_freedom_are_rounded_down_by_at_most_a_step(df):
    assert df / 1.0501 < student.stepped(df) <= df * (1 + 1e-7)
