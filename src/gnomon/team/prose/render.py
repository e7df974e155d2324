"""Show a text: every `{{ … }}` replaced by what the record has now. What cannot be told stays as it is typed, and is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.team.prose.forms import shown
from gnomon.team.prose.markup import marked
from gnomon.team.prose.values import NotThere, Values

if TYPE_CHECKING:
    from gnomon.runs.views import Record
    from gnomon.team.prose.markup import Bound

MARK = "(not found)"


class Rendered(NamedTuple):
    """A text with its values, and what of it could not be told: (what is typed, why)."""

    text: str
    unknown: list[tuple[str, str]]


def render(record: Record, text: str) -> str:
    """Return a text with the value in the place of each `{{ … }}`; one that cannot be told is followed by `(not found)`."""
    return rendered(record, text).text


def rendered(record: Record, text: str) -> Rendered:
    """Return a text with its values, and what could not be told."""
    bindings = [one for one in marked(text).bound if one.written is None]
    if not bindings:
        return Rendered(text, [])
    values = Values(record)
    parts, at = list[str](), 0
    unknown = []
    for one in bindings:
        source = text[one.start : one.end]
        try:
            instead = _instead(values, one)
        except NotThere as error:
            unknown.append((source, error.why))
            instead = f"{source} {MARK}"
        parts += [text[at : one.start], instead]
        at = one.end
    return Rendered("".join([*parts, text[at:]]), unknown)


def _instead(values: Values, bound: Bound) -> str:
    if bound.asked is None:
        raise NotThere(bound.problem)
    return shown(values.of(bound.asked), bound.form)
