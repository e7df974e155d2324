"""Read the PNG files that Gnomon writes, from anyone's hands.

Always true: no more bytes are unpacked than the declared size allows, and that size is bounded; broken bytes raise
DamagedObjectError. What is sound PNG but not written by Gnomon (16 bits, interlacing, other filters) gives None: an
imaging library reads it.
"""

from __future__ import annotations

import zlib
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import DamagedObjectError
from gnomon.runs.values.png import COLOUR_TYPES, PALETTE, SIGNATURE, Pixels, sums

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PIXELS = 1 << 26  # of a picture, and of all frames of an animation
_MAX_SIDE = 1 << 16
_CHANNELS = {colours: channels for channels, colours in COLOUR_TYPES.items()} | {PALETTE: 1}


class Decoded(NamedTuple):
    """The frames of a PNG, each as bytes of pixels; one for a still picture. With a palette, pixels are places in it."""

    frames: list[bytes]
    like: Pixels
    has_palette: bool


def read_png(data: bytes) -> Decoded | None:
    """Return the pixels of a PNG, all frames where it is animated; None where it is not of Gnomon's making.

    Raises DamagedObjectError.
    """
    chunks = _chunks(data)
    name, header = next(chunks, (b"", b""))
    if name != b"IHDR" or len(header) != 13:
        raise damaged("its first chunk is no header")
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    if not (0 < width < _MAX_SIDE and 0 < height < _MAX_SIDE and width * height <= MAX_PIXELS):
        raise damaged(f"it declares {width:,} x {height:,} pixels")
    if header[8] != 8 or header[9] not in _CHANNELS or header[10:] != b"\0\0\0":
        return None
    like = Pixels(b"", width, height, _CHANNELS[header[9]])
    packed: list[list[bytes]] = []
    is_ended = False
    for name, body in chunks:
        if name == b"IDAT":
            if not packed:
                packed.append([])
            packed[0].append(body)
        elif name == b"fcTL":
            if body[4:20] != width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes(8):
                return None  # a frame that changes only a part
            packed.append([])
            if len(packed) * width * height > MAX_PIXELS:
                raise damaged(f"it declares more than {MAX_PIXELS:,} pixels over all frames")
        elif name == b"fdAT" and packed:
            packed[-1].append(body[4:])
        elif name == b"IEND":
            is_ended = True
            break
    if not packed or not is_ended:
        raise damaged("it ends too early")
    frames = []
    for parts in packed:
        frame = _unfiltered(_inflated(parts, height * (1 + width * like.channels)), like)
        if frame is None:
            return None
        frames.append(frame)
    return Decoded(frames, like, has_palette=header[9] == PALETTE)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not data.startswith(SIGNATURE):
        raise damaged("it does not begin as one")
    place = len(SIGNATURE)
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        name, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        check = data[place + 8 + length : place + 12 + length]
        if len(body) != length or len(check) != 4:
            raise damaged("it ends inside a chunk")
        if zlib.crc32(body, zlib.crc32(name)) != int.from_bytes(check, "big"):
            raise damaged(f"the check sum of a chunk is wrong, at byte {place}")
        yield name, body
        place += 12 + length


def _inflated(parts: list[bytes], expected: int) -> bytes:
    """Return the unpacked bytes, exactly as many as are expected; a stream that holds more is left at once."""
    unpacker = zlib.decompressobj()
    found = bytearray()
    try:
        for part in parts:
            found += unpacker.decompress(part, expected + 1 - len(found))
            if len(found) > expected:
                raise damaged("it unpacks to more than its size")
    except zlib.error as error:
        raise damaged("its pixels cannot be unpacked") from error
    if len(found) != expected or not unpacker.eof:
        raise damaged("it unpacks to less than its size")
    return bytes(found)


def _unfiltered(rows: bytes, like: Pixels) -> bytes | None:
    stride = like.width * like.channels
    above = bytes(stride)
    found = []
    for at in range(0, len(rows), stride + 1):
        row = rows[at + 1 : at + 1 + stride]
        name = rows[at]
        if name == 1:
            row = _after_left(row, like.channels)
        elif name == 2:
            row = sums(row, above)
        elif name in (3, 4):
            return None
        elif name:
            raise damaged(f"it names a filter {name}, which PNG does not have")
        found.append(row)
        above = row
    return b"".join(found)


def _after_left(row: bytes, channels: int) -> bytes:
    found = bytearray(len(row))
    for channel in range(channels):
        values: list[int] = list(accumulate(row[channel::channels], _add))
        found[channel::channels] = bytes(values)
    return bytes(found)


def _add(left: int, right: int) -> int:
    return (left + right) & 255


def damaged(what: str, *, name: str = "PNG") -> DamagedObjectError:
    """Return the error for bytes that cannot be read as what they should be."""
    return DamagedObjectError(
        f"a logged value cannot be read as {name}: {what}",
        hint="`gnomon verify` tells whether its bytes are those that were logged",
    )
