"""A replica without the bytes fetches them when they are first asked for."""

from __future__ import annotations

import os

import pytest
from people import Person

from gnomon.errors import MissingObjectError
from gnomon.replica import Replica

RUN = "0123456789abcdef"


@pytest.fixture
def share(tmp_path):
    return tmp_path / "share"


@pytest.fixture
def ann(tmp_path, share):
    ann = Person(tmp_path, "ann").found()
    ann.run(f"0001{RUN}")
    return ann


def partial(tmp_path, share):
    eve = Person(tmp_path, "eve")
    eve.clone(share, parts=("log", "points"))
    return eve


def packs(person):
    return [path for path in person.files() if path.endswith(".pack")]


def test_only_the_pack_that_is_needed_comes(ann, share, tmp_path):
    names = [ann.keep(os.urandom(1000) + bytes([number])) for number in range(3)]
    ann.sync(share)
    eve = partial(tmp_path, share)
    assert packs(eve) == []
    with Replica.open(eve.path, eve.env) as replica:
        store = replica.objects()
        assert len(store.read(names[1])) == 1001
        assert len(packs(eve)) == 1
        assert len(store.read(names[1])) == 1001
        assert len(packs(eve)) == 1
    assert not eve.sync(share).pulled.files


def test_a_chunked_file_and_a_folder_come_whole(ann, share, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "large").write_bytes(os.urandom(3_000_000))
    (folder / "small").write_bytes(b"small")
    session = ann.session()
    with session.objects() as store:
        large = store.keep(folder / "large").object
        tree = store.keep(folder).object
    session.append(
        "run.kept", f"run:0001{RUN}", {"name": "folder", "object": tree, "size": 1, "is_tree": True}
    )
    session.append("run.kept", f"run:0001{RUN}", {"name": "large", "object": large, "size": 1})
    session.close()
    ann.sync(share)
    eve = partial(tmp_path, share)
    with Replica.open(eve.path, eve.env) as replica:
        assert replica.objects().read(large) == (folder / "large").read_bytes()
    other = Person(tmp_path, "other")
    other.clone(share, parts=("log",))
    with Replica.open(other.path, other.env) as replica:
        replica.objects().restore(tree, tmp_path / "restored")
    assert (tmp_path / "restored" / "large").read_bytes() == (folder / "large").read_bytes()
    assert (tmp_path / "restored" / "small").read_bytes() == b"small"


def test_a_remote_that_is_away_says_what_is_missing(ann, share, tmp_path):
    name = ann.keep(b"bytes" * 99)
    ann.sync(share)
    eve = partial(tmp_path, share)
    share.rename(tmp_path / "elsewhere")
    with Replica.open(eve.path, eve.env) as replica, pytest.raises(MissingObjectError):
        replica.objects().read(name)
    (tmp_path / "elsewhere").rename(share)
    with Replica.open(eve.path, eve.env) as replica:
        assert replica.objects().read(name) == b"bytes" * 99


def test_a_damaged_pack_at_the_remote_is_not_taken(ann, share, tmp_path):
    name = ann.keep(b"bytes" * 99)
    ann.sync(share)
    eve = partial(tmp_path, share)
    (path,) = share.glob("objects/*/*.pack")
    data = bytearray(path.read_bytes())
    data[12] ^= 1
    path.write_bytes(data)
    with Replica.open(eve.path, eve.env) as replica, pytest.raises(MissingObjectError):
        replica.objects().read(name)
    assert packs(eve) == []


def test_a_replica_that_fetches_all_asks_no_remote(ann, share, tmp_path):
    ann.sync(share)
    eve = Person(tmp_path, "eve")
    eve.clone(share)
    share.rename(tmp_path / "elsewhere")
    with Replica.open(eve.path, eve.env) as replica:
        assert not replica.objects().contains("ab" * 32)
        with pytest.raises(MissingObjectError):
            replica.objects().read("ab" * 32)
