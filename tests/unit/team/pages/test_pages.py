"""The pages of a team by their functions: what lists hold and in which order, what a form that did not work keeps."""

from __future__ import annotations

import time

import pytest

import gnomon
from gnomon.page import Ask, Redirect, Shown, Values
from gnomon.team.catchup.waiting import waiting
from gnomon.team.pages import changes, clock_page, listing, one, write
from gnomon.team.people import actions as members
from gnomon.team.questions.actions import ask as ask_members
from gnomon.team.reviews.actions import ask_again, give_verdict, request
from gnomon.team.writing import actions
from gnomon.team.writing.views import writing_called


@pytest.fixture
def record():
    with gnomon.run("trees") as run:
        run.log(auc=0.9)
    found = gnomon.open()
    members.works(found, members.become(found, "Ana").person, zone="Europe/Berlin")
    members.add(found, "Bea")
    return found


def asked(record, path=None, query=(), form=()):
    return Ask(record, path or {}, Values(query), Values(form), now=time.time())


def whom(record, name):
    return record.team.person(name)


def titles(answer):
    return [row["title"] for row in answer.values["rows"]]


# ---------------------------------------------------------------- lists


def test_a_list_holds_what_is_open_and_what_is_over_when_asked_for(record):
    first = ask_members(record, "First?", [whom(record, "Bea")], hours=9)
    ask_members(record, "Second?", [whom(record, "Ana")], hours=1)
    actions.move(first, "withdrawn")
    assert titles(listing.questions(asked(record))) == ["Second?"]
    everything = listing.questions(asked(record, query=[("all", "1")]))
    assert titles(everything) == ["Second?", "First?"]
    assert (everything.values["found"], everything.values["total"]) == (2, 2)


def test_a_list_is_narrowed_by_member_word_and_number(record):
    ask_members(record, "Which split?", [whom(record, "Bea")])
    ask_members(record, "Which seed?", [whom(record, "Ana"), whom(record, "Bea")])
    assert titles(listing.questions(asked(record, query=[("to", whom(record, "Ana").id)]))) == ["Which seed?"]
    assert titles(listing.questions(asked(record, query=[("q", "SPLIT")]))) == ["Which split?"]
    assert titles(listing.questions(asked(record, query=[("q", "2")]))) == ["Which seed?"]
    assert titles(listing.questions(asked(record, query=[("q", "none")]))) == []


def test_what_is_due_first_is_first_and_a_limit_says_how_much_there_is(record):
    for hours in (30, 2, 16):
        ask_members(record, f"In {hours}", [whom(record, "Ana")], hours=hours)
    assert titles(listing.questions(asked(record))) == ["In 2", "In 16", "In 30"]
    cut = listing.questions(asked(record, query=[("limit", "1")]))
    assert (titles(cut), cut.values["found"]) == (["In 2"], 3)


def test_pages_are_listed_by_title_and_decisions_in_force_stay(record):
    for name in ("zebra", "ant", "Mouse"):
        actions.open_writing(record, "page", name, "text", fields={"name": name.lower()})
    assert titles(listing.pages(asked(record))) == ["ant", "Mouse", "zebra"]
    record.team.decide("Deeper", "text")
    taken_back = record.team.decide("Wider", "text")
    actions.move(taken_back, "rejected")
    assert titles(listing.decisions(asked(record))) == ["Deeper"]


# ---------------------------------------------------------------- forms


def test_a_form_that_is_wrong_comes_back_with_what_was_typed(record):
    sent = [
        ("title", "Why?"),
        ("text", "line one\r\nline two"),
        ("blocks", "run"),
        ("to", whom(record, "Bea").id),
    ]
    answer = write.written(asked(record, {"kind": "question"}, form=sent))
    assert isinstance(answer, Shown) and answer.status == 400
    assert answer.values["text"] == "line one\nline two"
    assert answer.values["value"]("title") == "Why?" and answer.values["to"] == [whom(record, "Bea").id]
    assert "is no reference" in answer.values["tried"].error.message
    assert record.team.writings("question") == []


def test_a_form_that_is_right_leads_to_what_was_written(record):
    sent = [("title", "Why?"), ("text", "so"), ("to", whom(record, "Bea").id)]
    answer = write.written(asked(record, {"kind": "question"}, form=sent))
    [made] = record.team.writings("question")
    assert answer == Redirect(f"/question/{made.id}")


def test_the_page_of_a_superseded_decision_shows_its_evidence_and_what_stands_in_its_place(record):
    with gnomon.run("a") as run:
        run.log(auc=0.9)
    old = record.team.decide("old", "x", evidence=[f"run:{run.id}#metrics.auc"])
    new = record.team.decide(
        "new", "x", supersedes=[old.label], reopen_if=["any run where metrics.auc > 0.99"]
    )
    page = one.decision(asked(record, {"word": old.id}))
    assert page.values["standing"].has_evidence and len(page.values["standing"].grounds) == 1
    assert [other.row.id for other in page.values["in_its_place"]] == [new.id]
    assert page.values["place_lines"] == []
    assert not one.decision(asked(record, {"word": new.id})).values["standing"].has_evidence


def test_a_decision_supersedes_those_that_the_form_names(record):
    old = record.team.decide("Old", "text")
    draft = write.form(asked(record, {"kind": "decision"}, query=[("supersedes", old.label)]))
    assert draft.values["supersedes"] == old.label and "It supersedes" in draft.values["text"]
    write.written(
        asked(record, {"kind": "decision"}, form=[("title", "New"), ("text", "t"), ("supersedes", old.label)])
    )
    assert writing_called(record, "decision", old.id).state == "superseded"


def edit(record, made, text, seen):
    path = {"kind": "page", "word": made.id}
    return changes.text(asked(record, path, form=[("title", made.title), ("text", text), ("seen", seen)]))


def test_an_edit_goes_over_the_text_that_its_form_showed_and_no_other(record):
    made = actions.open_writing(record, "page", "Setup", "old", fields={"name": "setup"})
    seen = one.page(asked(record, {"word": made.id})).values["text_seen"]
    actions.revise(made, text="theirs")
    answer = edit(record, made, "mine", seen)
    assert isinstance(answer, Shown) and "was changed meanwhile" in answer.values["tried"].error.message
    assert writing_called(record, "page", made.id).text == "theirs"
    assert isinstance(edit(record, made, "mine", answer.values["text_seen"]), Redirect)
    assert writing_called(record, "page", made.id).text == "mine"


def test_the_words_of_an_edit_of_a_comment_that_is_gone_are_offered_as_a_new_one(record):
    question = ask_members(record, "Why?", [whom(record, "Bea")])
    said = actions.say(question, "first")
    actions.say_otherwise(actions.refreshed(question), said.id, "")
    path = {"kind": "question", "word": question.id}
    answer = changes.comment(asked(record, path, form=[("id", said.id), ("text", "my words")]))
    assert answer.values["tried"].text("say", "text") == "my words"


def test_a_change_names_a_writing_by_its_whole_id(record):
    ask_members(record, "Why?", [whom(record, "Bea")])
    with pytest.raises(gnomon.GnomonError, match="whole id"):
        changes.say(asked(record, {"kind": "question", "word": "1"}, form=[("text", "so")]))


def test_a_wrong_zone_or_hours_write_nothing(record):
    for form in ([("name", "Eve"), ("zone", "Europe/Nowhere")], [("name", "Eve"), ("hours", "nine")]):
        answer = clock_page.add(asked(record, form=form))
        assert answer.status == 400 and answer.values["tried"].text("add", "name") == "Eve"
    assert [one.name for one in record.team.members] == ["Ana", "Bea"]
    answer = clock_page.me(asked(record, form=[("name", "Anna"), ("days", "someday")]))
    assert answer.status == 400 and whom(record, "me").name == "Ana"


# ---------------------------------------------------------------- what waits


def test_what_waits_is_counted_until_it_is_done(record):
    assert waiting(record) == 0
    question = ask_members(record, "Why?", [whom(record, "Ana")])
    ask_members(record, "And you?", [whom(record, "Bea")])
    assert waiting(record) == 1
    review = request(record, f"run:{record.runs().ids[0][:8]}", [whom(record, "Ana")], "ok?")
    assert waiting(record) == 2
    give_verdict(review, whom(record, "Ana"), "approve")
    assert waiting(record) == 1, "a review with the reader's verdict waits no more"
    ask_again(actions.refreshed(review), whom(record, "Ana"))
    assert waiting(record) == 2
    actions.move(question, "answered")
    assert waiting(record) == 1


def test_for_who_is_not_known_nothing_waits():
    with gnomon.run("trees"):
        pass
    record = gnomon.open()
    ask_members(record, "Why?", [members.add(record, "Bea")])
    assert waiting(record) == 0
