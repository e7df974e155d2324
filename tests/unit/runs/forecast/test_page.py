"""The head of a run's page says when a run that goes on will end."""

from __future__ import annotations

import time

import pytest

import gnomon
from gnomon.page import Ask, Shown, Values
from gnomon.runs.pages.run import overview
from tests.unit.runs.pages.showing import link, rendered, words_of


def head_of(run):
    answer = overview(
        Ask(gnomon.open(), path={"run": run.id}, query=Values(()), part="head", now=time.time(), link=link)
    )
    assert isinstance(answer, Shown)
    return rendered(answer, "head")


@pytest.mark.slow
def test_a_run_that_goes_on_has_a_range_and_what_it_rests_on(project):
    run = gnomon.run("net", params={"max_steps": 100})
    for step in range(40):
        run.log(loss=1.0, step=step)
        time.sleep(0.001)
    html = head_of(run)
    assert "so far ends " in words_of(html)
    assert 'title="In 4 of 5 cases. `max_steps` is 100' in html
    run.finish()
    assert "In 4 of 5 cases" not in head_of(run)


@pytest.mark.slow
def test_where_nobody_can_tell_the_head_says_nothing(project):
    run = gnomon.run("net")
    run.log(loss=1.0)
    assert "In 4 of 5 cases" not in head_of(run)
