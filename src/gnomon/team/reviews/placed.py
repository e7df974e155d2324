"""Where comments stand among the parts of a review: at their part or line, beside what they answer, or nowhere any more.

Always true: each comment is in one place, and none is left out.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.team.reviews.parts import Line, Part
    from gnomon.team.reviews.shown import Shown
    from gnomon.team.writing.views import Said, Writing

GONE = "part is gone"
NOT_SHOWN = "part is not shown: there are too many"
_ANCHOR = re.compile(
    r"(was:)?(cell|output|line|code|file|column|columns):.+|(params|metrics|data|run|environment)\..+|"
    r"params|metrics|data|run|environment|files|columns|command|seed"
)
_DEEPEST = 50
MOST_NAMED = 12


class Piece(NamedTuple):
    """Lines of a part, and the comments that stand below the last of them."""

    lines: tuple[Line, ...]
    comments: tuple[Said, ...]


class Placed(NamedTuple):
    """A part with its lines, parted where people commented on a line; `comments` are those on the part as a whole."""

    part: Part
    pieces: tuple[Piece, ...]
    comments: tuple[Said, ...]

    @property
    def comment_count(self) -> int:
        """How many comments stand here."""
        return len(self.comments) + sum(len(piece.comments) for piece in self.pieces)


class Commented(NamedTuple):
    """All parts with their comments; `others` are those that stand at no part, each with why ('' where they name none)."""

    parts: tuple[Placed, ...]
    others: tuple[tuple[Said, str], ...]


def placed(review: Writing, found: Shown) -> Commented:
    """Return the parts with the comments on them."""
    anchors: dict[str, str] = {part.anchor: part.anchor for part in found.parts}
    for part in found.parts:
        for line in part.lines:
            if line.anchor:
                anchors.setdefault(line.anchor, part.anchor)
    cut = {part.anchor for part in found.parts if part.left_out}
    by_id = {one.id: one for one in review.comments}
    at: dict[str, list[Said]] = {}
    others: list[tuple[Said, str]] = []
    for one in review.comments:
        part_name = _part_of(one, by_id)
        anchor = None if part_name is None else _anchor(part_name, anchors, cut)
        if anchor is not None:
            at.setdefault(anchor, []).append(one)
        elif part_name is None or _ANCHOR.fullmatch(part_name) is None:
            others.append((one, ""))
        else:
            others.append((one, NOT_SHOWN if found.left_out else GONE))
    return Commented(tuple(_placed(part, at, anchors) for part in found.parts), tuple(others))


def checked_part(review: Writing, part: str | None) -> str | None:
    """Return the part of a comment that a person writes. Of anything but a review all are taken.

    Raises BadArgumentError for a part that a review has not, and had in no round; where its parts cannot be shown all are taken.
    """
    if part is None or review.kind.type != "review":
        return part
    part = " ".join(part.split())
    from gnomon.team.reviews.shown import shown
    from gnomon.team.reviews.views import current_round

    anchors: list[str] = []
    try:
        for number in range(current_round(review), 0, -1):
            found = shown(review, number)
            if not found.parts or found.left_out:
                return part
            known = [
                name
                for one in found.parts
                for name in (one.anchor, *(line.anchor for line in one.lines))
                if name
            ]
            if (
                _anchor(part, dict.fromkeys(known, ""), {one.anchor for one in found.parts if one.left_out})
                is not None
            ):
                return part
            anchors = anchors or list(dict.fromkeys(known))
    except MissingExtraError:
        return part
    near = get_close_matches(part, anchors, n=3)
    meant = f"did you mean {' or '.join(f'`{name}`' for name in near)}? " if near else ""
    some = ", ".join(anchors[:MOST_NAMED]) + (", …" if len(anchors) > MOST_NAMED else "")
    raise BadArgumentError(
        f"`{review.label}` has no part `{part[:60]}`",
        hint=f"{meant}it has {some}; `gnomon reviews show {review.number}` shows them",
    )


def _part_of(said: Said, by_id: Mapping[str, Said]) -> str | None:
    """Return the part that a comment names, or that of the one it answers."""
    for _ in range(_DEEPEST):
        answered = by_id.get(said.reply_to or "")
        if said.part is not None or answered is None:
            return said.part
        said = answered
    return None


def _anchor(name: str, anchors: Mapping[str, str], cut: set[str]) -> str | None:
    """Return the anchor at which a comment stands; of a line that is left out, that of its part."""
    if name in anchors:
        return name
    part, _, line = name.rpartition(":")
    return part if part in cut and line.isdigit() else None


def _placed(part: Part, at: Mapping[str, list[Said]], anchors: Mapping[str, str]) -> Placed:
    pieces: list[Piece] = []
    lines: list[Line] = []
    for line in part.lines:
        lines.append(line)
        is_own = line.anchor not in ("", part.anchor) and anchors[line.anchor] == part.anchor
        if is_own and line.anchor in at:
            pieces.append(Piece(tuple(lines), tuple(at[line.anchor])))
            lines = []
    if lines:
        pieces.append(Piece(tuple(lines), ()))
    return Placed(part, tuple(pieces), tuple(at.get(part.anchor, ())))
