"""Link rot: references in what people wrote that mean nothing any more."""

from __future__ import annotations

import gnomon
from gnomon.cli.checkup import all_checks
from gnomon.team.dead_links import dead_links
from gnomon.team.knowledge import pages
from gnomon.team.writing import actions


def test_what_means_nothing_is_told_with_where_it_stands(project):
    with gnomon.run("a", seed=1) as run:
        pass
    record = gnomon.open()
    text = f"run:{run.id[:8]} is, run:ffffffff is not, `run:eeeeeeee` is code, page:later comes"
    question = actions.open_writing(record, "question", "Which?", text)
    actions.say(question, "see decision:7 and decision:7")
    found = dead_links(record)
    assert {(one.where, one.reference, one.why) for one in found.found} == {
        ("question:1", "run:ffffffff", "missing"), ("question:1", "page:later", "missing"),
        ("question:1", "decision:7", "missing"),
    }  # fmt: skip
    assert len(found.found) == 3
    (said,) = [one for one in all_checks(None) if one.name == "references"]
    assert said.ok is None
    assert "run:ffffffff in question:1 (missing)" in said.text
    pages.write(record, "later", "x")
    assert "page:later" not in {one.reference for one in dead_links(record).found}


def test_what_is_archived_is_not_looked_at(project):
    with gnomon.run("a", seed=1):
        pass
    record = gnomon.open()
    page = pages.write(record, "old", "run:ffffffff")
    assert len(dead_links(record).found) == 1
    pages.archive(page)
    assert dead_links(record) == ([], 0, 0)
