"""What a search names outright: words that are references (`decision:2`, `run:ab12`) find those things before any text.

Always true: only where every word is a reference, since `decision:2 dropout` asks for texts that speak of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.search import DATA, KINDS, RUN, Found, Hit, Text

if TYPE_CHECKING:
    from gnomon.runs.views import Record
    from gnomon.team.cards import Card


def with_named(record: Record, words: str, found: Found, limit: int, kind: str | None) -> Found:
    """Return what was found, after what the words name; at most `limit` texts."""
    named = _named(record, words, kind)
    if not named:
        return found
    ids = {hit.id for hit in named}
    others = [text for text in found.texts if not ids & {hit.id for hit in text.hits} or len(text.hits) > 1]
    texts = [*(Text([hit], 1) for hit in named), *others]
    return Found(texts[:limit], found.has_more or len(texts) > limit, {})


def _named(record: Record, words: str, kind: str | None) -> list[Hit]:
    if ":" not in words:
        return []
    from gnomon.team.cards import FOUND, cards
    from gnomon.team.references import parse

    parsed = [parse(word) for word in ([words.strip()] if '"' in words else words.split())]
    references = [one.whole for one in parsed if one is not None]
    if len(references) < len(parsed):
        return []
    wanted = KINDS if kind is None else (kind,)
    return [
        _hit(one)
        for one in cards(record, references).values()
        if one.state == FOUND and one.subject is not None and one.subject.partition(":")[0] in wanted
    ]


def _hit(card: Card) -> Hit:
    kind, _, id_ = (card.subject or "").partition(":")
    if kind == RUN:
        name = None if id_.startswith(card.label) else card.label
        said = name or card.title
        return Hit(id_, name, "name", said, ((0, len(said)),))
    marks = ((0, len(card.title)),)
    if kind == DATA:
        return Hit(None, card.label, "name", card.title, marks, DATA, id_)
    name = card.label if card.label == card.title else f"{card.label} {card.title}"
    return Hit(None, name, "name", card.title, marks, kind, writing=id_)
