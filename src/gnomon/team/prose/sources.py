"""The text of what is recorded, so that it can be checked like a file: the notes of a run, a decision, a page.

A table says who gives the text of which kind: "module:function" that takes (record, reference) and gives `Text`s.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.team.writing.kinds import KINDS

if TYPE_CHECKING:
    from gnomon.runs.views import Record
    from gnomon.team.references import Reference

_GIVERS = {
    "run": "gnomon.team.prose.sources:notes_of",
    **dict.fromkeys(KINDS, "gnomon.team.prose.sources:writing_of"),
}
"""Kind to "module:function"."""


class Text(NamedTuple):
    """A text of the record: what it is called, and when it was written, in seconds since 1970 UTC."""

    name: str
    text: str
    written_at: float


def text_of(record: Record, reference: Reference) -> list[Text]:
    """Return the texts of what a reference names. Raises UnknownSubjectError, AmbiguousIdError."""
    target = _GIVERS.get(reference.kind)
    if target is None:
        raise UnknownSubjectError(
            f"`{reference}` has no text that can be checked",
            hint=f"texts are of {', '.join(f'`{kind}:…`' for kind in _GIVERS)}",
        )
    module, _, name = target.partition(":")
    found: list[Text] = getattr(import_module(module), name)(record, reference)
    return found


def notes_of(record: Record, reference: Reference) -> list[Text]:
    """Return the notes of a run, oldest first. Raises UnknownSubjectError, AmbiguousIdError."""
    run = record.run(reference.name)
    several = len(run.notes) > 1
    return [
        Text(f"run:{run.id[:8]}#note{f'-{number}' if several else ''}", note.text, note.time_s)
        for number, note in enumerate(run.notes, 1)
        if note.text is not None
    ]


def writing_of(record: Record, reference: Reference) -> list[Text]:
    """Return the text of a writing, then what was said about it. Raises UnknownSubjectError, AmbiguousIdError."""
    from gnomon.team.writing.views import writing_called

    found = writing_called(record, reference.kind, reference.name)
    texts = [Text(found.label, found.text, found.written)] if found.text else []
    return texts + [
        Text(f"{found.label}#{one.id[:8]}", one.text, one.time) for one in found.comments if one.text
    ]
