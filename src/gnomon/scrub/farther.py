"""Where a named secret may stand if not right behind its name: in a list or dict, as a default, behind `or`, in a call.

`api_keys: [a, b]`, `{"tokens": {"hf": "…"}}`, `add_argument("--password", default="…")`, `getenv("API_KEY") or "…"`,
`api_key: str = Field(default="…")`. Only places are told; the caller judges what stands there, more strictly than beside a
name. In a call of any other function (`load("…")`) only what looks drawn by chance is told.

Always true: nothing found crosses a line; at one name no more than `_MAX_LIST` characters are looked at.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from gnomon.scrub.looks import is_digest, is_made
from gnomon.scrub.names import Said, is_beside_secrets

_MAX_LIST = 1200
_MAX_EXPRESSION = 300
_LEAST = 8
_DEFAULTS = frozenset(("default=", "const=", "fallback=", "initial=", "default_value="))
_ALTERNATIVES = frozenset(("or", "else", "|", "?", ":-"))
_WRAPPERS = ("SecretStr", "SecretBytes", "Secret", "str", "bytes", "Option", "Argument")
_WITH_DEFAULT = ("getenv", ".get", "setdefault", "environ", "env", "config")
_OPENING, _CLOSING = "([{", ")]}"


class _Call(NamedTuple):
    """An open bracket: of a list, a dict or a group, or of a call of `function`."""

    function: str
    is_call: bool


@lru_cache(maxsize=1)
def _to_value() -> re.Pattern[str]:
    return re.compile(
        r"""(?P<close>\\{0,3}["'`]?\]?)[ \t]{0,24}"""
        r"""(?P<sign>:[ \t]?[A-Za-z][A-Za-z0-9_.\[\], |]{0,48}=(?!=)|[:=]>?|,)[ \t]{0,24}(?P<first>.?)"""
    )


@lru_cache(maxsize=1)
def _token() -> re.Pattern[str]:
    return re.compile(
        r"""[bBrRuU]{0,2}(?P<quote>\\{0,3}["'`])(?P<content>(?:(?!(?P=quote))(?:\\.|[^\\]))*+)(?P=quote)"""
        r"""|(?P<word>[^\s,"'`\[\]{}();:=|?\\]++=*)|(?P<sign>:-|\S)"""
    )


@lru_cache(maxsize=1)
def _long_run() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9]{16,}+")


def find_farther(text: str, end: int, about: Said) -> list[tuple[int, int]]:
    """Return where behind the name that ends at `end` its secret may stand."""
    hit = _to_value().match(text, end)
    if hit is None or not hit["first"]:
        return []
    sign, first = hit["sign"], hit["first"]
    opens = first in _OPENING and sign != ","
    if not opens and sign != "," and first in "\"'`":
        return []  # a text, which was judged already
    start = hit.start("first")
    limit = min(
        [place for place in (text.find("\n", start), text.find("\r", start)) if place >= 0], default=len(text)
    )
    limit = min(limit, start + (_MAX_LIST if opens else _MAX_EXPRESSION))
    if not (about.is_sure or about.telling_counts) and _long_run().search(text, start, limit) is None:
        return []
    if sign == ",":
        if not hit["close"] or not any(word in text[start:limit] for word in _DEFAULTS):
            return []
    elif not opens and not any(quote in text[start:limit] for quote in "\"'`"):
        return []
    is_tight = sign == "=" and first == "(" and hit.end("close") + 2 == hit.end()
    return _Looking(
        text, start, limit, sign, opens=opens, bare=sign == ":" or is_tight, any_blank=is_tight
    ).places()


class _Looking:
    """One look along a line."""

    def __init__(
        self, text: str, start: int, limit: int, sign: str, *, opens: bool, bare: bool, any_blank: bool
    ) -> None:
        self._text, self._start, self._limit = text, start, limit
        self._only_defaults = sign == ","
        self._opens, self._bare, self._any_blank = opens, bare, any_blank
        self._open: list[_Call] = []
        self._before = ["", ""]  # the two tokens before
        self._key = ""

    def places(self) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for token in _token().finditer(self._text, self._start, self._limit):
            content, word, sign = token["content"], token["word"], token["sign"]
            if content is not None:
                if self._text[token.end() : token.end() + 2].lstrip()[:1] == ":":
                    self._key = content
                elif len(content) >= _LEAST and self._may_be(content):
                    found.append(token.span("content"))
            elif word is not None:
                following = self._text[token.end() : token.end() + 1]
                if following == ":":
                    self._key = word
                elif len(word) >= _LEAST and following not in ("(", "[", "=") and self._may_be_bare(word):
                    found.append(token.span("word"))
            elif not self._pass_sign(sign):
                break
            self._before = [self._before[1], (content and '"') or word or sign or '"']
        return found

    def _pass_sign(self, sign: str) -> bool:
        """Return whether to go on behind a bracket or comma."""
        if sign in _OPENING:
            function = self._before[1]
            is_call = sign == "(" and bool(function) and (function[-1].isalnum() or function[-1] == "_")
            self._open.append(_Call(function, is_call and function not in ("or", "and", "else", "in", "if")))
        elif sign in _CLOSING:
            if not self._open:
                return False
            self._open.pop()
            return not (self._opens and not self._open and not self._only_defaults)
        elif sign in ",;" and not self._open:
            return self._only_defaults
        return True

    def _may_be(self, content: str) -> bool:
        before = self._before[1]
        if before in _DEFAULTS:
            return True
        if self._only_defaults:
            return False
        if before in _ALTERNATIVES:
            return True
        call = next((one for one in reversed(self._open) if one.is_call), None)
        if call is not None:
            if before == "(" and call.function.endswith(_WRAPPERS):
                return True
            if before == "," and call.function.endswith(_WITH_DEFAULT):
                return True
            return before in ("(", ",") and (is_made(content) or is_digest(content))
        return bool(self._open) and self._is_item(before)

    def _may_be_bare(self, word: str) -> bool:
        if not self._open or not self._opens or any(one.is_call for one in self._open):
            return False
        if not self._any_blank and not self._is_item(self._before[1]):
            return False
        return self._bare or is_made(word) or is_digest(word)

    def _is_item(self, before: str) -> bool:
        if before == ":":
            return not is_beside_secrets(self._key)
        return before in ("[", "(", "{", ",", '"')
