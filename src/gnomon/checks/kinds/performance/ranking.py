"""What an order of rows says: ROC AUC and average precision, how each row moves them, and the points of both curves.

One sort gives the counts of both classes at each different score; all else follows from those counts, exactly, ties included.
Equal to scikit-learn's `roc_auc_score` and `average_precision_score`. Both are NaN where one class has no row.

Always true: the order of the rows given does not matter, nor does anything that keeps the order of the scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.kinds.performance import ends

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CURVE_POINTS = 200


class Ranked(NamedTuple):
    """At each different score, the highest first: how many positives and negatives have it."""

    positives: Array
    negatives: Array
    scores: Array

    @property
    def sizes(self) -> tuple[int, int]:
        """How many positives and negatives there are."""
        return int(self.positives.sum()), int(self.negatives.sum())


def ranked(scores: Array, is_positive: NDArray[Any]) -> Ranked:
    """Return the counts at each different score.

    >>> ranked(np.array([0.1, 0.9, 0.9]), np.array([0, 0, 1])).positives.tolist()
    [1.0, 0.0]
    """
    order = np.argsort(scores)[::-1]
    ordered = scores[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])
    if not len(starts):
        return Ranked(np.zeros(0), np.zeros(0), np.zeros(0))
    positives = np.add.reduceat(is_positive[order].astype(float), starts)
    together = np.diff(np.append(starts, len(ordered))).astype(float)
    return Ranked(positives, together - positives, ordered[starts])


class Auc(NamedTuple):
    """An AUC with what its interval is made of (see `ends.auc`)."""

    value: float
    parts: tuple[float, float]
    sizes: tuple[int, int]
    informative: float

    @property
    def ends(self) -> ends.Ends | None:
        """The interval; None where a class has fewer than two rows."""
        return ends.auc(*self) if min(self.sizes) > 1 else None


def placements(found: Ranked) -> tuple[Array, Array]:
    """Return for each score the share of negatives below it, and of positives above it; equal ones count half."""
    m, n = found.sizes
    below = n - np.cumsum(found.negatives) + found.negatives / 2
    above = np.cumsum(found.positives) - found.positives / 2
    return below / max(n, 1), above / max(m, 1)


def auc_of(found: Ranked) -> Auc:
    """Return the AUC, with the variances that its positives and its negatives bring (DeLong 1988).

    >>> auc_of(ranked(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))).value
    0.75
    """
    m, n = found.sizes
    if not m or not n:
        return Auc(np.nan, (0.0, 0.0), (m, n), 0.0)
    below, above = placements(found)
    value = float((found.positives * below).sum() / m)
    parts = (_error(found.positives, below, value, m), _error(found.negatives, above, value, n))
    if value >= 0.5:
        apart = (found.positives[below < 1].sum(), found.negatives[above < 1].sum())
    else:
        apart = (found.positives[below > 0].sum(), found.negatives[above > 0].sum())
    return Auc(value, parts, (m, n), float(min(apart)))


def _error(counts: Array, values: Array, mean: float, n: int) -> float:
    return float((counts * (values - mean) ** 2).sum() / (n - 1) / n) if n > 1 else 0.0


class Average(NamedTuple):
    """An average precision: `variance` of its influences, `informative` as in `ends.effective`."""

    value: float
    variance: float
    positives: int
    informative: float

    @property
    def ends(self) -> ends.Ends | None:
        """The interval; None with fewer than two positives."""
        if self.positives < 2:
            return None
        return ends.effective(
            self.value, self.variance, self.positives, self.informative, self.positives - 1.0
        )


def average_precision_of(found: Ranked) -> Average:
    """Return the sum of precision over steps of recall, and the variance that rows bring.

    >>> round(average_precision_of(ranked(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))).value, 4)  # (1 + 2/3) / 2
    0.8333
    """
    m, n = found.sizes
    if not m:
        return Average(np.nan, 0.0, 0, 0.0)
    rows = m + n
    value, of_positive, of_negative = average_moves(found)
    square = float((found.positives * of_positive**2 + found.negatives * of_negative**2).sum())
    lowest, highest = np.flatnonzero(found.positives)[-1], np.flatnonzero(found.negatives)[:1]
    mixed = (
        min(found.positives[highest[0] :].sum(), found.negatives[: lowest + 1].sum()) if len(highest) else 0.0
    )
    return Average(value, square / max(1, rows - 1) / rows, m, float(mixed))


def average_moves(found: Ranked) -> tuple[float, Array, Array]:
    """Return the average precision, and how a positive and a negative with each score move it, times the number of rows.

    A row moves it where it stands, by the precision there, and through the precision of every positive below it.
    """
    m, n = found.sizes
    together = np.cumsum(found.positives + found.negatives)
    precision = np.cumsum(found.positives) / together
    value = float((precision * found.positives).sum() / m) if m else np.nan
    lost = np.cumsum((found.positives * precision / together)[::-1])[::-1]
    gained = np.cumsum((found.positives / together)[::-1])[::-1]
    scale = (m + n) / m if m else np.nan
    return value, (precision - value + gained - lost) * scale, -lost * scale


class Rest:
    """The AUCs of each class against the rest, added up one class after the other: their mean, and how rows move it.

    So the scores of a thousand classes need not be in memory together.
    """

    def __init__(self, truth: NDArray[np.int64], classes: int) -> None:
        self.truth = truth
        self.sizes = np.bincount(truth, minlength=classes)
        self.values = np.full(classes, np.nan)
        self._moves = np.zeros(len(truth))
        self._mixed = np.zeros(len(truth), bool)

    def add(self, code: int, scores: Array) -> None:
        """Add the AUC of a class, unless none or all rows are of it."""
        m, rows = int(self.sizes[code]), len(self.truth)
        if not 0 < m < rows:
            return
        is_positive = self.truth == code
        _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
        positives = np.bincount(inverse, weights=is_positive, minlength=len(counts))
        negatives = counts - positives
        n = rows - m
        below = (np.cumsum(negatives) - negatives / 2) / n
        above = 1 - (np.cumsum(positives) - positives / 2) / m
        value = self.values[code] = float((positives * below).sum() / m)
        moves = np.where(is_positive, (below[inverse] - value) / m, (above[inverse] - value) / n)
        self._moves += moves
        self._mixed |= is_positive & (below[inverse] < 1)

    @property
    def moves(self) -> Array:
        """How much each row moves the sum of the AUCs."""
        return self._moves

    @property
    def value(self) -> float:
        """The mean over the classes that have an AUC; NaN where none has."""
        known = self.values[np.isfinite(self.values)]
        return float(known.mean()) if len(known) else np.nan

    @property
    def ends(self) -> ends.Ends | None:
        """The interval of the mean; None where a class has fewer than two rows."""
        known = np.isfinite(self.values)
        count, sizes = int(known.sum()), self.sizes[known]
        if not count or sizes.min() < 2:
            return None
        moves = self._moves / count
        squares = np.bincount(self.truth, weights=moves * moves, minlength=len(self.sizes))[known]
        variance = float(squares.sum())
        freedom = variance**2 / max(1e-300, float((squares**2 / (sizes - 1)).sum()))
        rows = count**2 / float((1 / sizes).sum())
        return ends.effective(self.value, variance, rows, float(self._mixed.sum()), freedom)


def roc_points(found: Ranked) -> tuple[Array, Array]:
    """Return false and true positive rates along the curve, at most `CURVE_POINTS`."""
    m, n = found.sizes
    hits, alarms = (
        np.concatenate([[0.0], np.cumsum(one)]) / max(1, size)
        for one, size in ((found.positives, m), (found.negatives, n))
    )
    kept = _spread(hits + alarms)
    return alarms[kept], hits[kept]


def precision_recall_points(found: Ranked) -> tuple[Array, Array]:
    """Return recalls and precisions along the curve, at most `CURVE_POINTS`."""
    hits = np.cumsum(found.positives)
    precision = hits / np.cumsum(found.positives + found.negatives)
    recall = hits / max(1.0, hits[-1]) if len(hits) else hits
    kept = _spread(recall)
    return recall[kept], precision[kept]


def _spread(along: Array) -> NDArray[np.int64]:
    """Return places that lie evenly along a rising measure, both ends among them."""
    if len(along) <= CURVE_POINTS:
        return np.arange(len(along))
    goals = np.linspace(along[0], along[-1], CURVE_POINTS)
    return np.unique(np.minimum(np.searchsorted(along, goals), len(along) - 1))
