"""What is new to this replica in the log files that came: by writer, kind and subject.

A file that came may hold entries that were here already (small files are joined); only those beyond what the index had of
each log are news. A log that neither the index knew nor these files certify is no news: `gnomon verify` names it.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from gnomon.errors import RecordError
from gnomon.record.certificates import certified_key
from gnomon.record.lines import parse_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gnomon.record.home import Home


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
    found: dict[str, dict[tuple[str, int], tuple[int, str, str]]] = {}
    certified = {log for log, count in known.items() if count}
    for path in files:
        if not path.startswith("log/"):
            continue
        try:
            data = home.env.read_file(os.path.join(home.path, path))
        except FileNotFoundError:
            continue  # joined since by another sync
        for line in data.splitlines(keepends=True):
            try:
                entry = parse_line(line)
            except RecordError:
                continue  # `gnomon verify` names it
            if entry.log not in certified and certified_key(entry) is not None:
                certified.add(entry.log)
            if entry.seq >= known.get(entry.log, 0) and not entry.kind.startswith(("log.", "points.")):
                of_writer = found.setdefault(entry.writer, {})
                of_writer[entry.log, entry.seq] = (entry.time_us, entry.kind, entry.subject)
    return {
        writer: _summed(news)
        for writer, entries in sorted(found.items())
        if (news := [entry for (log, _), entry in entries.items() if log in certified])
    }


def _summed(entries: Iterable[tuple[int, str, str]]) -> FromWriter:
    summed = FromWriter()
    for time_us, kind, subject in sorted(entries):
        summed.kinds[kind] += 1
        subjects = summed.subjects.setdefault(kind, [])
        if subject not in subjects[-1:]:
            subjects.append(subject)
        summed.first_us = time_us if summed.first_us is None else min(summed.first_us, time_us)
        summed.last_us = time_us if summed.last_us is None else max(summed.last_us, time_us)
    return summed
