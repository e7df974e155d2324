"""P6: a full disk never stops, slows or hangs training; the loss is counted exactly, shown, and logging goes on later."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from small_disk import mounted
from wal_truth import all_rows

pytestmark = pytest.mark.slow

TRAINING = """
import json, os, sys, time
import gnomon
fill = sys.argv[1]
calls = 0
with gnomon.run("train", params={"lr": 0.1}) as run:
    for i in range(60_000):
        run.log({"loss": 1.0 / (i + 1), "auc": 0.5, "extra": float(i)}, step=i)
        calls += 1
        if i == 30_000 and fill == "then-free":
            os.unlink("ballast")
            time.sleep(0.3)   # the disk is asked again after a quarter of a second
    losses = run._session.losses()
print(json.dumps({"calls": calls, "lost": losses[0], "lost_values": losses[1]}))
"""


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MB."""
    with mounted(tmp_path / "disk", 3) as place:
        yield place


def train(place, mode):
    done = subprocess.run(
        [sys.executable, "-c", TRAINING, mode], cwd=place, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stderr, json.loads(done.stdout)


def test_training_on_a_full_disk_ends_with_zero_and_the_exact_loss(small_disk):
    code, stderr, said = train(small_disk, "stay-full")
    rows = all_rows(small_disk)
    assert code == 0
    assert 0 < len(rows) < said["calls"]
    assert said["lost"] == said["calls"] - len(rows)
    assert said["lost_values"] == 3 * said["lost"]
    # What is stored is the beginning, without a gap before the disk was full.
    assert [step for _, _, step, _ in rows][:1000] == list(range(1000))
    assert stderr.count("the disk of") == 1
    assert f"{said['lost']} rows" in stderr


def test_logging_goes_on_when_space_returns(small_disk):
    (small_disk / "ballast").write_bytes(bytes(2_200_000))
    code, _, said = train(small_disk, "then-free")
    rows = all_rows(small_disk)
    steps = [step for _, _, step, _ in rows]
    assert code == 0
    assert said["lost"] == said["calls"] - len(rows)
    assert steps[-1] > 30_000  # after the ballast had gone
    assert steps == sorted(set(steps))


def test_a_disk_with_room_for_the_log_but_not_for_points_is_no_signal(small_disk):
    # Were the blocks not allocated before they are mapped, the first row would end the training with SIGBUS.
    free = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(bytes(free.f_bavail * free.f_bsize - 10 * 4096))
    code, _, said = train(small_disk, "stay-full")
    assert code == 0
    assert said["lost"] == said["calls"] == 60_000
    assert list((small_disk / ".gnomon").glob("log/*/*.jsonl"))


def test_a_disk_that_is_full_from_the_start_loses_all_and_says_so(small_disk):
    free = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(bytes(free.f_bavail * free.f_bsize))
    code, stderr, said = train(small_disk, "stay-full")
    assert code == 0
    assert said["lost"] == said["calls"]
    assert all_rows(small_disk) == []
    assert "training goes on" in stderr
