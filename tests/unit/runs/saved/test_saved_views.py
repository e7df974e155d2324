"""Saved views: what is kept, what two people who save apart leave, and the commands."""

from __future__ import annotations

import json
import shutil

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, BadExpressionError, UnknownSubjectError
from gnomon.runs.saved import actions, entries
from gnomon.runs.saved.question import Question, asked, read
from gnomon.session import close_all, session_for


@pytest.fixture
def record(project):
    with gnomon.run("a", seed=1):
        pass
    return gnomon.open()


def test_a_view_is_what_a_table_asks_under_a_name(record):
    saved = record.save_view(" best ", " seed = 1 ", sort="created", columns=["name", "seed"], pin=["seed"])
    assert saved.name == "best"
    assert saved.question == Question("seed = 1", ("created",), ("name", "seed"), ("seed",))
    assert record.views() == [saved] == gnomon.open().views()
    assert record.view("best") == record.view(saved.id[:6]) == saved


def test_a_name_that_is_there_already_is_changed(record):
    first = record.save_view("best", "seed = 1")
    again = record.save_view("best", "seed = 2")
    assert again.id == first.id
    assert [view.question.where for view in record.views()] == ["seed = 2"]


def test_saving_the_same_again_writes_nothing(record):
    first = record.save_view("best", "seed = 1")
    record.save_view("best", "seed = 1")
    assert len(record.replica.index.state("view", first.id)["heads"]) == 1
    assert record.view("best").saved == first.saved


def test_what_cannot_be_read_is_not_saved(record):
    with pytest.raises(BadExpressionError):
        record.save_view("x", "sed = 1")
    with pytest.raises(BadExpressionError):
        record.save_view("x", sort="no such")
    with pytest.raises(BadArgumentError, match="needs a name"):
        record.save_view("  ")
    with pytest.raises(BadArgumentError, match="at most 200 characters"):
        record.save_view("x" * 201)
    assert record.views() == []


def test_a_removed_view_is_gone_and_its_name_is_free(record):
    first = record.save_view("best", "seed = 1")
    record.remove_view("best")
    assert record.views() == []
    with pytest.raises(UnknownSubjectError, match="there is no view `best`"):
        record.remove_view("best")
    assert record.save_view("best", "seed = 2").id != first.id


def test_a_name_that_nobody_gave_offers_the_nearest(record):
    record.save_view("best of each", "seed = 1")
    with pytest.raises(UnknownSubjectError, match="did you mean `best of each`"):
        record.view("best of eech")


def test_two_views_of_one_name_are_told_apart_by_their_ids(record):
    record.save_view("best", "seed = 1")
    other = session_for(record.path)
    other.append(
        entries.SAVED,
        entries.view_subject("ab" * 10),
        {"name": "best", "page": "/runs", "query": ""},
        strict=True,
    )
    with pytest.raises(AmbiguousIdError, match="2 views are called `best`"):
        record.view("best")
    assert record.view("abab").question == Question()


def saved_apart(record, tmp_path):
    """Save one view in two replicas, and bring the entries together."""
    view = record.save_view("best", "seed = 1")
    close_all()
    record.close()
    copy = tmp_path / "copy"
    shutil.copytree(record.path, copy / ".gnomon")
    with gnomon.open(copy) as theirs:
        theirs.save_view("best", "seed = 3")
    close_all()
    with gnomon.open(record.path) as ours:
        ours.save_view("best", "seed = 2")
    close_all()
    for log in (copy / ".gnomon" / "log").rglob("*.jsonl"):
        mine = record.path + "/" + str(log.relative_to(copy / ".gnomon"))
        shutil.copy(log, mine) if not (tmp_path / mine).exists() else None
    return view.id


def test_views_that_were_saved_apart_are_both_shown_until_the_next_save(record, tmp_path):
    id_ = saved_apart(record, tmp_path)
    ours = gnomon.open(record.path)
    view = ours.view(id_)
    assert not view.is_settled
    assert {view.question.where, *(one.where for _, one, _ in view.others)} == {"seed = 2", "seed = 3"}
    settled = ours.save_view("best", view.question.where)
    assert settled.is_settled
    assert settled.question == view.question


def test_an_address_asks_only_what_there_is_to_ask():
    question = asked(
        [("evil", "1"), ("columns", "a,,b"), ("columns", "a"), ("removed", "no"), ("by", "x"), ("sort", "")]
    )
    assert question == Question(columns=("a", "b"))
    assert read("where=%00&" * 600) == Question()
    assert read("x" * 20_000) == Question()
    assert read(question.query) == question


def test_a_body_that_is_no_view_is_none(record):
    session = session_for(record.path)
    for body in ({}, {"name": 3, "page": "/runs", "query": ""}, {"name": "x", "page": "/sql", "query": ""}):
        session.append(entries.SAVED, entries.view_subject("cd" * 10), body, strict=True)
    assert record.views() == []
    with pytest.raises(UnknownSubjectError):
        actions.remove(record, "cd" * 10)


def test_an_export_of_the_whole_record_holds_the_views_and_one_of_chosen_runs_does_not(record, tmp_path):
    saved = record.save_view("best", "seed = 1", columns=["seed"])
    record.export(tmp_path / "all")
    assert json.loads((tmp_path / "all" / "views.json").read_text())[0]["where"] == "seed = 1"
    record.export(tmp_path / "some", where="seed = 1")
    assert not (tmp_path / "some" / "views.json").exists()
    close_all()
    with gnomon.run("other", dir=tmp_path / "elsewhere" / ".gnomon"):
        pass
    other = gnomon.open(tmp_path / "elsewhere")
    other.import_(tmp_path / "some")
    assert other.views() == []
    other.import_(tmp_path / "all")
    assert other.views() == [saved]
