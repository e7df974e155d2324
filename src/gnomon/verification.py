"""Verify a whole replica: every file, and how entries, segments and objects refer to each other.

Always true: nothing is changed; every flipped bit of a file that can be synced is found and its file is named.
Not promised: that nothing is missing that never reached this replica. `heads/` and other replicas tell that.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from gnomon.record.problems import DAMAGE, Problem
from gnomon.record.verify import LogVerifier, verify_record_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gnomon.record.home import Home

    Progress = Callable[[int, int], None]


_HEAD_BYTES = 4096  # of a line: the subject stands in these, unless the entry covers very many


class Verification:
    """One look at all files. Iterate over it for the problems; the figures grow meanwhile."""

    def __init__(self, home: Home, *, deep: bool = False, progress: Progress | None = None) -> None:
        self.files = {"logs": 0, "WALs": 0, "segments": 0, "packs": 0}
        self.bytes = dict.fromkeys(self.files, 0)
        self.seconds = dict.fromkeys(self.files, 0.0)
        self.entries = 0
        self.bodies_absent = 0
        self.damaged = 0
        self.notices = 0
        self._home = home
        self._deep = deep
        self._progress = progress
        self._runs: set[str] = set()
        self._named: set[str | tuple[str, str]] | None = None

    def __iter__(self) -> Iterator[Problem]:
        for problem in self._all():
            self.damaged += problem.severity == DAMAGE
            self.notices += problem.severity != DAMAGE
            yield problem

    def _all(self) -> Iterator[Problem]:
        home = self._home
        yield from verify_record_file(home)
        logs = LogVerifier(home)
        commitments: dict[str, list[dict[str, object]]] = {}
        parts: list[tuple[str, list[tuple[str, os.stat_result]], Callable[[str], Iterator[Problem]]]] = [
            ("logs", home.log_files(), logs.verify),
            ("WALs", home.wal_files(), self._wal),
            ("segments", home.segment_files(), lambda path: self._segment(path, commitments)),
            ("packs", home.pack_files(), self._pack),
        ]
        total = sum(state.st_size for _, files, _ in parts for _, state in files)
        done = 0
        for part, files, verify in parts:
            if part == "segments" and self._deep:
                commitments.update(self._commitments())
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
        self.entries, self.bodies_absent = logs.entries, logs.bodies_absent

    def _wal(self, path: str) -> Iterator[Problem]:
        from gnomon.points.verify import verify_wal

        yield from _within(path, verify_wal(self._home.env, os.path.join(self._home.path, path)))

    def _segment(self, path: str, commitments: dict[str, list[dict[str, object]]]) -> Iterator[Problem]:
        from gnomon.points.verify import verify_segment

        full = os.path.join(self._home.path, path)
        yield from _within(
            path,
            verify_segment(
                self._home.env, full, deep=self._deep, commitments=commitments, may_lack=self._may_lack
            ),
        )

    def _may_lack(self, wal: str, run: str) -> bool:
        """Return whether a segment may leave a run out: another file has its points, or only heads tell of the run here."""
        if self._named is None:
            self._named = self._all_named()
        return run not in self._runs or wal in self._named or (wal, run) in self._named

    def _all_named(self) -> set[str | tuple[str, str]]:
        """Return the WALs that have a file, and (WAL, run) of all that segments name."""
        from gnomon.errors import DamagedFileError
        from gnomon.points.segment import covers_of

        home = self._home
        named: set[str | tuple[str, str]] = {
            os.path.basename(path).removesuffix(".wal") for path, _ in home.wal_files()
        }
        for path, _ in home.segment_files():
            try:
                covers = covers_of(home.env, os.path.join(home.path, path))
            except (OSError, DamagedFileError):
                continue  # told by the look at that file
            named.update((cover.wal, one.run) for cover in covers for one in cover.runs)
        return named

    def _pack(self, path: str) -> Iterator[Problem]:
        from gnomon.objects.verify import verify_pack

        yield from _within(path, verify_pack(self._home.env, os.path.join(self._home.path, path)))

    def _commitments(self) -> dict[str, list[dict[str, object]]]:
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
