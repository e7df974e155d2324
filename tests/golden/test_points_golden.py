"""Old files must stay readable: if one of these tests fails, the format needs a new version.

`tests/golden/points/` holds a closed WAL, made from the format page by `tests/unit/points/tiny_wal.py`, and its segment
as the first release wrote it. Other versions of the Parquet library may write other bytes; they must read these.
"""

from __future__ import annotations

from pathlib import Path

from gnomon.env import REAL
from gnomon.points import layout
from gnomon.points.reader import read_wal
from gnomon.points.seal import seal
from gnomon.points.segment import covers_of, decode, read_file
from gnomon.points.verify import verify_segment, verify_wal
from tests.unit.points.tiny_wal import (
    BOOT,
    CREATED_NS,
    FIRST_CRC,
    LOG,
    SALT,
    WRITER,
    TinyWal,
    rows_of,
    small_wal,
    truth_of,
    wal_id,
)

FOLDER = Path(__file__).parent / "points"
WAL = str(FOLDER / "78aaa8b74f121262bda96871f99b34f4.wal")
[SEGMENT] = map(str, FOLDER.glob("*.parquet"))
COMMITMENTS = {
    "78aaa8b74f121262bda96871f99b34f4": [
        {
            "first_row": 0,
            "rows": 6,
            "runs": [
                {
                    "commitment": "120e1bbe737155a6713521786ba17a4e0faffd65e8c5cf8d54a1f481cd89e0b5",
                    "points": 9,
                    "rank": 0,
                    "run": "0123456789abcdef0123",
                },
                {
                    "commitment": "5cf84e72d9af14e15e4e7f01a153dcc5c37ef3ca03c14288425d1940fcad2466",
                    "points": 1,
                    "rank": 3,
                    "run": "ff00",
                },
            ],
        }
    ]
}


def test_the_bytes_of_a_wal_do_not_change():
    assert small_wal().closed() == Path(WAL).read_bytes()


def test_a_row_of_the_real_layout_has_the_bytes_of_the_page():
    wal = TinyWal()
    wal.log({"loss": 0.5}, step=3)
    before = layout.PREFIX.pack(42, 1, 3, CREATED_NS) + layout.ROW_PREFIX.pack(b"[", 1)
    assert bytes(wal.body[-42:]).startswith(before + b"g" + bytes.fromhex("000000000000e03f"))
    assert len(wal.body[-42:]) == layout.SMALLEST_ROW


def test_the_fixed_parts_of_the_real_layout_have_the_bytes_of_the_page():
    wal = TinyWal(ordinal=2)
    fixed = layout.pack_fixed(
        process_id=4711,
        wal=wal_id(),
        log=LOG,
        writer=WRITER,
        salt=SALT,
        boot_id=BOOT,
        created_ns=CREATED_NS,
        first_crc=FIRST_CRC,
        ordinal=2,
    )
    wal.lost_rows, wal.lost_values, wal.serial = 5, 6, 3
    closed = wal.closed()
    assert fixed * 2 == closed[:256]
    assert layout.pack_slot(3, 5, 6, 1024 + 4096) == closed[320:384]
    assert layout.pack_close(1024, 0, FIRST_CRC, CREATED_NS + 10**9) == closed[384:448]


def test_the_wal_is_read_as_it_was():
    read = read_wal(REAL, WAL)
    assert rows_of(read) == truth_of(small_wal())
    assert (read.rows, read.missing, read.damage) == (6, 0, ())
    assert list(verify_wal(REAL, WAL)) == []


def test_the_segment_of_the_first_release_is_read_as_it_was():
    assert list(verify_segment(REAL, SEGMENT, deep=True, commitments=COMMITMENTS)) == []
    [cover] = covers_of(REAL, SEGMENT)
    assert (cover.wal, cover.rows, cover.missing, cover.points) == (wal_id().hex(), 6, 0, 10)
    points = decode(read_file(REAL, SEGMENT), SEGMENT).points
    values = {key.series: part.values.tolist() for (key, _), part in points.items() if key.rank == 0}
    assert values["loss"] == [0.5, 0.0, 0.125]
    assert values["épisode"] == [2.0**70, -(2.0**53)]
    exact = {key.series: part.exact for (key, _), part in points.items() if part.exact}
    assert exact == {"épisode": {0: 2**70 + 1, 1: -(2**53) - 1}}


def test_sealing_the_wal_commits_to_what_it_did(tmp_path):
    [sealed] = seal(REAL, str(tmp_path), [WAL])
    assert {subject.removeprefix("wal:"): [body] for subject, body in sealed.entries} == COMMITMENTS
