"""The pages about sweeps say what the record says, and claim nothing that the seeds cannot show."""

from __future__ import annotations

import json
import re

import pytest

import gnomon
from gnomon.errors import UnknownSubjectError
from gnomon.page import Ask, Redirect, Values
from gnomon.runs.given import Given
from gnomon.runs.pages.run import overview
from gnomon.runs.pages.sweep_plot import near, picture
from gnomon.runs.pages.sweeps_page import sweep, sweeps
from gnomon.runs.palette import found as palette
from gnomon.runs.sweep import actions, entries
from gnomon.runs.sweep.file import plan_of
from gnomon.runs.sweep.trials import Attempt
from gnomon.session import close_all, session_for
from tests.browser.sweep_record import add_sweep, given_run
from tests.unit.runs.pages.showing import rendered, rows_of, words_of
from tests.unit.runs.sweep.made import TABLE, write

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


def ask(*query, part="", **path) -> Ask:
    return Ask(gnomon.open(), path, Values(query), part=part)


def said(*query, **path) -> str:
    return words_of(rendered(sweep(ask(*query, **path)) if path else sweeps(ask(*query))))


@pytest.fixture
def made(project):
    """A sweep that was stopped: its id."""
    found, runs = add_sweep(project / ".gnomon")
    close_all()
    return found, runs


def test_a_record_without_sweeps_says_how_one_is_begun(project):
    with gnomon.run("a"):
        pass
    text = said()
    assert "No sweeps yet" in text and "gnomon sweep" in text and 'metric = "auc"' in text


def test_the_list_says_how_far_each_is_and_its_best(made):
    rows = rows_of(rendered(sweeps(ask())))
    assert [row[0] for row in rows[1:]] == ["not begun", "lr and depth"]
    assert rows[1][1:4] == ["stopped", "0 of 36", "none has finished"]
    assert rows[2][1:3] == ["stopped", "31 of 36"] and rows[2][3].startswith("0.861 [0.851, 0.871] (lr=")
    assert "show all 2" in said(("limit", "1"))


def test_a_sweep_shows_what_came_of_each_configuration(made):
    found, runs = made
    text = said(sweep=found)
    assert "10 of 12 trials ended" in text and "31 of 36 runs" in text and "Stopped with 5 runs to go" in text
    assert f"gnomon sweep --resume {found[:8]}" in text
    assert "cannot be told from 1 of the 7 others" in text
    rows = {row[0]: row for row in rows_of(rendered(sweep(ask(sweep=found))))[1:]}
    assert list(rows)[:2] == ["4", "7"] and list(rows)[-3:] == ["10", "5", "3"]
    assert rows["4"][1] == "0.861 [0.851, 0.871] best mean" and rows["7"][1].endswith(
        "cannot be told from the best"
    )
    assert rows["1"][1] == "0.8465 [0.8424, 0.8506]"
    assert rows["5"][6] == "failed exit code 1: RuntimeError: CUDA out of memory"
    assert rows["3"][6] == "pruned at step 4, auc 0.41" and rows["3"][7].endswith("0 of 3 finished")
    html = rendered(sweep(ask(sweep=found)))
    assert f"/run/{runs[0]}" in html and f"/runs?where=sweep+%3D+%27{found}%27" in html
    for place in ("/compare/groups", "/compare/parallel", "/compare/importance"):
        assert f"{place}?where=sweep+%3D+%27{found}%27" in html
    by_number = rows_of(rendered(sweep(ask(("by", "number"), sweep=found))))[1:]
    assert [row[0] for row in by_number] == [str(number) for number in range(11)]


def test_a_sweep_is_found_by_its_name_and_leads_to_its_id(made):
    assert sweep(ask(sweep="lr and depth")) == Redirect(f"/sweep/{made[0]}")
    with pytest.raises(UnknownSubjectError, match="no sweep `nothing`"):
        sweep(ask(sweep="nothing"))
    assert {"title": "lr and depth", "note": f"sweep {made[0][:8]}", "to": f"/sweep/{made[0]}"} in palette(
        gnomon.open(), "LR and"
    )


def test_the_body_alone_is_what_the_page_asks_for_again(made):
    html = rendered(sweep(ask(sweep=made[0], part="body")), "body")
    assert (
        html.lstrip().startswith('<section id="sweep"') and "gnomon:entries" in html and "<html" not in html
    )
    assert rendered(sweeps(ask(part="rows")), "rows").lstrip().startswith('<section id="sweeps"')


def test_a_sweep_that_goes_on_says_so_and_one_that_is_done(project):
    found, _ = write()
    view = gnomon.open().sweep(found)
    assert view.state == "finished" and "Stopped" not in said(sweep=found)
    again, _ = write({**TABLE, "name": "more"}, values=(0.1, None))  # this process has it in hand
    assert gnomon.open().sweep(again).state == "running"
    assert "running" in said(sweep=again) and "to go" in said(sweep=again)
    close_all()
    assert gnomon.open().sweep(again).state == "stopped"


def test_what_another_version_wrote_is_listed_and_said(project):
    session_for().append(
        entries.MADE, entries.sweep_subject("ab" * 10), {"name": "later", "file": {"quantum": 1}}, strict=True
    )
    assert "cannot be read here" in said() and "unknown key `quantum`" in said(sweep="ab" * 10)
    record = gnomon.open()
    assert record.sweep("later").id == "ab" * 10 and "quantum" in record.sweep("later")._repr_html_()


def test_without_seeds_nothing_is_claimed(project):
    session = session_for()
    table = {key: value for key, value in TABLE.items() if key != "seeds"}
    found = actions.make(session, plan_of(table, "x"))
    for number, value in enumerate((0.2, 0.9)):
        with gnomon.run() as run:
            run.log(auc=value)
        one = Attempt(run.id, number, {"lr": (0.1, 0.2)[number]}, None)
        one = one._replace(heads=(actions.begin(session, found, one),), status="finished", value=value)
        actions.end(session, found, one)
    view = gnomon.open().sweep(found)
    assert [one.standing for one in view.trials] == ["cannot tell", "best"] and not view.is_best_told
    text = said(sweep=found)
    assert "one seed says nothing about its own noise" in text and "95 %" not in text


# ---------------------------------------------------------------- the picture


def test_the_picture_has_the_best_so_far_and_leaves_out_the_time_of_a_pause(made):
    found = picture(gnomon.open().sweep(made[0]))
    assert found is not None
    assert [mark.name for mark in found.marks] == [str(number) for number in range(10)]
    assert {mark.name: mark.kind for mark in found.marks if mark.kind != "finished"} == {
        "3": "pruned", "4": "best", "5": "failed",
    }  # fmt: skip
    assert [mark.name for mark in found.marks if mark.edge] == ["3", "6"] and found.beyond == 2
    heights = [y for _, y, _, to_y in found.lines if y == to_y]
    assert heights == sorted(heights, reverse=True) and len(heights) == 3  # y grows downwards
    gaps = [b.x - a.x for a, b in zip(found.marks, found.marks[1:], strict=False)]
    assert max(gaps) < 20  # the pause of half a day after trial 4 takes no room
    assert found.x_name.endswith("(min)") and all(
        0 <= mark.x <= 100 and 0 <= mark.y <= 100 for mark in found.marks
    )


def test_one_that_diverged_does_not_squeeze_the_others():
    assert near([0.3, 0.5, 0.4, 1e9], is_high=False) == [0.3, 0.5, 0.4]
    assert near([0.3, 0.3, 0.3, 7.0], is_high=False) == [0.3, 0.3, 0.3, 7.0]  # nothing says what is far
    assert near([], is_high=True) == []


def test_nothing_to_draw_draws_nothing(project):
    found, _ = write(values=())
    assert picture(gnomon.open().sweep(found)) is None
    assert "No run of it has begun yet" in said(sweep=found)


# ---------------------------------------------------------------- the run's own page


def test_the_page_of_a_run_says_which_trial_it_is_and_what_it_repeats(made):
    found, runs = made
    html = rendered(overview(Ask(gnomon.open(), {"run": runs[4]})))
    assert "trial 1, seed 2, of sweep lr and depth" in words_of(html) and f"/sweep/{found}" in html
    swapped = {"params.lr": "0.1 → 0.2", "data.credit": "v1 → v2"}
    with given_run(Given(repeats={"run": runs[0], "for": "replication", "swapped": swapped})) as run:
        pass
    text = words_of(rendered(overview(Ask(gnomon.open(), {"run": run.id}))))
    assert f"repeats run lr and depth 0 {runs[0][:8]} with lr 0.1 → 0.2, data.credit v1 → v2" in text
    with given_run(
        Given(repeats={"run": "ab" * 10, "for": "why"}, trial={"sweep": "cd" * 10, "number": 7})
    ) as run:
        pass
    text = words_of(rendered(overview(Ask(gnomon.open(), {"run": run.id}))))
    assert "a mixture that gnomon why made from run abababab (not in this replica)" in text
    assert "trial 7 of sweep cdcdcdcd (not in this replica)" in text


# ---------------------------------------------------------------- from Python


def test_a_sweep_from_python(made):
    record = gnomon.open()
    assert [one.name for one in record.sweeps()] == ["not begun", "lr and depth"]
    view = record.sweep("lr and depth")
    assert (view.id, view.state, view.metric, view.goal) == (made[0], "stopped", "auc", "maximize")
    assert (view.done, view.planned, view.ended_trials, view.planned_trials) == (31, 36, 10, 12)
    best = view.best
    assert best is not None and best.name == "4" and best.standing == "best" and best.params["depth"] == 4
    assert best.low < best.mean < best.high
    assert [one.standing for one in view.trials][:2] == ["worse", "worse"] and view.trials[
        7
    ].standing == "cannot tell"
    assert not view.is_best_told and "cannot be told from 1 of the 7 others" in view.sentence
    plain = json.loads(json.dumps(view.to_dict()))
    assert plain["best"] == "4" and plain["trials"][5]["why"].startswith("exit code 1")
    assert len(record.runs(view.where)) == len(made[1]) == 30
    html = view._repr_html_()
    assert (
        "lr and depth" in html
        and "cannot be told from the best" in html
        and not re.search(r"<script|onload", html)
    )
