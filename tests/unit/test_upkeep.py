"""Upkeep: files stay few without anybody asking, and the answers stay the same."""

from __future__ import annotations

import os
import shutil
import time

import pytest

import gnomon
from gnomon import upkeep, verification
from gnomon.env import REAL
from gnomon.record.home import open_home
from gnomon.replica import Replica
from gnomon.runs.archive import export
from gnomon.runs.sql import engine
from gnomon.session import close_all


def many_processes(count, project):
    """Write as `count` processes would: each session is one."""
    for number in range(count):
        with gnomon.run(f"run {number}", params={"n": number}) as run:
            for step in range(5):
                run.log({"loss": float(step), "n": float(number)}, step=step)
        if number % 8 == 0:
            (project / "file.txt").write_text(f"file {number}")
        close_all()


def answers(project):
    with Replica.open(str(project / ".gnomon")) as replica:
        replica.update()
        export = replica.index.export()
    record = gnomon.open(project)
    series = {row["id"]: record.run(row["id"]).series("loss").value.tolist() for row in record.runs(limit=5)}
    states = [line for line in export.splitlines() if b'"subject":"run:' in line]
    return states, series


def files(project):
    return [path for path in (project / ".gnomon").rglob("*") if path.is_file() and path.suffix != ".tmp"]


@pytest.mark.slow
def test_many_processes_leave_few_files_and_the_same_answers(project, monkeypatch):
    monkeypatch.setenv("GNOMON_UPKEEP", "off")
    many_processes(upkeep.WALS_TO_SEAL + 8, project)
    before = answers(project)
    assert len(files(project)) > 2 * upkeep.WALS_TO_SEAL
    done = upkeep.do_upkeep(str(project / ".gnomon"))
    close_all()
    assert any("sealed" in line for line in done)
    assert len(files(project)) < 12
    assert answers(project) == before
    assert [
        problem
        for problem in Replica.open(str(project / ".gnomon")).verify(deep=True)
        if problem.severity == "damage"
    ] == []
    # A fresh index, made from the sealed files alone, says the same.
    shutil.rmtree(os.environ["XDG_CACHE_HOME"])
    assert answers(project) == before


@pytest.mark.slow
def test_it_is_done_by_whoever_ends_next(project, monkeypatch):
    monkeypatch.setenv("GNOMON_UPKEEP", "now")
    many_processes(upkeep.WALS_TO_SEAL + 1, project)
    assert len(files(project)) < 20


@pytest.mark.slow
def test_in_the_background_it_is_a_process_that_keeps_nothing_of_the_training_open(project, monkeypatch):
    monkeypatch.setenv("GNOMON_UPKEEP", "off")
    many_processes(upkeep.WALS_TO_SEAL + 1, project)
    (project / "json.py").write_text("raise SystemExit('a module of the working folder was loaded')")
    ours, theirs = os.pipe()
    os.set_inheritable(theirs, True)  # as a program does that hands a pipe to its children
    monkeypatch.setenv("GNOMON_UPKEEP", "background")
    monkeypatch.chdir(project)
    many_processes(1, project)
    os.close(theirs)
    assert os.read(ours, 1) == b""  # waits until nobody has the other end
    os.close(ours)
    assert len(files(project)) > 2 * upkeep.WALS_TO_SEAL  # and there is still work before that process
    wait_until(lambda: len(files(project)) < 20)
    wait_until(lambda: upkeep.let_go_of_ended() or not upkeep._children)


def wait_until(is_so, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_is_not_due_for_a_few_files(project):
    many_processes(3, project)
    home = open_home(str(project / ".gnomon"), REAL)
    assert not upkeep.is_due(home, home.writers("log")[0])


@pytest.mark.slow
def test_a_segment_meets_the_wals_of_a_stale_copy_and_counts_each_point_once(project, tmp_path, monkeypatch):
    monkeypatch.setenv("GNOMON_UPKEEP", "off")
    many_processes(upkeep.WALS_TO_SEAL, project)
    before = answers(project)
    stale = tmp_path / "stale"
    shutil.copytree(project / ".gnomon", stale / ".gnomon")
    upkeep.do_upkeep(str(project / ".gnomon"))
    close_all()
    shutil.copytree(stale / ".gnomon", project / ".gnomon", dirs_exist_ok=True)
    assert answers(project) == before


def test_what_goes_wrong_in_the_background_is_left_for_the_doctor(project, monkeypatch):
    many_processes(1, project)
    home = open_home(str(project / ".gnomon"), REAL)
    assert upkeep.last_failure(home) is None

    def fail(path, env):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(upkeep, "do_upkeep", fail)
        with pytest.raises(SystemExit):
            upkeep.main(home.path)
    assert "Input/output error" in upkeep.last_failure(home)
    upkeep.main(home.path)
    assert upkeep.last_failure(home) is None


# ---------------------------------------------------------------- while somebody reads


@pytest.fixture
def eager(project, monkeypatch):
    """A record of many small files, and upkeep that joins whatever it finds; returns what does it."""
    monkeypatch.setenv("GNOMON_UPKEEP", "off")
    many_processes(6, project)
    monkeypatch.setattr(upkeep, "WALS_TO_SEAL", 1)
    monkeypatch.setattr(upkeep, "LOGS_TO_BUNDLE", 2)
    return lambda: upkeep.do_upkeep(str(project / ".gnomon"))


def test_upkeep_leaves_files_alone_while_they_are_read(project, eager):
    home, before = open_home(str(project / ".gnomon"), REAL), files(project)
    with upkeep.kept_off(home), upkeep.kept_off(home):  # several may read at once
        assert eager() == []
        upkeep.make_sealed(home, home.writers("points")[0])
    assert files(project) == before
    assert eager() != [] and files(project) != before


def test_whoever_reads_waits_for_upkeep_and_then_goes_on_all_the_same(project, eager, monkeypatch):
    from gnomon.record.index_place import place_for

    home = open_home(str(project / ".gnomon"), REAL)
    monkeypatch.setattr(upkeep, "PATIENCE_S", 0.3)
    began = time.monotonic()
    with (
        REAL.held_lock(os.path.join(place_for(home, REAL).folder, upkeep.LOCK_FILE)) as is_ours,
        upkeep.kept_off(home),
    ):
        assert is_ours and time.monotonic() - began >= 0.3


@pytest.mark.parametrize("way", ["verify", "export", "archive", "sql"])
def test_what_reads_all_files_finds_them_though_upkeep_comes_in_between(
    project, eager, monkeypatch, tmp_path, way
):
    """It comes after the files were listed, and before they are read."""
    came = []

    def coming(function):
        def after(*words, **options):
            found = function(*words, **options)
            came.append(eager())
            return found

        return after

    with gnomon.open(project) as record:
        if way == "verify":
            monkeypatch.setattr(
                "gnomon.verification.verify_record_file", coming(verification.verify_record_file)
            )
            checking = record.verify(deep=True)
            assert list(checking) == [] and checking.is_whole
        elif way == "sql":
            monkeypatch.setattr("gnomon.runs.sql.engine.lock", coming(engine.lock))
            assert list(record.sql("select count(*) as count from points")) == [{"count": 6 * 5 * 2}]
        else:
            monkeypatch.setattr("gnomon.runs.archive.export.choose", coming(export.choose))
            to = tmp_path / ("out" if way == "export" else "out.zip")
            done = getattr(record, way)(to)
            assert done.problems == []
    assert came == [[]]  # it was kept off
    assert eager()


def test_where_there_are_no_locks_nobody_waits(project, eager, monkeypatch):
    monkeypatch.setattr("gnomon.env.fcntl", None)
    began = time.monotonic()
    with upkeep.kept_off(open_home(str(project / ".gnomon"), REAL)):
        pass
    assert time.monotonic() - began < upkeep.PATIENCE_S / 2
