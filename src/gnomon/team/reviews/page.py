"""What the page of a review shows of its subject: the parts that fit one page, with the comments at them."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import MissingExtraError
from gnomon.team.reviews.placed import placed
from gnomon.team.reviews.shown import shown
from gnomon.team.reviews.views import current_round, round_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.page import Ask, ObjectLink
    from gnomon.team.reviews.parts import Part
    from gnomon.team.reviews.placed import Placed
    from gnomon.team.reviews.shown import Shown
    from gnomon.team.writing.views import Writing

PARTS, LINES = 60, 3_000  # of one page
PICTURES_BYTES = 8 << 20  # of pictures that stand in the page itself
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")


class Sheet(NamedTuple):
    """Some parts that one page shows: from the part `first` to `end`, and how many comments stand there."""

    first: int
    end: int
    comments: int

    @property
    def name(self) -> str:
        """Which parts these are, counted from 1."""
        return f"{self.first + 1:,} to {self.end:,}"


def reviewed(ask: Ask, review: Writing, comments: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Return the parts of a page (`from=` of the address), the comments that stand at no part, and the other pages.

    `comments` are those of the review as the page shows them, each with its `said`.
    """
    found = _shown(review)
    every = placed(review, found)
    by_id = {one["said"].id: one for one in comments}
    sheets = _sheets(every.parts)
    wanted = ask.query.whole("from", 0)
    sheet = next((one for one in reversed(sheets) if one.first <= wanted), Sheet(0, 0, 0))
    last = current_round(review)
    rounds = {one.id: round_of(review, one.time) for one in review.comments}
    pictures = _Pictures(ask.link)
    return {
        "parts": [
            {
                "number": number, "part": one.part, "pictures": pictures.of(one.part), "comment_count": one.comment_count,
                "pieces": [
                    {"lines": piece.lines, "comments": [by_id[said.id] for said in piece.comments]} for piece in one.pieces
                ],
                "comments": [by_id[said.id] for said in one.comments],
            }
            for number, one in enumerate(every.parts[sheet.first : sheet.end], start=sheet.first + 1)
        ],
        "others": [(by_id[said.id], why) for said, why in every.others],
        "rounds": {one: number if number < last else None for one, number in rounds.items()},
        "notes": found.notes, "left_out": found.left_out, "first": sheet.first, "pages": sheets,
    }  # fmt: skip


def _shown(review: Writing) -> Shown:
    """Return what it is of; where nbdime is missing, the whole of it, with what to install."""
    try:
        return shown(review)
    except MissingExtraError as error:
        whole = shown(review, is_compared=False)
        return whole._replace(
            notes=(f"{error.message}: {error.hint}. The whole is shown instead.", *whole.notes)
        )


def _sheets(parts: Sequence[Placed]) -> list[Sheet]:
    """Return which parts stand together on a page: so many, or so many lines."""
    found: list[Sheet] = []
    first = lines = 0
    for place, one in enumerate(parts):
        if place > first and (place - first == PARTS or lines + len(one.part.lines) > LINES):
            found.append(_sheet(parts, first, place))
            first, lines = place, 0
        lines += len(one.part.lines)
    return [*found, _sheet(parts, first, len(parts))] if parts else []


def _sheet(parts: Sequence[Placed], first: int, end: int) -> Sheet:
    return Sheet(first, end, sum(one.comment_count for one in parts[first:end]))


class _Pictures:
    """The pictures of the outputs of a page, those of a kept notebook within the page, up to `PICTURES_BYTES` of them."""

    def __init__(self, link: ObjectLink | None) -> None:
        self._link, self._left = link, PICTURES_BYTES

    def of(self, part: Part) -> list[tuple[str, str]]:
        """Return (address, media type) of the picture of an output: on the origin for what people made, or its bytes themselves.
        The address is empty where a page has too many.

        As the source of an `img` neither runs a script nor asks anybody for anything, an SVG included.
        """
        form = next((form for form in _PICTURES if form in part.media), None)
        if form is not None and self._link is not None:
            ending = form.partition("/")[2].partition("+")[0]
            return [(self._link(part.media[form], f"output.{ending}", form), form)]
        form = next((form for form in _PICTURES if form in part.pictures), None)
        if form is None:
            return []
        if len(part.pictures[form]) > self._left:
            return [("", form)]
        self._left -= len(part.pictures[form])
        return [(f"data:{form};base64,{b64encode(part.pictures[form]).decode()}", form)]
