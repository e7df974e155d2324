"""A replica, open for questions: its files, its index, its points, its objects, joined.

Always true: `update` takes in what is new before a question is answered; nothing here writes entries or points.
Layer: the kernel ends here; features ask through this.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.env import REAL, Env
from gnomon.features import declare_features
from gnomon.points.follow import (
    PointFigures,
    bounds_by_log,
    held_of_series,
    known_covers,
    known_wal_files,
    rows_counted,
    wals_of_run,
)
from gnomon.record.home import Home, open_home
from gnomon.record.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from gnomon.objects.store import ObjectStore
    from gnomon.points.many import ManySeries
    from gnomon.points.query import Cut, PointFiles
    from gnomon.points.series import Series
    from gnomon.points.series_points import Within
    from gnomon.points.stats import SeriesStat
    from gnomon.verification import Verification

    Progress = Callable[[int, int], None]


_ATTEMPTS = 3


class Replica:
    """One copy of a record. Not for several threads at once."""

    def __init__(self, home: Home) -> None:
        declare_features()
        self.home = home
        self.index = Index(home, extensions=[PointFigures()])

    @classmethod
    def open(cls, path: str, env: Env = REAL) -> Replica:
        """Open the record at `path` (the `.gnomon` folder). Raises NoRecordError, UnknownFormatError."""
        return cls(open_home(path, env))

    def __enter__(self) -> Replica:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        index = self.__dict__.get("index")
        if index is not None:
            index.close()

    def close(self) -> None:
        """Let go of the index; the next question opens it again."""
        self.index.close()

    def update(self, progress: Progress | None = None) -> None:
        """Take in what is new in the files."""
        self.index.update(progress)

    def pulse(self) -> dict[str, object]:
        """Return what differs from an earlier pulse where there are other `entries`, or other `points`. After `update`."""
        files = frozenset((path, state.st_size, state.st_mtime_ns) for path, state in self.home.log_files())
        return {"entries": files, "points": self.index.ask(rows_counted)}

    def points_of(self, run: str, *, wals: Iterable[str] | None = None) -> PointFiles:
        """Return the files that hold points of a run (in these WALs, if given), as they are now: only these are read."""
        from gnomon.points.query import PointFiles

        home = self.home
        wanted = (
            self.index.ask(lambda database: wals_of_run(database, run)) if wals is None else frozenset(wals)
        )
        covers = self.index.ask(known_covers)
        # A segment that leaves this run out (an export of others, say) says nothing of it, however many rows it covers.
        covers = {
            path: [cover for cover in found if cover.names(run) and (wals is None or cover.wal in wanted)]
            for path, found in covers.items()
        }
        segments = [path for path, found in covers.items() if any(cover.wal in wanted for cover in found)]
        loose = [path for path, wal in self.index.ask(known_wal_files).items() if wal in wanted]
        return PointFiles(
            home.env,
            segments=[os.path.join(home.path, path) for path in segments],
            wals=[os.path.join(home.path, path) for path in loose],
            covers={os.path.join(home.path, path): covers[path] for path in segments},
        )

    def points_of_many(self, runs: Iterable[str]) -> ManySeries:
        """Return the files that hold points of these runs, as they are now; each is read for many runs at once."""
        from gnomon.points.many import ManySeries, held

        lowest_of: dict[tuple[str, tuple[Cut, ...]], dict[str, int]] = {}

        def lowest(run: str, name: str, cuts: Sequence[Cut]) -> int | None:
            key = (run, tuple(cuts))
            if key not in lowest_of:
                found = lowest_of[key] = {}
                for rank, series in self.point_stats(run, cuts=cuts):
                    found[series] = min(rank, found.get(series, rank))
            return lowest_of[key].get(name)

        files = self.index.ask(lambda database: held(database, runs))
        return ManySeries(self.home.env, self.home.path, files, lowest)

    def thinned(
        self,
        run: str,
        name: str,
        buckets: int,
        *,
        rank: int | None = 0,
        x: str | None = None,
        cuts: Sequence[Cut] = (),
        fewest: int | None = None,
    ) -> Series:
        """Return a series with at most four points for each bucket: those that draw its line. See `points.thin`.

        `fewest` points of a bucket make the outline fine enough to be taken instead of every point.
        """
        return self._of_files_that_stay(
            lambda asked: self._thinned(asked, run, name, buckets, rank, x, cuts, fewest)
        )

    def series(
        self,
        run: str,
        name: str,
        rank: int | None = 0,
        x: str | None = None,
        *,
        cuts: Sequence[Cut] = (),
        within: Within | None = None,
    ) -> Series:
        """Return a series of a run, all of it or a part. See `points.query`."""
        return self._of_files_that_stay(
            lambda asked: _noted(asked, self.points_of(run)).series(
                run, name, rank, x, cuts=cuts, within=within
            )
        )

    def _thinned(
        self,
        asked: list[PointFiles],
        run: str,
        name: str,
        buckets: int,
        rank: int | None,
        x: str | None,
        cuts: Sequence[Cut],
        fewest: int | None,
    ) -> Series:
        from gnomon.points import thin

        fewest = thin.FEWEST_FOR_BUCKET if fewest is None else fewest
        held, places = self.index.ask(lambda database: held_of_series(database, run, name, rank))
        if x is not None or sum(one.points for one in held) < fewest * buckets:
            whole = _noted(asked, self.points_of(run)).series(run, name, rank, x, cuts=cuts)
            return thin.thinned(whole, buckets)

        def read(wals: Iterable[str]) -> Series:
            return _noted(asked, self.points_of(run, wals=wals)).series(run, name, rank)

        return thin.joined_from(run, name, thin.stretches(held, places, cuts, read), buckets)

    def _of_files_that_stay(self, answer: Callable[[list[PointFiles]], Series]) -> Series:
        """Return an answer; where a file that it asked was sealed or merged meanwhile, another, after a new look."""
        for _ in range(_ATTEMPTS):
            asked: list[PointFiles] = []
            found = answer(asked)
            if not any(files.has_gone for files in asked):
                break
            self.update()
        return found

    def point_stats(self, run: str, *, cuts: Sequence[Cut] = ()) -> dict[tuple[int, str], SeriesStat]:
        """Return the figures of a run's series, by (rank, series), without what cuts leave out."""
        from gnomon.points.kept_figures import KeptFigures

        return self.index.ask(
            lambda database: dict(KeptFigures(database, self.home, None).of_run(run).that_count(cuts))
        )

    def missing_by_log(self, run: str) -> dict[str, int | None]:
        """Return the most calls that may be missing, by process (log) of a run; None where nobody can tell."""
        return self.index.ask(lambda database: bounds_by_log(database, self.home, run))

    def objects(self, writer: str = "") -> ObjectStore:
        """Return the objects of this replica; `writer` is needed only to add some."""
        from gnomon.objects.store import ObjectStore

        store = ObjectStore(self.home.env, os.path.join(self.home.path, "objects"), writer)
        if self._fetches():
            from gnomon.sync.fetch import Fetcher

            store.fetch_with(Fetcher(self.home).bring)
        return store

    def _fetches(self) -> bool:
        """Return whether this replica leaves bytes at its remotes until they are asked for."""
        if not os.path.isdir(os.path.join(self.home.env.config_folder(), "sync")):
            return False  # it has never met another one: nothing need be loaded to know
        from gnomon.sync.fetch import is_partial

        return is_partial(self.home)

    def verify(self, *, deep: bool = False, progress: Progress | None = None) -> Verification:
        """Check every file; iterate over the result for the problems. `deep` also recomputes what points were committed to."""
        from gnomon.verification import Verification

        return Verification(self.home, deep=deep, progress=progress)


def _noted(asked: list[PointFiles], files: PointFiles) -> PointFiles:
    asked.append(files)
    return files
