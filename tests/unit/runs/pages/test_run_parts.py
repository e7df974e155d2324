"""The parts of a run's page that have addresses of their own: charts, console, code, files, media, system, notebook, lineage."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys

import numpy
import pytest

import gnomon
from gnomon.errors import UnknownSubjectError
from gnomon.page import Ask, Binary, Redirect, Shown, Values
from gnomon.runs import entries
from gnomon.runs.capture.console_lines import LONGEST, console_lines
from gnomon.runs.capture.views import Printed
from gnomon.runs.pages import (
    run_charts,
    run_code,
    run_console,
    run_files,
    run_lineage,
    run_media,
    run_notebook,
)
from gnomon.runs.pages.run_console import LINES
from gnomon.session import session_for
from tests.unit.runs.pages.showing import link, rendered, rows_of, words_of

PARTS = (
    ("charts", run_charts.charts), ("console", run_console.console), ("code", run_code.code), ("files", run_files.files),
    ("media", run_media.media), ("system", run_charts.system), ("lineage", run_lineage.lineage),
)  # fmt: skip


def ask(run, *pairs, part=""):
    return Ask(gnomon.open(), path={"run": run}, query=Values(pairs), part=part, link=link)


def html_of(page, run, *pairs, part=""):
    answer = page(ask(run, *pairs, part=part))
    assert isinstance(answer, Shown)
    return rendered(answer, part)


def train(**series):
    with gnomon.run("net") as run:
        for step in range(3):
            run.log({name: float(step) for name in series}, step=step)
    return run.id


@pytest.mark.parametrize(("name", "page"), PARTS)
def test_each_part_has_an_address_by_the_whole_id_and_says_when_it_has_nothing(name, page):
    gnomon.run("bare").finish()
    run = gnomon.open().run("@1").id
    assert page(ask("bare", ("x", "1"))) == Redirect(f"/run/{run}/{name}?x=1")
    html = html_of(page, run)
    assert f'href="/run/{run}/{name}" aria-current="page"' in html
    assert "/notebook" not in html, "there is none"
    nothing = {"lineage": "The record knows of nothing that it came from."}
    assert 'class="empty"' in html or nothing[name] in words_of(html)


# --- charts


def test_each_curve_is_a_chart_and_a_single_value_is_a_number():
    with gnomon.run() as run:
        run.log({"train/loss": 1.0, "acc": 1.0}, step=0)
        run.log({"train/loss": 0.5, "acc": 2.0, "system/cpu_percent": 3.0}, step=1)
        run.log(score=0.25, step=2)
    html = html_of(run_charts.charts, run.id, ("x", "time"), ("smooth", "0.9"), ("log", "1"))
    charts = re.findall(r'data-chart="([^"]+)" data-title="([^"]+)"', html)
    assert [title for _, title in charts] == ["acc", "train/loss"]
    assert charts[0][0] == f"/chart?run={run.id}&amp;x=time&amp;smooth=0.9&amp;log=1&amp;metric=acc"
    assert "Single values score 0.25 step 2" in words_of(html)


def test_of_many_charts_some_are_on_a_page_and_the_next_are_a_link_away():
    names = [f"{part}/m{n:03}" for part in ("a", "b") for n in range(run_charts.CHARTS)]
    run = train(**dict.fromkeys(names, 1))
    first = html_of(run_charts.charts, run)
    assert re.findall(r'data-title="([^"]+)"', first) == names[: run_charts.CHARTS]
    assert f"from={run_charts.CHARTS}" in first and "Charts 1 to 60 of 120" in words_of(first)
    then = html_of(run_charts.charts, run, ("from", str(run_charts.CHARTS)))
    assert re.findall(r'data-title="([^"]+)"', then) == names[run_charts.CHARTS :]
    assert html_of(run_charts.charts, run, ("from", "99999")).count("data-chart") == run_charts.CHARTS
    some = html_of(run_charts.charts, run, ("name", "b/m00*"))
    assert re.findall(r'data-title="([^"]+)"', some) == names[run_charts.CHARTS :][:10]


def test_system_series_are_grouped_by_what_they_measure_with_their_units():
    run = train(
        **{
            "system/cpu_percent": 1,
            "system/process_memory_bytes": 1,
            "system/gpu_0_watts": 1,
            "system/odd": 1,
        }
    )
    html = html_of(run_charts.system, run)
    assert re.findall(r"<h2>([^<]+)</h2>", html) == ["Processor", "Memory", "GPU", "Other"]
    assert ["cpu_percent", "2 %", "0 %", "2 %"] in rows_of(html) and [
        "process_memory_bytes",
        "2 B",
        "0 B",
        "2 B",
    ] in rows_of(html)


# --- console


def piece(text, stream="out", skipped=0, process="p"):
    return Printed(stream, text, 0.0, skipped, process)


def test_lines_are_put_together_from_pieces_and_have_no_codes():
    pieces = [
        piece("a \x1b[31mred\x1b[0m "),
        piece("word\n"),
        piece("oh\n", "err"),
        piece("tail\x07\n", skipped=5),
    ]
    found = [(line.number, line.stream, line.text, line.skipped_bytes) for line in console_lines(pieces)]
    assert found == [(1, "out", "a red word", 0), (2, "err", "oh", 0), (3, "out", "tail\\x07", 5)]
    (long,) = console_lines([piece("x" * (LONGEST + 7))])
    assert long.text.endswith("x … 7 more characters")
    assert list(console_lines([])) == []


def printing(code):
    done = subprocess.run(
        [sys.executable, "-c", f"import gnomon, sys\nwith gnomon.run('prints') as run:\n    {code}"],
        env={**os.environ, "GNOMON_CAPTURE": "console"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return gnomon.open().run("@1").id


@pytest.mark.slow
def test_the_console_tells_the_streams_apart_and_finds_words():
    run = printing("print('one <b>'); print('two', file=sys.stderr); print('Three')")
    html = html_of(run_console.console, run)
    assert '<span class="err">two' in html and "one &lt;b&gt;" in html
    found = html_of(run_console.console, run, ("q", "three"))
    assert (
        "Three" in words_of(found)
        and "one" not in words_of(found).partition("All lines")[2].partition("Also")[0]
    )
    assert '"err"' not in html_of(run_console.console, run, ("stream", "out")).partition("run-console")[2]
    assert "No line matches." in words_of(html_of(run_console.console, run, ("q", "nothing")))


@pytest.mark.slow
def test_the_console_shows_the_end_and_leads_to_what_was_before():
    run = printing(f"[print('line', n) for n in range({LINES} + 500)]")
    html = html_of(run_console.console, run)
    assert f"line {LINES + 499}\n" in html and "line 499\n" not in html
    before = re.search(r"before=(\d+)", html)[1]
    earlier = html_of(run_console.console, run, ("before", before))
    assert "line 499\n" in earlier and "line 500\n" not in earlier and "line 0\n" in earlier


# --- code

DIFF = """diff --git a/train.py b/train.py
--- a/train.py
+++ b/train.py
@@ -1,2 +1,2 @@
 import gnomon
-lr = 0.1
+lr = 0.2 # <b>
"""


def with_code(files, **facts):
    with gnomon.run("coded") as run:
        run.log(loss=1.0)
    session = session_for(None)
    body = {
        "parts": {"code": {"kind": "git", "commit": "c" * 40, "is_dirty": True, **facts}},
        "files": {"code": files},
    }
    session.append(entries.CAPTURED, f"process:{session.log_id}", body, strict=True)
    session.sync()
    return run.id


def test_the_diff_is_shown_by_file_and_given_as_a_file():
    run = with_code(
        {"diff": DIFF},
        branch="main",
        untracked=[{"path": "x.py", "size": 3, "digest": "", "why_not": "too large"}],
    )
    html = html_of(run_code.code, run)
    assert '<span class="del">-lr = 0.1</span><span class="add">+lr = 0.2 # &lt;b&gt;</span>' in html
    assert "train.py +1 −1" in words_of(html) and "not as committed" in words_of(html)
    assert ["x.py", "3 B", "too large"] in rows_of(html)
    answer = run_code.diff(ask(run))
    assert isinstance(answer, Binary) and answer.parts == [DIFF.encode()] and answer.name == f"{run[:8]}.diff"


def test_a_long_diff_is_cut_and_says_so():
    body = "".join(f"+line {n}\n" for n in range(5_000))
    run = with_code({"diff": f"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -0,0 +1,5000 @@\n{body}"})
    html = html_of(run_code.code, run)
    assert html.count('<span class="add">') == run_code.OF_ONE_FILE - 1 and "4,001 more lines" in words_of(
        html
    )


def test_a_run_without_a_diff_has_no_such_file():
    with pytest.raises(UnknownSubjectError, match="has no diff"):
        run_code.diff(ask(train(loss=1)))


# --- files


@pytest.fixture
def kept(project):
    (project / "out" / "deep").mkdir(parents=True)
    (project / "out" / "deep" / "a.txt").write_text("inside")
    (project / "out" / "big.bin").write_bytes(b"\0" * 10)
    (project / "p.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (project / "page.html").write_text("<script>x</script>")
    with gnomon.run() as run:
        run.keep(project / "out", name="out")
        run.keep(project / "p.png", name="p.png")
        run.keep(project / "page.html", name="page.html")
        (project / "page.html").write_text("newer")
        run.keep(project / "page.html", name="page.html")
    return run.id


def test_kept_files_are_shown_where_a_browser_may_and_offered_always(kept):
    html = html_of(run_files.files, kept)
    assert re.search(r'<img src="http://localhost:1/o/\w{64}/p.png\?image/png"', html)
    assert re.search(
        r'<iframe class="shown" sandbox loading="lazy" src="http://localhost:1/o/\w{64}/page.html\?text/plain"',
        html,
    )
    assert html.count("&amp;download") == 5, "each file has its own"
    assert re.search(r'href="http://localhost:1/o/\w{64}/deep/a.txt\?text/plain&amp;tree"', html)
    assert "replaced by a later one of this name" in words_of(html)
    assert [row[:2] for row in rows_of(html)] == [
        ["file", "size"],
        ["big.bin", "10 B"],
        ["deep/a.txt", "6 B"],
    ]


def test_files_are_filtered_by_name(kept):
    assert "p.png" not in words_of(html_of(run_files.files, kept, ("name", "page"))).partition("Lineage")[2]


def test_what_came_since_a_page_was_loaded_is_said_and_shown_when_asked_for(project):
    (project / "one.txt").write_text("one")
    with gnomon.run() as run:
        run.keep(project / "one.txt", name="a.txt")
        run.log(picture=gnomon.Text("first"))
        assert "since this page" not in html_of(run_files.files, run.id)
        run.keep(project / "one.txt", name="b.txt")
        run.log({"picture": gnomon.Text("second"), "other": gnomon.Text("third")})
        files = html_of(run_files.files, run.id, ("had", "1"), part="more")
        assert words_of(files) == "1 more file since this page was loaded. Show"
        assert f'hx-get="/run/{run.id}/files?part=more&amp;had=1"' in files
    media = html_of(run_media.media, run.id, ("had", "1"), part="more")
    assert words_of(media) == "2 more values since this page was loaded. Show"
    assert words_of(html_of(run_media.media, run.id, ("had", "3"), part="more")) == ""
    assert "hx-get" not in html_of(run_files.files, run.id, ("had", "1"), part="more"), "it has ended"


def test_a_folder_whose_list_is_not_here_says_so(kept, monkeypatch):
    from gnomon.errors import MissingObjectError
    from gnomon.objects.store import ObjectStore

    def missing(*_):
        raise MissingObjectError("not in this replica")

    monkeypatch.setattr(ObjectStore, "read_tree", missing)
    assert "cannot be listed here: not in this replica" in words_of(html_of(run_files.files, kept))


# --- media


@pytest.fixture
def rich():
    with gnomon.run() as run:
        for step in (0, 5, 9):
            run.log(
                {
                    "cloud": gnomon.Points3D([[0, 0, 0, 1], [2, 0, 0, 2], [1, 1, step, 2]]),
                    "said": gnomon.Text(f"at {step}"),
                },
                step=step,
            )
    return run.id


def test_each_series_stands_at_its_last_step_or_at_the_one_of_the_address(rich):
    html = html_of(run_media.media, rich)
    assert 'data-series="said" data-step="9" data-steps="0,5,9"' in html and "at 9" in html
    assert "series=said&amp;step=5#media-2" in html
    chosen = html_of(run_media.media, rich, ("series", "said"), ("step", "7"))
    assert "at 5" in chosen and 'data-series="cloud" data-step="9"' in chosen
    assert "series=said&amp;step=9#media-2" in chosen and "series=said&amp;step=0#media-2" in chosen
    assert "at 5" in html_of(run_media.media, rich, ("series", "said"), ("step", "5"))
    alone = html_of(run_media.media, rich, ("series", "said"), ("step", "0"), part="values")
    assert "at 0" in alone and "run-head" not in alone and "cloud" not in alone
    with pytest.raises(UnknownSubjectError, match="logged no `other`"):
        run_media.media(ask(rich, ("series", "other")))


def test_points_in_space_are_given_as_numbers_from_minus_one_to_one(rich):
    answer = run_media.points(ask(rich, ("series", "cloud"), ("step", "0")))
    data = b"".join(answer.parts)
    assert struct.unpack("<I", data[:4]) == (3,)
    assert numpy.frombuffer(data[4:40], "<f4").reshape(3, 3).tolist() == [
        [-1, -0.5, 0],
        [1, -0.5, 0],
        [0, 0.5, 0],
    ]
    assert len(data) == 4 + 36 + 9 and data[43:46] == data[46:49] != data[40:43], "a colour for each category"
    with pytest.raises(UnknownSubjectError):
        run_media.points(ask(rich, ("series", "cloud"), ("step", "1")))


def test_more_series_than_a_page_shows_are_linked():
    with gnomon.run() as run:
        run.log({f"t{n:02}": gnomon.Text("x") for n in range(run_media.SERIES + 2)})
    html = html_of(run_media.media, run.id)
    assert html.count("data-series") == run_media.SERIES and f"name=t{run_media.SERIES + 1}" in html


# --- notebook


def with_cells(*cells):
    with gnomon.run("noted") as run:
        run.log(loss=1.0)
    session = session_for(None)
    subject = f"process:{session.log_id}"
    session.append(
        entries.CAPTURED,
        subject,
        {"parts": {"notebook": {"name": "n.ipynb", "cells": ["a", "b"]}}},
        strict=True,
    )
    for nth, cell in enumerate(cells, start=1):
        body = {
            "nth": nth,
            "execution_count": nth,
            "status": "ok",
            "started_us": 1,
            "duration_s": 0.5,
            **cell,
        }
        session.append(entries.CELL, subject, body, strict=True)
    session.sync()
    return run.id


def test_cells_are_shown_in_order_with_what_came_of_them():
    digest = "a" * 64
    run = with_cells(
        {"cell": "b", "source": "print('<i>')", "outputs": [{"kind": "stream", "name": "err", "text": "\x1b[31moh\x1b[0m\n"}]},
        {"cell": "a", "source": "show()", "status": "error", "error": "ValueError", "outputs": [
            {"kind": "display", "plain": "<Figure>", "objects": [["image/png", digest, 3]]},
            {"kind": "result", "plain": "a table", "objects": [["text/html", digest, 3]], "left_out": [["text/latex", 9]]}]},
    )  # fmt: skip
    html = html_of(run_notebook.notebook, run)
    text = words_of(html)
    assert "Not from top to bottom." in text and "cell 2 ran before cell 1" in text
    assert text.index("print('<i>')") < text.index("show()") and "print(&#39;&lt;i&gt;&#39;)" in html
    assert '<div class="out err">' in html and ">oh</pre>" in html
    assert f'<img src="http://localhost:1/o/{digest}/output.png?image/png"' in html
    assert (
        f'<iframe class="shown" sandbox loading="lazy" src="http://localhost:1/o/{digest}/output.html?text/html"'
        in html
    )
    assert "text/latex (9 B, not kept)" in text and "failed" in text


def test_a_run_that_no_notebook_made_has_no_such_part():
    with pytest.raises(UnknownSubjectError, match="has no cells"):
        run_notebook.notebook(ask(train(loss=1)))


# --- lineage


@pytest.mark.slow
def test_lineage_leads_to_runs_and_data_and_says_where_it_knows_nothing(project):
    (project / "in.csv").write_text("a\n1\n")
    gnomon.add_data(project / "in.csv", name="credit")
    with gnomon.run("first") as first:
        first.use("credit@v1")
        (project / "m.bin").write_text("model")
        first.keep(project / "m.bin", name="m.bin")
    with gnomon.run("second") as second:
        second.use(project / "m.bin")
    html = html_of(run_lineage.lineage, first.id)
    assert 'href="/data/credit/v1"' in html and f'href="/run/{second.id}"' in html
    assert re.search(r'href="/lineage\?of=object%3A\w{64}"', html) and f"/lineage?of=run%3A{first.id}" in html
    assert "knows of nothing that came of it" in words_of(html_of(run_lineage.lineage, second.id))


def test_the_address_of_a_node_that_is_not_here_is_its_lineage():
    from gnomon.lineage.graph import Node

    assert run_lineage.to_node(Node("run:" + "0" * 20, "00000000", is_known=False)).startswith(
        "/lineage?of=run%3A"
    )
