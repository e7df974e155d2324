"""How hard the chunks of a large file are packed: as usual, or quickly where that costs few bytes.

Packing is most of the cost of an add. In rows of random numbers there is nothing to find but their digits: they are packed
in half the time for an eighth more bytes. For text and for counters a quick search would store a quarter more, or twice as
much, and save little. So of every `EVERY` new bytes a sample is packed in both ways.

Always true: what comes out is the same kind of frame either way, and every reader takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.objects.pack import new_packer, packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.objects.pack import Packer

SAMPLE = 1 << 18
EVERY = 1 << 26
WORTH = 1.15  # up to so many times the bytes are stored to be quick


class Pace:
    """Chooses between two pairs of packers; those of a pair may be used from two threads at once."""

    def __init__(self) -> None:
        self._usual = new_packer(), new_packer()
        self._quick = new_packer(is_quick=True), new_packer(is_quick=True)
        self._is_quick = False
        self._left = 0  # new bytes until the next sample

    def begin(self) -> None:
        """Say that another file follows."""
        self._left = 0

    def packers(self, chunks: Sequence[memoryview]) -> tuple[Packer, Packer]:
        """Return the packers for these chunks, which are the next ones."""
        if chunks and self._left <= 0:
            self._is_quick, self._left = self._is_worth(chunks), EVERY
        self._left -= sum(map(len, chunks))
        return self._quick if self._is_quick else self._usual

    def _is_worth(self, chunks: Sequence[memoryview]) -> bool:
        sample, size = [], 0
        for chunk in chunks:
            sample.append(chunk)
            size += len(chunk)
            if size >= SAMPLE:
                break
        usual, quick = (
            sum(len(packed(one, by)[1]) for one in sample) for by in (self._usual[0], self._quick[0])
        )
        return quick <= WORTH * usual
