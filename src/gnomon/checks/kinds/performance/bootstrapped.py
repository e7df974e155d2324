"""The usual bootstrap: every metric in resamples of rows, drawn with replacement, and the quantiles of what came out.

It is what the field reports, and is given for comparison where it is asked for. The verdict rests on the intervals of
`measured`, because this one does not hold its level near 0 and 1 (docs/explanation/performance-checks.md shows by how much).

Always true: rows are put in an order of their own first, so that the order they came in does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gnomon.checks.kinds.performance import resampling, tables
from gnomon.checks.kinds.performance.measured import log_losses
from gnomon.checks.kinds.performance.names import BINARY, REGRESSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gnomon.checks.kinds.performance.columns import Given

    Array = NDArray[np.float64]


def bootstrapped(given: Given, resamples: int, seed: int) -> dict[str, Array]:
    """Return each metric in each resample: (resamples,) arrays. Nothing for fewer than two rows, or too many (`MOST_ROWS`)."""
    if given.n < 2 or given.n > resampling.MOST_ROWS:
        return {}
    if given.task == REGRESSION:
        return (
            {}
            if given.predicted is None
            else _rows(given.n, _of_numbers(given.truth, given.predicted), resamples, seed)
        )
    found: dict[str, Array] = {}
    if given.predicted is not None:
        counts = resampling.drawn_counts(
            given.truth, given.predicted, len(given.classes), resamples, seed, is_usual=True
        )
        is_plain = given.task == BINARY and counts.hits.shape[-1] == 2
        found |= tables.of_binary(counts) if is_plain else tables.of_classes(counts)
    if given.scores is not None:
        found |= _rows(given.n, _of_scores(given), resamples, seed)
    elif given.chances is not None and given.is_chance:
        losses = np.sort(log_losses(given.chances.own))
        found |= _rows(given.n, lambda weights: {"log_loss": weights @ losses / given.n}, resamples, seed)
    return found


def _rows(n: int, of: Callable[[Array], dict[str, Array]], resamples: int, seed: int) -> dict[str, Array]:
    parts: dict[str, list[Array]] = {}
    for weights in resampling.row_weights(n, resamples, seed):
        for name, values in of(weights).items():
            parts.setdefault(name, []).append(values)
    return {name: np.concatenate(each) for name, each in parts.items()}


def _of_numbers(truth: Array, said: Array) -> Callable[[Array], dict[str, Array]]:
    order = np.lexsort((said, truth))
    order = order[np.argsort(np.abs(said - truth)[order], kind="stable")]
    truth, error = truth[order], (said - truth)[order]
    apart, n = truth - truth.mean(), len(truth)
    columns = np.stack([np.abs(error), error**2, error, apart, apart**2], 1)

    def of(weights: Array) -> dict[str, Array]:
        size, square, bias, shift, spread = (weights @ columns / n).T
        middle = np.argmax(np.cumsum(weights, 1) >= n / 2, axis=1)
        found = {
            "mae": size,
            "rmse": np.sqrt(square),
            "median_absolute_error": np.abs(error)[middle],
            "mean_error": bias,
        }
        found["r2"] = 1 - tables.ratio(square, spread - shift**2)
        return found | ({"mape": weights @ np.abs(error / truth) / n} if truth.all() else {})

    return of


def _of_scores(given: Given) -> Callable[[Array], dict[str, Array]]:
    assert given.scores is not None  # noqa: S101  the caller looked
    order = np.lexsort((given.truth, given.scores))
    truth, scores, n = given.truth[order], given.scores[order], given.n
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    losses = log_losses(np.where(truth == 1, scores, 1 - scores)) if given.is_chance else None

    def of(weights: Array) -> dict[str, Array]:
        found = _of_ranks(weights, truth, last)
        if losses is not None:
            found["log_loss"] = weights @ losses / n
            found["brier"] = weights @ (scores - truth) ** 2 / n
        return found

    return of


def _of_ranks(weights: Array, truth: NDArray[np.int64], last: NDArray[np.int64]) -> dict[str, Array]:
    """Return AUC and average precision of weighted rows in rising order of scores; `last` is the last place of each score."""
    positives = np.diff(np.cumsum(weights * truth, 1)[:, last], axis=1, prepend=0)
    together = np.diff(np.cumsum(weights, 1)[:, last], axis=1, prepend=0)
    negatives = together - positives
    below = np.cumsum(negatives, 1) - negatives / 2
    m, n = positives.sum(1), negatives.sum(1)
    above = np.cumsum(positives[:, ::-1], 1)
    precision = tables.ratio(above, np.cumsum(together[:, ::-1], 1), 0.0)
    return {
        "auc": tables.ratio((positives * below).sum(1), m * n),
        "average_precision": tables.ratio((precision * positives[:, ::-1]).sum(1), m),
    }
