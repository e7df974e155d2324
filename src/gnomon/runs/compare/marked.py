"""Where two texts differ, word by word, so that a reader need not look for it.

Always true: the pieces joined are the text, and a piece that is not marked stands in both texts. Bounded: of texts with many
words only what they have in common at the beginning and at the end is left unmarked.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import NamedTuple

MOST_WORDS = 400
_WORD = re.compile(r"[^\W_]+|\s+|.", re.DOTALL)
_ELLIPSIS = "…"


class Piece(NamedTuple):
    """A part of a text; `is_other`: the other text has something else here."""

    text: str
    is_other: bool


def marked(text: str, other: str) -> list[Piece]:
    """Return the pieces of a text, marked where another one differs.

    >>> marked("train --lr 0.1 --fast", "train --lr 0.3 --fast")
    [Piece(text='train --lr 0.', is_other=False), Piece(text='1', is_other=True), Piece(text=' --fast', is_other=False)]
    """
    mine, theirs = _WORD.findall(text), _WORD.findall(other)
    if max(len(mine), len(theirs)) > MOST_WORDS:
        return _by_ends(mine, theirs)
    pieces = []
    start = 0
    for block in SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks():
        pieces.append(Piece("".join(mine[start : block.a]), is_other=True))
        pieces.append(Piece("".join(mine[block.a : block.a + block.size]), is_other=False))
        start = block.a + block.size
    return [piece for piece in pieces if piece.text]


def shortened(pieces: list[Piece], longest: int, around: int = 24) -> list[Piece]:
    """Return pieces of about so many characters at most: of what is not marked, only what stands beside a mark is left.

    >>> shortened([Piece("a" * 50, False), Piece("b", True)], 20, 8)
    [Piece(text='…aaaaaaaa', is_other=False), Piece(text='b', is_other=True)]
    """
    if sum(len(piece.text) for piece in pieces) <= longest:
        return pieces
    kept = []
    room = longest
    for place, piece in enumerate(pieces):
        text = piece.text
        if not piece.is_other:
            text = _between(text, around, is_first=place == 0, is_last=place == len(pieces) - 1)
        if len(text) > room:
            text = text[: max(0, room - 1)] + _ELLIPSIS
        room -= len(text)
        kept.append(Piece(text, piece.is_other))
        if room <= 0:
            break
    return kept


def _between(text: str, around: int, *, is_first: bool, is_last: bool) -> str:
    head = "" if is_first else text[:around]
    tail = "" if is_last else text[-around:]
    return text if len(text) <= len(head) + len(tail) + 1 else head + _ELLIPSIS + tail


def _by_ends(mine: list[str], theirs: list[str]) -> list[Piece]:
    least = min(len(mine), len(theirs))
    before = next((at for at in range(least) if mine[at] != theirs[at]), least)
    after = next((at for at in range(least - before) if mine[-1 - at] != theirs[-1 - at]), least - before)
    end = len(mine) - after
    pieces = [
        Piece("".join(mine[:before]), is_other=False),
        Piece("".join(mine[before:end]), is_other=True),
        Piece("".join(mine[end:]), is_other=False),
    ]
    return [piece for piece in pieces if piece.text]
