"""Chunks of cells: what is read of one quickly is what decoding all of it gives."""

from __future__ import annotations

import random
import sqlite3
import struct
from array import array

import pytest

from gnomon.record import index_query
from gnomon.record import index_tables as tables
from gnomon.record.index_cells import (
    CHUNK,
    CellWriter,
    cells_at,
    decode_chunk,
    encode_chunk,
    float_bytes,
    sealed,
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
def test_the_bytes_of_floats_are_told_of_floats_alone(name):
    cells = CHUNKS[name]
    found = float_bytes(encode_chunk(list(cells)))
    if all(isinstance(cell, float) for cell in cells):
        assert [*map(repr, struct.unpack(f">{len(cells)}d", found))] == [*map(repr, cells)]
    else:
        assert found is None


def test_a_list_that_only_looks_like_floats_is_decoded():
    """A text of the length of floats, with their tag at each ninth byte but the first."""
    text = (b"x" * 6 + b"\xcb\x8b").decode() * 2
    data = encode_chunk([text])
    assert float_bytes(data) is None
    assert cells_at(data, [0]) == [text]


@pytest.mark.parametrize("read", [lambda data: cells_at(data, [0]), float_bytes])
def test_a_chunk_that_was_changed_is_told(read):
    data = bytearray(encode_chunk([0.5] * 256))
    data[100] ^= 1
    with pytest.raises(DamagedIndexError):
        read(bytes(data))


def test_a_length_that_does_not_fit_is_no_list_of_floats():
    data = sealed(b"\xdc\x00\x20" + (TAG + bytes(8)) * 16)
    assert float_bytes(data) is None
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
def test_a_column_of_floats_is_an_array(table, count):
    chance = random.Random(count)
    cells = [chance.uniform(-1, 1) for _ in range(count)]
    database = table({"x": [*cells], "y": [*range(count)]})
    found = index_query.column(database, "run", "x")
    assert isinstance(found, array)
    assert found.tolist() == cells == index_query.columns(database, "run", ["x"], None)["x"]
    assert index_query.column(database, "run", "y") == [*range(count)]


@pytest.mark.parametrize("missing", [0, 5, CHUNK, CHUNK + 4, 2 * CHUNK - 1])
def test_a_column_with_anything_else_is_a_list(table, missing):
    cells: list[object] = [0.5] * (2 * CHUNK)
    cells[missing] = None
    database = table({"x": [*cells], "y": [1] * (2 * CHUNK)})
    assert index_query.column(database, "run", "x") == cells


def test_a_column_that_ends_early_or_is_not_there(table):
    database = table({"x": [0.5] * CHUNK, "y": [1] * (CHUNK + 1)})
    assert index_query.column(database, "run", "x") == [*[0.5] * CHUNK, None]
    assert index_query.column(database, "run", "z") == [None] * (CHUNK + 1)
    assert index_query.column(database, "data", "z") == []


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
