"""Secrets known word for word: the values of environment variables whose name says so; and the user's home folder.

Names of variables are judged more strictly than those in texts: a value that is withheld wrongly costs little here.

Always true: a literal is found wherever it stands in a line, also as it is written in JSON, in a URL or in a `repr`.
Not promised: other encodings of it, such as base64, and parts of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.scrub.looks import is_drawn, is_made, is_number, is_ordinary
from gnomon.scrub.names import SHELL_FOLDERS, is_special_token, kind_of_variable, said
from gnomon.scrub.spans import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

_MIN_SIZE = 8
_MIN_LINE = 16  # of a value of several lines, each line that is this long counts on its own
_PATH_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/~")
_MIN_HOME = 6


class Literals:
    """The secret values of an environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._known: dict[str, tuple[str, str]] = {}  # the text to find: (kind, name)
        for name, value in environ.items():
            kind = _kind(name, value)
            if kind is not None:
                for written in _written(value):
                    self._known.setdefault(written, (kind, name))

    def find(self, text: str) -> list[Span]:
        """Return every place where `text` holds one of the values."""
        found: list[Span] = []
        for value, (kind, name) in self._known.items():
            at = text.find(value)
            while at >= 0:
                found.append(Span(at, at + len(value), kind, name, at))
                at = text.find(value, at + len(value))
        return found


def _kind(name: str, value: str) -> str | None:
    """Return what kind of secret a variable holds, None where it holds none."""
    if name in SHELL_FOLDERS or len(value) < _MIN_SIZE or is_ordinary(value):
        return None
    about = said(name)
    if about is not None and about.is_sure:
        return about.kind
    kind = kind_of_variable(name)
    if kind is not None and not is_number(value) and (is_drawn(value) or not is_special_token(name)):
        return kind
    return about.kind if about is not None and is_made(value) else None


def _written(value: str) -> set[str]:
    """Return the ways in which `value` may be written in a line of text."""
    lines = value.splitlines()
    plain = {value} if len(lines) == 1 else {line.strip() for line in lines if len(line.strip()) >= _MIN_LINE}
    ways = set(plain)
    for one in plain:
        if one.isalnum() and one.isascii():
            continue
        from json import (
            dumps,
        )  # only where a value has signs in it: `json` and `urllib.parse` take their time
        from urllib.parse import quote, quote_plus

        ways.update((dumps(one)[1:-1], dumps(one, ensure_ascii=False)[1:-1], repr(one)[1:-1]))
        ways.update((quote(one, safe=""), quote(one), quote_plus(one)))
    return {way for way in ways if len(way) >= _MIN_SIZE}


def usable_home(home: str | None) -> str:
    """Return the home folder to replace by `~`; empty where there is none or it is too short to tell anything."""
    if not home:
        return ""
    home = home.rstrip("/")
    return home if len(home) >= _MIN_HOME and home.startswith("/") and home.count("/") >= 2 else ""


def without_home(text: str, home: str) -> str:
    """Return `text` with `~` in place of the home folder, where it stands as a whole path or begins one."""
    at = text.find(home)
    if at < 0:
        return text
    parts, done = [], 0
    while at >= 0:
        end = at + len(home)
        if _begins_path(text, at) and _ends_name(text, end):
            parts.append(text[done:at])
            parts.append("~")
            done = end
        at = text.find(home, end)
    parts.append(text[done:])
    return "".join(parts)


def _begins_path(text: str, at: int) -> bool:
    if at == 0 or text[at - 1] not in _PATH_CHARACTERS:
        return True
    before = text[max(0, at - 3) : at]
    return before.endswith("://") or (len(before) >= 2 and before[-2] == "-" and before[-1] in "ILF")


def _ends_name(text: str, end: int) -> bool:
    following = text[end : end + 2]
    if not following or following[0] not in _PATH_CHARACTERS or following[0] == "/":
        return True
    return following[0] == "." and (len(following) == 1 or following[1] not in _PATH_CHARACTERS)
