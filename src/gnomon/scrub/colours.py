"""Texts with terminal colours in them, seen without.

`grep --color` and loggers colour the name, the sign and the value on their own, so a secret's line may hold colour codes
anywhere. Rules read the plain text; `place` leads back.

Always true: `place(i)` is where character `i` of the plain text stands in the coloured one; codes before it come first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache


@lru_cache(maxsize=1)
def _codes() -> re.Pattern[str]:
    # CSI sequences, and the OSC 8 links that terminals draw. Parameters are bounded: no code is longer.
    return re.compile(
        r"\x1b(?:\[[0-9;:?]{0,64}[ -/]{0,4}[@-~]|\][0-9]{1,4};[^\x07\x1b\r\n]{0,2048}(?:\x07|\x1b\\))"
    )


class Plain:
    """A text without its colour codes."""

    def __init__(self, coloured: str) -> None:
        self._starts: list[int] = []  # in the plain text
        self._shifts: list[int] = []
        parts, done, removed = [], 0, 0
        for code in _codes().finditer(coloured):
            parts.append(coloured[done : code.start()])
            self._starts.append(code.start() - removed)
            done = code.end()
            removed += done - code.start()
            self._shifts.append(removed)
        parts.append(coloured[done:])
        self.text = "".join(parts)

    def place(self, at: int) -> int:
        """Return where the character at `at` of the plain text stands in the coloured text."""
        index = bisect_right(self._starts, at)
        return at + (self._shifts[index - 1] if index else 0)
