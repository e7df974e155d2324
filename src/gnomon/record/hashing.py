"""The hashes of the record: BLAKE3 with a context for every use, so that no value of one use can stand for another.

Format: docs/internals/record-format.md, "Hashes and keys".
"""

from __future__ import annotations

from blake3 import blake3

_hashers = {
    name: blake3(derive_key_context=f"gnomon v1 {name}")
    for name in (
        "writer",
        "log",
        "wal",
        "entry",
        "body",
        "points",
        "bundle",
        "segment",
        "pack",
        "chunks",
        "tombstone",
        "erased",
        "head",
        "record.toml",
    )
}


def derive(use: str, data: bytes) -> bytes:
    """Return the 32-byte hash of `data` for one use: 'entry', 'body', 'segment', …"""
    return _hashers[use].copy().update(data).digest()


def derive_hex(use: str, data: bytes) -> str:
    """Return `derive` as 64 hex digits."""
    return _hashers[use].copy().update(data).hexdigest()


def derive_id(use: str, data: bytes) -> str:
    """Return the first 16 bytes of `derive` as 32 hex digits: ids and file names."""
    return _hashers[use].copy().update(data).digest(16).hex()


def new_hasher(use: str) -> blake3:
    """Return a hasher for one use, for data that comes in parts."""
    return _hashers[use].copy()
