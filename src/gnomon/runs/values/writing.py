"""Rich values on their way into the record: encoded at once, stored a second later, many in one pack.

Always true: an entry is written after the objects that it names are on the disk. What does not fit (one value over
`MAX_VALUE_BYTES`, a run over `MAX_RUN_BYTES` or `MAX_VALUES`, a full disk) is counted and said once, and the training goes on.
Not promised: the values of the last second before a `kill -9`; numbers do not wait like that.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import GnomonError
from gnomon.ids import values_subject
from gnomon.runs import entries

if TYPE_CHECKING:
    from gnomon.runs.values.encoded import Encoded
    from gnomon.session import Session

MAX_VALUE_BYTES = 64 << 20
MAX_RUN_BYTES = 2 << 30
MAX_VALUES = 20_000
MAX_WAITING_BYTES = 32 << 20


class _Waiting(NamedTuple):
    series: str
    step: int
    encoded: Encoded


class ValueWriter:
    """The rich values that one process logs to one run, as one rank. A forked child makes its own."""

    def __init__(self, session: Session, run: str, rank: int) -> None:
        self.process_id = session.process_id
        self._session = session
        self._run = run
        self._rank = rank
        # A signal handler may log, or end the run, in the middle of anything here: so a deque, and a lock that one thread
        # may take again.
        self._waiting: deque[_Waiting] = deque()
        self._storing = threading.RLock()
        self._to_write: deque[dict[str, object]] = deque()
        self._waiting_bytes = 0
        self._bytes = 0
        self._count = 0

    def add(self, series: str, step: int, encoded: Encoded) -> str | None:
        """Take a value; return why it is not stored, None where it will be."""
        size = sum(len(part.data) for part in encoded.parts)
        if size > MAX_VALUE_BYTES:
            return f"is {size:,} bytes; at most {MAX_VALUE_BYTES:,} are stored of one value"
        if self._bytes + size > MAX_RUN_BYTES or self._count >= MAX_VALUES:
            return f"is over the limit of a run: {MAX_VALUES:,} values, {MAX_RUN_BYTES:,} bytes of them"
        self._bytes += size
        self._count += 1
        self._waiting_bytes += size
        self._waiting.append(_Waiting(series, step, encoded))
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self.flush()
        return None

    def flush(self) -> None:
        """Store what waits. Where the disk refuses it is lost, and said.

        The session's lock is never waited for with `_storing` in hand: who holds that lock may wait for `_storing`. An entry
        leaves `_to_write` only once it is written, so whoever gets the lock first writes it, and a run that ends has all.
        """
        if self.process_id != self._session.process_id:
            return  # a forked child: what waits here is its parent's
        with self._storing:
            waiting = self._taken()
            if waiting:
                self._store(waiting)
        with self._session.lock:
            while self._to_write:
                self._session.append(entries.LOGGED, values_subject(self._run), self._to_write[0])
                self._to_write.popleft()

    def _store(self, waiting: list[_Waiting]) -> None:
        """Store values, and have an entry about them be written."""
        try:
            stored = [self._stored(one) for one in self._in_one_pack(waiting)]
        except (OSError, GnomonError) as error:
            self._session.warn_once(
                ("values", self._run),
                f"{len(waiting)} images or other values could not be stored: {error}",
            )
        else:
            self._to_write.append({"values": stored})

    def _taken(self) -> list[_Waiting]:
        taken = []
        self._waiting_bytes = 0
        try:
            while True:
                taken.append(self._waiting.popleft())
        except IndexError:
            return taken

    def _in_one_pack(self, waiting: list[_Waiting]) -> list[tuple[_Waiting, list[str]]]:
        """Store the parts of all values; return each value with the ids of its parts' objects."""
        with self._session.objects() as store:
            ids = iter(store.put_many([part.data for one in waiting for part in one.encoded.parts]))
        return [(one, [str(next(ids)) for _ in one.encoded.parts]) for one in waiting]

    def _stored(self, stored: tuple[_Waiting, list[str]]) -> dict[str, object]:
        one, ids = stored
        parts = zip(one.encoded.parts, ids, strict=True)
        body: dict[str, object] = {
            "series": one.series,
            "step": one.step,
            "rank": self._rank,
            "kind": one.encoded.kind,
            "meta": one.encoded.meta,
            "parts": [[part.name, part.media_type, object_id, len(part.data)] for part, object_id in parts],
        }
        if one.encoded.notes:
            body["notes"] = list(one.encoded.notes)
        return body
