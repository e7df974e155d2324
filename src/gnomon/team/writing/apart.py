"""Texts that were changed apart, as one text to edit: what differs stands between the marks that git uses.

Always true: every line of every text is in it, under the name of who wrote it; saving such a text with its marks is refused
(`actions.revise`).
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.team.writing.views import Writing

_BEGIN, _MIDDLE, _END = "<<<<<<<", "=======", ">>>>>>>"
_MOST_COMPARED = 2_000  # lines of both: comparing takes longer than a person waits beyond


def text_to_edit(writing: Writing) -> str:
    """Return what an editor begins with: its text; where several stand, all of them."""
    others = writing.other_texts
    if not others:
        return writing.text
    return merged([*((who, text) for _, text, who in others), (writing.text_by, writing.text)])


def merged(texts: Sequence[tuple[str, str]]) -> str:
    """Return texts (who, text) as one: of two, the lines that both have once; of more, each as a whole.

    >>> print(merged([("Ana", "a\\nb"), ("Bea", "a\\nc")]))
    a
    <<<<<<< Ana
    b
    =======
    c
    >>>>>>> Bea
    """
    named = [(" ".join(who.split()), text.split("\n")) for who, text in texts]
    if len(named) != 2 or sum(len(lines) for _, lines in named) > _MOST_COMPARED:
        first, *others = named
        found = [f"{_BEGIN} {first[0]}", *first[1]]
        for who, lines in others:
            found += [f"{_MIDDLE} {who}", *lines]
        return "\n".join([*found, _END])
    (one, mine), (other, theirs) = named
    found = []
    for how, low, high, start, end in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if how == "equal":
            found += mine[low:high]
        else:
            found += [f"{_BEGIN} {one}", *mine[low:high], _MIDDLE, *theirs[start:end], f"{_END} {other}"]
    return "\n".join(found)


def has_marks(text: str) -> bool:
    """Return whether marks of `merged` are left in a text."""
    lines = text.splitlines()
    return any(line.startswith(f"{_BEGIN} ") for line in lines) and any(
        line.startswith(_END) for line in lines
    )
