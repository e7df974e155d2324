"""The table of runs as a page: rows, columns, order, what is said where there is nothing, and what is done at once."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlencode

import pytest

import gnomon
from gnomon.env import REAL
from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.page import Ask, Json, Redirect, Values
from gnomon.record.home import make_record
from gnomon.runs.pages.table import hide, restore, table, tag
from gnomon.runs.pages.table_columns import MOST_DEFAULT
from gnomon.runs.pages.views_page import remove, save
from tests.unit.runs.pages.showing import asked, rendered, rows_of, words_of


def train(name, *, auc=None, seed=0, group=None, tags=(), **params):
    with gnomon.run(name, params=params, seed=seed, group=group, tags=tags) as run:
        if auc is not None:
            run.log(auc=auc)
    return run.id


@pytest.fixture
def three():
    return [
        train("a", auc=0.9, lr=0.1, seed=1),
        train("b", auc=0.95, lr=0.01, seed=2),
        train("c", auc=0.7, lr=0.001, seed=3, tags=["x"]),
    ]


def page(query="", part=""):
    return table(asked(*parse_qsl(query, keep_blank_values=True), part=part))


def shown(query="", part=""):
    return rendered(page(query, part), part)


def names(query="", part=""):
    return [row.name for row in page(query, part).values["rows"]]


def heads(query=""):
    return [head.key for head in page(query).values["heads"]]


def head(query, key):
    return next(head for head in page(query).values["heads"] if head.key == key)


def form(*pairs):
    return Ask(gnomon.open(), form=Values(pairs))


# ---------------------------------------------------------------- rows and columns


def test_filter_order_and_columns_are_those_of_the_command(three):
    assert names() == ["c", "b", "a"]
    assert names("where=params.lr < 0.05&sort=metrics.auc") == ["b", "c"]
    assert heads("columns=metrics.auc,seed") == ["name", "metrics.auc", "seed"]
    assert page("where=params.lr < 0.05").values["total"] == 2


def test_columns_unless_asked_for_tell_the_runs_apart_and_the_status_is_always_there(three):
    assert heads() == ["name", "status", "seed", "params.lr", "metrics.auc", "created", "duration"]
    assert "code.commit" not in heads()
    train("d", momentum=0.9, seed=3)
    assert "params.momentum" in heads("where=params.momentum is missing and seed < 3")


@pytest.mark.slow
def test_of_many_columns_those_are_shown_that_a_person_can_read():
    for seed in range(2):
        train("wide", seed=seed, auc=seed, **{f"p{number}": seed for number in range(60)})
    found = page()
    assert len(found.values["heads"]) <= MOST_DEFAULT + 8
    assert "metrics.auc" in heads()
    assert f"{found.values['left_out']} more columns under Columns" in words_of(rendered(found))


def test_pins_stand_left_and_the_name_first(three):
    found = page("columns=seed,metrics.auc&pin=metrics.auc").values["heads"]
    assert [(head.key, head.pin) for head in found] == [("name", 0), ("metrics.auc", 1), ("seed", 0)]


@pytest.mark.slow
def test_hidden_runs_have_a_table_of_their_own(three):
    gnomon.open().remove(three[0])
    assert names() == ["c", "b"]
    assert names("removed=1") == ["a"]
    assert "Bring back" in shown("removed=1")


def test_text_of_people_is_text(three):
    train("<script>alert(1)</script>\x1b[31m", note="<b>")
    html = shown("columns=params.note")
    assert "<script>alert" not in html
    assert "\\x1b[31m" in html
    assert "&lt;b&gt;" in html


def test_a_column_that_no_run_has_is_said_with_what_may_be_meant(three):
    assert "No run has params.lrr; did you mean params.lr?" in words_of(shown("columns=params.lrr"))


def test_numbers_are_rounded_with_all_digits_in_the_title():
    train("a", auc=0.123456789)
    assert re.search(r'<td class="n" title="0.123456789">0.123457</td>', shown("columns=metrics.auc"))


# ---------------------------------------------------------------- order


def test_a_head_sorts_largest_first_then_smallest_first_then_not(three):
    assert (head("", "metrics.auc").to, head("", "metrics.auc").sorted) == (("metrics.auc",), "")
    once = head("sort=metrics.auc", "metrics.auc")
    assert (once.to, once.sorted) == (("metrics.auc:asc",), "desc")
    twice = head("sort=metrics.auc:asc", "metrics.auc")
    assert (twice.to, twice.sorted) == ((), "asc")
    assert head("sort=metrics.auc", "params.lr").also == ("metrics.auc", "params.lr:desc")
    assert head("", "created").sorted == "desc"
    assert head("", "created").to == ("created:asc",)


def test_what_sorts_is_told_to_those_who_cannot_see_the_arrow(three):
    html = shown("sort=metrics.auc:asc")
    assert html.count('aria-sort="ascending"') == 1
    assert "aria-sort" not in html.replace('aria-sort="ascending"', "")


def test_a_column_whose_name_needs_quotes_sorts():
    for seed, rate in ((1, 0.1), (2, 0.3)):
        train(f"r{seed}", seed=seed, **{"learning rate": rate})
    to = head("", "params.learning rate").to
    assert to == ("params.'learning rate':desc",)
    assert names(f"sort={to[0]}") == ["r2", "r1"]


def test_tags_have_no_order_and_no_link(three):
    assert head("columns=tags", "tags").to is None


# ---------------------------------------------------------------- a hundred at a time


@pytest.fixture
def many():
    for number in range(130):
        train(f"r{number:03}", seed=number)


@pytest.mark.slow
def test_rows_come_a_hundred_at_a_time_with_a_link_to_the_next(many):
    html = shown("sort=name")
    assert html.count('<tr id="row-') == 100
    assert 'href="/runs?sort=name&amp;from=100"' in html
    assert "The last 30 of 130" in html
    assert names("sort=name&from=100")[:2] == ["r100", "r101"]
    assert "from 101 on" in words_of(shown("sort=name&from=100"))


def test_the_next_rows_have_the_columns_of_those_before(many):
    columns = page("sort=name").values["shown"]
    found = shown(f"sort=name&from=100&{urlencode([('shown', key) for key in columns])}", "rows")
    assert found.count('<tr id="row-') == 30
    assert "<thead" not in found
    assert 'id="more"' not in found
    assert found.count("<td") == 30 * (len(columns) + 2)


def test_a_live_page_gets_as_many_rows_as_it_shows(many):
    html = shown("sort=name&rows=130", "table")
    assert html.count('<tr id="row-') == 130
    assert "hx-vals='{\"rows\": 130}'" in html


# ---------------------------------------------------------------- nothing to show


def test_an_empty_record_says_how_to_begin(project):
    make_record(str(project / ".gnomon"), REAL)
    assert "gnomon run -- python train.py" in shown()


def test_a_filter_that_nothing_matches_can_be_cleared(three):
    html = shown("where=seed = 99&sort=metrics.auc")
    assert "No run matches this filter" in html
    assert 'href="/runs?sort=metrics.auc"' in html


def test_a_filter_that_cannot_be_read_is_said_beside_it_with_what_to_write(three):
    html = unescape(shown("where=sed = 1"))
    assert "there is no such field" in html
    assert "did you mean `seed`?" in html
    assert 'value="sed = 1"' in html
    assert not page("where=sed = 1").values["rows"]


def test_where_all_runs_are_hidden_that_is_said(three):
    for run in three:
        gnomon.open().remove(run)
    assert "All 3 runs are hidden" in words_of(shown())


# ---------------------------------------------------------------- seed groups


@pytest.fixture
def groups():
    for group, base in (("good", 0.9), ("bad", 0.5)):
        for seed in range(3):
            train(group, auc=base + seed / 100, seed=seed, group=group, lr=base)


def test_groups_have_mean_and_spread_and_links_to_their_runs_and_to_the_comparison(groups):
    html = shown("by=group")
    assert rows_of(html)[1][:5] == ["", "bad", "3", "0.5", "0.510 ± 0.010"]
    assert 'href="/runs?where=group+%3D+%27bad%27"' in html
    assert 'href="/compare/groups?metric=auc"' in html
    assert names("by=group&sort=metrics.auc") == ["good", "bad"]
    assert names("by=group&sort=n:asc&columns=n,metrics.auc") == ["bad", "good"]
    assert head("by=group&sort=n", "n").sorted == "desc"


def test_a_group_is_selected_as_all_its_runs(groups):
    row = page("by=group").values["rows"][0]
    assert len(row.id.split(",")) == 3


# ---------------------------------------------------------------- at once


def test_tags_go_to_all_that_are_selected_and_back_to_the_table(three):
    answer = tag(
        form(("run", three[0]), ("run", three[1]), ("tags", "paper, best"), ("next", "/runs?sort=name"))
    )
    assert answer == Redirect("/runs?sort=name")
    assert sorted(names("where='best' in tags")) == ["a", "b"]
    tag(form(("run", ",".join(three)), ("tags", "best"), ("way", "remove")))
    assert names("where='best' in tags") == []
    assert sorted(names("where='paper' in tags")) == ["a", "b"]
    assert names("where='x' in tags") == ["c"]


def test_runs_are_hidden_and_brought_back_at_once(three):
    assert hide(form(("run", ",".join(three[:2])), ("answer", "json"))) == Json(
        {"changed": 2, "said": "2 runs"}
    )
    assert names() == ["c"]
    assert restore(form(("run", ",".join(three)))) == Redirect("/runs")
    assert len(names()) == 3


def test_nothing_is_written_where_a_run_is_unknown_or_none_is_selected(three):
    with pytest.raises(UnknownSubjectError, match="there is no run `zz`"):
        hide(form(("run", three[0]), ("run", "zz")))
    with pytest.raises(BadArgumentError, match="no run is selected"):
        hide(form())
    with pytest.raises(BadArgumentError, match="a tag must be some text"):
        tag(form(("run", three[0]), ("tags", " , ")))
    assert len(names()) == 3


def test_what_is_done_goes_on_to_paths_of_ours_only(three):
    answer = hide(form(("run", three[0]), ("next", "//elsewhere.example/")))
    assert answer == Redirect("/runs")


# ---------------------------------------------------------------- saved views


def test_a_view_is_saved_shown_changed_and_removed(three):
    answer = save(form(("name", "best"), ("query", "sort=metrics.auc&columns=seed,metrics.auc&evil=1")))
    (view,) = gnomon.open().views()
    assert answer.to == f"/runs?sort=metrics.auc&columns=seed%2Cmetrics.auc&view={view.id}"
    assert names(f"view={view.id}") == ["b", "a", "c"]
    html = words_of(shown(f"sort=metrics.auc:asc&view={view.id}"))
    assert "best changed" in html
    assert "Save changes" in html
    save(form(("name", "worst"), ("query", "sort=metrics.auc:asc"), ("view", view.id)))
    assert names(f"view={view.id}") == ["c", "a", "b"]
    assert remove(form(("view", view.id))).to == "/runs?sort=metrics.auc%3Aasc"
    assert gnomon.open().views() == []


def test_clearing_the_filter_of_a_view_shows_all_runs(three):
    view = gnomon.open().save_view("one", "seed = 1")
    assert names(f"view={view.id}") == ["a"]
    assert len(names(f"where=&view={view.id}")) == 3
