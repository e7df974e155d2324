"""The outlines that the index keeps: of each long series in each WAL one.

An outline is made when a WAL is read from its beginning, when it has ended, and from a segment; the rows of a WAL never
change, so it counts for as long as it has as many points as the figures say.

Always true: an outline that is handed out has every point that the figures counted; where there is none, the points are to
be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.points.outline import FEWEST, Outline, outline_of
from gnomon.points.series_points import SeriesKey, SeriesPoints, points_by_series
from gnomon.record.index_cells import opened, sealed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from gnomon.points.block import Block
    from gnomon.points.stats import SeriesStat

TABLE = (
    "no INTEGER PRIMARY KEY, wal INTEGER NOT NULL, run TEXT NOT NULL, rank INTEGER NOT NULL, series TEXT NOT NULL,"
    " data BLOB NOT NULL, UNIQUE (run, series, rank, wal)"
)


class Held(NamedTuple):
    """What one WAL has of a series for one rank: how many points, and their outline where there is one."""

    wal: str
    rank: int
    points: int
    outline: Outline | None


class Place(NamedTuple):
    """Where a WAL stands: of which process (log), which of its WALs; and how many rows of it were counted."""

    log: str
    ordinal: int
    rows: int


def outlines_of_blocks(blocks: Iterable[Block]) -> Iterator[tuple[SeriesKey, bytes]]:
    """Yield the packed outlines of the long series in a whole reading of a WAL, one series in memory at a time."""
    blocks = list(blocks)
    counts: dict[SeriesKey, int] = {}
    for block in blocks:
        for name in block.columns_by_name():
            key = SeriesKey(block.run, name, block.rank)
            counts[key] = counts.get(key, 0) + len(block)
    for wanted, count in counts.items():
        if count >= FEWEST:
            points = points_by_series(blocks, lambda key, wanted=wanted: key == wanted)  # type: ignore[misc]
            yield from packed(points)


def packed(points: dict[SeriesKey, SeriesPoints]) -> Iterator[tuple[SeriesKey, bytes]]:
    """Yield the packed outlines of points of one WAL that are many enough, and none of which is an exact number."""
    for key, part in points.items():
        if len(part) >= FEWEST and not part.exact:
            yield key, outline_of(part).pack()


def store(
    database: sqlite3.Connection,
    target: str,
    wal_no: int,
    found: Iterable[tuple[SeriesKey, bytes]],
    number: Callable[[], int],
) -> None:
    """Write the outlines of one WAL."""
    for key, data in found:
        row = (number(), wal_no, key.run, key.rank, key.series, sealed(data))
        statement = "INSERT OR REPLACE INTO {}.point_outline VALUES (?, ?, ?, ?, ?, ?)"
        database.execute(statement.format(target), row)


def held(
    database: sqlite3.Connection,
    run: str,
    name: str,
    rank: int | None,
    figures: Callable[[bytes], list[tuple[int, str, SeriesStat]]],
) -> tuple[list[Held], dict[str, Place]]:
    """Return (what each WAL has of a series, in order of the WALs; where each WAL of the run stands).

    Of one rank, or of all. `figures` reads those of a WAL.
    """
    query = (
        "SELECT w.no, w.id, w.log, w.ordinal, w.rows, s.data FROM all_point_stat AS s"
        " JOIN all_point_wal AS w ON w.no = s.wal WHERE s.run = ? ORDER BY w.started_ns, w.ordinal, w.id"
    )
    found: list[Held] = []
    places: dict[str, Place] = {}
    for no, wal, log, ordinal, rows, data in database.execute(query, (run,)).fetchall():
        stats = figures(data)
        if stats:
            places[wal] = Place(log, ordinal, rows)
        for here, series, stat in sorted(stats, key=lambda one: one[0]):
            if series == name and rank in (None, here):
                outline = _outline(database, no, run, here, name, stat.count)
                found.append(Held(wal, here, stat.count, outline))
    return found, places


def has_all(database: sqlite3.Connection, wal_no: int, key: SeriesKey, count: int) -> bool:
    """Return whether a series has an outline of so many points in a WAL."""
    return _outline(database, wal_no, key.run, key.rank, key.series, count) is not None


def _outline(
    database: sqlite3.Connection, wal_no: int, run: str, rank: int, series: str, count: int
) -> Outline | None:
    if count < FEWEST:
        return None
    query = "SELECT data FROM all_point_outline WHERE run = ? AND series = ? AND rank = ? AND wal = ?"
    for (data,) in database.execute(query, (run, series, rank, wal_no)):
        outline = Outline.unpack(opened(data))
        if outline.count == count:
            return outline
    return None
