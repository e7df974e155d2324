"""Secrets that their surroundings give away: headers, cookies, and the commands that take a password without naming it.

Always true: nothing found crosses a line, and each pattern is bounded.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from functools import lru_cache

from gnomon.scrub.looks import is_digest, is_made, is_name_of_variable, is_stand_in, is_telling
from gnomon.scrub.spans import Span

_ANY, _MADE, _BASIC, _COOKIE, _NO_PORT, _TELLING = "any", "made", "basic", "cookie", "no port", "telling"
_MIXED = "mixed"
_BLANKS = r"[ \t]{1,4}"
_SIGN = r"""\\{0,3}["']?[ \t]{0,4}(?:[:=,]|%3a)[ \t]{0,4}\\{0,3}f?["']?"""  # between the name and the value of a header
_ARGUMENTS = r"(?:[ \t]{1,4}[^\s|;]{1,128}){0,6}?[ \t]{1,4}"
_WORD = r"""["']?([^\s"']{1,256})"""
_QUOTE = r"""\\{0,3}["']"""
_BLANK = r"[ \t]{0,4}"
_QUOTED = rf"""{_QUOTE}([^\r\n"'\\]{{1,256}})"""
# What must stand in the text, the kind, the pattern (group 1 is the secret), and how it must look. All of it is in lower
# case and reads the text in lower case, which is several times faster than patterns that ignore case.
_CONTEXTS = (
    (
        "authorization",
        "authorization",
        (
            rf"authorization{_SIGN}(?:(?:bearer|basic|token|digest|apikey|negotiate|bot|key)(?:{_BLANKS}|%20|\+))?+"
            r"""([^\s"'\\,;<>(){}\[\]]{6,})"""
        ),
        _ANY,
    ),
    ("bearer", "bearer-token", rf"bearer(?:{_BLANKS}|%20)([a-z0-9._~+/=\-]{{12,}})", _MADE),
    ("basic", "basic-auth", rf"basic{_BLANKS}([a-z0-9+/]{{8,2048}}={{0,2}})", _BASIC),
    ("cookie", "cookie", rf"""cookie{_SIGN}([a-z0-9_.\-]{{1,64}}=[^\r\n"']{{4,}})""", _COOKIE),
    ("sessionid", "cookie", rf"sessionid{_SIGN}([a-z0-9%_.\-]{{20,}})", _MADE),
    ("sessid", "cookie", rf"sessid{_SIGN}([a-z0-9%_.\-]{{16,}})", _MADE),
    ("sshpass", "password", rf"sshpass{_BLANKS}-p[ \t]{{0,4}}{_WORD}", _ANY),
    ("mysql", "password", rf"mysql[a-z]{{0,10}}{_ARGUMENTS}-p{_WORD}", _ANY),
    (
        "curl",
        "password",
        rf"""curl{_ARGUMENTS}(?:-u|--user|--proxy-user)[ \t=]{{0,4}}["']?[^\s:"']{{1,128}}:([^\s"']{{1,256}})""",
        _ANY,
    ),
    ("redis-cli", "password", rf"redis-cli{_ARGUMENTS}-a{_BLANKS}{_WORD}", _ANY),
    (
        "login",
        "password",
        rf"login{_ARGUMENTS}-p{_BLANKS}{_WORD}",
        _NO_PORT,
    ),
    (
        "password-stdin",
        "password",
        (
            rf"""(?:echo|printf){_BLANKS}(?:-n{_BLANKS})?["']?([^\s"'$|][^\s"'|]{{2,256}})["']?[ \t]{{0,4}}\|"""
            r"[^\r\n|]{1,256}--password-stdin"
        ),
        _ANY,
    ),
    (
        "identified",
        "password",
        rf"""identified{_BLANKS}(?:with{_BLANKS}[a-z0-9_]{{1,40}}{_BLANKS})?by{_BLANKS}["']([^\r\n"']{{1,256}})""",
        _ANY,
    ),
    (
        "wandb",
        "wandb-key",
        r"wandb[^\r\n]{0,80}?(?:login|key)[^\r\n]{0,40}?(?<![0-9a-f])([0-9a-f]{40})(?![0-9a-f])",
        _ANY,
    ),
    (
        "discord",
        "discord-token",
        r"(?<![a-z0-9_.\-])([mno][a-z0-9_\-]{23,27}\.[a-z0-9_\-]{6}\.[a-z0-9_\-]{27,40})(?![a-z0-9_\-]|\.[a-z0-9_\-])",
        _MADE,
    ),
    ("accountkey=", "azure-storage-key", r"accountkey=([a-z0-9+/]{20,}={0,2})", _ANY),
    ("sharedaccess", "azure-shared-access", r"sharedaccess(?:key|signature)=([a-z0-9+/%&=.\-]{20,})", _ANY),
    (
        "basicauth",
        "password",
        rf"""basicauth\({_BLANK}(?:username=)?{_QUOTE}[^\r\n"'\\]{{0,128}}{_QUOTE},{_BLANK}(?:password=)?{_QUOTED}""",
        _TELLING,
    ),
    (
        "kty",
        "private-key",
        rf"""{_QUOTE}kty{_QUOTE}[^\r\n]{{0,4096}}?{_QUOTE}[dk]{_QUOTE}{_BLANK}:{_BLANK}{_QUOTE}([a-z0-9_\-]{{16,2048}})""",
        _ANY,
    ),
    (
        "kty",
        "private-key",
        rf"""{_QUOTE}[dk]{_QUOTE}{_BLANK}:{_BLANK}{_QUOTE}([a-z0-9_\-]{{16,2048}}){_QUOTE}[^\r\n]{{0,4096}}?{_QUOTE}kty{_QUOTE}""",
        _ANY,
    ),
    *[
        (
            f"{quote}d{quote}:",
            "private-key",
            rf"""{quote.replace(chr(92), chr(92) * 2)}d{_QUOTE}:{_BLANK}{_QUOTE}([a-z0-9_\-]{{43,2048}})(?![a-z0-9_\-])""",
            _MIXED,
        )
        for quote in ('"', "'", '\\"')
    ],
    ("secretstr", "secret", rf"secretstr\({_BLANK}[bru]{{0,2}}{_QUOTED}", _TELLING),
    ("secretbytes", "secret", rf"secretbytes\({_BLANK}[bru]{{0,2}}{_QUOTED}", _TELLING),
)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def find_in_context(text: str, lowered: str, vocabulary: str) -> list[Span]:
    """Return the secrets of `text` that their surroundings give away.

    `lowered` is `text` in lower case, `vocabulary` holds each of its words at least once, in lower case.
    """
    found: list[Span] = []
    for guard, kind, pattern, look in _CONTEXTS:
        if guard in vocabulary:
            for hit in _compiled(pattern).finditer(lowered):
                if _looks(text[hit.start(1) : hit.end(1)], look):
                    found.append(Span(hit.start(1), hit.end(1), kind, "", hit.start()))
    return found


def _looks(value: str, look: str) -> bool:
    if is_stand_in(value):
        return False
    if look == _MADE:
        return is_made(value) or is_digest(value)
    if look == _TELLING:
        return is_telling(value, by_people=True) and not is_name_of_variable(value)
    if look == _MIXED:
        return is_made(value) and not value.islower() and not value.isupper()
    if look == _BASIC:
        return _is_basic(value)
    if look == _NO_PORT:
        return not value.isdigit()
    if look == _COOKIE:
        return not value.split("=", 1)[1].startswith(("{", "$", "["))
    return True


def _is_basic(value: str) -> bool:
    """Return whether `value` is base64 of `user:password`."""
    try:
        plain = a2b_base64(value + "=" * (-len(value) % 4), strict_mode=True)
    except (Base64Error, ValueError):
        return False
    return b":" in plain and plain.isascii() and plain.decode("ascii").isprintable()
