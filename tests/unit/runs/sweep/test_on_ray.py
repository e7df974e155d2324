"""`gnomon sweep --on ray`, against a Ray that the test starts: only where Ray is installed (the lock does not have it)."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

import gnomon

pytestmark = pytest.mark.slow
HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(
    not HAS_RAY, reason='Ray is not installed: pip install "gnomon[ray]", 80 MB, to run this test'
)

SWEEP = """
name = "far"
command = "{python} train.py {lr}"
metric = "auc"
goal = "maximize"
seeds = [1, 2]
parallel = 2
timeout = "20s"
grace = "1s"
[params]
lr = [0.1, 0.2]
"""
TRAIN = """
import sys, gnomon
run = gnomon.run(params={"lr": float(sys.argv[1])}, seed=1)
run.log(auc=float(sys.argv[1]) + run.seed)
"""
ELSEWHERE = """
import sys
from gnomon.runs.sweep import on_ray
on_ray.place_mark = lambda place: ("elsewhere", 0, 0)  # of the driver only: to the tasks, this is another machine
from gnomon.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def run(project, *words):
    (project / "train.py").write_text(TRAIN)
    (project / "sweep.toml").write_text(SWEEP.replace("{python}", sys.executable))
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=project,
        env=dict(os.environ),
    )


@needs_ray
@pytest.mark.parametrize("is_here", [True, False])
def test_tasks_write_to_this_record_or_bring_theirs_back(project, is_here):
    program = ["-m", "gnomon"] if is_here else ["-c", ELSEWHERE]
    done = run(project, *program, "sweep", "--on", "ray")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 runs finished" in done.stdout
    table = gnomon.open().runs(columns=["status", "seed", "params.lr", "metrics.auc", "sweep"]).to_pylist()
    assert sorted((row["status"], row["seed"], row["params.lr"], row["metrics.auc"]) for row in table) == [
        ("finished", seed, lr, pytest.approx(lr + seed)) for seed in (1, 2) for lr in (0.1, 0.2)
    ]
    again = run(project, "-m", "gnomon", "sweep")  # and here it is the same sweep
    assert "nothing was left to do" in again.stdout


@pytest.mark.skipif(HAS_RAY, reason="Ray is installed here")
def test_without_ray_it_says_what_to_install(project):
    done = run(project, "-m", "gnomon", "sweep", "--on", "ray")
    assert done.returncode == 2 and 'pip install "gnomon[ray]"' in done.stderr
    assert not (project / ".gnomon").exists()
