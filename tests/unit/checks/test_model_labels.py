"""Labels of a target and of predictions are counted as one set of classes."""

import numpy as np
import pytest

from gnomon.checks.model_labels import Labels, distinct, is_classes, is_missing
from gnomon.errors import BadArgumentError


def array(*values):
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def test_labels_of_any_type_meet_their_equals():
    assert Labels(array("no", "yes")).of(np.array(["yes", "no"]))[0].tolist() == [1, 0]
    assert Labels(np.array([0.0, 1.0])).of(np.array([True, False]))[0].tolist() == [1, 0]
    assert Labels(np.array([1, 2, 3])).of(np.array([3.0, 1.0]))[0].tolist() == [2, 0]


def test_a_label_that_the_target_lacks_is_no_class():
    assert Labels(array("a", "b")).of(array("a", "c", None))[0].tolist() == [0, -1, -1]


def test_with_a_positive_value_a_model_may_call_it_one():
    labels = Labels(array(">50K", "<=50K", ">50K"), positive=">50K")
    assert labels.classes == ("<=50K", ">50K") and labels.codes.tolist() == [1, 0, 1]
    assert labels.of(np.array([0, 1, 1]))[0].tolist() == [0, 1, 1]
    assert labels.of(array(">50K", "<=50K"))[0].tolist() == [1, 0]


def test_of_three_values_one_can_be_positive():
    labels = Labels(array("a", "b", "c"), positive="b")
    assert labels.classes == ("not b", "b") and labels.codes.tolist() == [0, 1, 0]


def test_a_positive_value_may_be_named_as_a_text():
    assert Labels(np.array([0, 1, 1]), positive="1").codes.tolist() == [0, 1, 1]
    with pytest.raises(BadArgumentError, match=r"`positive` is 'x', which no row.*\n.*it has: 0, 1"):
        Labels(np.array([0, 1]), positive="x")


def test_labels_that_do_not_meet_are_an_error_that_says_what_to_do():
    with pytest.raises(
        BadArgumentError, match=r"predicts 0, 1, and the target has '<=50K', '>50K'.*\n.*`positive=…`"
    ):
        Labels(array(">50K", "<=50K")).of(np.array([0, 1]))
    with pytest.raises(BadArgumentError, match="predicts 'x'"):
        Labels(array("a", "b")).of(array("x"))


def test_chances_are_decided_at_one_half():
    codes, are_chances = Labels(np.array([0, 1])).of(np.array([0.2, 0.5, 0.9]))
    assert (codes.tolist(), are_chances) == ([0, 1, 1], True)
    assert not Labels(np.array([0, 1])).of(np.array([0.0, 1.0]))[1]
    assert Labels(array("no", "yes")).of(np.array([0.2, 0.9]))[0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (np.array([0, 1, 1]), True), (np.array([1.0, 2.0, np.nan]), True), (np.arange(21), False), (np.array([0.5, 1.0]), False),
        (array("a", "b"), True), (np.array([True, False]), True),
    ],
)  # fmt: skip
def test_a_target_of_texts_flags_or_few_whole_numbers_is_one_of_classes(target, expected):
    assert is_classes(target) is expected


def test_missing_and_different_values_of_mixed_columns():
    mixed = array(1, "x", None, float("nan"), 2)
    assert is_missing(mixed).tolist() == [False, False, True, True, False]
    assert distinct(mixed) == [1, 2, "x"]
    assert distinct(array([1], [1], None)) == ["[1]"]
