"""What a search found, with the words that were asked for in bold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.display import look, tables
from gnomon.runs.display.markup import Html, tag
from gnomon.runs.display.shorten import more, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.search import Hit

ROWS = 50


def hits_html(hits: Sequence[Hit]) -> str:
    """Return what was found first, the best first; where data is among it, a column says what is what."""
    if not hits:
        return look.framed(tag("div", "no run holds all of these words", class_="dim"))
    has_data = any(hit.kind != "run" for hit in hits)
    rows = [
        [
            tag("span", words(hit.id[:8]), class_="id"),
            *([words(hit.kind)] if has_data else []),
            words(hit.name or "", 80),
            words(hit.field),
            _excerpt(hit),
        ]
        for hit in hits[:ROWS]
    ]
    what = "hit" if has_data else "run"
    left = more(len(hits) - ROWS, what)
    return look.framed(
        tables.table(["id", *(["what"] if has_data else []), "name", "where", "text"], rows),
        tables.below(text.count(len(hits), what), left),
    )


def _excerpt(hit: Hit) -> Html:
    parts: list[Html | str] = []
    at = 0
    for start, end in hit.marks:
        if at <= start < end <= len(hit.excerpt):
            parts += [text.clean(hit.excerpt[at:start]), tag("b", text.clean(hit.excerpt[start:end]))]
            at = end
    return tag("span", [*parts, text.clean(hit.excerpt[at:])])
