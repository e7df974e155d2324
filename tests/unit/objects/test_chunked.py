"""Large files as chunks, small ones in shared frames: nobody sees it but the disk, and no bad byte gets out."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from blake3 import blake3
from thorough import one_in

from gnomon.env import REAL, Env
from gnomon.errors import DamagedObjectError, MissingObjectError, UnknownFormatError
from gnomon.objects import chunked
from gnomon.objects import pack as pack_module
from gnomon.objects.merge import merge_packs
from gnomon.objects.pack import LINE, PIECE, PackWriter, encode_list, in_pieces, read_pack
from gnomon.objects.store import ObjectStore
from gnomon.objects.verify import verify_kept, verify_objects, verify_pack

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

OWN, OTHER = "a" * 32, "b" * 32


def digest(data):
    return blake3(data).hexdigest()


def noise(size, seed=1):
    return random.Random(seed).randbytes(size)


def bytes_in(objects):
    return sum(path.stat().st_size for path in Path(objects).rglob("*") if path.is_file())


def packs_in(objects):
    return sorted(Path(objects).rglob("*.pack"))


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large.bin"
    path.write_bytes(noise(3 * PIECE + 77))
    return path


@pytest.fixture
def small_packs(monkeypatch):
    """A pack is closed at 1 MiB."""
    monkeypatch.setitem(pack_module.TARGET_SIZE, 2, PIECE)
    monkeypatch.setattr(chunked, "WINDOW", PIECE)


# ---------------------------------------------------------------- one file, whatever it is stored as


def test_a_large_file_is_stored_as_chunks_under_the_name_of_its_bytes(store, objects, large, tmp_path):
    data = large.read_bytes()
    kept = store.keep(large)
    assert kept == (digest(data), len(data), 1, False, False, ())
    for one in (store, ObjectStore(REAL, objects)):
        chunks = one.chunks(kept.object)
        assert len(chunks) > 30
        assert set(one.objects()) == {kept.object, *chunks}
        assert b"".join(map(one.read, chunks)) == data
        assert one.read(kept.object) == b"".join(one.stream(kept.object)) == data
        assert (one.size(kept.object), one.contains(kept.object)) == (len(data), True)
        assert one.missing(kept.object) == []
        assert not one.is_tree(kept.object)
        one.restore(kept.object, tmp_path / "back", overwrite=True)
        assert (tmp_path / "back").read_bytes() == data
    assert list(verify_objects(REAL, objects)) == []


def test_equal_bytes_are_one_object_however_they_were_stored(store, other, objects, large):
    whole = other.put_bytes(large.read_bytes())
    before = bytes_in(objects)
    assert store.keep(large) == (whole, large.stat().st_size, 1, False, True, ())
    assert bytes_in(objects) == before
    large.write_bytes(noise(2 * PIECE, 2))
    chunked_id = store.keep(large).object
    before = bytes_in(objects)
    assert store.put_bytes(large.read_bytes()) == chunked_id
    assert bytes_in(objects) == before


def test_a_second_version_stores_what_changed(store, objects, tmp_path):
    before = b"".join(b"%d,%s\n" % (i, noise(20, i).hex().encode()) for i in range(60_000))
    middle = before.index(b"\n", len(before) // 2) + 1
    (tmp_path / "v1.csv").write_bytes(before)
    (tmp_path / "v2.csv").write_bytes(before[:middle] + b"a new row\n" + before[middle:])
    store.keep(tmp_path / "v1.csv")
    first = bytes_in(objects)
    kept = store.keep(tmp_path / "v2.csv")
    assert not kept.already_there
    assert bytes_in(objects) - first < 0.15 * first
    assert store.read(kept.object) == (tmp_path / "v2.csv").read_bytes()


def test_a_file_of_equal_chunks_stores_one(store, objects, tmp_path):
    (tmp_path / "zeros").write_bytes(bytes(20 * PIECE))
    kept = store.keep(tmp_path / "zeros")
    assert len(set(store.chunks(kept.object))) == 1
    assert bytes_in(objects) < 8000
    assert store.read(kept.object) == bytes(20 * PIECE)


@pytest.mark.parametrize("left", [0, 1, 1000, 40_000, PIECE + 1])
def test_a_file_that_is_cut_short_while_it_is_kept_is_what_was_read(objects, large, left):
    class Cutting(Env):
        def open_read(self, path):
            if path == str(large):
                os.truncate(path, left)
            return super().open_read(path)

    data = large.read_bytes()[:left]
    kept = ObjectStore(Cutting(), objects, OWN).keep(large)
    assert (kept.object, kept.size, len(kept.notes)) == (digest(data), left, 1)
    assert ObjectStore(REAL, objects).read(kept.object) == data
    assert list(verify_objects(REAL, objects)) == []


def test_small_files_share_a_frame_and_keep_their_names(store, objects, tmp_path):
    contents = {f"{i:03}.json": b'{"rows":[%d,%d]}' % (i, i * i) * 30 for i in range(100)}
    (tmp_path / "in").mkdir()
    for name, data in contents.items():
        (tmp_path / "in" / name).write_bytes(data)
    (tmp_path / "in" / "empty").touch()
    kept = store.keep(tmp_path / "in")
    (path,) = packs_in(objects)
    frames = list(read_pack(REAL, str(path)).frames())
    assert [len(held) for held in frames] == [32, 32, 32, 5, 1]
    fresh = ObjectStore(REAL, objects)
    assert all(fresh.read(digest(data)) == data for data in [*contents.values(), b""])
    fresh.restore(kept.object, tmp_path / "out")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        **contents,
        "empty": b"",
    }
    assert store.keep(tmp_path / "out") == kept._replace(already_there=True)
    assert list(verify_objects(REAL, objects)) == []


def test_chunks_of_packs_that_this_add_finished_are_not_stored_again(store, objects, tmp_path, small_packs):
    (tmp_path / "in").mkdir()
    for number in range(4):
        (tmp_path / "in" / f"{number}").write_bytes(noise(3 * PIECE) + b"%d" % number)
    kept = store.keep(tmp_path / "in")
    assert len(packs_in(objects)) >= 3
    assert bytes_in(objects) < 4 * PIECE
    assert store.missing(kept.object, is_tree=True) == []


# ---------------------------------------------------------------- interrupted


@pytest.mark.parametrize("crash", [False, True])
def test_an_add_that_was_interrupted_goes_on_where_the_last_pack_ended(
    objects, tmp_path, faulty, small_packs, crash
):
    faulty_env, crash_error = faulty
    path = tmp_path / "large"
    path.write_bytes(noise(6 * PIECE))
    with pytest.raises((OSError, crash_error)):
        ObjectStore(faulty_env(4, crash, only="replace"), objects, OWN).keep(path)
    kept_packs = packs_in(objects)
    assert len(kept_packs) == 3
    before = sum(path.stat().st_size for path in kept_packs)
    store = ObjectStore(REAL, objects, OWN)
    kept = store.keep(path)
    added = sum(path.stat().st_size for path in packs_in(objects)) - before
    assert added < 6 * PIECE - 3 * PIECE + 50_000
    assert store.read(kept.object) == path.read_bytes()
    assert list(verify_objects(REAL, objects)) == []


@pytest.mark.slow
@pytest.mark.parametrize("crash", [False, True])
def test_a_fault_at_every_call_of_a_large_add_leaves_whole_packs(tmp_path, faulty, small_packs, crash):
    faulty_env, crash_error = faulty
    source = tmp_path / "in"
    source.mkdir()
    (source / "large").write_bytes(noise(2 * PIECE + 9) + bytes(PIECE))
    for i in range(5):
        (source / f"{i}").write_bytes(noise(1000, i))
    at, ended = 0, False
    while not ended:
        at += 1
        objects = f"{tmp_path}/replica-{at}/objects"
        before = ObjectStore(REAL, objects, OWN).put_bytes(b"before")
        store = ObjectStore(faulty_env(at, crash), objects, OWN)
        kept = None
        try:
            kept = store.keep(source)
            ended = store._env.calls < at
        except (OSError, crash_error):
            pass
        leftovers = [path for path in Path(objects).rglob("*") if path.name.endswith(".tmp")]
        assert crash or leftovers == []
        after = ObjectStore(REAL, objects, OWN)
        assert list(verify_objects(REAL, objects)) == []
        assert after.read(before) == b"before"
        if kept is not None:
            assert after.missing(kept.object, is_tree=True) == []
        again = after.keep(source)
        assert after.missing(again.object, is_tree=True) == []
        assert after.read(digest((source / "large").read_bytes())) == (source / "large").read_bytes()
    assert at > 40


@pytest.mark.parametrize("only", ["open_read", "read"])
def test_a_fault_while_reading_chunks_is_an_error_and_no_bytes(objects, large, tmp_path, faulty, only):
    faulty_env, _ = faulty
    kept = ObjectStore(REAL, objects, OWN).keep(large)
    at, failed = 0, 0
    while True:
        at += 1
        env = faulty_env(at, only=only)
        try:
            ObjectStore(env, objects).restore(kept.object, tmp_path / "back")
        except (OSError, DamagedObjectError):
            failed += 1
            assert not (tmp_path / "back").exists()
            assert [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []
        else:
            assert (tmp_path / "back").read_bytes() == large.read_bytes()
            (tmp_path / "back").unlink()
        if env.calls < at:
            break
    assert failed >= 2


# ---------------------------------------------------------------- damage


def test_no_bit_of_a_chunk_can_flip_unseen(store, objects, large, tmp_path):
    data = large.read_bytes()
    kept = store.keep(large)
    (path,) = packs_in(objects)
    whole = path.read_bytes()
    pack = read_pack(REAL, str(path))
    chance = random.Random(1)
    for _ in range(60):
        at = chance.randrange(8, pack.index_at)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        (hit,) = (one.object for one in pack.in_order() if one.offset <= at < one.offset + one.stored)
        problems = verify_pack(REAL, str(path))
        assert [problem.where for problem in problems] == [f"object {hit}", ""]
        reader, out, error = ObjectStore(REAL, objects), b"", None
        try:
            for piece in reader.stream(kept.object):
                out += piece
        except DamagedObjectError as caught:
            error = caught
        if hit != kept.object:
            assert f"object {kept.object[:12]} in" in error.message
            assert f"its chunk {hit[:12]} is damaged in" in error.message
            assert error.hint
        assert data.startswith(out)
        if out != data:
            with pytest.raises(DamagedObjectError):
                reader.restore(kept.object, tmp_path / "back")
            assert not (tmp_path / "back").exists()


def test_a_damaged_chunk_is_taken_from_another_pack(store, other, objects, large):
    kept = store.keep(large)
    theirs = Path(objects) / OTHER
    theirs.mkdir()
    (mine,) = packs_in(objects)
    data = mine.read_bytes()
    (theirs / mine.name).write_bytes(data)
    place = len(data) // 2
    mine.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    assert ObjectStore(REAL, objects, OWN).read(kept.object) == large.read_bytes()


def test_every_flipped_bit_of_a_pack_of_format_2_is_found_and_named(objects, tmp_path):
    folder = Path(objects) / OWN
    folder.mkdir(parents=True)
    datas = [b"one " * 20, b"two " * 20, b"three"]
    with PackWriter(REAL, str(folder), form=2) as writer:
        writer.add([b"alone" * 9])
        frame = b"".join(datas)
        writer.add_frame("zstd", pack_module.packed(frame)[1], [(digest(data), len(data)) for data in datas])
        whole = (datas[2] + datas[0]) * 2
        lines = b"".join(LINE.pack(blake3(d).digest(), len(d)) for d in (datas[2], datas[0]) * 2)
        writer.add_list(digest(whole), len(whole), encode_list(lines))
        path = folder / f"{writer.finish()}.pack"
    contents = {digest(data): data for data in [b"alone" * 9, *datas, whole]}
    sound = read_pack(REAL, str(path))
    reader = ObjectStore(REAL, objects)
    assert {name: reader.read(name) for name in reader.objects()} == contents
    good = path.read_bytes()
    for at in range(len(good)):
        hit = {one.object for one in sound.in_order() if one.offset <= at < one.offset + one.stored}
        for bit in range(at % one_in(4), 8, one_in(4)):
            path.write_bytes(good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :])
            problems = verify_pack(REAL, str(path))
            assert problems, (at, bit)
            named = {problem.where.removeprefix("object ") for problem in problems}
            assert not hit or named <= hit | {""}
            if hit and len(problems) == 1:  # a bit of a zstd frame that changes nothing of what it unpacks to
                assert "no object was hit" in problems[0].what
            if not hit and sound.index_at <= at < len(good) - 20:
                told = " ".join(problem.where + problem.what for problem in problems)
                assert any(name[:12] in told or name[-12:] in told for name in contents), (at, bit)
            reader = ObjectStore(REAL, objects)
            for name, data in contents.items():
                try:
                    assert reader.read(name, 1 << 62) == data, (at, bit)
                except DamagedObjectError:
                    assert at < 8 or at >= sound.index_at or hit
                except (MissingObjectError, UnknownFormatError):
                    assert at < 8 or at >= sound.index_at


def crafted(objects, held, listing, size, name):
    """Write a pack that holds these bytes and says that `name` is made of a list."""
    folder = Path(objects) / OTHER
    folder.mkdir(parents=True, exist_ok=True)
    with PackWriter(REAL, str(folder), form=2) as writer:
        for data in held:
            writer.add(in_pieces(data))
        writer.add_list(name, size, encode_list(listing))
        return f"{folder}/{writer.finish()}.pack"


def test_a_list_that_lies_is_not_believed(objects, tmp_path):
    one, two = noise(1000, 1), noise(1000, 2)
    lines = LINE.pack(blake3(two).digest(), 1000) + LINE.pack(blake3(one).digest(), 1000)
    crafted(objects, [one, two], lines, 2000, digest(one + two))
    store = ObjectStore(REAL, objects, OWN)
    with pytest.raises(DamagedObjectError, match="its chunks together are not what its id names"):
        store.read(digest(one + two))
    with pytest.raises(DamagedObjectError):
        store.restore(digest(one + two), tmp_path / "back")
    assert not (tmp_path / "back").exists()
    (tmp_path / "file").write_bytes(one + two)
    assert not store.keep(tmp_path / "file").already_there
    assert store.read(digest(one + two)) == one + two


def test_a_chunk_that_is_too_large_to_be_one_is_not_read(objects):
    huge = bytes(1 << 24) + b"x"
    crafted(objects, [huge], LINE.pack(blake3(huge).digest(), len(huge)), len(huge), "1" * 64)
    with pytest.raises(DamagedObjectError, match="is larger than the 16,777,216 bytes that a chunk may have"):
        ObjectStore(REAL, objects).read("1" * 64)


@pytest.mark.parametrize("size", [0, 999, 1999, 2001, 10**17])
def test_a_list_yields_no_more_than_its_object_has(objects, size):
    one = noise(1000)
    path = crafted(objects, [one], LINE.pack(blake3(one).digest(), 1000) * 2, size, "1" * 64)
    out = []
    with pytest.raises(DamagedObjectError):
        for piece in ObjectStore(REAL, objects).stream("1" * 64):
            out.append(piece)
    assert len(b"".join(out)) <= size
    assert [problem.where for problem in verify_pack(REAL, path)] == ["object " + "1" * 64]


def test_a_list_that_names_itself_or_another_list_is_refused(objects):
    crafted(objects, [], LINE.pack(b"\x11" * 32, 5), 5, "11" * 32)
    crafted(objects, [], LINE.pack(b"\x11" * 32, 5), 5, "22" * 32)
    for name in ("11" * 32, "22" * 32):
        with pytest.raises(DamagedObjectError, match="its chunk 111111111111 has another size"):
            ObjectStore(REAL, objects).read(name)


def test_chunks_that_are_missing_are_told_and_stored_again(store, other, objects, large):
    """Own lists may lean on chunks in the packs of others, which can go."""
    half = large.with_name("half")
    half.write_bytes(large.read_bytes()[: 2 * PIECE])
    other.keep(half)
    kept = store.keep(large)
    for path in Path(objects, OTHER).iterdir():
        path.unlink()
    fresh = ObjectStore(REAL, objects, OWN)
    assert fresh.contains(kept.object)
    assert fresh.missing(kept.object) == [kept.object]
    assert kept.object in verify_kept(fresh, kept.object, is_tree=False)[0].what
    with pytest.raises(DamagedObjectError, match=r"its chunk [0-9a-f]{12} is not in this replica"):
        fresh.read(kept.object)
    assert not fresh.keep(large).already_there
    assert fresh.missing(kept.object) == []
    assert fresh.read(kept.object) == large.read_bytes()


# ---------------------------------------------------------------- merging


def test_packs_of_both_formats_become_one(store, objects, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    contents = {store.put_bytes(b"alone %d" % i * 9): b"alone %d" % i * 9 for i in range(3)}
    for version in range(4):
        for i in range(6):
            data = b"file %d of %d" % (i, version if i % 2 else 0) * 20
            contents[digest(data)] = data
            (folder / f"{i}").write_bytes(data)
        store.keep(folder)
    (tmp_path / "text").write_bytes(b"the same words " * 200_000)
    contents[store.keep(tmp_path / "text").object] = (tmp_path / "text").read_bytes()
    before = set(store.objects())
    assert merge_packs(REAL, f"{objects}/{OWN}") == 8
    assert len(packs_in(objects)) == 1
    after = ObjectStore(REAL, objects)
    assert set(after.objects()) == before
    assert all(after.read(name) == data for name, data in contents.items())
    assert all(store.read(name) == data for name, data in contents.items())
    assert list(verify_objects(REAL, objects)) == []


@pytest.mark.parametrize("number", range(6))  # which of the packs comes first is up to their names
def test_a_shared_frame_of_which_some_is_known_is_packed_again(objects, number):
    folder = Path(objects) / OWN
    folder.mkdir(parents=True)
    datas = [b"one %d " % number * 20, b"two " * 20, b"three " * 20]
    for held in (datas[1:2], datas):
        with PackWriter(REAL, str(folder), form=2) as writer:
            codec, kept = pack_module.packed(b"".join(held))
            writer.add_frame(codec, kept, [(digest(data), len(data)) for data in held])
            writer.finish()
    assert merge_packs(REAL, str(folder), enough=2) == 2
    (path,) = packs_in(objects)
    reader = ObjectStore(REAL, objects)
    assert {name: reader.read(name) for name in reader.objects()} == {digest(data): data for data in datas}
    assert verify_pack(REAL, str(path)) == []


def test_a_part_with_a_damaged_list_is_neither_used_nor_deleted(store, objects, tmp_path):
    (tmp_path / "text").write_bytes(b"the same words " * 200_000)
    name = store.keep(tmp_path / "text").object
    store.put_bytes(b"x")
    (victim,) = (path for path in packs_in(objects) if name in read_pack(REAL, str(path)).objects)
    place = read_pack(REAL, str(victim)).objects[name].offset
    data = bytearray(victim.read_bytes())
    data[place] ^= 1
    victim.write_bytes(data)
    assert merge_packs(REAL, f"{objects}/{OWN}", enough=2) == 0
    assert victim.read_bytes() == data
