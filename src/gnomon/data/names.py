"""How data sets, versions and tags are written: `credit`, `credit@v3`, `credit@gold`, `credit@4f1d77ab`.

A name begins with a letter or digit and goes on with letters, digits, `.`, `_` and `-`, so that it can stand in a file's name,
in a command and before an `@`. A tag is the same, and none of `v3`, `latest` and eight or more hex digits, which mean a
number, the newest version, an id.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.ids import is_hex

MAX_LENGTH = 100
LATEST = "latest"
_WORD = re.compile(r"[^\W_][\w.-]*\Z")
_NUMBER = re.compile(r"v([1-9][0-9]{0,8})\Z")
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


class Spec(NamedTuple):
    """What a person wrote for a version: at most one of the last three is set; none means the newest."""

    name: str
    number: int | None = None
    tag: str | None = None
    id: str | None = None  # the beginning of it

    def __str__(self) -> str:
        which = f"v{self.number}" if self.number is not None else self.tag or self.id
        return f"{self.name}@{which}" if which else self.name


def is_name(text: str) -> bool:
    """Return whether a text may name a data set.

    >>> [is_name(text) for text in ("credit", "adult-2.1", "größe", "a/b", "a b", "..", "", "v@1")]
    [True, True, True, False, False, False, False, False]
    """
    return len(text) <= MAX_LENGTH and _WORD.match(text) is not None


def is_tag(text: str) -> bool:
    """Return whether a text may be a tag of a version.

    >>> [is_tag(text) for text in ("gold", "v3", "v3-clean", "4f1d77ab", "a b", "latest")]
    [True, False, True, False, False, False]
    """
    is_other = text == LATEST or _NUMBER.match(text) is not None or (len(text) >= 8 and is_hex(text))
    return is_name(text) and not is_other


def require_name(text: str) -> str:
    """Return the name of a data set. Raises BadArgumentError for one that breaks the rule."""
    if not isinstance(text, str) or not is_name(text):
        near = name_from(text) if isinstance(text, str) else None
        raise BadArgumentError(
            f"{text!r} cannot name a data set: a name begins with a letter or digit and goes on with letters, digits, "
            f"`.`, `_` and `-`, {MAX_LENGTH} at most",
            hint=f"for instance `{near}`" if near else "for instance `credit`",
        )
    return text


def require_tag(text: str) -> str:
    """Return a tag. Raises BadArgumentError for one that breaks the rule."""
    if not is_tag(text):
        raise BadArgumentError(
            f"{text!r} cannot be a tag: it is written like a name, and is no number (`v3`), no id and not `latest`",
            hint="for instance `gold`",
        )
    return text


def name_from(text: str) -> str | None:
    """Return a name that is near to a text; None where nothing is left of it.

    >>> name_from("My data (final)"), name_from("..")
    ('My-data-final', None)
    """
    near = _NOT_IN_NAMES.sub("-", text).strip("-._")[:MAX_LENGTH]
    return near if is_name(near) else None


def name_of_file(file_name: str) -> str | None:
    """Return what a data set is called after its file or folder: `credit` for `credit.csv.gz`; None where nothing is left."""
    return name_from(file_name.lstrip(".").partition(".")[0])


def parse(text: str) -> Spec:
    """Return what `text` means. Raises BadArgumentError for what cannot name a version.

    >>> parse("credit@v3").number, parse("credit@gold").tag, parse("credit@4f1d77ab").id, str(parse("credit"))
    (3, 'gold', '4f1d77ab', 'credit')
    """
    name, at, which = text.partition("@")
    require_name(name)
    if not at or which == LATEST:
        return Spec(name)
    number = _NUMBER.match(which)
    if number:
        return Spec(name, number=int(number[1]))
    if is_tag(which):
        return Spec(name, tag=which, id=which if is_hex(which) and len(which) >= 4 else None)
    if which and is_hex(which):
        return Spec(name, id=which)
    raise BadArgumentError(
        f"`{text}` names no version: after `@` comes a number, a tag or an id",
        hint=f"for instance `{name}@v1`; `gnomon data log {name}` lists the versions",
    )
