"""Files and bytes that are kept as they are: which format they have, and what their first bytes declare.

Always true: a format is known by its first bytes, never by its name; a declared size is read from the header alone, so
nothing is unpacked here.
Not promised: that the rest of the file is sound.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.runs.values.wording import refused, text_of


class Format(NamedTuple):
    """A file format: the ending of its names and its media type."""

    suffix: str
    media_type: str


PNG = Format("png", "image/png")
JPEG = Format("jpeg", "image/jpeg")
GIF = Format("gif", "image/gif")
WEBP = Format("webp", "image/webp")
WAV = Format("wav", "audio/wav")
MP3 = Format("mp3", "audio/mpeg")
FLAC = Format("flac", "audio/flac")
OGG = Format("ogg", "audio/ogg")
MP4 = Format("mp4", "video/mp4")
WEBM = Format("webm", "video/webm")

_NO_SIZE = frozenset({0xC4, 0xC8, 0xCC})  # JPEG markers among those of frames that start none


def format_of(data: bytes) -> Format | None:
    """Return the format that the first bytes declare."""
    for magic, found in (
        (b"\x89PNG\r\n\x1a\n", PNG),
        (b"\xff\xd8\xff", JPEG),
        (b"GIF87a", GIF),
        (b"GIF89a", GIF),
        (b"ID3", MP3),
        (b"fLaC", FLAC),
        (b"OggS", OGG),
        (b"\x1a\x45\xdf\xa3", WEBM),
    ):
        if data.startswith(magic):
            return found
    if data[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return MP4
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0 and data[1] & 0x06:
        return MP3
    return None


def given_file(
    data: object, kind: str, formats: tuple[Format, ...], max_bytes: int
) -> tuple[bytes, Format] | None:
    """Return the bytes of a path or of bytes, and their format; None where `data` is neither.

    Raises BadArgumentError where it cannot be read, is too large, or has none of these formats.
    """
    if isinstance(data, (str, os.PathLike)):
        source = f"the file `{text_of(os.fspath(data), 200)}`"
        content = _read(data, source, kind, max_bytes)
    elif isinstance(data, (bytes, bytearray, memoryview)):
        source, content = "bytes", bytes(data)
    else:
        return None
    if len(content) > max_bytes:
        raise _too_large(kind, max_bytes, source, len(content))
    found = format_of(content)
    if found not in formats:
        names = [one.suffix.upper() for one in formats]
        what = f"{source}, which begins with {content[:8]!r}" + (
            f" ({found.suffix.upper()})" if found else ""
        )
        raise refused("data", kind, f"a {', '.join(names[:-1])} or {names[-1]}", what)
    return content, found


def _read(path: str | os.PathLike[str], source: str, kind: str, max_bytes: int) -> bytes:
    try:
        state = os.stat(path)
        if not stat.S_ISREG(state.st_mode):  # a pipe would wait for ever
            raise refused("data", kind, "a path of a file", f"{source}, which is no regular file")
        if state.st_size > max_bytes:
            raise _too_large(kind, max_bytes, source, state.st_size)
        with open(path, "rb") as file:
            return file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, BadArgumentError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise BadArgumentError(f"`data` of `{kind}`: {source} cannot be read: {reason}") from error


def _too_large(kind: str, max_bytes: int, source: str, found: int) -> BadArgumentError:
    return refused(
        "data",
        kind,
        f"at most {max_bytes >> 20} MB",
        f"{source} of {found:,} bytes",
        hint="make it smaller, or keep the file with `run.keep(path)`",
    )


def size_of(data: bytes, found: Format) -> tuple[int, int] | None:
    """Return the width and height in pixels that a picture declares; None where its header is cut or broken."""
    if found is PNG and data[12:16] == b"IHDR" and len(data) >= 24:
        size = (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    elif found is GIF and len(data) >= 10:
        size = (int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))
    elif found is WEBP:
        size = _webp_size(data)
    elif found is JPEG:
        size = _jpeg_size(data)
    else:
        return None
    return size if min(size) > 0 else None


def _webp_size(data: bytes) -> tuple[int, int]:
    if len(data) < 30:
        return (0, 0)
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _jpeg_size(data: bytes) -> tuple[int, int]:
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # padding
            place += 1
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            height, width = data[place + 5 : place + 7], data[place + 7 : place + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        else:
            place += 2 + max(2, int.from_bytes(data[place + 2 : place + 4], "big"))
    return (0, 0)
