"""System metrics of a run: a thread that logs a row now and then (`capture.system_row` says which series).

Always true: a run that ends within the first seconds loads and measures nothing. The interval grows where a row is dear, so
that rows cost at most `MAX_SHARE` of one core, by the thread's own processor time, `log` included (loading psutil and
finding the GPUs, once, is not counted). Nothing here raises into a training, and `stop` waits a moment at most.
`log` is never called under a lock of this module. A row that was on its way at `stop` may still be logged after it.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from gnomon.runs.capture.system_row import SystemRow

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_AFTER_S = 5.0
MAX_SHARE = 0.005
MAX_INTERVAL_S = 600.0
STOP_WAITS_S = 0.5
_LAST_ROW_AFTER_S = 1.0


class SystemMetrics:
    """Logs `system/...` every `every_s` seconds while it runs; the step is the whole seconds since `start`."""

    def __init__(
        self,
        log: Callable[[dict[str, float], int], None],
        *,
        every_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        first_after_s: float = FIRST_AFTER_S,
    ) -> None:
        """Prepare; nothing is loaded and no thread started yet."""
        self._log = log
        self._every_s = every_s
        self._clock = clock
        self._first_after_s = first_after_s
        self._row = SystemRow(clock)
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()  # of the fields below
        self._sampling = threading.Lock()  # one row at a time
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._process_id = os.getpid()
        self._started_s = 0.0
        self._rows = 0
        self._last_at_s = 0.0
        self._is_logging = False
        self._last_row: dict[str, float] | None = None

    @property
    def notes(self) -> list[str]:
        """What is missing and how to get it, for people."""
        return list(self._row.notes)

    @property
    def is_running(self) -> bool:
        """Whether the thread of this very process is at work."""
        thread = self._thread  # Python calls those of a forked child's parent dead
        return thread is not None and thread.is_alive() and not self._stop.is_set()

    def start(self) -> None:
        """Start the thread; nothing where it runs already or the system gives no thread."""
        if self._process_id != os.getpid():
            self.after_fork()
        with self._lock:
            if self.is_running:
                return
            self._stop = threading.Event()
            self._rows, self._last_row = 0, None
            self._started_s = self._clock()
            thread = threading.Thread(
                target=self._run, args=(self._stop,), name="gnomon-system-metrics", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:  # too many threads, or the interpreter is ending
                self._row.note(f"no system metrics: {error}")
                return
            self._thread = thread

    def stop(self, *, with_last: bool = True) -> None:
        """End the thread and log a last row, if there was one before; waits half a second at most.

        `with_last=False` logs none: what was measured is over already, and the row would be about us.
        """
        if self._process_id != os.getpid():
            self.after_fork()  # the thread stayed with the parent
            return
        with self._lock:
            thread, self._thread = self._thread, None
            self._stop.set()
            is_logging = self._is_logging
        if thread is None or is_logging or thread is threading.current_thread():
            return  # a row is on its way: it may wait for a lock that our caller holds
        thread.join(STOP_WAITS_S)
        if with_last and not thread.is_alive() and self._last_row:
            self._call_log(self._last_row)

    def sample(self) -> dict[str, float]:
        """Return one row now; rates are since the row before."""
        with self._sampling:
            return self._row.sample()

    def after_fork(self) -> None:
        """Make this object a stopped one in a forked child; `start` begins there anew."""
        self._reset()
        self._row.forget()

    def interval_after(self, cost_s: float) -> float:
        """Return how long to wait after a row that cost so much processor time, that rows stay below `MAX_SHARE`."""
        return min(max(self._every_s, cost_s / MAX_SHARE), max(MAX_INTERVAL_S, self._every_s))

    # --- the thread

    def _run(self, stop: threading.Event) -> None:
        try:
            self._log_until(stop)
        finally:
            with self._sampling:
                self._row.close()

    def _log_until(self, stop: threading.Event) -> None:
        wait_s = min(self._first_after_s, self._every_s)
        while not stop.wait(wait_s):
            with self._sampling:
                self._row.load()
            begun_s = time.thread_time()
            row = self.sample()
            with self._lock:
                if stop.is_set():
                    self._last_row = row if self._rows else None
                    return
                self._is_logging = True
            is_wanted = self._call_log(row)
            with self._lock:
                self._is_logging = False
                self._rows += 1
                self._last_at_s = self._clock()
            if not is_wanted:
                return
            wait_s = self.interval_after(time.thread_time() - begun_s)
        if self._rows and self._clock() - self._last_at_s >= _LAST_ROW_AFTER_S:
            self._last_row = self.sample()

    def _call_log(self, row: dict[str, float]) -> bool:
        """Log a row; return whether to go on."""
        try:
            self._log(row, max(int(self._clock() - self._started_s), 0))
        except Exception as error:  # noqa: BLE001 - the run ended meanwhile, or its log is broken: noted, and no more rows
            self._row.note(f"system metrics stopped: {type(error).__name__}: {error}")
            return False
        return True
