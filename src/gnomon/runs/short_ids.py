"""How many digits of a run's id are enough to know it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.ids import SHOWN_LENGTH
from gnomon.record.index_query import neighbours

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from gnomon.record.index import Index


def digits_to_show(index: Index, ids: Iterable[str]) -> int:
    """Return how many digits tell these runs from every run of the record, hidden ones included; at least 8.

    An id's neighbours in alphabetical order are the ones that it has most in common with, so no others are looked at.
    """

    def ask(database: sqlite3.Connection) -> int:
        digits = SHOWN_LENGTH
        for run in ids:
            name = f"run:{run}"
            for neighbour in neighbours(database, name):
                digits = max(digits, _in_common(name, neighbour) - len("run:") + 1)
        return digits

    return index.ask(ask)


def _in_common(one: str, other: str) -> int:
    """Return with how many equal characters two texts begin."""
    alike = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        alike += 1
    return alike
