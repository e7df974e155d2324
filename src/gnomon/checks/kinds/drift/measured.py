"""One column in both tables: how far it moved, the chance of that, and what a reader wants to see beside it.

Rows and sketches come in by different doors and leave as the same `Measured`. Always true: a column that cannot be compared has a
`reason` in words and no figures.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.kinds.drift import numbers, words
from gnomon.checks.kinds.drift.chances import distance_above, shares_differ
from gnomon.checks.kinds.drift.columns import NUMBERS, OTHER, TIMES, WORDS
from gnomon.checks.kinds.drift.pictures import Bars, bars_of_counts, bars_of_steps
from gnomon.data.profile.privacy import kept_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.checks.kinds.drift.sketch import ColumnSketch

Array = np.ndarray[Any, np.dtype[np.float64]]

DAY = 86_400.0
DRAWN = 0.05  # chance up to which there is something to show
FEW_ROWS = 5.0  # that a category should have had, for its absence to be said
MOST_NAMED = 5
_ALL_DIFFERENT = 0.9  # of the values of both tables: then they are names of rows


class Rate(NamedTuple):
    """The share of missing values in both tables, and how far apart they are."""

    reference: float
    current: float
    p: float = 1.0
    low: float = 0.0
    high: float = 0.0

    @property
    def apart(self) -> float:
        return abs(self.current - self.reference)


class Measured(NamedTuple):
    """What is known of one column. `distance` is as counted; `effect` is what decides, `low` to `high` its interval.

    `wasserstein` is in the unit of the column (days, of times), `spread` the reference's standard deviation in it.
    `error` is by how much the distance of a sketch may be below that of its rows.
    """

    name: str
    kind: str
    n: int  # values, without missing
    m: int
    missing: Rate
    reason: str = ""
    p: float = 1.0
    statistic: float | None = None
    distance: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    psi: float | None = None
    wasserstein: float | None = None
    spread: float | None = None
    moved: str = ""
    note: str = ""
    error: float = 0.0
    bars: Bars | None = None


def rate_of(missing: int, rows: int, other_missing: int, other_rows: int) -> Rate:
    """Return the shares of missing values of two tables."""
    if not missing and not other_missing:
        return Rate(0.0, 0.0)
    share, other = (a / of if of else 0.0 for a, of in ((missing, rows), (other_missing, other_rows)))
    p = shares_differ(missing, rows, other_missing, other_rows)
    return Rate(share, other, p, *words.share_bounds(missing, rows, other_missing, other_rows))


def nothing(name: str, kind: str, n: int, m: int, missing: Rate, reason: str) -> Measured:
    """Return a column of which nothing can be told."""
    return Measured(name, kind, n, m, missing, reason)


# ---------------------------------------------------------------- numbers


def of_numbers(name: str, kind: str, reference: Array, current: Array, *, is_whole: bool) -> Measured:
    """Return a column of numbers or times from all of its rows, shapes (rows,) each, NaN where missing."""
    known = [
        values[~np.isnan(values)] if np.isnan(values).any() else values for values in (reference, current)
    ]
    sizes = [len(values) for values in known]
    missing = rate_of(len(reference) - sizes[0], len(reference), len(current) - sizes[1], len(current))
    if not min(sizes):
        return nothing(name, kind, sizes[0], sizes[1], missing, no_value(*sizes))
    steps = numbers.steps_of(*known)
    found = _of_steps(name, kind, steps, missing, _deviation(known[0]))
    is_id = (
        is_whole and kind == NUMBERS and len(steps.values) > _ALL_DIFFERENT * sum(sizes) and min(sizes) >= 100
    )
    return found._replace(note=_ID) if is_id else found


_ID = "every value is different: if these are numbers of rows, leave the column out with `ignore`"
_TIME = "a time moves by itself from one window to the next: leave it out with `ignore` if it says when a row was made"


def no_value(n: int, m: int) -> str:
    """Return which table has no value in a column."""
    which = "either table" if not n and not m else "the reference" if not n else "the current table"
    return f"there is no value in {which}"


def _deviation(values: Array) -> float:
    finite = values if np.isfinite(values).all() else values[np.isfinite(values)]
    if not len(finite):
        return math.nan
    with np.errstate(over="ignore", invalid="ignore"):
        return float(finite.std())


def _of_steps(name: str, kind: str, steps: numbers.Steps, missing: Rate, spread: float) -> Measured:
    low, high = numbers.bounds(steps)
    p = distance_above(steps.distance, steps.n, steps.m)
    unit = DAY if kind == TIMES else 1.0
    note = _TIME if kind == TIMES else ""
    return Measured(
        name, kind, steps.n, steps.m, missing, p=p,
        statistic=steps.distance, distance=steps.distance, effect=steps.distance, low=low, high=high,
        psi=numbers.psi(steps), wasserstein=numbers.wasserstein(steps) / unit, spread=spread / unit,
        moved=numbers.direction(steps), note=note, error=numbers.within(steps),
        bars=bars_of_steps(steps, kind) if p <= DRAWN else None,
    )  # fmt: skip


# ---------------------------------------------------------------- categories


def of_words(
    name: str, reference: Mapping[str, int], current: Mapping[str, int], rows: tuple[int, int], seed: int
) -> Measured:
    """Return a column of categories from their counts, and how many rows each table has, missing ones among them."""
    sizes = [sum(one.values()) for one in (reference, current)]
    missing = rate_of(rows[0] - sizes[0], rows[0], rows[1] - sizes[1], rows[1])
    if not min(sizes):
        return nothing(name, WORDS, sizes[0], sizes[1], missing, no_value(*sizes))
    if (
        all(len(one) > _ALL_DIFFERENT * size for one, size in zip((reference, current), sizes, strict=True))
        and max(sizes) > 10
    ):
        return nothing(name, WORDS, sizes[0], sizes[1], missing, "nearly every row has a value of its own")
    labels = sorted({*reference, *current})
    ours, theirs = (
        np.array([one.get(label, 0) for label in labels], np.int64) for one in (reference, current)
    )
    test = words.chi_square(ours, theirs)
    effect = words.effect(ours, theirs, seed)
    low, high = words.bounds(ours, theirs, effect)
    found = Measured(
        name, WORDS, sizes[0], sizes[1], missing,
        p=test.p, statistic=test.statistic, distance=words.distance(ours, theirs), effect=effect, low=low, high=high,
        psi=numbers.index(ours, theirs),
    )  # fmt: skip
    if test.p > DRAWN:
        return found
    shown = _Shown(name, labels, ours, theirs)
    return found._replace(moved=shown.moved, note=shown.note, bars=bars_of_counts(shown.labels, ours, theirs))


class _Shown:
    """The categories that a result may name: those that a profile of the data would keep, by the same rules."""

    def __init__(self, name: str, labels: list[str], ours: words.Counts, theirs: words.Counts) -> None:
        both = [int(n) for n in ours + theirs]
        values, _ = kept_texts(name, zip(labels, both, strict=True), distinct=len(labels), rows=sum(both))
        kept = {str(one.value) for one in values}
        self.labels = [label if label in kept else None for label in labels]
        self._shares = ours / ours.sum(), theirs / theirs.sum()
        self._few = FEW_ROWS / ours.sum(), FEW_ROWS / theirs.sum()

    @property
    def moved(self) -> str:
        """Which category grew most."""
        apart = self._shares[1] - self._shares[0]
        label = self.labels[int(apart.argmax())]
        return f"more {label}" if label is not None and apart.max() > 0 else ""

    @property
    def note(self) -> str:
        """Which categories are new or gone, as far as chance does not explain that they are in one table alone."""
        said = []
        for word, of, other, few in (
            ("new", self._shares[1], self._shares[0], self._few[0]),
            ("gone", self._shares[0], self._shares[1], self._few[1]),
        ):
            places = [int(at) for at in np.argsort(-of, kind="stable") if of[at] >= few and not other[at]]
            if not places:
                continue
            named = [f"{self.labels[at]} ({of[at]:.1%})" for at in places if self.labels[at] is not None]
            rest = len(places) - len(named[:MOST_NAMED])
            others = [f"{rest} more" if named else f"{rest} categories"] if rest else []
            said.append(f"{word}: {', '.join(named[:MOST_NAMED] + others)}")
        return "; ".join(said)


# ---------------------------------------------------------------- sketches


def of_sketches(name: str, reference: ColumnSketch, current: ColumnSketch, seed: int) -> Measured:
    """Return a column from the sketches of both tables."""
    rows = reference.count + reference.missing, current.count + current.missing
    sizes = reference.count, current.count
    missing = rate_of(reference.missing, rows[0], current.missing, rows[1])
    kind = next((one.kind for one in (reference, current) if one.is_known), reference.kind)
    reason = reference.reason or current.reason
    if reason or OTHER in (reference.kind, current.kind):
        return nothing(
            name, kind, sizes[0], sizes[1], missing, reason or "values of its type are not compared"
        )
    if not min(sizes):
        return nothing(name, kind, sizes[0], sizes[1], missing, no_value(*sizes))
    if kind == WORDS:
        return of_words(name, reference.counts, current.counts, rows, seed)
    steps = numbers.steps_of_cells(
        reference.cells, current.cells, (reference.below, current.below), (reference.above, current.above)
    )
    return _of_steps(name, kind, steps, missing, numbers.deviation(steps))
