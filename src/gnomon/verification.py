"""Verify a whole replica: every file, and how entries, segments and objects refer to each other.

Always true: nothing is changed; every flipped bit of a file that can be synced is found and its file is named; `deep` names
every run whose points were committed to by an entry that is here, and of which no file here has them.
Not promised: that nothing is missing that never reached this replica. `heads/` and other replicas tell that.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from gnomon.record.problems import DAMAGE, NOTICE, UNKNOWN, Problem
from gnomon.record.verify import LogVerifier, verify_record_file

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from gnomon.record.home import Home

    Progress = Callable[[int, int], None]


_EVERY_RUN = ""  # a WAL leaves none out
_FETCH_POINTS = (
    "copy the files of `points/` from another replica: somebody took them away here, or they never came"
)
_HEAD_BYTES = 4096  # of a line: the subject stands in these, unless the entry covers very many


class Verification:
    """One look at all files. Iterate over it for the problems; the figures grow meanwhile.

    `is_at_work` is False for what nobody keeps in order, as what an archive holds: nothing need be kept off it.
    """

    def __init__(
        self, home: Home, *, deep: bool = False, progress: Progress | None = None, is_at_work: bool = True
    ) -> None:
        self.files = dict.fromkeys(("logs", "WALs", "segments", "salvages", "packs", "heads"), 0)
        self.bytes = dict.fromkeys(self.files, 0)
        self.seconds = dict.fromkeys(self.files, 0.0)
        self.entries = 0
        self.bodies_absent = 0
        self.damaged = 0
        self.unknown = 0
        self.notices = 0
        self._home = home
        self._deep = deep
        self._progress = progress
        self._runs: set[str] = set()
        self._held: dict[tuple[str, str], int] | None = None
        self._has_unreadable = False
        self._is_at_work = is_at_work

    def __iter__(self) -> Iterator[Problem]:
        from gnomon.upkeep import kept_off

        with (
            kept_off(self._home) if self._is_at_work else contextlib.nullcontext()
        ):  # else what is joined meanwhile is missing
            for problem in self._all():
                self.damaged += problem.severity == DAMAGE
                self.unknown += problem.severity == UNKNOWN
                self.notices += problem.severity == NOTICE
                yield problem

    @property
    def is_whole(self) -> bool:
        """Whether all was checked and nothing is damaged."""
        return not self.damaged and not self.unknown

    def _all(self) -> Iterator[Problem]:
        home = self._home
        yield from verify_record_file(home)
        logs = LogVerifier(home)
        commitments: dict[str, list[dict[str, object]]] = {}
        parts: list[tuple[str, list[tuple[str, os.stat_result]], Callable[[str], Iterator[Problem]]]] = [
            ("logs", home.log_files(), logs.verify),
            ("WALs", home.wal_files(), lambda path: self._wal(path, commitments)),
            ("segments", home.segment_files(), lambda path: self._segment(path, commitments)),
            ("salvages", home.salvage_files(), self._salvage),
            ("packs", home.pack_files(), self._pack),
        ]
        total = sum(state.st_size for _, files, _ in parts for _, state in files)
        done = 0
        for part, files, verify in parts:
            if part == "WALs":
                yield from logs.unproven()
                if self._deep:
                    commitments.update(self._commitments(logs.keys))
            for path, state in files:
                began = time.perf_counter()
                try:
                    yield from verify(path)
                except FileNotFoundError:
                    pass  # bundled or sealed since it was listed: its successor holds the same
                except OSError as error:
                    yield Problem(
                        path,
                        "",
                        f"it cannot be read: {error.strerror}",
                        "check the disk and the rights",
                        DAMAGE,
                    )
                self.seconds[part] += time.perf_counter() - began
                self.files[part] += 1
                self.bytes[part] += state.st_size
                done += state.st_size
                if self._progress is not None:
                    self._progress(done, total)
        yield from self._held_nowhere(commitments)
        yield from self._lists()
        yield from self._erasures()
        yield from self._heads()
        self.entries, self.bodies_absent = logs.entries, logs.bodies_absent

    def _wal(self, path: str, commitments: dict[str, list[dict[str, object]]]) -> Iterator[Problem]:
        from gnomon.points.verify import verify_wal, verify_wal_points

        full = os.path.join(self._home.path, path)
        yield from _within(path, verify_wal(self._home.env, full))
        if commitments:
            yield from _within(path, verify_wal_points(self._home.env, full, commitments))

    def _segment(self, path: str, commitments: dict[str, list[dict[str, object]]]) -> Iterator[Problem]:
        from gnomon.points.verify import verify_segment

        full = os.path.join(self._home.path, path)
        yield from _within(
            path,
            verify_segment(
                self._home.env, full, deep=self._deep, commitments=commitments, may_lack=self._may_lack
            ),
        )

    def _may_lack(self, wal: str, run: str, rows: int) -> bool:
        """Return whether a segment may leave a run out: another file has its points, or only heads tell of the run here."""
        return run not in self._runs or self._rows_held(wal, run) >= rows

    def _held_nowhere(self, commitments: dict[str, list[dict[str, object]]]) -> Iterator[Problem]:
        """Yield the runs whose points no file here has, though an entry commits to them and the run is not withheld."""
        from gnomon.points.verify import committed_by

        lost: dict[tuple[str, str], int] = {}
        for wal, bodies in commitments.items():
            for committed in filter(None, map(committed_by, bodies)):
                for one in committed.runs:
                    if one.run in self._runs and self._rows_held(wal, one.run) < committed.rows:
                        lost[one.run, wal] = max(one.points, lost.get((one.run, wal), 0))
        if lost and self._has_unreadable:
            what = f"points of {len({run for run, _ in lost})} runs that the log commits to are in no sound file here"
            yield Problem(
                "points", "", what, "mend or replace the damaged files first; then verify again", DAMAGE
            )
            return
        for (run, wal), points in sorted(lost.items()):
            what = f"{points:,} points that the log commits to are in no file here"
            yield Problem("points", f"run {run}, WAL {wal}", what, _FETCH_POINTS, DAMAGE)

    def _rows_held(self, wal: str, run: str) -> int:
        """Return how many rows of a WAL a file has that holds all that a run has in them; -1 where none has."""
        if self._held is None:
            self._held = self._all_held()
        return max(self._held.get((wal, run), -1), self._held.get((wal, _EVERY_RUN), -1))

    def _all_held(self) -> dict[tuple[str, str], int]:
        """Return, by WAL and run, how many rows the best file has: each is checked against what was committed to."""
        from gnomon.errors import DamagedFileError
        from gnomon.points.reader import read_wal
        from gnomon.points.segment import covers_of

        home = self._home
        held: dict[tuple[str, str], int] = {}

        def note(wal: str, run: str, rows: int) -> None:
            held[wal, run] = max(rows, held.get((wal, run), -1))

        for path, _ in home.wal_files():
            try:
                read = read_wal(home.env, os.path.join(home.path, path))
            except OSError:
                self._has_unreadable = True  # told by the look at that file, as below
                continue
            if read.header is not None:
                note(read.header.wal, _EVERY_RUN, read.rows)
            self._has_unreadable |= bool(read.damage)
        for path, _ in home.segment_files():
            try:
                covers = covers_of(home.env, os.path.join(home.path, path))
            except (OSError, DamagedFileError):
                self._has_unreadable = True
                continue
            for cover in covers:
                for one in cover.runs:
                    note(cover.wal, one.run, cover.rows)
        return held

    def _pack(self, path: str) -> Iterator[Problem]:
        from gnomon.objects.verify import verify_pack

        yield from _within(path, verify_pack(self._home.env, os.path.join(self._home.path, path)))

    def _salvage(self, path: str) -> Iterator[Problem]:
        from gnomon.points.verify import verify_salvage

        yield from _within(path, verify_salvage(self._home.env, os.path.join(self._home.path, path)))

    def _lists(self) -> Iterator[Problem]:
        """Yield the objects whose chunks, joined, are not what their ids name."""
        from gnomon.objects.verify_lists import verify_lists

        began = time.perf_counter()
        objects = os.path.join(self._home.path, "objects")
        for problem in verify_lists(self._home.env, objects):
            path = os.path.relpath(problem.file, self._home.path)
            yield Problem(path, problem.where, problem.what, problem.advice, problem.severity)
        self.seconds["packs"] += time.perf_counter() - began

    def _heads(self) -> Iterator[Problem]:
        """Yield what is wrong with the heads, and what they list that is not here."""
        from gnomon.record.index_place import place_for
        from gnomon.sync.dissolved import dissolved
        from gnomon.sync.state import StateFile
        from gnomon.sync.verify import verify_heads

        home = self._home
        if not home.writers("heads"):
            return  # it has met nobody; what is only looked at gets no place in the cache either
        began = time.perf_counter()
        state = StateFile(home, place_for(home, home.env)).load()
        own = frozenset((writer, state.lane) for writer in home.writers("heads"))
        for writer in home.writers("heads"):
            listed = home.env.list_folder(os.path.join(home.path, "heads", writer))
            self.files["heads"] += len(listed)
            self.bytes["heads"] += sum(one.st_size for _, one in listed)
        parts = state.parts if state.remotes else ()
        yield from verify_heads(home, parts, own, frozenset({*state.copied, *state.gone, *dissolved(home)}))
        self.seconds["heads"] += time.perf_counter() - began

    def _erasures(self) -> Iterator[Problem]:
        """Yield tombstones that are damaged or unknown, and packs that hold what was erased and nothing else keeps."""
        from gnomon.objects.tombstones import Tombstones

        tombstones = Tombstones(self._home.env, self._home.path, afresh=True)
        yield from tombstones.problems
        if not tombstones.all:
            return
        from gnomon.features import declare_features
        from gnomon.objects import collect
        from gnomon.objects.reach import Reach

        declare_features()
        store = collect.store_of(self._home)
        if not any(tombstones.names(one) for pack in store.packs() for one in pack.objects):
            return
        reach = Reach(self._home, store, erased=tombstones.subjects)
        reach.follow()
        for loss in collect.erased(self._home, reach, store, tombstones):
            path = os.path.relpath(loss.pack.path, self._home.path)
            what = f"{len(loss.going):,} objects in it were erased: an old copy brought them back, or erasing was interrupted"
            yield Problem(path, "", what, "`gnomon gc` takes them out", NOTICE)

    def _commitments(self, certified: Container[str]) -> dict[str, list[dict[str, object]]]:
        """Return the bodies of the `points.sealed` entries, by WAL id; note of which runs more than heads are here."""
        from gnomon.errors import RecordError
        from gnomon.record.lines import parse_line

        found: dict[str, list[dict[str, object]]] = {}
        for path, _ in self._home.log_files():
            for line in self._home.env.read_file(os.path.join(self._home.path, path)).split(b"\n"):
                if b'"subject":"run:' in line[:_HEAD_BYTES] and b'},"salt":"' in line:
                    self._runs.add(
                        line.partition(b'"subject":"run:')[2].partition(b'"')[0].decode("ascii", "replace")
                    )
                if b'"kind":"points.sealed"' in line:
                    try:
                        entry = parse_line(line)
                    except RecordError:
                        continue  # told by the look at the logs
                    if entry.log in certified:
                        found.setdefault(entry.subject.removeprefix("wal:"), []).append(entry.body)
        return found

    def speed(self, part: str) -> float | None:
        """Return how many MB of a part were checked in a second; None where there was nothing to speak of."""
        return (
            self.bytes[part] / 1e6 / self.seconds[part]
            if self.seconds[part] > 0 and self.bytes[part]
            else None
        )


def _within(path: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Name the file by its path within the record."""
    for problem in problems:
        yield Problem(path, problem.where, problem.what, problem.advice, problem.severity)
