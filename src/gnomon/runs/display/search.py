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
    """Return the first runs that were found, the best first."""
    if not hits:
        return look.framed(tag("div", "no run holds all of these words", class_="dim"))
    rows = [
        [
            tag("span", words(hit.run[:8]), class_="id"),
            words(hit.name or "", 80),
            words(hit.field),
            _excerpt(hit),
        ]
        for hit in hits[:ROWS]
    ]
    left = more(len(hits) - ROWS, "run")
    return look.framed(
        tables.table(["id", "name", "where", "text"], rows),
        tables.below(text.count(len(hits), "run"), left),
    )


def _excerpt(hit: Hit) -> Html:
    parts: list[Html | str] = []
    at = 0
    for start, end in hit.marks:
        if at <= start < end <= len(hit.excerpt):
            parts += [text.clean(hit.excerpt[at:start]), tag("b", text.clean(hit.excerpt[start:end]))]
            at = end
    return tag("span", [*parts, text.clean(hit.excerpt[at:])])
