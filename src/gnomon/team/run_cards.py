"""Cards of runs, many at once: which run each word means, then a few columns of the index at their places.

Always true: a word means what `runs.called` says it means; no state of a run that has ended is folded.
"""

from __future__ import annotations

import re
from heapq import nlargest
from typing import TYPE_CHECKING

from gnomon.errors import AmbiguousIdError, UnknownSubjectError
from gnomon.record.index_query import place_of
from gnomon.runs.called import FEWEST_DIGITS
from gnomon.runs.columns import by_use
from gnomon.runs.state import WITHHELD
from gnomon.team.cards import AMBIGUOUS, ERASED, MISSING, Card
from gnomon.text import any_value, count

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.references import Reference

_SHOWN = 8  # digits of an id
_MOST_METRICS = 6  # of which the first that a run has is shown
_COLUMNS = ("name", "status", "removed", "created")
_METRIC = "metrics."
_NUMBER = re.compile(r"@([1-9][0-9]{0,8})\Z")


class RunNames:
    """Which run each of these words means, at one moment: the names of all runs are read once, not for each word."""

    def __init__(self, record: Record, words: Iterable[str]) -> None:
        self._record = record
        self._index = record.replica.index
        self._words = frozenset(words)
        self._named: dict[object, list[int]] | None = None
        self._newest: list[int] = []

    def id_of(self, word: str) -> str:
        """Return the id of the one run that one of the words means. Raises UnknownSubjectError, AmbiguousIdError (no list)."""
        if number := _NUMBER.match(word):
            return self._numbered(int(number[1]))
        if len(word) < FEWEST_DIGITS and len(named := self._called(word)) == 1:
            return self._id_at(named[0])
        try:
            return self._index.resolve("run", word)
        except (UnknownSubjectError, AmbiguousIdError) as error:
            called = self._called(word)
            if len(called) == 1:
                return self._id_at(called[0])
            if called:
                raise AmbiguousIdError(f"{count(len(called), 'run')} are called `{word}`") from None
            if isinstance(error, AmbiguousIdError):
                raise
        raise UnknownSubjectError(f"no run has this name or an id that begins with `{word}`")

    def _called(self, name: str) -> list[int]:
        """Return the places of the runs with this name; hidden ones only where no other is called so."""
        cells = self._cells("name", "removed")
        if self._named is None:
            self._named = {}
            for place, called in enumerate(cells["name"]):
                if called in self._words:
                    self._named.setdefault(called, []).append(place)
        found = self._named.get(name, [])
        return [place for place in found if not cells["removed"][place]] or found

    def _numbered(self, number: int) -> str:
        if len(self._newest) < number:
            cells = self._cells("removed", "created")
            ages = [age if isinstance(age, int) else 0 for age in cells["created"]]
            shown = [place for place, hidden in enumerate(cells["removed"]) if not hidden]
            wanted = max(number, 2 * len(self._newest))
            self._newest = nlargest(wanted, shown, key=lambda place: (ages[place], -place))
        if len(self._newest) < number:
            raise UnknownSubjectError(
                f"there is no run `@{number}`: there are {count(len(self._newest), 'run')}"
            )
        return self._id_at(self._newest[number - 1])

    def _id_at(self, place: int) -> str:
        return str(self._cells("")[""][place])

    def _cells(self, *keys: str) -> Mapping[str, Sequence[object]]:
        return self._record._kept.columns(self._index, keys)


def cards_of(record: Record, references: Sequence[Reference]) -> list[Card]:
    """Return the cards of these references to runs, in their order."""
    words = list(dict.fromkeys(one.name for one in references))
    names = RunNames(record, words)
    ids: dict[str, str] = {}
    failed: dict[str, Card] = {}
    for word in words:
        try:
            ids[word] = names.id_of(word)
        except AmbiguousIdError as error:
            failed[word] = Card(word, error.message, state=AMBIGUOUS)
        except UnknownSubjectError as error:
            failed[word] = Card(word, error.message, state=MISSING)
    rows = _rows(record, list(dict.fromkeys(ids.values())), _asked_for(references))
    return [failed[one.name] if one.name in failed else _card(rows[ids[one.name]], one) for one in references]


def _asked_for(references: Iterable[Reference]) -> list[str]:
    """Return the columns of metrics and parameters that references name as a part."""
    parts = (one.part for one in references if one.part)
    return [part for part in dict.fromkeys(parts) if part.startswith((_METRIC, "params."))]


def _rows(record: Record, ids: Sequence[str], asked: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return the cells of these runs by id."""
    index = record.replica.index

    def ask(database: sqlite3.Connection) -> list[int]:
        found = (place_of(database, f"run:{run}") for run in ids)
        return [place for place in found if place is not None]

    metrics = [key for key in index.keys("run") if key.startswith(_METRIC) and "system/" not in key]
    keys = [*_COLUMNS, *dict.fromkeys([*by_use(metrics, {})[:_MOST_METRICS], *asked])]
    places = index.ask(ask) if ids else []
    cells = record._cells(keys, ids, places)
    return {run: {key: cells[key][row] for key in ["id", *keys]} for row, run in enumerate(ids)}


def _card(row: Mapping[str, object], reference: Reference) -> Card:
    run = str(row["id"])
    name = row["name"]
    label = str(name) if name is not None else run[:_SHOWN]
    href, subject = f"/run/{run}", f"run:{run}"
    if row["removed"] == WITHHELD:
        return Card(run[:_SHOWN], "what it was is withheld, or was erased", (), None, subject, ERASED)
    facts = ["hidden"] if row["removed"] else []
    facts.append(str(row["status"]))
    keys = [reference.part] if reference.part in row else [key for key in row if key.startswith(_METRIC)]
    key = next((key for key in keys if key is not None and row[key] is not None), None)
    if key is not None:
        facts.append(f"{key.partition('.')[2]} {any_value(row[key])}")
    return Card(label, f"run {run[:_SHOWN]}", tuple(facts), href, subject)
