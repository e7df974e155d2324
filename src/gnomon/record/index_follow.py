"""Following the news: which files changed since the index last looked, and their new lines.

A file that grew is read from where the last look ended. A file that is new, or is not what it was (another inode, cut,
changed in place), is read from its start; what it held before must then be held by the files that are there now, and
the same goes for files that vanished, as parts do when a bundle takes their place. Where that cannot be shown,
`RebuildNeeded` is raised: the index starts anew from what is there, which is always right and costs what a first look costs.

Always true: damage costs the damaged line only (that of a log's certificate costs the log); a file that cannot be read costs
itself only, and is tried again.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from gnomon.errors import DamagedEntryError, UnknownFormatError
from gnomon.record.body import MAX_LINE_BYTES
from gnomon.record.home import BUNDLE_SUFFIX
from gnomon.record.index_ahead import parsed
from gnomon.record.index_batch import Batch
from gnomon.record.index_files import Changes, File, has_its_name, known_files, mark
from gnomon.record.index_lines import LineFile
from gnomon.record.index_logs import BODY, NEW, Aside, Held, Log, Logs
from gnomon.record.lines import parse_line
from gnomon.record.problems import Problem

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from gnomon.record.home import Home
    from gnomon.record.index_ahead import Parsed
    from gnomon.record.lines import Entry

BATCH_BYTES = 16 << 20
QUIET_BYTES = 256 << 10  # with another process reading ahead, folding must not wait for a whole batch
MAX_PROBLEMS = 20
_REFETCH = "copy this file from another replica; the other lines are used"
UNREADABLE = -1  # instead of an offset: a problem of the whole file
_LOOKS = 8


class RebuildNeeded(Exception):
    """The files do not hold any more what the index was made from."""


class Follower:
    """One look at the files of the record, into the file of the index ("main") or an overlay ("temp").

    `tell(read_bytes)` is called now and then. `commit()` is called after a good part of much news: all that was read is
    in the index then, and an update that is interrupted goes on from there.
    """

    def __init__(
        self,
        database: sqlite3.Connection,
        target: str,
        home: Home,
        batch: Batch,
        tell: Callable[[int], None],
        commit: Callable[[], None],
    ) -> None:
        self._database = database
        self._is_stored = target == "main"
        self._home = home
        self._env = home.env
        self._batch = batch
        self._tell = tell
        self._commit = commit
        self._logs = Logs(database)
        self._aside = Aside(database, self._logs)
        self._files = known_files(database)
        self._next_file = max((file.no for file in self._files.values()), default=0) + 1
        self._held: dict[int, dict[int, Held]] = {}
        self._vanished: list[Held] = []
        self._problems: list[tuple[int, int, str]] = []
        self._dropped: list[int] = []
        self._readable: set[int] = set()
        self._uncommitted = 0
        self._read_bytes = 0

    @classmethod
    def at_rest(cls, database: sqlite3.Connection, home: Home) -> Follower:
        """Return a follower that is only asked for what is wrong."""
        return cls(
            database,
            "main",
            home,
            Batch(database, "main", lambda: lambda _: None),
            lambda _: None,
            lambda: None,
        )

    def follow(self) -> None:
        """Take in all news. Raises RebuildNeeded."""
        for _ in range(
            _LOOKS
        ):  # again where a file vanished between listing and reading: its bundle is there now
            changes = Changes(self._files, self._home.log_files())
            is_complete = True
            for path, state in changes.changed:
                is_complete = self._read(path, state) and is_complete
            if is_complete:
                break
        for file in changes.gone:
            self._drop(file)
        self._count_certified()
        self._check_vanished(set(changes.present))
        self._batch.flush()
        self._store()

    def problems(self) -> list[Problem]:
        """Return what is wrong in the files that are there, by path and place, and then with whole logs."""
        stored = self._database.execute("SELECT file, at, text FROM main.problem").fetchall()
        by_place = {
            (no, at): text for no, at, text in stored if not (at == UNREADABLE and no in self._readable)
        }
        by_place.update({(no, at): text for no, at, text in self._problems})
        paths = {file.no: file.path for file in self._files.values()}
        found = []
        for (no, at), text in sorted(by_place.items()):
            if no in paths:
                where, advice = (
                    (f"byte {at}", _REFETCH)
                    if at != UNREADABLE
                    else ("", "check who may read it, and the disk")
                )
                found.append(Problem(paths[no], where, text, advice))
        for file in self._files.values():
            if file.damaged > MAX_PROBLEMS:
                found.append(
                    Problem(file.path, "", f"{file.damaged - MAX_PROBLEMS} more lines are damaged", _REFETCH)
                )
        found += self._aside.problems(paths)
        return sorted(found, key=lambda problem: (problem.file, problem.where)) + self._logs.problems()

    def holds(self, entry: Entry) -> bool:
        """Return whether an entry counts: it stands in its log, or beside it, and the log is its writer's."""
        log = self._logs.get(entry.log)
        if log.writer != entry.writer:
            return False
        return entry.digest in log.strays or (entry.seq < log.count and log.slot(entry.seq) == entry.digest)

    # --- one file

    def _read(self, path: str, state: os.stat_result) -> bool:
        """Read what is new in one file; return False where it is not there any more."""
        try:
            with LineFile(self._env, os.path.join(self._home.path, path)) as lines:
                file = self._continued(path, state, lines) or self._started(path, state)
                self._read_lines(file, lines)
                file.size, file.mtime_ns, file.inode = lines.size, state.st_mtime_ns, state.st_ino
                file.is_dirty = True
        except FileNotFoundError:
            return False
        except OSError as error:
            file = self._files.get(path) or self._started(path, state)
            file.is_dirty = True
            self._problems.append((file.no, UNREADABLE, f"it cannot be read: {error.strerror}"))
        else:
            self._readable.add(file.no)
        return True

    def _continued(self, path: str, state: os.stat_result, lines: LineFile) -> File | None:
        """Return the file if it is the one that was read before, with more lines at its end."""
        file = self._files.get(path)
        if file is None or file.inode != state.st_ino or file.read_to > lines.size or file.size == lines.size:
            return None
        last = lines.bytes_at(file.last_at, file.read_to - file.last_at)
        return file if mark(last) == file.last_mark else None

    def _started(self, path: str, state: os.stat_result) -> File:
        """Return a file to be read from its start; what it held before is to be found elsewhere, or in it."""
        known = self._files.get(path)
        if known is not None:
            self._drop(known)
        file = self._files[path] = File(path, (self._next_file, 0, -1, state.st_ino, 0, 0, mark(b""), 0))
        self._held[file.no] = {}
        self._next_file += 1
        return file

    def _read_lines(self, file: File, lines: LineFile) -> None:
        """Read what is new in a file; another process may read ahead, and is ended here."""
        with closing(parsed(self._env, lines, file.read_to)) as found:
            self._take_in(file, lines, found)

    def _take_in(self, file: File, lines: LineFile, found: Iterable[Parsed]) -> None:
        """Count each new entry once, and take note of where it stands. A rebuild spends its time here."""
        held_here = self._held_by(file)
        is_bundle: bool | None = None if file.path.endswith(BUNDLE_SUFFIX) else False
        add = self._batch.add
        at, size = file.last_at, 0
        log: Log | None = None
        held: Held | None = None
        quiet_at = file.read_to + QUIET_BYTES
        for at, size, entry in found:
            if isinstance(entry, str):
                self._note(file, at, entry)
            else:
                if log is None or entry.log != log.id:
                    log = self._logs.get(entry.log)
                    held = held_here.get(log.no)
                if is_bundle is not False and held is None and entry.seq == 0 and log.is_plain:
                    if is_bundle is None:
                        is_bundle = has_its_name(file.path, lines)
                    end = self._end_of_known(log, entry, at, lines) if is_bundle else None
                    if end is not None:
                        held = held_here[log.no] = Held(log.no, log.count, log.tip)
                        held.is_dirty = True
                        lines.jump(end)
                        continue
                if entry.writer == log.writer or self._is_of_its_writer(file, at, log, entry):
                    digest = entry.digest
                    news = log.admit(entry, digest, size)
                    if news is NEW:
                        add(entry, digest)
                    elif news is BODY:
                        self._batch.add_body(entry, digest)
                    if held is None:
                        held = held_here[log.no] = Held(log.no)
                    held.follow(entry)
            if lines.read_to - file.read_to >= BATCH_BYTES:
                self._progress(file, lines, at, size)
            elif lines.is_helped and at >= quiet_at and self._is_stored:  # an overlay is written once
                self._batch.flush_quiet()
                quiet_at = at + QUIET_BYTES
        self._progress(file, lines, at, size)

    def _is_of_its_writer(self, file: File, at: int, log: Log, entry: Entry) -> bool:
        """Return whether an entry counts whose writer is not known to be that of its log; set it aside otherwise."""
        if log.writer:
            self._note(file, at, f"entry {entry.hash[:12]} names another writer than its log has")
            return False
        if log.is_certified_by(entry):
            return True
        self._aside.add(log, file.no)
        return False

    def _count_certified(self) -> None:
        """Count the entries that were set aside before the certificate of their log was met."""
        to_count = self._aside.to_count()
        for file in [file for file in self._files.values() if file.no in to_count]:
            held_here = self._held_by(file)
            logs = to_count[file.no]
            try:
                with LineFile(self._env, os.path.join(self._home.path, file.path)) as lines:
                    for log in logs.values():
                        held_here[log.no] = Held(log.no)
                        held_here[log.no].is_dirty = True
                    for at, line in lines.lines(0):
                        if lines.read_to > file.read_to:
                            break
                        self._count_again(file, at, line, logs)
            except OSError:
                continue  # gone, or told by the look at it; the next look tries again
            for log in logs.values():
                self._aside.counted(log, file.no)

    def _count_again(self, file: File, at: int, line: bytes | None, logs: dict[str, Log]) -> None:
        try:
            entry = parse_line(line or b"")
        except (DamagedEntryError, UnknownFormatError):
            return  # noted when it was read first
        log = logs.get(entry.log)
        if log is None:
            return
        if entry.writer != log.writer:
            self._note(file, at, f"entry {entry.hash[:12]} names another writer than its log has")
            return
        news = log.admit(entry, entry.digest, len(line or b"") + 1)
        if news is NEW:
            self._batch.add(entry, entry.digest)
        elif news is BODY:
            self._batch.add_body(entry, entry.digest)
        self._held_by(file)[log.no].follow(entry)

    def _end_of_known(self, log: Log, first: Entry, at: int, lines: LineFile) -> int | None:
        """Return where a bundle's copy of a log ends that holds just what is known already; None if it may differ.

        The last line names its predecessor, and so on to the first: if it is the one that is known, all are.
        """
        if at + log.bytes > lines.size or log.slot(0).hex() != first.hash:
            return None
        last = lines.bytes_at(at + log.bytes - log.last_bytes, log.last_bytes)
        try:
            entry = parse_line(last)
        except (DamagedEntryError, UnknownFormatError):
            return None
        is_known = entry.hash == log.tip and entry.has_body and last.endswith(b"\n")
        return at + log.bytes if is_known else None

    def _progress(self, file: File, lines: LineFile, at: int, size: int) -> None:
        """Note how far a file was read, its last line being that at `at`, and let the caller commit where that is due."""
        read = lines.read_to - file.read_to
        if size > MAX_LINE_BYTES:
            file.last_at, file.last_mark = lines.read_to, mark(b"")
        elif read:
            file.last_at, file.last_mark = at, mark(lines.bytes_at(at, size))
        file.size = file.read_to = lines.read_to
        file.is_dirty = True
        self._uncommitted += read
        self._read_bytes += read
        # What a file held that is not what it was must be compared in the transaction that forgets it.
        if self._uncommitted >= BATCH_BYTES and self._is_stored and not self._dropped:
            self._store()
            self._commit()
            self._uncommitted = 0
        self._tell(self._read_bytes)

    def _note(self, file: File, at: int, text: str) -> None:
        """Remember damage: the first few in words, the others by number."""
        file.damaged += 1
        file.is_dirty = True
        if file.damaged <= MAX_PROBLEMS:
            self._problems.append((file.no, at, text))

    # --- files that are not what they were, or not there

    def _held_by(self, file: File) -> dict[int, Held]:
        held = self._held.get(file.no)
        if held is None:
            query = "SELECT log, count, tip, is_whole FROM main.held WHERE file = ?"
            held = self._held[file.no] = {
                log: Held(log, count, tip.hex(), bool(is_whole))
                for log, count, tip, is_whole in self._database.execute(query, (file.no,))
            }
        return held

    def _drop(self, file: File) -> None:
        """Forget a file; what it held is checked at the end."""
        self._vanished += self._held_by(file).values()
        self._dropped.append(file.no)
        self._aside.drop(file.no)
        self._held[file.no] = {}
        self._files.pop(file.path, None)
        self._problems = [problem for problem in self._problems if problem[0] != file.no]

    def _check_vanished(self, present: set[str]) -> None:
        """Raise RebuildNeeded unless the files that are there hold all that the vanished ones held."""
        wanted, self._vanished = self._vanished, []
        if not wanted:
            return
        holders: dict[int, list[Held]] = {}
        for path in present & self._files.keys():
            for held in self._held_by(self._files[path]).values():
                if held.count > 0:
                    holders.setdefault(held.log, []).append(held)
        for held in wanted:
            if held.count < 0 or not any(self._holds(other, held) for other in holders.get(held.log, ())):
                raise RebuildNeeded

    def _holds(self, other: Held, held: Held) -> bool:
        """Return whether one file's chain of a log has all of another's."""
        if other.count < held.count or not other.is_whole:
            return False
        if other.count == held.count:
            return other.tip == held.tip
        log = self._logs.numbered(held.log)
        return log.slot(other.count - 1).hex() == other.tip and log.slot(held.count - 1).hex() == held.tip

    def _store(self) -> None:
        """Write what is known of logs and files; an overlay forgets it."""
        if not self._is_stored:
            return
        self._logs.store()
        self._aside.store()
        for table in ("file WHERE no", "held WHERE file", "problem WHERE file"):
            self._database.executemany(f"DELETE FROM main.{table} = ?", [(no,) for no in self._dropped])
        self._dropped.clear()
        for file_no, held_by_log in self._held.items():
            dirty = [held for held in held_by_log.values() if held.is_dirty]
            rows = [(file_no, held.log, held.count, bytes.fromhex(held.tip), held.is_whole) for held in dirty]
            self._database.executemany("INSERT OR REPLACE INTO main.held VALUES (?, ?, ?, ?, ?)", rows)
            for held in dirty:
                held.is_dirty = False
        files = [
            (f.no, f.path, f.size, f.mtime_ns, f.inode, f.read_to, f.last_at, f.last_mark, f.damaged)
            for f in self._files.values()
            if f.is_dirty
        ]
        for file in self._files.values():
            file.is_dirty = False
        self._database.executemany(
            "INSERT OR REPLACE INTO main.file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", files
        )
        self._database.executemany(
            "DELETE FROM main.problem WHERE file = ? AND at = ?", [(no, UNREADABLE) for no in self._readable]
        )
        self._database.executemany("INSERT OR REPLACE INTO main.problem VALUES (?, ?, ?)", self._problems)
        self._problems.clear()
