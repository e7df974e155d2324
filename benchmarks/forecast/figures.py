"""Counts how often the forecasts of cases hold."""

from __future__ import annotations

import json
import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypedDict

from benchmarks.forecast.cases import KINDS, SHARES, STATES, Case, case, earlier_of
from benchmarks.forecast.recording import DEVELOPMENT, HELD_OUT
from gnomon.runs.forecast.predict import Seen, predicted

LEVEL = 0.8
STATED = (0.1, 0.25, 0.5, 0.75, 0.9)
NARROW = 0.1


class Recorded(TypedDict):
    """A recorded training; times are seconds since it began."""

    name: str
    seed: int
    stated: float | None
    ended: float
    times: list[float]


@dataclass
class Tally:
    """How forecasts of some cases turned out."""

    asked: int = 0
    told: int = 0
    held: int = 0
    early: int = 0  # ended before the interval
    late: int = 0
    widths: list[float] = field(default_factory=list)  # of the interval, over the time that was left
    misses: list[float] = field(default_factory=list)  # of the middle: |log of said over left|
    before: dict[float, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def coverage(self) -> float:
        return 100 * self.held / self.told if self.told else math.nan

    @property
    def width(self) -> float:
        return statistics.median(self.widths) if self.widths else math.nan

    @property
    def narrow(self) -> float:
        """In percent: how many ranges are at most a tenth as wide as the time that was left."""
        return self.share(sum(one <= NARROW for one in self.widths))

    @property
    def miss(self) -> float:
        return 100 * (math.exp(statistics.median(self.misses)) - 1) if self.misses else math.nan

    def share(self, count: int) -> float:
        return 100 * count / self.told if self.told else math.nan

    def add(self, seen: Seen, ended: float) -> None:
        """Count one forecast."""
        self.asked += 1
        spread = predicted(seen)
        if spread is None:
            return
        self.told += 1
        low, middle, high = (spread.quantile(one) for one in ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2))
        self.held += low <= ended <= high
        self.early += ended < low
        self.late += ended > high
        left = max(ended - seen.now, 1e-9)
        self.widths.append((high - low) / left)
        self.misses.append(abs(math.log(max(middle - seen.now, 1e-9) / left)))
        for chance in STATED:
            self.before[chance] += ended <= spread.quantile(chance)


Key = tuple[str, str, str]  # kind, what is known of the steps, share
RESTARTS = ("restart, before it", "restart, after it")


def count(case_range: str, cases: int, *, step: Callable[[str], None] = lambda _: None) -> dict[Key, Tally]:
    """Return tallies by kind, state and share; 'all' stands for all of each but crashes."""
    found: dict[Key, Tally] = defaultdict(Tally)
    for kind in KINDS:
        step(kind)
        for state in STATES:
            for number in range(cases):
                one = case(f"{case_range}/{number}", kind, state)
                rng = random.Random(f"{case_range}/{number}/{kind}/{state}/now")
                for share in SHARES:
                    at = one.seen_at(share, rng)
                    if at is not None:
                        row = RESTARTS[at[0].done > one.resumed] if kind == "restart" else kind
                        for key in _keys(row, state, f"{share:.0%}"):
                            found[key].add(*at)
    return dict(found)


def _keys(kind: str, state: str, share: str) -> Iterable[Key]:
    kinds = (kind,) if kind == "crash" else (kind, "all")  # a crash is no end that a forecast speaks of
    return [(one, other, third) for one in kinds for other in (state, "all") for third in (share, "all")]


def of_recorded(*, development: bool = False) -> dict[Key, Tally]:
    """Return tallies of the recorded trainings, by name, state and share: each seed with those before it, and alone."""
    found: dict[Key, Tally] = defaultdict(Tally)
    by_name: dict[str, list[Recorded]] = defaultdict(list)
    for one in json.loads((DEVELOPMENT if development else HELD_OUT).read_text(encoding="utf-8")):
        by_name[one["name"]].append(one)
    for name, runs in by_name.items():
        for number, run in enumerate(runs):
            rng = random.Random(f"{name}/{number}")
            before = [
                earlier_of(other["times"], other["ended"], other["stated"])
                for other in reversed(runs[:number])
            ]
            for state, earlier in (("no run before", []), ("runs before", before)):
                if earlier or state == "no run before":
                    one = Case(
                        name, run["times"], run["ended"], run["stated"], "stops early" in name, earlier
                    )
                    for share in SHARES:
                        at = one.seen_at(share, rng)
                        if at is not None:
                            for key in _keys(name, state, f"{share:.0%}"):
                                found[key].add(*at)
    return dict(found)
