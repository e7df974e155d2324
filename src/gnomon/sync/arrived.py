"""What is new to this replica in the log files that came: by writer, kind and subject.

A file that came may hold entries that were here already (small files are joined); only those beyond what the index had of
each log are news. A log that neither the index knew nor these files certify is no news: `gnomon verify` names it.

Only heads are read, and no line is hashed: the files were held against their names when they came, and a hash of a line
says nothing of who wrote it.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING

from gnomon.errors import RecordError
from gnomon.record.certificates import certified_key
from gnomon.record.entries import OPENED
from gnomon.record.lines import parse_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gnomon.record.home import Home

    _OfLog = dict[int, tuple[int, bytes, bytes]]
    """Time, kind and subject of entries by their number in a log."""

_TEXT = rb"[a-z0-9.:_-]++"
_HEAD = re.compile(
    rb'\{"entry":".{64}","head":\{"author":(?:null|"%b"),"body":".{64}","kind":"(%b)","log":"([0-9a-f]{32})",'
    rb'"over":\[["0-9a-f,]*+\],"prev":(?:null|".{64}"),"seq":([0-9]{1,18}),"size":[0-9]++,'
    rb'"subject":"(%b)","time_us":(-?[0-9]{1,18}),"v":1,"writer":"([0-9a-f]{32})"\}' % (_TEXT, _TEXT, _TEXT)
).match
_OPENED = OPENED.encode()


class FromWriter:
    """What came from one writer: how many entries of each kind, and the subjects that they are about, in order of time."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.subjects: dict[str, list[str]] = {}  # kind to subjects
        self.first_us: int | None = None
        self.last_us: int | None = None

    @property
    def entries(self) -> int:
        """How many entries came, without those that only open and close logs or seal points."""
        return self.kinds.total()


def arrived(home: Home, files: Iterable[str], known: Mapping[str, int]) -> dict[str, FromWriter]:
    """Return by writer what is news in these files (paths in the record); `known`: how many entries of each log were here."""
    news: dict[tuple[bytes, bytes], _OfLog] = {}  # by writer and log
    certified = {log for log, count in known.items() if count}
    for path in files:
        if not path.startswith("log/"):
            continue
        try:
            data = home.env.read_file(os.path.join(home.path, path))
        except FileNotFoundError:
            continue  # joined since by another sync
        of: tuple[bytes, bytes] | None = None
        here: _OfLog = {}
        for start, head in _heads(data):
            kind, log, seq, subject, time_us, writer = head.groups()
            if kind.startswith((b"log.", b"points.")):
                if kind == _OPENED and (name := log.decode()) not in certified and _certifies(data, start):
                    certified.add(name)
                continue
            if of != (writer, log):  # the next line is most often of the same log
                of = writer, log
                here = news.setdefault(of, {})
            here[int(seq)] = int(time_us), kind, subject
    by_writer: dict[str, list[tuple[int, bytes, bytes]]] = {}
    for (writer, log), entries in sorted(news.items()):
        name = log.decode()
        first = known.get(name, 0)
        if name in certified and (new := [one for seq, one in entries.items() if seq >= first]):
            by_writer.setdefault(writer.decode(), []).extend(new)
    return {writer: _summed(entries) for writer, entries in by_writer.items()}


def _heads(data: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Yield where each line starts and its head; a line without one is left out: `gnomon verify` names it."""
    start = 0
    while start < len(data):
        head = _HEAD(data, start)
        if head is not None:
            yield start, head
        start = 1 + data.find(b"\n", start if head is None else head.end())
        if not start:
            return


def _certifies(data: bytes, start: int) -> bool:
    end = 1 + data.find(b"\n", start) or len(data)
    try:
        return certified_key(parse_line(data[start:end])) is not None
    except RecordError:
        return False  # `gnomon verify` names it


def _summed(entries: list[tuple[int, bytes, bytes]]) -> FromWriter:
    """Return what these entries (time, kind, subject) are, at least one."""
    summed = FromWriter()
    entries.sort()
    by_kind: dict[bytes, list[bytes]] = {}
    for _, kind, subject in entries:
        by_kind.setdefault(kind, []).append(subject)
    for kind, subjects in by_kind.items():
        summed.kinds[kind.decode()] = len(subjects)
        summed.subjects[kind.decode()] = [
            one.decode() for at, one in enumerate(subjects) if not at or one != subjects[at - 1]
        ]
    summed.first_us, summed.last_us = entries[0][0], entries[-1][0]
    return summed
