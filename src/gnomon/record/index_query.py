"""Questions to the index. Reading only; the same with and without an overlay.

Always true: what is returned is the state of one moment. Not promised: an order of subjects that means anything; the
place of a subject within its type depends on when it arrived here.
"""

from __future__ import annotations

import json
import sys
from array import array
from typing import TYPE_CHECKING

from gnomon.errors import AmbiguousIdError, UnknownSubjectError
from gnomon.record import index_links as links
from gnomon.record import index_texts as texts
from gnomon.record import kinds
from gnomon.record.body import storable
from gnomon.record.index_batch import decode_live, in_shown_order
from gnomon.record.index_cells import (
    CHUNK,
    CHUNK_MASK,
    CHUNK_SHIFT,
    COLUMN_BITS,
    cells_at,
    decode_chunk,
    is_float,
    numbers_in,
    plain_text,
    side_by_side,
)
from gnomon.record.index_cells import TYPE_SHIFT as CELL_TYPE_SHIFT
from gnomon.record.index_tables import TYPE_SHIFT, DamagedIndexError
from gnomon.record.problems import NOTICE, Problem

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from gnomon.record.fold import LiveEntry

MAX_SHOWN = 8
_FEW = 4
_MOST_VARIABLES = 500
_END = "\U0010ffff"
_CHUNKS = f"""
WITH RECURSIVE chunk (place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM chunk WHERE place + 1 < ?),
key (number) AS (VALUES {{}})
SELECT number, place, data FROM chunk CROSS JOIN key CROSS JOIN all_cells ON no = (? | (place << {COLUMN_BITS}) | number)
"""


class Found:
    """Where a type's subjects stand: its number and how many there are."""

    __slots__ = ("count", "no")

    def __init__(self, no: int, count: int) -> None:
        self.no = no
        self.count = count


def find_type(database: sqlite3.Connection, name: str) -> Found | None:
    """Return a subject type, None where the record has no subject of it."""
    row = database.execute("SELECT no, count FROM all_type WHERE name = ?", (name,)).fetchone()
    return None if row is None else Found(*row)


def type_names(database: sqlite3.Connection) -> list[str]:
    """Return all subject types that the record has."""
    return [name for (name,) in database.execute("SELECT name FROM all_type ORDER BY name")]


def ids(database: sqlite3.Connection, type_name: str) -> list[str]:
    """Return the ids of all subjects of a type, in order of place."""
    found = find_type(database, type_name)
    values = [] if found is None else _column(database, found, 0)
    if None in values:
        raise DamagedIndexError("the index lacks the ids of some subjects")
    return [str(value) for value in values]


def columns(
    database: sqlite3.Connection, type_name: str, keys: Sequence[str], places: Sequence[int] | None
) -> dict[str, list[object]]:
    """Return cells by column: of all subjects in order of place, or of the given places in their order."""
    found = find_type(database, type_name)
    if found is None:
        return {key: [] for key in keys}
    if places is not None and len(keys) >= _FEW:
        return _cells_of_many(database, found, keys, places)
    table: dict[str, list[object]] = {}
    for key in keys:
        number = _number(database, found, key)
        if number is None:
            table[key] = [None] * (found.count if places is None else len(places))
        elif places is None:
            table[key] = _column(database, found, number)
        else:
            table[key] = _cells_at(database, found, number, places)
    return table


class Column:
    """One column as it is stored, of all subjects in order of place: what it holds is told before cells are made of it."""

    __slots__ = ("_chunks", "count")

    def __init__(self, chunks: dict[int, bytes], count: int) -> None:
        self._chunks = chunks
        self.count = count

    def cells(self) -> list[object]:
        """Return all cells."""
        return _cells(self._chunks, self.count)

    def cells_near(self, texts: Sequence[str]) -> Iterator[tuple[int, object]]:
        """Yield (place, cell), in order of place, of the chunks that hold any of these texts: no other cell has one of them."""
        wanted = [text.encode() for text in texts]
        for chunk, data in sorted(self._chunks.items()):
            if any(text in data for text in wanted):
                yield from enumerate(decode_chunk(data), chunk << CHUNK_SHIFT)

    def joined(self) -> bytes | None:
        """Return the msgpack of all cells side by side; None where some chunk has few, and keeps them by place."""
        chunks, last = self._chunks, (self.count - 1) >> CHUNK_SHIFT
        parts = [side_by_side(chunks.get(chunk), CHUNK) for chunk in range(last)]
        if self.count:
            parts.append(side_by_side(chunks.get(last), self.count - (last << CHUNK_SHIFT)))
        return None if None in parts else b"".join(parts)  # type: ignore[arg-type]  # none of them, as was asked


def stored(database: sqlite3.Connection, type_name: str, keys: Sequence[str]) -> dict[str, Column]:
    """Return columns as they are stored; several at once take hardly longer than one, since they lie side by side."""
    found = find_type(database, type_name)
    if found is None:
        return {key: Column({}, 0) for key in keys}
    numbers = {key: _number(database, found, key) for key in keys}
    chunks = _stored_chunks(database, found, [number for number in numbers.values() if number is not None])
    return {
        key: Column({} if number is None else chunks[number], found.count) for key, number in numbers.items()
    }


def as_numbers(data: bytes, count: int) -> array[float] | array[int] | None:
    """Return cells that stand side by side as an array, if all are floats, or all large whole numbers such as moments.

    It is there in half the time that the cells take, and needs a quarter of the room.
    """
    found = numbers_in(data, count)
    if found is None:
        return None
    values: array[float] | array[int] = array("d") if is_float(data) else array("q")
    values.frombytes(found)
    if sys.byteorder == "little":
        values.byteswap()
    return values


def _number(database: sqlite3.Connection, found: Found, key: str) -> int | None:
    """Return the number of a column; None where no subject ever had a cell in it."""
    row = database.execute(
        "SELECT no FROM all_col WHERE type = ? AND key = ?", (found.no, plain_text(key))
    ).fetchone()
    return None if row is None else row[0] - (found.no << COLUMN_BITS)


def keys(database: sqlite3.Connection, type_name: str) -> list[str]:
    """Return the columns in which any subject of a type has a cell, sorted."""
    found = find_type(database, type_name)
    if found is None:
        return []
    query = "SELECT key FROM all_col WHERE type = ? AND chunks > 0 AND key <> '' ORDER BY key"
    return [key for (key,) in database.execute(query, (found.no,))]


def subject_of(database: sqlite3.Connection, no: int) -> str:
    """Return the subject (`run:<id>`) that has a number; empty where none has."""
    row = database.execute("SELECT name FROM all_subject WHERE no = ?", (no,)).fetchone()
    return "" if row is None else str(row[0])


def place_of(database: sqlite3.Connection, subject: str) -> int | None:
    """Return the place of a subject within its type; None where it is not here."""
    row = database.execute("SELECT no FROM all_subject WHERE name = ?", (plain_text(subject),)).fetchone()
    return None if row is None else int(row[0]) & ((1 << TYPE_SHIFT) - 1)


def neighbours(database: sqlite3.Connection, subject: str) -> list[str]:
    """Return the subjects just before and just after one in alphabetical order."""
    before = "SELECT name FROM all_subject WHERE name < ? ORDER BY name DESC LIMIT 1"
    after = "SELECT name FROM all_subject WHERE name > ? ORDER BY name LIMIT 1"
    return [name for query in (before, after) for (name,) in database.execute(query, (subject,))]


def subjects_with(database: sqlite3.Connection, type_name: str, text: str) -> list[str]:
    """Return the ids, sorted, of the subjects among whose live entries a text stands; what it means is for the fold to say."""
    found = find_type(database, type_name)
    if found is None:
        return []
    span = (found.no << TYPE_SHIFT, ((found.no + 1) << TYPE_SHIFT) - 1)
    query = "SELECT name FROM all_subject WHERE no BETWEEN ? AND ? AND instr(live, ?) > 0 ORDER BY name"
    rows = database.execute(query, (*span, text.encode()))
    return [name.partition(":")[2] for (name,) in rows]


def live(database: sqlite3.Connection, type_name: str, subject_id: str) -> list[LiveEntry]:
    """Return the live entries of a subject by (time, hash). Raises UnknownSubjectError where no entry names it."""
    name = plain_text(f"{type_name}:{subject_id}")
    row = database.execute("SELECT live FROM all_subject WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise UnknownSubjectError(f"there is no {type_name} `{subject_id}` in this replica")
    return in_shown_order(decode_live(row[0])[0])


def search(
    database: sqlite3.Connection, words: str, type_name: str | None, limit: int
) -> list[tuple[str, str, str, str]]:
    """Return (type, id, field, excerpt) of the subjects with a text that holds all words, the best match first."""
    low, high = 0, 1 << 43
    if type_name is not None:
        found = find_type(database, type_name)
        if found is None:
            return []
        low, high = found.no << TYPE_SHIFT, (found.no + 1) << TYPE_SHIFT
    rows = []
    for no, field, excerpt in texts.find(database, words, limit, low, high):
        (name,) = database.execute("SELECT name FROM all_subject WHERE no = ?", (no,)).fetchone()
        kind, _, subject_id = name.partition(":")
        rows.append((kind, subject_id, field, excerpt))
    return rows


def unfolded(database: sqlite3.Connection) -> list[Problem]:
    """Return what is to be said of subjects that could not be folded."""
    texts = database.execute("SELECT text FROM all_unfolded WHERE text <> '' ORDER BY text")
    return [
        Problem("", "", text, "update Gnomon or the plug-in; the entries are kept", NOTICE)
        for (text,) in texts
    ]


def resolve(database: sqlite3.Connection, type_name: str, prefix: str, hint: str | None) -> str:
    """Return the one id that begins with `prefix`; an id that is given whole always counts."""
    low = plain_text(f"{type_name}:{prefix}")
    query = "SELECT name FROM all_subject WHERE name >= ? AND name < ? ORDER BY name LIMIT ?"
    rows = database.execute(query, (low, low + _END, MAX_SHOWN + 1)) if prefix else ()
    found = [name[len(type_name) + 1 :] for (name,) in rows]
    if not found:
        raise UnknownSubjectError(f"no {type_name} has an id that begins with `{prefix}`", hint=hint)
    if len(found) == 1 or found[0] == prefix:
        return str(found[0])
    shown = ", ".join(found[:MAX_SHOWN]) + (", …" if len(found) > MAX_SHOWN else "")
    raise AmbiguousIdError(f"several ids begin with `{prefix}`: {shown}", hint="type more of the id")


def export(database: sqlite3.Connection) -> Iterator[bytes]:
    """Yield one line of canonical JSON for each subject, in order of subject: its live entries, state and cells."""
    tables: dict[str, dict[str, list[object]]] = {}
    for no, name, data in database.execute("SELECT no, name, live FROM all_subject ORDER BY name"):
        type_name = name.partition(":")[0]
        if type_name not in tables:
            tables[type_name] = columns(database, type_name, keys(database, type_name), None)
        place = no & ((1 << TYPE_SHIFT) - 1)
        entries = in_shown_order(decode_live(data)[0])
        feature = kinds.find(type_name)
        line = {
            "subject": name,
            "live": [[entry.hash, entry.has_body] for entry in entries],
            "state": storable(feature.fold(entries)) if feature is not None else None,
            "cells": {
                key: storable(cells[place])
                for key, cells in tables[type_name].items()
                if cells[place] is not None
            },
        }
        if feature is not None and feature.links is not None:
            line["links"] = [*map(list, links.of_subjects(database, [name]).get(name, ()))]
        yield json.dumps(line, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def _column(database: sqlite3.Connection, found: Found, number: int) -> list[object]:
    return _cells(_stored_chunks(database, found, [number])[number], found.count)


def _stored_chunks(
    database: sqlite3.Connection, found: Found, numbers: Sequence[int]
) -> dict[int, dict[int, bytes]]:
    """Return the chunks of some columns, by their place, an overlay's before the file's; one without any cell may be missing."""
    chunks: dict[int, dict[int, bytes]] = {number: {} for number in numbers}
    base = found.no << CELL_TYPE_SHIFT
    for some in _in_parts(sorted(chunks), _MOST_VARIABLES):
        query = _CHUNKS.format(", ".join(["(?)"] * len(some)))
        count = (found.count + CHUNK - 1) >> CHUNK_SHIFT
        for number, place, data in database.execute(query, (count, *some, base)):
            chunks[number][place] = data
    return chunks


def _cells(stored: dict[int, bytes], count: int) -> list[object]:
    values: list[object] = []
    for chunk in range((count + CHUNK - 1) >> CHUNK_SHIFT):
        if chunk in stored:
            values += decode_chunk(stored[chunk])
        wanted = min((chunk + 1) << CHUNK_SHIFT, count)
        if len(values) < wanted:
            values += [None] * (wanted - len(values))
    return values


def _cells_at(database: sqlite3.Connection, found: Found, number: int, places: Sequence[int]) -> list[object]:
    """Return the cells of a column at some places, which may come more than once and in any order."""
    values: list[object] = [None] * len(places)
    by_chunk = _by_chunk(places)
    base = (found.no << CELL_TYPE_SHIFT) | number
    for some in _in_parts(sorted(by_chunk), _MOST_VARIABLES):
        query = f"SELECT no, data FROM all_cells WHERE no IN ({','.join('?' * len(some))})"
        for no, data in database.execute(query, [base | (chunk << COLUMN_BITS) for chunk in some]):
            rows = by_chunk[(no - base) >> COLUMN_BITS]
            for (row, _), value in zip(rows, cells_at(data, [at for _, at in rows]), strict=True):
                values[row] = value
    return values


def _by_chunk(places: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Return which rows lie in which chunk, each (row, place within the chunk)."""
    by_chunk: dict[int, list[tuple[int, int]]] = {}
    for row, place in enumerate(places):
        by_chunk.setdefault(place >> CHUNK_SHIFT, []).append((row, place & CHUNK_MASK))
    return by_chunk


def _cells_of_many(
    database: sqlite3.Connection, found: Found, keys: Sequence[str], places: Sequence[int]
) -> dict[str, list[object]]:
    """Return the cells of many columns at some places: the columns of a chunk lie side by side, so each is one question."""
    table: dict[str, list[object]] = {key: [None] * len(places) for key in keys}
    numbers = {key: _number(database, found, key) for key in table}
    by_number = {number: table[key] for key, number in numbers.items() if number is not None}
    for chunk, rows in _by_chunk(places).items():
        base = (found.no << CELL_TYPE_SHIFT) | (chunk << COLUMN_BITS)
        at = [place for _, place in rows]
        for some in _in_parts(sorted(by_number), _MOST_VARIABLES):
            query = f"SELECT no, data FROM all_cells WHERE no IN ({','.join('?' * len(some))})"
            for no, data in database.execute(query, [base | number for number in some]):
                cells = by_number[no - base]
                for (row, _), value in zip(rows, cells_at(data, at), strict=True):
                    cells[row] = value
    return table


def _in_parts(numbers: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), most):
        yield numbers[start : start + most]


def log_counts(database: sqlite3.Connection) -> dict[str, int]:
    """Return for each log how many of its entries the index file has."""
    return {bytes(log).hex(): count for log, count in database.execute("SELECT id, count FROM main.log")}
