"""Sealing: what stood in WALs stands in a segment, bit for bit, and nothing is written that does not read back."""

from __future__ import annotations

import json
import os
import sys

import pytest

from gnomon.errors import DamagedFileError, StorageError
from gnomon.points import seal as seal_module
from gnomon.points import segment
from gnomon.points.commitments import points_commitment
from gnomon.points.reader import read_wal
from gnomon.points.seal import merge_segments, seal, worth_merging
from gnomon.points.segment import covers_of, decode, name_of, read_file
from gnomon.points.series_points import SeriesKey, points_by_series
from gnomon.points.verify import verify_segment
from tests.unit.points.tiny_wal import RUN, TinyWal, bits, small_wal
from tests.unit.points.world import World, add_rows, put


def points_in(world, path) -> dict:
    """Return {(run, series, rank, wal, row): (step, time in µs, bits of the value, exact number)}."""
    return {
        (*key, wal, points.rows[at]): (
            points.steps[at],
            points.times_us[at],
            bits(points.values[at]),
            points.exact.get(at),
        )
        for (key, wal), points in decode(read_file(world, path), path).points.items()
        for at in range(len(points))
    }


def truth_of(*wals: TinyWal) -> dict:
    """Return what `points_in` must give."""
    return {
        (run, name, rank, wal.id.hex(), row): (
            step,
            time_ns // 1000,
            bits(float(value)),
            value if isinstance(value, int) else None,
        )
        for wal in wals
        for row, (run, rank, step, time_ns, values) in enumerate(wal.rows)
        for name, value in values.items()
    }


def three_wals(folder) -> tuple[list[TinyWal], list[str]]:
    wals = [small_wal(), TinyWal(salt=b"1" * 16, ordinal=1), TinyWal(salt=b"2" * 16, created_ns=1)]
    add_rows(wals[1], 500, ("loss", "lr"), lambda number: number / 3)
    wals[2].log({"loss": 1.0}, step=4)
    return wals, [put(folder, wal) for wal in wals]


def test_a_segment_holds_every_point_of_its_wals_bit_for_bit(tmp_path, world, numpy_or_not):
    wals, paths = three_wals(tmp_path)
    [sealed] = seal(world, str(tmp_path), paths)
    assert points_in(world, sealed.path) == truth_of(*wals)


def test_the_cover_says_what_the_wal_was(tmp_path, world):
    wal = small_wal()
    wal.lost_rows, wal.lost_values = 3, 4
    [sealed] = seal(world, str(tmp_path), [put(tmp_path, wal)])
    [cover] = covers_of(world, sealed.path)
    assert (cover.wal, cover.first_row, cover.rows) == (wal.id.hex(), 0, 6)
    assert (cover.missing, cover.lost_rows, cover.lost_values, cover.closed) == (0, 3, 4, True)
    assert [(one.run, one.rank, one.points) for one in cover.runs] == [(RUN, 0, 9), ("ff00", 3, 1)]
    assert [cover] == list(sealed.covers)


def test_another_reader_of_parquet_finds_the_same(tmp_path, world):
    parquet = pytest.importorskip("pyarrow.parquet")
    wals, paths = three_wals(tmp_path)
    [sealed] = seal(world, str(tmp_path), paths)
    table = parquet.read_table(sealed.path)
    names = ["run", "series", "rank", "step", "time", "value", "exact", "wal", "row"]
    assert table.column_names == names
    kinds = [
        str(field.type).replace("dictionary<values=string, indices=int32, ordered=0>", "string")
        for field in table.schema
    ]
    assert kinds == [
        "string",
        "string",
        "int32",
        "int64",
        "timestamp[us, tz=UTC]",
        "double",
        "string",
        "string",
        "int64",
    ]
    assert [field.name for field in table.schema if field.nullable] == ["exact"]
    rows = list(
        zip(
            *(table.column(name).to_pylist() for name in ("run", "series", "rank", "wal", "row")), strict=True
        )
    )
    assert rows == sorted(rows)
    assert set(rows) == set(truth_of(*wals))
    assert json.loads(parquet.read_metadata(sealed.path).metadata[b"gnomon"])["v"] == 1


def test_sealing_again_gives_the_same_file(tmp_path, world):
    _, paths = three_wals(tmp_path)
    [first] = seal(world, str(tmp_path), paths)
    [again] = seal(world, str(tmp_path), [*reversed(paths)])
    assert first.path == again.path
    assert first.entries == again.entries


def test_sealing_with_and_without_numpy_gives_the_same_file(tmp_path, world, monkeypatch):
    pytest.importorskip("numpy")
    _, paths = three_wals(tmp_path)
    [with_numpy] = seal(world, str(tmp_path), paths)
    monkeypatch.setitem(sys.modules, "numpy", None)
    [without] = seal(world, str(tmp_path), paths)
    assert with_numpy.path == without.path
    assert with_numpy.entries == without.entries


def test_the_file_is_named_by_its_bytes_and_leaves_no_other(tmp_path, world):
    [sealed] = seal(world, str(tmp_path), [put(tmp_path, small_wal())])
    with open(sealed.path, "rb") as file:
        assert name_of(file.read()) == os.path.basename(sealed.path)
    assert sorted(os.listdir(tmp_path / ".")) == sorted(
        ["project", f"{small_wal().id.hex()}.wal", os.path.basename(sealed.path)]
    )


def test_what_does_not_read_back_is_an_error_and_leaves_nothing(tmp_path, world):
    path = put(tmp_path, small_wal())
    world.read_file = lambda path, offset=0: World.read_file(world, path)[:-1] + b"x"
    with pytest.raises(StorageError, match="does not read back"):
        seal(world, str(tmp_path), [path])
    assert [name for name in os.listdir(tmp_path) if name != "project"] == [os.path.basename(path)]


def test_bytes_that_decode_to_other_values_are_not_accepted(tmp_path, world, monkeypatch):
    """The file is what was meant to be written, but the Parquet library would give back something else."""
    path = put(tmp_path, small_wal())
    real = seal_module.encode_table

    def encode_badly(columns, covers):
        return real({**columns, "step": columns["row"]}, covers)

    monkeypatch.setattr(seal_module, "encode_table", encode_badly)
    with pytest.raises(StorageError, match="does not read back"):
        seal(world, str(tmp_path), [path])


@pytest.mark.parametrize("left_out", ["a row", "a series", "an exact number", "another text"])
def test_a_file_with_other_points_does_not_read_back(tmp_path, world, left_out, numpy_or_not):
    [sealed] = seal(world, str(tmp_path), [put(tmp_path, small_wal())])
    found = decode(read_file(world, sealed.path), sealed.path)
    points = dict(found.points)
    wanted = segment.as_columns(points)
    last = max(points)
    if left_out == "a row":
        points[max(points)] = points[last][: len(points[last]) - 1]
    elif left_out == "a series":
        del points[last]
    elif left_out == "an exact number":
        next(part for part in points.values() if part.exact).exact.clear()
    else:
        points[last[0]._replace(series="zzz"), last[1]] = points.pop(last)
    data = segment.encode(points, list(found.covers))
    assert not segment.reads_back(data, wanted, "x")
    assert segment.reads_back(data, segment.as_columns(points), "x")


def test_of_two_copies_of_one_wal_the_longer_is_sealed(tmp_path, world):
    wal = small_wal()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for short, whole in [("a", "b"), ("b", "a")]:
        cut = wal.closed()[: wal.ends[-2][0]]
        [sealed] = seal(world, str(tmp_path), [put(tmp_path / short, wal, cut), put(tmp_path / whole, wal)])
        assert points_in(world, sealed.path) == truth_of(wal)


def test_of_a_damaged_wal_the_certain_rows_are_sealed_with_their_bound(tmp_path, world):
    wal = small_wal()
    data = bytearray(wal.closed())
    data[wal.ends[-2][0] - 5] ^= 1
    [sealed] = seal(world, str(tmp_path), [put(tmp_path, wal, bytes(data))])
    del wal.rows[4:]
    assert points_in(world, sealed.path) == truth_of(wal)
    assert (sealed.covers[0].rows, sealed.covers[0].missing) == (4, 2)


def test_a_wal_that_holds_nothing_is_left_out_and_one_that_lost_something_is_not(tmp_path, world):
    assert seal(world, str(tmp_path), [put(tmp_path, TinyWal())]) == []
    assert seal(world, str(tmp_path), [put(tmp_path, TinyWal(), b"no header")]) == []
    lossy = TinyWal()
    lossy.lost_rows = 5
    [sealed] = seal(world, str(tmp_path), [put(tmp_path, lossy)])
    assert (sealed.covers[0].rows, sealed.covers[0].lost_rows) == (0, 5)
    assert points_in(world, sealed.path) == {}


def test_many_points_make_several_segments_and_no_wal_is_divided(tmp_path, world, monkeypatch):
    monkeypatch.setattr(seal_module, "MAX_POINTS", 1002)
    wals, paths = three_wals(tmp_path)
    sealed = seal(world, str(tmp_path), paths)
    assert [[cover.points for cover in one.covers] for one in sealed] == [[1, 10], [1000]]
    found = {}
    for one in sealed:
        found |= points_in(world, one.path)
    assert found == truth_of(*wals)
    assert [[subject for subject, _ in one.entries] for one in sealed] == [
        [f"wal:{wals[2].id.hex()}", f"wal:{wals[0].id.hex()}"],
        [f"wal:{wals[1].id.hex()}"],
    ]


# ---------------------------------------------------------------- commitments


def commitments_from(world, wal_path, cover) -> list[str]:
    by_run = {}
    for key, points in points_by_series(read_wal(world, wal_path).blocks).items():
        by_run.setdefault((key.run, key.rank), {})[key.series] = points
    return [
        points_commitment(
            bytes.fromhex(one.salt), cover.wal, 0, cover.rows, one.run, by_run[one.run, one.rank]
        )
        for one in cover.runs
    ]


def commitments_in(world, segment_path, wal) -> list[str]:
    cover = next(cover for cover in covers_of(world, segment_path) if cover.wal == wal)
    points = decode(read_file(world, segment_path), segment_path).points
    return [
        points_commitment(
            bytes.fromhex(one.salt),
            wal,
            0,
            cover.rows,
            one.run,
            {
                key.series: part
                for (key, source), part in points.items()
                if source == wal and (key.run, key.rank) == (one.run, one.rank)
            },
        )
        for one in cover.runs
    ]


def test_the_commitment_is_the_same_from_the_wal_the_segment_and_a_merged_one(tmp_path, world, numpy_or_not):
    wals, paths = three_wals(tmp_path)
    sealed = [seal(world, str(tmp_path), [path])[0] for path in paths]
    [merged] = merge_segments(world, str(tmp_path), [one.path for one in sealed])
    for wal, path, one in zip(wals, paths, sealed, strict=True):
        expected = [run["commitment"] for run in one.entries[0][1]["runs"]]
        assert expected == commitments_from(world, path, one.covers[0])
        assert expected == commitments_in(world, one.path, wal.id.hex())
        assert expected == commitments_in(world, merged.path, wal.id.hex())


def test_the_commitment_is_what_the_format_page_says(tmp_path, world):
    """Computed by hand, from the page."""
    import struct

    from blake3 import blake3

    wal = TinyWal()
    wal.log({"b": 2**53 + 1, "a": 1.5}, step=7, time_ns=3_000_000)
    wal.log({"a": -0.0}, step=8, time_ns=-1)
    [sealed] = seal(world, str(tmp_path), [put(tmp_path, wal)])
    salt = blake3(
        bytes(range(32, 48)) + RUN.encode() + bytes(4), derive_key_context="gnomon v1 points salt"
    ).digest()[:16]
    assert sealed.covers[0].runs[0].salt == salt.hex()
    content = salt + wal.id + struct.pack("<QQ", 0, 2) + RUN.encode()
    content += struct.pack("<I1sQ2q2q2q2dI", 1, b"a", 2, 0, 1, 7, 8, 3000, -1, 1.5, -0.0, 0)
    content += struct.pack("<I1sQqqqdI", 1, b"b", 1, 0, 7, 3000, 2.0**53, 1)
    content += struct.pack("<qI16s", 0, 16, b"9007199254740993")
    expected = blake3(content, derive_key_context="gnomon v1 points").hexdigest()
    assert sealed.entries == (
        (
            f"wal:{wal.id.hex()}",
            {
                "first_row": 0,
                "rows": 2,
                "runs": [{"commitment": expected, "points": 3, "rank": 0, "run": RUN}],
            },
        ),
    )


def test_every_kind_of_change_changes_the_commitment(tmp_path, world):
    def commitment(values, step=0, time_ns=0, rank=0, salt=b"s" * 16):
        wal = TinyWal(salt=salt)
        wal.log(values, step=step, time_ns=time_ns, rank=rank)
        [sealed] = seal(world, str(tmp_path), [put(tmp_path, wal)])
        return sealed.entries[0][1]["runs"][0]["commitment"]

    changed = [
        commitment({"a": 1.0}),
        commitment({"a": 1.5}),
        commitment({"b": 1.0}),
        commitment({"a": 0.0}),
        commitment({"a": -0.0}),
        commitment({"a": 1.0}, step=1),
        commitment({"a": 1.0}, time_ns=1000),
        commitment({"a": 1.0}, rank=1),
        commitment({"a": 1.0}, salt=b"t" * 16),
        commitment({"a": 2**53 + 1}),
        commitment({"a": 2.0**53}),
    ]
    assert len(set(changed)) == len(changed)


# ---------------------------------------------------------------- merging


def test_merging_keeps_every_point_and_cover(tmp_path, world, numpy_or_not):
    wals, paths = three_wals(tmp_path)
    sealed = [seal(world, str(tmp_path), [path])[0] for path in paths]
    [merged] = merge_segments(world, str(tmp_path), [one.path for one in sealed])
    assert points_in(world, merged.path) == truth_of(*wals)
    assert {cover for one in sealed for cover in one.covers} == set(covers_of(world, merged.path))
    assert merged.entries == ()


def test_merging_in_any_order_or_grouping_gives_one_file(tmp_path, world):
    _, paths = three_wals(tmp_path)
    a, b, c = (seal(world, str(tmp_path), [path])[0].path for path in paths)
    [whole] = merge_segments(world, str(tmp_path), [a, b, c])
    [ab] = merge_segments(world, str(tmp_path), [b, a])
    [grouped] = merge_segments(world, str(tmp_path), [c, ab.path, a])
    assert grouped.path == whole.path


def test_merging_keeps_the_cover_with_more_rows(tmp_path, world):
    wal = small_wal()
    short = seal(world, str(tmp_path), [put(tmp_path, wal, wal.closed()[: wal.ends[-3][0]])])[0].path
    whole = seal(world, str(tmp_path), [put(tmp_path, wal)])[0].path
    for order in ([short, whole], [whole, short]):
        [merged] = merge_segments(world, str(tmp_path), order)
        assert points_in(world, merged.path) == truth_of(wal)
        assert merged.path == whole


def test_a_damaged_segment_is_not_merged(tmp_path, world):
    [sealed] = seal(world, str(tmp_path), [put(tmp_path, small_wal())])
    with open(sealed.path, "r+b") as file:
        file.seek(100)
        file.write(b"!")
    with pytest.raises(DamagedFileError, match="do not match its name"):
        merge_segments(world, str(tmp_path), [sealed.path])


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, 0),
        (dict.fromkeys("abcdefg", 5000), 0),
        (dict.fromkeys("abcdefgh", 5000), 8),
        (dict.fromkeys("abcdefgh", 5 << 20), 0),
        ({**dict.fromkeys("abcd", 5000), **dict.fromkeys("efgh", 500_000)}, 0),
        (dict.fromkeys("abcdefghijklmnop", 3 << 20), 10),
    ],
)
def test_segments_of_about_one_size_are_merged_when_there_are_enough(sizes, expected):
    assert len(worth_merging(sizes)) == expected


# ---------------------------------------------------------------- hostile segments


def write_segment_file(folder, table, metadata) -> str:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = os.path.join(folder, "new.tmp")
    parquet.write_table(
        table.replace_schema_metadata({"gnomon": metadata} if metadata is not None else {}), path
    )
    with open(path, "rb") as file:
        name = name_of(file.read())
    os.rename(path, os.path.join(folder, name))
    return os.path.join(folder, name)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (None, "says nothing readable"),
        ("{", "says nothing readable"),
        ('{"v":2,"covers":"new"}', "version 2; this Gnomon reads version 1"),
        ('{"v":1,"covers":[]}', "more points than it says"),
        ('{"v":1,"covers":[{"wal":"../../x"}]}', "says nothing readable"),
        ("[" * 100_000, "says nothing readable"),
    ],
)
def test_a_segment_with_other_metadata_is_refused(tmp_path, world, metadata, message):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"run": ["a"], "value": [1.0]})
    path = write_segment_file(str(tmp_path), table, metadata)
    with pytest.raises(DamagedFileError, match=message):
        decode(read_file(world, path), path)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" * 10, bytes(1000)])
def test_bytes_that_are_no_parquet_are_refused(tmp_path, world, data):
    path = str(tmp_path / name_of(data))
    with open(path, "wb") as file:
        file.write(data)
    with pytest.raises(DamagedFileError, match="is no Parquet file"):
        covers_of(world, path)
    [problem] = verify_segment(world, path)
    assert "is no Parquet file" in problem.what


def test_a_segment_with_a_missing_or_wrong_column_is_refused(tmp_path, world):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    [sealed] = seal(world, str(tmp_path), [put(tmp_path, small_wal())])
    good = parquet.read_table(sealed.path)
    metadata = parquet.read_metadata(sealed.path).metadata[b"gnomon"].decode()
    no_number = pyarrow.array([None] * good.num_rows, pyarrow.float64())
    for table in (
        good.drop_columns(["row"]),
        good.set_column(5, "value", no_number),
        good.set_column(5, "value", pyarrow.array(["x"] * good.num_rows)),
        good.set_column(6, "exact", pyarrow.array(["1e5"] * good.num_rows)),
        good.set_column(6, "exact", pyarrow.array(["9" * 5000] * good.num_rows)),
        good.set_column(0, "run", pyarrow.array([None] * good.num_rows, pyarrow.string())),
    ):
        path = write_segment_file(str(tmp_path), table, metadata)
        with pytest.raises(DamagedFileError):
            decode(read_file(world, path), path)


def test_a_segment_whose_texts_are_plain_is_read_as_well(tmp_path, world):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    [sealed] = seal(world, str(tmp_path), [put(tmp_path, small_wal())])
    table = parquet.read_table(sealed.path)
    metadata = parquet.read_metadata(sealed.path).metadata[b"gnomon"].decode()
    for number, name in [(0, "run"), (1, "series"), (6, "exact"), (7, "wal")]:
        table = table.set_column(number, name, table.column(name).cast(pyarrow.string()))
    path = write_segment_file(str(tmp_path), table, metadata)
    assert points_in(world, path) == truth_of(small_wal())


@pytest.mark.slow
def test_groups_that_continue_in_the_next_row_group_are_joined(tmp_path, world, monkeypatch, numpy_or_not):
    monkeypatch.setattr(segment, "ROW_GROUP", 7)
    wals, paths = three_wals(tmp_path)
    [sealed] = seal(world, str(tmp_path), paths)
    assert points_in(world, sealed.path) == truth_of(*wals)
    key = (SeriesKey(RUN, "loss", 0), wals[1].id.hex())
    assert len(decode(read_file(world, sealed.path), sealed.path).points[key]) == 500
