"""The index: a disposable SQLite file of folds, so that a question costs what it asks and an update what is new.

It may be deleted, damaged or replaced at any time: it is then built again from the files, and the answers are the same.
One process at a time updates the file (a try-lock, never waited for); any other lays what the file lacks over it, in
memory, and answers from both. Where no disk can hold the file, all of it lives in memory, and `notice` says so.

Always true: the answers after `update` are a function of the files of the record alone: not of the order in which they
came, nor of what the index held before. A damaged line is left out and listed in `problems`.
Not promised: use by several threads at once. A thread takes its own `Index`, or a lock.
Parts: index_place (where), index_tables (what), index_follow and index_logs (news, each entry once), index_batch (folds),
index_cells and index_texts (tables, search), index_query (questions).
"""

from __future__ import annotations

import gc
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from gnomon.record import index_query as query
from gnomon.record import index_tables as tables
from gnomon.record import index_texts as texts
from gnomon.record import kinds
from gnomon.record.index_batch import Batch, Types
from gnomon.record.index_follow import Changes, Follower, RebuildNeeded, known_files
from gnomon.record.index_place import Place, place_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gnomon.record.fold import LiveEntry
    from gnomon.record.home import Home
    from gnomon.record.problems import Problem

    Progress = Callable[[int, int], None]

T = TypeVar("T")
PATIENCE_BYTES = 16 << 20
PATIENCE_S = 2.0
_PROGRESS_EVERY_S = 0.1
_NO_ROOM = ("full", "readonly", "read-only", "I/O error", "unable to open", "locked")


class IndexExtension(Protocol):
    """Something else that follows files and knows more of subjects: the statistics of points, say.

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

    def stats(self, database: sqlite3.Connection, subject: str) -> object:
        """Return what is known of one subject."""


class Index:
    """The index of one replica. Opens its file with the first question or update."""

    def __init__(self, home: Home, *, extensions: Sequence[IndexExtension] = ()) -> None:
        self.notice: str | None = None
        self._home = home
        self._env = home.env
        self._extensions = tuple(extensions)
        self._layered = dict(tables.LAYERED)
        for extension in extensions:
            self._layered.update(extension.tables)
        self._place: Place | None = None
        self._database: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._overlay: Follower | None = None
        self._is_memory = False
        self._is_current = False
        self._overlays = 0

    def close(self) -> None:
        """Close the index; a question opens it again."""
        self._overlay = None
        self._opened = None
        if self._database is not None:
            self._database.close()
            self._database = None
        self._is_current = False

    # --- following the record

    def update(self, progress: Progress | None = None) -> None:
        """Follow the news. `progress(done, total)` is told bytes now and then; an interrupted update goes on later."""
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
                pass  # damaged, or not an index: thrown away like one that does not fit the files any more
            else:
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

    def _find_place(self) -> Place | None:
        if self._place is None and not self._is_memory:
            self._place = place_for(self._home, self._env)
            if self._place is None:
                self._is_memory = True
                self.notice = "no local disk can hold the index; it lives in memory and is built by every command"
            else:
                self.notice = self._place.notice
        return None if self._is_memory else self._place

    def _has_news(self, database: sqlite3.Connection) -> bool:
        if Changes(known_files(database), self._home.log_files()):
            return True
        if any(kinds.known_version(name) not in (None, row[1]) for name, row in Types(database, "main").items()):
            return True
        return any(extension.has_news(database, self._home) for extension in self._extensions)

    def _unread_bytes(self) -> int:
        known = {} if self._database is None else known_files(self._database)
        return Changes(known, self._home.log_files()).unread_bytes

    def _try_lock(self, place: Place) -> int | None:
        """Return the descriptor that holds the lock, None where another process does or locks do not work."""
        fd = self._env.open_lock(place.lock)
        try:
            if self._env.try_lock(fd):
                return fd
        except OSError as error:
            self._is_memory = True
            self.notice = f"the index cannot be locked ({error.strerror}); it lives in memory"
        self._env.close(fd)
        return None

    def _update_file(self, place: Place, progress: Progress | None) -> None:
        """Bring the file up to date; the lock is ours."""
        self.close()
        try:
            database = tables.open_writer(place, self._layered)
        except sqlite3.DatabaseError:
            tables.create(place, self._env, self._layered)
            database = tables.open_writer(place, self._layered)
        try:
            database.execute("BEGIN IMMEDIATE")
            self._follow(database, "main", progress)
            _commit(database)
        finally:
            database.close()
        self._open_reader(place)

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

    def _lay_over(self, progress: Progress | None) -> None:
        """Answer from what the file holds now and, over it, what it lacks; until the next update."""
        if self._database is None or self._opened is None:
            self._fill_memory(progress)
            return
        self._database.execute("BEGIN")
        tables.begin_overlay(self._database, self._layered)
        self._overlays += 1
        self._overlay = self._follow(self._database, "temp", progress)

    def _follow(self, database: sqlite3.Connection, target: str, progress: Progress | None) -> Follower:
        batch = Batch(database, target, lambda subject: self._stats_of(database, subject))
        total = Changes(known_files(database), self._home.log_files()).unread_bytes if progress else 0
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
                database.execute("BEGIN IMMEDIATE")

        follower = Follower(database, target, self._home, batch, tell, commit)
        with _without_cycle_search():
            for name, row in Types(database, target).items():
                if kinds.known_version(name) not in (None, row[1]):
                    batch.fold_again(name, commit)
            for extension in self._extensions:
                extension.follow(database, target, self._home, batch.touch, commit)
            follower.follow()
        if progress is not None:
            progress(total, total)
        return follower

    def _stats_of(self, database: sqlite3.Connection, subject: str) -> dict[str, object]:
        return {extension.name: extension.stats(database, subject) for extension in self._extensions}

    def _open_reader(self, place: Place) -> None:
        """Have a connection to the file as it is now, without an overlay; None where there is no index."""
        try:
            state = self._env.stat(place.path)
            identity = (state.st_dev, state.st_ino)
        except OSError:
            identity = None
        if identity is not None and self._overlay is None and self._opened == identity:
            return
        self.close()
        if identity is not None:
            try:
                self._database = tables.open_reader(place, self._layered)
                self._opened = identity
            except sqlite3.DatabaseError:
                pass  # whoever gets the lock makes a new one

    def _throw_away(self) -> bool:
        """Delete the index, so that the next update builds it; return False where another process is using the lock."""
        self.close()
        if self._place is None or self._is_memory:
            return False
        lock = self._try_lock(self._place)
        if lock is None:
            return False
        try:
            tables.remove(self._place, self._env)
        finally:
            self._env.close(lock)
        return True

    # --- questions

    @property
    def generation(self) -> tuple[int, int]:
        """A value that is another one whenever an answer may be another one."""
        return self._ask(lambda database: (tables.generation(database), self._overlays if self._overlay else 0))

    def types(self) -> list[str]:
        """Return the subject types that the record has, those without a feature included."""
        return self._ask(query.type_names)

    def subjects(self, type_name: str) -> list[str]:
        """Return the ids of all subjects of a type, in the order that `columns` uses."""
        return self._ask(lambda database: query.ids(database, type_name))

    ids = subjects

    def live(self, type_name: str, subject_id: str) -> list[LiveEntry]:
        """Return the entries of a subject that nothing covers, by (time, hash). Raises UnknownSubjectError."""
        return self._ask(lambda database: query.live(database, type_name, subject_id))

    def state(self, type_name: str, subject_id: str) -> object:
        """Return the state of a subject; None where its type has no feature. Raises UnknownSubjectError."""
        feature = kinds.find(type_name)
        entries = self.live(type_name, subject_id)
        return None if feature is None else feature.fold(entries)

    def states(self, type_name: str) -> Iterator[tuple[str, object]]:
        """Yield (id, state) of all subjects of a type, in order of id."""
        feature = kinds.find(type_name)
        for subject_id in sorted(self.subjects(type_name)) if feature is not None else ():
            yield subject_id, feature.fold(self.live(type_name, subject_id))

    def stats(self, type_name: str, subject_id: str) -> dict[str, object]:
        """Return what each extension knows of a subject, by the extension's name."""
        return self._ask(lambda database: self._stats_of(database, f"{type_name}:{subject_id}"))

    def resolve(self, type_name: str, prefix: str, *, hint: str | None = None) -> str:
        """Return the one id that begins with `prefix`. Raises UnknownSubjectError, AmbiguousIdError (lists some)."""
        return self._ask(lambda database: query.resolve(database, type_name, prefix, hint))

    def keys(self, type_name: str) -> list[str]:
        """Return the columns in which any subject of a type has a cell, sorted."""
        self._fold_if_new(type_name)
        return self._ask(lambda database: query.keys(database, type_name))

    def columns(
        self, type_name: str, keys: Sequence[str], places: Sequence[int] | None = None
    ) -> dict[str, list[object]]:
        """Return cells by column, None where a subject has none; the key '' is the column of ids.

        Of all subjects in the order of `subjects`, or of those at `places` in their order.
        """
        self._fold_if_new(type_name)
        return self._ask(lambda database: query.columns(database, type_name, keys, places))

    def search(self, words: str, *, type_name: str | None = None, limit: int = 50) -> list[tuple[str, str, str, str]]:
        """Return (type, id, field, excerpt) of subjects with a text that holds all words, the best match first.

        `word*` stands for all words that begin so. Case and accents make no difference.
        """
        return self._ask(lambda database: query.search(database, words, type_name, limit, self._overlay is not None))

    def problems(self) -> list[Problem]:
        """Return what is wrong with logs and bundles, as far as reading them shows it; `gnomon verify` finds more."""
        return self._ask(self._problems)

    def export(self) -> bytes:
        """Return all states in a canonical form: the same bytes for the same files, whatever happened before."""
        return self._ask(lambda database: b"".join(query.export(database)))

    def _problems(self, database: sqlite3.Connection) -> list[Problem]:
        follower = self._overlay or Follower.at_rest(database, self._home)
        return [*follower.problems(), *query.unfolded(database), *kinds.problems()]

    def _fold_if_new(self, type_name: str) -> None:
        """Search the plug-ins for the feature of a type that has none yet, and fold its subjects if one is found."""
        if kinds.known_version(type_name) is None:
            kinds.find(type_name)
            self.update()

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Return the answer from one moment; where the index turns out to be damaged, from one that is built anew."""
        for attempt in range(3):
            database = self._current()
            try:
                with _one_moment(database):
                    return question(database)
            except sqlite3.DatabaseError:
                if attempt == 2:
                    raise
                if not self._throw_away():
                    self._fill_memory(None)
        raise AssertionError("unreachable")

    def _current(self) -> sqlite3.Connection:
        if not self._is_current or self._database is None:
            self.update()
        if self._database is None:
            raise sqlite3.DatabaseError("the index cannot be opened")
        return self._database


@contextmanager
def _one_moment(database: sqlite3.Connection) -> Iterator[None]:
    """Have all that is read in the block come from one state of the file."""
    if database.in_transaction:  # an overlay keeps its own
        yield
        return
    database.execute("BEGIN")
    try:
        yield
    finally:
        database.execute("COMMIT")


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
