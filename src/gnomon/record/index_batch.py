"""Entries in, rows out: the part of the index that folds.

A batch takes entries one by one, each once (`index_logs` sees to that), keeps the subjects that they touch in memory, and
writes them with `flush`: the live entries of each, its row of cells and its texts. It writes to the file ("main") or to an
overlay ("temp"); which of the two makes no difference to any answer.

Always true: what a subject's rows hold depends on its uncovered entries alone, not on how they were cut into batches.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from gnomon.record import kinds
from gnomon.record.fold import LiveEntry
from gnomon.record.index_cells import CellWriter, opened, plain_text, sealed
from gnomon.record.index_links import LinkWriter
from gnomon.record.index_tables import MAX_TYPES, TYPE_SHIFT
from gnomon.record.index_texts import TextWriter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from gnomon.record.lines import Entry

    StatsReader = Callable[[], Callable[[str], object]]

FOLD_ERRORS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What a fold may raise over a body that no good writer would write: noted, and the subject has no cells."""
FETCH = 10_000
MIXED = -1
"""Version of a type whose subjects were folded by different versions of its feature: it must be folded again."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[LiveEntry], list[bytes]]).decode


class Subject:
    """What a batch knows of one subject. `absent` are the hashes that something covers and that have not been seen live."""

    __slots__ = ("absent", "live", "name", "no")

    def __init__(self, name: str) -> None:
        self.name = name
        self.no = -1
        self.live: dict[bytes, LiveEntry] = {}
        self.absent: set[bytes] = set()


def decode_live(data: bytes) -> tuple[list[LiveEntry], list[bytes]]:
    """Return (live entries, absent hashes) of a stored subject. Raises DamagedIndexError."""
    return _decode(opened(data))


def _encode_live(subject: Subject) -> bytes:
    return sealed(_encode(([*subject.live.values()], subject.absent)))


_shown_order = attrgetter("time_us", "digest")


def in_shown_order(live: Iterable[LiveEntry]) -> list[LiveEntry]:
    """Return entries as a fold wants them: by time, then hash."""
    entries = [*live]
    if len(entries) == 2:  # a run that ended, most often
        first, second = entries
        if (first.time_us, first.digest) > (second.time_us, second.digest):
            entries.reverse()
    elif len(entries) > 1:
        entries.sort(key=_shown_order)
    return entries


class Types:
    """The subject types of the index: name to [number, version of the fold, number of subjects]."""

    def __init__(self, database: sqlite3.Connection, target: str) -> None:
        self._database = database
        self._target = target
        self._rows: dict[str, list[int]] = {}
        for no, name, version, count in database.execute("SELECT no, name, version, count FROM all_type"):
            self._rows[name] = [no, version, count]

    def items(self) -> list[tuple[str, list[int]]]:
        """Return all (name, row)."""
        return list(self._rows.items())

    def get(self, name: str) -> list[int]:
        """Return the row of a type, new if need be. After very many types, all others share one."""
        row = self._rows.get(name)
        if row is None:
            if len(self._rows) >= MAX_TYPES and name != "":
                return self.get("")
            feature = kinds.find(name)
            row = self._rows[name] = [len(self._rows) + 1, feature.version if feature else 0, 0]
        return row

    def store(self) -> None:
        """Write all types."""
        rows = [(no, name, version, count) for name, (no, version, count) in self._rows.items()]
        self._database.executemany(f"INSERT OR REPLACE INTO {self._target}.type VALUES (?, ?, ?, ?)", rows)


class Batch:
    """The subjects that news touch, between reading and writing."""

    def __init__(self, database: sqlite3.Connection, target: str, stats_reader: StatsReader) -> None:
        self._database = database
        self._target = target
        self._stats_reader = stats_reader
        self._subjects: dict[str, Subject] = {}
        self._quiet: dict[str, Subject] = {}  # not touched since the last `flush_quiet`
        self._types = Types(database, target)
        self._cells = CellWriter(database, target)
        self._texts = TextWriter(database, target)
        self._links = LinkWriter(database, target)
        self._log = ("", "", b"", b"")  # of the last entry: ids of log and writer, as text and as bytes
        is_empty = database.execute("SELECT 1 FROM all_subject LIMIT 1").fetchone() is None
        self._stored_names: set[str] | None = set() if is_empty else None  # None: ask the table

    def __len__(self) -> int:
        return len(self._subjects) + len(self._quiet)

    def add(self, entry: Entry, digest: bytes) -> None:
        """Count an entry that is new."""
        subject = self._subjects.get(entry.subject) or self._load(entry.subject)
        live = subject.live
        for covered in entry.over:
            key = bytes.fromhex(covered)
            if live.pop(key, None) is None:
                subject.absent.add(key)
        if subject.absent and digest in subject.absent:
            subject.absent.discard(digest)
            return
        log = self._log
        if entry.log != log[0] or entry.writer != log[1]:  # the next entry is most often of the same log
            log = self._log = (entry.log, entry.writer, bytes.fromhex(entry.log), bytes.fromhex(entry.writer))
        live[digest] = LiveEntry(
            digest, entry.kind, entry.author, log[3], log[2], entry.seq, entry.time_us, entry.body_raw
        )

    def add_body(self, entry: Entry, digest: bytes) -> None:
        """Give an entry that was known without its body the body."""
        subject = self._subjects.get(entry.subject) or self._load(entry.subject)
        known = subject.live.get(digest)
        if known is not None:
            known.body_raw = entry.body_raw
            known.forget_body()

    def touch(self, name: str) -> None:
        """Have a subject's cells computed again, if it is known; what it has not yet will come with its entries."""
        if name not in self._subjects and name not in self._quiet:
            subject = self._load(name)
            if subject.no < 0:
                del self._subjects[name]

    def _load(self, name: str) -> Subject:
        subject = self._quiet.pop(name, None)
        if subject is not None:
            self._subjects[name] = subject
            return subject
        subject = self._subjects[name] = Subject(name)
        if self._stored_names is None or name in self._stored_names:
            row = self._database.execute(
                "SELECT no, live FROM all_subject WHERE name = ?", (name,)
            ).fetchone()
            if row is not None:
                subject.no = row[0]
                live, absent = decode_live(row[1])
                subject.live = {entry.digest: entry for entry in live}
                subject.absent = set(absent)
                self._flush_waiting()  # its texts and links are compared with those that stand there
        return subject

    def flush(self) -> None:
        """Write all subjects of the batch, and forget them."""
        self._write({**self._quiet, **self._subjects})
        self._flush_waiting()
        self._quiet, self._subjects = {}, {}

    def flush_quiet(self) -> None:
        """Write those subjects that nothing touched since the last such call; their texts and links wait for `flush`.

        So a large batch is folded little by little, while most subjects are folded once: what is said of one stands together.
        """
        self._write(self._quiet)
        self._quiet, self._subjects = self._subjects, {}

    def _flush_waiting(self) -> None:
        self._texts.flush()
        self._links.flush()

    def _write(self, found: dict[str, Subject]) -> None:
        by_type: dict[str, list[Subject]] = {}
        beginning = ""
        for name in sorted(found):
            if not beginning or not name.startswith(beginning):  # the names of one type follow each other
                type_name, colon, _ = name.partition(":")
                beginning = type_name + colon
                subjects = by_type.setdefault(type_name, [])
            subjects.append(found[name])
        for type_name, subjects in by_type.items():
            self._write_type(type_name, subjects)
        if found:
            self._types.store()
        if self._stored_names is not None:
            self._stored_names.update(found)

    def _write_type(self, type_name: str, subjects: list[Subject]) -> None:
        row = self._types.get(type_name)
        type_no, known = row[0], row[2]
        first_new = type_no << TYPE_SHIFT | known
        for subject in subjects:
            if subject.no < 0:
                subject.no = type_no << TYPE_SHIFT | row[2]
                row[2] += 1
        insert = "INSERT"
        if row[2] != known + len(subjects):  # not all of them are new, so they are not in order yet
            insert = "INSERT OR REPLACE"
            subjects.sort(key=lambda subject: subject.no)
        rows = [(subject.no, subject.name, _encode_live(subject)) for subject in subjects]
        self._database.executemany(f"{insert} INTO {self._target}.subject VALUES (?, ?, ?)", rows)
        feature = kinds.find(type_name)
        if row[1] != (feature.version if feature else 0):
            row[1] = MIXED
        self._fold(type_name, feature, subjects, type_no, first_new)

    def _fold(
        self,
        type_name: str,
        feature: kinds.Feature | None,
        subjects: list[Subject],
        type_no: int,
        first_new: int,
    ) -> None:
        """Write the cells and texts of subjects of one type, in order of their numbers."""
        base = type_no << TYPE_SHIFT
        links_of = feature.links if feature is not None else None
        write_texts, write_links = self._texts.write, self._links.write
        rows: list[tuple[int, dict[str, object]]] = []
        failed: list[tuple[int, str]] = []
        # A plug-in that is gone may have left texts.
        clear = feature is None and type_name not in kinds.KERNEL_TYPES
        stats_of = self._stats_reader()
        id_at = len(type_name) + 1
        for subject in subjects:
            no, name = subject.no, subject.name
            subject_id, is_new = name[id_at:], no >= first_new
            cells: dict[str, object] = {}
            if feature is not None:
                try:
                    entries = in_shown_order(subject.live.values())
                    state = feature.fold(entries)
                    cells = feature.cells(subject_id, state, stats_of(name))  # type: ignore[assignment]
                    if cells.__class__ is not dict:
                        cells = dict(cells)
                    "".join(cells)  # raises TypeError where a column's name is no text
                    write_texts(no, feature.texts(state), is_new=is_new)
                    if links_of is not None:
                        write_links(no, links_of(state), is_new=is_new)
                except FOLD_ERRORS as error:
                    cells = {}
                    write_texts(no, (), is_new=is_new)
                    write_links(no, (), is_new=is_new)
                    text = f"{name} cannot be folded: {type(error).__name__}: {error}"
                    failed.append((no, plain_text(text)))
            elif clear and not is_new:
                write_texts(no, (), is_new=False)
                write_links(no, (), is_new=False)
            cells[""] = subject_id
            rows.append((no - base, cells))
        self._cells.write(type_no, rows, first_new - base)
        self._note_failed(failed, [subject.no for subject in subjects if subject.no < first_new])

    def _note_failed(self, failed: list[tuple[int, str]], known: list[int]) -> None:
        target = f"{self._target}.unfolded"
        self._database.executemany(
            f"INSERT OR REPLACE INTO {target} SELECT no, '' FROM all_unfolded WHERE no = ?",
            [(no,) for no in known],
        )
        self._database.executemany(f"INSERT OR REPLACE INTO {target} VALUES (?, ?)", failed)

    def fold_again(self, type_name: str, done: Callable[[], None]) -> None:
        """Compute all cells and texts of a type anew, after its feature changed; `done` may commit in between."""
        row = self._types.get(type_name)
        feature = kinds.find(type_name)
        base = row[0] << TYPE_SHIFT
        for low in range(base, base + row[2], FETCH):
            high = min(low + FETCH, base + row[2])
            subjects = []
            query = "SELECT no, name, live FROM all_subject WHERE no >= ? AND no < ? ORDER BY no"
            for no, name, data in self._database.execute(query, (low, high)):
                subject = Subject(name)
                subject.no = no
                live, absent = decode_live(data)
                subject.live = {entry.digest: entry for entry in live}
                subject.absent = set(absent)
                subjects.append(subject)
            self._fold(type_name, feature, subjects, row[0], base + row[2])
            self._texts.flush()
            self._links.flush()
            done()
        row[1] = feature.version if feature else 0
        self._types.store()
