"""The kinds of writing: what each is called, and which states it goes through. A table, so that one fold serves them all."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of writing. `type` is the subject's type and the word in references (`decision:12`).

    The first of `states` is that of a new one; in those of `open` somebody still has to act. `fields` are the names that its
    `opened` entry may hold beside title and text.
    """

    type: str
    plural: str
    states: tuple[str, ...]
    open: frozenset[str]
    fields: tuple[str, ...] = ()
    can_be_revised: bool = True

    @property
    def noun(self) -> str:
        """What one of them is called in a sentence."""
        return {"handoff": "hand-off"}.get(self.type, self.type)

    def is_open(self, state: str) -> bool:
        """Whether somebody still has to act."""
        return state in self.open


DECISION = Kind(
    "decision",
    "decisions",
    ("proposed", "accepted", "rejected", "superseded"),
    frozenset({"proposed"}),
    ("evidence", "reopen", "supersedes"),
    can_be_revised=False,
)
QUESTION = Kind(
    "question", "questions", ("open", "answered", "withdrawn"), frozenset({"open"}), ("blocks", "hours")
)
HANDOFF = Kind(
    "handoff",
    "hand-offs",
    ("offered", "accepted", "declined", "withdrawn"),
    frozenset({"offered"}),
    ("items", "morning"),
)
UPDATE = Kind("update", "updates", ("given",), frozenset(), ("day", "blockers", "runs"))
REVIEW = Kind(
    "review",
    "reviews",
    ("requested", "closed", "withdrawn"),
    frozenset({"requested"}),
    ("of", "subject", "against", "against_subject", "hours"),
)
PAGE = Kind("page", "pages", ("current", "archived"), frozenset(), ("name", "form"))
PROBLEM = Kind(
    "problem", "problems", ("open", "solved", "closed"), frozenset({"open"}), ("run", "environment", "facts")
)

KINDS = {kind.type: kind for kind in (DECISION, QUESTION, HANDOFF, UPDATE, REVIEW, PAGE, PROBLEM)}
