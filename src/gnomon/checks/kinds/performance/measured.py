"""The metrics of a task in these rows: value, interval, and what somebody who knows nothing would get.

Always true: every metric of the task that was asked for is in the answer, in the order of `names`; where it is not defined
its value is None and `why` says so in words. Nothing here depends on the order of the rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.kinds.performance import ends, ranking, resampling, tables
from gnomon.checks.kinds.performance.names import BINARY, MULTICLASS, REGRESSION, Metric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gnomon.checks.kinds.performance.columns import Given
    from gnomon.checks.kinds.performance.ends import Ends

    Array = NDArray[np.float64]

FEW = 10  # rows of a class, with fewer of which a mean over classes has no interval that holds
LIGHT = 0.05  # weight of classes in a weighted mean, up to which it does not matter that they are few
LEAST_CHANCE = float(np.finfo(float).eps)  # chances of 0 and 1 are moved so far in, as scikit-learn does


class Measure(NamedTuple):
    """A metric in these rows. `nothing` is its value for the best constant guess; `why` says what keeps it from being known."""

    metric: Metric
    value: float | None
    ends: Ends | None = None
    nothing: float | None = None
    why: str = ""


class Measured(NamedTuple):
    """All measures by name, and for two classes with scores the rows by rank."""

    measures: dict[str, Measure]
    ranked: ranking.Ranked | None = None


def measured_of(given: Given, wanted: Mapping[str, Metric], resamples: int, seed: int) -> Measured:
    """Return the metrics that are wanted, by name."""
    order = None
    if given.task == REGRESSION:
        found = _of_numbers(given)
    elif given.n == 0:
        found = {}
    else:
        found = _of_labels(given, resamples, seed) if given.predicted is not None else {}
        if given.task == BINARY and given.scores is not None:
            order = ranking.ranked(given.scores, given.truth)
            found |= _of_scores(given, order)
        elif given.task == MULTICLASS and given.chances is not None:
            found |= _of_chances(given)
    measures = {
        name: _measure(metric, found.get(name), given)
        for name, metric in wanted.items()
        if name in found or metric.needs != "chances" or given.is_chance or given.n == 0
    }
    return Measured(measures, order)


class _Found(NamedTuple):
    value: float
    ends: Ends | None = None
    nothing: float | None = None
    why: str = ""


def _measure(metric: Metric, found: _Found | None, given: Given) -> Measure:
    if found is None:
        return Measure(metric, None, why=_lack(metric, given))
    if not math.isfinite(found.value):
        return Measure(metric, None, why=found.why or "it is not defined in these rows")
    return Measure(metric, float(found.value), found.ends, found.nothing, found.why)


def _lack(metric: Metric, given: Given) -> str:
    if given.n == 0:
        return "there is no row to look at"
    if metric.needs == "labels":
        return "there are no predicted classes"
    return "there are no scores" if metric.needs == "scores" else "there are no scores between 0 and 1"


# ---------------------------------------------------------------- predicted classes


def _of_labels(given: Given, resamples: int, seed: int) -> dict[str, _Found]:
    assert given.predicted is not None  # noqa: S101  the caller looked
    counts = tables.counts_of(given.truth, given.predicted, len(given.classes))
    is_binary = given.task == BINARY
    values = (tables.of_binary if is_binary else tables.of_classes)(counts)
    drawn = resampling.drawn_counts(given.truth, given.predicted, len(given.classes), resamples, seed)
    nothing = _of_constant(counts)
    closed = _closed(counts, is_binary=is_binary)
    of_draws = tables.of_classes(drawn) | {"mcc": tables.mcc(drawn)}
    found = {}
    for name, value in values.items():
        low = -1.0 if name in ("mcc", "kappa") else 0.0
        made = closed[name] if name in closed else ends.drawn(float(value), of_draws[name], low, 1.0)
        why = _why(name, counts)
        if not why and not is_binary:
            why = _few_of(name, counts)
        found[name] = _Found(float(value), made, nothing.get(name), why)
    return found


def _closed(counts: tables.Counts, *, is_binary: bool) -> dict[str, Ends]:
    hits, true, predicted = counts
    occurs = true > 0
    accuracy = ends.rate(float(hits.sum()), float(true.sum()))
    balanced = ends.mean_of_rates(hits[occurs], true[occurs])
    if not is_binary:
        every = (true + predicted) > 0
        found = {"accuracy": accuracy, "recall_weighted": accuracy, "balanced_accuracy": balanced}
        return found | ({"recall_macro": balanced} if occurs.sum() == every.sum() else {})
    tp = float(hits[1])
    return {
        "accuracy": accuracy, "balanced_accuracy": balanced, "precision": ends.rate(tp, float(predicted[1])),
        "recall": ends.rate(tp, float(true[1])), "specificity": ends.rate(float(hits[0]), float(true[0])),
        "f1": ends.f1(tp, float(true[1] + predicted[1]) - 2 * tp),
    }  # fmt: skip


def _of_constant(counts: tables.Counts) -> dict[str, float]:
    share = float(counts.true.max() / counts.n)
    present = int((counts.true > 0).sum())
    return {
        "accuracy": share, "recall_weighted": share, "balanced_accuracy": 1 / max(1, present), "mcc": 0.0, "kappa": 0.0,
    }  # fmt: skip


def _why(name: str, counts: tables.Counts) -> str:
    """Return why a metric of two classes is not defined, or tells nothing."""
    if len(counts.true) == 2:
        if name in ("recall",) and not counts.true[1]:
            return "no row is positive"
        if name == "specificity" and not counts.true[0]:
            return "no row is negative"
        if name == "precision" and not counts.predicted[1]:
            return "no row is predicted as positive"
        if name == "f1" and not counts.true[1] + counts.predicted[1]:
            return "no row is positive, or predicted as that"
    if name in ("mcc", "kappa", "balanced_accuracy") and (counts.true > 0).sum() < 2:
        return "there is one class only"
    return ""


def _few_of(name: str, counts: tables.Counts) -> str:
    """Return why a mean over classes has no interval that holds: of precisions, how often a class is predicted counts, too."""
    sizes, said = counts.true[counts.true > 0], counts.predicted[counts.true > 0]
    if len(sizes) < 3:
        return ""
    why = _few(sizes) if "macro" in name or name == "balanced_accuracy" else ""
    weights = sizes / sizes.sum() if name == "precision_weighted" else np.ones(len(sizes))
    if not why and name.startswith("precision") and weights[said < FEW].sum() > LIGHT:
        why = f"classes are predicted in fewer than {FEW} rows: the interval is too narrow"
    return why


def _few(sizes: NDArray[Any]) -> str:
    """Return why a mean over classes has no interval that holds, if so."""
    few = int((sizes < FEW).sum())
    return (
        f"{'a class has' if few == 1 else f'{few} classes have'} fewer than {FEW} rows: the interval is too narrow"
        if few
        else ""
    )


# ---------------------------------------------------------------- scores


def log_losses(chance_of_truth: Array) -> Array:
    """Return -log of the chance that each row's own class was given."""
    return -np.log(np.clip(chance_of_truth, LEAST_CHANCE, 1 - LEAST_CHANCE))


def _entropy(shares: Array) -> float:
    known = shares[shares > 0]
    return float(-(known * np.log(known)).sum())


def _of_scores(given: Given, order: ranking.Ranked) -> dict[str, _Found]:
    assert given.scores is not None  # noqa: S101  the caller looked
    positives, negatives = order.sizes
    why = "" if positives and negatives else "there is one class only"
    auc, average = ranking.auc_of(order), ranking.average_precision_of(order)
    share = positives / given.n
    few = why or ("a class has one row only" if auc.ends is None else "")
    few_positives = why or ("there is one positive row only" if average.ends is None else "")
    found = {
        "auc": _Found(auc.value, auc.ends, 0.5, few),
        "average_precision": _Found(
            average.value if negatives else math.nan, average.ends, share, few_positives
        ),
    }
    if given.is_chance:
        losses = log_losses(np.where(given.truth == 1, given.scores, 1 - given.scores))
        squares = (given.scores - given.truth) ** 2
        shares = np.array([share, 1 - share])
        found["log_loss"] = _mean(losses, _entropy(shares), low=0.0)
        found["brier"] = _mean(squares, share * (1 - share), low=0.0, high=1.0)
    return found


def _mean(values: Array, nothing: float | None = None, **limits: float) -> _Found:
    made = ends.mean_of(values, **limits)
    why = (
        ""
        if made is not None
        else "all rows say the same: there is no interval"
        if len(values) > 1
        else "there is one row only"
    )
    return _Found(float(values.mean()), made, nothing, why)


def _of_chances(given: Given) -> dict[str, _Found]:
    assert given.chances is not None  # noqa: S101  the caller looked
    rest = ranking.Rest(given.truth, len(given.classes))
    for code in np.flatnonzero(rest.sizes):
        rest.add(int(code), given.chances.column(int(code)))
    present = rest.sizes[rest.sizes > 0]
    why = (
        "there is one class only"
        if len(present) < 2
        else "a class has one row only"
        if present.min() < 2
        else ""
    )
    found = {"auc": _Found(rest.value, rest.ends, 0.5, why or _few(present))}
    if given.is_chance:
        found["log_loss"] = _mean(log_losses(given.chances.own), _entropy(present / given.n), low=0.0)
    return found


# ---------------------------------------------------------------- numbers


def _of_numbers(given: Given) -> dict[str, _Found]:
    truth, said = given.truth, given.predicted
    if said is None or not len(truth):
        return {}
    error = said - truth
    size, square = np.abs(error), error**2
    middle, spread = float(np.median(truth)), float(truth.std())
    from_middle = np.abs(truth - middle)
    of_square = _mean(square, low=0.0)
    return {
        "mae": _mean(size, float(from_middle.mean()), low=0.0),
        "rmse": of_square._replace(value=math.sqrt(of_square.value), ends=ends.root_of(of_square.ends), nothing=spread),
        "median_absolute_error": _Found(float(np.median(size)), ends.median_of(size), float(np.median(from_middle))),
        "r2": _r2(truth, said),
        "mean_error": _mean(error, 0.0),
        "mape": _mape(size, truth),
    }  # fmt: skip


def _r2(truth: Array, said: Array) -> _Found:
    if np.ptp(truth) == 0:
        return _Found(math.nan, why="the target has one value only")
    value = 1 - float(((truth - said) ** 2).sum()) / float(((truth - truth.mean()) ** 2).sum())
    made = ends.r2(truth, said)
    return _Found(
        value,
        made,
        0.0,
        "" if made is not None else "nothing is wrong, or there are too few rows: there is no interval",
    )


def _mape(size: Array, truth: Array) -> _Found:
    if not truth.all():
        return _Found(math.nan, why="the target is 0 in some rows, of which there is no percentage")
    return _mean(size / np.abs(truth), low=0.0)
