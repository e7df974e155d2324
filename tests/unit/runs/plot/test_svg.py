"""The picture as SVG: well-formed, complete, and nothing else than the picture."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gnomon
from gnomon.errors import BadArgumentError
from gnomon.runs.plot.svg import ticks_of

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e\"'&\x00]]>"


def tree(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def drawn_places(text: str) -> list[tuple[float, float]]:
    """Return every point of the lines of a picture: of paths, and of marks."""
    (frame,) = [one for one in tree(text).iter(f"{SVG}svg") if one.get("class") == "gn-lines"]
    found = [place for path in frame.iter(f"{SVG}path") for place in places(path.get("d", ""))]
    return found + [(float(one.get("cx", 0)), float(one.get("cy", 0))) for one in frame.iter(f"{SVG}circle")]


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=40), st.booleans(), st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_series_gives_a_picture_that_holds_its_extremes(made_up, points, is_log, is_log_x):
    if is_log:
        points = [(x, y if y > 0 else math.nan) for x, y in points]
    if is_log_x:
        points = [(x, y) for x, y in points if x > 0]
    plot = made_up(("one", [x for x, _ in points], [y for _, y in points]), is_log=is_log, is_log_x=is_log_x)
    text = plot.svg()
    scale, across = plot.y_scale(plot.panels[0]), plot.x_scale()
    if scale is None or across is None:
        assert "nothing to draw" in text
        return
    (frame,) = [one for one in tree(text).iter(f"{SVG}svg") if one.get("class") == "gn-lines"]
    width, height = float(frame.get("width", 0)), float(frame.get("height", 0))
    found = drawn_places(text)
    ys = [y for _, y in points if y == y]
    for extreme, chosen in ((min(ys), max), (max(ys), min)):
        assert chosen(y for _, y in found) == pytest.approx((1 - scale.at(extreme)) * height, abs=0.11)
    assert all(-0.1 <= x <= width + 0.1 and -0.1 <= y <= height + 0.1 for x, y in found)


def test_equal_plots_give_equal_bytes(made_up):
    assert made_up(("a", [0, 1], [1, 2])).svg() == made_up(("a", [0, 1], [1, 2])).svg()


def test_two_points_make_a_line(made_up):
    text = made_up(("a", [0, 1], [1, 2])).svg()
    (path,) = [one.get("d", "") for one in tree(text).iter(f"{SVG}path") if one.get("class") == "gn-s0"]
    assert len(places(path)) == 2


def test_a_gap_parts_the_line(made_up):
    text = made_up(("a", range(60), [math.nan if 20 <= x < 30 else float(x) for x in range(60)])).svg()
    (path,) = [one.get("d", "") for one in tree(text).iter(f"{SVG}path") if one.get("class") == "gn-s0"]
    assert path.count("M") == 2 and len(places(path)) == 50


def test_a_lone_point_gets_a_mark(made_up):
    assert len(list(tree(made_up(("a", [3], [0.5])).svg()).iter(f"{SVG}circle"))) == 1
    ys = [float(x) if x != 40 and x != 42 else math.nan for x in range(60)]
    assert len(list(tree(made_up(("a", range(60), ys)).svg()).iter(f"{SVG}circle"))) == 1


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_hostile_names_stay_text(log, theme):
    log(HOSTILE, loss=[1.0, 2.0], params={"a": 1})
    log("second", loss=[2.0, 3.0])
    text = gnomon.open().plot(metrics="loss", title=HOSTILE).svg(theme)
    root = tree(text)
    names = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert names <= {"svg", "style", "title", "desc", "rect", "text", "g", "path", "circle"}
    assert "\x1b" not in text and "\u202e" not in text
    assert any("onerror" in (one.text or "") for one in root.iter(f"{SVG}title"))
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_the_legend_is_beside_the_lines(made_up):
    plot = made_up(*((f"run with a long name {n}", [0, 1], [0, n]) for n in range(12)))
    root = tree(plot.svg())
    (frame,) = [one for one in root.iter(f"{SVG}svg") if one.get("class") == "gn-lines"]
    right = float(frame.get("x", 0)) + float(frame.get("width", 0))
    keys = [one for one in root.iter(f"{SVG}g") if one.get("class") == "gn-key"]
    assert len(keys) == 12
    assert all(float(key.find(f"{SVG}rect").get("x")) > right for key in keys)
    assert all(float(one.get("x", 0)) < float(root.get("width")) for one in root.iter(f"{SVG}text"))


def test_a_hundred_lines_have_a_legend_from_the_first_to_the_last(made_up):
    plot = made_up(*((f"run-{n:03}", [0, 1], [0, n]) for n in range(100)))
    text = plot.svg()
    shown = re.findall(r">(run-\d+)</text>", text)
    assert shown[0] == "run-000" and shown[-1] == "run-099" and 10 <= len(shown) < 40
    assert f"and {100 - len(shown)} more" in text
    assert len(re.findall('class="gn-line"', text)) == 100


def test_one_line_needs_no_legend(made_up):
    assert "gn-key" not in made_up(("a", [0, 1], [1, 2])).svg()


def test_ticks_have_room(made_up):
    plot = made_up(("a", [0, 1e9], [0, 1]))
    from gnomon.runs.plot.svg import Box

    scales = plot.x_scale(), plot.y_scale(plot.panels[0])
    assert len(ticks_of(Box(0, 0, 120, 60), *scales)[0]) < len(ticks_of(Box(0, 0, 900, 60), *scales)[0])


def test_pictures_in_one_page_do_not_colour_each_other(made_up):
    few, many = made_up(("a", [0], [1])).svg(), made_up(*((str(n), [0], [n]) for n in range(30))).svg()
    for text, count in ((few, 1), (many, 30)):
        (style,) = re.findall("<style>(.*?)</style>", text)
        rules = re.findall(r"(\.gn[^{]*)\{[^{}]*\}", style)
        assert rules and all(rule.startswith(f".gn-of-{count} ") for rule in rules)


def test_no_other_theme_and_no_odd_size(made_up, log):
    with pytest.raises(BadArgumentError, match="`theme` of a plot must be"):
        made_up(("a", [0], [1])).svg("sepia")
    log("a", loss=[1.0])
    for size in (0, 199, 10_001, 300.0, True):
        with pytest.raises(BadArgumentError, match="`width` of `plot"):
            gnomon.open().plot(width=size)
    assert 'width="300" height="200"' in gnomon.open().plot(width=300, height=200).svg()
