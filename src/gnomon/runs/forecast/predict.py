"""From what is known of a run, and of those before it, to when it will end. No record is read here.

The pace of the run itself, corrected by how much that misled of earlier runs of its configuration at the same step, and how
long those went on from there are joined by their precision; where only their durations are known, these stand for it. Where
both contradict each other the spread grows; where they have nothing to do with each other (another machine), the run itself
counts.

Always true: what comes out lies after `now`, unless nobody can tell whether the run lives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gnomon.runs.forecast.ending import Ending, few, of_others, of_stated
from gnomon.runs.forecast.pace import Ahead, Pace
from gnomon.runs.forecast.spread import Spread, shape
from gnomon.runs.forecast.turned_out import TurnedOut, as_they_did, corrected, turned_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.forecast.pace import Knot

LEAN, SOONER, LATER = (
    0.2,
    0.8,
    1.2,
)  # where the middle lies, and how far a run may end before and after it, in spreads
OF_TWINS = 0.2  # the spread of durations that is assumed, as a logarithm, while few are known
TWINS_WEIGHT = 2.0
CONTRADICTS = 3.0  # standard deviations between pace and durations from which on only the pace counts
PAUSE = 3.0  # a silence this many times as long as the longest before it is a pause that may go on
LINDY = 12  # values that stand for how long a pause goes on
FEWEST_DURATIONS = 2


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier run that finished: how many steps it did (0: it logged none), of how many it stated, and its seconds.

    `knots` say when it did them: seconds before its end, below 0. None where that is not known.
    """

    steps: float
    duration_s: float
    stated: float | None = None
    is_twin: bool = False  # of the same configuration
    knots: Sequence[Knot] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A run that goes on. `knots` are those of the process that writes now; `longest_s` is the longest time between two
    moments that it logged at; `stated` is how many steps it says that it will do; of `earlier` the newest come first.
    """

    created: float
    now: float
    knots: Sequence[Knot] = ()
    longest_s: float = 0.0
    stated: float | None = None
    may_stop: bool = False
    is_surely_alive: bool = True
    earlier: Sequence[Earlier] = field(default=())

    @property
    def done(self) -> float:
        """How many steps it has done."""
        return self.knots[-1][0] if self.knots else 0.0


def endings_of(seen: Seen) -> list[Ending]:
    """Return at which step the run may end; empty where nothing tells."""
    if seen.stated is not None:
        shares = [one.steps / one.stated for one in seen.earlier if one.stated and one.steps]
        return of_stated(seen.stated, seen.done, shares, may_stop=seen.may_stop)
    return of_others(seen.done, [one.steps for one in seen.earlier if one.steps])


def predicted(seen: Seen) -> Spread | None:
    """Return when the run ends, seconds since 1970 UTC; None where nothing tells."""
    if not seen.knots:
        return _by_durations(seen)
    weighted: list[tuple[float, float]] = []
    endings = endings_of(seen)
    heard = seen.knots[-1][1]
    pace, known = Pace(seen.knots), turned_out(seen.earlier, seen.done)
    for ending in few(endings):
        told = _joined(seen, pace, known, ending.total)
        if told is not None:
            each = ending.weight / len(shape())
            weighted += [(heard + _seconds(told, one), each) for one in shape()]
    if not weighted:
        return None
    return Spread(_from_now_on(seen, weighted))


def _seconds(told: Ahead, place: float) -> float:
    """Return the seconds at a place of the shape: what goes otherwise than before most often makes a run later."""
    away = LEAN + place * (LATER if place > 0 else SOONER)
    return math.exp(min(told.middle + told.spread * away, 40.0))


def _joined(seen: Seen, pace: Pace, known: Sequence[TurnedOut], total: float) -> Ahead | None:
    """Return how long the run takes from its last step to `total`: by its pace and by how long its twins took."""
    own = pace.ahead(total - seen.done)
    twins: Ahead | None
    if own is not None and known:
        own, twins = corrected(own, known), as_they_did(known, total - seen.done, own)
    else:
        twins = _by_twins(seen, total)
    if own is None or twins is None:
        return own or twins
    apart = (own.middle - twins.middle) / math.hypot(own.spread, twins.spread)
    if abs(apart) > CONTRADICTS:
        return own
    ours, theirs = own.spread**-2, twins.spread**-2
    middle = (own.middle * ours + twins.middle * theirs) / (ours + theirs)
    return Ahead(middle, max(1.0, abs(apart)) / math.sqrt(ours + theirs))


def _by_twins(seen: Seen, total: float) -> Ahead | None:
    """Return how long the run takes from its last step to `total`, had it the pace of its twins as a whole."""
    logs = [math.log(one.duration_s / one.steps) for one in seen.earlier if one.is_twin and one.steps]
    if not logs:
        return None
    mean, spread = _mean_and_spread(logs)
    whole = total * math.exp(mean)
    left = whole - (seen.knots[-1][1] - seen.created)
    if left <= 0:
        return None
    return Ahead(math.log(left), spread * whole / left)


def _mean_and_spread(logs: Sequence[float]) -> tuple[float, float]:
    mean = sum(logs) / len(logs)
    squares = TWINS_WEIGHT * OF_TWINS**2 + sum((one - mean) ** 2 for one in logs)
    return mean, math.sqrt(squares / (TWINS_WEIGHT + len(logs) - 1) * (1 + 1 / len(logs)))


def _by_durations(seen: Seen) -> Spread | None:
    """Return when a run ends that logged nothing, by the durations of earlier ones."""
    logs = [math.log(max(one.duration_s, 1e-3)) for one in seen.earlier]
    if len(logs) < FEWEST_DURATIONS:
        return None
    mean, spread = _mean_and_spread(logs)
    ends = [(seen.created + math.exp(min(mean + spread * one, 40.0)), 1.0) for one in shape()]
    later = [one for one in ends if one[0] > seen.now]
    return Spread(later) if later or not seen.is_surely_alive else None


def _from_now_on(seen: Seen, weighted: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return these ends as they are to be seen now: the run has not ended yet, and a pause may go on."""
    if not seen.is_surely_alive:
        return weighted
    silent = seen.now - seen.knots[-1][1]
    if seen.longest_s and silent > PAUSE * seen.longest_s:
        # A pause of unknown cause: as long again as it has lasted, in the middle; the rest is still to be done after it.
        return [
            (end + silent * (1 / share), weight / LINDY)
            for end, weight in weighted
            for share in [(part + 0.5) / LINDY for part in range(LINDY)]
        ]
    later = [(end, weight) for end, weight in weighted if end > seen.now]
    if sum(weight for _, weight in later) > 0.02 * sum(weight for _, weight in weighted):
        return later
    overdue = max(seen.now - seen.created, 1.0) * 0.01
    return [(seen.now + overdue * (part + 1), 1.0) for part in range(LINDY)]
