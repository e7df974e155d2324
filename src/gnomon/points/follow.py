"""What the index knows of points: figures of every series of every run, without the points themselves.

Follows WALs from where the last look ended, and segments by what they cover. For each WAL the source with the most rows
counts, so a WAL that was counted and then sealed costs nothing again.

Always true: the figures are a function of the files that are there: where a file that was counted is gone and nothing
covers it, the index is built anew. A file that is damaged counts as far as it is certain.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gnomon.errors import DamagedFileError
from gnomon.ids import run_subject
from gnomon.points import layout
from gnomon.points.covers import Cover
from gnomon.points.reader import Cursor, read_wal
from gnomon.points.segment import covers_of, decode, read_file
from gnomon.points.stats import SeriesStat, merge, stat_of, stats_of
from gnomon.record.index_follow import RebuildNeeded

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping

    from gnomon.points.series_points import SeriesKey
    from gnomon.record.home import Home

Files = list[tuple[str, os.stat_result]]
RunStats = dict[str, dict[tuple[int, str], SeriesStat]]
_COMMIT_EVERY = 256
_encode = msgspec.msgpack.encode
_decode_stats = msgspec.msgpack.Decoder(list[tuple[int, str, SeriesStat]]).decode
_decode_cursor = msgspec.msgpack.Decoder(Cursor).decode
_decode_covers = msgspec.msgpack.Decoder(list[Cover]).decode


class _Wal(NamedTuple):
    """What the index has of one WAL. `state` tells whether its file is as it was; '' for one known from a segment."""

    no: int
    id: str
    rows: int
    is_ended: bool
    state: str
    cursor: bytes


class PointFigures:
    """The index extension. `stats` of a run are {(rank, series): figures}."""

    name = "points"
    tables = {
        "point_wal": "no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, log TEXT, started_ns INTEGER, ordinal INTEGER,"
        " rows INTEGER, bound INTEGER, is_ended INTEGER, state TEXT, cursor BLOB",
        "point_stat": "no INTEGER PRIMARY KEY, run TEXT NOT NULL, wal INTEGER NOT NULL, data BLOB, UNIQUE (run, wal)",
        "point_segment": "no INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, state TEXT, covers BLOB",
    }

    # --- following

    def has_news(self, database: sqlite3.Connection, home: Home) -> bool:
        """Return whether `follow` would change anything."""
        wals, segments = _known_wals(database), _known_segments(database)
        present = {path: _state_of(state) for path, state in home.segment_files()}
        if present != {path: state for path, (_, state, _) in segments.items()}:
            return True
        files = home.wal_files()
        if any(_has_grown(home, path, state, wals.get(_wal_of(path))) for path, state in files):
            return True
        there = {_wal_of(path) for path, _ in files}
        return any(wal.state and wal.id not in there for wal in wals.values())

    def follow(
        self,
        database: sqlite3.Connection,
        target: str,
        home: Home,
        touch: Callable[[str], None],
        commit: Callable[[], None],
    ) -> None:
        """Take in all news of points. Raises RebuildNeeded where something that was counted is gone."""
        _Look(database, target, home, touch, commit).take()

    def stats(self, database: sqlite3.Connection, subject: str) -> dict[tuple[int, str], SeriesStat]:
        """Return the figures of a run's series, over all its WALs."""
        kind, _, run = subject.partition(":")
        if kind != "run":
            return {}
        query = (
            "SELECT s.data FROM all_point_stat AS s JOIN all_point_wal AS w ON w.no = s.wal WHERE s.run = ?"
            " ORDER BY w.started_ns, w.ordinal, w.id"
        )
        found: dict[tuple[int, str], SeriesStat] = {}
        for (data,) in database.execute(query, (run,)):
            for rank, series, stat in _decode_stats(data):
                known = found.get((rank, series))
                found[rank, series] = stat if known is None else merge(known, stat)
        return found


def bounds_by_log(database: sqlite3.Connection, run: str) -> dict[str, int | None]:
    """Return, for each process (log) of a run, the most calls that its WALs may lack; None where nobody can tell."""
    query = (
        "SELECT w.log, w.bound FROM all_point_stat AS s JOIN all_point_wal AS w ON w.no = s.wal WHERE s.run = ?"
    )
    bounds: dict[str, int | None] = {}
    for log, bound in database.execute(query, (run,)):
        known = bounds.get(log, 0)
        bounds[log] = None if bound is None or known is None else known + bound
    return bounds


def known_covers(database: sqlite3.Connection) -> dict[str, list[Cover]]:
    """Return what the index knows that segments cover, by path within the record."""
    return {path: _decode_covers(covers) for path, (_, _, covers) in _known_segments(database).items()}


class _Look:
    """One look at the files of points."""

    def __init__(
        self,
        database: sqlite3.Connection,
        target: str,
        home: Home,
        touch: Callable[[str], None],
        commit: Callable[[], None],
    ) -> None:
        self._database = database
        self._target = target
        self._home = home
        self._touch = touch
        self._commit = commit
        self._wals = _known_wals(database)
        self._next_wal = self._next("point_wal")
        self._next_stat = self._next("point_stat")
        self._since_commit = 0

    def _next(self, table: str) -> int:
        (last,) = self._database.execute(f"SELECT max(no) FROM all_{table}").fetchone()
        return (last or 0) + 1

    def take(self) -> None:
        """Take in all news."""
        covers = self._segments()
        files = self._home.wal_files()
        for path, state in files:
            self._wal(path, state, covers.get(_wal_of(path)))
        there = {_wal_of(path) for path, _ in files}
        for wal in self._wals.values():
            cover = covers.get(wal.id)
            if wal.id not in there and (cover is None or cover.rows < wal.rows):
                raise RebuildNeeded

    # --- segments

    def _segments(self) -> dict[str, Cover]:
        """Take in new segments, forget those that are gone; return the largest cover of each WAL."""
        known = _known_segments(self._database)
        next_no = self._next("point_segment")
        best: dict[str, Cover] = {}
        for path, state in self._home.segment_files():
            mark = _state_of(state)
            if path in known and known[path][1] == mark:
                covers = _decode_covers(known[path][2])
            else:
                try:
                    covers = [*covers_of(self._home.env, os.path.join(self._home.path, path))]
                except (OSError, DamagedFileError):
                    continue  # it counts for nothing; `verify` names it
                no = known[path][0] if path in known else next_no
                next_no += path not in known
                row = (no, path, mark, _encode(covers))
                self._execute("INSERT OR REPLACE INTO {}.point_segment VALUES (?, ?, ?, ?)", row)
                self._count_segment(path, covers)
            known.pop(path, None)
            for cover in covers:
                if cover.wal not in best or cover.rows > best[cover.wal].rows:
                    best[cover.wal] = cover
        for path in known:
            if self._target == "main":
                self._execute("DELETE FROM {}.point_segment WHERE path = ?", (path,))
        return best

    def _count_segment(self, path: str, covers: list[Cover]) -> None:
        """Count what a segment holds of WALs of which fewer rows were counted."""
        news = {
            cover.wal: cover
            for cover in covers
            if cover.wal not in self._wals or cover.rows > self._wals[cover.wal].rows
        }
        if not news:
            return
        data = read_file(self._home.env, os.path.join(self._home.path, path))
        by_wal: dict[str, dict[SeriesKey, SeriesStat]] = {wal: {} for wal in news}
        for (key, wal), points in decode(data, path, lambda _, wal: wal in news).points.items():
            by_wal[wal][key] = stat_of(points.steps, points.times_us, points.values, points.exact or None)
        for wal, cover in news.items():
            known = self._wals.get(wal)
            no = self._store_wal(
                known, wal, cover.log, cover.started_ns, cover.ordinal, cover.rows,
                None if cover.missing is None else cover.missing + cover.lost_rows, cover.closed, "", b"",
            )  # fmt: skip
            self._store_stats(no, _by_run(by_wal[wal]), is_new=known is None)

    # --- WALs

    def _wal(self, path: str, state: os.stat_result, cover: Cover | None) -> None:
        known = self._wals.get(_wal_of(path))
        if not _has_grown(self._home, path, state, known):
            return
        cursor = _decode_cursor(known.cursor) if known is not None and known.cursor else None
        try:
            read = read_wal(self._home.env, os.path.join(self._home.path, path), cursor=cursor)
        except OSError:
            return  # sealed since it was listed, or unreadable; then `verify` says so
        if read.header is None:
            return
        mark = _state_of(state)
        encoded = _encode(read.cursor) if read.cursor is not None else b""
        header, rows = read.header, read.rows
        if known is not None and rows < known.rows:
            if cover is None or cover.rows < known.rows:
                raise RebuildNeeded
            rows, encoded = known.rows, known.cursor  # the segment holds more than this copy of the WAL
        no = self._store_wal(
            known, header.wal, header.log, header.created_ns, header.ordinal, rows, read.bound,
            read.close is not None, mark, encoded,
        )  # fmt: skip
        if known is not None and read.rows <= known.rows:
            return
        by_run = _by_run(stats_of(read.blocks))
        if read.first_row:
            by_run = {run: self._added(no, run, stats) for run, stats in by_run.items()}
        self._store_stats(no, by_run, is_new=known is None)
        self._since_commit += 1
        if self._since_commit >= _COMMIT_EVERY:
            self._since_commit = 0
            self._commit()

    def _added(
        self, wal: int, run: str, stats: Mapping[tuple[int, str], SeriesStat]
    ) -> dict[tuple[int, str], SeriesStat]:
        """Return the figures of a run in a WAL with those of later rows."""
        query = "SELECT data FROM all_point_stat WHERE run = ? AND wal = ?"
        row = self._database.execute(query, (run, wal)).fetchone()
        whole = {(rank, series): stat for rank, series, stat in _decode_stats(row[0])} if row else {}
        for key, stat in stats.items():
            whole[key] = merge(whole[key], stat) if key in whole else stat
        return whole

    # --- writing

    def _store_wal(
        self, known: _Wal | None, id: str, log: str, started_ns: int, ordinal: int, rows: int, bound: int | None,
        is_ended: bool, state: str, cursor: bytes,
    ) -> int:  # fmt: skip
        no = known.no if known is not None else self._next_wal
        self._next_wal += known is None
        row = (no, id, log, started_ns, ordinal, rows, bound, is_ended, state, cursor)
        self._execute("INSERT OR REPLACE INTO {}.point_wal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._wals[id] = _Wal(no, id, rows, is_ended, state, cursor)
        return no

    def _store_stats(self, wal: int, by_run: RunStats, *, is_new: bool) -> None:
        rows = []
        for run, stats in by_run.items():
            found = None
            if not is_new:
                query = "SELECT no FROM all_point_stat WHERE run = ? AND wal = ?"
                found = self._database.execute(query, (run, wal)).fetchone()
            no = found[0] if found else self._next_stat
            self._next_stat += found is None
            rows.append((no, run, wal, _encode([(rank, series, stat) for (rank, series), stat in stats.items()])))
        statement = f"INSERT OR REPLACE INTO {self._target}.point_stat VALUES (?, ?, ?, ?)"
        self._database.executemany(statement, rows)
        for run in by_run:
            self._touch(run_subject(run))

    def _execute(self, statement: str, row: tuple[object, ...]) -> None:
        self._database.execute(statement.format(self._target), row)


def _by_run(stats: Mapping[SeriesKey, SeriesStat]) -> RunStats:
    by_run: RunStats = {}
    for key, stat in stats.items():
        by_run.setdefault(key.run, {})[key.rank, key.series] = stat
    return by_run


def _known_wals(database: sqlite3.Connection) -> dict[str, _Wal]:
    rows: Iterable[tuple[int, str, int, int, str, bytes]] = database.execute(
        "SELECT no, id, rows, is_ended, state, cursor FROM all_point_wal"
    )
    return {row[1]: _Wal(row[0], row[1], row[2], bool(row[3]), row[4], row[5]) for row in rows}


def _known_segments(database: sqlite3.Connection) -> dict[str, tuple[int, str, bytes]]:
    rows = database.execute("SELECT path, no, state, covers FROM all_point_segment")
    return {path: (no, state, covers) for path, no, state, covers in rows}


def _wal_of(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".wal")


def _state_of(state: os.stat_result) -> str:
    return f"{state.st_size}/{state.st_mtime_ns}/{state.st_ino}"


def _has_grown(home: Home, path: str, state: os.stat_result, known: _Wal | None) -> bool:
    """Return whether a WAL may hold more than was counted. Rows come through a memory map, which leaves no mark in its
    state for a second or so; so of one that has not ended, the place where the next record would begin is looked at.
    """
    if known is None or known.state != _state_of(state):
        return True
    if known.is_ended or not known.cursor:
        return False
    try:
        fd = home.env.open_read(os.path.join(home.path, path))
    except OSError:
        return True
    try:
        return any(home.env.read(fd, layout.CRC.size, _decode_cursor(known.cursor).offset))
    finally:
        home.env.close(fd)
