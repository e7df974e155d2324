"""The fairness check: how a model treats groups and their intersections, and which gaps are surely too large.

Always true: rows are asked once for what their columns hold and once for their counts; all else follows from the counts.
A row counts once: weights are not supported. Story and figures: docs/explanation/fairness-checks.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gnomon.checks.kinds.fairness.asked import Asked, asked_of
from gnomon.checks.kinds.fairness.names import RATES, SMALLEST
from gnomon.checks.result import CheckResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.kinds.fairness.cells import Cells, Groups
    from gnomon.checks.kinds.fairness.counted import Counted
    from gnomon.checks.kinds.fairness.growth import Growth
    from gnomon.checks.kinds.fairness.judge import Weighed
    from gnomon.checks.kinds.fairness.measured import Measured


def fairness(
    table: object,
    *,
    target: str | None,
    groups: str | Sequence[str],
    prediction: str | None = None,
    score: str | None = None,
    threshold: float | None = None,
    positive: object = None,
    task: str | None = None,
    metrics: str | Sequence[str] | None = None,
    intersections: bool = True,
    max_gap: float = 0.1,
    smallest: int = SMALLEST,
    since: CheckResult | None = None,
    max_growth: float = 0.05,
    resamples: int = 0,
    level: float = 0.05,
    seed: int = 0,
    name: str | None = None,
) -> CheckResult:
    """Return the metrics of each group, the gaps between groups, and whether they are surely larger than `max_gap`.

    Parameters
    ----------
    table
        A path, a DataFrame of any library, or a lazy table of DuckDB, Spark, Ibis or Polars. A row counts once; weights are not
        supported.
    target
        The column of what is true; None where nobody knows, then only selection rates are looked at.
    groups
        The columns whose groups are compared. A missing label is a group of its own, "(missing)".
    prediction, score, threshold
        The column of what a model said, or of its scores; a score from `threshold` on (0.5) counts as selected. With both,
        rates are of `prediction`, calibration of `score`.
    positive
        The label of target and prediction that is the positive one, against all others. Not needed for truths and for 0 and 1.
    task
        'classification' or 'regression'; found from the columns unless given.
    metrics
        Of `selection_rate`, `true_positive_rate`, `false_positive_rate` (these three, and `calibration` where there are scores,
        unless given), `true_negative_rate`, `false_negative_rate`, `accuracy`, `precision`; of a regression `mean_error`,
        `mean_absolute_error`, `root_mean_squared_error`.
    intersections
        Whether the crossing of all `groups` is looked at, too.
    max_gap
        The largest gap that is allowed: of a regression, in standard deviations of the target.
    smallest
        Groups with fewer people than this, of those whom a metric counts, are listed and make no gap.
    since, max_growth
        The result of an earlier version, and by how much a gap may have grown.
    resamples
        How many bootstrap resamples of the rows give a further table of intervals; 0 or 100 and more.
    level
        The chance, at most, that the result fails where all groups are alike and no gap grew.

    Raises
    ------
    BadArgumentError, MissingFileError, DamagedFileError, MissingExtraError
    """
    from gnomon.checks.rows import rows_of

    asked = asked_of(
        target=target, groups=groups, prediction=prediction, score=score, threshold=threshold, positive=positive, task=task,
        metrics=metrics, intersections=intersections, max_gap=max_gap, smallest=smallest, since=since, max_growth=max_growth,
        resamples=resamples, level=level, seed=seed, name=name,
    )  # fmt: skip
    from gnomon.checks.kinds.fairness.counted import counted_of

    with rows_of(table) as rows:
        counted = counted_of(rows, asked)
        evidence = {**rows.evidence, "rows": counted.cells.n + counted.cells.left_out}
    return _result(counted, asked, evidence)


def measured_of(groups: Groups, metric: str) -> Measured:
    """Return a metric of each group, by its name."""
    from gnomon.checks.kinds.fairness.means import mean_of
    from gnomon.checks.kinds.fairness.rates import rate_of

    return rate_of(groups, metric) if metric in RATES else mean_of(groups, metric)


def deviation_of(cells: Cells) -> float:
    """Return the standard deviation of a regression's target; NaN where it has one value only."""
    sums = cells.all().sums
    n = float(sums["n"][0])
    if n < 2:
        return math.nan
    variance = (float(sums["yy"][0]) - float(sums["y"][0]) ** 2 / n) / (n - 1)
    return math.sqrt(variance) if variance > 1e-24 * max(1.0, cells.shift**2) else math.nan


def _result(counted: Counted, asked: Asked, evidence: dict[str, object]) -> CheckResult:
    from gnomon.checks.kinds.fairness import shown
    from gnomon.checks.kinds.fairness.findings import findings_of
    from gnomon.checks.kinds.fairness.judge import weigh

    cells, metrics = counted.cells, counted.metrics
    is_regression = counted.task == "regression"
    scale = deviation_of(cells) if is_regression else 1.0
    attributes = [cells.by(one) for one in asked.groups]
    if asked.intersections and len(asked.groups) > 1:
        attributes.append(cells.by(*asked.groups))
    weighed = [
        weigh(
            measured_of(one, metric),
            asked.max_gap * scale,
            level=asked.level,
            smallest=asked.smallest,
            seed=asked.seed,
        )
        for metric in metrics
        for one in attributes
    ]
    grown, notes = _grown(weighed, asked, scale)
    found = findings_of(
        weighed,
        grown,
        level=asked.level,
        smallest=asked.smallest,
        target=asked.target if is_regression else None,
    )
    overall = {metric: measured_of(cells.all(), metric) for metric in metrics}
    figures = [
        shown.groups_table(attributes, weighed, overall, asked.level),
        shown.gaps_table(weighed, overall, found.p),
    ]
    if not is_regression:
        figures.append(shown.parity_table(attributes, has_target=asked.target is not None))
    if asked.resamples:
        figures.append(_resampled(cells, weighed, asked))
    return CheckResult(
        "fairness", asked.name, cells.n, found.findings, (*figures, shown.cells_table(attributes)),
        shown.charts_of(weighed, found.findings, asked.level), (*counted.notes, *notes),
        {**asked._asdict(), "positive": None if asked.positive is None else str(asked.positive), "task": counted.task,
         "metrics": list(metrics), "since": asked.since.name if asked.since else None},
        (evidence,), asked.level,
    )  # fmt: skip


def _resampled(cells: Cells, weighed: Sequence[Weighed], asked: Asked) -> Any:
    from gnomon.checks.kinds.fairness.resample import resampled
    from gnomon.checks.kinds.fairness.shown import resampled_table

    drawn = resampled(cells, weighed, asked.resamples, level=asked.level, seed=asked.seed)
    return resampled_table(drawn, weighed, asked.resamples)


def _grown(
    weighed: Sequence[Weighed], asked: Asked, scale: float
) -> tuple[dict[str, tuple[Growth, float]], list[str]]:
    """Return how much each gap grew since the earlier version, with its limit; and what could not be compared."""
    from gnomon.checks.kinds.fairness.growth import groups_before, growth_of, in_common

    if asked.since is None:
        return {}, []
    grown, lacking = {}, []
    for one in weighed:
        before = groups_before(asked.since, one.measured.attribute)
        try:
            old = None if before is None else measured_of(before, one.measured.metric)
        except KeyError:  # it kept no such counts
            old = None
        pair = (
            None
            if old is None or one.gap is None
            else in_common(one.measured.at(one.places), old, asked.smallest)
        )
        if pair is None:
            lacking.append(one.key)
        else:
            grown[one.key] = (growth_of(*pair, asked.level), asked.max_growth * scale)
    notes = ["the two versions are compared as if made on different people"] if grown else []
    if lacking:
        notes.append(f"the earlier version has nothing to compare for: {', '.join(lacking)}")
    return grown, notes
