"""What later seeds do to a value, a mean and a comparison."""

from __future__ import annotations

import math

import pytest

from gnomon.team.decisions.contradiction import Lead, Sides, Values, against, contested, lead

SEEDS = (0.910, 0.912, 0.908, 0.911, 0.909)


def values(*numbers, first=0):
    return Values(tuple(numbers), tuple(range(first, first + len(numbers))))


NONE = values()


@pytest.mark.parametrize(
    ("later", "verdict"),
    [
        ((), "intact"),
        ((0.913,), "intact"),
        ((0.905,), "intact"),
        ((0.89,), "changed"),
        ((0.93, 0.931), "changed"),
    ],
)
def test_a_later_seed_contradicts_a_value_beyond_the_noise_of_its_seeds(later, verdict):
    # spread 0.00158, t(0.02, 4) = 3.75: one later seed may differ from one by 3.75 * 0.00158 * sqrt(2) = 0.0084
    assert against(0.910, 1, SEEDS, later).verdict == verdict


def test_the_bound_is_that_of_students_t():
    bound = 3.74695 * 0.00158114 * math.sqrt(2)
    assert against(0.910, 1, SEEDS, (0.910 + 0.999 * bound,)).verdict == "intact"
    assert against(0.910, 1, SEEDS, (0.910 + 1.001 * bound,)).verdict == "changed"


def test_the_mean_of_a_group_is_surer_than_one_of_its_runs():
    assert against(0.910, 1, SEEDS, (0.9185, 0.9184)).verdict == "changed"
    assert against(0.910, 1, SEEDS, (0.917,)).verdict == "intact"
    assert against(0.910, 5, SEEDS, (0.917,)).verdict == "changed"


def test_with_one_seed_on_each_side_nobody_can_tell_and_the_evidence_is_weakened():
    found = against(0.91, 1, (0.91,), (0.7,))
    assert found.verdict == "weakened" and "nobody can tell" in found.why
    assert against(0.91, 1, (0.91,), (0.7, 0.7005, 0.6995)).verdict == "changed"
    assert against(0.91, 1, (0.91,), (0.7, 0.95, 0.85)).verdict == "intact"


def test_where_all_seeds_were_alike_any_other_value_is_a_contradiction_if_there_were_three():
    assert against(0.5, 1, (0.5, 0.5, 0.5), (0.51,)).verdict == "changed"
    assert against(0.5, 1, (0.5, 0.5), (0.51,)).verdict == "weakened"
    assert against(0.5, 1, (0.5, 0.5, 0.5), (0.5,)).verdict == "intact"


def test_a_value_that_is_not_finite_is_contradicted_by_nothing():
    assert against(math.nan, 1, SEEDS, (0.1,)).verdict == "intact"


DEEP, FLAT = values(0.930, 0.932, 0.928, 0.931), values(0.900, 0.902, 0.898, 0.901)


def was(order=">"):
    return lead(DEEP, FLAT, order) if order == ">" else lead(FLAT, DEEP, order)


def test_a_lead_is_what_the_judge_of_groups_says():
    assert was().verdict == was("<").verdict == "better"
    assert was().difference == pytest.approx(0.03) and was("<").difference == pytest.approx(-0.03)
    assert lead(DEEP, FLAT, "<").verdict == "worse"
    assert lead(DEEP, values(0.9), ">") is None


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        (NONE, NONE, "intact"),
        (values(0.929, 0.933, first=9), values(0.9, first=9), "intact"),
        (values(0.88, 0.881, first=9), NONE, "changed"),
        (NONE, values(0.95, 0.951, 0.952, first=9), "changed"),
        (values(0.901, 0.902, 0.9, first=9), values(0.9, 0.902, 0.901, first=9), "changed"),
        (values(0.85, first=9), NONE, "changed"),
        (values(0.915, first=9), NONE, "intact"),
    ],
)
def test_what_later_runs_do_to_a_comparison(left, right, verdict):
    assert contested(was(), ">", Sides(DEEP, FLAT, left, right))[0].verdict == verdict
    turned = contested(was("<"), "<", Sides(FLAT, DEEP, right, left))[0]
    assert turned.verdict == verdict


def test_a_lead_that_cannot_be_told_any_more_is_weakened_and_no_alarm():
    deep, flat = values(0.930, 0.934, 0.926), values(0.916, 0.919, 0.913, first=20)
    before = lead(deep, flat, ">")
    assert before.verdict == "better"
    found, now = contested(before, ">", Sides(deep, flat, values(0.918, first=9), values(0.92, first=30)))
    assert (found.verdict, now.verdict) == ("weakened", "cannot tell")


def test_a_comparison_that_could_not_be_told_is_contradicted_only_by_the_opposite():
    open_ = Lead("cannot tell", 0.001, -0.01, 0.012)
    assert contested(open_, ">", Sides(DEEP, FLAT, NONE, NONE))[0].verdict == "intact"
    assert contested(open_, ">", Sides(FLAT, FLAT, NONE, NONE))[0].verdict == "intact"
    assert contested(open_, ">", Sides(FLAT, DEEP, NONE, NONE))[0].verdict == "changed"


def test_seeds_that_failed_contradict_nothing_by_themselves():
    failed = values(math.nan, math.nan, first=9)
    assert contested(was(), ">", Sides(DEEP, FLAT, failed, NONE))[0].verdict in ("weakened", "intact")
