"""The parts of a text that people wrote: blocks of its lines, or with another text, what differs line by line."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from gnomon.team.reviews.parts import ADDED, CHANGED, REMOVED, SAME, Line, Part, numbered, part_of
from gnomon.team.writing.views import writing_called

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.runs.views import Record

MOST_COMPARED = 1_000  # lines of one text
LONGEST_BLOCK = 40


def text_parts(record: Record, kind: str, id: str, before: str | None) -> tuple[list[Part], list[str]]:
    """Return the parts of a decision, a page, a question, …, and notes. Raises UnknownSubjectError."""
    after = writing_called(record, kind, id)
    lines = numbered(after.text, "line")
    if before is None:
        return list(_blocks(lines, is_diff=False)), [] if lines else [f"{after.label} has no text"]
    old = writing_called(record, kind, before)
    olds = numbered(old.text, "line")
    if max(len(lines), len(olds)) > MOST_COMPARED:
        return list(_blocks(lines, is_diff=False)), [
            f"{old.label} and {after.label} are too long to be compared"
        ]
    notes = [] if old.text != after.text else [f"the text of {after.label} is that of {old.label}"]
    return list(_blocks(differing(olds, lines), is_diff=True)), notes


def differing(old: Sequence[Line], new: Sequence[Line]) -> list[Line]:
    """Return all lines of two texts in one list: those that only one of them has are 'del' or 'add'."""
    found: list[Line] = []
    matcher = SequenceMatcher(None, [one.text for one in old], [one.text for one in new])
    for what, start, end, first, last in matcher.get_opcodes():
        if what != "equal":
            found += [Line(f"-{one.text}", "del") for one in old[start:end]]
            found += [one._replace(text=f"+{one.text}", kind="add") for one in new[first:last]]
        else:
            found += [one._replace(text=f" {one.text}") for one in new[first:last]]
    return found


def _blocks(lines: Sequence[Line], *, is_diff: bool) -> Iterator[Part]:
    """Yield the parts of a text: each ends with an empty line, or where it gets too long."""
    block: list[Line] = []
    for line in lines:
        block.append(line)
        if len(block) == LONGEST_BLOCK or not line.text.strip(" +"):
            yield _block(block, is_diff)
            block = []
    if block:
        yield _block(block, is_diff)


def _block(lines: Sequence[Line], is_diff: bool) -> Part:
    own = [line for line in lines if line.anchor]
    title = "removed lines"
    if own:
        first, last = own[0].number, own[-1].number
        title = f"line {first}" if first == last else f"lines {first} to {last}"
    return part_of(
        own[0].anchor if own else "removed", "text", title, lines, what=_what(lines) if is_diff else ""
    )


def _what(lines: Sequence[Line]) -> str:
    kinds = {line.kind for line in lines}
    if kinds == {""}:
        return SAME
    return ADDED if kinds == {"add"} else REMOVED if kinds == {"del"} else CHANGED
