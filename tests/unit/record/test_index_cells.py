"""Chunks of cells: what is read of one quickly is what decoding all of it gives."""

from __future__ import annotations

import random
import sqlite3
import struct
from array import array

import msgspec
import pytest

from gnomon.record import index_query
from gnomon.record import index_tables as tables
from gnomon.record.index_cells import (
    CHUNK,
    CellWriter,
    cells_at,
    decode_chunk,
    encode_chunk,
    numbers_in,
    sealed,
    side_by_side,
)
from gnomon.record.index_tables import DamagedIndexError

TAG = b"\xcb"
CHUNKS = {
    "floats": [0.5, -0.0, float("nan"), 1e300] * 64,
    "few floats": [0.1, 0.2],
    "fifteen floats": [0.25] * 15,
    "one float": [0.1],
    "floats and one whole number": [*[0.5] * 255, 1],
    "floats and one missing": [*[0.5] * 100, None, *[0.5] * 155],
    "whole": [*range(256)],
    "moments": [10**15 + number for number in range(256)],
    "texts": ["adam", None, "", "sgd"] * 64,
    "texts that hold the tag of a float": ["ˋˋˋˋˋˋˋˋ"] * 32,
    "few": [None] * 200 + [0.5],
    "none": [None] * 4,
    "lists": [[1.0, 2.0]] * 20,
}


@pytest.mark.parametrize("name", CHUNKS)
def test_some_cells_are_those_that_all_of_them_have_there(name):
    data = encode_chunk(list(CHUNKS[name]))
    whole = decode_chunk(data)
    places = [0, 1, 14, 15, 100, 255, 7, 7]
    expected = [whole[at] if at < len(whole) else None for at in places]
    assert [*map(repr, cells_at(data, places))] == [*map(repr, expected)]


@pytest.mark.parametrize("name", CHUNKS)
def test_cells_stand_side_by_side_unless_they_are_few(name):
    cells = CHUNKS[name]
    data = encode_chunk(list(cells))
    found = side_by_side(data, CHUNK)
    whole = decode_chunk(data)
    if found is None:
        assert data[4] >> 4 == 8 or data[4] in (0xDE, 0xDF)  # a map
    else:
        head = b"\xdc" + CHUNK.to_bytes(2, "big")
        assert repr(decode_chunk(sealed(head + found))) == repr(whole + [None] * (CHUNK - len(whole)))
    assert side_by_side(None, 3) == b"\xc0" * 3


@pytest.mark.parametrize("name", CHUNKS)
def test_the_bytes_of_numbers_are_told_of_numbers_alone(name):
    cells = CHUNKS[name]
    found = numbers_in(b"".join(msgspec.msgpack.encode(cell) for cell in cells), len(cells))
    if cells and all(isinstance(cell, float) for cell in cells):
        assert [*map(repr, struct.unpack(f">{len(cells)}d", found))] == [*map(repr, cells)]
    elif cells and all(type(cell) is int and 2**32 <= cell < 2**63 for cell in cells):
        assert [*struct.unpack(f">{len(cells)}q", found)] == cells
    else:
        assert found is None


def test_a_list_that_only_looks_like_floats_is_decoded():
    """A text of the length of floats, with their tag at each ninth byte but the first."""
    text = (b"x" * 6 + b"\xcb\x8b").decode() * 2
    data = encode_chunk([text])
    assert numbers_in(side_by_side(data, 1), 1) is None
    assert cells_at(data, [0]) == [text]


@pytest.mark.parametrize("read", [lambda data: cells_at(data, [0]), lambda data: side_by_side(data, 256)])
def test_a_chunk_that_was_changed_is_told(read):
    data = bytearray(encode_chunk([0.5] * 256))
    data[100] ^= 1
    with pytest.raises(DamagedIndexError):
        read(bytes(data))


def test_a_length_that_does_not_fit_is_no_list_of_floats():
    data = sealed(b"\xdc\x00\x20" + (TAG + bytes(8)) * 16)
    assert numbers_in(side_by_side(data, 32), 32) is None
    with pytest.raises(ValueError, match="truncated"):
        cells_at(data, [0])


@pytest.fixture
def table():
    """Return a function that writes columns of one type into an index in memory."""
    database = tables.open_memory(dict(tables.LAYERED))

    def write(columns: dict[str, list[object]]) -> sqlite3.Connection:
        count = max(map(len, columns.values()))
        rows = [
            (
                place,
                {key: cells[place] for key, cells in columns.items() if place < len(cells)},
            )
            for place in range(count)
        ]
        database.execute("INSERT INTO main.type VALUES (1, 'run', 1, ?)", (count,))
        CellWriter(database, "main").write(1, rows, 0)
        return database

    yield write
    database.close()


@pytest.mark.parametrize("count", [1, 15, 16, CHUNK, CHUNK + 3, 3 * CHUNK + 100])
def test_a_column_of_numbers_is_an_array(table, count):
    chance = random.Random(count)
    cells = {
        "x": [chance.uniform(-1, 1) for _ in range(count)],
        "y": [*range(count)],
        "z": [10**15 + number for number in range(count)],
    }
    database = table({key: [*column] for key, column in cells.items()})
    found = index_query.stored(database, "run", ["x", "y", "z", "none"])
    assert [*found] == ["x", "y", "z", "none"]
    arrays = {key: index_query.as_numbers(column.joined(), count) for key, column in found.items()}
    assert isinstance(arrays["x"], array) and arrays["x"].typecode == "d" and arrays["z"].typecode == "q"
    assert arrays["x"].tolist() == cells["x"] == index_query.columns(database, "run", ["x"], None)["x"]
    assert arrays["z"].tolist() == cells["z"] and arrays["y"] is None and arrays["none"] is None
    assert found["y"].cells() == cells["y"] and found["none"].cells() == [None] * count


@pytest.mark.parametrize("missing", [0, 5, CHUNK, CHUNK + 4, 2 * CHUNK - 1])
def test_a_column_with_anything_else_is_none(table, missing):
    cells: list[object] = [0.5] * (2 * CHUNK)
    cells[missing] = None
    found = index_query.stored(table({"x": [*cells], "y": [1] * (2 * CHUNK)}), "run", ["x"])["x"]
    assert index_query.as_numbers(found.joined(), found.count) is None and found.cells() == cells


@pytest.mark.parametrize("places", [[], [0], [700, 3, 3, 256, 255], [*range(0, 868, 7)]])
def test_cells_at_some_places_are_those_that_are_there(table, places):
    cells: dict[str, list[object]] = {
        "x": [number / 3 for number in range(868)], "y": [None] * 300 + ["a", 2] * 100 + [None] * 368,
    }  # fmt: skip
    database = table({key: [*column] for key, column in cells.items()})
    for keys in (["x"], ["y"], ["x", "y", "z", "none", "more"]):
        found = index_query.columns(database, "run", keys, places)
        assert found == {key: [cells[key][at] if key in cells else None for at in places] for key in keys}


def test_a_column_that_ends_early_or_is_not_there(table):
    database = table({"x": [0.5] * CHUNK, "y": [1] * (CHUNK + 1), "few": [None] * CHUNK + [1]})
    found = index_query.stored(database, "run", ["x", "z", "few"])
    assert found["x"].cells() == [*[0.5] * CHUNK, None]
    assert found["x"].joined() == b"".join([TAG + struct.pack(">d", 0.5)] * CHUNK + [b"\xc0"])
    assert found["z"].cells() == [None] * (CHUNK + 1) and found["z"].joined() == b"\xc0" * (CHUNK + 1)
    assert found["few"].cells() == [None] * CHUNK + [1] and found["few"].joined() == b"\xc0" * CHUNK + b"\x01"
    nothing = index_query.stored(database, "data", ["z"])["z"]
    assert nothing.cells() == [] and nothing.joined() == b""


def test_cells_at_some_places_are_those_of_the_column(table):
    chance = random.Random(2)
    columns: dict[str, list[object]] = {
        f"f{number}": [chance.random() for _ in range(600)] for number in range(4)
    }
    columns["t"] = [f"text {place}" for place in range(600)]
    columns["g"] = [0.5 if place % 3 else None for place in range(600)]
    database = table({key: [*cells] for key, cells in columns.items()})
    places = chance.sample(range(600), 50)
    found = index_query.columns(database, "run", [*columns], places)
    assert found == {key: [cells[place] for place in places] for key, cells in columns.items()}


def test_cells_near_a_text_are_all_of_the_chunks_that_hold_it(table):
    cells: list[object] = [["a1"]] * CHUNK + [["b2", "c3"], None, ["d4"]] * 100 + [["c3"]] * 300
    column = index_query.stored(table({"x": [*cells]}), "run", ["x"])["x"]
    assert [*column.cells_near(["c3", "zz"])] == [*enumerate(cells)][CHUNK:]
    assert [*column.cells_near(["zz"])] == [] == [*column.cells_near([])]
