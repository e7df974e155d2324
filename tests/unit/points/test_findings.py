"""What of a WAL or a segment is damage, what a crash may leave, and what is of a version that nobody here knows."""

from __future__ import annotations

import struct
import zlib

import pytest

from gnomon.env import REAL
from gnomon.points.reader import read_bytes
from gnomon.points.verify import verify_salvage, verify_segment, verify_wal
from gnomon.record.hashing import derive_id
from gnomon.record.problems import DAMAGE, NOTICE, UNKNOWN
from tests.unit.points.tiny_wal import WRITER, TinyWal, small_wal
from tests.unit.points.world import OneFile


def found(data: bytes, wal: TinyWal, folder: str = WRITER.hex()) -> list[tuple[str, str]]:
    problems = verify_wal(OneFile(data), f"record/points/{folder}/{wal.id.hex()}.wal")
    return [(problem.severity, problem.what) for problem in problems]


@pytest.mark.parametrize("size", [0, 500, 1024, 65536])
def test_a_wal_that_was_not_begun_is_a_notice(size):
    ((severity, what),) = found(bytes(size), small_wal())
    assert severity == NOTICE
    assert what.startswith("nothing was written into it")
    assert read_bytes(bytes(size)).damage == ()


def test_records_behind_a_header_of_zeros_are_damage():
    data = small_wal().open_ended()
    assert (DAMAGE, "both copies of the header are zeros, and records follow") in found(
        bytes(1024) + data[1024:], small_wal()
    )


SERIES, RUNS, COLUMNS, WIDE = (2**32 - number for number in (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("what", "size", "is_of_a_crash"),
    [
        (SERIES, 28, True),
        (SERIES, 40, True),
        (RUNS, 70, True),
        (COLUMNS, 36, True),
        (COLUMNS, 32, False),
        (COLUMNS, 38, False),
        (WIDE, 50, True),
        (WIDE, 63, True),
        (WIDE, 51, False),
        (2**31 + 5, 40, False),
        (77, 42, False),
    ],
)
def test_a_record_that_was_cut_by_a_crash_is_a_notice_whatever_its_kind(what, size, is_of_a_crash):
    wal = small_wal()
    data = bytearray(wal.open_ended())
    at = 1024 + len(wal.body)
    data[at : at + 8] = struct.pack("<II", size, what)
    ((severity, _),) = found(bytes(data), wal)
    assert severity == (NOTICE if is_of_a_crash else DAMAGE)


def test_a_series_that_stands_twice_in_a_row_is_damage():
    for is_wide in (False, True):
        wal = small_wal()
        before = wal.ends[-1][0]
        values = b"[" + struct.pack("<I", 2) + 2 * (b"g" + struct.pack("<d", 1.0))
        if is_wide:
            wal.record(WIDE, struct.pack("<3I", 0, 0, 0) + values, 1, 1)
        else:
            wal.record(COLUMNS, struct.pack("<3I", 0, 0, 0))
        assert read_bytes(wal.open_ended()).damage[0].offset == before
        assert DAMAGE in {severity for severity, _ in found(wal.open_ended(), wal)}


def test_a_wal_in_another_writers_folder_is_damage():
    ((severity, what),) = found(small_wal().closed(), small_wal(), "ab" * 16)
    assert (severity, what[:16]) == (DAMAGE, f"it is of writer {WRITER.hex()[:8]}"[:16])
    assert found(small_wal().closed(), small_wal()) == []


def test_a_wal_of_a_newer_version_is_said_to_be_that_and_one_flipped_digit_is_not():
    data = small_wal().closed()
    newer = data[:6] + b"2" + data[7:134] + b"2" + data[135:]
    assert found(newer, small_wal()) == [(UNKNOWN, "it has format version 2; this Gnomon reads version 1")]
    assert {severity for severity, _ in found(data[:6] + b"3" + data[7:], small_wal())} == {DAMAGE}


@pytest.mark.parametrize("data", [b"", b"PAR1 not really PAR1", b"PAR1\0\0\0\xffPAR1", b"x" * 100])
def test_a_segment_that_is_no_parquet_is_damage_and_no_library_panics(tmp_path, capfd, data):
    path = tmp_path / f"{derive_id('segment', data)}.parquet"
    path.write_bytes(data)
    (problem,) = verify_segment(REAL, str(path))
    assert problem.severity == DAMAGE
    assert problem.what.endswith("is no Parquet file")
    assert capfd.readouterr() == ("", "")


def test_a_salvage_file_of_a_newer_format_is_said_to_be_that(tmp_path):
    for magic, severity in ((b"GNMSLV2\n", UNKNOWN), (b"GNMSLVx\n", DAMAGE)):
        data = magic + struct.pack("<QQ", 1024, 3) + bytes(1024) + b"abc"
        crc = struct.pack("<I", zlib.crc32(data))
        path = tmp_path / f"{'a' * 32}.{crc.hex()}.salvage"
        path.write_bytes(data + crc)
        assert [problem.severity for problem in verify_salvage(REAL, str(path))] == [severity]
