"""How large a difference must be to be told from noise, and how many further seeds would probably make it so.

Always true: a difference is told exactly where its p is at or below the level; the bound of all pairs that are left never falls
below that of all comparisons with one group.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gnomon.runs.groups import student
from gnomon.runs.groups.noise import same_each_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.groups.differences import Uncertain

MOST_SEEDS = 100  # no advice beyond this many further seeds
SURE = 0.67  # of advice on further seeds: normal quantile of the chance that they settle it, once the difference is real
COULD_BE_NOISE = "the noise between seeds could explain the difference"
WITHIN_NOISE = "the difference is too small against the noise to say how many seeds would settle it"
TOO_MANY = f"more than {MOST_SEEDS} further seeds would be needed"


class Bounds:
    """How large each difference must be, counted in standard errors.

    The best group was found by looking, so any two groups could have been compared: Tukey's bound of all pairs.
    Once some groups are told from the best, a wrong claim can only be about those that are left: the bound is that
    of all pairs of fewer groups. It never falls below Dunnett's, so that the intervals still hold together.
    """

    def __init__(self, errors: Mapping[str, Uncertain], level: float, is_baseline: bool) -> None:
        self.errors, self.level, self.is_baseline = errors, level, is_baseline
        self.open = set(errors)  # groups not told from the reference
        self._statistics: dict[str, tuple[float, float]] = {}
        self._sizes: dict[str, int] = {}  # of those told: how many groups were left when they were
        for name, error in errors.items():
            se, df = error.after(0)
            self._statistics[name] = (abs(error.difference) / se if se else math.inf, df)
        self._dunnett = student.with_one(_size(len(errors)), self._correlation())

    def _correlation(self) -> float:
        """Return how much the differences move together because they share the reference: at most 1/2."""
        shares = [
            error.noises[0][0].variance
            / error.noises[0][1]
            / math.fsum(noise.variance / n for noise, n in error.noises)
            for error in self.errors.values()
            if len(error.noises) == 2 and not error.is_exact
        ]
        return math.floor(min(0.5, *shares, 0.5) * 10) / 10 if shares else 0.5

    def step_down(self) -> None:
        left = len(self.errors) + 1
        while True:
            told = [name for name in self.open if self._is_told(name, left)]
            for name in told:
                self._sizes[name] = left
            self.open.difference_update(told)
            if not told or not self.open or self.is_baseline:
                break
            left = len(self.open) + 1
        self._left = left

    def _is_told(self, name: str, left: int) -> bool:
        error = self.errors[name]
        if error.is_exact:
            return error.difference != 0 and self._exact_p(error, 0) <= self.level
        statistic, df = self._statistics[name]
        return statistic > self.bound(df, left)

    def bound(self, df: float, left: int) -> float:
        """Return the bound where `left` groups, the reference included, are not told apart yet."""
        bound = self._dunnett.critical(self.level, df)
        if not self.is_baseline:
            bound = max(bound, student.all_pairs(_size(left)).critical(self.level, df))
        return bound

    def of(self, name: str) -> tuple[float, float | None]:
        """Return the corrected p of a difference, and half the width of its interval (None: there is none)."""
        error = self.errors[name]
        if error.is_exact:
            p = self._exact_p(error, 0) if error.difference else 1.0
            return p, None
        statistic, df = self._statistics[name]
        left = self._sizes.get(name, self._left)
        p = self._dunnett.survival(statistic, df)
        if not self.is_baseline:
            p = max(p, student.all_pairs(_size(left)).survival(statistic, df))
        # The bound is a root, found to nine digits: at the very edge, the verdict decides.
        p = max(p, math.nextafter(self.level, 1)) if name in self.open else min(p, self.level)
        return p, self.bound(df, left) * error.after(0)[0]

    def _exact_p(self, error: Uncertain, more: int) -> float:
        """Return the chance that shuffled labels give this, where no seed changed anything.

        Without noise there is no t. But had the two groups the same distribution, then any assignment of the values
        to them (unpaired) was as likely as this one. Paired: `same_each_time`.
        """
        comparisons = pairs_of(len(self.errors) + 1, self.is_baseline)
        if error.seeds:
            chance = same_each_time(len(error.seeds) + more)
        else:
            (_, a), (_, b) = error.noises
            chance = 2 / math.comb(a + b + 2 * more, a + more)
        return min(1.0, comparisons * chance)

    def more_exact(self, name: str) -> int | None:
        error = self.errors[name]
        if error.difference == 0:
            return None
        return next((m for m in range(1, MOST_SEEDS + 1) if self._exact_p(error, m) <= self.level), None)

    def settles(self, error: Uncertain, more: int, reliable: float) -> bool:
        """Return whether `more` further seeds in each group will probably tell a difference.

        They are expected to show `reliable` times the difference seen, give or take the noise.
        """
        now, _ = error.after(0)
        then, df = error.after(more)
        old = (then / now) ** 2  # the weight of the seeds at hand
        expected = abs(error.difference) * (old + (1 - old) * reliable)
        doubt = math.sqrt(now**2 - then**2) * math.sqrt(reliable * (1 - old) + old)
        return expected - SURE * doubt > self.bound(df, self._left) * then

    def more(self, error: Uncertain, reliable: float) -> tuple[int | None, str]:
        """Return how many further seeds in each group would probably settle a difference, or why that is unknown."""
        now, _ = error.after(0)
        if abs(error.difference) * reliable <= 0:
            return None, WITHIN_NOISE
        if not self.settles(error, MOST_SEEDS, reliable):
            endless = abs(error.difference) * reliable < SURE * now * math.sqrt(reliable)
            return None, WITHIN_NOISE if endless else TOO_MANY
        low, high = 0, MOST_SEEDS
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.settles(error, middle, reliable) else (middle, high)
        return high, COULD_BE_NOISE


def pairs_of(groups: int, is_baseline: bool) -> int:
    """Return how many pairs of groups could have been compared."""
    return groups - 1 if is_baseline else groups * (groups - 1) // 2


def pairs_that_tell(groups: int, level: float, is_baseline: bool) -> int:
    """Return how many seeds that all show one and the same difference are a verdict."""
    pairs = max(1, pairs_of(groups, is_baseline))
    return next(seeds for seeds in range(1, MOST_SEEDS + 1) if pairs * same_each_time(seeds) <= level)


def _size(count: int) -> int:
    """Return `count`, rounded up to one of a few sizes where it is large: fewer bounds to compute."""
    if count <= 30:
        return count
    step = 1 << (count.bit_length() - 5)
    return -(-count // step) * step


def reliability(errors: Sequence[Uncertain]) -> float:
    """Return the part of a difference that is probably real: 1 minus noise / (spread of the means), at least 0.

    The best mean was found by looking, and is partly luck (James and Stein 1961). Over the groups not told apart.
    """
    if not errors:
        return 0.0
    means = [0.0, *(error.difference for error in errors)]
    middle = math.fsum(means) / len(means)
    between = math.fsum((mean - middle) ** 2 for mean in means) / (len(means) - 1)
    noise = math.fsum(error.after(0)[0] ** 2 for error in errors) / len(errors) / 2
    return max(0.0, 1 - noise / between) if between else 0.0
