"""Figures of Matplotlib and Plotly; those libraries are tried where they are installed."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from gnomon.errors import BadArgumentError, DamagedObjectError
from gnomon.runs.values.kinds import Figure
from gnomon.runs.values.plotly_preview import preview
from gnomon.runs.values.read import read_value
from gnomon.runs.values.recognise import encoded, is_rich
from tests.unit.runs.values.back import parts_of, there_and_back

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*traces, **layout):
    """Return (the picture, its texts, notes)."""
    data, notes = preview({"data": list(traces), "layout": layout})
    root = ET.fromstring(data)
    return root, [found.text for found in root.iter(f"{SVG}text")], notes


# ---------------------------------------------------------------- the preview needs no Plotly


def test_a_line_stands_where_its_numbers_say():
    root, texts, notes = drawn(
        {"type": "scatter", "x": [0, 10], "y": [0, 5]}, xaxis={"title": {"text": "steps"}}
    )
    path = next(found for found in root.iter(f"{SVG}path") if found.get("stroke-width") == "2")
    # the axes begin at 0 and leave a twentieth of room at the end: 72 + 488 / 1.05 = 536.8; 348 - 304 / 1.05 = 58.5
    assert path.get("d") == "M72.0 348.0L536.8 58.5"
    assert {"steps", "0", "10", "5"} <= set(texts)
    assert notes == []


def test_what_is_missing_leaves_a_gap():
    root, _, _ = drawn({"type": "scatter", "y": [1, None, 2, 3]})
    path = next(found for found in root.iter(f"{SVG}path") if found.get("stroke-width") == "2")
    assert "".join(letter for letter in path.get("d") if letter.isalpha()) == "MML"


def test_gaps_and_odd_numbers():
    root, _, _ = drawn({"y": [1, None, 2, 3, "x", float("nan"), 1e400, 10**400]}, {"y": []}, {"x": [1]}, {})
    assert root.find(f"{SVG}rect") is not None


def test_bars_stand_beside_each_other_and_begin_at_nothing():
    root, texts, _ = drawn(
        {"type": "bar", "x": ["cat", "dog"], "y": [2, -1], "name": "a"},
        {"type": "bar", "x": ["cat", "dog"], "y": [1, 1], "name": "b"},
    )
    groups = [group.findall(f"{SVG}rect") for group in root.findall(f"{SVG}g")]
    assert [len(group) for group in groups] == [2, 2]
    first, second = groups[0][0], groups[1][0]
    assert float(first.get("x")) + float(first.get("width")) == pytest.approx(float(second.get("x")), abs=0.2)
    assert float(first.get("height")) == pytest.approx(2 * float(second.get("height")), abs=0.2)
    below = groups[0][1]
    assert float(below.get("y")) == pytest.approx(float(first.get("y")) + float(first.get("height")), abs=0.2)
    assert {"cat", "dog", "a", "b"} <= set(texts)


def test_bars_are_as_long_as_their_numbers():
    root, _, _ = drawn({"type": "bar", "x": [1, 2], "y": [2, 3]})
    short, long = (float(found.get("height")) for found in root.find(f"{SVG}g"))
    assert short / long == pytest.approx(2 / 3, abs=0.001)
    bar = root.find(f"{SVG}g/{SVG}rect")
    assert float(bar.get("y")) + float(bar.get("height")) == 348  # the axis begins at nothing


def test_a_histogram_counts_numbers_and_texts():
    root, _, _ = drawn({"type": "histogram", "x": [0, 0, 1, 2], "nbinsx": 2})
    heights = [float(found.get("height")) for found in root.find(f"{SVG}g")]
    assert heights[0] == pytest.approx(heights[1], abs=0.1)  # [0, 1) and [1, 2]: two each
    _, texts, _ = drawn({"type": "histogram", "x": ["a", "b", "a"]})
    assert {"a", "b", "2"} <= set(texts)


def test_a_heatmap_has_cells_and_is_bounded():
    root, texts, _ = drawn({"type": "heatmap", "z": [[0, 1], [2, None]]})
    fills = [found.get("fill") for found in root.findall(f"{SVG}rect")][1:]
    assert fills == [
        "#440154",
        "#21918c",
        "#fde725",
    ]  # the lowest, the middle, the highest; none for what is missing
    assert {"dark: 0", "bright: 2"} <= set(texts)
    root, _, _ = drawn({"type": "heatmap", "z": [[1] * 500] * 500})
    assert len(root.findall(f"{SVG}rect")) == 1 + 63 * 63


def test_arrays_as_plotly_writes_them():
    import base64

    array = {"dtype": "i2", "bdata": base64.b64encode(np.arange(6, dtype="<i2").tobytes()).decode()}
    root, _, _ = drawn({"type": "heatmap", "z": {**array, "shape": "2, 3"}})
    assert len(root.findall(f"{SVG}rect")) == 1 + 6
    for broken in (
        {**array, "bdata": "!"},
        {**array, "bdata": 3},
        {**array, "dtype": "x9"},
        {**array, "bdata": "AAA="},
    ):
        drawn({"y": broken})


def test_times_and_logarithms():
    _, texts, _ = drawn(
        {"x": ["2026-01-01", "2026-02-01T12:00:00", "2026-03-01"], "y": [1e-4, 0, 1]}, yaxis={"type": "log"}
    )
    assert "0.0001" in texts
    assert any(text.startswith("2026-0") for text in texts)


def test_what_is_not_drawn_is_said():
    _, texts, notes = drawn(
        {"type": "pie"}, {"type": "pie"}, {"type": "scatter3d"}, {"y": [1, 2], "xaxis": "x2"}
    )
    assert notes == ["traces that the preview does not draw: pie (2), scatter (1), scatter3d (1)"]
    assert texts[-1] == "a preview; " + notes[0]


@pytest.mark.slow
def test_many_traces_and_points_are_bounded():
    data, notes = preview({"data": [{"type": "scatter", "y": list(range(100_000))}] * 60})
    lines = [found for found in ET.fromstring(data).iter(f"{SVG}path") if found.get("stroke-width") == "2"]
    assert [found.get("d").count("L") for found in lines] == [1_999] * 40
    assert notes == ["traces that the preview does not draw: scatter (20)"]


def test_no_text_becomes_markup():
    evil = "<b>x</b><script>alert(1)</script>\"' onload=\x00&"
    root, texts, _ = drawn(
        {"y": [1], "name": evil, "line": {"color": 'red" onload="x'}, "type": "scatter"},
        {"y": [1], "name": evil, "marker": {"color": "#ff0000"}},
        title={"text": evil},
        xaxis={"title": evil},
    )
    assert not list(root.iter(f"{SVG}script"))
    assert not any("onload" in name for found in root.iter() for name in found.attrib)
    assert any("<script>alert(1)" in (text or "") for text in texts)
    assert "#ff0000" in {found.get("fill") for found in root.iter()}


@pytest.mark.parametrize(
    "spec", [{}, {"data": None}, {"data": [None, 3]}, {"data": [{"z": 3, "type": "heatmap"}]}]
)
def test_odd_figures_are_drawn_empty(spec):
    ET.fromstring(preview(spec)[0])


def test_axes_of_extreme_numbers():
    for ys in ([1e300, -1e300], [5e-324, 0], [1e15, 1e15 + 1], [7, 7], [-3, -3]):
        drawn(
            {"y": ys},
            {"type": "bar", "y": ys},
            {"type": "histogram", "x": ys},
            {"type": "heatmap", "z": [ys]},
        )


# ---------------------------------------------------------------- reading


def test_a_figure_that_is_no_figure_is_refused():
    with pytest.raises(
        BadArgumentError, match="`figure` of `Figure` must be a figure of Matplotlib or Plotly; got 3"
    ):
        encoded(Figure(3))


def test_a_broken_spec_is_refused_on_reading():
    for data in (b"", b"[]", b"\xff"):
        figure = read_value("figure", {}, {"preview.svg": b"", "figure.json": data})
        with pytest.raises(DamagedObjectError):
            figure.spec


# ---------------------------------------------------------------- Matplotlib


@pytest.fixture
def pyplot(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


@pytest.mark.slow
def test_figures_axes_and_pyplot_are_the_same_picture(pyplot):
    figure, axes = pyplot.subplots(figsize=(4, 3))
    axes.plot([1, 2, 3])
    salt, dpi = pyplot.rcParams["svg.hashsalt"], figure.dpi
    assert is_rich(figure) and is_rich(axes) and is_rich(pyplot)
    result, found = there_and_back(figure)
    assert encoded(axes) == encoded(pyplot) == encoded(Figure(figure)) == result
    assert [part.name for part in result.parts] == ["figure.png", "figure.svg"]
    assert result.meta == {"library": "matplotlib", "width": 600, "height": 450}
    assert found.spec is None
    assert pyplot.rcParams["svg.hashsalt"] == salt
    assert figure.dpi == dpi
    assert pyplot.get_fignums() == [figure.number]
    ET.fromstring(parts_of(result)["figure.svg"])


@pytest.mark.slow
def test_a_part_of_a_figure_stands_for_the_whole(pyplot):
    figure = pyplot.figure()
    axes = figure.subfigures(1, 2)[0].subplots()
    assert encoded(axes) == encoded(figure)


@pytest.mark.slow
def test_every_process_draws_the_same_bytes(pyplot, tmp_path):
    code = (
        "import matplotlib; matplotlib.use('Agg'); import matplotlib.pyplot as plt, hashlib\n"
        "from gnomon.runs.values.recognise import encoded\n"
        "f, a = plt.subplots(); a.plot([1, 3, 2], label='x'); a.legend(); a.imshow([[1, 2]]); a.set_title('t')\n"
        "print([hashlib.sha256(p.data).hexdigest() for p in encoded(f).parts])"
    )
    found = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(found) == 1 and "'" in found.pop()


@pytest.mark.slow
def test_a_heavy_figure_has_no_svg(pyplot):
    figure, axes = pyplot.subplots()
    axes.scatter(np.arange(20_000), np.arange(20_000) % 77)
    result = encoded(figure)
    assert [part.name for part in result.parts] == ["figure.png"]
    assert result.notes == ("there is no SVG of it: it would be larger than 1 MB",)


@pytest.mark.slow
def test_a_huge_figure_is_drawn_with_fewer_dots(pyplot):
    result = encoded(pyplot.figure(figsize=(50, 2)))
    assert result.meta["width"] <= 4096
    assert result.notes == ("drawn at 82 dots an inch, so that it has at most 4096 pixels a side",)


@pytest.mark.slow
def test_pyplot_without_a_figure_is_refused_and_makes_none(pyplot):
    with pytest.raises(BadArgumentError, match="`pyplot` without any"):
        encoded(pyplot)
    assert pyplot.get_fignums() == []


def test_what_matplotlib_raises_is_said(pyplot):
    figure, axes = pyplot.subplots()
    axes.set_title(r"$\nosuchcommand$")
    with pytest.raises(BadArgumentError, match="a `Figure` could not be encoded: ValueError"):
        encoded(figure)
    assert pyplot.rcParams["svg.hashsalt"] is None


# ---------------------------------------------------------------- Plotly


@pytest.mark.slow
def test_plotly_figures_keep_their_json_and_have_a_preview():
    go = pytest.importorskip("plotly.graph_objects")
    figure = go.Figure(
        [go.Scatter(x=np.arange(5), y=np.arange(5) ** 2.0, name="a"), go.Pie(values=[1, 2])], {"title": "T"}
    )
    assert is_rich(figure)
    result, found = there_and_back(figure)
    assert [part.name for part in result.parts] == ["preview.svg", "figure.json"]
    assert go.Figure(found.spec) == figure
    assert result.notes == ("traces that the preview does not draw: pie (1)",)
    texts = [text.text for text in ET.fromstring(found.data).iter(f"{SVG}text")]
    assert "T" in texts
    assert json.dumps(found.spec, sort_keys=True, separators=(",", ":")).encode() == result.parts[1].data


@pytest.mark.slow
def test_every_kind_that_is_drawn_is_drawn_from_plotly():
    go = pytest.importorskip("plotly.graph_objects")
    values = np.random.default_rng(7).normal(size=200)
    for trace in (
        go.Bar(x=["a", "b"], y=np.array([1, 2])),
        go.Heatmap(z=values.reshape(10, 20)),
        go.Histogram(x=values),
        go.Scattergl(x=values, y=values, mode="markers"),
        go.Scatter(x=np.array(["2026-01-01", "2026-01-02"], "datetime64[D]"), y=[1, 2]),
    ):
        result = encoded(go.Figure(trace))
        assert result.notes == ()
        assert len(list(ET.fromstring(result.parts[0].data).iter())) > 20


def test_a_figure_that_cannot_be_previewed_is_kept_all_the_same(monkeypatch):
    go = pytest.importorskip("plotly.graph_objects")
    from gnomon.runs.values import plotly_preview

    real = plotly_preview.preview
    monkeypatch.setattr(plotly_preview, "preview", lambda spec: real(spec) if not spec else 1 / 0)
    result = encoded(go.Figure(go.Scatter(y=[1, 2])))
    assert [part.name for part in result.parts] == ["preview.svg", "figure.json"]
    assert result.notes == ("the preview shows nothing: ZeroDivisionError: division by zero",)


def test_a_heavy_plotly_figure_keeps_only_its_preview(monkeypatch):
    go = pytest.importorskip("plotly.graph_objects")
    from gnomon.runs.values import figure as figure_module

    monkeypatch.setattr(figure_module, "MAX_JSON_BYTES", 100)
    result = encoded(go.Figure(go.Scatter(y=list(range(50)))))
    assert [part.name for part in result.parts] == ["preview.svg"]
    assert "only the preview is kept" in result.notes[0]
