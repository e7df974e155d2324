"""A script that closes descriptors which it never opened, as daemons do: its own files stay its own, and no point is lost."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import gnomon

pytestmark = pytest.mark.slow

CLOSES = """
import os, subprocess, sys, time
import gnomon

run = gnomon.run("closes", params={{"lr": 0.1}})
for step in range(100):
    run.log(loss=step, step=step)
run.note("before")
time.sleep({before})
os.closerange(3, 256)
files = [open(f"own{{number}}.bin", "w+b") for number in range(30)]  # they get the numbers that were ours
for file in files:
    file.write(b"mine")
    file.flush()
{between}
for step in range(100, 30_000):  # more than the file had room for
    run.log(loss=step, step=step)
run.log({{f"metric{{number}}": number for number in range(300)}}, step=0)
run.note("after")
time.sleep({after})
run.log(loss=-1, step=30_000)
run.finish()
for file in files:
    file.write(b"!")
    file.close()
"""
READ = 'subprocess.run([sys.executable, "-m", "gnomon", "runs"], check=True, capture_output=True)'
SEAL = f"{READ}\nsubprocess.run([sys.executable, '-m', 'gnomon', 'gc'], check=True, capture_output=True)"
TAKE = """
import fcntl, glob, signal
(wal,) = glob.glob(".gnomon/points/*/*.wal")
(log,) = glob.glob(".gnomon/log/*/*.jsonl")
taken = [open(path, "r+b") for path in (wal, log)]
for file in taken:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # ours was a moment quicker
        pass
"""


MEANWHILE = {
    "at once": (0, "", 0),
    "after a sync": (1.3, "", 1.3),
    "a second later": (0, "time.sleep(1.3)", 0),
    "read meanwhile": (1.3, READ, 1.3),
    "sealed meanwhile": (1.3, SEAL, 0),
    "taken by another": (0, TAKE, 1.3),
}


@pytest.mark.parametrize(
    ("meanwhile", "capture"),
    [
        (name, capture)
        for name in MEANWHILE
        # A git that is being asked has descriptors, too, and these nobody can protect.
        for capture in (["off", "on"] if name == "read meanwhile" else ["off"])
    ],
)
def test_it_neither_writes_into_the_scripts_files_nor_loses_points(project, monkeypatch, meanwhile, capture):
    before, between, after = MEANWHILE[meanwhile]
    monkeypatch.setenv("GNOMON_CAPTURE", capture)
    (project / "train.py").write_text(
        textwrap.dedent(CLOSES).format(before=before, between=between, after=after)
    )
    done = subprocess.run([sys.executable, "train.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for number in range(30):
        assert (project / f"own{number}.bin").read_bytes() == b"mine!", number
    record = gnomon.open()
    (found,) = record.runs().to_pylist()
    run = record.run(found["id"])
    assert run.series("loss").value.tolist() == [*range(30_000), -1]
    assert all(run.series(f"metric{number}").value.tolist() == [number] for number in range(300))
    assert [note.text for note in run.notes] == ["before", "after"]
    assert run.status == "finished", run.status
    verified = subprocess.run(
        [sys.executable, "-m", "gnomon", "verify"], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
