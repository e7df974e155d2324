"""Columns of all runs, kept for the next question of a process that asks often: a page asks for the same ones again and again.

Always true: what is given is what the index would give now; a column is kept only where the index was the same before and
after it was read, and all are let go when it is another one. At most `MOST_BYTES` or so are kept, the ones asked for last.
Several threads may share it, each with an index of its own: what one has read, all have.
Not promised: that a column is the caller's own. It must not be changed.
"""

from __future__ import annotations

import threading
from array import array
from typing import TYPE_CHECKING

from gnomon.record import index_query
from gnomon.runs.packed import packed, packed_floats, size_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from gnomon.record.index import Index
    from gnomon.runs.packed import Packed

MOST_BYTES = 48_000_000
IDS = ""


class KeptColumns:
    """The columns of the runs of one replica."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generation: object = None
        self._columns: dict[str, Packed] = {}

    def ids(self, index: Index) -> Sequence[str]:
        """Return the ids of all runs, in the order of the columns."""
        return self.columns(index, [IDS])[IDS]  # type: ignore[return-value]

    def columns(self, index: Index, keys: Sequence[str]) -> dict[str, Packed]:
        """Return the cells of all runs by column."""
        before = index.generation
        known = self._known(before, keys)
        missing = [key for key in keys if key not in known]
        read = {key: _read(index, key) for key in missing}
        found = {key: read[key] if key in read else known[key] for key in keys}
        if missing and index.generation == before and not is_laid_over(before):
            self._keep(before, found)
        return found

    def cells(self, index: Index, keys: Sequence[str], places: Sequence[int]) -> dict[str, list[object]]:
        """Return the cells of the runs at some places by column: of columns that are not kept, no others are read."""
        known = self._known(index.generation, keys)
        highest = max(places, default=0)
        known = {key: column for key, column in known.items() if highest < len(column)}
        missing = [key for key in keys if key not in known]
        read = index.columns("run", missing, places) if missing else {}
        return {key: [known[key][place] for place in places] if key in known else read[key] for key in keys}

    def known(self, index: Index, keys: Sequence[str]) -> dict[str, Packed]:
        """Return those of these columns that are kept; none is read."""
        return self._known(index.generation, keys)

    def _known(self, generation: object, keys: Sequence[str]) -> dict[str, Packed]:
        """Return those of these columns that are kept of this generation."""
        with self._lock:
            if generation != self._generation:
                return {}
            return {key: self._columns[key] for key in keys if key in self._columns}

    def _keep(self, generation: object, found: dict[str, Packed]) -> None:
        """Keep these columns, and of those before the latest that there is room for."""
        with self._lock:
            before = self._columns if generation == self._generation else {}
            columns = {**{key: column for key, column in before.items() if key not in found}, **found}
            size = sum(map(size_of, columns.values()))
            for key in list(columns):
                if size <= MOST_BYTES:
                    break
                size -= size_of(columns.pop(key))
            self._generation, self._columns = generation, columns


def is_laid_over(generation: tuple[int, int]) -> bool:
    """Return whether an index answers with an overlay, which is its own and lasts until the next update."""
    return generation[1] != 0


def _read(index: Index, key: str) -> Packed:
    def ask(database: sqlite3.Connection) -> array[float] | list[object]:
        return index_query.column(database, "run", key)

    column = index.ask(ask)
    return packed_floats(column) if isinstance(column, array) else packed(column)
