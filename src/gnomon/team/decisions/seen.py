"""Columns of all runs, each read once for all the decisions that are looked at together.

Always true: what is given is what the index says now. Nothing is kept between two looks.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from gnomon.runs.groups.configuration import PARAM, is_seed_like
from gnomon.runs.state import WITHHELD
from gnomon.team.decisions.evidence import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.runs.views import Record

_SEED_COLUMNS = 64
_NUMBERS = frozenset({int, float})
METRICS = "metrics."


class Seen:
    """The runs of a record, by id and by column."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.index = record.replica.index
        self._columns: dict[str, Sequence[object]] = {}
        self._stored: dict[str, list[object]] = {}
        self._places: dict[tuple[str, ...], list[int]] = {}
        self._data: dict[str, dict[str, Any]] = {}

    @cached_property
    def ids(self) -> Sequence[str]:
        """The ids of all runs, in the order of the columns."""
        return self.stored("")  # type: ignore[return-value]  # the column of ids

    @cached_property
    def place(self) -> dict[str, int]:
        """Where each run stands in the columns."""
        return dict(zip(self.ids, range(len(self.ids)), strict=True))

    @cached_property
    def keys(self) -> list[str]:
        """All columns that any run has."""
        return self.index.keys("run")

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.keys)

    def places(self, runs: tuple[str, ...]) -> list[int]:
        """Return where runs stand; those that are not here are left out."""
        if runs not in self._places:
            self._places[runs] = [place for place in map(self.place.get, runs) if place is not None]
        return self._places[runs]

    def column(self, key: str) -> Sequence[object]:
        """Return a column of all runs: one of `--where`, such as `metrics.auc` or `metrics.loss.min`."""
        for plain in (key, key.removesuffix(".last") if key.startswith(METRICS) else key):
            if plain != "status" and plain in self._known:
                return self.stored(plain)
        if key not in self._columns:
            self._columns[key] = self.record._cells([key], self.ids, None)[key]
        return self._columns[key]

    def stored(self, key: str) -> Sequence[object]:
        """Return a column as the index holds it: a run that is open has no status of now in it."""
        if key not in self._stored:
            self._stored[key] = self.index.columns("run", [key])[key]
        return self._stored[key]

    @cached_property
    def hidden(self) -> dict[str, bool]:
        """The runs that are in no list: by id, whether they are withheld; False: somebody hid them."""
        marks = self.stored("removed")
        return {self.ids[place]: mark == WITHHELD for place, mark in enumerate(marks) if mark}

    def absent(self, runs: tuple[str, ...]) -> list[str]:
        """Return the runs of which this replica has nothing, or heads of entries alone."""
        place, hidden = self.place, self.hidden
        missing = [run for run in runs if run not in place] if len(self.places(runs)) < len(runs) else []
        return [*missing, *[run for run in runs if hidden.get(run)]] if hidden else missing

    def hidden_of(self, runs: Iterable[str]) -> list[str]:
        """Return the runs that somebody hid."""
        hidden = self.hidden
        return [run for run in runs if hidden.get(run) is False] if hidden else []

    def value(self, run: str, key: str) -> object:
        """Return one cell; None for a run that is not here."""
        place = self.place.get(run)
        return None if place is None else self.column(key)[place]

    def numbers(self, runs: tuple[str, ...], key: str) -> list[float | None]:
        """Return cells that are numbers, None for all else; runs that are not here are left out."""
        column = self.column(key)
        cells = [column[place] for place in self.places(runs)]
        return [one if type(one) in _NUMBERS else None for one in cells]  # type: ignore[misc]

    def written(self, runs: tuple[str, ...], key: str) -> str:
        """Return what `evidence.written` makes of the numbers of runs."""
        cells = [*map(self.column(key).__getitem__, self.places(runs))]
        if {*map(type, cells)} == {float}:  # most often
            return " ".join(map(repr, cells))
        return written(self.numbers(runs, key))

    def seeds(self, runs: Sequence[str]) -> list[object]:
        """Return the seed of each run: `seed=`, else the first parameter that is one."""
        seed_like = sorted(
            key for key in self.keys if key.startswith(PARAM) and is_seed_like(key[len(PARAM) :])
        )
        keys = ["seed", *seed_like][:_SEED_COLUMNS]
        cells = self.cells(keys, runs)
        return [next((one for one in row if one is not None), None) for row in zip(*cells, strict=True)]

    def cells(self, keys: Sequence[str], runs: Sequence[str]) -> list[list[object]]:
        """Return some columns of a few runs that are here."""
        places = [self.place[run] for run in runs]
        table = self.record._cells(keys, runs, places)
        return [table[key] for key in keys]

    def data(self, version: str) -> dict[str, Any] | None:
        """Return the state of a version of data; None where it is not here."""
        if version not in self._data:
            from gnomon.errors import UnknownSubjectError

            try:
                state = self.index.state("data", version)
            except UnknownSubjectError:
                state = None
            self._data[version] = state if isinstance(state, dict) else {}
        return self._data[version] or None
