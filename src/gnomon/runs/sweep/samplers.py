"""Which configuration comes next: a grid, random draws, or Optuna (`optuna_sampler`).

A sampler is asked for the configuration of a number, numbers in order, and told what came of each. What a grid and random
draws give depends on the number and the file alone: so it is the same whatever runs at the same time, and after a resume.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from gnomon.runs.sweep.space import grid_size

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gnomon.runs.sweep.file import Plan
    from gnomon.runs.sweep.space import Dimension
    from gnomon.runs.sweep.trials import Trial


class Sampler(Protocol):
    """Chooses configurations."""

    def params(self, number: int) -> dict[str, object]:
        """Return the configuration of a number, by dotted name."""

    def tell(self, trial: Trial) -> None:
        """Take in what came of a trial."""


class Grid:
    """Every combination once, the last parameter of the file changing fastest."""

    def __init__(self, space: Sequence[Dimension]) -> None:
        self._axes = [(one.name, one.grid()) for one in space]
        self.size = grid_size(space)

    def params(self, number: int) -> dict[str, object]:
        """Return the combination of a number below `size`."""
        found, rest = {}, number
        for name, values in reversed(self._axes):
            rest, place = divmod(rest, len(values))
            found[name] = values[place]
        return dict(reversed(found.items()))

    def tell(self, trial: Trial) -> None:
        """Nothing that came of a trial changes a grid."""


class Random:
    """Each value is drawn by a hash of the sweep's seed, the number and the parameter's name."""

    def __init__(self, space: Sequence[Dimension], seed: int) -> None:
        self._space = space
        self._seed = seed

    def params(self, number: int) -> dict[str, object]:
        """Return the configuration of a number."""
        return {one.name: one.drawn(share(self._seed, number, one.name)) for one in self._space}

    def tell(self, trial: Trial) -> None:
        """Nothing that came of a trial changes what is drawn."""


def share(seed: int, number: int, name: str) -> float:
    """Return a number in [0, 1) that these three decide."""
    digest = blake2b(f"{seed}:{number}:{name}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / (1 << 53)


def sampler_of(plan: Plan, trials: Sequence[Trial], again: Collection[tuple[int, bytes]] = ()) -> Sampler:
    """Return the sampler of a plan, which knows these trials; `again` are those of which runs are still to come.

    Raises MissingExtraError.
    """
    if plan.sampler == "grid":
        return Grid(plan.space)
    if plan.sampler == "random":
        return Random(plan.space, plan.sampler_seed)
    from gnomon.runs.sweep.optuna_sampler import Tpe

    return Tpe(plan, trials, again)
