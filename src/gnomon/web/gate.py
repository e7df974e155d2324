"""The gate: every request of every kind passes it before anything else looks at it.

In this order: is the `Host` one of ours, may this be asked at all, does another page ask, is there a session, is the body small
and soon there, does a write hold our token. What fails is answered here. The `Host` also tells which origin is meant: the pages
(`127.0.0.1`), or what people made (`localhost`), which has no session and takes signed addresses only.

Always true: no answer carries a CORS header; each carries the headers of `SAFE`, or those of `web/content.py`; nothing is read
of the body of somebody who may not ask. Story: docs/internals/pages.md, "Security".
"""

from __future__ import annotations

import asyncio
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from gnomon.web.entering import enter_page, safe_path

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gnomon.web.sessions import Sessions

LARGEST_BODY = 1 << 20
LARGEST_CODE = 1 << 17  # of `/enter`, which strangers may ask, with the longest address to go on to
LONGEST_ADDRESS = 1 << 15
BODY_S = 30.0
MOST_FIELDS = 2_000
METHODS = frozenset({"GET", "HEAD", "POST"})
OPEN_PATHS = frozenset({"/enter"})
TOKEN_FIELD, TOKEN_HEADER = "_token", "x-gnomon-token"
SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
_NOTHING = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
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
            await _refuse(421, f"this is {self.page_origin}/")(scope, receive, send)

    async def _content(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _refuse(405, "only GET is answered here")(scope, receive, send)
        elif scope["path"] == "/":  # typed by a person
            response = RedirectResponse(self.page_origin + "/", 307)
            await _with(response, _NOTHING)(scope, receive, send)
        else:
            await self.content(scope, receive, send)

    async def _pages(self, scope: Scope, receive: Receive, send: Send, headers: _Headers) -> None:
        session = self._session(headers)
        scope["state"] = {"session": session, "token": self.sessions.token(session) if session else ""}
        answer = self._refusal(scope, headers) or self._stranger(scope, headers, session)
        if answer is None and scope["method"] == "POST":
            limit = LARGEST_BODY if session else LARGEST_CODE
            receive, body = await _whole_body(receive, headers, limit)
            if body is None:
                answer = _refuse(
                    413, f"a request may hold at most {limit:,} bytes, and must be sent in {BODY_S:.0f} s"
                )
            elif scope["path"] not in OPEN_PATHS and not self._is_ours(session, headers, body):
                answer = _refuse(403, "this page is from an earlier start of the pages; load it again")
        await (answer or self.pages)(scope, receive, self._safe(send))

    def _refusal(self, scope: Scope, headers: _Headers) -> Response | None:
        """Return the answer to what may not be asked, whoever asks."""
        if scope["method"] not in METHODS:
            return _refuse(405, "only GET and POST are answered here")
        if not scope["path"].startswith("/"):
            return _refuse(400, "an address of these pages begins with `/`")
        if len(scope["path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
            return _refuse(414, f"an address may hold at most {LONGEST_ADDRESS:,} characters")
        origin = headers.all("origin")
        if origin and origin != [self.page_origin]:
            return _refuse(403, "another page asks for this")
        site = headers.all("sec-fetch-site")
        if site and site not in (["same-origin"], ["none"]):
            return self._from_elsewhere(scope, headers)
        if scope["method"] == "POST" and not origin and not site and not headers.all(TOKEN_HEADER):
            return _refuse(403, "no page of ours asks for this")
        return None

    def _from_elsewhere(self, scope: Scope, headers: _Headers) -> Response | None:
        """Return the answer to what another page asks for: only a link to us may be followed."""
        is_visit = scope["method"] == "GET" and headers.only("sec-fetch-dest") == "document"
        if not is_visit or headers.only("sec-fetch-mode") != "navigate":
            return _refuse(403, "another page asks for this")
        if scope["path"] in OPEN_PATHS:
            return None
        # A link in a chat: the browser leaves our strict cookie out until a page of ours asks.
        return _with(HTMLResponse(_REENTER.format(here=escape(_address(scope)))), _NOTHING)

    def _stranger(self, scope: Scope, headers: _Headers, session: str) -> Response | None:
        """Return the answer to who has not entered; None for what anybody may ask."""
        if session or scope["path"] in OPEN_PATHS:
            return None
        if scope["path"].startswith("/static/") and scope["method"] != "POST":
            return None
        is_script = headers.all("hx-request") or "text/html" not in headers.only("accept")
        if is_script or scope["method"] != "GET":
            return _refuse(401, "open the address that `gnomon ui` printed")
        return HTMLResponse(enter_page(_address(scope)), 401)

    def _session(self, headers: _Headers) -> str:
        # Not `SimpleCookie`: it forgets all cookies for one of another program that it cannot read.
        for part in ";".join(headers.all("cookie")).split(";"):
            name, _, value = part.strip().partition("=")
            if name == self.sessions.cookie and self.sessions.is_open(value):
                return value
        return ""

    def _is_ours(self, session: str, headers: _Headers, body: bytes) -> bool:
        token = headers.only(TOKEN_HEADER)
        kind = headers.only("content-type").partition(";")[0].strip().lower()
        if not token and kind == "application/x-www-form-urlencoded" and body.count(b"&") < MOST_FIELDS:
            token = dict(parse_qsl(body.decode("utf-8", "replace"))).get(TOKEN_FIELD, "")
        return bool(session) and self.sessions.is_token(session, token)

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


async def _whole_body(receive: Receive, headers: _Headers, limit: int) -> tuple[Receive, bytes | None]:
    """Return the body, and a `receive` that gives it again; None for one that is too large, or comes too slowly."""
    stated = headers.only("content-length")
    if stated.isascii() and stated.isdigit() and (len(stated) > 12 or int(stated) > limit):
        return receive, None
    try:
        body = await asyncio.wait_for(_read(receive, limit), BODY_S)
    except TimeoutError:
        return receive, None
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again, body


async def _read(receive: Receive, limit: int) -> bytes | None:
    body, is_more = bytearray(), True
    while is_more:
        message = await receive()
        if message["type"] != "http.request":
            return None  # they have gone
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
        if len(body) > limit:
            return None
    return bytes(body)


def _address(scope: Scope) -> str:
    """Return what was asked for, as a path of ours."""
    query = scope["query_string"].decode("ascii", "replace")
    return safe_path(quote(scope["path"], safe="/@:") + (f"?{query}" if query else ""))


def _with(response: Response, policy: bytes) -> Response:
    """Return an answer of the gate itself, with all headers of ours."""
    for name, value in (*SAFE, (b"content-security-policy", policy), (b"cache-control", b"no-store")):
        response.headers[name.decode()] = value.decode()
    return response


def _refuse(status: int, message: str) -> Response:
    return _with(
        JSONResponse({"error": {"code": "GN100", "message": message, "hint": None}}, status), _NOTHING
    )
