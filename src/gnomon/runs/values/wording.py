"""Words that come from a user or go to one: captions, labels and refusals.

Always true: what these functions return is valid Unicode and short; no `repr` or `str` of a strange value raises here.
"""

from __future__ import annotations

import math
import re
from typing import Any

from gnomon.errors import BadArgumentError

MAX_CAPTION = 1_000  # characters
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def clean(text: str) -> str:
    """Return a text that UTF-8 can hold: lone surrogates become `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")


def text_of(value: object, limit: int) -> str:
    """Return the text of any value, at most `limit` characters, without addresses in memory."""
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - whatever a user's class does, its name can still be said
        text = f"<{type(value).__name__}>"
    return clean(_ADDRESS.sub("", text[: 2 * limit])[:limit])


def shown(value: object) -> str:
    """Return what an error message says of a value that was found."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"{type(value).__name__} of shape {text_of(shape, 60)}"
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return text_of(repr(value[:60] if isinstance(value, (str, bytes)) else value), 80)
    return f"a {type(value).__name__}"


def counted(count: int, noun: str) -> str:
    """Return "1 cell", "2,000 cells"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def number_of(value: Any) -> float:
    """Return a number of any library as a float; NaN for what is none."""
    try:
        return math.nan if value is None or isinstance(value, (bool, str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def refused(argument: str, kind: str, rule: str, found: str, *, hint: str | None = None) -> BadArgumentError:
    """Return the error for an argument of a rich value."""
    return BadArgumentError(f"`{argument}` of `{kind}` must be {rule}; got {found}", hint=hint)


def captioned(meta: dict[str, object], caption: object) -> dict[str, object]:
    """Return `meta` with the caption, where there is one."""
    return meta if caption is None else {**meta, "caption": text_of(caption, MAX_CAPTION)}
