"""The figures of a run that was continued from an earlier row: without what its earlier process logged after that.

The figures in the index are of whole WALs. Of a WAL that a cut divides, the rows are read once; the index keeps what they gave
until the WAL or the cut changes.

Always true: the figures are those of the points that `points.query` gives for the same cuts.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gnomon.points.stats import SeriesStat, merge, stat_of
from gnomon.record.index_cells import opened, sealed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from gnomon.points.covers import Cover
    from gnomon.points.query import Cut, PointFiles
    from gnomon.record.home import Home

TABLE = (
    "no INTEGER PRIMARY KEY, run TEXT NOT NULL, wal INTEGER NOT NULL, asked BLOB NOT NULL, data BLOB NOT NULL,"
    " UNIQUE (run, wal)"
)
RunFigures = dict[tuple[int, str], SeriesStat]
_Packed = list[tuple[int, str, SeriesStat]]
_AGAIN = b""  # in the place of what was asked: a file was gone, so this is to be counted again
_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


class _Wal(NamedTuple):
    """What the index has of a run in one WAL; `log` and `ordinal` say where it stands."""

    no: int
    id: str
    log: str
    ordinal: int
    rows: int
    figures: _Packed


class FiguresOfRun(dict[tuple[int, str], SeriesStat]):
    """The figures of a run by (rank, series); `that_count` gives those without what cuts leave out."""

    def __init__(self, figures: RunFigures, without: Callable[[Sequence[Cut]], RunFigures]) -> None:
        super().__init__(figures)
        self._without = without

    def that_count(self, cuts: Sequence[Cut]) -> RunFigures:
        """Return the figures of what counts."""
        return self._without(cuts) if cuts else self


class KeptFigures:
    """Answers for one state of the index; `target` is where it may keep what it counted (None: nowhere)."""

    def __init__(self, database: sqlite3.Connection, home: Home, target: str | None) -> None:
        self._database = database
        self._home = home
        self._target = target
        self._files: tuple[dict[str, list[tuple[str, Cover]]], dict[str, list[str]]] | None = None

    def of_run(self, run: str) -> FiguresOfRun:
        """Return the figures of a run over all its WALs."""
        wals = _wals(self._database, run)
        whole = _joined([wal.figures for wal in wals])
        return FiguresOfRun(whole, lambda cuts: self._that_count(run, wals, cuts))

    def _that_count(self, run: str, wals: Sequence[_Wal], cuts: Sequence[Cut]) -> RunFigures:
        from gnomon.points.query import ALL, rows_away

        away = rows_away(cuts, {wal.id: wal for wal in wals if wal.figures})
        kept = [
            self._of_divided(run, wal, away[wal.id]) if wal.id in away else wal.figures
            for wal in wals
            if away.get(wal.id) != ALL
        ]
        return _joined(kept)

    def _of_divided(self, run: str, wal: _Wal, away: Sequence[tuple[int, int]]) -> _Packed:
        """Return the figures of a WAL of which some rows do not count: those that were kept, else those of its rows."""
        asked = _encode((wal.rows, sum(stat.count for _, _, stat in wal.figures), away))
        query = "SELECT asked, data FROM all_point_kept WHERE run = ? AND wal = ?"
        for known, data in self._database.execute(query, (run, wal.no)):
            if known == asked:
                return _decode(opened(data))
        files = self._files_of(run, wal.id)
        found: _Packed = []
        for (of, key), points in files.points(run, {series for _, series, _ in wal.figures}).items():
            if of != wal.id:
                continue  # of a file that has another WAL by now
            part = points.below(wal.rows)
            for first, after in away:
                part = part.without(first, after)
            if len(part):
                stat = stat_of(part.steps, part.times_us, part.values, part.exact or None)
                found.append((key.rank, key.series, stat))
        if self._target is not None:
            self._keep(run, wal.no, asked if files.is_complete else _AGAIN, found)
        return found

    def _files_of(self, run: str, wal: str) -> PointFiles:
        from gnomon.points.query import PointFiles

        if self._files is None:
            self._files = self._all_files()
        covers, loose = self._files
        root = self._home.path
        here = {os.path.join(root, path): [cover] for path, cover in covers.get(wal, ()) if cover.names(run)}
        wals = [os.path.join(root, path) for path in loose.get(wal, ())]
        return PointFiles(self._home.env, segments=here, wals=wals, covers=here)

    def _all_files(self) -> tuple[dict[str, list[tuple[str, Cover]]], dict[str, list[str]]]:
        from gnomon.points.follow import known_covers, known_wal_files

        covers: dict[str, list[tuple[str, Cover]]] = {}
        for path, found in known_covers(self._database).items():
            for cover in found:
                covers.setdefault(cover.wal, []).append((path, cover))
        loose: dict[str, list[str]] = {}
        for path, wal in known_wal_files(self._database).items():
            loose.setdefault(wal, []).append(path)
        return covers, loose

    def _keep(self, run: str, wal_no: int, asked: bytes, found: _Packed) -> None:
        query = "SELECT no FROM all_point_kept WHERE run = ? AND wal = ?"
        row = self._database.execute(query, (run, wal_no)).fetchone()
        no = (
            row[0]
            if row
            else self._database.execute("SELECT coalesce(max(no), 0) + 1 FROM all_point_kept").fetchone()[0]
        )
        statement = "INSERT OR REPLACE INTO {}.point_kept VALUES (?, ?, ?, ?, ?)"
        row = (no, run, wal_no, asked, sealed(_encode(found)))
        self._database.execute(statement.format(self._target), row)


def runs_to_count_again(database: sqlite3.Connection) -> list[str]:
    """Return the runs of which a file was gone while their figures were counted."""
    return [
        run
        for (run,) in database.execute("SELECT DISTINCT run FROM all_point_kept WHERE asked = ?", (_AGAIN,))
    ]


def _wals(database: sqlite3.Connection, run: str) -> list[_Wal]:
    query = (
        "SELECT w.no, w.id, w.log, w.ordinal, w.rows, s.data FROM all_point_stat AS s"
        " JOIN all_point_wal AS w ON w.no = s.wal WHERE s.run = ? ORDER BY w.started_ns, w.ordinal, w.id"
    )
    found = database.execute(query, (run,)).fetchall()
    return [
        _Wal(no, wal, log, ordinal, rows, _decode(opened(data)))
        for no, wal, log, ordinal, rows, data in found
    ]


def _joined(several: Sequence[_Packed]) -> RunFigures:
    """Return the figures of several WALs, which are in order, as one."""
    found: RunFigures = {}
    for figures in several:
        for rank, series, stat in figures:
            known = found.get((rank, series))
            found[rank, series] = stat if known is None else merge(known, stat)
    return found
