"""Metrics of predicted classes, all of them from three counts a class: rows, predicted rows, and rows that are both.

Equal to scikit-learn to the last digits, with these answers where a metric is 0/0. Of two classes, precision, recall, F1 and
specificity are not defined (NaN; scikit-learn: `zero_division=nan`). In means over classes, a class that is never predicted
has precision 0, one that is predicted and never occurs has recall 0 (`zero_division=0`), and balanced accuracy leaves the
latter out. The Matthews correlation is 0 where one class is predicted throughout, and not defined where one class is true
throughout.

Always true: arrays with any number of leading axes go in, one value for each comes out; no warning is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Counts(NamedTuple):
    """Counts of each class, the last axis: `hits` (true and predicted), `true`, `predicted`. Of two, the second is positive."""

    hits: Array
    true: Array
    predicted: Array

    @property
    def n(self) -> Array:
        """Rows."""
        total: Array = self.true.sum(-1)
        return total


def counts_of(truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> Counts:
    """Return the counts of codes 0 … classes - 1.

    >>> counts_of(np.array([0, 1, 1]), np.array([0, 1, 0]), 2).hits.tolist()
    [1.0, 1.0]
    """
    hits = tally(truth[truth == predicted], classes)
    return Counts(hits, tally(truth, classes), tally(predicted, classes))


def tally(codes: NDArray[Any], size: int, weights: Array | None = None) -> Array:
    """Return the sum of weights of each code, or how many there are."""
    return np.bincount(codes, weights=weights, minlength=size).astype(float, copy=False)


def ratio(above: Array, below: Array, otherwise: float = np.nan) -> Array:
    """Return above / below, `otherwise` where below is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = np.where(below > 0, np.asarray(above, float) / below, otherwise)
    return found


def of_binary(counts: Counts) -> dict[str, Array]:
    """Return accuracy, balanced_accuracy, precision, recall, f1, specificity and mcc."""
    hits, true, predicted = counts
    return {
        "accuracy": ratio(hits.sum(-1), counts.n),
        "balanced_accuracy": balanced_accuracy(counts),
        "precision": ratio(hits[..., 1], predicted[..., 1]),
        "recall": ratio(hits[..., 1], true[..., 1]),
        "f1": ratio(2 * hits[..., 1], true[..., 1] + predicted[..., 1]),
        "specificity": ratio(hits[..., 0], true[..., 0]),
        "mcc": mcc(counts),
    }


def of_classes(counts: Counts) -> dict[str, Array]:
    """Return accuracy, balanced_accuracy, kappa, and precision, recall and f1 as `_macro` and `_weighted`."""
    hits, true, predicted = counts
    occurs = (true + predicted) > 0
    found = {
        "accuracy": ratio(hits.sum(-1), counts.n),
        "balanced_accuracy": balanced_accuracy(counts),
        "kappa": kappa(counts),
    }
    for name, each in (
        ("precision", ratio(hits, predicted, 0.0)),
        ("recall", ratio(hits, true, 0.0)),
        ("f1", ratio(2 * hits, true + predicted, 0.0)),
    ):
        found[f"{name}_macro"] = ratio((each * occurs).sum(-1), occurs.sum(-1))
        found[f"{name}_weighted"] = ratio((each * true).sum(-1), counts.n)
    return found


def balanced_accuracy(counts: Counts) -> Array:
    """Return the mean of the recalls of those classes that occur."""
    occurs = counts.true > 0
    return ratio((ratio(counts.hits, counts.true, 0.0) * occurs).sum(-1), occurs.sum(-1))


def mcc(counts: Counts) -> Array:
    """Return the Matthews correlation (Gorodkin 2004 for more than two classes)."""
    n = counts.n
    agreed = counts.hits.sum(-1) * n - (counts.true * counts.predicted).sum(-1)
    of_true = n * n - (counts.true**2).sum(-1)
    of_predicted = n * n - (counts.predicted**2).sum(-1)
    with np.errstate(invalid="ignore"):
        below = np.sqrt(np.maximum(of_true, 0)) * np.sqrt(np.maximum(of_predicted, 0))
    found: Array = np.where(of_true > 0, ratio(agreed, below, 0.0), np.nan)
    return found


def kappa(counts: Counts) -> Array:
    """Return Cohen's kappa: agreement beyond what the shares of the classes alone make."""
    n = counts.n
    by_chance = (counts.true * counts.predicted).sum(-1)
    return ratio(counts.hits.sum(-1) * n - by_chance, n * n - by_chance)
