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


def whiskers(plot):
    """Return the ends of the intervals that are drawn as bars: (upper, lower) each, as y of the picture."""
    paths = [
        one.get("d", "") for one in tree(plot.svg()).iter(f"{SVG}path") if one.get("data-of") == "whiskers"
    ]
    return [tuple(map(float, re.findall(r"M[\d.]+ ([\d.]+)L[\d.]+ ([\d.]+)", path)[0])) for path in paths]


def test_an_interval_at_one_x_alone_is_a_bar(log):
    for seed, value in enumerate((1.0, 2.0, 3.0)):
        log("a", loss=[value], seed=seed, group="g", params={"lr": 1})
        log("b", loss=[value, value], seed=seed, group="h", params={"lr": 2})
    (drawn,) = whiskers(gnomon.open().plot(metrics="loss", groups=True))
    assert drawn[1] - drawn[0] > 100  # pixels of the 480
    (on_log,) = whiskers(gnomon.open().plot(metrics="loss", groups=True, log=True))
    assert on_log[1] > on_log[0]  # its low end is below 0: it ends at the bottom


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


# --- colours that lines share


def strokes(plot) -> dict[str, tuple[str, str]]:
    """Return the colour and the dashes of each line by its label, as they stand in the file."""
    found = {}
    for group in ElementTree.fromstring(plot.svg("light")).iter("{http://www.w3.org/2000/svg}g"):
        if group.get("class") == "gn-line":
            path = next(part for part in group if part.tag.endswith("path"))
            found[group[0].text] = path.get("stroke"), path.get("stroke-dasharray") or ""
    return found


def test_metrics_of_one_run_share_its_colour_and_differ_in_dashes(log):
    for name in ("one", "two"):
        log(name, train=[1.0, 2.0], val=[2.0, 3.0])
    found = strokes(gnomon.open().plot(metrics=["train", "val"], together=True))
    assert list(found) == ["one · train", "two · train", "one · val", "two · val"]
    colour = {label: shade for label, (shade, _) in found.items()}
    assert colour["one · train"] == colour["one · val"] != colour["two · train"] == colour["two · val"]
    dashes = {label: dash for label, (_, dash) in found.items()}
    assert dashes["one · train"] == dashes["two · train"] == "" != dashes["one · val"] == dashes["two · val"]


@pytest.mark.parametrize("by", ["lr", "params.lr"])
def test_runs_of_one_value_share_a_colour_and_a_key_in_the_order_of_the_values(log, by):
    for lr, seed in [(0.1, 0), (1e-05, 0), (0.1, 1), (None, 2)]:
        log(f"lr-{lr}-{seed}", loss=[1.0, 2.0], params={"lr": lr} if lr else {}, seed=seed)
    plot = gnomon.open().plot(metrics="loss", color_by=by)
    key = by.removeprefix("params.")
    assert plot.keys == (f"{key} 1e-05", f"{key} 0.1", f"no {key}")
    colours = {label: shade for label, (shade, _) in strokes(plot).items()}
    assert colours["lr-0.1-0"] == colours["lr-0.1-1"]
    assert len({colours["lr-0.1-0"], colours["lr-1e-05-0"], colours["lr-None-2"]}) == 3


def test_groups_of_seeds_can_be_told_apart_by_colour_with_each_run_drawn(log):
    for width in (32, 128):
        for seed in range(3):
            log("mlp", loss=[1.0 * width, 2.0], params={"width": width}, seed=seed, group=f"w{width}")
    plot = gnomon.open().plot(metrics="loss", color_by="group")
    assert plot.keys == ("w32", "w128") and [line.key for line in plot.panels[0].lines] == [0, 0, 0, 1, 1, 1]
    dark = ElementTree.fromstring(plot.svg()).find(".//{http://www.w3.org/2000/svg}style").text
    assert dark.count(".gn-s") == 2
    assert '"label":"mlp' in plot.html()


def test_a_parameter_that_no_run_has_is_named_with_those_that_are_near(log):
    log("a", loss=[1.0], params={"hidden": 3})
    with pytest.raises(BadArgumentError) as raised:
        gnomon.open().plot(metrics="loss", color_by="hiden")
    assert "`hiden`" in str(raised.value) and "`hidden`" in str(raised.value)


def test_pictures_with_other_colours_for_as_many_lines_have_a_class_of_their_own(log):
    for lr in (1, 2):
        log(f"a{lr}", train=[1.0], val=[1.0], params={"lr": lr})
    record = gnomon.open()
    shared = record.plot(metrics=["train", "val"], together=True)
    apart = (
        record.plot("a1", ["train", "val"], together=True),
        record.plot("a2", ["train", "val"], together=True),
    )
    of = [re.search(r'class="gnomon-plot (\S+)"', plot.svg())[1] for plot in (shared, *apart)]
    assert of[1] == of[2] == "gn-of-2" and of[0].startswith("gn-of-4-")


def test_the_id_in_a_long_label_stays_whole_and_names_the_run(log):
    ids = [log("mlp-32-lr0.001-wd0.0001-sgd-cosine-warmup", loss=[1.0]) for _ in range(2)]
    texts = [
        part.text
        for part in ElementTree.fromstring(gnomon.open().plot(metrics="loss").svg()).iter()
        if part.text
    ]
    for run in ids:
        assert any("…" in text and text.endswith(f" {run[:8]}") for text in texts), texts
