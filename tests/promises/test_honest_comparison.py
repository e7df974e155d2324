"""Promise: no comparison claims a winner that the noise between seeds could explain.

The full figures are in docs/reference/comparison-figures.md (`python -m benchmarks.judge`); these are fewer cases,
always the same ones.
"""

import pytest

from benchmarks.judge import figures
from benchmarks.judge.cases import KINDS
from gnomon.runs.groups import judge as judge_module
from gnomon.runs.groups import student

pytestmark = pytest.mark.slow

CASES = 150  # of each kind


def wrong_claims_among_equals(kind, by=0.0):
    """Percent of cases with a wrong claim; 20 groups of 5: where looking for the best deceives most.

    `by`: how much better one of them is than the others, which are all equal.
    """
    cases = (
        figures.one_stands_out(f"test/{i}", kind, 20, shares_seeds=i % 2 == 0, by=by) for i in range(CASES)
    )
    return 100 * sum(figures.is_false(figures.best(case.samples()), case.means) for case in cases) / CASES


@pytest.fixture(scope="module")
def tallies():
    return figures.count("test", CASES, step=lambda what: None)


@pytest.mark.parametrize("label", ["all", *KINDS])
def test_at_most_five_percent_of_cases_have_a_wrong_claim(tallies, label):
    assert tallies[label].share("false") <= 5


@pytest.mark.parametrize("kind", KINDS)
def test_nor_among_many_groups_that_do_not_differ(kind):
    assert wrong_claims_among_equals(kind) <= 7.5  # of 150 cases: 5, and 1.5 standard errors


@pytest.mark.parametrize("kind", KINDS)
def test_nor_once_a_group_is_told_from_the_others(kind):
    """A step down goes on with the bound of those that are left, and no further."""
    assert wrong_claims_among_equals(kind, by=-10.0) <= 7.5


@pytest.mark.parametrize("label", ["all", *KINDS])
def test_intervals_hold_together_as_often_as_they_state(tallies, label):
    assert tallies[label].share("together") >= 93
    assert 92.5 <= tallies[label].share("means") <= 97.5  # within 2 points, and of 150 cases a little more


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("groups", [2, 5, 10, 30])
def test_three_standard_deviations_are_found_with_five_seeds(kind, groups):
    shares = [
        figures.found("test", CASES // 2, kind, groups, shares_seeds=shared) for shared in (False, True)
    ]
    assert sum(shares) / 2 >= 75  # of 150 cases: 80, less 1.5 standard errors


@pytest.mark.parametrize("kind", KINDS)
def test_advice_on_more_seeds_mostly_comes_true(kind):
    tally = figures.advice("test", CASES * 2, kind)
    assert tally.settled[1.0] >= 0.65 * tally.given
    assert tally.wrong <= 0.05 * tally.given


def test_these_tests_would_see_a_missing_correction(monkeypatch):
    single = student.Family(None)
    monkeypatch.setattr(judge_module.student, "all_pairs", lambda k: single)
    monkeypatch.setattr(judge_module.student, "with_one", lambda m, correlation: single)
    assert min(wrong_claims_among_equals(kind) for kind in KINDS) > 50


def test_these_tests_would_see_a_correction_that_forgets_that_the_best_was_found_by_looking(monkeypatch):
    monkeypatch.setattr(judge_module.student, "all_pairs", lambda k: student.Family(None))
    assert wrong_claims_among_equals("normal") > 10
