"""What a reference stands for right now: a few words that a page shows beside it.

A table says who answers for which kind, so a kind's feature tells of itself and is loaded when a text names it. It tells of many
at once: a page of 200 references to runs asks the index once.

Always true: a card never raises for what a text says; what is not there, means several things or was erased is a card too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.team.writing.kinds import KINDS as WRITINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gnomon.runs.views import Record
    from gnomon.team.references import Reference

FOUND, MISSING, AMBIGUOUS, ERASED = "found", "missing", "ambiguous", "erased"

_TELLING = {
    "run": "gnomon.team.run_cards:cards_of",
    "data": "gnomon.team.record_cards:data_cards",
    "check": "gnomon.team.record_cards:check_cards",
    "group": "gnomon.team.record_cards:group_cards",
    "member": "gnomon.team.record_cards:member_cards",
    **dict.fromkeys(WRITINGS, "gnomon.team.writing.views:cards_of"),
}
"""Kind to "module:function" of what tells of it: (record, references) gives one card each, in their order."""


class Card(NamedTuple):
    """What a reference stands for: `label` is how it is called, `title` says more, `facts` are a few words each.

    `href` is the path of its page and `subject` its whole name in the record (`run:<id>`), None where it has none. `state` is
    'found', 'missing', 'ambiguous' or 'erased'; of what is not found, `title` says why.
    """

    label: str
    title: str
    facts: tuple[str, ...] = ()
    href: str | None = None
    subject: str | None = None
    state: str = FOUND


def card(record: Record, reference: Reference) -> Card:
    """Return what one reference stands for now."""
    return cards(record, [reference])[reference]


def cards(record: Record, references: Iterable[Reference]) -> dict[Reference, Card]:
    """Return what each of these references stands for now."""
    by_kind: dict[str, list[Reference]] = {}
    for one in dict.fromkeys(references):
        by_kind.setdefault(one.kind, []).append(one)
    if by_kind:
        record.replica.update(record.progress)
    found: dict[Reference, Card] = {}
    for kind, alike in by_kind.items():
        found.update(zip(alike, _loaded(_TELLING[kind])(record, alike), strict=True))
    return found


def _loaded(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found
