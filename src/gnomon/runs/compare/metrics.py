"""Metrics of several runs side by side, and how each differs from that of the first.

A group of seeds has its mean, with the spread between seeds. A difference of single runs says nothing about which is better:
that needs seeds (`runs.groups.contest`).
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.runs.compare.at import values_at
from gnomon.runs.compare.direction import guess
from gnomon.runs.groups.spread import Spread, spread_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.compare.at import At
    from gnomon.runs.compare.direction import Better
    from gnomon.runs.compare.sides import Side
    from gnomon.runs.views import Record

SYSTEM = "system/"


class MetricRow(NamedTuple):
    """A metric of all that is compared. `values` are numbers, or a `Spread` for a group of seeds; None where there is none."""

    name: str
    values: tuple[float | int | Spread | None, ...]
    differences: tuple[float | None, ...]  # to the first, of each but the first
    better: Better | None  # which way is better; None where the name does not say
    is_guessed: bool

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        values = [
            {"n": one.n, "mean": one.mean, "spread": one.spread} if isinstance(one, Spread) else one
            for one in self.values
        ]
        return {
            "name": self.name, "values": values, "differences": list(self.differences), "better": self.better,
            "better_is_guessed": self.is_guessed,
        }  # fmt: skip


def metric_rows(
    record: Record, sides: Sequence[Side], at: At, better: Better | None, patterns: Sequence[str]
) -> list[MetricRow]:
    """Return the metrics that any side has and that fit a pattern, by name. Raises UnknownSubjectError."""
    names = _names(record, sides, patterns)
    ids = [run for side in sides for run in side.ids]
    places = [place for side in sides for place in side.places]
    rows = []
    for name in names:
        way = better or guess(name)
        found = values_at(record, ids, places, name, at, way)
        values: list[float | int | Spread | None] = []
        start = 0
        for side in sides:
            own = found[start : start + len(side.ids)]
            start += len(side.ids)
            values.append(spread_of(own, side.seeds) if side.group is not None else own[0])
        differences = tuple([_difference(values[0], value) for value in values[1:]])
        rows.append(MetricRow(name, tuple(values), differences, way, better is None and way is not None))
    return rows


def _names(record: Record, sides: Sequence[Side], patterns: Sequence[str]) -> list[str]:
    index = record.replica.index
    places = [place for side in sides for place in side.places]
    keys = [key for key in index.keys("run") if key.startswith("metrics.")]
    cells = index.columns("run", keys, places)
    names = [key[len("metrics.") :] for key in keys if any(value is not None for value in cells[key])]
    if not patterns:
        return [name for name in names if not name.startswith(SYSTEM)]
    chosen = []
    for pattern in patterns:
        fitting = [name for name in names if name == pattern or fnmatchcase(name, pattern)]
        if not fitting:
            from difflib import get_close_matches

            near = get_close_matches(pattern, names, n=3) or names[:5]
            raise UnknownSubjectError(
                f"none of these runs has a metric `{pattern}`",
                hint=f"they have {', '.join(f'`{one}`' for one in near)}"
                if near
                else "nothing was logged to them",
            )
        chosen += fitting
    return list(dict.fromkeys(chosen))


def _difference(first: object, other: object) -> float | None:
    a, b = (one.mean if isinstance(one, Spread) else one for one in (first, other))
    if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
        return None
    try:
        return b - a
    except OverflowError:
        return None
