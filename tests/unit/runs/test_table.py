"""A table of runs: nested records, the columns that are shown, and pandas with and without pyarrow."""

from __future__ import annotations

import pandas
import pytest

from gnomon.runs.columns import importance
from gnomon.runs.table import RunTable


def table(**columns: list) -> RunTable:
    """Return a table of these columns; `__` in a name stands for a dot."""
    cells = {name.replace("__", "."): cells for name, cells in columns.items()}
    ids = cells.setdefault("id", [f"{n:020x}" for n in range(len(next(iter(cells.values()))))])
    return RunTable(ids, list(cells), lambda keys: {key: cells[key] for key in keys}, total=len(ids))


def test_records_hold_every_column_that_was_asked_for():
    asked = table(
        id=["a", "b"], exit_code=[0, None], code__commit=["abc", None], package__numpy=["2.1", "2.2"],
        package__ruamel__yaml=[None, "1"], params__lr=[0.1, None], metrics__loss__min=[0.5, None], duration=[1.5, 2],
    )  # fmt: skip
    assert asked.records() == [
        {
            "id": "a", "duration_s": 1.5, "exit_code": 0, "code": {"commit": "abc"}, "package": {"numpy": "2.1"},
            "params": {"lr": 0.1}, "metrics": {"loss.min": 0.5},
        },
        {
            "id": "b", "duration_s": 2, "exit_code": None, "code": {}, "package": {"numpy": "2.2", "ruamel.yaml": "1"},
            "params": {}, "metrics": {},
        },
    ]  # fmt: skip


def test_a_plain_fact_and_a_dotted_one_of_the_same_name_both_stay():
    (record,) = table(id=["a"], code=["x"], code__commit=["abc"], name__x=[1], name=["n"]).records()
    assert (record["code"], record["code.commit"]) == ("x", "abc")
    assert (record["name"], record["name.x"]) == ("n", 1)


def test_a_column_without_a_value_is_not_shown():
    one = table(
        name=["a"], status=["finished"], group=[None], seed=[None], params__lr=[0.1], params__gone=[None], params__text=[""],
        metrics__auc=[None], metrics__loss=[0.0], created=[1], duration=[None],
    )  # fmt: skip
    assert one.default_columns() == ["id", "name", "params.lr", "metrics.loss", "created"]
    many = table(
        name=["", None],
        tags=[[], []],
        params__a=[None, None],
        params__b=[None, False],
        created=[1, 2],
        duration=[0, 0],
    )
    assert many.default_columns() == ["id", "params.b", "created", "duration"]


def test_the_status_is_shown_where_not_all_are_finished():
    assert "status" not in table(status=["finished", "finished"], created=[1, 2]).default_columns()
    assert "status" in table(status=["finished", "failed"], created=[1, 2]).default_columns()
    assert table(status=["finished"], created=[1]).records()[0]["status"] == "finished"


def test_the_most_useful_metrics_stand_first():
    found = table(
        metrics__epoch=[1, 2], metrics__lr=[1, 2], **{"metrics.train/acc": [1, 2], "metrics.val/acc": [1, 2]},
        metrics__auc=[1, 2], metrics__seldom=[None, 1], created=[1, 2],
    ).default_columns()  # fmt: skip
    assert [key for key in found if key.startswith("metrics.")] == [
        "metrics.val/acc", "metrics.auc", "metrics.seldom", "metrics.train/acc", "metrics.epoch", "metrics.lr",
    ]  # fmt: skip


def test_what_a_narrow_table_keeps_begins_with_the_question_then_some_parameters_and_metrics():
    columns = [
        "id",
        "name",
        "group",
        "seed",
        "params.a",
        "params.b",
        "params.c",
        "metrics.val",
        "metrics.x",
        "metrics.epoch",
    ]
    assert importance(columns, []) == [
        "id", "name", "status", "params.a", "metrics.val", "params.b", "seed", "metrics.x", "params.c", "group",
        "metrics.epoch", "created",
    ]  # fmt: skip
    assert importance(columns, ["metrics.epoch"])[:3] == ["id", "metrics.epoch", "name"]


@pytest.mark.parametrize(
    ("seed", "param", "shown"),
    [
        ([1, 2], [1, 2], ["seed"]),
        ([1, None], [1, None], ["seed"]),
        ([1, 2], [1, 3], ["seed", "params.seed"]),
        ([1, 2], [1, None], ["seed", "params.seed"]),
        ([None, None], [1, 2], ["params.seed"]),
        ([7], [7], ["seed"]),
    ],
)
def test_the_seed_is_shown_once(seed, param, shown):
    columns = table(seed=seed, params__seed=param, created=[1] * len(seed)).default_columns()
    assert [key for key in columns if "seed" in key] == shown


def test_pandas_without_pyarrow_gets_the_same_table(monkeypatch):
    def from_arrow(data):
        raise ImportError("`Import pyarrow` failed. Use pip or conda to install the pyarrow package.")

    asked = table(
        id=["a", "b"], metrics__loss=[0.5, None], created=[1_700_000_000_000_001, None], name=["x", None]
    )
    whole = asked.to_pandas()
    monkeypatch.setattr(pandas.DataFrame, "from_arrow", from_arrow, raising=False)
    frame = asked.to_pandas()
    assert list(frame) == list(whole) == ["id", "metrics.loss", "created", "name"]
    assert (
        list(frame["id"]) == ["a", "b"]
        and frame["metrics.loss"][0] == 0.5
        and frame["metrics.loss"].isna()[1]
    )
    assert frame["created"][0] == whole["created"][0] and frame["created"].isna()[1]
    monkeypatch.delattr(pandas.DataFrame, "from_arrow")
    pandas.testing.assert_frame_equal(asked.to_pandas(), frame)
    assert list(table(id=[], created=[]).to_pandas()) == ["id", "created"]
