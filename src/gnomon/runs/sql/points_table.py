"""The table `points`: sealed segments by their exact paths, live WALs as Arrow, each point once.

Of every run of every WAL one file answers: the one that has the most rows of it, a segment before a WAL. Rows that another file
answers for, that a continuation of the run left behind, or that belong to a hidden run are left out by anti-joins, which
are only there where something is to be left out.

Always true: DuckDB gets exact paths, never a pattern; a segment counts as the index checked it against its name.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import DamagedFileError
from gnomon.points.query import left_behind
from gnomon.runs import entries
from gnomon.runs.resume import cuts
from gnomon.runs.sql import columns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.points.covers import Cover
    from gnomon.points.follow import WalFile
    from gnomon.points.series_points import SeriesKey, SeriesPoints
    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Tables
    from gnomon.runs.views import Record

COLUMNS = ("run", "series", "rank", "step", "time", "value", "exact", "wal", "row")
_ATTEMPTS = 3
_PATTERN = frozenset("*?[]{}")
_EMPTY = ", ".join(
    f"NULL::{kind} AS {name}"
    for name, kind in zip(
        COLUMNS,
        (
            "VARCHAR",
            "VARCHAR",
            "INTEGER",
            "BIGINT",
            "TIMESTAMP WITH TIME ZONE",
            "DOUBLE",
            "VARCHAR",
            "VARCHAR",
            "BIGINT",
        ),
        strict=True,
    )
)


class _Live(NamedTuple):
    """What a WAL file holds, as points by series."""

    rows: int
    log: str
    ordinal: int
    points: dict[SeriesKey, SeriesPoints]


class _Place(NamedTuple):
    """Where a WAL stands in its process: as `points.query` wants it."""

    log: str
    ordinal: int


class _Files(NamedTuple):
    """The files of points as the index knows them."""

    covers: dict[str, list[Cover]]
    wals: list[WalFile]


def make_points(tables: Tables, statement: Statement) -> None:  # noqa: ARG001  every maker is called so
    """Make the table; all columns are there, since DuckDB reads of a segment only those that it needs."""
    record, connection = tables.record, tables.connection
    files, live = _files_that_stay(record)
    drops = _drops(files.covers, live)
    parts, allowed = _segments(
        record, connection, [path for path, found in files.covers.items() if found], drops
    )
    parts += _tails(connection, live, drops)
    source = " UNION ALL ".join(parts) or f"SELECT {_EMPTY} WHERE false"
    behind = _left_behind(tables, files.covers, live)
    conditions = [*_without(connection, tables.hidden()), *_without_left_behind(connection, behind)]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    connection.execute(f"CREATE TEMP VIEW points AS SELECT {_named(COLUMNS)} FROM ({source}) AS p{where}")
    tables.files += allowed


def _named(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _known_files(database: sqlite3.Connection) -> _Files:
    from gnomon.points.follow import known_covers, wal_files_and_runs

    wals = wal_files_and_runs(database)
    return _Files(dict(sorted(known_covers(database).items())), wals)


def _files_that_stay(record: Record) -> tuple[_Files, dict[str, _Live]]:
    """Return the files, and what is in WALs that are needed; where one was sealed meanwhile, as a new look finds them."""
    for _ in range(_ATTEMPTS - 1):
        files = record.replica.index.ask(_known_files)
        try:
            return files, _needed_wals(record, files)
        except FileNotFoundError:
            record.replica.update()
    files = record.replica.index.ask(_known_files)
    return files, _needed_wals(record, files)


def _needed_wals(record: Record, files: _Files) -> dict[str, _Live]:
    """Return what the WAL files hold that no segment holds as a whole, by WAL."""
    from gnomon.points.reader import read_wal
    from gnomon.points.series_points import points_by_series

    covered: dict[str, list[Cover]] = {}
    for found in files.covers.values():
        for cover in found:
            covered.setdefault(cover.wal, []).append(cover)
    live: dict[str, _Live] = {}
    home = record.replica.home
    for path, wal, rows, runs in files.wals:
        if any(
            cover.rows >= rows and runs <= {one.run for one in cover.runs} for cover in covered.get(wal, ())
        ):
            continue
        read = read_wal(home.env, os.path.join(home.path, path))
        if read.header is None or (wal in live and live[wal].rows >= read.rows):
            continue
        points = points_by_series(read.blocks, lambda key: True)  # noqa: ARG005
        live[read.header.wal] = _Live(read.rows, read.header.log, read.header.ordinal, points)
    return live


def _drops(
    covers: Mapping[str, Sequence[Cover]], live: Mapping[str, _Live]
) -> dict[str, set[tuple[str, str]]]:
    """Return, by path ('' for a live WAL), which (WAL, run) another file answers for."""
    sources: dict[str, list[tuple[int, bool, str, set[str]]]] = {}
    for path, found in covers.items():
        for cover in found:
            sources.setdefault(cover.wal, []).append(
                (cover.rows, True, path, {one.run for one in cover.runs})
            )
    for wal, one in live.items():
        sources.setdefault(wal, []).append((one.rows, False, "", {key.run for key in one.points}))
    drops: dict[str, set[tuple[str, str]]] = {}
    for wal, several in sources.items():
        if len(several) == 1:
            continue
        for run in set().union(*(runs for _, _, _, runs in several)):
            holders = [source for source in several if run in source[3]]
            best = max(holders, key=lambda source: source[:2])  # the first of equals
            for source in holders:
                if source is not best:
                    drops.setdefault(source[2], set()).add((wal, run))
    return drops


def _segments(
    record: Record, connection: Any, paths: Sequence[str], drops: Mapping[str, set[tuple[str, str]]]
) -> tuple[list[str], list[str]]:
    """Return queries that give the points of segments, and the files that DuckDB may read for that."""
    parts: list[str] = []
    allowed: list[str] = []
    whole: list[str] = []
    for number, path in enumerate(paths):
        full = os.path.abspath(os.path.join(record.replica.home.path, path))
        if _PATTERN.isdisjoint(full):
            allowed.append(full)
            if path not in drops:
                whole.append(full)
                continue
            connection.sql(_read([full])).create_view(f"_segment_{number}")
        else:
            connection.register(f"_segment_{number}", _owned(_read_whole(record, full)))
        part = f"SELECT {_named(COLUMNS)} FROM _segment_{number} AS s"
        if path in drops:
            pairs = sorted(drops[path])
            arrays = {
                "wal": columns.texts([wal for wal, _ in pairs]),
                "run": columns.texts([run for _, run in pairs]),
            }
            _register(connection, f"_drops_{number}", arrays)
            part += f" ANTI JOIN _drops_{number} AS d ON s.wal = d.wal AND s.run = d.run"
        parts.append(part)
    if whole:
        connection.sql(_read(whole)).create_view("_segments")
        parts.append(f"SELECT {_named(COLUMNS)} FROM _segments")
    return parts, allowed


def _read(paths: Sequence[str]) -> str:
    """Return a query of segments. Their statistics leave NaN out; unless told, DuckDB answers `isnan(value)` by them."""
    from gnomon.data.profile.engine import literal

    return f"SELECT * FROM read_parquet([{', '.join(map(literal, paths))}], can_have_nan = true)"


def _read_whole(record: Record, path: str) -> Any:
    """Return a segment whose path DuckDB would take for a pattern, as an Arrow table."""
    from gnomon.points.segment import as_table, decode, read_file

    try:
        return as_table(decode(read_file(record.replica.home.env, path), path).points)
    except OSError as error:
        raise DamagedFileError(
            f"segment `{path}` cannot be read: {error}", hint="`gnomon verify` says more"
        ) from error


def _tails(
    connection: Any, live: Mapping[str, _Live], drops: Mapping[str, set[tuple[str, str]]]
) -> list[str]:
    """Return the query that gives the points of live WALs."""
    from gnomon.points.segment import as_table

    dropped = drops.get("", set())
    points = {
        (key, wal): found
        for wal, one in live.items()
        for key, found in one.points.items()
        if (wal, key.run) not in dropped and len(found)
    }
    if not points:
        return []
    connection.register("_tails", _owned(as_table(points)))
    return [f"SELECT {_named(COLUMNS)} FROM _tails"]


def _owned(table: Any) -> Any:
    """Return an Arrow table whose memory is its own: see `columns`."""
    from io import BytesIO

    from arro3.io import read_ipc_stream, write_ipc_stream

    stream = BytesIO()
    write_ipc_stream(table, stream)
    stream.seek(0)
    return read_ipc_stream(stream).read_all()


def _without(connection: Any, hidden: Sequence[str]) -> list[str]:
    if not hidden:
        return []
    _register(connection, "_hidden", {"run": columns.texts(list(hidden))})
    return ["run NOT IN (SELECT run FROM _hidden)"]


def _without_left_behind(connection: Any, ranges: Sequence[tuple[str, str, int, int]]) -> list[str]:
    if not ranges:
        return []
    runs, wals, firsts, afters = zip(*ranges, strict=True)
    arrays = {
        "run": columns.texts(runs),
        "wal": columns.texts(wals),
        "first": columns.wholes(firsts),
        "after": columns.wholes(afters),
    }
    _register(connection, "_left_behind", arrays)
    behind = 'l.run = p.run AND l.wal = p.wal AND p."row" >= l.first AND p."row" < l.after'
    return [f"NOT EXISTS (SELECT 1 FROM _left_behind AS l WHERE {behind})"]


def _register(connection: Any, name: str, arrays: dict[str, Any]) -> None:
    from arro3.core import Table

    connection.register(name, Table.from_pydict(arrays))


# --- what a continuation left behind


def _left_behind(
    tables: Tables, covers: Mapping[str, Sequence[Cover]], live: Mapping[str, _Live]
) -> list[tuple[str, str, int, int]]:
    """Return (run, WAL, first row, row after the last) of what does not count, of all runs that were continued."""
    made = {run: cuts(state) for run, state in tables.states_with(entries.JOINED, "continues")}
    made = {run: several for run, several in made.items() if several}
    places: dict[str, dict[str, _Place]] = {run: {} for run in made}
    for found in covers.values() if made else ():
        for cover in found:
            for named in cover.runs:
                if named.run in places:
                    places[named.run][cover.wal] = _Place(cover.log, cover.ordinal)
    for wal, one in live.items():
        for run in {key.run for key in one.points} & places.keys():
            places[run][wal] = _Place(one.log, one.ordinal)
    return [
        (run, wal, *rows)
        for run, several in made.items()
        for wal, ranges in left_behind(several, places[run]).items()
        for rows in ranges
    ]
