"""Is what some seeds show told from chance? One value a seed; several such questions are decided together.

Student's t, as long as something varies. Where nothing does, what is counted is how many ways there are for chance to bring
the same difference each time: a standard deviation of 0 is no proof.

Not done: pooling the noise of several factors. It finds more with three seeds, and alarms falsely in 9-14 % of cases
where one factor that does nothing is noisier than the others (docs/explanation/why-runs-differ.md).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from gnomon.runs.groups import student
from gnomon.runs.groups.bounds import MOST_SEEDS, SURE
from gnomon.runs.groups.judge import NO_SPREAD, ONE_SEED
from gnomon.runs.groups.noise import measured, same_each_time

SINGLE = 2.0**-24  # half a unit in the last place of float32: nobody asks for the cause of less
WITHIN_NOISE = "the noise between seeds could explain the difference"
__all__ = [
    "NO_SPREAD",
    "ONE_SEED",
    "WITHIN_NOISE",
    "Behind",
    "Decision",
    "Evidence",
    "behind",
    "decided",
    "evidence",
    "more_seeds",
]


class Behind(NamedTuple):
    """What the runs are like that some values were computed from."""

    size: float  # of the largest value: a spread within its rounding counts as none, values within that of float32 do, too
    spread: float  # standard deviation, over seeds, of the difference of A and B if they shared no seed
    is_fixed: bool  # no seed changed anything in any of the runs

    def chance_unvaried(self, mean: float, n: int) -> float:
        """Return how likely chance makes one and the same difference of `n` seeds, a `mean` that is not 0.

        Where no seed has an effect: had A and B the same distribution, any of the 2n values could be of A. Else
        `same_each_time`; or, if that tells more, Student's t as if the ends shared no seed.
        """
        if self.is_fixed:
            return 2 / math.comb(2 * n, n)
        t = mean / (self.spread / math.sqrt(n)) if self.spread else 0.0
        return min(same_each_time(n), student.two_sided(t, n - 1))


def behind(values: Sequence[Sequence[float]]) -> Behind:
    """Return what runs are like: for each mixture its values over the seeds, A first and B last."""
    size = max(max(map(abs, of_one)) for of_one in values)
    unit = _unit(size)
    a, b = (measured([value / unit for value in of_one]) for of_one in (values[0], values[-1]))
    is_fixed = all(min(of_one) == max(of_one) for of_one in values)
    return Behind(size, math.sqrt(a.variance + b.variance) * unit, is_fixed)


class Decision(NamedTuple):
    """What came of one question among several."""

    p: float  # corrected for all of them
    level: float  # at which it was decided: the one asked for, over the questions that were left
    level_together: float  # the one asked for, over all questions
    is_told: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two seeds or more say about one mean."""

    mean: float
    error: float  # standard error; 0: no seed differs from another
    n: int  # seeds
    chance: float  # that the mean is as far from 0 as this by chance, on its own; 1 where all values are 0
    behind: Behind
    rounding: float = 0.0  # within which all values are 0, though not exactly

    @property
    def is_zero(self) -> bool:
        """Whether every value is 0, but for rounding."""
        return self.error == 0 and self.mean == 0

    def interval(self, decision: Decision) -> tuple[float, float] | tuple[None, None]:
        """Return an interval that leaves out 0 exactly where that is told.

        Bonferroni's, for all questions together. Holm's later steps tell what such an interval would not: its end near 0
        is then that of the step. So all hold together at 1 - 2 level: a false claim, or a miss elsewhere.
        None: nothing varies, and the seeds are too few to tell.
        """
        if self.is_zero:
            return -self.rounding, self.rounding
        if self.error == 0:
            return (self.mean, self.mean) if decision.is_told else (None, None)
        half = near = student.t_quantile(decision.level_together, self.n - 1) * self.error
        size = abs(self.mean)
        # A quantile is a root, found to nine digits: at the very edge, the decision decides.
        if decision.is_told and near >= size:
            near = student.t_quantile(decision.level, self.n - 1) * self.error
            near = min(near, math.nextafter(size, 0))
        elif not decision.is_told:
            half = near = max(near, size)
        return (self.mean - near, self.mean + half) if self.mean > 0 else (self.mean - half, self.mean + near)


def evidence(values: Sequence[float], of: Behind) -> Evidence:
    """Return what the values of two seeds or more say about their mean.

    >>> round(evidence([1.0, 2.0, 3.0], Behind(size=3, spread=1, is_fixed=False)).chance, 4)
    0.0742
    """
    n = len(values)
    if max(map(abs, values)) <= SINGLE * of.size:
        return Evidence(0.0, 0.0, n, 1.0, of, SINGLE * of.size if any(values) else 0.0)
    unit = _unit(of.size)
    noise = measured([value / unit for value in values], size=of.size / unit)
    mean = math.fsum(values) / n
    if noise.variance:
        error = math.sqrt(noise.variance / n) * unit
        return Evidence(mean, error, n, student.two_sided(mean / error, n - 1), of)
    return Evidence(mean, 0.0, n, of.chance_unvaried(mean, n), of)


def _unit(size: float) -> float:
    """Return a power of two near `size`: dividing by it is exact, and no fourth power overflows."""
    return math.ldexp(1.0, math.frexp(size)[1]) if size else 1.0


Name = TypeVar("Name", bound=Hashable)


def decided(all_: Mapping[Name, Evidence], level: float, *, one_is_real: bool) -> dict[Name, Decision]:
    """Return what is told from chance, so that the chance of one or more wrong claims is at most `level`.

    Holm's steps. What is exactly 0 for every seed asks nothing, and is not corrected for. `one_is_real`: their sum was
    told from 0 before, at `level`, so that at most all but one of them are 0 (Shaffer 1986, with the sum as first test).
    """
    found = {name: Decision(1.0, level, level, is_told=False) for name in all_}
    asked = sorted(
        (name for name, one in all_.items() if not one.is_zero), key=lambda name: all_[name].chance
    )
    p, steps, is_open = 0.0, 1, True
    for place, name in enumerate(asked):
        left = len(asked) - place
        if place == 0 and one_is_real:
            left = max(1, left - 1)
        p = max(p, min(1.0, left * all_[name].chance))
        steps = left if is_open else steps
        is_open = is_open and p <= level
        found[name] = Decision(p, level / steps, level / len(asked), is_open)
    return found


def more_seeds(one: Evidence, level: float) -> int | None:
    """Return how many further seeds would probably settle what is open; None: too many, or within the noise.

    The further seeds are expected to show the mean seen less the part that is probably luck (James and Stein 1961), and
    room is left for their noise: the rule of `judge`.
    """
    n = one.n
    if one.is_zero:
        return None
    if one.error == 0:
        counts = (m for m in range(1, MOST_SEEDS + 1) if one.behind.chance_unvaried(one.mean, n + m) <= level)
        return next(counts, None)
    reliable = 1 - (one.error / one.mean) ** 2 if one.mean else 0.0
    if reliable <= 0:
        return None

    def settles(more: int) -> bool:
        old = n / (n + more)  # the weight of the seeds at hand
        then = one.error * math.sqrt(old)
        expected = abs(one.mean) * (old + (1 - old) * reliable)
        doubt = one.error * math.sqrt((1 - old) * (reliable * (1 - old) + old))
        return expected - SURE * doubt > student.t_quantile(level, n + more - 1) * then

    return next((m for m in range(1, MOST_SEEDS + 1) if settles(m)), None)
