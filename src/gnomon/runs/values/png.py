"""Write PNG and animated PNG, without an imaging library.

Each row holds its difference to the row above (the filter "Up"), which suits pictures, plots and label maps alike and
needs no choice. The differences of a whole band of rows are taken at once, as one large number, so that NumPy is not
needed and the bytes are the same with and without it.

Always true: equal pixels give equal bytes; no time, text or random number is written.
Format: PNG (Third Edition), W3C; the chunks acTL, fcTL and fdAT are its animation.
"""

from __future__ import annotations

import zlib
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # by channels: grey, RGB, RGB and opacity
PALETTE = 3
UP = b"\x02"
_LEVEL = 2
_BAND_BYTES = 1 << 20  # of rows filtered at once, so that a large picture is never copied whole


class Pixels(NamedTuple):
    """A picture: `data` holds height rows of width pixels of `channels` bytes, one after the other."""

    data: bytes
    width: int
    height: int
    channels: int


def write_png(pixels: Pixels, palette: Sequence[tuple[int, int, int]] | None = None) -> bytes:
    """Return the bytes of a PNG. With a palette, of at most 256 colours, pixels are places in it."""
    chunks = [SIGNATURE, _header(pixels, is_palette=palette is not None)]
    if palette is not None:
        chunks.append(chunk(b"PLTE", bytes(part for colour in palette for part in colour)))
    chunks += [chunk(b"IDAT", _deflated(pixels)), chunk(b"IEND", b"")]
    return b"".join(chunks)


def write_apng(frames: Iterable[bytes], count: int, like: Pixels, seconds: float) -> bytes:
    """Return the bytes of an animated PNG of `count` frames, each shown for so many seconds, over and over.

    Frames are rows of pixels, each of the size and channels of `like` (whose data is not looked at).
    """
    delay = Fraction(seconds).limit_denominator(1000)
    numbers = iter(range(2 * count))
    chunks = [SIGNATURE, _header(like), chunk(b"acTL", _big(count) + _big(0))]
    for at, frame in enumerate(frames):
        control = [next(numbers), like.width, like.height, 0, 0]
        timing = delay.numerator.to_bytes(2, "big") + delay.denominator.to_bytes(2, "big")
        chunks.append(chunk(b"fcTL", b"".join(map(_big, control)) + timing + b"\0\0"))
        body = _deflated(like._replace(data=frame))
        chunks.append(chunk(b"IDAT", body) if at == 0 else chunk(b"fdAT", _big(next(numbers)) + body))
    chunks.append(chunk(b"IEND", b""))
    return b"".join(chunks)


def chunk(name: bytes, body: bytes) -> bytes:
    """Return one chunk: length, name, body, CRC-32 of name and body."""
    return b"".join((_big(len(body)), name, body, _big(zlib.crc32(body, zlib.crc32(name)))))


def _header(pixels: Pixels, *, is_palette: bool = False) -> bytes:
    colours = PALETTE if is_palette else COLOUR_TYPES[pixels.channels]
    return chunk(b"IHDR", _big(pixels.width) + _big(pixels.height) + bytes((8, colours, 0, 0, 0)))


def _deflated(pixels: Pixels) -> bytes:
    stride = pixels.width * pixels.channels
    data = pixels.data
    compressor = zlib.compressobj(_LEVEL)
    step = max(1, _BAND_BYTES // stride) * stride
    parts = []
    for start in range(0, len(data), step):
        band = data[start : start + step]
        above = data[start - stride : start - stride + len(band)] if start else bytes(stride) + band[:-stride]
        rows = differences(band, above)
        filtered = b"".join([UP + rows[at : at + stride] for at in range(0, len(rows), stride)])
        parts.append(compressor.compress(filtered))
    parts.append(compressor.flush())
    return b"".join(parts)


def differences(left: bytes, right: bytes) -> bytes:
    """Return left minus right, byte by byte, modulo 256.

    The bytes are the digits of two large numbers. The highest bit of each digit is set on the left and cleared on the
    right, so that no digit borrows from the next; it is then put right.
    """
    count = len(left)
    high = int.from_bytes(b"\x80" * count, "little")
    x, y = int.from_bytes(left, "little"), int.from_bytes(right, "little")
    return (((x | high) - (y & ~high)) ^ ((x ^ y ^ high) & high)).to_bytes(count, "little")


def sums(left: bytes, right: bytes) -> bytes:
    """Return left plus right, byte by byte, modulo 256."""
    count = len(left)
    high = int.from_bytes(b"\x80" * count, "little")
    x, y = int.from_bytes(left, "little"), int.from_bytes(right, "little")
    return (((x & ~high) + (y & ~high)) ^ ((x ^ y) & high)).to_bytes(count, "little")


def _big(number: int) -> bytes:
    return number.to_bytes(4, "big")
