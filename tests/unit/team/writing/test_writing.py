"""Writings of every kind: what they are, what people change apart, what may not be written."""

from __future__ import annotations

import shutil

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.session import close_all, session_for
from gnomon.team.writing import actions, entries, views
from gnomon.team.writing.kinds import KINDS


@pytest.fixture
def record(project):
    with gnomon.run("a", seed=1):
        pass
    return gnomon.open()


def opened(record, type="question", title="Which split?", text="of run:ab12", **options):
    return actions.open_writing(record, type, title, text, **options)


@pytest.mark.parametrize("type", KINDS)
def test_every_kind_is_written_read_and_found(record, type):
    written = opened(record, type)
    assert (written.number, written.label) == (1, f"{type}:1")
    assert (written.title, written.text, written.state) == (
        "Which split?",
        "of run:ab12",
        KINDS[type].states[0],
    )
    assert views.find(gnomon.open(), f"{type}:1").id == written.id
    assert [row.label for row in views.rows(record, type)] == [f"{type}:1"]
    assert record.replica.index.search("split", type_name=type)[0][1] == written.id


def test_numbers_are_given_once_and_count_within_a_kind(record):
    assert [opened(record).number, opened(record).number, opened(record, "problem").number] == [1, 2, 1]


def test_a_writing_is_found_by_number_label_and_the_beginning_of_its_id(record):
    written = opened(record)
    opened(record)
    for word in (
        "1",
        "question:1",
        "#1",
        written.id[:6],
        f"question:{written.id[:8]}",
        f"1~{written.id[:4]}",
    ):
        assert views.writing_called(record, "question", word).id == written.id
    with pytest.raises(UnknownSubjectError, match="there is no question `9`"):
        views.writing_called(record, "question", "9")
    with pytest.raises(UnknownSubjectError, match="names nothing that people wrote"):
        views.find(record, "run:ab12")


def test_two_who_give_one_number_apart_are_told_apart(record, tmp_path):
    apart(
        record,
        tmp_path,
        lambda mine: opened(mine, title="Mine"),
        lambda theirs: opened(theirs, title="Theirs"),
    )
    found = gnomon.open()
    labels = {row.title: row.label for row in views.rows(found, "question")}
    assert all(label.startswith("question:1~") for label in labels.values())
    assert len(set(labels.values())) == 2
    with pytest.raises(AmbiguousIdError, match=r"`question:1~[0-9a-f]{4}` \((Mine|Theirs)\)"):
        views.writing_called(found, "question", "1")
    assert views.writing_called(found, "question", labels["Mine"]).title == "Mine"
    assert opened(found).number == 2


@pytest.mark.slow
def test_texts_that_were_changed_apart_both_stand_until_somebody_settles_it(record, tmp_path):
    opened(record)
    question = lambda of: views.find(of, "question:1")  # noqa: E731
    apart(
        record, tmp_path, lambda mine: actions.revise(question(mine), text="mine"),
        lambda theirs: actions.revise(question(theirs), text="theirs"),
    )  # fmt: skip
    both = question(gnomon.open())
    assert {both.text, both.other_texts[0][1]} == {"mine", "theirs"}
    settled = actions.revise(both, text="ours")
    assert (settled.text, settled.other_texts) == ("ours", [])


def test_states_that_were_moved_apart_both_stand_until_somebody_settles_it(record, tmp_path):
    opened(record)
    question = lambda of: views.find(of, "question:1")  # noqa: E731
    apart(
        record, tmp_path, lambda mine: actions.move(question(mine), "answered"),
        lambda theirs: actions.move(question(theirs), "withdrawn", "found it"),
    )  # fmt: skip
    both = question(gnomon.open())
    assert {one.state for one in both.moves} == {"answered", "withdrawn"}
    assert [one.state for one in actions.move(both, "answered").moves] == ["answered"]


def test_comments_stay_in_order_and_can_be_changed_and_taken_back(record):
    question = opened(record)
    first = actions.say(question, "the first", part="cell:4")
    actions.say(views.find(record, "question:1"), "an answer", reply_to=first.id[:6])
    question = views.find(record, "question:1")
    assert [(one.text, one.part, one.reply_to) for one in question.comments] == [
        ("the first", "cell:4", None), ("an answer", None, first.id),
    ]  # fmt: skip
    question = actions.say_otherwise(question, first.id, "the first, mended")
    assert [one.text for one in question.comments] == ["the first, mended", "an answer"]
    assert question.comments[0].is_edited
    assert question.comments[0].part == "cell:4"
    question = actions.say_otherwise(question, first.id, "")
    assert [one.text for one in question.comments] == ["an answer"]
    with pytest.raises(UnknownSubjectError, match="no comment whose id begins"):
        actions.say_otherwise(question, first.id, "again")


@pytest.mark.slow
def test_a_comment_that_was_changed_apart_shows_both(record, tmp_path):
    said = actions.say(opened(record), "one")
    question = lambda of: views.find(of, "question:1")  # noqa: E731
    apart(
        record, tmp_path, lambda mine: actions.say_otherwise(question(mine), said.id, "mine"),
        lambda theirs: actions.say_otherwise(question(theirs), said.id, "theirs"),
    )  # fmt: skip
    (comment,) = question(gnomon.open()).comments
    assert {comment.text, *comment.others} == {"mine", "theirs"}
    settled = actions.say_otherwise(question(gnomon.open()), said.id, "ours")
    assert [(one.text, one.others) for one in settled.comments] == [("ours", ())]


def test_who_must_act_is_said_anew(record):
    ana, bea = "a" * 20, "b" * 20
    question = opened(record, to=[ana], due=2_000_000_000.0)
    assert (question.to, question.due) == ([ana], 2_000_000_000.0)
    question = actions.address(question, [bea])
    assert (question.to, question.due) == ([bea], None)


def test_what_is_addressed_apart_asks_everybody_until_the_first_time(record, tmp_path):
    opened(record)
    ana, bea = "a" * 20, "b" * 20
    question = lambda of: views.find(of, "question:1")  # noqa: E731
    apart(
        record, tmp_path, lambda mine: actions.address(question(mine), [ana], 2_000.0),
        lambda theirs: actions.address(question(theirs), [bea], 1_000.0),
    )  # fmt: skip
    both = question(gnomon.open())
    assert (set(both.to), both.due) == ({ana, bea}, 1_000.0)


def test_a_decision_is_never_changed(record):
    decision = opened(record, "decision")
    with pytest.raises(
        BadArgumentError, match=r"(?s)not changed once it is written.*supersedes `decision:1`"
    ):
        actions.revise(decision, text="other")


def test_what_breaks_the_rules_is_not_written(record):
    with pytest.raises(BadArgumentError, match="needs a title"):
        opened(record, title=" \n ")
    with pytest.raises(BadArgumentError, match="at most 200 characters; got 201"):
        opened(record, title="x" * 201)
    with pytest.raises(BadArgumentError, match="at most 200,000 characters; got 200,001"):
        opened(record, text="x" * 200_001)
    with pytest.raises(BadArgumentError, match="has no field `evidence`; it has blocks"):
        opened(record, fields={"evidence": []})
    with pytest.raises(BadArgumentError, match="cannot be `solved`; it is one of open, answered, withdrawn"):
        actions.move(opened(record), "solved")
    assert len(views.rows(record, "question")) == 1


def test_doing_it_again_writes_nothing(record):
    question = actions.move(opened(record), "answered")
    question = actions.revise(question, text="other")
    before = (question.raw["state_heads"], question.raw["text_heads"])
    question = actions.revise(actions.move(question, "answered"), text="other")
    assert (question.raw["state_heads"], question.raw["text_heads"]) == before


def test_who_wrote_it_is_the_member_of_the_device(record):
    from gnomon.team.people.actions import become

    question = opened(record)
    assert question.who.startswith("device ")
    become(record, "Ana")
    assert views.find(record, "question:1").who == "Ana"


def test_a_strangers_entries_cost_no_error(record):
    session = session_for(record.path)
    for act, body in (
        (entries.OPENED, {"number": "x"}),
        (entries.SAID, {"id": 3}),
        (entries.MOVED, {"state": []}),
    ):
        session.append(f"question.{act}", entries.subject("question", "ab" * 10), body, strict=True)
    session.sync()
    opened(record)
    assert [row.label for row in views.rows(record, "question")] == ["question:1"]


def apart(record, tmp_path, mine, theirs):
    """Have two people act apart and then meet: the second acts on a copy, whose files come back."""
    close_all()
    copy = tmp_path / "theirs"
    shutil.copytree(record.path, copy / ".gnomon")
    mine(gnomon.open())
    close_all()
    theirs(gnomon.open(copy))
    close_all()
    shutil.copytree(copy / ".gnomon", record.path, dirs_exist_ok=True)


@pytest.mark.slow
def test_what_people_wrote_goes_along_with_an_export_and_comes_back(record, tmp_path):
    question = opened(record, to=["a" * 20])
    actions.say(question, "the first")
    opened(record, "decision", title="Depth 6")
    close_all()
    record.export(str(tmp_path / "all"))
    assert '"the first"' in (tmp_path / "all" / "questions.json").read_text()
    with gnomon.run("b", dir=tmp_path / "other" / ".gnomon"):
        pass
    close_all()
    other = gnomon.open(tmp_path / "other")
    other.import_(str(tmp_path / "all"))
    found = views.find(other, "question:1")
    assert (found.title, found.to, [one.text for one in found.comments]) == (
        "Which split?", ["a" * 20], ["the first"],
    )  # fmt: skip
    assert views.find(other, "decision:1").title == "Depth 6"


def test_what_people_wrote_is_found_beside_runs_with_their_words(record):
    from gnomon.runs.search import KINDS as SEARCHED

    opened(record, "decision", title="Depth six it is", text="zebra")
    actions.say(opened(record, "question", title="Why?"), "because of the zebra")
    record.add_note(record.run("a").id, "a zebra, too")
    hits = record.search("zebra")
    assert {(hit.kind, hit.name) for hit in hits} == {
        ("decision", "decision:1 Depth six it is"), ("question", "question:1 Why?"), ("run", "a"),
    }  # fmt: skip
    assert [hit.kind for hit in record.search("zebra", kind="question")] == ["question"]
    assert set(KINDS) <= set(SEARCHED)


def test_what_was_said_before_a_move_stays_also_where_a_conflict_is_settled(record, tmp_path):
    opened(record)
    question = lambda of: views.find(of, "question:1")  # noqa: E731
    actions.move(question(record), "answered", "first")
    apart(
        record, tmp_path, lambda mine: actions.move(question(mine), "withdrawn", "costly"),
        lambda theirs: actions.move(question(theirs), "open", "cheap"),
    )  # fmt: skip
    settled = actions.move(question(gnomon.open()), "answered", "again")
    assert [one.why for one in settled.moves] == ["again"]
    assert {one.why for one in settled.history} == {"first", "costly", "cheap"}
    assert settled.history[0].why == "first"


def test_what_was_gone_over_is_in_the_order_of_its_times(record):
    question = opened(record)
    before = [{"state": "open", "why": f"at {at}", "writer": "a" * 32, "time_us": at} for at in (300, 40, 5)]
    session = session_for(record.path)
    body = {"state": "answered", "why": "", "before": before}
    session.append("question.moved", entries.subject("question", question.id), body, strict=True)
    session.sync()
    assert [one.why for one in views.find(record, "question:1").history] == ["at 5", "at 40", "at 300"]
