"""The picture as PNG: with resvg-py the same picture, without it a clear error."""

from __future__ import annotations

import os
import sys
from io import BytesIO

import pytest

from gnomon.errors import BadArgumentError, MissingExtraError
from gnomon.runs.plot import png


def test_without_the_library_the_error_says_what_to_do(made_up, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtraError) as caught:
        made_up(("a", [0, 1], [1, 2])).save(tmp_path / "a.png")
    assert "pip install 'gnomon[plot]'" in str(caught.value) and ".svg" in str(caught.value)
    assert not (tmp_path / "a.png").exists()


@pytest.mark.slow
def test_the_pixels_are_those_of_the_svg(made_up):
    pytest.importorskip("resvg_py")
    image = pytest.importorskip("PIL.Image")
    plot = made_up(("a", [0, 1], [1, 2]), ("b", [0, 1], [2, 1]))
    data = plot.png(scale=1)
    assert data.startswith(b"\x89PNG") and data[16:24] == (860).to_bytes(4, "big") + (480).to_bytes(4, "big")
    assert plot.png(scale=2)[16:24] == (1720).to_bytes(4, "big") + (960).to_bytes(4, "big")
    assert data == plot.png(scale=1)
    assert plot.png(theme="dark") != plot.png()
    title = image.open(BytesIO(data)).convert("L").crop((0, 0, 200, 40))
    assert title.getextrema()[0] < 80, "the title is drawn, though a bare machine has no fonts"


def test_the_fonts_that_come_along_have_what_ticks_are_written_with():
    assert all(png._has(char) for char in "0123456789.,−·⁻⁰¹²³⁴⁵⁶⁷⁸⁹%±…–kMGTä�")
    assert not png._has("漢")


def test_what_is_said_to_be_in_the_fonts_is_in_them():
    ttlib = pytest.importorskip("fontTools.ttLib")
    for name in ("gnomon-sans-regular.ttf", "gnomon-sans-bold.ttf"):
        letters = ttlib.TTFont(os.path.join(png.FONTS, name)).getBestCmap()
        promised = [
            code for low, high in png._COVERED for code in range(low, high + 1) if chr(code).isprintable()
        ]
        lacking = [hex(code) for code in promised if code not in letters]
        assert not lacking


@pytest.mark.parametrize("scale", [0, -1, 11, float("nan"), "2", True])
def test_odd_scales_are_refused(made_up, scale):
    with pytest.raises(BadArgumentError, match="`scale` of a picture must be"):
        made_up(("a", [0], [1])).png(scale=scale)
