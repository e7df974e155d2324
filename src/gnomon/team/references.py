"""References: how a text names a run, a version of data, a decision, a member.

    run:ab12   run:@1   run:"name with spaces"   data:credit@v3   group:depth-6   decision:12   page:setup   member:bea
    check:4f1d77ab

`#part` behind one names a part of it: `run:ab12#metrics.auc`, `page:setup#cluster`. What a reference means is asked of the
record: see `team.cards`.

Always true: finding is linear in the text and bounded; nothing in code, in a URL or in the middle of a word is a reference;
`parse(str(reference))` is the reference.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from gnomon.team.markdown_code import code_in

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = (
    "run", "data", "check", "group", "decision", "question", "handoff", "update", "review", "page", "problem", "member",
)  # fmt: skip
LONGEST = 300  # characters of a name, and of a part
MOST = 10_000  # references that are looked for in one text

_BARE = r"[\w@][\w@.+=~/%-]{0,299}+(?![\w@.+=~/%-])"
_QUOTED = r'"(?:[^"\\\n\r]|\\[^\n\r]){1,300}"'
_PART = r"[^\s<>()\[\]{}`|\"']{1,300}"
_REFERENCE = rf"(?P<kind>{'|'.join(KINDS)}):(?:(?P<name>{_BARE})|(?P<quoted>{_QUOTED}))(?:#(?P<part>{_PART}|{_QUOTED}))?"
_WHOLE = re.compile(_REFERENCE)
_IN_TEXT = re.compile(
    r"(?P<url>[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s<>\[\]\"]*|\bwww\.[^\s<>\[\]\"]+)"
    rf"|(?<![\w/:@.#&=?+~\\-]){_REFERENCE}"
)
_TRAILING = ".,:;!?*_~'…-+=/%"
_ESCAPED = re.compile(r"\\(.)")
_PLAIN = re.compile(_BARE)
_PLAIN_PART = re.compile(_PART)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


class Reference(NamedTuple):
    """What a text names: `kind` is one of `KINDS`, `name` what stands behind the colon, `part` what stands behind `#`."""

    kind: str
    name: str
    part: str | None = None

    def __str__(self) -> str:
        part = "" if self.part is None else f"#{_written(self.part, _PLAIN_PART)}"
        return f"{self.kind}:{_written(self.name, _PLAIN)}{part}"

    @property
    def whole(self) -> Reference:
        """The same without its part."""
        return self if self.part is None else self._replace(part=None)


class Found(NamedTuple):
    """A reference in a text, and where it stands: `text[start:end]`."""

    reference: Reference
    start: int
    end: int


def parse(text: str) -> Reference | None:
    """Return the reference that the whole of a text is; None where it is none.

    >>> parse("run:ab12#metrics.auc"), parse('run:"two words"').name, parse("https://x.org"), parse("see run:ab12")
    (Reference(kind='run', name='ab12', part='metrics.auc'), 'two words', None, None)
    """
    found = _WHOLE.fullmatch(text) if len(text) <= 5 * LONGEST else None
    return None if found is None else _reference(found["kind"], found["name"], found["quoted"], found["part"])


def references_in(markdown: str, *, most: int = MOST) -> list[Found]:
    """Return the references of a Markdown text, at most so many, in the order in which they stand.

    Code and URLs hold none. What ends a sentence or closes an emphasis is not part of a reference.

    >>> [str(one.reference) for one in references_in("See run:ab12, `run:cd34` and https://x.org/run:ef56.")]
    ['run:ab12']
    """
    code = code_in(markdown)
    starts = [start for start, _ in code]
    found: list[Found] = []
    for match in _IN_TEXT.finditer(markdown):
        if match["kind"] is None or _is_inside(match.start(), code, starts):
            continue
        name, part, end = match["name"], match["part"], match.end()
        if part is not None and part[0] != '"':
            bare = part.rstrip(_TRAILING)
            end -= len(part) - len(bare)
            part = bare or None
            if part is None:
                end -= 1  # the `#`
        elif part is None and name is not None:
            bare = name.rstrip(_TRAILING)
            end -= len(name) - len(bare)
            name = bare
        if not name and match["quoted"] is None:
            continue
        found.append(Found(_reference(match["kind"], name, match["quoted"], part), match.start(), end))
        if len(found) == most:
            break
    return found


def _is_inside(at: int, ranges: Sequence[tuple[int, int]], starts: Sequence[int]) -> bool:
    place = bisect_right(starts, at) - 1
    return place >= 0 and at < ranges[place][1]


def _reference(kind: str, name: str | None, quoted: str | None, part: str | None) -> Reference:
    """Return a reference from its parts as they are written: `%20` stands for a space, as in links."""
    plain = _plain(quoted) if quoted is not None else _decoded(name or "")
    return Reference(
        kind, plain, None if part is None else _plain(part) if part[0] == '"' else _decoded(part)
    )


def _decoded(text: str) -> str:
    decoded = unquote(text) if _PERCENT.search(text) else text
    return decoded if decoded.isprintable() else text


def _plain(quoted: str) -> str:
    return _ESCAPED.sub(r"\1", quoted[1:-1])


def _written(text: str, plain: re.Pattern[str]) -> str:
    if plain.fullmatch(text) and text == text.rstrip(_TRAILING) and not _PERCENT.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
