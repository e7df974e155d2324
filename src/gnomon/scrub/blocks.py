"""Private keys that take several lines: PEM, OpenSSH, PGP and PuTTY blocks.

The lines of a text go through a `Blocks` in order. It knows whether a key has begun, and takes out the lines that
can be part of one, also where they are indented, quoted, numbered or marked as in a diff, and where lines of another
thread stand between them.

Always true: what comes out depends on the lines alone, not on how they were grouped. A key without an end stops being
one after `_PATIENCE` other lines.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gnomon.scrub.spans import Span, mark

KIND = "private-key"
_PATIENCE = 8
_MIN_MATERIAL = 32
_TRIGGERS = ("PRIVATE KEY", "Private-Lines:")


@lru_cache(maxsize=1)
def _begin() -> re.Pattern[str]:
    return re.compile(
        r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-Lines: [0-9]{1,4}"
    )


@lru_cache(maxsize=1)
def _end() -> re.Pattern[str]:
    return re.compile(r"-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")


@lru_cache(maxsize=1)
def _material() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9+/=]{32,}|(?<![A-Za-z0-9])=[A-Za-z0-9+/]{4}(?![A-Za-z0-9])")


@lru_cache(maxsize=1)
def _head_line() -> re.Pattern[str]:
    return re.compile(
        r"""[\s>+\-|"']{0,16}(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|X-[A-Za-z-]{1,40}): [^\r\n]{0,200}"""
    )


@lru_cache(maxsize=1)
def _short_tail() -> re.Pattern[str]:
    # The last line of a key may be short; what decorates it in diffs, quotes and listings may stay around it.
    return re.compile(r"""[\s>+\-|"'0-9:]{0,16}[A-Za-z0-9+/]{1,80}={0,2}(?:\\[nr]|["',;)\\ ]){0,6}\s{0,2}""")


def may_begin(text: str) -> bool:
    """Return whether a private key may begin in `text`."""
    return any(trigger in text for trigger in _TRIGGERS)


def find_in_words(text: str) -> list[Span]:
    """Return the private keys in `text`, the words of a command: a shell cuts a key at its blanks and line ends."""
    found: list[Span] = []
    begin = _begin().search(text) if may_begin(text) else None
    while begin is not None:
        end = _end().search(text, begin.end())
        last = end.end() if end is not None else len(text)
        if _material().search(text, begin.end(), last):
            found.append(Span(begin.start(), last, KIND, "", begin.start()))
        begin = _begin().search(text, last)
    return found


class Blocks:
    """Where in a private key the lines are. `taken` counts the keys taken out so far."""

    def __init__(self) -> None:
        self.is_open = False
        self.taken = 0
        self._is_marked = False
        self._was_material = False
        self._others = 0

    def pass_lines(self, text: str) -> str:
        """Return `text`, whole lines, without the private keys in it."""
        if not self.is_open and not may_begin(text):
            return text
        return "".join([self._pass_line(line) for line in _lines(text)])

    def _pass_line(self, line: str) -> str:
        parts: list[str] = []
        while True:
            if not self.is_open:
                begin = _begin().search(line) if may_begin(line) else None
                if begin is None:
                    return "".join([*parts, line])
                self._open()
                parts.append(line[: begin.start()])
                line, header = line[begin.end() :], begin[0]
                end = _end().search(line)
                if end is None:
                    return "".join([*parts, self._rest_of_begin(header, line)])
            else:
                end = _end().search(line) if "END" in line else None
                if end is None:
                    return "".join([*parts, self._inside(line)])
                if (
                    not self._was_material
                    and not _material().search(line[: end.start()])
                    and not self._is_marked
                ):
                    parts.append(line[: end.start()])  # an empty block that nothing was taken from
            parts.append(self._mark())
            line = line[end.end() :]
            self.is_open = False
            if not line.strip() and not "".join(parts).strip():
                return ""

    def _open(self) -> None:
        self.is_open, self._is_marked, self._was_material, self._others = True, False, False, 0

    def _mark(self) -> str:
        if self._is_marked:
            return ""
        self._is_marked = True
        self.taken += 1
        return mark(KIND)

    def _rest_of_begin(self, header: str, rest: str) -> str:
        """Return what to keep of a line from the header of a key on."""
        if not rest.strip():
            return self._mark() + rest
        if _material().search(rest):
            self._was_material = True
            ending = rest[len(rest.rstrip("\r\n")) :]
            return self._mark() + ending
        return header + rest  # program text that names the header; what follows is watched

    def _inside(self, line: str) -> str:
        ending = line[len(line.rstrip("\r\n")) :]
        is_tail = self._was_material and _short_tail().fullmatch(line) is not None and line.strip() != ""
        if _material().search(line) or is_tail:
            self._was_material, self._others = True, 0
            opened = self._mark()
            return opened + ending if opened else ""
        if self._is_marked and (_head_line().match(line) or not line.strip()):
            return ""
        self._others += 1
        self._was_material = False
        if self._others >= _PATIENCE:
            self.is_open = False
        return line


@lru_cache(maxsize=1)
def _line() -> re.Pattern[str]:
    return re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]++")


def _lines(text: str) -> list[str]:
    """Return the lines of `text`; `\\n`, `\\r` and `\\r\\n` end one, nothing else does."""
    return _line().findall(text)
