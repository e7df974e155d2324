"""Which runs came to a configuration since: for many configurations together, without reading every column.

A configuration is that of `runs.groups`: the same label, parameters (seeds aside) and data. It is known here by runs
that have it. One column after the other is read, and each leaves fewer runs in question; runs that were known already
are in no question, so a record in which nothing was added to these configurations is done after a few columns.

Always true: what is found is finished, not hidden, and ran code that is not known to differ from that of the known
runs.
"""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from gnomon.runs.groups.code import STATE, State, are_different, same_where_kept
from gnomon.runs.groups.configuration import DATA, DIGEST, PARAM, digest_of, is_seed_like
from gnomon.runs.groups.definition import COUNTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.team.decisions.seen import Seen

_SAMPLED = 24  # configurations by which it is seen which columns tell most apart
_NAN = object()


def later_runs(seen: Seen, known: Sequence[tuple[str, ...]]) -> list[list[str]]:
    """Return, for each of these runs of one configuration, the other runs that have it, in the order of the index.

    A set of which no run is here gives none.
    """
    found: list[list[str]] = [[] for _ in known]
    here = [seen.places(one) for one in known]
    first = [min(places, default=None) for places in here]
    asked = [number for number, place in enumerate(first) if place is not None]
    if not asked:
        return found
    classes = _Classes(seen, {number: frozenset(here[number]) for number in asked})
    for key in _in_order(seen, [place for place in first if place is not None]):
        classes.split(key)
        if classes.is_done:
            return found
    for number in asked:
        others = [seen.ids[place] for place in classes.others(number)]
        if others and classes.is_bare(number):
            others = _of_one_call(seen, seen.ids[first[number]], others)  # type: ignore[index]
        found[number] = _of_same_code(seen, known[number], others)
    return found


class _Classes:
    """Runs in question, each with the class of configurations that it may still be one of."""

    def __init__(self, seen: Seen, known: dict[int, frozenset[int]]) -> None:
        self._seen = seen
        self._known = known
        self._first = {number: min(places) for number, places in known.items()}
        self.of = dict.fromkeys(known, 0)  # the class of each set
        self._bare = set(known)
        self._pairs: list[tuple[int, int]] | None = (
            None  # (place, class) of the runs in question; None: all, of class 0
        )

    @property
    def is_done(self) -> bool:
        """Whether no run is in question any more."""
        return self._pairs == []

    def split(self, key: str) -> None:
        """Look at one more column: runs that have none of the values that the known ones have are out of question."""
        column = self._seen.stored(key)
        numbers: dict[tuple[int, object], int] = {}
        for number, place in self._first.items():
            value = column[place]
            if value is not None and not key.startswith(DIGEST):
                self._bare.discard(number)
            self.of[number] = numbers.setdefault((self.of[number], _cell(value)), len(numbers))
        if self._pairs is None:
            wanted = {value: number for (_, value), number in numbers.items()}
            places = compress(range(len(column)), map(wanted.__contains__, column))
            pairs = [(place, wanted[column[place]]) for place in places]
            if _NAN in wanted:
                pairs += [(place, wanted[_NAN]) for place, value in enumerate(column) if value != value]
                pairs.sort()
        else:
            pairs = [
                (place, numbers[pair])
                for place, code in self._pairs
                if (pair := (code, _cell(column[place]))) in numbers
            ]
        self._pairs = self._not_known_by_all(pairs)

    def _not_known_by_all(self, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Leave out the runs that all sets of their class know, and those that count as no seed."""
        common: dict[int, frozenset[int]] = {}
        for number, of in self.of.items():
            common[of] = common[of] & self._known[number] if of in common else self._known[number]
        pairs = [(place, code) for place, code in pairs if place not in common[code]]
        status, removed = self._seen.stored("status"), self._seen.stored("removed")
        return [(place, code) for place, code in pairs if status[place] == COUNTED and not removed[place]]

    def others(self, number: int) -> list[int]:
        """Return the places of the runs in question of a set's class that the set does not know."""
        own, known = self.of[number], self._known[number]
        return [place for place, code in self._pairs or () if code == own and place not in known]

    def is_bare(self, number: int) -> bool:
        """Whether the runs of a set have neither a label nor a parameter: they go by name and command."""
        return number in self._bare


def _cell(value: object) -> object:
    return value if value == value else _NAN


def _in_order(seen: Seen, places: Sequence[int]) -> list[str]:
    """Return the columns that tell configurations apart, those first that tell most of some of these runs apart."""
    params = [key for key in seen.keys if key.startswith(PARAM) and not is_seed_like(key[len(PARAM) :])]
    keys = ["group", *sorted(params), *[digest_of(key) for key in seen.keys if key.startswith(DATA)]]
    distinct = list(dict.fromkeys(places))
    sample = distinct[:: max(1, len(distinct) // _SAMPLED)][:_SAMPLED]
    cells = seen.index.columns("run", keys, sample)
    kinds = {key: len({_cell(one) for one in cells[key]}) for key in keys}
    return sorted(keys, key=lambda key: (-kinds[key], key != "group"))


def _of_one_call(seen: Seen, run: str, others: Sequence[str]) -> list[str]:
    """Return those that are of one group with a run, where names and commands say what a group is."""
    from gnomon.runs.groups.definition import seed_groups

    own = next(
        (frozenset(group.runs) for group in seed_groups(seen.record) if run in group.runs), frozenset()
    )
    return [one for one in others if one in own]


def _of_same_code(seen: Seen, known: Iterable[str], others: Sequence[str]) -> list[str]:
    """Leave out the runs whose code is known to differ from that of every run known.

    A new file that is no source (a report, a table of results) changes the fingerprint of the code and not what ran.
    """
    if not others:
        return []
    here = [run for run in sorted(known) if run in seen.place]
    states = [State(*state) for state in zip(*seen.cells([*STATE], [*here, *others]), strict=True)]
    usual = dict(zip(states[: len(here)], here, strict=True))
    is_same: dict[object, bool] = {}  # of each state of the code, looked at once
    found = []
    for run, state in zip(others, states[len(here) :], strict=True):
        if state not in is_same:
            is_same[state] = any(
                not are_different(state, one)
                or (state.commit == one.commit and same_where_kept(seen.record, like, run))
                for one, like in usual.items()
            )
        if is_same[state]:
            found.append(run)
    return found
