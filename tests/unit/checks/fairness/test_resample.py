"""Bootstrap intervals by drawing counts: the same as drawing rows."""

import numpy as np
import pytest

from gnomon.checks.kinds.fairness.cells import Cells
from gnomon.checks.kinds.fairness.judge import weigh
from gnomon.checks.kinds.fairness.rates import rate_of
from gnomon.checks.kinds.fairness.resample import resampled


def cells_of(a, b, y, p):
    codes, at = np.unique(np.stack([a, b], axis=1), axis=0, return_inverse=True)
    at = at.reshape(-1)
    sums = {
        key: np.bincount(at, (y == truth) & (p == chosen), minlength=len(codes))
        for key, truth, chosen in (("tp", 1, 1), ("fp", 0, 1), ("fn", 1, 0), ("tn", 0, 0))
    }
    return Cells(("a", "b"), (("0", "1"), ("0", "1", "2")), codes, sums)


def table(seed, n):
    chance = np.random.default_rng(seed)
    a, b = chance.integers(0, 2, n), chance.integers(0, 3, n)
    y = chance.integers(0, 2, n)
    return a, b, y, (chance.random(n) < 0.3 + 0.1 * a + 0.05 * b).astype(int)


@pytest.mark.slow
def test_drawing_counts_is_drawing_rows():
    a, b, y, p = table(1, 400)
    cells = cells_of(a, b, y, p)
    groups = cells.by("a", "b")
    weighed = [weigh(rate_of(groups, "true_positive_rate"), 0.1, level=0.05)]
    found = resampled(cells, weighed, 4000, level=0.05, seed=1)["true_positive_rate.a & b"]
    chance = np.random.default_rng(2)
    drawn = []
    for _ in range(4000):
        rows = chance.integers(0, 400, 400)
        drawn.append(
            rate_of(cells_of(a[rows], b[rows], y[rows], p[rows]).by("a", "b"), "true_positive_rate").value
        )
    low, high = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    assert found.low == pytest.approx(low, abs=0.02)
    assert found.high == pytest.approx(high, abs=0.02)


def test_an_interval_contains_what_was_found_and_is_the_same_each_time():
    cells = cells_of(*table(3, 300))
    weighed = [weigh(rate_of(cells.by(one), "selection_rate"), 0.1, level=0.05) for one in ("a", "b")]
    first, second = (resampled(cells, weighed, 200, level=0.05, seed=7) for _ in range(2))
    assert list(first) == ["selection_rate.a", "selection_rate.b"]
    for key, one in first.items():
        assert (one.low <= one.value).all() and (one.value <= one.high).all()
        assert 0 <= one.gap_low <= one.gap <= one.gap_high <= 1
        assert one.gap_high == second[key].gap_high


def test_the_gap_of_two_groups_is_close_to_the_interval_of_newcombe():
    cells = cells_of(*table(4, 5000))
    weighed = weigh(rate_of(cells.by("a"), "selection_rate"), 0.1, level=0.05)
    (found,) = resampled(cells, [weighed], 2000, level=0.05, seed=1).values()
    assert (found.gap_low, found.gap_high) == pytest.approx((weighed.gap.low, weighed.gap.high), abs=0.005)


def test_groups_of_whom_a_draw_holds_nobody_are_no_trouble():
    n = 1000
    a = (np.arange(n) >= 12).astype(int)
    cells = cells_of(a, np.zeros(n, int), np.ones(n, int), np.ones(n, int))
    weighed = weigh(rate_of(cells.by("a"), "true_positive_rate"), 0.1, level=0.05)
    (found,) = resampled(cells, [weighed], 300, level=0.05, seed=1).values()
    assert (found.gap_low, found.gap, found.gap_high) == (0, 0, 0)
    assert weighed.gap.high > 0.1  # what the verdict rests on knows better
