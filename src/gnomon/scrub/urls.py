"""Secrets in URLs: what stands before the `@`, and query parameters that say so.

`find_userinfo` serves any text; `cleaned` serves a value that is one URL, as of a git remote, and takes the secrets out
without a trace, so that the URL still works for whoever has the right.

Always true: a URL without secrets comes back as it is; the user of `ssh://git@host` and `git@host:path` stays.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gnomon.scrub.looks import is_digest, is_made, is_stand_in
from gnomon.scrub.names import said
from gnomon.scrub.spans import Span

_QUERY_NAMES = frozenset(
    "sig signature key token auth code jwt sas hmac apikey api_key appid access_token x-amz-signature x-amz-credential "
    "x-goog-signature x-goog-credential".split()
)


@lru_cache(maxsize=1)
def _userinfo() -> re.Pattern[str]:
    # After "://": a user, then ":" and a password, then "@". A password may hold anything but blanks and quotes; where it
    # seems to hold "/" it must not begin like a port. Bounded: one look costs at most a few hundred steps.
    return re.compile(
        r"""(?:(?P<user>[^\s:/?#@"'`<>\\]{0,128}):(?P<password>(?![0-9]{1,5}[/?#])[^\s@"'`<>]{1,255}(?:@(?=[^\s/?#@"'<>]{0,128}@)[^\s@/"'<>]{0,128})?)"""
        r"""|(?P<alone>[^\s:/?#@"'`<>\\]{8,512}))@(?=[A-Za-z0-9\[_%$({.\-])"""
    )


def find_userinfo(text: str) -> list[Span]:
    """Return what stands before the `@` of each URL, where it holds a password or a token."""
    found: list[Span] = []
    at = text.find("://")
    while at >= 0:
        at += 3
        hit = _userinfo().match(text, at) if text.find("@", at, at + 770) > 0 else None
        if hit is not None and _gives_away(hit["password"], hit["alone"]):
            found.append(Span(hit.start(), hit.end() - 1, "url-password", "", at - 3))
            at = hit.end()
        at = text.find("://", at)
    return found


def _gives_away(password: str | None, alone: str | None) -> bool:
    if password is not None:
        return not is_stand_in(password.rstrip("@"))
    return alone is not None and (is_made(alone) or is_digest(alone))


def is_secret_parameter(name: str, value: str) -> bool:
    """Return whether the query parameter `name=value` holds a secret."""
    if is_stand_in(value):
        return False
    lowered = name.lower().replace("%2d", "-").replace("%5f", "_")
    if lowered in ("sig", "signature") or lowered.startswith(("x-amz-s", "x-amz-c", "x-goog-s", "x-goog-c")):
        return len(value) >= 16
    about = said(name)
    if about is not None and about.is_sure:
        return True
    return (about is not None or lowered in _QUERY_NAMES) and (is_made(value) or is_digest(value))


def cleaned(url: str) -> tuple[str, list[tuple[str, str]]]:
    """Return `url` without its secrets, and the (kind, name) of each.

    >>> cleaned("https://user:tok@host/x.git?ref=main&token=0f8fad5bd9cb469fa165708628a9b1c1")[0]
    'https://host/x.git?ref=main'
    """
    scheme, colon, rest = url.partition("://")
    if not colon:
        return url, []
    taken: list[tuple[str, str]] = []
    hit = _userinfo().match(rest) if "@" in rest else None
    if hit is not None and _gives_away(hit["password"], hit["alone"]):
        keeps_user = "ssh" in scheme and hit["user"] and not is_made(hit["user"])
        rest = (hit["user"] + "@" if keeps_user else "") + rest[hit.end() :]
        taken.append(("url-password", ""))
    elif hit is not None and hit["alone"] is None:  # a stand-in: `user:***@`
        rest = rest[hit.end() :]
    for sign in "?#":
        rest = _without_parameters(rest, sign, taken)
    return (scheme + colon + rest if taken or hit is not None else url), taken


def _without_parameters(rest: str, sign: str, taken: list[tuple[str, str]]) -> str:
    base, found, query = rest.partition(sign)
    if not found or "=" not in query:
        return rest
    query, tail_sign, tail = query.partition("#") if sign == "?" else (query, "", "")
    kept = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if value and is_secret_parameter(name, value):
            taken.append(("url-parameter", name))
        else:
            kept.append(part)
    if len(kept) == query.count("&") + 1:
        return rest
    return base + (sign + "&".join(kept) if kept else "") + tail_sign + tail
