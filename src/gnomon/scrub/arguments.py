"""The words of a command: options and assignments whose names say that a secret follows.

Always true: as many words come out as went in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.scrub.assigned import is_secret_value
from gnomon.scrub.looks import is_digest, is_drawn, is_made, is_stand_in
from gnomon.scrub.names import VENDORS, Said, said
from gnomon.scrub.spans import Span, mark

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_NAME = 80
_NAME_SIGNS = str.maketrans("", "", "_.-+@/")
_USERS = frozenset({"-u", "-U", "--user", "--username", "--login", "-l"})
_MIN_TOKEN = 8
_MIN_KEY = 32
_SHORT = {
    "pass": "password",
    "pat": "token",
}  # options that say so only where their value looks drawn by chance
_OPENSSL = frozenset({"pass", "passin", "passout"})


class Taken(NamedTuple):
    """A word, or the end of one, that was taken out."""

    kind: str
    name: str
    value: str


def without_named(words: Sequence[str]) -> tuple[list[str], list[Taken]]:
    """Return the words without the values that a name gives away, and what was taken out."""
    kept, taken = list(words), []
    for index, word in enumerate(words):
        if len(word) < 2:
            continue
        name, sign, value = word.partition("=")
        about = said(name) if _is_name(name) else None
        if sign:
            if about is not None and _is_secret_argument(name, value, about):
                kept[index] = name + sign + mark(about.kind)
                taken.append(Taken(about.kind, name.lstrip("-+"), value))
        elif index + 1 < len(words) and kept[index] == word:
            following = words[index + 1]
            if (
                about is None
                and word == "-p"
                and _USERS.intersection(words[:index])
                and not following.isdigit()
            ):
                about = Said("password", True, True)
            if (
                about is not None
                and word[0] == "-"
                and _is_value(following)
                and _is_secret_argument(name, following, about)
            ):
                kept[index + 1] = mark(about.kind)
                taken.append(Taken(about.kind, name.lstrip("-+"), following))
            elif (kind := _kind_by_look(word, following)) is not None:
                shown = "pass:" if following.startswith("pass:") else ""
                kept[index + 1] = shown + mark(kind)
                taken.append(Taken(kind, word.lstrip("-+"), following[len(shown) :]))
    return kept, taken


def _kind_by_look(word: str, following: str) -> str | None:
    """Return what a value is that a word before it gives away only together with its looks; None where it is nothing.

    >>> [_kind_by_look(word, "q7Wk2" * 8) for word in ("aws_secret_access_key", "//r/:_authToken", "login", "--wandb", "train")]
    ['aws-secret-key', 'token', 'token', 'token', None]
    >>> _kind_by_look("-pass", "pass:x"), _kind_by_look("-pass", "1"), _kind_by_look("login", "ann")
    ('password', None, None)
    """
    option = word.lstrip("-")
    if option in _OPENSSL and following.startswith("pass:") and len(following) > 5:
        return "password"
    if not (is_made(following) or is_drawn(following) or is_digest(following)):
        return None
    if word[0] == "-":
        if option in _SHORT:
            return _SHORT[option]
        return "token" if option in VENDORS and len(following) >= _MIN_KEY else None
    if word == "login":
        return "token"
    name = word.rpartition(":")[2]  # `npm config set //registry/:_authToken …`
    about = said(name) if name and _is_name(name) else None
    return about.kind if about is not None and (about.is_sure or name != word) else None


def _is_name(text: str) -> bool:
    return len(text) <= _MAX_NAME and text.translate(_NAME_SIGNS).isalnum()


def _is_value(word: str) -> bool:
    return word[:2] != "--"


def _is_secret_argument(name: str, value: str, about: Said) -> bool:
    is_named = name[:1] == "-" or (any(map(str.isdigit, value)) and any(map(str.isalpha, value)))
    if is_named and about.kind == "token" and not about.is_sure:  # `--token x`: nobody else calls it so
        return (
            len(value) >= _MIN_TOKEN
            and not is_stand_in(value)
            and value.isascii()
            and not value.startswith("[")
        )
    return is_secret_value(value, about)


def without_spans(words: Sequence[str], spans: Sequence[Span]) -> list[str]:
    """Return the words without what the spans say of `" ".join(words)`; each word that a span touches gets a mark."""
    kept, place = [], 0
    for word in words:
        end = place + len(word)
        parts, done = [], place
        for span in spans:
            if span.start < end and span.end > place:
                parts.append(word[done - place : max(span.start, place) - place])
                parts.append(mark(span.kind))
                done = min(span.end, end)
        parts.append(word[done - place :])
        kept.append("".join(parts))
        place = end + 1
    return kept
