"""Which entries have been counted: every log's entries by their place in the chain.

A log's entries are known by position: slot `seq` holds the entry's hash and whether its body is here. Whatever does not
continue the chain (after a damaged line, or from a second history under the same log id) is a stray, known by its
hash alone. So each entry counts once, without a table of all hashes, and two histories both count.

A log counts when it is certified: when its first entry, with its body, was met and vouches for it. Until then its entries
are set aside: which files have some is known, and they are counted when the certificate comes.

`Held` is what one file holds of one log, if that is its chain from the beginning, unbroken: it proves that a file may go
because another one holds as much, and lets a reader step over a bundle's copy of a log that it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.record.certificates import certified_key
from gnomon.record.problems import NOTICE, Problem

if TYPE_CHECKING:
    import sqlite3

    from gnomon.record.lines import Entry

SLOT = 33  # a hash, and 1 for a head alone or 2 for an entry with its body
CHUNK = 256
CHUNK_SHIFT = 20
MAX_COUNT = CHUNK << CHUNK_SHIFT
BARE, WHOLE = 1, 2
REST_OF_LINE = (
    50  # ,"salt":"<32 hex>","body":  is what a line has more when its body is here, besides the body
)

NO_CERTIFICATE = (
    "copy the log from another replica; if none has its first entry, nobody can tell who wrote it"
)
NEW, KNOWN, BODY = "new", "known", "body"


class Log:
    """What is known of one log.

    `tip` is the hash of the last entry of its chain, `bytes` the length of its lines with all bodies, `writer` whose it
    is: '' where it is not certified.
    """

    __slots__ = (
        "_chunks",
        "_database",
        "bare",
        "bytes",
        "count",
        "dirty",
        "id",
        "is_dirty",
        "joined",
        "last_bytes",
        "no",
        "strays",
        "tip",
        "writer",
    )

    def __init__(self, database: sqlite3.Connection, no: int, log_id: str) -> None:
        self._database = database
        self._chunks: dict[int, bytearray] = {}
        self.no = no
        self.id = log_id
        self.count = 0
        self.bytes = 0
        self.last_bytes = 0
        self.tip = ""
        self.writer = ""
        self.bare = 0
        self.strays: dict[bytes, tuple[int, bool]] = {}
        self.joined: list[bytes] = []  # were strays, and stand in the chain now
        self.dirty: set[int] = set()
        self.is_dirty = False

    def is_certified_by(self, entry: Entry) -> bool:
        """Take note of whose log it is, if this entry certifies it."""
        if certified_key(entry) is None:
            return False
        self.writer = entry.writer
        self.is_dirty = True
        return True

    @property
    def is_plain(self) -> bool:
        """Whether all that is known of this log is one chain with all bodies."""
        return not self.bare and not self.strays and self.count > 0

    def admit(self, entry: Entry, digest: bytes, line_bytes: int) -> str:
        """Take note of an entry; return NEW, KNOWN, or BODY where it was known without its body and this is it."""
        seq, has_body = entry.seq, entry.body_raw is not None
        if seq == self.count:
            if seq < MAX_COUNT and (seq == 0 or entry.prev == self.tip):
                return self._append(entry, digest, line_bytes, has_body)
        elif seq < self.count:
            chunk = self._chunk(seq // CHUNK)
            at = seq % CHUNK * SLOT
            if chunk[at : at + 32] == digest:
                if not has_body or chunk[at + 32] == WHOLE:
                    return KNOWN
                chunk[at + 32] = WHOLE
                self.bare -= 1
                self._touch(seq // CHUNK)
                return BODY
        return self._stray(digest, seq, has_body)

    def slot(self, seq: int) -> bytes:
        """Return the hash at a place of the chain."""
        at = seq % CHUNK * SLOT
        return bytes(self._chunk(seq // CHUNK)[at : at + 32])

    def _append(self, entry: Entry, digest: bytes, line_bytes: int, has_body: bool) -> str:
        known = self.strays.pop(digest, None) if self.strays else None
        is_whole = has_body or (known is not None and known[1])
        number = self.count // CHUNK
        chunk = self._chunks.get(number)
        if chunk is None:
            chunk = (
                self._chunk(number) if self.count % CHUNK else self._chunks.setdefault(number, bytearray())
            )
        chunk += digest
        chunk.append(WHOLE if is_whole else BARE)
        self.dirty.add(number)
        self.is_dirty = True
        self.last_bytes = line_bytes if has_body else line_bytes + REST_OF_LINE + entry.size
        self.bytes += self.last_bytes
        self.bare += not is_whole
        self.count += 1
        self.tip = entry.hash
        if known is None:
            return NEW
        self.joined.append(digest)
        return BODY if has_body and not known[1] else KNOWN

    def _stray(self, digest: bytes, seq: int, has_body: bool) -> str:
        known = self.strays.get(digest)
        if known is not None and (known[1] or not has_body):
            return KNOWN
        self.strays[digest] = (seq, has_body)
        self.is_dirty = True
        return NEW if known is None else BODY

    def _chunk(self, number: int) -> bytearray:
        chunk = self._chunks.get(number)
        if chunk is None:
            row = self._database.execute(
                "SELECT data FROM main.slot WHERE no = ?", ((self.no << CHUNK_SHIFT) | number,)
            ).fetchone()
            chunk = self._chunks[number] = bytearray(row[0] if row else b"")
        return chunk

    def _touch(self, number: int) -> None:
        self.dirty.add(number)
        self.is_dirty = True

    def dirty_chunks(self) -> list[tuple[int, bytes]]:
        """Return (number, data) of the chunks of slots that changed, and forget that they did."""
        changed = [
            ((self.no << CHUNK_SHIFT) | number, bytes(self._chunks[number])) for number in sorted(self.dirty)
        ]
        self.dirty.clear()
        return changed


class Held:
    """What one file holds of one log: an unbroken chain of `count` entries from the first one, which ends with `tip`.

    -1 entries: the file holds something else of this log, or something more, and proves nothing.
    """

    __slots__ = ("count", "is_dirty", "is_whole", "log", "tip")

    def __init__(self, log: int, count: int = 0, tip: str = "", is_whole: bool = True) -> None:
        self.log = log
        self.count = count
        self.tip = tip
        self.is_whole = is_whole
        self.is_dirty = False

    def follow(self, entry: Entry) -> None:
        """Take note of the next line of this log in this file."""
        self.is_dirty = True
        if entry.seq == self.count and (entry.seq == 0 or entry.prev == self.tip):
            self.count += 1
            self.tip = entry.hash
            self.is_whole = self.is_whole and entry.body_raw is not None
        else:
            self.count = -1


class Logs:
    """All logs that are known, read from the index when they are first met."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._by_id: dict[str, Log] = {}
        self._by_no: dict[int, Log] = {}
        (last,) = database.execute("SELECT coalesce(max(no), 0) FROM main.log").fetchone()
        self._next = int(last) + 1
        self._has_stored = bool(last)

    def get(self, log_id: str) -> Log:
        """Return a log by its id."""
        log = self._by_id.get(log_id)
        if log is None:
            log = self._stored("id", bytes.fromhex(log_id)) if self._has_stored else None
            if log is None:
                log = Log(self._database, self._next, log_id)
                self._next += 1
            self._by_id[log_id] = self._by_no[log.no] = log
        return log

    def numbered(self, no: int) -> Log:
        """Return a log that is known by its number."""
        log = self._by_no.get(no) or self._stored("no", no)
        if log is None:
            raise LookupError(no)
        self._by_id[log.id] = self._by_no[no] = log
        return log

    def _stored(self, column: str, value: object) -> Log | None:
        row = self._database.execute(
            f"SELECT no, id, count, bytes, last_bytes, tip, bare, strays, writer FROM main.log WHERE {column} = ?",
            (value,),
        ).fetchone()
        if row is None:
            return None
        log = Log(self._database, row[0], row[1].hex())
        log.count, log.bytes, log.last_bytes = row[2:5]
        log.tip, log.bare, log.writer = row[5].hex(), row[6], row[8].hex()
        if row[7]:
            found = self._database.execute(
                "SELECT digest, seq, has_body FROM main.stray WHERE log = ?", (log.no,)
            )
            log.strays = {digest: (seq, bool(has_body)) for digest, seq, has_body in found}
        return log

    def problems(self) -> list[Problem]:
        """Return what is odd about logs: two histories under one id, and gaps."""
        for (no,) in self._database.execute("SELECT no FROM main.log WHERE strays > 0").fetchall():
            self.numbered(no)
        found = []
        for log in sorted(self._by_id.values(), key=lambda log: log.id):
            seqs = [seq for seq, _ in log.strays.values()]
            name = f"log {log.id}"
            if len(set(seqs)) < len(seqs) or any(seq < log.count for seq in seqs):
                what = (
                    "two histories under one log id: a copied disk, or a key in the wrong hands; both count"
                )
                found.append(
                    Problem(
                        "", name, what, "ask who used this device; `gnomon verify` shows the entries", NOTICE
                    )
                )
            elif seqs:
                what = f"entry {log.count} is missing or damaged; {len(seqs)} entries after it are used"
                found.append(Problem("", name, what, "copy the log from another replica"))
        return found

    def store(self) -> None:
        """Write what changed."""
        changed = [log for log in self._by_id.values() if log.is_dirty]
        rows = [
            (
                log.no,
                bytes.fromhex(log.id),
                log.count,
                log.bytes,
                log.last_bytes,
                bytes.fromhex(log.tip),
                log.bare,
                len(log.strays),
                bytes.fromhex(log.writer),
            )
            for log in changed
        ]
        self._database.executemany("INSERT OR REPLACE INTO main.log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        for log in changed:
            self._database.executemany("INSERT OR REPLACE INTO main.slot VALUES (?, ?)", log.dirty_chunks())
            self._database.executemany(
                "DELETE FROM main.stray WHERE log = ? AND digest = ?",
                [(log.no, digest) for digest in log.joined],
            )
            log.joined.clear()
            if log.strays:
                strays = [(log.no, digest, seq, has_body) for digest, (seq, has_body) in log.strays.items()]
                self._database.executemany("INSERT OR REPLACE INTO main.stray VALUES (?, ?, ?, ?)", strays)
            log.is_dirty = False
        self._has_stored = self._has_stored or bool(changed)


class Aside:
    """Which files hold entries of logs that are not certified, and how many: by log and file, as numbers."""

    def __init__(self, database: sqlite3.Connection, logs: Logs) -> None:
        self._database = database
        self._logs = logs
        self._lines: dict[int, dict[int, int]] = {}
        self._dirty: set[int] = set()
        for log, file, lines in database.execute("SELECT log, file, lines FROM main.aside"):
            self._lines.setdefault(log, {})[file] = lines

    def add(self, log: Log, file: int) -> None:
        """Count one line of a file that is set aside."""
        by_file = self._lines.setdefault(log.no, {})
        by_file[file] = by_file.get(file, 0) + 1
        self._dirty.add(log.no)
        log.is_dirty = True

    def drop(self, file: int) -> None:
        """Forget a file."""
        for no, by_file in self._lines.items():
            if by_file.pop(file, None) is not None:
                self._dirty.add(no)

    def to_count(self) -> dict[int, dict[str, Log]]:
        """Return, by file, the logs that are certified by now, by id."""
        found: dict[int, dict[str, Log]] = {}
        for no, by_file in self._lines.items():
            log = self._logs.numbered(no)
            if log.writer:
                for file in by_file:
                    found.setdefault(file, {})[log.id] = log
        return found

    def counted(self, log: Log, file: int) -> None:
        """Forget what a file has of a log: it was counted."""
        self._lines[log.no].pop(file, None)
        self._dirty.add(log.no)

    def problems(self, paths: dict[int, str]) -> list[Problem]:
        """Return what is set aside, by file and log."""
        found = []
        for no, by_file in self._lines.items():
            log = self._logs.numbered(no)
            for file, lines in by_file.items():
                if file in paths:
                    what = f"log {log.id} has no certificate here: {lines:,} entries of it are not used"
                    found.append(Problem(paths[file], "", what, NO_CERTIFICATE))
        return sorted(found, key=lambda problem: (problem.file, problem.what))

    def store(self) -> None:
        """Write what changed."""
        self._database.executemany("DELETE FROM main.aside WHERE log = ?", [(no,) for no in self._dirty])
        rows = [
            (no, file, lines)
            for no in self._dirty
            for file, lines in self._lines.get(no, {}).items()
            if lines
        ]
        self._database.executemany("INSERT INTO main.aside VALUES (?, ?, ?)", rows)
        self._dirty.clear()
