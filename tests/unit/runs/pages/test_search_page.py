"""Search: ranked hits with marked words, fields, near misses, pages."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.page import Ask, Values
from gnomon.runs.pages.search_page import PAGE, pieces_of, search
from gnomon.session import close_all
from gnomon.web.templates import Templates

AROUND = {
    "navigation": [],
    "path": "/search",
    "here": "/search",
    "record_name": "p",
    "marks": "",
    "token": "t",
    "instance": "i",
}


@pytest.fixture
def runs(project):
    ids = {}
    for name, note in (
        ("baseline", "the loss has a plateau"),
        ("plateau", None),
        ("other", "<b>plateau</b>"),
    ):
        with gnomon.run(name) as run:
            run.log(loss=1.0)
        ids[name] = run.id
        if note:
            gnomon.open().add_note(run.id, note)
    close_all()
    return ids


def shown(**query: str) -> str:
    answer = search(Ask(gnomon.open(), query=Values(query.items())))
    html = Templates(["gnomon.web", "gnomon.runs"]).show(
        answer.template, {**AROUND, **answer.values, "title": answer.title}
    )
    assert html is not None
    return html


def values(**query: str):
    return search(Ask(gnomon.open(), query=Values(query.items()))).values


def test_names_come_before_notes_and_words_are_marked(runs):
    html = shown(q="plateau")
    assert html.index(runs["plateau"]) < html.index(runs["baseline"])
    assert "the loss has a <mark>plateau</mark>" in html
    assert "&lt;b&gt;<mark>plateau</mark>&lt;/b&gt;" in html


def test_hits_are_counted_by_field_and_one_field_can_be_asked_for(runs):
    assert values(q="plateau")["fields"] == [("note", 2), ("name", 1)]
    assert [one.hit.run for one in values(q="plateau", field="name")["shown"]] == [runs["plateau"]]


@pytest.mark.slow
def test_a_filter_and_a_kind_narrow_the_search(runs, project):
    (project / "plateau.csv").write_text("a\n1\n")
    gnomon.open().add_data(project / "plateau.csv", name="plateau")
    close_all()
    assert [one.to for one in values(q="plateau", kind="data")["shown"]] == ["/data/plateau/v1"]
    assert [one.hit.run for one in values(q="plateau", where="name = 'baseline'")["shown"]] == [
        runs["baseline"]
    ]


def test_a_word_that_nothing_holds_offers_the_nearest(runs):
    html = shown(q="platau baseline")
    assert "did you mean" in html and "/search?q=plateau+baseline" in html


@pytest.mark.parametrize(
    "query",
    [
        {"q": "***"},
        {"q": "a", "where": "params.lr <"},
        {"q": "a", "where": "x = 1", "kind": "data"},
        {"q": "a", "kind": "x"},
    ],
)
def test_what_was_typed_wrong_is_said_on_the_page(runs, query):
    assert 'class="said bad"' in shown(**query)


def test_hits_come_in_pages(project):
    for at in range(PAGE + 2):
        with gnomon.run(f"word {at}") as run:
            run.log(loss=1.0)
    close_all()
    assert len(values(q="word")["shown"]) == PAGE
    html = shown(q="word", page="2")
    assert html.count('class="what"') == 2 and 'rel="prev"' in html and 'rel="next"' not in html


def test_without_words_the_page_says_what_can_be_asked(runs):
    assert "out of memory" in shown()


def test_pieces_hold_the_whole_text_whatever_the_marks_are():
    for marks in ([], [(0, 3)], [(2, 4), (3, 9)], [(5, 2)], [(0, 99)]):
        assert "".join(text for text, _ in pieces_of("abcdef", marks)) == "abcdef"
