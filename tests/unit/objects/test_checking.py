"""Objects checked where they lie: every flip is met, and what was seen once is not unpacked again."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest
from blake3 import blake3

from gnomon.env import REAL
from gnomon.errors import DamagedObjectError, MissingObjectError
from gnomon.objects import checking, proofs
from gnomon.objects.pack import LINE, PIECE, PackWriter, encode_list
from gnomon.objects.proofs import Proofs
from gnomon.objects.store import ObjectStore

OWN, OTHER = "a" * 32, "b" * 32


def packs_in(objects):
    return sorted(Path(objects).rglob("*.pack"))


def flip(path, at, bit=0):
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


def found_by(objects, names):
    """Check objects as a fresh process would; return the faults, and the packs that are damaged."""
    checker = ObjectStore(REAL, objects).checker()
    faults = {name: fault for name in names if (fault := checker.fault(name)) is not None}
    return faults, checker.damaged


@pytest.fixture
def names(store, tmp_path):
    """A large file, as chunks, and three small ones in one frame."""
    path = tmp_path / "large.bin"
    path.write_bytes(random.Random(1).randbytes(PIECE + 77))
    return [store.keep(path).object, *store.put_many([b"one" * 9, b"two" * 9, b"three" * 9], are_alike=True)]


@pytest.fixture
def unpacked(monkeypatch):
    """The packs that were unpacked."""
    seen = []
    real = checking.verify_pack

    def noted(env, path):
        seen.append(path)
        return real(env, path)

    monkeypatch.setattr(checking, "verify_pack", noted)
    return seen


def test_what_was_made_here_is_not_unpacked(objects, names, unpacked):
    assert found_by(objects, names) == ({}, {})
    assert unpacked == []


def test_what_came_from_others_is_unpacked_once(objects, names, tmp_path, unpacked):
    copy = str(tmp_path / "copy" / "objects")
    shutil.copytree(objects, copy)
    assert found_by(copy, names) == ({}, {})
    assert len(unpacked) == len(packs_in(copy)) == 2
    assert found_by(copy, names) == ({}, {})
    assert len(unpacked) == 2


def test_without_proofs_the_answer_is_the_same(objects, names, unpacked):
    folder = Path(REAL.cache_folder()) / proofs.FOLDER
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-5])  # cut in the middle of one
    assert found_by(objects, names) == ({}, {})
    shutil.rmtree(folder)
    assert found_by(objects, names) == ({}, {})
    assert unpacked


@pytest.mark.slow
@pytest.mark.parametrize("is_proved", [True, False])
def test_a_flip_anywhere_is_met(objects, names, is_proved):
    chance = random.Random(2)
    for path in packs_in(objects):
        sound = path.read_bytes()
        places = {
            0,
            7,
            8,
            len(sound) - 1,
            len(sound) - 20,
            *(chance.randrange(len(sound)) for _ in range(12)),
        }
        for at in sorted(places):
            flip(path, at, chance.randrange(8))
            if not is_proved:
                shutil.rmtree(Path(REAL.cache_folder()) / proofs.FOLDER, ignore_errors=True)
            faults, damaged = found_by(objects, names)
            assert faults or str(path) in damaged, f"byte {at} of {path.name}"
            path.write_bytes(sound)
    assert found_by(objects, names) == ({}, {})


def test_damage_names_the_object_and_a_pack_that_went_is_missing(objects, names):
    small = min(packs_in(objects), key=os.path.getsize)
    flip(small, 12)
    faults, damaged = found_by(objects, names)
    assert set(faults) == set(names[1:])
    assert all(isinstance(fault, DamagedObjectError) for fault in faults.values())
    assert [problem.file for problem in damaged[str(small)]][:1] == [str(small)]
    small.unlink()
    faults, damaged = found_by(objects, names)
    assert set(faults) == set(names[1:])
    assert all(isinstance(fault, MissingObjectError) for fault in faults.values())
    assert damaged == {}


def test_a_good_copy_is_enough_but_the_damaged_one_is_named(objects, names, tmp_path):
    ObjectStore(REAL, f"{tmp_path}/elsewhere", OTHER).put_many([b"one" * 9], are_alike=True)
    shutil.copytree(f"{tmp_path}/elsewhere/{OTHER}", f"{objects}/{OTHER}")
    (small,) = [path for path in packs_in(f"{objects}/{OWN}") if path.stat().st_size < PIECE]
    flip(small, 12)
    faults, damaged = found_by(objects, names)
    assert set(faults) == set(names[2:])
    assert list(damaged) == [str(small)]


def test_a_list_that_lies_is_found_every_time(objects, store, tmp_path):
    """Its pack is sound, and so are its chunks; together they are not what the id names."""
    chunks = [b"a" * 1000, b"b" * 1000]
    ids = [blake3(chunk).hexdigest() for chunk in chunks]
    false = blake3(b"what was promised").hexdigest()
    os.makedirs(f"{objects}/{OTHER}")
    with PackWriter(REAL, f"{objects}/{OTHER}", form=2) as writer:
        for name, chunk in zip(ids, chunks, strict=True):
            writer.add_frame("raw", chunk, [(name, len(chunk))])
        lines = b"".join(LINE.pack(bytes.fromhex(name), 1000) for name in ids)
        writer.add_list(false, 2000, encode_list(lines))
        writer.finish()
    for _ in range(2):
        faults, _ = found_by(objects, [*ids, false])
        assert list(faults) == [false]
        assert "together are not what its id names" in faults[false].message


def test_a_cache_that_takes_nothing_costs_nothing_else(objects, names, faulty, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GNOMON_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert ObjectStore(REAL, objects, OWN).put_bytes(b"more") is not None
    assert found_by(objects, names) == ({}, {})


def test_proofs_of_two_processes_are_kept(objects):
    first, second = Proofs(REAL, objects), Proofs(REAL, objects)
    one, two = b"1" * 16, b"2" * 16
    assert not first.has(one)
    first.add([one])
    second.add([two])
    assert first.has(one)
    assert Proofs(REAL, objects).has(one)
    assert Proofs(REAL, objects).has(two)
    assert not Proofs(REAL, f"{objects}2").has(one)
