"""The three parts of an update in its text, and whom its blockers ask.

    Did: trained six seeds of depth 6
    Next: the same without `region`
    Blocked: bea: which split did run:9c2e use?

Each part goes on over the lines below it, until the next one; a part may be a list. Blockers begin with whom they ask, where they
ask somebody.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PARTS = ("did", "next", "blocked")
_HEAD = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]+|\*\*)?(did|next|blocked)(?:[ \t]*:)(?:\*\*)?[ \t]*(.*)", re.IGNORECASE
)
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+")
_ASKS = re.compile(r"@?([^:\n]{1,80}?)[ \t]*:[ \t]*(.+)", re.DOTALL)
_NOTHING = frozenset({"", "-", "no", "none", "nothing", "nobody", "n/a", "no one"})


class Blocker(NamedTuple):
    """What somebody cannot go on without. `whom` is what stands before the colon, None where nobody is named."""

    whom: str | None
    what: str


def parts(text: str) -> dict[str, list[str]]:
    """Return the lines of each part that the text has; an item of a list, with the lines below it, is one line.

    >>> parts("Did: a\\nNext:\\n- b\\n- c\\n  d\\n\\nBlocked: none")
    {'did': ['a'], 'next': ['b', 'c d'], 'blocked': []}
    """
    found: dict[str, list[str]] = {}
    part = ""
    for line in text.splitlines():
        head = _HEAD.fullmatch(line)
        if head is not None:
            part = head[1].lower()
            found.setdefault(part, [])
        if part:
            _take(found[part], head[2] if head is not None else line, goes_on=head is None)
    return {
        part: [one for one in items if one.lower().rstrip(".") not in _NOTHING]
        for part, items in found.items()
    }


def _take(items: list[str], line: str, *, goes_on: bool) -> None:
    """Take a line into the items of its part: as one of its own, or, further in than the last one, as more of that."""
    bare = line.strip()
    if not bare:
        return
    if item := _ITEM.match(line):
        items.append(line[item.end() :].strip())
    elif goes_on and items and line[:1].isspace():
        items[-1] += f" {bare}"
    else:
        items.append(bare)


def blockers(text: str) -> list[Blocker]:
    """Return what blocks, each with whom it asks.

    >>> blockers("Blocked: bea: which split?")
    [Blocker(whom='bea', what='which split?')]
    """
    found = []
    for line in parts(text).get("blocked", ()):
        asks = _ASKS.fullmatch(line)
        found.append(Blocker(asks[1].strip(), asks[2].strip()) if asks else Blocker(None, line))
    return found
