"""Which runs have parameters near to given ones: by columns, each asked only about the runs that are left.

The distance of two configurations is the sum over their parameters (`tried.scale`), seeds left aside. So a run is given up as
soon as its sum is too large, and most of 100,000 are after a few columns.

Always true: only columns of the index are read, never a state a run; the same runs give the same distances, whatever order
they arrived in. Not here: code, data, who and when (`tried.found`).
"""

from __future__ import annotations

import math
from array import array
from itertools import compress, islice
from typing import TYPE_CHECKING, Protocol

from gnomon.record.index_query import find_type
from gnomon.runs.groups.configuration import PARAM, is_seed_like
from gnomon.runs.kept_columns import lie_in_many_chunks
from gnomon.runs.packed import Words, cells_at
from gnomon.runs.tried.scale import FEWEST, Scale, apart, is_number, scale_of, scale_of_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from gnomon.record.index import Index
    from gnomon.runs.kept_columns import KeptColumns
    from gnomon.runs.packed import Packed

BATCH = 64  # columns that are read at a time at some places
FEW = 128  # one of so many runs, or less: then they are looked at one by one
MANY_RUNS = 16  # one of so many, or more: then whole columns are read
AHEAD = 3  # columns that are read with one
MANY = 20_000  # runs: from here on, all are looked at together
LOOKED_AT = 64  # values that tell of most columns that they have many
LESS_THAN_WHOLE = 1 - 1e-9


class Columns(Protocol):
    """Columns of runs by name of parameter, and how many runs there are."""

    count: int

    def names(self) -> Sequence[str]:
        """Return the names of all parameters that any run has."""

    def expect(self, names: Sequence[str]) -> None:
        """Say in which order columns are likely to be asked for."""

    def column(self, name: str) -> Packed:
        """Return the values of all runs; None where a run has none."""

    def cells(self, names: Sequence[str], places: Sequence[int]) -> Mapping[str, Sequence[object]]:
        """Return the values of some runs by name, in their order."""


class IndexColumns:
    """The parameters of all runs of an index."""

    def __init__(self, index: Index, kept: KeptColumns) -> None:
        self._index = index
        self._kept = kept
        self._names = [key[len(PARAM) :] for key in index.keys("run") if key.startswith(PARAM)]
        self._read: dict[str, Packed] = {}
        self._expected: list[str] = []
        found = index.ask(lambda database: find_type(database, "run"))
        self.count = found.count if found is not None else 0

    def names(self) -> Sequence[str]:
        return self._names

    def expect(self, names: Sequence[str]) -> None:
        """Say in which order columns are likely to be asked for: some are then read at once."""
        self._expected = [PARAM + name for name in names if name in self._names]

    def column(self, name: str) -> Packed:
        if name not in self._read:
            key, expected = PARAM + name, self._expected
            at = expected.index(key) + 1 if key in expected else len(expected)
            self._read[name] = self._kept.columns(self._index, [key], expected[at : at + AHEAD])[key]
        return self._read[name]

    def cells(self, names: Sequence[str], places: Sequence[int]) -> Mapping[str, Sequence[object]]:
        """The cells of few runs are read alone, and of many columns those of many runs, too: most may have few cells."""
        many = len(places) * MANY_RUNS > self.count
        if many or (len(names) == 1 and lie_in_many_chunks(places, self.count)):
            return {name: cells_at(self.column(name), places) for name in names}
        read = {name: cells_at(self._read[name], places) for name in names if name in self._read}
        keys = [PARAM + name for name in names if name not in read]
        found = self._kept.cells(self._index, keys, places) if keys else {}
        return {name: read[name] if name in read else found[PARAM + name] for name in names}


class ListedColumns:
    """The parameters of a few runs, given as dicts."""

    def __init__(self, rows: Sequence[Mapping[str, object]]) -> None:
        self._rows = rows
        self.count = len(rows)

    def names(self) -> Sequence[str]:
        return sorted({name for row in self._rows for name in row})

    def expect(self, names: Sequence[str]) -> None:
        pass

    def column(self, name: str) -> Packed:
        return [row.get(name) for row in self._rows]

    def cells(self, names: Sequence[str], places: Sequence[int]) -> Mapping[str, Sequence[object]]:
        return {name: [self._rows[place].get(name) for place in places] for name in names}


class Scales:
    """The scale of each parameter that was asked about, by all its values; worked out where it is needed first."""

    def __init__(self, columns: Columns, asked: Mapping[str, object]) -> None:
        self._columns = columns
        self._asked = asked
        self._known: dict[str, Scale] = {}

    def of(self, name: str) -> Scale:
        """Return the scale of a parameter."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = scale_of_column(self._columns.column(name), self._asked.get(name))
        return found


class Near:
    """Runs near to a configuration: `apart` has the distance of each that is at most `within` away, by place."""

    def __init__(
        self,
        columns: Columns,
        scales: Scales,
        asked: Mapping[str, object],
        *,
        within: float,
        whole: bool,
        places: Sequence[int] | None = None,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        """`whole`: what a run has and `asked` does not differs, too. `pause` is called before each column; it may raise."""
        self._columns = columns
        self._within = within
        self._pause = pause
        self._places: Sequence[int] = range(columns.count) if places is None else places
        self._spent: dict[int, float] = {}
        self._scales = scales
        names = sorted(asked, key=lambda name: (_cost(asked[name]), name))
        columns.expect(names)
        for name in self._of_words(names, asked):
            if self._places:
                pause()
                self._ask(name, asked[name])
        if whole:
            others = [name for name in columns.names() if name not in asked and not is_seed_like(name)]
            self._without(others)
        spent = self._spent
        self.apart: dict[int, float] = {place: spent.get(place, 0.0) for place in self._places}

    def _of_words(self, names: Sequence[str], asked: Mapping[str, object]) -> list[str]:
        """Ask the columns of few different values, all runs at once; return the names of the others.

        A byte for each run says whether it differs too much. As one large number they are joined in no time: `gone` are runs
        that are too far away by now, `once` those with one whole difference where one is allowed.
        """
        count, within = self._columns.count, self._within
        if within >= 2 or len(self._places) < min(count, MANY):
            return list(names)
        once = 0
        gone = (
            _as_number(bytes(count)) if len(self._places) == count else _without_places(count, self._places)
        )
        partly: list[tuple[Words, list[float]]] = []
        left = []
        for name in names:
            if _cost(asked[name]) > 1 or (count - gone.bit_count()) * FEW < count:
                left.append(name)
                continue
            self._pause()
            column = self._columns.column(name)
            if not isinstance(column, Words):
                left.append(name)
                continue
            scale = self._scales.of(name) if is_number(asked[name]) else Scale()
            far = [apart(word, asked[name], scale) for word in column.words]
            limit = within if within < 1 else LESS_THAN_WHOLE
            mask = _as_number(column.numbers.translate(bytes([one > limit for one in far]).ljust(256, b"\0")))
            if within < 1:
                gone |= mask
            else:
                gone |= once & mask
                once |= mask
            if any(0 < one <= (limit if within < 1 else within) for one in far):
                partly.append((column, far))
        alive = (gone ^ _as_number(b"\1" * count)).to_bytes(count, "little")
        self._places = list(compress(range(count), alive))
        for column, far in partly:
            numbers = column.numbers
            self._add([far[numbers[place]] for place in self._places])
        return left

    def _ask(self, name: str, value: object) -> None:
        """Ask a column about the runs that are left."""
        if len(self._places) < self._columns.count:
            self._measure(name, value, self._columns.cells([name], self._places)[name])
            return
        column = self._columns.column(name)
        if isinstance(column, array) and is_number(value) and self._within < 1:
            low, high = self._scales.of(name).reach(float(value), self._within)  # type: ignore[arg-type]
            self._places = [place for place, cell in enumerate(column) if low <= cell <= high]
            column = [column[place] for place in self._places]
        self._measure(name, value, column)

    def _measure(self, name: str, value: object, cells: Sequence[object]) -> None:
        """Add how far the cells of the runs that are left lie from a value."""
        values = {*cells}
        if not any(cell != value for cell in values):
            return  # most often, once few are left: no scale is needed
        scale = self._scales.of(name) if is_number(value) and any(map(is_number, values)) else Scale()
        if len(values) > LOOKED_AT and is_number(value) and {*map(type, values)} == {float}:
            self._add(scale.all_apart(cells, float(value)))  # type: ignore[arg-type]  # numbers, as was asked
            return
        if _has_both(values, cells):
            self._add([apart(cell, value, scale) for cell in cells])
            return
        far = {cell: apart(cell, value, scale) for cell in values}
        self._add([far[cell] for cell in cells])

    def _add(self, far: Sequence[float]) -> None:
        """Add distances of the runs that are left, and leave those that are too far away."""
        spent, within = self._spent, self._within
        if not spent:  # the first differences of many runs
            near = [(place, one) for place, one in zip(self._places, far, strict=True) if one <= within]
            self._places = [place for place, _ in near]
            self._spent = {place: one for place, one in near if one}
            return
        kept = []
        for place, one in zip(self._places, far, strict=True):
            if one:
                total = spent.get(place, 0.0) + one
                if total > within:
                    continue
                spent[place] = total
            kept.append(place)
        self._places = kept

    def _without(self, names: Sequence[str]) -> None:
        """Count what runs have beyond what was asked: a whole difference each."""
        at = 0
        while at < len(names) and self._places:
            self._pause()
            some = names[at : at + (BATCH if len(self._places) < MANY else 1)]
            at += len(some)
            table = self._columns.cells(some, self._places)
            counts = [0] * len(self._places)
            for cells in table.values():
                if any(cell is not None for cell in {*cells}):
                    counts = [count + (cell is not None) for count, cell in zip(counts, cells, strict=True)]
            if any(counts):
                self._add([float(count) for count in counts])


def scale_of_column(column: Packed, asked: object) -> Scale:
    """Return the scale of a parameter by its column: the same as `scale_of`, in less time for an array."""
    if isinstance(column, Words):
        return scale_of(column.words, asked)
    if not isinstance(column, array) or not len(column):
        values = {*column}
        return scale_of(column if _has_both(values, column) else values, asked)
    if len({*islice(column, LOOKED_AT)}) < FEWEST:
        return scale_of({*column}, asked)  # of few values, most likely
    low, high = min(column), max(column)
    if not math.isfinite(low) or not math.isfinite(high):
        return scale_of(column, asked)
    ends = {float(low), float(high)}
    if low <= 0 < high:
        ends.add(float(min([value for value in column if value > 0])))
    if is_number(asked):
        ends.add(float(asked))  # type: ignore[arg-type]  # as was asked
    return scale_of_ends(ends, has_enough=True)


def _has_both(values: Collection[object], cells: Iterable[object]) -> bool:
    """Return whether some cells are true or false and others 1 or 0, which a set or a dict takes for the same."""
    if 1 not in values and 0 not in values:
        return False
    kinds = {*map(type, cells)}
    return bool in kinds and not kinds.isdisjoint((int, float))


def _as_number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _without_places(count: int, places: Sequence[int]) -> int:
    gone = bytearray(b"\1" * count)
    for place in places:
        gone[place] = 0
    return _as_number(bytes(gone))


def _cost(value: object) -> int:
    """Return how dear a parameter's column is by the kind of its value: words are cheap, and leave few runs."""
    return 0 if isinstance(value, (str, bool)) or value is None else 1 if isinstance(value, int) else 2
