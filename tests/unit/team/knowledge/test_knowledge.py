"""Pages and problems: names, changes, what a report is filled in with."""

from __future__ import annotations

import contextlib

import pytest

import gnomon
from gnomon.errors import BadArgumentError
from gnomon.session import close_all
from gnomon.team.knowledge import pages, problems
from gnomon.team.writing import views


@pytest.fixture
def record(project):
    with gnomon.run("a", seed=1):
        pass
    return gnomon.open()


def test_a_page_is_written_changed_and_found_by_its_name(record):
    written = pages.write(record, "setup-gpu", "Install it", form="how-to")
    assert (written.label, written.title) == ("page:setup-gpu", "Setup gpu")
    changed = pages.write(record, "setup-gpu", "Install it twice", title="GPUs")
    assert (changed.id, changed.text, changed.title) == (written.id, "Install it twice", "GPUs")
    assert views.find(record, "page:setup-gpu").id == written.id
    assert [(name, form) for _, name, form in pages.listed(record)] == [("setup-gpu", "how-to")]


def test_an_archived_page_is_still_found_and_writing_it_brings_it_back(record):
    page = pages.write(record, "setup", "x")
    pages.archive(page, "see page:setup-gpu")
    assert pages.listed(record) == []
    assert len(pages.listed(record, archived=True)) == 1
    assert views.find(record, "page:setup").moves[0].why == "see page:setup-gpu"
    pages.write(record, "setup", "y")
    assert len(pages.listed(record)) == 1


@pytest.mark.parametrize("name", ["", "Setup", "a b", "-a", "a-", "12", "ä", "a" * 61, "a/b", "../x"])
def test_what_could_not_stand_in_a_reference_is_no_name(record, name):
    with pytest.raises(BadArgumentError, match="cannot be the name of a page"):
        pages.write(record, name, "x")


def test_a_page_needs_some_text_and_keeps_its_sort(record):
    with pytest.raises(BadArgumentError, match="needs some text"):
        pages.write(record, "a", " \n")
    with pytest.raises(BadArgumentError, match="there is no form `howto`"):
        pages.write(record, "a", "x", form="howto")
    pages.write(record, "a", "x", form="how-to")
    with pytest.raises(BadArgumentError, match="is a how-to and stays one"):
        pages.write(record, "a", "x", form="page")


def test_a_report_is_filled_in_from_the_run(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "python,command,machine")
    with contextlib.suppress(ValueError), gnomon.run("fails") as run:
        run.log(loss=1.0)
        raise ValueError("the loss is not a number")
    close_all()  # what is captured in the background is there then
    record = gnomon.open()
    found = record.run(run.id)
    text = problems.draft(found)
    assert "ValueError: the loss is not a number" in text
    assert f"`run:{run.id[:8]}` ended as *failed*" in text
    report = problems.report(record, "NaN", text, run=found)
    assert report.fields["run"] == f"run:{run.id}"
    assert any(line.startswith("python: ") for line in report.fields["environment"])


def test_a_report_without_a_run_says_where_it_was_written(record):
    report = problems.report(record, "Loader hangs", problems.draft(None))
    assert report.fields["environment"][0].startswith("python: 3.")
    assert [
        one for one in ("## What happened", "## What was expected", "## Steps") if one not in report.text
    ] == []


def test_a_problem_is_solved_or_closed_with_a_reason(record):
    solved = problems.solve(problems.report(record, "a", "x"), "decision:1")
    closed = problems.close(problems.report(record, "b", "x"), "the loader is gone")
    assert (solved.state, solved.moves[0].why, closed.state) == ("solved", "decision:1", "closed")
