"""Columns that a process keeps from one question to the next: the answers are those of the record as it is."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.runs import kept_columns
from gnomon.runs.packed import size_of


def log(name, auc):
    with gnomon.run(name) as run:
        run.log(auc=auc)
    return run.id


def names(record, **question):
    return [row["name"] for row in record.runs(**question)]


def read_meanwhile(monkeypatch):
    """Return a list to which each whole column is added that is read from the index from now on."""
    read = []
    ask = kept_columns._read
    monkeypatch.setattr(kept_columns, "_read", lambda index, keys: read.extend(keys) or ask(index, keys))
    return read


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
    read = read_meanwhile(monkeypatch)
    record.runs(sort="metrics.auc", columns=["id"])
    record.runs(sort="metrics.auc:asc", where="metrics.auc > 0", columns=["id"])
    assert read == []
    record.runs(sort="name", columns=["id"])
    assert read == ["name"]


def test_columns_that_come_next_are_read_at_once_and_packed_when_asked_for(monkeypatch):
    log("a", 0.1)
    record = gnomon.open()
    record.replica.update()
    read = read_meanwhile(monkeypatch)
    index, kept = record.replica.index, record._kept
    assert list(kept.columns(index, ["name"], ["status", "metrics.auc"])["name"]) == ["a"]
    assert read == ["name", "status", "metrics.auc"] and [*kept._columns] == ["name"]
    assert list(kept.columns(index, ["metrics.auc"], ["status"])["metrics.auc"]) == [0.1]
    assert list(kept.columns(index, ["status"])["status"]) == ["finished"]
    assert len(read) == 3
    log("b", 0.2)
    record.replica.update()
    assert sorted(kept.columns(index, ["status", "metrics.auc"])["metrics.auc"]) == [0.1, 0.2]
    assert read[3:] == ["status", "metrics.auc"]


@pytest.mark.parametrize("divisor", [1, 4, 1_000_000])
def test_cells_of_some_runs_are_those_of_the_whole_columns(monkeypatch, divisor):
    monkeypatch.setattr(kept_columns, "_MANY_CHUNKS", divisor)
    for number in range(5):
        log(f"r{number}", number)
    record = gnomon.open()
    record.replica.update()
    index, keys = record.replica.index, ["name", "metrics.auc", "nothing"]
    whole = index.columns("run", keys)
    for places in ([], [3], [4, 0, 0, 2]):
        expected = {key: [whole[key][place] for place in places] for key in keys}
        assert record._kept.cells_of_some(index, keys, places, 5) == expected


def test_no_more_is_kept_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(kept_columns, "MOST_BYTES", 200)
    for number in range(2):
        log(f"r{number}", number)
    record = gnomon.open()
    for _ in range(2):
        assert names(record, sort="metrics.auc", where="name ~ 'r*'") == ["r1", "r0"]
        assert 0 < sum(map(size_of, record._kept._columns.values())) <= 200


def test_records_that_share_columns_read_each_once(monkeypatch):
    log("a", 0.1)
    first, second = gnomon.open(), gnomon.open()
    second.share_columns(first._kept)
    assert names(first, sort="metrics.auc") == ["a"]
    read = read_meanwhile(monkeypatch)
    assert names(second, sort="metrics.auc") == ["a"]
    assert read == []
    log("b", 0.2)
    assert names(second, sort="metrics.auc") == names(first, sort="metrics.auc") == ["b", "a"]


def test_what_lies_over_the_file_is_kept_by_nobody(monkeypatch):
    """An overlay is of one record: another one's of the same number may hold something else."""
    log("a", 0.1)
    record = gnomon.open()
    before = names(record, sort="metrics.auc")
    monkeypatch.setattr(type(record.replica.index), "generation", property(lambda _: (1, 1)))
    record._kept = kept_columns.KeptColumns()
    assert names(record, sort="metrics.auc") == before
    assert record._kept._columns == {}


def test_an_index_that_was_made_anew_is_of_another_generation():
    log("a", 0.1)
    record = gnomon.open()
    record.replica.update()
    before = record.replica.index.generation
    record.replica.index._keeper.start_over()
    record.replica.update()
    assert record.replica.index.generation != before


def test_a_page_looks_for_news_once():
    log("a", 0.1)
    record = gnomon.open()
    with record.followed():
        log("b", 0.2)
        assert names(record) == ["a"]
    assert names(record) == ["b", "a"]


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
