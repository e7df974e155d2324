"""Gains and losses from eight counts a group: equal to Fairlearn and scikit-learn, and intervals that hold."""

import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from gnomon.checks.kinds.fairness import mitigate_counts as counts_of
from gnomon.checks.kinds.fairness.mitigate_gaps import change_of_gap

BASE = np.random.default_rng(9)
ODDS = ("true_positive_rate", "false_positive_rate")


def decided(n=600, groups=3):
    group, truth = BASE.integers(0, groups, n), BASE.integers(0, 2, n)
    before = (BASE.random(n) < 0.2 + 0.2 * group / groups + 0.4 * truth).astype(int)
    after = np.where(BASE.random(n) < 0.2, 1 - before, before)
    return group, truth, before, after, counts_of.counted(group, truth, before, after, groups)


def places(groups):
    return np.arange(groups)


def test_all_people_are_counted_once():
    group, truth, before, after, counts = decided()
    assert counts.shape == (3, 2, 2, 2) and counts.sum() == 600
    assert counts[1, 1, 0, 1] == ((group == 1) & (truth == 1) & (before == 0) & (after == 1)).sum()


@pytest.mark.parametrize("is_after", [False, True])
def test_figures_of_all_people_are_those_of_scikit_learn(is_after):
    _, truth, before, after, counts = decided()
    said = after if is_after else before
    cells = counts_of.decided(counts, is_after=is_after)
    for name, oracle in (
        ("accuracy", accuracy_score),
        ("balanced_accuracy", balanced_accuracy_score),
        ("f1", f1_score),
    ):
        assert counts_of.overall(cells, name) == pytest.approx(oracle(truth, said), abs=1e-12)


@pytest.mark.slow
def test_gaps_are_those_of_fairlearn():
    group, truth, before, after, counts = decided()
    parity = change_of_gap(counts, ["selection_rate"], [places(3)], 0.05)
    odds = change_of_gap(counts, ODDS, [places(3)] * 2, 0.05)
    for found, oracle in ((parity, demographic_parity_difference), (odds, equalized_odds_difference)):
        assert found.before == pytest.approx(oracle(truth, before, sensitive_features=group), abs=1e-12)
        assert found.after == pytest.approx(oracle(truth, after, sensitive_features=group), abs=1e-12)
        assert found.change == pytest.approx(found.after - found.before)


def test_rates_of_a_group_by_hand():
    """Ten positives and ten negatives: 6 and 2 selected before, 8 and 5 after, of whom one positive went out."""
    truth = np.repeat([1, 0], 10)
    before = np.r_[np.ones(6), np.zeros(4), np.ones(2), np.zeros(8)].astype(int)
    after = before.copy()
    after[0], after[6:9], after[12:15] = 0, 1, 1
    counts = counts_of.counted(np.zeros(20, int), truth, before, after, 1)
    tpr = counts_of.of_group(counts, "true_positive_rate", 0.05)[0]
    assert (tpr.before, tpr.after, tpr.change) == pytest.approx((0.6, 0.8, 0.2))
    # paired, with two people added: 2/12 ± 1.96 · sqrt((6/12 - (2/12)²)/12)
    half = 1.959964 * np.sqrt((6 / 12 - (2 / 12) ** 2) / 12)
    assert (tpr.low, tpr.high) == pytest.approx((2 / 12 - half, 2 / 12 + half), abs=1e-6)
    fpr, selected = (
        counts_of.of_group(counts, name, 0.05)[0] for name in ("false_positive_rate", "selection_rate")
    )
    assert (fpr.before, fpr.after) == pytest.approx((0.2, 0.5))
    assert (selected.before, selected.after) == pytest.approx((0.4, 0.65))


def test_a_bootstrap_of_counts_is_one_of_people():
    """The spread of the change of F1, from counts and from 1,500 resamples of the rows, is the same to 8 %."""
    _, truth, before, after, counts = decided(400)
    draws = counts_of.drawn(counts, 4_000, 0)
    first, last = (counts_of.overall(counts_of.decided(draws, is_after=one), "f1") for one in (False, True))

    def f1(rows, said):
        return 2 * (truth[rows] & said[rows]).sum() / (truth[rows].sum() + said[rows].sum())

    rows = [BASE.integers(0, 400, 400) for _ in range(1_500)]
    by_rows = [f1(own, after) - f1(own, before) for own in rows]
    assert np.std(last - first) == pytest.approx(np.std(by_rows), rel=0.08)


def joint(shares, base, before, after, hold=0.8):
    """Return chances by group, truth, decision before and after; `before` and `after` are (false, true) positive rates."""
    made = np.zeros((len(shares), 2, 2, 2))
    for place, share in enumerate(shares):
        for truth in (0, 1):
            b, a = before[truth][place], after[truth][place]
            both = min(a, b) * hold + a * b * (1 - hold)
            part = share * (base[place] if truth else 1 - base[place])
            made[place, truth] = part * np.array([[1 - a - b + both, a - both], [b - both, both]])
    return made


TWO = joint([0.33, 0.67], [0.11, 0.31], ([0.02, 0.10], [0.58, 0.66]), ([0.08, 0.08], [0.80, 0.45]))
SIX = joint(
    [0.3, 0.3, 0.2, 0.1, 0.05, 0.05],
    [0.2] * 6,
    ([0.02, 0.1, 0.08, 0.05, 0.03, 0.06], [0.6] * 6),
    ([0.07] * 6, [0.55] * 6),
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("truth", "metrics"),
    [(TWO, ("selection_rate",)), (SIX, ("selection_rate",)), (SIX, ODDS)],
    ids=["two", "six", "odds"],
)
@pytest.mark.parametrize("n", [300, 3_000])
def test_intervals_of_the_change_of_a_gap_hold_even_where_groups_become_alike(truth, metrics, n):
    """250 cases; a plain bootstrap holds in 40 to 85 % of those of six groups."""
    own = [places(len(truth))] * len(metrics)
    true = change_of_gap(truth * 1e9, metrics, own, 0.05).change
    held = 0
    for _ in range(250):
        counts = BASE.multinomial(n, truth.ravel() / truth.sum()).reshape(truth.shape).astype(float)
        large = [
            np.flatnonzero(counts_of.hits_of(counts_of.decided(counts, is_after=True), one)[1] >= 1)
            for one in metrics
        ]
        found = change_of_gap(counts, metrics, large, 0.05)
        held += found.low <= true <= found.high
    assert held / 250 >= 0.92


@pytest.mark.slow
def test_intervals_of_overall_changes_and_of_groups_hold():
    """250 cases of 500 people; 95 % is stated."""
    true = {
        name: np.diff(
            [counts_of.overall(counts_of.decided(TWO, is_after=after), name) for after in (False, True)]
        )[0]
        for name in counts_of.OVERALL
    }
    true_of_group = counts_of.of_group(TWO * 1e9, "selection_rate", 0.05)
    held, of_groups = dict.fromkeys(true, 0), 0
    for seed in range(250):
        counts = BASE.multinomial(500, TWO.ravel() / TWO.sum()).reshape(TWO.shape).astype(float)
        draws = counts_of.drawn(counts, 300, seed)
        for name, value in true.items():
            found = counts_of.change_of(
                counts, draws, lambda cells, name=name: counts_of.overall(cells, name), 0.05
            )
            held[name] += found.low <= value <= found.high
        pairs = zip(counts_of.of_group(counts, "selection_rate", 0.05), true_of_group, strict=True)
        of_groups += sum(one.low <= other.change <= one.high for one, other in pairs) / 2
    assert all(one / 250 >= 0.9 for one in held.values()) and of_groups / 250 >= 0.92


def test_groups_in_another_order_and_doubled_people_keep_the_figures():
    *_, counts = decided()
    for metrics in (("selection_rate",), ODDS):
        first = change_of_gap(counts, metrics, [places(3)] * len(metrics), 0.05)
        assert change_of_gap(counts[[2, 0, 1]], metrics, [places(3)] * len(metrics), 0.05) == pytest.approx(
            first, abs=1e-12
        )
        doubled = change_of_gap(2 * counts, metrics, [places(3)] * len(metrics), 0.05)
        assert doubled[:3] == pytest.approx(first[:3], abs=1e-12)
        assert doubled.high - doubled.low < first.high - first.low


@pytest.mark.slow
def test_many_groups_are_compared_too():
    group, truth = BASE.integers(0, 60, 6_000), BASE.integers(0, 2, 6_000)
    before, after = BASE.integers(0, 2, 6_000), BASE.integers(0, 2, 6_000)
    found = change_of_gap(
        counts_of.counted(group, truth, before, after, 60), ["selection_rate"], [places(60)], 0.05
    )
    assert found.low < found.change < found.high


def test_what_cannot_be_compared_has_no_figure_and_every_interval():
    *_, counts = decided()
    found = change_of_gap(counts, ["selection_rate"], [places(1)], 0.05)
    assert np.isnan(found.change) and (found.low, found.high) == (-1, 1)
    nobody = np.zeros((1, 2, 2, 2))
    nobody[0, 0, 0, 0] = 5
    assert np.isnan(counts_of.of_group(nobody, "true_positive_rate", 0.05)[0].change)
    assert np.isnan(counts_of.overall(counts_of.decided(nobody, is_after=True), "f1"))


def test_people_who_are_decided_as_before_leave_little_doubt():
    """The same 3,000 people before and after: the change is 0 to less than a hundredth, though each gap is known to a tenth."""
    group, truth, before, _, _ = decided(3_000, 2)
    found = change_of_gap(
        counts_of.counted(group, truth, before, before, 2), ["selection_rate"], [places(2)], 0.05
    )
    assert found.change == 0 and found.high - found.low < 0.01
