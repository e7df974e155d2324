"""The whole check of leakage: times, odd tables, what changes nothing and what is kept."""

import datetime
import re

import numpy as np
import pytest

from gnomon.checks import leakage
from gnomon.checks.kinds.leakage import check as checking
from gnomon.checks.result import FAIL, PASS, UNKNOWN, read
from gnomon.errors import BadArgumentError


def table(seed, n):
    chance = np.random.default_rng(seed)
    x = chance.standard_normal(n)
    return {
        "x": x, "kind": chance.choice(list("abc"), n).astype(object), "w": chance.standard_normal(n),
        "y": (x + chance.standard_normal(n) > 0).astype(int),
    }  # fmt: skip


@pytest.mark.slow
def test_clean_tables_pass_and_every_figure_is_there():
    found = leakage(table(1, 800), table(2, 400), target="y")
    assert found.verdict == PASS and found.rows == 1200
    assert [one.name for one in found.figures] == ["overlap", "duplicates", "columns"]
    assert [one["role"] for one in found.evidence] == ["train", "test"]
    assert [one["rows"] for one in found.evidence] == [800, 400]
    assert read(found.to_dict()) == found
    assert found.settings["max_overlap"] == 0.01 and found.name == "leakage of y"


@pytest.mark.slow
def test_the_order_of_rows_and_columns_changes_nothing():
    chance = np.random.default_rng(3)
    amount = (
        {**table(1, 600), "y": chance.standard_normal(600)},
        {**table(2, 300), "y": chance.standard_normal(300)},
    )
    for train, test in ((table(1, 600), table(2, 300)), amount):
        one = leakage(train, test, target="y")
        order = np.random.default_rng(4).permutation(600)
        moved = {name: values[order] for name, values in reversed(train.items())}
        other = leakage(moved, test, target="y")
        assert one.findings == other.findings
        assert one.table("overlap") == other.table("overlap")


@pytest.mark.slow
def test_a_file_a_frame_and_columns_give_the_same(tmp_path):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    train, test = (
        table(1, 300),
        {name: np.concatenate([table(2, 200)[name], table(1, 300)[name][:20]]) for name in table(1, 1)},
    )
    pandas.DataFrame(train).to_csv(tmp_path / "train.csv", index=False, float_format="%.17g")
    polars.DataFrame(test).write_parquet(tmp_path / "test.parquet")
    first = leakage(train, test, target="y")
    assert first.finding("overlap.rows").value == 20 / 220
    for one, two in (
        (tmp_path / "train.csv", tmp_path / "test.parquet"),
        (pandas.DataFrame(train), polars.DataFrame(test).lazy()),
        (pandas.DataFrame(train, index=range(5, 305)), pandas.DataFrame(test, index=range(220))),
    ):
        other = leakage(one, two, target="y")
        assert (first.findings, first.figures) == (other.findings, other.figures)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["moments", "texts", "numbers", "days and texts"])
def test_training_rows_from_after_the_first_test_row_are_counted(kind):
    start = datetime.datetime(2024, 1, 1)
    times = [start + datetime.timedelta(days=at) for at in range(30)]
    if kind == "texts":
        times = [one.isoformat() for one in times]
    elif kind == "numbers":
        times = list(range(30))
    late = [str(one.date()) for one in times[20:]] if kind == "days and texts" else times[20:]
    train = {"x": list(range(25)), "y": [0, 1] * 12 + [0], "t": times[:25]}
    test = {"x": list(range(100, 110)), "y": [0, 1] * 5, "t": late}
    found = leakage(train, test, target="y", time="t").finding("time")
    assert (found.outcome, found.value) == (FAIL, 4 / 25)  # days 21 to 24, after day 20
    assert "4 of 25 training rows" in found.note and "4 test rows" in found.note
    earlier = {name: values[:20] for name, values in train.items()}
    assert leakage(earlier, test, target="y", time="t").finding("time").outcome == PASS


def test_a_time_that_is_missing_everywhere_cannot_be_told():
    train = {**table(1, 50), "t": [None] * 50}
    test = {**table(2, 50), "t": [None] * 50}
    assert leakage(train, test, target="y", time="t").finding("time").outcome == UNKNOWN


@pytest.mark.slow
def test_keys_of_several_columns_and_missing_ones():
    train = {**table(1, 4), "a": [1, 1, 2, None], "b": ["u", "v", "u", "u"]}
    test = {**table(2, 4), "a": [1, 2, 3, None], "b": ["v", "v", "u", "u"]}
    found = leakage(train, test, target="y", key=["a", "b"])
    assert found.finding("overlap.keys").value == 1 / 3  # (1, v) of three whole keys
    assert leakage(train, test, target="y", key="a").finding("overlap.keys").value == 2 / 3
    nothing = {**test, "a": [None] * 4}
    assert leakage(train, nothing, target="y", key="a").finding("overlap.keys").outcome == UNKNOWN


@pytest.mark.slow
@pytest.mark.parametrize(("train", "test"), [(0, 50), (50, 0), (0, 0)])
def test_a_table_without_rows_says_nothing(train, test):
    assert leakage(table(1, train), table(2, test), target="y").verdict == UNKNOWN


@pytest.mark.slow
def test_one_class_and_columns_without_values_say_nothing_and_raise_nothing():
    train, test = (
        {**table(1, 100), "y": np.ones(100, int), "n": [None] * 100},
        {**table(2, 100), "y": np.ones(100, int), "n": [None] * 100},
    )
    found = leakage(train, test, target="y")
    assert found.finding("target").outcome == UNKNOWN
    assert found.finding("target").note == "the test set has one class only"


@pytest.mark.slow
def test_rows_without_a_target_count_as_rows_and_tell_nothing():
    train, test = table(1, 300), table(2, 200)
    test["y"] = np.where(np.arange(200) < 50, np.nan, test["y"])
    found = leakage(train, test, target="y")
    assert found.verdict == PASS
    assert "the target is missing in 0 training and 50 test rows: not held against columns" in found.notes


@pytest.mark.slow
def test_columns_that_only_one_table_has_are_left_out_and_named():
    found = leakage(
        {**table(1, 100), "more": np.arange(100)}, {**table(2, 100), "other": np.arange(100)}, target="y"
    )
    assert found.notes[:2] == (
        "only the training table has `more`: left out",
        "only the test table has `other`: left out",
    )
    alone = leakage({"a": [1, 2], "y": [0, 1]}, {"b": [1, 2], "y": [0, 1]}, target="y")
    assert "the tables share no feature" in alone.notes
    assert alone.verdict == UNKNOWN


@pytest.mark.slow
def test_lists_and_mixed_types_are_no_trouble():
    pandas = pytest.importorskip("pandas")
    train, test = pandas.DataFrame(table(1, 200)), pandas.DataFrame(table(2, 100))
    for frame in (train, test):
        frame["list"] = [[at, at] for at in range(len(frame))]
        frame["when"] = pandas.date_range("2024-01-01", periods=len(frame))
    found = leakage(train, test, target="y")
    assert found.finding("target").outcome == PASS
    assert found.table("columns").column("column") and "list" not in found.table("columns").column("column")
    assert "lists and records were not held against the target: `list`" in found.notes
    for frame, count in ((train, 200), (test, 100)):
        frame["record"] = [{"a": at % 7} for at in range(count)]
    assert leakage(train, test, target="y").finding("overlap.rows").outcome == PASS


@pytest.mark.slow
def test_long_tables_are_held_against_the_target_in_part(monkeypatch):
    monkeypatch.setattr(checking, "MOST_ROWS", 100)
    monkeypatch.setattr(checking, "MOST_COLUMNS", 2)
    found = leakage(table(1, 1000), table(2, 500), target="y")
    assert "2 of 3 columns were held against the target; `columns` names others" in found.notes
    assert any("on up to 100 rows of each table" in note for note in found.notes)
    assert found.table("overlap").column("share")[0] == 0


@pytest.mark.slow
def test_no_row_of_the_data_is_in_a_result():
    train, test = (
        {**table(seed, 100), "name": np.array([f"person-{at}" for at in range(100)], object)}
        for seed in (1, 2)
    )
    assert "person-" not in str(leakage(train, test, target="y", key="name").to_dict())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "nope"}, "`target` of `train` names the column 'nope'"),
        ({"target": 3}, "`target` must be the name of a column; got 3"),
        ({"target": "y", "time": "t"}, "`time` of `train` names the column 't'"),
        ({"target": "y", "columns": []}, "`columns` must be the name of a column, or a list of names"),
        ({"target": "y", "max_overlap": -1}, "`max_overlap` must be a number between 0 and 1"),
        ({"target": "y", "level": 0}, "`level` must be a number between 0 and 1"),
    ],
)
def test_what_is_asked_wrongly_is_named(options, said):
    with pytest.raises(BadArgumentError, match=re.escape(said)):
        leakage(table(1, 20), table(2, 20), **options)
