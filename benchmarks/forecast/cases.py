"""Simulated runs: at which moment each step was done, and what runs of the same configuration did before."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gnomon.runs.forecast.pace import without_gaps
from gnomon.runs.forecast.predict import Earlier, Seen

KINDS = (
    "constant", "warm-up", "log-normal steps", "shared machine", "periodic evaluation", "stalls", "slower from a moment on",
    "slower and slower", "restart", "early stopping", "crash",
)  # fmt: skip
STATES = ("step count stated", "stated, and runs before", "only runs before")
SHARES = (0.1, 0.3, 0.6, 0.9)


@dataclass(frozen=True)
class Case:
    """A run: `times[i]` is when step i was done, seconds after it began; `resumed` is the first step of its last process."""

    kind: str
    times: list[float]
    ended: float
    stated: float | None
    may_stop: bool
    earlier: list[Earlier]
    resumed: int = 0
    planned_end: float | None = None  # when it would have ended, had it not crashed

    def seen_at(self, share: float, rng: random.Random) -> tuple[Seen, float] | None:
        """Return (what is known at this share of its steps, when it really ends); None where it never came there."""
        at = max(1, math.ceil(share * len(self.times)))
        if at >= len(self.times):
            return None
        now = rng.uniform(self.times[at - 1], self.times[at])
        parts = [(0, min(at, self.resumed)), (self.resumed, at)] if self.resumed else [(0, at)]
        pieces = [[(float(step + 1), self.times[step]) for step in range(*part)] for part in parts]
        knots = without_gaps([piece for piece in pieces if piece])
        gaps = [later - earlier for (_, earlier), (_, later) in zip(knots, knots[1:], strict=False)]
        longest = max(gaps, default=0.0)
        seen = Seen(0.0, now, knots, longest, self.stated, self.may_stop, True, self.earlier)
        return seen, self.ended


def case(name: str, kind: str, state: str) -> Case:
    """Return a run of a kind, with what is known of how many steps it takes."""
    rng = random.Random(f"{name}/{kind}/{state}")
    steps = round(math.exp(rng.uniform(math.log(15), math.log(1500))))
    habits = _Habits(rng, kind, steps)
    count = 0 if state == STATES[0] else rng.choice((1, 3, 5, 8, 20))
    earlier = []
    for _ in range(count):
        times, _ = habits.times(rng, habits.steps_of_one(rng))
        total = float(steps) if state != STATES[2] else None
        earlier.append(earlier_of(times, times[-1] + habits.closing_s(rng), total))
    own = habits.on_another_machine(rng) if rng.random() < 0.2 else habits
    planned = own.steps_of_one(rng)
    times, resumed = own.times(rng, planned)
    ended = times[-1] + own.closing_s(rng)
    stated = None if state == STATES[2] else float(steps)
    found = Case(
        kind, times, ended, stated, kind == "early stopping" and rng.random() < 0.5, earlier, resumed
    )
    if kind == "crash":
        at = rng.randint(2, len(times))
        crashed = times[at - 1] + rng.random() * (times[-1] / len(times))
        found = replace(found, times=times[:at], ended=crashed, planned_end=ended)
    return found


def earlier_of(times: Sequence[float], ended: float, stated: float | None) -> Earlier:
    """Return a run that did its steps at these moments, as an earlier one."""
    knots = [(float(step), time - ended) for step, time in enumerate(times, start=1)]
    return Earlier(float(len(times)), ended, stated, is_twin=True, knots=knots)


class _Habits:
    """What runs of one configuration have in common."""

    def __init__(self, rng: random.Random, kind: str, steps: int) -> None:
        self.kind, self.steps, self.machine = kind, steps, 1.0
        self.step_s = math.exp(rng.uniform(-4, 5))
        self.between = math.exp(rng.uniform(math.log(0.02), math.log(0.25)))  # from run to run
        self.noise = rng.uniform(0.01, 0.1)
        self.heavy = rng.uniform(0.4, 1.2)
        self.warm_share, self.warm_factor = rng.uniform(0.01, 0.1), rng.uniform(2, 10)
        self.every = max(2, round(steps / rng.uniform(3, 40)))
        self.pause_steps = rng.uniform(0.1, 1.0) * self.every
        self.stalls, self.stall_share = rng.uniform(0.5, 4), rng.uniform(0.02, 0.15)
        self.factor = rng.uniform(1.3, 3)
        self.drift, self.memory = rng.uniform(0.1, 0.4), rng.uniform(0.03, 0.3)
        self.stops = rng.uniform(0.2, 0.9)
        self.closing_steps = rng.choice((0.0, 0.0, rng.uniform(0, 2)))

    def on_another_machine(self, rng: random.Random) -> _Habits:
        """Return the same on a machine that is up to three times as quick or slow."""
        other = _Habits.__new__(_Habits)
        other.__dict__.update(self.__dict__)
        other.machine = math.exp(rng.uniform(-1.1, 1.1))
        return other

    def steps_of_one(self, rng: random.Random) -> int:
        """Return after how many steps one such run ends."""
        if self.kind == "early stopping" and rng.random() < self.stops:
            return max(5, round(self.steps * rng.uniform(0.3, 1)))
        return self.steps

    def closing_s(self, rng: random.Random) -> float:
        """Return how long one such run goes on after its last step."""
        return self.closing_steps * self.step_s * self.machine * rng.uniform(0.8, 1.2)

    def times(self, rng: random.Random, steps: int) -> tuple[list[float], int]:
        """Return when each step was done, and the first step of the last process."""
        base = self.step_s * self.machine * math.exp(rng.gauss(0, self.between))
        paces = [base * math.exp(rng.gauss(0, self.noise)) for _ in range(steps)]
        resumed = 0
        if self.kind == "warm-up":
            for at in range(max(1, round(self.warm_share * steps))):
                paces[at] *= self.warm_factor
        elif self.kind == "log-normal steps":
            paces = [base * math.exp(rng.gauss(0, self.heavy)) for _ in range(steps)]
        elif self.kind == "shared machine":
            paces = [
                pace * math.exp(one) for pace, one in zip(paces, self._wandering(rng, steps), strict=True)
            ]
        elif self.kind == "periodic evaluation":
            for at in range(self.every - 1, steps, self.every):
                paces[at] += self.pause_steps * base * rng.uniform(0.9, 1.1)
        elif self.kind == "stalls":
            for at in range(steps):
                if rng.random() < self.stalls / steps:
                    paces[at] += steps * base * self.stall_share * rng.expovariate(1)
        elif self.kind == "slower from a moment on":
            first = round(rng.random() * steps)
            paces = [pace * (self.factor if at >= first else 1) for at, pace in enumerate(paces)]
        elif self.kind == "slower and slower":
            paces = [pace * (1 + (self.factor - 1) * at / steps) for at, pace in enumerate(paces)]
        elif self.kind == "restart":
            resumed = rng.randint(1, steps - 1)
            paces[resumed] += steps * base * rng.expovariate(4)
        times, moment = [], base * rng.uniform(0.2, 3)
        for pace in paces:
            moment += pace
            times.append(moment)
        return times, resumed

    def _wandering(self, rng: random.Random, steps: int) -> list[float]:
        keeps = math.exp(-1 / (self.memory * steps))
        found, now = [], rng.gauss(0, self.drift)
        for _ in range(steps):
            now = keeps * now + math.sqrt(1 - keeps**2) * rng.gauss(0, self.drift)
            found.append(now)
        return found
