"""Which kind of data a file holds: by its name, and where that says nothing, by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    from pathlib import Path

CSV, PARQUET, ARROW, JSONL, JSON, IMAGE, TEXT, OTHER = (
    "csv", "parquet", "arrow", "jsonl", "json", "image", "text", "other",
)  # fmt: skip
TABLES = (CSV, PARQUET, ARROW, JSONL, JSON)
_BY_SUFFIX = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv"), CSV),
    **dict.fromkeys((".parquet", ".pq"), PARQUET),
    **dict.fromkeys((".arrow", ".feather", ".ipc", ".arrows"), ARROW),
    **dict.fromkeys((".jsonl", ".ndjson"), JSONL),
    ".json": JSON,
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp"), IMAGE),
    **dict.fromkeys((".txt", ".md", ".text", ".log", ".rst", ".py", ".sql", ".xml", ".html", ".yaml", ".yml", ".toml"), TEXT),
}  # fmt: skip
_MAGIC = (
    (b"PAR1", PARQUET),
    (b"ARROW1", ARROW),
    (b"\x89PNG\r\n\x1a\n", IMAGE),
    (b"\xff\xd8\xff", IMAGE),
    (b"GIF8", IMAGE),
)
PACKED = (".gz", ".zst", ".xz", ".bz2")
HEAD = 1 << 18
_PIECE = 1 << 16
_XZ_MEMORY = 1 << 28  # bytes that an xz file may ask for; `xz -9` asks for 65 MiB


def suffix_of(path: Path) -> str:
    """Return the suffix that says the kind, in lower case: `.csv` of `a.CSV.gz`."""
    name = path.name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return "." + name.rsplit(".", 1)[1] if "." in name.lstrip(".") else ""


def packing_of(path: Path) -> str:
    """Return how the whole file is compressed, by its first bytes: gzip, zstd, xz, bzip2 or none."""
    with path.open("rb") as file:
        start = file.read(10)
    if start[:3] == b"BZh" and start[4:] in (
        b"1AY&SY",
        b"\x17rE8P\x90",
    ):  # three letters alone may begin a text
        return "bzip2"
    for magic, packing in ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\0", "xz")):
        if start.startswith(magic):
            return packing
    return "none"


def unpacked(path: Path) -> BinaryIO:
    """Open a file for reading, decompressed where it is compressed."""
    packing = packing_of(path)
    if packing == "gzip":
        return cast(BinaryIO, gzip.open(path))
    if packing == "bzip2":
        return cast(BinaryIO, bz2.open(path))
    if packing == "xz":
        return io.BufferedReader(_Xz(path))
    if packing == "zstd":
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        return io.BufferedReader(cast(io.RawIOBase, zstd.open(path)))
    return path.open("rb")


def head_of(path: Path, size: int = HEAD) -> bytes:
    """Return the first bytes, decompressed; as far as they can be read."""
    with unpacked(path) as file:
        data = b""
        try:
            while len(data) < size and (more := file.read1(size - len(data))):  # type: ignore[attr-defined]
                data += more
        except unpacking_errors():
            return data
        return data


def unpacking_errors() -> tuple[type[Exception], ...]:
    """Return what is raised where compressed data is broken, cut off, or cannot be read."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return EOFError, OSError, ValueError, zlib.error, lzma.LZMAError, zstd.ZstdError


class _Xz(io.RawIOBase):
    """What an xz file holds. `lzma.open` would give a file as much memory as it asks for."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._stream = self._new()

    def _new(self) -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            data = b""
            if self._stream.eof:  # another stream may follow, and zeros between them
                data = self._stream.unused_data.lstrip(b"\0")
                while not data and (more := self._file.read(_PIECE)):
                    data = more.lstrip(b"\0")
                if not data:
                    return 0
                self._stream = self._new()
            elif self._stream.needs_input and not (data := self._file.read(_PIECE)):
                raise EOFError("Compressed file ended before the end-of-stream marker was reached")
            if found := self._stream.decompress(data, len(buffer)):
                buffer[: len(found)] = found
                return len(found)

    def close(self) -> None:
        self._file.close()
        super().close()


def kind_of(path: Path) -> str:
    """Return the kind of a file."""
    known = _BY_SUFFIX.get(suffix_of(path))
    if known:
        return known
    head = head_of(path, 4096)
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return IMAGE
    return TEXT if head and encoding_of(head) else OTHER


def encoding_of(head: bytes) -> str:
    """Return a guess at the encoding of text from its first bytes; an empty text where it is none."""
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8 with BOM"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in head:
        return ""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            controls = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head)
            return "latin-1 (guessed)" if not controls else ""
    return "ascii" if head.isascii() else "utf-8"
