"""What of a run cannot be made again here, in words, before anything starts."""

from __future__ import annotations

from typing import NamedTuple

WITHHELD = "[withheld: "  # begins what stands in the record in place of a secret


class Gap(NamedTuple):
    """A part that cannot be rebuilt: `part` is 'code', 'command', 'data', 'environment' or 'machine'; `next` says what helps.

    Where it `blocks`, the run cannot be made again; else it can, and what came out may differ because of it.
    """

    part: str
    why: str
    next: str | None = None
    blocks: bool = True

    def __str__(self) -> str:
        return f"{self.part}: {self.why}"
