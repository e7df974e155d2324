"""What a review is of, as a list of parts that people comment on: cells and outputs, code, parameters, files, lines of a text.

A part has an anchor, which is what a comment names (`cell:4`, `output:4`, `code:train.py:12`, `params.lr`, `line:12`). With
`against`, the parts are the differences: each says whether it is the same, changed, added or removed.

Always true: nothing is written; what is shown is bounded, and what was left out is counted; what a record says of its subjects
never raises here, it becomes a note. Not promised: that an anchor means the same thing in the next round.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import GnomonError, UnknownSubjectError
from gnomon.team.reviews.parts import MOST_PARTS, Part, unique
from gnomon.team.reviews.views import Target, target
from gnomon.team.writing.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record
    from gnomon.team.writing.views import Writing

_SUBJECT = re.compile(r"([a-z]+):([0-9a-f]{1,64})")


class Shown(NamedTuple):
    """What a review is of in one round. `left_out` are parts that were too many; `notes` are sentences."""

    target: Target
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    left_out: int = 0


def shown(review: Writing, number: int | None = None, *, is_compared: bool = True) -> Shown:
    """Return what a review is of in a round, that which is going on unless given.

    Without `is_compared` it is shown whole, whatever it is against. Raises MissingExtraError where notebooks are to be compared
    and `gnomon[review]` is not installed.
    """
    from gnomon.errors import MissingExtraError

    wanted = target(review, number)
    if not is_compared:
        wanted = wanted._replace(against=None, against_subject=None)
    try:
        parts, notes = _parts(review.record, wanted)
    except MissingExtraError:
        raise
    except GnomonError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Shown(wanted, (), (f"what is reviewed cannot be shown: {error.message}{hint}",))
    kept = tuple(unique(parts[:MOST_PARTS]))
    return Shown(wanted, kept, tuple(notes), max(0, len(parts) - MOST_PARTS))


def _parts(record: Record, wanted: Target) -> tuple[Sequence[Part], Sequence[str]]:
    kind, after = _subject(wanted.subject, wanted.of)
    before, notes = _compared(wanted, kind)
    if kind == "run":
        from gnomon.team.reviews.of_runs import run_parts

        parts, more = run_parts(record, after, before)
    elif kind == "data":
        from gnomon.team.reviews.of_data import data_parts

        parts, more = data_parts(record, after, before)
    elif kind in KINDS:
        from gnomon.team.reviews.of_texts import text_parts

        parts, more = text_parts(record, kind, after, before)
    else:
        return [], [f"a {kind} has no parts to show"]
    return parts, [*notes, *more]


def _compared(wanted: Target, kind: str) -> tuple[str | None, list[str]]:
    """Return the id of what it is compared with; None where it is with nothing, or a note says why it is not."""
    if wanted.against is None:
        return None, []
    try:
        other, found = _subject(wanted.against_subject, wanted.against)
    except UnknownSubjectError as error:
        return None, [f"it is shown whole: {error.message}"]
    if other != kind:
        return None, [f"a {kind} is not compared with a {other}: it is shown whole"]
    return found, []


def _subject(subject: object, word: str) -> tuple[str, str]:
    """Return (kind, id) of a subject as the record names it. Raises UnknownSubjectError for anything else."""
    found = _SUBJECT.fullmatch(subject) if isinstance(subject, str) else None
    if found is None:
        raise UnknownSubjectError(f"the record does not say which subject `{word[:80]}` is")
    return found[1], found[2]
