"""Whether a gap grew since an earlier version, by what that version's result kept: the counts of its groups.

The two versions are taken as two samples of people who have nothing to do with each other. Where both were made on the same
people, as two models on one test set, that is careful: what really grew may be called *cannot tell*, what did not grow is not
called grown. Only groups that both versions have, and that are large enough in both, take part.
Always true: the interval contains the growth of the two gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.kinds.fairness.cells import Groups
from gnomon.checks.kinds.fairness.pairs import gap_at, range_tail, range_z

if TYPE_CHECKING:
    from gnomon.checks.kinds.fairness.measured import Measured
    from gnomon.checks.result import CheckResult

CELLS = "cells"
_FARTHEST = 8.0


class Growth(NamedTuple):
    """The gap now minus the gap before; `p` is the chance that a gap which did not grow seems to have grown so much."""

    value: float
    low: float
    high: float
    now: float
    before: float
    p: float


def groups_before(since: CheckResult, attribute: str) -> Groups | None:
    """Return the groups of an attribute as an earlier result kept them; None where it did not."""
    try:
        table = since.table(CELLS)
    except KeyError:
        return None
    rows = [row for row in table.rows if row[0] == attribute]
    if not rows:
        return None
    numbers = np.array([[np.nan if cell is None else cell for cell in row[2:]] for row in rows], dtype=float)
    sums: dict[str, Any] = {
        key: numbers[:, place]
        for place, key in enumerate(table.columns[2:])
        if not np.isnan(numbers[:, place]).any()
    }
    return Groups(attribute, tuple(str(row[1]) for row in rows), sums)


def in_common(now: Measured, before: Measured, smallest: int) -> tuple[Measured, Measured] | None:
    """Return both, of the groups that both have with so many people at least; None where those are not two."""
    places = {label: place for place, label in enumerate(before.labels)}
    shared = [
        (place, places[label])
        for place, label in enumerate(now.labels)
        if label in places and now.n[place] >= smallest and before.n[places[label]] >= smallest
    ]
    if len(shared) < 2:
        return None
    first, second = np.array(shared).T
    return now.at(first), before.at(second)


def growth_of(now: Measured, before: Measured, level: float) -> Growth:
    """Return how much the gap grew. The intervals of both gaps are put together by squares (Zou and Donner 2008)."""
    k = len(now.value)
    found = _at(now, before, range_z(level, k), level)
    return found._replace(p=_chance(now, before) if found.value > 0 else 1.0)


def _at(now: Measured, before: Measured, z: float, level: float) -> Growth:
    new, old = gap_at(now, z, level), gap_at(before, z, level)
    grown = new.value - old.value
    down = float(np.hypot(new.value - new.low, old.high - old.value))
    up = float(np.hypot(new.high - new.value, old.value - old.low))
    return Growth(grown, grown - down, grown + up, new.value, old.value, 1.0)


def _chance(now: Measured, before: Measured) -> float:
    """Return the level at which the interval begins to leave 0 out."""
    k = len(now.value)
    low, high = 0.0, _FARTHEST
    for _ in range(30):
        z = (low + high) / 2
        is_grown = _at(now, before, z, range_tail(z, k)).low > 0
        low, high = (z, high) if is_grown else (low, z)
    return range_tail(low, k)
