"""Find every byte of a WAL or a segment that is not what was written.

A WAL is checked record by record, so that a wrong CRC is found even where later records vouch for the values before
it. A segment is checked against its name, and on request (`deep`) against its own metadata and against the commitments
of the logs: that its points are those that were sealed.

Always true: nothing raises, whatever the bytes are; a file that cannot be read is a problem too.
"""

from __future__ import annotations

import os
import re
import struct
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec

from gnomon.errors import DamagedFileError
from gnomon.ids import is_hex
from gnomon.points import layout
from gnomon.points.commitments import points_commitment
from gnomon.points.covers import NewerSegmentError
from gnomon.points.decode import leading, nearest_float
from gnomon.points.deletion import SALVAGE_MAGIC, SALVAGE_PLACE
from gnomon.points.header import newer_version
from gnomon.points.reader import MAX_READ_SIZE, WalRead, read_parts, read_wal
from gnomon.points.seal import cover_of
from gnomon.points.segment import (
    ROW_GROUP,
    SegmentRead,
    as_table,
    decode,
    read_covers,
    read_file,
    refusing_damage,
)
from gnomon.points.series_points import points_by_series
from gnomon.record.problems import DAMAGE, NOTICE, UNKNOWN, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gnomon.env import Env
    from gnomon.points.covers import Cover
    from gnomon.points.series_points import SeriesPoints

_FETCH = "run `gnomon sync`: another replica may have a good copy"
_KEEP = "keep it: the rows before this place are used; `gnomon sync` may bring a good copy"
_STILL_GOOD = "its rows are used; seal it soon (any `gnomon` command does), a segment replaces it"
_NEWER = "install a newer Gnomon: `pip install --upgrade gnomon`"
_OTHER_SALVAGE = re.compile(rb"GNMSLV[2-9]\n").match
_MOST_CRCS_NAMED = 20
_TOGETHER = 4096  # records whose CRCs are checked in one go


def verify_wal(env: Env, path: str) -> Iterator[Problem]:
    """Yield what is wrong with a WAL."""
    try:
        fd = env.open_read(path)
        try:
            size, data = env.size(fd), env.read(fd, MAX_READ_SIZE)
        finally:
            env.close(fd)
    except OSError as error:
        yield Problem(path, "", f"it cannot be read: {error}", "check its permissions and the disk")
        return
    head, body = data[: layout.HEADER_SIZE], data[layout.HEADER_SIZE :]
    if version := newer_version(head):
        what = f"it has format version {version}; this Gnomon reads version 1"
        yield Problem(path, "", what, _NEWER, UNKNOWN)
        return
    read = read_parts(head, body, file_size=size, boot_id=env.boot_id())
    if read.header is None and not read.damage:
        what = "nothing was written into it: its process is starting, or died before its first record"
        yield Problem(path, "", what, "nothing", NOTICE)
    for damage in read.damage:
        if read.is_unfinished and damage.offset == read.end:
            what = (
                "one record is not whole: a call that was under way when the process died, and never returned"
            )
            yield Problem(path, f"byte {damage.offset:,}", what, "nothing: it was never acknowledged", NOTICE)
        else:
            advice = _STILL_GOOD if damage.offset < layout.HEADER_SIZE else _KEEP
            yield Problem(path, f"byte {damage.offset:,}", damage.what, advice)
    if read.header is not None:
        if os.path.basename(path) != f"{read.header.wal}.wal":
            yield Problem(
                path, "", f"it holds WAL {read.header.wal}, which is not its name", "give it its name back"
            )
        owner = os.path.basename(os.path.dirname(path))
        if is_hex(owner, 32) and owner != read.header.writer:
            what = f"it is of writer {read.header.writer[:8]}, and lies in the folder of {owner[:8]}"
            yield Problem(path, "", what, f"move it to points/{read.header.writer}/")
        yield from _wrong_crcs(path, data, read, read.header.first_crc)


def verify_wal_points(
    env: Env, path: str, commitments: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[Problem]:
    """Yield where a WAL's points are not those that were committed to when it was sealed. Raises OSError.

    Its checksums need no key: who can write to the folder can make others.
    """
    read = read_wal(env, path)
    if read.header is None or read.header.wal not in commitments:
        return
    cover, by_run = cover_of(read, points_by_series(read.blocks))
    for body in commitments[read.header.wal]:
        yield from _uncommitted(path, cover, by_run, body, lambda _wal, _run, _rows: False)


def _wrong_crcs(path: str, data: bytes, read: WalRead, crc: int) -> Iterator[Problem]:
    """Yield the records whose own CRC is wrong though a later one vouches for them."""
    named = 0
    for place, body, stored in _records(data, read.end):
        crc = crc32(body, crc)
        if crc != stored:
            yield Problem(path, f"byte {place:,}", "the checksum of a record is damaged", _STILL_GOOD)
            named += 1
            if named == _MOST_CRCS_NAMED:
                return


def _records(data: bytes, end: int) -> Iterator[tuple[int, bytes, int]]:
    """Yield (offset of the CRC, the bytes before it, the CRC) of each record; records of one size are taken together."""
    place = layout.HEADER_SIZE
    while place < end:
        size = int.from_bytes(data[place : place + 4], "little")
        after = min(end, place + _TOGETHER * size)
        count = min(
            leading(data, place + at, after, size, byte) for at, byte in enumerate(size.to_bytes(4, "little"))
        )
        together = struct.Struct(f"<{size - 4}sI").iter_unpack(data[place : place + count * size])
        for number, (body, crc) in enumerate(together, 1):
            yield place + number * size - 4, body, crc
        place += count * size


# ---------------------------------------------------------------- segments


class _Committed(msgspec.Struct):
    commitment: str
    points: int
    rank: int
    run: str


class Commitment(msgspec.Struct):
    """The body of a `points.sealed` entry."""

    first_row: int
    rows: int
    runs: list[_Committed]


def verify_segment(
    env: Env,
    path: str,
    deep: bool = False,
    commitments: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    may_lack: Callable[[str, str, int], bool] = lambda _wal, _run, _rows: False,
) -> Iterator[Problem]:
    """Yield what is wrong with a segment.

    `commitments` holds the bodies of the `points.sealed` entries by WAL id; they are compared where `deep` is set.
    `may_lack(wal, run, rows)` says of which runs a segment may leave out the points, as an export of other runs does.
    """
    try:
        data = read_file(env, path, afresh=True)
        if not deep:
            read_covers(data, path)  # named by its bytes, and still no segment
            return
        found = decode(data, path)
        yield from _badly_kept(path, data, found)
    except DamagedFileError as error:
        severity = UNKNOWN if isinstance(error, NewerSegmentError) else DAMAGE
        yield Problem(path, "", error.message, error.hint or _FETCH, severity)
        return
    except OSError as error:
        yield Problem(path, "", f"it cannot be read: {error}", "check its permissions and the disk")
        return
    for cover in found.covers:
        mine = _by_run(found, cover.wal)
        yield from _miscounted(path, cover, mine)
        for body in (commitments or {}).get(cover.wal, ()):
            yield from _uncommitted(path, cover, mine, body, may_lack)


def committed_by(body: Mapping[str, Any]) -> Commitment | None:
    """Return what the body of a `points.sealed` entry commits to; None where it is malformed."""
    try:
        return msgspec.convert(body, Commitment)
    except msgspec.ValidationError:
        return None


def _badly_kept(path: str, data: bytes, found: SegmentRead) -> Iterator[Problem]:
    """Yield what is wrong with the order of the rows and with the exact numbers."""
    with refusing_damage(path):
        wrong = _first_unlike_column(data, found)
    if wrong is not None:
        yield Problem(path, f"column {wrong}", "the rows are not in the order of the format", _FETCH)
        return
    for (key, wal), points in found.points.items():
        for at, number in points.exact.items():
            if points.values[at : at + 1].tobytes() != nearest_float(number):
                where = f"run {key.run}, WAL {wal}, row {points.rows[at]}"
                yield Problem(path, where, f"{number} does not belong to the value beside it", _FETCH)


def _first_unlike_column(data: bytes, found: SegmentRead) -> str | None:
    """Return the first column that is not as it would be if these points were written now; None if all are."""
    from arro3.core import DataType
    from arro3.io import read_parquet

    expected, place = as_table(found.points), 0
    for batch in read_parquet(data, batch_size=ROW_GROUP):
        part: Any = expected.slice(place, batch.num_rows)
        place += batch.num_rows
        for name in expected.column_names:
            kept, wanted = batch.column(name), part.column(name).combine_chunks()
            if name in ("run", "series", "exact", "wal"):
                kept, wanted = kept.cast(DataType.string()), wanted.cast(DataType.string())
            if kept != wanted:
                return str(name)
    return None


def _by_run(found: SegmentRead, wal: str) -> dict[tuple[str, int], dict[str, SeriesPoints]]:
    runs: dict[tuple[str, int], dict[str, SeriesPoints]] = {}
    for (key, one), points in found.points.items():
        if one == wal:
            runs.setdefault((key.run, key.rank), {})[key.series] = points
    return runs


def _miscounted(
    path: str, cover: Cover, mine: dict[tuple[str, int], dict[str, SeriesPoints]]
) -> Iterator[Problem]:
    said = {(one.run, one.rank): one.points for one in cover.runs}
    held = {run: sum(map(len, series.values())) for run, series in mine.items()}
    for run in sorted(said.keys() | held.keys()):
        if said.get(run, 0) != held.get(run, 0):
            what = f"{held.get(run, 0):,} points of {said.get(run, 0):,} that it says it has"
            yield Problem(path, f"WAL {cover.wal}, run {run[0]}", what, _FETCH)
    last = max((points.rows[-1] for series in mine.values() for points in series.values()), default=-1)
    if last >= cover.first_row + cover.rows:
        yield Problem(path, f"WAL {cover.wal}", f"row {last:,} is beyond what it covers", _FETCH)


def _uncommitted(
    path: str,
    cover: Cover,
    mine: dict[tuple[str, int], dict[str, SeriesPoints]],
    body: Mapping[str, Any],
    may_lack: Callable[[str, str, int], bool],
) -> Iterator[Problem]:
    """Yield where the points are not those that an entry commits to. An entry on more rows than these says nothing."""
    committed = committed_by(body)
    if committed is None:
        what = "an entry `points.sealed` is malformed"
        yield Problem(path, f"WAL {cover.wal}", what, "run `gnomon verify` on the log", NOTICE)
        return
    if committed.first_row != cover.first_row or committed.rows > cover.rows:
        return
    salts = {(one.run, one.rank): bytes.fromhex(one.salt) for one in cover.runs}
    for one in committed.runs:
        run = (one.run, one.rank)
        if run not in salts and may_lack(cover.wal, one.run, committed.rows):
            continue
        series = {name: points.below(committed.rows) for name, points in mine.get(run, {}).items()}
        series = {name: points for name, points in series.items() if len(points)}
        expected = None
        if run in salts:
            expected = points_commitment(salts[run], cover.wal, 0, committed.rows, one.run, series)
        if expected != one.commitment:
            what = "its points are not those that the log commits to"
            yield Problem(path, f"WAL {cover.wal}, run {one.run}, rank {one.rank}", what, _FETCH)


# ---------------------------------------------------------------- salvage


def verify_salvage(env: Env, path: str) -> Iterator[Problem]:
    """Yield what is wrong with what was salvaged of a damaged WAL."""
    try:
        data = env.read_file(path)
    except OSError as error:
        yield Problem(path, "", f"it cannot be read: {error}", "check its permissions and the disk")
        return
    is_named = layout.CRC.unpack(data[-4:].rjust(4, b"\0"))[0] == crc32(data[:-4]) and os.path.basename(
        path
    ).split(".")[1:2] == [data[-4:].hex()]
    if is_named and _OTHER_SALVAGE(data):
        what = f"its format is {data[3:7].decode()}; this Gnomon reads {SALVAGE_MAGIC[3:7].decode()}"
        yield Problem(path, "", what, _NEWER, UNKNOWN)
        return
    start = len(SALVAGE_MAGIC) + SALVAGE_PLACE.size
    is_sound = (
        data.startswith(SALVAGE_MAGIC)
        and len(data) >= start + layout.HEADER_SIZE + 4
        and SALVAGE_PLACE.unpack(data[len(SALVAGE_MAGIC) : start])[1]
        == len(data) - start - layout.HEADER_SIZE - 4
        and is_named
    )
    if not is_sound:
        yield Problem(path, "", "what was salvaged of a damaged WAL is damaged itself", _FETCH, DAMAGE)
