"""An object that is a list of chunks is what its chunks give together, or it is named."""

from __future__ import annotations

import os
import struct

import pytest
from blake3 import blake3

from gnomon.env import REAL
from gnomon.objects.verify import verify_pack
from gnomon.objects.verify_lists import verify_lists
from gnomon.record.hashing import derive, derive_id
from gnomon.record.problems import DAMAGE, NOTICE, UNKNOWN

OWN = "a" * 32
ONE, TWO = b"one " * 1000, b"two" * 500
WHOLE = ONE + TWO + ONE


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def pack(frames: list[tuple[bytes, bytes, list[tuple[bytes, int, int]]]]) -> bytes:
    """Return a pack of format 2 from (codec, stored bytes, [(id, start, size)])."""
    body, table, ids = b"GNMPCK2\n", b"", []
    for number, (codec, stored, objects) in enumerate(frames):
        body += stored
        table += struct.pack("<8sQQ", codec, len(stored), len(stored))
        ids += [(one, number, start, size) for one, start, size in objects]
    index = struct.pack("<II", len(frames), len(ids)) + table
    index += b"".join(struct.pack("<32sIIQ", *one) for one in sorted(ids))
    return body + index + struct.pack("<QI", len(body), len(index)) + b"GNMPEND\n"


def named(data: bytes) -> bytes:
    return blake3(data).digest()


def listing(*lines: tuple[bytes, int]) -> bytes:
    joined = b"".join(struct.pack("<32sI", *line) for line in lines)
    return derive("chunks", joined) + joined


LIST = listing((named(ONE), len(ONE)), (named(TWO), len(TWO)), (named(ONE), len(ONE)))
CHUNKS = (b"raw", ONE + TWO, [(named(ONE), 0, len(ONE)), (named(TWO), len(ONE), len(TWO))])


@pytest.fixture
def put(objects):
    def put(data: bytes) -> str:
        os.makedirs(f"{objects}/{OWN}", exist_ok=True)
        path = f"{objects}/{OWN}/{derive_id('pack', data)}.pack"
        with open(path, "wb") as file:
            file.write(data)
        return path

    return put


def found(objects, **options) -> list[tuple[str, str]]:
    return [(problem.severity, problem.what) for problem in verify_lists(REAL, objects, **options)]


def test_chunks_that_give_the_object_are_good_and_are_joined_once(put, objects, monkeypatch):
    from gnomon.objects import verify_lists as module

    put(pack([CHUNKS, (b"chunks", LIST, [(named(WHOLE), 0, len(WHOLE))])]))
    assert found(objects) == []
    monkeypatch.setattr(module._Joining, "_chunk", lambda *_: pytest.fail("it was joined again"))
    assert found(objects) == []


def test_chunks_that_give_another_object_are_damage(put, objects):
    path = put(pack([CHUNKS, (b"chunks", LIST, [(named(b"another"), 0, len(WHOLE))])]))
    assert verify_pack(REAL, path) == []
    for _ in range(2):  # what is wrong is not taken for proved
        assert found(objects) == [(DAMAGE, "its chunks together are not what its id names")]


def test_a_chunk_that_is_not_here_is_a_notice(put, objects):
    put(pack([(b"chunks", LIST, [(named(WHOLE), 0, len(WHOLE))])]))
    ((severity, what),) = found(objects)
    assert (severity, what[:44]) == (NOTICE, "1 objects that are lists of chunks lack chun")
    put(pack([CHUNKS]))
    assert found(objects) == []


def test_what_a_chunk_may_not_be_is_damage(put, objects):
    large = b"\0" * ((16 << 20) + 1)
    for line, whole, more in [
        ((named(ONE), len(ONE) - 1), len(ONE) - 1, []),
        ((named(large), len(large)), len(large), []),
        ((named(WHOLE), len(WHOLE)), len(WHOLE), [(b"chunks", LIST, [(named(WHOLE), 0, len(WHOLE))])]),
    ]:
        path = put(pack([CHUNKS, *more, (b"chunks", listing(line), [(named(b"x"), 0, whole)])]))
        (problem,) = verify_lists(REAL, objects)
        assert (problem.severity, problem.where) == (DAMAGE, f"object {named(b'x').hex()}")
        os.unlink(path)


def test_a_small_list_cannot_demand_very_much_work(put, objects):
    """One chunk, named so often that it stands for more than may be joined."""
    zeros = bytes(1 << 20)
    lines = [(named(zeros), len(zeros))] * 5_000
    put(
        pack(
            [
                (b"raw", zeros, [(named(zeros), 0, len(zeros))]),
                (b"chunks", listing(*lines), [(named(b"x"), 0, 5_000 << 20)]),
            ]
        )
    )
    ((severity, what),) = found(objects, most=1 << 30)
    assert (severity, what[:44]) == (NOTICE, "1 objects were not joined from their chunks:")


def test_a_list_for_more_than_a_tebibyte_is_damage(put, objects):
    most = (1 << 24) * 65_537  # of chunks of 16 MiB
    lines = [(named(ONE), 1 << 24)] * 65_537
    put(pack([CHUNKS, (b"chunks", listing(*lines), [(named(b"x"), 0, most)])]))
    ((severity, what),) = found(objects)
    assert severity == DAMAGE
    assert what.startswith(f"its list of chunks stands for {most:,} bytes; at most ")


def test_an_unknown_format_or_codec_is_neither_damage_nor_a_notice(put, objects):
    good = pack([CHUNKS])
    for data in (b"GNMPCK3\n" + good[8:], good.replace(b"raw\0\0\0\0\0", b"lzma\0\0\0\0")):
        assert {problem.severity for problem in verify_pack(REAL, put(data))} == {UNKNOWN}


def test_a_skippable_frame_is_no_object(put):
    skippable = struct.pack("<II", 0x184D2A50, 4) + b"abcd"
    index = (
        b'[{"codec":"zstd","object":"%b","offset":8,"size":0,"stored":12}]' % blake3(b"").hexdigest().encode()
    )
    data = b"GNMPCK1\n" + skippable + index + struct.pack("<QI", 20, len(index)) + b"GNMPEND\n"
    (problem,) = verify_pack(REAL, put(data))
    assert problem.what == "its stored bytes are no zstd frame"
