"""At which step a run will end: what it says itself, or where runs like it ended.

Always true: where neither says anything, nothing is guessed (`None`). A run that has gone further than all before it has
no ending here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

REACHED = 0.98  # of a stated total: a run that came so far went to its end
FULL_WEIGHT, STOPS_WEIGHT = 4.0, 0.2  # before any earlier run is known: goes to its end; ends before
FULL_WEIGHT_IF_STOPPING, STOPS_WEIGHT_IF_STOPPING = 1.0, 1.0  # where a parameter says that it may stop early
OTHER_WEIGHT = 0.5  # that it ends where no run before it did
EARLIEST = 0.05  # share of its steps at which a run stops that may stop
PARTS = 8
MOST = 10  # endings that are looked at


class Ending(NamedTuple):
    """A step after which the run may end, with a weight."""

    total: float
    weight: float


def of_stated(total: float, done: float, earlier: Sequence[float], *, may_stop: bool) -> list[Ending]:
    """Return where a run may end that says how many steps it will take; `earlier` are the shares at which others ended.

    A run that stops early ends at a share at which others did, or anywhere from here on; one that says that it may stop, sooner
    rather than later: after twice as many steps as now it is half as likely to stop at one of them.
    """
    at = done / total
    full = FULL_WEIGHT_IF_STOPPING if may_stop else FULL_WEIGHT
    before = STOPS_WEIGHT_IF_STOPPING if may_stop else STOPS_WEIGHT
    full += sum(share >= REACHED for share in earlier)
    found = [Ending(total, full)] if done < total else []
    found += [Ending(share * total, 1.0) for share in earlier if at < share < REACHED]
    if at < 1:
        shares = [(part + 0.5) / PARTS for part in range(PARTS)]
        first = max(at, EARLIEST)
        stops = [first ** (1 - share) if may_stop else at + (1 - at) * share for share in shares]
        found += [Ending(total * share, before / PARTS) for share in stops if share > at]
    return found


def of_others(done: float, totals: Sequence[float]) -> list[Ending]:
    """Return where a run may end that does not say so, from where others ended; empty where it has gone further than all."""
    later = [total for total in totals if total > done]
    if not later:
        return []
    found = []
    for total in later:
        found += [Ending(one, 1 / PARTS) for one in _around(total, _width(totals)) if one > done]
    low, high = math.log(max(done, 1.0)), math.log(max(later) * 2)
    found += [
        Ending(math.exp(low + (high - low) * (part + 0.5) / PARTS), OTHER_WEIGHT / PARTS)
        for part in range(PARTS)
    ]
    return [one for one in found if one.total > done]


def few(endings: Sequence[Ending]) -> list[Ending]:
    """Return at most `MOST` endings that stand for these: equal ones as one, then those nearest to each other."""
    weights: dict[float, float] = {}
    for total, weight in endings:
        weights[total] = weights.get(total, 0.0) + weight
    each = sum(weights.values()) / MOST
    found: list[Ending] = []
    total = weight = 0.0
    for place, (one, of_one) in enumerate(sorted(weights.items())):
        total, weight = total + one * of_one, weight + of_one
        if weight >= each or place == len(weights) - 1:
            found.append(Ending(total / weight, weight))
            total = weight = 0.0
    return found


def _width(totals: Sequence[float]) -> float:
    """Return how far a next one may lie from those that there are, in logarithms (Silverman's rule); 0 where all are equal."""
    if len(set(totals)) < 2:
        return 0.0
    logs = [math.log(total) for total in totals]
    mean = sum(logs) / len(logs)
    deviation = math.sqrt(sum((one - mean) ** 2 for one in logs) / (len(logs) - 1))
    return 1.06 * deviation / math.pow(len(logs), 0.2)


def _around(total: float, width: float) -> list[float]:
    places = [(part + 0.5) / PARTS * 2 - 1 for part in range(PARTS)]  # from -1 to 1
    return [total * math.exp(1.7 * width * place) for place in places]  # as wide as a normal of that width
