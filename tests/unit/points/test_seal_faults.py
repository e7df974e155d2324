"""Sealing, merging and deleting with every call to the system failing once: no point is ever lost."""

from __future__ import annotations

import errno
import os

import pytest

from gnomon.env import REAL
from gnomon.errors import GnomonError
from gnomon.points.deletion import delete_wal, may_delete_segment
from gnomon.points.query import PointFiles
from gnomon.points.seal import merge_segments, seal
from gnomon.points.verify import verify_salvage, verify_segment
from tests.faults.faulty_env import FaultyEnv
from tests.unit.points.tiny_wal import RUN, TinyWal, small_wal
from tests.unit.points.world import add_rows, put

pytestmark = pytest.mark.slow


def work(env, folder) -> None:
    """What upkeep does: seal two WALs each alone, delete them, merge the segments, delete those."""
    segments = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".wal"):
            path = os.path.join(folder, name)
            segments += seal(env, folder, [path])
            delete_wal(env, path, segments[-1])
    paths = [segment.path for segment in segments]
    merged = [segment.path for segment in merge_segments(env, folder, paths)]
    for path in paths:
        if path not in merged and may_delete_segment(env, path, merged):
            env.unlink(path)


def answers(folder) -> list:
    names = [os.path.join(folder, name) for name in os.listdir(folder) if not name.startswith(".")]
    files = PointFiles(
        REAL,
        segments=[name for name in names if name.endswith(".parquet")],
        wals=[name for name in names if name.endswith(".wal")],
    )
    found = [files.series(RUN, name) for name in ("loss", "acc", "épisode")]
    assert [problem for problem in files.problems if not problem.file.endswith(".wal")] == []
    return [(series.steps(), [repr(value) for value in series.values()]) for series in found]


def make(folder) -> None:
    os.mkdir(folder)
    put(folder, small_wal())
    damaged = TinyWal(salt=b"d" * 16)
    add_rows(damaged, 30, ("loss", "acc"))
    data = bytearray(damaged.closed())
    data[-60] ^= 1
    put(folder, damaged, bytes(data))


@pytest.mark.parametrize("is_lasting", [False, True])
def test_no_point_is_lost_whatever_call_fails(tmp_path, is_lasting):
    untouched = str(tmp_path / "untouched")
    make(untouched)
    expected = answers(untouched)
    fail_at, fired = 0, True
    while fired:
        fail_at += 1
        folder = str(tmp_path / f"{fail_at}")
        make(folder)
        env = FaultyEnv(tmp_path, fail_at=fail_at, error=errno.EIO, lasting=is_lasting)
        try:
            work(env, folder)
        except (OSError, GnomonError):
            assert env.fired
        fired = bool(env.fired)
        assert answers(folder) == expected, env.fired
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if name.endswith(".parquet"):
                assert list(verify_segment(REAL, path, deep=True)) == [], env.fired
            if name.endswith(".salvage"):
                assert list(verify_salvage(REAL, path)) == [], env.fired
    assert fail_at > 40
    assert sorted(name.rpartition(".")[2] for name in os.listdir(folder)) == ["parquet", "salvage"]
