"""SQL: the answer as a bounded table, its types, downloads, errors in words, and stopping."""

from __future__ import annotations

import json
import threading
from io import BytesIO

import pytest

import gnomon
from gnomon.errors import BadArgumentError, BadQueryError, QueryStoppedError
from gnomon.page import Ask, Values
from gnomon.runs.pages import sql_page
from gnomon.runs.pages.sql_page import SHOWN_ROWS, download, sql, stop
from gnomon.runs.sql.examples import EXAMPLES
from gnomon.session import close_all
from gnomon.web.templates import Templates

AROUND = {
    "navigation": [],
    "path": "/sql",
    "here": "/sql",
    "record_name": "p",
    "marks": "",
    "token": "t",
    "instance": "i",
}
ENDLESS = "select count(*) from range(10000000) a, range(10000000) b"


@pytest.fixture
def run(project):
    with gnomon.run("=1+1", params={"lr": 0.1, "net": {"depth": 3}}, seed=1) as made:
        made.log({"val/auc": 0.5}, step=3)
    close_all()
    return made.id


def ask(query="", *, part="", form=(), **more):
    return Ask(gnomon.open(), query=Values({"query": query, **more}.items()), form=Values(form), part=part)


def shown(asked: Ask) -> str:
    answer = sql(asked)
    html = Templates(["gnomon.web", "gnomon.runs"]).show(
        answer.template, {**AROUND, **answer.values, "title": "SQL"}, asked.part
    )
    assert html is not None
    return html


@pytest.mark.slow
def test_an_answer_has_types_links_and_fields_as_columns(run):
    result = sql(ask("select id, params, created from runs")).values["result"]
    assert [(name, kind) for name, kind, _ in result.columns] == [
        ("id", "varchar"), ("params.lr", "double"), ("params.net.depth", "bigint"), ("created", "timestamp")
    ]  # fmt: skip
    html = shown(ask("select id, params, created from runs", part="answer"))
    assert f'href="/run/{run}"' in html and "<time datetime=" in html and "1 row" in html


@pytest.mark.slow
def test_of_many_rows_the_first_are_shown_and_the_rest_is_counted(run):
    html = shown(ask("select * from range(2500)", part="answer"))
    assert html.count("<tr>") == SHOWN_ROWS + 1
    assert "the first 1,000 of 2,500 rows" in html


@pytest.mark.parametrize(
    ("query", "drawn"),
    [
        ("select i, i * i as square, 'x' as text from range(5) t(i)", [("square", "i", 0, 16)]),
        ("select 9 - i as i, i as y from range(5) t(i)", [("y", "i", 0, 4)]),  # it falls
        ("select make_timestamptz(i * 1000) as at, i as y from range(5) t(i)", [("y", "at", 0, 4)]),
        ("select i % 2 as i, 1 as y from range(5) t(i)", []),  # no axis
        ("select i, cast('nan' as double) as y from range(5) t(i)", []),
        ("select 1 as i, 2 as y", []),
    ],
)
def test_numbers_over_a_rising_column_are_drawn(run, query, drawn):
    found = sql(ask(query)).values["result"].curves
    assert [(one.name, one.x, one.low, one.high) for one in found] == drawn


@pytest.mark.slow
def test_what_is_wrong_with_a_query_is_said_where_it_stands(run):
    html = shown(ask("select nam from runs", part="answer"))
    assert "^^^" in html and "did you mean `name`" in html


@pytest.mark.parametrize(
    "query",
    ["drop table runs", "select * from read_text('/etc/passwd')", "attach 'x'", "select 1; select 2", ";"],
)
def test_a_query_can_only_ask(run, query):
    assert 'class="said bad"' in shown(ask(query, part="answer"))


def test_texts_of_an_answer_are_text(run):
    html = shown(ask("select '<script>alert(1)</script>' as \"<b>\", chr(8238) as turned", part="answer"))
    assert "<script>alert" not in html and "<b>" not in html and "\u202e" not in html


def test_an_explanation_is_shown_as_it_is(run):
    assert "<pre>" in shown(ask("explain select name from runs", part="answer"))


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_examples_can_be_asked(run, title):
    assert sql(ask(EXAMPLES[title])).values["error"] is None


def test_the_schema_names_what_the_record_has(run):
    html = shown(ask())
    assert 'data-put="metrics.&#34;val/auc&#34;"' in html and 'data-put="params.net.depth"' in html


@pytest.mark.slow
def test_a_download_has_all_rows_and_no_formula(run):
    answer = download(ask("select name, seed from runs", **{"as": "csv"}))
    assert b"".join(answer.parts) == b"name,seed\n'=1+1,1\n"
    assert answer.name == "project-query.csv"
    many = download(ask("select * from range(2500)", **{"as": "json"}))
    assert len(json.loads(b"".join(many.parts))) == 2500


def test_a_download_as_parquet_is_a_parquet_file(run):
    from arro3.io import read_parquet

    answer = download(ask("select name, seed from runs", **{"as": "parquet"}))
    table = read_parquet(BytesIO(b"".join(answer.parts))).read_all()
    assert table.column("seed").to_pylist() == [1]


def test_a_download_that_is_too_large_says_what_to_do(run, monkeypatch):
    monkeypatch.setattr(sql_page, "MOST_DOWNLOADED", 1000)
    with pytest.raises(QueryStoppedError, match="more than a page hands out"):
        download(ask("select * from range(2500)", **{"as": "csv"}))
    with pytest.raises(BadArgumentError, match="one of csv, json, parquet"):
        download(ask("select 1", **{"as": "xlsx"}))
    with pytest.raises(BadQueryError):
        download(ask("select nam from runs", **{"as": "csv"}))


def test_a_query_that_runs_long_can_be_stopped(run):
    found = {}

    def work():
        found["error"] = sql(ask(ENDLESS, id="ab" * 8)).values["error"]

    thread = threading.Thread(target=work)
    thread.start()
    stopped = False
    while thread.is_alive():
        stopped |= bool(stop(ask(form=[("id", "ab" * 8)])).value["stopped"])
        thread.join(0.05)
    assert stopped and "stopped, as was asked" in found["error"].message
    assert stop(ask(form=[("id", "ab" * 8)])).value == {"stopped": False}


@pytest.mark.slow
def test_a_query_that_is_stopped_before_it_began_does_not_run(run):
    assert stop(ask(form=[("id", "cd" * 8)])).value == {"stopped": False}
    assert "stopped, as was asked" in sql(ask(ENDLESS, id="cd" * 8)).values["error"].message


def test_too_many_queries_at_once_are_refused_in_words(run, monkeypatch):
    monkeypatch.setattr(sql_page, "_PLACES", threading.BoundedSemaphore(1))
    monkeypatch.setattr(sql_page, "_PATIENCE_S", 0.01)
    sql_page._PLACES.acquire()
    assert "queries run already" in shown(ask("select 1", part="answer"))
