"""Which parts of a Markdown text are code, and so say nothing: fences, indented blocks, spans between backticks.

The rules of CommonMark, as far as people write them; a fence may stand in a list or in a quote.

Always true: time is in proportion to the text, whatever it holds; the ranges are in order and do not overlap.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE_END = re.compile(r"\r\n|\n|\r")
_MAY_BE_CODE = re.compile(r"`|~~~|^ {0,3}\t|^ {4}|\r {0,3}\t|\r {4}", re.MULTILINE)
_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})(.*)", re.DOTALL)
_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|\Z)")
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)")
_TICKS = re.compile(r"`+")


def code_in(markdown: str) -> list[tuple[int, int]]:
    """Return where code stands in a text, as (start, end).

    >>> text = "a `b` c"
    >>> [text[start:end] for start, end in code_in(text)]
    ['`b`']
    """
    found: list[tuple[int, int]] = []
    if not _MAY_BE_CODE.search(markdown):
        return found
    for start, end, is_code in _blocks(markdown):
        if is_code:
            found.append((start, end))
        elif markdown.find("`", start, end) >= 0:
            found += _spans(markdown, start, end)
    return found


def lines_of(text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of each line, its end of line included: `\\n`, `\\r\\n` or `\\r`."""
    at = 0
    for match in _LINE_END.finditer(text):
        yield at, match.end()
        at = match.end()
    if at < len(text):
        yield at, len(text)


def _blocks(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, whether it is code) of what stands together: fences, indented code, and all else up to an empty line."""
    fence = ""
    began = 0  # of the block that is open
    is_after_empty, is_in_list, is_indented = True, False, False
    for start, end in lines_of(text):
        line = text[start:end]
        if fence:
            if _closes(line, fence):
                yield began, end, True
                fence, began = "", end
            continue
        is_empty = not line.strip()
        if is_indented and not is_empty and not _INDENTED.match(line):
            yield began, start, True
            began, is_indented = start, False
        if is_empty:
            if not is_indented and not is_after_empty:
                yield began, start, False
                began = start
            is_after_empty = True
            continue
        if opened := _opened(line):
            yield began, start, is_indented
            fence, began, is_indented = opened, start, False
        elif _ITEM.match(line) and not (_INDENTED.match(line) and not is_in_list):
            is_in_list = True
        elif is_after_empty and not line[0].isspace():
            is_in_list = False
        elif is_after_empty and not is_in_list and not is_indented and _INDENTED.match(line):
            yield began, start, False
            began, is_indented = start, True
        is_after_empty = False
    yield began, len(text), bool(fence) or is_indented


def _opened(line: str) -> str:
    """Return the marks that open a fence on this line; empty where none does."""
    found = _FENCE.match(line)
    return found[1] if found and not (found[1][0] == "`" and "`" in found[2]) else ""


def _closes(line: str, fence: str) -> bool:
    bare = line.strip(" \t>\r\n")
    return len(bare) >= len(fence) and bare == fence[0] * len(bare)


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the code spans of a block: from some backticks to the next that are as many."""
    ticks = [match.span() for match in _TICKS.finditer(text, start, end)]
    following: dict[int, int] = {}
    closing: list[int | None] = [None] * len(ticks)
    for place in range(len(ticks) - 1, -1, -1):
        length = ticks[place][1] - ticks[place][0]
        closing[place] = following.get(length)
        following[length] = place
    place = 0
    while place < len(ticks):
        opens, close = ticks[place][0], closing[place]
        if close is None or (opens > start and text[opens - 1] == "\\"):
            place += 1
            continue
        yield opens, ticks[close][1]
        place = close + 1
