"""The page of one run: its address, its head, the overview, and what is changed there."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
from html import unescape

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.page import Ask, Redirect, Shown, Values
from gnomon.runs import entries
from gnomon.runs.pages import run as run_page
from gnomon.runs.pages import run_changes
from gnomon.runs.pages.run import METRICS, overview
from gnomon.runs.pages.run_parts import by_prefix, matching
from gnomon.session import close_all, session_for
from gnomon.web.live import marks_of
from tests.unit.runs.pages.showing import link, rendered, rows_of, words_of
from tests.unit.web.asking import Client


def train(name="net", *, steps=3, params=None, **more):
    with gnomon.run(name, params=params or {}, **more) as run:
        for step in range(steps):
            run.log({"loss": 1 / (step + 1), "train/acc": step / 10}, step=step)
    return run.id


def ask(run, *pairs, part="", form=(), now=0.0):
    return Ask(
        gnomon.open(),
        path={"run": run},
        query=Values(pairs),
        form=Values(form),
        part=part,
        now=now,
        link=link,
    )


def html_of(run, *pairs, part=""):
    answer = overview(ask(run, *pairs, part=part))
    assert isinstance(answer, Shown)
    return rendered(answer, part)


def change(does, run, *form, part=""):
    return does(ask(run, form=form, part=part))


# --- the address


def test_a_short_id_a_name_and_a_number_lead_to_the_whole_id():
    run = train("only-one")
    for word in (run[:6], "only-one", "@1"):
        assert overview(ask(word, ("metrics", "a b"))) == Redirect(f"/run/{run}?metrics=a+b")
    assert isinstance(overview(ask(run)), Shown)


def test_what_is_no_run_or_several_is_an_error():
    train("twice"), train("twice")
    with pytest.raises(UnknownSubjectError, match="`nothing`"):
        overview(ask("nothing"))
    with pytest.raises(AmbiguousIdError, match="2 runs are called `twice`"):
        overview(ask("twice"))


# --- the head


def test_the_head_says_what_the_run_is():
    run = train("net 😀", seed=7, tags=["paper", "a <b>"], group="it's")
    html = html_of(run)
    text = words_of(html)
    assert "net 😀 finished" in text and "seed 7" in text and run[:8] in text
    assert "<bdi>a &lt;b&gt;</bdi>" in html and "a <b>" not in html
    assert "where=group+%3D+%27it%5C%27s%27" in html


def test_a_name_that_turns_the_direction_of_text_is_shown_with_the_marks_written_out():
    assert "x\\u202ey" in words_of(html_of(train("x\u202ey")))


def test_a_group_leads_from_run_to_run_in_order_of_time():
    first, second, third = (train(f"s{seed}", group="g", seed=seed) for seed in range(3))
    html = html_of(second)
    assert f'href="/run/{first}" rel="prev"' in html and f'href="/run/{third}" rel="next"' in html
    assert (
        "2 of 3" in words_of(html)
        and 'rel="prev"' not in html_of(first)
        and 'rel="next"' not in html_of(third)
    )
    gnomon.open().remove(first)
    assert 'rel="prev"' not in html_of(second) and "1 of 2" in words_of(html_of(second))
    assert "1 of 3" in words_of(html_of(first)), "a hidden run stands among the others on its own page"


def test_parents_and_parts_are_linked_and_a_parent_that_is_not_here_is_named():
    with gnomon.run("outer") as outer:
        inner = train("inner", parent=outer.id)
    assert f'part of <a href="/run/{outer.id}">outer</a>' in html_of(inner)
    assert f'parts: <a href="/run/{inner}">inner</a>' in html_of(outer.id)
    gone = train("orphan", parent="0" * 20)
    assert "part of 00000000 (not in this replica)" in words_of(html_of(gone))


def test_a_run_without_anything_is_a_page_that_says_so():
    gnomon.run().finish()
    text = words_of(html_of(gnomon.open().run("@1").id))
    assert "No points were logged." in text and "No parameters." in text and "No notes yet." in text
    assert "Nothing was captured" in text


def test_a_run_that_runs_is_asked_for_again_with_each_point():
    run = gnomon.run("now")
    run.log(loss=1.0)
    html = html_of(run.id)
    assert "gnomon:points from:body" in html and "running" in words_of(html)
    for part in ("head", "failure", "aside", "metrics", "notes"):
        assert f"part={part}" in html and html_of(run.id, part=part).startswith(("<section id=", "<div id="))
    run.finish()
    assert "gnomon:points" not in html_of(run.id) and "part=aside" not in html_of(run.id)


# --- the overview


def test_parameters_are_flat_and_long_ones_are_folded():
    run = train(params={"lr": 0.1, "net": {"depth": 3, "none": None}, "prompt": "word " * 200})
    html = html_of(run)
    assert "net.depth 3" in words_of(html) and "net.none -" in words_of(html)
    assert '<pre class="wrap">word word' in html


def test_the_traceback_of_a_failed_run_comes_first(monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "command")
    with pytest.raises(ValueError), gnomon.run("bad") as run:
        raise ValueError("too \x1b[31mhot")
    html = html_of(run.id)
    assert html.index("too \\x1b[31mhot") < html.index('id="metrics"')


def test_metrics_have_a_curve_and_nan_is_counted():
    with gnomon.run() as run:
        for step in range(4):
            run.log(
                {"loss": float(step), "only_nan": math.nan, "once": 3.0}
                if not step
                else {"loss": float(step), "only_nan": math.nan}
            )
    rows = {row[0]: row for row in rows_of(html_of(run.id, part="metrics"))}
    assert rows["metric"] == ["metric", "curve", "last", "min", "max", "points", "NaN"]
    assert rows["loss"] == ["loss", "", "3", "0", "3", "4", ""]
    assert rows["only_nan"] == ["only_nan", "", "nan", "-", "-", "4", "4"]
    assert rows["once"][2] == "3"
    assert html_of(run.id, part="metrics").count("<svg") == 1, "neither a point nor NaN is a curve"


def test_of_many_metrics_some_are_shown_and_the_others_are_a_filter_away():
    names = [f"{part}/m{n:04}" for part in ("train", "val") for n in range(METRICS)]
    with gnomon.run() as run:
        for step in range(2):
            run.log({name: float(step) for name in names}, step=step)
    html = html_of(run.id)
    assert len([row for row in rows_of(html) if row[0].startswith(("train/", "val/"))]) == METRICS
    assert f"{METRICS} more metrics" in words_of(html) and "metrics=val%2F%2A" in html
    found = [row[0] for row in rows_of(html_of(run.id, ("metrics", "val/*"), part="metrics"))[1:]]
    assert found == names[METRICS:]
    assert "No metric of this run is called so." in words_of(html_of(run.id, ("metrics", "nothing")))


@pytest.mark.slow
def test_ranks_have_rows_of_their_own_and_processes_say_what_they_lost():
    code = "import gnomon\nwith gnomon.run('ranks') as run:\n    run.log(loss=1.0, odd='x')"
    for rank in "01":
        env = {**os.environ, "RANK": rank, "WORLD_SIZE": "2", "GNOMON_RUN_ID": "ab" * 10}
        subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True)
    html = html_of("ab" * 10)
    rows = rows_of(html)
    assert ["loss", "0", "", "1", "1", "1", "1"] in rows and ["loss", "1", "", "1", "1", "1", "1"] in rows
    assert ["1", "finished", "1 values were no numbers and were not stored"] in rows


def test_what_was_withheld_is_listed_and_how_it_was_run():
    run = train()
    session = session_for(None)
    body = {
        "parts": {
            "command": {"text": "python train.py --lr <1>"}, "python": {"version": "3.12.1", "packages": {"numpy": "2.0"}},
            "environment": {"CUDA": "0"},
        },
        "withheld": [["token", "environment", "API_KEY", 2]],
    }  # fmt: skip
    session.append(entries.CAPTURED, f"process:{session.log_id}", body, strict=True)
    session.sync()
    html = html_of(run)
    assert "python train.py --lr &lt;1&gt;" in html and "token in environment `API_KEY`, 2 times" in words_of(
        html
    )
    assert "1 package" in words_of(html) and "numpy 2.0" in words_of(html) and "CUDA 0" in words_of(html)


def test_a_run_of_which_only_heads_are_here_is_not_found(monkeypatch):
    run = train()
    monkeypatch.setattr("gnomon.runs.run_view.RunView.is_withheld", True)
    with pytest.raises(UnknownSubjectError, match="only the heads of its entries are here"):
        overview(ask(run))


def test_seeds_of_the_configuration_are_told():
    runs = [train(f"s{seed}", seed=seed, params={"lr": 0.1}) for seed in range(3)]
    text = words_of(html_of(runs[0]))
    assert "Among its seeds Finished runs of this configuration: 3 seeds" in text and "1 of 3" in text


@pytest.mark.parametrize(
    ("names", "found"), [([], {}), (["a/b/c", "z", "a/b/d"], {"": ["z"], "a/b/": ["a/b/c", "a/b/d"]})]
)
def test_names_by_prefix(names, found):
    assert by_prefix(names) == found


def test_a_filter_is_a_part_of_the_name_or_a_pattern():
    names = ["val/loss", "train/loss", "acc"]
    assert matching(names, "LOSS") == names[:2] and matching(names, "*/loss") == names[:2]
    assert matching(names, "a*") == ["acc"] and matching(names, "") == names


# --- notes


def test_a_note_is_markdown_and_no_html():
    run = train()
    change(run_changes.add_note, run, ("text", "**bold** <script>x</script>"))
    html = html_of(run, part="notes")
    assert "<b>bold</b>" in html and "<script>" not in html


def test_a_note_is_added_and_edited_in_its_place():
    run = train()
    assert change(run_changes.add_note, run, ("text", "one\r\ntwo")) == Redirect(f"/run/{run}#notes")
    change(run_changes.add_note, run, ("text", "later"))
    first = gnomon.open().run(run).notes[0]
    assert first.text == "one\ntwo" and not first.is_edited
    answer = change(run_changes.edit_note, run, ("note", first.hash), ("text", "better"), part="notes")
    assert "better" in rendered(answer, "notes") and "two" not in words_of(rendered(answer, "notes"))
    notes = gnomon.open().run(run).notes
    assert [(note.text, note.is_edited) for note in notes] == [("better", True), ("later", False)]
    assert (notes[0].of, notes[0].since_s) == (first.hash, first.time_s)


def test_a_note_that_was_edited_meanwhile_is_not_overwritten():
    run = train()
    gnomon.open().add_note(run, "one")
    old = gnomon.open().run(run).notes[0].hash
    gnomon.open().edit_note(run, old, "two")
    with pytest.raises(UnknownSubjectError, match="has no note") as error:
        change(run_changes.edit_note, run, ("note", old), ("text", "three"))
    assert "edited meanwhile" in error.value.hint
    with pytest.raises(BadArgumentError, match="needs some text"):
        change(run_changes.edit_note, run, ("note", old), ("text", "  "))
    with pytest.raises(BadArgumentError, match="an edit replaces one note"):
        change(run_changes.edit_note, run, ("text", "three"))
    assert [note.text for note in gnomon.open().run(run).notes] == ["two"]


def test_two_edits_made_apart_are_both_shown_until_one_is_saved(project, tmp_path):
    run = train()
    gnomon.open().add_note(run, "one")
    note = gnomon.open().run(run).notes[0].hash
    close_all()
    other = tmp_path / "other"
    shutil.copytree(project / ".gnomon", other / ".gnomon")
    gnomon.open().edit_note(run, note, "mine")
    gnomon.open(other).edit_note(run, note, "theirs")
    close_all()
    shutil.copytree(other / ".gnomon", project / ".gnomon", dirs_exist_ok=True)
    html = html_of(run, part="notes")
    assert "Edited apart" in html and "mine" in html and "theirs" in html
    both = [("note", one.hash) for one in gnomon.open().run(run).notes]
    change(run_changes.edit_note, run, *both, ("text", "ours"))
    assert [one.text for one in gnomon.open().run(run).notes] == ["ours"]
    assert "Edited apart" not in html_of(run, part="notes")


# --- tags, names, hiding


def test_tags_are_added_and_taken_away_one_by_one():
    run = train(tags=["old", "kept"])
    assert change(run_changes.tags, run, ("add", " new tag ")) == Redirect(f"/run/{run}")
    html = rendered(change(run_changes.tags, run, ("remove", "old"), part="head"), "head")
    assert gnomon.open().run(run).tags == ["kept", "new tag"] and "new tag" in html
    change(run_changes.tags, run, ("remove", "old"))  # somebody else took it away already
    with pytest.raises(BadArgumentError, match="a tag must be some text"):
        change(run_changes.tags, run, ("add", "  "))


def test_tags_of_other_runs_are_suggested_the_frequent_first():
    train(tags=["rare"]), train(tags=["often"]), train(tags=["often"])
    run = train(tags=["own"])
    html = html_of(run)
    assert html.index('<option value="often">') < html.index('<option value="rare">')
    assert '<option value="own">' not in html


def test_a_run_is_renamed_and_two_names_are_settled(project, tmp_path):
    run = train("first")
    change(run_changes.name, run, ("name", "second"))
    assert gnomon.open().run(run).name == "second"
    close_all()
    other = tmp_path / "other"
    shutil.copytree(project / ".gnomon", other / ".gnomon")
    gnomon.open().rename(run, "mine")
    gnomon.open(other).rename(run, "theirs")
    close_all()
    shutil.copytree(other / ".gnomon", project / ".gnomon", dirs_exist_ok=True)
    html = html_of(run)
    assert 'value="mine"' in html and 'value="theirs"' in html and "Two said different things" in html
    change(run_changes.name, run, ("name", "mine"))
    assert "Two said different things" not in html_of(run)


def test_hiding_says_that_nothing_was_deleted_and_can_be_taken_back():
    run = train()
    assert change(run_changes.hide, run) == Redirect(f"/run/{run}")
    assert "hidden from lists" in words_of(html_of(run)) and len(gnomon.open().runs()) == 0
    change(run_changes.restore, run)
    assert len(gnomon.open().runs()) == 1 and "hidden from lists" not in words_of(html_of(run))


def test_a_change_names_the_run_by_its_whole_id():
    run = train("only-one")
    for word in (run[:8], "only-one", "@1"):
        with pytest.raises(UnknownSubjectError, match="whole id"):
            change(run_changes.hide, word)
    assert not gnomon.open().run(run).is_removed


def test_after_a_change_on_a_part_the_page_is_that_part_again():
    run = train()
    answer = run_changes.tags(ask(run, ("tab", "console"), form=[("add", "x")]))
    assert answer == Redirect(f"/run/{run}/console")
    assert run_changes.tags(ask(run, ("tab", "../x"), form=[("add", "y")])) == Redirect(f"/run/{run}")


# --- nothing is lost between the page and its stream


@pytest.mark.slow
def test_what_arrives_while_a_page_is_made_is_told_once_more(project, monkeypatch):
    """A page that held the marks of after it would never hear of what it does not show."""
    run = train()
    client = Client(project / ".gnomon")
    real = run_page.metrics_of

    def meanwhile(*words):
        found = real(*words)
        gnomon.open().add_note(run, "written meanwhile")
        return found

    monkeypatch.setattr(run_page, "metrics_of", meanwhile)
    html = client.get(f"/run/{run}").text
    monkeypatch.setattr(run_page, "metrics_of", real)
    with gnomon.open() as record:
        record.replica.update()
        marks = marks_of(record)
    held = json.loads(unescape(re.search(r'name="gnomon-marks" content="([^"]+)"', html)[1]))
    assert "written meanwhile" not in html and held["entries"] != marks["entries"]
    client.close()
