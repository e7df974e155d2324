"""What is new, told to open pages as server-sent events: a mark of all `entries`, one of all `points`; a page asks for the rest.

A page knows the marks that it was made with, so nothing is lost between its making and its stream, or while that was cut off.
One thread looks once a second while anybody listens. Always true: no more than `MOST` are open, a slow one holds the newest marks
only, one that nobody reads ends (`web/connections.py`), and so does one whose session ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response, StreamingResponse

from gnomon.errors import GnomonError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from gnomon.runs.views import Record
    from gnomon.web.records import Records
    from gnomon.web.sessions import Sessions

MOST = 64
EVERY_S = 1.0
ALIVE_S = 15.0


class Live:
    """The watcher and those who listen."""

    def __init__(self, records: Records, sessions: Sessions) -> None:
        self._records, self._sessions = records, sessions
        self._listeners: set[_Listener] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_over = threading.Event()

    async def answer(self, request: Request) -> Response:
        """Answer `/events`."""
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        listener = self._listen()
        if listener is None:
            return JSONResponse(
                {"error": {"code": "GN300", "message": "too many pages listen", "hint": None}}, 503
            )
        return _Stream(self, listener, request)

    def end(self) -> None:
        """End all streams."""
        self._is_over.set()
        with self._lock:
            for listener in self._listeners:
                listener.tell(None)

    async def news(self, request: Request, listener: _Listener) -> AsyncIterator[bytes]:
        """Yield the marks as events, until the session, the connection or this ends."""
        session = request.scope["state"]["session"]
        yield b"retry: 2000\n\n"
        while self._sessions.is_open(session) and not await request.is_disconnected():
            try:
                marks = await asyncio.wait_for(listener.next(), ALIVE_S)
            except TimeoutError:
                yield b": alive\n\n"
                continue
            if marks is None:
                break
            yield b"event: marks\ndata: " + json.dumps(marks).encode() + b"\n\n"

    def forget(self, listener: _Listener) -> None:
        """Give its place to another."""
        with self._lock:
            self._listeners.discard(listener)

    def _listen(self) -> _Listener | None:
        listener = _Listener(asyncio.get_running_loop())
        with self._lock:
            if len(self._listeners) >= MOST or self._is_over.is_set():
                return None
            self._listeners.add(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="gnomon-live", daemon=True)
                self._thread.start()
        return listener

    def _watch(self) -> None:
        while True:
            now = self._marks()
            with self._lock:
                if not self._listeners:
                    self._thread = None
                    return
                for listener in self._listeners:
                    if now is not None:
                        listener.tell(now)
            if self._is_over.wait(EVERY_S):
                return

    def _marks(self) -> dict[str, str] | None:
        try:
            with self._records.one() as record:
                record.replica.update()
                return marks_of(record)
        except (GnomonError, OSError, TimeoutError):
            return None  # said by the page itself, which asks the same
        except Exception:  # noqa: BLE001  a bug must not end the watch in silence
            traceback.print_exc(file=sys.stderr)
            return None


def marks_of(record: Record) -> dict[str, str]:
    """Return a mark that changes with every new entry, and one that changes with every new point. After `update`."""
    return {name: _mark(state) for name, state in record.replica.pulse().items()}


def _mark(state: object) -> str:
    shown = repr(sorted(state)) if isinstance(state, frozenset) else repr(state)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


class _Stream(StreamingResponse):
    """Gives its place back however it ends, also before its first byte."""

    def __init__(self, live: Live, listener: _Listener, request: Request) -> None:
        super().__init__(live.news(request, listener), media_type="text/event-stream")
        self._live, self._listener = live, listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._live.forget(self._listener)


class _Listener:
    """Holds the newest marks only, however slowly they are taken."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._last: dict[str, str] | None = {}
        self._is_new = asyncio.Event()

    async def next(self) -> dict[str, str] | None:
        await self._is_new.wait()
        self._is_new.clear()
        return self._last

    def tell(self, marks: dict[str, str] | None) -> None:
        if self._last is not None and marks != self._last:  # after the end there is no news
            self._last = marks
            with contextlib.suppress(RuntimeError):  # its loop has closed
                self._loop.call_soon_threadsafe(self._is_new.set)
