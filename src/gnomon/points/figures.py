"""The figures of every series in a segment, without its points.

A small segment is decoded; over a larger one DuckDB groups the rows, because very many short series are quick there and
slow one by one. Both give the same figures.

Always true: the file is checked against its name first; no name or path becomes part of a SQL text.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gnomon.errors import DamagedFileError
from gnomon.points.segment import covers_of, decode, read_file, refusing_damage
from gnomon.points.series_points import SeriesKey
from gnomon.points.stats import SeriesStat, stat_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.env import Env

    Figures = tuple[str, SeriesKey, SeriesStat]  # of which WAL, of which series

LARGE_BYTES = 64 << 10
FETCH = 20_000
_GLOB = frozenset("*?[]{}")
_ASK = """
SELECT wal, run, series, rank, count(*), count(*) FILTER (isnan(value)),
       min_by(step, "row"), max_by(step, "row"), epoch_us(max_by(time, "row")), max_by(value, "row"),
       min(value) FILTER (NOT isnan(value)) + 0.0::double,
       max(value) FILTER (NOT isnan(value)) + 0.0::double, bool_or(exact IS NOT NULL)
FROM read_parquet(?, can_have_nan = true) WHERE list_contains(?, wal) GROUP BY wal, run, series, rank
"""  # + 0.0: there is one zero, as in `points.stats`; can_have_nan: statistics, which leave NaN out, would answer `isnan`


def segment_stats(env: Env, path: str, wals: frozenset[str]) -> Iterator[Figures]:
    """Yield the figures of all series that a segment has of these WALs. Raises OSError, DamagedFileError."""
    covers = covers_of(env, path)
    if env.stat(path).st_size < LARGE_BYTES or _GLOB.intersection(path):
        yield from _decoded(env, path, lambda _, wal: wal in wals)
        return
    with_exact: set[tuple[str, SeriesKey]] = set()
    limit = sum(cover.points for cover in covers)
    with refusing_damage(path):
        for row in _asked(path, sorted(wals)):
            wal, key, stat = row[0], SeriesKey(row[1], row[2], row[3]), SeriesStat(*row[4:12])
            limit -= stat.count
            if limit < 0:
                raise DamagedFileError(f"segment `{path}` holds more points than it says")
            if row[12]:
                with_exact.add((wal, key))
            else:
                yield wal, key, stat
    if with_exact:
        yield from _decoded(env, path, lambda key, wal: (wal, key) in with_exact)


def _decoded(env: Env, path: str, wanted: Callable[[SeriesKey, str], bool]) -> Iterator[Figures]:
    for (key, wal), points in decode(read_file(env, path), path, wanted).points.items():
        yield wal, key, stat_of(points.steps, points.times_us, points.values, points.exact or None)


def _asked(path: str, wals: list[str]) -> Iterator[tuple[Any, ...]]:
    import duckdb

    off = dict.fromkeys(("autoinstall_known_extensions", "autoload_known_extensions"), False)
    with duckdb.connect(":memory:", config={**off, "python_enable_replacements": False}) as connection:
        connection.execute("SET allowed_paths = ?", [[os.path.abspath(path)]])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        answer = connection.execute(_ASK, [os.path.abspath(path), wals])
        while rows := answer.fetchmany(FETCH):
            yield from rows
