"""Every flipped bit of a pack is found, and the objects that it hit are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gnomon.env import REAL
from gnomon.errors import DamagedObjectError
from gnomon.objects.pack import MAGIC, PackWriter, Stored, encode_index, in_pieces, read_pack
from gnomon.objects.store import ObjectStore
from gnomon.objects.verify import verify_objects, verify_pack
from gnomon.record.hashing import derive_id
from gnomon.record.problems import DAMAGE, NOTICE, UNKNOWN

OWN = "a" * 32


def is_readable(pack, object_id):
    try:
        return bool(ObjectStore(REAL, str(pack.parent.parent)).read(object_id))
    except DamagedObjectError:
        return False


@pytest.fixture
def pack(objects):
    folder = f"{objects}/{OWN}"
    REAL.make_folder(folder)
    with PackWriter(REAL, folder) as writer:
        for data in (b"raw one", b"packed " * 50):
            writer.add(in_pieces(data))
        return Path(f"{folder}/{writer.finish()}.pack")


def test_a_sound_pack_has_no_problem(pack, objects):
    assert verify_pack(REAL, str(pack)) == []
    assert list(verify_objects(REAL, objects)) == []


@pytest.mark.slow
def test_every_flipped_bit_is_found_and_named(pack):
    whole = pack.read_bytes()
    sound = read_pack(REAL, str(pack))
    for at in range(len(whole)):
        hit = [one.object for one in sound.in_order() if one.offset <= at < one.offset + one.stored]
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            pack.write_bytes(damaged)
            problems = verify_pack(REAL, str(pack))
            assert problems, (at, bit)
            assert all(problem.file == str(pack) and problem.severity == DAMAGE for problem in problems)
            assert all(problem.what and problem.advice for problem in problems)
            if hit and len(problems) == 1:  # a bit of a zstd frame that changes nothing of what it unpacks to
                assert is_readable(pack, hit[0])
                assert "no object was hit" in problems[0].what
            elif hit:
                assert not is_readable(pack, hit[0])
                assert [problem.where for problem in problems] == [f"object {hit[0]}", ""]
                assert hit[0] in problems[1].what
            elif at < len(MAGIC) or at >= len(whole) - 20:
                assert all(name in problems[0].what for name in sound.objects), (at, bit)


def test_a_flip_in_the_index_names_the_object_or_its_neighbours(pack):
    whole = pack.read_bytes()
    sound = read_pack(REAL, str(pack))
    for at in range(sound.index_at, len(whole) - 20):
        damaged = bytearray(whole)
        damaged[at] ^= 4
        pack.write_bytes(damaged)
        text = " ".join(problem.where + problem.what for problem in verify_pack(REAL, str(pack)))
        assert sum(name[:12] in text for name in sound.objects) >= 1, at


def test_a_cut_pack_is_found(pack):
    whole = pack.read_bytes()
    for length in range(len(whole)):
        pack.write_bytes(whole[:length])
        (problem,) = verify_pack(REAL, str(pack))
        assert "do not give its name" in problem.what


def test_a_pack_written_wrongly_under_a_fitting_name_is_found(objects):
    entry = Stored("raw", "1" * 64, len(MAGIC), 3, 3)
    index = encode_index([entry])
    data = (
        MAGIC + b"abc" + index + (11).to_bytes(8, "little") + len(index).to_bytes(4, "little") + b"GNMPEND\n"
    )
    folder = Path(objects) / OWN
    folder.mkdir(parents=True)
    (folder / f"{derive_id('pack', data)}.pack").write_bytes(data)
    (problem,) = verify_objects(REAL, objects)
    assert problem.where == "object " + "1" * 64
    data = MAGIC + b"rubbish"
    path = folder / f"{derive_id('pack', data)}.pack"
    path.write_bytes(data)
    (problem,) = verify_pack(REAL, str(path))
    assert "it was written wrongly" in problem.what


def test_a_newer_pack_is_a_warning_while_its_name_fits(objects):
    folder = Path(objects) / OWN
    folder.mkdir(parents=True)
    data = b"GNMPCK3\nwhatever"
    path = folder / f"{derive_id('pack', data)}.pack"
    path.write_bytes(data)
    (problem,) = verify_objects(REAL, objects)
    assert (problem.severity, "format 3" in problem.what) == (UNKNOWN, True)
    path.write_bytes(data[:-1])
    (problem,) = verify_objects(REAL, objects)
    assert problem.severity == DAMAGE


def test_a_renamed_pack_is_found(pack, objects):
    pack.rename(pack.with_name("1" * 32 + ".pack"))
    (problem,) = verify_objects(REAL, objects)
    assert (problem.where, problem.what) == (
        "",
        "the file's bytes do not give its name; no object was hit",
    )
    pack.with_name("1" * 32 + ".pack").rename(pack.with_name("copy.pack"))
    (problem,) = verify_objects(REAL, objects)
    assert (problem.where, problem.severity) == ("", NOTICE)


def test_a_disk_that_cannot_read_is_a_problem_not_a_crash(pack, objects, faulty):
    faulty_env, _ = faulty
    for at in range(1, 8):
        problems = list(verify_objects(faulty_env(at, only="read"), objects))
        assert [problem.where for problem in problems] == [""]
        assert "no space left" in problems[0].what


def test_what_is_gone_since_it_was_listed_is_no_problem(pack):
    pack.unlink()
    assert verify_pack(REAL, str(pack)) == []
