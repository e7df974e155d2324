"""The rates of classification from counts: of each group, between groups, and the two parities that the field speaks of.

Equal to Fairlearn's on point values wherever a rate exists (tests/unit/checks/fairness/test_rates.py). Where it does not, such as
the true positive rate of a group without positives, Fairlearn says 0 and we say NaN: nobody was counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.kinds.fairness.cells import sum_of
from gnomon.checks.kinds.fairness.measured import Rate, rate
from gnomon.checks.kinds.fairness.names import RATES

if TYPE_CHECKING:
    from gnomon.checks.kinds.fairness.cells import Groups

    Array = np.ndarray[Any, np.dtype[np.float64]]


def rate_of(groups: Groups, metric: str) -> Rate:
    """Return a rate of each group, by its name in `RATES`; NaN where nobody counts.

    >>> from gnomon.checks.kinds.fairness.cells import Groups
    >>> sums = {"tp": np.array([3.0]), "fp": np.array([1.0]), "fn": np.array([1.0]), "tn": np.array([5.0])}
    >>> float(rate_of(Groups("sex", ("all",), sums), "true_positive_rate").value[0])  # 3 of 4
    0.75
    """
    hits, out_of = RATES[metric]
    return rate(
        metric, groups.attribute, groups.labels, sum_of(groups.sums, hits), sum_of(groups.sums, out_of)
    )


def difference(values: Array, overall: float | None = None) -> float:
    """Return the largest value minus the smallest; with `overall`, the largest distance from it. NaN where no value exists."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan")
    return float(known.max() - known.min()) if overall is None else float(np.abs(known - overall).max())


def ratio(values: Array, overall: float | None = None) -> float:
    """Return the smallest value divided by the largest; with `overall`, the smallest ratio to it, whichever is the larger.

    NaN where no value exists, or where that would divide 0 by 0.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan")
    pairs = (
        [(known.min(), known.max())]
        if overall is None
        else [(min(one, overall), max(one, overall)) for one in known]
    )
    parts = [float(low / high) for low, high in pairs if high != 0]
    return min(parts) if parts else float("nan")


def demographic_parity(groups: Groups) -> tuple[float, float]:
    """Return the difference and the ratio of the selection rates: 0 and 1 where all are selected alike.

    Source: Agarwal et al., "A Reductions Approach to Fair Classification", ICML 2018.
    """
    values = rate_of(groups, "selection_rate").value
    return difference(values), ratio(values)


def equalized_odds(groups: Groups) -> tuple[float, float]:
    """Return the larger difference, and the smaller ratio, of the true and the false positive rates.

    Source: Hardt, Price and Srebro, "Equality of Opportunity in Supervised Learning", NIPS 2016.
    """
    both = [rate_of(groups, metric).value for metric in ("true_positive_rate", "false_positive_rate")]
    return max(map(difference, both)), min(map(ratio, both))
