"""What a name meant at an earlier moment: runs that were renamed, `@1`, tags that moved, versions that came later.

Read from the logs, because the index keeps only what nothing replaced; asked only where a text and the record do not agree.

Always true: an entry counts from the time that it states; what came by sync later counts from when it was written.
"""

from __future__ import annotations

import os
from functools import cached_property
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from gnomon.data import entries as data_entries
from gnomon.data import names
from gnomon.data.views import DataVersion, labels, newest, rows
from gnomon.errors import AmbiguousIdError, DamagedEntryError, UnknownFormatError, UnknownSubjectError
from gnomon.record import fold
from gnomon.runs import entries as run_entries
from gnomon.runs.called import run_called
from gnomon.runs.state import fold_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.data.views import Row
    from gnomon.record.lines import Entry
    from gnomon.runs.views import Record

_KINDS = (run_entries.RENAMED, data_entries.TAGGED)
_MARKS = tuple(f'"kind":"{kind}"'.encode() for kind in _KINDS)


class Then:
    """The names of a record at earlier moments (microseconds since 1970 UTC)."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._index = record.replica.index

    # --- runs

    def run(self, word: str, moment_us: int) -> str:
        """Return the id of the run that a word meant. Raises UnknownSubjectError, AmbiguousIdError."""
        if word.startswith("@") and word[1:].isdecimal():
            return self._numbered(int(word[1:]), moment_us)
        try:
            return self._index.resolve("run", word)
        except (UnknownSubjectError, AmbiguousIdError):
            called = self._called(word, moment_us)
        if len(called) == 1:
            return called[0]
        if called:
            raise AmbiguousIdError(f"{len(called)} runs were called `{word}` then")
        return run_called(self._record, word)

    def state_of_run(self, run: str, moment_us: int) -> dict[str, Any]:
        """Return the state of a run from the entries up to a moment that nothing has replaced since."""
        live = [entry for entry in self._index.live("run", run) if entry.time_us <= moment_us]
        state = fold_run(live)
        renames = [(when, name) for when, name in self._renames.get(run, ()) if when <= moment_us]
        if renames:
            state["name"] = max(renames)[1]
        return state

    def _numbered(self, number: int, moment_us: int) -> str:
        table = self._index.columns("run", ["", "created", "removed"])
        made = [
            (created, -place, str(run))
            for place, (run, created, hidden) in enumerate(
                zip(table[""], table["created"], table["removed"], strict=True)
            )
            if isinstance(created, int) and created <= moment_us and not hidden
        ]
        first = nlargest(number, made)
        if not 0 < number <= len(first):
            raise UnknownSubjectError(f"there was no run `@{number}` then")
        return first[-1][2]

    def _called(self, name: str, moment_us: int) -> list[str]:
        """Return the runs that had a name at a moment."""
        table = self._index.columns("run", ["", "name", "created"])
        found = [
            str(run)
            for run, called, created in zip(table[""], table["name"], table["created"], strict=True)
            if called == name
            and isinstance(created, int)
            and created <= moment_us
            and run not in self._renames
        ]
        for run in self._renames:
            state = self.state_of_run(run, moment_us)
            if state["created_us"] <= moment_us and state["name"] == name:
                found.append(run)
        return found

    @cached_property
    def _renames(self) -> dict[str, list[tuple[int, str]]]:
        """Return when runs were given which names, by id."""
        found: dict[str, list[tuple[int, str]]] = {}
        for entry in self._entries:
            kind, _, run = entry.subject.partition(":")
            name = entry.body.get("name") if entry.kind == run_entries.RENAMED else None
            if kind == "run" and isinstance(name, str):
                found.setdefault(run, []).append((entry.time_us, name))
        return found

    # --- data

    def version(self, text: str, moment_us: int) -> DataVersion:
        """Return the version that `credit@gold` or `credit` meant.

        Raises UnknownSubjectError, AmbiguousIdError, BadArgumentError.
        """
        spec = names.parse(text)
        if spec.number is not None or spec.id is not None:
            return self._record.data(text)
        every = rows(self._index, spec.name)
        made = self._index.columns("data", ["", "created"])
        created = dict(zip(made[""], made["created"], strict=True))
        there = [row for row in every if isinstance(when := created.get(row.id), int) and when <= moment_us]
        found = (
            newest(there)
            if spec.tag is None
            else [row for row in there if spec.tag in self._tags(row, moment_us)]
        )
        return self._one(text, every, found)

    def _one(self, text: str, every: Sequence[Row], found: Sequence[Row]) -> DataVersion:
        if not found:
            raise UnknownSubjectError(f"there was no version `{text}` then")
        if len({row.bytes for row in found}) > 1:
            raise AmbiguousIdError(f"`{text}` meant several versions then")
        chosen = min(found, key=lambda row: row.id)
        return DataVersion(self._record, chosen.id, labels(every)[chosen.id])

    def _tags(self, row: Row, moment_us: int) -> set[str]:
        """Return the tags that a version had: those of the entries up to a moment that none of these replaced."""
        subject = f"data:{row.id}"
        of_version = [
            entry
            for entry in self._entries
            if entry.subject == subject and entry.kind == data_entries.TAGGED and entry.time_us <= moment_us
        ]
        found: set[str] = set()
        for entry in fold.uncovered(of_version):
            tags = entry.body.get("tags")
            if isinstance(tags, list):
                found.update(tag for tag in tags if isinstance(tag, str))
        return found

    # --- the logs

    @cached_property
    def _entries(self) -> list[Entry]:
        """Return the entries that gave names and tags, each once."""
        return list({entry.hash: entry for entry in self._read()}.values())

    def _read(self) -> Iterator[Entry]:
        from gnomon.record.index_lines import LineFile
        from gnomon.record.lines import parse_line

        home = self._record.replica.home
        for path, _ in sorted(home.log_files(), key=lambda pair: pair[0]):
            try:
                file = LineFile(home.env, os.path.join(home.path, path))
            except FileNotFoundError:
                continue  # bundled since it was listed, and so in another file
            with file as lines:
                for _, line in lines.lines(0):
                    if line is None or not any(mark in line for mark in _MARKS):
                        continue
                    try:
                        yield parse_line(line)
                    except (DamagedEntryError, UnknownFormatError):
                        continue  # `gnomon verify` names it
