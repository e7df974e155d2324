"""The metrics of each task by the names that the field uses, which side of each is better, and what it can be at most.

Always true: a metric has one name over all tasks; what others call it is understood (`roc_auc` for `auc`).
"""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

BINARY, MULTICLASS, REGRESSION = "binary", "multiclass", "regression"
TASKS = (BINARY, MULTICLASS, REGRESSION)


class Metric(NamedTuple):
    """What a metric is called, and what it is made of: `labels` (predicted classes), `scores`, `chances` (scores in 0…1)."""

    name: str
    title: str
    needs: str
    is_higher_better: bool = True
    low: float = 0.0
    high: float = 1.0


def _of(*metrics: Metric) -> dict[str, Metric]:
    return {one.name: one for one in metrics}


METRICS: dict[str, dict[str, Metric]] = {
    BINARY: _of(
        Metric("accuracy", "accuracy", "labels"),
        Metric("balanced_accuracy", "balanced accuracy", "labels"),
        Metric("precision", "precision", "labels"),
        Metric("recall", "recall", "labels"),
        Metric("f1", "F1", "labels"),
        Metric("specificity", "specificity", "labels"),
        Metric("mcc", "Matthews correlation", "labels", low=-1.0),
        Metric("auc", "ROC AUC", "scores"),
        Metric("average_precision", "average precision", "scores"),
        Metric("log_loss", "log loss", "chances", is_higher_better=False, high=math.inf),
        Metric("brier", "Brier score", "chances", is_higher_better=False),
    ),
    MULTICLASS: _of(
        Metric("accuracy", "accuracy", "labels"),
        Metric("balanced_accuracy", "balanced accuracy", "labels"),
        Metric("f1_macro", "F1, mean of classes", "labels"),
        Metric("f1_weighted", "F1, weighted by class", "labels"),
        Metric("precision_macro", "precision, mean of classes", "labels"),
        Metric("precision_weighted", "precision, weighted by class", "labels"),
        Metric("recall_macro", "recall, mean of classes", "labels"),
        Metric("recall_weighted", "recall, weighted by class", "labels"),
        Metric("kappa", "Cohen's kappa", "labels", low=-1.0),
        Metric("auc", "ROC AUC, mean of one class against the rest", "scores"),
        Metric("log_loss", "log loss", "chances", is_higher_better=False, high=math.inf),
    ),
    REGRESSION: _of(
        Metric("mae", "mean absolute error", "values", is_higher_better=False, high=math.inf),
        Metric("rmse", "root mean squared error", "values", is_higher_better=False, high=math.inf),
        Metric("median_absolute_error", "median absolute error", "values", is_higher_better=False, high=math.inf),
        Metric("r2", "R²", "values", low=-math.inf),
        Metric("mean_error", "mean error (prediction less target)", "values", low=-math.inf, high=math.inf),
        Metric("mape", "mean absolute percentage error", "values", is_higher_better=False, high=math.inf),
    ),
}  # fmt: skip

ALIASES = {
    "roc_auc": "auc", "auroc": "auc", "auc_macro": "auc", "roc_auc_ovr": "auc", "ap": "average_precision",
    "logloss": "log_loss", "cross_entropy": "log_loss", "brier_score": "brier", "brier_score_loss": "brier",
    "matthews_corrcoef": "mcc", "sensitivity": "recall", "tpr": "recall", "true_positive_rate": "recall",
    "tnr": "specificity", "true_negative_rate": "specificity", "macro_f1": "f1_macro", "weighted_f1": "f1_weighted",
    "macro_precision": "precision_macro", "weighted_precision": "precision_weighted", "macro_recall": "recall_macro",
    "weighted_recall": "recall_weighted", "cohen_kappa": "kappa",
    "mean_absolute_error": "mae", "root_mean_squared_error": "rmse", "medae": "median_absolute_error", "r²": "r2",
    "r2_score": "r2", "bias": "mean_error", "mean_absolute_percentage_error": "mape",
}  # fmt: skip


def canonical(name: Any) -> str:
    """Return the name of a metric as it is used here.

    >>> canonical("ROC AUC"), canonical("f1")
    ('auc', 'f1')
    """
    plain = "_".join(str(name).strip().casefold().replace("-", " ").replace("_", " ").split())
    return ALIASES.get(plain, plain)


def metrics_of(task: str, wanted: Sequence[Any] | None, argument: str = "metrics") -> dict[str, Metric]:
    """Return the metrics of a task, or those of them that are wanted. Raises BadArgumentError for one that it does not have."""
    known = METRICS[task]
    if wanted is None:
        return known
    names = [canonical(one) for one in wanted]
    for given, name in zip(wanted, names, strict=True):
        if name not in known:
            near = get_close_matches(name, known, n=2)
            raise BadArgumentError(
                f"`{argument}` names {given!r}, which is no metric of a {task} task",
                hint=f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else f"there are: {', '.join(known)}",
            )  # fmt: skip
    return {name: known[name] for name in dict.fromkeys(names)}
