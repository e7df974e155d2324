"""What is told of a writing in a line: what became of it, who did that and why, what was said about it.

    Propose nights (by Ana; not settled: accepted by Kenji: fine; rejected by Bea: too late)
    Use depth 6 (accepted by Ana; evidence changed): comment of Bea: see run:9c2e

Always true: what somebody said stands behind their name and behind what it is: a reason behind the state that it is the reason
of, a comment behind the word. A state that people moved apart is told with all that stands.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gnomon.team.decisions.succession import Succession
from gnomon.team.decisions.views import Decision, listed
from gnomon.team.writing import views
from gnomon.team.writing.kinds import DECISION
from gnomon.text import cut

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.catchup.position import Position
    from gnomon.team.people.views import People
    from gnomon.team.writing.views import Row, Said, Writing

LONGEST_SAID = 120  # characters
MOST_SAID = 2
EVIDENCE_CHANGED = "evidence changed"
_QUIET = ("given", "current")  # states that say nothing


class Told(NamedTuple):
    """What stands behind a title; `is_told` says that it names who did what."""

    text: str = ""
    is_told: bool = False


NOTHING = Told()


class _State(NamedTuple):
    """A state that stands, who said so, and why."""

    state: str
    who: str
    why: str

    def __str__(self) -> str:
        return f"{self.state} by {self.who}" + (f": {self.why}" if self.why else "")


class _Words(NamedTuple):
    """What somebody said about a writing: when, what it is, who it was, and the words."""

    time: float
    what: str
    who: str
    words: str

    def __str__(self) -> str:
        return self.what + (f": {self.words}" if self.words else "")


class Telling:
    """Tells of writings to a reader who has read up to a position."""

    def __init__(self, record: Record, position: Position, members: People, rows: Sequence[Row]) -> None:
        self._record, self._position, self._members, self._rows = record, position, members, rows

    def of(self, row: Row, whose: Collection[str]) -> Told:
        """Return what became of a writing, and what these devices said about it that is new."""
        writing = views.Writing(self._record, row.kind, row.id, row.label)
        answer = _answer(writing)
        said = self._said(writing, answer)
        opener = views.who(self._members, row.writer, row.author)
        states = self._states(writing, answer)
        shown, names = _shown(states, opener, is_named=bool(said))
        if not said and not names:
            return Told(_in_brackets(shown, self._evidence(row)))
        named = {one.who for one in states} | {one.who for one in said}
        others = dict.fromkeys(views.who(self._members, one, row.author) for one in whose)
        opened = {opener} if row.writer in whose else set()
        did = [f"{'' if one in opened else 'changed '}by {one}" for one in others if one not in named]
        brackets = _in_brackets(*did, shown, self._evidence(row))
        return Told(brackets + (f": {_listed(said)}" if said else ""), is_told=True)

    def of_waiting(self, row: Row) -> Told:
        """Return what must be known of a writing that waits for the reader."""
        return Told(_in_brackets(self._evidence(row)))

    def _is_new(self, writer: str | None, time: float) -> bool:
        return self._position.is_new(writer or "", time)

    # --- what became of it

    def _states(self, writing: Writing, answer: Said | None) -> list[_State]:
        """Return the states that stand and say something; where it is one, with its reason only if that is new."""
        moves = writing.moves
        found: list[_State] = []
        for one in moves:
            why = one.why or (answer.text if answer is not None and one.state == "answered" else "")
            is_told = len(moves) > 1 or self._is_new(one.writer, one.time)
            apart = self._apart(writing) if one.state == "superseded" else []
            found += apart or [_State(one.state, one.who, _line(why) if is_told else "")]
        if len(found) == 1 and not found[0].why and (writing.is_open or found[0].state in _QUIET):
            return []
        return found

    def _apart(self, decision: Writing) -> list[_State]:
        """Return the decisions that stand in the place of one where they are several: each superseded it."""
        there = self._succession.in_place_of(decision.id)
        return (
            [_State("superseded", one.who, f"by {one.row.label}") for one in there] if len(there) > 1 else []
        )

    @cached_property
    def _succession(self) -> Succession:
        return Succession(self._record)

    def _evidence(self, row: Row) -> str:
        return EVIDENCE_CHANGED if row.id in self._changed else ""

    @cached_property
    def _changed(self) -> frozenset[str]:
        """The decisions, among those that are told of, whose evidence changed."""
        asked = [
            Decision(self._record, row.kind, row.id, row.label) for row in self._rows if row.kind == DECISION
        ]
        asked = [one for one in asked if one.evidence or one.conditions]
        return frozenset(one.decision.id for one in listed(self._record, asked) if one.is_changed)

    # --- what was said about it

    def _said(self, writing: Writing, answer: Said | None) -> list[_Words]:
        """Return the latest comment or verdict of each person that is new, the latest first."""
        said = [
            _Words(one.time, f"comment of {one.who}", one.who, _line(one.text))
            for one in writing.comments
            if self._is_new(one.writer, one.time) and (answer is None or one.id != answer.id)
        ]
        for mark in writing.marks:
            if self._is_new(mark.writer, mark.time):
                verdict = mark.value.get("verdict")
                what = f"`{_line(str(verdict))}` of {mark.who}" if verdict else f"asked again by {mark.who}"
                said.append(_Words(mark.time, what, mark.who, _line(str(mark.value.get("text") or ""))))
        latest = {one.who: one for one in sorted(said)}
        return sorted(latest.values(), reverse=True)


def _answer(writing: Writing) -> Said | None:
    """Return the comment with which somebody answered a question: the last one of theirs before it was answered."""
    moved = next((one for one in writing.moves if one.state == "answered"), None)
    if moved is None:
        return None
    theirs = [one for one in writing.comments if one.writer == moved.writer and one.time <= moved.time]
    return theirs[-1] if theirs else None


def _shown(states: Sequence[_State], opener: str, *, is_named: bool) -> tuple[str, bool]:
    """Return the states in words, and whether they name people: not where who opened it simply did so, as of a decision."""
    if len(states) > 1:
        return f"not settled: {'; '.join(map(str, states))}", True
    if not states:
        return "", False
    (one,) = states
    if one.who == opener and not one.why and not is_named:
        return one.state, False
    return str(one), True


def _listed(said: Sequence[_Words]) -> str:
    more = f" (and of {len(said) - MOST_SAID} more)" if len(said) > MOST_SAID else ""
    return "; ".join(map(str, said[:MOST_SAID])) + more


def _in_brackets(*parts: str) -> str:
    said = "; ".join(filter(None, parts))
    return f" ({said})" if said else ""


def _line(words: str) -> str:
    """Return the first line of what somebody said."""
    words = words.strip()
    return cut(words.splitlines()[0], LONGEST_SAID) if words else ""
