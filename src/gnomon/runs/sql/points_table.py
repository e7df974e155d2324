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
from gnomon.points.query import Cut, _sorted_out
from gnomon.runs import entries
from gnomon.runs.resume import cuts
from gnomon.runs.sql import columns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.points.covers import Cover
    from gnomon.points.series_points import SeriesKey, SeriesPoints
    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Tables
    from gnomon.runs.views import Record

COLUMNS = ("run", "series", "rank", "step", "time", "value", "exact", "wal", "row")
_PATTERN = frozenset("*?[]{}")
_NO_END = 2**63 - 1
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
    """Where a WAL stands in its process, and how many rows of it are known: as `points.query` wants it of a source."""

    log: str
    ordinal: int
    rows: int


class _Files(NamedTuple):
    """The files of points as the index knows them."""

    covers: dict[str, list[Cover]]
    wals: list[tuple[str, str, int]]  # path, WAL, rows
    runs_of: dict[str, set[str]]  # of the WALs that have a file: their runs


def make_points(tables: Tables, statement: Statement) -> None:  # noqa: ARG001  every maker is called so
    """Make the table; all columns are there, since DuckDB reads of a segment only those that it needs."""
    record, connection = tables.record, tables.connection
    files = record.replica.index.ask(_known_files)
    live = _needed_wals(record, files)
    drops = _drops(files.covers, live)
    parts, allowed = _segments(
        record, connection, [path for path, found in files.covers.items() if found], drops
    )
    parts += _tails(connection, live, drops)
    source = " UNION ALL ".join(parts) or f"SELECT {_EMPTY} WHERE false"
    behind = _left_behind(tables, _places(files, live))
    conditions = [*_without(connection, tables.hidden()), *_without_left_behind(connection, behind)]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    connection.execute(f"CREATE TEMP VIEW points AS SELECT {_named(COLUMNS)} FROM ({source}) AS p{where}")
    tables.files += allowed


def _places(files: _Files, live: Mapping[str, _Live]) -> dict[str, _Place]:
    """Return where each WAL stands, by the file that has the most rows of it."""
    places: dict[str, _Place] = {}
    known = [
        (cover.wal, _Place(cover.log, cover.ordinal, cover.rows))
        for found in files.covers.values()
        for cover in found
    ]
    for wal, place in [*known, *((wal, _Place(one.log, one.ordinal, one.rows)) for wal, one in live.items())]:
        if wal not in places or place.rows > places[wal].rows:
            places[wal] = place
    return places


def _named(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _known_files(database: sqlite3.Connection) -> _Files:
    from gnomon.points.follow import known_covers

    query = "SELECT path, wal, rows FROM all_point_file WHERE state <> '' AND wal <> '' ORDER BY path"
    wals = list(database.execute(query))
    runs_of: dict[str, set[str]] = {wal: set() for _, wal, _ in wals}
    for wal in runs_of:
        found = database.execute(
            "SELECT s.run FROM all_point_stat AS s JOIN all_point_wal AS w ON w.no = s.wal WHERE w.id = ?",
            (wal,),
        )
        runs_of[wal] = {run for (run,) in found}
    return _Files(dict(sorted(known_covers(database).items())), wals, runs_of)


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
    for path, wal, rows in files.wals:
        runs = files.runs_of[wal]
        if any(
            cover.rows >= rows and runs <= {one.run for one in cover.runs} for cover in covered.get(wal, ())
        ):
            continue
        try:
            read = read_wal(home.env, os.path.join(home.path, path))
        except FileNotFoundError:  # sealed since the index looked: the next question finds the segment
            continue
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
            connection.read_parquet([full]).create_view(f"_segment_{number}")
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
        connection.read_parquet(whole).create_view("_segments")
        parts.append(f"SELECT {_named(COLUMNS)} FROM _segments")
    return parts, allowed


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


def _left_behind(tables: Tables, places: Mapping[str, _Place]) -> list[tuple[str, str, int, int]]:
    """Return (run, WAL, first row, row after the last) of what does not count, of all runs that were continued."""
    continued = tables.states_with(entries.JOINED, "continues")
    return [(run, *one) for run, state in continued for one in _ranges(cuts(state), places)]


def _ranges(made: Sequence[Cut], places: Mapping[str, _Place]) -> list[tuple[str, int, int]]:
    """Return (WAL, first row, row after the last) of what these cuts leave out: the same rule as `points.query`."""
    if not made:
        return []
    open_cuts, closed = _sorted_out(made, places)  # type: ignore[arg-type]
    last: dict[str, tuple[int, int]] = {}
    for wal, row in open_cuts.items():
        place = places[wal]
        last[place.log] = max(last.get(place.log, (-1, -1)), (place.ordinal, row))
    logs = {*last, *(first.log for _, first, _ in closed)}
    found = []
    for wal, place in places.items():
        if place.log not in logs:
            continue
        ordinal, row = last.get(place.log, (place.ordinal + 1, 0))
        end = place.rows if place.ordinal < ordinal else row + 1 if place.ordinal == ordinal else 0
        if end < place.rows:
            found.append((wal, end, _NO_END))
        for cut, first, until in closed:
            if (
                first.log == place.log
                and first.ordinal <= place.ordinal <= until.ordinal
                and cut.until is not None
            ):
                start = cut.row + 1 if place == places[cut.wal] else 0
                found.append((wal, start, cut.until[1] if wal == cut.until[0] else place.rows))
    return found
