"""The parts that a review shows: what each is called, its lines, and the anchors that comments name."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST_PARTS = 4_000
MOST_LINES = 400  # of one part
LONGEST_LINE = 500  # characters
SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
_HUNK = re.compile(r"@@ -\d{1,9}(?:,\d{1,9})? \+(\d{1,9})(?:,\d{1,9})? @@")
_KINDS = {"+": "add", "-": "del", "@": "at", "\\": "at"}


class Line(NamedTuple):
    """A line. `kind` is 'add', 'del', 'at' (between hunks) or empty; `anchor` is empty where it cannot be named."""

    text: str
    kind: str = ""
    anchor: str = ""
    number: int | None = None


class Part(NamedTuple):
    """One part. `kind` is cell, output, code, text, facts or files; `what` is same, changed, added or removed, empty where
    nothing is compared. `media` are what an output showed: media type -> object; `pictures` what it showed that is no object of
    its own: media type -> bytes. `left_out` counts lines that are not here."""

    anchor: str
    kind: str
    title: str
    what: str = ""
    lines: tuple[Line, ...] = ()
    facts: tuple[str, ...] = ()
    media: Mapping[str, str] = MappingProxyType({})
    left_out: int = 0
    pictures: Mapping[str, bytes] = MappingProxyType({})

    @property
    def has_anchored_lines(self) -> bool:
        """Whether its lines can be named one by one."""
        return any(line.anchor not in ("", self.anchor) for line in self.lines)


def part_of(
    anchor: str,
    kind: str,
    title: str,
    lines: Sequence[Line],
    *,
    what: str = "",
    facts: Iterable[str] = (),
    media: Mapping[str, str] | None = None,
    pictures: Mapping[str, bytes] | None = None,
    most: int = MOST_LINES,
) -> Part:
    """Return a part with at most so many lines, each cut to `LONGEST_LINE` characters."""
    kept = tuple(
        line if len(line.text) <= LONGEST_LINE else line._replace(text=line.text[:LONGEST_LINE] + " …")
        for line in lines[:most]
    )
    left_out = max(0, len(lines) - most)
    return Part(anchor, kind, title, what, kept, tuple(facts), media or {}, left_out, pictures or {})


def unique(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield parts with a `~2` behind an anchor that another part has already."""
    seen: dict[str, int] = {}
    for part in parts:
        count = seen[part.anchor] = seen.get(part.anchor, 0) + 1
        yield part if count == 1 else part._replace(anchor=f"{part.anchor}~{count}")


def numbered(text: str, anchor: str, kind: str = "") -> list[Line]:
    """Return the lines of a text, counted from 1: line 12 has the anchor `anchor:12`."""
    lines = text.removesuffix("\n").split("\n") if text else []
    return [
        Line(line.rstrip("\r").expandtabs(4), kind, f"{anchor}:{number}", number)
        for number, line in enumerate(lines, start=1)
    ]


def hunk_lines(diff: str, anchor: str) -> list[Line]:
    """Return the lines of a unified diff of one file; those that the file has now are anchored by their number there."""
    lines = diff.removesuffix("\n").split("\n")
    start = next((place for place, line in enumerate(lines) if line.startswith("@@ ")), None)
    if start is None:
        return [Line(line.expandtabs(4), "at") for line in lines if line]
    found, number = [], 0
    for line in lines[start:]:
        kind = _KINDS.get(line[:1], "")
        text = line.rstrip("\r").expandtabs(4)
        head = _HUNK.match(line) if kind == "at" else None
        if head is not None:
            number = int(head[1])
        if kind in ("", "add"):
            found.append(Line(text, kind, f"{anchor}:{number}", number))
            number += 1
        else:
            found.append(Line(text, kind))
    return found


def fact_lines(facts: Mapping[str, object], prefix: str) -> list[Line]:
    """Return a line for each fact, anchored by `prefix` and its name: `params.lr`."""
    from gnomon.runs.display.shorten import short

    return [
        Line(f"{name}: {short(value, LONGEST_LINE)}", "", f"{prefix}{name}") for name, value in facts.items()
    ]


def differing_lines(differ: Mapping[str, Sequence[object]], prefix: str) -> list[Line]:
    """Return two lines for each fact that differs, as it was and as it is; the last of them is anchored."""
    from gnomon.runs.display.shorten import short

    found = []
    for name, (before, after) in differ.items():
        anchor = f"{prefix}{name}"
        if before is not None:
            old = f"- {name}: {short(before, LONGEST_LINE)}"
            found.append(Line(old, "del", anchor if after is None else ""))
        if after is not None:
            found.append(Line(f"+ {name}: {short(after, LONGEST_LINE)}", "add", anchor))
    return found
