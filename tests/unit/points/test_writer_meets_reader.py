"""What the real writer leaves behind when its process dies is read, sealed, deleted and asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

import gnomon
from gnomon.env import REAL, Env
from gnomon.points.deletion import ALIVE, DEAD, delete_wal, life_of
from gnomon.points.query import PointFiles
from gnomon.points.reader import read_wal
from gnomon.points.seal import seal
from gnomon.points.verify import verify_wal
from gnomon.session import session_for

CHILD = """
import json, os, sys
import gnomon
run = gnomon.run("written")
rows = []
def log(step, **values):
    run.log(values, step=step)
    rows.append([step, values])
for step in range(3000):
    log(step, loss=1 / (step + 1), acc=float(step))
log(7, huge=2**80 + 1, loss=-0.0)
log(8, loss=True)
log(-3, épisode=3)
for step in range(4200):
    log(step, **{f"k{step}": step * 0.5, "loss": 2.0})      # more sets of series than are defined: wide rows
for number in range(3):
    log(9, **{f"k{number}": 2**63 + number, f"k{number + 9}": 1})
print(json.dumps([run.id, rows]), flush=True)
sys.stdin.readline()
os._exit(0)
"""


def find(project, suffix: str) -> list[str]:
    return [
        os.path.join(folder, name)
        for folder, _, names in os.walk(project)
        for name in names
        if name.endswith(suffix)
    ]


@pytest.mark.slow
def test_a_dead_process_leaves_every_row(project):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=project
    )
    run, rows = json.loads(child.stdout.readline())
    [path] = find(project, ".wal")
    assert life_of(REAL, path) == ALIVE
    assert len(PointFiles(REAL, wals=[path]).series(run, "acc")) == 3000
    assert not delete_wal(REAL, path, seal(REAL, os.path.dirname(path), [path])[0])
    child.communicate(b"\n")

    assert life_of(REAL, path) == DEAD
    assert list(verify_wal(REAL, path)) == []
    read = read_wal(REAL, path)
    assert (read.rows, read.missing, read.bound, read.damage) == (len(rows), 0, 0, ())
    expected = {}
    for step, values in rows:
        for name, value in values.items():
            expected.setdefault(name, []).append((step, value))
    [sealed] = seal(REAL, os.path.dirname(path), [path])
    for files in (PointFiles(REAL, wals=[path]), PointFiles(REAL, segments=[sealed.path])):
        for name in ("loss", "acc", "huge", "épisode", "k0", "k1", "k10", "k4199"):
            series = files.series(run, name)
            assert list(zip(series.steps(), series.values(), strict=True)) == expected[name], name
        assert sum(len(points) for points in expected.values()) == files.frame(run).num_rows
    assert delete_wal(REAL, path, sealed)
    assert find(project, ".wal") == []


def test_rows_that_are_logged_while_a_failed_sync_is_made_good_are_kept(project):
    """The file is copied then, and the copy takes its name: no row may go into the old one behind that."""
    session = session_for()
    run = gnomon.run("synced")
    run.log(loss=1.0, step=0)
    other = threading.Thread(target=lambda: run.log(loss=2.0, step=1))

    class Slow(Env):
        def replace(self, source, target):
            other.start()
            other.join(0.2)
            super().replace(source, target)

    with session.lock:
        wal = session._wal
        offset, copy = wal.begin_sync()
        os.close(copy)
        wal._env = Slow()
        wal.end_sync(offset, failed=True)
    other.join()
    run.log(loss=3.0, step=2)
    [path] = find(project, ".wal")
    assert PointFiles(REAL, wals=[path]).series(run.id, "loss").values() == [1.0, 2.0, 3.0]
    run.finish()
