"""The words of a command: options and assignments whose names say that a secret follows.

Always true: as many words come out as went in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.scrub.assigned import is_secret_value
from gnomon.scrub.looks import is_stand_in
from gnomon.scrub.names import Said, said
from gnomon.scrub.spans import Span, mark

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_NAME = 80
_NAME_SIGNS = str.maketrans("", "", "_.-+@/")
_USERS = frozenset({"-u", "-U", "--user", "--username", "--login", "-l"})
_MIN_TOKEN = 8


def without_named(words: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the words without the values that a name gives away, and the (kind, name) of each."""
    kept, taken = list(words), []
    for index, word in enumerate(words):
        if len(word) < 2:
            continue
        name, sign, value = word.partition("=")
        about = said(name) if _is_name(name) else None
        if sign:
            if about is not None and _is_secret_argument(name, value, about):
                kept[index] = name + sign + mark(about.kind)
                taken.append((about.kind, name.lstrip("-+")))
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
                taken.append((about.kind, name.lstrip("-+")))
    return kept, taken


def _is_name(text: str) -> bool:
    return len(text) <= _MAX_NAME and text.translate(_NAME_SIGNS).isalnum()


def _is_value(word: str) -> bool:
    return word[:2] != "--"


def _is_secret_argument(name: str, value: str, about: Said) -> bool:
    if (
        name[:1] == "-" and about.kind == "token" and not about.is_sure
    ):  # `--token x`: nobody else calls it so
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
