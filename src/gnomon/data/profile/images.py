"""Pictures, by their headers: format, width, height, mode. No pixel is decoded.

Always true: a header may lie, and nothing is allocated by what it says; at most `HEAD` bytes of a file are read.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gnomon.data.profile.profile import Images, Sizes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEAD = 1 << 18  # a JPEG may hold a preview before its size
MOST_SHAPES = 16
_PNG_MODES = {0: "grey", 2: "RGB", 3: "palette", 4: "grey+alpha", 6: "RGBA"}
_JPEG_MODES = {1: "grey", 3: "RGB", 4: "CMYK"}


class Header(NamedTuple):
    format: str
    width: int
    height: int
    mode: str


def header_of(data: bytes) -> Header | None:
    """Return what the first bytes of a picture say; None where they say nothing."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) >= 26:
            depth = "" if data[24] == 8 else f" {data[24]} bit"
            return _header(
                "PNG", _big(data[16:20]), _big(data[20:24]), _PNG_MODES.get(data[25], "unknown") + depth
            )
        if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
            return _header("GIF", _little(data[6:8]), _little(data[8:10]), "palette")
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data[:3] == b"\xff\xd8\xff":
            return _jpeg(data)
    except IndexError:  # cut off inside the header
        return None
    return None


def _header(format_: str, width: int, height: int, mode: str) -> Header | None:
    return Header(format_, width, height, mode) if width and height else None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _webp(data: bytes) -> Header | None:
    if len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        mode = "RGBA" if data[20] & 0x10 else "RGB"
        return _header("WebP", _little(data[24:27]) + 1, _little(data[27:30]) + 1, mode)
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = _little(data[21:25])
        return _header(
            "WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, "RGBA" if bits >> 28 & 1 else "RGB"
        )
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _header("WebP", _little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF, "RGB")
    return None


def _jpeg(data: bytes) -> Header | None:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD9 or marker == 1:  # padding, or without a length
            at += 1 if marker == 0xFF else 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            mode = _JPEG_MODES.get(data[at + 9], "unknown")
            return _header("JPEG", _big(data[at + 7 : at + 9]), _big(data[at + 5 : at + 7]), mode)
        length = _big(data[at + 2 : at + 4])
        if length < 2:
            return None
        at += 2 + length
    return None


def images_of(paths: Iterable[Path]) -> Images:
    """Return what the headers of these files say together."""
    formats: Counter[str] = Counter()
    modes: Counter[str] = Counter()
    shapes: Counter[str] = Counter()
    widths: list[int] = []
    heights: list[int] = []
    unreadable = 0
    for path in paths:
        with path.open("rb") as file:
            header = header_of(file.read(HEAD))
        if header is None:
            unreadable += 1
            continue
        formats[header.format] += 1
        modes[header.mode] += 1
        shapes[f"{header.width} x {header.height}"] += 1
        widths.append(header.width)
        heights.append(header.height)
    most = _first(shapes, MOST_SHAPES)
    return Images(
        count=len(widths) + unreadable,
        unreadable=unreadable,
        formats=_first(formats, 8),
        modes=_first(modes, 16),
        width=_sizes(widths),
        height=_sizes(heights),
        shapes=most,
        more_shapes=len(widths) - sum(most.values()),
    )


def _sizes(values: list[int]) -> Sizes:
    return Sizes(min=min(values), max=max(values), sum=sum(values)) if values else Sizes()


def _first(counts: Counter[str], many: int) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:many])
