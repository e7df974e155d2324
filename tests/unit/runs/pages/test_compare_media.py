"""Rich values side by side: which value stands at a step, and how each kind is shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import gnomon
from gnomon.errors import BadArgumentError
from gnomon.runs.pages.media import MOST_STEPS, media, thinned
from gnomon.runs.pages.shown_value import BARS, CHARACTERS, bars, latest, shown_value
from tests.unit.runs.pages.showing import asked, link, rendered, rows_of, words_of

PIXEL = [[0, 255], [255, 0]]


def logged(name="a", **values):
    with gnomon.run(name) as run:
        for word, of in values.items():
            for step, value in of.items():
                run.log({word: value}, step=step)
    return run.id


def text(words):
    return gnomon.Text(words, format="plain")


def shown(*pairs, part=""):
    return rendered(media(asked(*pairs, part=part)), part)


def value(run, series):
    return shown_value(gnomon.open().run(run).values(series)[-1], link)


def cells(html):
    return {cells[0].split(" ")[0]: cells[1:] for cells in rows_of(html) if len(cells) > 1}


# --- side by side


@pytest.mark.slow
def test_each_panel_shows_the_value_at_the_step_or_the_last_before_it():
    a = logged(said={0: text("a0"), 10: text("a10")})
    b = logged(said={4: text("b4"), 20: text("b20")})
    of = [("run", a), ("run", b)]
    assert [one[:3].strip() for one in cells(shown(*of, ("step", "10")))["said"]] == ["a10", "b4"]
    assert cells(shown(*of, ("step", "3")))["said"] == [
        cells(shown(("run", a), ("step", "3")))["said"][0],
        "first at step 4",
    ]
    assert [one[:3] for one in cells(shown(*of))["said"]] == ["a10", "b20"]


def test_a_value_of_an_earlier_step_says_so():
    a = logged(said={0: text("a0"), 10: text("a10")})
    html = shown(("run", a), ("step", "5"))
    assert "panel-of earlier" in html and "step 0" in words_of(html)
    assert "panel-of earlier" not in shown(("run", a), ("step", "10"))


def test_steps_before_and_after_are_links_that_work_without_script():
    a = logged(said={0: text("x"), 10: text("y"), 30: text("z")})
    html = shown(("run", a), ("step", "10"))
    assert re.search(rf"rel=\"prev\"[^>]*href=\"/compare/media\?run={a}&amp;step=0\"", html)
    assert re.search(rf"rel=\"next\"[^>]*href=\"/compare/media\?run={a}&amp;step=30\"", html)
    html = shown(("run", a))
    assert re.search(r"rel=\"prev\"[^>]*step=10\"", html) and re.search(
        r"rel=\"next\"[^>]*aria-disabled", html
    )
    assert 'data-steps="0,10,30"' in html


def test_a_run_without_a_series_has_an_empty_panel():
    a, b = logged(said={0: text("x")}), logged(other={0: text("y")})
    assert cells(shown(("run", a), ("run", b)))["other"][0] == "-"


def test_series_are_chosen_by_pattern_and_rows_are_bounded():
    a = logged(**{f"s{number:02}": {0: text("x")} for number in range(32)})
    assert len([name for name in cells(shown(("run", a))) if name.startswith("s") and name != "series"]) == 30
    assert "2 more series (s30, s31)" in words_of(shown(("run", a)))
    assert list(cells(shown(("run", a), ("series", "s3*")))) == ["series", "s30", "s31"]
    assert "No series fits" in shown(("run", a), ("series", "nothing"))


def test_the_part_of_the_panels_stands_alone():
    a = logged(said={0: text("x"), 10: text("y")})
    html = shown(("run", a), ("step", "0"), part="panels")
    assert html.strip().startswith('<div id="panels" data-step="0"') and html.strip().endswith("</div>")
    assert shown(("run", a), part="media").strip().startswith("<section")


def test_runs_without_values_say_how_to_log_one():
    a, b = logged(), logged()
    assert "None of these runs has" in shown(("run", a), ("run", b)) and "gnomon.Image" in shown(("run", a))


def test_a_step_that_is_no_number_is_refused():
    a = logged(said={0: text("x")})
    with pytest.raises(BadArgumentError, match="`step`"):
        shown(("run", a), ("step", "ten"))


def test_very_many_steps_are_thinned_with_both_ends_kept():
    found = thinned(range(3 * MOST_STEPS))
    assert len(found) == MOST_STEPS and (found[0], found[-1]) == (0, 3 * MOST_STEPS - 1)


# --- one value


def test_a_picture_is_shown_from_the_other_origin_with_its_boxes_and_mask():
    picture = gnomon.Image(
        [[0, 255]] * 2, caption="<b>", boxes=[{"x": 0, "y": 0, "width": 1, "height": 1, "label": "cat", "score": 0.5}],
        mask=[[0, 1]] * 2, classes={1: "road"},
    )  # fmt: skip
    a = logged(sample={0: picture})
    found = value(a, "sample")
    assert found.src.startswith("http://localhost:1/o/") and "image/png" in found.src
    assert [(box.title, box.width) for box in found.boxes] == [("cat 0.5", 1.0)]
    assert [(one.number, one.name) for one in found.classes] == [(1, "road")]
    html = shown(("run", a))
    assert "&lt;b&gt;" in html and "<b>" not in html and found.mask in html.replace("&amp;", "&")
    assert [file.name for file in found.files] == ["image.png", "mask.png", "boxes.json"]
    assert all(file.link.endswith("&download") for file in found.files)


def test_a_table_shows_its_beginning_with_numbers_to_the_right():
    rows = [[number, f"row {number}", None] for number in range(50)]
    found = value(logged(table={0: gnomon.Table(columns=["n", "said", "none"], rows=rows)}), "table")
    assert found.table.columns == ["n", "said", "none"] and found.table.numeric == [True, False, False]
    assert found.table.rows[1] == [1, "row 1", None] and len(found.table.rows) == 20
    assert (found.table.total_rows, found.table.total_columns) == (50, 3)


def test_text_is_cut_and_markdown_brings_no_markup_of_its_own():
    a = logged(
        long={0: text("x" * (CHARACTERS + 7))}, said={0: gnomon.Text("**bold** <script>alert(1)</script>")}
    )
    assert (value(a, "long").cut, len(value(a, "long").text)) == (7, CHARACTERS)
    html = shown(("run", a), ("series", "said"))
    assert (
        re.search(r"<(b|strong)>bold</", html)
        and "&lt;script&gt;alert(1)" in html
        and "<script>alert" not in html
    )


def test_a_histogram_is_an_outline_whose_bars_have_areas_in_proportion():
    assert bars([0.0, 1.0, 3.0], [1, 2]).path == "M0 90V0H80V0H240V90Z"  # the same density
    found = bars([float(edge) for edge in range(1001)], [1] * 1000)
    assert found.path.count("H") <= BARS and found.total == "1,000 values"
    assert bars([], []).path == "" and bars([0.0, 1.0], [0]).path == ""
    assert bars([-1e308, 0.0, 1e308], [1, 1]).path == ""


def test_a_histogram_says_what_lies_outside():
    a = logged(weights={0: gnomon.Histogram([1.0, 2.0, float("nan")], bins=2)})
    assert "outside: 1 NaN" in words_of(shown(("run", a)))


def test_values_whose_bytes_are_gone_say_so_and_the_others_are_shown(project):
    a = logged(gone={0: text("x" * 100)}, there={0: gnomon.Image(PIXEL)})
    for folder, _, files in os.walk(project / ".gnomon" / "objects"):
        for name in files:
            Path(folder, name).unlink()
    html = shown(("run", a))
    assert 'class="said warn"' in html and "<img" in html


def test_the_latest_of_a_step_is_that_of_the_lowest_rank():
    class One:
        def __init__(self, step, rank=0, time_s=0.0):
            self.series, self.step, self.rank, self.time_s = "s", step, rank, time_s

    first, again, other = One(1), One(1, 0, 5.0), One(1, 1, 9.0)
    assert latest([first, again, other])["s"] is again
    assert latest([One(5), first], 3)["s"] is first
    assert latest([One(5)], 3) == {}
