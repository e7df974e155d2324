"""How much is in a record, by part and by device, and what changed here since a moment. Asks the folders only.

Always true: nothing is read but names, sizes and times of files.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import KeyFileError
from gnomon.record.keys import own_writer

if TYPE_CHECKING:
    from gnomon.record.home import Home

    Files = list[tuple[str, os.stat_result]]

PARTS = (
    ("log", "log", "who did what: runs, notes, tags, versions of data"),
    ("live points", "points", "curves of processes that log, or logged last"),
    ("sealed points", "points", "curves, as Parquet files"),
    ("salvaged points", "points", "what was saved of damaged files"),
    ("objects", "objects", "the bytes of kept files and of data"),
    ("heads", "heads", "what was published, by device"),
)


class Part(NamedTuple):
    """A part of the record: its name, what it holds, how many files and bytes."""

    name: str
    meaning: str
    files: int
    bytes: int


class Device(NamedTuple):
    """A device that wrote to the record. `latest` is when its newest file here changed, seconds since 1970 UTC."""

    id: str
    is_own: bool
    files: int
    bytes: int
    latest: float


class Figures(NamedTuple):
    """All of it."""

    parts: list[Part]
    devices: list[Device]
    bytes: int
    files: Files

    def changed_since(self, seconds: float) -> tuple[int, int]:
        """Return how many files changed here since, without heads, and their bytes."""
        found = [
            state.st_size
            for path, state in self.files
            if state.st_mtime > seconds and not path.startswith("heads/")
        ]
        return len(found), sum(found)


def figures(home: Home) -> Figures:
    """Return how much is where."""
    files = [
        home.log_files(),
        home.wal_files(),
        home.segment_files(),
        home.salvage_files(),
        home.pack_files(),
        _heads(home),
    ]
    parts = [
        Part(name, meaning, len(found), sum(state.st_size for _, state in found))
        for (name, _, meaning), found in zip(PARTS, files, strict=True)
    ]
    every = [one for found in files for one in found]
    return Figures(parts, _devices(home, every), sum(part.bytes for part in parts), every)


def _heads(home: Home) -> Files:
    return [
        (f"heads/{writer}/{name}", state)
        for writer in home.writers("heads")
        for name, state in home.env.list_folder(home.folder("heads", writer))
    ]


def _devices(home: Home, files: Files) -> list[Device]:
    try:
        own = own_writer(home.env)
    except KeyFileError:
        own = None  # `gnomon doctor` names it
    by_writer: dict[str, list[os.stat_result]] = {}
    for path, state in files:
        by_writer.setdefault(path.split("/")[1], []).append(state)
    found = [
        Device(
            writer,
            writer == own,
            len(states),
            sum(one.st_size for one in states),
            max(one.st_mtime for one in states),
        )
        for writer, states in by_writer.items()
    ]
    return sorted(found, key=lambda device: (-device.latest, device.id))
