"""The figure of a model as a mean over rows, so that what a disturbance costs is a paired mean with an exact standard error.

Accuracy is the mean of "right", balanced accuracy the mean over classes of that mean in each class, and R² one minus the mean of
the squared errors over the variance of the target. So each is: for strata of rows (one, or the classes), a weight times a mean.
Other metrics: `figured`.
Always true: more is better; `of` the values of the right answers is the figure that scikit-learn gives, to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from gnomon.checks.model import Model
    from gnomon.checks.model_inputs import Inputs
    from gnomon.checks.model_labels import Labels

    Array = np.ndarray[Any, Any]

ACCURACY, BALANCED, R2 = "accuracy", "balanced_accuracy", "r2"
PLAIN = (ACCURACY, BALANCED, R2)
UNEVEN = 0.5  # a class with less than this part of an even share


@dataclass(frozen=True, slots=True)
class Score:
    """A figure. `strata` has the stratum of each row, shape (rows,), 0 to k - 1; each weighs 1/k; `sizes` are their rows.

    `labels` are those of a classification, None for a regression, whose `target` are numbers of variance `spread`.
    """

    name: str
    strata: Array
    sizes: Array
    labels: Labels | None
    target: Array
    spread: float = 1.0

    @property
    def is_bounded(self) -> bool:
        """Whether a row counts from 0 to 1, so that a difference of two is between -1 and 1."""
        return self.labels is not None

    @property
    def offset(self) -> float:
        return 0.0 if self.is_bounded else 1.0

    @property
    def sign(self) -> int:
        """1 where a larger figure is better, else -1."""
        return 1

    @property
    def extra(self) -> float:
        """A variance that is added to that of every drop."""
        return 0.0

    def answers(self, model: Model, table: Inputs) -> tuple[Array, bool]:
        """Return what the model says of a table, shape (rows,): codes of classes, or numbers; and whether it gave chances, which
        were decided at 0.5.
        """
        found = model.predict_columns(table)
        if self.labels is None:
            return _numbers(found, model), False
        return self.labels.of(found, model.argument)

    def values(self, predicted: Array) -> Array:
        """Return what each row counts, shape (rows,), more is better; NaN where a number was not predicted."""
        import numpy as np

        if self.labels is not None:
            return np.asarray(predicted == self.labels.codes, float)
        with np.errstate(over="ignore", invalid="ignore"):
            return -((predicted.astype(float) - self.target) ** 2) / self.spread

    def of(self, values: Array) -> float:
        """Return the figure from what each row counts."""
        import numpy as np

        sums = np.bincount(self.strata, weights=values, minlength=len(self.sizes))
        return self.offset + float((sums / self.sizes).mean())

    def differ(self, one: Array, other: Array) -> float:
        """Return the share of rows of which something else was predicted."""
        return float((one != other).mean())

    def adjusted(self, differences: Array) -> Array:
        """Return paired differences, shape (rows, m), so that their spread holds that of the variance of the target too."""
        if self.is_bounded:
            return differences
        import numpy as np

        relative = (self.target - self.target.mean()) ** 2 / self.spread - 1
        return np.asarray(differences - differences.mean(axis=0) * relative[:, None])


def chosen_metric(metric: str | None, codes: Array | None, classes: int) -> str:
    """Return the metric: that which was named, else R² of numbers, and balanced accuracy of uneven classes.

    >>> import numpy as np
    >>> chosen_metric(None, np.array([0] * 80 + [1] * 20), 2), chosen_metric(None, np.array([0, 1, 1]), 2)
    ('balanced_accuracy', 'accuracy')
    """
    import numpy as np

    if metric is not None or codes is None:
        return metric or R2
    counts = np.bincount(codes, minlength=classes)
    return BALANCED if counts.min() < UNEVEN * len(codes) / classes else ACCURACY


def of_classes(metric: str, labels: Labels) -> Score:
    """Return the accuracy, or the balanced accuracy, over the classes that the rows have."""
    import numpy as np

    codes = labels.codes
    strata = (
        np.unique(codes, return_inverse=True)[1] if metric == BALANCED else np.zeros(len(codes), dtype=int)
    )
    return Score(metric, strata, np.bincount(strata), labels, codes)


def of_numbers(target: Array) -> Score:
    """Return R²; `target` is not all of one number."""
    import numpy as np

    numbers = target.astype(float)
    return Score(
        R2, np.zeros(len(numbers), dtype=int), np.array([len(numbers)]), None, numbers, float(numbers.var())
    )


def _numbers(found: Array, model: Model) -> Array:
    from gnomon.errors import BadArgumentError

    try:
        return found.astype(float)
    except (TypeError, ValueError):
        raise BadArgumentError(
            f"`{model.argument}` predicts what is no number, and the target is one that has many",
            hint="is `target` the column that the model was trained for?",
        ) from None
