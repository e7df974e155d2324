"""Runs something in DuckDB that must neither take for ever nor take all memory, and that Ctrl-C stops.

The work is done in a thread; whoever asked waits, watches the clock and the memory of the process, and interrupts. DuckDB heeds
an interrupt between two pieces of work. A single function over a huge text heeds nothing: then the one who asked stops
waiting after `GRACE_S`, and the thread ends with its piece of work, or with the process. The command ends its process then; a
process of a person waits at its exit for `EXIT_WAIT_S`, since Python taken down under DuckDB at work complains or breaks.

Always true: `run` returns or raises within the time that is allowed, and half a second. Not promised: that in the process of a
person, as in a notebook, no single function can take more memory than it may for a moment; the command has a hard limit.
"""

from __future__ import annotations

import atexit
import contextlib
import sys
import threading
from time import monotonic, thread_time
from typing import TYPE_CHECKING, Any, TypeVar

from gnomon.errors import BadArgumentError, QueryStoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
DEFAULT_TIMEOUT_S = 60.0
GRACE_S = 0.3
LOOK_EVERY_S = 0.05
EXIT_WAIT_S = 5.0
LEAST_MEMORY = 256 << 20
MOST_MEMORY = 16 << 30
SLACK = 512 << 20  # what the process may take beyond what DuckDB counts: texts, and what is on its way out
_LONGEST_S = 10 * 365 * 86400.0
_left: list[threading.Thread] = []  # those that see to the end of work that heeded no interrupt


def checked_timeout(timeout_s: object) -> float:
    """Return a time limit in seconds. Raises BadArgumentError."""
    if (
        isinstance(timeout_s, (int, float))
        and not isinstance(timeout_s, bool)
        and 0 < timeout_s <= _LONGEST_S
    ):
        return float(timeout_s)
    raise BadArgumentError(f"`timeout_s` of `sql()` must be a number of seconds above 0; got {timeout_s!r}")


def memory_for_queries() -> int:
    """Return how many bytes a query may use: half of what the machine has free, within bounds."""
    import psutil  # type: ignore[import-untyped]

    return max(LEAST_MEMORY, min(MOST_MEMORY, int(psutil.virtual_memory().available) // 2))


class Guard:
    """Watches over one query."""

    def __init__(self, connection: Any, *, timeout_s: float, memory: int, is_own_process: bool) -> None:
        self._connection = connection
        self._timeout_s = timeout_s
        self._memory = memory
        self._is_own_process = is_own_process
        self._deadline = monotonic() + timeout_s
        self._done: threading.Event | None = None
        self._thread: threading.Thread | None = None
        self._is_stopped = threading.Event()
        self.was_left = False  # by Ctrl-C

    @property
    def is_at_work(self) -> bool:
        """Whether something is still at work that heeded no interrupt."""
        return self._done is not None and not self._done.is_set()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Have the clock stand still while this thread waits for somebody else: a pager, a slow disk."""
        began, worked = monotonic(), thread_time()
        try:
            yield
        finally:
            self._deadline += max(0.0, monotonic() - began - (thread_time() - worked))

    def stop(self) -> None:
        """Have the query end soon, with QueryStoppedError for the one who asked. From any thread."""
        self._is_stopped.set()

    def run(self, job: Callable[[], T]) -> T:
        """Return what the job returns. Raises QueryStoppedError, and what the job raises."""
        found: list[T] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                found.append(job())
            except BaseException as error:  # noqa: BLE001  it is raised again by the one who asked
                failed.append(error)
            finally:
                done.set()

        done = self._done = (
            threading.Event()
        )  # Ctrl-C may make `Thread.join` take a thread for dead that lives
        thread = self._thread = threading.Thread(target=work, name="gnomon-sql", daemon=True)
        before = _resident()
        with _hard_limit(self._memory + SLACK) if self._is_own_process else contextlib.nullcontext():
            thread.start()
            try:
                stopped = self._watch(done, before)
            except BaseException:  # Ctrl-C
                self.was_left = True
                self._interrupt(done)
                raise
        if stopped is not None:
            raise stopped
        if failed:
            raise failed[0]
        return found[0]

    def _watch(self, done: threading.Event, before: int) -> QueryStoppedError | None:
        """Wait for the end; return why it was stopped, None where it was not."""
        while not done.wait(LOOK_EVERY_S):
            stopped = None
            if monotonic() > self._deadline:
                stopped = QueryStoppedError(
                    f"the query was stopped after {self._timeout_s:g} s",
                    hint="ask for less (`where`, fewer columns), or allow more: `--timeout SECONDS`, `timeout_s=` in Python",
                )
            elif self._is_stopped.is_set():
                stopped = QueryStoppedError("the query was stopped, as was asked")
            elif _resident() - before > self._memory + SLACK:
                stopped = out_of_memory(self._memory)
            if stopped is not None:
                self._interrupt(done)
                return stopped
        return None

    def _interrupt(self, done: threading.Event) -> None:
        until = monotonic() + GRACE_S
        while not done.is_set() and monotonic() < until:
            self._connection.interrupt()  # again and again: one that comes between two questions is lost
            done.wait(LOOK_EVERY_S)
        if self._thread is not None and not done.is_set():
            _see_to_the_end(self._connection, done, self._thread)


def _see_to_the_end(connection: Any, done: threading.Event, work: threading.Thread) -> None:
    """Interrupt work that was left on and on, so that it does no more than its piece; wait a while for it at exit."""

    def see() -> None:
        while not done.wait(GRACE_S):
            connection.interrupt()
        work.join()  # it lets go of the connection

    watcher = threading.Thread(target=see, name="gnomon-sql-end", daemon=True)
    watcher.start()
    atexit.unregister(_wait_for_the_left)
    atexit.register(_wait_for_the_left)  # anew: it comes before what else is registered until now
    _left[:] = [*filter(threading.Thread.is_alive, _left), watcher]


def _wait_for_the_left() -> None:
    until = monotonic() + EXIT_WAIT_S
    with contextlib.suppress(KeyboardInterrupt):  # whoever cannot wait
        for watcher in _left:
            watcher.join(max(0.0, until - monotonic()))


def out_of_memory(memory: int) -> QueryStoppedError:
    """Return what to say of a query that wants more memory than it may have."""
    return QueryStoppedError(
        f"the query needs more memory than it may use here ({memory / 1e9:.1f} GB, half of what is free)",
        hint="aggregate more, sort or join less, name fewer columns; `--out FILE.parquet` writes a large result as it comes",
    )


def _resident() -> int:
    """Return the memory of this process in bytes."""
    try:
        with open("/proc/self/statm", "rb") as file:
            import resource

            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:  # no Linux
        import psutil

        return int(psutil.Process().memory_info().rss)


@contextlib.contextmanager
def _hard_limit(more: int) -> Iterator[None]:
    """Let this process have only so many more bytes of memory: an allocation beyond fails instead of taking the machine."""
    if not sys.platform.startswith("linux"):  # elsewhere the system does not hold to it; the watch does
        yield
        return
    import resource

    import psutil

    old, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = psutil.Process().memory_info().data + more
    if old != resource.RLIM_INFINITY:
        wanted = min(wanted, old)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (old, most))
