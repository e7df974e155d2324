"""Full-text search: the texts of subjects, in an FTS5 table (words by Unicode, accents and case folded).

A text's row number is its subject's number and its place among that subject's texts, so a subject's texts stand
together. An overlay has a search table of its own, and the list of subjects whose texts in the file it stands for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.record.index_cells import plain_text
from gnomon.record.index_tables import TEXT_SHIFT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

MAX_TEXTS = 1 << TEXT_SHIFT
BULK = 2_000
_SNIPPET = "snippet(words, 1, '', '', '…', 24)"


class TextWriter:
    """Writes the texts of subjects into the file ("main") or into an overlay ("temp")."""

    def __init__(self, database: sqlite3.Connection, target: str) -> None:
        self._database = database
        self._target = target
        self._waiting: list[tuple[int, str, str]] = []

    def write(self, subject_no: int, texts: Iterable[tuple[str, str]], *, is_new: bool) -> None:
        """Replace the texts of one subject; those that stay as they were cost a comparison."""
        low = subject_no << TEXT_SHIFT
        wanted = [(plain_text(field), plain_text(text)) for field, text in texts if text]
        if len(wanted) > MAX_TEXTS:
            del wanted[MAX_TEXTS:]
        if self._target == "temp":
            self._database.execute("INSERT OR IGNORE INTO temp.retold VALUES (?)", (subject_no,))
        elif not is_new:
            wanted_at = dict(enumerate(wanted))
            query = "SELECT rowid, field, text FROM main.words WHERE rowid BETWEEN ? AND ?"
            for rowid, field, text in self._database.execute(query, (low, low + MAX_TEXTS - 1)).fetchall():
                if wanted_at.get(rowid - low) == (field, text):
                    del wanted_at[rowid - low]
                else:
                    self._database.execute("DELETE FROM main.words WHERE rowid = ?", (rowid,))
            self._waiting += [(low + place, *pair) for place, pair in wanted_at.items()]
            return
        self._waiting += [(low + place, *pair) for place, pair in enumerate(wanted)]

    def flush(self) -> None:
        """Write what waits. With many texts the search table merges once at the end, which is a third quicker."""
        if self._waiting:
            self._waiting.sort()
            insert = f"INSERT INTO {self._target}.words (rowid, field, text) VALUES (?, ?, ?)"
            self._database.executemany(insert, self._waiting)
            self._waiting.clear()


def match_expression(words: str) -> str:
    """Return what FTS5 asks for: every word must occur; `word*` means words that begin so. Nothing else is special."""
    parts = []
    for word in words.replace("\0", " ").split():  # SQLite would take a NUL for the end
        bare = word.rstrip("*")
        if any(map(str.isalnum, bare)):
            quoted = plain_text(bare).replace('"', '""')
            parts.append(f'"{quoted}"' + ("*" if word.endswith("*") else ""))
    return " ".join(parts)


def find(
    database: sqlite3.Connection, words: str, limit: int, low: int, high: int, *, has_overlay: bool
) -> list[tuple[int, str, str]]:
    """Return (subject number, field, excerpt) of texts that hold all words, the best match of each subject first."""
    expression = match_expression(words)
    if not expression:
        return []
    span = (expression, low << TEXT_SHIFT, (high << TEXT_SHIFT) - 1)
    ranked = (
        f"SELECT rowid, field, {_SNIPPET}, rank FROM {{}}.words WHERE words MATCH ? AND rowid BETWEEN ? AND ?"
    )
    query = ranked.format("main") + " ORDER BY rank"
    found = database.execute(query, span)
    if has_overlay:
        retold = {no for (no,) in database.execute("SELECT no FROM temp.retold")}
        rows = [row for row in found if row[0] >> TEXT_SHIFT not in retold]
        rows += database.execute(ranked.format("temp"), span)
        rows.sort(key=lambda row: (row[3], row[0]))
    else:
        rows = found  # type: ignore[assignment]
    best: dict[int, tuple[int, str, str]] = {}
    for rowid, field, excerpt, _ in rows:
        best.setdefault(rowid >> TEXT_SHIFT, (rowid >> TEXT_SHIFT, field, excerpt))
        if len(best) >= limit:
            break
    return list(best.values())
