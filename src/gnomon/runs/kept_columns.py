"""Columns of all runs, kept for the next question of a process that asks often: a page asks for the same ones again and again.

Always true: what is given is what the index would give now; a column is kept only where the index was the same before and
after it was read, and all are let go when it is another one. At most `MOST` cells are kept, the ones asked for last.
Not promised: that a list is the caller's own. It must not be changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.record.index import Index

MOST = 1_500_000
IDS = ""


class KeptColumns:
    """The columns of the runs of one index."""

    def __init__(self) -> None:
        self._generation: object = None
        self._columns: dict[str, list[object]] = {}

    def ids(self, index: Index) -> list[str]:
        """Return the ids of all runs, in the order of the columns."""
        return self.columns(index, [IDS])[IDS]  # type: ignore[return-value]

    def columns(self, index: Index, keys: Sequence[str]) -> dict[str, list[object]]:
        """Return the cells of all runs by column, as `Index.columns` does."""
        before = index.generation
        if before != self._generation:
            self._columns.clear()
            self._generation = before
        missing = [key for key in keys if key not in self._columns]
        read = index.columns("run", missing) if missing else {}
        found = {key: read[key] if key in read else self._columns[key] for key in keys}
        if missing and index.generation == before:
            self._keep(found)
        return found

    def _keep(self, found: dict[str, list[object]]) -> None:
        """Keep these columns, and of those before the latest that there is room for."""
        columns = {**{key: cells for key, cells in self._columns.items() if key not in found}, **found}
        cells = sum(map(len, columns.values()))
        for key in list(columns):
            if cells <= MOST:
                break
            cells -= len(columns.pop(key))
        self._columns = columns
