"""The seeds of one run's configuration, and where the run lies among them.

The same groups as `definition.seed_groups` gives, found for one run only: column by column, among fewer and fewer runs, so that
`gnomon show` stays quick in a large record.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.groups.configuration import DATA, PARAM, digest_of, is_seed_like, label_of, name_of
from gnomon.runs.groups.definition import COUNTED, SeedGroup, apart_as, seed_groups
from gnomon.runs.groups.spread import LARGEST, Spread, per_seed, spread_of
from gnomon.runs.state import WITHHELD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record


class Standing(NamedTuple):
    """A metric of a run among its seeds: `place` counts from the lowest of the `spread.n` that have a value, and is None where
    the run does not count; runs of one seed are averaged, this run stands for its own.
    """

    metric: str
    value: float | int | None
    spread: Spread
    place: int | None

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        spread = self.spread
        return {
            "value": self.value, "n": spread.n, "failed_seeds": spread.failed, "mean": spread.mean, "spread": spread.spread,
            "place": self.place,
        }  # fmt: skip


def siblings(record: Record, run: str) -> SeedGroup | None:
    """Return the group of seeds of a run, without a name, the run itself included; None where fewer than two runs count."""
    index = record.replica.index
    ids = index.ids("run")
    own = ids.index(run)
    keys = [key for key in index.keys("run") if key.startswith(PARAM)]
    seed_like = sorted(key for key in keys if is_seed_like(key[len(PARAM) :]))
    data = [digest_of(key) for key in index.keys("run") if key.startswith(DATA)]
    plain = ["group", *sorted(set(keys).difference(seed_like)), *data]
    cells = {key: column[0] for key, column in index.columns("run", plain, [own]).items()}
    if all(value is None for key, value in cells.items() if key not in data):
        found = [group for group in seed_groups(record) if run in group.runs]
        return found[0] if found and len(found[0]) > 1 else None
    places: Sequence[int] | None = None
    for key in sorted(plain, key=lambda key: cells[key] is None):
        column = index.columns("run", [key], places)[key]
        wanted = cells[key]
        is_nan = wanted != wanted
        places = [
            place
            for place, value in zip(range(len(ids)) if places is None else places, column, strict=True)
            if value == wanted or (is_nan and value != value)
        ]
        if len(places) == 1:
            return None
    labels = index.columns("run", [label_of(key) for key in data], [own])
    cells |= {key: labels[label_of(key)][0] for key in data}
    return _group(record, ids, sorted(places or ()), {key: cells[key] for key in plain}, seed_like)


def _group(
    record: Record,
    ids: Sequence[str],
    places: Sequence[int],
    own: dict[str, object],
    seed_like: Sequence[str],
) -> SeedGroup | None:
    keys = ["status", "removed", "created", "seed", *seed_like]
    cells = record._cells(keys, [ids[place] for place in places], places)
    rows = sorted(
        zip(places, *[cells[key] for key in keys], strict=True),
        key=lambda row: row[3] if isinstance(row[3], int) else 0,
    )
    apart: Counter[str] = Counter()
    counted, seeds = [], []
    for place, status, hidden, _, *known in rows:
        if hidden == WITHHELD:
            continue
        if hidden or status != COUNTED:
            apart[apart_as(hidden, status)] += 1
            continue
        counted.append(place)
        seeds.append(next((seed for seed in known if seed is not None), None))
    if len(counted) < 2:
        return None
    label = own["group"] if isinstance(own["group"], str) else None
    params = {name_of(key): value for key, value in own.items() if key != "group" and value is not None}
    return SeedGroup(
        label or "", label, params, tuple([ids[place] for place in counted]), tuple(seeds), dict(apart), (), tuple(counted)
    )  # fmt: skip


def standings(record: Record, group: SeedGroup, run: str) -> list[Standing]:
    """Return where a run lies among its seeds, for each metric that it has."""
    index = record.replica.index
    own = index.ids("run").index(run)
    keys = [
        key
        for key in index.keys("run")
        if key.startswith("metrics.") and not key.startswith("metrics.system/")
    ]
    mine = {key: column[0] for key, column in index.columns("run", keys, [own]).items()}
    keys = [key for key in keys if isinstance(mine[key], (int, float))]
    cells = index.columns("run", keys, group.places)
    seed = group.seeds[group.runs.index(run)] if run in group.runs else None
    others = [
        place
        for place, one in enumerate(group.runs)
        if one != run and (seed is None or group.seeds[place] != seed)
    ]
    found = []
    for key in keys:
        value = mine[key]
        spread = spread_of(cells[key], group.seeds)
        found.append(Standing(key[len("metrics.") :], value, spread, None))  # type: ignore[arg-type]
        if run in group.runs and isinstance(value, (int, float)) and abs(value) <= LARGEST:
            beside = per_seed(
                [cells[key][place] for place in others], [group.seeds[place] for place in others]
            )
            found[-1] = found[-1]._replace(place=sum(one < value for one in beside.values) + 1)
    return found
