"""The tables of figures and the charts of a performance check, from what was measured.

Always true: a curve has at most 200 points, whatever the rows; columns that end in `_low` and `_high` hold, each on its own,
at the level of the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.kinds.performance import ranking
from gnomon.checks.kinds.performance.calibration import BINS
from gnomon.checks.kinds.performance.names import REGRESSION
from gnomon.checks.result import Chart, Figures, Series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gnomon.checks.kinds.performance.calibration import Calibration
    from gnomon.checks.kinds.performance.columns import Given
    from gnomon.checks.kinds.performance.measured import Measure, Measured
    from gnomon.checks.kinds.performance.weak import Slice, Weak

    Array = NDArray[np.float64]

LISTED = 20  # classes
WORDS = {"failed": "beyond the limit", "within": "within the limit", "others": ""}


def metrics_table(measured: Measured, level: float) -> Figures:
    """Return each metric with its interval, and what a constant guess gets."""
    rows = []
    for name, one in measured.measures.items():
        low, high = one.ends(level) if one.ends is not None and one.value is not None else (None, None)
        rows.append((name, one.value, low, high, one.nothing, one.why))
    columns = ("metric", "value", "value_low", "value_high", "knows_nothing", "note")
    note = "`knows_nothing` is what the best constant guess gets"
    return Figures("metrics", "Metrics", columns, tuple(rows), note)


def bootstrap_table(drawn: Mapping[str, Array], measures: Mapping[str, Measure], level: float) -> Figures:
    """Return the usual bootstrap's intervals: quantiles of resamples of rows."""
    rows = []
    for name, one in measures.items():
        values = drawn.get(name)
        known = np.zeros(0) if values is None else values[np.isfinite(values)]
        if one.value is not None and len(known):
            low, high = np.quantile(known, [level / 2, 1 - level / 2])
            rows.append((name, one.value, float(low), float(high), float(known.std())))
    note = "for comparison: percentiles of resamples, which are too narrow for few rows and near 0 and 1"
    return Figures(
        "bootstrap", "The usual bootstrap", ("metric", "value", "value_low", "value_high", "deviation"), tuple(rows), note
    )  # fmt: skip


def confusion_table(given: Given) -> Figures | None:
    """Return how often each class was predicted as which, of up to `LISTED` classes."""
    if given.predicted is None or not given.classes or not given.n or len(given.classes) > LISTED:
        return None
    count = len(given.classes)
    table = np.bincount(given.truth * count + given.predicted, minlength=count * count).reshape(count, count)
    rows: list[tuple[Any, ...]] = [
        (label, *line) for label, line in zip(given.classes, table.tolist(), strict=True)
    ]
    columns = ("true", *(f"predicted {one}" for one in given.classes))
    return Figures("confusion", "True classes (rows) as predicted (columns)", columns, tuple(rows))


def classes_table(given: Given, level: float) -> Figures | None:
    """Return recall and precision of each class; of many classes, of the `LISTED` with the lowest recall."""
    from gnomon.checks.intervals import wilson
    from gnomon.checks.kinds.performance.tables import counts_of, ratio

    if given.predicted is None or len(given.classes) < 3 or not given.n:
        return None
    counts = counts_of(given.truth, given.predicted, len(given.classes))
    recall, precision = ratio(counts.hits, counts.true), ratio(counts.hits, counts.predicted)
    ends = [*wilson(counts.hits, counts.true, level), *wilson(counts.hits, counts.predicted, level)]
    order = np.argsort(np.nan_to_num(recall, nan=2.0), kind="stable")[:LISTED]
    rows = tuple(
        (given.classes[at], int(counts.true[at]), recall[at], ends[0][at], ends[1][at], precision[at], ends[2][at], ends[3][at])
        for at in order
    )  # fmt: skip
    columns = (
        "class",
        "rows",
        "recall",
        "recall_low",
        "recall_high",
        "precision",
        "precision_low",
        "precision_high",
    )
    said = (
        f"the {LISTED} classes of lowest recall, of {len(given.classes):,}"
        if len(given.classes) > LISTED
        else ""
    )
    return Figures("classes", "Each class", columns, rows, said)


def calibration_tables(found: Calibration, level: float) -> list[Figures]:
    """Return the reliability table, and what is off in all."""
    bins = found.bins
    low, high = bins.ends(level)
    rows = tuple(
        zip(bins.low.tolist(), bins.high.tolist(), bins.rows.astype(int).tolist(), bins.scores.tolist(), bins.rates.tolist(),
            low.tolist(), high.tolist(), strict=True)
    )  # fmt: skip
    error_low, error_high = found.ends(level)
    whole = (
        ("expected calibration error, corrected for chance", found.corrected, error_low, error_high),
        ("expected calibration error as found", found.error, None, None),
        ("mean score less share", found.large, found.large_low, found.large_high),
        ("slope (below 1: scores are too extreme)", found.slope, found.slope_low, found.slope_high),
    )
    columns = ("from", "to", "rows", "score", "share", "share_low", "share_high")
    return [
        Figures("calibration", "Calibration", ("figure", "value", "value_low", "value_high"), whole),
        Figures("reliability", "Scores and what happened, in bins of equally many rows", columns, rows),
    ]


def slices_table(weak: Weak, level: float, *, is_error: bool) -> Figures:
    """Return the weak slices that were found, and the next ones."""
    rows = tuple(
        _slice_row(
            one,
            words or ("chance may explain it" if one.chance > level else "explained by those above"),
            is_error=is_error,
        )
        for part, words in WORDS.items()
        for one in getattr(weak, part)
    )
    figure = "accuracy" if is_error else "mae"
    columns = (
        "slice",
        "rows",
        figure,
        f"{figure}_of_rest",
        "drop",
        "drop_low",
        "drop_high",
        "positives",
        "p",
        "outcome",
    )
    note = (
        f"{weak.looked_at:,} slices of {weak.columns:,} columns were looked at, each of {weak.smallest:,} rows or more; "
        "p, and the intervals of slices that chance does not explain, are corrected for all of them"
    )
    return Figures("slices", "Weak slices", columns, rows, note)


def _slice_row(one: Slice, words: str, *, is_error: bool) -> tuple[Any, ...]:
    inside, outside = (1 - one.loss, 1 - one.rest) if is_error else (one.loss, one.rest)
    return (
        one.words,
        one.rows,
        inside,
        outside,
        one.drop,
        one.low,
        one.high,
        one.positives,
        one.chance,
        words,
    )


def charts_of(
    given: Given, measured: Measured, calibration: Calibration | None, weak: Weak | None, level: float
) -> tuple[Chart, ...]:
    """Return the charts that these figures have."""
    found = []
    if measured.ranked is not None and min(measured.ranked.sizes) > 0:
        found += _curves(measured.ranked)
    if calibration is not None:
        low, high = calibration.bins.ends(level)
        series = Series(
            "share",
            *(tuple(one.tolist()) for one in (calibration.bins.scores, calibration.bins.rates, low, high)),
        )
        title = "Calibration" if given.scores is not None else "Calibration of the class that is named"
        found.append(Chart("calibration", title, "lines", (series,), "score", "share", is_diagonal=True))
    if given.task == REGRESSION and given.predicted is not None and given.n > 1:
        found.append(_predicted(given, level))
    shown = [] if weak is None else [*weak.failed, *weak.within, *weak.others]
    if shown:
        found.append(_slices(shown, given, measured, level))
    return tuple(found)


def _curves(order: ranking.Ranked) -> list[Chart]:
    alarms, hits = ranking.roc_points(order)
    recall, precision = ranking.precision_recall_points(order)
    return [
        Chart("roc", "ROC", "lines", (Series("model", tuple(alarms.tolist()), tuple(hits.tolist())),), "false positive rate",
              "true positive rate", is_diagonal=True),
        Chart("precision_recall", "Precision and recall", "lines",
              (Series("model", tuple(recall.tolist()), tuple(precision.tolist())),), "recall", "precision"),
    ]  # fmt: skip


def _predicted(given: Given, level: float) -> Chart:
    """Return mean targets by bins of predictions, with intervals: the calibration of a regression."""
    from gnomon.checks.intervals import z_of

    assert given.predicted is not None  # noqa: S101  the caller looked
    order = np.lexsort((given.truth, given.predicted))
    parts = [one for one in np.array_split(order, BINS) if len(one) > 1]
    means = np.array([given.truth[one].mean() for one in parts])
    errors = np.array([given.truth[one].std(ddof=1) / np.sqrt(len(one)) for one in parts]) * z_of(level)
    x = tuple(float(given.predicted[one].mean()) for one in parts)
    series = Series(
        "mean target",
        x,
        tuple(means.tolist()),
        tuple((means - errors).tolist()),
        tuple((means + errors).tolist()),
    )
    return Chart(
        "predicted",
        "Mean target by predicted value",
        "lines",
        (series,),
        "predicted",
        "mean target",
        is_diagonal=True,
    )


def _slices(shown: list[Slice], given: Given, measured: Measured, level: float) -> Chart:
    from gnomon.checks.intervals import wilson

    labels = tuple(one.words for one in shown)
    rows = np.array([one.rows for one in shown], float)
    losses = np.array([one.loss for one in shown])
    if given.task == REGRESSION:
        drops = (tuple(getattr(one, part) for one in shown) for part in ("drop", "low", "high"))
        title, what = "How much larger the error is in a slice", "share of the rest's error"
        return Chart(
            "slices", title, "intervals", (Series("drop", labels, *drops),), "slice", what, limit=0.0
        )
    low, high = wilson((1 - losses) * rows, rows, level)
    series = Series("accuracy", labels, *(tuple(one.tolist()) for one in (1 - losses, low, high)))
    limit = measured.measures["accuracy"].value if "accuracy" in measured.measures else None
    return Chart("slices", "Accuracy of slices", "intervals", (series,), "slice", "accuracy", limit=limit)
