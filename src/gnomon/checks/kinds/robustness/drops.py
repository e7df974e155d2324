"""What a disturbance costs: the paired difference of a figure on the same rows, its interval, and the chance of it.

The interval is that of a bootstrap of rows in the limit of many resamples: the figure is a mean (of strata), and the variance of
its bootstrap is the variance of the rows over their number, so nothing needs to be drawn. Two rows are added to each stratum, one
that the disturbance spoils and one that it mends (Agresti and Min, "Simple improved confidence intervals for comparing matched
proportions", Statistics in Medicine 2005): ten rows of which none changed are no proof that none ever would.
Always true: an interval contains its estimate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.checks.intervals import two_sided, z_of

if TYPE_CHECKING:
    import numpy as np

    from gnomon.checks.kinds.robustness.scores import Score

    Array = np.ndarray[Any, Any]

FEWEST_OF_NUMBERS = 30  # rows, of a regression: squared errors have long tails, and no two rows can be added


class Drop(NamedTuple):
    """How much less a figure is: `value` in units of the figure, positive where it fell, and the interval."""

    value: float
    low: float
    high: float
    middle: float
    error: float  # standard error, around `middle`

    def beyond(self, limit: float) -> float:
        """Return the chance, two-sided, of a drop so far above the limit where the true one is at the limit; 1 below it."""
        if self.middle <= limit:
            return 1.0
        return two_sided((self.middle - limit) / self.error) if self.error > 0 else 0.0


def paired(clean: Array, disturbed: Array, score: Score, level: float = 0.05) -> list[Drop]:
    """Return the drop of each column.

    Parameters
    ----------
    clean : shape (rows,), what each row counts as it is (`Score.values`)
    disturbed : shape (rows, m), what it counts when disturbed, a column for each way (the mean over repeats)

    >>> import numpy as np
    >>> from gnomon.checks.model_labels import Labels
    >>> from gnomon.checks.kinds.robustness.scores import of_classes
    >>> right, spoilt = np.ones(98), np.r_[np.zeros(10), np.ones(88)]
    >>> [round(one, 3) for one in paired(right, spoilt[:, None], of_classes("accuracy", Labels(np.ones(98))))[0][:3]]
    [0.102, 0.035, 0.165]
    """
    import numpy as np

    apart = score.adjusted(clean[:, None] - disturbed)  # (rows, m)
    value, middle, variance = (np.zeros(apart.shape[1]) for _ in range(3))
    added = 2 if score.is_bounded else 0
    for stratum, size in enumerate(score.sizes):
        own = apart[score.strata == stratum]
        mean = own.mean(axis=0)
        pulled = mean * size / (size + added)
        spread = (np.square(own).sum(axis=0) + added) / (size + added) - pulled**2
        value += mean / len(score.sizes)
        middle += pulled / len(score.sizes)
        variance += np.maximum(spread, 0) / max(size + added - (added == 0), 1) / len(score.sizes) ** 2
    error, z = np.sqrt(variance + score.extra), z_of(level)
    most = 1.0 if score.is_bounded else np.inf
    low = np.minimum(np.maximum(middle - z * error, -most), value)
    high = np.maximum(np.minimum(middle + z * error, most), value)
    return [Drop(*map(float, one)) for one in zip(value, low, high, middle, error, strict=True)]
