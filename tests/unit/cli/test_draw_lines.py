"""Several curves in a terminal."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise

import pytest

from gnomon.cli.draw_lines import MOST_KEYS, Frame, curves, legend
from gnomon.runs.plot.few import OTHERS
from gnomon.runs.plot.lines import Line
from gnomon.runs.plot.picture import Panel
from gnomon.runs.plot.scale import scale_of


def line(key, ys, label="a", **more) -> Line:
    xs = list(range(len(ys)))
    return Line(key, label, "m", ("r",), xs, list(ys), points=len(ys), **more)


def paint(text, *styles):
    return f"<{'+'.join(styles)}>{text}</>"


def drawn(*lines, width=60, height=12, is_unicode=True, is_coloured=False, is_log=False):
    frame = Frame(width, height, is_unicode, is_coloured, paint if is_coloured else lambda text, *_: text)
    values = [
        y for one in lines for ys in (one.ys, one.lows, one.highs, (one.raw or ((), ()))[1]) for y in ys
    ]
    scale = scale_of(values, is_log=is_log)
    xs = scale_of([x for one in lines for x in one.xs], padding=0)
    keys = [one.label for one in sorted(lines, key=lambda one: one.key) if one.key != OTHERS]
    return curves(lines, xs, scale, frame, x_name="step"), legend([Panel("m", lines)], keys, frame)


def test_one_line_is_braille_between_axes_with_ticks():
    text, _ = drawn(line(0, [0, 1, 2, 3]))
    assert any("┬" in row for row in text[-3:])
    assert [row.split()[0] for row in text if "┤" in row] == ["3", "2", "1", "0"]
    assert "step" in text[-1] and all(len(row) <= 60 for row in text)
    assert any("\u2801" <= char <= "\u28ff" for row in text for char in row)


def test_without_colour_letters_tell_lines_apart():
    text, names = drawn(line(0, [0, 1] * 30, "first"), line(1, [5, 4] * 30, "second"))
    upper, lower = "".join(text[:4]), "".join(text[6:10])
    assert "b" in upper and "a" not in upper
    assert "a" in lower and "b" not in lower
    assert [row.split()[:2] for row in names] == [["a", "first"], ["b", "second"]]


def test_with_colour_lines_have_colours_and_no_letters():
    text, names = drawn(line(0, [0, 1], "one"), line(1, [5, 4], "two"), is_coloured=True)
    drawing = "\n".join(text)
    assert "<cyan>" in drawing and "<yellow>" in drawing
    assert not re.search(r">[a-z]", drawing)
    assert names[0].startswith("  <cyan>━━</>") and names[1].startswith("  <yellow>━━</>")


def test_more_lines_than_colours_get_letters_too():
    text, names = drawn(*(line(n, [n, n + 1]) for n in range(8)), is_coloured=True)
    assert re.search(r"h", "".join(text)) and "━━h" in names[-1]


def test_ascii_where_unicode_is_not_shown():
    means = {"lows": [0, 0, 1], "highs": [2, 2, 3], "counts": [2, 2, 2]}
    lines = (line(0, [1, 1, 2], raw=([0, 1, 2], [0, 3, 0])), line(1, [1, 1, 2], **means))
    text, names = drawn(*lines, is_unicode=False)
    assert all(row.isascii() for row in [*text, *names])
    assert any(":" in row for row in text) and any("," in row for row in text)


def test_the_raw_line_is_paler_than_the_smoothed_one():
    text, _ = drawn(line(0, [1, 1, 1], raw=([0, 1, 2], [0, 2, 0])))
    assert any("·" in row for row in text)
    text, _ = drawn(line(0, [1, 1, 1], raw=([0, 1, 2], [0, 2, 0])), is_coloured=True)
    assert any("<dim+cyan>" in row for row in text)


def test_a_band_is_shaded_and_its_interval_is_in_the_legend():
    text, names = drawn(line(0, [2.0, 2.0], lows=[1.0, 1.0], highs=[3.0, 3.0], counts=[3, 4]))
    assert sum("░" in row for row in text) > 4
    assert names == ["        mean [95 % interval]", "  ━━ a  2.0 [1.0, 3.0]  4 seeds"]


def test_intervals_of_one_legend_have_equally_many_digits():
    wide = line(0, [0.9], "wide", lows=[0.88], highs=[0.92], counts=[3])
    narrow = line(1, [0.951234], "narrow", lows=[0.9510], highs=[0.9514], counts=[3])
    _, names = drawn(wide, narrow)
    assert [row.split()[2:5] for row in names[1:]] == [
        ["0.9000", "[0.8800,", "0.9200]"],
        ["0.9512", "[0.9510,", "0.9514]"],
    ]


def test_the_legend_of_a_smoothed_line_ends_with_the_value_as_logged():
    _, names = drawn(line(0, [5.0, 4.5], raw=([0, 1], [5.0, 3.0])), line(1, [1.0, 1.0], "b"))
    assert names[0].split()[-1] == "3"


def test_one_legend_for_all_panels_has_a_column_of_values_for_each():
    first, second = line(0, [1.0], "run-a"), line(1, [2.0], "run-b")
    panels = [Panel("loss", (first, second)), Panel("auc", (replace(first, ys=[7.0]),))]
    frame = Frame(60, 10, True, False, lambda text, *_: text)
    names = legend(panels, ["run-a", "run-b"], frame)
    assert [row.split() for row in names] == [
        ["loss", "auc"],
        ["a", "run-a", "1", "7"],
        ["b", "run-b", "2", "-"],
    ]
    narrow = legend(panels, ["x" * 70, "run-b"], frame._replace(width=34))
    assert narrow[0].split() == ["loss"] and all(len(row) <= 34 for row in narrow)


def test_a_line_alone_in_its_axes_has_the_letter_of_the_shared_legend():
    first, second = line(0, [1.0, 2.0] * 20, "run-a"), line(1, [2.0, 3.0] * 20, "run-b")
    scales = scale_of([0, 39], padding=0), scale_of([2.0, 3.0])
    frame = Frame(60, 10, True, False, lambda text, *_: text)
    alone = "".join(curves([second], *scales, frame, x_name=""))
    assert "b" not in alone
    assert "b" in "".join(curves([second], *scales, frame, x_name="", among=[first, second]))


def test_ids_at_the_end_of_long_names_stay_whole():
    names = [f"{'mlp-' * 20}{seed} 0c6d9fa{seed}" for seed in range(2)]
    _, shown = drawn(*(line(key, [1.0], name) for key, name in enumerate(names)), width=40)
    assert [row.split()[-2] for row in shown] == ["0c6d9fa0", "0c6d9fa1"]


@pytest.mark.parametrize("height", range(5, 30))
@pytest.mark.parametrize("top", [1.0, 19.0])
def test_y_ticks_are_even_and_a_row_apart_at_every_height(height, top):
    text, _ = drawn(line(0, [0.0, top]), height=height)
    rows = [at for at, row in enumerate(text) if "┤" in row]
    values = [float(text[at].split()[0]) for at in rows]
    gaps = {round(high - low, 6) for high, low in pairwise(values)}
    assert len(gaps) <= 1, text
    assert len(rows) == 2 or all(low - high >= 2 for high, low in pairwise(rows)), text


@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_name_of_the_x_axis_stands_beside_its_ticks(width):
    text, _ = drawn(line(0, [0.5, 1.0, 3.5]), width=width)
    assert "step" in text[-1] and len(text[-1].split()) >= 3


def test_lines_without_a_key_are_dim_behind_the_others_and_have_no_letter():
    shown = [line(OTHERS, [5, 4] * 30, "c"), line(0, [0, 1] * 30), line(1, [9, 8] * 30, "b")]
    text, _ = drawn(*shown[1:], shown[0], is_coloured=True)
    assert any("<dim>" in row for row in text)
    frame = Frame(60, 12, True, False, lambda text, *_: text)
    names = legend([Panel("loss", shown)], ["a", "b"], frame)
    assert [row.split()[0] for row in names] == ["a", "b", "named:", "1"]
    narrow = legend([Panel("loss" * 20, shown)], ["a", "b"], frame._replace(width=40))
    assert len(narrow) == 4 and all(len(row) <= 40 for row in narrow)


def test_a_gap_stays_open():
    text, _ = drawn(line(0, [1.0] * 20 + [math.nan] * 20 + [1.0] * 20), width=66)
    row = next(row for row in text if "⠉" in row or "⠤" in row or "⠒" in row or "⣀" in row)
    assert " " * 15 in row.partition("┤" if "┤" in row else "│")[2].strip()


@pytest.mark.parametrize("width", [1, 20, 33, 200])
@pytest.mark.parametrize("ys", [[0.5], [1e300, -1e300], [1e-320, 2e-320], [7, 7, 7], [math.nan, 1]])
def test_nothing_is_wider_than_it_may_be(width, ys):
    text, _ = drawn(line(0, ys), line(1, ys), width=width, height=1)
    assert all(len(row) <= max(width, 20) for row in text) and len(text) >= 5


def test_hostile_names_do_not_touch_the_terminal():
    _, names = drawn(line(0, [1], "\x1b[2J\x07\u202e"), line(1, [2], "b" * 500))
    assert all(row.isprintable() and len(row) <= 60 for row in names)


def test_the_legend_of_many_lines_ends():
    _, names = drawn(*(line(n, [n], f"run-{n}") for n in range(60)))
    assert len(names) == MOST_KEYS + 1 and names[-1] == "  and 40 more"
