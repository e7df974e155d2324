"""The gate: every request of every kind passes it before anything else looks at it.

In this order: is the `Host` one of ours, does another page ask, is the body small, is there a session, does a write hold our
token. What fails is answered here. The `Host` also tells which origin is meant: the pages (`127.0.0.1`), or what people made
(`localhost`), which has no session and takes signed addresses only.

Always true: no answer carries a CORS header; each carries the headers of `SAFE`. Story: docs/internals/pages.md, "Security".
"""

from __future__ import annotations

from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from gnomon.web.entering import enter_page, safe_path

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gnomon.web.sessions import Sessions

LARGEST_BODY = 1 << 20
METHODS = frozenset({"GET", "HEAD", "POST"})
OPEN_PATHS = frozenset({"/enter"})
TOKEN_FIELD, TOKEN_HEADER = "_token", b"x-gnomon-token"
SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
_REENTER = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Gnomon</title>'
    '<meta http-equiv="refresh" content="0;url={here}"><p>One moment: <a href="{here}">go on to the page</a>.'
)


class Gate:
    """Wraps the app. `port` is the one that all requests must name."""

    def __init__(self, pages: ASGIApp, content: ASGIApp, sessions: Sessions, port: int) -> None:
        self.pages, self.content, self.sessions = pages, content, sessions
        self.page_host, self.content_host = f"127.0.0.1:{port}", f"localhost:{port}"

    @property
    def page_origin(self) -> str:
        """The origin of the pages."""
        return f"http://{self.page_host}"

    @property
    def content_origin(self) -> str:
        """The origin of what people made."""
        return f"http://{self.content_host}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self.pages(scope, receive, send)
            return
        if scope["type"] != "http":  # no page speaks over a websocket
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        headers = _Headers(scope["headers"])
        host = headers.only("host")
        if host == self.content_host:
            await self._content(scope, receive, send)
        elif host == self.page_host:
            await self._pages(scope, receive, send, headers)
        else:
            await _refuse(421, f"this is {self.page_origin}/", "GN100")(scope, receive, send)

    async def _content(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/":  # typed by a person
            await RedirectResponse(self.page_origin + "/", 307)(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await _refuse(405, "only GET is answered here")(scope, receive, send)
        else:
            await self.content(scope, receive, send)

    async def _pages(self, scope: Scope, receive: Receive, send: Send, headers: _Headers) -> None:
        answer = self._refusal(scope, headers)
        if answer is None:
            session = self._session(headers)
            scope["state"] = {"session": session, "token": self.sessions.token(session) if session else ""}
            receive, body = await _whole_body(scope, receive)
            if body is None:
                answer = _refuse(413, f"a request may hold at most {LARGEST_BODY:,} bytes")
            elif not session and scope["path"] not in OPEN_PATHS and not scope["path"].startswith("/static/"):
                answer = self._not_in(scope, headers)
            elif (
                scope["method"] == "POST"
                and scope["path"] not in OPEN_PATHS
                and not self._is_ours(session, headers, body)
            ):
                answer = _refuse(403, "this page is from an earlier start of the pages; load it again")
        await (answer or self.pages)(scope, receive, self._safe(send))

    def _refusal(self, scope: Scope, headers: _Headers) -> Response | None:
        """Return the answer to what may not be asked, whoever asks."""
        if scope["method"] not in METHODS:
            return _refuse(405, "only GET and POST are answered here")
        origin = headers.all("origin")
        if origin and origin != [self.page_origin]:
            return _refuse(403, "another page asks for this")
        site = headers.all("sec-fetch-site")
        if site and site not in (["same-origin"], ["none"]):
            is_visit = scope["method"] == "GET" and headers.only("sec-fetch-dest") == "document"
            if not is_visit or headers.only("sec-fetch-mode") != "navigate":
                return _refuse(403, "another page asks for this")
            if scope["path"] not in OPEN_PATHS:
                # A link in a chat: the browser leaves our strict cookie out until a page of ours asks.
                page = _REENTER.format(here=escape(_address(scope)))
                return HTMLResponse(page, 200, {"content-security-policy": "default-src 'none'"})
        if scope["method"] == "POST" and not origin and not site:
            return None if headers.all("x-gnomon-token") else _refuse(403, "no page of ours asks for this")
        return None

    def _session(self, headers: _Headers) -> str:
        for text in headers.all("cookie"):
            try:
                cookie = SimpleCookie(text).get(self.sessions.cookie)
            except CookieError:
                continue
            if cookie is not None and self.sessions.is_open(cookie.value):
                return cookie.value
        return ""

    def _is_ours(self, session: str, headers: _Headers, body: bytes) -> bool:
        token = headers.only(TOKEN_HEADER.decode())
        if (
            not token
            and headers.only("content-type").partition(";")[0] == "application/x-www-form-urlencoded"
        ):
            pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=2_000)
            token = dict(pairs).get(TOKEN_FIELD, "")
        return self.sessions.is_token(session, token)

    def _not_in(self, scope: Scope, headers: _Headers) -> Response:
        if headers.all("hx-request") or scope["method"] != "GET" or "text/html" not in headers.only("accept"):
            return _refuse(401, "open the address that `gnomon ui` printed")
        return HTMLResponse(enter_page(_address(scope)), 401)

    def _safe(self, send: Send) -> Send:
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
            f"img-src 'self' data: {self.content_origin}; media-src {self.content_origin}; frame-src {self.content_origin}; "
            "font-src 'self'; frame-ancestors 'none'; base-uri 'none'"
        ).encode()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message["headers"]}
                extra = [*SAFE, (b"content-security-policy", policy), (b"cache-control", b"no-store")]
                message["headers"] = [*message["headers"], *(one for one in extra if one[0] not in known)]
            await send(message)

        return sending


class _Headers:
    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._raw = raw

    def all(self, name: str) -> list[str]:
        wanted = name.encode()
        return [value.decode("latin-1") for key, value in self._raw if key.lower() == wanted]

    def only(self, name: str) -> str:
        """Return the value of a header that is there once; empty where it is missing or repeated."""
        found = self.all(name)
        return found[0] if len(found) == 1 else ""


async def _whole_body(scope: Scope, receive: Receive) -> tuple[Receive, bytes | None]:
    """Return the body, and a `receive` that gives it again; None for one that is too large."""
    if scope["method"] != "POST":
        return receive, b""
    body, is_more = b"", True
    while is_more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            return receive, None
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again, body


def _address(scope: Scope) -> str:
    """Return what was asked for, as a path of ours."""
    query = scope["query_string"].decode("ascii", "replace")
    return safe_path(quote(scope["path"], safe="/@:") + (f"?{query}" if query else ""))


def _refuse(status: int, message: str, code: str = "GN100") -> Response:
    return JSONResponse({"error": {"code": code, "message": message, "hint": None}}, status)
