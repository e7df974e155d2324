"""Where the index lives, who may write it, and what becomes of it when somebody else does."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from gnomon.record import index_place, index_tables, kinds
from gnomon.record.home import open_home
from gnomon.record.index import Index
from tests.unit.record.made_record import CacheEnv, MadeLog, MadeRecord, bundle

kinds.register(
    kinds.Feature(
        "bolt",
        kinds={"bolt.made": "it was made"},
        fold=lambda live: {"names": sorted(str(entry.body.get("name")) for entry in live)},
        cells=lambda bolt, state, stats: {"name": state["names"][0] if state["names"] else None},
        texts=lambda state: [("name", name) for name in state["names"]],
    )
)


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))  # there may be indexes of others in the machine's
    return MadeRecord(tmp_path / "record")


def bolts(number: int, *names: str) -> MadeLog:
    log = MadeLog(number)
    for name in names:
        log.add("bolt.made", f"bolt:{name}", {"name": name})
    return log


def names(index: Index) -> list[str]:
    index.update()
    return sorted(index.columns("bolt", ["name"])["name"])


# ---------------------------------------------------------------- the folder


def test_the_index_is_private_and_outside_of_the_record(record):
    index = Index(record.home)
    index.update()
    (file,) = [path for path in record.index_files() if path.suffix == ".sqlite"]
    assert file.parent.parent == Path(record.env.cache_folder())
    assert file.parent.stat().st_mode & 0o077 == 0
    assert not list(Path(record.home.path).rglob("*.sqlite*"))
    assert index.notice is None


def test_a_copied_or_moved_replica_has_an_index_of_its_own(record, tmp_path):
    record.put_log(bolts(1, "a"))
    assert names(Index(record.home)) == ["a"]
    shutil.copytree(record.home.path, tmp_path / "copy" / ".gnomon")
    copy = Index(open_home(str(tmp_path / "copy" / ".gnomon"), record.env))
    assert names(copy) == ["a"]
    assert len(list(Path(record.env.cache_folder()).iterdir())) == 2


def test_indexes_of_replicas_that_are_gone_are_found(record, tmp_path):
    Index(record.home).update()
    shutil.copytree(record.home.path, tmp_path / "copy" / ".gnomon")
    copy = str(tmp_path / "copy" / ".gnomon")
    Index(open_home(copy, record.env)).update()
    assert index_place.stale_places(record.env) == []
    shutil.rmtree(tmp_path / "copy")
    ((folder, replica),) = index_place.stale_places(record.env)
    assert replica == os.path.realpath(copy)
    assert Path(folder, "index.sqlite").exists()


def test_what_is_no_folder_of_an_index_is_never_stale(record):
    folder = Path(record.env.cache_folder())
    (folder / "something else").mkdir(parents=True)
    (folder / "something else" / "where").write_text('{"replica": "/gone", "device": 1, "inode": 1}')
    (folder / "file").write_text("x")
    assert index_place.stale_places(record.env) == []


class NetworkCache(CacheEnv):
    def __init__(self, cache: str, temporary: str, kind: str = "nfs4") -> None:
        super().__init__(cache)
        self._temporary = temporary
        self._kind = kind

    def getenv(self, name):
        return self._temporary if name == "TMPDIR" else None

    def filesystem(self, path):
        return self._kind if path.startswith(self._cache) else "ext4"


def test_on_a_network_disk_a_private_temporary_folder_is_taken(tmp_path):
    (tmp_path / "tmp").mkdir()
    record = MadeRecord(tmp_path / "record", env=NetworkCache(str(tmp_path / "cache"), str(tmp_path / "tmp")))
    record.put_log(bolts(1, "a"))
    index = Index(record.home)
    assert names(index) == ["a"]
    assert "a temporary folder does" in index.notice
    (file,) = (tmp_path / "tmp").rglob("index.sqlite")
    assert file.parent.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("how", ["open to all", "a link", "a file"])
def test_a_temporary_folder_that_others_could_write_is_not_taken(tmp_path, how):
    (tmp_path / "tmp").mkdir()
    ours = tmp_path / "tmp" / f"gnomon-{os.getuid()}"
    if how == "a link":
        (tmp_path / "elsewhere").mkdir()
        ours.symlink_to(tmp_path / "elsewhere")
    elif how == "a file":
        ours.write_text("")
    else:
        ours.mkdir()
        ours.chmod(0o777)
    record = MadeRecord(tmp_path / "record", env=NetworkCache(str(tmp_path / "cache"), str(tmp_path / "tmp")))
    record.put_log(bolts(1, "a"))
    index = Index(record.home)
    assert names(index) == ["a"]
    assert "lives in memory" in index.notice
    assert not list(tmp_path.rglob("index.sqlite"))
    log = bolts(1, "a", "b")
    record.put_log(log)
    assert names(index) == ["a", "b"]
    record.remove(log.path)
    assert names(index) == []


class NoLocks(CacheEnv):
    def try_lock(self, fd):
        raise OSError(37, "No locks available")


class ReadOnlyCache(CacheEnv):
    def make_folder(self, path):
        if path.startswith(self._cache):
            raise OSError(30, "Read-only file system")
        super().make_folder(path)

    def getenv(self, name):
        return self._cache if name == "TMPDIR" else None


@pytest.mark.parametrize("env", [NoLocks, ReadOnlyCache])
def test_where_no_disk_can_hold_the_index_it_lives_in_memory(tmp_path, env):
    record = MadeRecord(tmp_path / "record", env=env(str(tmp_path / "cache")))
    log = bolts(1, "a")
    record.put_log(log)
    index = Index(record.home)
    assert names(index) == ["a"]
    assert "lives in memory" in index.notice
    log.add("bolt.made", "bolt:b", {"name": "b"})
    record.put_log(log)
    assert names(index) == ["a", "b"]


def test_the_cache_may_be_deleted_under_a_process_that_uses_it(record):
    log = bolts(1, "a")
    record.put_log(log)
    index = Index(record.home)
    assert names(index) == ["a"]
    shutil.rmtree(record.env.cache_folder())
    assert names(index) == ["a"]
    assert index.notice is None
    assert record.index_files()
    log.add("bolt.made", "bolt:b", {"name": "b"})
    record.put_log(log)
    shutil.rmtree(record.env.cache_folder())
    assert names(index) == ["a", "b"]


def test_a_full_disk_under_the_index_costs_the_index_only(record, monkeypatch):
    log = bolts(1, "a")
    record.put_log(log)
    index = Index(record.home)
    assert names(index) == ["a"]
    real = index_tables.open_writer

    def full(place, layered):
        database = real(place, layered)
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count={pages}")
        return database

    monkeypatch.setattr(index_tables, "open_writer", full)
    for number in range(200):
        log.add("bolt.made", f"bolt:{number:03d}", {"name": f"{number:03d}", "more": "x" * 1_000})
    record.put_log(log)
    assert len(names(index)) == 201
    assert "database or disk is full" in index.notice


# ---------------------------------------------------------------- foreign, old, damaged


def test_an_index_of_another_version_is_thrown_away(record, monkeypatch):
    record.put_log(bolts(1, "a"))
    assert names(Index(record.home)) == ["a"]
    before = record.index_files()[0].stat().st_ino
    monkeypatch.setattr(index_tables, "SCHEMA", 999)
    assert names(Index(record.home)) == ["a"]
    assert record.index_files()[0].stat().st_ino != before


def test_a_foreign_database_cannot_run_its_own_statements(record, tmp_path):
    record.put_log(bolts(1, "a"))
    Index(record.home).update()
    (file,) = [path for path in record.index_files() if path.suffix == ".sqlite"]
    for path in record.index_files():
        path.unlink()
    evil = sqlite3.connect(file)
    evil.execute("CREATE VIEW meta AS SELECT 'schema' AS key, load_extension('evil') AS value")
    evil.execute(f"PRAGMA application_id={index_tables.APPLICATION_ID}")
    evil.commit()
    evil.close()
    assert names(Index(record.home)) == ["a"]


def test_a_part_of_the_index_that_was_changed_is_noticed(record):
    """SQLite has no checksums of its own; ours stand on every part that holds more than a few bytes."""
    record.put_log(bolts(1, *(f"bolt-{n}" for n in range(300))))
    index = Index(record.home)
    before = names(index)
    index.close()
    (file,) = [path for path in record.index_files() if path.suffix == ".sqlite"]
    database = sqlite3.connect(file)
    for no, data in database.execute("SELECT no, data FROM cells").fetchall():
        changed = data[:-1] + bytes([data[-1] ^ 1])
        database.execute("UPDATE cells SET data = ? WHERE no = ?", (changed, no))
    database.commit()
    database.close()
    assert names(index) == before


# ---------------------------------------------------------------- several processes


@pytest.fixture
def hold(record):
    """`hold()` takes the lock of the index, as a process does that updates it; what it returns lets go."""
    processes = []

    def take():
        Index(record.home).update()
        (folder,) = Path(record.env.cache_folder()).iterdir()
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                (
                    "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX);"
                    " print('held', flush=True); sys.stdin.read()"
                ),
                str(folder / "lock"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        processes.append(process)
        assert process.stdout.readline() == b"held\n"
        return process.communicate

    yield take
    for process in processes:
        if process.poll() is None:
            process.communicate()
        process.stdin.close()
        process.stdout.close()


def test_a_reader_without_the_lock_adds_what_the_file_lacks(record, hold):
    first = bolts(1, "old", "gone")
    record.put_log(first)
    index = Index(record.home)
    assert names(index) == ["gone", "old"]
    let_go = hold()
    renamed = MadeLog(2)
    renamed.add("bolt.made", "bolt:gone", {"name": "new"}, over=[index.live("bolt", "gone")[0].hash])
    renamed.add("bolt.made", "bolt:more", {"name": "more"})
    record.put_log(renamed)
    assert names(index) == ["more", "new", "old"]
    assert index.search("gone") == []
    assert index.search("new") == [("bolt", "gone", "name", "new")]
    assert index.resolve("bolt", "mo") == "more"
    assert index.keys("bolt") == ["name"]
    laid_over, generation = index.export(), index.generation
    let_go()
    assert names(index) == ["more", "new", "old"]
    assert index.export() == laid_over
    assert index.generation != generation
    assert index.search("gone") == []


def test_an_overlay_ends_where_files_do_not_fit_the_index_any_more(record, hold):
    record.put_log(bolts(1, "a"))
    record.put_log(bolts(2, "b"))
    index = Index(record.home)
    assert names(index) == ["a", "b"]
    hold()
    record.remove(bolts(1, "a").path)
    assert names(index) == ["b"]
    path, data = bundle(bolts(2, "b"), bolts(3, "c"))
    record.put(path, data)
    record.remove(bolts(2, "b").path)
    assert names(index) == ["b", "c"]


def test_without_a_file_and_without_the_lock_the_answer_comes_from_memory(record, hold):
    let_go = hold()
    for path in record.index_files():
        path.unlink()
    record.put_log(bolts(1, "a"))
    index = Index(record.home)
    assert names(index) == ["a"]
    assert record.index_files() == []
    let_go()
    assert names(index) == ["a"]
    assert record.index_files()


@pytest.mark.slow
def test_a_process_that_holds_the_lock_and_stands_still_is_not_waited_for(record, hold, monkeypatch):
    hold()
    monkeypatch.setattr("gnomon.record.index_keeper.PATIENCE_BYTES", 0)
    monkeypatch.setattr("gnomon.record.index_keeper.PATIENCE_S", 0.2)
    record.put_log(bolts(1, "a"))
    assert names(Index(record.home)) == ["a"]


WORKER = """
import sys
sys.path[:0] = {paths!r}
from tests.unit.record import test_index_place as t
from gnomon.record.home import open_home
from gnomon.record.index import Index
from gnomon.record import index_follow
index_follow.BATCH_BYTES = 20_000
index = Index(open_home({home!r}, t.CacheEnv({cache!r})))
while True:
    index.update()
    exports = index.export()
    print(len(exports), flush=True)
    index.close()
"""


def start_worker(record) -> subprocess.Popen:
    code = WORKER.format(
        paths=[path for path in sys.path if path], home=record.home.path, cache=record.env.cache_folder()
    )
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.slow
def test_processes_that_update_at_once_and_are_killed_leave_an_index_that_is_right(record):
    """Two processes follow a record that grows, is bundled and loses files; one of them is killed again and again."""
    steady = start_worker(record)
    logs: list[MadeLog] = []
    for round_ in range(8):
        victim = start_worker(record)
        for number in range(5):
            log = bolts(round_ * 10 + number, *(f"{round_}-{number}-{n}" for n in range(60)))
            record.put_log(log)
            logs.append(log)
            time.sleep(0.03)
        if round_ % 2:
            record.put(*bundle(*logs[-10:]))
            for log in logs[-10:]:
                record.remove(log.path)
        time.sleep(0.1 + 0.05 * round_)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
    steady.kill()
    _, errors = steady.communicate()
    assert b"Traceback" not in errors, errors.decode()
    index = Index(record.home)
    assert len(names(index)) == 8 * 5 * 60
    exported = index.export()
    index.close()
    shutil.rmtree(record.env.cache_folder())
    assert Index(record.home).export() == exported
