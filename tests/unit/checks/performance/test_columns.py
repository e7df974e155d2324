"""What columns hold: the task, the classes, the positive one, and which rows count."""

import decimal
import re

import numpy as np
import pytest

from gnomon.checks.kinds.performance import labels
from gnomon.checks.kinds.performance.asked import asked_of
from gnomon.checks.kinds.performance.columns import Columns, given_of, required
from gnomon.checks.rows import rows_of
from gnomon.errors import BadArgumentError


def given(table, **options):
    asked = asked_of(
        **{
            "target": "y", "prediction": None, "score": None, "positive": None, "threshold": None, "task": None, "metrics": None,
            "require": (), "slices": False, "max_slice_drop": None, "max_calibration_error": None, "bootstrap": False,
            "resamples": 1000, "level": 0.05, "seed": 0, "name": None, **options,
        }
    )  # fmt: skip
    with rows_of(table) as rows:
        used = required(rows, asked)
        found = given_of(Columns(rows, used), asked)
        if found.chances is not None:
            found.chances.column(0)
        return found


def test_labels_of_any_type_are_one_class_where_they_say_the_same():
    assert labels.coded(np.array([True, False]))[1] == ("0", "1")
    assert labels.coded(np.array([1.0, np.nan, 10.0, 2.0]))[1] == ("1", "2", "10")
    assert labels.coded(np.array(["b", None, "a"], object))[0].tolist() == [1, -1, 0]
    assert labels.coded(np.array([0.5, 1e300]))[1] == ("0.5", "1e+300")
    codes, found = labels.coded(np.array([[1], [2], None], object))  # no hash
    assert codes[2] == -1 and len(found) == 2


@pytest.mark.parametrize(
    ("target", "prediction", "task"),
    [
        ([0, 1, 1], [1, 1, 0], "binary"),
        ([True, False, True], [1.0, 0.0, 1.0], "binary"),
        (["1", "0", "1"], [1, 0, 0], "binary"),
        ([-1, 1, 1], [1, 1, -1], "binary"),
        (["a", "b", "c"], ["a", "b", "b"], "multiclass"),
        ([0, 1, 2], [2, 1, 0], "multiclass"),
        ([0.5, 1.5, 2.5], [1, 2, 3], "regression"),
        (list(range(30)), list(range(30)), "regression"),
        ([0, 1, 1], [0.2, 0.9, 0.4], "regression"),
        ([decimal.Decimal("1.5"), decimal.Decimal("2")], [1.0, 2.0], "regression"),
    ],
)
def test_the_task_is_found_from_the_columns(target, prediction, task):
    assert given({"y": target, "p": prediction}, prediction="p").task == task


def test_a_score_says_that_it_is_about_classes():
    found = given({"y": [0, 1, 1, 0], "s": [0.2, 0.9, 0.4, 0.5]}, score="s")
    assert (found.task, found.classes, found.is_chance) == ("binary", ("0", "1"), True)
    in_order = np.argsort(found.kept)
    assert found.predicted[in_order].tolist() == [0, 1, 0, 1]  # from 0.5 on


def test_scores_outside_of_0_to_1_rank_and_are_no_chances():
    table = {"y": [0, 1, 1], "s": [-2.0, 3, 0.5]}
    found = given(table, score="s")
    assert not found.is_chance and found.predicted is None
    assert "outside" in found.notes[0]
    assert given(table, score="s", threshold=0.0).predicted[
        np.argsort(given(table, score="s").kept)
    ].tolist() == [0, 1, 1]


@pytest.mark.slow
def test_the_positive_class_is_named_or_known():
    table = {"y": ["no", "yes", "no"], "p": ["yes", "yes", "no"]}
    found = given(table, prediction="p", positive="yes")
    in_order = np.argsort(found.kept)
    assert (found.classes, found.truth[in_order].tolist()) == (("no", "yes"), [0, 1, 0])
    with pytest.raises(BadArgumentError, match="none of them is known as the positive one"):
        given(table, prediction="p")
    with pytest.raises(BadArgumentError, match="`positive` is 'ja'"):
        given(table, prediction="p", positive="ja")
    assert given({"y": [0, 1], "s": [0.1, 0.2]}, score="s", positive=True).classes == ("0", "1")
    other = given({"y": [0, 1], "s": [0.1, 0.2]}, score="s", positive=0)
    assert other.classes == ("1", "0")


def test_a_class_can_be_held_against_all_others():
    found = given({"y": ["a", "b", "c"], "s": [0.9, 0.2, 0.1]}, score="s", positive="a")
    assert (found.task, found.classes) == ("binary", ("(all others)", "a"))
    assert "against all 2 other classes" in found.notes[0]


def test_rows_without_a_value_are_left_out_and_counted():
    table = {"y": [0, 1, None, 1, 0], "p": [0, None, 1, 1, 0], "s": [0.1, 0.2, 0.3, None, 0.5]}
    found = given(table, prediction="p", score="s")
    assert sorted(found.kept.tolist()) == [0, 4]
    assert found.notes == [
        "1 row is left out: `y` is missing there", "1 row is left out: `p` is missing there",
        "1 row is left out: `s` is missing there",
    ]  # fmt: skip


def test_columns_without_any_value_are_as_if_they_were_not_there():
    nothing = [None] * 4
    found = given({"y": [0, 1, 0, 1], "p": [0, 1, 1, 1], "s": np.full(4, np.nan)}, prediction="p", score="s")
    assert found.scores is None and found.n == 4
    assert given({"y": nothing, "s": [0.1] * 4}, score="s").n == 0
    assert given({"y": [0.5, 1.5, 1, 2], "p": np.full(4, np.nan)}, prediction="p").n == 0


@pytest.mark.slow
def test_scores_of_many_classes_are_read_by_class():
    table = {
        "y": ["a", "b", "c", "a"],
        "pa": [0.6, 0.2, 0.1, 0.1],
        "pb": [0.3, 0.5, 0.2, 0.8],
        "pc": [0.1, 0.3, 0.7, 0.1],
    }
    for score in (["pa", "pb", "pc"], {"c": "pc", "a": "pa", "b": "pb"}):
        found = given(table, score=score)
        in_order = np.argsort(found.kept)
        assert found.predicted[in_order].tolist() == [0, 1, 2, 1]
        assert found.chances.own[in_order].tolist() == [0.6, 0.5, 0.7, 0.1]
        assert found.is_chance
    with pytest.raises(BadArgumentError, match="lists 2 columns, and there are 3 classes"):
        given(table, score=["pa", "pb"])
    with pytest.raises(BadArgumentError, match="no column for the class 'c'"):
        given(table, score={"a": "pa", "b": "pb"})
    with pytest.raises(BadArgumentError, match="is one column, and `y` has 3 classes"):
        given(table, score="pa")


def test_rows_are_in_an_order_of_their_own():
    chance = np.random.default_rng(0)
    table = {"y": chance.integers(0, 2, 50), "s": np.round(chance.random(50), 1)}
    moved = chance.permutation(50)
    one, two = (
        given(table, score="s"),
        given({name: values[moved] for name, values in table.items()}, score="s"),
    )
    assert (one.truth == two.truth).all() and (one.scores == two.scores).all()


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        ({"y": [0, 1]}, {}, "neither `prediction` nor `score` is given"),
        ({"y": [0, 1], "p": [0, 1]}, {"prediction": "q"}, "`prediction` names the column 'q'"),
        ({"y": [0, 1], "p": [0, 1]}, {"prediction": "y"}, "`prediction` names `y`, which is the target itself"),
        ({"y": ["a", "b"], "p": [0.5, 0.2]}, {"prediction": "p", "positive": "a"}, "none of which `y` has"),
        ({"y": [0, 1], "s": ["x", "y"]}, {"score": "s"}, "must hold numbers; it holds 'x'"),
        ({"y": ["a", "b"], "p": [1.5, 2]}, {"prediction": "p", "task": "regression"}, "`target`: the column `y` must hold"),
        ({"y": [0, 1, 2], "p": [0, 1, 2]}, {"prediction": "p", "task": "binary"}, "has 3 classes"),
        ({"y": [0, 1], "s": [0.1, 0.2]}, {"score": "s", "threshold": "x"}, "`threshold` must be a number"),
        ({"y": [0, 1], "s": [0.1, 0.2]}, {"score": "s", "task": "ranking"}, "`task` must be one of binary"),
        ({"y": [0, 1], "s": [0.1, 0.2]}, {"score": "s", "resamples": 5}, "`resamples` must be a whole number between 100"),
        ({"y": [0, 1], "s": [0.1, 0.2]}, {"score": "s", "metrics": []}, "`metrics` must be a list of names"),
        ({"y": [0, 1], "s": [0.1, 0.2]}, {"score": ["s", "s"]}, "names a column twice"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(table, options, said):
    with pytest.raises(BadArgumentError, match=re.escape(said)):
        given(table, **options)
