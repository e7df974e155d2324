"""The figures and charts of mitigation: what each method gains and loses, and which group pays.

Always true: each change is paired, after minus before on the same people; groups are told by their labels, never summed away.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.kinds.fairness.mitigate_counts import (
    OVERALL,
    RATES,
    change_of,
    drawn,
    of_group,
    overall,
    rate_after,
)
from gnomon.checks.kinds.fairness.names import SMALLEST
from gnomon.checks.kinds.fairness.pairs import gap_of
from gnomon.checks.result import Chart, Figures, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.checks.kinds.fairness.mitigate_told import Compared, Judged, Question

MOST_DRAWN = 20
HOW = "Intervals of changes are paired: the same people before and after."
CHANCE = "`by_chance`: the share that would be decided otherwise if chance, where it decides, drew again."
COUNTS = "`to_positive` and `to_negative` count people whose decision changed."


def figures(
    compared: Sequence[Compared], judged: Mapping[str, Judged], asked: Question
) -> tuple[Figures, ...]:
    """Return `methods`, a row for each, and `groups`, a row for each method and group."""
    columns = ["method", "gap_before", "gap_after", "gap_after_low", "gap_after_high", *_spread("gap")]
    columns += [name for metric in OVERALL for name in _four(metric)] + ["decided_otherwise", "by_chance"]
    methods = [_method(one, judged[one.method], asked) for one in compared]
    of_groups = ["method", "group", "rows", "to_positive", "to_negative"]
    of_groups += [name for metric in RATES for name in _four(metric)]
    groups = [row for one in compared for row in _groups(one, asked)]
    return (
        Figures(
            "methods", "What each method gains and loses", tuple(columns), tuple(methods), f"{HOW} {CHANCE}"
        ),
        Figures(
            "groups",
            "Who pays: each group before and after",
            tuple(of_groups),
            tuple(groups),
            f"{HOW} {COUNTS}",
        ),
    )


def _spread(name: str) -> tuple[str, str, str]:
    return f"{name}_change", f"{name}_change_low", f"{name}_change_high"


def _four(name: str) -> tuple[str, ...]:
    return (f"{name}_before", f"{name}_after", *_spread(name))


def _method(one: Compared, found: Judged, asked: Question) -> tuple[Any, ...]:
    draws = drawn(one.counts, asked.resamples, asked.seed)
    changes = [
        change_of(one.counts, draws, partial(overall, metric=metric), asked.level) for metric in OVERALL
    ]
    moved = (one.counts[..., 0, 1] + one.counts[..., 1, 0]).sum() / one.counts.sum()
    gap = found.change
    return (
        one.method, gap.before, gap.after, found.low, found.high, *gap[2:], *(value for each in changes for value in each),
        float(moved), one.random,
    )  # fmt: skip


def _groups(one: Compared, asked: Question) -> list[tuple[Any, ...]]:
    changes = [of_group(one.counts, metric, asked.level) for metric in RATES]
    rows = one.counts.sum(axis=(-1, -2, -3))
    up, down = one.counts[..., 0, 1].sum(axis=-1), one.counts[..., 1, 0].sum(axis=-1)
    return [
        (
            one.method, label, int(rows[place]), int(up[place]), int(down[place]),
            *(value for each in changes for value in each[place]),
        )
        for place, label in enumerate(asked.labels)
        if rows[place]
    ]  # fmt: skip


def charts(
    compared: Sequence[Compared], judged: Mapping[str, Judged], methods: Figures, asked: Question
) -> tuple[Chart, ...]:
    """Return the gap of each method, what each changes for all, and the change of the selection rate of each group."""
    names = tuple(one.method for one in compared)
    low, high = _before(compared[0], asked)
    gaps = Series(
        "gap",
        ("before", *names),
        (judged[names[0]].change.before, *(judged[name].change.after for name in names)),
        (low, *(judged[name].low for name in names)),
        (high, *(judged[name].high for name in names)),
    )
    costs = [
        Series(metric.replace("_", " "), names, *(_numbers(methods, name) for name in _spread(metric)))
        for metric in OVERALL
    ]
    rows = compared[0].counts.sum(axis=(-1, -2, -3))
    largest = np.argsort(-rows, kind="stable")[:MOST_DRAWN].tolist()
    shown = sorted(place for place in largest if rows[place])
    return (
        Chart("gap", "The gap between groups, before and after", "intervals", (gaps,), "", "gap", asked.max_gap),
        Chart("cost", "What it changes for all", "intervals", tuple(costs), "", "change"),
        Chart(
            "groups", "Who is selected more often, and who less", "intervals",
            tuple(_payers(one, shown, asked) for one in compared), "", "change of the selection rate",
        ),
    )  # fmt: skip


def _payers(one: Compared, shown: Sequence[int], asked: Question) -> Series:
    changes = of_group(one.counts, "selection_rate", asked.level)
    own = [changes[place] for place in shown]
    return Series(
        one.method,
        tuple(asked.labels[place] for place in shown),
        tuple(each.change for each in own),
        tuple(each.low for each in own),
        tuple(each.high for each in own),
    )


def _numbers(table: Figures, name: str) -> tuple[float | None, ...]:
    return tuple(cell if isinstance(cell, float) else None for cell in table.column(name))


def _before(one: Compared, asked: Question) -> tuple[float, float]:
    """Return the interval of the gap before; everything where fewer than two groups are compared."""
    ends = []
    for metric in asked.metrics:
        found = rate_after(one.counts, metric, asked.attribute, asked.labels, is_after=False)
        own: Any = np.flatnonzero(found.n >= SMALLEST)
        if len(own) < 2:
            return 0.0, 1.0
        gap = gap_of(found.at(own), asked.level / len(asked.metrics))
        ends.append((gap.low, gap.high))
    return max(low for low, _ in ends), max(high for _, high in ends)
