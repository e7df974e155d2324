"""A large object whose list is proved is not hashed all together again; no damaged byte gets out all the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gnomon.env import REAL
from gnomon.errors import DamagedObjectError
from gnomon.objects import reading
from gnomon.objects.frames import LIST_HEAD
from gnomon.objects.pack import LINE, read_pack
from gnomon.objects.store import ObjectStore

OWN = "a" * 32


@pytest.fixture
def kept(tmp_path, objects):
    path = tmp_path / "large.bin"
    path.write_bytes(random.Random(5).randbytes(1 << 20) * 3)  # so some chunks are there several times
    return path, ObjectStore(REAL, objects, OWN).keep(path).object


def the_list(objects, object_id):
    """Return the pack that holds the list of an object, and where its lines begin and end."""
    for path in Path(objects).rglob("*.pack"):
        stored = read_pack(REAL, str(path)).objects.get(object_id)
        if stored is not None:
            return path, stored.offset + LIST_HEAD, stored.offset + stored.stored
    raise AssertionError("no pack has it")


def test_what_was_proved_is_hashed_once(kept, objects, monkeypatch):
    path, object_id = kept
    hashed = []

    def counting(*data):
        if not data:
            hashed.append("all together")
        return real(*data)

    real = reading.blake3
    monkeypatch.setattr(reading, "blake3", counting)
    assert ObjectStore(REAL, objects).read(object_id) == path.read_bytes()
    assert hashed == []


def test_without_a_proof_all_is_hashed_together(kept, objects, monkeypatch, tmp_path):
    path, object_id = kept
    monkeypatch.setenv("GNOMON_CACHE_DIR", str(tmp_path / "other-cache"))
    hashed = []
    real = reading.blake3
    monkeypatch.setattr(reading, "blake3", lambda *data: hashed.append(len(data)) or real(*data))
    assert ObjectStore(REAL, objects).read(object_id) == path.read_bytes()
    assert hashed == [0]


@pytest.mark.parametrize("has_proof", [True, False])
def test_a_list_in_another_order_gives_no_object(kept, objects, has_proof, monkeypatch, tmp_path):
    _, object_id = kept
    pack, start, end = the_list(objects, object_id)
    data = bytearray(pack.read_bytes())
    first, last = slice(start, start + LINE.size), slice(end - LINE.size, end)
    assert data[first] != data[last]
    data[first], data[last] = data[last], data[first]
    pack.write_bytes(data)
    if not has_proof:
        monkeypatch.setenv("GNOMON_CACHE_DIR", str(tmp_path / "other-cache"))
    with pytest.raises(DamagedObjectError, match="its chunks together are not what its id names"):
        ObjectStore(REAL, objects).read(object_id)


@pytest.mark.slow
def test_any_flipped_bit_of_a_proved_object_is_refused_or_harmless(kept, objects):
    path, object_id = kept
    pack, start, _ = the_list(objects, object_id)
    sound, whole = pack.read_bytes(), path.read_bytes()
    chance = random.Random(7)
    for place in [*range(start - LIST_HEAD, start + 40, 7), *(chance.randrange(8, start) for _ in range(40))]:
        data = bytearray(sound)
        data[place] ^= 1 << chance.randrange(8)
        pack.write_bytes(data)
        try:
            assert ObjectStore(REAL, objects).read(object_id) == whole
        except DamagedObjectError:
            pass
