"""The writing side of one process: its log, its WAL, and the thread that brings both to the disk.

Always true: one session for each record and process; a forked child gets a session of its own and never touches its
parent's files; nothing here raises into a training because the disk refused: what could not be stored is counted, said
once, and entries are tried again until the process ends.
Layer: joins `record` and `points`; features write through it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING

from gnomon.env import REAL, Env
from gnomon.errors import NotStoredError, UnsupportedPlatformError
from gnomon.points.wal import RETRY_AFTER_NS, WalWriter
from gnomon.record.home import Home, make_record, record_path
from gnomon.record.keys import load_device_key
from gnomon.record.log import LogWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from gnomon.objects.lease import Lease
    from gnomon.objects.store import ObjectStore
    from gnomon.points.rows import RunPoints

SYNC_EVERY_S = 1.0
MAX_WAITING_ENTRIES = 10_000


class _Waiting:
    __slots__ = ("body", "kind", "over", "subject")

    def __init__(self, kind: str, subject: str, body: dict[str, object], over: tuple[str, ...]) -> None:
        self.kind = kind
        self.subject = subject
        self.body = body
        self.over = over


class Session:
    """What this process writes to one record."""

    def __init__(self, path: str, env: Env = REAL, *, author: str | None = None) -> None:
        """Prepare to write to the record at `path`. Touches no disk; see `ready`."""
        self.path = path
        self.lock = threading.RLock()
        self.time_ns = env.time_ns
        self.author = author
        self.lost_rows = 0  # rows that no WAL could count
        self.lost_values = 0
        self.lost_entries = 0
        self.is_ending = False
        self.has_joined = False  # a run took the id that the launcher gave to all processes
        self.points: list[RunPoints] = []  # those of runs that are open in this process
        self.is_defining = False  # a row is being written the slow way
        self.interrupting: list[
            tuple[RunPoints, dict[str, object], object]
        ] = []  # rows of signal handlers meanwhile
        self._env = env
        self._reset()

    def _reset(self) -> None:
        self.home: Home | None = None
        self.writer = ""
        self.log: LogWriter | None = None
        self._wal: WalWriter | None = None
        self._wal_count = 0
        self._wal_retry_ns = 0
        self._waiting: list[_Waiting] = []
        self._said: set[Hashable] = set()
        self._closers: list[Callable[[], None]] = []
        self._each_second: list[Callable[[], None]] = []
        self._objects: ObjectStore | None = None
        self._lease: Lease | None = None  # as long as there are objects that entries may name
        self._objects_lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.process_id = self._env.process_id()

    # --- opening

    def ready(self) -> bool:
        """Find or make the record and load the key; return whether the disk let us. Later calls try again."""
        if self.log is not None:
            return True
        with self.lock:
            try:
                self.home = make_record(self.path, self._env)
                self.log = LogWriter(self.home, load_device_key(self._env))
                self.writer = self.log.writer
            except OSError as error:
                self.warn_once(
                    "record", f"the record `{self.path}` cannot be written: {error}; training goes on"
                )
                return False
            self._start_thread()
            return True

    @property
    def env(self) -> Env:
        """The outside, as this session reaches it."""
        return self._env

    @property
    def log_id(self) -> str:
        """The id of this process's log; it names the process in entries. Empty where there is no record."""
        return self.log.id if self.log is not None else ""

    # --- entries

    def append(
        self,
        kind: str,
        subject: str,
        body: dict[str, object],
        *,
        over: Iterable[str] = (),
        strict: bool = False,
    ) -> str | None:
        """Write one entry and return its hash; None where the disk refused, then it is tried again later."""
        with self.lock:
            waiting = _Waiting(kind, subject, body, tuple(over))
            if not self._waiting and self.ready():
                try:
                    return self._write(waiting)
                except OSError as error:
                    self.warn_once("entry", f"an entry could not be written: {error}; it is tried again")
            if strict:
                raise NotStoredError(f"the entry `{kind}` could not be written to `{self.path}`")
            if len(self._waiting) < MAX_WAITING_ENTRIES:
                self._waiting.append(waiting)
            else:
                self.lost_entries += 1
            return None

    def _write(self, entry: _Waiting) -> str:
        assert self.log is not None  # `ready` said so  # noqa: S101
        return self.log.append(entry.kind, entry.subject, entry.body, over=entry.over, author=self.author)

    def write_waiting(self) -> None:
        """Try again what could not be written."""
        with self.lock:
            while self._waiting and self.ready():
                try:
                    self._write(self._waiting[0])
                except OSError:
                    return
                del self._waiting[0]

    # --- points

    def wal_for_row(self) -> WalWriter | None:
        """Return the WAL that takes the next row; None where none can be made. Called under the lock."""
        if self._wal is not None and not self._wal.is_closed:
            return self._wal
        now = self._env.time_ns()
        if now < self._wal_retry_ns or not self.ready():
            return None
        assert self.home is not None and self.log is not None  # noqa: S101
        with contextlib.suppress(
            OSError
        ):  # the WAL names this log; a log that cannot be opened yet follows later
            self.log.open()
        try:
            self._wal = WalWriter(
                self.home,
                writer=self.log.writer,
                log=self.log.id,
                ordinal=self._wal_count,
                boot_id=self._env.boot_id(),
            )
        except OSError as error:
            self._wal_retry_ns = now + RETRY_AFTER_NS
            self.warn_once(
                "wal", f"no file for points can be made in `{self.path}`: {error}; losses are counted"
            )
            return None
        self._wal_count += 1
        return self._wal

    def open_next_wal(self, full: WalWriter) -> bool:
        """Close a full WAL; return whether another took its place. Called under the lock."""
        if full is not self._wal:
            return self._wal is not None
        self._close_wal()
        return self.wal_for_row() is not None

    def end_defining(self) -> None:
        """Write the rows of signal handlers that came in the middle of a definition. Called under the lock."""
        self.is_defining = False
        while self.interrupting:
            points, metrics, step = self.interrupting.pop(0)
            points.log(metrics, step=step)  # type: ignore[arg-type]

    def count_lost(self, values: int) -> None:
        """Count a row that no WAL could take or count."""
        self.lost_rows += 1
        self.lost_values += values
        self.note_loss()

    def note_loss(self) -> None:
        """Say once that rows are being lost."""
        self.warn_once(
            "loss", f"the disk of `{self.path}` takes no more; lost rows are counted and training goes on"
        )

    def losses(self) -> tuple[int, int]:
        """Return (rows, values) lost so far in this process, as far as the current WAL and the session know."""
        wal = self._wal
        rows, values = (wal.lost_rows, wal.lost_values) if wal is not None else (0, 0)
        return self.lost_rows + rows, self.lost_values + values

    def place(self) -> tuple[str, int] | None:
        """Return (WAL id, number of rows) of this process's current WAL."""
        return (self._wal.id, self._wal.state[2]) if self._wal is not None else None

    # --- the thread

    def _start_thread(self) -> None:
        self._thread = threading.Thread(target=self._sync_until_stopped, name="gnomon-sync", daemon=True)
        self._thread.start()

    def _sync_until_stopped(self) -> None:
        stop = self._stop
        while not stop.wait(SYNC_EVERY_S):
            for task in list(self._each_second):
                self._attempt(task)
            self.sync()

    def _attempt(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001  the thread must go on bringing points to the disk; the trouble is said
            self.warn_once(("task", repr(task)), f"a task went wrong: {type(error).__name__}: {error}")

    def sync(self) -> bool:
        """Bring all that was written to the disk; return whether the disk took it. `log` is not held up meanwhile."""
        with self.lock:
            self.write_waiting()
            self._regain_wal()
            wal, log = self._wal, self.log
            begun = wal.begin_sync() if wal is not None else None
        try:
            if wal is not None and begun is not None:
                self._sync_wal(wal, *begun)
            if log is not None:
                log.sync()
        except OSError as error:
            self.warn_once("sync", f"`{self.path}` could not be brought to the disk: {error}")
            return False
        return True

    def _regain_wal(self) -> None:
        """Take the WAL back where the script closed our descriptor; where that cannot be, the next row opens another one."""
        wal = self._wal
        if wal is None or wal.is_closed:
            return
        try:
            wal.regain()
        except OSError as error:
            self.warn_once(
                "regain",
                f"the file of points `{wal.path}` was closed by the script: {error}; another one follows",
            )
            self.lost_rows += wal.lost_rows
            self.lost_values += wal.lost_values
            self._wal = None
            wal.abandon()

    def _sync_wal(self, wal: WalWriter, offset: int, fd: int) -> None:
        failed = False
        try:
            self._env.sync_data(fd)
        except OSError:
            failed = True
        finally:
            self._env.close(fd)
        with self.lock:
            wal.end_sync(offset, failed=failed)

    # --- ending

    def at_close(self, closer: Callable[[], None]) -> None:
        """Have `closer` called before this session closes (runs end themselves so)."""
        self._closers.append(closer)

    def no_longer_at_close(self, closer: Callable[[], None]) -> None:
        """Take `at_close` back."""
        if closer in self._closers:
            self._closers.remove(closer)

    def each_second(self, task: Callable[[], None]) -> None:
        """Have `task` called about once a second, by the thread that brings all to the disk."""
        self._each_second.append(task)

    @contextlib.contextmanager
    def objects(self) -> Iterator[ObjectStore]:
        """Give the store for objects of this process, to one thread at a time. Raises OSError where there is no record."""
        with self._objects_lock:
            if self._objects is None:
                self._objects = self.new_store()
            yield self._objects

    def new_store(self) -> ObjectStore:
        """Return a store to add objects to, which entries of this session may name. Raises OSError where there is no record."""
        from gnomon.objects.lease import Lease
        from gnomon.objects.store import ObjectStore

        with self._objects_lock:
            if not self.ready() or self.home is None or self.log is None:
                raise OSError("the record cannot be written")
            folder = os.path.join(self.home.path, "objects")
            self._lease = self._lease or Lease(self._env, folder)  # before the first look
            return ObjectStore(self._env, folder, self.log.writer)

    def rest(self) -> None:
        """Give the lease on objects back, if no run is open and all entries are written. Only where no other thread adds."""
        with self._objects_lock, self.lock:
            if self._lease is not None and not self._closers and not self._waiting:
                self._lease.end()
                self._lease = self._objects = None

    def close(self) -> None:
        """End what is open, write the close marks, bring all to the disk. Never raises for the disk's sake."""
        for closer in list(self._closers):
            try:
                closer()
            except Exception as error:  # noqa: BLE001  one that fails must not keep the log and the points from being closed
                self.warn_once(
                    ("closer", repr(closer)), f"the end went wrong: {type(error).__name__}: {error}"
                )
        self._stop.set()
        with self.lock:
            self.write_waiting()
            self._close_wal()
            self.lost_entries += len(self._waiting)
            if self.log is not None:
                try:
                    self.log.close()
                except OSError as error:
                    self.warn_once(
                        "close", f"the log could not be closed: {error}; readers see it as interrupted"
                    )
        if self._lease is not None:  # all entries are written
            self._lease.end()
            self._lease = self._objects = None
        if self.lost_rows or self.lost_entries:
            self.warn_once(
                "summary",
                f"lost for good: {self.lost_rows} rows ({self.lost_values} values) and {self.lost_entries} entries",
            )
        if self.home is not None:
            from gnomon import upkeep

            upkeep.end_of_session(self)

    def _close_wal(self) -> None:
        wal, self._wal = self._wal, None
        if wal is None:
            return
        rows, values = wal.lost_rows, wal.lost_values
        self.lost_rows += rows
        self.lost_values += values
        try:
            if wal.state[2] == 0 and rows == 0:
                wal.discard()
            else:
                wal.close()
        except OSError as error:
            self.warn_once(
                "close", f"the points could not be closed: {error}; readers see them as interrupted"
            )

    def after_fork(self) -> None:
        """Give a forked child a session of its own: new lock, new log, new WAL, nothing of its parent's."""
        wal, log, lease = self._wal, self.log, self._lease
        self.lock = threading.RLock()
        self.is_defining = False
        self.interrupting = []
        self.lost_rows = self.lost_values = self.lost_entries = 0
        self._reset()
        for points in self.points:
            points.after_fork()
        if wal is not None:
            wal.abandon()
        if log is not None:
            log.abandon()
        if lease is not None:
            lease.abandon()

    # --- talk

    def warn_once(self, what: Hashable, text: str) -> None:
        """Say something once in this process, on the logger `gnomon` (stderr unless the user set it up)."""
        if what in self._said:
            return
        self._said.add(what)
        import logging

        logging.getLogger("gnomon").warning("gnomon: %s", text)


_sessions: dict[str, Session] = {}
_sessions_lock = threading.Lock()


def session_for(place: str | None = None, *, env: Env = REAL) -> Session:
    """Return this process's session for the record at `place` (a project or a `.gnomon` folder).

    Without `place`: the record found upward from the working directory, or the one that would be made on first use.
    """
    require_supported_platform()
    path = record_path(place, env)
    with _sessions_lock:
        session = _sessions.get(path)
        if session is None:
            session = _sessions[path] = Session(path, env)
            if len(_sessions) == 1:
                _hook_into_process()
        return session


def require_supported_platform() -> None:
    """Raise UnsupportedPlatformError where the record cannot be written safely."""
    if sys.platform == "win32":
        raise UnsupportedPlatformError(
            "Gnomon writes records on Linux and macOS; this is Windows, which lacks flock, posix_fallocate and fork",
            hint="run it under WSL 2: `wsl --install`, then install Gnomon there",
        )


_is_hooked = False


def _hook_into_process() -> None:
    global _is_hooked
    if not _is_hooked:
        _is_hooked = True
        atexit.register(close_all)
        os.register_at_fork(
            before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork
        )


def close_all() -> None:
    """Close every session of this process; done at exit."""
    for session in list(_sessions.values()):
        session.is_ending = True
        session.close()
    _sessions.clear()


def _before_fork() -> None:
    # Another thread must not be in the middle of a row when the process is copied.
    for session in list(_sessions.values()):
        session.lock.acquire()


def _after_fork_in_parent() -> None:
    for session in list(_sessions.values()):
        session.lock.release()


def _after_fork() -> None:
    global _sessions_lock
    _sessions_lock = threading.Lock()
    for session in list(_sessions.values()):
        session.after_fork()
