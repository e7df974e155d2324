"""What somebody is to explain: the one run, version of data or writing that a reference means; which texts name it.

Always true: a reference that means another thing tomorrow (`run:@1`) names nothing here when it stands in a text. A
data set without a number or an id (`data:credit`, `data:credit@gold`) names each of its versions, and is said to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.data import names
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.team.cards import AMBIGUOUS, MISSING, card, cards
from gnomon.team.references import parse, references_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.runs.views import Record
    from gnomon.team.references import Reference

_NOBODY_MADE = {"group": "ask for one of its runs", "member": "ask them, not of them"}
THIS, ITS_DATA_SET = "this", "data set"


class Thing(NamedTuple):
    """What is to be explained: its kind, its id, what people call it, more about it; of a version its data set."""

    kind: str
    id: str
    label: str
    title: str
    data_set: str | None = None

    @property
    def subject(self) -> str:
        """What entries about it name: `run:<id>`."""
        return f"{self.kind}:{self.id}"

    @property
    def called(self) -> str:
        """What people call it, with its kind: `run baseline (run 3fa9c2d1)`, `decision:12 Use depth 6`."""
        if self.kind in ("run", "data"):
            more = f" ({self.title})" if self.title not in ("", self.label) else ""
            return f"{self.kind} {self.label}{more}"
        return f"{self.label} {self.title}".rstrip()


def thing_called(record: Record, word: str) -> Thing:
    """Return the thing that a reference means now. Raises BadArgumentError, UnknownSubjectError, AmbiguousIdError."""
    reference = parse(word.strip())
    if reference is None:
        raise BadArgumentError(
            f"`{word}` is no reference",
            hint="it looks like `run:ab12`, `data:credit@v3`, `decision:12`, `page:setup`",
        )
    if reference.kind in _NOBODY_MADE:
        raise BadArgumentError(
            f"`{word}` is a {reference.kind}; who can explain it is asked of a run, data, or what people wrote",
            hint=_NOBODY_MADE[reference.kind],
        )
    found = card(record, reference.whole)
    if found.state == AMBIGUOUS:
        raise AmbiguousIdError(
            f"`{word}` means several things: {found.title}", hint="write the id of one of them"
        )
    if found.state == MISSING or found.subject is None:
        raise UnknownSubjectError(f"`{word}` means nothing here: {found.title}")
    kind, _, id_ = found.subject.partition(":")
    data_set = names.parse(reference.name).name if kind == "data" else None
    return Thing(kind, id_, found.label, found.title, data_set)


class Naming:
    """Which of many texts name a thing. Say each text first, then ask: references are looked up together."""

    def __init__(self, record: Record, thing: Thing) -> None:
        self._record, self._thing = record, thing
        self._found: dict[str, list[Reference]] = {}
        self._meant: frozenset[Reference] | None = None

    def add(self, text: str) -> None:
        """Say a text, Markdown, that will be asked about."""
        if f"{self._thing.kind}:" in text and text not in self._found:
            every = dict.fromkeys(one.reference.whole for one in references_in(text))
            self._found[text] = [one for one in every if one.kind == self._thing.kind]

    def how(self, texts: Iterable[str]) -> str | None:
        """Return what these texts name: THIS, or ITS_DATA_SET where only that is named; None where neither is."""
        if self._meant is None:
            self._meant = self._look_up()
        named = [one for text in texts for one in self._found.get(text, ())]
        if any(one in self._meant for one in named):
            return THIS
        return ITS_DATA_SET if any(self._is_of_the_set(one) for one in named) else None

    def _look_up(self) -> frozenset[Reference]:
        fixed = {one for every in self._found.values() for one in every if _is_fixed(one)}
        found = cards(self._record, sorted(fixed))
        return frozenset(one for one, of in found.items() if of.subject == self._thing.subject)

    def _is_of_the_set(self, reference: Reference) -> bool:
        if self._thing.data_set is None or _is_fixed(reference):
            return False
        spec = _spec(reference)
        return spec is not None and spec.name == self._thing.data_set


def _is_fixed(reference: Reference) -> bool:
    """Return whether a reference means the same thing tomorrow."""
    if reference.kind == "data":
        spec = _spec(reference)
        return spec is not None and (spec.number is not None or spec.id is not None)
    return not (reference.kind == "run" and reference.name.startswith("@"))


def _spec(reference: Reference) -> names.Spec | None:
    try:
        return names.parse(reference.name)
    except BadArgumentError:  # what a text says need not be a name
        return None
