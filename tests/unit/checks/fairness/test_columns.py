"""What a column means: which value is positive, said by the column or by the caller, never guessed."""

import pytest

from gnomon.checks.kinds.fairness.check import fairness
from gnomon.errors import BadArgumentError

N = 40
SEX = ["f", "m"] * (N // 2)
TRUTHS = [True, True, False, False] * (N // 4)


def asked(target, prediction, **given):
    return fairness(
        {"sex": SEX, "y": target, "p": prediction}, target="y", prediction="p", groups="sex", **given
    )


def rates(result):
    return [row[3] for row in result.table("groups").rows if row[0] == "sex"]


def named(yes, no):
    return [yes if one else no for one in TRUTHS]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("yes", "no", "given"),
    [
        (True, False, {}), (1, 0, {}), (1.0, 0.0, {}), (1, -1, {}), ("yes", "no", {"positive": "yes"}), (2, 1, {"positive": 2}),
        (2, 1, {"positive": "2"}), (False, True, {"positive": False}), (0, 1, {"positive": 0}), ("1", "0", {"positive": 1}),
    ],
)  # fmt: skip
def test_the_same_decisions_give_the_same_rates_whatever_they_are_called(yes, no, given):
    column = named(yes, no)
    assert rates(asked(column, column, **given)) == [0.5, 0.5]
    assert rates(asked(column, [yes] * N, **given)) == [1.0, 1.0]
    assert rates(asked(column, [no] * N, **given)) == [0.0, 0.0]


def test_target_and_prediction_may_be_written_differently():
    assert rates(asked(named(">50K", "<=50K"), TRUTHS, positive=">50K")) == [0.5, 0.5]
    assert rates(asked(TRUTHS, named("in", "out"), positive="in")) == [0.5, 0.5]


def test_what_was_taken_as_positive_is_said():
    assert asked(named("yes", "no"), TRUTHS, positive="yes").notes == (
        "positive: `y` is 'yes'; selected: `p` is true",
    )


def test_labels_without_a_positive_one_are_an_error_that_names_them():
    with pytest.raises(BadArgumentError, match=r"has 2 values \('no', 'yes'\).*\n.*`positive=`"):
        asked(named("yes", "no"), TRUTHS)


@pytest.mark.slow
def test_three_classes_need_the_positive_one_and_are_held_against_it_together():
    three = ["a", "b", "c", "a"] * (N // 4)
    with pytest.raises(BadArgumentError, match=r"has 3 values(.|\n)*`positive=`(.|\n)*all others together"):
        asked(three, three)
    result = asked(three, three, positive="a")
    assert rates(result) == [0.5, 0.5]
    assert "`y` is 'a' is held against 2 others together" in result.notes


def test_a_positive_label_that_is_not_there_is_an_error():
    with pytest.raises(
        BadArgumentError,
        match=r"`positive` is 'maybe', which the column `y` does not hold: it has 'no', 'yes'",
    ):
        asked(named("yes", "no"), named("yes", "no"), positive="maybe")


@pytest.mark.slow
def test_whole_numbers_that_may_be_classes_or_amounts_are_asked_about():
    numbers = [1, 2, 3, 4] * (N // 4)
    with pytest.raises(BadArgumentError, match=r"4 different whole numbers(.|\n)*`task='regression'`"):
        asked(numbers, numbers)
    assert asked(numbers, numbers, task="regression").settings["task"] == "regression"
    assert rates(asked(numbers, numbers, positive=3)) == [0.5, 0.0]


def test_amounts_are_a_regression():
    amounts = [float(place) for place in range(N)]
    assert asked(amounts, amounts).settings["task"] == "regression"


def test_scores_given_as_predictions_are_an_error_that_points_at_score():
    with pytest.raises(BadArgumentError, match=r"`prediction`: the column `p` holds numbers(.|\n)*`score=`"):
        asked(TRUTHS, [place / N for place in range(N)])


def test_texts_are_no_scores_and_no_amounts():
    table = {"sex": SEX, "y": TRUTHS, "s": named("a", "b")}
    with pytest.raises(BadArgumentError, match="`score`: the column `s` does not hold numbers"):
        fairness(table, target="y", score="s", groups="sex")
    with pytest.raises(BadArgumentError, match="`target`: the column `s` does not hold numbers"):
        fairness(table, target="s", prediction="y", groups="sex", task="regression")
