"""What a person asks about reviews: the round that is going on, and what each reviewer said in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gnomon.team.people.person import Person
    from gnomon.team.writing.views import Writing

VERDICT, ROUND = "verdict", "round"
VERDICTS = ("approve", "changes")
APPROVED, CHANGES, WAITING = "approved", "changes wanted", "waiting"


class Target(NamedTuple):
    """What a review is of in a round: `of` and `against` are references as people wrote them, the others whole names."""

    of: str
    subject: object
    against: str | None
    against_subject: object


class Verdict(NamedTuple):
    """What a reviewer said in a round; `verdict` is None where they have not. `time` is seconds since 1970 UTC."""

    member: str
    who: str
    verdict: str | None
    text: str
    time: float | None


def current_round(review: Writing) -> int:
    """Return the number of the round that is going on: 1, or what somebody asked for since."""
    return max([_whole(one.value.get("round")) for one in review.marks if one.what == ROUND], default=1)


def round_of(review: Writing, moment: float) -> int:
    """Return the round that was going on at a moment, in seconds since 1970 UTC."""
    began = [
        _whole(one.value.get("round")) for one in review.marks if one.what == ROUND and one.time <= moment
    ]
    return max(began, default=1)


def target(review: Writing, number: int | None = None) -> Target:
    """Return what a review is of in a round: what its latest round names, else what it was asked for.

    A round that names something else is compared with what the review says, else with what the round before was of.
    """
    number = current_round(review) if number is None else number
    fields = review.fields
    against = fields.get("against")
    found = Target(
        str(fields.get("of", "")), fields.get("subject"),
        against if isinstance(against, str) else None, fields.get("against_subject"),
    )  # fmt: skip
    for one in sorted(
        (one for one in review.marks if one.what == ROUND), key=lambda one: _whole(one.value.get("round"))
    ):
        of, subject = one.value.get("of"), one.value.get("subject")
        if _whole(one.value.get("round")) > number or not isinstance(of, str) or not isinstance(subject, str):
            continue
        if against is None and subject != found.subject:
            found = Target(of, subject, found.of, found.subject)
        else:
            found = found._replace(of=of, subject=subject)
    return found


def verdicts(review: Writing, number: int | None = None) -> list[Verdict]:
    """Return, for each reviewer, their verdict of a round (that which is going on unless given); the latest of each counts."""
    from gnomon.team.people.views import people
    from gnomon.team.writing.views import name_of

    number = current_round(review) if number is None else number
    known = people(review.record)
    found = {}
    for one in review.marks:
        person = known.of_writer(one.writer) if one.writer is not None else None
        verdict = one.value.get("verdict")
        if (
            one.what == VERDICT
            and person is not None
            and one.value.get("round") == number
            and verdict in VERDICTS
        ):
            text = one.value.get("text")
            found[person.id] = Verdict(
                person.id, person.name, str(verdict), text if isinstance(text, str) else "", one.time
            )
    return [
        found.get(member, Verdict(member, name_of(known, member), None, "", None)) for member in review.to
    ]


def standing(review: Writing) -> str:
    """Return how a review stands: approved by all, changes wanted by one or more, or waiting."""
    said = [one.verdict for one in verdicts(review)]
    if "changes" in said:
        return CHANGES
    return APPROVED if said and None not in said else WAITING


def has_verdict(review: Writing, who: Person) -> bool:
    """Return whether a reviewer gave a verdict in the round that is going on."""
    return any(one.member == who.id and one.verdict is not None for one in verdicts(review))


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10_000 else 1
