"""A picture as PNG: the SVG, turned into pixels by resvg, with a font of our own.

Why resvg: it draws the same picture as a browser does; it is one wheel of 1.4 MB without dependencies (matplotlib: 41 MB in
ten wheels). A bare machine has no fonts, so two come along (`fonts/`); letters that they lack are looked for on the machine.
"""

from __future__ import annotations

import math
import os
from functools import cache
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, MissingExtraError

if TYPE_CHECKING:
    from gnomon.runs.plot.picture import Plot

FONTS = os.path.join(os.path.dirname(__file__), "fonts")
MOST_PIXELS = 100_000_000
_COVERED = (
    (0x20, 0x17F),
    (0x370, 0x3FF),
    (0x400, 0x45F),
    (0x2010, 0x2026),
    (0x2070, 0x208E),
    (0x2190, 0x2193),
    (0x2200, 0x2265),
    (0xFFFD, 0xFFFD),
)


def png(plot: Plot, scale: float, theme: str) -> bytes:
    """Return the bytes of the PNG. Raises MissingExtraError without `gnomon[plot]`, BadArgumentError."""
    from gnomon.runs.plot.svg import svg

    if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not (0.1 <= scale <= 10):
        raise BadArgumentError(f"`scale` of a picture must be a number from 0.1 to 10; got {scale!r}")
    if theme not in ("light", "dark"):
        raise BadArgumentError(f"`theme` of a PNG must be 'light' or 'dark'; got {theme!r}")
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise MissingExtraError(
            "a PNG needs the library resvg-py, which is not installed",
            hint="run `pip install 'gnomon[plot]'`, or write .svg or .html, which need nothing",
        ) from error
    text = svg(plot, theme)
    width, height = _size(text)
    if width * height * scale * scale > MOST_PIXELS:
        most = math.sqrt(MOST_PIXELS / width / height)
        raise BadArgumentError(
            f"`scale` of a picture of {width} x {height} must be at most {most:.1f}; got {scale}"
        )
    data: bytes = svg_to_bytes(
        svg_string=text,
        zoom=scale,
        font_files=[
            os.path.join(FONTS, name) for name in ("gnomon-sans-regular.ttf", "gnomon-sans-bold.ttf")
        ],
        skip_system_fonts=_is_covered(text),
        font_family="Gnomon Sans",
        sans_serif_family="Gnomon Sans",
    )
    return bytes(data)


def _size(text: str) -> tuple[int, int]:
    width, height = (text.partition(f' {name}="')[2].partition('"')[0] for name in ("width", "height"))
    return int(width), int(height)


def _is_covered(text: str) -> bool:
    """Return whether the fonts that come along have all letters."""
    return text.isascii() or all(_has(char) for char in set(text))


@cache
def _has(char: str) -> bool:
    return char == "\n" or any(low <= ord(char) <= high for low, high in _COVERED)
