"""Joining small packs: nothing is deleted that the new pack does not hold."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from gnomon.env import REAL, Env
from gnomon.objects.merge import LEFTOVER_AGE_NS, merge_packs, sweep
from gnomon.objects.store import ObjectStore
from gnomon.objects.verify import verify_objects

OWN = "a" * 32


@pytest.fixture
def folder(objects):
    return f"{objects}/{OWN}"


def fill(store, count=10):
    return {store.put_bytes(data): data for data in (b"%d" % i * 20 for i in range(count))}


def read_all(objects):
    store = ObjectStore(REAL, objects)
    return {name: store.read(name) for name in store.objects()}


def test_small_packs_become_one(store, objects, folder):
    written = fill(store)
    assert merge_packs(REAL, folder) == 10
    assert len(os.listdir(folder)) == 1
    assert read_all(objects) == written
    assert {name: store.read(name) for name in written} == written
    assert list(verify_objects(REAL, objects)) == []


def test_few_packs_and_large_packs_are_left_alone(store, folder):
    fill(store, 3)
    assert merge_packs(REAL, folder) == 0
    store.put_bytes(random.Random(1).randbytes(1 << 20))
    large = next(name for name in os.listdir(folder) if os.path.getsize(f"{folder}/{name}") >= 1 << 20)
    assert merge_packs(REAL, folder, enough=2) == 3
    assert large in os.listdir(folder)
    assert len(os.listdir(folder)) == 2
    assert merge_packs(REAL, folder, enough=1) == 0  # one part: nothing to join
    assert merge_packs(REAL, f"{folder}-missing") == 0


def test_the_same_parts_give_the_same_pack_and_again_changes_nothing(objects, tmp_path):
    names = []
    for place in ("x", "y"):
        store = ObjectStore(REAL, f"{tmp_path}/{place}", OWN)
        fill(store)
        merge_packs(REAL, f"{tmp_path}/{place}/{OWN}")
        names.append(os.listdir(f"{tmp_path}/{place}/{OWN}"))
    assert names[0] == names[1]


def test_a_damaged_part_is_neither_used_nor_deleted(store, objects, folder):
    written = fill(store)
    victim = Path(folder) / sorted(os.listdir(folder))[4]
    damaged = bytearray(victim.read_bytes())
    damaged[10] ^= 1
    victim.write_bytes(damaged)
    assert merge_packs(REAL, folder) == 9
    assert victim.read_bytes() == damaged
    assert len(os.listdir(folder)) == 2
    store = ObjectStore(REAL, objects)
    good = [name for name in written if not store._look.require(name).path.endswith(victim.name)]
    assert len(good) == 9
    assert all(store.read(name) == written[name] for name in good)


def test_two_processes_that_merge_at_once_lose_nothing(store, objects, folder):
    """One merges while the other has read half of the parts."""
    written = fill(store, 12)

    class Interrupted(Env):
        opened = 0

        def open_read(self, path):
            self.opened += 1
            if self.opened == 18:  # 12 for the indexes
                merge_packs(REAL, folder)
            return super().open_read(path)

    merge_packs(Interrupted(), folder)
    assert read_all(objects) == written
    assert list(verify_objects(REAL, objects)) == []


@pytest.mark.slow
@pytest.mark.parametrize("crash", [False, True])
def test_a_fault_at_every_call_loses_nothing(tmp_path, faulty, crash):
    faulty_env, crash_error = faulty
    at, ended = 0, False
    while not ended:
        at += 1
        objects = f"{tmp_path}/{at}/objects"
        written = fill(ObjectStore(REAL, objects, OWN), 3)
        env = faulty_env(at, crash)
        try:
            merge_packs(env, f"{objects}/{OWN}", enough=2)
            ended = env.calls < at
        except (OSError, crash_error):
            pass
        assert read_all(objects) == written
        assert list(verify_objects(REAL, objects)) == []
        merge_packs(REAL, f"{objects}/{OWN}", enough=2)
        assert read_all(objects) == written
    assert at > 30


def test_leftovers_are_swept_when_old_and_not_in_use(store, folder):
    fill(store, 1)
    for name in (".old.tmp", ".used.tmp", ".young.tmp"):
        Path(folder, name).write_bytes(b"x")
        old = REAL.time_ns() - LEFTOVER_AGE_NS - 10**9
        os.utime(Path(folder, name), ns=(old, old))
    os.utime(Path(folder, ".young.tmp"))
    holder = REAL.open_write(f"{folder}/.used.tmp")
    try:
        assert REAL.try_lock(holder)
        assert sweep(REAL, folder) == 1
    finally:
        REAL.close(holder)
    assert sorted(name for name in os.listdir(folder) if name.startswith(".")) == [".used.tmp", ".young.tmp"]
    assert len(os.listdir(folder)) == 3
