"""Points, whatever their bits, names and order: they come back the same from every file that holds them, once each."""

from __future__ import annotations

import struct
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.points import segment
from gnomon.points.query import PointFiles
from gnomon.points.reader import read_bytes
from gnomon.points.seal import merge_segments, seal
from gnomon.points.verify import verify_segment, verify_wal
from tests.unit.points.tiny_wal import BOOT, TinyWal, bits, rows_of, truth_of
from tests.unit.points.world import OneFile, World, put

int64 = st.integers(-(2**63), 2**63 - 1)
floats = st.integers(0, 2**64 - 1).map(lambda number: struct.unpack("<d", struct.pack("<Q", number))[0])
huge = st.integers(2**53 + 1, 2**8000).map(lambda number: number | 1) | st.integers(-(2**70), -(2**53) - 1)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["loss", "acc", "a/b", "é"]
)
rows = st.tuples(
    st.sampled_from(["ab", "ff00", "0123456789abcdef0123"]),
    st.sampled_from([0, 0, 0, 3, 2**31 - 1]),
    st.dictionaries(names, floats | floats | huge, min_size=1, max_size=4),
    int64,
    int64,
    st.booleans(),
)
logs = st.lists(st.lists(rows, max_size=12), min_size=1, max_size=3)
slow_disk = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def wals_of(logged) -> list[TinyWal]:
    wals = []
    for number, rows in enumerate(logged):
        wal = TinyWal(salt=bytes([number]) * 16, ordinal=number, created_ns=1000 - number)
        for run, rank, values, step, time_ns, is_wide in rows:
            log = wal.log_wide if is_wide else wal.log
            log(values, step=step, time_ns=time_ns, run=run, rank=rank)
        wals.append(wal)
    return wals


def expected_of(wals) -> dict:
    """Return {(run, series): [(step, µs, bits or int, rank), …]} in order of the WALs' clocks."""
    found = {}
    for wal in reversed(wals):
        for run, rank, step, time_ns, values in wal.rows:
            for name, value in values.items():
                found.setdefault((run, name), []).append((step, time_ns // 1000, bits(value), rank))
    return found


def answers_of(files: PointFiles, wals) -> dict:
    found = {}
    for run, name in expected_of(wals):
        series = files.series(run, name, rank=None)
        points = zip(series.steps(), series.times(), map(bits, series.values()), series.ranks(), strict=True)
        # Ranks of one WAL come one after the other; a row has one rank, so sorting by row gives the order of the log.
        parts = [part.wal for part in series._parts for _ in range(len(part.points))]
        order = {wal.id.hex(): number for number, wal in enumerate(reversed(wals))}
        keyed = sorted(
            zip([order[wal] for wal in parts], series.rows(), points, strict=True), key=lambda pair: pair[:2]
        )
        found[run, name] = [point for _, _, point in keyed]
    return found


@pytest.mark.slow
@given(st.lists(rows, max_size=20))
@slow_disk
def test_what_is_logged_is_what_is_read(logged):
    [wal] = wals_of([logged])
    for data in (wal.closed(), wal.open_ended()):
        read = read_bytes(data, boot_id=BOOT)
        assert rows_of(read) == truth_of(wal)
        assert (read.missing, read.damage) == (0, ())
        assert list(verify_wal(OneFile(data), f"{wal.id.hex()}.wal")) == []


@pytest.mark.slow
@given(st.lists(rows, max_size=20), st.data())
@slow_disk
def test_any_damage_leaves_a_prefix_and_an_honest_bound(logged, data):
    [wal] = wals_of([logged])
    whole = wal.closed() if data.draw(st.booleans()) else wal.open_ended()
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(1024, len(whole)) | st.integers(0, len(whole)))
        if data.draw(st.booleans()):
            del damaged[place:]
        elif place < len(damaged):
            damaged[place] ^= data.draw(st.integers(1, 255))
    read = read_bytes(bytes(damaged), boot_id=BOOT)
    found = rows_of(read)
    assert found == truth_of(wal)[: len(found)]
    assert read.missing is None or read.missing >= len(wal.rows) - len(found)
    if damaged != whole:
        assert list(verify_wal(OneFile(bytes(damaged)), f"{wal.id.hex()}.wal"))


@given(st.binary(max_size=3000), st.integers(0, 1100))
def test_any_bytes_are_read_without_raising(noise, place):
    wal = TinyWal()
    wal.log({"a": 1.0}, step=0)
    data = wal.closed()
    for read in (
        read_bytes(noise),
        read_bytes(data[:place] + noise),
        read_bytes(data[:1024] + noise, boot_id=BOOT),
    ):
        assert read.rows <= 1
    list(verify_wal(OneFile(data[:place] + noise), "x.wal"))


@pytest.mark.slow
@given(logs, st.randoms(use_true_random=False))
@settings(slow_disk, max_examples=examples(40))
def test_every_file_that_holds_the_points_gives_the_same_answers(logged, chance):
    """WALs, their segments, segments merged in any grouping, and all of them together."""
    world = World()
    wals = wals_of(logged)
    expected = expected_of(wals)
    with tempfile.TemporaryDirectory() as folder:
        paths = [put(folder, wal) for wal in wals]
        assert answers_of(PointFiles(world, wals=paths), wals) == expected
        sealed = [one for path in paths for one in seal(world, folder, [path])]
        parts = [one.path for one in sealed]
        assert answers_of(PointFiles(world, segments=parts), wals) == expected
        if not parts:
            return
        chance.shuffle(parts)
        merged = [one.path for one in merge_segments(world, folder, parts[: chance.randint(1, len(parts))])]
        rest = [one.path for one in merge_segments(world, folder, [*parts, *merged])]
        everything = [*parts, *merged, *rest]
        chance.shuffle(everything)
        assert answers_of(PointFiles(world, segments=rest), wals) == expected
        assert answers_of(PointFiles(world, segments=everything, wals=paths), wals) == expected
        commitments = {
            subject.removeprefix("wal:"): [body] for one in sealed for subject, body in one.entries
        }
        for path in everything:
            assert list(verify_segment(world, path, deep=True, commitments=commitments)) == []


@pytest.mark.slow
@given(logs)
@settings(slow_disk, max_examples=examples(15))
def test_many_row_groups_give_the_same_answers(logged):
    world = World()
    wals = wals_of(logged)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment, "ROW_GROUP", 5)
        segments = [one.path for one in seal(world, folder, [put(folder, wal) for wal in wals])]
        assert answers_of(PointFiles(world, segments=segments), wals) == expected_of(wals)
