"""What would have been said of earlier runs at this very step, and how that turned out.

An evaluation to come, steps that get longer by plan, work after the last step: of a run itself nobody can foresee them. Of
runs of its configuration they are known. So each of a few of them is looked at as if it stood where the run stands now: how
long it went on, and by how much its pace misled.

Always true: only runs that went further than this one tell anything; where there is none, nothing is changed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.forecast.pace import Ahead, Pace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.runs.forecast.pace import Knot
    from gnomon.runs.forecast.predict import Earlier

MOST = 5  # earlier runs, the newest
ERRORS_WEIGHT = 2.0  # the spread that the run says itself counts as so many of them
MISLED_BY_NONE = 1.0  # earlier runs of which the pace did not mislead are taken to be there besides
OF_REST = 0.2  # the spread of how long they went on that is assumed at the least, while few are known


class TurnedOut(NamedTuple):
    """An earlier run from the same step on: its steps and the logarithm of its seconds to its end; that over what was told."""

    steps: float
    rest: float
    misled: float


def turned_out(earlier: Iterable[Earlier], done: float) -> list[TurnedOut]:
    """Return how earlier runs went on after so many steps, the first `MOST` that tell."""
    found: list[TurnedOut] = []
    for one in earlier:
        knots = _until(one.knots, done) if one.is_twin and one.steps > done else []
        if len(knots) < 2 or knots[-1][1] >= 0:
            continue
        rest = math.log(-knots[-1][1])
        told = Pace(knots).ahead(one.steps - knots[-1][0])
        if told is not None:
            found.append(TurnedOut(one.steps - knots[-1][0], rest, rest - told.middle))
        if len(found) == MOST:
            break
    return found


def _until(knots: Sequence[Knot], done: float) -> list[Knot]:
    """Return the knots up to a step; between two knots the moment of that step is taken to lie in proportion."""
    found = [knot for knot in knots if knot[0] <= done]
    if found and len(found) < len(knots) and found[-1][0] < done:
        (step, time), (then, later) = found[-1], knots[len(found)]
        found.append((done, time + (later - time) * (done - step) / (then - step)))
    return found


def corrected(own: Ahead, known: Sequence[TurnedOut]) -> Ahead:
    """Return what a run says itself, moved by as much as that misled of earlier ones, and as doubtful as it was of them."""
    number = len(known) + MISLED_BY_NONE
    moved = sum(one.misled for one in known) / number
    squares = ERRORS_WEIGHT * own.spread**2 + sum((one.misled - moved) ** 2 for one in known)
    return Ahead(own.middle + moved, math.sqrt(squares / (ERRORS_WEIGHT + len(known)) * (1 + 1 / number)))


def as_they_did(known: Sequence[TurnedOut], steps: float, own: Ahead) -> Ahead:
    """Return how long `steps` further steps take, had the run the time that earlier ones took from here on."""
    logs = [one.rest + math.log(steps / one.steps) for one in known]
    middle = sum(logs) / len(logs)
    squares = ERRORS_WEIGHT * (OF_REST**2 + own.spread**2) + sum((one - middle) ** 2 for one in logs)
    return Ahead(middle, math.sqrt(squares / (ERRORS_WEIGHT + len(logs) - 1) * (1 + 1 / len(logs))))
