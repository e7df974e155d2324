"""A mixture of models by Fairlearn's ExponentiatedGradient, which is given places of rows in place of rows.

Fairlearn takes NumPy arrays and pandas DataFrames, and hands on what it was given; so an estimator gets its rows in the container
that it knows, whatever that is. Always true: the mixture keeps the fitted models and their weights, and no training row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gnomon.checks.kinds.fairness.mitigate_settings import PARITY, of_fairlearn

Array = np.ndarray[Any, Any]
Fit = Callable[[Array, Array], Any]  # (outcomes, weights of rows) to a fitted model


class Mixture:
    """`parts` are (weight, model) with weights that sum to 1."""

    def __init__(self, fit: Fit, table: Any, truth: Array, group: Array, constraint: str) -> None:
        reductions = of_fairlearn("reductions", "reductions")
        wanted = reductions.DemographicParity() if constraint == PARITY else reductions.EqualizedOdds()
        gradient = reductions.ExponentiatedGradient(ByRow(fit, table), wanted)
        groups = np.unique(group, return_inverse=True)[1]
        gradient.fit(np.arange(len(groups))[:, None], truth, sensitive_features=groups)
        self.parts: list[tuple[float, Any]] = [
            (float(weight), getattr(gradient.predictors_[place], "model", gradient.predictors_[place]))
            for place, weight in gradient.weights_.items()
            if weight > 0
        ]

    def chances(self, table: Any, count: int) -> Array:
        """Return the chance with which each of `count` rows is selected, shape (rows,)."""
        found = np.zeros(count)
        for weight, model in self.parts:
            found += weight * np.asarray(_decided(model, table, count), float).ravel()
        return np.clip(found, 0.0, 1.0)


def _decided(model: Any, table: Any, count: int) -> Any:
    if type(model).__name__ == "DummyClassifier" and getattr(model, "strategy", "") == "constant":
        return model.predict(
            np.zeros((count, 1))
        )  # Fairlearn's stand-in where all weights ask for one answer
    return model.predict(table)


class ByRow:
    """An estimator for Fairlearn, which always fits and predicts all rows, in order."""

    def __init__(self, fit: Fit, table: Any) -> None:
        self._fit, self._table = fit, table
        self.model: Any = None

    def __sklearn_clone__(self) -> ByRow:
        return ByRow(self._fit, self._table)

    def fit(self, rows: Any, truth: Any, sample_weight: Any = None) -> ByRow:
        """Fit the rows with these weights."""
        del rows
        self.model = self._fit(np.asarray(truth), np.asarray(sample_weight))
        return self

    def predict(self, rows: Any) -> Array:
        """Return the decisions on the rows that it was fitted with."""
        del rows
        return np.asarray(self.model.predict(self._table)).astype(int)
