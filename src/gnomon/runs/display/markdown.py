"""The Markdown of a note as markup: the part of it that people write in notes.

Headings, paragraphs, lists, quotes, code, bold, italics, links to the web. All else stays as it was typed; HTML is text, and
a picture is a link, since showing it would fetch it.

Always true: what comes out is made by `markup.tag`, so nothing that is typed becomes an element of its own; time is in proportion
to the text, which is cut at `LONGEST`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gnomon.runs.display.markup import Html, joined, tag
from gnomon.text import clean_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 20_000
_LINES = 400
_HEADING = re.compile(r"#{1,6} +(.+?) *#*$")
_ITEM = re.compile(r" {0,3}(?:([-*+])|(\d{1,6})[.)]) +(.*)")
_INLINE = re.compile(
    r"`(?P<code>[^`]{1,1000})`"
    r"|\*\*(?P<bold>[^*]{1,1000})\*\*"
    r"|(?<![\w*])\*(?P<italic>[^*\s](?:[^*]{0,1000}[^*\s])?)\*(?![\w*])"
    r"|(?<!\w)_(?P<under>[^_\s](?:[^_]{0,1000}[^_\s])?)_(?!\w)"
    r"|!?\[(?P<label>[^\[\]]{0,500})\]\((?P<to>https?://[^\s()<>\"]{1,1000})\)"
    r"|(?P<bare>https?://[^\s()<>\"'`]{0,1000}[^\s()<>\"'`.,;:!?*_])"
)


def rendered(text: str) -> Html:
    """Return a note as markup."""
    lines = clean_lines(text[:LONGEST])
    is_cut = len(text) > LONGEST or len(lines) > _LINES
    blocks = [*_blocks(lines[:_LINES]), *([tag("p", "…")] if is_cut else [])]
    return joined(blocks)


def _blocks(lines: list[str]) -> Iterator[Html]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.lstrip().startswith("```"):
            end = next((n for n in range(at + 1, len(lines)) if lines[n].strip() == "```"), len(lines))
            yield tag("pre", _preformatted(lines[at + 1 : end]))
            at = end + 1
            continue
        if heading := _HEADING.match(line):
            yield tag("p", tag("b", _inline(heading[1])))
            at += 1
            continue
        kind = _kind(line)
        end = at + 1
        while end < len(lines) and _goes_on(kind, lines[end]):
            end += 1
        if kind != "blank":
            yield _block(kind, lines[at:end])
        at = end


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    if item := _ITEM.match(line):
        return "ul" if item[1] else "ol"
    return "quote" if line.startswith(">") else "p"


def _goes_on(kind: str, line: str) -> bool:
    if line.lstrip().startswith("```") or _HEADING.match(line):
        return False
    return _kind(line) == kind or (kind in ("ul", "ol") and _kind(line) == "p" and line.startswith(" "))


def _block(kind: str, lines: list[str]) -> Html:
    if kind == "quote":
        return tag("div", tag("p", _lines([line.lstrip("> ") for line in lines])), class_="note")
    if kind == "p":
        return tag("p", _lines(lines))
    items: list[list[str]] = []
    for line in lines:
        item = _ITEM.match(line)
        if item:
            items.append([item[3]])
        else:
            items[-1].append(line.strip())
    first = _ITEM.match(lines[0])
    start = first[2] if first and first[2] not in (None, "1") else None
    return tag(kind, [tag("li", _lines(item)) for item in items], start=start)


def _preformatted(lines: list[str]) -> list[Html]:
    return [joined([line, Html("\n")]) for line in lines]


def _lines(lines: list[str]) -> list[Html]:
    return [joined([_inline(line), Html("\n")]) for line in lines]


def _inline(line: str) -> list[Html]:
    found, at = list[Html](), 0
    for match in _INLINE.finditer(line):
        found.append(joined(line[at : match.start()]))
        found.append(_span(match))
        at = match.end()
    return [*found, joined(line[at:])]


def _span(match: re.Match[str]) -> Html:
    kind, text = match.lastgroup, match[match.lastgroup or 0]
    if kind == "to":
        return tag("a", match["label"] or text, href=text, rel="noopener noreferrer nofollow")
    if kind == "bare":
        return tag("a", text, href=text, rel="noopener noreferrer nofollow")
    return tag({"code": "code", "bold": "b"}.get(kind or "", "i"), text)
