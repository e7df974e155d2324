"""The metrics by name: which there are, what each counts, and how people are told. Standard library only."""

from __future__ import annotations

SMALLEST = 10
"""People that a group has at least, of those whom a metric counts, where it is judged."""

RATES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "selection_rate": (("tp", "fp"), ("tp", "fp", "fn", "tn")),
    "true_positive_rate": (("tp",), ("tp", "fn")),
    "false_positive_rate": (("fp",), ("fp", "tn")),
    "true_negative_rate": (("tn",), ("fp", "tn")),
    "false_negative_rate": (("fn",), ("tp", "fn")),
    "accuracy": (("tp", "tn"), ("tp", "fp", "fn", "tn")),
    "precision": (("tp",), ("tp", "fp")),
}
"""Each rate of classification: what is counted, out of what."""

CALIBRATION = "calibration"
ERRORS = ("mean_error", "mean_absolute_error", "root_mean_squared_error")
DEFAULT = ("selection_rate", "true_positive_rate", "false_positive_rate")

DEMANDS = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("true_positive_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
}
"""What the field calls the demand that metrics are alike in all groups."""

_UNITS = {
    "true_positive_rate": "positives",
    "false_negative_rate": "positives",
    "false_positive_rate": "negatives",
    "true_negative_rate": "negatives",
    "precision": "selected people",
    CALIBRATION: "people with a score",
}


def words(metric: str) -> str:
    """Return the name of a metric for people: `true positive rate`."""
    return metric.replace("_", " ")


def unit_of(metric: str) -> str:
    """Return whom a metric counts."""
    return _UNITS.get(metric, "people")
