"""The frame in which Mermaid draws: three files on the origin of what people made, and no others are there without a signature.

A page of ours shows it in `<iframe sandbox="allow-scripts">`, gives it a text by a message and gets back how large the drawing
is. Always true: the frame has an origin of its own that no cookie and no page belongs to; it runs two files of ours, no inline
script and no `eval`, and may ask for nothing else; no text of anybody is in an answer of this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

FOLDER = "/drawing/"
LIBRARY = "vendor/mermaid-12.0.0.tiny.js"
SCRIPT = "mermaid_frame.js"
_PAGE = """<!doctype html>
<html lang="en" data-page="{page}">
<meta charset="utf-8">
<title>A drawing</title>
<style>
html, body {{ margin: 0; background: transparent; overflow: hidden; }}
svg {{ display: block; width: 100%; height: auto; }}
</style>
<main></main>
<script src="{library}?v={mark}"></script>
<script src="{script}?v={mark}"></script>
</html>
"""


class DrawingFrame:
    """Answers the frame and its two scripts, which it takes out of the `files` of the pages, so that no page gets them."""

    def __init__(
        self, files: MutableMapping[str, tuple[bytes, str]], page_origin: str, content_origin: str, mark: str
    ) -> None:
        self._files = {FOLDER + name.rpartition("/")[2]: files.pop(name) for name in (LIBRARY, SCRIPT)}
        library, script = self._files
        page = _PAGE.format(page=page_origin, library=library, script=script, mark=mark)
        self._frame = page.encode()
        self._frame_policy = (
            f"sandbox allow-scripts; default-src 'none'; script-src {content_origin}{library} {content_origin}{script}; "
            f"style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors {page_origin}"
        )

    def answer(self, path: str) -> tuple[Response, Mapping[str, str]] | None:
        """Return an answer, and the headers in which it differs from others of this origin; None for any other path."""
        if path == FOLDER:
            said = {"content-security-policy": self._frame_policy, "cache-control": "no-cache"}
            return Response(self._frame, media_type="text/html"), said
        if path not in self._files:
            return None
        data, kind = self._files[path]
        return Response(data, media_type=kind), {"cache-control": "public, max-age=31536000, immutable"}
