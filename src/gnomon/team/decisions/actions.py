"""What a person does with decisions: decide, accept or reject what is proposed, supersede.

Always true: a decision is never edited. Its evidence is looked up before anything is written, so what it says was
true that day. Nobody puts a second decision in the place of one knowingly: only who did not see the first one can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.team.decisions import claims, reopen
from gnomon.team.decisions.evidence import stored
from gnomon.team.decisions.measuring import measure
from gnomon.team.decisions.parts import finished, items, parts_of
from gnomon.team.decisions.succession import require_free, require_place
from gnomon.team.decisions.views import Decision, decision_called
from gnomon.team.writing import actions
from gnomon.team.writing.kinds import DECISION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record
    from gnomon.team.decisions.evidence import Evidence
    from gnomon.team.decisions.reopen import Condition


def decide(
    record: Record,
    title: str | None,
    text: str = "",
    *,
    evidence: Sequence[str] = (),
    reopen_if: Sequence[str] = (),
    supersedes: Sequence[str] = (),
    propose: bool = False,
    now: float | None = None,
) -> Decision:
    """Write down a decision; it is accepted at once unless it is proposed.

    `text` is Markdown; its headings, and what it says under *Evidence* and *Reopen if*, are read. `title` None is
    that of the text. `supersedes` are numbers of decisions that this one stands in the place of, once it is accepted.
    `now` is seconds since 1970 UTC, what conditions are held against.
    Raises BadArgumentError, BadExpressionError, UnknownSubjectError, AmbiguousIdError; then nothing was written. So also where
    another decision stands in the place of one of those already, unless it is among them, too.
    """
    parts = parts_of(text)
    actions.checked_title(DECISION.type, title or parts.title)
    record.replica.update(record.progress)
    replaced = [decision_called(record, one) for one in dict.fromkeys(supersedes)]
    require_place(replaced)
    conditions = _conditions(record, [*reopen_if, *items(parts.reopen)], now)
    seen = measure(record, [*map(claims.claim, evidence), *claims.claims_in(text, parts.evidence)], now)
    fields = _fields(seen, conditions, replaced)
    written = actions.open_writing(record, DECISION.type, title or parts.title, finished(text), fields=fields)
    decision = decision_called(record, written.id)
    return decision if propose else _accepted(decision, "")


def _conditions(record: Record, texts: Sequence[str], now: float | None) -> list[Condition]:
    if len(texts) > reopen.MOST:
        raise BadArgumentError(f"a decision has at most {reopen.MOST} conditions; got {len(texts)}")
    return [
        reopen.read(record, text, now) for text in dict.fromkeys(" ".join(text.split()) for text in texts)
    ]


def _fields(
    seen: Sequence[Evidence], conditions: Sequence[Condition], replaced: Sequence[Decision]
) -> dict[str, object]:
    fields: dict[str, object] = {}
    if seen:
        fields["evidence"] = stored(seen)
    if conditions:
        fields["reopen"] = [one.to_dict() for one in conditions]
    if replaced:
        fields["supersedes"] = [one.id for one in replaced]
    return fields


def accept(decision: Decision, why: str = "") -> Decision:
    """Accept a decision; those that it supersedes are then superseded. Doing it again changes nothing.

    Raises BadArgumentError where another one stands in its place, or in the place of what it supersedes: both would be in force.
    """
    if [one.state for one in decision.moves] != ["accepted"]:
        require_free(decision)
    return _accepted(decision, why)


def _accepted(decision: Decision, why: str) -> Decision:
    accepted = _moved(decision, "accepted", why)
    for replaced in accepted.supersedes:
        old = decision_called(accepted.record, replaced)
        if old.state != "superseded":
            _moved(old, "superseded", f"by {accepted.label}")
    return accepted


def reject(decision: Decision, why: str = "") -> Decision:
    """Reject a decision that was proposed, or take back one that was accepted."""
    return _moved(decision, "rejected", why)


def _moved(decision: Decision, state: str, why: str) -> Decision:
    moved = actions.move(decision, state, why)
    assert isinstance(moved, Decision)  # `move` gives what it got  # noqa: S101
    return moved
