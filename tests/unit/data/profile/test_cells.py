"""The distribution: parts make the whole, exactly; SQL and Python agree; quantiles are within a cell."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.data.profile.cells import LIMIT, cells_from, distance, grid_of, merged_cells

finite = st.floats(allow_nan=False, allow_infinity=False)
bags = st.lists(finite, min_size=1, max_size=60)
whole_bags = st.lists(st.integers(-(2**53), 2**53).map(float), min_size=1, max_size=60)


@given(bags, bags)
def test_the_cells_of_two_parts_are_exactly_those_of_the_whole(a, b):
    assert merged_cells(cells_from(a), cells_from(b)) == cells_from(a + b)


@given(whole_bags, whole_bags)
def test_so_are_those_of_whole_numbers(a, b):
    both = merged_cells(cells_from(a, is_whole=True), cells_from(b, is_whole=True))
    assert both == cells_from(a + b, is_whole=True)


@given(bags, st.randoms())
def test_order_changes_nothing(values, chance):
    other = list(values)
    chance.shuffle(other)
    assert cells_from(other) == cells_from(values)


@given(bags)
def test_every_value_lies_in_its_cell_and_cells_are_few(values):
    cells = cells_from(values)
    assert cells.is_sound and cells.total == len(values) and len(cells.counts) <= LIMIT
    for value in values:
        low, high = cells.grid.bounds(cells.grid.place(value))
        assert low <= value <= high


@given(st.lists(finite, min_size=2, max_size=50, unique=True))
def test_places_have_the_order_of_values(values):
    grid = grid_of(min(values), max(values))
    places = [grid.place(value) for value in sorted(values)]
    assert places == sorted(places)


def test_whole_numbers_of_a_small_range_are_kept_one_by_one():
    values = [float(value) for value in range(1000)]
    cells = cells_from(values, is_whole=True)
    assert [low for low, high, _ in cells.parts()] == values
    assert cells.quantile(0.25) == 249.0


DISTRIBUTIONS = {
    "normal": lambda chance: chance.gauss(0, 1),
    "lognormal": lambda chance: chance.lognormvariate(10, 2),
    "far from zero": lambda chance: 1.7e9 + chance.random() * 1e6,
    "both tails": lambda chance: chance.choice([-1, 1]) * chance.paretovariate(1),
    "tiny": lambda chance: chance.random() * 1e-300,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_quantiles_are_off_by_less_than_one_percent_in_rank(name):
    chance = random.Random(7)
    values = sorted(DISTRIBUTIONS[name](chance) for _ in range(20_000))
    cells = cells_from(values)
    for percent in range(1, 100):
        found = cells.quantile(percent / 100)
        rank = sum(value <= found for value in values) / len(values)
        assert abs(rank - percent / 100) < 0.01


def test_sql_gives_the_same_places():
    import duckdb

    chance = random.Random(3)
    for name, draw in DISTRIBUTIONS.items():
        values = [draw(chance) for _ in range(500)] + [
            0.0,
            1.0,
            2.0,
            -1.0,
            0.5,
            1024.0,
            math.nextafter(1024, 0),
        ]
        grid = grid_of(min(values), max(values))
        found = duckdb.execute(
            f"SELECT x, {grid.sql('x')} FROM (SELECT unnest(?::DOUBLE[]) AS x)", [values]
        ).fetchall()
        assert [place for _, place in found] == [grid.place(x) for x, _ in found], name


def test_distance_of_a_hand_worked_case():
    # half of the second bag lies beyond all of the first
    assert distance(cells_from([0.0, 1.0]), cells_from([0.0, 1.0, 5.0, 6.0])) == 0.5
    assert distance(cells_from([1.0, 2.0]), cells_from([2.0, 1.0])) == 0.0
    assert distance(cells_from([1.0]), cells_from([2.0])) == 1.0


def test_the_median_of_negative_whole_numbers_is_one_of_them():
    """It was -4: the whole number in a cell below zero is its upper end, not its lower."""
    assert cells_from([-5.0, -3.0, -3.0, -3.0, -1.0], is_whole=True).quantile(0.5) == -3.0
    values = [float(value) for value in range(-500, 501)]
    cells = cells_from(values, is_whole=True)
    assert [low for low, high, _ in cells.parts()] == [high for _, high, _ in cells.parts()] == values


RANGES = {
    "negative": (-900, -2), "across zero": (-400, 500), "wide": (-(10**9), 10), "wide across zero": (-(10**7), 10**7),
    "far below zero": (-(10**12), -(10**12) + 300),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("name", RANGES)
def test_quantiles_lie_in_the_cell_of_what_numpy_finds(name, is_whole):
    """Below zero, above it and across: at every rank the value is known to within its cell."""
    import numpy as np

    chance = random.Random(name)
    low, high = RANGES[name]
    values = [
        float(chance.randint(low, high)) if is_whole else chance.uniform(low, high) for _ in range(1001)
    ]
    cells = cells_from(values, is_whole=is_whole)
    for percent in range(101):
        below, above = (float(np.percentile(values, percent, method=one)) for one in ("lower", "higher"))
        shown = cells.quantile(percent / 100)
        start, end = (
            cells.grid.bounds(cells.grid.place(below))[0],
            cells.grid.bounds(cells.grid.place(above))[1],
        )
        assert start <= shown <= end
        if is_whole and high - low < LIMIT:  # a cell for each
            assert shown in (below, above)
