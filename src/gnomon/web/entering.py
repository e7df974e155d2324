"""The page before the pages: it takes the one-time code, from the address or from a person's hand."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.responses import HTMLResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from gnomon.web.sessions import Sessions

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Enter · Gnomon</title>
<link rel="icon" href="/static/gnomon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/tokens.css"><link rel="stylesheet" href="/static/base.css">
<script src="/static/enter.js" defer></script></head>
<body class="enter"><main id="main"><h1>Gnomon</h1>
<p id="said" role="status">{said}</p>
<form method="post" action="/enter"><input type="hidden" name="next" value="{next}">
<label>Code <input name="code" autocomplete="off" spellcheck="false" required></label> <button>Enter</button></form>
<p class="dim">The code stands at the end of the address that <code>gnomon ui</code> printed in the terminal, after
<code>#code=</code>. It counts once; the terminal shows a new one each time.</p></main></body></html>"""


def enter_page(where_to: str, said: str = "") -> str:
    """Return the page that asks for the code and then goes on to `where_to`."""
    text = said or "This browser has not entered yet, or the pages were started again."
    return _PAGE.format(next=escape(safe_path(where_to)), said=escape(text))


def safe_path(text: str) -> str:
    """Return a path of ours to go on to: what is none becomes the first page."""
    is_ours = text.startswith("/") and not text.startswith(("//", "/\\", "/enter", "/static/", "/events"))
    return text if is_ours and text.isprintable() and "\\" not in text else "/"


def pairs_of(data: bytes) -> list[tuple[str, str]]:
    """Return the values of a query or a form; what is no UTF-8 becomes U+FFFD."""
    return parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True)


def enter(sessions: Sessions, entered: Callable[[], None]) -> Callable[[Request], object]:
    """Return what answers `/enter`; `entered` is called when somebody came in."""

    async def answer(request: Request) -> Response:
        if request.method != "POST":
            # Also for who has entered, or the code would stay in the address, and in the history.
            here = "This browser has entered already." if request.scope["state"]["session"] else ""
            return HTMLResponse(enter_page("/", here))
        form = dict(pairs_of(await request.body()))
        session = sessions.enter(form.get("code", "").strip())
        where_to = safe_path(form.get("next", "/"))
        if session is None:
            said = "That code is wrong, or was used already."
            return HTMLResponse(enter_page(where_to, said), 403)
        sessions.leave(request.scope["state"]["session"])
        response = RedirectResponse(where_to, 303)
        response.set_cookie(sessions.cookie, session, path="/", httponly=True, samesite="strict")
        entered()
        return response

    return answer


def leave(sessions: Sessions) -> Callable[[Request], object]:
    """Return what answers `/leave`: it ends the session of the browser that asks."""

    async def answer(request: Request) -> Response:
        sessions.leave(request.scope["state"]["session"])
        response = RedirectResponse("/enter", 303)
        response.delete_cookie(sessions.cookie, path="/", httponly=True, samesite="strict")
        return response

    return answer
