"""How long so many further steps will take, from the moments at which a run came to the steps before.

The steps so far are cut into stretches. Which of a few windows (all, the last half, quarter, eighth) tells best how long the
next steps take is asked of the run itself: at earlier moments of it, for as many further steps in proportion. The errors that
the window made there are the spread of what it says now, joined with a spread that is assumed while there are few of them. It is
never smaller than how far the pace wanders (`drift`), of which these errors say too little: few were made as far ahead.

Always true: a run that is twice as slow gets the same spread (all is in logarithms). What a run never showed, such as an
evaluation at its end, is not foreseen.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.forecast.drift import drift

if TYPE_CHECKING:
    from collections.abc import Sequence

Knot = tuple[float, float]  # steps done, seconds since some moment; both rise

STRETCHES = 32
MOST_TRIED = 12  # earlier moments
WINDOWS = (1.0, 0.5, 0.25, 0.125)  # of what there is
TREND = 0.0  # stands for a line through the paces
FEWEST_FOR_TREND = 12  # knots
MOST_CHANGE = 3.0
TREND_COSTS = 2.0
CLOSING, OF_CLOSING = (
    0.2,
    0.5,
)  # steps that a run takes to close after its last one: in the middle, and how far from it
OTHER_WINDOW_COSTS = 1.3  # a shorter window must tell clearly better than all there is
ASSUMED_WEIGHT = 2.0  # an assumed spread counts as so many errors
SMALLEST, OF_ONE_STEP, OF_DRIFT = (
    0.03,
    0.35,
    0.1,
)  # the assumed spread: at least, of few steps, of a long way to go
DRIFT_COUNTS = 2.0  # of its square: regimes come that were not there before
WARM_UP = 1.3  # a first stretch that is slower than the median by this factor is left out


class Ahead(NamedTuple):
    """The logarithm of the seconds that steps will take: its middle, and a standard deviation."""

    middle: float
    spread: float


def without_gaps(pieces: Sequence[Sequence[Knot]]) -> list[Knot]:
    """Return the knots of the processes of a run one after the other, as if there had been no time between them.

    The last knot keeps its time; those of earlier processes move towards it. Steps that were done again count once.
    """
    found: list[Knot] = []
    for piece in reversed(pieces):
        if not found:
            found = list(piece)
            continue
        first, began = found[0]
        kept = [knot for knot in piece if knot[0] < first]
        if len(kept) < 2:
            continue
        pace = (kept[-1][1] - kept[0][1]) / (kept[-1][0] - kept[0][0])
        moved = began - pace * (first - kept[-1][0]) - kept[-1][1]
        found = [(step, time + moved) for step, time in kept] + found
    return found


class Pace:
    """What the moments of a run say of the steps to come. `knots` may be many; few of them are kept."""

    def __init__(self, knots: Sequence[Knot]) -> None:
        self._known = len(knots) - 1
        self._knots = _without_warm_up(_stretches(knots))

    def ahead(self, steps: float) -> Ahead | None:
        """Return how long `steps` further steps take from the last knot on; None where fewer than two moments are known."""
        knots = self._knots
        if len(knots) < 2 or steps <= 0:
            return None
        ratio = steps / (knots[-1][0] - knots[0][0])
        windows = WINDOWS[: max(1, len(knots) // 3)] if len(knots) < FEWEST_FOR_TREND else (*WINDOWS, TREND)
        window, errors, count = min((_tried(knots, one, ratio) for one in windows), key=_costs)
        assumed = _assumed(self._known, ratio) + (OF_CLOSING / (1 + steps)) ** 2
        spread = (ASSUMED_WEIGHT * assumed + count * errors) / (ASSUMED_WEIGHT + count)
        stretches = len(knots) - 1
        paces = [_pace(knots, at, None) for at in range(1, len(knots))]
        wanders = drift(paces, stretches * (window or 1.0), stretches * ratio)
        spread = max(spread, DRIFT_COUNTS * wanders**2)
        took = (steps + CLOSING) * _told(knots, len(knots) - 1, window, steps)
        return Ahead(math.log(took), math.sqrt(spread))


def _costs(tried: tuple[float, float, float]) -> float:
    window, errors, _ = tried
    return errors * (1.0 if window == 1 else TREND_COSTS if window == TREND else OTHER_WINDOW_COSTS)


def _assumed(count: int, ratio: float) -> float:
    """Return the variance that is assumed after so many steps, with `ratio` times as many to go."""
    return SMALLEST**2 + OF_ONE_STEP**2 / count + (OF_DRIFT * math.log1p(ratio)) ** 2


def _stretches(knots: Sequence[Knot]) -> list[Knot]:
    """Return at most so many knots, at about the same number of steps from one to the next."""
    if len(knots) <= STRETCHES + 1:
        return list(knots)
    first, last = knots[0][0], knots[-1][0]
    steps = [step for step, _ in knots]
    places = [bisect_left(steps, first + (last - first) * part / STRETCHES) for part in range(STRETCHES + 1)]
    return [knots[place] for place in dict.fromkeys(places)]


def _without_warm_up(knots: list[Knot]) -> list[Knot]:
    if len(knots) < 5:
        return knots
    paces = sorted(_pace(knots, at, None) for at in range(2, len(knots)))
    usual = paces[len(paces) // 2]
    first = 0
    while first < len(knots) // 4 and _pace(knots, first + 1, None) > WARM_UP * usual:
        first += 1
    return knots[first:]


def _pace(knots: Sequence[Knot], at: int, window: float | None) -> float:
    """Return the seconds a step over the last `window` of the stretches before knot `at`; None is the last one."""
    back = 1 if window is None else max(1, round(window * at))
    (first, began), (last, ended) = knots[at - back], knots[at]
    return (ended - began) / (last - first)


def _trend(knots: Sequence[Knot], at: int, steps: float) -> float:
    """Return the seconds a step over the next `steps`, were the pace to go on changing as it did up to knot `at`.

    A line through the paces of the stretches (least squares), within a factor of `MOST_CHANGE` of the last half.
    """
    middles = [(knots[place][0] + knots[place + 1][0]) / 2 for place in range(at)]
    paces = [_pace(knots, place + 1, None) for place in range(at)]
    mean_at, mean = sum(middles) / at, sum(paces) / at
    spread = sum((one - mean_at) ** 2 for one in middles)
    slope = (
        sum((one - mean_at) * pace for one, pace in zip(middles, paces, strict=True)) / spread
        if spread
        else 0.0
    )
    told = mean + slope * (knots[at][0] + steps / 2 - mean_at)
    usual = _pace(knots, at, 0.5)
    return min(max(told, usual / MOST_CHANGE), usual * MOST_CHANGE)


def _told(knots: Sequence[Knot], at: int, window: float, steps: float) -> float:
    return _trend(knots, at, steps) if window == TREND else _pace(knots, at, window)


def _tried(knots: Sequence[Knot], window: float, ratio: float) -> tuple[float, float, float]:
    """Return (the window, its mean squared error at earlier moments, how many independent errors that is).

    An error is the logarithm of how long steps took over what the window said.
    """
    squares, last = [], len(knots) - 1
    for at in range(max(1, last // 4), last, max(1, last // MOST_TRIED)):
        then = min(last, at + max(1, round(at * ratio)))
        steps = knots[then][0] - knots[at][0]
        took = (knots[then][1] - knots[at][1]) / steps
        squares.append(math.log(took / _told(knots, at, window, steps)) ** 2)
    if not squares:
        return window, 0.0, 0.0
    return window, sum(squares) / len(squares), min(len(squares), math.log(4) / math.log1p(ratio))
