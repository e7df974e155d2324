"""How far somebody has read: a file in their configuration folder, never in the record. There is one position: `gnomon catchup`
and *Seen* on its page move it, and Home goes by it.

A position says, for each writer, the time of its latest entry that was seen. A sync brings what a writer published as a whole, so
what a device wrote offline is new when it arrives, whenever it was written. The last positions are kept, to look again.

Not promised: that an entry is new which a writer made with a clock that was behind its own earlier ones.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeGuard

from gnomon.record.files import replace_file
from gnomon.record.own_files import own_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.record.home import Home

FIRST_LOOK_S = 7 * 86_400.0
MOST_KEPT = 10
LATEST = 1e11  # seconds since 1970 UTC: the year 5138


@dataclass(frozen=True)
class Position:
    """What was seen: of each writer up to a time (seconds since 1970 UTC). `at` is when it was looked.

    `before` is what counts of a writer that is not among them: 0 where somebody has looked before, so that all of it is new.
    """

    at: float
    writers: Mapping[str, float] = field(default_factory=dict)
    before: float = 0.0

    def is_new(self, writer: str, time: float) -> bool:
        """Return whether an entry of a writer is new."""
        return time > self.writers.get(writer, self.before)


def first(now: float) -> Position:
    """Return the position of who has never looked: the last week is new."""
    return Position(now - FIRST_LOOK_S, {}, now - FIRST_LOOK_S)


class PositionFile:
    """The positions of one reader in one replica, the latest last. Lost, it costs nothing but "everything is new"."""

    def __init__(self, home: Home) -> None:
        self._env = home.env
        self._path = own_path(home, "reader", ".catchup.json")

    def load(self) -> list[Position]:
        """Return the positions; none where nobody has looked, or the file says nothing."""
        try:
            found = json.loads(self._env.read_file(self._path))
        except (OSError, ValueError):
            return []
        said = found.get("positions") if isinstance(found, dict) else None
        return [one for one in map(_read, said if isinstance(said, list) else ()) if one is not None]

    def latest(self, now: float, back: int = 0) -> Position:
        """Return the latest position, or the one that so many looks before it; the first one where there is none."""
        found = self.load()
        return found[-1 - back] if back < len(found) else first(now)

    def keep(self, position: Position) -> None:
        """Keep a position. Raises OSError where the folder cannot be written."""
        kept = [*self.load(), position][-MOST_KEPT:]
        rows = [{"at": one.at, "before": one.before, "writers": dict(one.writers)} for one in kept]
        self._env.make_folder(os.path.dirname(self._path))
        replace_file(self._env, self._path, json.dumps({"positions": rows}).encode())


def last_look(home: Home) -> float | None:
    """Return when the reader had last seen all, seconds since 1970 UTC; None where they never said so."""
    found = PositionFile(home).load()
    return found[-1].at if found else None


def _read(said: object) -> Position | None:
    if not isinstance(said, dict):
        return None
    at, before, writers = said.get("at"), said.get("before"), said.get("writers")
    if not _is_time(at) or not _is_time(before) or not isinstance(writers, dict):
        return None
    times = {str(key): float(one) for key, one in writers.items() if _is_time(one)}
    return Position(float(at), times, float(before))


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and 0 <= value < LATEST
