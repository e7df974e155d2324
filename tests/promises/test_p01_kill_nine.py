"""P1: `log()` returned, so the point survives `kill -9` of the whole process group."""

from __future__ import annotations

import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import time

import pytest
from thorough import one_in
from wal_truth import all_rows

CHILD = """
import mmap, os, struct, sys, time
import gnomon
rate, keys = float(sys.argv[1]), int(sys.argv[2])
acked = mmap.mmap(os.open(sys.argv[3], os.O_RDWR), 8)
run = gnomon.run("crash")
i = 0
while True:
    run.log({f"m{k}": float(i) for k in range(keys)}, step=i)
    i += 1
    acked[:8] = struct.pack("<Q", i)   # `log` has returned i times
    if rate:
        time.sleep(1 / rate)
"""


def kill_after(tmp_path, project, *, rate, keys, seconds):
    """Run the child, kill its process group; return (acknowledged calls, rows in the WAL)."""
    shared = tmp_path / "acked"
    shared.write_bytes(bytes(8))
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(rate), str(keys), str(shared)], cwd=project, start_new_session=True
    )
    with open(shared, "r+b") as file, mmap.mmap(file.fileno(), 8) as acked:
        deadline = time.monotonic() + 20
        while struct.unpack("<Q", acked[:8])[0] == 0 and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(seconds)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return struct.unpack("<Q", acked[:8])[0], all_rows(project)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "loops"),
    [
        pytest.param(0, 24 // one_in(2), id="full speed"),
        pytest.param(100, 8 // one_in(2), id="100/s"),
        pytest.param(10, 4, id="10/s"),
    ],
)
def test_no_acknowledged_point_is_lost(tmp_path, rate, loops):
    seed = random.Random(rate)
    acknowledged = 0
    for loop in range(loops):
        project = tmp_path / f"loop{loop}"
        project.mkdir()
        keys = seed.choice([1, 1, 3, 20])
        acked, rows = kill_after(tmp_path, project, rate=rate, keys=keys, seconds=seed.uniform(0.05, 0.6))
        assert acked > 0
        # At most one call was under way when the process died.
        assert acked <= len(rows) <= acked + 1
        assert [step for _, _, step, _ in rows] == list(range(len(rows)))
        assert all(set(values.values()) == {float(step)} for _, _, step, values in rows)
        acknowledged += acked
    assert acknowledged >= loops
