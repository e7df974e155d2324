"""Slices: made from columns alone, compared like with like, with exact chances and intervals that hold together."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gnomon.checks.kinds.robustness import slices
from gnomon.checks.kinds.robustness.scores import of_classes, of_numbers
from gnomon.checks.model_inputs import Inputs, inputs_of
from gnomon.checks.model_labels import Labels
from gnomon.runs.importance.share import holm

BASE = np.random.default_rng(5)


def cut(values, name="c"):
    return slices.cut(Inputs({name: values}, "numpy", {}), name)


def test_numbers_are_cut_into_quarters():
    parts = cut(BASE.permutation(np.arange(1000)))
    assert [(label, int(member.sum())) for label, member in parts] == [
        ("c is 0 to 249", 250), ("c is 250 to 499", 250), ("c is 500 to 749", 250), ("c is 750 to 999", 250),
    ]  # fmt: skip


def test_a_number_that_most_rows_have_is_a_slice():
    values = np.r_[np.zeros(800), BASE.random(200) + 1].round(4)
    assert [label.split(" ")[1] for label, _ in cut(values)] == ["=", "is"]
    assert cut(values)[0][0] == "c = 0"


def test_values_of_a_category_are_slices_and_rare_ones_go_together():
    values = np.array(
        ["a"] * 300 + ["b"] * 200 + [f"rare{place}" for place in range(80)] + [None] * 60, dtype=object
    )
    assert [(label, int(member.sum())) for label, member in cut(values)] == [
        ("c = a", 300), ("c = b", 200), ("c has another value", 80), ("c is missing", 60),
    ]  # fmt: skip


def test_few_numbers_and_numbers_that_are_categories_are_values():
    assert [label for label, _ in cut(np.repeat([1.0, 2.0, 5.5], 100))] == ["c = 1", "c = 2", "c = 5.5"]
    with inputs_of(pd.DataFrame({"c": pd.Categorical(np.arange(30).repeat(60))})) as (given, _):
        assert len(slices.cut(given, "c")) == 21  # the 20 most common, and all others


@pytest.mark.parametrize(
    "values",
    [
        np.full(300, 2.0),
        np.full(300, np.nan),
        np.array([f"id{place}" for place in range(300)], dtype=object),
        np.arange(40),
    ],
    ids=["constant", "all missing", "names", "40 rows"],
)
def test_what_cannot_be_cut_has_one_slice_at_most(values):
    assert len(cut(values)) <= 1


def test_no_row_is_in_two_slices():
    values = BASE.normal(size=500)
    values[:100] = np.nan
    assert np.sum([member for _, member in cut(values)], axis=0).tolist() == [1] * 500


def test_chances_are_those_of_fisher():
    for right, inside, all_right, rows in ((3, 20, 60, 100), (0, 5, 3, 40), (50, 60, 800, 900)):
        expected = stats.hypergeom(rows, all_right, inside).cdf(right)
        assert slices.as_few_right(right, inside, all_right, rows) == pytest.approx(expected, rel=1e-9)


def test_chances_of_errors_are_those_of_wilcoxon():
    target = BASE.normal(size=400)
    score = of_numbers(target)
    counts = score.values(target + BASE.normal(size=400))
    member = np.arange(400) < 150
    found = slices.measured(score, counts, "c", [("a", member), ("b", ~member)], 0.05)
    expected = stats.mannwhitneyu(
        counts[member], counts[~member], alternative="less", use_continuity=False, method="asymptotic"
    ).pvalue
    worse = found[0] if expected < 0.5 else found[1]
    assert worse.chance == pytest.approx(min(expected, 1 - expected), rel=1e-6)


def test_accuracy_by_hand():
    """100 rows, 80 right; of 50 in the slice 30: 0.6, and 0.2 less than all."""
    counts = np.r_[np.ones(30), np.zeros(20), np.ones(50)]
    score = of_classes("accuracy", Labels(np.zeros(100, int)))
    found = slices.measured(score, counts, "c", [("a", np.arange(100) < 50)], 0.05)[0]
    assert (found.value, found.drop) == pytest.approx((0.6, 0.2))
    assert found.low < 0.2 < found.high and found.chance < 1e-6


def test_balanced_accuracy_compares_like_with_like():
    """A slice with hardly any row of a class is compared over the other class: it does not seem better by its mixture."""
    truth = np.r_[np.zeros(500, int), np.ones(500, int)]
    counts = np.r_[np.ones(500), np.zeros(500)]  # all of class 0 right, none of class 1
    member = np.r_[np.arange(500) < 200, np.arange(500) < 5]
    score = of_classes("balanced_accuracy", Labels(truth))
    found = slices.measured(score, counts, "c", [("a", member)], 0.05)[0]
    assert found.drop == pytest.approx(0) and found.value == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "r2"])
def test_false_alarms_are_no_more_often_than_stated(metric):
    """120 cases, four columns that say nothing of where the model is right; a standard error is 2 %."""
    alarms = 0
    for _ in range(120):
        columns = {
            f"c{place}": BASE.integers(0, 6, 600) if place % 2 else BASE.normal(size=600)
            for place in range(4)
        }
        inputs = Inputs(columns, "numpy", {})
        if metric == "r2":
            score = of_numbers(BASE.normal(size=600))
            counts = -(BASE.standard_t(3, 600) ** 2)
        else:
            truth = (BASE.random(600) < 0.25).astype(int)
            score = of_classes(metric, Labels(truth))
            counts = (BASE.random(600) < np.where(truth, 0.6, 0.95)).astype(float)
        chances = []
        for name in columns:
            parts = slices.measured(score, counts, name, slices.cut(inputs, name), 0.05)
            chances.append(min(1.0, len(parts) * min(one.chance for one in parts)))
        alarms += min(holm(chances)) <= 0.05
    assert alarms / 120 <= 0.1


@pytest.mark.slow
def test_intervals_of_slices_hold_together():
    """300 cases of four slices that are all alike: the true drop, 0, lies in all four in 95 %."""
    held = 0
    for _ in range(300):
        counts = (BASE.random(400) < 0.85).astype(float)
        score = of_classes("accuracy", Labels(np.zeros(400, int)))
        parts = [(str(place), np.arange(400) % 4 == place) for place in range(4)]
        held += all(one.low <= 0 <= one.high for one in slices.measured(score, counts, "c", parts, 0.05))
    assert held / 300 >= 0.92
