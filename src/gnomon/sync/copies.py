"""Copies of what is still being written, made to be published: a remote holds only files that never change.

The lines of all logs that are in no bundle become one open bundle; each WAL with rows that no segment has becomes a segment.
Both are made outside the record and are gone here once they were sent.

Always true: the same lines and rows give the same file. Nothing is taken for ended because it was copied.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import RecordError
from gnomon.record.files import write_named_by_hash
from gnomon.record.home import BUNDLE_SUFFIX, OPEN_BUNDLE_SUFFIX
from gnomon.record.lines import parse_line
from gnomon.sync.state import Copy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.record.home import Home

GROWN = 8  # while watching, a WAL is copied again when it grew by an eighth,
STALE_US = 15 * 60 * 1_000_000  # or after 15 minutes


class Copies:
    """The copies for one head. `files`: path in the record to (size, where the bytes are now, '' if sent before)."""

    def __init__(self, home: Home, writer: str, folder: str) -> None:
        self.files: dict[str, tuple[int, str]] = {}
        self._home = home
        self._writer = writer
        self._folder = folder

    def add_logs(self) -> None:
        """Copy the sound lines of all logs that stand alone."""
        logs: dict[str, list[bytes]] = {}
        for path, _ in self._home.log_files():
            if not path.endswith(BUNDLE_SUFFIX):
                try:
                    data = self._home.env.read_file(os.path.join(self._home.path, path))
                except FileNotFoundError:
                    continue  # bundled since it was listed: published as such
                lines = _sound_lines(data)
                name = os.path.basename(path).removesuffix(".jsonl")
                logs[name] = max(logs.get(name, []), lines, key=len)
        parts = [b"".join(lines) for _, lines in sorted(logs.items()) if lines]
        if parts:
            made = write_named_by_hash(self._home.env, self._folder, "bundle", OPEN_BUNDLE_SUFFIX, parts)
            self._add("log", made)

    def add_points(
        self, sealed_rows: Mapping[str, int], known: dict[str, Copy], *, is_watching: bool = False
    ) -> None:
        """Copy the WALs with more rows than a segment here has; `known` are the copies of before, brought up to date."""
        env, now = self._home.env, self._home.env.time_ns() // 1000
        live: set[str] = set()
        for path, _ in self._home.wal_files():
            wal = os.path.basename(path).removesuffix(".wal")
            before = known.get(wal)
            full = os.path.join(self._home.path, path)
            try:
                rows = _rows_in(self._home, full)
            except FileNotFoundError:
                continue
            if rows <= sealed_rows.get(wal, -1) or (rows == 0 and before is None):
                continue
            live.add(wal)
            if before is not None and (
                rows <= before.rows
                or (
                    is_watching
                    and rows < before.rows + before.rows // GROWN
                    and now < before.made_us + STALE_US
                )
            ):
                self.files.setdefault(before.path, (before.size, ""))
                continue
            from gnomon.points.seal import seal  # it loads the writer of Parquet

            for sealed in seal(env, self._folder, [full]):
                place, size = self._add("points", sealed.path)
                (cover,) = sealed.covers
                known[wal] = Copy(cover.rows, now, place, size)
        for wal in set(known) - live:
            del known[wal]

    def forget(self, path: str, known: dict[str, Copy]) -> None:
        """Forget a copy that was sent elsewhere and is not here any more: the next `add_points` makes another."""
        self.files.pop(path, None)
        for wal, copy in list(known.items()):
            if copy.path == path:
                del known[wal]

    def delete(self) -> None:
        """Delete the copies here."""
        for _, place in self.files.values():
            if place:
                self._home.env.unlink(place)

    def _add(self, part: str, made: str) -> tuple[str, int]:
        place = f"{part}/{self._writer}/{os.path.basename(made)}"
        size = self._home.env.stat(made).st_size
        self.files[place] = (size, made)
        return place, size


def _rows_in(home: Home, path: str) -> int:
    from gnomon.points.reader import read_wal

    return read_wal(home.env, path).rows


def _sound_lines(data: bytes) -> list[bytes]:
    """Return the lines of a log up to the first that is torn, damaged or out of its chain."""
    sound: list[bytes] = []
    prev = None
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        try:
            entry = parse_line(line)
        except RecordError:
            break
        if entry.seq != len(sound) or entry.prev != prev:
            break
        prev = entry.hash
        sound.append(line)
    return sound
