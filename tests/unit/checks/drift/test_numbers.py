"""How far numbers moved: against SciPy, by hand, and by how often bounds hold."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from gnomon.checks.kinds.drift import numbers
from gnomon.checks.kinds.drift.numbers import Steps, bounds, direction, index, psi, steps_of, wasserstein
from gnomon.data.profile.cells import cells_from

DRAWS = {
    "normal": lambda chance, n: chance.normal(size=n),
    "tied": lambda chance, n: chance.poisson(2.0, n).astype(float),
    "heavy": lambda chance, n: chance.standard_cauchy(n),
    "zeros": lambda chance, n: np.where(chance.random(n) < 0.8, 0.0, chance.exponential(size=n)),
    "constant": lambda chance, n: np.full(n, 3.0),
}


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize(("n", "m"), [(1, 1), (10, 10), (37, 500), (400, 3)])
def test_distances_are_those_of_scipy(name, n, m):
    chance = np.random.default_rng(n)
    a, b = DRAWS[name](chance, n), DRAWS[name](chance, m) + 0.5
    steps = steps_of(a, b)
    assert (steps.n, steps.m) == (n, m)
    assert steps.distance == pytest.approx(stats.ks_2samp(a, b, method="exact").statistic, abs=1e-12)
    assert wasserstein(steps) == pytest.approx(stats.wasserstein_distance(a, b), rel=1e-9, abs=1e-12)


def test_a_hand_worked_distance():
    # at or below 1: 1/2 and 0; at or below 2: 1 and 1/2; at or below 4: 1 and 1
    steps = steps_of(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    assert steps.values.tolist() == [1.0, 2.0, 4.0]
    assert steps.gaps.tolist() == [0.5, 0.5, 0.0]
    assert steps.distance == 0.5
    assert wasserstein(steps) == 0.5 * 1 + 0.5 * 2
    assert direction(steps) == "up"


def test_psi_is_that_of_ten_bins_with_half_a_row_each():
    chance = np.random.default_rng(3)
    a, b = chance.normal(size=5_000), chance.normal(size=3_000) + 0.3
    inner = np.quantile(a, np.arange(1, 10) / 10, method="inverted_cdf")
    # A bin holds its upper end, which histogram gives to the next one: so both count from above.
    counts = [np.histogram(-x, np.concatenate(([-np.inf], -inner[::-1], [np.inf])))[0] for x in (a, b)]
    p, q = ((x + 0.5) / (x.sum() + 5) for x in counts)
    assert psi(steps_of(a, b)) == pytest.approx(((p - q) * np.log(p / q)).sum(), abs=1e-12)
    assert psi(steps_of(a, a)) == 0.0


def test_psi_of_tied_values_has_fewer_bins_and_is_finite():
    a, b = np.array([0.0] * 95 + [1.0] * 5), np.array([0.0] * 50 + [2.0] * 50)
    assert psi(steps_of(a, b)) == pytest.approx(index(np.array([95, 5]), np.array([50, 50])))
    assert math.isfinite(psi(steps_of(np.zeros(9), np.ones(9))))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda x: x + 1, "up"),
        (lambda x: x - 1, "down"),
        (lambda x: 3 * x, "wider"),
        (lambda x: x / 3, "narrower"),
    ],
)
def test_the_direction_is_said(change, word):
    x = np.random.default_rng(0).normal(size=2_000)
    assert direction(steps_of(x, change(x))) == word
    assert direction(steps_of(x, x)) == ""


def test_infinities_count_as_ends_and_have_no_distance_in_a_unit():
    a = np.array([-np.inf, 0.0, 1.0, np.inf])
    b = np.array([0.5, 1.5, np.inf, np.inf])
    steps = steps_of(a, b)
    assert steps.distance == stats.ks_2samp(a, b, method="exact").statistic
    assert wasserstein(steps) == pytest.approx(stats.wasserstein_distance([0.0, 1.0], [0.5, 1.5]))
    assert math.isnan(wasserstein(steps_of(np.array([np.inf]), np.array([-np.inf]))))


# ---------------------------------------------------------------- bounds


def _bounds(n, m, draw):
    chance = np.random.default_rng(7)
    return np.array([bounds(steps_of(*draw(chance, n, m))) for _ in range(300)])


@pytest.mark.slow
@pytest.mark.parametrize("by", [0.05, 0.2])
@pytest.mark.parametrize(("n", "m"), [(200, 200), (1_000, 1_000), (300, 10_000)])
def test_both_ends_hold_where_values_shift_and_where_some_jump(n, m, by):
    """95 % is stated of each end; 300 cases have a standard error of 1.3."""
    shift = 2 * NormalDist().inv_cdf((1 + by) / 2)

    def shifted(chance, n, m):
        return chance.normal(size=n), chance.normal(size=m) + shift

    def jumped(chance, n, m):
        return chance.normal(size=n), np.where(chance.random(m) < by, 99.0, chance.normal(size=m))

    for draw in (shifted, jumped):
        found = _bounds(n, m, draw)
        assert (found[:, 1] >= by).mean() > 0.9
        assert (found[:, 0] <= by).mean() > 0.9


@pytest.mark.slow
def test_the_upper_end_is_much_narrower_than_the_band_of_all_points():
    n = 2_000
    found = _bounds(n, n, lambda chance, n, m: (chance.normal(size=n), chance.normal(size=m)))
    band = math.sqrt(math.log(2 / 0.05) / 2) * math.sqrt(2 / n)
    steps = steps_of(*np.random.default_rng(7).normal(size=(2, n)))
    assert bounds(steps)[1] - steps.distance < 0.65 * band
    assert (found[:, 1] <= 0.1).mean() > 0.98


def test_the_largest_end_is_found_among_all_points():
    """The quick search leaves out only gaps that could not win."""
    chance = np.random.default_rng(0)
    for n, m in ((30, 30), (500, 90)):
        steps = steps_of(chance.normal(size=n), chance.normal(size=m) * 2)
        share, other = (steps.reference + 1) / (n + 2), (steps.current + 1) / (m + 2)
        error = np.sqrt(share * (1 - share) / (n + 2) + other * (1 - other) / (m + 2))
        assert bounds(steps)[1] == pytest.approx((np.abs(steps.gaps) + numbers.Z * error).max(), abs=1e-12)


def test_the_lower_end_is_0_exactly_where_chance_explains_the_distance():
    chance = np.random.default_rng(0)
    for _ in range(100):
        steps = steps_of(chance.normal(size=300), chance.normal(size=200) + 0.15)
        p = stats.kstwobign.sf(steps.distance * math.sqrt(300 * 200 / 500))
        assert (bounds(steps)[0] > 0) == (p < 0.05)


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("limit", [128, 4096])
def test_figures_of_cells_err_by_no_more_than_they_say(name, limit):
    chance = np.random.default_rng(11)
    a, b = DRAWS[name](chance, 3_000), 1.2 * DRAWS[name](chance, 2_000) + 0.1
    exact = steps_of(a, b)
    cells = numbers.steps_of_cells(*(cells_from(x.tolist(), limit=limit) for x in (a, b)), (0, 0), (0, 0))
    assert cells.distance <= exact.distance + 1e-12
    assert exact.distance <= cells.distance + numbers.within(cells) + 1e-12
    apart = abs(wasserstein(cells) - wasserstein(exact))
    assert apart <= numbers.wasserstein_error(cells) * (1 + 1e-9) + 1e-12
    assert bounds(cells)[1] >= min(1.0, bounds(exact)[1] - 0.002)


def test_whole_numbers_in_cells_of_their_own_are_exact():
    chance = np.random.default_rng(2)
    a, b = chance.integers(-500, 500, 2_000).astype(float), chance.integers(-400, 600, 900).astype(float)
    exact = steps_of(a, b)
    found = numbers.steps_of_cells(
        *(cells_from(x.tolist(), is_whole=True, limit=4096) for x in (a, b)), (0, 0), (0, 0)
    )
    assert (found.distance, numbers.within(found)) == (exact.distance, 0.0)
    assert wasserstein(found) == pytest.approx(wasserstein(exact))
    assert psi(found) == pytest.approx(psi(exact))


def test_psi_of_cells_is_that_of_the_rows_in_the_same_bins():
    chance = np.random.default_rng(4)
    a, b = chance.lognormal(size=4_000), chance.lognormal(0.3, size=4_000)
    cells = numbers.steps_of_cells(*(cells_from(x.tolist(), limit=4096) for x in (a, b)), (0, 0), (0, 0))
    ends = np.searchsorted(cells.reference, cells.n * np.arange(1, 10) / 10 - 1e-9)
    edges = np.concatenate(([-np.inf], cells.high[ends], [np.inf]))
    counts = [np.histogram(x, edges)[0] for x in (a, b)]
    assert psi(cells) == pytest.approx(index(*counts), abs=1e-12)
    assert psi(cells) == pytest.approx(psi(steps_of(a, b)), abs=0.01)


def test_infinities_stand_beside_the_cells():
    cells = cells_from([1.0, 2.0])
    found = numbers.steps_of_cells(cells, cells, (1, 0), (0, 3))
    assert found.values[0] == -np.inf
    assert found.values[-1] == np.inf
    assert (found.n, found.m) == (3, 5)
    assert isinstance(found, Steps)
