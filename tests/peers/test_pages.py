"""The case `pages` itself: that it measures what it says, with so little work that its figures mean nothing."""

from dataclasses import replace
from itertools import islice

import pytest

from benchmarks import summary
from benchmarks.bench import Bench
from benchmarks.cases import pages
from benchmarks.peers.site import Visit
from benchmarks.processes import FailedError
from benchmarks.served import Client, serve
from benchmarks.targets import TARGETS, pick

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]


def rows_of(bench: Bench, peer: str) -> list[dict]:
    return [{"case": "pages", "peer": peer, **row} for row in pages.CASE.measure(bench, peer)]


@pytest.fixture(scope="module")
def own(bench: Bench) -> list[dict]:
    return rows_of(bench, "gnomon")


@pytest.fixture(scope="module")
def record(bench: Bench, own: list[dict]):
    """The record of the table, which the case has made."""
    assert own
    return bench.seat("gnomon", "ask", of="gnomon-pages", fresh=False)


def test_every_figure_is_there_and_nothing_failed(own: list[dict]):
    assert [row for row in own if "error" in row] == []
    wanted = {
        "made",
        "start",
        "memory",
        "table at the server",
        "first page at the server",
        "table",
        "long",
        "long, zoomed",
    }
    assert {row["figure"] for row in own} == wanted | {"many", "many, scrolled"}
    assert {row["of"] for row in own if row["figure"] == "memory"} == {"table", "long", "many"}


def test_every_promise_is_judged(own: list[dict]):
    promised = [target for target in TARGETS if target.case == "pages" and "as logged" not in target.says]
    assert [target.says for target in promised if target.value(own) is None] == []
    assert all(target.value(own) > 0 for target in promised if target.unit)


def test_all_curves_are_drawn_of_points_that_were_logged(own: list[dict]):
    for row in pick(own, "pages", figure="many"):
        assert row["metrics"] == 20 and row["asked"] >= 1 and row["ms"] > row["asked_ms"] > 0
    for row in pick(own, "pages", figure="long, zoomed"):
        assert row["zoom_ms"] > 0, "the chart was not thinned, or no finer lines came"


def test_scrolling_goes_through_the_whole_page(own: list[dict]):
    for row in pick(own, "pages", figure="many, scrolled"):
        assert row["scroll_pixels"] == row["scroll_again_pixels"] > 1_000
        assert row["scroll_frames"] >= row["scroll_late"]


def test_tables_are_made_of_it(own: list[dict]):
    text = "\n".join(
        summary.tables(
            [*own, {"case": "pages", "peer": "wandb", "figure": "missing", "of": "pages", "why": "none"}]
        )
    )
    for title in (
        "at the server",
        "the table of runs",
        "ten long series",
        "20 charts",
        "could not be compared",
    ):
        assert title in text


def test_no_two_questions_are_the_same_and_all_are_answered_with_rows(record):
    asked = list(islice(pages.questions(), 15))
    assert len(set(islice(pages.questions(), 500))) == 500
    with serve(record) as served, Client(served) as client:
        client.enter()
        answers = [client.get(path) for path in asked]
        assert [answer.status for answer in answers] == [200] * len(asked)
        assert not any(b'id="filter-error"' in answer.body for answer in answers)
        assert sum(b"data-run=" in answer.body for answer in answers) > len(asked) / 2


def test_a_page_that_does_not_get_ready_is_a_row_that_says_so(record):
    with serve(record) as served:
        visits = [
            {**pages.visit_of("never", Visit("/runs", "false"), ["/runs"] * 2), "limit_s": 2.0},
            pages.visit_of("table", pages.TABLE, ["/runs"]),
        ]
        never, table = pages.looked(served, visits)
    assert "not ready in 2 s" in never["error"]
    assert table["ms"] > 0


def test_pages_that_do_not_start_are_said_to(record, monkeypatch):
    broken = replace(record.cls.site, command=("{bin}/python", "-c", "raise SystemExit('no port')"))
    monkeypatch.setattr(record.cls, "site", broken)
    with pytest.raises(FailedError, match="its pages did not start: no port"), serve(record):
        pass


def test_another_tracker_is_measured_in_the_same_way(bench: Bench):
    rows = rows_of(bench, "trackio")
    assert [row for row in rows if "error" in row] == []
    for figure in ("table", "long", "many", "many, scrolled"):
        assert all(row["ms"] > 0 for row in pick(rows, "pages", "trackio", figure=figure)), figure
        assert pick(rows, "pages", "trackio", figure=figure), figure


def test_a_tracker_without_pages_is_told_with_the_reason(bench: Bench):
    (row,) = rows_of(bench, "wandb")
    assert row["figure"] == "missing" and "container" in row["why"]
