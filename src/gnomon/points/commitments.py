"""What a log says of points that it does not hold: one salted hash for each run of a WAL.

The hash is of the points themselves, never of a file, so it is the same for the WAL, for its segment and for any
segment that was merged from it. The salt of a run follows from that of its WAL, so sealing again commits to the same.
Format: docs/internals/record-format.md, "Segments: sealed points", "Commitment".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from blake3 import blake3

from gnomon.points.columns import counting
from gnomon.record.hashing import new_hasher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.points.series_points import SeriesPoints

_U64_PAIR = struct.Struct("<QQ")
_U64 = struct.Struct("<Q")
_U32 = struct.Struct("<I")
_EXACT = struct.Struct("<qI")
_salts = blake3(derive_key_context="gnomon v1 points salt")


def run_salt(wal_salt: bytes, run: str, rank: int) -> bytes:
    """Return the salt (16 bytes) of what one rank of a run has in a WAL with this salt."""
    return _salts.copy().update(wal_salt + run.encode("ascii") + _U32.pack(rank)).digest(16)


def points_commitment(
    salt: bytes, wal: str, first_row: int, rows: int, run: str, series: Mapping[str, SeriesPoints]
) -> str:
    """Return the commitment (64 hex) to what one rank of a run has in `rows` rows of a WAL; `series` is by name."""
    hasher = new_hasher("points")
    hasher.update(salt + bytes.fromhex(wal) + _U64_PAIR.pack(first_row, rows) + run.encode("ascii"))
    for name, points in sorted((name.encode(), points) for name, points in series.items()):
        hasher.update(_U32.pack(len(name)) + name + _U64.pack(len(points)))
        for column in (counting(points.rows), points.steps, points.times_us, points.values):
            hasher.update(column.cast("B"))
        hasher.update(_U32.pack(len(points.exact)))
        for position in sorted(points.exact):
            digits = str(points.exact[position]).encode("ascii")
            hasher.update(_EXACT.pack(points.rows[position], len(digits)) + digits)
    return hasher.hexdigest()
