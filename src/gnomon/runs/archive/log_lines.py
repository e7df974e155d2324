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
from gnomon.record.certificates import is_closed
from gnomon.record.files import write_named_by_hash
from gnomon.record.home import BUNDLE_SUFFIX, OPEN_BUNDLE_SUFFIX
from gnomon.record.index_lines import LineFile
from gnomon.record.lines import parse_line, without_body
from gnomon.runs.liveness import INTERRUPTED, liveness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gnomon.env import Env
    from gnomon.record.home import Home
    from gnomon.runs.archive.chosen import Chosen

BUNDLE_BYTES = 64 << 20  # a bundle is not begun with more logs after this
FEW = 64  # byte strings to look for in whole files; more cost more than reading every head
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

    def has_ended(self, home: Home) -> bool:
        """Return whether its last line is a close mark that its writer signed."""
        lines = self.in_order()
        try:
            return is_closed(*(parse_line(_read(home, line)) for line in (lines[0], lines[-1])))
        except RecordError:
            return False  # damaged: so nobody can tell


def find_logs(home: Home, chosen: Chosen, told: Callable[[str], None]) -> list[Log]:
    """Return the logs that hold entries of the chosen runs, by id; `told` hears of files that cannot be read."""
    subjects = chosen.needles
    find = _Finder(home, chosen)
    logs: dict[str, Log] = {}
    files = []
    # A wanted log may stand in several files, with other entries in each: so two looks.
    for path, _ in home.log_files():
        try:
            wanted = {head.log for head, line in find.lines(path, subjects) if line.goes_along}
        except OSError as error:
            told(f"{path} cannot be read: {error.strerror}; what it holds is left out")
            continue
        files.append(path)
        for log in wanted:
            logs.setdefault(log, Log(log, ""))
    needles = [f'","log":"{log}","over":['.encode("ascii") for log in sorted(logs)]
    for path in files:
        for head, line in find.lines(path, needles):
            known = logs.get(head.log)
            if known is not None:
                known.writer = head.writer
                known.add(line)
    return [logs[log] for log in sorted(logs)]


class _Head(NamedTuple):
    log: str
    writer: str


class _Finder:
    """Finds lines that have the form of an entry and hold one of some byte strings.

    A few of these are looked for in the file as a whole; where there are many, reading every head costs less.
    """

    def __init__(self, home: Home, chosen: Chosen) -> None:
        self._home = home
        self._chosen = chosen

    def lines(self, path: str, needles: list[bytes]) -> Iterator[tuple[_Head, Line]]:
        """Yield the heads and places of the lines of a file that hold a needle; of many needles, those of all lines."""
        env, full = self._home.env, os.path.join(self._home.path, path)
        if len(needles) > FEW:
            with LineFile(env, full) as file:
                found = ((offset, line) for offset, line in file.lines(0) if line is not None)
                yield from self._entries(found, path)
        elif needles:
            yield from self._entries(_lines_with(env.read_file(full), needles), path)

    def _entries(self, lines: Iterable[tuple[int, bytes]], path: str) -> Iterator[tuple[_Head, Line]]:
        for offset, line in lines:
            match = HEAD(line)
            if match is None:
                continue
            entry, kind, log, seq, subject, writer, salt = match.groups()
            what, about = kind.decode("ascii", "replace"), subject.decode("ascii", "replace")
            head, number = _Head(log.decode("ascii"), writer.decode("ascii")), int(seq)
            goes_along = self._chosen.goes_along(what, about, head.log, number)
            yield (
                head,
                Line(number, entry, salt is not None, goes_along, path, offset, len(line)),
            )


def _lines_with(data: bytes, needles: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line without its line feed) of the whole lines that hold a needle, each once."""
    starts: set[int] = set()
    for needle in needles:
        at = data.find(needle)
        while at >= 0:
            end = data.find(b"\n", at)
            if end < 0:
                break  # the last line, of which the end is not there yet
            starts.add(data.rfind(b"\n", 0, at) + 1)
            at = data.find(needle, end)
    for start in sorted(starts):
        yield start, data[start : data.find(b"\n", start)]


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
    return log.has_ended(home) or liveness(home, log.writer, log.id) == INTERRUPTED


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
