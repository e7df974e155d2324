"""The cache of rebuilt code and environments: what goes, and what never does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gnomon.env import REAL
from gnomon.runs.rebuild import cache

DAY = 86_400


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setenv("GNOMON_CACHE_DIR", str(tmp_path))

    def make(kind, key, days, inside="file"):
        folder = cache.place(REAL, kind, key)
        os.makedirs(os.path.join(folder, os.path.dirname(inside)))
        with open(os.path.join(folder, inside), "w") as file:
            file.write("x")
        os.utime(folder, (time.time() - days * DAY,) * 2)
        return folder

    return make


def test_what_was_not_used_for_thirty_days_goes(make):
    old, new = make(cache.CODE, "old", 31), make(cache.CODE, "new", 29)
    dead, alive = make(cache.ENVIRONMENTS, "dead", 31), make(cache.ENVIRONMENTS, "alive", 29)
    for beside in (f"{dead}.lock", f"{dead}.txt", f"{alive}.lock"):
        with open(beside, "w"):
            pass
    assert cache.tidy(REAL) == [old, dead]
    assert [os.path.exists(one) for one in (old, new, dead, alive)] == [False, True, False, True]
    assert sorted(os.listdir(os.path.dirname(alive))) == ["alive", "alive.lock"]
    assert cache.tidy(REAL) == []


def test_what_is_used_stays(make):
    folder = make(cache.CODE, "old", 31)
    cache.used(folder)
    assert cache.tidy(REAL) == [] and os.path.exists(folder)


def test_a_copy_that_was_interrupted_goes_after_a_day(make):
    folder = make(cache.CODE, "kept", 0)
    for name, days in (("part-old", 2), ("part-new", 0), ("project", 2)):
        os.makedirs(os.path.join(folder, name))
        os.utime(os.path.join(folder, name), (time.time() - days * DAY,) * 2)
    assert cache.tidy(REAL) == [os.path.join(folder, "part-old")]
    assert os.path.isdir(os.path.join(folder, "project"))


def test_nothing_else_in_the_cache_is_touched(make, tmp_path):
    make(cache.CODE, "old", 31)
    (tmp_path / "data").mkdir()
    os.utime(tmp_path / "data", (0, 0))
    outside = tmp_path / "outside"
    outside.mkdir()
    os.utime(outside, (0, 0))
    os.symlink(outside, cache.place(REAL, cache.CODE, "link"))
    cache.tidy(REAL)
    assert (tmp_path / "data").is_dir() and outside.is_dir()


def test_without_a_cache_there_is_nothing_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("GNOMON_CACHE_DIR", str(tmp_path / "none"))
    assert cache.tidy(REAL) == []


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="who runs in it is known on Linux only")
def test_an_environment_that_a_training_runs_in_stays(make):
    folder = make(cache.ENVIRONMENTS, "long", 31, "bin/sleep")
    shutil.copy(shutil.which("sleep"), f"{folder}/bin/sleep")
    os.utime(folder, (time.time() - 31 * DAY,) * 2)
    process = subprocess.Popen([f"{folder}/bin/sleep", "60"])
    try:
        while not Path(
            f"/proc/{process.pid}/cmdline"
        ).read_bytes():  # just begun: the system does not know its words yet
            time.sleep(0.01)
        assert cache.tidy(REAL) == []
    finally:
        process.kill()
        process.wait()
    assert cache.tidy(REAL) == [folder]
