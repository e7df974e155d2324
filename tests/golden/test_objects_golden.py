"""Cuts and packs of format 2, byte for byte: replicas that meet must have cut alike, and old packs stay readable.

If one of these fails, the format has changed: add a version, do not change the numbers.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from blake3 import blake3

from gnomon.env import REAL
from gnomon.objects import chunk
from gnomon.objects.pack import LINE, PackWriter, encode_list, read_pack
from gnomon.objects.store import ObjectStore

PROOF = (59111, 119348, 173959, 225805, 307314, 356639, 406447, 480825, 524288)
CUTS = {
    chunk.FINE: [54644, 109938, 169211, 245760],
    chunk.MIDDLE: [302717, 500968, 747077, 964070, 983040],
    chunk.COARSE: [896616, 1690058, 2574905, 3515913, 3932160],
}


@pytest.fixture(params=["compiled", "plain"])
def cutter(request):
    return chunk.plain_ends if request.param == "plain" else chunk._compiled_cutter()


def test_the_numbers_of_the_rule_do_not_change():
    assert chunk.PROOF == PROOF
    assert tuple(chunk.FINE) == (49152, 262144, 0x0000D90313530000)
    assert tuple(chunk.MIDDLE) == (196608, 1048576, 0x0000D90303537000)
    assert tuple(chunk.COARSE) == (786432, 4194304, 0x0000D90707537000)
    gear = b"".join(number.to_bytes(8, "big") for number in chunk.GEAR)
    assert (
        hashlib.sha256(gear).hexdigest() == "9df0a720752a7d211fdebaf39bed01610983756fc340a1cfef41052b7356ae73"
    )
    assert chunk.GEAR[0] == 0x3B5D3C7D207E37DC


def test_cuts_of_noise_do_not_change(cutter):
    assert tuple(cutter(blake3(b"").digest(length=1 << 19), 0, chunk.FINE)) == PROOF
    for rule, ends in CUTS.items():
        assert cutter(blake3(b"gnomon").digest(length=5 * rule.least), 0, rule) == ends


def test_cuts_of_text_do_not_change(cutter):
    text = b"".join(b"%d,%d,row\n" % (i, i * i % 977) for i in range(40_000))
    assert (len(text), cutter(text, 0, chunk.FINE)) == (
        544067,
        [62980, 114303, 192378, 252928, 303124, 358103, 407595, 457663, 517619, 544067],
    )


GOLDEN_NAME = "e436d403f4d6649b1d9e18aeb76a3637"
GOLDEN = bytes.fromhex(
    "474e4d50434b320a6162636465c81107b4bf1bfdd674ddf2683a72fcd53e46b4dbd382ae6c9b6e3782150d6c296437b3"
    "ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85030000006437b3ac38465133ffb63b75273a8d"
    "b548c558465d79db03fd359c6cd5bd9d8503000000030000000400000072617700000000000300000000000000030000"
    "00000000007261770000000000020000000000000002000000000000006368756e6b7300006800000000000000680000"
    "00000000000492a994b72b98fa6730cf71d468e41f9638b5a5bc426270415e17201912c82d0100000000000000020000"
    "00000000006437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d850000000000000000030000"
    "00000000008a120b9472cc2c9873ec4283ff85376799f0864119c167440aeb7ec7a631fbca0200000000000000060000"
    "0000000000af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f32620100000000000000000000"
    "0000000000750000000000000010010000474e4d50454e440a"
)


def write(folder: str) -> str:
    """Write a pack with a chunk, two files in a shared frame, and the list of `abcabc`."""
    ids = {data: blake3(data).hexdigest() for data in (b"abc", b"", b"de", b"abcabc")}
    with PackWriter(REAL, folder, form=2) as writer:
        writer.add([b"abc"])
        writer.add_frame("raw", b"de", [(ids[b""], 0), (ids[b"de"], 2)])
        lines = LINE.pack(bytes.fromhex(ids[b"abc"]), 3) * 2
        writer.add_list(ids[b"abcabc"], 6, encode_list(lines))
        return str(writer.finish())


def test_pack_bytes_of_format_2_do_not_change(tmp_path):
    folder = tmp_path / ("a" * 32)
    folder.mkdir()
    assert write(str(folder)) == GOLDEN_NAME
    assert (folder / f"{GOLDEN_NAME}.pack").read_bytes() == GOLDEN


def test_a_pack_of_format_2_that_was_written_once_is_read(tmp_path):
    folder = tmp_path / ("a" * 32)
    folder.mkdir()
    (folder / f"{GOLDEN_NAME}.pack").write_bytes(GOLDEN)
    assert read_pack(REAL, f"{folder}/{GOLDEN_NAME}.pack").form == 2
    store = ObjectStore(REAL, str(tmp_path))
    assert sorted(map(store.read, store.objects())) == [b"", b"abc", b"abcabc", b"de"]
    assert Path(folder).is_dir()
