"""The table `entries`: every line of the logs, each entry once.

Read from the files, because the index keeps only what nothing replaced. Always true: a line that is damaged is not in it; of
copies with and without a body the one with the body counts. Entries of logs that nobody vouches for are not in it either.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gnomon.errors import DamagedEntryError, UnknownFormatError
from gnomon.record.certificates import certified_key
from gnomon.runs.sql.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.record.lines import Entry
    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Tables
    from gnomon.runs.views import Record


def make_entries(tables: Tables, statement: Statement) -> None:
    """Make the table `entries` with the columns that a statement names."""
    found: dict[str, Entry] = {}
    for entry in _entries(tables.record):
        known = found.get(entry.hash)
        if known is None or (known.body_raw is None and entry.body_raw is not None):
            found[entry.hash] = entry
    writers = {entry.log: entry.writer for entry in found.values() if certified_key(entry) is not None}
    entries = [entry for entry in found.values() if writers.get(entry.log) == entry.writer]
    cells: dict[str, Any] = {
        column.name: [getattr(entry, column.name) for entry in entries]
        for column in TABLES["entries"].columns
        if column.name not in ("time", "body") and statement.wants(column.name)
    }
    cells["time"] = [entry.time_us for entry in entries]
    if statement.wants("body"):
        cells["body"] = [_text(entry.body_raw) for entry in entries]
    tables.plain("entries", cells, statement, length=len(entries))


def _entries(record: Record) -> Iterator[Entry]:
    from gnomon.record.index_lines import LineFile
    from gnomon.record.lines import parse_line

    home = record.replica.home
    for path, _ in sorted(home.log_files(), key=lambda pair: pair[0]):
        try:
            file = LineFile(home.env, os.path.join(home.path, path))
        except FileNotFoundError:
            continue  # bundled since it was listed, and so in another file
        with file as lines:
            for _, line in lines.lines(0):
                if line is None:
                    continue
                try:
                    yield parse_line(line)
                except (DamagedEntryError, UnknownFormatError):
                    continue  # `gnomon verify` names it


def _text(body: bytes | None) -> str | None:
    """Return a body as text; None where it is not here, or is no UTF-8."""
    if body is None:
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None
