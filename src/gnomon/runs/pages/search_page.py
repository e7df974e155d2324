"""`/search`: words over everything that was written or printed, the best first.

Always true: what was typed wrong is said on the page and asks nothing; words that were found are marked, and text stays text.
The field counts are those of the texts that were looked at, at most `MOST_LOOKED_AT`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError, BadExpressionError
from gnomon.page import Shown
from gnomon.runs.palette import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.page import Ask
    from gnomon.runs.search import Found, Hit, Text

PAGE = 25
MOST_LOOKED_AT = 200
MOST_OTHERS = 3
KINDS = (
    ("", "everything"), ("run", "runs"), ("data", "data"), ("check", "checks"), ("decision", "decisions"),
    ("question", "questions"), ("handoff", "hand-offs"), ("review", "reviews"), ("update", "updates"),
    ("page", "pages"), ("problem", "problems"),
)  # fmt: skip


class Shared(NamedTuple):
    """A text that was found: what has it, where that is, and the excerpt in pieces (text, whether it was asked for)."""

    hit: Hit
    to: str
    pieces: list[tuple[str, bool]]
    others: list[tuple[str, str]]
    more: int


def search(ask: Ask) -> Shown:
    """Show what holds the words of `q`."""
    words, where, kind = ask.query.text("q")[:1000], ask.query.text("where"), ask.query.text("kind")
    field, page = ask.query.text("field"), ask.query.whole("page", 1, low=1, high=MOST_LOOKED_AT // PAGE)
    values: dict[str, object] = {
        "words": words, "where": where, "kind": kind, "field": field, "page": page, "kinds": KINDS, "error": None,
        "asked": {"q": words, "where": where, "kind": kind}, "fields": [], "shown": [], "total": 0, "pages": 0,
        "has_more": False, "near": [], "most": MOST_LOOKED_AT, "has_words": bool(words),
    }  # fmt: skip
    status = 200
    if words:
        try:
            found = ask.record.find_texts(words, where=where or None, limit=MOST_LOOKED_AT, kind=kind or None)
            values |= _results(found, field, page, words)
        except (BadArgumentError, BadExpressionError) as error:
            values["error"] = error
    return Shown("runs/search.html", f"{words} · Search" if words else "Search", values, status)


def _results(found: Found, field: str, page: int, words: str) -> dict[str, object]:
    fields = Counter(text.hits[0].field for text in found.texts)
    chosen = [text for text in found.texts if not field or text.hits[0].field == field]
    shown = chosen[(page - 1) * PAGE : page * PAGE]
    return {
        "shown": [_shared(text) for text in shown],
        "fields": fields.most_common(),
        "total": len(chosen),
        "all": len(found.texts),
        "pages": -(-len(chosen) // PAGE),
        "has_more": found.has_more,
        "near": [
            (word, [(one, _with(words, word, one)) for one in near]) for word, near in found.near.items()
        ],
    }


def _shared(text: Text) -> Shared:
    first, *others = text.hits
    named = [(hit.name or hit.id[:8], place_of(hit)) for hit in others[:MOST_OTHERS]]
    pieces = pieces_of(first.excerpt, first.marks)
    return Shared(first, place_of(first), pieces, named, max(0, text.total - 1 - len(named)))


def pieces_of(excerpt: str, marks: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Return an excerpt in pieces: (text, whether it was asked for).

    >>> pieces_of("the loss diverged", [(9, 17)])
    [('the loss ', False), ('diverged', True)]
    """
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in marks:
        if at <= start < end <= len(excerpt):
            pieces += [(excerpt[at:start], False), (excerpt[start:end], True)]
            at = end
    return [piece for piece in [*pieces, (excerpt[at:], False)] if piece[0]]


def _with(words: str, wrong: str, right: str) -> str:
    """Return the words with one put right."""
    return " ".join(right if one.strip('*"').casefold() == wrong.casefold() else one for one in words.split())
