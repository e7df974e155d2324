"""An index that is asked as it is: a training must neither wait for news nor build it."""

from __future__ import annotations

import sqlite3

import pytest

import gnomon
from gnomon.replica import Replica
from gnomon.session import close_all


def train(lr):
    gnomon.run(params={"lr": lr}).finish()
    close_all()


@pytest.fixture
def replica(project):
    train(0.1)
    with Replica.open(str(project / ".gnomon")) as found:
        yield found


def test_there_is_nothing_to_ask_before_the_first_update(replica, tmp_path):
    assert not replica.index.open_as_is()
    assert replica.index.unread_bytes() > 0
    assert not list((tmp_path / "cache").rglob("index.sqlite"))


def test_it_answers_without_the_news_and_says_how_much_it_lacks(replica):
    replica.update()
    assert replica.index.unread_bytes() == 0
    replica.close()
    train(0.2)
    assert replica.index.open_as_is()
    assert replica.index.unread_bytes() > 0
    assert replica.index.columns("run", ["params.lr"])["params.lr"] == [0.1]
    replica.update()
    assert sorted(replica.index.columns("run", ["params.lr"])["params.lr"]) == [0.1, 0.2]


def test_a_damaged_one_is_neither_answered_from_nor_built_again(replica, monkeypatch, tmp_path):
    replica.update()
    replica.close()
    assert replica.index.open_as_is()
    asked = []

    def damaged(database):
        asked.append(database)
        raise sqlite3.DatabaseError("malformed")

    with pytest.raises(sqlite3.DatabaseError):
        replica.index.ask(damaged)
    assert len(asked) == 1
    replica.close()
    (index,) = (tmp_path / "cache").rglob("index.sqlite")
    index.write_bytes(b"nonsense" * 1000)
    assert not replica.index.open_as_is()
    assert index.read_bytes().startswith(b"nonsense")
