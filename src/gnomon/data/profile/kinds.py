"""Which kind of data a file holds: by its name, and where that says nothing, by its first bytes."""

from __future__ import annotations

import gzip
import io
import sys
from typing import TYPE_CHECKING, BinaryIO, cast

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
PACKED = (".gz", ".zst")
HEAD = 1 << 18


def suffix_of(path: Path) -> str:
    """Return the suffix that says the kind, in lower case: `.csv` of `a.CSV.gz`."""
    name = path.name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return "." + name.rsplit(".", 1)[1] if "." in name.lstrip(".") else ""


def packing_of(path: Path) -> str:
    """Return how the whole file is compressed, by its first bytes: gzip, zstd or none."""
    with path.open("rb") as file:
        start = file.read(4)
    return "gzip" if start[:2] == b"\x1f\x8b" else "zstd" if start == b"\x28\xb5\x2f\xfd" else "none"


def unpacked(path: Path) -> BinaryIO:
    """Open a file for reading, decompressed where it is compressed."""
    packing = packing_of(path)
    if packing == "gzip":
        return cast(BinaryIO, gzip.open(path))
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
        except (EOFError, OSError, ValueError, zstd_error()):
            return data
        return data


def zstd_error() -> type[Exception]:
    """Return what is raised where zstd data is broken."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    error: type[Exception] = zstd.ZstdError
    return error


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
