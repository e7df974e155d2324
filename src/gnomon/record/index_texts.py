"""Full-text search: the texts of subjects, in an FTS5 table (words by Unicode, accents and case folded).

Scripts without blanks between words have a separator around each character (`index_scripts`), which is in no answer.

A text's row number is its subject's number, how telling its field is (`FIELDS`), and its place among that subject's texts
of such fields. So a subject's texts stand together, and how telling a match is, is known without reading it. An overlay
has a search table of its own, and the list of subjects whose texts in the file it stands for.

Not promised: what bm25 thinks of matches where more than `MOST_SCORED` texts match: weighing them all takes longer than
a person waits, and says little about a word that is everywhere.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from gnomon.record.index_cells import plain_text
from gnomon.record.index_scripts import SEPARATOR, as_written, spaced
from gnomon.record.index_tables import TEXT_SHIFT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

FIELDS = ("name", "tags", "group", "note", "params", "values", "command", "cells", "console")
"""What a text may be, the most telling first; whatever else a feature has comes after these."""
MOST_SCORED = 10_000
MOST_TERMS = 100_000
_RANKS = {field: rank for rank, field in enumerate(FIELDS)}
_RANKS |= dict.fromkeys(("message", "origin", "comment"), _RANKS["note"]) | {"columns": _RANKS["params"]}
_OTHER = 15
_FIELD_SHIFT = TEXT_SHIFT - 4
MAX_TEXTS = 1 << _FIELD_SHIFT  # of one subject and rank
_TEXT_MASK = (1 << TEXT_SHIFT) - 1
MARK, UNMARK = "\x02", "\x03"  # around a word that was asked for, in an excerpt
_SNIPPET = f"snippet({{}}, 1, '{MARK}', '{UNMARK}', '…', {{}})"
_WORDS_SHOWN, _CHARACTERS_SHOWN = 24, 64  # SQLite takes no more
_MARKED = f"highlight({{}}, 1, '{MARK}', '{UNMARK}')"
LONG_TEXT = 4_000  # characters; the time that SQLite takes for an excerpt grows with the square of the matches in a text
_BLANK = re.compile(r"\s")
_TOGETHER, _BEFORE, _AFTER = (
    150,
    600,
    1_200,
)  # characters, of the part of a long text that an excerpt is taken from


class Matches:
    """Texts that hold all words, by row number, in no order that means anything.

    `scores` are what bm25 gives to each, the best being the smallest; empty where very many match.
    """

    __slots__ = ("_together", "rows", "scores")

    def __init__(self, rows: list[int], scores: dict[int, float], together: set[int] | None) -> None:
        self.rows = rows
        self.scores = scores
        self._together = together

    def by_level(self) -> list[list[int]]:
        """Return the rows in groups, the best first: where the words follow each other, then where they are scattered; in
        each of these by field.
        """
        levels: dict[int, list[int]] = {}
        together = self._together
        if together is None:
            for row in self.rows:
                levels.setdefault(row >> _FIELD_SHIFT & 15, []).append(row)
        else:
            for row in self.rows:
                levels.setdefault((row >> _FIELD_SHIFT & 15) | (row not in together) << 4, []).append(row)
        return [levels[level] for level in sorted(levels)]


class TextWriter:
    """Writes the texts of subjects into the file ("main") or into an overlay ("temp")."""

    def __init__(self, database: sqlite3.Connection, target: str) -> None:
        self._database = database
        self._target = target
        self._waiting: list[tuple[int, str, str]] = []

    def write(self, subject_no: int, texts: Iterable[tuple[str, str]], *, is_new: bool) -> None:
        """Replace the texts of one subject; those that stay as they were cost a comparison."""
        low = subject_no << TEXT_SHIFT
        rows = _placed(low, texts)
        if self._target == "temp":
            self._database.execute("INSERT OR IGNORE INTO temp.retold VALUES (?)", (subject_no,))
        elif not is_new:
            wanted = {row: (field, text) for row, field, text in rows}
            query = "SELECT rowid, field, text FROM main.words WHERE rowid BETWEEN ? AND ?"
            for row, field, text in self._database.execute(query, (low, low + _TEXT_MASK)).fetchall():
                if wanted.get(row) == (field, text):
                    del wanted[row]
                else:
                    self._database.execute("DELETE FROM main.words WHERE rowid = ?", (row,))
            rows = [(row, field, text) for row, (field, text) in wanted.items()]
        self._waiting += rows

    def flush(self) -> None:
        """Write what waits. With many texts the search table merges once at the end, which is a third quicker."""
        if self._waiting:
            self._waiting.sort()
            insert = f"INSERT INTO {self._target}.words (rowid, field, text) VALUES (?, ?, ?)"
            self._database.executemany(insert, self._waiting)
            self._waiting.clear()


def _placed(low: int, texts: Iterable[tuple[str, str]]) -> list[tuple[int, str, str]]:
    """Return the texts of a subject as rows: number, field, text."""
    placed: list[tuple[int, str, str]] = []
    following: dict[int, int] = {}
    for field, text in texts:
        if text:
            rank = _RANKS.get(field, _OTHER)
            nth = following.get(rank, 0)
            if nth < MAX_TEXTS:
                following[rank] = nth + 1
                placed.append(
                    (low | (rank << _FIELD_SHIFT) | nth, plain_text(field), spaced(plain_text(text)))
                )
    return placed


def is_of_field(row: int, field: str) -> bool:
    """Return whether a text is of one of `FIELDS`."""
    return row >> _FIELD_SHIFT & 15 == _RANKS[field]


def nth_of(row: int) -> int:
    """Return how many texts of the same field and subject stand before one."""
    return row & (MAX_TEXTS - 1)


# ---------------------------------------------------------------- words


def words_in(text: str) -> list[str]:
    """Return the words that FTS5 is asked for, quoted; `word*` means words that begin so. Nothing else is special."""
    words = []
    for word in text.replace("\0", " ").split():  # SQLite would take a NUL for the end
        bare = word.rstrip("*")
        if any(map(str.isalnum, bare)):
            quoted = spaced(plain_text(bare)).replace('"', '""')
            words.append(f'"{quoted}"' + ("*" if word.endswith("*") else ""))
    return words


def bare(word: str) -> str:
    """Return a word that `words_in` gave as it was typed."""
    return as_written(word.rstrip("*")[1:-1].replace('""', '"'))


def _phrase(words: Sequence[str]) -> str | None:
    """Return what asks for these words one after the other; None where there is one only, or a beginning in the middle."""
    if len(words) < 2 or any(word.endswith("*") for word in words[:-1]):
        return None
    return " + ".join(words)


# ---------------------------------------------------------------- questions


def matches(database: sqlite3.Connection, words: Sequence[str], low: int = 0, high: int = 1 << 43) -> Matches:
    """Return the texts of subjects from `low` to before `high` that hold all words (as `words_in` gave them)."""
    if not words:
        return Matches([], {}, None)
    span = (low << TEXT_SHIFT, (high << TEXT_SHIFT) - 1)
    expression = " ".join(words)
    rows = _rows(database, expression, span)
    phrase = _phrase(words)
    together = set(_rows(database, phrase, span)) if phrase is not None and rows else None
    scores = _scores(database, expression, span) if 0 < len(rows) <= MOST_SCORED else {}
    return Matches(rows, scores, together)


def _rows(database: sqlite3.Connection, expression: str, span: tuple[int, int]) -> list[int]:
    return [row for row, _ in _asked(database, "0", expression, span)]


def _scores(database: sqlite3.Connection, expression: str, span: tuple[int, int]) -> dict[int, float]:
    """Return what bm25 gives to each matching text, to two digits: texts that hardly differ in length shall be equal."""
    return {row: float(f"{score:.2g}") for row, score in _asked(database, "rank", expression, span)}


def _asked(
    database: sqlite3.Connection, column: str, expression: str, span: tuple[int, int]
) -> list[tuple[int, float]]:
    query = f"SELECT rowid, {column} FROM {{}}.words WHERE words MATCH ? AND rowid BETWEEN ? AND ?"
    found: list[tuple[int, float]] = database.execute(query.format("main"), (expression, *span)).fetchall()
    retold = _retold(database)
    if retold is not None:
        found = [pair for pair in found if pair[0] >> TEXT_SHIFT not in retold]
        found += database.execute(query.format("temp"), (expression, *span)).fetchall()
    return found


def texts_of_fields(database: sqlite3.Connection, fields: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield (row, field, text) of all texts of these fields, in order of their rows."""
    marks = ",".join("?" * len(fields))
    query = f"SELECT rowid, field, text FROM {{}}.words WHERE field IN ({marks}) ORDER BY rowid"
    retold = _retold(database)
    for row, field, text in database.execute(query.format("main"), tuple(fields)):
        if retold is None or row >> TEXT_SHIFT not in retold:
            yield row, field, as_written(text)
    if retold is not None:
        for row, field, text in database.execute(query.format("temp"), tuple(fields)):
            yield row, field, as_written(text)


def texts_at(database: sqlite3.Connection, rows: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return (field, text) of these rows, by row; those that are not there any more are left out."""
    retold = _retold(database)
    found = {}
    for row in rows:
        target = "temp" if retold is not None and row >> TEXT_SHIFT in retold else "main"
        said = database.execute(f"SELECT field, text FROM {target}.words WHERE rowid = ?", (row,)).fetchone()
        if said is not None:
            found[row] = (said[0], as_written(said[1]))
    return found


def _retold(database: sqlite3.Connection) -> set[int] | None:
    """Return the subjects whose texts are those of the overlay; None where no overlay lies over the file."""
    query = "SELECT 1 FROM temp.sqlite_master WHERE name = 'retold'"
    if database.execute(query).fetchone() is None:
        return None
    return {no for (no,) in database.execute("SELECT no FROM temp.retold")}


def excerpts(
    database: sqlite3.Connection, words: Sequence[str], rows: Iterable[int]
) -> dict[int, tuple[str, str]]:
    """Return (field, excerpt) of those of these rows that hold all words, which stand between `MARK` and `UNMARK`."""
    retold = _retold(database) or ()
    of_file: list[int] = []
    of_overlay: list[int] = []
    for row in rows:
        (of_overlay if row >> TEXT_SHIFT in retold else of_file).append(row)
    found: dict[int, tuple[str, str]] = {}
    for target, several in (("main", of_file), ("temp", of_overlay)):
        if several:
            found.update(_excerpts(database, target, words, several))
    return {row: (field, as_written(text)) for row, (field, text) in found.items()}


def _excerpts(
    database: sqlite3.Connection, target: str, words: Sequence[str], rows: list[int]
) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield excerpts. Parts of long texts are looked at in a table of their own, as are all where a word is a beginning:
    SQLite joins the words that begin so for each row anew, and among the texts that are shown they are few.
    """
    expression, whole = " ".join(words), f"{target}.words"
    has_beginning = "*" in expression
    query = f"SELECT length(text) FROM {whole} WHERE rowid = ?"
    long = {row for row in rows if database.execute(query, (row,)).fetchone()[0] > LONG_TEXT}
    if not has_beginning:
        yield from _snippets(database, whole, expression, [row for row in rows if row not in long])
        if not long:
            return
    database.execute(
        "CREATE VIRTUAL TABLE temp.shown USING fts5(field UNINDEXED, text, tokenize='unicode61')"
    )
    insert = "INSERT INTO temp.shown (rowid, field, text) VALUES (?, ?, ?)"
    if has_beginning:
        copy = f"SELECT rowid, field, text FROM {whole} WHERE rowid = ?"
        database.executemany(insert, [database.execute(copy, (row,)).fetchone() for row in rows])
    for row in sorted(long):
        source = "temp.shown" if has_beginning else whole
        field, text = next(
            (pair for _, pair in _found(database, source, _MARKED, expression, [row])), ("", "")
        )
        if text:
            database.execute("DELETE FROM temp.shown WHERE rowid = ?", (row,))
            database.execute(insert, (row, field, best_part(text, len(words))))
    yield from _snippets(database, "temp.shown", expression, rows if has_beginning else sorted(long))
    database.execute("DROP TABLE temp.shown")


def _snippets(
    database: sqlite3.Connection, table: str, expression: str, rows: Iterable[int]
) -> Iterator[tuple[int, tuple[str, str]]]:
    length = _CHARACTERS_SHOWN if SEPARATOR in expression else _WORDS_SHOWN
    return _found(database, table, _SNIPPET.format("{}", length), expression, rows)


def _found(
    database: sqlite3.Connection, table: str, form: str, expression: str, rows: Iterable[int]
) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield (field, text in a form that SQLite makes) of those of these rows that match."""
    name = table.partition(".")[2]
    query = f"SELECT field, {form.format(name)} FROM {table} WHERE {name} MATCH ? AND rowid = ?"
    for row in rows:
        pair = database.execute(query, (expression, row)).fetchone()
        if pair is not None:
            yield row, pair


def best_part(marked: str, words: int) -> str:
    """Return the part of a marked text, without its marks, in which most of so many words stand near each other, the first such.

    >>> text = "\x02loss\x03 is low" + " and so on" * 900 + " \x02loss\x03 of \x02rate\x03."
    >>> best_part(text, 2)[-23:], best_part(text, 1)[:11]
    ('and so on loss of rate.', 'loss is low')
    """
    start = _densest(marked, words)
    low, high = max(0, start - _BEFORE), min(len(marked), start + _AFTER)
    if low and (blank := _BLANK.search(marked, low, start)):
        low = blank.end()
    if high < len(marked) and (blank := _BLANK.search(marked, high, high + _BEFORE)):
        high = blank.start()
    return unmarked(marked[low:high])


def _densest(marked: str, words: int) -> int:
    """Return where a stretch of `_TOGETHER` characters begins that has most of the marked words, or `words` different ones."""
    best, where = 0, 0
    near: deque[tuple[int, str]] = deque()
    start = marked.find(MARK)
    while start >= 0 and best < words:
        end = marked.find(UNMARK, start)
        near.append((start, marked[start + 1 : end].casefold()))
        while near[0][0] < start - _TOGETHER:
            near.popleft()
        different = len({word for _, word in near})
        if different > best:
            best, where = different, near[0][0]
        start = marked.find(MARK, start + 1)
    return where


def find(
    database: sqlite3.Connection, words: str, limit: int, low: int, high: int
) -> list[tuple[int, str, str]]:
    """Return (subject number, field, excerpt) of texts that hold all words, the best match of each subject first."""
    asked = words_in(words)
    found = matches(database, asked, low, high)
    best: dict[int, int] = {}
    for level in found.by_level():
        for row in sorted(level, key=lambda row: (found.scores.get(row, 0.0), row)):
            if len(best) < limit:
                best.setdefault(row >> TEXT_SHIFT, row)
    shown = excerpts(database, asked, best.values())
    return [(no, shown[row][0], unmarked(shown[row][1])) for no, row in best.items()]


def unmarked(excerpt: str) -> str:
    """Return an excerpt without the marks."""
    return excerpt.replace(MARK, "").replace(UNMARK, "")


# ---------------------------------------------------------------- near misses


def near(database: sqlite3.Connection, word: str) -> list[str]:
    """Return up to three words of the record that `word` may have been meant for, the nearest first; `word*` for its endings."""
    from difflib import get_close_matches

    asked = word.casefold().rstrip("*")
    if not asked.isalnum():
        return []
    known = list(_terms(database, asked[0]))
    if any(term.startswith(asked) for term in known):
        return [f"{asked}*"]
    alike = [term for term in known if abs(len(term) - len(asked)) <= 2]
    return get_close_matches(asked, alike, n=3, cutoff=0.7)


def _terms(database: sqlite3.Connection, beginning: str) -> Iterator[str]:
    """Yield the words of all texts that begin so."""
    for target in ("main",) if _retold(database) is None else ("main", "temp"):
        name = f"temp.terms_of_{target}"
        database.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5vocab({target}, words, row)")
        query = f"SELECT term FROM {name} WHERE term >= ? AND term < ? LIMIT ?"
        yield from (
            term for (term,) in database.execute(query, (beginning, beginning + "\U0010ffff", MOST_TERMS))
        )
