"""The command of a sweep with values filled in: `python train.py --lr {lr}`.

Always true: a word stays one word, whatever is filled in; no shell takes part. `{{` and `}}` are braces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gnomon.text import exact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def placeholders(word: str) -> list[str]:
    """Return the names in braces of a word. Raises ValueError for a brace without its other.

    >>> placeholders("--lr={lr}-{{x}}")
    ['lr']
    """
    found = []
    for match in _PART.finditer(word):
        if match[0] in "{}":
            raise ValueError(f"a single `{match[0]}`")
        if match[1] is not None:
            found.append(match[1])
    return found


def filled(words: Sequence[str], values: Mapping[str, object]) -> list[str]:
    """Return the words with values in the place of their names.

    >>> filled(["--lr={lr}", "{amp}", "{{x}}"], {"lr": 1e-05, "amp": True})
    ['--lr=1e-05', 'true', '{x}']
    """

    def value(match: re.Match[str]) -> str:
        return match[0][0] if match[1] is None else as_word(values[match[1]])

    return [_PART.sub(value, word) for word in words]


def as_word(value: object) -> str:
    """Return a value as a command line has it: all digits of a number; `true` and `false`."""
    return (
        value if isinstance(value, str) else exact(value) if isinstance(value, (int, float)) else str(value)
    )
