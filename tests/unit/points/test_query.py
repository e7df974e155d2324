"""Asking for points: each is counted once, whatever files hold it, and every way of reading gives the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from gnomon.errors import MissingExtraError
from gnomon.points import segment as segment_module
from gnomon.points.query import Cut, PointFiles
from gnomon.points.seal import merge_segments, seal
from gnomon.points.segment import covers_of
from tests.unit.points.tiny_wal import CREATED_NS, RUN, TinyWal, bits, small_wal
from tests.unit.points.world import add_rows, put


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "points").mkdir()
    return str(tmp_path / "points")


@pytest.fixture(params=[100_000, 2])
def way(request, monkeypatch):
    """Segments of one row group, or of many."""
    monkeypatch.setattr(segment_module, "ROW_GROUP", request.param)
    return request.param


def sealed(world, folder, *wals) -> str:
    return seal(world, folder, [put(folder, wal) for wal in wals])[0].path


def rows_of(series) -> list:
    return list(zip(series.steps(), series.times(), map(bits, series.values()), series.ranks(), strict=True))


def truth_of(name, *wals, run=RUN, rank=0) -> list:
    """Return what `rows_of` must give; the WALs stand in order of their clocks."""
    return [
        (step, time_ns // 1000, bits(values[name]), one_rank)
        for wal in wals
        for one, one_rank, step, time_ns, values in wal.rows
        if one == run and name in values and rank in (None, one_rank)
    ]


# ---------------------------------------------------------------- one series


@pytest.mark.parametrize("name", ["loss", "acc", "épisode"])
def test_a_series_is_the_same_from_the_wal_and_from_a_segment(folder, world, way, numpy_or_not, name):
    wal = small_wal()
    expected = truth_of(name, wal)
    path = put(folder, wal)
    assert rows_of(PointFiles(world, wals=[path]).series(RUN, name)) == expected
    segment = seal(world, folder, [path])[0].path
    assert rows_of(PointFiles(world, segments=[segment]).series(RUN, name)) == expected


def test_a_series_gives_numpy_arrays_and_has_a_length(folder, world, way):
    numpy = pytest.importorskip("numpy")
    wal = small_wal()
    for files in ({"wals": [put(folder, wal)]}, {"segments": [sealed(world, folder, wal)]}):
        series = PointFiles(world, **files).series(RUN, "acc")
        assert len(series) == 4
        assert series.step.dtype == numpy.int64
        assert series.step.tolist() == [0, 1, 2, 3]
        assert series.time.dtype == numpy.dtype("datetime64[us]")
        assert series.time.astype("int64").tolist() == [
            CREATED_NS // 1000,
            CREATED_NS // 1000 + 2,
            CREATED_NS // 1000,
            CREATED_NS // 1000,
        ]
        assert series.value.dtype == numpy.float64
        assert series.value[[0, 2, 3]].tolist() == [0.25, 1.0, 0.75]
        assert numpy.isnan(series.value[1])
        assert series.rank.tolist() == [0, 0, 0, 0]
        assert series.row.tolist() == [0, 1, 3, 5]
        assert series.x.tolist() == series.step.tolist()
        series.value[0] = 7.0  # an array of the caller's own


def test_huge_whole_numbers_are_exact(folder, world, way):
    pytest.importorskip("numpy")
    path = sealed(world, folder, small_wal())
    series = PointFiles(world, segments=[path]).series(RUN, "épisode")
    assert series.values() == [2**70 + 1, -(2**53) - 1]
    assert series.exact == {0: 2**70 + 1, 1: -(2**53) - 1}
    assert series.value.tolist() == [2.0**70, -(2.0**53)]


def test_a_series_that_a_run_does_not_have_is_empty(folder, world, way):
    pytest.importorskip("numpy")
    files = PointFiles(world, segments=[sealed(world, folder, small_wal())])
    for run, name in [(RUN, "nothing"), ("ffff", "loss"), (RUN, "' OR 1=1 --")]:
        series = files.series(run, name)
        assert len(series) == len(series.value) == len(series.time) == 0
        assert series.values() == []


def test_without_numpy_the_arrays_name_what_to_install(folder, world, monkeypatch):
    series = PointFiles(world, wals=[put(folder, small_wal())]).series(RUN, "loss")
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(MissingExtraError) as caught:
        _ = series.value
    assert "`.value` of a series needs NumPy (GN106)\nhint: run `pip install 'gnomon[numpy]'`" in str(
        caught.value
    )
    assert "`.values()`" in str(caught.value)
    assert len(series.values()) == 3


def test_ranks_are_asked_for(folder, world, way):
    wal = TinyWal()
    for rank in (2, 0, 1, 0):
        wal.log({"loss": float(rank)}, step=rank, rank=rank)
    for files in ({"wals": [put(folder, wal)]}, {"segments": [sealed(world, folder, wal)]}):
        points = PointFiles(world, **files)
        assert points.series(RUN, "loss").steps() == [0, 0]
        assert points.series(RUN, "loss", rank=2).values() == [2.0]
        every = points.series(RUN, "loss", rank=None)
        assert sorted(zip(every.ranks(), every.values(), strict=True)) == [
            (0, 0.0),
            (0, 0.0),
            (1, 1.0),
            (2, 2.0),
        ]


# ---------------------------------------------------------------- x


def test_any_series_can_be_the_x_axis(folder, world, way, numpy_or_not):
    wal = TinyWal()
    for step in range(6):
        values = {"loss": 1.0 / (step + 1)}
        if step % 2:
            values["epoch"] = float(step // 2)
        wal.log(values, step=step)
    wal.log({"epoch": 9.0}, step=7)
    for files in ({"wals": [put(folder, wal)]}, {"segments": [sealed(world, folder, wal)]}):
        series = PointFiles(world, **files).series(RUN, "loss", x="epoch")
        assert len(series) == 3
        assert series.x_values() == [0.0, 1.0, 2.0]
        assert series.steps() == [1, 3, 5]
        assert series.values() == [1 / 2, 1 / 4, 1 / 6]


def test_the_x_axis_of_equal_rows_and_of_none(folder, world):
    numpy = pytest.importorskip("numpy")
    wal = TinyWal()
    add_rows(wal, 5, ("epoch", "loss"))
    files = PointFiles(world, wals=[put(folder, wal)])
    series = files.series(RUN, "loss", x="epoch")
    assert numpy.array_equal(series.x, [0, 1, 2, 3, 4])
    assert len(files.series(RUN, "loss", x="tokens")) == 0


def test_x_of_as_many_but_other_rows_is_joined_by_row(folder, world):
    wal = TinyWal()
    wal.log({"loss": 0.0}, step=0)
    wal.log({"loss": 1.0, "epoch": 1.0}, step=1)
    wal.log({"epoch": 2.0}, step=2)
    series = PointFiles(world, wals=[put(folder, wal)]).series(RUN, "loss", x="epoch")
    assert (series.steps(), series.x_values(), series.values()) == ([1], [1.0], [1.0])


def test_x_does_not_join_rows_of_different_wals(folder, world):
    wals = [TinyWal(), TinyWal(salt=b"1" * 16)]
    wals[0].log({"loss": 1.0}, step=0)
    wals[1].log({"epoch": 1.0}, step=0)
    files = PointFiles(world, wals=[put(folder, wal) for wal in wals])
    assert len(files.series(RUN, "loss", x="epoch")) == 0


# ---------------------------------------------------------------- counted once


def test_wals_stand_in_order_of_their_clocks_then_of_their_process(folder, world, way):
    wals = [
        TinyWal(salt=b"3" * 16, created_ns=5, ordinal=9),
        TinyWal(salt=b"1" * 16, created_ns=7, ordinal=0),
        TinyWal(salt=b"2" * 16, created_ns=7, ordinal=1),
    ]
    for number, wal in enumerate(wals):
        wal.log({"loss": float(number)}, step=0)
    paths = [put(folder, wal) for wal in reversed(wals)]
    assert PointFiles(world, wals=paths).series(RUN, "loss").values() == [0.0, 1.0, 2.0]
    mixed = PointFiles(world, wals=paths[:1], segments=[sealed(world, folder, *wals[:2])])
    assert mixed.series(RUN, "loss").values() == [0.0, 1.0, 2.0]


def test_a_wal_beside_its_segment_counts_once(folder, world, way):
    wal = small_wal()
    path = put(folder, wal)
    segment = sealed(world, folder, wal)
    files = PointFiles(world, wals=[path, path], segments=[segment, segment])
    assert rows_of(files.series(RUN, "loss")) == truth_of("loss", wal)


def test_what_was_logged_after_the_sealing_counts_too(folder, world, way):
    wal = small_wal()
    path = put(folder, wal, wal.open_ended())
    segment = seal(world, folder, [path])[0].path
    wal.log({"loss": 9.0}, step=10)
    for data in (wal.open_ended(), wal.closed()):
        put(folder, wal, data)
        assert rows_of(PointFiles(world, wals=[path], segments=[segment]).series(RUN, "loss")) == truth_of(
            "loss", wal
        )


def test_of_two_segments_that_cover_one_wal_the_longer_counts(folder, world, way):
    wal = small_wal()
    short = seal(world, folder, [put(folder, wal, wal.closed()[: wal.ends[-3][0]])])[0].path
    whole = sealed(world, folder, wal)
    for order in ([short, whole], [whole, short]):
        assert rows_of(PointFiles(world, segments=order).series(RUN, "acc")) == truth_of("acc", wal)


def test_a_segment_answers_only_for_the_wals_that_no_other_holds_longer(folder, world, way):
    wal, other = small_wal(), TinyWal(salt=b"1" * 16, created_ns=CREATED_NS + 1)
    add_rows(other, 5)
    cut = put(folder, wal, wal.closed()[: wal.ends[-3][0]])
    short = seal(world, folder, [cut, put(folder, other)])[0].path
    whole = sealed(world, folder, wal)
    for order in ([short, whole], [whole, short]):
        assert rows_of(PointFiles(world, segments=order).series(RUN, "loss")) == truth_of("loss", wal, other)


@pytest.mark.slow
def test_segments_before_and_after_merging_answer_alike(folder, world, way):
    wals = [
        small_wal(),
        TinyWal(salt=b"1" * 16, created_ns=CREATED_NS + 1),
        TinyWal(salt=b"2" * 16, created_ns=1),
    ]
    add_rows(wals[1], 40, ("loss", "acc"))
    add_rows(wals[2], 30)
    parts = [sealed(world, folder, wal) for wal in wals]
    [merged] = merge_segments(world, folder, parts)
    expected = truth_of("loss", wals[2], wals[0], wals[1])
    for segments in ([merged.path], parts, [*parts, merged.path], [merged.path, parts[1]]):
        assert rows_of(PointFiles(world, segments=segments).series(RUN, "loss")) == expected


def test_a_damaged_segment_is_left_out_named_and_replaced_by_the_wal(folder, world, way):
    wal = small_wal()
    path = put(folder, wal)
    segment = sealed(world, folder, wal)
    covers = {segment: covers_of(world, segment)}
    with open(segment, "r+b") as file:
        file.seek(60)
        file.write(b"?")
    for known in (None, covers):
        alone = PointFiles(world, segments=[segment], covers=known)
        assert len(alone.series(RUN, "loss")) == 0
        assert [problem.file for problem in alone.problems] == [segment]
        assert "do not match its name" in alone.problems[0].what
        both = PointFiles(world, segments=[segment], wals=[path], covers=known)
        assert rows_of(both.series(RUN, "loss")) == truth_of("loss", wal)
        assert len(both.problems) == 1


def test_a_file_that_is_gone_is_left_out_and_named(folder, world):
    wal = small_wal()
    segment = sealed(world, folder, wal)
    covers = {segment: covers_of(world, segment)}
    os.unlink(segment)
    files = PointFiles(
        world, segments=[segment], covers=covers, wals=[put(folder, wal), folder + "/gone.wal"]
    )
    assert rows_of(files.series(RUN, "loss")) == truth_of("loss", wal)
    assert [(problem.file, problem.severity) for problem in files.problems] == [
        (folder + "/gone.wal", "notice"),
        (segment, "notice"),
    ]


def test_a_damaged_wal_gives_its_certain_rows_and_is_named(folder, world):
    wal = small_wal()
    data = bytearray(wal.closed())
    data[wal.ends[-2][0]] ^= 1
    files = PointFiles(
        world, wals=[put(folder, wal, bytes(data)), put(folder, TinyWal(salt=b"1" * 16), b"broken")]
    )
    del wal.rows[5]
    assert rows_of(files.series(RUN, "loss")) == truth_of("loss", wal)
    assert len(files.problems) == 2


def test_a_wal_that_a_segment_holds_whole_is_not_read(folder, world):
    wal = small_wal()
    path = put(folder, wal)
    segment = sealed(world, folder, wal)
    reads = []
    opened = {}
    real_open, real_read = world.open_read, world.read

    def noted_open(path):
        fd = real_open(path)
        opened[fd] = path
        return fd

    def noted_read(fd, size, offset=0):
        reads.append((opened[fd], size))
        return real_read(fd, size, offset)

    world.open_read, world.read = noted_open, noted_read
    PointFiles(world, wals=[path], segments=[segment]).series(RUN, "loss")
    assert [size for file, size in reads if file == path] == [1024]


def test_a_segment_is_hashed_once_for_each_state_of_its_file(folder, world, monkeypatch):
    from gnomon.points import segment as segment_module

    path = sealed(world, folder, small_wal())
    segment_module._verified.clear()
    hashed = []
    real = segment_module.name_of
    monkeypatch.setattr(segment_module, "name_of", lambda data: hashed.append(1) or real(data))
    for _ in range(3):
        assert len(PointFiles(world, segments=[path]).series(RUN, "loss")) == 3
    assert len(hashed) == 1


def test_a_folder_with_the_signs_of_a_pattern_is_read(tmp_path, world, way):
    folder = tmp_path / "a*b[1]?"
    folder.mkdir()
    path = sealed(world, str(folder), small_wal())
    (tmp_path / "axb1y").mkdir()
    shutil.copy(path, tmp_path / "axb1y")
    assert len(PointFiles(world, segments=[path]).series(RUN, "loss")) == 3


# ---------------------------------------------------------------- frames, last rows, continued runs


def test_a_frame_holds_every_point_of_a_run(folder, world, way, numpy_or_not):
    wals = [small_wal(), TinyWal(salt=b"1" * 16)]
    add_rows(wals[1], 4)
    files = PointFiles(world, wals=[put(folder, wals[1])], segments=[sealed(world, folder, wals[0])])
    table = files.frame(RUN)
    assert table.column_names == ["run", "series", "rank", "step", "time", "value", "exact", "wal", "row"]
    names = table.column("series").to_pylist()
    assert (len(names), names.count("loss"), names.count("acc")) == (13, 7, 4)
    assert set(table.column("run").to_pylist()) == {RUN}
    assert [text for text in table.column("exact").to_pylist() if text] == [str(2**70 + 1), str(-(2**53) - 1)]
    assert files.frame("ffff").num_rows == 0


@pytest.mark.slow
def test_a_frame_goes_to_pyarrow_in_one_call(folder, world):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(PointFiles(world, wals=[put(folder, small_wal())]).frame(RUN))
    assert table.num_rows == 9


def process(log: bytes, ordinal: int, rows: range, value: float, created_ns: int) -> TinyWal:
    wal = TinyWal(salt=bytes([ordinal]) * 16, ordinal=ordinal, created_ns=created_ns)
    for step in rows:
        wal.log({"loss": value, "acc": value}, step=step)
    return wal


def test_the_last_row_of_a_run(folder, world, way):
    wals = [process(b"", 0, range(5), 1.0, 10), process(b"", 1, range(5, 8), 2.0, 20)]
    wals[1].log({"loss": 0.0}, step=99, rank=1)
    for files in (
        PointFiles(world, wals=[put(folder, wal) for wal in wals]),
        PointFiles(world, segments=[sealed(world, folder, *wals)]),
    ):
        assert files.last_row(RUN) == (wals[1].id.hex(), 2, 7)
        assert files.last_row(RUN, before_step=6) == (wals[1].id.hex(), 0, 5)
        assert files.last_row(RUN, before_step=3) == (wals[0].id.hex(), 2, 2)
        assert files.last_row(RUN, before_step=0) is None
        assert files.last_row("ffff") is None


def test_what_a_later_process_continued_over_does_not_count(folder, world, way):
    first = [process(b"", 0, range(5), 1.0, 10), process(b"", 1, range(5, 9), 1.0, 20)]
    paths = [put(folder, wal) for wal in first]
    files = PointFiles(world, wals=paths)
    assert files.series(RUN, "loss").steps() == [*range(9)]
    ids = [wal.id.hex() for wal in first]
    assert files.series(RUN, "loss", cuts=[Cut(ids[1], 1)]).steps() == [*range(7)]
    assert files.series(RUN, "loss", cuts=[Cut(ids[0], 2)]).steps() == [0, 1, 2]
    assert files.series(RUN, "loss", cuts=[Cut(ids[0], 2), Cut(ids[1], 0)]).steps() == [*range(6)]
    assert files.series(RUN, "loss", cuts=[Cut(ids[0], -1)]).steps() == []
    assert files.series(RUN, "loss", cuts=[Cut("f" * 32, 0)]).steps() == [*range(9)]
    assert files.last_row(RUN, cuts=[Cut(ids[0], 2)]) == (ids[0], 2, 2)
    assert files.frame(RUN, cuts=[Cut(ids[0], 2)]).num_rows == 6


def test_exact_numbers_after_the_last_row_that_counts_are_left_out(folder, world, way):
    wal = TinyWal()
    for step in range(4):
        wal.log({"n": 2**60 + step + 1}, step=step)
    series = PointFiles(world, segments=[sealed(world, folder, wal)]).series(
        RUN, "n", cuts=[Cut(wal.id.hex(), 1)]
    )
    assert series.values() == [2**60 + 1, 2**60 + 2]
    assert series.exact == {0: 2**60 + 1, 1: 2**60 + 2}


# ---------------------------------------------------------------- what it loads


def test_asking_for_a_small_series_loads_no_heavy_library(folder, world):
    path = put(folder, small_wal())
    code = (
        "import sys; from gnomon.env import REAL; from gnomon.points.query import Cut, PointFiles; "
        f"series = PointFiles(REAL, wals=[{path!r}]).series({RUN!r}, 'loss'); assert len(series.values()) == 3; "
        "print(sorted({'numpy', 'duckdb', 'arro3', 'pyarrow', 'dataclasses', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
