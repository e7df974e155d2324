"""Secrets known word for word: values of variables whose names say so, and what was withheld once because of its name.

Variables of the environment are judged more strictly than names in texts: a value that is withheld wrongly costs little
here. They are looked at again whenever the environment has changed, and found also inside of words. What was withheld
by its name (`--password V`, `params={"db_password": V}`) is found from then on as a whole word, if it is telling: see
`looks.is_telling`.

Always true: a literal is found wherever it stands in a line, also as it is written in JSON, in a URL or in a `repr`. At
most `MAX_LEARNT` values are remembered, the newest; they stay in memory, and go nowhere else.
Not promised: other encodings of it, such as base64, and parts of it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.scrub.looks import is_drawn, is_made, is_number, is_ordinary, is_telling
from gnomon.scrub.names import SHELL_FOLDERS, is_special_token, kind_of_variable, said
from gnomon.scrub.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LONG = 20
MAX_LEARNT = 256
_MAX_OF_VARIABLES = 512
_MIN_SIZE = 8
_MIN_LINE = 16  # of a value of several lines, each line that is this long counts on its own
_BY_PEOPLE = frozenset(("password", "url-password", "credentials", "secret"))
_FEW = 48  # so many values are looked for one by one; of more, only those whose longest part is a word of the text
_PATH_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/~")
_MIN_HOME = 6


class _Known(NamedTuple):
    """A way in which a secret may be written."""

    written: str
    part: str  # the longest run of letters and digits in it: a text without this does not hold it
    kind: str
    name: str


def _is_long(value: str) -> bool:
    """Return whether a value that its name gave away is too long to be met by chance: letters alone, or several words.

    >>> _is_long("hlbrqetvwvztqkgxpwdulxin"), _is_long("correct horse battery staple"), _is_long("tokenizer")
    (True, True, False)
    """
    return len(value) >= _LONG and (value.isalpha() or value.count(" ") > 1)


class Literals:
    """The secret values that a process knows. Safe to ask from several threads; one at a time may teach."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._seen: dict[Any, Any] | None = None
        self._variables: dict[str, _Known] = {}
        self._learnt: dict[str, tuple[_Known, ...]] = {}  # the value: how it may be written; the oldest first
        self._words: tuple[_Known, ...] = ()  # of all that was learnt
        self.look_again()

    def look_again(self) -> None:
        """Learn the variables that were set since. Costs next to nothing where none was."""
        # What `os.environ` keeps inside: comparing that takes a microsecond, decoding it all takes fifty.
        inside = getattr(self._environ, "_data", self._environ)
        if inside == self._seen:
            return
        self._seen = dict(inside)
        self.learn_variables(dict(self._environ).items())

    def learn_variables(self, variables: Iterable[tuple[str, str]]) -> None:
        """Remember the values of the variables whose names say that they are secret."""
        known = dict(self._variables)
        for name, value in variables:
            kind = _kind(name, value)
            if kind is not None and len(known) < _MAX_OF_VARIABLES:
                for written in _written(value):
                    known.setdefault(written, _Known(written, _longest_part(written), kind, name))
        self._variables = known

    def learn(self, value: str, kind: str, name: str) -> tuple[_Known, ...]:
        """Remember a value that its name gave away; return how it may be written, nothing where it is not telling or known."""
        if value in self._learnt or not (is_telling(value, by_people=kind in _BY_PEOPLE) or _is_long(value)):
            return ()
        new = tuple(
            _Known(written, _longest_part(written), kind, name) for written in sorted(_written(value))
        )
        learnt = dict(self._learnt)
        while len(learnt) >= MAX_LEARNT:
            del learnt[next(iter(learnt))]
        learnt[value] = new
        self._learnt, self._words = learnt, tuple(one for ways in learnt.values() for one in ways)
        return new

    def learn_all_of(self, other: Literals) -> None:
        """Remember what `other` does, as after a fork."""
        self._variables = {**other._variables, **self._variables}
        self._learnt = {**other._learnt, **self._learnt}
        self._words = tuple(one for ways in self._learnt.values() for one in ways)

    def learn_from(self, text: str, spans: Iterable[Span]) -> list[Span]:
        """Remember what a text gives away by name; return where else it stands, from the line on that names it.

        Not before: what comes out must not depend on how a text is cut into lines.
        """
        found: list[Span] = []
        for span in sorted(spans):
            value = text[span.start : span.end]
            if span.kind == "url-password":
                value = value.partition(":")[2]
            new = self.learn(value, span.kind, span.name)
            if new:
                line = max(text.rfind("\n", 0, span.since), text.rfind("\r", 0, span.since)) + 1
                found += [other for one in new for other in _whole_words(text, one, line)]
        return found

    def find(self, text: str, vocabulary: str) -> list[Span]:
        """Return every place where `text` holds one of the values; `vocabulary` holds each of its words at least once."""
        found: list[Span] = []
        for one in self._variables.values():
            if one.part in vocabulary:
                found += _anywhere(text, one)
        words = self._words
        if words:
            for one in words if len(words) <= _FEW else _with_a_part_in(words, vocabulary):
                if one.part in vocabulary:
                    found += _whole_words(text, one, 0)
        return found


def _with_a_part_in(known: Iterable[_Known], vocabulary: str) -> Iterator[_Known]:
    parts = set(_runs().findall(vocabulary))
    parts.update(_escaped_runs().findall(vocabulary))
    return (one for one in known if len(one.part) < 4 or one.part in parts)


@lru_cache(maxsize=1)
def _runs() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9]{4,}+")


@lru_cache(maxsize=1)
def _escaped_runs() -> re.Pattern[str]:
    return re.compile(r"(?:\\[nrt]|%[0-9A-Fa-f]{2})([A-Za-z0-9]{4,}+)")


def _longest_part(written: str) -> str:
    return max(re.findall("[A-Za-z0-9]+", written), key=len, default="")


def _anywhere(text: str, one: _Known) -> Iterator[Span]:
    size = len(one.written)
    at = text.find(one.written)
    while at >= 0:
        yield Span(at, at + size, one.kind, one.name, at)
        at = text.find(one.written, at + size)


def _whole_words(text: str, one: _Known, start: int) -> Iterator[Span]:
    size = len(one.written)
    at = text.find(one.written, start)
    while at >= 0:
        end = at + size
        if _begins_word(text, at) and not (_is_of_word(text[end : end + 1]) and _is_of_word(text[end - 1])):
            yield Span(at, end, one.kind, one.name, at)
        else:
            end = at + 1
        at = text.find(one.written, end)


def _begins_word(text: str, at: int) -> bool:
    if not at or not _is_of_word(text[at - 1]) or not _is_of_word(text[at]):
        return True
    return text[max(0, at - 2) : at] in ("\\n", "\\r", "\\t") or (at > 2 and text[at - 3] == "%")


def _is_of_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


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
    if "\\" in value:  # it may have been read from a program, where `\"` stands for a quote
        plain |= {re.sub(r"""\\(["'\\])""", r"\1", one) for one in plain}
    ways = set(plain)
    for one in plain:
        if one.isalnum() and one.isascii():
            continue
        from json import (
            dumps,
        )  # only where a value has signs in it: `json` and `urllib.parse` take their time
        from urllib.parse import quote, quote_plus

        ways.update((dumps(one)[1:-1], dumps(one, ensure_ascii=False)[1:-1], repr(one)[1:-1]))
        as_bytes = one.encode("utf-8", "surrogatepass")
        ways.update((quote(as_bytes, safe=""), quote(as_bytes), quote_plus(as_bytes)))
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
