"""The pages about checks say what a check says, over a small record, an empty one, and one whose result is not here."""

from __future__ import annotations

import shutil
from html.parser import HTMLParser

import pytest

import gnomon
from gnomon.checks.pages.compared import compared
from gnomon.checks.pages.listing import listing
from gnomon.checks.pages.of_run import of_run
from gnomon.checks.pages.one import one
from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.page import Ask, Redirect, Values
from gnomon.session import close_all
from gnomon.web.templates import Templates
from tests.unit.checks import made

pytestmark = pytest.mark.slow  # all of them together, for the quick lane
AROUND = {
    "navigation": [],
    "path": "/checks",
    "here": "/checks",
    "record_name": "r",
    "marks": "",
    "token": "t",
    "instance": "i",
}


@pytest.fixture
def record(project):
    """A record with a run that has two versions of a check."""
    with gnomon.run("trees") as run:
        run.check(made.fairness(0.1, outcome="pass"))
        run.check(made.fairness(0.3))
        run.check(made.drift())
    return gnomon.open()


class _Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts = []

    def handle_data(self, data):
        self.parts.append(data)


def said(shown) -> str:
    """Return the words of a page, with one space between them."""
    templates = Templates(["gnomon.web", "gnomon.runs", "gnomon.checks"])
    parser = _Text()
    parser.feed(templates.show(shown.template, {**AROUND, "title": shown.title, **shown.values}))
    return " ".join(" ".join(parser.parts).split())


def ask(record, *query, **path) -> Ask:
    return Ask(record, path, Values(query))


def test_the_list_has_the_latest_of_each_name_and_filters(record):
    text = said(listing(ask(record)))
    assert "2 checks" in text and "1 of 2 findings failed, 1 cannot be told" in text and "run " in text
    assert "2 checks" not in said(listing(ask(record, ("verdict", "fail"))))
    assert "3 checks" in said(listing(ask(record, ("earlier", "1"))))
    assert "None is like that" in said(listing(ask(record, ("q", "robust"))))
    assert "1 check" in said(listing(ask(record, ("kind", "drift"))))


def test_a_record_without_checks_says_how_one_is_made(project):
    with gnomon.run("a"):
        pass
    assert "gnomon check fairness" in said(listing(ask(gnomon.open())))


def test_a_check_shows_findings_pictures_tables_settings_and_evidence(record):
    found = record.checks.about("trees")
    shown = one(ask(record, check=found[1].id))
    text = said(shown)
    for part in (
        "fairness of income by sex", "true positive rates are alike over sex", "0.3 (0.2 to 0.4)", "at most 0.1",
        "about 300 more of Female", "Rates of each group", "0.35 (0.3 to 0.4)", "Calibration", "max gap", "test.csv",
        "3 rows have no income", "Others of this name", "a finding fails in at most 5 of 100 such checks",
    ):  # fmt: skip
        assert part in text, part
    assert isinstance(one(ask(record, check=found[1].id[:6])), Redirect)


def test_two_checks_stand_beside_each_other(record):
    newest, oldest = record.checks.all(name="fairness of income by sex")
    text = said(compared(ask(record, ("after", newest.id))))
    assert "now fails" in text and "0.1 0.3 +0.2" in text and "Figures that differ for sure" in text
    assert "now fails" in said(
        compared(ask(record, ("before", oldest.id), ("after", newest.id), ("all", "1")))
    )
    with pytest.raises(BadArgumentError, match="is the first of its name"):
        compared(ask(record, ("after", oldest.id)))
    with pytest.raises(UnknownSubjectError):
        compared(ask(record, ("after", "nothing")))


def test_a_run_has_its_checks_with_what_does_not_hold(record):
    run = record.runs().to_pylist()[0]["id"]
    values = of_run(ask(record, run=run)).values
    assert [row["verdict"] for row in values["rows"]] == ["pass", "fail"]
    assert [each["outcome"] for each in values["rows"][1]["findings"]] == ["fail", "cannot tell"]
    assert isinstance(of_run(ask(record, run=run[:8])), Redirect)


def test_a_check_whose_result_is_not_here_shows_what_its_entry_says(record):
    id_ = record.checks.about("trees")[1].id
    close_all()
    shutil.rmtree(f"{record.path}/objects")
    text = said(one(ask(gnomon.open(), check=id_)))
    assert "What its entry says" in text and "selection rates are alike over sex" in text
