"""Earlier runs that are like one that goes on: of its configuration, its group, or its name.

Always true: only columns of the index are read, and of a few runs only what is needed: those that were made last.
Runs that failed, were stopped or hidden tell nothing of how long one takes; they are counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.groups.configuration import PARAM, is_seed_like
from gnomon.runs.groups.naming import without_seed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gnomon.runs.views import Record

MOST, MOST_LOOKED_AT = 20, 40  # earlier runs, the newest
ENOUGH_TWINS = 3  # from here on others of the group or name are not asked
MOST_PARAMS = 300  # parameters of a record that are compared; of one with more, those of the run itself
_DIGITS = "0123456789"
_ENDS = ("failed", "stopped")


@dataclass(frozen=True, slots=True)
class Like:
    """An earlier run that finished, and its place in the index; `is_twin`: all its parameters but seeds are the same."""

    run: str
    place: int
    duration_s: float
    is_twin: bool


@dataclass(slots=True)
class Alike:
    """What there is of earlier runs; `other_ends` counts those alike that failed or were stopped."""

    runs: list[Like] = field(default_factory=list)
    by: str = ""  # 'configuration', 'group' or 'name'
    other_ends: int = 0


class _Known(NamedTuple):
    """What tells whether two runs are alike, and how long one took."""

    params: tuple[object, ...]  # as texts, in one order of the parameters
    name: str  # without the seed
    duration_s: object

    def is_twin_of(self, other: _Known) -> bool:
        """Return whether both have the same parameters; without any, the same name."""
        return self.params == other.params and (any(self.params) or self.name == other.name)


def alike(record: Record, ids: Sequence[str]) -> dict[str, Alike]:
    """Return what is like each of these runs (whole ids)."""
    index = record.replica.index
    wanted = set(ids)
    every = record._kept.ids(index)
    own = {run: place for place, run in enumerate(every) if run in wanted}
    table = record._kept.columns(index, ["group", "name"])
    asked = {run: (table["group"][place], _stem(table["name"][place])) for run, place in own.items()}
    near = _candidates(record, set(asked.values()))
    known = _known(record, {place for places, _ in near.values() for place in places}, list(own.values()))
    found = {}
    for run, place in own.items():
        places, other_ends = near[asked[run]]
        likes = [
            Like(every[one], one, float(seconds), known[one].is_twin_of(known[place]))
            for one in places
            if one != place and isinstance(seconds := known[one].duration_s, (int, float)) and seconds > 0
        ]
        found[run] = _tiered(likes, other_ends, has_group=asked[run][0] is not None)
    return found


def _tiered(likes: list[Like], other_ends: int, *, has_group: bool) -> Alike:
    twins = [one for one in likes if one.is_twin]
    if len(twins) >= ENOUGH_TWINS or len(twins) == len(likes):
        return Alike(twins[:MOST], "configuration", other_ends)
    return Alike(likes[:MOST], "group" if has_group else "name", other_ends)


def _candidates(
    record: Record, asked: Collection[tuple[object, str]]
) -> dict[tuple[object, str], tuple[list[int], int]]:
    """Return, by (group, stem of the name), the places of finished runs, the newest first, and how many ended otherwise.

    Of runs with a group those of the group; of others those whose name has the same stem.
    """
    table = record._kept.columns(record.replica.index, ["status", "group", "name", "removed", "created"])
    statuses, hidden, created = list(table["status"]), list(table["removed"]), table["created"]
    near = _near(asked, table["group"], table["name"])
    found = {}
    for key, places in near.items():
        shown = [place for place in places if not hidden[place]]
        finished = [place for place in shown if statuses[place] == "finished"]
        arrived_last = finished[-5 * MOST_LOOKED_AT :]
        newest = sorted(arrived_last, key=lambda place: -(created[place] or 0))  # type: ignore[operator]
        found[key] = newest[:MOST_LOOKED_AT], sum(statuses[place] in _ENDS for place in shown)
    return found


def _near(
    asked: Iterable[tuple[object, str]], groups: Iterable[object], names: Iterable[object]
) -> dict[tuple[object, str], list[int]]:
    """Return the places of all runs of these groups and stems."""
    found: dict[tuple[object, str], list[int]] = {key: [] for key in asked}
    by_group = {group: found[group, stem] for group, stem in asked if group is not None}
    by_stem = {stem: found[group, stem] for group, stem in asked if group is None and stem}
    for key in found:
        if key[0] is not None:
            found[key] = by_group[key[0]]  # runs of one group share a list, whatever their names
    for place, (group, name) in enumerate(zip(groups, names, strict=True)):
        if group is not None:
            if group in by_group:
                by_group[group].append(place)
        elif name.__class__ is str and (stem := name.rstrip(_DIGITS)) in by_stem:
            by_stem[stem].append(place)
    return found


def _known(record: Record, near: set[int], own: Sequence[int]) -> dict[int, _Known]:
    """Return what is to be known of the runs at these places, by place."""
    index = record.replica.index
    places = sorted(near.union(own))
    keys = [key for key in index.keys("run") if key.startswith(PARAM) and not is_seed_like(key[len(PARAM) :])]
    if len(keys) > MOST_PARAMS:
        cells = index.columns("run", keys, own)
        keys = [key for key in keys if any(value is not None for value in cells[key])]
    cells = index.columns("run", ["name", "seed", "duration", *keys], places)
    texts = [[value if value is None else str(value) for value in cells[key]] for key in keys]
    params = zip(*texts, strict=True) if texts else [()] * len(places)
    return {
        place: _Known(values, _bare(name, seed), duration)
        for place, values, name, seed, duration in zip(
            places, params, cells["name"], cells["seed"], cells["duration"], strict=True
        )
    }


def _stem(name: object) -> str:
    return name.rstrip(_DIGITS) if isinstance(name, str) else ""


def _bare(name: object, seed: object) -> str:
    return without_seed(name, seed) if isinstance(name, str) else ""


def columns_of(
    record: Record, likes: Iterable[Like], keys: Sequence[str]
) -> Mapping[int, Mapping[str, object]]:
    """Return cells of earlier runs, by place and column."""
    places = sorted({one.place for one in likes})
    cells = record.replica.index.columns("run", list(keys), places)
    return {place: {key: cells[key][at] for key in keys} for at, place in enumerate(places)}
