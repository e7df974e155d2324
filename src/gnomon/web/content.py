"""The origin of what people made: files, pictures and pages out of the record, shown so that none of them can do anything.

Asked for by signed addresses that end (`/o/<signed>/<name>`); the signature says which object, under which name, and as what; the
name at the end is for people. Beside them is the frame that draws (`web/drawing.py`), with nothing of anybody's in it. There is
no session and no cookie here. Always true: a page among them runs in a sandbox without script and reaches nothing; what is not on
the list of types is a download; no text of the address is a path; an object is never in memory as a whole, and whoever reads it
slowly keeps no record from the pages.
"""

from __future__ import annotations

import mimetypes
import re
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from gnomon.errors import GnomonError, RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

    from gnomon.objects.store import ObjectStore
    from gnomon.page import ObjectLink
    from gnomon.web.drawing import DrawingFrame
    from gnomon.web.records import Records
    from gnomon.web.sessions import Sessions

SHOWN = frozenset(
    "image/png image/apng image/jpeg image/gif image/webp image/avif image/bmp image/svg+xml audio/wav audio/x-wav audio/mpeg "
    "audio/ogg audio/flac audio/mp4 video/mp4 video/webm video/ogg application/json text/plain text/html text/csv "
    "text/markdown".split()
)
"""Types that a browser may show; all others are offered as a download."""
AS_TEXT = frozenset({"text/csv", "text/markdown", "application/json"})
BYTES = "application/octet-stream"
_SPAN = re.compile(r"bytes=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", re.ASCII)


def object_link(sessions: Sessions, origin: str) -> ObjectLink:
    """Return what makes addresses of objects: see `gnomon.page.ObjectLink`."""

    def link(
        digest: str, name: str, media_type: str = "", *, is_tree: bool = False, is_download: bool = False
    ) -> str:
        shown = name.rpartition("/")[2] or "file"
        said: dict[str, object] = {"o": digest, "t": media_type, "n": shown}
        if is_tree:
            said["m"] = name
        if is_download:
            said["d"] = 1
        return f"{origin}/o/{sessions.sign(said)}/{_quoted(shown)}"

    return link


class Content:
    """Answers the origin of what people made."""

    def __init__(self, records: Records, sessions: Sessions, page_origin: str, drawing: DrawingFrame) -> None:
        self._records, self._sessions, self._drawing = records, sessions, drawing
        self._policy = (
            "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self' data:; style-src 'unsafe-inline'; "
            f"font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors {page_origin}"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response, said = self._drawing.answer(scope["path"]) or (
            await run_in_threadpool(self._answer, request),
            {},
        )
        for name, value in {
            "content-security-policy": self._policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "cross-origin",
            **said,
        }.items():
            response.headers[name] = value
        try:
            await response(scope, receive, send)
        except* ConnectionAbortedError:
            pass  # said by `_pieces`; the connection closes, and the browser sees that bytes are missing

    def _answer(self, request: Request) -> Response:
        parts = request.scope["path"].split("/")
        said = self._sessions.read(parts[2]) if len(parts) == 4 and parts[1] == "o" else None
        if said is None:
            return PlainTextResponse("this address has ended, or was never ours: load the page again", 404)
        try:
            return self._object(request, said)
        except RecordError as error:
            return PlainTextResponse(str(error), 404)
        except (GnomonError, OSError, TimeoutError) as error:
            return PlainTextResponse(str(error), 503)

    def _object(self, request: Request, said: dict[str, object]) -> Response:
        member, name, digest = said.get("m"), str(said["n"]), str(said["o"])
        with self._records.one() as record:
            store = record.replica.objects()  # one of its own, which needs the record no longer
        if isinstance(member, str):
            found = next((file for file in store.read_tree(digest) if file.path == member), None)
            if found is None:
                return PlainTextResponse(f"the folder has no file of this name: {member!r}", 404)
            digest = str(found.object)
        store.bring([digest])
        size = store.size(digest)
        media_type, is_shown = _kind(said, name)
        headers = {
            "cache-control": "private, max-age=3600",
            "accept-ranges": "bytes",
            "content-disposition": f"{'inline' if is_shown else 'attachment'}; filename*=UTF-8''{_quoted(name)}",
        }
        span = _span(request.headers.get("range", ""), size)
        if span is None:
            return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
        first, last, is_part = span
        if is_part:
            headers["content-range"] = f"bytes {first}-{last}/{size}"
        headers["content-length"] = str(last - first + 1)
        status = 206 if is_part else 200
        if request.method == "HEAD":
            return Response(None, status, headers, media_type)
        body = iterate_in_threadpool(_pieces(store, digest, first, last + 1))
        return StreamingResponse(body, status, headers, media_type)


def _kind(said: dict[str, object], name: str) -> tuple[str, bool]:
    """Return as what an object is sent, and whether a browser may show it. What people said of it is only looked up."""
    kind = str(said.get("t") or "").partition(";")[0].strip().lower()
    kind = kind or mimetypes.guess_type(name)[0] or BYTES
    if kind not in SHOWN or "d" in said:
        return BYTES, False
    kind = "text/plain" if kind in AS_TEXT else kind
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, True


def _pieces(store: ObjectStore, digest: str, first: int, end: int) -> Iterator[bytes]:
    """Yield a part of an object. The last piece of a whole one waits until all is checked, so that a damaged one ends early."""
    at, waiting, is_whole = 0, b"", first == 0 and end == store.size(digest)
    try:
        for piece in store.stream(digest):
            if at < end and at + len(piece) > first:
                yield waiting
                waiting = piece[max(0, first - at) : max(0, end - at)]
            at += len(piece)
            if at >= end and not is_whole:
                break
    except (GnomonError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        raise ConnectionAbortedError from error
    yield waiting


def _span(asked: str, size: int) -> tuple[int, int, bool] | None:
    """Return (first byte, last byte, whether it is a part) of what is asked for; None for what lies outside.

    What is not understood, or several parts at once, is answered by all of it.
    """
    found = _SPAN.fullmatch(asked)
    if found is None or not (found[1] or found[2]):
        return 0, size - 1, False
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2]), size - 1) if found[2] else size - 1
    return None if first > last else (first, last, True)


def _quoted(name: str) -> str:
    return quote(name, safe="", errors="replace")
