"""What is said of why two runs differ.

Always true: the shares of all factors sum to `difference.mean`, and seed by seed to `difference.by_seed` (to 1e-9).
A factor is a cause exactly where its interval leaves out 0 and its `p` is at or below `level`.
How it is found out: `attribute.py`. What the numbers mean: docs/explanation/why-runs-differ.md.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Literal

Seed = Hashable
Mixture = frozenset[str]  # names of the factors that are taken from B; all others are from A
Verdict = Literal["causes", "no cause above noise", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Difference:
    """The metric of B less that of A, over the seeds that count."""

    mean: float | None  # None: no seed counts
    low: float | None  # interval at 1 - level, on its own. None: none can be given
    high: float | None
    p: float | None  # None: fewer than two seeds
    is_told: bool  # the noise between seeds cannot explain it
    by_seed: Mapping[Seed, float]


@dataclass(frozen=True, slots=True)
class Share:
    """What one factor did to the metric: its Shapley value, the mean over seeds."""

    name: str
    share: float  # in the unit of the metric; all shares sum to the difference
    low: float | None  # interval at 1 - level; None: none can be given
    high: float | None
    p: float | None  # corrected for all factors; at or below `level` exactly where it is a cause
    is_cause: bool
    has_no_effect: bool  # 0 for every seed, but for rounding: swapping it changed nothing, ever
    by_seed: Mapping[Seed, float]


@dataclass(frozen=True, slots=True)
class Together:
    """Two factors of which each does more, or less, where the other is there. Only what is above noise is listed."""

    first: str
    second: str
    more: float  # what both do together, beyond the sum of what each does alone
    low: float
    high: float
    p: float  # corrected for all pairs


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that gave no finite value."""

    mixture: Mixture
    seed: Seed


@dataclass(frozen=True, slots=True)
class Answer:
    """Why B differs from A, as far as it can be told."""

    verdict: Verdict
    why: str | None  # why there is no cause to name; None where there is one
    level: float  # the chance, at most, that one or more of the causes named are none
    difference: Difference
    shares: tuple[Share, ...]  # causes first, then the others; each by size. Empty: the mixtures were not run
    together: tuple[Together, ...]  # by size
    seeds: tuple[Seed, ...]  # that count: every run that they need has a value
    failed: tuple[Failure, ...]
    is_exact: bool  # all mixtures were run; else each seed walked some orders of the factors
    orders: int  # orders walked by each seed; 0 where it is exact
    more_seeds: int | None  # further seeds that would probably settle it; None: settled, or see `why`
    notes: tuple[str, ...]

    @property
    def causes(self) -> tuple[Share, ...]:
        """The factors that are causes, the largest first."""
        return tuple(share for share in self.shares if share.is_cause)
