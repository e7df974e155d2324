"""The figures of a fairness result: tables of groups, gaps and counts, and pictures of the intervals.

Always true: what is too long to read is cut to the largest groups, by size alone, and the table says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.intervals import z_of
from gnomon.checks.kinds.fairness.cells import OUTCOMES
from gnomon.checks.kinds.fairness.judge import MOST_JUDGED
from gnomon.checks.kinds.fairness.measured import Mean
from gnomon.checks.kinds.fairness.names import words
from gnomon.checks.kinds.fairness.rates import demographic_parity, difference, equalized_odds, ratio
from gnomon.checks.result import FAIL, Chart, Figures, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.checks.kinds.fairness.cells import Groups
    from gnomon.checks.kinds.fairness.judge import Weighed
    from gnomon.checks.kinds.fairness.resample import Resampled
    from gnomon.checks.result import Finding

MOST_SHOWN = 40
MOST_CHARTS = 12
ALL = "(all)"


def largest(n: Any, most: int) -> list[int]:
    """Return the places of the largest groups, in their own order."""
    if len(n) <= most:
        return list(range(len(n)))
    return sorted(np.argsort(-np.nan_to_num(n), kind="stable")[:most].tolist())


def groups_table(
    attributes: Sequence[Groups], weighed: Sequence[Weighed], overall: Mapping[str, Any], level: float
) -> Figures:
    """Return every group with its metrics and their intervals; `overall` has the metrics of all rows, by name."""
    metrics = list(overall)
    by = {(one.measured.attribute, one.measured.metric): one.measured for one in weighed}
    rows, cut = [], []
    whole = [
        (
            ALL,
            ["all"],
            {metric: overall[metric] for metric in metrics},
            [int(attributes[0].n.sum())] if attributes else [0],
        )
    ]
    for groups in attributes:
        measured = {metric: by[groups.attribute, metric] for metric in metrics}
        whole.append((groups.attribute, list(groups.labels), measured, groups.n.astype(int).tolist()))
    for attribute, labels, measured, n in whole:
        ends = {metric: one.ends(z_of(level)) for metric, one in measured.items()}
        shown = largest(np.array(n), MOST_SHOWN)
        if len(shown) < len(n):
            cut.append(f"the {MOST_SHOWN} largest of {len(n):,} groups of `{attribute}` are shown")
        for place in shown:
            cells: list[Any] = [attribute, labels[place], n[place]]
            for metric in metrics:
                cells += [float(one[place]) for one in (measured[metric].value, *ends[metric])]
            rows.append(tuple(cells))
    columns = [name for metric in metrics for name in (metric, f"{metric}_low", f"{metric}_high")]
    note = f"Each interval holds its value in {100 * (1 - level):g} of 100 cases, each on its own."
    return Figures(
        "groups",
        "Groups",
        ("attribute", "group", "n", *columns),
        tuple(rows),
        ". ".join([note.rstrip("."), *cut]) + ".",
    )


def gaps_table(weighed: Sequence[Weighed], overall: Mapping[str, Any], p: Sequence[float]) -> Figures:
    """Return the gap of each metric between the judged groups of each attribute."""
    columns = (
        "metric", "attribute", "gap", "gap_low", "gap_high", "ratio", "to_overall", "lowest", "highest", "p", "judged",
        "too_small",
    )  # fmt: skip
    rows: list[Any] = []
    for one, chance in zip(weighed, p, strict=True):
        measured, gap = one.measured, one.gap
        start = (measured.metric, measured.attribute)
        if gap is None:
            rows.append((*start, *[None] * 8, len(one.places), len(one.small)))
            continue
        value = measured.value[one.places]
        share = None if isinstance(measured, Mean) and np.min(value) < 0 else ratio(value)
        farthest = difference(value, float(overall[measured.metric].value[0]))
        rows.append(
            (*start, gap.value, gap.low, gap.high, share, farthest, measured.labels[gap.low_at], measured.labels[gap.high_at],
             chance, len(one.places), len(one.small))
        )  # fmt: skip
    note = (
        "Largest minus smallest value of the groups that are large enough. `ratio`: smallest by largest. `to_overall`: largest"
        " distance from all rows. `p`: the chance that groups which are alike differ as much, corrected for all findings."
    )
    return Figures("gaps", "Gaps between groups", columns, tuple(rows), note)


def parity_table(attributes: Sequence[Groups], *, has_target: bool) -> Figures:
    """Return the two parities of the field, over all groups, small ones too: as Fairlearn gives them."""
    rows = []
    for groups in attributes:
        measures = {"demographic parity": demographic_parity(groups)} | (
            {"equalized odds": equalized_odds(groups)} if has_target else {}
        )
        rows += [(groups.attribute, name, *pair) for name, pair in measures.items()]
    note = "Over all groups, however small, without an interval: small groups alone can make these large."
    return Figures(
        "parity",
        "Demographic parity and equalized odds",
        ("attribute", "measure", "difference", "ratio"),
        tuple(rows),
        note,
    )


def cells_table(attributes: Sequence[Groups]) -> Figures:
    """Return the counts and sums of the largest groups: what a later version is compared with."""
    keys = list(attributes[0].sums) if attributes else list(OUTCOMES)
    rows = [
        (groups.attribute, groups.labels[place], *(_whole(float(groups.sums[key][place])) for key in keys))
        for groups in attributes
        for place in largest(groups.n, MOST_JUDGED)
    ]
    note = f"At most {MOST_JUDGED} groups of an attribute, the largest."
    return Figures("cells", "Counts", ("attribute", "group", *keys), tuple(rows), note)


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def resampled_table(found: Mapping[str, Resampled], weighed: Sequence[Weighed], times: int) -> Figures:
    """Return bootstrap intervals of rates and gaps."""
    rows: list[Any] = []
    for one in weighed:
        drawn = found.get(one.key)
        if drawn is None:
            continue
        start = (one.measured.metric, one.measured.attribute)
        rows.append((*start, "(gap)", drawn.gap, drawn.gap_low, drawn.gap_high))
        rows += [
            (
                *start,
                drawn.labels[place],
                float(drawn.value[place]),
                float(drawn.low[place]),
                float(drawn.high[place]),
            )
            for place in largest(one.measured.n[one.places], MOST_SHOWN)
        ]
    columns = ("metric", "attribute", "group", "value", "value_low", "value_high")
    note = f"{times:,} resamples of the rows. The verdict does not rest on these: a bootstrap takes 0 of 20 for a certain 0."
    return Figures("resampled", "Bootstrap intervals", columns, tuple(rows), note)


def charts_of(weighed: Sequence[Weighed], findings: Sequence[Finding], level: float) -> tuple[Chart, ...]:
    """Return a picture of the intervals for each metric and attribute; what failed first, where there are too many."""
    outcome = {one.key: one.outcome for one in findings}
    order = sorted(range(len(weighed)), key=lambda at: (outcome.get(f"gap.{weighed[at].key}") != FAIL, at))[
        :MOST_CHARTS
    ]
    return tuple(_chart(weighed[at], level) for at in sorted(order) if len(weighed[at].measured.labels))


def _chart(one: Weighed, level: float) -> Chart:
    measured = one.measured
    low, high = measured.ends(z_of(level))
    shown = [place for place in largest(measured.n, MOST_SHOWN) if measured.n[place] > 0]
    name = words(measured.metric)
    series = Series(
        name, tuple(measured.labels[place] for place in shown), tuple(float(measured.value[place]) for place in shown),
        tuple(float(low[place]) for place in shown), tuple(float(high[place]) for place in shown),
    )  # fmt: skip
    return Chart(
        f"{measured.metric}.{measured.attribute}",
        f"{name} by {measured.attribute}",
        "intervals",
        (series,),
        measured.attribute,
        name,
    )
