"""Texts that were changed apart: nobody's words are lost, who wrote them is said, and what was said before stays readable."""

from __future__ import annotations

import pytest

from gnomon.errors import BadArgumentError
from gnomon.team.knowledge import pages
from gnomon.team.pages import changes, one
from gnomon.team.writing import actions, apart
from gnomon.team.writing.views import find, rows
from tests.teams import all_meet, disband, team
from tests.unit.team.pages.test_pages import asked


@pytest.fixture
def members(tmp_path):
    found = team(tmp_path, {"Ana": "Europe/Lisbon", "Bea": "Africa/Nairobi", "Kenji": "Asia/Tokyo"})
    yield found
    disband(found)


@pytest.fixture
def ana(members):
    """Ana's record, with `page:shared` by Bea, which Ana and Kenji changed apart."""
    pages.write(members["Bea"].record, "shared", "Install it.\nThe first words.")
    all_meet(members)
    pages.write(members["Ana"].record, "shared", "Install it.\nWords of alpaca.", title="Shared")
    pages.write(members["Kenji"].record, "shared", "Install it.\nWords of kestrel.", title="Shared")
    all_meet(members)
    return members["Ana"].record


def shared(record):
    return find(record, "page:shared")


def test_an_edit_begins_with_all_texts_and_says_whose_each_is(ana):
    assert apart.text_to_edit(shared(ana)) == (
        "Install it.\n<<<<<<< Ana\nWords of alpaca.\n=======\nWords of kestrel.\n>>>>>>> Kenji"
    )


def test_of_more_than_two_texts_each_stands_as_a_whole():
    text = apart.merged([("Ana", "a"), ("Bea", "b"), ("Kenji", "c")])
    assert text == "<<<<<<< Ana\na\n======= Bea\nb\n======= Kenji\nc\n>>>>>>>"
    assert apart.has_marks(text) and not apart.has_marks("a heading\n=======")


def test_a_text_given_without_having_seen_both_settles_only_on_purpose(ana):
    with pytest.raises(BadArgumentError, match=r"has 2 texts, which were written apart by Ana and Kenji"):
        ana.team.write_page("shared", "mine")
    assert len(shared(ana).other_texts) == 1
    settled = ana.team.write_page("shared", "ours", settle=True)
    assert (settled.text, settled.other_texts) == ("ours", [])


def test_a_text_with_the_marks_still_in_it_is_not_saved(ana):
    page = shared(ana)
    with pytest.raises(BadArgumentError, match="still has the lines"):
        actions.revise(page, text=apart.text_to_edit(page))
    assert len(shared(ana).other_texts) == 1


def test_the_author_of_a_text_is_the_one_who_wrote_it(ana):
    page = shared(ana)
    assert (page.who, page.text_by) == ("Bea", "Kenji")
    assert page.to_dict()["text_by"] == "Kenji"


def test_a_list_knows_of_two_texts_and_search_finds_the_words_of_each(ana):
    assert [row.texts for row in rows(ana, "page")] == [2]
    for word in ("alpaca", "kestrel"):
        assert [hit.kind for hit in ana.search(word)] == ["page"]
    actions.revise(shared(ana), text="ours")
    assert [row.texts for row in rows(ana, "page")] == [1]


def test_what_it_said_before_stays_readable_after_it_was_settled(ana):
    settled = actions.revise(shared(ana), text="ours")
    assert [(one.what, one.text.splitlines()[-1], one.who) for one in settled.earlier] == [
        ("text", "The first words.", "Bea"),
        ("text", "Words of alpaca.", "Ana"),
        ("text", "Words of kestrel.", "Kenji"),
    ]


def test_what_others_have_said_before_is_here_after_a_sync(members, ana):
    actions.revise(shared(ana), text="ours")
    all_meet(members)
    assert [one.who for one in shared(members["Kenji"].record).earlier] == ["Bea", "Ana", "Kenji"]


def test_earlier_comments_are_told_unless_the_comment_was_taken_back(ana):
    first, second = actions.say(shared(ana), "one"), actions.say(shared(ana), "two")
    actions.say_otherwise(shared(ana), first.id, "one, mended")
    page = actions.say_otherwise(shared(ana), second.id, "")
    assert [(one.of, one.text) for one in page.earlier if one.what == "comment"] == [(first.id, "one")]


def test_a_text_that_came_while_somebody_wrote_stands_beside_theirs(members, ana):
    settled = actions.revise(shared(ana), text="ours")
    all_meet(members)
    pages.write(members["Kenji"].record, "shared", "later")
    all_meet(members)
    written = pages.write(ana, "shared", "mine", seen=settled)
    assert {written.text, written.other_texts[0][1]} == {"mine", "later"}


def test_the_page_in_the_browser_edits_both_and_shows_earlier_ones_when_asked(ana):
    page = shared(ana)
    values = one.page(asked(ana, {"word": page.id})).values
    assert values["to_edit"] == apart.text_to_edit(page)
    assert values["earlier"] is None
    path = {"kind": "page", "word": page.id}
    sent = [("title", page.title), ("text", values["to_edit"]), ("seen", values["text_seen"])]
    refused = changes.text(asked(ana, path, form=sent)).values["tried"]
    assert "still has the lines" in refused.error.message
    told = one.page(asked(ana, {"word": page.id}, query=[("earlier", "1")])).values["earlier"]
    assert "The first words." in str(told[-1][1])
