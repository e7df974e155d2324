"""Records for the threads that answer: an index is not for several threads at once, so each takes one of a few.

They share the columns of runs that they keep, so that what one has read, all have, and once.
Always true: no more than `MOST` are open, and what waits, waits for one; an index that closed opens again with the next question.
"""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gnomon.runs.kept_columns import KeptColumns
from gnomon.runs.views import open as open_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.runs.views import Record

MOST = 4
WAIT_S = 60.0


class Records:
    """A pool of one replica's records."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._free: queue.LifoQueue[Record] = queue.LifoQueue()
        self._made = 0
        self._columns = KeptColumns()
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[Record]:
        """Give a record to one thread for a while. Raises TimeoutError where none gets free for a minute."""
        record = self._take()
        try:
            yield record
        finally:
            record.progress = None
            self._free.put(record)

    def _take(self) -> Record:
        try:
            return self._free.get_nowait()
        except queue.Empty:
            with self._lock:
                is_room = self._made < MOST
                self._made += is_room
            if is_room:
                try:
                    record = open_record(self.path)
                    record.share_columns(self._columns)
                    return record
                except BaseException:
                    with self._lock:
                        self._made -= 1
                    raise
            try:
                return self._free.get(timeout=WAIT_S)
            except queue.Empty:
                raise TimeoutError("all questions that run at once are busy; try again in a moment") from None

    def close(self) -> None:
        """Close those that are free."""
        while True:
            try:
                self._free.get_nowait().close()
            except queue.Empty:
                return
