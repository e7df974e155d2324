"""Quick packing, where it costs few bytes; what comes out is read like any other."""

from __future__ import annotations

import random

import pytest

from gnomon.env import REAL
from gnomon.objects import pack as pack_module
from gnomon.objects.pace import EVERY, Pace
from gnomon.objects.pack import PIECE, new_packer, packed
from gnomon.objects.store import ObjectStore


def rows_of_numbers(size):
    chance = random.Random(1)
    return b"".join(
        b"%d,%.6f,%.6f\n" % (row, chance.gauss(0, 1), chance.random()) for row in range(size // 26)
    )[:size]


def counters(size):
    return b"".join((7 * number).to_bytes(8, "little") for number in range(size // 8))


def views(data, size=1 << 16):
    return [memoryview(data)[at : at + size] for at in range(0, len(data), size)]


def stored_by(packers, chunks):
    return sum(len(packed(chunk, packers[0])[1]) for chunk in chunks)


def usual(chunks):
    return stored_by((new_packer(),), chunks)


def test_rows_of_numbers_are_packed_quickly_for_an_eighth_more():
    chunks = views(rows_of_numbers(1 << 20))
    took = stored_by(Pace().packers(chunks), chunks)
    assert usual(chunks) < took <= 1.15 * usual(chunks)


def test_where_it_would_cost_much_packing_is_as_usual():
    chunks = views(counters(1 << 20))
    assert stored_by((new_packer(is_quick=True),), chunks) > 1.5 * usual(chunks)
    assert stored_by(Pace().packers(chunks), chunks) == usual(chunks)


@pytest.mark.slow
def test_it_is_decided_again_for_the_next_file_and_after_many_bytes():
    numbers, counts = views(rows_of_numbers(1 << 20)), views(counters(1 << 20))
    pace = Pace()
    quick = pace.packers(numbers)
    assert pace.packers(counts) == quick, "a sample is taken now and then only"
    pace.begin()
    assert pace.packers(counts) != quick
    pace.begin()
    for _ in range(-(-EVERY // sum(map(len, numbers)))):
        assert pace.packers(numbers) == quick
    assert pace.packers(counts) != quick


@pytest.mark.slow
@pytest.mark.parametrize("options", [pack_module._QUICK, {999_999: 1}])
def test_what_was_packed_quickly_is_read_like_any_other(objects, tmp_path, monkeypatch, options):
    """Also by a zstd that does not know the setting: it packs as usual."""
    monkeypatch.setattr(pack_module, "_QUICK", options)
    path = tmp_path / "numbers.csv"
    path.write_bytes(rows_of_numbers(2 * PIECE))
    kept = ObjectStore(REAL, objects, "a" * 32).keep(path)
    assert ObjectStore(REAL, objects).read(kept.object) == path.read_bytes()
