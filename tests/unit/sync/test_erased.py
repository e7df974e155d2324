"""What was erased goes everywhere, and no old copy brings it back."""

from __future__ import annotations

import shutil

import pytest
from people import Person, tree_of

from gnomon.errors import ErasedObjectError
from gnomon.objects.erase import Erasure
from gnomon.replica import Replica
from gnomon.session import close_all

RUN = "0123456789abcdef"
SECRET = bytes(range(256)) * 40


@pytest.fixture
def share(tmp_path):
    return tmp_path / "share"


def erase(person, subject):
    erasure = Erasure(person.home, [subject])
    erasure.bury()
    erasure.take_out()


def keep(person, subject, data):
    session = person.session()
    with session.objects() as store:
        name = store.put_bytes(data)
    session.append("data.added", subject, {"name": "credit", "number": 1, "object": name, "size": len(data)})
    session.close()
    return name


def can_read(person, name):
    with Replica.open(person.path, person.env) as replica:
        try:
            replica.objects().read(name)
        except ErasedObjectError:
            return False
        return True


def holders(folder, pack):
    return [path for path in tree_of(folder) if path.endswith(pack)]


@pytest.mark.slow
def test_bytes_that_ben_erased_leave_the_remote_and_ann_who_added_them(tmp_path, share):
    subject = "data:" + "ab" * 10
    ann, ben, eve = (Person(tmp_path, name) for name in ("ann", "ben", "eve"))
    ann.found()
    name = keep(ann, subject, SECRET)
    other = ann.keep(b"another file" * 50)
    ann.sync(share), ben.clone(share), eve.clone(share)
    packs = [path for path in tree_of(share) if path.endswith(".pack")]
    (pack,) = {path.rpartition("/")[2] for path in packs if name in _objects(share, path)}
    erase(ben, subject)
    ben.sync(share)
    assert not holders(share, pack)
    assert [path for path in tree_of(share) if path.startswith("erased/")]
    late = Person(tmp_path, "late")
    done = late.clone(share)  # before Ann is awake: her head lists what is gone
    assert not done.pulled.missing
    assert not can_read(late, name)
    for person in (ann, eve, ann, ben, eve, late, ann):
        person.sync(share)
    for person in (ann, ben, eve, late):
        assert not holders(person.path, pack), person.name
        assert not can_read(person, name)
        assert can_read(person, other)
        assert person.damage() == []
    assert not any(person.sync(share).has_news for person in (ann, ben, eve, late))


def _objects(folder, path):
    from gnomon.env import REAL
    from gnomon.objects.pack import read_pack

    return read_pack(REAL, str(folder / path)).objects


@pytest.mark.slow
def test_an_old_copy_brings_nothing_back(tmp_path, share):
    subject = "data:" + "ab" * 10
    ann, ben = Person(tmp_path, "ann").found(), Person(tmp_path, "ben")
    name = keep(ann, subject, SECRET)
    ann.sync(share), ben.clone(share)
    close_all()
    stick = tmp_path / "stick"
    shutil.copytree(share, stick)
    erase(ann, subject)
    ann.sync(share), ben.sync(share)
    assert not can_read(ben, name)
    ben.sync(stick)  # as it was before the erasure
    assert not can_read(ben, name)
    ann.sync(stick), ben.sync(stick)
    late = Person(tmp_path, "late")
    late.clone(stick)
    assert not can_read(late, name)
    assert not any(
        SECRET in data for folder in (stick, ben.path, late.path) for data in tree_of(folder).values()
    )


def test_a_made_up_tombstone_is_refused(tmp_path, share):
    ann = Person(tmp_path, "ann").found()
    ann.run(f"0001{RUN}")
    ann.sync(share)
    (share / "erased").mkdir()
    (share / "erased" / f"{'a' * 32}.tombstone").write_bytes(b"{}")
    (share / "erased" / "x").write_bytes(b"{}")
    done = ann.sync(share)
    assert len(done.erased.refused) == 2
    assert not [path for path in ann.files() if path.startswith("erased/")]


def test_garbage_that_its_owner_deleted_leaves_the_others_too(tmp_path, share):
    from gnomon.objects.collect import Garbage
    from gnomon.record.keys import load_device_key
    from gnomon.sync.dissolved import noting

    ann, ben = Person(tmp_path, "ann").found(), Person(tmp_path, "ben")
    session = ann.session()
    with session.objects() as store:
        name = store.put_bytes(b"nobody names this" * 99)
    session.close()
    kept = ann.keep(b"an entry names this" * 99)
    ann.sync(share), ben.clone(share)
    assert can_read(ben, name)
    writer = load_device_key(ann.env).writer
    with noting(ann.home, writer):
        Garbage(ann.home, writer, older_than_ns=0).delete()
    for person in (ann, ben, ann, ben):
        person.sync(share)
    late = Person(tmp_path, "late")
    late.clone(share)
    for person in (ann, ben, late):
        with Replica.open(person.path, person.env) as replica:
            assert not replica.objects().contains(name), person.name
        assert can_read(person, kept)
    assert not any(person.sync(share).has_news for person in (ann, ben, late))


def test_what_an_interrupted_push_left_at_the_remote_goes_too(tmp_path, share):
    """A pack that was sent, whose head never followed, and whose device never comes back."""
    subject = "data:" + "ab" * 10
    ann, ben = Person(tmp_path, "ann").found(), Person(tmp_path, "ben")
    name = keep(ann, subject, SECRET)
    ann.sync(share), ben.clone(share)
    (pack,) = [path for path in tree_of(share) if path.endswith(".pack")]
    stranger = share / "objects" / ("c" * 32)
    stranger.mkdir()
    shutil.copy(share / pack, stranger / pack.rpartition("/")[2])
    erase(ben, subject)
    ben.sync(share)
    assert not [path for path in tree_of(share) if path.endswith(".pack") and name in _objects(share, path)]


def test_an_erasure_by_one_who_has_not_the_bytes_reaches_those_who_have(tmp_path, share):
    subject = "data:" + "ab" * 10
    ann, eve = Person(tmp_path, "ann").found(), Person(tmp_path, "eve")
    name = keep(ann, subject, SECRET)
    ann.sync(share)
    eve.clone(share, parts=("log", "points"))
    erase(eve, subject)
    eve.sync(share), ann.sync(share)
    assert not can_read(ann, name)
    assert not [path for path in tree_of(share) if path.endswith(".pack") and name in _objects(share, path)]
