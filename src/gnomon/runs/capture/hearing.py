"""The console of one process on its way into the record: heard by any thread, written once a second by one.

Always true: `hear` only puts aside, from any thread and from signal handlers; what waits is bounded, and what was dropped is
counted; a tail is written over the one before it. The end takes a bounded time, whatever waits.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from gnomon.ids import process_subject
from gnomon.runs import entries

if TYPE_CHECKING:
    from gnomon.runs.capture.console import Console
    from gnomon.runs.capture.descriptors import Descriptors
    from gnomon.runs.capture.tee import Tees
    from gnomon.scrub.scrubber import Scrubber
    from gnomon.session import Session

CONSOLE_VARIABLE = "GNOMON_CONSOLE"
CATCH_UP_S = 0.1
MAX_WAITING = 16 << 20  # characters and bytes of bookkeeping
PIECE_COST = 100  # what a piece takes besides its text
JOINED = 64 << 10
END_PATIENCE_S = 1.0


class Hearing:
    """What a process prints. One for each capture."""

    def __init__(self, session: Session, scrubber: Scrubber) -> None:
        self._session = session
        self._scrubber = scrubber
        self._began_s = time.monotonic()
        self._lock = threading.RLock()  # of what waits; a signal handler may print in the middle of a print
        self._waiting: deque[tuple[str, str | bytes]] = deque()
        self._waiting_size = 0
        self._dropped = 0
        self._writing = threading.RLock()
        self._console: Console | None = None
        self._tail_entry: str | None = None
        self._tees: Tees | None = None
        self._descriptors: Descriptors | None = None

    def listen(self) -> None:
        """Listen to the streams of this process, and to its descriptors where that is asked for."""
        if self._tees is None:
            from gnomon.runs.capture.tee import Tees

            heard = self._listen_below() if self._session.env.getenv(CONSOLE_VARIABLE) else frozenset()
            self._tees = Tees(self.hear, below=heard)

    def _listen_below(self) -> frozenset[int]:
        from gnomon.runs.capture.descriptors import DESCRIPTORS, STREAMS, Descriptors

        word = (self._session.env.getenv(CONSOLE_VARIABLE) or "").strip().lower()
        if word not in (DESCRIPTORS, STREAMS):
            self._session.warn_once(
                "console",
                f"`{CONSOLE_VARIABLE}` knows no {word!r}, only `{STREAMS}` and `{DESCRIPTORS}`; heard: {STREAMS}",
            )
        if word != DESCRIPTORS:
            return frozenset()
        try:
            self._descriptors = Descriptors(self.hear, self._drop, partial(self._session.warn_once, "print"))
        except OSError as error:
            self._session.warn_once(
                "console", f"what C code and children print is not heard, only `sys.stdout`: {error}"
            )
            return frozenset()
        return self._descriptors.heard

    def listen_no_more(self) -> None:
        """Leave the streams alone."""
        if self._tees is not None:
            self._tees.take_away()
            self._tees = None
        if self._descriptors is not None:
            self._descriptors.end()
            self._descriptors = None

    def hear(self, stream: str, text: str | bytes) -> None:
        """Take what was printed to a stream, `out` or `err`."""
        with self._lock:
            self._waiting.append((stream, text))
            self._waiting_size += len(text) + PIECE_COST
            while self._waiting_size > MAX_WAITING:
                oldest = len(self._waiting.popleft()[1])
                self._waiting_size -= oldest + PIECE_COST
                self._dropped += oldest

    def catch_up(self) -> None:
        """Hear what is on its way, where descriptors are listened to."""
        if self._descriptors is not None:
            self._descriptors.catch_up(CATCH_UP_S)

    @property
    def waits_with(self) -> int:
        """How much was heard and not written yet."""
        return self._waiting_size

    def _drop(self, size: int) -> None:
        with self._lock:
            self._dropped += size

    def write(self) -> None:
        """Write what is due of what was printed."""
        if self._console is not None or self._waiting or self._dropped:
            with self._writing:
                self._take_in(None)
                self._append(self._the_console().due(time.monotonic()))

    def separate(self) -> None:
        """Write what waits, since another run of this process begins: what is printed from now on belongs to that one."""
        self.catch_up()
        if self._console is not None or self._waiting:
            with self._writing:
                self._take_in(None)
                bodies = self._the_console().due(time.monotonic()) or [{"pieces": []}]
                self._append([*bodies[:-1], {**bodies[-1], "is_last": True}])

    def end(self) -> None:
        """Write all that is left, as far as there is time to look at it."""
        self.listen_no_more()
        if self._console is not None or self._waiting:
            with self._writing:
                self._take_in(time.monotonic() + END_PATIENCE_S)
                self._append(self._the_console().end())

    def _take_in(self, until_s: float | None) -> None:
        console = self._the_console()
        with self._lock:
            waiting, self._waiting, self._waiting_size = self._waiting, deque(), 0
            dropped, self._dropped = self._dropped, 0
        if dropped:
            console.skip(dropped)
        while waiting:
            if until_s is not None and time.monotonic() > until_s:
                console.skip(sum(len(text) for _, text in waiting))
                return
            stream, text = waiting.popleft()
            parts, size = [text], len(text)
            # Neighbours are looked at as one: a scrubber's look costs the same for a word and for a page.
            while waiting and waiting[0][0] == stream and type(waiting[0][1]) is type(text) and size < JOINED:
                parts.append(waiting.popleft()[1])
                size += len(parts[-1])
            console.feed(stream, type(text)().join(parts))  # type: ignore[arg-type]

    def _append(self, bodies: list[dict[str, object]]) -> None:
        for body in bodies:
            over = [self._tail_entry] if body.get("is_tail") and self._tail_entry else []
            entry = self._session.append(
                entries.CONSOLE, process_subject(self._session.log_id), body, over=over
            )
            if body.get("is_tail"):
                self._tail_entry = entry

    def _the_console(self) -> Console:
        if self._console is None:
            from gnomon.runs.capture.console import Console

            self._console = Console(self._scrubber, now_s=self._began_s)
        return self._console
