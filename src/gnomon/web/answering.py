"""From a request to a page's function and back: what it asked, what came of it, and what went wrong in words.

Always true: an error that a person caused says what, which rule and what next, in a page or in the one shape of JSON
(`{"error": {"code", "message", "hint"}}`); a bug shows no inside, and its trace is in the terminal.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from contextlib import nullcontext
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from gnomon.errors import (
    AmbiguousIdError,
    GnomonError,
    NotStoredError,
    RecordError,
    UnknownSubjectError,
    UsageError,
)
from gnomon.page import Ask, Binary, Json, Redirect, Shown, Values
from gnomon.web.entering import pairs_of, safe_path
from gnomon.web.finding import function
from gnomon.web.gate import MOST_FIELDS
from gnomon.web.live import marks_of
from gnomon.web.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from starlette.requests import Request

    from gnomon.page import Answer, ObjectLink, Page
    from gnomon.runs.views import Record
    from gnomon.web.finding import Found
    from gnomon.web.records import Records


class Answering:
    """Answers pages. `instance` names this start, so that the browser takes no old script for a new one."""

    def __init__(self, found: Found, records: Records, link: ObjectLink, instance: str) -> None:
        self.found, self.records, self.link, self.instance = found, records, link, instance
        self.templates = Templates(found.packages)

    async def answer(self, page: Page, request: Request) -> Response:
        """Answer one request for a page."""
        asked = request.scope["query_string"]
        sent = await request.body() if request.method == "POST" else b""
        if max(asked.count(b"&"), sent.count(b"&")) >= MOST_FIELDS:
            return self._failed(request, 413, "GN101", f"at most {MOST_FIELDS:,} values are read", None)
        query, form = Values(pairs_of(asked)), Values(pairs_of(sent))
        return await run_in_threadpool(self._answer, page, request, query, form)

    def _answer(self, page: Page, request: Request, query: Values, form: Values) -> Response:
        part = query.text("part")
        try:
            with self.records.one() as record, _one_look(record, page):
                ask = Ask(record, request.path_params, query, form, part, time.time(), self.link)
                marks = "" if part or page.method != "GET" else _marks_before(record)
                answer = function(page)(ask)
                return self._response(answer, request, part, record, marks)
        except GnomonError as error:
            return self._failed(request, status_of(error), error.code, error.message, error.hint)
        except TimeoutError as error:
            return self._failed(request, 503, "GN300", str(error), None)
        except Exception as error:  # noqa: BLE001  the trace goes to the terminal; the page says that there is one
            traceback.print_exc(file=sys.stderr)
            said = (
                f"Gnomon has a bug here: {type(error).__name__}; the trace is in the terminal of `gnomon ui`"
            )
            return self._failed(request, 500, "GN000", said, None)

    def _response(self, answer: Answer, request: Request, part: str, record: Record, marks: str) -> Response:
        if isinstance(answer, Redirect):
            return RedirectResponse(safe_path(answer.to), 303)
        if isinstance(answer, Json):
            return JSONResponse(answer.value)
        if isinstance(answer, Binary):
            headers = {"content-disposition": _attached(answer.name)} if answer.name else {}
            return Response(b"".join(answer.parts), media_type=answer.media_type, headers=headers)
        return self._page(answer, request, part, record, marks)

    def _page(self, shown: Shown, request: Request, part: str, record: Record, marks: str) -> Response:
        values = {**self._around(request, record.name, marks), **shown.values, "title": shown.title}
        html = self.templates.show(shown.template, values, part)
        if html is None:
            return self._failed(request, 404, "GN101", f"this page has no part `{part}`", None)
        return HTMLResponse(html, shown.status)

    def _around(self, request: Request, record_name: str, marks: str = "") -> Mapping[str, object]:
        """Return what every page shows around its own."""
        path, query = (
            quote(request.scope["path"], safe="/@:"),
            request.scope["query_string"].decode("latin-1"),
        )
        return {
            "navigation": self.found.navigation,
            "path": path,
            "here": path + (f"?{query}" if query else ""),
            "problems": self.found.problems,
            "record_name": record_name,
            "marks": marks,
            "token": request.scope["state"]["token"],
            "instance": self.instance,
        }

    def _failed(self, request: Request, status: int, code: str, message: str, hint: str | None) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "") and not request.query_params.get("part")
        if not wants_page:
            return JSONResponse({"error": {"code": code, "message": message, "hint": hint}}, status)
        values = {
            **self._around(request, ""), "title": "That did not work", "code": code, "message": message, "hint": hint,
            "status": status,
        }  # fmt: skip
        return HTMLResponse(self.templates.show("web/error.html", values) or "", status)

    async def missing(self, request: Request) -> Response:
        """Answer what no page is for."""
        return self._failed(
            request,
            404,
            "GN103",
            f"there is no page `{request.scope['path']}`",
            "`?` lists the keys; `Ctrl K` finds pages and runs",
        )


def status_of(error: GnomonError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, UnknownSubjectError):
        return 404
    if isinstance(error, (AmbiguousIdError, UsageError)):
        return 400
    return 507 if isinstance(error, NotStoredError) else 500 if isinstance(error, RecordError) else 503


def _one_look(record: Record, page: Page) -> AbstractContextManager[None]:
    """Have a page look for news once, before it is made; what changes the record looks as often as it needs to."""
    return record.followed() if page.method == "GET" else nullcontext()


def _marks_before(record: Record) -> str:
    """Return the marks that a page is made with, taken before it is made: what comes meanwhile is told once more, never lost."""
    record.follow()
    return json.dumps(marks_of(record))


def _attached(name: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(name)}"
