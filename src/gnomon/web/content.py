"""The origin of what people made: files, pictures and pages out of the record, shown so that none of them can do anything.

Asked for by signed addresses that end (`/o/<signed>/<name>`); the signature says which object, and as what. There is no session
and no cookie here. Always true: a page among them runs in a sandbox without script and reaches nothing; what is not on the list
of types is a download; no text of the address is a path.
"""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from gnomon.errors import GnomonError, RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

    from gnomon.page import ObjectLink
    from gnomon.web.records import Records
    from gnomon.web.sessions import Sessions

SHOWN = frozenset(
    "image/png image/jpeg image/gif image/webp image/avif image/bmp image/svg+xml audio/wav audio/x-wav audio/mpeg audio/ogg "
    "audio/flac audio/mp4 video/mp4 video/webm video/ogg application/json text/plain text/html text/csv text/markdown".split()
)
"""Types that a browser may show; all others are offered as a download."""
AS_TEXT = frozenset({"text/csv", "text/markdown", "application/json"})


def object_link(sessions: Sessions, origin: str) -> ObjectLink:
    """Return what makes addresses of objects: see `gnomon.page.ObjectLink`."""

    def link(
        digest: str, name: str, media_type: str = "", *, is_tree: bool = False, is_download: bool = False
    ) -> str:
        said: dict[str, object] = {"o": digest, "t": media_type}
        if is_tree:
            said["m"] = name
        if is_download:
            said["d"] = 1
        shown = name.rpartition("/")[2] or "file"
        return f"{origin}/o/{sessions.sign(said)}/{quote(shown, safe='')}"

    return link


class Content:
    """Answers the origin of what people made."""

    def __init__(self, records: Records, sessions: Sessions, page_origin: str) -> None:
        self._records, self._sessions = records, sessions
        self._policy = (
            "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self' data:; style-src 'unsafe-inline'; "
            f"font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors {page_origin}"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = await run_in_threadpool(self._answer, request)
        for name, value in {
            "content-security-policy": self._policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "cross-origin",
        }.items():
            response.headers[name] = value
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        parts = request.url.path.split("/")
        said = self._sessions.read(parts[2]) if len(parts) == 4 and parts[1] == "o" else None
        if said is None:
            return PlainTextResponse("this address has ended, or was never ours: load the page again", 404)
        try:
            return self._object(request, said, parts[3])
        except RecordError as error:
            return PlainTextResponse(str(error), 404)
        except (GnomonError, OSError, TimeoutError) as error:
            return PlainTextResponse(str(error), 503)

    def _object(self, request: Request, said: dict[str, object], name: str) -> Response:
        member = said.get("m")
        with self._records.one() as record:
            store = record.replica.objects()
            digest = str(said["o"])
            if isinstance(member, str):
                files = {file.path: file for file in store.read_tree(digest)}
                if member not in files:
                    return PlainTextResponse(f"the folder has no file of this name: {member!r}", 404)
                digest = str(files[member].object)
            store.bring([digest])
            size = store.size(digest)
        kind = str(said.get("t") or "") or mimetypes.guess_type(name)[0] or "application/octet-stream"
        is_shown = kind in SHOWN and "d" not in said
        media_type = "text/plain" if kind in AS_TEXT and is_shown else kind
        headers = {
            "cache-control": "private, max-age=3600",
            "accept-ranges": "bytes",
            "content-disposition": ("inline" if is_shown else "attachment")
            + f"; filename*=UTF-8''{quote(name, safe='')}",
        }
        span = _span(request.headers.get("range", ""), size)
        if span is None:
            return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
        first, last, is_part = span
        if is_part:
            headers["content-range"] = f"bytes {first}-{last}/{size}"
        headers["content-length"] = str(last - first + 1)
        if media_type.startswith("text/"):
            media_type += "; charset=utf-8"
        body = iterate_in_threadpool(self._bytes(digest, first, last + 1))
        return StreamingResponse(body, 206 if is_part else 200, headers, media_type)

    def _bytes(self, digest: str, first: int, end: int) -> Iterator[bytes]:
        with self._records.one() as record:
            at = 0
            for piece in record.replica.objects().stream(digest):
                if at + len(piece) > first:
                    yield piece[max(0, first - at) : max(0, end - at)]
                at += len(piece)
                if at >= end:
                    return


def _span(asked: str, size: int) -> tuple[int, int, bool] | None:
    """Return (first byte, last byte, whether it is a part) of what is asked for; None for what lies outside."""
    unit, _, part = asked.partition("=")
    first_text, dash, last_text = part.partition("-")
    numbers = (first_text + last_text).strip()
    if unit != "bytes" or not dash or "," in part or not (numbers.isascii() and numbers.isdigit()):
        return 0, size - 1, False
    if not first_text.strip():
        return max(0, size - int(last_text)), size - 1, True
    first = int(first_text)
    last = min(int(last_text), size - 1) if last_text.strip() else size - 1
    return None if first > last else (first, last, True)
