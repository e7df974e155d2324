"""What the columns of a performance check hold where there are many classes: a score for each, read one after the other.

So the scores of a thousand classes are never in memory together: of each row, that of its own class and the highest are kept.
Always true: classes are in the order of their labels, and a list of columns is taken in that order, which is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gnomon.checks.kinds.performance import labels
from gnomon.checks.kinds.performance.columns import (
    Chances,
    Given,
    column_of,
    kept_rows,
    numbers_of,
    score_columns,
    shown,
)
from gnomon.checks.kinds.performance.names import MULTICLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gnomon.checks.kinds.performance.asked import Asked
    from gnomon.checks.kinds.performance.columns import Columns

    Array = NDArray[np.float64]


def many_classes(
    columns: Columns,
    asked: Asked,
    target: tuple[NDArray[np.int64], Sequence[str]],
    prediction: tuple[NDArray[np.int64] | None, Sequence[str]],
    notes: list[str],
) -> Given:
    """Return what many classes hold: the scores are read one class after the other."""
    from_dict = [labels.label(key) for key in asked.score] if isinstance(asked.score, dict) else []
    seen = labels.ordered({*target[1], *prediction[1]})
    every = labels.ordered({*seen, *from_dict})
    truth = labels.recoded(*target, every)
    said = None if prediction[0] is None else labels.recoded(prediction[0], prediction[1], every)
    rows = len(truth)
    missing = [(asked.target, truth < 0), *([] if said is None else [(str(asked.prediction), said < 0)])]
    scored = None
    if score_columns(asked.score):
        names = [column_of(asked, one, every) for one in every]
        if isinstance(asked.score, tuple):
            notes.append(f"columns of `score` are taken in the order of the classes: {shown(every)}")
        scored = _Scored(columns, [str(one) for one in names])
        missing.append(("score", scored.missing(rows)))
        if scored.is_empty:
            notes.append("every score is missing: it is as if there were no scores")
            scored = None
            missing.pop()
    kept = kept_rows(missing, notes)
    kept = kept[np.lexsort([one[kept] for one in (said, truth) if one is not None])]
    if scored is not None:
        first = scored.chances(truth[kept], kept)
        kept = kept[np.lexsort((scored.best, first.top, first.own, truth[kept]))]
    truth = truth[kept]
    chances = None if scored is None else scored.chances(truth, kept)
    if chances is not None and len(truth) and not (chances.is_chance and chances.sums_to_one):
        notes.append("the scores of a row do not add up to 1: they rank rows, and are not taken as chances")
    best = None if scored is None else scored.best
    predicted = best if said is None else said[kept]
    is_chance = chances is not None and chances.is_chance and chances.sums_to_one
    return Given(MULTICLASS, rows, kept, truth, predicted, None, chances, every, is_chance, notes)


class _Scored:
    """The score columns of many classes, read one after the other, twice: for what is missing, and for what they say."""

    def __init__(self, columns: Columns, names: list[str]) -> None:
        self.columns, self.names = columns, names
        self.is_empty = True
        self.best: NDArray[np.int64] = np.zeros(0, np.int64)

    def read(self, code: int) -> Array:
        return numbers_of(self.columns[self.names[code]], "score", self.names[code])

    def missing(self, rows: int) -> NDArray[np.bool_]:
        found = np.zeros(rows, bool)
        for code in range(len(self.names)):
            nothing = np.isnan(self.read(code))
            self.is_empty &= bool(nothing.all())
            found |= nothing
        return found

    def chances(self, truth: NDArray[np.int64], kept: NDArray[np.int64]) -> Chances:
        own, top = np.zeros(len(truth)), np.full(len(truth), -np.inf)
        total, best = np.zeros(len(truth)), np.zeros(len(truth), np.int64)
        low = 0.0
        for code in range(len(self.names)):
            scores = self.read(code)[kept]
            own = np.where(truth == code, scores, own)
            best = np.where(scores > top, code, best)
            top = np.maximum(top, scores)
            total += scores
            low = min(low, float(scores.min(initial=0.0)))
        self.best = best
        is_one = bool((np.abs(total - 1) <= 1e-3).all())
        return Chances(
            own, top, lambda code: self.read(code)[kept], low >= 0 and bool((top <= 1).all()), is_one
        )
