"""Weak slices: where the model is surely worse than elsewhere, by more than is allowed.

Losses are errors (classes) or absolute errors (numbers). A slice fails where chance does not explain that it is worse than
the rest of the rows, after correction for every slice that was looked at, *and* its drop is beyond the limit: in accuracy, or
in a regression in mean absolute error as a share of the rest's. Drops within the limit are figures.

Always true: no slice that fails is only a part of another one: what is worse in it must be worse without the rows of those
found before it. With no weak slice anywhere, one is said to be in at most `level` of cases.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.intervals import newcombe, z_of
from gnomon.checks.kinds.performance.atoms import Binned, binned, binned_labels
from gnomon.checks.kinds.performance.names import REGRESSION
from gnomon.checks.kinds.performance.search import MOST_SHARE, Losses, Place, Search, drop_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gnomon.checks.kinds.performance.columns import Columns, Given

    Array = NDArray[np.float64]

SMALLEST_ROWS, SMALLEST_SHARE = 50, 0.005
MOST_COLUMNS = 200
MOST_CELLS = 100_000_000  # rows x columns
MOST_FAILED, MOST_WEAK, MOST_SHOWN = 10, 5, 5
DROP = {"classes": 0.1, "numbers": 0.5}
SAME = 0.99  # share of rows in which a column says what the model says, or the target
_POWER = 0.84  # deviations beyond the limit of chance that are found in 8 of 10 cases


class Slice(NamedTuple):
    """A slice: how many rows, its loss and that of the rest, the drop with its interval, and its chance, corrected."""

    words: str
    rows: int
    loss: float
    rest: float
    drop: float
    low: float
    high: float
    chance: float
    positives: float | None


class Weak(NamedTuple):
    """What came of the search: slices beyond the limit, surely weak ones within it, and the next ones, which chance may explain.

    `seen` is the drop that would probably be found in a tenth of the rows; None where nothing could be looked at: for `why`,
    where it is for want of rows.
    """

    failed: tuple[Slice, ...] = ()
    within: tuple[Slice, ...] = ()
    others: tuple[Slice, ...] = ()
    looked_at: int = 0
    columns: int = 0
    smallest: int = 0
    seen: float | None = None
    why: str = ""
    notes: tuple[str, ...] = ()

    @property
    def chance(self) -> float:
        """The smallest chance, corrected for all slices."""
        return min((one.chance for one in (*self.failed, *self.within)), default=1.0)


def default_limit(task: str) -> float:
    """Return how much worse a slice may be: 10 points of accuracy, or a mean absolute error half as large again."""
    return DROP["numbers" if task == REGRESSION else "classes"]


def losses_of(given: Given) -> Losses | None:
    """Return the loss of each row; None where there are no predictions."""
    if given.predicted is None or not given.n:
        return None
    if given.task != REGRESSION:
        wrong = (given.predicted != given.truth).astype(float)
        return Losses(wrong, wrong, is_error=True)
    size = np.abs(given.predicted - given.truth)
    return Losses(size, midranks(size), is_error=False)


def midranks(values: Array) -> Array:
    """Return ranks between 0 and 1, equal values in the middle of theirs.

    >>> midranks(np.array([3.0, 1.0, 3.0])).tolist()
    [0.6666666666666666, 0.16666666666666666, 0.6666666666666666]
    """
    _, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles: Array = np.cumsum(counts) - counts / 2
    found: Array = middles[back] / len(values)
    return found


def weak_slices(columns: Columns, names: Sequence[str], given: Given, limit: float, level: float) -> Weak:
    """Return the weak slices of the columns `names`; `level` is the chance, at most, of one where there is none."""
    losses = losses_of(given)
    smallest = max(SMALLEST_ROWS, math.ceil(SMALLEST_SHARE * given.n))
    if losses is None:
        return Weak(why="there are no predictions to be wrong", smallest=smallest)
    if given.n < 2 * smallest:
        return Weak(why=f"a slice needs {smallest} rows, and as many beside it", smallest=smallest)
    kept, notes = _columns(columns, names, given, smallest)
    if not kept:
        notes.append(f"no other column has parts of {smallest} rows or more to make slices of")
        return Weak(smallest=smallest, notes=tuple(notes))
    search = Search(kept, losses, smallest)
    if not search.looked_at:
        return Weak(why=f"no slice has {smallest} rows or more", smallest=smallest, notes=tuple(notes))
    return _found(search, given, limit, level, notes)


def _columns(
    columns: Columns, names: Sequence[str], given: Given, smallest: int
) -> tuple[list[Binned], list[str]]:
    """Return the columns in bins, without those that only repeat what the model says or what is true."""
    most = min(MOST_COLUMNS, max(1, MOST_CELLS // max(1, given.n)))
    outputs = _outputs(given, smallest)
    kept: list[Binned] = []
    same: list[str] = []
    for name, values in columns.each(names[:most]):
        made = binned(name, values[given.kept], smallest)
        if made is None:
            continue
        if any(_says_same(made, output) for output in outputs):
            same.append(name)
        else:
            kept.append(made)
    notes = []
    if same:
        said = "it says" if len(same) == 1 else "they say"
        shown = ", ".join(f"`{one}`" for one in same[:5])
        notes.append(f"no slices are made of {shown}: {said} what the model or the target says")
    if len(names) > most:
        notes.append(
            f"slices are looked for in the first {most} of {len(names):,} columns; `slices` names others"
        )
    return kept, notes


def _outputs(given: Given, smallest: int) -> list[Binned]:
    """Return what is true and what the model says, in bins."""
    of_codes = binned if given.task == REGRESSION else binned_labels
    made = [of_codes("", one, smallest) for one in (given.truth, given.predicted) if one is not None]
    made += [] if given.scores is None else [binned("", given.scores, smallest)]
    return [one for one in made if one is not None]


def _says_same(column: Binned, output: Binned) -> bool:
    """Return whether a column tells an output of the model, nearly always: a copy of it, or the same in other words."""
    codes = column.codes.astype(np.int32) * output.size + output.codes
    table = np.bincount(codes, minlength=column.size * output.size).reshape(column.size, output.size)
    wrong = 1 - table.max(1).sum() / table.sum()
    back = 1 - table.max(0).sum() / table.sum()
    base = 1 - table.sum(0).max() / table.sum()
    return bool(max(wrong, back) <= min(1 - SAME, 0.05 * base))


def _found(search: Search, given: Given, limit: float, level: float, notes: list[str]) -> Weak:
    failed = _one_after_another(search, given, limit, math.inf, level, MOST_FAILED)
    within = _one_after_another(search, given, 0.0, limit, level, MOST_WEAK)
    others = _next(search, given, {one.words for one in (*failed, *within)})
    return Weak(
        tuple(failed), tuple(within), tuple(others), search.looked_at, len(search.columns), search.smallest,
        _seen(search, level), notes=tuple(notes),
    )  # fmt: skip


def _one_after_another(
    search: Search, given: Given, above: float, at_most: float, level: float, most: int
) -> list[Slice]:
    """Return slices whose drop is above one limit and at most another, the surest first, each without the rows before it."""
    found: list[Slice] = []
    while len(found) < most and (candidate := search.best(above, at_most, level)) is not None:
        found.append(_slice(search, candidate.place, candidate.chance, given, level))
        search.remove(search.mask(candidate.place))
    return found


def _slice(search: Search, place: Place, chance: float, given: Given, level: float) -> Slice:
    mask = search.mask(place)
    inside, outside = search.losses.loss[mask], search.losses.loss[~mask]
    low, high = _ends(
        inside, outside, search.losses, min(1.0, 2 * level / search.counts[len(place.columns) - 1])
    )
    drop = float(
        inside.mean() - outside.mean()
        if search.losses.is_error
        else inside.mean() / max(outside.mean(), 1e-300) - 1
    )
    positives = float(given.truth[mask].mean()) if len(given.classes) == 2 else None
    return Slice(
        search.words(place),
        int(mask.sum()),
        float(inside.mean()),
        float(outside.mean()),
        drop,
        low,
        high,
        chance,
        positives,
    )


def _ends(inside: Array, outside: Array, losses: Losses, level: float) -> tuple[float, float]:
    """Return the ends of the drop."""
    if losses.is_error:
        low, high = newcombe(inside.sum(), len(inside), outside.sum(), len(outside), level)
        return float(low), float(high)
    one, two = float(inside.mean()), float(outside.mean())
    if min(one, two) <= 0:
        return -1.0, math.inf
    error = math.sqrt(
        float(inside.var()) / len(inside) / one**2 + float(outside.var()) / len(outside) / two**2
    )
    factor = math.exp(min(700.0, z_of(level) * error))
    return one / two / factor - 1, one / two * factor - 1


def _next(search: Search, given: Given, known: set[str]) -> list[Slice]:
    """Return the single atoms that look worst beside those found."""
    ranked: list[tuple[float, Place]] = []
    for key, whole in search.slices.items():
        if len(key) == 1:
            drops = drop_of(whole, search.whole, search.losses)
            fits = (whole.rows >= search.smallest) & (whole.rows <= MOST_SHARE * search.n) & (drops > 0)
            z = search.z(whole)
            ranked += [(float(z[at]), Place(key, (int(at),))) for at in np.flatnonzero(fits)]
    ranked.sort(key=lambda one: (-one[0], one[1]))
    places = [place for _, place in ranked if search.words(place) not in known][:MOST_SHOWN]
    return [_slice(search, place, search.plain_chance(place), given, 0.05) for place in places]


def _seen(search: Search, level: float) -> float:
    """Return the drop that would probably be found in a tenth of the rows, if that is an atom."""
    n = search.n / 10
    mean = float(search.whole.loss) / search.n
    spread = (
        math.sqrt(mean * (1 - mean))
        if search.losses.is_error
        else float(search.losses.loss.std()) / max(mean, 1e-300)
    )
    beyond = z_of(min(1.0, 2 * level / search.counts[0])) + _POWER
    return beyond * spread / math.sqrt(n)


def other_columns(names: Sequence[str], wanted: bool | Sequence[Any], used: Sequence[str]) -> list[str]:
    """Return the columns in which slices are looked for."""
    if wanted is False:
        return []
    every = names if wanted is True else wanted
    return [one for one in every if one not in used]
