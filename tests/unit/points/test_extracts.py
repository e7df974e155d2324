"""Extracts: segments that hold only some runs of a WAL. They meet each other, the whole segment and the WAL, and count once."""

from __future__ import annotations

import itertools
import os
import random

import msgspec
import pytest

from gnomon.points.deletion import may_delete_segment
from gnomon.points.follow import PointFigures, points_of_wal
from gnomon.points.query import PointFiles
from gnomon.points.seal import find_sealed, merge_segments, seal, write_segment
from gnomon.points.segment import decode, read_file
from gnomon.points.verify import verify_segment
from gnomon.record.home import open_home
from gnomon.record.index import Index
from gnomon.record.lines import without_body
from gnomon.replica import Replica
from gnomon.verification import Verification
from tests.unit.points.test_follow import FOLDER, BootedCache
from tests.unit.points.tiny_wal import RUN, TinyWal
from tests.unit.record.made_record import MadeLog, MadeRecord

OTHER = "ff00"
RUNS = (RUN, OTHER)


@pytest.fixture
def record(tmp_path):
    return MadeRecord(tmp_path / "record", env=BootedCache(str(tmp_path / "cache")))


def wal_of(rows: int) -> TinyWal:
    """The first rows of one WAL, in which two runs take turns."""
    wal = TinyWal()
    for row in range(rows):
        wal.log({"loss": float(row), "n": 2**70 + row}, step=row, run=RUNS[row % 2])
    return wal


def segment_of(env, folder, wal: TinyWal, *, runs=RUNS, closed=True) -> str:
    """Write a segment of the WAL with these runs only; return its path."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{wal.id.hex()}.wal")
    with open(path, "wb") as file:
        file.write(wal.closed())
    (sealed,) = seal(env, folder, [path])
    os.unlink(path)
    found = decode(read_file(env, sealed.path), sealed.path)
    (cover,) = found.covers
    cover = msgspec.structs.replace(
        cover, runs=tuple(one for one in cover.runs if one.run in runs), closed=closed
    )
    os.unlink(sealed.path)
    return write_segment(
        env, folder, {group: part for group, part in found.points.items() if group[0].run in runs}, [cover]
    )


def answers(home) -> dict:
    """What a replica says of both runs: figures, and series bit for bit."""
    replica = Replica(home)
    replica.update()
    told = {}
    for run in RUNS:
        files = replica.points_of(run)
        series = [files.series(run, name) for name in ("loss", "n")]
        told[run] = (
            replica.point_stats(run),
            [one.values() for one in series],
            [one.steps() for one in series],
        )
    replica.close()
    return told


def fresh(record, tmp_path, number: int) -> dict:
    """The same from an index that has never seen another state of the files."""
    env = BootedCache(str(tmp_path / f"fresh{number}"))
    return answers(open_home(record.home.path, env))


@pytest.mark.slow
def test_the_answers_are_those_of_the_files_that_are_there_whatever_came_and_went(record, tmp_path):
    env, made = record.env, str(tmp_path / "made")
    whole, part = wal_of(10), wal_of(6)
    files = {}
    for name, wal, runs in (
        ("a", whole, (RUN,)), ("b", whole, (OTHER,)), ("a-early", part, (RUN,)), ("b-early", part, (OTHER,)),
        ("all-early", part, RUNS), ("all", whole, RUNS),
    ):  # fmt: skip
        path = segment_of(env, f"{made}/{name}", wal, runs=runs, closed=wal is whole)
        files[name] = (os.path.basename(path), env.read_file(path))
    files["wal"] = (f"{whole.id.hex()}.wal", whole.closed())
    files["wal-early"] = (f"{whole.id.hex()}.wal", part.open_ended())
    chance = random.Random(2)
    folder = os.path.join(record.home.path, FOLDER)
    os.makedirs(folder)
    here: set[str] = set()
    for number in range(60):
        name = chance.choice(sorted(files))
        path = os.path.join(folder, files[name][0])
        if name in here:
            here.discard(name)
            os.unlink(path)
        else:
            if name.startswith("wal"):
                here -= {"wal", "wal-early"}
                if os.path.exists(path):
                    os.unlink(path)
            here.add(name)
            with open(path, "wb") as file:
                file.write(files[name][1])
        found = answers(record.home)
        assert found == fresh(record, tmp_path, number), (number, name, here)
        for run, letter in ((RUN, "a"), (OTHER, "b")):
            has_all = {letter, "all", "wal"} & here
            has_some = {f"{letter}-early", "all-early", "wal-early"} & here
            assert len(found[run][1][0]) == (5 if has_all else 3 if has_some else 0), (number, name, here)


@pytest.mark.parametrize("order", list(itertools.permutations(["a", "b", "all"])))
def test_extracts_meet_the_whole_in_any_order(record, tmp_path, order):
    whole = wal_of(9)
    index = Index(record.home, extensions=[PointFigures()])
    for name in order:
        runs = {"a": (RUN,), "b": (OTHER,), "all": RUNS}[name]
        segment_of(record.env, os.path.join(record.home.path, FOLDER), whole, runs=runs)
        index.update()
    counted = index.ask(lambda database: points_of_wal(database, whole.id.hex()))
    assert counted == {(RUN, 0): 10, (OTHER, 0): 8}


@pytest.mark.parametrize("rows", [10, 6])
@pytest.mark.parametrize("closed", [True, False])
def test_a_wal_that_comes_after_an_extract_brings_the_other_runs(record, rows, closed):
    index = Index(record.home, extensions=[PointFigures()])
    segment_of(record.env, os.path.join(record.home.path, FOLDER), wal_of(10), runs=(RUN,), closed=False)
    index.update()
    wal = wal_of(rows)
    record.put(f"{FOLDER}/{wal.id.hex()}.wal", wal.closed() if closed else wal.open_ended())
    index.update()
    counted = index.ask(lambda database: points_of_wal(database, wal.id.hex()))
    assert counted == {(RUN, 0): 10, (OTHER, 0): rows}


def test_an_extract_proves_nothing_of_runs_that_it_leaves_out(tmp_path, world):
    whole = wal_of(10)
    full = segment_of(world, str(tmp_path / "x"), whole)
    part = segment_of(world, str(tmp_path / "y"), whole, runs=(RUN,))
    assert not may_delete_segment(world, full, [part])
    assert may_delete_segment(world, part, [full])
    path = tmp_path / f"{whole.id.hex()}.wal"
    path.write_bytes(whole.closed())
    from gnomon.points.reader import read_wal

    assert find_sealed(world, full).holds(world, read_wal(world, str(path)))
    assert not find_sealed(world, part).holds(world, read_wal(world, str(path)))


def test_merging_leaves_extracts_alone_that_the_others_do_not_hold(tmp_path, world):
    whole, early, folder = wal_of(10), wal_of(6), str(tmp_path / "x")
    other = TinyWal(salt=b"2" * 16, ordinal=1)
    other.log({"loss": 1.0}, step=0, run=OTHER)
    paths = [
        segment_of(world, folder, whole, runs=(RUN,)),
        segment_of(world, folder, early, runs=(OTHER,)),
        segment_of(world, folder, other),
    ]
    parts = [decode(read_file(world, path), path) for path in paths[1:]]
    both = write_segment(
        world, folder, parts[0].points | parts[1].points, [*parts[0].covers, *parts[1].covers]
    )
    (merged,) = merge_segments(world, folder, [paths[0], both])
    assert [cover.wal for cover in merged.covers] == [whole.id.hex()]
    assert not may_delete_segment(world, both, [merged.path])
    assert PointFiles(world, segments=[both]).series(OTHER, "loss").values() == [1.0, 3.0, 5.0, 1.0]


def test_deep_verify_tells_an_extract_from_a_segment_that_lost_a_run(tmp_path, world):
    whole = wal_of(10)
    path = tmp_path / f"{whole.id.hex()}.wal"
    path.write_bytes(whole.closed())
    (sealed,) = seal(world, str(tmp_path), [str(path)])
    commitments = {subject.removeprefix("wal:"): [body] for subject, body in sealed.entries}
    part = segment_of(world, str(tmp_path / "y"), whole, runs=(RUN,))

    def look(may_lack):
        return list(verify_segment(world, part, deep=True, commitments=commitments, may_lack=may_lack))

    assert look(lambda wal, run, rows: run == OTHER and rows == 10) == []
    assert len(look(lambda wal, run, rows: False)) == 1


# ---------------------------------------------------------------- a run that somebody took away


@pytest.fixture
def committed(record):
    """A record whose log commits to both runs of a sealed WAL; returns (the record, the WAL, path of the segment)."""
    whole = wal_of(10)
    folder = os.path.join(record.home.path, FOLDER)
    path = record.put(f"{FOLDER}/{whole.id.hex()}.wal", whole.closed())
    (sealed,) = seal(record.env, folder, [str(path)])
    path.unlink()
    log = MadeLog(1)
    for run in RUNS:
        log.add("run.created", f"run:{run}", {"name": run})
    for subject, body in sealed.entries:
        log.add("points.sealed", subject, body)
    record.put_log(log)
    return record, whole, sealed.path


def of_points(record) -> list[str]:
    """What deep verification says, but of the log, whose certificate was made up."""
    found = Verification(record.home, deep=True)
    return [str(problem) for problem in found if not problem.file.startswith("log/")]


def test_a_whole_record_has_all_that_its_log_commits_to(committed):
    assert of_points(committed[0]) == []


def extract_in_its_place(record, whole, path, **changes):
    os.unlink(path)
    segment_of(record.env, os.path.dirname(path), whole, runs=(RUN,))


def claim_with_fewer_rows(record, whole, path):
    extract_in_its_place(record, whole, path)
    segment_of(record.env, os.path.dirname(path), wal_of(2), runs=(OTHER,))


def empty_wal(record, whole, path):
    extract_in_its_place(record, whole, path)
    record.put(f"{FOLDER}/{whole.id.hex()}.wal", TinyWal().open_ended())


def forged_wal(record, whole, path):
    extract_in_its_place(record, whole, path)
    forged = TinyWal()
    for row in range(10):
        forged.log({"loss": float(row), "n": 2**70 + row}, step=row, run=RUN)
    record.put(f"{FOLDER}/{whole.id.hex()}.wal", forged.closed())


def earlier_segment(record, whole, path):
    os.unlink(path)
    segment_of(record.env, os.path.dirname(path), wal_of(6))


@pytest.mark.parametrize(
    "attack",
    [
        extract_in_its_place,
        claim_with_fewer_rows,
        empty_wal,
        forged_wal,
        earlier_segment,
        lambda record, whole, path: os.unlink(path),
    ],
    ids=[
        "an extract",
        "a claim with fewer rows",
        "an empty WAL",
        "a forged WAL",
        "an earlier segment",
        "nothing",
    ],
)
def test_a_run_that_somebody_took_away_is_named_whatever_stands_in_its_place(committed, attack):
    record, whole, path = committed
    attack(record, whole, path)
    assert any(f"run {OTHER}" in said for said in of_points(record))


def test_one_damaged_file_is_not_told_once_for_each_of_its_runs(committed):
    record, _, path = committed
    with open(path, "r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 1]))
    first, second = of_points(record)
    assert "its bytes do not match its name" in first
    assert "points of 2 runs that the log commits to are in no sound file here" in second


def test_points_of_runs_of_which_only_heads_are_here_are_not_missed(committed):
    record, _, path = committed
    os.unlink(path)
    (log,) = [os.path.join(record.home.path, one) for one, _ in record.home.log_files()]
    with open(log, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    with open(log, "wb") as file:
        file.writelines(without_body(line) if f'"run:{OTHER}"'.encode() in line else line for line in lines)
    told = of_points(record)
    assert any(f"run {RUN}" in said for said in told) and not any(f"run {OTHER}" in said for said in told)
