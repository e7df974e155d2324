"""Every flipped bit of a WAL or a segment is found, and the points are those that the log commits to."""

from __future__ import annotations

import os

import pytest
from thorough import one_in

from gnomon.points import segment, verify
from gnomon.points.deletion import delete_wal
from gnomon.points.seal import Sealed, merge_segments, seal
from gnomon.points.segment import as_table, decode, encode, name_of, read_file
from gnomon.points.verify import verify_salvage, verify_segment, verify_wal
from tests.unit.points.test_reader import FILES, flips_of
from tests.unit.points.tiny_wal import RUN, TinyWal, small_wal
from tests.unit.points.world import OneFile, add_rows, put


def problems_of(data: bytes, wal: TinyWal) -> list:
    return list(verify_wal(OneFile(data), f"points/{wal.id.hex()}.wal"))


@pytest.mark.parametrize("form", FILES)
def test_an_undamaged_wal_has_no_problems(form):
    assert problems_of(FILES[form](small_wal()), small_wal()) == []


@pytest.mark.slow
@pytest.mark.parametrize("form", FILES)
def test_a_flipped_bit_in_any_byte_of_a_wal_is_found(form):
    wal = small_wal()
    for place, bit, data in flips_of(FILES[form](wal)):
        assert problems_of(data, wal), (place, bit)


@pytest.mark.slow
@pytest.mark.parametrize("form", FILES)
def test_any_flipped_bit_of_a_wal_is_found(form):
    wal = small_wal()
    for place, bit, data in flips_of(FILES[form](wal), range(0, 8, one_in(4))):
        assert problems_of(data, wal), (place, bit)


@pytest.mark.slow
@pytest.mark.parametrize("form", FILES)
def test_any_cut_of_a_wal_is_found(form):
    wal = small_wal()
    data = FILES[form](wal)
    for size in range(len(data)):
        assert problems_of(data[:size], wal), size


def test_a_wrong_crc_that_later_records_vouch_for_is_found():
    """Reading takes such rows in stretches and does not look at each CRC."""
    wal = TinyWal()
    wal.columns(RUN, 0, ("loss",))
    start = 1024 + len(wal.body)
    add_rows(wal, 2_000)
    for row in (0, 7, 1_000):
        data = bytearray(wal.closed())
        at = start + 42 * row + 38
        data[at + 2] ^= 4
        [problem] = problems_of(bytes(data), wal)
        assert (problem.where, problem.severity) == (f"byte {at:,}", "damage")


def test_a_problem_names_the_file_the_place_and_what_to_do():
    wal = small_wal()
    data = bytearray(wal.closed())
    data[wal.ends[-2][0] - 5] ^= 1
    [problem] = problems_of(bytes(data), wal)
    assert problem.file == f"points/{wal.id.hex()}.wal"
    assert problem.where == f"byte {wal.ends[-3][0]:,}"
    assert problem.what == "the checksum of the record is wrong"
    assert (
        problem.advice == "keep it: the rows before this place are used; `gnomon sync` may bring a good copy"
    )
    assert str(problem) == f"{problem.file}, {problem.where}: {problem.what}"


def test_a_call_that_was_under_way_is_a_notice():
    wal = small_wal()
    data = bytearray(wal.open_ended())
    data[wal.ends[-1][0] - 10 : wal.ends[-1][0]] = bytes(10)
    [problem] = problems_of(bytes(data), wal)
    assert problem.severity == "notice"


@pytest.mark.slow
def test_a_file_of_a_terabyte_is_named_and_not_read_whole(tmp_path, world):
    path = put(tmp_path, small_wal())
    os.truncate(path, 1 << 40)  # sparse
    assert [problem.where for problem in verify_wal(world, path)] == [f"byte {64 << 20:,}"]
    path = sealed_small(world, tmp_path).path
    os.truncate(path, 1 << 40)
    [problem] = verify_segment(world, path)
    assert "is larger than any segment" in problem.what


def test_a_wal_under_another_name_is_found():
    wal = small_wal()
    [problem] = verify_wal(OneFile(wal.closed()), "points/other.wal")
    assert problem.what == f"it holds WAL {wal.id.hex()}, which is not its name"


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path, world):
    for check in (verify_wal, verify_segment, verify_salvage):
        [problem] = check(world, str(tmp_path / "gone"))
        assert problem.what.startswith("it cannot be read")


# ---------------------------------------------------------------- segments


def sealed_small(world, tmp_path) -> Sealed:
    return seal(world, str(tmp_path), [put(tmp_path, small_wal())])[0]


def test_a_sound_segment_has_no_problems(tmp_path, world, numpy_or_not):
    sealed = sealed_small(world, tmp_path)
    assert list(verify_segment(world, sealed.path)) == []
    commitments = {subject.removeprefix("wal:"): [body] for subject, body in sealed.entries}
    assert list(verify_segment(world, sealed.path, deep=True, commitments=commitments)) == []


def test_a_sound_segment_of_many_row_groups_has_no_problems(tmp_path, world, monkeypatch, numpy_or_not):
    monkeypatch.setattr(segment, "ROW_GROUP", 7)
    monkeypatch.setattr(verify, "ROW_GROUP", 7)
    wal = TinyWal(salt=b"1" * 16)
    add_rows(wal, 50, ("loss", "acc"))
    [sealed] = seal(world, str(tmp_path), [put(tmp_path, wal), put(tmp_path, small_wal())])
    assert list(verify_segment(world, sealed.path, deep=True)) == []


def test_a_flipped_bit_in_any_byte_of_a_segment_is_found(tmp_path, world):
    path = sealed_small(world, tmp_path).path
    with open(path, "rb") as file:
        data = file.read()
    for place, bit, flipped in flips_of(data):
        [problem] = verify_segment(OneFile(flipped), path)
        assert (problem.file, problem.severity) == (path, "damage"), (place, bit)


def test_a_segment_that_was_verified_before_is_read_again(tmp_path, world):
    """A bad disk changes bytes and leaves the time of the last change as it was."""
    path = sealed_small(world, tmp_path).path
    assert list(verify_segment(world, path)) == []
    state = os.stat(path)
    with open(path, "r+b") as file:
        file.seek(80)
        file.write(b"?")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert len(list(verify_segment(world, path))) == 1


def rewritten(world, path, change) -> str:
    """Write the segment again as somebody would who can compute its name."""
    found = decode(read_file(world, path), path)
    points, covers = change(dict(found.points), list(found.covers))
    data = encode(points, covers)
    path = os.path.join(os.path.dirname(path), name_of(data))
    with open(path, "wb") as file:
        file.write(data)
    return path


def first_step_changed(points, covers):
    group = next(group for group in points if group[0].series == "acc")
    steps = points[group].steps.tolist()
    points[group].steps = memoryview(
        bytearray(b"".join(n.to_bytes(8, "little") for n in [steps[0] + 1, *steps[1:]]))
    ).cast("q")
    return points, covers


def a_series_left_out(points, covers):
    return {group: part for group, part in points.items() if group[0].series != "acc"}, covers


def a_run_left_out(points, covers):
    import msgspec

    cover = msgspec.structs.replace(covers[0], runs=covers[0].runs[:1])
    return {group: part for group, part in points.items() if group[0].run == RUN}, [cover]


def test_points_that_were_changed_are_found_by_their_commitment(tmp_path, world):
    sealed = sealed_small(world, tmp_path)
    commitments = {subject.removeprefix("wal:"): [body] for subject, body in sealed.entries}
    for change in (first_step_changed, a_run_left_out):
        path = rewritten(world, sealed.path, change)
        assert list(verify_segment(world, path)) == []
        assert list(verify_segment(world, path, deep=True)) == []
        [problem] = verify_segment(world, path, deep=True, commitments=commitments)
        assert problem.what == "its points are not those that the log commits to"


def test_points_that_were_left_out_are_counted(tmp_path, world):
    path = rewritten(world, sealed_small(world, tmp_path).path, a_series_left_out)
    [problem] = verify_segment(world, path, deep=True)
    assert problem.what == "5 points of 9 that it says it has"


def test_a_row_beyond_what_is_covered_is_found(tmp_path, world):
    import msgspec

    path = rewritten(
        world,
        sealed_small(world, tmp_path).path,
        lambda points, covers: (points, [msgspec.structs.replace(covers[0], rows=5)]),
    )
    [problem] = verify_segment(world, path, deep=True)
    assert problem.what == "row 5 is beyond what it covers"


def test_an_exact_number_that_does_not_belong_to_its_value_is_found(tmp_path, world):
    def change(points, covers):
        next(part for part in points.values() if part.exact).exact[0] = 2**71
        return points, covers

    path = rewritten(world, sealed_small(world, tmp_path).path, change)
    [problem] = verify_segment(world, path, deep=True)
    assert problem.what == f"{2**71} does not belong to the value beside it"


@pytest.mark.parametrize("rows", ["reversed", "rotated"])
def test_rows_in_another_order_are_found(tmp_path, world, rows):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    sealed = sealed_small(world, tmp_path)
    table = parquet.read_table(sealed.path)
    count = table.num_rows
    order = [*reversed(range(count))] if rows == "reversed" else [*range(1, count), 0]
    metadata = {"gnomon": parquet.read_metadata(sealed.path).metadata[b"gnomon"]}
    table = table.take(pyarrow.array(order)).replace_schema_metadata(metadata)
    parquet.write_table(table, tmp_path / "new")
    path = str(tmp_path / name_of((tmp_path / "new").read_bytes()))
    os.rename(tmp_path / "new", path)
    problems = list(verify_segment(world, path, deep=True))
    assert problems[0].what == "the rows are not in the order of the format"


def test_a_commitment_to_the_rows_of_an_earlier_sealing_still_holds(tmp_path, world):
    """The WAL lived on and was sealed again: both entries commit to the same points."""
    wal = small_wal()
    early = seal(world, str(tmp_path), [put(tmp_path, wal, wal.closed()[: wal.ends[-3][0]])])[0]
    late = seal(world, str(tmp_path), [put(tmp_path, wal)])[0]
    [merged] = merge_segments(world, str(tmp_path), [early.path, late.path])
    bodies = [body for one in (early, late) for _, body in one.entries]
    assert [body["rows"] for body in bodies] == [4, 6]
    assert list(verify_segment(world, merged.path, deep=True, commitments={wal.id.hex(): bodies})) == []
    # What an entry says of more rows than these, this file cannot answer.
    assert list(verify_segment(world, early.path, deep=True, commitments={wal.id.hex(): bodies})) == []


@pytest.mark.parametrize(
    "body", [{}, {"first_row": 0, "rows": "6", "runs": []}, {"first_row": 0, "rows": 1, "runs": [1]}]
)
def test_a_malformed_entry_is_a_notice(tmp_path, world, body):
    sealed = sealed_small(world, tmp_path)
    [problem] = verify_segment(world, sealed.path, deep=True, commitments={small_wal().id.hex(): [body]})
    assert problem.severity == "notice"


def test_a_table_of_no_points_has_all_columns():
    assert as_table({}).num_rows == 0
    assert as_table({}).num_columns == 9


# ---------------------------------------------------------------- salvage


def test_any_flipped_bit_of_a_salvage_file_is_found(tmp_path, world):
    folder = tmp_path / "points"
    folder.mkdir()
    data = bytearray(small_wal().closed())
    data[1100] ^= 1
    path = put(folder, small_wal(), bytes(data))
    assert delete_wal(world, path, seal(world, str(folder), [path])[0])
    [name] = [name for name in os.listdir(folder) if name.endswith(".salvage")]
    saved = (folder / name).read_bytes()
    assert list(verify_salvage(OneFile(saved), name)) == []
    for place, bit, flipped in flips_of(saved):
        assert list(verify_salvage(OneFile(flipped), name)), (place, bit)
    assert list(verify_salvage(OneFile(saved[:-1]), name))
    assert list(verify_salvage(OneFile(saved), "other.salvage"))
