"""How far the pace of a run wanders, from how it did so far.

Of steps that differ by chance alone the means of long stretches differ little: half as much for four times as many. On a
machine that others use, and of work that changes, they go on differing. So neighbouring stretches are compared at several
lengths, and what is found is drawn out to the length of what is behind and of what is still to come.

Always true: a run that is twice as slow as a whole wanders as much (all is in logarithms).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

USUAL_DECAY, DECAY_WEIGHT = (
    0.35,
    1.0,
)  # of the differences with the length of stretches; 0.5 is that of chance alone
MOST_DECAY = 0.7
FEWEST = 3  # stretches of a length


def drift(paces: Sequence[float], behind: float, ahead: float) -> float:
    """Return by how much, as a logarithm, the mean pace of the next `ahead` stretches differs from that of the last `behind`.

    `paces` are the seconds a step of the stretches so far; 0 where they are too few to say.
    """
    known = _differences(paces)
    if not known:
        return 0.0
    total = sum(weight for _, _, weight in known)
    middle = sum(length * weight for length, _, weight in known) / total
    level = sum(differs * weight for _, differs, weight in known) / total
    across = sum(weight * (length - middle) ** 2 for length, _, weight in known)
    falls = -sum(weight * (length - middle) * (differs - level) for length, differs, weight in known)
    decay = (falls + DECAY_WEIGHT * USUAL_DECAY) / (across + DECAY_WEIGHT)
    decay = min(max(decay, 0.0), MOST_DECAY)
    both = [math.exp(level - decay * (math.log(max(1.0, length)) - middle)) for length in (behind, ahead)]
    return math.sqrt((both[0] ** 2 + both[1] ** 2) / 2)


def _differences(paces: Sequence[float]) -> list[tuple[float, float, float]]:
    """Return (logarithm of a length, that of how far means of so many differ from the next ones, how many there are)."""
    found, length = [], 1
    while len(paces) >= FEWEST * length:
        means = [math.log(sum(paces[at : at + length]) / length) for at in range(len(paces) - length + 1)]
        squares = [(later - sooner) ** 2 for sooner, later in zip(means, means[length:], strict=False)]
        differs = math.log(sum(squares) / len(squares) + 1e-8) / 2
        found.append((math.log(length), differs, len(paces) / length))
        length *= 2
    return found
