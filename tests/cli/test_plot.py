"""`gnomon plot`: what a person types, and what comes of it."""

from __future__ import annotations

import csv
import io
import json
import math
from xml.etree import ElementTree

import pytest

import gnomon


def test_a_run_and_a_metric(ask, three_runs):
    answer = ask("plot", three_runs[0][:8], "loss")
    assert answer.code == 0 and answer.err == ""
    assert answer.lines[0] == "loss" and "step" in answer.out and "┤" in answer.out
    assert f"Run line-1 ({three_runs[0][:8]})." in answer.out
    assert "\x1b" not in answer.out


@pytest.mark.parametrize(
    "words", [("line-1", "line-2", "loss"), ("loss", "line-1", "line-2"), ("line-1", "loss", "line-2")]
)
def test_runs_and_metrics_may_stand_in_any_order(ask, three_runs, words):
    found = ask("plot", *words, "--json").json()
    assert [(one["line"], one["metric"]) for one in found["lines"]] == [
        ("line-1", "loss"),
        ("line-2", "loss"),
    ]


def test_a_group_stands_for_its_runs_and_a_star_for_metrics(ask, three_runs):
    found = ask("plot", "line", "*o*", "--json").json()
    assert [one["line"] for one in found["lines"]] == ["line-1", "line-2", "line-3"]


def test_without_runs_the_newest_and_without_metrics_the_first(ask, three_runs):
    assert len(ask("plot", "loss", "--json").json()["lines"]) == 3
    assert len(ask("plot", "loss", "--last", "2", "--json").json()["lines"]) == 2
    answer = ask("plot", "line-1")
    assert answer.lines[0] == "auc" and "loss" in answer.lines


def test_a_word_that_is_a_metric_and_an_id_is_the_metric(ask, three_runs):
    name = three_runs[0][:3]
    with gnomon.run("other") as run:
        run.log({name: 1.0}, step=0)
    answer = ask("plot", name, "--json")
    assert [one["metric"] for one in answer.json()["lines"]] == [name]
    assert f"`{name}` is taken for the metric; it is also run {three_runs[0][:8]}" in answer.err
    found = ask("plot", name, "--metric", "loss", "--json").json()
    assert [one["runs"] for one in found["lines"]] == [[three_runs[0]]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["losss"], ["`losss` is neither a run nor a metric", "`loss` (a metric)"]),
        (["line1", "loss"], ["`line1` is neither", "`line-1` (a run)"]),
        (["zzz", "--metric", "loss"], ["`zzz` is no run"]),
        (["line-1", "--metric", "los"], ["has no metric `los`", "`loss`"]),
        (["line-1", "loss", "--x", "accu"], ["a series `accu` for the x-axis", "`auc`"]),
        (["line-1", "loss", "--smooth", "-3"], ["`smooth` of `plot()` must be", "0.9"]),
        (["line-1", "loss", "--where", "seed = 1"], ["runs or `where`, not both"]),
        (["loss", "--where", "seed = 99"], ["no run matches"]),
        (["loss", "--out", "a.gif"], ["`a.gif` ends with none of them"]),
        (["loss", "--csv", "--json"], ["exclude each other"]),
        (["loss", "--csv", "--out", "a.svg"], ["give one of them"]),
        (["loss", "--width", "5"], ["`--width` of a drawing in the terminal must be from 20"]),
        (["loss", "--rank", "7"], ["no process of rank 7"]),
    ],
)
def test_wrong_questions_are_answered(ask, three_runs, words, expected):
    answer = ask("plot", *words)
    assert answer.code == 2 and answer.out == ""
    for text in expected:
        assert text in answer.err
    assert (
        "hint:" in answer.err
        or "exclude" in answer.err
        or "must be" in answer.err
        or "give one" in answer.err
    )


def test_pictures_are_written_where_they_should_be(ask, three_runs, project):
    answer = ask("plot", "line", "loss", "--out", "a.svg", "--out", "b.html", "--title", "Losses")
    assert answer.code == 0 and answer.out == "a.svg\nb.html\n" and "3 lines in 1 panel" in answer.err
    assert ElementTree.parse(project / "a.svg").getroot().get("aria-label") == "Losses"
    assert "<title>Losses</title>" in (project / "b.html").read_text()


def test_the_points_are_there_for_programs(ask, three_runs):
    rows = list(csv.DictReader(io.StringIO(ask("plot", "line-1", "loss", "--csv").out)))
    assert len(rows) == 20 and rows[0] == {
        "line": "line-1",
        "metric": "loss",
        "what": "line",
        "x": "0",
        "value": "1.1",
    }
    rows = list(csv.DictReader(io.StringIO(ask("plot", "line-1", "loss", "--smooth", "0.5", "--csv").out)))
    assert [row["what"] for row in rows] == ["raw"] * 20 + ["line"] * 20
    found = ask("plot", "line-1", "loss", "--x", "auc", "--smooth", "0.5", "--json").json()
    assert found["x"] == "auc" and found["smooth"] == "weight 0.5"
    assert found["lines"][0]["logged"] == 20 and found["lines"][0]["raw"]["value"][0] == 1.1
    assert ask("plot", "line-1", "loss", "--x", "time", "--json").json()["lines"][0]["x"][0].endswith("Z")


def test_groups_are_means_with_an_interval(ask, project):
    for seed, value in enumerate((1.0, 2.0, 3.0)):
        with gnomon.run("g", seed=seed, group="g", params={"lr": 1}) as run:
            run.log({"loss": value}, step=0)
            run.log({"loss": value}, step=1)
    answer = ask("plot", "--groups", "loss")
    assert "2.0 [-0.5, 4.5]  3 seeds" in answer.out and "95 % t interval of the mean" in answer.out
    with gnomon.run("g", seed=3, group="g", params={"lr": 1}) as run:
        run.log({"loss": math.nan}, step=1)
    assert "2.0 [-0.5, 4.5]  3 of 4 seeds" in ask("plot", "--groups", "loss").out
    (row, _) = csv.DictReader(io.StringIO(ask("plot", "--groups", "loss", "--csv").out))
    assert row["runs"] == "3" and float(row["high"]) == pytest.approx(4.4841377)
    assert (
        ask("plot", "--groups", "loss", "--json").json()["interval"]
        == "95 % t interval of the mean, pointwise"
    )


@pytest.mark.slow
def test_a_pipe_gets_a_drawing_without_colours_as_wide_as_a_page(start, three_runs):
    answer = start("plot", "line", "loss", env={"NO_COLOR": "", "PYTHONIOENCODING": "utf-8"})
    assert answer.code == 0 and "\x1b" not in answer.out
    assert 70 < max(map(len, answer.lines)) <= 80
    assert start("plot", "line", "loss", env={"PYTHONIOENCODING": "ascii"}).out.isascii()
    assert "\x1b[36m" in start("plot", "line", "loss", env={"NO_COLOR": "", "FORCE_COLOR": "1"}).out


def test_nothing_to_draw_is_said(ask, project):
    with gnomon.run("a") as run:
        run.log({"loss": float("nan")}, step=0)
    answer = ask("plot", "loss")
    assert answer.code == 0 and "nothing to draw" in answer.out and "1 NaN" in answer.out
    assert ask("plot", "loss", "--out", "a.svg").code == 0


def test_a_file_that_is_there_stays_unless_told_otherwise(ask, three_runs, project):
    assert ask("plot", "loss", "--out", "a.svg").code == 0
    before = (project / "a.svg").read_bytes()
    answer = ask("plot", "auc", "--out", "a.svg")
    assert answer.code == 2 and "`a.svg` is there already" in answer.err and "--overwrite" in answer.err
    assert (project / "a.svg").read_bytes() == before
    assert ask("plot", "auc", "--out", "a.svg", "--overwrite").code == 0
    assert (project / "a.svg").read_bytes() != before


def test_one_legend_stands_below_all_panels(ask, three_runs):
    answer = ask("plot", "line", "loss", "auc")
    (head,) = [line for line in answer.lines if line.split() == ["loss", "auc"]]
    legend = answer.lines[answer.lines.index(head) + 1 :][:3]
    assert [line.split()[:2] for line in legend] == [["a", "line-1"], ["b", "line-2"], ["c", "line-3"]]
    assert answer.out.count("line-1") == 1


def test_more_runs_than_colours_are_drawn_with_six_names(ask, project):
    for number in range(9):
        with gnomon.run(f"run-{number}", params={"lr": number % 2}) as run:
            run.log({"loss": float(number)}, step=0)
            run.log({"loss": float(number)}, step=1)
    answer = ask("plot", "loss")
    named = [line.split()[1] for line in answer.lines if line.startswith("  ") and "run-" in line]
    assert named == ["run-8", "run-7", "run-6", "run-2", "run-1", "run-0"]
    assert "what ends highest and lowest in loss; 3 others drawn without a name" in answer.out
    answer = ask("plot", "loss", "--color-by", "lr")
    assert [line.split()[:3] for line in answer.lines if "lines)" in line] == [
        ["a", "lr", "0"],
        ["b", "lr", "1"],
    ]


def test_a_record_without_runs_says_so(ask, project):
    assert ask("init").code == 0
    answer = ask("plot", "loss")
    assert answer.code == 2 and "`loss` is neither a run nor a metric" in answer.err
    assert "there are no runs yet" in ask("plot").err


def test_hostile_names_do_not_touch_the_terminal(ask, project):
    for name in ("\x1b[2J</script><img src=x>", "b"):
        with gnomon.run(name) as run:
            run.log({"\x1b[31mloss": 1.0}, step=0)
    answer = ask("plot", "--metric", "\x1b[31mloss")
    assert answer.code == 0 and "\x1b" not in answer.out + answer.err
    assert json.loads(ask("plot", "--metric", "\x1b[31mloss", "--json").out)["lines"]
