"""Columns of all runs, kept for the next question of a process that asks often: a page asks for the same ones again and again.

Always true: what is given is what the index would give now; a column is kept only where the index was the same before and
after it was read, and all are let go when it is another one. At most `MOST_BYTES` or so are kept, the ones asked for last.
Several threads may share it, each with an index of its own: what one has read, all have.
Not promised: that a column is the caller's own. It must not be changed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gnomon.record import index_query
from gnomon.record.index_cells import CHUNK_SHIFT
from gnomon.runs.packed import cells_at, packed, packed_bytes, size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.record.index import Index
    from gnomon.record.index_query import Column
    from gnomon.runs.packed import Packed

MOST_BYTES = 48_000_000
IDS = ""
_MANY_CHUNKS = 4  # one of so many: cells of that many chunks take as long as a packed column


class KeptColumns:
    """The columns of the runs of one replica."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generation: object = None
        self._columns: dict[str, Packed] = {}
        self._ahead: tuple[object, dict[str, Column]] = (None, {})

    def ids(self, index: Index) -> Sequence[str]:
        """Return the ids of all runs, in the order of the columns."""
        return self.columns(index, [IDS])[IDS]  # type: ignore[return-value]

    def columns(self, index: Index, keys: Sequence[str], ahead: Sequence[str] = ()) -> dict[str, Packed]:
        """Return the cells of all runs by column. Columns `ahead` may be asked for next: they are read with these if any is."""
        before = index.generation
        known = self._known(before, keys)
        missing = [key for key in keys if key not in known]
        read = {key: _packed(column) for key, column in self._stored(index, before, missing, ahead).items()}
        found = {key: read[key] if key in read else known[key] for key in keys}
        if missing and index.generation == before and not is_laid_over(before):
            self._keep(before, found)
        return found

    def _stored(
        self, index: Index, generation: tuple[int, int], keys: Sequence[str], ahead: Sequence[str]
    ) -> dict[str, Column]:
        """Return columns as they are stored, from what was read ahead if all are there."""
        with self._lock:
            of, columns = self._ahead
            if of == generation and columns.keys() >= {*keys}:
                return {key: columns[key] for key in keys}
        more = [key for key in ahead if key not in keys and key not in self._known(generation, ahead)]
        columns = _read(index, [*keys, *more]) if keys else {}
        if keys and more and index.generation == generation and not is_laid_over(generation):
            with self._lock:
                self._ahead = (generation, columns)
        return {key: columns[key] for key in keys}

    def cells(self, index: Index, keys: Sequence[str], places: Sequence[int]) -> dict[str, list[object]]:
        """Return the cells of the runs at some places by column: of columns that are not kept, no others are read.

        Where these are most of a column all the same, `cells_of_some` is quicker.
        """
        known = self._known(index.generation, keys)
        highest = max(places, default=0)
        known = {key: column for key, column in known.items() if highest < len(column)}
        missing = [key for key in keys if key not in known]
        read = index.columns("run", missing, places) if missing else {}
        return {key: [known[key][place] for place in places] if key in known else read[key] for key in keys}

    def cells_of_some(
        self, index: Index, keys: Sequence[str], places: Sequence[int], count: int
    ) -> dict[str, list[object]]:
        """Return the same; a column of `count` cells is read whole, and kept, where these lie in many of its chunks."""
        if not lie_in_many_chunks(places, count):
            return self.cells(index, keys, places)
        return {key: cells_at(column, places) for key, column in self.columns(index, keys).items()}

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


def lie_in_many_chunks(places: Sequence[int], count: int) -> bool:
    """Return whether to read a column of `count` cells whole takes less than to read its cells at some places."""
    return len({place >> CHUNK_SHIFT for place in places}) * _MANY_CHUNKS > count >> CHUNK_SHIFT


def is_laid_over(generation: tuple[int, int]) -> bool:
    """Return whether an index answers with an overlay, which is its own and lasts until the next update."""
    return generation[1] != 0


def _read(index: Index, keys: Sequence[str]) -> dict[str, Column]:
    return index.ask(lambda database: index_query.stored(database, "run", keys))


def _packed(column: Column) -> Packed:
    data = column.joined()
    found = packed_bytes(data, column.count) if data is not None else None
    return packed(column.cells()) if found is None else found
