"""What a check takes for a model, and that it gets its columns, in its order and container; what it raises names them."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC

from gnomon.checks.model import ModelRaisedError, model_of
from gnomon.checks.model_inputs import inputs_of
from gnomon.errors import BadArgumentError

CHANCE = np.random.default_rng(0)
PEOPLE = pd.DataFrame(
    {
        "age": CHANCE.integers(18, 80, 200).astype(float),
        "pay": CHANCE.normal(size=200),
        "sex": CHANCE.choice(["f", "m"], 200),
    }
)
PEOPLE["hired"] = np.where(PEOPLE.pay + (PEOPLE.sex == "m") > 0.5, "yes", "no")


def predicted(model, table, **how):
    with inputs_of(table) as (given, _):
        return model_of(model, **how).predict(given, target="hired")


def in_columns():
    columns = ColumnTransformer([("sex", OneHotEncoder(), [2])], remainder="passthrough")
    return Pipeline([("columns", columns), ("model", LogisticRegression())])


@pytest.fixture(scope="module")
def of_array():
    """A pipeline over an object array of three columns, as the Adult demo has them."""
    return in_columns().fit(
        PEOPLE[["age", "pay", "sex"]].to_numpy(dtype=object), PEOPLE.hired.to_numpy(dtype=object)
    )


@pytest.fixture(scope="module")
def of_numbers():
    return LogisticRegression().fit(PEOPLE[["age", "pay"]], PEOPLE.hired)


def tables(tmp_path):
    PEOPLE.to_csv(tmp_path / "people.csv", index=False)
    return {
        "pandas": PEOPLE,
        "shuffled columns": PEOPLE[["hired", "sex", "pay", "age"]],
        "polars": pl.DataFrame(PEOPLE.to_dict("list")),
        "columns": PEOPLE.to_dict("list"),
        "arrow": pl.DataFrame(PEOPLE.to_dict("list")).to_arrow(),
        "path": tmp_path / "people.csv",
    }


@pytest.mark.slow
def test_a_model_of_an_array_gets_its_columns_in_their_order_from_any_table(of_array, tmp_path):
    expected = of_array.predict(PEOPLE[["age", "pay", "sex"]].to_numpy(dtype=object)).tolist()
    for kind, table in tables(tmp_path).items():
        assert predicted(of_array, table, features=["age", "pay", "sex"]).tolist() == expected, kind


@pytest.mark.slow
def test_a_model_that_knows_names_takes_them_from_any_table(of_numbers, tmp_path):
    expected = of_numbers.predict(PEOPLE[["age", "pay"]]).tolist()
    for kind, table in tables(tmp_path).items():
        assert predicted(of_numbers, table).tolist() == expected, kind


def test_a_model_that_knows_no_names_gets_all_but_the_target():
    model = LogisticRegression().fit(PEOPLE[["age", "pay"]].to_numpy(), PEOPLE.hired)
    assert len(predicted(model, PEOPLE[["age", "hired", "pay"]])) == 200


def test_a_function_gets_the_table_in_the_library_that_it_came_in():
    seen = []

    def model(table):
        seen.append(type(table).__module__.partition(".")[0])
        return ["yes"] * len(table)

    for table in (PEOPLE, pl.DataFrame(PEOPLE.to_dict("list")), PEOPLE.to_dict("list")):
        predicted(model, table)
    assert seen == ["pandas", "polars", "pandas"]


def test_a_model_fitted_with_an_array_is_not_warned_of_names(of_array):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predicted(of_array, PEOPLE, features=["age", "pay", "sex"])


def test_task_and_classes_are_what_the_model_says(of_numbers):
    assert (model_of(of_numbers).task, model_of(of_numbers).classes) == ("classification", ("no", "yes"))
    assert model_of(LinearRegression().fit([[0.0], [1.0]], [0, 1])).task == "regression"
    assert model_of(len).task is None


def test_chances_come_in_the_order_of_the_classes(of_numbers):
    with inputs_of(PEOPLE) as (given, _):
        found = model_of(of_numbers).chances(given, target="hired")
        assert model_of(lambda table: table).chances(given, target="hired") is None
        assert model_of(SVC().fit(PEOPLE[["age"]], PEOPLE.hired)).chances(given) is None
    assert np.array_equal(found, of_numbers.predict_proba(PEOPLE[["age", "pay"]]))


def test_columns_that_are_not_there_are_named(of_numbers):
    with pytest.raises(
        BadArgumentError,
        match=r"`model` needs columns that the table does not have: `pay`.*\n.*`age`, `hired`",
    ):
        predicted(of_numbers, PEOPLE[["age", "hired"]])
    with pytest.raises(
        BadArgumentError, match="`features` needs columns that the table does not have: `wage`"
    ):
        predicted(of_numbers, PEOPLE, features=["wage"])


def test_another_number_of_columns_than_the_model_takes_is_an_error_that_names_them(of_array):
    with pytest.raises(
        BadArgumentError, match=r"fitted with 3 columns and would get 2: `age`, `pay`.*\n.*features=\[…\]"
    ):
        predicted(of_array, PEOPLE[["age", "pay", "hired"]])


def test_what_a_model_raises_names_its_columns(of_array):
    with pytest.raises(
        ModelRaisedError, match=r"`model` raised ValueError: .*columns `sex`, `pay`, `age`"
    ) as caught:
        predicted(of_array, PEOPLE, features=["sex", "pay", "age"])
    assert isinstance(caught.value.raised, ValueError)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (LogisticRegression, "must be a model; got the class `LogisticRegression`"),
        (3, "must be a model; got a int, which has no `predict`"),
        (None, "must be a model; got a NoneType"),
        ([1, 2], "must be a model; got a list"),
    ],
)
def test_what_is_no_model_is_an_error(model, words):
    with pytest.raises(BadArgumentError, match=words):
        model_of(model)


@pytest.mark.parametrize(
    ("given", "words"),
    [(lambda t: 1, "a single value"), (lambda t: np.ones((200, 3)), "200 x 3"), (lambda t: [1], "gave 1")],
)
def test_a_prediction_of_another_shape_is_an_error(given, words):
    with pytest.raises(BadArgumentError, match=f"one label or number a row; for 200 rows .*{words}"):
        predicted(given, PEOPLE)


def test_a_column_of_predictions_is_taken():
    assert predicted(lambda table: np.ones((len(table), 1)), PEOPLE).shape == (200,)


def test_warnings_of_a_model_are_kept_as_words_and_not_raised():
    def model(table):
        warnings.warn("a\nstrange   value ['secret'] in column 0", UserWarning, stacklevel=1)
        warnings.warn("old", FutureWarning, stacklevel=1)
        return np.zeros(len(table))

    asked = model_of(model)
    with inputs_of(PEOPLE) as (given, _):
        asked.predict(given)
        asked.predict(given)
    assert asked.notes == ["UserWarning: a strange value […] in column 0"]


def test_features_must_be_a_list_of_different_names():
    for wrong, words in (
        ("age", "must be a list"),
        ([], "must be a list"),
        ([1], "must be a list"),
        (["a", "a"], "twice"),
    ):
        with pytest.raises(BadArgumentError, match=f"`features`.*{words}"):
            model_of(len, features=wrong)


def test_asking_changes_no_table(of_array):
    before = PEOPLE.copy(deep=True)
    predicted(of_array, PEOPLE, features=["age", "pay", "sex"])
    pd.testing.assert_frame_equal(PEOPLE, before)
