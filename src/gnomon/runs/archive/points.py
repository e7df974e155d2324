"""The points of the chosen runs: read file by file, each run from the source that has most of it, and written as extracts.

An extract is a segment whose covers name the chosen runs only. Rows keep their numbers and salts, so that commitments stay
true and the rows meet those of any other file of the same WAL.

Always true: a file is decoded for all its chosen runs at once, never once for each run; at most a few are in memory.
Format: docs/internals/record-format.md, "Segments: sealed points".
"""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gnomon.errors import DamagedFileError
from gnomon.points.follow import known_covers, known_wal_files
from gnomon.points.reader import read_wal
from gnomon.points.seal import cover_of, write_segment
from gnomon.points.segment import decode, read_file
from gnomon.points.series_points import points_by_series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gnomon.env import Env
    from gnomon.points.covers import Cover
    from gnomon.points.query import Cut
    from gnomon.points.series_points import SeriesKey, SeriesPoints
    from gnomon.runs.archive.chosen import Chosen

    ByRun = dict[str, dict[tuple[str, "SeriesKey"], "SeriesPoints"]]  # by run: points by WAL and series

EXTRACT_POINTS = 1_000_000  # an extract is not begun with more WALs after this
FILES_IN_MEMORY = 3


class Source(NamedTuple):
    """A file that answers for some runs of one WAL."""

    path: str
    wal: str
    runs: tuple[str, ...]


class _Decoded(NamedTuple):
    points: ByRun
    covers: dict[str, Cover]


class ChosenPoints:
    """Which files hold the points of the chosen runs, and what they hold."""

    def __init__(self, chosen: Chosen, told: Callable[[str], None]) -> None:
        self._env: Env = chosen.replica.home.env
        self._home = chosen.replica.home
        self._told = told
        self._runs = frozenset(chosen.runs)
        self._by_run_wal: dict[str, list[str]] = {}  # run -> its WALs
        self._covers: dict[str, dict[str, Cover]] = {}
        self._wal_files: dict[str, list[str]] = {}
        self._wal_rows: dict[str, int] = {}
        self._decoded: OrderedDict[str, _Decoded] = OrderedDict()
        self._refused: set[str] = set()
        wanted = {wal for wals in chosen.wals.values() for wal in wals}
        for path, covers in chosen.replica.index.ask(known_covers).items():
            here = {cover.wal: cover for cover in covers if cover.wal in wanted}
            if here:
                self._covers[os.path.join(self._home.path, path)] = here
        for path, wal in chosen.replica.index.ask(known_wal_files).items():
            if wal in wanted:
                self._wal_files.setdefault(wal, []).append(os.path.join(self._home.path, path))
        self._segments: dict[str, list[str]] = {}
        for path, by_wal in self._covers.items():
            for wal in by_wal:
                self._segments.setdefault(wal, []).append(path)
        self._chosen = chosen
        self._source: dict[tuple[str, str], str] = {}
        for run in chosen.runs:
            self._choose(run)

    def _choose(self, run: str) -> None:
        for wal in self._chosen.wals[run]:
            path = self._best(run, wal)
            if path is not None:
                self._source[run, wal] = path
            else:
                self._source.pop((run, wal), None)

    def _best(self, run: str, wal: str) -> str | None:
        """Return the file with the most rows of a run in a WAL; a segment before a WAL of as many."""
        best: tuple[int, bool, str] | None = None
        for path in self._segments.get(wal, ()):
            cover = self._covers[path][wal]
            if path not in self._refused and cover.names(run):
                best = max(best or (-1, False, ""), (cover.rows, True, path))
        for path in self._wal_files.get(wal, ()):
            if path in self._refused or (best is not None and self._covers[best[2]][wal].is_whole):
                continue
            try:
                rows = self._rows_of(path)
            except OSError:
                continue  # sealed since the index looked: the segment is known at the next look
            best = max(best or (-1, False, ""), (rows, False, path))
        return best[2] if best is not None else None

    def _rows_of(self, path: str) -> int:
        if path not in self._wal_rows:
            self._wal_rows[path] = read_wal(self._env, path).rows
        return self._wal_rows[path]

    # --- reading

    def in_order(self) -> list[str]:
        """Return the chosen runs, those of one file one after the other."""
        return sorted(self._runs, key=lambda run: (min(self._paths(run), default=""), run))

    def _paths(self, run: str) -> Iterator[str]:
        for wal in self._chosen.wals[run]:
            if (run, wal) in self._source:
                yield self._source[run, wal]

    def of(self, run: str) -> dict[tuple[str, SeriesKey], SeriesPoints]:
        """Return the points of a run by WAL and series, in no order."""
        found: dict[tuple[str, SeriesKey], SeriesPoints] = {}
        for wal in sorted(self._chosen.wals[run]):
            decoded = self._decode(run, wal)
            if decoded is not None:
                found.update(
                    {place: part for place, part in decoded.points.get(run, {}).items() if place[0] == wal}
                )
        return found

    def cover_of(self, run: str, wal: str) -> Cover | None:
        """Return what the file that answers for a run of a WAL says of that WAL."""
        decoded = self._decode(run, wal)
        return decoded.covers.get(wal) if decoded is not None else None

    def _decode(self, run: str, wal: str) -> _Decoded | None:
        """Return what the file that answers for a run of a WAL holds; where it is damaged, the next best."""
        while (path := self._source.get((run, wal))) is not None:
            known = self._decoded.get(path)
            if known is not None:
                self._decoded.move_to_end(path)
                return known
            try:
                decoded = self._decode_segment(path) if path in self._covers else self._decode_wal(path)
            except (OSError, DamagedFileError) as error:
                said = (
                    error.message
                    if isinstance(error, DamagedFileError)
                    else f"`{path}` cannot be read: {error}"
                )
                self._told(f"{said}; its points are left out where no other file has them")
                self._refused.add(path)
                for one in self._chosen.runs:
                    self._choose(one)
                continue
            self._decoded[path] = decoded
            if len(self._decoded) > FILES_IN_MEMORY:
                self._decoded.popitem(last=False)
            return decoded
        return None

    def _decode_segment(self, path: str) -> _Decoded:
        def is_wanted(key: SeriesKey, _wal: str) -> bool:
            return key.run in self._runs

        read = decode(read_file(self._env, path), path, is_wanted)
        points: ByRun = {}
        for (key, wal), part in read.points.items():
            points.setdefault(key.run, {})[wal, key] = part
        return _Decoded(points, {cover.wal: cover for cover in read.covers})

    def _decode_wal(self, path: str) -> _Decoded:
        read = read_wal(self._env, path)
        if read.header is None:
            raise DamagedFileError(f"the header of WAL `{path}` is damaged")
        found = points_by_series(read.blocks)
        cover, _ = cover_of(read, found)
        points: ByRun = {}
        for key, part in found.items():
            if key.run in self._runs:
                points.setdefault(key.run, {})[cover.wal, key] = part
        return _Decoded(points, {cover.wal: cover})

    # --- writing

    def write_extracts(self, folder: str, env: Env) -> int:
        """Write segments that hold the chosen runs only; return how many points they have."""
        groups: dict[tuple[str, str], list[str]] = {}
        for (run, wal), path in self._source.items():
            groups.setdefault((path, wal), []).append(run)
        batch = _Extract(folder, env)
        for (_, wal), runs in sorted(groups.items(), key=lambda group: (group[0][1], group[0][0])):
            for cover, points in self._of_wal(wal, sorted(runs)):
                batch.add(cover, points)
        batch.write()
        return batch.written

    def _of_wal(
        self, wal: str, runs: Sequence[str]
    ) -> Iterator[tuple[Cover, Mapping[tuple[SeriesKey, str], SeriesPoints]]]:
        """Yield the cover and points of these runs, once for each number of rows that their files cover."""
        by_cover: dict[Cover, list[str]] = {}
        for run in runs:
            cover = self.cover_of(run, wal)
            if cover is not None:
                by_cover.setdefault(cover, []).append(run)
        for cover, together in by_cover.items():
            points = {}
            for run in together:
                decoded = self._decode(run, wal)
                for (of_wal, key), part in (decoded.points.get(run, {}) if decoded else {}).items():
                    if of_wal == wal:
                        points[key, wal] = part
            named = tuple(one for one in cover.runs if one.run in together)
            yield msgspec.structs.replace(cover, runs=named), points


class _Extract:
    """What goes into one extract."""

    def __init__(self, folder: str, env: Env) -> None:
        self._folder = folder
        self._env = env
        self._points: dict[tuple[SeriesKey, str], SeriesPoints] = {}
        self._covers: dict[str, Cover] = {}
        self._size = 0
        self.written = 0

    def add(self, cover: Cover, points: Mapping[tuple[SeriesKey, str], SeriesPoints]) -> None:
        if cover.wal in self._covers or (self._covers and self._size + cover.points > EXTRACT_POINTS):
            self.write()
        self._covers[cover.wal] = cover
        self._points.update(points)
        self._size += cover.points

    def write(self) -> None:
        if self._covers:
            write_segment(self._env, self._folder, self._points, [*self._covers.values()])
            self.written += self._size
            self._points, self._covers, self._size = {}, {}, 0


def that_count(
    found: Mapping[tuple[str, SeriesKey], SeriesPoints], cuts: Sequence[Cut], points: ChosenPoints, run: str
) -> list[tuple[str, SeriesKey, SeriesPoints]]:
    """Return a run's points in the order of its series and time, without those that a continuation left behind."""
    from gnomon.points.query import that_count as without_cut
    from gnomon.points.sources import Source as FileOfWal

    covers = {wal: cover for wal, _ in found if (cover := points.cover_of(run, wal)) is not None}
    sources = sorted(
        FileOfWal(cover.order, cover.rows, cover.log, "", cover, None) for cover in covers.values()
    )
    ordered = {
        (source.wal, key): found[source.wal, key]
        for source in sources
        for wal, key in sorted(found)
        if wal == source.wal
    }
    counted = without_cut(ordered, sources, cuts) if cuts else ordered
    order = {source.wal: at for at, source in enumerate(sources)}
    return [
        (wal, key, part)
        for (wal, key), part in sorted(counted.items(), key=lambda item: (item[0][1], order[item[0][0]]))
    ]
