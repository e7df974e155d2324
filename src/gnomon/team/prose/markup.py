"""Where in a Markdown text the bindings stand: `{{ … }}` and `[written](reference#what)`; and what of it is no prose.

Always true: time is in proportion to the text. Code, HTML comments, tags and the front matter hold no binding and no number.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadExpressionError
from gnomon.team.markdown_code import code_in
from gnomon.team.prose.asked import read, read_part
from gnomon.team.references import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.team.prose.asked import Asked

_SHOWN = re.compile(r"\{\{(?P<asked>[^{}]{1,1200})\}\}")
_ENDS = re.compile(
    r"\](?:\((?P<to><[^<>\n\r]{1,900}>|[^\s()<>]{1,900})(?:\s{1,9}\"[^\"\n\r]{0,300}\")?\)|\[(?P<label>[^\[\]\n\r]{0,200})\])"
)
_DEFINED = re.compile(
    r"^ {0,3}\[(?P<label>[^\[\]^\n\r]{1,200})\]:[ \t]*(?P<to><[^<>\n\r]{1,900}>|[^\s<>]{1,900})[ \t]*$",
    re.MULTILINE,
)
_BRACKETS = re.compile(r"\\.|[\[\]]|\r?\n[ \t]*\r?\n|\r[ \t]*\r", re.DOTALL)
_HTML = re.compile(r"<!--.*?(?:-->|\Z)|</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]{0,500})?/?>", re.DOTALL)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(?:[^\n]*\n)*?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")
_LONGEST_TEXT = 500


class Bound(NamedTuple):
    """A binding, at `text[start:end]`.

    Of `{{ … }}`, `written` is None and `form` is how the value is shown. Of a link, `written` is what stands in the brackets and
    `written_at` where. `asked` is None where it cannot be read; `problem` says why.
    """

    start: int
    end: int
    asked: Asked | None
    problem: str = ""
    form: str = ""
    written: str | None = None
    written_at: int = 0


class Marked(NamedTuple):
    """What of a text is bound, what is another link (its text and its target), and what is no prose; each in order."""

    bound: list[Bound]
    links: list[tuple[int, int]]
    silent: list[tuple[int, int]]


def marked(text: str) -> Marked:
    """Return the bindings of a text, its other links, and the ranges that are no prose."""
    silent = _silent(text)
    is_silent = Ranges(silent)
    bound: list[Bound] = []
    for match in _SHOWN.finditer(text):
        if not is_silent.holds(match.start()):
            bound.append(_shown(match))
    shown = Ranges([(one.start, one.end) for one in bound])
    defined, definitions = _definitions(text, is_silent)
    links: list[tuple[int, int]] = []
    for start, end, match in _links(text, is_silent):
        if shown.holds(start) or shown.holds(match.start()):
            continue
        target = match["to"] or defined.get(_label(match["label"] or text[start + 1 : end]), "")
        one = _linked(text, start, match, target)
        if one is not None:
            bound.append(one)
        elif target:
            links.append((start, match.end()))
    bound.sort(key=lambda one: one.start)
    return Marked(bound, links, sorted([*silent, *definitions]))


class Ranges:
    """Ranges of a text in order, and whether a place is in one."""

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        self._ranges = sorted(ranges)
        self._starts = [start for start, _ in self._ranges]

    def holds(self, at: int) -> bool:
        """Return whether a place is in one of the ranges."""
        place = bisect_right(self._starts, at) - 1
        return place >= 0 and at < self._ranges[place][1]


def _silent(text: str) -> list[tuple[int, int]]:
    """Return what is no prose: front matter, code, HTML."""
    front = _FRONT_MATTER.match(text)
    start = front.end() if front else 0
    code = [(max(begin, start), end) for begin, end in code_in(text) if end > start]
    in_code = Ranges(code)
    html = [match.span() for match in _HTML.finditer(text, start) if not in_code.holds(match.start())]
    return _joined([*([(0, start)] if front else []), *code, *html])


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges in order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _shown(match: re.Match[str]) -> Bound:
    start, end = match.span()
    try:
        asked, form = read(" ".join(match["asked"].split()))
    except BadExpressionError as error:
        return Bound(start, end, None, error.message)
    return Bound(start, end, asked, form=form)


def _definitions(text: str, is_silent: Ranges) -> tuple[dict[str, str], list[tuple[int, int]]]:
    """Return the targets of links by label (`[auc]: run:ab12#metrics.auc`), and where these lines stand."""
    found: dict[str, str] = {}
    places = []
    for match in _DEFINED.finditer(text):
        if not is_silent.holds(match.start()):
            found.setdefault(_label(match["label"]), match["to"])
            places.append(match.span())
    return found, places


def _label(text: str) -> str:
    return " ".join(text.casefold().split())


def _links(text: str, is_silent: Ranges) -> Iterator[tuple[int, int, re.Match[str]]]:
    """Yield (place of `[`, place of `]`, what stands behind it) of what may be links; outer brackets after inner ones."""
    open_at: list[int] = []
    for match in _BRACKETS.finditer(text):
        mark, at = match[0], match.start()
        if mark[0] == "\\" or is_silent.holds(at):
            continue
        if mark == "[":
            open_at.append(at)
        elif mark == "]":
            if open_at:
                start = open_at.pop()
                behind = _ENDS.match(text, at)
                if behind is not None:
                    yield start, at, behind
        else:
            open_at.clear()  # a link ends with its paragraph


def _linked(text: str, start: int, match: re.Match[str], target: str) -> Bound | None:
    """Return the binding that a link is; None where it leads elsewhere, or has no part."""
    written = text[start + 1 : match.start()]
    bare = target[1:-1] if target.startswith("<") else target
    problem = ""
    asked: Asked | None = None
    reference = parse(bare)
    if reference is not None:
        asked = read_part(reference)
        if asked is None:
            return None
    elif target.startswith("<") and " of " in bare:
        try:
            asked, _ = read(bare)
        except BadExpressionError as error:
            problem = error.message
    else:
        return None
    if len(written) > _LONGEST_TEXT or text[max(0, start - 1) : start] == "!":
        return None
    return Bound(start, match.end(), asked, problem, written=written, written_at=start + 1)
