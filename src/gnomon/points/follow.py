"""What the index knows of points: figures of every series of every run, without the points themselves.

Follows WALs from where the last look ended, and segments by what they cover. For each WAL the source with the most rows
counts (its file, a copy, a segment), so a WAL that was counted and then sealed costs nothing again. A segment may leave
runs out (an extract, made for an export): for each run of a WAL the source counts that has the most points of it.

Always true: the figures are a function of the files that are there: where the source that was counted is gone or cut,
the next best is counted instead. A file that is damaged counts as far as it is certain.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import msgspec

from gnomon.errors import DamagedFileError
from gnomon.ids import run_subject
from gnomon.points import kept_figures, outlines
from gnomon.points.covers import Cover
from gnomon.points.kept_figures import KeptFigures
from gnomon.points.outline import FEWEST
from gnomon.points.reader import Cursor, WalRead, read_wal
from gnomon.points.series_points import SeriesKey
from gnomon.points.stats import SeriesStat, merge, stats_of
from gnomon.record.index_cells import opened, sealed
from gnomon.record.problems import Problem

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gnomon.record.home import Home

RunStats = dict[str, dict[tuple[int, str], SeriesStat]]
_COMMIT_EVERY = 256
_GONE = ""
_NOWHERE = -1
_LOOKED_AT = 4096
_ATTEMPTS = 4
_encode = msgspec.msgpack.encode
_decode_stats = msgspec.msgpack.Decoder(list[tuple[int, str, SeriesStat]]).decode
_decode_cursor = msgspec.msgpack.Decoder(Cursor).decode
_decode_covers = msgspec.msgpack.Decoder(list[Cover]).decode


class _File(NamedTuple):
    """What the index has of one WAL file. The next record would begin at `offset`; -1: there will be none.

    `seen` is 0 where zeros follow, else the CRC of what stands there and is no whole record.
    """

    no: int
    path: str
    state: str
    wal: str
    rows: int
    offset: int
    seen: int


class _Counted(NamedTuple):
    """How many rows of a WAL the figures are of, and where it stands among the WALs of a run."""

    no: int
    id: str
    log: str
    started_ns: int
    ordinal: int
    rows: int
    bound: int | None


class _Segment(NamedTuple):
    no: int
    path: str
    state: str
    covers: bytes
    problem: str


class PointFigures:
    """The index extension. `stats` of a run are {(rank, series): figures}."""

    name = "points"
    tables: Mapping[str, str] = {
        "point_file": "no INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, state TEXT, wal TEXT, rows INTEGER,"
        " offset INTEGER, seen INTEGER, cursor BLOB",
        "point_segment": "no INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, state TEXT, covers BLOB, problem TEXT",
        "point_wal": "no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, log TEXT, started_ns INTEGER, ordinal INTEGER,"
        " rows INTEGER, bound INTEGER",
        "point_stat": "no INTEGER PRIMARY KEY, run TEXT NOT NULL, wal INTEGER NOT NULL, data BLOB,"
        " UNIQUE (run, wal), UNIQUE (wal, run)",
        "point_outline": outlines.TABLE,
        "point_kept": kept_figures.TABLE,
    }

    def has_news(self, database: sqlite3.Connection, home: Home) -> bool:
        """Return whether `follow` would change anything."""
        segments = {path: segment.state for path, segment in _known_segments(database).items()}
        if segments != {path: _state_of(state) for path, state in home.segment_files()}:
            return True
        known, present = _known_files(database), home.wal_files()
        return len(known) != len(present) or any(
            _has_grown(home, path, state, known.get(path)) for path, state in present
        )

    def follow(
        self,
        database: sqlite3.Connection,
        target: str,
        home: Home,
        touch: Callable[[str], None],
        commit: Callable[[], None],
    ) -> None:
        """Take in all news of points."""
        _Look(database, target, home, touch, commit).take()

    def stats_reader(
        self, database: sqlite3.Connection, home: Home, target: str | None
    ) -> Callable[[str], dict[tuple[int, str], SeriesStat]] | None:
        """Return a function that gives the figures of a run's series, over all its WALs; None where there are none."""
        if database.execute("SELECT 1 FROM all_point_stat LIMIT 1").fetchone() is None:
            return None
        kept = KeptFigures(database, home, target)

        def of_subject(subject: str) -> dict[tuple[int, str], SeriesStat]:
            kind, _, run = subject.partition(":")
            return kept.of_run(run) if kind == "run" else {}

        return of_subject

    def problems(self, database: sqlite3.Connection) -> list[Problem]:
        """Return which segments cannot be used, and why."""
        found = database.execute(
            "SELECT path, problem FROM all_point_segment WHERE problem <> '' AND state <> ''"
        )
        advice = "delete it: the next sync brings a good copy, or its WALs are still there"
        return [Problem(path, "", problem, advice) for path, problem in sorted(found)]


def held_of_series(
    database: sqlite3.Connection, run: str, name: str, rank: int | None
) -> tuple[list[outlines.Held], dict[str, outlines.Place]]:
    """Return (what each WAL has of a series, with outlines where there are some; where each WAL of the run stands)."""
    return outlines.held(database, run, name, rank, lambda data: _decode_stats(opened(data)))


def rows_counted(database: sqlite3.Connection) -> tuple[int, float]:
    """Return how many WALs and rows of points the index has counted."""
    found: tuple[int, float] = database.execute("SELECT count(*), total(rows) FROM all_point_wal").fetchone()
    return found


def bounds_by_log(database: sqlite3.Connection, home: Home, run: str) -> dict[str, int | None]:
    """Return, for each process (log) of a run, the most calls that its WALs may lack; None where nobody can tell.

    A WAL that has not ended is judged now: what its file proved while the machine ran is not proven after a crash. Of several
    files that have as many rows each is right, so the smallest bound counts.
    """
    query = (
        "SELECT w.id, w.log, w.rows, w.bound FROM all_point_stat AS s JOIN all_point_wal AS w ON w.no = s.wal"
        " WHERE s.run = ? AND w.rows >= 0"
    )
    files: dict[str, list[_File]] = {}
    for file in _known_files(database).values():
        files.setdefault(file.wal, []).append(file)
    bounds: dict[str, int | None] = {}
    for wal, log, rows, stored in database.execute(query, (run,)).fetchall():
        bound = stored
        here = [file for file in files.get(wal, ()) if file.rows >= rows]
        if any(file.offset != _NOWHERE for file in here):
            judged = [_bound_now(database, home, file, stored) for file in here]
            judged = judged if any(one is not None for one in judged) else _sealed_bounds(database, wal, rows)
            bound = min((one for one in judged if one is not None), default=None)
        known = bounds.get(log, 0)
        bounds[log] = None if bound is None or known is None else known + bound
    return bounds


def _bound_now(database: sqlite3.Connection, home: Home, file: _File, stored: int | None) -> int | None:
    try:
        return read_wal(home.env, os.path.join(home.path, file.path), cursor=_cursor(database, file)).bound
    except OSError:
        return stored  # sealed meanwhile; what was known counts


def _sealed_bounds(database: sqlite3.Connection, wal: str, rows: int) -> list[int | None]:
    return [
        cover.missing + cover.lost_rows
        for covers in known_covers(database).values()
        for cover in covers
        if cover.wal == wal and cover.rows >= rows and cover.missing is not None
    ]


def wals_of_run(database: sqlite3.Connection, run: str) -> set[str]:
    """Return the WALs that hold rows of a run."""
    query = "SELECT w.id FROM all_point_stat AS s JOIN all_point_wal AS w ON w.no = s.wal WHERE s.run = ?"
    return {wal for (wal,) in database.execute(query, (run,))}


def points_of_wal(database: sqlite3.Connection, wal: str) -> dict[tuple[str, int], int]:
    """Return how many points of each (run, rank) were counted in a WAL."""
    query = (
        "SELECT s.run, s.data FROM all_point_stat AS s JOIN all_point_wal AS w ON w.no = s.wal WHERE w.id = ?"
    )
    found: dict[tuple[str, int], int] = {}
    for run, data in database.execute(query, (wal,)):
        for rank, _, stat in _decode_stats(opened(data)):
            found[run, rank] = found.get((run, rank), 0) + stat.count
    return found


def known_wal_files(database: sqlite3.Connection) -> dict[str, str]:
    """Return the WAL that each WAL file holds, by path within the record; its name need not be its id."""
    return {path: file.wal for path, file in _known_files(database).items()}


class WalFile(NamedTuple):
    """A file that holds a WAL, by path within the record; how many rows it has, and of which runs."""

    path: str
    wal: str
    rows: int
    runs: frozenset[str]


def wal_files_and_runs(database: sqlite3.Connection) -> list[WalFile]:
    """Return the WAL files that can be read, by path."""
    files = "SELECT path, wal, rows FROM all_point_file WHERE state <> '' AND wal <> '' ORDER BY path"
    of_wal = "SELECT s.run FROM all_point_stat AS s JOIN all_point_wal AS w ON w.no = s.wal WHERE w.id = ?"
    return [
        WalFile(path, wal, rows, frozenset(run for (run,) in database.execute(of_wal, (wal,))))
        for path, wal, rows in database.execute(files).fetchall()
    ]


def known_covers(database: sqlite3.Connection) -> dict[str, list[Cover]]:
    """Return what the index knows that segments cover, by path within the record; damaged segments cover nothing."""
    return {
        path: _decode_covers(opened(segment.covers)) for path, segment in _known_segments(database).items()
    }


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
        self._files = _known_files(database)
        self._segments = _known_segments(database)
        self._counted = _counted(database)
        self._next = {table: self._first_free(table) for table in PointFigures.tables}
        self._first_new_wal = self._next["point_wal"]
        self._reads = 0
        self._uncertain: set[str] = set()  # WALs of which a file is gone

    def _first_free(self, table: str) -> int:
        (last,) = self._database.execute(f"SELECT max(no) FROM all_{table}").fetchone()
        return (last or 0) + 1

    def take(self) -> None:
        """Take in all news."""
        self._look_at_segments()
        present = self._home.wal_files()
        for path, state in present:
            self._look_at_wal(path, state)
        gone = self._files.keys() - {path for path, _ in present}
        for path in gone:
            self._uncertain.add(self._files[path].wal)
            self._store_file(self._files.pop(path)._replace(state=_GONE), b"")
        self._recount_lost()
        for run in kept_figures.runs_to_count_again(self._database):
            self._touch(run_subject(run))

    # --- segments

    def _look_at_segments(self) -> None:
        present = self._home.segment_files()
        for path, state in present:
            known, mark = self._segments.get(path), _state_of(state)
            if known is not None and known.state == mark:
                continue
            if known is not None:  # changed in place
                self._uncertain.update(cover.wal for cover in _decode_covers(opened(known.covers)))
            covers: list[Cover] = []
            problem = ""
            try:
                covers = self._covers_of(path)
                self._count_segment(path, {cover.wal: cover for cover in covers if self._is_news(cover)})
                self._outline_segment(path, covers)
            except DamagedFileError as error:
                self._uncertain.update(cover.wal for cover in covers)
                covers, problem = [], error.message
            except OSError:
                self._uncertain.update(cover.wal for cover in covers)
                continue  # merged into another one since it was listed, or unreadable: tried again at the next look
            no = known.no if known is not None else self._number("point_segment")
            self._store_segment(_Segment(no, path, mark, sealed(_encode(covers)), problem))
            self._commit()
        for path in self._segments.keys() - {path for path, _ in present}:
            segment = self._segments.pop(path)
            self._uncertain.update(cover.wal for cover in _decode_covers(opened(segment.covers)))
            self._store_segment(segment._replace(state=_GONE))

    def _is_news(self, cover: Cover) -> bool:
        """Return whether a segment has more rows of a WAL than were counted, or more points of one of its runs."""
        if cover.rows > self._rows_of(cover.wal):
            return True
        known = self._points_of(cover.wal)
        said: dict[str, int] = {}
        for one in cover.runs:
            said[one.run] = said.get(one.run, 0) + one.points
        return any(points > known.get(run, 0) for run, points in said.items())

    def _points_of(self, wal: str) -> dict[str, int]:
        """Return how many points of each run were counted in a WAL."""
        return {run: sum(stat.count for _, _, stat in stats) for run, stats in self._stats_in(wal).items()}

    def _stats_in(self, wal: str) -> dict[str, list[tuple[int, str, SeriesStat]]]:
        """Return what was counted of each run in a WAL."""
        counted = self._counted.get(wal)
        if counted is None:
            return {}
        rows = self._database.execute("SELECT run, data FROM all_point_stat WHERE wal = ?", (counted.no,))
        return {run: _decode_stats(opened(data)) for run, data in rows}

    def _covers_of(self, path: str) -> list[Cover]:
        from gnomon.points.segment import covers_of

        return [*covers_of(self._home.env, os.path.join(self._home.path, path))]

    def _count_segment(self, path: str, wanted: Mapping[str, Cover]) -> None:
        """Count what a segment holds of these WALs. Raises OSError, DamagedFileError."""
        if not wanted:
            return
        from gnomon.points.figures import segment_stats

        by_wal: dict[str, dict[SeriesKey, SeriesStat]] = {wal: {} for wal in wanted}
        for wal, key, stat in segment_stats(
            self._home.env, os.path.join(self._home.path, path), frozenset(wanted)
        ):
            by_wal[wal][key] = stat
        for wal, cover in wanted.items():
            bound = None if cover.missing is None else cover.missing + cover.lost_rows
            found, known = _by_run(by_wal[wal]), self._points_of(wal)
            more = {run: stats for run, stats in found.items() if _points_in(stats) > known.get(run, 0)}
            counted = self._counted.get(wal)
            if counted is None or cover.rows > counted.rows:
                no = self._count(wal, cover.log, cover.started_ns, cover.ordinal, cover.rows, bound)
            else:
                no = counted.no
            self._store_stats(no, more, is_whole=False)

    def _outline_segment(self, path: str, covers: Sequence[Cover]) -> None:
        """Outline the long series of a segment, where that was not done yet: a WAL that grew until it died was not."""
        from gnomon.points.row_groups import chosen, may_hold
        from gnomon.points.segment import check_name, collect

        long = {
            (cover.wal, key)
            for cover in covers
            if FEWEST <= self._rows_of(cover.wal) <= cover.rows
            for key in self._not_outlined(cover.wal)
            if cover.names(key.run)
        }
        if not long:
            return
        full = os.path.join(self._home.path, path)
        check_name(self._home.env, full)
        most = sum(cover.points for cover in covers)
        for wal, key in sorted(long):  # one series in memory at a time

            def is_wanted(of: SeriesKey, in_wal: str, wal: str = wal, key: SeriesKey = key) -> bool:
                return (in_wal, of) == (wal, key)

            may = may_hold([key.run], [key.series], [wal], is_wanted)
            found = collect(chosen(self._home.env, full, most, may).batches, is_wanted)
            self._store_outlines(wal, outlines.packed({of: part for (of, _), part in found.items()}))

    # --- WALs

    def _look_at_wal(self, path: str, state: os.stat_result) -> None:
        known = self._files.get(path)
        if not _has_grown(self._home, path, state, known):
            return
        try:
            read, seen = self._read_wal(path, _cursor(self._database, known) if known is not None else None)
        except OSError:
            return  # sealed since it was listed, or unreadable: tried again at the next look
        no = known.no if known is not None else self._number("point_file")
        wal = read.header.wal if read.header is not None else ""
        if known is not None and (wal != known.wal or read.rows < known.rows):
            self._uncertain.add(known.wal)  # it was cut, or is another one
        encoded = sealed(_encode(read.cursor)) if read.cursor is not None else b""
        self._store_file(_File(no, path, _state_of(state), wal, read.rows, _next_offset(read), seen), encoded)
        if read.header is None:
            return
        counted = self._counted.get(wal)
        if (
            counted is None
            or read.rows > counted.rows
            or (read.rows == counted.rows and counted.bound != read.bound)
        ):
            self._count_wal(read, counted)
        self._outline_wal(path, read)
        if counted is not None and read.rows <= counted.rows and not read.first_row:
            self._add_missing(read, counted)
        self._reads += 1
        if self._reads % _COMMIT_EVERY == 0:
            self._commit()

    def _read_wal(self, path: str, cursor: Cursor | None) -> tuple[WalRead, int]:
        """Return what a WAL holds after `cursor`, or all of it where that is not what was counted; and what follows."""
        env, full = self._home.env, os.path.join(self._home.path, path)
        read = read_wal(env, full, cursor=cursor)
        if read.first_row and read.first_row != self._rows_of(read.header.wal if read.header else ""):
            cursor = None
            read = read_wal(env, full)
        seen = 0
        for _ in range(_ATTEMPTS):  # a process may be writing just there: look, read again, and compare
            seen = _crc_at(self._home, path, _next_offset(read))
            if not seen:
                break
            again = read_wal(env, full, cursor=cursor)
            if again.rows == read.rows:
                break
            read = again
        return read, seen

    def _count_wal(self, read: WalRead, counted: _Counted | None) -> None:
        header = read.header
        if header is None:
            return
        place = (header.log, header.created_ns, header.ordinal)
        no = self._count(header.wal, *place, read.rows, read.bound)
        if counted is not None and read.rows == counted.rows:
            return
        by_run = _by_run(stats_of(read.blocks))
        if read.first_row:
            by_run = {run: self._added(no, run, stats) for run, stats in by_run.items()}
        self._store_stats(no, by_run, is_whole=not read.first_row)

    def _outline_wal(self, path: str, read: WalRead) -> None:
        """Outline the long series of a WAL that was read whole, or has ended, where that was not done yet."""
        if read.header is None or not FEWEST <= self._rows_of(read.header.wal) <= read.rows:
            return
        if read.first_row and read.close is None:
            return  # it grows: its points are read until then
        if not self._not_outlined(read.header.wal):
            return
        if read.first_row:
            read = read_wal(self._home.env, os.path.join(self._home.path, path))
        if read.header is not None:
            self._store_outlines(read.header.wal, outlines.outlines_of_blocks(read.blocks))

    def _not_outlined(self, wal: str) -> set[SeriesKey]:
        """Return the long series of a WAL of which there is no outline of all points that were counted."""
        no = self._counted[wal].no
        long = {
            SeriesKey(run, series, rank): stat.count
            for run, stats in self._stats_in(wal).items()
            for rank, series, stat in stats
            if stat.count >= FEWEST
        }
        if not long:
            return set()
        return {key for key, count in long.items() if not outlines.has_all(self._database, no, key, count)}

    def _store_outlines(self, wal: str, found: Iterable[tuple[SeriesKey, bytes]]) -> None:
        no = self._counted[wal].no
        outlines.store(self._database, self._target, no, found, lambda: self._number("point_outline"))

    def _add_missing(self, read: WalRead, counted: _Counted) -> None:
        """Count the runs of a WAL that the segment leaves out from which its figures are."""
        known = self._points_of(counted.id)
        found = _by_run(stats_of(read.blocks))
        more = {run: stats for run, stats in found.items() if _points_in(stats) > known.get(run, 0)}
        self._store_stats(counted.no, more, is_whole=False)

    def _added(
        self, wal: int, run: str, stats: Mapping[tuple[int, str], SeriesStat]
    ) -> dict[tuple[int, str], SeriesStat]:
        """Return the figures of a run in a WAL with those of later rows."""
        row = self._database.execute(
            "SELECT data FROM all_point_stat WHERE run = ? AND wal = ?", (run, wal)
        ).fetchone()
        whole = {(rank, series): stat for rank, series, stat in _decode_stats(opened(row[0]))} if row else {}
        for key, stat in stats.items():
            whole[key] = merge(whole[key], stat) if key in whole else stat
        return whole

    # --- what is gone

    def _recount_lost(self) -> None:
        """Where no file holds as many rows of a WAL, or of its runs, as were counted, count anew what the files hold."""
        best: dict[str, int] = {}
        for segment in self._segments.values():
            for cover in _decode_covers(opened(segment.covers)):
                best[cover.wal] = max(cover.rows, best.get(cover.wal, -1))
        for file in self._files.values():
            if file.wal:
                best[file.wal] = max(file.rows, best.get(file.wal, -1))
        for counted in list(self._counted.values()):
            if counted.rows < 0 and counted.id not in best:
                continue
            if best.get(counted.id, -1) < counted.rows or (
                counted.id in self._uncertain and self._lacks_runs(counted)
            ):
                self._count(*counted[1:5], -1, None)
                self._store_stats(counted.no, {}, is_whole=True)
                self._count_anew(counted.id)

    def _lacks_runs(self, counted: _Counted) -> bool:
        """Return whether the files that are there name fewer points of a run than were counted of it in this WAL."""
        if any(file.wal == counted.id and file.rows >= counted.rows for file in self._files.values()):
            return False
        said: dict[str, int] = {}
        for _, cover in self._covers_with(counted.id):
            here: dict[str, int] = {}
            for one in cover.runs:
                here[one.run] = here.get(one.run, 0) + one.points
            for run, points in here.items():
                said[run] = max(points, said.get(run, 0))
        return any(points > said.get(run, 0) for run, points in self._points_of(counted.id).items())

    def _covers_with(self, wal: str) -> list[tuple[str, Cover]]:
        """Return (path, cover) of the segments that hold rows of a WAL."""
        return [
            (path, cover)
            for path, segment in self._segments.items()
            for cover in _decode_covers(opened(segment.covers))
            if cover.wal == wal
        ]

    def _count_anew(self, wal: str) -> None:
        """Count all that the files that are there hold of one WAL."""
        for path, cover in self._covers_with(wal):
            try:
                self._count_segment(path, {wal: cover})
            except (OSError, DamagedFileError):
                pass  # gone since it was listed: the next look finds what took its place
        for path in [path for path, file in self._files.items() if file.wal == wal]:
            try:
                read = read_wal(self._home.env, os.path.join(self._home.path, path))
            except OSError:
                continue  # as above
            counted = self._counted[wal]
            if read.rows > counted.rows:
                self._count_wal(read, None)
            else:
                self._add_missing(read, counted)
            self._outline_wal(path, read)

    # --- writing

    def _number(self, table: str) -> int:
        self._next[table] += 1
        return self._next[table] - 1

    def _rows_of(self, wal: str) -> int:
        return self._counted[wal].rows if wal in self._counted else -1

    def _count(self, wal: str, log: str, started_ns: int, ordinal: int, rows: int, bound: int | None) -> int:
        """Note of how many rows of a WAL the figures are; return its number."""
        known = self._counted.get(wal)
        no = known.no if known is not None else self._number("point_wal")
        row = self._counted[wal] = _Counted(no, wal, log, started_ns, ordinal, rows, bound)
        self._execute("INSERT OR REPLACE INTO {}.point_wal VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return no

    def _store_file(self, file: _File, cursor: bytes) -> None:
        if file.state != _GONE:
            self._files[file.path] = file
        elif self._target == "main":
            self._execute("DELETE FROM {}.point_file WHERE no = ?", (file.no,))
            return
        self._execute("INSERT OR REPLACE INTO {}.point_file VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*file, cursor))

    def _store_segment(self, segment: _Segment) -> None:
        if segment.state != _GONE:
            self._segments[segment.path] = segment
        elif self._target == "main":
            self._execute("DELETE FROM {}.point_segment WHERE no = ?", (segment.no,))
            return
        self._execute("INSERT OR REPLACE INTO {}.point_segment VALUES (?, ?, ?, ?, ?)", segment)

    def _store_stats(self, wal: int, by_run: RunStats, *, is_whole: bool) -> None:
        """Write the figures of runs in one WAL; `is_whole`: they are all that it has, so others go."""
        known: dict[str, int] = {}
        if wal < self._first_new_wal:
            known.update(self._database.execute("SELECT run, no FROM all_point_stat WHERE wal = ?", (wal,)))
        rows = []
        for run, stats in by_run.items():
            no = known.pop(run, None) or self._number("point_stat")
            data = sealed(_encode([(rank, series, stat) for (rank, series), stat in stats.items()]))
            rows.append((no, run, wal, data))
        if is_whole and self._target == "main":
            gone = [(no,) for no in known.values()]
            self._database.executemany("DELETE FROM main.point_stat WHERE no = ?", gone)
        elif is_whole:
            rows += [(no, run, wal, sealed(_encode([]))) for run, no in known.items()]
        self._database.executemany(
            f"INSERT OR REPLACE INTO {self._target}.point_stat VALUES (?, ?, ?, ?)", rows
        )
        for run in {*by_run, *(known if is_whole else ())}:
            self._touch(run_subject(run))

    def _execute(self, statement: str, row: tuple[object, ...]) -> None:
        self._database.execute(statement.format(self._target), row)


def _by_run(stats: Mapping[SeriesKey, SeriesStat]) -> RunStats:
    by_run: RunStats = {}
    for key, stat in stats.items():
        by_run.setdefault(key.run, {})[key.rank, key.series] = stat
    return by_run


def _points_in(stats: Mapping[tuple[int, str], SeriesStat]) -> int:
    return sum(stat.count for stat in stats.values())


def _known_files(database: sqlite3.Connection) -> dict[str, _File]:
    found = database.execute(
        "SELECT no, path, state, wal, rows, offset, seen FROM all_point_file WHERE state <> ''"
    )
    return {row[1]: _File(*row) for row in found}


def _known_segments(database: sqlite3.Connection) -> dict[str, _Segment]:
    found = database.execute(
        "SELECT no, path, state, covers, problem FROM all_point_segment WHERE state <> ''"
    )
    return {row[1]: _Segment(*row) for row in found}


def _counted(database: sqlite3.Connection) -> dict[str, _Counted]:
    found = database.execute("SELECT no, id, log, started_ns, ordinal, rows, bound FROM all_point_wal")
    return {row[1]: _Counted(*row) for row in found}


def _cursor(database: sqlite3.Connection, file: _File) -> Cursor | None:
    row = database.execute("SELECT cursor FROM all_point_file WHERE no = ?", (file.no,)).fetchone()
    return _decode_cursor(opened(row[0])) if row and row[0] else None


def _state_of(state: os.stat_result) -> str:
    return f"{state.st_size}/{state.st_mtime_ns}/{state.st_ino}"


def _next_offset(read: WalRead) -> int:
    """Return where to look for the next record (without a header: for that); -1 where none can come."""
    if read.header is None:
        return 0
    return _NOWHERE if read.close is not None else read.end


def _has_grown(home: Home, path: str, state: os.stat_result, known: _File | None) -> bool:
    """Return whether a WAL may hold more than was read.

    Rows come through a memory map, which leaves no mark in the file's state for a second or so; so of a file that has
    not ended, the place where the next record would begin is looked at.
    """
    if known is None or known.state != _state_of(state):
        return True
    try:
        return _crc_at(home, path, known.offset) != known.seen
    except OSError:
        return False  # gone or unreadable: the next listing says so


def _crc_at(home: Home, path: str, offset: int) -> int:
    """Return the CRC of what stands at `offset`, 0 for zeros and for nothing."""
    if offset == _NOWHERE:
        return 0
    fd = home.env.open_read(os.path.join(home.path, path))
    try:
        data = home.env.read(fd, _LOOKED_AT, offset)
    finally:
        home.env.close(fd)
    return crc32(data) if any(data) else 0
