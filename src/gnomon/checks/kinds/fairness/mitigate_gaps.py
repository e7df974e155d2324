"""How much smaller a gap became: the change of the largest difference between groups, on the same people, and its interval.

The gap is the largest of many differences, before and after, and the groups that lie farthest apart may be others than they were.
A bootstrap of it does not hold its level: where groups have come to be alike, chance alone makes a gap, in the data as in every
draw. So the interval is put together from pairs: change = max over pairs p of min over pairs q of (after of p - before of q), and
ends of these differences give ends of the change.
Always true: the interval contains the estimate, and is everything where fewer than two groups are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.kinds.fairness.mitigate_counts import Change, decided, hits_of
from gnomon.checks.kinds.fairness.pairs import range_z

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, np.dtype[np.float64]]

MOST_PAIRED = (
    30  # groups; beyond, pairs of pairs are too many, and before and after are taken as independent: wider
)


def change_of_gap(counts: Array, metrics: Sequence[str], places: Sequence[Array], level: float) -> Change:
    """Return the change of the largest gap over some rates.

    Parameters
    ----------
    counts : shape (groups, 2, 2, 2), as `mitigate_counts.counted` gives them
    metrics : rates whose gaps count, such as the true and the false positive rate
    places : for each metric the groups that are compared

    The lower end must hold for all pairs p at once, and for whichever pair was the widest before; the upper end for all pairs q,
    and whichever is the widest after. All at once is the studentized range (`pairs.range_z`).
    """
    parts = [
        _of_metric(counts, metric, own) for metric, own in zip(metrics, places, strict=True) if len(own) > 1
    ]
    if not parts:
        return Change(float("nan"), float("nan"), float("nan"), -1.0, 1.0)
    before = max(float(np.ptp(part["before"])) for part in parts)
    after = max(float(np.ptp(part["after"])) for part in parts)
    z = max(range_z(level / len(parts), len(part["before"])) for part in parts)
    if max(len(part["before"]) for part in parts) > MOST_PAIRED:
        for part in parts:
            part["shared"] = np.zeros_like(part["shared"])
    low, high = _ends(parts, z)
    change = after - before
    return Change(before, after, change, max(-1.0, min(low, change)), min(1.0, max(high, change)))


def _of_metric(counts: Array, metric: str, own: Array) -> dict[str, Array]:
    """Return the rates before and after, and their variances and covariance with two people added to each group."""
    hits, n = (one[own] for one in hits_of(decided(counts, is_after=False), metric))
    hits_after = hits_of(decided(counts, is_after=True), metric)[0][own]
    both = _both(counts, metric)[own]
    size = n + 2
    p, q, pq = (hits + 1) / size, (hits_after + 1) / size, (both + 0.5) / size
    return {
        "before": hits / n, "after": hits_after / n, "middle_before": p, "middle_after": q,
        "variance_before": p * (1 - p) / size, "variance_after": q * (1 - q) / size, "shared": (pq - p * q) / size,
    }  # fmt: skip


def _both(counts: Array, metric: str) -> Array:
    """Return how many people of each group are hits of a rate both before and after."""
    if metric == "selection_rate":
        return np.asarray(counts[..., 1, 1].sum(axis=-1))
    return np.asarray(counts[..., 1 if metric == "true_positive_rate" else 0, 1, 1])


def _ends(parts: Sequence[dict[str, Array]], z: float) -> tuple[float, float]:
    lows, highs = [], []
    for after in parts:
        first, second = _pairs(len(after["after"]))
        value = after["middle_after"][first] - after["middle_after"][second]
        spread = after["variance_after"][first] + after["variance_after"][second]
        least, most = np.full(len(value), np.inf), np.full(len(value), np.inf)
        for before in parts:
            for block in _blocks(before, value, spread, first, second, before is after):
                difference, error = block
                least = np.minimum(least, (difference - z * error).min(axis=1))
                most = np.minimum(most, (difference + z * error).min(axis=1))
        lows.append(float(least.max()))
        highs.append(float(most.max()))
    return max(lows), max(highs)


def _blocks(
    before: dict[str, Array], value: Array, spread: Array, first: Array, second: Array, same: bool
) -> Any:
    """Yield (difference, standard error) of after of p - before of q, shape (pairs p, some pairs q)."""
    third, fourth = _pairs(len(before["before"]))
    step = max(1, 2_000_000 // len(value))
    for start in range(0, len(third), step):
        k, m = third[start : start + step], fourth[start : start + step]
        own = before["middle_before"][k] - before["middle_before"][m]
        variance = spread[:, None] + (before["variance_before"][k] + before["variance_before"][m])[None, :]
        if same:
            shared = before["shared"]
            i, j = first[:, None], second[:, None]
            covariance = shared[i] * ((i == k).astype(float) - (i == m)) - shared[j] * (
                (j == k).astype(float) - (j == m)
            )
            variance = variance - 2 * covariance
        yield value[:, None] - own[None, :], np.sqrt(np.maximum(variance, 0))


def _pairs(groups: int) -> tuple[Any, Any]:
    """Return the places of all ordered pairs of different groups."""
    first, second = np.divmod(np.arange(groups * groups), groups)
    return first[first != second], second[first != second]
