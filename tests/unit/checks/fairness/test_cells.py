"""Counts of groups from a table: every row once, missing labels a group of their own, whatever the columns are called."""

import datetime
import math

import numpy as np
import pandas as pd

from gnomon.checks.kinds.fairness.cells import count_classes, count_errors, joined, label, number
from gnomon.checks.rows import rows_of


def classes(table, groups, score=None):
    import narwhals as nw

    with rows_of(table) as rows:
        return count_classes(
            rows, groups, truth=nw.col("y"), chosen=nw.col("p"), score=number(score) if score else None
        )


def test_each_row_is_counted_by_group_outcome_and_prediction():
    table = {
        "sex": ["f", "f", "f", "m", "m", "m"],
        "y": [True, True, False, True, False, False],
        "p": [True, False, True, True, False, False],
    }
    groups = classes(table, ["sex"]).by("sex")
    assert groups.labels == ("f", "m")
    assert {key: one.tolist() for key, one in groups.sums.items()} == {
        "tp": [1, 1], "fp": [1, 0], "fn": [1, 0], "tn": [0, 2],
    }  # fmt: skip


def test_a_crossing_sums_to_its_attributes():
    chance = np.random.default_rng(1)
    table = pd.DataFrame({key: chance.choice(list("abc"), 500) for key in ("one", "two", "three")})
    table["y"], table["p"] = chance.random(500) < 0.4, chance.random(500) < 0.5
    cells = classes(table, ["one", "two", "three"])
    counted = table[table.y & table.p].groupby(["three", "one"]).size()
    crossed = cells.by("three", "one")
    assert crossed.attribute == "three & one"
    assert dict(zip(crossed.labels, crossed.sums["tp"], strict=True)) == {
        f"{three} & {one}": count for (three, one), count in counted.items()
    }
    assert cells.by("two").sums["tp"].sum() == cells.all().sums["tp"][0] == (table.y & table.p).sum()


def test_a_missing_label_is_a_group_and_a_missing_outcome_leaves_the_row_out():
    table = {
        "sex": ["f", None, None, "f"],
        "y": [True, True, None, False],
        "p": [True, True, True, None],
    }
    cells = classes(table, ["sex"])
    assert cells.by("sex").labels == ("(missing)", "f")
    assert cells.by("sex").n.tolist() == [1, 1]
    assert (cells.n, cells.left_out) == (2, 2)


def test_labels_of_numbers_truths_and_days_read_as_people_write_them():
    assert [label(one) for one in (2.0, np.float64(2.5), np.int64(3), np.True_, float("nan"), None)] == [
        "2", "2.5", "3", "true", "(missing)", "(missing)",
    ]  # fmt: skip
    assert label(datetime.datetime(2020, 1, 2)) == "2020-01-02"
    assert label(1e300) == "1e+300"


def test_labels_that_hold_the_sign_of_a_crossing_are_told_apart():
    assert joined(["a & b", "c"]) != joined(["a", "b & c"])
    assert joined(["a & b"]) == "a & b"


def test_columns_may_be_called_as_ours_are():
    table = {"y": ["g0", "g1"], "p": ["a", "a"], "n": [True, False], "g0": [True, True], "s": [0.25, 0.5]}
    import narwhals as nw

    with rows_of(table) as rows:
        cells = count_classes(rows, ["y", "p"], truth=nw.col("n"), chosen=nw.col("g0"), score=number("s"))
    assert cells.by("y").labels == ("g0", "g1")
    assert cells.by("y", "p").sums["s"].tolist() == [0.25, 0.5]


def test_sums_of_scores_leave_out_rows_without_one():
    table = {
        "sex": ["f"] * 4,
        "y": [True, False, True, True],
        "p": [True] * 4,
        "score": [0.5, 0.25, None, math.inf],
    }
    sums = classes(table, ["sex"], "score").by("sex").sums
    assert {key: float(sums[key][0]) for key in ("tp", "fp", "s_n", "s", "ss", "s_y", "s_sy")} == {
        "tp": 3, "fp": 1, "s_n": 2, "s": 0.75, "ss": 0.3125, "s_y": 1, "s_sy": 0.5,
    }  # fmt: skip


def test_sums_of_errors_are_those_of_the_rows_that_have_both_numbers():
    table = {"g": ["a", "a", "a", "b"], "y": [1.0, 2.0, math.nan, 3.0], "p": [2.0, 0.0, 1.0, math.inf]}
    with rows_of(table) as rows:
        cells = count_errors(rows, ["g"], target="y", prediction="p", shift=1.0)
    assert cells.by("g").labels == ("a",)
    assert {key: float(one[0]) for key, one in cells.by("g").sums.items()} == {
        "n": 2, "e": -1, "ee": 5, "a": 3, "eeee": 17, "y": 1, "yy": 1,
    }  # fmt: skip
    assert cells.left_out == 2
