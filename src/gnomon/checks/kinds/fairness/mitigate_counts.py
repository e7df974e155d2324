"""What changed between two sets of decisions on the same people, from counts alone.

Everything is a function of how many people of each group and outcome were decided how, before and after: eight counts a group.
So a bootstrap of people is a multinomial draw of these counts: exact, and as cheap for a million people as for a thousand.
Always true: an interval contains its estimate; what nobody was counted for is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.intervals import z_of
from gnomon.checks.kinds.fairness.measured import Rate, rate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Array = np.ndarray[Any, np.dtype[np.float64]]

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy")
OVERALL = ("accuracy", "balanced_accuracy", "f1")
_ADDED = 2.0  # people, in the interval of a change: one for each direction (Agresti and Min 2005)


class Change(NamedTuple):
    """A figure before and after, and after minus before with its interval."""

    before: float
    after: float
    change: float
    low: float
    high: float


def counted(group: Any, truth: Any, before: Any, after: Any, groups: int) -> Array:
    """Return how many people there are, shape (groups, 2, 2, 2): by place of the group, truth, decision before and after.

    >>> counted(np.array([0, 0]), np.array([1, 1]), np.array([0, 1]), np.array([1, 1]), 1)[0, 1].tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    code = ((group * 2 + truth) * 2 + before) * 2 + after
    found: Array = np.bincount(code, minlength=8 * groups).reshape(groups, 2, 2, 2).astype(float)
    return found


def decided(counts: Array, *, is_after: bool) -> Array:
    """Return counts by group, truth and one of the decisions, shape (…, groups, 2, 2)."""
    return np.asarray(counts.sum(axis=-2 if is_after else -1))


def hits_of(cells: Array, metric: str) -> tuple[Array, Array]:
    """Return (hits, out of) of a rate of each group, shapes (…, groups), from counts by group, truth and decision."""
    if metric == "selection_rate":
        return cells[..., 1].sum(axis=-1), cells.sum(axis=(-1, -2))
    if metric == "accuracy":
        return cells[..., 0, 0] + cells[..., 1, 1], cells.sum(axis=(-1, -2))
    truth = 1 if metric == "true_positive_rate" else 0
    return cells[..., truth, 1], cells[..., truth, :].sum(axis=-1)


def rate_after(
    counts: Array, metric: str, attribute: str, labels: Sequence[str], *, is_after: bool = True
) -> Rate:
    """Return a rate of each group, before or after."""
    hits, n = hits_of(decided(counts, is_after=is_after), metric)
    return rate(metric, attribute, tuple(labels), hits, n)


def of_group(counts: Array, metric: str, level: float) -> list[Change]:
    """Return the change of a rate in each group.

    The interval is that of paired proportions with two people added (Agresti and Min, Statistics in Medicine 2005): ten people of
    whom none was decided otherwise do not prove that nobody would be.
    """
    hits, n = hits_of(decided(counts, is_after=False), metric)
    hits_after, _ = hits_of(decided(counts, is_after=True), metric)
    moved = _moved(counts, metric)
    with np.errstate(invalid="ignore", divide="ignore"):
        before, after = hits / n, hits_after / n
        change = (hits_after - hits) / n
    middle = (hits_after - hits) / (n + _ADDED)
    half = z_of(level) * np.sqrt(np.maximum((moved + _ADDED) / (n + _ADDED) - middle**2, 0) / (n + _ADDED))
    low, high = np.maximum(middle - half, -1), np.minimum(middle + half, 1)
    rows = zip(before, after, change, np.fmin(low, change), np.fmax(high, change), strict=True)
    return [Change(*(float(one) for one in row)) for row in rows]


def _moved(counts: Array, metric: str) -> Array:
    """Return how many people of each group count for a rate otherwise than before."""
    moved = counts[..., 0, 1] + counts[..., 1, 0]  # (groups, truth)
    if metric in ("selection_rate", "accuracy"):
        return np.asarray(moved.sum(axis=-1))
    return np.asarray(moved[..., 1 if metric == "true_positive_rate" else 0])


# ---------------------------------------------------------------- all people together


def overall(cells: Array, metric: str) -> Array:
    """Return a figure of all people, shape (…), from counts by group, truth and decision."""
    total = cells.sum(axis=-3)  # (…, truth, decision)
    true_negative, false_positive = total[..., 0, 0], total[..., 0, 1]
    false_negative, true_positive = total[..., 1, 0], total[..., 1, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        if metric == "accuracy":
            return np.asarray((true_negative + true_positive) / total.sum(axis=(-1, -2)))
        if metric == "f1":
            return np.asarray(2 * true_positive / (2 * true_positive + false_positive + false_negative))
        own = (
            true_positive / (true_positive + false_negative),
            true_negative / (true_negative + false_positive),
        )
        return np.asarray((own[0] + own[1]) / 2)


def drawn(counts: Array, resamples: int, seed: int) -> Array:
    """Return bootstrap samples of people, shape (resamples, groups, 2, 2, 2)."""
    total = int(counts.sum())
    chance = np.random.default_rng([seed, 0xB0])
    return (
        chance.multinomial(total, counts.ravel() / total, size=resamples)
        .reshape(resamples, *counts.shape)
        .astype(float)
    )


def change_of(counts: Array, draws: Array, figure: Callable[[Array], Array], level: float) -> Change:
    """Return the change of a figure, a function of counts by group, truth and decision, with its bootstrap interval.

    Its width is that of the draws, as a normal, moved by how far their mean is off; two people are added, one for each direction,
    so that no interval is a point.
    """
    before = float(figure(decided(counts, is_after=False)))
    after = float(figure(decided(counts, is_after=True)))
    change = after - before
    changes = figure(decided(draws, is_after=True)) - figure(decided(draws, is_after=False))
    changes = changes[np.isfinite(changes)]
    if not np.isfinite(change) or len(changes) < 2:
        return Change(before, after, change, -1.0, 1.0)
    n = counts.sum()
    error = np.sqrt(changes.var() + _ADDED / (n + _ADDED) ** 2)
    middle = change - (changes.mean() - change)
    half = z_of(level) * error
    return Change(
        before,
        after,
        change,
        float(min(max(middle - half, -1), change)),
        float(max(min(middle + half, 1), change)),
    )
