"""Asks the pages without a socket: the app is called as a server would call it."""

from __future__ import annotations

import asyncio
import threading
from typing import NamedTuple

from gnomon.web.app import App

PORT = 7420
PAGES, CONTENT = f"127.0.0.1:{PORT}", f"localhost:{PORT}"
FORM = ("content-type", "application/x-www-form-urlencoded")


class Answer(NamedTuple):
    """What came back. `headers` are in order; names in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, "")

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def scope_of(method: str, target: str, headers, kind: str = "http") -> dict:
    """Return an ASGI scope; `target` is path and query as they are on the wire."""
    from urllib.parse import unquote

    path, _, query = target.partition("?")
    return {
        "type": kind, "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": unquote(path), "raw_path": path.encode(), "root_path": "", "query_string": query.encode(),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", PORT), "state": {},
    }  # fmt: skip


async def asked(app, scope: dict, pieces=(b"",)) -> Answer:
    """Call an app with a body in pieces; a piece of None never comes."""
    waiting = list(pieces)
    start: dict = {"status": 0, "headers": []}
    body = bytearray()
    is_over = asyncio.Event()

    async def receive() -> dict:
        if waiting and waiting[0] is not None:
            piece = waiting.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(waiting)}
        await is_over.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "websocket.close":
            start["status"] = -message["code"]
        else:
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                is_over.set()

    await app(scope, receive, send)
    return Answer(
        start["status"],
        [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]],
        bytes(body),
    )


class Loop:
    """An event loop in a thread of its own: the browser tests may have one in that of the tests."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(120)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def run(coroutine):
    """Run one coroutine to its end and return what it gives."""
    loop = Loop()
    try:
        return loop.run(coroutine)
    finally:
        loop.close()


class Client:
    """Asks an app; what is not said otherwise is as a browser that has entered sends it."""

    def __init__(self, folder) -> None:
        self.app = App(str(folder), PORT)
        self.runner = Loop()
        self.session = self.enter()

    def enter(self) -> str:
        session = self.app.sessions.enter(self.app.sessions.new_code())
        assert session is not None
        return session

    @property
    def token(self) -> str:
        return self.app.sessions.token(self.session)

    def ask(
        self,
        method: str,
        target: str,
        *more,
        host=PAGES,
        session=None,
        accept="text/html",
        body=b"",
        pieces=None,
    ):
        headers = [("host", host), ("accept", accept), *more]
        if session is None and host == PAGES:
            headers.append(("cookie", f"{self.app.sessions.cookie}={self.session}"))
        scope = scope_of(method, target, headers)
        return self.runner.run(asked(self.app.gate, scope, pieces or (body,)))

    def get(self, target: str, *more, **how) -> Answer:
        return self.ask("GET", target, *more, **how)

    def post(self, target: str, *more, **values) -> Answer:
        from urllib.parse import urlencode

        body = urlencode({"_token": self.token, **values}).encode()
        return self.ask("POST", target, ("origin", f"http://{PAGES}"), FORM, *more, body=body)

    def content(self, address: str, *more, method: str = "GET") -> Answer:
        """Ask for an address on the origin of what people made."""
        host, _, path = address.removeprefix("http://").partition("/")
        return self.ask(method, f"/{path}", *more, host=host)

    def close(self) -> None:
        self.app.close()
        self.runner.close()
