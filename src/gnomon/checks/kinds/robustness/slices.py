"""Slices of rows, one column at a time, and how much less the figure is in each than over all rows.

A slice is a value of a category (rare ones together), or a quarter of the numbers; what is missing is a slice of its own.
Chance is exact: of all ways to draw so many rows of a class (Fisher), those in which as few are right; of a regression, the sum
of ranks of squared errors (Wilcoxon). Always true: each row is in one slice of a column at most; slices are made from the column
alone, never from what the model says of them.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon import text
from gnomon.checks.intervals import newcombe, two_sided, z_of
from gnomon.checks.kinds.robustness.figured import FEWEST_OF_CLASS, Figure
from gnomon.checks.model_columns import is_category
from gnomon.checks.model_labels import distinct, is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from gnomon.checks.kinds.robustness.scores import Score
    from gnomon.checks.model_inputs import Inputs

    Array = np.ndarray[Any, Any]

FEWEST, SHARE = 50, 0.01  # rows of a slice, and their share of all: less is pooled with other rare values
MOST_VALUES = 20
QUARTERS = 4


class Slice(NamedTuple):
    """Rows that have something in common. `drop` is how much less the figure is than over all rows, with its interval."""

    column: str
    label: str
    rows: int
    value: float
    drop: float
    low: float
    high: float
    chance: float  # that it is so much worse where the column says nothing, on its own


def cut(inputs: Inputs, name: str) -> list[tuple[str, Array]]:
    """Return (label, whether each row is in it) for the slices of a column that are large enough."""
    import numpy as np

    values = inputs.array(name)
    fewest = max(FEWEST, int(np.ceil(SHARE * len(values))))
    missing = is_missing(values)
    is_numbers = values.dtype.kind in "iuf" and not is_category(inputs.columns[name])
    if is_numbers and len(np.unique(values[~missing])) > MOST_VALUES:
        parts = _quarters(name, values, missing)
    else:
        parts = _values(name, values, missing, fewest)
    if missing.any():
        parts.append((f"{name} is missing", missing))
    return [(label, member) for label, member in parts if member.sum() >= fewest]


def _quarters(name: str, values: Array, missing: Array) -> list[tuple[str, Array]]:
    import numpy as np

    present = values[~missing].astype(float)
    edges = np.unique(np.quantile(present, np.arange(1, QUARTERS) / QUARTERS, method="inverted_cdf"))
    bins = np.where(missing, -1, np.searchsorted(edges, np.where(missing, 0, values), side="left"))
    parts = []
    for place in range(len(edges) + 1):
        member = bins == place
        if member.any():
            own = values[member]
            low, high = _number(own.min()), _number(own.max())
            parts.append((f"{name} = {low}" if low == high else f"{name} is {low} to {high}", member))
    return parts


def _values(name: str, values: Array, missing: Array, fewest: int) -> list[tuple[str, Array]]:
    import numpy as np

    different = distinct(values)
    codes = {value: place for place, value in enumerate(different)}
    found = np.array(
        [-1 if gone else codes.get(value, -1) for value, gone in zip(_plain(values), missing, strict=True)],
        dtype=int,
    )
    counts = np.bincount(found[found >= 0], minlength=len(different))
    common = [place for place in np.argsort(-counts, kind="stable")[:MOST_VALUES] if counts[place] >= fewest]
    parts = [(f"{name} = {_short(different[place])}", found == place) for place in sorted(common)]
    others = (found >= 0) & ~np.isin(found, common)
    if others.any():
        parts.append((f"{name} has another value" if common else f"{name} has any value", others))
    return parts


def measured(
    score: Score,
    counts: Array,
    name: str,
    parts: Sequence[tuple[str, Array]],
    level: float,
    answers: Array | None = None,
) -> list[Slice]:
    """Return each slice of a column; their intervals hold together. `counts` is what each row counts (`Score.values`), `answers`
    what the model says of it, which a `Figure` needs.
    """
    own = level / max(1, len(parts))
    if isinstance(score, Figure) and answers is not None:
        return [_of_figure(score, answers, name, label, member, own) for label, member in parts]
    if score.is_bounded:
        return _of_classes(score, counts, name, parts, own)
    ranks = _midranks(counts)
    return [_of_numbers(counts, ranks, name, label, member, own) for label, member in parts]


def _of_classes(
    score: Score, counts: Array, name: str, parts: Sequence[tuple[str, Array]], level: float
) -> list[Slice]:
    """Of each slice, over the classes of which it has rows enough: the mean of how much less of a class is right, and the
    square-and-add interval of that mean (Zou and Donner, Statistics in Medicine 2008) from Newcombe's of each.
    """
    import numpy as np

    strata, sizes = score.strata, score.sizes
    k = len(sizes)
    inside = np.array([np.bincount(strata[member], minlength=k) for _, member in parts])  # (slices, classes)
    right = np.array(
        [np.bincount(strata[member], weights=counts[member], minlength=k) for _, member in parts]
    )
    all_right = np.bincount(strata, weights=counts, minlength=k)
    outside, outside_right = sizes - inside, all_right - right
    low, high = newcombe(outside_right, outside, right, inside, level)
    with np.errstate(invalid="ignore", divide="ignore"):
        value, difference = right / inside, outside_right / outside - right / inside
    part = outside / sizes  # of all rows: the drop against them is smaller than that against the rest
    kept = (inside >= (FEWEST_OF_CLASS if k > 1 else 1)) & (outside > 0)
    found = []
    for place, (label, member) in enumerate(parts):
        own = np.flatnonzero(kept[place])
        rows = int(member.sum())
        if not len(own):
            found.append(Slice(name, label, rows, math.nan, math.nan, -1.0, 1.0, 1.0))
            continue
        drops = (part * difference)[place, own]
        drop = float(drops.mean())
        down = float(np.hypot.reduce(drops - (part * low)[place, own])) / len(own)
        up = float(np.hypot.reduce((part * high)[place, own] - drops)) / len(own)
        chance = min(
            as_few_right(right[place, at], inside[place, at], all_right[at], sizes[at]) for at in own
        )
        figure = float(value[place, own].mean())
        low_end, high_end = max(-1.0, drop - down), min(1.0, drop + up)
        found.append(Slice(name, label, rows, figure, drop, low_end, high_end, min(1.0, len(own) * chance)))
    return found


def _of_figure(score: Figure, answers: Array, name: str, label: str, member: Array, level: float) -> Slice:
    """Of the classes of which the slice has rows enough: how much worse the figure is in it than over all their rows."""
    import numpy as np

    rows = int(member.sum())
    among = np.ones(len(member), dtype=bool)
    if score.labels is not None and score.name not in ("brier", "log_loss"):
        inside = np.bincount(score.target[member], minlength=score.classes)
        kept = np.flatnonzero(inside >= FEWEST_OF_CLASS)
        among = np.isin(score.target, kept)
        if len(kept) < 2:
            return Slice(name, label, rows, math.nan, math.nan, -math.inf, math.inf, 1.0)
    part = member & among
    whole, own = score.at(among), score.at(part)
    base, of_all = whole.measured(answers[among])
    value, of_part = own.measured(answers[part])
    drop = score.sign * (base - value)
    if not math.isfinite(drop):
        return Slice(name, label, rows, math.nan, math.nan, -math.inf, math.inf, 1.0)
    moves = np.zeros(len(member))
    moves[among] += of_all
    moves[part] -= of_part
    error = math.sqrt(float(np.square(moves).sum()) + own.extra)
    half = z_of(level) * error
    chance = two_sided(drop / error) / 2 if drop > 0 and error > 0 else 1.0
    return Slice(name, label, rows, value, drop, drop - half, drop + half, chance)


def as_few_right(right: float, inside: float, all_right: float, rows: float) -> float:
    """Return P(X <= right), X the number right among `inside` rows drawn from `rows` of which `all_right` are (Fisher 1935).

    >>> round(as_few_right(1, 4, 4, 8), 4)  # (1 + 16) / 70
    0.2429
    """
    import numpy as np

    hits, drawn, good, total = int(right), int(inside), int(all_right), int(rows)
    each = np.arange(max(0, drawn - (total - good)), hits + 1)
    if not len(each):
        return 1.0
    log = _log_factorials(1 << total.bit_length())
    ways = -log[each] - log[good - each] - log[drawn - each] - log[total - good - drawn + each]
    ways += log[good] + log[total - good] + log[drawn] + log[total - drawn] - log[total]
    return min(1.0, float(np.exp(ways).sum()))


@lru_cache(maxsize=4)
def _log_factorials(count: int) -> Array:
    """Return log(n!) for n from 0 to `count`."""
    import numpy as np

    return np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, count + 1)))))


def _of_numbers(counts: Array, ranks: Array, name: str, label: str, member: Array, level: float) -> Slice:
    """R² of a slice is measured against the spread of all rows: within a quarter of a column a target varies less."""
    import numpy as np

    inside, outside = counts[member], counts[~member]
    n, m = len(inside), len(outside)
    value = float(1 + inside.mean())
    if m < FEWEST or n < FEWEST:
        return Slice(name, label, n, value, float(counts.mean() - inside.mean()), -np.inf, np.inf, 1.0)
    part = m / (n + m)
    drop = part * float(outside.mean() - inside.mean())
    half = z_of(level) * part * float(np.sqrt(inside.var(ddof=1) / n + outside.var(ddof=1) / m))
    expected = n * (n + m + 1) / 2
    deviation = np.sqrt(n * m * (n + m + 1) / 12)
    z = (float(ranks[member].sum()) - expected) / deviation  # low ranks: large errors
    chance = two_sided(z) / 2 if z < 0 else 1.0
    return Slice(name, label, n, value, drop, drop - half, drop + half, chance)


def _midranks(values: Array) -> Array:
    import numpy as np

    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((2 * last - counts + 1) / 2)[places]


def _plain(values: Array) -> list[Any]:
    found: list[Any] = values.tolist()
    return [value if value.__hash__ is not None else str(value) for value in found]


def _number(value: Any) -> str:
    return f"{float(value):.6g}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return _number(value)
    return text.cut(text.clean(str(value)), 40)
