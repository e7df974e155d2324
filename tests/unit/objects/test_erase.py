"""Erased is erased: no byte stays in any file, an old copy brings nothing back, and what others keep is not touched."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from blake3 import blake3

from gnomon.env import REAL
from gnomon.errors import DamagedFileError, ErasedObjectError, MissingObjectError, UnknownFormatError
from gnomon.objects import erase, lease
from gnomon.objects.erase import Erasure
from gnomon.objects.pack import read_pack, stored_pieces, zstd
from gnomon.objects.store import ObjectStore
from gnomon.objects.tombstones import SUFFIX, Tombstones, read_tombstone, write_tombstone
from gnomon.objects.tree import TreeFile, encode_tree
from gnomon.objects.verify import verify_kept, verify_objects
from gnomon.record.home import open_home
from gnomon.verification import Verification
from tests.unit.objects.garbage import Replica, World, take_over

SECRET = b"Ada Lovelace, 36 Dorset Street; " * 4


@pytest.fixture
def replica(tmp_path):
    return Replica(tmp_path / "here", World(tmp_path / "device"))


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def do(replica: Replica, *subjects: str):
    erasure = Erasure(open_home(str(replica.path), replica.world), subjects)
    erasure.bury()
    return erasure.take_out()


def every_byte(replica: Replica) -> bytes:
    """Return all bytes of all files of a replica, each as it is, and what can be unpacked of it."""
    found = []
    for file in sorted(replica.path.rglob("*")):
        if not file.is_file():
            continue
        data = file.read_bytes()
        found.append(data)
        if file.suffix == ".pack":
            pack = read_pack(REAL, str(file))
            with open(file, "rb") as opened:
                for held in pack.frames():
                    if held[0].codec == "zstd":
                        found.append(zstd.decompress(b"".join(stored_pieces(REAL, opened.fileno(), held[0]))))
        else:
            at = data.find(b"\x28\xb5\x2f\xfd")  # a zstd frame in a file that is no pack
            while at >= 0:
                try:
                    found.append(zstd.ZstdDecompressor().decompress(data[at:]))
                except zstd.ZstdError:
                    pass
                at = data.find(b"\x28\xb5\x2f\xfd", at + 1)
    return b"".join(found)


def test_the_search_of_these_tests_finds_what_is_there(replica):
    replica.keep(replica.store().put_bytes(SECRET * 100))
    assert SECRET in every_byte(replica)


# ---------------------------------------------------------------- what goes, what stays


def test_a_small_file_goes_out_of_the_frame_that_it_shares(replica, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.txt").write_bytes(b"%d " % number * 40)
    (folder / "secret.txt").write_bytes(SECRET)
    before = replica.store().keep(folder)
    replica.name("data.added", "data:1", {"object": before.object, "is_tree": True})
    (folder / "secret.txt").unlink()
    after = replica.store().keep(folder)
    replica.name("data.added", "data:2", {"object": after.object, "is_tree": True})
    assert SECRET in every_byte(replica)
    do(replica, "data:1")
    assert SECRET not in every_byte(replica)
    store = ObjectStore(REAL, replica.objects)
    assert len(store.read_tree(after.object)) == 20
    assert store.restore(after.object, tmp_path / "out") == 20
    assert list(verify_objects(REAL, replica.objects)) == []


def test_the_chunks_of_a_large_file_go_and_shared_ones_stay(replica, tmp_path):
    shared, own = noise(2 << 20), noise(1 << 20, 7)
    store = replica.store()
    ids = []
    for data in (shared + own, shared):
        (tmp_path / "file").write_bytes(data)
        ids.append(store.keep(tmp_path / "file").object)
    for number, one in enumerate(ids):
        replica.name("data.added", f"data:{number}", {"object": one})
    only = set(store.chunks(ids[0])) - set(store.chunks(ids[1]))
    assert len(only) > 5
    do(replica, "data:0")
    fresh = ObjectStore(REAL, replica.objects)
    assert not any(map(fresh.contains, [*only, ids[0]]))
    assert fresh.read(ids[1]) == shared
    assert own[300_000:300_064] not in every_byte(replica)


def test_a_chunk_that_is_an_object_of_its_own_stays(replica, tmp_path):
    (tmp_path / "file").write_bytes(noise(2 << 20))
    store = replica.store()
    large = store.keep(tmp_path / "file").object
    chunk = store.chunks(large)[3]
    replica.name("data.added", "data:1", {"object": large})
    replica.keep(chunk, "thing:2")
    erasure = Erasure(replica.home, ["data:1"])
    assert [(one.object, one.keeper) for one in erasure.stays()] == [(chunk, "thing:2")]
    erasure.bury()
    erasure.take_out()
    assert set(replica.here()) == {chunk}


def test_packs_of_every_writer_lose_it(replica, tmp_path):
    other = Replica(tmp_path / "there", World(tmp_path / "other"))
    secret, rest = other.store().put_many([SECRET, noise(5000)])
    other.keep(rest, "thing:2")
    take_over(other, replica)
    assert replica.store().put_bytes(SECRET) == secret
    own = ObjectStore(replica.world, replica.objects, replica.writer)
    assert own.put_many([SECRET, b"mine"])
    replica.name("data.added", "data:1", {"object": secret})
    do(replica, "data:1")
    assert SECRET not in every_byte(replica)
    assert replica.here()[rest] == noise(5000)


def test_a_run_that_used_it_does_not_keep_it(replica):
    secret = replica.store().put_bytes(SECRET)
    replica.name("data.added", "data:1", {"object": secret})
    replica.name("run.used", "run:1", {"object": secret, "version": "1"})
    do(replica, "data:1")
    assert replica.here() == {}


def test_a_file_that_a_crash_left_half_written_goes_too(replica):
    secret = replica.store().put_bytes(SECRET)
    Path(replica.objects, replica.writer, ".left.tmp").write_bytes(SECRET)
    replica.name("data.added", "data:1", {"object": secret})
    do(replica, "data:1")
    assert SECRET not in every_byte(replica)


def test_readers_say_erased_and_not_missing(replica):
    secret = replica.store().put_bytes(SECRET)
    replica.name("data.added", "data:1", {"object": secret})
    do(replica, "data:1")
    store = ObjectStore(REAL, replica.objects)
    for ask in (store.read, store.size, store.is_tree, store.chunks):
        with pytest.raises(ErasedObjectError, match=f"object {secret[:12]} was erased on 20"):
            ask(secret)
    with pytest.raises(MissingObjectError, match="is not in this replica"):
        store.read("0" * 64)
    (problem,) = verify_kept(store, secret, is_tree=False)
    assert (problem.severity, problem.what) == ("notice", f"erased, on purpose: object {secret}")
    tree = replica.store().put_bytes(
        encode_tree([TreeFile("a", secret, 4, 0o644), TreeFile("b", "0" * 64, 4, 0o644)])
    )
    assert [one.severity for one in verify_kept(replica.store(), tree, is_tree=True)] == ["notice", "damage"]


# ---------------------------------------------------------------- coming back


def test_an_old_copy_of_the_pack_brings_nothing_back(replica, tmp_path):
    secret, rest = replica.store().put_many([SECRET, noise(4000)])
    replica.name("data.added", "data:1", {"object": secret})
    replica.keep(rest, "thing:2")
    old = replica.copied(tmp_path / "old", World(tmp_path / "other"))
    do(replica, "data:1")
    take_over(old, replica)
    assert SECRET in every_byte(replica)
    problems = list(Verification(open_home(str(replica.path), replica.world)))
    assert ["1 objects in it were erased" in one.what for one in problems] == [True]
    assert problems[0].severity == "notice"
    assert len(erase.finish(replica.home).gone) == 1
    assert SECRET not in every_byte(replica)
    assert replica.here() == {rest: noise(4000)}
    # The other way round: the stale replica meets the tombstone.
    take_over(replica, old)
    assert len(erase.finish(old.home).gone) == 1
    assert SECRET not in every_byte(old)
    assert rest in old.here()


def test_upkeep_and_gc_finish_what_came_back(replica, tmp_path, monkeypatch):
    from gnomon import upkeep

    secret = replica.store().put_bytes(SECRET)
    replica.name("data.added", "data:1", {"object": secret})
    old = replica.copied(tmp_path / "old", World(tmp_path / "other"))
    do(replica, "data:1")
    for finish in (
        lambda: upkeep.do_upkeep(str(replica.path), replica.world),
        lambda: replica.collect(older_than_ns=10**18),
    ):
        take_over(old, replica)
        assert upkeep.is_due(replica.home, replica.writer)
        finish()
        assert replica.here() == {}
        assert SECRET not in every_byte(replica)
    upkeep.do_upkeep(str(replica.path), replica.world)
    assert not upkeep.is_due(replica.home, replica.writer)


def test_what_comes_later_about_an_erased_subject_goes_with_gc(replica, tmp_path):
    """A replica that was offline made a profile of the data meanwhile."""
    secret = replica.store().put_bytes(SECRET)
    replica.name("data.added", "data:1", {"object": secret})
    old = replica.copied(tmp_path / "old", World(tmp_path / "other"))
    do(replica, "data:1")
    old.name("data.profiled", "data:1", {"object": old.store().put_bytes(b"profile of " + SECRET)})
    take_over(old, replica)
    replica.collect(older_than_ns=10**18)
    assert SECRET not in every_byte(replica)


def test_who_adds_the_same_bytes_again_has_them(replica):
    secret = replica.store().put_bytes(SECRET)
    replica.name("data.added", "data:1", {"object": secret})
    do(replica, "data:1")
    replica.keep(replica.store().put_bytes(SECRET), "data:2")
    erase.finish(replica.home)
    replica.collect()
    assert replica.here() == {secret: SECRET}
    assert not [
        one for one in Verification(open_home(str(replica.path), replica.world)) if "erased" in one.what
    ]


def test_a_process_that_adds_meanwhile_keeps_what_it_names(replica):
    secret = replica.store().put_bytes(SECRET)
    replica.name("data.added", "data:1", {"object": secret})
    with lease.held(replica.world, replica.objects):
        assert replica.store().put_bytes(SECRET) == secret
        done = do(replica, "data:1")
        assert done.gone == [] and len(done.left) == 1
        replica.keep(secret, "data:2")
    assert erase.finish(replica.home).gone == []
    assert replica.here() == {secret: SECRET}


def test_a_process_that_names_nothing_delays_it_only(replica):
    secret = replica.store().put_bytes(SECRET)
    replica.name("data.added", "data:1", {"object": secret})
    with lease.held(replica.world, replica.objects):
        assert len(do(replica, "data:1").left) == 1
    assert len(erase.finish(replica.home).gone) == 1
    assert SECRET not in every_byte(replica)


def test_a_pack_that_cannot_be_written_anew_is_named(replica):
    secret, rest = replica.store().put_many([SECRET, noise(4000)])
    replica.name("data.added", "data:1", {"object": secret})
    replica.keep(rest, "thing:2")
    pack = replica.store()._look.require(rest)
    data = bytearray(Path(pack.path).read_bytes())
    data[pack.objects[rest].offset + 9] ^= 1
    Path(pack.path).write_bytes(data)
    done = do(replica, "data:1")
    assert [(loss.pack.name, "damaged" in why) for loss, why in done.failed] == [(pack.name, True)]


# ---------------------------------------------------------------- crashes


@pytest.mark.slow
@pytest.mark.parametrize("crash", [False, True])
def test_a_fault_at_every_call_leaves_both_or_the_new(tmp_path, faulty, crash):
    faulty_env, crash_error = faulty

    class Failing(faulty_env):
        def close(self, fd):
            os.close(fd)  # as when a process dies: its locks go with it
            self._step("close")

        def _base(self, variable, under_home):
            return os.path.join(str(tmp_path / "device"), under_home)

    template = Replica(tmp_path / "template", World(tmp_path / "device"))
    ids = template.store().put_many([SECRET, noise(3000), noise(3000, 2)])
    template.name("data.added", "data:1", {"object": ids[0]})
    template.keep(ids[1], "thing:2")
    template.keep(ids[2], "thing:3")
    stays = {one: data for one, data in template.here().items() if one != ids[0]}
    at, ended = 0, False
    while not ended:
        at += 1
        replica = template.copied(tmp_path / str(at), World(tmp_path / "device"))
        env = Failing(at, crash)
        try:
            erasure = Erasure(open_home(str(replica.path), env), ["data:1"])
            erasure.bury()
            erasure.take_out()
            ended = env.calls < at
        except (OSError, crash_error):
            pass
        here = replica.here()
        assert {one: here.get(one) for one in stays} == stays, at
        if ids[0] not in here:
            assert Tombstones(REAL, str(replica.path)).all, at  # it was on the disk first
        assert list(verify_objects(REAL, replica.objects)) == []
        do(replica, "data:1")
        assert replica.here() == stays, at
        assert SECRET not in every_byte(replica), at
    assert at > 60


# ---------------------------------------------------------------- tombstones


def test_a_tombstone_names_no_object_openly_and_is_signed(replica):
    secret = replica.store().put_bytes(SECRET)
    replica.name("data.added", "data:1", {"object": secret})
    do(replica, "data:1")
    (file,) = (replica.path / "erased").iterdir()
    data = file.read_bytes()
    assert secret[:16].encode() not in data
    found = read_tombstone(data, file.stem)
    assert (found.writer, found.subjects, len(found.objects)) == (replica.writer, {"data:1"}, 1)
    assert found.names(secret) and not found.names("0" * 64)


def test_every_flipped_bit_of_a_tombstone_is_found(replica):
    name = write_tombstone(REAL, str(replica.path), replica.key, b"k" * 16, ["data:1", "data:2"], ["ab" * 32])
    data = (replica.path / "erased" / f"{name}{SUFFIX}").read_bytes()
    assert read_tombstone(data, name).subjects == {"data:1", "data:2"}
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((DamagedFileError, UnknownFormatError)):
            read_tombstone(bytes(changed), name)


def test_a_forged_tombstone_under_a_true_name_is_refused(replica, tmp_path):
    """Somebody without the key, who changes what it names and gives the file the name that fits."""
    from gnomon.record.hashing import derive_id

    name = write_tombstone(REAL, str(replica.path), replica.key, b"k" * 16, ["data:1"], [])
    data = (replica.path / "erased" / f"{name}{SUFFIX}").read_bytes().replace(b"data:1", b"data:9")
    with pytest.raises(DamagedFileError, match="its signature is not that of the device"):
        read_tombstone(data, derive_id("tombstone", data))


def test_a_tombstone_that_is_damaged_newer_or_misnamed_is_told_by_verify_and_erases_nothing(replica):
    secret = replica.store().put_bytes(SECRET)
    replica.name("data.added", "data:1", {"object": secret})
    folder = replica.path / "erased"
    name = write_tombstone(REAL, str(replica.path), replica.key, b"k" * 16, ["data:1"], [secret])
    good = (folder / f"{name}{SUFFIX}").read_bytes()
    assert Tombstones(REAL, str(replica.path)).names(secret)  # this process has read it while it was whole
    (folder / f"{name}{SUFFIX}").write_bytes(good.replace(b"data:1", b"data:2"))
    (folder / f"{'a' * 32}{SUFFIX}").write_bytes(good.replace(b'"v":1', b'"v":2'))
    (folder / "note.txt").write_bytes(b"?")
    told = {one.file: one for one in Verification(open_home(str(replica.path), replica.world))}
    assert told[f"erased/{name}{SUFFIX}"].severity == "damage"
    assert "has format 2" in told[f"erased/{'a' * 32}{SUFFIX}"].what
    assert told[f"erased/{'a' * 32}{SUFFIX}"].severity == "unknown"
    assert "this is not a name of a tombstone" in told["erased/note.txt"].what
    assert not Tombstones(REAL, str(replica.path), afresh=True).names(secret)


def test_a_second_erasure_takes_the_key_of_the_first(replica):
    for number in (1, 2):
        one = replica.store().put_bytes(b"%d" % number)
        replica.name("data.added", f"data:{number}", {"object": one})
        do(replica, f"data:{number}")
    found = Tombstones(REAL, str(replica.path)).all
    assert len(found) == 2
    assert len({one.key for one in found}) == 1


def test_the_bytes_of_a_tombstone_do_not_change(tmp_path):
    """Old copies must stay readable: if this fails, add a format version."""
    from gnomon.record.keys import DeviceKey

    class Fixed(World):
        def time_ns(self):
            return 1_700_000_000_000_000_000

    object_id = blake3(b"x").hexdigest()
    name = write_tombstone(
        Fixed(tmp_path), str(tmp_path), DeviceKey(bytes(32)), bytes(16), ["data:1"], [object_id]
    )
    data = (tmp_path / "erased" / f"{name}{SUFFIX}").read_bytes()
    assert data.startswith(b'{"key":"00000000000000000000000000000000","objects":["')
    assert name == "940b3bcf2866c28baa81d9813cfbbc38"
