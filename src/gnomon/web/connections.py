"""Connections: nobody holds one by doing nothing, and a newcomer always gets one.

There are three ways to hold one: never to finish asking, never to read the answer, and only to be there. The first two end after
`ASK_S` and `READ_S`; where there are more than `most()`, the one that has waited longest for a question goes.

Always true: an answer that is being sent, and read, is not cut off.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

ASK_S = 20.0
READ_S = 60.0
MOST = 512


def most() -> int:
    """Return how many connections are held: half of the files that this process may open, or `MOST`."""
    try:
        import resource
    except ImportError:  # not POSIX
        return MOST
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if files == resource.RLIM_INFINITY else max(8, min(MOST, files // 2))


class Connection(H11Protocol):
    """One connection, with its limits."""

    _asking: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take a new one in, at the cost of an idle one where there are too many."""
        super().connection_made(transport)
        self._since = time.monotonic()
        self._watch()
        if len(self.connections) > most():
            idle = [one for one in self.connections if isinstance(one, Connection) and one.is_idle]
            (min(idle, key=lambda one: one._since) if idle else self).drop()

    @property
    def is_idle(self) -> bool:
        """Whether nothing was asked that is not answered."""
        return self.cycle is None or self.cycle.response_complete

    def drop(self) -> None:
        """End it at once."""
        self.connections.discard(self)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take a piece of a question."""
        super().data_received(data)
        self._since = time.monotonic()
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next question."""
        super().on_response_complete()
        self._since = time.monotonic()
        self._watch()

    def pause_writing(self) -> None:
        """Begin to wait for somebody who does not read."""
        super().pause_writing()
        self._unread = self.loop.call_later(READ_S, self.drop)

    def resume_writing(self) -> None:
        """Go on: they have read."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        for timer in (self._asking, self._unread):
            if timer is not None:
                timer.cancel()
        self._asking = self._unread = None
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Wait for a question, but not for ever, and not anew with each piece of it."""
        if self.is_idle and self._asking is None and not self.transport.is_closing():
            self._asking = self.loop.call_later(ASK_S, self.drop)
        elif not self.is_idle and self._asking is not None:
            self._asking.cancel()
            self._asking = None
