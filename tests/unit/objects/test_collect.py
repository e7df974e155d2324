"""Garbage: what no entry names goes, and nothing else, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from blake3 import blake3

from gnomon.env import REAL, Env
from gnomon.errors import IncompleteRecordError
from gnomon.objects import collect, lease
from gnomon.objects.collect import AGE_NS, Garbage
from gnomon.objects.merge import merge_packs
from gnomon.objects.store import ObjectStore
from gnomon.objects.tree import TreeFile, encode_tree
from gnomon.objects.verify import verify_objects
from gnomon.record.home import open_home
from gnomon.record.keys import load_device_key
from tests.unit.objects.garbage import DAY_NS, Replica, World, take_over


@pytest.fixture
def replica(tmp_path):
    return Replica(tmp_path / "here", World(tmp_path / "device"))


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def put_file(replica: Replica, tmp_path, data: bytes) -> str:
    (tmp_path / "file").write_bytes(data)
    return replica.store().keep(tmp_path / "file").object


# ---------------------------------------------------------------- what goes and what stays


def test_what_an_entry_names_stays_and_all_else_goes(replica):
    kept, other = replica.store().put_bytes(b"kept"), replica.store().put_bytes(b"other")
    replica.keep(kept)
    done = replica.collect()
    assert replica.here() == {kept: b"kept"}
    assert [loss.pack.objects.keys() for loss in done.gone] == [{other}]
    assert done.freed > 0 and not done.left and not done.failed
    assert replica.collect().gone == []


def test_one_object_out_of_a_pack_that_holds_others_goes_alone(replica):
    datas = [noise(3000, seed) for seed in range(8)]
    ids = replica.store().put_many(datas)
    for one in ids[:5]:
        replica.keep(one)
    replica.collect()
    assert replica.here() == dict(zip(ids[:5], datas, strict=False))
    assert list(verify_objects(REAL, replica.objects)) == []


def test_little_garbage_in_a_large_pack_is_not_worth_the_writing(replica):
    ids = replica.store().put_many([noise(50_000), b"x"])
    replica.keep(ids[0])
    found = replica.garbage()
    assert found.plan.losses == []
    assert [len(loss.going) for loss in found.plan.slight] == [1]
    found.delete()
    assert set(replica.here()) == set(ids)


def test_a_pack_that_is_not_old_enough_is_left_alone(replica, tmp_path):
    replica.store().put_bytes(b"young")
    assert replica.collect(older_than_ns=AGE_NS).gone == []
    assert len(replica.garbage(older_than_ns=AGE_NS).plan.young) == 1
    for days, expected in ((89, 0), (91, 1)):
        later = World(tmp_path / "device", ahead_days=days)
        found = Garbage(open_home(str(replica.path), later), replica.writer)
        assert len(found.plan.losses) == expected


def test_packs_of_other_devices_are_never_touched(replica, tmp_path):
    other = Replica(tmp_path / "there", World(tmp_path / "other"))
    one = other.store().put_bytes(b"theirs")
    take_over(other, replica)
    found = replica.garbage()
    assert found.plan.losses == [] and found.plan.others > 0
    found.delete()
    assert replica.here() == {one: b"theirs"}


def test_a_pack_that_its_owner_deleted_goes_here_too_but_for_what_is_named(replica, tmp_path):
    other = Replica(tmp_path / "there", World(tmp_path / "other"))
    ids = [one for data in (b"a", b"b", b"c", b"d") for one in other.store().put_many([data, data * 2])]
    take_over(other, replica)
    replica.keep(ids[2])
    replica.keep(ids[4], "thing:2")
    replica.keep(ids[5], "thing:3")
    paths = sorted(
        f"objects/{other.writer}/{name}" for name in os.listdir(f"{replica.objects}/{other.writer}")
    )
    with lease.held(replica.world, replica.objects):
        assert len(collect.follow_owners(replica.home, replica.writer, paths).left) == 4
    assert len(os.listdir(f"{replica.objects}/{other.writer}")) == 4
    stays = replica.store()._look.require(ids[6]).path.removeprefix(f"{replica.path}/")
    done = collect.follow_owners(replica.home, replica.writer, set(paths) - {stays})
    assert len(done.gone) == 3
    assert set(replica.here()) == {ids[2], ids[4], ids[5], ids[6], ids[7]}
    assert list(verify_objects(REAL, replica.objects)) == []


def test_files_of_a_tree_and_chunks_of_a_file_stay(replica, tmp_path):
    large, twin = noise(3 << 20), noise(3 << 20, 2)
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "large").write_bytes(large)
    (folder / "sub" / "small").write_bytes(b"small")
    tree = replica.store().keep(folder).object
    gone = put_file(replica, tmp_path, twin)
    replica.name("thing.made", "thing:1", {"object": tree, "is_tree": True})
    assert len(replica.store().chunks(gone)) > 10
    replica.collect()
    store = ObjectStore(REAL, replica.objects)
    assert store.restore(tree, tmp_path / "out") == 2
    assert (tmp_path / "out" / "large").read_bytes() == large
    assert not store.contains(gone)
    named = {tree, *(file.object for file in store.read_tree(tree))}
    assert set(store.objects()) == named | {chunk for one in named for chunk in store.chunks(one)}


def test_a_chunk_that_two_files_share_stays_with_the_one_that_is_named(replica, tmp_path, monkeypatch):
    monkeypatch.setattr(collect, "WORTH", 10**9)
    data = noise(2 << 20)
    old, new = put_file(replica, tmp_path, data), put_file(replica, tmp_path, data + b"more")
    shared = set(replica.store().chunks(old)) & set(replica.store().chunks(new))
    assert len(shared) > 5
    replica.keep(new)
    replica.collect()
    store = ObjectStore(REAL, replica.objects)
    assert store.read(new) == data + b"more"
    assert not store.contains(old)


def test_an_object_that_an_object_names_in_json_stays(replica):
    """A manifest of a feature that does not exist yet."""
    store = replica.store()
    leaf = store.put_bytes(b"leaf")
    inner = store.put_bytes(json.dumps({"weights": leaf}).encode())
    outer = store.put_bytes(json.dumps([{"part": inner}]).encode())
    replica.keep(outer)
    replica.collect()
    assert set(replica.here()) == {leaf, inner, outer}


@pytest.mark.parametrize("prefix", ["", "sha256:", "deadbeef", "x" * 5000])
def test_a_name_counts_wherever_it_stands_in_a_body(replica, prefix):
    one = replica.store().put_bytes(b"one")
    replica.name("thing.made", "thing:1", {"of": f"{prefix}{one}{prefix}"})
    replica.collect()
    assert set(replica.here()) == {one}


@pytest.mark.slow
def test_a_body_full_of_digits_takes_neither_the_memory_nor_the_names(replica, monkeypatch):
    import tracemalloc

    from gnomon.objects import reach as reach_module

    monkeypatch.setattr(reach_module, "_LONG_AT_ONCE", 1000)
    one, two = replica.store().put_many([b"one", b"two"])
    digits = "".join(random.Random(3).choices("0123456789abcdef", k=60_000))
    replica.name("thing.made", "thing:1", {"a": digits + one + digits, "b": f"{digits}{two}"})
    tracemalloc.start()
    found = replica.garbage()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    found.delete()
    assert set(replica.here()) == {one, two}
    assert peak < 4 << 20  # a set of its names alone would take 20 MB


def test_a_name_counts_where_its_digits_are_escaped(replica):
    from gnomon.record import log as log_module

    one = replica.store().put_bytes(b"one")
    escaped = "".join(f"\\u{ord(char):04x}" for char in one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_module, "encode_body", lambda body: f'{{"of":"{escaped}"}}'.encode())
        replica.name("thing.made", "thing:1", {})
    replica.collect()
    assert set(replica.here()) == {one}


def test_what_was_covered_and_what_is_hidden_stays(replica):
    one, two = replica.store().put_many([b"one", b"two"])
    first = replica.keep(one)
    from gnomon.record.log import LogWriter

    log = LogWriter(replica.home, replica.key)
    log.append("thing.made", "thing:1", {"object": two}, over=[first])
    log.close()
    replica.collect()
    assert set(replica.here()) == {one, two}


def test_an_entry_that_only_cites_keeps_nothing(replica):
    one = replica.store().put_bytes(b"one")
    replica.name("run.used", "run:1", {"object": one})
    replica.collect()
    assert replica.here() == {}


# ---------------------------------------------------------------- what cannot be read


def test_nothing_goes_while_a_body_is_missing(replica):
    from gnomon.record.lines import without_body

    replica.store().put_bytes(b"garbage")
    entry = replica.keep("0" * 64)
    (log,) = (replica.path / "log" / replica.writer).iterdir()
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(without_body(line) if entry.encode() in line[:90] else line for line in lines))
    with pytest.raises(
        IncompleteRecordError, match=f"entry {entry[:12]}: its body .`thing.made`. is not here"
    ):
        replica.garbage()
    assert len(replica.here()) == 1
    replica.collect(although_incomplete=True)
    assert replica.here() == {}


def test_nothing_goes_while_a_line_of_a_log_is_damaged(replica):
    one = replica.store().put_bytes(b"garbage")
    replica.keep(one)
    (log,) = (replica.path / "log" / replica.writer).iterdir()
    data = bytearray(log.read_bytes())
    data[data.index(one.encode()) + 3] ^= 1
    log.write_bytes(data)
    with pytest.raises(IncompleteRecordError, match=r"jsonl, byte \d+: the body of entry"):
        replica.garbage()
    assert set(replica.here()) == {one}


@pytest.mark.parametrize("body", [{"object": "TREE", "is_tree": True}, {"objects": {"code": "TREE"}}])
def test_nothing_goes_while_a_tree_is_missing(replica, body):
    file = replica.store().put_bytes(b"file")
    tree = encode_tree([TreeFile("a", file, 4, 0o644)])
    name = blake3(tree).hexdigest()
    replica.name("thing.made", "thing:1", json.loads(json.dumps(body).replace("TREE", name)))
    with pytest.raises(
        IncompleteRecordError, match=f"the tree {name[:12]} that it names .`thing.made`. is not here"
    ):
        replica.garbage()
    replica.store().put_bytes(tree)
    assert replica.collect().gone == []
    assert set(replica.here()) == {file, name}


@pytest.mark.parametrize("what", ["tree", "list", "index"])
def test_nothing_goes_while_a_pack_is_damaged_that_may_name_others(replica, tmp_path, what):
    if what == "list":
        one = put_file(replica, tmp_path, noise(2 << 20))
    else:
        file = replica.store().put_bytes(b"file")
        one = replica.store().put_bytes(encode_tree([TreeFile("a", file, 4, 0o644)]))
    replica.keep(one)
    pack = replica.store()._look.require(one)
    data = bytearray(Path(pack.path).read_bytes())
    at = -3 if what == "index" else pack.objects[one].offset + pack.objects[one].stored // 2
    data[at] ^= 1
    Path(pack.path).write_bytes(data)
    with pytest.raises(IncompleteRecordError, match="damaged"):
        replica.garbage()


def test_a_part_that_cannot_be_copied_leaves_its_pack_alone(replica):
    """What stays in it may be all that is left of it."""
    datas = [noise(3000, seed) for seed in range(4)]
    ids = replica.store().put_many(datas)
    replica.keep(ids[0])
    replica.keep(ids[1])
    pack = replica.store()._look.require(ids[0])
    data = bytearray(Path(pack.path).read_bytes())
    data[pack.objects[ids[0]].offset + 100] ^= 1
    Path(pack.path).write_bytes(data)
    done = replica.collect(although_incomplete=True)
    assert done.gone == [] and "damaged" in done.failed[0][1]
    assert Path(pack.path).read_bytes() == data


# ---------------------------------------------------------------- adding meanwhile


def test_an_add_that_knew_an_object_before_never_loses_it(replica):
    """The classic race: found in a pack, not stored again, the pack deleted, the entry written."""
    one = replica.store().put_bytes(b"one")
    adding = lease.Lease(replica.world, replica.objects)
    store = replica.store()
    assert store.put_bytes(b"one") == one  # known: nothing is stored
    done = replica.collect()
    assert done.gone == [] and len(done.left) == 1
    assert [holder.process for holder in done.holders] == [os.getpid()]
    replica.keep(one)
    adding.end()
    assert replica.collect().gone == []
    assert replica.here() == {one: b"one"}
    assert lease.marked(replica.world, replica.objects) == frozenset()


def test_an_add_that_looks_after_the_mark_stores_anew(replica):
    one = replica.store().put_bytes(b"one")
    early = lease.Lease(replica.world, replica.objects)
    replica.collect()  # waits for `early`; the mark stays
    (mark,) = (replica.path / "objects" / lease.GOING).iterdir()
    os.utime(mark, ns=(REAL.time_ns() - 9 * 10**9,) * 2)  # surely before the next lease
    late = lease.Lease(replica.world, replica.objects)
    assert replica.store().put_bytes(b"one") == one
    assert len(os.listdir(f"{replica.objects}/{replica.writer}")) == 2
    early.end()
    done = replica.collect()  # whoever came later needs the other pack only
    assert [loss.pack.name for loss in done.gone] == [mark.name]
    assert len(done.left) == 1
    replica.keep(one)
    late.end()
    replica.collect(older_than_ns=DAY_NS)
    assert replica.here()[one] == b"one"
    assert lease.marked(replica.world, replica.objects) == frozenset()


def test_an_add_that_ended_while_the_look_went_on_is_seen(replica):
    """Its entry is written after the logs were read, and its lease has ended before leases are looked for."""
    one = replica.store().put_bytes(b"one")
    found = replica.garbage()
    assert len(found.plan.losses) == 1
    with lease.held(replica.world, replica.objects):
        replica.store().put_bytes(b"one")
        replica.keep(one)
    assert found.delete().gone == []
    assert replica.here() == {one: b"one"}


def test_a_line_that_is_written_in_two_parts_is_read_when_it_is_whole(replica):
    one = replica.store().put_bytes(b"one")
    replica.keep(one)
    (log,) = (replica.path / "log" / replica.writer).iterdir()
    data = log.read_bytes()
    log.write_bytes(data[: data.index(one.encode())])
    found = replica.garbage()
    assert len(found.plan.losses) == 1
    log.write_bytes(data)
    assert found.delete().gone == []
    assert replica.here() == {one: b"one"}


@pytest.mark.slow
def test_an_add_at_every_call_of_a_collection_keeps_what_it_names(tmp_path):
    """A whole add (lease, look, entry, end) between any two calls that the collector makes."""

    class Between(World):
        at, calls, act = 0, 0, None

    def step(name):
        real = getattr(Env, name)

        def call(self, *args, **named):
            self.calls += 1
            if self.calls == self.at and self.act is not None:
                self.act()
            return real(self, *args, **named)

        return call

    for name in (
        "list_folder",
        "create",
        "open_read",
        "read",
        "unlink",
        "stat",
        "replace",
        "make_folder",
        "close",
    ):
        setattr(Between, name, step(name))
    at, calls = 0, 1
    while at < calls:
        at += 1
        world = Between(tmp_path / "device")
        replica = Replica(tmp_path / str(at), World(tmp_path / "device"))
        ids = replica.store().put_many([b"one", noise(500), noise(500, 2)])
        replica.keep(ids[1])

        def add(replica=replica):
            with lease.held(replica.world, replica.objects):
                one = replica.store().put_bytes(b"one")
                replica.keep(one)

        world.at, world.act = at, add
        Garbage(open_home(str(replica.path), world), replica.writer, older_than_ns=0).delete()
        calls = world.calls
        assert ids[1] in replica.here()
        if at <= calls:
            assert replica.here()[ids[0]] == b"one", at
    assert calls > 50


@pytest.mark.slow
def test_an_add_that_looked_before_each_call_of_a_collection_keeps_what_it_names(tmp_path):
    """The lease and the look come first; the entry is written between any two calls, and the lease ends then."""

    class Between(World):
        at, calls, act = 0, 0, None

    for name in (
        "list_folder",
        "create",
        "open_read",
        "read",
        "unlink",
        "stat",
        "replace",
        "make_folder",
        "close",
    ):
        real = getattr(Env, name)

        def call(self, *args, _real=real, **named):
            self.calls += 1
            if self.calls == self.at:
                self.act()
            return _real(self, *args, **named)

        setattr(Between, name, call)
    at, calls = 0, 1
    while at < calls:
        at += 1
        world = Between(tmp_path / "device")
        replica = Replica(tmp_path / str(at), World(tmp_path / "device"))
        (one,) = replica.store().put_many([b"one"])
        holding = lease.Lease(replica.world, replica.objects)
        assert replica.store().put_bytes(b"one") == one
        assert len(os.listdir(f"{replica.objects}/{replica.writer}")) == 1

        def end(replica=replica, one=one, holding=holding):
            replica.keep(one)
            holding.end()

        world.at, world.act = at, end
        Garbage(open_home(str(replica.path), world), replica.writer, older_than_ns=0).delete()
        calls = world.calls
        assert replica.here() == {one: b"one"}, at
        holding.end()
    assert calls > 30


def test_two_who_delete_at_once_do_not_meet(replica):
    replica.store().put_bytes(b"one")
    with lease.alone(REAL, replica.objects) as is_ours:
        assert is_ours
        done = replica.collect()
        assert (done.gone, len(done.left), done.holders) == ([], 1, [])
    assert len(replica.collect().gone) == 1


def test_what_became_unreadable_while_the_look_went_on_stops_it(replica):
    one = replica.store().put_bytes(b"one")
    found = replica.garbage()
    replica.keep(one)
    (log,) = (replica.path / "log" / replica.writer).iterdir()
    data = bytearray(log.read_bytes())
    data[data.index(one.encode()) + 3] ^= 1
    log.write_bytes(data)
    with pytest.raises(IncompleteRecordError):
        found.delete()
    assert set(replica.here()) == {one}
    assert lease.marked(REAL, replica.objects) == frozenset()


def test_an_old_mark_is_heeded_by_nobody_and_made_anew(replica):
    one = replica.store().put_bytes(b"one")
    (pack,) = os.listdir(f"{replica.objects}/{replica.writer}")
    name = pack.removesuffix(".pack")
    since = lease.mark(REAL, replica.objects, name)
    assert lease.mark(REAL, replica.objects, name) == since
    for days, heeded in ((29, True), (31, False)):
        old = REAL.time_ns() - days * DAY_NS
        os.utime(f"{replica.objects}/{lease.GOING}/{name}", ns=(old, old))
        assert (lease.marked(REAL, replica.objects) == {name}) is heeded
        store = replica.store()
        store.refresh()
        assert store.stays(one) is not heeded
    assert lease.mark(REAL, replica.objects, name) > REAL.time_ns() - DAY_NS
    replica.keep(one)
    os.utime(f"{replica.objects}/{lease.GOING}/{name}", ns=(old, old))
    replica.collect()
    assert os.listdir(f"{replica.objects}/{lease.GOING}") == []


def test_packs_that_are_merged_meanwhile_lose_nothing(replica):
    ids = replica.store().put_many([noise(400, 1)]) + replica.store().put_many([noise(400, 2)])
    replica.keep(ids[0])
    found = replica.garbage()
    merge_packs(REAL, f"{replica.objects}/{replica.writer}", enough=2)
    found.delete()
    assert ids[0] in replica.here()
    replica.collect()
    assert set(replica.here()) == {ids[0]}


# ---------------------------------------------------------------- leases


def test_a_lease_ends_with_its_process(replica):
    import subprocess
    import sys

    code = (
        "import sys, os; from gnomon.env import REAL; from gnomon.objects.lease import Lease\n"
        "lease = Lease(REAL, sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, replica.objects], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    assert [one.process for one in lease.holders(REAL, replica.objects)] == [process.pid]
    process.kill()
    process.communicate()
    assert lease.holders(REAL, replica.objects) == []
    assert os.listdir(f"{replica.objects}/{lease.ADDING}") == []


def test_a_lease_of_another_boot_or_without_locks_counts_for_thirty_days(replica, tmp_path):
    class OtherBoot(World):
        def boot_id(self):
            return b"\x07" * 16

    class NoLocks(World):
        def is_lock_free(self, fd):
            raise OSError("no locks here")

    for world in (OtherBoot(tmp_path), NoLocks(tmp_path)):
        held = lease.Lease(replica.world, replica.objects)
        held.abandon()
        assert len(lease.holders(world, replica.objects)) == 1
        world.ahead_ns = 31 * DAY_NS
        assert lease.holders(world, replica.objects) == []
        assert lease.holders(replica.world, replica.objects) == []


def test_a_training_holds_a_lease_while_it_may_name_objects(project):
    import gnomon
    from gnomon.session import close_all, session_for

    with gnomon.run("kept") as run:
        run.log(loss=1.0)
        objects = f"{session_for().path}/objects"
        assert lease.holders(REAL, objects) == []  # nothing that it could name
        (project / "file").write_bytes(b"kept")
        run.keep("file")
        assert [one.process for one in lease.holders(REAL, objects)] == [os.getpid()]
    close_all()
    assert os.listdir(f"{objects}/{lease.ADDING}") == []


def test_a_forked_child_does_not_hold_its_parents_lease(project):
    from gnomon.session import close_all, session_for

    session = session_for()
    with session.objects() as store:
        store.put_bytes(b"one")
    objects = f"{session.path}/objects"
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        import time

        os.write(told, b"x")
        time.sleep(20)
        os._exit(0)
    assert os.read(ready, 1) == b"x"
    try:
        session._lease.abandon()  # as if this process were killed
        assert lease.holders(REAL, objects) == []
        close_all()
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


# ---------------------------------------------------------------- crashes


@pytest.mark.slow
@pytest.mark.parametrize("crash", [False, True])
def test_a_fault_at_every_call_loses_nothing_that_is_named(tmp_path, faulty, crash):
    faulty_env, crash_error = faulty

    class Failing(faulty_env):
        def close(self, fd):
            os.close(fd)  # as when a process dies: its locks go with it
            self._step("close")

        def _base(self, variable, under_home):
            return os.path.join(str(tmp_path / "device"), under_home)

    template = Replica(tmp_path / "template", World(tmp_path / "device"))
    datas = [noise(2000, seed) for seed in range(6)]
    ids = [template.store().put_many(datas[:2])[0], *template.store().put_many(datas[2:])]
    for one in ids[1:4]:
        template.keep(one)
    named = {one: template.here()[one] for one in ids[1:4]}
    at, ended = 0, False
    while not ended:
        at += 1
        replica = template.copied(tmp_path / str(at), World(tmp_path / "device"))
        env = Failing(at, crash)
        try:
            home = open_home(str(replica.path), env)
            Garbage(home, load_device_key(World(tmp_path / "device")).writer, older_than_ns=0).delete()
            ended = env.calls < at
        except (OSError, crash_error):
            pass
        here = replica.here()
        assert {one: here.get(one) for one in named} == named, at
        assert list(verify_objects(REAL, replica.objects)) == []
        replica.collect()
        assert replica.here() == named, at
    assert at > 60
