"""The app: the gate, and behind it the pages, the files that they are made with, and the news."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from gnomon.web.answering import Answering
from gnomon.web.content import Content, object_link
from gnomon.web.drawing import DrawingFrame
from gnomon.web.entering import enter, leave
from gnomon.web.finding import Found
from gnomon.web.gate import Gate
from gnomon.web.live import Live
from gnomon.web.records import Records
from gnomon.web.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from gnomon.page import Page

STATIC_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}


class App:
    """The pages of one replica, as an ASGI app. `entered` is called when a code was used up."""

    def __init__(self, path: str, port: int, *, entered: Callable[[], None] = lambda: None) -> None:
        self.sessions = Sessions()
        self.records = Records(path)
        self.live = Live(self.records, self.sessions)
        found = Found()
        self.problems = found.problems
        gate_origin, content_origin = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        files = static_files()
        mark = hashlib.sha256(b"".join(data for data, _ in files.values())).hexdigest()[:12]
        drawing = DrawingFrame(files, gate_origin, content_origin, mark)
        answering = Answering(found, self.records, object_link(self.sessions, content_origin), mark)
        routes = [
            Route("/enter", enter(self.sessions, entered), methods=["GET", "POST"]),
            Route("/leave", leave(self.sessions), methods=["POST"]),
            Route("/events", self.live.answer, methods=["GET"]),
            Route("/static/{name:path}", _static(files), methods=["GET"]),
            *(Route(page.path, _answer(answering, page), methods=[page.method]) for page in found.pages),
            Route("/{path:path}", answering.missing, methods=["GET", "POST"]),
        ]
        self.routes = routes
        self.gate = Gate(
            Starlette(routes=routes),
            Content(self.records, self.sessions, gate_origin, drawing),
            self.sessions,
            port,
        )

    def close(self) -> None:
        """End the streams and close the records."""
        self.live.end()
        self.records.close()


def _answer(answering: Answering, page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await answering.answer(page, request)

    return answer


def static_files() -> dict[str, tuple[bytes, str]]:
    """Return the files that pages are made with, by name: (bytes, media type). All are in memory: no name becomes a path."""
    folder = os.path.join(os.path.dirname(__file__), "static")
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                kind = STATIC_TYPES.get(os.path.splitext(name)[1], "application/octet-stream")
                found[os.path.relpath(path, folder).replace(os.sep, "/")] = file.read(), kind
    return found


def _static(files: dict[str, tuple[bytes, str]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        data, kind = files.get(request.path_params["name"], (b"", ""))
        if not kind:
            return Response("there is no such file", 404, media_type="text/plain")
        kept = "public, max-age=31536000, immutable" if "v" in request.query_params else "no-cache"
        return Response(data, headers={"cache-control": kept}, media_type=kind)

    return answer
