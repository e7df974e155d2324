"""What a person does with reviews: ask for one, give a verdict, ask again, close.

Always true: a reviewer has one verdict for a round; a later one of theirs goes over it. Only who asked opens a round or closes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.team.questions.actions import due_at
from gnomon.team.reviews.views import ROUND, VERDICT, VERDICTS, current_round, verdicts
from gnomon.team.writing import actions
from gnomon.team.writing.kinds import REVIEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person
    from gnomon.team.writing.views import Writing

USUAL_HOURS = 8.0  # of work of each reviewer


def request(
    record: Record,
    of: str,
    reviewers: Sequence[Person],
    text: str = "",
    *,
    title: str | None = None,
    hours: float | None = None,
    against: str | None = None,
    now: float | None = None,
) -> Writing:
    """Ask members to review what a reference means: a run, a version of data, a page, a decision.

    It is due when each of them has had `hours` of their own working time (8 unless given). `against` is what it is to be compared
    with. Raises BadArgumentError, UnknownSubjectError, AmbiguousIdError.
    """
    if not reviewers:
        raise BadArgumentError("a review needs somebody who reviews", hint="`gnomon team` lists the members")
    now = time.time() if now is None else now
    fields: dict[str, object] = {"hours": hours or USUAL_HOURS}
    fields["of"], fields["subject"], called = _target(record, of)
    if against is not None:
        fields["against"], fields["against_subject"], _ = _target(record, against)
    due = due_at(reviewers, now, hours or USUAL_HOURS)
    title = title or f"Review {called}"
    return actions.open_writing(
        record, REVIEW.type, title, text, to=[one.id for one in reviewers], due=due, fields=fields
    )


def _target(record: Record, word: str) -> tuple[str, str, str]:
    """Return (reference, subject, what people call it) of what is to be reviewed."""
    from gnomon.team.cards import card
    from gnomon.team.references import parse

    reference = parse(word)
    if reference is None:
        raise BadArgumentError(
            f"`{word}` is no reference",
            hint="it looks like `run:ab12`, `data:credit@v3`, `decision:12`, `page:setup`",
        )
    found = card(record, reference)
    if found.state != "found" or found.subject is None:
        raise BadArgumentError(f"`{word}` cannot be reviewed: {found.title or found.state}")
    return (
        word,
        found.subject,
        f"{found.label}" if found.title in ("", found.label) else f"{found.title} ({found.label})",
    )


def give_verdict(review: Writing, who: Person, verdict: str, text: str = "") -> Writing:
    """Give a verdict for the round that is going on: `approve`, or `changes` with what should change.

    Raises BadArgumentError for who is not asked, for another word, and where the review is over.
    """
    if verdict not in VERDICTS:
        raise BadArgumentError(f"a verdict is one of {', '.join(VERDICTS)}; got `{verdict}`")
    if who.id not in review.to:
        raise BadArgumentError(
            f"`{review.label}` asks {', '.join(review.for_whom)}; {who.name} may comment on it"
        )
    if not review.is_open:
        raise BadArgumentError(f"`{review.label}` is {review.state}")
    if verdict == "changes" and not text.strip():
        raise BadArgumentError("who wants changes says which", hint="write them, or comment on the parts")
    number = current_round(review)
    mine = [
        one.hash
        for one in review.marks
        if one.what == VERDICT and one.writer in who.writers and one.value.get("round") == number
    ]
    value = {"verdict": verdict, "round": number, "text": actions.checked_text(text)}
    return actions.mark(review, VERDICT, value, over=mine)


def ask_again(
    review: Writing, who: Person, text: str = "", *, of: str | None = None, now: float | None = None
) -> Writing:
    """Begin the next round: every reviewer is asked again, with the same hours.

    `of` is what the round is of, such as a run with what was asked for; what it was of before unless given.
    Raises BadArgumentError for who did not ask, and for what cannot be reviewed.
    """
    from gnomon.team.people.views import people

    _require_asker(review, who)
    now = time.time() if now is None else now
    number = current_round(review) + 1
    value: dict[str, object] = {"round": number, "text": actions.checked_text(text)}
    if of is not None:
        value["of"], value["subject"], _ = _target(review.record, of)
    again = actions.mark(review, ROUND, value)
    known = people(review.record)
    reviewers = [known.by_id[one] for one in review.to if one in known.by_id]
    hours = review.fields.get("hours")
    due = (
        due_at(reviewers, now, float(hours) if isinstance(hours, (int, float)) else USUAL_HOURS)
        if reviewers
        else None
    )
    again = actions.address(again, again.to, due)
    return actions.move(again, "requested") if not again.is_open else again


def close(review: Writing, who: Person, why: str = "") -> Writing:
    """Close a review: what it asks for is done, or not needed. Raises BadArgumentError for who did not ask."""
    _require_asker(review, who)
    waiting = [one.who for one in verdicts(review) if one.verdict is None]
    state = "closed" if not waiting else "withdrawn"
    return actions.move(review, state, why)


def _require_asker(review: Writing, who: Person) -> None:
    if review.writer not in who.writers:
        raise BadArgumentError(
            f"`{review.label}` was asked for by {review.who}; {who.name} cannot end its round"
        )
