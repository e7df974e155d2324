"""Secrets that their name gives away: `password = hunter2`, `"api_key": "…"`, `--hf-token …`, `?sig=…`.

Each word such as `pass` or `token` in a text leads to the name around it; `scrub.names` judges the name; a separator must
follow; then the value is judged. Where it does not stand right behind, `scrub.farther` looks on. In free text much that
looks like this is program: `token = tokenizer.encode(text)`, `password = getpass()`, `token: str`. So a value without
quotes must not read as an expression.

Always true: nothing found crosses a line; the work at one name is bounded, but for values that are withheld.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gnomon.scrub.farther import find_farther
from gnomon.scrub.looks import (
    is_digest,
    is_drawn,
    is_made,
    is_name_of_variable,
    is_path,
    is_stand_in,
    is_telling,
)
from gnomon.scrub.names import HINTS, Said, said, said_of_items
from gnomon.scrub.spans import Span
from gnomon.scrub.urls import is_secret_parameter

_MAX_NAME = 64
_MAX_BARE = 512
_MAX_QUOTED = 1 << 14
_QUERY_HINTS = ("sig=", "nature=")  # names in a query only: elsewhere they begin too many words
_ESCAPED_HINTS = ("sig%3", "nature%3")
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_QUERY_SIGN = Said("signature", False, False)
_IN_PROSE = frozenset(("key", "token", "secret", "keys"))
_IS = "is"
_SETTING = ("ENV ", "ARG ", "setx ", "setenv ", "set ", "set -gx ", "set -x ", "set -Ux ")
_QUOTES = frozenset("\"'`")
_POINTING = frozenset(("->", "→", "|", "│", "┃"))


@lru_cache(maxsize=1)
def _after_name() -> re.Pattern[str]:
    # What closes the name (a quote, `"]`), and a separator. An annotation may stand before a `=`.
    return re.compile(
        r"""(?P<close>\\{0,3}["'`]?(?:\]|\))?(?:["'])?)[ \t]{0,24}"""
        r"""(?P<sign>:[ \t]?[A-Za-z][A-Za-z0-9_.\[\] |]{0,48}=(?!=)|[:=!]?=>?|:(?!:)|=>|%3[DdAa]|->|→|[|│┃]"""
        r"""|(?:,|[ \t])(?=[ \t]*\\{0,3}["'`])|>|[ \t])"""
        r"""(?P<gap>[ \t]{0,24})"""
    )


@lru_cache(maxsize=1)
def _rest_of_name() -> re.Pattern[str]:
    # Up to a character that may follow a name and lead to its value: most names end otherwise, and that is all they cost.
    return re.compile(r"""[A-Za-z0-9_.\-]{0,40}+["'`\])\\ \t:=!,>%]""")


_ENDS_OF_NAMES = frozenset("\"'`])\\ \t:=")


@lru_cache(maxsize=1)
def _to_list() -> re.Pattern[str]:
    return re.compile(
        r"""\\{0,3}["'`]?\]?[ \t]{0,24}(?::[ \t]?[A-Za-z][A-Za-z0-9_.\[\], |]{0,48}=|[:=]>?)[ \t]{0,24}[\[{(]"""
    )


@lru_cache(maxsize=1)
def _bare() -> re.Pattern[str]:
    return re.compile(rf"""[^\s"'`<>,;&|(){{}}\[\]\\]{{1,{_MAX_BARE}}}""")


@lru_cache(maxsize=1)
def _to_blank() -> re.Pattern[str]:
    return re.compile(r"[^\s]*+")


@lru_cache(maxsize=1)
def _to_quote() -> re.Pattern[str]:
    return re.compile(r"""[^\s"'`]*+""")


@lru_cache(maxsize=1)
def _line_head() -> re.Pattern[str]:
    return re.compile(r"""[ \t+\->#;*]*(?:(?:export|set|setx|ENV|ARG|env|declare -x)[ \t]+)?["']?""")


@lru_cache(maxsize=1)
def _identifier() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*\Z")


def find_assigned(text: str, lowered: str, vocabulary: str) -> list[Span]:
    """Return the values in `text` whose names say that they are secrets.

    `lowered` is `text` in lower case, `vocabulary` holds each of its words at least once, in lower case.
    """
    found: list[Span] = []
    hints = [hint for hint in (*HINTS, *_QUERY_HINTS) if hint in vocabulary]
    if "%3" in vocabulary:
        hints += [hint for hint in _ESCAPED_HINTS if hint in vocabulary]
    for hint in hints:
        rest_of_name = _rest_of_name().match
        size = len(hint.rstrip("=%3"))
        at = lowered.find(hint)
        while at >= 0:
            end = at + len(hint)
            rest = rest_of_name(text, at + size)
            if rest is not None:
                for span in _at_name(text, at, rest.end() - 1):
                    found.append(span)
                    end = max(end, span.end)
            at = lowered.find(hint, end)
    return found


def _at_name(text: str, at: int, end: int) -> list[Span]:
    """Return the secrets behind the name that holds the place `at` and ends at `end`."""
    start = _name_start(text, at)
    name = text[start:end].rstrip(".")
    about = said(name)
    in_query = start > 0 and (
        text[start - 1] in "?&" or text[max(0, start - 3) : start].lower() in ("%26", "%3f")
    )
    if (about is None or not about.is_sure) and name.lower() in _IN_PROSE:
        about = said(_with_word_before(text, start, name)) or about
    if about is None and in_query and name.lower().endswith(("sig", "signature")):
        about = _QUERY_SIGN
    if about is None:
        about = said_of_items(name) if name[-6:].lower() == "tokens" else None
        return _farther(text, start, end, name, about) if about is not None and _opens_list(text, end) else []
    hit = _after_name().match(text, end)
    if hit is not None:
        if (
            hit["sign"].isspace()
            and not (name.startswith("-") or about.is_sure)
            and not _is_told_without_sign(text, start, hit, about)
        ):
            return []
        value = _value(text, start, name, about, hit, in_query)
        if value is not None:
            return [Span(*value, about.kind, name.lstrip("-."), start)]
        if hit["sign"] != "," and text[hit.end() : hit.end() + 1] in _QUOTES:
            return []
    return _farther(text, start, end, name, about)


def _opens_list(text: str, end: int) -> bool:
    """Return whether a list or a dict follows the name that ends at `end`, as in `"tokens": {`; it takes little to see."""
    return text[end : end + 1] in _ENDS_OF_NAMES and _to_list().match(text, end) is not None


def _farther(text: str, start: int, end: int, name: str, about: Said) -> list[Span]:
    if _opens_list(text, end):
        about = said_of_items(name) or about
    return [
        Span(first, last, about.kind, name.lstrip("-."), start)
        for first, last in find_farther(text, end, about)
        if _is_secret_at_distance(text[first:last], name, about)
    ]


def _is_secret_at_distance(content: str, name: str, about: Said) -> bool:
    """Return whether what does not stand right behind a name is its secret: it must be telling as well."""
    if is_stand_in(content) or is_path(content) or is_name_of_variable(content):
        return False
    letters = "".join(filter(str.isalpha, content.lower()))
    if letters and (letters in "".join(filter(str.isalpha, name.lower())) or letters in _TYPES):
        return False
    if not about.is_sure:
        return _looks_secret(content, about)
    words = content.split()
    return 0 < len(words) <= 3 and is_telling(words[-1], by_people=about.by_people)


def _name_start(text: str, at: int) -> int:
    start, least = at, max(0, at - _MAX_NAME)
    while start > least and text[start - 1] in _NAME_CHARACTERS:
        start -= 1
    if start and text[start - 1] == "%" and at - start >= 2:  # %26token
        return start + 2
    if start and text[start - 1] == "\\" and start < at and text[start] in "nrt":  # a line end written out
        return start + 1
    return start


def _with_word_before(text: str, start: int, name: str) -> str:
    """Return the name with the word before it: `API key: …`, `access token is …`; in prose names have blanks."""
    if start < 2 or text[start - 1] != " " or not text[start - 2].isalnum():
        return name
    first = start - 1
    while first > max(0, start - 24) and text[first - 1].isalnum():
        first -= 1
    return f"{text[first : start - 1]}_{name}"


# ---------------------------------------------------------------- values


def _value(
    text: str, start: int, name: str, about: Said, hit: re.Match[str], in_query: bool
) -> tuple[int, int] | None:
    at = hit.end()
    quoted = _quoted(text, at)
    sign = hit["sign"].strip()
    if quoted is not None and sign not in _POINTING:
        first, last, is_closed = quoted
        content = text[first:last]
        if (
            sign in ("", ",")
            and not name.startswith("-")
            and not (about.is_sure and (about.by_people or is_made(content)))
        ):
            return None
        if sign == "," and not name.startswith("-") and not is_made(content) and not _is_call(text, start):
            return None
        if not is_closed and len(content.split()) > 1:
            content = content.split()[0]
        return (first, last) if is_secret_text(content, name, about) else None
    if sign in ("==", "!=", ","):
        return None
    if sign in _POINTING:
        return _pointed_at(text, at, name, about)
    return _bare_value(text, start, name, about, hit, in_query)


def _pointed_at(text: str, at: int, name: str, about: Said) -> tuple[int, int] | None:
    """Return the value in the next column of a table, or behind an arrow, if it is telling."""
    quoted = _quoted(text, at)
    if quoted is not None:
        first, last = quoted[:2]
    else:
        first, last = at, _to_blank().match(text, at).end()  # type: ignore[union-attr]  # it matches nothing too
        last = first + len(text[first:last].rstrip("|│┃,;"))
    return (first, last) if _is_secret_at_distance(text[first:last], name, about) else None


def _is_call(text: str, start: int) -> bool:
    """Return whether a call that takes a name and a value stands before: `setenv("NAME", "value")`."""
    return text[max(0, start - 16) : start - 1].endswith(
        ("setenv(", "putenv(", "setdefault(", "getenv(", ".get(", ".set(")
    )


def _quoted(text: str, at: int) -> tuple[int, int, bool] | None:
    """Return (start, end, whether it is closed) of the content of the quotes that open at `at`; None where none do."""
    first = at
    while first < at + 2 and text[first : first + 1] in tuple("rRbBuUfF"):
        first += 1
    opening = first
    while first < opening + 3 and text[first : first + 1] == "\\":
        first += 1
    quote = text[first : first + 1]
    if quote not in ("'", '"', "`") or not quote:
        return None
    closing = text[opening:first] + quote
    if opening == first and text.startswith(quote * 3, first):
        closing = quote * 3
    first = opening + len(closing)
    limit = min(
        [
            end
            for end in (
                text.find("\n", first, first + _MAX_QUOTED),
                text.find("\r", first, first + _MAX_QUOTED),
            )
            if end >= 0
        ],
        default=min(len(text), first + _MAX_QUOTED),
    )
    last = text.find(closing, first, limit)
    while last >= 0 and closing == quote and _is_escaped(text, last):
        last = text.find(closing, last + 1, limit)
    if last < 0:
        return first, limit, False
    return first, last, True


def _is_escaped(text: str, at: int) -> bool:
    count = 0
    while count < 16 and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def is_secret_text(content: str, name: str, about: Said) -> bool:
    """Return whether what stands in quotes behind `name` is its secret."""
    if is_stand_in(content) or (about.never_path and is_path(content)) or is_named_variable(content):
        return False
    if not about.is_sure:
        return _looks_secret(content, about)
    if content.lower() in _TYPES:
        return False
    letters = "".join(filter(str.isalnum, content.lower()))
    own = "".join(filter(str.isalnum, name.lower()))
    if letters == own or (letters and own.endswith(letters) and not any(map(str.isdigit, letters))):
        return False  # a label: `"password": "password"`
    if " " in content.strip():
        words = content.split()
        if len(words) <= 3 and (is_made(words[-1]) or is_digest(words[-1])):  # `SSWS 00q7…`
            return True
        return about.by_people and len(content) <= 128 and not _is_sentence(content, own)
    return len(content) >= 3 and not (about.kind != "password" and content.isalpha() and len(content) < 8)


@lru_cache(maxsize=1)
def _word_and_number() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z]+[_.:/-][0-9]+")


def is_named_variable(content: str) -> bool:
    """Return whether `content` is the name of a variable that holds a secret, as in `api_key_env="OPENAI_API_KEY"`."""
    return is_name_of_variable(content) and said(content) is not None


def _is_sentence(content: str, own: str) -> bool:
    words = content.lower().split()
    return any(
        word.strip(".,:;!?'\"") in (own, "password", "passphrase", "the", "your", "must", "is")
        for word in words
    )


def _looks_secret(value: str, about: Said) -> bool:
    if is_digest(value):
        return about.hex_counts
    if ":" in value and about.kind == "credentials" and " " not in value and "/" not in value:
        return len(value) >= 8 and any(map(str.isdigit, value)) and not value.startswith("sha")
    if about.telling_counts and is_telling(value, by_people=about.by_people):
        return not value.isalpha() and not _word_and_number().fullmatch(value)
    return (
        is_made(value)
        and not value.startswith(("sha256:", "http://", "https://", "s3://", "gs://"))
        and " " not in value
    )


def _bare_value(
    text: str, start: int, name: str, about: Said, hit: re.Match[str], in_query: bool
) -> tuple[int, int] | None:
    at = hit.end()
    found = _bare().match(text, at)
    if found is None:
        return None
    value, end = found[0], found.end()
    sign = hit["sign"].strip()
    if sign == ">":
        return (at, end) if text.startswith("</", end) and is_secret_text(value, name, about) else None
    if in_query or sign.startswith("%"):
        value = value.partition("%26")[0]
        parameter = is_secret_parameter(name, value) and len(value) >= 4
        return (at, at + len(value)) if parameter else None
    if sign == "" and not name.startswith("-") and not is_made(value) and not is_digest(value):
        if not _is_told_without_sign(text, start, hit, about):
            return None
        if about.is_sure and is_telling(value, by_people=False):
            return at, at + len(value)
        if not about.by_people:
            return None
    is_line = _heads_line(text, start)
    value = value.rstrip(".:") if not is_line else value
    if text[end : end + 1] in ("(", "[") and _identifier().match(value):
        return None  # a call or an item
    if value == _IS or (sign == "" and value.startswith("--")):
        return None
    if is_line and about.by_people and sign:
        whole = _to_blank().match(text, at)[0]  # type: ignore[index]  # it matches nothing too
        if whole != value and any(map(str.isdigit, whole)):
            value, end = whole, at + len(whole)
    if not _is_secret_word(text, value, end, name, about, hit, is_line=is_line):
        return None
    if is_line and sign:  # all of the line's word: a password may hold any sign
        end = _to_blank().match(text, at).end()  # type: ignore[union-attr]  # it matches nothing too
        if sign == "=" and about.by_people:
            end = _end_of_phrase(text, end)
        return at, at + len(text[at:end].rstrip(",;"))
    if name.startswith("--") or len(found[0]) == _MAX_BARE:
        return at, _to_quote().match(text, at).end()  # type: ignore[union-attr]
    return at, at + len(value)


def _heads_line(text: str, start: int) -> bool:
    least = max(0, start - 32)
    line = max(text.rfind("\n", least, start), text.rfind("\r", least, start)) + 1
    if line == 0 and least > 0:
        return False
    return _line_head().fullmatch(text, line, start) is not None


def _is_told_without_sign(text: str, start: int, hit: re.Match[str], about: Said) -> bool:
    """Return whether a word behind a name may be its value without any sign: a column, or an argument of `set` and others."""
    before = text[max(0, start - 24) : start]
    if "\t" in hit["sign"] + hit["gap"] or before.endswith(_SETTING):
        return True
    return about.by_people and _is_netrc(text, start)


def _is_netrc(text: str, start: int) -> bool:
    before = text[max(0, start - 200) : start]
    before = before[max(before.rfind("\n"), before.rfind("\r")) + 1 :]
    return "login " in before or "machine " in before or (before != "" and not before.strip())


def _end_of_phrase(text: str, end: int) -> int:
    """Return where a passphrase of several words ends; the line must hold nothing but words and a comment."""
    limit = min(
        [place for place in (text.find("\n", end, end + 160), text.find("\r", end, end + 160)) if place >= 0],
        default=-1,
    )
    if limit < 0:
        limit = len(text) if len(text) - end < 160 else end
    rest = text[end:limit].partition(" #")[0].rstrip()
    words = rest.split()
    if (
        words
        and all(word.isalnum() for word in words)
        and not {"if", "or", "and", "else", "for"}.intersection(words)
    ):
        return end + len(rest)
    return end


def _is_secret_word(
    text: str, value: str, end: int, name: str, about: Said, hit: re.Match[str], *, is_line: bool
) -> bool:
    """Return whether a value without quotes is a secret, not an expression or the next word of a sentence."""
    if is_stand_in(value) or is_path(value) or value.lower() in _TYPES or is_named_variable(value):
        return False
    if not about.is_sure:
        return _looks_secret(value, about)
    if is_made(value) or is_digest(value) or is_drawn(value):
        return True
    is_tight = not hit["gap"] and hit["sign"].strip() == "=" and not text[hit.start("sign") - 1].isspace()
    is_environment = is_tight and (name.isupper() or name.startswith("--"))
    least = 4 if about.by_people else 8
    if len(value) < least:
        return False
    if is_environment or name.startswith("--"):
        return True
    if value.isdigit() or value.replace(".", "", 1).isdigit():
        return about.by_people and is_line and len(value) >= 6
    rest = _rest_of_line(text, end)
    if _identifier().match(value):
        return _is_word_not_variable(value, name, about, hit, rest, is_line=is_line, is_tight=is_tight)
    has_digit = any(map(str.isdigit, value))
    if not about.by_people:
        return has_digit and any(map(str.isalpha, value)) and not rest.startswith(("(", "["))
    is_assigned = is_line and hit["sign"].strip() == "="
    return (has_digit or is_tight or is_assigned or not rest) and not rest.startswith(("(", "["))


def _rest_of_line(text: str, end: int) -> str:
    return text[end : end + 80].partition("\n")[0].partition("\r")[0].strip()


_TYPES = frozenset(
    "string str int bool bytes float text any password secret token key auto default optional required".split()
)
_VARIABLES = (
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "auth",
    "cred",
    "input",
    "prompt",
    "self.",
    "args",
    "config",
    "cfg",
    "env",
    "none",
)
_WORDS = frozenset(
    "value values data text line lines string result response default settings object model item items name first request "
    "params kwargs options opts required optional false true float bytes tuple list dict type types unset missing wrong "
    "incorrect invalid expired accepted rejected changed created deleted failed updated generated reset".split()
)


def _is_word_not_variable(
    value: str, name: str, about: Said, hit: re.Match[str], rest: str, *, is_line: bool, is_tight: bool
) -> bool:
    lowered = value.lower()
    if any(part in lowered for part in _VARIABLES) or lowered in _WORDS or lowered in name.lower():
        return False
    digits = sum(map(str.isdigit, value))
    if not about.by_people:
        return digits >= 2 and len(value) >= 12
    if "." in value:
        return digits > 0 and value != lowered
    if digits and not value[:-1].isalpha():
        return True
    if digits:  # one digit at the end: `hunter2`, or a variable
        return len(value) >= 6 and not rest.startswith((",", ")"))
    if "_" in value or rest.lstrip(",;")[:1] not in ("", "#", "&"):
        return False
    return (
        (is_line or is_tight)
        and len(value) >= 6
        and not rest.startswith(",")
        and hit["sign"].strip() in ("=", ":")
    )


def is_secret_value(value: str, about: Said) -> bool:
    """Return whether a value that stands alone (an argument, a parameter) is the secret that its name says it is."""
    if is_stand_in(value) or (about.never_path and is_path(value)) or is_named_variable(value):
        return False
    return True if about.is_sure else _looks_secret(value, about)
