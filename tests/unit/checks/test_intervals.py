"""The intervals that all checks share, against SciPy and published examples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gnomon.checks.intervals import newcombe, two_sided, wilson, z_of


def test_wilson_is_that_of_scipy():
    for hits, n in [(0, 5), (5, 5), (1, 9), (50, 100), (999, 1000)]:
        for level in (0.05, 0.01):
            ends = stats.binomtest(hits, n).proportion_ci(1 - level, method="wilson")
            assert tuple(map(float, wilson(hits, n, level))) == pytest.approx(
                (ends.low, ends.high), abs=1e-12
            )


def test_an_interval_of_nothing_is_everything():
    assert [float(one) for one in wilson(0, 0)] == [0.0, 1.0]
    assert [float(one) for one in newcombe(0, 0, 3, 4)] == pytest.approx([-0.9544, 0.6994], abs=1e-3)


def test_arrays_are_taken_as_a_whole():
    low, high = wilson([1, 2], [10, 10])
    assert low.shape == high.shape == (2,)
    assert np.all(low <= [0.1, 0.2]) and np.all(high >= [0.1, 0.2])


def test_newcombe_gives_the_examples_of_its_paper():
    """Newcombe 1998, table II, method 10."""
    for hits, n, other, m, low, high in [
        (56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 20, 0.6791, 1.0), (0, 10, 0, 20, -0.1611, 0.2775),
    ]:  # fmt: skip
        assert [float(end) for end in newcombe(hits, n, other, m)] == pytest.approx([low, high], abs=1e-4)


def test_z_and_its_chance_are_inverse_to_each_other():
    for level in (0.3, 0.05, 1e-4):
        assert two_sided(z_of(level)) == pytest.approx(level)
