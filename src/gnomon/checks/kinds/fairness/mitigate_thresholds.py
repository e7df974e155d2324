"""A threshold for each group, by Fairlearn's ThresholdOptimizer, applied to scores that come from elsewhere.

Always true: a group without enough rows of both outcomes in the training data keeps the decisions of the model as it was, and
`unable` names it. Where a constraint lies between two thresholds, chance decides between them, as Fairlearn does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from gnomon.checks.kinds.fairness.mitigate_settings import of_fairlearn

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]


class Thresholds:
    """`of` holds Fairlearn's rule for each group; `unable` the groups of the training data that have none."""

    def __init__(self, scores: Array, truth: Array, group: Array, constraint: str) -> None:
        from gnomon.checks.kinds.fairness.mitigate_fit import FEWEST, CannotFit

        labels, places = np.unique(group, return_inverse=True)
        counts = np.zeros((len(labels), 2), dtype=int)
        np.add.at(counts, (places, truth), 1)
        able = counts.min(axis=1) >= FEWEST
        self.unable = tuple(labels[~able].tolist())
        if able.sum() < 2:
            raise CannotFit(f"fewer than two groups have {FEWEST} rows of each outcome")
        kept = np.flatnonzero(able[places])
        self.optimizer = of_fairlearn("postprocessing", "threshold").ThresholdOptimizer(
            estimator=Passed(),
            constraints=constraint,
            objective="accuracy_score",
            prefit=True,
            predict_method="predict",
        )
        self.optimizer.fit(scores[kept][:, None], truth[kept], sensitive_features=places[kept])
        rules = self.optimizer.interpolated_thresholder_.interpolation_dict
        self.of = {str(labels[int(place)]): rule for place, rule in rules.items()}

    def chances(self, scores: Array, group: Array, otherwise: Array) -> Array:
        """Return the chance with which each row is selected; `otherwise` where its group has no rule, shape (rows,)."""
        found = otherwise.astype(float)
        for label, rule in self.of.items():
            own = group == label
            if own.any():
                found[own] = _chance(rule, scores[own])
        return found


def _chance(rule: Any, scores: Array) -> Array:
    found = rule.p0 * rule.operation0(scores) + rule.p1 * rule.operation1(scores)
    if "p_ignore" in rule:
        found = rule.p_ignore * rule.prediction_constant + (1 - rule.p_ignore) * found
    return np.asarray(found, float)


class Passed(BaseEstimator):  # type: ignore[misc]  # without type information
    """An estimator whose predictions are what it is given: the scores, computed elsewhere."""

    def fit(self, scores: Any, truth: Any) -> Passed:
        del scores, truth
        return self

    def predict(self, scores: Any) -> Array:
        return np.asarray(scores)[:, 0]

    def __sklearn_is_fitted__(self) -> bool:
        return True
