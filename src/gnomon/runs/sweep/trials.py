"""The trials of a sweep: what was tried, with which seeds, and what came of it.

Rules, in one place:

- A **trial** is one configuration; it has one run for each seed. Runs of one seed (done on two machines) are averaged.
- A seed is *settled* when a run with it finished, was pruned, failed or ran out of time. A run that was stopped or cut off does
  not count: its seed is run again.
- The **objective** of a trial is the mean over its seeds that finished, if at least half of its seeds did, and none was pruned.
- A trial of which a seed was pruned is pruned: its other seeds are not begun.

Always true: the order in which the runs are given makes no difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gnomon.record.body import encode_body
from gnomon.runs.sweep import entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Seed = int | None

BAD = frozenset({entries.FAILED, entries.TIMED_OUT})
SETTLED = frozenset({entries.FINISHED, entries.PRUNED}) | BAD


class Attempt(NamedTuple):
    """One run of a sweep."""

    run: str
    number: int
    params: Mapping[str, object]  # by dotted name
    seed: Seed
    status: str = entries.OPEN
    value: float | None = None
    step: int | None = None
    why: str | None = None
    duration_s: float | None = None
    began_us: int = 0
    heads: tuple[str, ...] = ()


@dataclass(slots=True)
class Trial:
    """One configuration. `others` is above 0 where people gave its number to several apart: 1 is the second of them."""

    number: int
    params: Mapping[str, object]
    attempts: list[Attempt] = field(default_factory=list)
    others: int = 0

    @property
    def label(self) -> str:
        """What it is called: its number; `7b` where somebody has another trial 7."""
        return str(self.number) if not self.others else f"{self.number}{chr(ord('a') + min(self.others, 25))}"

    def of_seed(self, seed: Seed) -> list[Attempt]:
        """Return the settled runs of a seed."""
        return [one for one in self.attempts if one.seed == seed and one.status in SETTLED]

    def status_of(self, seed: Seed) -> str:
        """Return what came of a seed: 'finished', 'pruned', 'failed', 'timed out', or 'open'."""
        found = {one.status for one in self.of_seed(seed)}
        order = (entries.FINISHED, entries.PRUNED, entries.TIMED_OUT, entries.FAILED)
        return next((status for status in order if status in found), entries.OPEN)

    def value_of(self, seed: Seed) -> float | None:
        """Return the value of a seed that finished, the mean of its runs."""
        values = [
            one.value
            for one in self.of_seed(seed)
            if one.status == entries.FINISHED and one.value is not None
        ]
        return _mean(values)

    def open_seeds(self, seeds: Sequence[Seed], *, retry: bool = False) -> list[Seed]:
        """Return the seeds that are still to be run; with `retry`, those that failed too."""
        if any(self.status_of(seed) == entries.PRUNED for seed in seeds):
            return []
        again = {entries.OPEN, *(BAD if retry else ())}
        return [seed for seed in seeds if self.status_of(seed) in again]

    def values(self, seeds: Sequence[Seed]) -> list[tuple[Seed, float]]:
        """Return (seed, value) of those that finished."""
        found = [(seed, self.value_of(seed)) for seed in seeds]
        return [(seed, value) for seed, value in found if value is not None]

    def objective(self, seeds: Sequence[Seed]) -> float | None:
        """Return the mean over seeds; None while seeds are open, where one was pruned, or fewer than half finished."""
        if any(self.status_of(seed) in (entries.OPEN, entries.PRUNED) for seed in seeds):
            return None
        values = self.values(seeds)
        return _mean([value for _, value in values]) if 2 * len(values) >= len(seeds) else None

    def status(self, seeds: Sequence[Seed]) -> str:
        """Return 'open', 'pruned', 'finished' or 'failed'."""
        if any(self.status_of(seed) == entries.PRUNED for seed in seeds):
            return entries.PRUNED
        if any(self.status_of(seed) == entries.OPEN for seed in seeds):
            return entries.OPEN
        return entries.FAILED if self.objective(seeds) is None else entries.FINISHED


def key_of(number: int, params: Mapping[str, object]) -> tuple[int, bytes]:
    """Return what tells a trial from others: two machines may give one number to two configurations."""
    return number, encode_body(dict(sorted(params.items())))


def trials_of(attempts: Iterable[Attempt]) -> list[Trial]:
    """Return the trials that these runs make up, by number."""
    found: dict[tuple[int, bytes], Trial] = {}
    for one in sorted(attempts, key=lambda one: one.run):
        trial = found.setdefault(key_of(one.number, one.params), Trial(one.number, one.params))
        trial.attempts.append(one)
    ordered = [found[key] for key in sorted(found)]
    for before, after in zip(ordered, ordered[1:], strict=False):
        if before.number == after.number:
            after.others = before.others + 1
    return ordered


def not_run_again(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the runs of a trial without those that were cut short and run again."""
    settled = {one.seed for one in attempts if one.status in SETTLED}
    return [one for one in attempts if one.status in SETTLED or one.seed not in settled]


def best_of(trials: Iterable[Trial], seeds: Sequence[Seed], *, highest: bool) -> Trial | None:
    """Return the trial with the best mean; of equal ones the first."""
    sign = -1.0 if highest else 1.0
    having = [(sign * value, one) for one in trials if (value := one.objective(seeds)) is not None]
    return min(having, key=lambda pair: (pair[0], pair[1].number, pair[1].others))[1] if having else None


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
