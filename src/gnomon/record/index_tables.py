"""The tables of the index, and the three ways to open them.

`create` makes a new file beside the final name and renames it, so that nobody meets half a schema. `open_writer` is for
the one process that holds the index's lock: only that connection writes and checkpoints, which keeps clear of SQLite's
WAL-reset race. `open_reader` cannot write the file; it may lay an overlay over it, tables in memory whose rows stand for
those of the file. All reading goes through the views `all_<table>`, so it is the same code with and without an overlay.

Numbers. A subject is `type number << 28 | place`, the place counting up within its type. A text is `subject << 20 | nth`,
a link `subject << 16 | nth`.
A chunk of cells is `type << 48 | chunk << 24 | column`. A chunk of slots is `log << 20 | chunk`.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from gnomon.env import REAL

if TYPE_CHECKING:
    from gnomon.env import Env
    from gnomon.record.index_place import Place

SCHEMA = 6
TYPE_SHIFT = 28
TEXT_SHIFT = 20
MAX_TYPES = 30_000
APPLICATION_ID = 0x676E6D69  # "gnmi"

# Read by questions: an overlay may hold rows of these. Each has an INTEGER PRIMARY KEY `no`.
LAYERED = {
    "type": "no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, count INTEGER NOT NULL",
    "subject": "no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, live BLOB NOT NULL",
    "col": "no INTEGER PRIMARY KEY, type INTEGER NOT NULL, key TEXT NOT NULL, chunks INTEGER NOT NULL, UNIQUE (type, key)",
    "cells": "no INTEGER PRIMARY KEY, data BLOB NOT NULL",
    "link": "no INTEGER PRIMARY KEY, target BLOB NOT NULL, how TEXT NOT NULL, way INTEGER NOT NULL, UNIQUE (target, no)",
    "unfolded": "no INTEGER PRIMARY KEY, text TEXT NOT NULL",
}
# Only for following the files: the updater's own.
PLAIN = {
    "meta": "key TEXT PRIMARY KEY, value",
    "file": "no INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER, mtime_ns INTEGER, inode INTEGER,"
    " read_to INTEGER, last_at INTEGER, last_mark BLOB, damaged INTEGER",
    "held": "file INTEGER, log INTEGER, count INTEGER, tip BLOB, is_whole INTEGER, PRIMARY KEY (file, log)",
    "log": "no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, count INTEGER, bytes INTEGER, last_bytes INTEGER,"
    " tip BLOB, bare INTEGER, strays INTEGER, writer BLOB",
    "slot": "no INTEGER PRIMARY KEY, data BLOB NOT NULL",
    "stray": "log INTEGER, digest BLOB, seq INTEGER, has_body INTEGER, PRIMARY KEY (log, digest)",
    "aside": "log INTEGER, file INTEGER, lines INTEGER, PRIMARY KEY (log, file)",
    "problem": "file INTEGER, at INTEGER, text TEXT, PRIMARY KEY (file, at)",
}
_WITHOUT_ROWID = frozenset({"held", "stray", "aside", "problem"})
TEXT = "CREATE VIRTUAL TABLE {}.words USING fts5(field UNINDEXED, text, tokenize='unicode61')"


class DamagedIndexError(sqlite3.DatabaseError):
    """A part of the index does not match its own checksum; the index is thrown away and built again."""


def create(place: Place, env: Env, layered: dict[str, str]) -> None:
    """Make an empty index at its place, instead of whatever is there. The caller holds the lock."""
    temporary = f"{place.path}.{env.random_bytes(6).hex()}.tmp"
    database = sqlite3.connect(temporary, isolation_level=None)
    try:
        database.execute("PRAGMA page_size=8192")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")  # the first checkpoint brings it all to the disk
        create_tables(database, place.key, layered, env)
    finally:
        database.close()
    remove(place, env)
    env.replace(temporary, place.path)


def remove(place: Place, env: Env) -> None:
    """Delete the index file and what SQLite keeps beside it. The caller holds the lock."""
    for path in (place.path, place.path + "-wal", place.path + "-shm"):
        try:
            env.unlink(path)
        except FileNotFoundError:
            pass


def create_tables(database: sqlite3.Connection, key: str, layered: dict[str, str], env: Env) -> None:
    """Make all tables in one transaction. The generation begins anywhere, so that no two indexes share one."""
    database.execute("BEGIN")
    for name, columns in {**PLAIN, **layered}.items():
        tail = " WITHOUT ROWID" if name in _WITHOUT_ROWID else ""
        database.execute(f"CREATE TABLE main.{name} ({columns}){tail}")
    database.execute(TEXT.format("main"))
    database.execute(f"PRAGMA application_id={APPLICATION_ID}")
    first = int.from_bytes(env.random_bytes(6), "big")
    database.executemany(
        "INSERT INTO meta VALUES (?, ?)", [("schema", SCHEMA), ("place", key), ("generation", first)]
    )
    database.execute("COMMIT")


def open_memory(layered: dict[str, str]) -> sqlite3.Connection:
    """Return an index in memory, for where no disk can hold one."""
    database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    create_tables(database, "memory", layered, REAL)
    _prepare(database, layered)
    return database


def open_writer(place: Place, layered: dict[str, str]) -> sqlite3.Connection:
    """Return a connection that may write; the caller holds the lock. Raises sqlite3.Error for a file that is no index."""
    database = _connect(place, "rw")
    try:
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("PRAGMA cache_size=-65536")
        _check(database, place)
        _prepare(database, layered)
    except BaseException:
        database.close()
        raise
    return database


def open_reader(place: Place, layered: dict[str, str]) -> sqlite3.Connection:
    """Return a connection that only reads the file. Raises sqlite3.Error for a file that is missing or no index."""
    database = _connect(place, "ro")
    try:
        database.execute("PRAGMA wal_autocheckpoint=0")
        _check(database, place)
        _prepare(database, layered)
    except BaseException:
        database.close()
        raise
    return database


def begin_overlay(database: sqlite3.Connection, layered: dict[str, str]) -> None:
    """Lay empty tables in memory over those of the file: rows written to `temp.<table>` stand for the file's."""
    for name, columns in layered.items():
        database.execute(f"CREATE TABLE temp.{name} ({columns})")
        database.execute(f"DROP VIEW temp.all_{name}")
        database.execute(
            f"CREATE TEMP VIEW all_{name} AS SELECT * FROM temp.{name} UNION ALL"
            f" SELECT * FROM main.{name} WHERE no NOT IN (SELECT no FROM temp.{name})"
        )
    database.execute(TEXT.format("temp"))
    database.execute("CREATE TABLE temp.retold (no INTEGER PRIMARY KEY)")


def generation(database: sqlite3.Connection) -> int:
    """Return a number that changes with every change of the file's content."""
    return int(database.execute("SELECT value FROM main.meta WHERE key = 'generation'").fetchone()[0])


def _connect(place: Place, mode: str) -> sqlite3.Connection:
    path = os.path.abspath(place.path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(
        f"file:{path}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=10.0,
    )


def _check(database: sqlite3.Connection, place: Place) -> None:
    """Raise DamagedIndexError unless this is an index of this version and of this replica."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise DamagedIndexError("the file is not an index")
    known = dict(database.execute("SELECT key, value FROM main.meta WHERE key IN ('schema', 'place')"))
    if known != {"schema": SCHEMA, "place": place.key}:
        raise DamagedIndexError("the index is of another version or another replica")


def _prepare(database: sqlite3.Connection, layered: dict[str, str]) -> None:
    database.execute("PRAGMA trusted_schema=OFF")
    database.execute("PRAGMA cell_size_check=ON")
    database.execute("PRAGMA temp_store=MEMORY")
    for name in layered:
        database.execute(f"CREATE TEMP VIEW all_{name} AS SELECT * FROM main.{name}")
