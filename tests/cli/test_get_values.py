"""`gnomon get`: logged values, kept files, and single files of kept folders."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gnomon

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


@pytest.fixture
def logged(project):
    """A run with a figure of two forms, a picture and a kept folder."""
    (project / "src/deep").mkdir(parents=True)
    (project / "src/a.py").write_text("a = 1")
    (project / "src/deep/b.py").write_text("b = 2")
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    import plotly.graph_objects as go

    figure, axes = plt.subplots()
    axes.plot([1, 2])
    with gnomon.run("values") as run:
        run.log({"cm": figure, "bars": go.Figure(go.Bar(x=[1], y=[2]))}, step=1)
        run.log({"samples": gnomon.Image(np.zeros((4, 4, 3), np.uint8))}, step=2)
        run.keep("src")
    plt.close(figure)
    return run.id


def test_the_ending_of_the_target_chooses_the_part(ask, project, logged):
    assert ask("get", logged, "cm", "--to", "cm.svg") == (
        0, "cm.svg\n", "wrote figure `cm` of step 1, its part figure.svg\n",
    )  # fmt: skip
    assert b"<svg" in (project / "cm.svg").read_bytes()
    assert ask("get", logged, "bars", "--to", "bars.JSON").code == 0
    assert json.loads((project / "bars.JSON").read_text())["data"]


@pytest.mark.parametrize("target", ["cm.png", "cm", "cm.xyz", "out.d/cm"])
def test_the_shown_part_is_written_where_the_ending_says_nothing(ask, project, logged, target):
    assert ask("get", logged, "cm", "--to", target).code == 0
    assert (project / target).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(("name", "target"), [("cm", "cm.csv"), ("samples", "x.jpg"), ("bars", "b.html")])
def test_an_ending_that_promises_another_format_is_refused(ask, project, logged, name, target):
    answer = ask("get", logged, name, "--to", target)
    assert answer.code == 2
    assert f"ends in `{target[target.index('.') :]}`, but `{name}` was kept as ." in answer.err
    assert not (project / target).exists()


def test_a_named_part_goes_before_the_ending(ask, project, logged):
    assert ask("get", logged, "cm", "--to", "cm.svg", "--part", "figure.png").code == 0
    assert (project / "cm.svg").read_bytes()[:4] == b"\x89PNG"


def test_a_value_of_one_part_is_said_without_it(ask, logged):
    assert ask("get", logged, "samples", "--to", "x").err == "wrote image `samples` of step 2\n"


def test_what_is_there_is_listed_with_what_was_meant(ask, logged):
    answer = ask("get", logged, "sampels", "--to", "x")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.splitlines() == [
        f"error: run {logged[:8]} kept and logged nothing called `sampels` (GN103)",
        "hint: did you mean `samples`? it kept `src`; it logged the values `bars`, `cm`, `samples`",
    ]


def test_a_run_with_values_only_does_not_say_that_it_has_nothing(ask, project):
    with gnomon.run() as run:
        run.log({"words": gnomon.Text("x")})
    assert "hint: it logged the value `words`\n" in ask("get", run.id, "qqq", "--to", "x").err
    with gnomon.run() as run:
        run.log(loss=1)
    assert "hint: it kept no files and logged no images" in ask("get", run.id, "qqq", "--to", "x").err


def test_the_option_that_replaces_a_file_is_named_for_a_value_too(ask, project, logged):
    (project / "x.png").write_text("mine")
    for name in ("samples", "src/a.py"):
        answer = ask("get", logged, name, "--to", "x.png")
        assert answer.code == 2 and "`--overwrite`" in answer.err and "overwrite=True" not in answer.err
    assert (project / "x.png").read_text() == "mine"
    assert ask("get", logged, "samples", "--to", "x.png", "--overwrite").code == 0


def test_a_file_of_a_kept_folder_is_written_alone(ask, project, logged):
    assert ask("get", logged, "src/a.py", "--to", "out/a.py") == (0, "out/a.py\n", "wrote 1 file, 5 B\n")
    assert (project / "out/a.py").read_text() == "a = 1"
    assert ask("get", logged, "src/deep/b.py", "--to", "b.py").code == 0
    assert (project / "b.py").read_text() == "b = 2"


def test_a_file_that_a_kept_folder_lacks_is_answered_with_what_it_has(ask, logged):
    answer = ask("get", logged, "src/b.py", "--to", "x")
    assert answer.code == 2
    assert answer.err.splitlines() == [
        f"error: folder `src` that run {logged[:8]} kept has no file `b.py` (GN103)",
        f"hint: did you mean `src/deep/b.py`? `gnomon get {logged[:8]} src --to FOLDER` writes the whole folder",
    ]
    within = ask("get", logged, "src/deep", "--to", "x")
    assert within.code == 2 and "src --to FOLDER` writes the whole folder" in within.err


def test_the_newest_folder_that_has_the_file_counts(ask, project, logged):
    (project / "src/a.py").write_text("a = 3")
    with gnomon.run("twice") as run:
        run.keep("src")
        (project / "src/a.py").write_text("a = 4")
        run.keep("src")
        (project / "src/a.py").unlink()
        run.keep("src")
    assert ask("get", run.id, "src/a.py", "--to", "x").code == 0
    assert (project / "x").read_text() == "a = 4"
