"""How the values of a parameter become classes."""

from gnomon.runs.importance.bins import (
    FEWEST,
    NOT_GIVEN,
    ONE_VALUE,
    OTHERS,
    OWN_VALUES,
    binned,
    is_own_text,
)


def test_few_numbers_are_classes_of_their_own_in_order():
    found = binned([0.1, 0.01, 0.1, 0.01, 0.1, 0.01, 1, 1, 1])
    assert found.labels == ["0.01", "0.1", "1"] and found.is_numeric
    assert found.codes == [1, 0, 1, 0, 1, 0, 2, 2, 2]


def test_many_numbers_are_ranges_of_about_equal_size():
    found = binned([at / 7 for at in range(48)])
    assert len(found.labels) == 8
    assert {found.codes.count(code) for code in range(8)} == {6}
    assert found.labels[0] == "0 to 0.714"


def test_no_class_is_smaller_than_the_fewest():
    for values in ([1] * 20 + [2, 3], [1, 2] + [3] * 20, list(range(11)), [1] * 5 + list(range(2, 30))):
        found = binned(values)
        sizes = [found.codes.count(code) for code in range(len(found.labels))]
        assert found.why or min(sizes) >= FEWEST
        assert found.why or sum(sizes) == len(values)


def test_rare_texts_stand_together():
    found = binned(["a"] * 5 + ["b"] * 5 + ["c", "d", "e"])
    assert found.labels == ["a", "b", OTHERS] and found.codes[-1] == 2
    assert binned(["a"] * 5 + ["b"] * 5 + ["c"]).codes[-1] == -1


def test_what_some_runs_do_not_have_is_a_class_only_where_nothing_else_varies():
    assert binned([0.9] * 4 + [None] * 4).labels == ["given", NOT_GIVEN]
    found = binned([0.5, 0.5, 0.5, 0.9, 0.9, 0.9, None, float("nan")])
    assert found.labels == ["0.5", "0.9"] and found.codes[-2:] == [-1, -1] and found.n == 6


def test_what_cannot_be_examined_says_why():
    assert binned([f"runs/{at}" for at in range(12)]).why == OWN_VALUES
    assert binned([1] * 30 + [2]).why == ONE_VALUE
    assert binned([True] * 10 + [None]).why == ONE_VALUE
    assert binned([None] * 4).why and binned([]).why


def test_true_is_not_one():
    assert binned([True] * 3 + [1] * 3).labels == ["1", "true"]


def test_a_text_that_names_the_run_is_told_from_one_that_configures_it():
    assert is_own_text([f"out/{at}" for at in range(10)])
    assert not is_own_text(["adam", "sgd"] * 5)
    assert not is_own_text([at / 10 for at in range(10)])
