"""One pack: its bytes, its writing in one pass, and what a reader refuses."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from blake3 import blake3

from gnomon.env import REAL
from gnomon.errors import DamagedFileError, DamagedObjectError, UnknownFormatError
from gnomon.objects import pack as pack_module
from gnomon.objects.pack import (
    MAGIC,
    PIECE,
    PackWriter,
    Stored,
    encode_index,
    in_pieces,
    read_pack,
    stored_pieces,
    unpack,
    zstd,
)
from gnomon.objects.store import ObjectStore

ABC = "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
EMPTY = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"

# `abc` and the empty object, as format 1 fixes them, byte for byte.
GOLDEN_NAME = "dcc2f3125716ecfc49d710b3caefd22b"
GOLDEN = (
    b"GNMPCK1\nabc"
    b'[{"codec":"raw","object":"6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",'
    b'"offset":8,"size":3,"stored":3},'
    b'{"codec":"raw","object":"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",'
    b'"offset":11,"size":0,"stored":0}]'
    b"\x0b\0\0\0\0\0\0\0" + (248).to_bytes(4, "little") + b"GNMPEND\n"
)
# 200 times `gnomon `, compressed: packs that were written once must stay readable with every later zstd.
GOLDEN_FRAME = bytes.fromhex("28b52ffd60780475000038676e6f6d6f6e2001006ee92f46")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "packs"
    made.mkdir()
    return made


def write_pack(folder, *datas):
    folder.mkdir(parents=True, exist_ok=True)
    with PackWriter(REAL, str(folder)) as writer:
        for data in datas:
            writer.add(in_pieces(data))
        return f"{folder}/{writer.finish()}.pack"


def read_all(path):
    """Return {object: bytes} of a pack, all checked."""
    pack = read_pack(REAL, path)
    fd = REAL.open_read(path)
    try:
        return {
            name: b"".join(unpack(stored, stored_pieces(REAL, fd, stored), path))
            for name, stored in pack.objects.items()
        }
    finally:
        REAL.close(fd)


def craft(folder, entries, stored, index=None, index_at=None):
    """Write a file that claims to be a pack; return its path."""
    index = encode_index(entries) if index is None else index
    at = len(MAGIC) + len(stored) if index_at is None else index_at
    path = folder / ("c" * 32 + ".pack")
    path.write_bytes(
        MAGIC + stored + index + at.to_bytes(8, "little") + len(index).to_bytes(4, "little") + b"GNMPEND\n"
    )
    return str(path)


def test_pack_bytes_do_not_change(tmp_path):
    """Old packs must stay readable: if this fails, add a format version."""
    path = write_pack(tmp_path, b"abc", b"")
    assert Path(path).read_bytes() == GOLDEN
    assert Path(path).name == f"{GOLDEN_NAME}.pack"


def test_a_frame_that_was_written_once_is_read(tmp_path):
    data = b"gnomon " * 200
    stored = Stored("zstd", blake3(data).hexdigest(), 8, len(data), len(GOLDEN_FRAME))
    assert read_all(craft(tmp_path, [stored], GOLDEN_FRAME)) == {stored.object: data}


def test_ids_are_what_b3sum_prints(tmp_path):
    assert set(read_all(write_pack(tmp_path, b"abc", b""))) == {ABC, EMPTY}


def test_bytes_come_back_at_every_size_around_a_piece(tmp_path):
    chance = random.Random(1)
    sizes = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7]
    datas = [make(size) for size in sizes for make in (chance.randbytes, lambda size: b"ab" * (size // 2))]
    found = read_all(write_pack(tmp_path, *datas))
    assert found == {blake3(data).hexdigest(): data for data in datas}


def test_packed_only_where_it_saves(tmp_path):
    noise, text = random.Random(1).randbytes(3 * PIECE), b"the same words " * 300_000
    pack = read_pack(REAL, write_pack(tmp_path, noise, text, b"tiny"))
    codec = {stored.size: stored.codec for stored in pack.objects.values()}
    assert codec == {len(noise): "raw", len(text): "zstd", 4: "raw"}


def test_the_first_piece_decides_and_either_choice_is_right(tmp_path):
    chance = random.Random(2)
    noise_first = chance.randbytes(PIECE) + b"x" * (2 * PIECE)
    text_first = b"y" * PIECE + chance.randbytes(2 * PIECE)
    path = write_pack(tmp_path, noise_first, text_first)
    assert set(read_all(path).values()) == {noise_first, text_first}


def test_an_object_is_stored_once_whatever_its_size(tmp_path):
    chance = random.Random(3)
    long, short = chance.randbytes(2 * PIECE), chance.randbytes(100)
    once, twice = (
        write_pack(tmp_path / "1", long, short),
        write_pack(tmp_path / "2", long, short, long, short),
    )
    assert Path(once).read_bytes() == Path(twice).read_bytes()


def test_what_is_known_is_named_and_not_stored(folder):
    with PackWriter(REAL, str(folder), known=lambda _: True) as writer:
        assert writer.add([b"abc"]) == (ABC, 3)
        assert writer.add(in_pieces(bytes(3 * PIECE)))[1] == 3 * PIECE
        assert writer.finish() is None
    assert os.listdir(folder) == []


def test_a_block_left_early_leaves_nothing(folder):
    with pytest.raises(RuntimeError), PackWriter(REAL, str(folder)) as writer:
        writer.add([b"abc"])
        raise RuntimeError
    assert os.listdir(folder) == []


def test_bytes_that_come_back_changed_are_noticed_before_the_pack_is_used(folder):
    class LyingDisk(type(REAL)):
        def read(self, fd, size, offset=0):
            data = bytearray(super().read(fd, size, offset))
            data[len(data) // 2] ^= 1
            return bytes(data)

    with pytest.raises(DamagedFileError, match="gave back other bytes"):
        with PackWriter(LyingDisk(), str(folder)) as writer:
            writer.add([b"abc"])
            writer.finish()
    assert os.listdir(folder) == []


def test_the_order_of_writes_is_that_of_the_format(tmp_path):
    """On the disk, then read again, then under its name, then the name on the disk."""
    seen = []

    class Recording(type(REAL)):
        pass

    def recorded(name):
        def call(self, *args):
            if seen[-1:] != [name]:
                seen.append(name)
            return getattr(type(REAL), name)(self, *args)

        return call

    for name in ("create", "pwrite", "sync_data", "read", "replace", "sync_folder", "make_folder"):
        setattr(Recording, name, recorded(name))
    ObjectStore(Recording(), f"{tmp_path}/objects", "a" * 32).put_bytes(b"abc")
    assert seen == [
        "make_folder",
        "sync_folder",
        "create",
        "pwrite",
        "sync_data",
        "read",
        "replace",
        "sync_folder",
        # and then, in the cache folder, that it was made here
        "make_folder",
        "pwrite",
    ]


@pytest.mark.slow
def test_memory_stays_small_for_a_large_object(tmp_path):
    script = """
import os, resource, sys
from gnomon.env import REAL
from gnomon.objects.store import ObjectStore
folder = sys.argv[1]
block = os.urandom(1 << 19) + bytes(1 << 19)
with open(folder + "/large", "wb") as file:
    for _ in range(200):
        file.write(block)
store = ObjectStore(REAL, folder + "/objects", "a" * 32)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
kept = store.keep(folder + "/large")
store.restore(kept.object, folder + "/back")
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
assert os.path.getsize(folder + "/back") == kept.size == 200 << 20
print(grown if sys.platform != "darwin" else grown // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 40 * 1024  # KiB; the file has 200 MiB


# ---------------------------------------------------------------- hostile packs


def refused(path):
    """Return the message with which reading this pack, or an object in it, is refused."""
    with pytest.raises((DamagedFileError, DamagedObjectError, UnknownFormatError)) as caught:
        read_all(path)
    assert caught.value.hint
    return caught.value.message


def test_a_size_that_lies_low_is_never_exceeded(tmp_path):
    frame = zstd.compress(bytes(1000))
    stored = Stored("zstd", blake3(bytes(1000)).hexdigest(), 8, 999, len(frame))
    out = []
    with pytest.raises(DamagedObjectError, match="more than the 999 bytes"):
        for piece in unpack(stored, [frame], "p"):
            out.append(piece)
    assert len(b"".join(out)) <= 999


def test_a_bomb_yields_no_more_than_its_index_states(tmp_path):
    bomb = zstd.compress(bytes(200 << 20))  # a few KiB that unpack to 200 MiB
    assert len(bomb) < 64 << 10
    stored = Stored("zstd", "0" * 64, 8, 1000, len(bomb))
    message = refused(craft(tmp_path, [stored], bomb))
    assert "more than the 1000 bytes" in message


@pytest.mark.slow
def test_a_bomb_that_tells_its_size_is_unpacked_piece_by_piece(tmp_path):
    bomb = zstd.compress(bytes(200 << 20))
    stored = Stored("zstd", blake3(bytes(200 << 20)).hexdigest(), 8, 200 << 20, len(bomb))
    assert max(map(len, unpack(stored, [bomb], "p"))) <= PIECE


def test_a_frame_that_asks_for_a_huge_window_is_refused(tmp_path):
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.compression_level: 1}
    packer = zstd.ZstdCompressor(options=options)
    frame = packer.compress(b"abc") + packer.flush()
    assert "cannot be unpacked" in refused(craft(tmp_path, [Stored("zstd", ABC, 8, 3, len(frame))], frame))


@pytest.mark.parametrize(
    ("size", "frame", "message"),
    [
        (3, zstd.compress(b"abc") + b"x", "bytes follow its compressed frame"),
        (6, zstd.compress(b"abc") + zstd.compress(b"abc"), "bytes follow its compressed frame"),
        (3, zstd.compress(b"abc")[:-1], "end too early"),
        (3, zlib.compress(b"abc"), "no zstd frame"),
        (4, zstd.compress(b"abc"), "3 of its 4 bytes"),
        (3, zstd.compress(b"abd"), "its bytes have the BLAKE3"),
        (0, b"", "end too early"),
    ],
)
def test_a_frame_that_is_not_the_object_is_refused(tmp_path, size, frame, message):
    assert message in refused(craft(tmp_path, [Stored("zstd", ABC, 8, size, len(frame))], frame))


def test_bytes_after_a_frame_are_seen_across_pieces():
    frame = zstd.compress(b"abc")
    stored = Stored("zstd", ABC, 8, 3, len(frame) + 1)
    with pytest.raises(DamagedObjectError, match="bytes follow"):
        list(unpack(stored, [frame, b"x"], "p"))
    one_by_one = [frame[i : i + 1] for i in range(len(frame))]
    assert b"".join(unpack(stored, one_by_one, "p")) == b"abc"


def entry(object_id=ABC, offset=8, size=3, stored=3, codec="raw"):
    return Stored(codec, object_id, offset, size, stored)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([entry(offset=7)], "wrongly"),
        ([entry(offset=9, size=2, stored=2)], "wrongly"),
        ([entry(stored=4, size=4)], "does not fit"),
        ([entry(stored=2, size=2)], "does not fit"),
        ([entry(size=4)], "wrongly"),  # raw, and yet of another size
        ([entry(), entry(EMPTY)], "wrongly"),  # both over the same bytes
        ([entry(), entry(EMPTY, offset=10, size=1, stored=1)], "wrongly"),  # overlapping
        ([entry(stored=10**17, size=10**17)], "does not fit"),
        ([entry(offset=10**17)], "wrongly"),
        ([], "does not fit"),
    ],
)
def test_an_index_that_does_not_fit_the_file_is_refused(tmp_path, entries, message):
    assert message in refused(craft(tmp_path, entries, b"abc"))


GOOD_INDEX = encode_index([entry(stored=2, size=2), entry(EMPTY, offset=10, size=1, stored=1)])


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"[",
        b"]",
        b"{}",
        b"null",
        b"[null]",
        b"[" * 100_000,
        b"[" * 50_000 + b"]" * 50_000,
        b"[" + b"{}," * 100_000 + b"{}]",
        GOOD_INDEX[:-1],
        GOOD_INDEX + b" ",
        GOOD_INDEX[:-1] + b",]",
        GOOD_INDEX[:-1] + GOOD_INDEX[1:],
        b"[" + b",".join(reversed(GOOD_INDEX[1:-1].replace(b"},{", b"}|{").split(b"|"))) + b"]",
        GOOD_INDEX.replace(b",{", b", {"),
        GOOD_INDEX.replace(b",{", b"{"),
        GOOD_INDEX.replace(b":8", b":08"),
        GOOD_INDEX.replace(b":8", b":-8"),
        GOOD_INDEX.replace(b":8", b":8.0"),
        GOOD_INDEX.replace(b":8", b":" + b"9" * 40),
        GOOD_INDEX.replace(b'"raw"', b'"../raw"'),
        GOOD_INDEX.replace(ABC.encode(), ABC.upper().encode()),
        encode_index([entry(stored=2, size=2)])[:-1] + b"," + encode_index([entry()])[1:],  # one object twice
    ],
)
def test_an_index_that_is_not_canonical_is_refused(tmp_path, index):
    assert "its index" in refused(craft(tmp_path, [], b"abc", index=index))


def test_an_index_beyond_the_file_is_refused(tmp_path):
    path = craft(tmp_path, [entry()], b"abc", index_at=1 << 60)
    assert "footer" in refused(path)
    assert "footer" in refused(craft(tmp_path, [entry()], b"abc", index_at=0))


def test_an_index_of_unreasonable_size_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(pack_module, "MAX_INDEX_SIZE", 100)
    assert "larger than 100" in refused(craft(tmp_path, [entry()], b"abc"))


@pytest.mark.slow
def test_a_cut_or_empty_file_is_refused(tmp_path):
    whole = Path(write_pack(tmp_path, b"abc", b"de" * 100)).read_bytes()
    path = tmp_path / ("d" * 32 + ".pack")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert refused(str(path))


def test_an_unknown_version_and_an_unknown_codec_are_named(tmp_path):
    path = Path(craft(tmp_path, [entry()], b"abc"))
    path.write_bytes(path.read_bytes().replace(b"GNMPCK1", b"GNMPCK3"))
    assert "has format 3; this version reads formats 1 and 2" in refused(str(path))
    for codec in ("lz4", "chunks"):  # a list of chunks is no codec of format 1
        assert f"packed with `{codec}`" in refused(craft(tmp_path, [entry(codec=codec)], b"abc"))


def test_a_symbolic_link_is_no_pack(tmp_path):
    real = write_pack(tmp_path / "real", b"abc")
    link = tmp_path / os.path.basename(real)
    link.symlink_to(real)
    with pytest.raises(OSError, match=r"symbolic links|\[Errno"):
        read_pack(REAL, str(link))


@pytest.mark.parametrize("data", [b"", b"abc" * 1000, random.Random(1).randbytes(3000)])
def test_unpacking_at_once_is_unpacking_in_pieces(data):
    """Sound, cut, with bytes after it, or with any byte changed: the same bytes, or the same words."""
    codec, kept = pack_module.packed(data)
    stored = Stored(codec, blake3(data).hexdigest(), 8, len(data), len(kept))
    assert pack_module.unpack_at_once(stored, kept, "p") == data
    changed = [kept[:at] + bytes([kept[at] ^ 4]) + kept[at + 1 :] for at in range(len(kept))]
    for wrong in [kept[:-1], kept + b"x", *changed] if data else [b"x"]:
        at_once = outcome(lambda given: pack_module.unpack_at_once(stored, given, "p"), wrong)
        in_pieces = outcome(lambda given: b"".join(unpack(stored, [given], "p")), wrong)
        assert at_once == in_pieces
        assert at_once == data or isinstance(at_once, str)


def outcome(way, given):
    """Return the bytes, or the message of the error."""
    try:
        return way(given)
    except DamagedObjectError as error:
        return error.message
