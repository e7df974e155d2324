"""Listening to what a program prints through `sys.stdout` and `sys.stderr`, without standing in its way.

Always true: what is printed reaches its stream first, unchanged, and an error of the stream is the program's own; all
else that a stream has (`fileno`, `isatty`, `buffer`, …) is the stream's own too. A forked child is not listened to.
Not heard: what C code, or a child process, writes to the file descriptors directly. `gnomon run -- …` hears that too, and
so does `GNOMON_CONSOLE=descriptors` (`descriptors.py`).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Hear = Callable[[str, str], None]

NAMES = {"out": "stdout", "err": "stderr"}


class Tee:
    """A stream that tells `hear(name, text)` what is written to it."""

    def __init__(self, stream: Any, name: str, hear: Hear) -> None:
        self._stream = stream
        self._name = name
        self._hear: Hear | None = hear

    def write(self, text: str) -> Any:
        """Write to the stream, then tell."""
        written = self._stream.write(text)
        if self._hear is not None and text.__class__ is str:
            self._hear(self._name, text)
        return written

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        return iter(self._stream)

    def __enter__(self) -> Tee:
        return self

    def __exit__(self, *rest: object) -> Any:
        return self._stream.__exit__(*rest)

    def be_deaf(self) -> None:
        """Tell nobody any more."""
        self._hear = None


class Tees:
    """Both streams of this process, while they are listened to."""

    def __init__(self, hear: Hear, *, below: frozenset[int] = frozenset()) -> None:
        """Begin. `below`: descriptors that are listened to themselves, and so all that is written through them."""
        self._tees: dict[str, Tee] = {}
        for name, attribute in NAMES.items():
            stream = getattr(sys, attribute)
            if stream is not None and hasattr(stream, "write") and not (below and _leads_to(stream, below)):
                tee = self._tees[attribute] = Tee(stream, name, hear)
                setattr(sys, attribute, tee)
        os.register_at_fork(after_in_child=self._be_deaf)

    def _be_deaf(self) -> None:
        for tee in self._tees.values():
            tee.be_deaf()

    def take_away(self) -> None:
        """Put the streams back; where somebody else has put theirs over ours meanwhile, ours stays below and is silent."""
        self._be_deaf()
        for attribute, tee in self._tees.items():
            if getattr(sys, attribute) is tee:
                setattr(sys, attribute, tee._stream)


def _leads_to(stream: Any, descriptors: frozenset[int]) -> bool:
    """Return whether what is written to a stream is written to one of these descriptors."""
    try:
        return stream.fileno() in descriptors
    except (AttributeError, OSError, ValueError):
        return False
