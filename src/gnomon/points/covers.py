"""Covers: which rows of which WALs a segment holds.

They stand in the metadata of the Parquet file. Everything that is asked of a cover is checked when it is read, because
a teammate's file is data, never to be trusted.
Format: docs/internals/record-format.md, "Segments: sealed points".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import msgspec

from gnomon.errors import DamagedFileError

if TYPE_CHECKING:
    from collections.abc import Iterable

METADATA_KEY = "gnomon"
VERSION = 1

Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
RunText = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-z._:-]{1,128}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class CoverRun(msgspec.Struct, frozen=True):
    """How many points one rank of a run has in a WAL, and the salt of their commitment."""

    run: RunText
    rank: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    points: Count
    salt: Hex32


class Cover(msgspec.Struct, frozen=True):
    """The rows of one WAL that a segment holds, and what is known of the rest.

    Of a run that is not among `runs` it says nothing: an extract, made for an export, leaves the others out.
    """

    wal: Hex32
    log: Hex32
    writer: Hex32
    first_row: Count
    rows: Count
    missing: Count | None
    lost_rows: int
    lost_values: int
    started_ns: int
    ordinal: int
    closed: bool
    runs: tuple[CoverRun, ...]

    @property
    def order(self) -> tuple[int, int, str]:
        """Where the WAL stands among those of a run: by its clock, then by its place in its process."""
        return (self.started_ns, self.ordinal, self.wal)

    @property
    def is_whole(self) -> bool:
        """Whether the WAL has ended and every row that was written is covered: its file can add nothing."""
        return self.closed and self.missing == 0

    @property
    def points(self) -> int:
        """How many points of this WAL the segment holds."""
        return sum(run.points for run in self.runs)

    def names(self, run: str) -> bool:
        """Return whether the segment holds what a run has in these rows."""
        return any(one.run == run for one in self.runs)

    def holds_runs_of(self, other: Cover) -> bool:
        """Return whether this one names every run (and rank) that the other cover of the same WAL names."""
        return other.runs == self.runs or _run_ranks(other) <= _run_ranks(self)


def _run_ranks(cover: Cover) -> set[tuple[str, int]]:
    return {(one.run, one.rank) for one in cover.runs}


class _Metadata(msgspec.Struct):
    v: int
    covers: tuple[Cover, ...]


def encode_covers(covers: Iterable[Cover]) -> str:
    """Return the metadata of a segment."""
    return msgspec.json.encode(_Metadata(VERSION, tuple(covers))).decode()


def decode_covers(text: bytes | str | None, file: str) -> tuple[Cover, ...]:
    """Return the covers that the metadata names. Raises DamagedFileError."""
    try:
        found = msgspec.json.decode(text or b"", type=_Metadata)
    except (msgspec.MsgspecError, RecursionError) as error:
        version = re.match(rb'\{"v":(\d+)', text.encode() if isinstance(text, str) else text or b"")
        if version is not None and int(version[1][:9]) != VERSION:
            raise _unknown(file, version[1][:9].decode()) from error
        raise DamagedFileError(
            f"segment `{file}` says nothing readable about what it covers",
            hint="fetch a good copy with the next sync",
        ) from error
    if found.v != VERSION:
        raise _unknown(file, str(found.v))
    if len({cover.wal for cover in found.covers}) != len(found.covers):
        raise DamagedFileError(
            f"segment `{file}` covers one WAL twice", hint="fetch a good copy with the next sync"
        )
    return found.covers


class NewerSegmentError(DamagedFileError):
    """A segment of a version that this Gnomon does not read."""


def _unknown(file: str, version: str) -> NewerSegmentError:
    return NewerSegmentError(
        f"segment `{file}` has version {version}; this Gnomon reads version {VERSION}",
        hint="install a newer Gnomon",
    )


def better(one: tuple[Cover, str], other: tuple[Cover, str]) -> tuple[Cover, str]:
    """Return which of two (cover, file name) of one WAL counts: more rows; else the first by file name."""
    if one[0].rows != other[0].rows:
        return one if one[0].rows > other[0].rows else other
    return min(one, other, key=lambda pair: pair[1])
