"""What a person asks about saved views: all of them, or the one that a word means.

Always true: a name that several views have is an error that offers their ids; nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from gnomon.errors import AmbiguousIdError, UnknownSubjectError
from gnomon.ids import is_hex
from gnomon.runs.saved.question import Question, read

if TYPE_CHECKING:
    from gnomon.runs.views import Record

TYPE = "view"
_FEWEST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class SavedView:
    """A named question to the table of runs. `others` are what was saved apart and not settled, the latest last."""

    id: str
    name: str
    question: Question
    author: str | None
    saved: float  # seconds since 1970 UTC
    others: tuple[tuple[str, Question, str | None], ...] = ()  # name, question, who

    @property
    def is_settled(self) -> bool:
        """Whether nobody saved it otherwise at the same time."""
        return not self.others

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        from gnomon.runs.table import iso_time

        return {
            "id": self.id, "name": self.name, **self.question.to_dict(), "author": self.author,
            "saved": iso_time(self.saved),
            "also_saved_as": [{"name": name, **one.to_dict(), "author": who} for name, one, who in self.others],
        }  # fmt: skip


def views(record: Record) -> list[SavedView]:
    """Return the saved views, by name."""
    record.replica.update(record.progress)
    index = record.replica.index
    if TYPE not in index.types():
        return []
    table = index.columns(TYPE, ["", "name"])
    ids = [str(view) for view, name in zip(table[""], table["name"], strict=True) if name is not None]
    found = [_view(view, index.state(TYPE, view)) for view in ids]
    return sorted(found, key=lambda one: (one.name.casefold(), one.name, one.id))


def view_called(record: Record, word: str) -> SavedView:
    """Return the view that is called so, or whose id begins so. Raises UnknownSubjectError, AmbiguousIdError."""
    every = views(record)
    found = [one for one in every if one.name == word.strip()]
    if not found and len(word) >= _FEWEST_DIGITS and is_hex(word):
        found = [one for one in every if one.id.startswith(word)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(f"`{one.id[:8]}`" for one in found)
        raise AmbiguousIdError(
            f"{len(found)} views are called `{word}`: {ids}", hint="write the id of one of them"
        )
    near = get_close_matches(word, [one.name for one in every], n=3)
    meant = f"did you mean {' or '.join(f'`{name}`' for name in near)}? " if near else ""
    raise UnknownSubjectError(f"there is no view `{word}`", hint=f"{meant}`gnomon views` lists them")


def _view(view: str, state: object) -> SavedView:
    assert isinstance(state, dict)  # `fold_view` made it  # noqa: S101
    found: dict[str, Any] = state
    others = tuple((one["name"], read(one["query"]), one["author"]) for one in found["choices"][:-1])
    return SavedView(
        view, found["name"], read(found["query"]), found["author"], found["time_us"] / 1e6, others
    )
