"""Resamples: the confusion table drawn again (for metrics that have no closed interval), and rows drawn again (the usual
bootstrap).

A bootstrap of rows changes a confusion table as a multinomial draw does, so the table is drawn and no row is touched. The
draws are those of the Bayesian bootstrap (Rubin 1981): weights instead of counts, with one row in all spread over the classes
as a prior, half of it on what is right and half on what is wrong. A table without a wrong cell then has an interval, which a
multinomial draw has not.

Always true: the same counts and seed give the same draws; memory is bounded, whatever the rows and classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.kinds.performance.tables import Counts, tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Draw = Callable[["Array", int], "Array"]

PRIOR = 1.0  # rows
MOST_CELLS = 20_000  # beyond, wrong cells of one class are drawn together: their sum is what metrics need
MOST_ROWS = 50_000  # of the usual bootstrap
_AT_ONCE = 2_000_000  # numbers in memory


def drawn_counts(
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: int,
    resamples: int,
    seed: int,
    *,
    is_usual: bool = False,
) -> Counts:
    """Return the counts of `resamples` drawn tables, a leading axis of draws, for the classes that occur in either column.

    With `is_usual` the draws are those of the usual bootstrap: whole rows, and no prior.
    """
    occurs = np.flatnonzero(np.bincount(truth, minlength=classes) + np.bincount(predicted, minlength=classes))
    count = len(occurs)
    place = np.zeros(classes, np.int64)
    place[occurs] = np.arange(count)
    cells, rows = np.unique(place[truth] * count + place[predicted], return_counts=True)
    weights = rows.astype(float)
    if not is_usual:
        cells, weights = _with_prior(cells, weights, np.unique(place[truth]), count)
    chance = np.random.default_rng(seed)
    if len(cells) > MOST_CELLS:
        draw_sums = chance.poisson if is_usual else chance.standard_gamma
        return _drawn_apart(cells // count, cells % count, weights, count, resamples, draw_sums)

    def draw(of: Array, size: int) -> Array:
        if is_usual:
            return chance.multinomial(len(truth), of / of.sum(), size=size).astype(float)
        return chance.standard_gamma(of, size=(size, len(of)))

    return _drawn(cells // count, cells % count, weights, count, resamples, draw)


def _with_prior(
    cells: NDArray[np.int64], weights: Array, present: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], Array]:
    """Return cells and weights with one row more in all, spread over the classes that occur."""
    right = present * count + present
    wrong = present * count + (present + 1) % count
    extra = np.full(2 * len(present), PRIOR / 2 / len(present))
    found, back = np.unique(np.concatenate([cells, right, wrong]), return_inverse=True)
    return found, tally(back, len(found), np.concatenate([weights, extra]))


def _drawn(
    true: NDArray[np.int64],
    predicted: NDArray[np.int64],
    weights: Array,
    count: int,
    resamples: int,
    draw: Draw,
) -> Counts:
    hits, trues, predictions = (np.zeros((resamples, count)) for _ in range(3))
    is_right = true == predicted
    step = max(1, _AT_ONCE // len(weights))
    for start in range(0, resamples, step):
        part = slice(start, min(resamples, start + step))
        drawn = draw(weights, part.stop - start)
        hits[part][:, true[is_right]] = drawn[:, is_right]
        trues[part] = _summed(drawn, true, count)
        predictions[part] = _summed(drawn, predicted, count)
    return Counts(hits, trues, predictions)


def _summed(drawn: Array, codes: NDArray[np.int64], count: int) -> Array:
    """Return sums of columns by code."""
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    found = np.zeros((len(drawn), count))
    found[:, present] = np.add.reduceat(drawn[:, order], starts, axis=1)
    return found


def _drawn_apart(
    true: NDArray[np.int64],
    predicted: NDArray[np.int64],
    weights: Array,
    count: int,
    resamples: int,
    draw: Any,
) -> Counts:
    """Return counts whose wrong cells are drawn by sums: of each class, what it was taken for, and what was taken for it.

    Both come to the same number of wrong rows in a draw, as they do in a table.
    """
    is_right = true == predicted
    right = tally(true[is_right], count, weights[is_right])
    missed, taken = (tally(one[~is_right], count, weights[~is_right]) for one in (true, predicted))
    found = [np.zeros((resamples, count)) for _ in range(3)]
    step = max(1, _AT_ONCE // count)
    for start in range(0, resamples, step):
        part = slice(start, min(resamples, start + step))
        shape = (part.stop - start, count)
        wrong = draw(missed.sum(), size=(shape[0], 1)).astype(float)
        found[0][part] = draw(right, size=shape)
        for each, one in zip(found[1:], (missed, taken), strict=True):
            drawn = draw(one, size=shape).astype(float)
            each[part] = drawn * wrong / np.maximum(drawn.sum(1, keepdims=True), 1e-300)
    return Counts(found[0], found[0] + found[1], found[0] + found[2])


def row_weights(rows: int, resamples: int, seed: int) -> Iterator[Array]:
    """Yield how often each row is drawn, (draws, rows) at a time: `resamples` draws in all."""
    chance = np.random.default_rng(seed)
    step = max(1, _AT_ONCE // max(1, rows))
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        found = np.empty((count, rows))
        for draw in range(count):
            found[draw] = np.bincount(chance.integers(0, rows, rows, dtype=np.int32), minlength=rows)
        yield found
