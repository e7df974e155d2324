"""The objects of a replica: what `keep` promises, and reading from the packs of all writers."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from blake3 import blake3

from gnomon.env import REAL, Env
from gnomon.errors import (
    BadArgumentError,
    DamagedObjectError,
    MissingFileError,
    MissingObjectError,
)
from gnomon.objects import chunk, chunked
from gnomon.objects import pack as pack_module
from gnomon.objects.pack import PIECE, PackWriter
from gnomon.objects.store import ObjectStore
from gnomon.objects.tree import TreeFile
from gnomon.objects.verify import verify_kept, verify_objects

OWN = "a" * 32


def digest(data):
    return blake3(data).hexdigest()


def pack_files(objects):
    return sorted(str(path) for path in Path(objects).rglob("*") if path.is_file())


def test_a_kept_file_is_named_by_its_bytes_and_comes_back(store, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"weights")
    kept = store.keep(tmp_path / "model.bin")
    assert kept == (digest(b"weights"), 7, 1, False, False, ())
    assert store.contains(kept.object)
    assert store.size(kept.object) == 7
    assert store.read(kept.object) == b"weights"
    assert b"".join(store.stream(kept.object)) == b"weights"
    assert store.objects() == [kept.object]


def test_what_is_there_is_not_stored_again(store, other, objects, tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 5000)
    (tmp_path / "large").write_bytes(bytes(3 * PIECE))
    first = [store.keep(tmp_path / name) for name in ("a", "large")]
    before = pack_files(objects)
    again = [one.keep(tmp_path / name) for one in (store, other) for name in ("a", "large")]
    assert [kept.already_there for kept in first] == [False, False]
    assert [kept.already_there for kept in again] == [True] * 4
    assert [kept.object for kept in again] == [kept.object for kept in first] * 2
    assert pack_files(objects) == before


def test_a_kept_folder_is_a_tree_of_its_files(store, objects, tmp_path):
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "a.txt").write_text("same")
    (tmp_path / "out" / "deep" / "b.sh").write_text("same")
    (tmp_path / "out" / "deep" / "b.sh").chmod(0o755)
    kept = store.keep(tmp_path / "out")
    assert (kept.size, kept.files, kept.is_tree, kept.already_there) == (8, 2, True, False)
    assert store.read_tree(kept.object) == [
        TreeFile("a.txt", digest(b"same"), 4, 0o644),
        TreeFile("deep/b.sh", digest(b"same"), 4, 0o755),
    ]
    assert store.is_tree(kept.object)
    assert not store.is_tree(digest(b"same"))
    assert len(pack_files(objects)) == 1
    assert len(store.objects()) == 2
    assert store.keep(f"{tmp_path}/out/").already_there


def test_an_empty_file_and_an_empty_folder_are_kept(store, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert store.read(store.keep(tmp_path / "file").object) == b""
    kept = store.keep(tmp_path / "folder")
    assert (kept.files, kept.size, store.read_tree(kept.object)) == (0, 0, [])


def test_the_record_does_not_keep_itself(project):
    (project / "file").write_text("x")
    store = ObjectStore(REAL, f"{project}/.gnomon/objects", OWN)
    store.put_bytes(b"something")
    kept = store.keep(project)
    assert [file.path for file in store.read_tree(kept.object)] == ["file"]
    assert kept.notes == ("`.gnomon` is not kept",)


def test_a_record_with_another_name_does_not_keep_itself_either(project):
    store = ObjectStore(REAL, f"{project}/my-record/objects", OWN)
    store.put_bytes(b"something")
    assert store.keep(project).files == 0


def test_a_link_that_the_caller_names_is_followed(store, tmp_path):
    (tmp_path / "model-7.bin").write_bytes(b"seven")
    (tmp_path / "latest.bin").symlink_to("model-7.bin")
    assert store.read(store.keep(tmp_path / "latest.bin").object) == b"seven"


def test_what_cannot_be_kept_is_refused_and_leaves_nothing(store, objects, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadArgumentError, match="neither a file nor a folder"):
        store.keep(tmp_path / "pipe")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("x")
    (tmp_path / "out" / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(BadArgumentError, match="leaves the folder"):
        store.keep(tmp_path / "out")
    assert pack_files(objects) == []


def test_a_missing_path_says_where_it_was_looked_for(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFileError, match="`model\\.bin` does not exist") as caught:
        store.keep("model.bin")
    assert str(caught.value).endswith(f"hint: a relative path starts at the working folder, `{os.getcwd()}`")
    (tmp_path / "file").touch()
    with pytest.raises(MissingFileError):
        store.keep("file/below")


def test_a_store_without_a_writer_only_reads(store, objects):
    object_id = store.put_bytes(b"x")
    reader = ObjectStore(REAL, objects)
    assert reader.read(object_id) == b"x"
    with pytest.raises(BadArgumentError, match="for reading only"):
        reader.put_bytes(b"y")


def test_a_file_that_changes_while_it_is_read_is_named_by_what_was_read(objects, tmp_path, monkeypatch):
    monkeypatch.setattr(chunked, "WINDOW", PIECE)
    path = tmp_path / "growing.log"
    path.write_bytes(b"a" * (2 * PIECE))

    class Appending(Env):
        def read(self, fd, size, offset=0):
            if offset > 0:
                with open(path, "ab") as file:
                    file.write(b"more")
            return super().read(fd, size, offset)

    store = ObjectStore(Appending(), objects, OWN)
    kept = store.keep(path)
    assert len(kept.notes) == 1
    assert "`" + str(path) + "` changed while it was read" in kept.notes[0]
    assert kept.object[:12] in kept.notes[0]
    assert digest(store.read(kept.object)) == kept.object
    assert len(store.read(kept.object)) == kept.size


def test_a_file_that_becomes_another_known_one_while_it_is_read_is_stored_once(
    objects, tmp_path, monkeypatch
):
    monkeypatch.setattr(chunked, "WINDOW", PIECE)
    path = tmp_path / "growing"
    path.write_bytes(b"a" * (2 * PIECE))
    grown = b"a" * (2 * PIECE) + b"more"

    class Appending(Env):
        def read(self, fd, size, offset=0):
            if offset > 0 and self.armed:
                self.armed = False
                path.write_bytes(grown)
            return super().read(fd, size, offset)

    env = Appending()
    env.armed = False
    store = ObjectStore(env, objects, OWN)
    known = store.put_bytes(grown)
    before = pack_files(objects)
    env.armed = True
    assert store.keep(path).object == known
    assert pack_files(objects) == before
    assert list(verify_objects(REAL, objects)) == []


def test_a_large_file_is_read_once_but_for_the_chunk_at_the_end_of_a_window(objects, tmp_path):
    class Counting(Env):
        seen = 0

        def read(self, fd, size, offset=0):
            data = super().read(fd, size, offset)
            self.seen += len(data) if os.fstat(fd).st_ino == os.stat(path).st_ino else 0
            return data

    path = tmp_path / "large"
    path.write_bytes(random.Random(1).randbytes(4 * PIECE))
    env = Counting()
    ObjectStore(env, objects, OWN).keep(path)
    assert 4 * PIECE <= env.seen < 4 * PIECE + chunk.FINE.most * 2


def test_full_packs_are_followed_by_others(store, objects, tmp_path, monkeypatch):
    monkeypatch.setattr(pack_module, "TARGET_OBJECTS", 10)
    (tmp_path / "out").mkdir()
    for i in range(35):
        (tmp_path / "out" / f"{i}").write_text(str(i % 30))
    kept = store.keep(tmp_path / "out")
    assert len(pack_files(objects)) == 4  # 30 objects and the tree
    assert len(store.objects()) == 31
    assert store.missing(kept.object, is_tree=True) == []
    assert list(verify_objects(REAL, objects)) == []


# ---------------------------------------------------------------- reading, the packs of others


def test_objects_of_all_writers_are_read(store, other):
    mine, theirs = store.put_bytes(b"mine"), other.put_bytes(b"theirs")
    assert [one.read(name) for one in (store, other) for name in (mine, theirs)] == [b"mine", b"theirs"] * 2


def test_new_packs_are_seen_without_a_new_store(store, other):
    assert not store.contains(digest(b"later"))
    other.put_bytes(b"later")
    assert store.read(digest(b"later")) == b"later"


def test_a_missing_object_says_what_to_do(store, objects):
    for ask in (store.read, store.size, store.stream, store.read_tree, lambda name: store.restore(name, "x")):
        with pytest.raises(MissingObjectError, match="object 111111111111 is not in this replica") as caught:
            ask("1" * 64)
        assert "copy its `objects/` folder" in str(caught.value)
    store.put_bytes(b"x")
    Path(pack_files(objects)[0]).write_bytes(b"rubbish")
    with pytest.raises(MissingObjectError, match=r"1 packs cannot be read, the first: pack `.*` is damaged"):
        store.read(digest(b"x"))


def test_a_damaged_copy_is_passed_over_for_a_good_one(store, other, objects, tmp_path):
    data = random.Random(1).randbytes(3 * PIECE)
    name = other.put_bytes(data)
    theirs = Path(pack_files(objects)[0])
    damaged = bytearray(theirs.read_bytes())
    damaged[2 * PIECE] ^= 1
    theirs.write_bytes(damaged)
    with pytest.raises(
        DamagedObjectError, match=rf"object {name[:12]} in `.*` is damaged: its bytes have the BLAKE3"
    ):
        other.read(name)
    with pytest.raises(DamagedObjectError):
        other.restore(name, tmp_path / "back")
    assert not (tmp_path / "back").exists()
    store.put_bytes(data)
    assert other.read(name) == store.read(name) == data
    other.restore(name, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data


def test_a_damaged_or_hostile_pack_cannot_swallow_a_file(store, other, objects, tmp_path):
    """What another writer claims to hold is checked before our bytes are left unstored."""
    other.put_bytes(b"the only copy")
    theirs = Path(pack_files(objects)[0])
    theirs.write_bytes(theirs.read_bytes().replace(b"the only copy", b"THE ONLY COPY"))
    (tmp_path / "file").write_bytes(b"the only copy")
    kept = store.keep(tmp_path / "file")
    assert not kept.already_there
    assert store.read(kept.object) == b"the only copy"


def test_folders_and_files_that_are_not_known_are_skipped(store, objects):
    store.put_bytes(b"x")
    folder = Path(objects) / OWN
    (folder / "notes.txt").write_text("?")
    (folder / (".%s.tmp" % ("1" * 16))).write_bytes(b"GNMPCK1\n")
    (folder / "sub").mkdir()
    (Path(objects) / "not-a-writer").mkdir()
    shutil.copy(store.packs()[0].path, Path(objects) / "not-a-writer")
    (Path(objects) / ("c" * 32)).symlink_to(folder)
    assert [pack.path.startswith(f"{objects}/{OWN}/") for pack in store.packs()] == [True]


def test_a_pack_that_is_replaced_is_read_again(store, objects):
    store.put_bytes(b"x")
    assert store.contains(digest(b"x"))
    os.unlink(pack_files(objects)[0])
    store.refresh()
    assert not store.contains(digest(b"x"))


def test_a_reader_follows_an_object_into_a_merged_pack(store, objects):
    name = store.put_bytes(b"moves")
    reader = ObjectStore(REAL, objects)
    assert reader.read(name) == b"moves"
    old = pack_files(objects)
    with PackWriter(REAL, f"{objects}/{OWN}") as writer:
        writer.add([b"moves"])
        writer.add([b"another"])
        writer.finish()
    os.unlink(old[0])
    assert reader.read(name) == b"moves"


def test_reading_into_memory_has_a_limit(store):
    name = store.put_bytes(b"12345")
    with pytest.raises(BadArgumentError, match="has 5 bytes; at most 4 are read into memory") as caught:
        store.read(name, limit=4)
    assert "`stream`" in str(caught.value)


def test_a_tree_whose_files_are_missing_is_noticed(store, other, objects, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("a")
    other.put_bytes(b"a")
    kept = store.keep(tmp_path / "out")
    assert verify_kept(store, kept.object, is_tree=True) == []
    theirs = next(path for path in pack_files(objects) if OWN not in path)
    os.unlink(theirs)
    fresh = ObjectStore(REAL, objects, OWN)
    assert fresh.missing(kept.object, is_tree=True) == [digest(b"a")]
    assert digest(b"a") in verify_kept(fresh, kept.object, is_tree=True)[0].what
    assert fresh.missing("0" * 64) == ["0" * 64]


# ---------------------------------------------------------------- faults


def small_folder(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a").write_bytes(b"a" * 100)
    (folder / "large").write_bytes(bytes(2 * PIECE + 5))
    return folder


@pytest.mark.slow
def test_a_full_disk_is_an_oserror_and_leaves_no_file(objects, tmp_path, faulty):
    faulty_env, _ = faulty
    source = small_folder(tmp_path)
    (source / "noise").write_bytes(random.Random(1).randbytes(5 * PIECE))
    for at in range(1, 20):
        env = faulty_env(at, only="pwrite")
        try:
            ObjectStore(env, objects, OWN).keep(source)
        except OSError as error:
            assert "no space left" in str(error)  # noqa: PT017 - that some calls succeed is the end of the loop
            assert pack_files(objects) == []
        else:
            break
    assert 4 < at < 19


@pytest.mark.slow
@pytest.mark.parametrize("crash", [False, True])
def test_a_fault_at_every_call_loses_nothing_that_was_acknowledged(tmp_path, faulty, crash):
    """After a fault at any call: no file but whole packs (and, after a crash, files that readers skip)."""
    faulty_env, crash_error = faulty
    source = small_folder(tmp_path)
    at, ended = 0, False
    while not ended:
        at += 1
        objects = f"{tmp_path}/replica-{at}/objects"
        ObjectStore(REAL, objects, OWN).put_bytes(b"before")
        store = ObjectStore(faulty_env(at, crash), objects, OWN)
        try:
            kept = store.keep(source)
            ended = store._env.calls < at
        except (OSError, crash_error):
            kept = None
        names = [os.path.basename(path) for path in pack_files(objects)]
        leftovers = [name for name in names if name.startswith(".") and name.endswith(".tmp")]
        assert all(name.endswith(".pack") for name in names if name not in leftovers)
        after = ObjectStore(REAL, objects, OWN)
        assert list(verify_objects(REAL, objects)) == []
        assert after.read(digest(b"before")) == b"before"
        if kept is not None:
            assert after.missing(kept.object, is_tree=True) == []
            assert leftovers == []
        elif not crash:
            assert leftovers == []
        assert after.missing(after.keep(source).object, is_tree=True) == []
    assert at > 25


def test_a_killed_process_leaves_only_what_readers_skip(objects, tmp_path):
    script = """
import os, sys
from gnomon.env import Env
from gnomon.objects.store import ObjectStore

class Dies(Env):
    def replace(self, source, target):
        os.kill(os.getpid(), 9)

ObjectStore(Dies(), sys.argv[1], "a" * 32).keep(sys.argv[2])
"""
    (tmp_path / "file").write_bytes(b"x" * 100)
    done = subprocess.run([sys.executable, "-c", script, objects, str(tmp_path / "file")], timeout=60)
    assert done.returncode == -9
    (left,) = os.listdir(f"{objects}/{OWN}")
    assert left.startswith(".") and left.endswith(".tmp")
    store = ObjectStore(REAL, objects, OWN)
    assert store.objects() == []
    assert not store.keep(tmp_path / "file").already_there


def test_importing_the_store_stays_light():
    heavy = "numpy pandas pyarrow arro3 duckdb msgspec nacl pathlib dataclasses shutil asyncio"
    script = f"import sys, gnomon.objects.store; print([m for m in {heavy.split()} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
