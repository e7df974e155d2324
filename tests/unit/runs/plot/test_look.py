"""Colours that can be told apart, and text that cannot leave its place."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.runs.plot.look import (
    DARK,
    DASHES,
    LIGHT,
    MANY,
    colour,
    cut,
    dash,
    escaped,
    plain,
    text_width,
    wrapped,
)

# Viénot, Brettel, Mollon (1999), in linear RGB: what is seen without red and without green cones.
_BLIND = {
    "protan": ((0.11238, 0.88762, 0), (0.11238, 0.88762, 0), (0.00401, -0.00401, 1)),
    "deutan": ((0.29275, 0.70725, 0), (0.29275, 0.70725, 0), (-0.02234, 0.02234, 1)),
}


def linear(code: str) -> list[float]:
    parts = [int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(rgb: list[float]) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(linear(one)), luminance(linear(other))))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: list[float]) -> list[float]:
    r, g, b = (min(1, max(0, part)) for part in rgb)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_colour_stands_out_from_the_paper(theme):
    for shade in (*theme.lines, *(colour(theme, place, 100) for place in range(100))):
        assert contrast(shade, theme.paper) >= 3, shade
    assert contrast(theme.ink, theme.paper) >= 7
    assert contrast(theme.muted, theme.paper) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("kind", [None, *_BLIND])
def test_the_colours_can_be_told_apart_with_colour_blindness(theme, kind):
    def seen(shade: str) -> list[float]:
        rgb = linear(shade)
        return lab(
            [sum(a * b for a, b in zip(row, rgb, strict=True)) for row in _BLIND[kind]] if kind else rgb
        )

    for one, other in combinations(theme.lines, 2):
        far = sum((a - b) ** 2 for a, b in zip(seen(one), seen(other), strict=True)) ** 0.5
        assert far >= 20, (one, other, kind, far)


def test_sixteen_lines_look_different():
    assert len({(colour(LIGHT, place, MANY), dash(place, MANY)) for place in range(MANY)}) == MANY
    assert len(DASHES) == len(set(DASHES))


def test_many_lines_have_colours_in_order():
    assert colour(LIGHT, 0, 100) == LIGHT.order[0]
    assert colour(LIGHT, 99, 100) == LIGHT.order[-1]
    assert len({colour(LIGHT, place, 100) for place in range(100)}) > 90


def test_a_long_text_keeps_both_ends():
    shown = cut("resnet-50-with-a-very-long-name-seed-17", 120, 11)
    assert shown.startswith("resnet") and shown.endswith("17") and "…" in shown
    assert text_width(shown, 11) <= 120
    assert cut("short", 120, 11) == "short"


def test_text_is_broken_at_spaces():
    lines = wrapped("one two three four", text_width("three four", 10), 10)
    assert " ".join(lines) == "one two three four" and len(lines) > 1


@given(st.text())
@settings(deadline=None)
def test_no_text_holds_what_xml_forbids(text):
    assert plain(text).isprintable() or set(plain(text)) & set("\u200c\u200d")
    assert not set(escaped(text)) & set("<>\"'")
