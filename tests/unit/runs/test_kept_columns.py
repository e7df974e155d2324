"""Columns that a process keeps from one question to the next: the answers are those of the record as it is."""

from __future__ import annotations

import gnomon
from gnomon.runs import kept_columns


def log(name, auc):
    with gnomon.run(name) as run:
        run.log(auc=auc)
    return run.id


def names(record, **question):
    return [row["name"] for row in record.runs(**question)]


def test_what_is_logged_meanwhile_is_in_the_next_answer():
    log("a", 0.1)
    record = gnomon.open()
    assert names(record, sort="metrics.auc") == ["a"]
    second = log("b", 0.2)
    assert names(record, sort="metrics.auc") == ["b", "a"]
    record.remove(second)
    assert names(record, sort="metrics.auc") == ["a"]
    record.rename(record.runs().ids[0], "c")
    assert names(record, where="name = 'c'") == ["c"]


def test_an_answer_can_be_changed_without_changing_the_next():
    log("a", 0.1)
    record = gnomon.open()
    record.runs(columns=["name", "metrics.auc"]).column("name").clear()
    record._cells(["name"], record.replica.index.ids("run"), None)["name"].clear()
    assert names(record, where="name = 'a'") == ["a"]


def test_the_same_column_is_read_once(monkeypatch):
    log("a", 0.1)
    record = gnomon.open()
    record.runs(sort="metrics.auc", columns=["id"])
    read = []
    index = record.replica.index
    asked = index.columns
    monkeypatch.setattr(
        index, "columns", lambda kind, keys, *rest: read.append(keys) or asked(kind, keys, *rest)
    )
    record.runs(sort="metrics.auc", columns=["id"])
    record.runs(sort="metrics.auc:asc", where="metrics.auc > 0", columns=["id"])
    assert read == []


def test_no_more_is_kept_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(kept_columns, "MOST", 4)
    for number in range(2):
        log(f"r{number}", number)
    record = gnomon.open()
    record.runs(sort="metrics.auc", where="name ~ 'r*'", columns=["id"])
    assert sum(map(len, record._kept._columns.values())) <= 4


def test_a_table_is_read_a_part_at_a_time():
    for number in range(7):
        log(f"r{number}", number)
    record = gnomon.open()
    parts = [record.runs(sort="metrics.auc:asc", limit=3, offset=start) for start in (0, 3, 6, 9)]
    assert [[row["name"] for row in part] for part in parts] == [
        ["r0", "r1", "r2"],
        ["r3", "r4", "r5"],
        ["r6"],
        [],
    ]
    assert {part.total for part in parts} == {7}
    assert names(record, sort="metrics.auc:asc", offset=5) == ["r5", "r6"]


def test_other_columns_of_the_same_runs():
    log("a", 0.5)
    table = gnomon.open().runs(columns=["id"]).select(["name", "metrics.auc"])
    assert table.to_pylist() == [{"name": "a", "metrics.auc": 0.5}]
    assert table.total == 1
