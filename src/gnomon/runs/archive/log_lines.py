"""The entries of the chosen runs, as a bundle: their lines byte for byte, of all others in the same logs the heads.

An entry's hash covers its head alone, so a log in which other entries stand without bodies is still one chain, from its
certificate to its close mark; what was said of other runs is not in it. Heads tell of them: ids, kinds, times, sizes.

Always true: the bundle is the same for the same entries, however they are spread over files.
Format: docs/internals/record-format.md, "Entries and logs", "Bundles".
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import RecordError
from gnomon.record.entries import CLOSED
from gnomon.record.files import write_named_by_hash
from gnomon.record.home import BUNDLE_SUFFIX, OPEN_BUNDLE_SUFFIX
from gnomon.record.index_lines import LineFile
from gnomon.record.lines import parse_line, without_body
from gnomon.runs.liveness import INTERRUPTED, liveness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.env import Env
    from gnomon.record.home import Home
    from gnomon.runs.archive.chosen import Chosen

BUNDLE_BYTES = 64 << 20  # a bundle is not begun with more logs after this
_FEW = 64  # needles to look for in whole files; more cost more than reading every head
HEAD = re.compile(
    rb'\{"entry":"([0-9a-f]{64})","head":\{"author":[^,]+,"body":"[^"]+","kind":"([^"]+)","log":"([0-9a-f]{32})",'
    rb'"over":\[[^\]]*\],"prev":[^,]+,"seq":([0-9]{1,18}),"size":[0-9]+,"subject":"([^"]+)",'
    rb'"time_us":-?[0-9]+,"v":[0-9]+,"writer":"([0-9a-f]{32})"\}(,"salt":)?'
).match


class Line(NamedTuple):
    """Where a line stands, and what its head says."""

    seq: int
    hash: bytes
    has_body: bool
    goes_along: bool
    is_end: bool
    path: str
    offset: int
    size: int


class Log:
    """The lines of one log that are known here, each entry once, with its body where any file has it."""

    def __init__(self, log: str, writer: str) -> None:
        self.id = log
        self.writer = writer
        self._lines: dict[bytes, Line] = {}

    def add(self, line: Line) -> None:
        known = self._lines.get(line.hash)
        if known is None or (line.has_body and not known.has_body):
            self._lines[line.hash] = line

    def in_order(self) -> list[Line]:
        return sorted(self._lines.values())

    @property
    def has_ended(self) -> bool:
        return any(line.is_end for line in self._lines.values())


def find_logs(home: Home, chosen: Chosen, told: Callable[[str], None]) -> list[Log]:
    """Return the logs that hold entries of the chosen runs, by id; `told` hears of files that cannot be read."""
    needles = chosen.needles
    logs: dict[str, Log] = {}
    wanted_files: list[tuple[str, set[str]]] = []
    # A file matters where it holds a wanted log, which may be known from another file only: so two looks.
    for path, _ in home.log_files():
        try:
            found = _logs_in(home.env, os.path.join(home.path, path), chosen, needles)
        except OSError as error:
            told(f"{path} cannot be read: {error.strerror}; what it holds is left out")
            continue
        wanted_files.append((path, found[1]))
        for log in found[0]:
            logs.setdefault(log, Log(log, ""))
    for path, there in wanted_files:
        if there & logs.keys():
            for head, line in _heads(home.env, os.path.join(home.path, path), path, chosen):
                known = logs.get(head[0])
                if known is not None:
                    known.writer = head[1]
                    known.add(line)
    return [logs[log] for log in sorted(logs)]


def _logs_in(env: Env, path: str, chosen: Chosen, needles: list[bytes]) -> tuple[set[str], set[str]]:
    """Return (logs with an entry that goes along, all logs) of one file."""
    if len(needles) <= _FEW:
        data = env.read_file(path)
        if not any(needle in data for needle in needles):
            # It may still hold another copy of a wanted log: then it is read for that.
            return set(), set(_logs_named(data))
    wanted, there = set(), set()
    for (log, _), line in _heads(env, path, "", chosen):
        there.add(log)
        if line.goes_along:
            wanted.add(log)
    return wanted, there


_LOG = re.compile(rb'","log":"([0-9a-f]{32})","over":\[')


def _logs_named(data: bytes) -> Iterator[str]:
    for match in _LOG.finditer(data):
        yield match[1].decode("ascii")


def _heads(env: Env, path: str, name: str, chosen: Chosen) -> Iterator[tuple[tuple[str, str], Line]]:
    """Yield (log, writer) and the place of each line of a file that has the form of an entry."""
    with LineFile(env, path) as file:
        for offset, line in file.lines(0):
            match = HEAD(line) if line is not None else None
            if match is None or line is None:
                continue
            entry, kind, log, seq, subject, writer, salt = match.groups()
            what, about, number = (
                kind.decode("ascii", "replace"),
                subject.decode("ascii", "replace"),
                int(seq),
            )
            log_id = log.decode("ascii")
            goes_along = chosen.goes_along(what, about, log_id, number)
            yield (
                (log_id, writer.decode("ascii")),
                Line(number, entry, salt is not None, goes_along, what == CLOSED, name, offset, len(line)),
            )


def write_bundles(
    home: Home, folder: str, logs: list[Log], told: Callable[[str], None], env: Env
) -> tuple[int, int]:
    """Write the logs as bundles; return how many entries went along with their bodies, and how many as heads.

    Logs of processes that live, or of which nobody here can tell, stand in bundles of their own.
    """
    counts = [0, 0]
    for suffix, part in (
        (BUNDLE_SUFFIX, [log for log in logs if _is_over(home, log)]),
        (OPEN_BUNDLE_SUFFIX, [log for log in logs if not _is_over(home, log)]),
    ):
        batch: list[Log] = []
        size = 0
        for log in part:
            batch.append(log)
            size += sum(line.size for line in log.in_order())
            if size >= BUNDLE_BYTES:
                write_named_by_hash(env, folder, "bundle", suffix, _lines(home, batch, counts, told))
                batch, size = [], 0
        if batch:
            write_named_by_hash(env, folder, "bundle", suffix, _lines(home, batch, counts, told))
    return counts[0], counts[1]


def _is_over(home: Home, log: Log) -> bool:
    return log.has_ended or liveness(home, log.writer, log.id) == INTERRUPTED


def _lines(home: Home, logs: list[Log], counts: list[int], told: Callable[[str], None]) -> Iterator[bytes]:
    """Yield the lines of logs, checked, with or without their bodies."""
    for log in logs:
        for line in log.in_order():
            data = _read(home, line)
            try:
                entry = parse_line(data)
            except RecordError as error:
                told(f"{line.path}, byte {line.offset}: {error.message}; it is left out")
                continue
            with_body = line.goes_along or entry.subject == f"log:{log.id}"
            counts[0 if with_body else 1] += 1
            yield data if with_body else without_body(data)


def _read(home: Home, line: Line) -> bytes:
    env = home.env
    fd = env.open_read(os.path.join(home.path, line.path))
    try:
        return env.read(fd, line.size, line.offset) + b"\n"
    finally:
        env.close(fd)
