"""Facts of the processes of some runs, without looking at those of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.record.index_query import place_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from gnomon.record.index import Index

_MANY = 1_000  # from here on, a look at all processes is cheaper than one at each


def facts_of(index: Index, places: Sequence[int], keys: Sequence[str]) -> list[list[tuple[object, ...]]]:
    """Return, for each run at these places, the cells of its processes: that one first which can best say.

    A process that captured nothing is left out.
    """
    logs_of = index.columns("run", ["processes"], places)["processes"]
    logs = list(dict.fromkeys([log for own in logs_of if isinstance(own, list) for log in own]))
    at = _places_of(index, logs)
    cells = index.columns("process", keys, list(at.values()))
    known = dict(zip(at, zip(*(cells[key] for key in keys), strict=True), strict=True))
    return [[known[log] for log in own if log in known] if isinstance(own, list) else [] for own in logs_of]


def _places_of(index: Index, logs: Sequence[str]) -> dict[str, int]:
    if len(logs) > _MANY:
        wanted = frozenset(logs)
        every = index.columns("process", [""])[""]
        return {str(log): place for place, log in enumerate(every) if log in wanted}

    def ask(database: sqlite3.Connection) -> dict[str, int]:
        found = {log: place_of(database, f"process:{log}") for log in logs}
        return {log: place for log, place in found.items() if place is not None}

    return index.ask(ask)
