"""Keeping the index in step with the record: who writes it, who lays over it, and what happens when it is broken.

One process at a time updates the file: it holds a lock that is tried, not waited for. Any other answers from the file as
it is and an overlay in memory of what the file lacks. Where no disk can hold the file, or locks do not work, all of it
lives in memory, and `notice` says so.

Always true: whatever is wrong with the file (gone, damaged, foreign, old, full disk), `update` ends with a database that
answers for the record as it is; an update that is interrupted leaves a file that the next one goes on with.
"""

from __future__ import annotations

import gc
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from gnomon.record import index_tables as tables
from gnomon.record import kinds
from gnomon.record.index_batch import Batch, Types
from gnomon.record.index_files import Changes, known_files
from gnomon.record.index_follow import Follower, RebuildNeeded
from gnomon.record.index_place import Place, is_as_stamped, place_for, write_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gnomon.record.home import Home
    from gnomon.record.problems import Problem

    Progress = Callable[[int, int], None]

PATIENCE_BYTES = 16 << 20
PATIENCE_S = 2.0
_PROGRESS_EVERY_S = 0.1
_NO_ROOM = ("full", "readonly", "read-only", "I/O error", "unable to open", "locked")


class IndexExtension(Protocol):
    """Something else that follows files and knows more of subjects: the figures of points, say.

    Its `tables` (name to columns, beginning with "no INTEGER PRIMARY KEY") live in the index: it writes to
    `<target>.<table>` and reads from `all_<table>`. What it knows of a subject reaches its feature's cells as
    `stats[name]`.
    """

    name: str
    tables: Mapping[str, str]

    def has_news(self, database: sqlite3.Connection, home: Home) -> bool:
        """Return whether `follow` would change anything."""

    def follow(
        self,
        database: sqlite3.Connection,
        target: str,
        home: Home,
        touch: Callable[[str], None],
        commit: Callable[[], None],
    ) -> None:
        """Take in all news, and `touch` each subject whose figures changed. May `commit` where its tables are whole."""

    def stats_reader(
        self, database: sqlite3.Connection, home: Home, target: str | None
    ) -> Callable[[str], object] | None:
        """Return a function that says what is known of a subject, for as long as no file is followed; None for nothing.

        What it counts meanwhile it may keep in its tables of `target`, where that is not None.
        """

    def problems(self, database: sqlite3.Connection) -> list[Problem]:
        """Return what is wrong with the files that it follows."""


class Keeper:
    """The database of one index, brought up to date when asked. `overlay` is there while one lies over the file."""

    def __init__(self, home: Home, extensions: Sequence[IndexExtension]) -> None:
        self.home = home
        self.extensions = tuple(extensions)
        self.notice: str | None = None
        self.overlay: Follower | None = None
        self.overlays = 0
        self._env = home.env
        self._layered = dict(tables.LAYERED)
        for extension in extensions:
            self._layered.update(extension.tables)
        self._place: Place | None = None
        self._database: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._is_memory = False
        self._is_current = False

    def close(self) -> None:
        """Close the database; the next question opens it again."""
        self.overlay = None
        self._opened = None
        self._is_current = False
        if self._database is not None:
            self._database.close()
            self._database = None

    def current(self) -> sqlite3.Connection:
        """Return the database, updated at least once since it was opened."""
        if not self._is_current or self._database is None:
            self.update(None)
        if self._database is None:
            raise sqlite3.DatabaseError("the index cannot be opened")
        return self._database

    def open_as_is(self) -> bool:
        """Open the file without taking in what is new; return False where there is none that can be read at once."""
        place = self._find_place()
        if place is None or not is_as_stamped(place, self._env):
            return False  # a writer is at work, or the file would have to be built again
        self.close()
        try:
            self._database = tables.open_reader(place, self._layered)
        except sqlite3.DatabaseError:
            return False
        self._opened = self._identity(place)
        self._is_current = not any(
            _is_stale(name, row) for name, row in Types(self._database, "main").items()
        )
        return self._is_current

    def unread_bytes(self) -> int:
        """Return how many bytes of the logs the open file lacks; all of them where none is open."""
        return self._unread_bytes()

    def start_over(self) -> None:
        """Throw the index away; the next question builds it."""
        if not self._throw_away():
            self._fill_memory(None)

    def stats_of(self, database: sqlite3.Connection, subject: str) -> dict[str, object]:
        """Return what each extension knows of a subject, by the extension's name."""
        return self._stats_reader(database, None)(subject)

    def _stats_reader(
        self, database: sqlite3.Connection, target: str | None
    ) -> Callable[[str], dict[str, object]]:
        found = [
            (extension.name, extension.stats_reader(database, self.home, target))
            for extension in self.extensions
        ]
        nothing: dict[str, object] = {name: {} for name, _ in found}
        readers = [(name, read) for name, read in found if read is not None]
        if not readers:
            return lambda _: nothing
        return lambda subject: {**nothing, **{name: read(subject) for name, read in readers}}

    # --- one update

    def update(self, progress: Progress | None) -> None:
        """Follow the news."""
        for _ in range(3):
            try:
                self._update_once(progress)
            except RebuildNeeded:
                pass
            except sqlite3.OperationalError as error:
                if any(word in str(error) for word in _NO_ROOM):
                    self.notice = f"the index cannot be written ({error}); it lives in memory for now"
                    break
            except sqlite3.DatabaseError:
                pass  # damaged, or not an index
            else:
                if self._database is None:
                    break  # it was written, and cannot be read
                self._is_current = True
                return
            if not self._throw_away():
                break
        self._fill_memory(progress)

    def _update_once(self, progress: Progress | None) -> None:
        place = self._find_place()
        if place is None:
            self._update_memory(progress)
            return
        self._open_reader(place)
        if self._database is not None and not self._has_news(self._database):
            return
        seen: object = None
        until = 0.0
        while True:
            lock = self._try_lock(place)
            if lock is not None:
                try:
                    self._update_file(place, progress)
                finally:
                    self._env.close(lock)
                return
            # Somebody else is at it. Much news is worth waiting for, as long as they get on with it.
            self._open_reader(place)
            unread = self._unread_bytes()
            now = time.monotonic()
            if unread != seen:
                seen, until = unread, now + PATIENCE_S
            if self._is_memory or unread < PATIENCE_BYTES or now > until:
                break
            time.sleep(0.05)
        self._lay_over(progress)

    def _has_news(self, database: sqlite3.Connection) -> bool:
        if Changes(known_files(database), self.home.log_files()):
            return True
        if any(_is_stale(name, row) for name, row in Types(database, "main").items()):
            return True
        return any(extension.has_news(database, self.home) for extension in self.extensions)

    def _unread_bytes(self) -> int:
        known = {} if self._database is None else known_files(self._database)
        return Changes(known, self.home.log_files()).unread_bytes

    # --- the four places where news can go

    def _update_file(self, place: Place, progress: Progress | None) -> None:
        """Bring the file up to date; the lock is ours.

        Our own reader stays open meanwhile, so that closing the writer does not write the whole log of SQLite back.
        """
        try:
            database = tables.open_writer(place, self._layered)
        except sqlite3.DatabaseError:
            self.close()
            try:
                tables.create(place, self._env, self._layered)
            except OSError as error:
                raise sqlite3.OperationalError(f"readonly: {error.strerror}") from error
            database = tables.open_writer(place, self._layered)
        try:
            database.execute("BEGIN IMMEDIATE")
            self._follow(database, "main", progress, place)
            _commit(database)
        finally:
            database.close()
            write_stamp(place, self._env)
        self._open_reader(place)

    def _lay_over(self, progress: Progress | None) -> None:
        """Answer from what the file holds now and, over it, what it lacks; until the next update."""
        if self._database is None or self._opened is None:
            self._fill_memory(progress)
            return
        self._database.execute("BEGIN")
        tables.begin_overlay(self._database, self._layered)
        self.overlays += 1
        self.overlay = self._follow(self._database, "temp", progress)

    def _update_memory(self, progress: Progress | None) -> None:
        if self._database is None or self._opened is not None:
            self._fill_memory(progress)
            return
        if self._has_news(self._database):
            self._database.execute("BEGIN")
            try:
                self._follow(self._database, "main", progress)
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            _commit(self._database)

    def _fill_memory(self, progress: Progress | None) -> None:
        """Build the whole index in memory."""
        self.close()
        database = tables.open_memory(self._layered)
        database.execute("BEGIN")
        self._follow(database, "main", progress)
        _commit(database)
        self._database = database
        self._is_current = True

    def _follow(
        self, database: sqlite3.Connection, target: str, progress: Progress | None, place: Place | None = None
    ) -> Follower:
        """Take in all news; `place` is that of the file, if it is written."""
        batch = Batch(database, target, lambda: self._stats_reader(database, target))
        total = Changes(known_files(database), self.home.log_files()).unread_bytes if progress else 0
        told = 0.0

        def tell(read_bytes: int) -> None:
            nonlocal told
            if progress is not None and time.monotonic() > told + _PROGRESS_EVERY_S:
                told = time.monotonic()
                progress(min(read_bytes, total), total)

        def commit() -> None:
            batch.flush()
            if target == "main":
                _commit(database)
                if place is not None:
                    write_stamp(place, self._env)
                database.execute("BEGIN IMMEDIATE")

        follower = Follower(database, target, self.home, batch, tell, commit)
        with _without_cycle_search():
            for name, row in Types(database, target).items():
                if _is_stale(name, row):
                    batch.fold_again(name, commit)
            for extension in self.extensions:
                extension.follow(database, target, self.home, batch.touch, commit)
            follower.follow()
        if progress is not None:
            progress(total, total)
        return follower

    # --- the file and its lock

    def _find_place(self) -> Place | None:
        if self._place is None and not self._is_memory:
            try:
                self._place = place_for(self.home, self._env)
            except OSError:
                self._place = None
            if self._place is None:
                self._is_memory = True
                self.notice = (
                    "no local disk can hold the index; it lives in memory and every command builds it"
                )
            else:
                self.notice = self._place.notice
        return None if self._is_memory else self._place

    def _open_reader(self, place: Place) -> None:
        """Have a connection to the file as it is now, without an overlay; None where there is no index."""
        if not is_as_stamped(place, self._env):
            self._make_folder_again(place)
            self._remove_changed(place)
        identity = self._identity(place)
        if identity is not None and self.overlay is None and self._opened == identity:
            return
        self.close()
        if identity is not None and not self._is_memory:
            try:
                self._database = tables.open_reader(place, self._layered)
                self._opened = identity
            except sqlite3.DatabaseError:
                pass  # whoever gets the lock makes a new one

    def _make_folder_again(self, place: Place) -> None:
        """The cache may be deleted at any time, its folder included."""
        try:
            self._env.stat(place.folder)
        except OSError:
            self._place = None
            self._find_place()

    def _remove_changed(self, place: Place) -> None:
        """Throw away a file that is not as its last writer left it, unless one is writing just now."""
        lock = self._try_lock(place)
        if lock is not None:
            try:
                if not is_as_stamped(place, self._env):
                    tables.remove(place, self._env)
            except OSError:
                self._is_memory = True
            finally:
                self._env.close(lock)

    def _identity(self, place: Place) -> tuple[int, int] | None:
        try:
            state = self._env.stat(place.path)
        except OSError:
            return None
        return (state.st_dev, state.st_ino)

    def _try_lock(self, place: Place) -> int | None:
        """Return the descriptor that holds the lock; None where another process does, or locks do not work."""
        fd = -1
        try:
            fd = self._env.open_lock(place.lock)
            if self._env.try_lock(fd):
                return fd
        except OSError as error:
            self._is_memory = True
            self.notice = f"the index cannot be locked ({error.strerror}); it lives in memory"
        if fd >= 0:
            self._env.close(fd)
        return None

    def _throw_away(self) -> bool:
        """Delete the file, so that the next update builds it; return False where that cannot be."""
        self.close()
        if self._place is None or self._is_memory:
            return False
        lock = self._try_lock(self._place)
        if lock is None:
            return False
        try:
            tables.remove(self._place, self._env)
        except OSError:
            return False
        finally:
            self._env.close(lock)
        return True


def _is_stale(type_name: str, row: list[int]) -> bool:
    """Return whether a type was folded by another version of its feature than the one that is known."""
    return kinds.known_version(type_name) not in (None, row[1])


@contextmanager
def _without_cycle_search() -> Iterator[None]:
    """Spare Python the search for cycles among very many new objects that have none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _commit(database: sqlite3.Connection) -> None:
    database.execute("UPDATE main.meta SET value = value + 1 WHERE key = 'generation'")
    database.execute("COMMIT")
