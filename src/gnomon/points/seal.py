"""Seal WALs into segments, and merge small segments into larger ones.

Order of writes: temporary file, fsync, read back and compare every value bit for bit, rename to the name that is its
hash, fsync the folder. Nothing is deleted here: `points.deletion` proves first that nothing would be lost.

Always true: sealing the same WALs again gives the same bytes and so the same file; merging keeps every cover's salts,
so commitments stay true; where two files cover one WAL, the one with more rows is kept.
A crash leaves a temporary file (ignored, deleted later), or a segment beside the WALs that it covers (counted once).
Format: docs/internals/record-format.md, "Segments: sealed points".
"""

from __future__ import annotations

import os
from itertools import accumulate, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from gnomon.errors import StorageError
from gnomon.points import layout
from gnomon.points.columns import counting, same_bits
from gnomon.points.commitments import points_commitment, run_salt
from gnomon.points.covers import Cover, CoverRun, better
from gnomon.points.header import read_head
from gnomon.points.reader import WalRead, read_wal
from gnomon.points.segment import (
    Group,
    as_columns,
    covers_of,
    decode,
    encode_table,
    name_of,
    read_file,
    reads_back,
)
from gnomon.points.series_points import SeriesKey, SeriesPoints, points_by_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gnomon.env import Env

MAX_POINTS = 4_000_000  # a segment is not begun with more; one WAL is never divided, so one may hold more
MERGE_AT = 8  # this many segments of about one size are merged
_LARGE_BYTES = 4 << 20  # a segment of this size is left as it is
_MERGE_BYTES = 32 << 20  # at most this much is merged at once, for the sake of memory

ByRun = dict[tuple[str, int], dict[str, SeriesPoints]]


class Sealed:
    """A segment, and what it holds of which WALs.

    `entries` are (subject, body) of the `points.sealed` entries that the caller appends before it deletes anything;
    they are empty for a segment that was merged or found, whose entries exist already.
    """

    __slots__ = ("_ends", "_points", "covers", "entries", "path")

    def __init__(
        self,
        path: str,
        covers: Iterable[Cover],
        entries: Iterable[tuple[str, dict[str, Any]]] = (),
        ends: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        self.path = path
        self.covers = tuple(covers)
        self.entries = tuple(entries)
        self._ends = dict(ends or {})  # WAL to (rows, running CRC) that were sealed and read back
        self._points: dict[Group, SeriesPoints] | None = None

    def cover_of(self, wal: str) -> Cover | None:
        """Return what is covered of a WAL."""
        return next((cover for cover in self.covers if cover.wal == wal), None)

    def holds(self, env: Env, read: WalRead) -> bool:
        """Return whether every row of a WAL is in the segment, bit for bit: not only as many.

        A WAL that was sealed by this object is recognised by its running CRC; another is compared point by point.
        Raises OSError, DamagedFileError.
        """
        if read.header is None or read.cursor is None:
            return False
        wal = read.header.wal
        if not any(cover.wal == wal and cover.rows >= read.rows for cover in covers_of(env, self.path)):
            return False
        if self._ends.get(wal) == (read.rows, read.cursor.crc):
            return True
        if self._points is None:
            self._points = decode(read_file(env, self.path), self.path).points
        found = {(key, wal): points for key, points in points_by_series(read.blocks).items()}
        sealed = {group: points.below(read.rows) for group, points in self._points.items() if group[1] == wal}
        return same_points({group: points for group, points in sealed.items() if len(points)}, found)


def find_sealed(env: Env, path: str) -> Sealed:
    """Return a segment that is on disk already. Raises OSError, DamagedFileError."""
    return Sealed(path, covers_of(env, path))


class _Batch:
    """What goes into one segment."""

    def __init__(self) -> None:
        self.points: dict[Group, SeriesPoints] = {}
        self.covers: list[Cover] = []
        self.entries: list[tuple[str, dict[str, Any]]] = []
        self.ends: dict[str, tuple[int, int]] = {}
        self.size = 0

    def add(self, cover: Cover, points: Mapping[SeriesKey, SeriesPoints]) -> None:
        self.covers.append(cover)
        self.points.update({(key, cover.wal): part for key, part in points.items()})
        self.size += cover.points

    def write(self, env: Env, folder: str) -> Sealed:
        path = write_segment(env, folder, self.points, self.covers)
        return Sealed(path, self.covers, self.entries, self.ends)


def seal(env: Env, folder: str, wals: Sequence[str]) -> list[Sealed]:
    """Write the points of these WALs into segments in `folder`, and return what was written.

    Several segments are written where one would hold more than `MAX_POINTS`. Left out are WALs without a sound header
    and those that hold nothing and lost nothing.

    Raises OSError, and StorageError where the disk gives back other bytes than were written.
    """
    written: list[Sealed] = []
    batch = _Batch()
    for read in _best_reads(env, wals):
        points = points_by_series(read.blocks)
        cover, by_run = cover_of(read, points)
        if batch.covers and batch.size + cover.points > MAX_POINTS:
            written.append(batch.write(env, folder))
            batch = _Batch()
        batch.add(cover, points)
        batch.entries.append((f"wal:{cover.wal}", sealed_body(cover, by_run)))
        if read.cursor is not None:
            batch.ends[cover.wal] = (read.rows, read.cursor.crc)
    if batch.covers:
        written.append(batch.write(env, folder))
    return written


def _best_reads(env: Env, wals: Sequence[str]) -> Iterator[WalRead]:
    """Yield one reading of each WAL, in order of creation; of two copies of one WAL, the one with more rows."""
    found = []
    for path in wals:
        fd = env.open_read(path)
        try:
            header = read_head(env.read(fd, layout.HEADER_SIZE, 0)).header
        finally:
            env.close(fd)
        if header is not None:
            found.append(((header.created_ns, header.ordinal, header.wal), path))
    for _, copies in groupby(sorted(found), key=itemgetter(0)):
        reads = [read_wal(env, path) for _, path in copies]
        best = max(reads, key=lambda read: read.rows)
        if best.header is not None and not is_empty(best):
            yield best


def is_empty(read: WalRead) -> bool:
    """Return whether a WAL holds nothing, lost nothing and is whole, as far as its bytes tell."""
    return read.rows == 0 and read.bound == 0 and not read.damage


def cover_of(read: WalRead, points: Mapping[SeriesKey, SeriesPoints]) -> tuple[Cover, ByRun]:
    """Return what a segment says of this WAL, and its points by run and rank. The WAL must have a header."""
    header = read.header
    if header is None:
        raise ValueError("a WAL without a header cannot be sealed")
    by_run: ByRun = {}
    for key, part in points.items():
        by_run.setdefault((key.run, key.rank), {})[key.series] = part
    runs = [
        CoverRun(run, rank, sum(map(len, series.values())), run_salt(header.salt, run, rank).hex())
        for (run, rank), series in sorted(by_run.items())
    ]
    cover = Cover(
        wal=header.wal,
        log=header.log,
        writer=header.writer,
        first_row=0,
        rows=read.rows,
        missing=read.missing if read.losses_are_certain else None,
        lost_rows=read.lost_rows,
        lost_values=read.lost_values,
        started_ns=header.created_ns,
        ordinal=header.ordinal,
        closed=read.close is not None,
        runs=tuple(runs),
    )
    return cover, by_run


def sealed_body(cover: Cover, by_run: ByRun) -> dict[str, Any]:
    """Return the body of the entry that commits to the points of one WAL."""
    return {
        "first_row": cover.first_row,
        "rows": cover.rows,
        "runs": [
            {
                "commitment": points_commitment(
                    bytes.fromhex(run.salt),
                    cover.wal,
                    cover.first_row,
                    cover.rows,
                    run.run,
                    by_run[run.run, run.rank],
                ),
                "points": run.points,
                "rank": run.rank,
                "run": run.run,
            }
            for run in cover.runs
        ],
    }


# ---------------------------------------------------------------- merging


def merge_segments(env: Env, folder: str, paths: Sequence[str]) -> list[Sealed]:
    """Write the points of these segments into fewer ones in `folder`, and return what was written.

    Left out are segments with runs that the one which counts for their WAL leaves out: they stay as they are.
    Raises OSError, DamagedFileError for a segment that cannot be read, StorageError as `seal`.
    """
    best: dict[str, tuple[Cover, str]] = {}
    for path in paths:
        for cover in covers_of(env, path):
            found = (cover, path)
            best[cover.wal] = better(best[cover.wal], found) if cover.wal in best else found
    apart = {
        path
        for path in paths
        for cover in covers_of(env, path)
        if not best[cover.wal][0].holds_runs_of(cover)
    }
    if apart:
        return merge_segments(env, folder, [path for path in paths if path not in apart])
    written: list[Sealed] = []
    batch = _Batch()
    for path in sorted({path for _, path in best.values()}):
        chosen = {wal: cover for wal, (cover, source) in best.items() if source == path}
        by_wal: dict[str, dict[SeriesKey, SeriesPoints]] = {}
        for (key, wal), part in decode(read_file(env, path), path).points.items():
            by_wal.setdefault(wal, {})[key] = part
        for wal, cover in sorted(chosen.items()):
            if batch.covers and batch.size + cover.points > MAX_POINTS:
                written.append(batch.write(env, folder))
                batch = _Batch()
            batch.add(cover, by_wal.get(wal, {}))
    if batch.covers:
        written.append(batch.write(env, folder))
    return written


def worth_merging(sizes: Mapping[str, int]) -> list[str]:
    """Return which of these segments (path to size in bytes) to merge now; empty if none.

    Segments of about one size are merged when there are `MERGE_AT` of them, so each point is rewritten a few times only
    and the number of files grows with the logarithm of the points.
    """
    tiers: dict[int, list[str]] = {}
    for path, size in sorted(sizes.items()):
        if size < _LARGE_BYTES:
            tiers.setdefault((size >> 14).bit_length() // 2, []).append(path)
    for _, paths in sorted(tiers.items()):
        if len(paths) >= MERGE_AT:
            sums = accumulate(sizes[path] for path in paths)
            return [path for path, total in zip(paths, sums, strict=True) if total <= _MERGE_BYTES]
    return []


# ---------------------------------------------------------------- writing one file


def write_segment(env: Env, folder: str, points: Mapping[Group, SeriesPoints], covers: list[Cover]) -> str:
    """Write one segment and return its path. Raises OSError, StorageError."""
    columns = as_columns(points)
    data = encode_table(columns, covers)

    def is_same(found: bytes) -> bool:
        return found == data and reads_back(found, columns, folder)

    return write_whole(env, os.path.join(folder, name_of(data)), data, is_same)


def write_whole(env: Env, path: str, data: bytes, is_same: Any) -> str:
    """Write a file that never changes: all of it durable under its name, or nothing. Raises OSError, StorageError."""
    folder = os.path.dirname(path)
    env.make_folder(folder)
    temporary = os.path.join(folder, f".{env.random_bytes(8).hex()}.tmp")
    fd = env.create(temporary)
    try:
        try:
            env.write(fd, data)
            env.sync_data(fd)
        finally:
            env.close(fd)
        if not is_same(env.read_file(temporary)):
            raise StorageError(
                f"`{temporary}` does not read back as it was written",
                hint="check the disk; nothing was deleted, the points are still in their WALs",
            )
        env.replace(temporary, path)
    except BaseException:
        _discard(env, temporary)
        raise
    env.sync_folder(folder)
    return path


def same_points(left: Mapping[Group, SeriesPoints], right: Mapping[Group, SeriesPoints]) -> bool:
    """Return whether both hold the same points, bit for bit."""
    return left.keys() == right.keys() and all(_same(part, right[group]) for group, part in left.items())


def _same(left: SeriesPoints, right: SeriesPoints) -> bool:
    return (
        left.exact == right.exact
        and same_bits(counting(left.rows), counting(right.rows))
        and same_bits(left.steps, right.steps)
        and same_bits(left.times_us, right.times_us)
        and same_bits(left.values, right.values)
    )


def _discard(env: Env, path: str) -> None:
    try:
        env.unlink(path)
    except OSError:
        return  # it is skipped by every reader, and deleted by the next cleaning
