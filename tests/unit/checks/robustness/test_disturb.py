"""Noise and blanks: as strong as they say, in the types that columns have, within the values that they have."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from gnomon.checks.kinds.robustness.disturb import column_of, noisy, without
from gnomon.checks.model_columns import array_of
from gnomon.checks.model_inputs import Inputs, inputs_of

N = 20_000
BASE = np.random.default_rng(1)


def made(values, strength=0.3, seed=0):
    inputs = values if isinstance(values, Inputs) else Inputs({"c": values}, "numpy", {})
    column = column_of(inputs, "c")
    return column.kind, noisy(inputs, column, strength, np.random.default_rng(seed))


def test_numbers_move_by_so_many_standard_deviations():
    values = BASE.normal(5, 2, N)
    kind, found = made(values, 0.3)
    assert kind == "number"
    assert np.std(found - values) == pytest.approx(0.6, rel=0.03)
    assert abs(np.mean(found - values)) < 0.02


def test_numbers_stay_within_what_the_column_has():
    values = BASE.exponential(1, N)
    _, found = made(values, 2.0)
    assert found.min() >= values.min() and found.max() <= values.max()


@pytest.mark.parametrize("dtype", ["int64", "int8", "float64"])
def test_whole_numbers_stay_whole(dtype):
    values = BASE.integers(0, 100, N).astype(dtype)
    kind, found = made(values)
    assert kind == "whole" and found.dtype == values.dtype
    assert (found == np.rint(found)).all() and (found != values).mean() > 0.8


@pytest.mark.parametrize(
    "values", [BASE.random(N) < 0.3, np.where(BASE.random(N) < 0.3, 4.0, 7.0)], ids=["flags", "two numbers"]
)
def test_two_values_flip_with_the_probability(values):
    kind, found = made(values, 0.1)
    assert kind == "flag" and found.dtype == values.dtype
    assert set(np.unique(found)) == set(np.unique(values))
    assert (found != values).mean() == pytest.approx(0.1, abs=0.01)


def test_categories_take_the_value_of_another_row():
    values = BASE.choice(np.array(["a", "b", "c"], dtype=object), N, p=[0.7, 0.2, 0.1])
    kind, found = made(values, 0.5)
    assert kind == "category"
    assert (found == "a").mean() == pytest.approx(0.7, abs=0.02)  # as often as before
    assert (found != values).mean() == pytest.approx(0.5 * (1 - 0.7**2 - 0.2**2 - 0.1**2), abs=0.02)


@pytest.mark.parametrize("values", [np.full(N, 3.0), np.full(N, np.nan)], ids=["constant", "all missing"])
def test_a_column_of_one_value_stays_as_it_is(values):
    kind, found = made(values)
    assert kind == "constant" and np.array_equal(found, values, equal_nan=True)


def test_a_column_without_a_value_stays_so():
    values = np.full(N, None, dtype=object)
    assert all(one is None for one in made(values)[1])


def test_what_is_missing_stays_missing_and_infinities_stay():
    values = BASE.normal(size=N)
    values[:100], values[100] = np.nan, np.inf
    _, found = made(values)
    assert np.array_equal(np.isnan(found), np.isnan(values)) and np.isinf(found[100])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_keep_every_type(library):
    columns = {
        "number": [1.5, 2.5, 9.0, 4.0], "whole": [1, 2, 3, 9], "flag": [True, False, True, False], "text": ["a", "b", "c", "d"],
    }  # fmt: skip
    frame = pd.DataFrame(columns).assign(
        kind=pd.Series(["u", "v", "u", "v"], dtype="category"), code=pd.Categorical([1, 2, 3, 4])
    )
    frame["maybe"] = pd.array([1, None, 3, 7], dtype="Int32")
    if library == "polars":
        frame = pl.DataFrame(columns).with_columns(
            pl.col("text").cast(pl.Categorical).alias("kind"), pl.col("whole").cast(pl.UInt8).alias("small")
        )
    with inputs_of(frame) as (given, _):
        for name in given.names:
            found = noisy(given, column_of(given, name), 0.9, np.random.default_rng(0))
            assert found.dtype == given.columns[name].dtype, name
            blank = without(given, name, 0.5, np.random.default_rng(1))
            assert len(blank) == 4


def test_numbers_that_are_categories_are_not_moved_to_numbers_that_are_none():
    with inputs_of(pd.DataFrame({"c": pd.Categorical([10, 20, 70] * 50)})) as (given, _):
        kind, found = made(given, 0.5)
    assert kind == "category" and set(found) == {10, 20, 70}


def test_so_many_cells_are_blanked():
    inputs = Inputs({"c": BASE.normal(size=N)}, "numpy", {})
    assert np.isnan(without(inputs, "c", 0.2, np.random.default_rng(0))).mean() == pytest.approx(
        0.2, abs=0.01
    )


def test_the_seed_says_what_happens():
    values = BASE.normal(size=100)
    assert np.array_equal(made(values, seed=3)[1], made(values, seed=3)[1])
    assert not np.array_equal(made(values, seed=3)[1], made(values, seed=4)[1])


def test_mixed_values_are_swapped():
    values = np.array([1, "x", None, 2.5] * 50, dtype=object)
    kind, found = made(values, 0.9)
    assert kind == "category" and {str(one) for one in found} <= {"1", "x", "None", "2.5"}
    assert array_of(found).tolist() != values.tolist()
