"""Distributions as bars: which share of a column's values lies in each of so many even bins.

Always true: the shares of a column add up to 1, and a bin of whole numbers holds as many of them as any other. Two columns are
put on the bins of both together, so that their bars may be compared one by one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.data.profile.cells import Cells

BINS = 24
_EXACT = 1 << 50


class Bars(NamedTuple):
    """Bars over the same bins: one list of shares for each distribution. `low` and `high` are the ends of the values."""

    low: float
    high: float
    edges: tuple[float, ...]
    shares: tuple[tuple[float, ...], ...]


def bars(cells: Sequence[Cells], bins: int = BINS) -> Bars | None:
    """Return the bars of one or several distributions; None where there is nothing that a bar could show."""
    held = [one for one in cells if one.counts]
    if not held or len(held) != len(cells):
        return None
    low, high = min(one.low for one in held), max(one.high for one in held)
    edges = _edges(low, high, bins, is_whole=all(one.is_whole for one in held))
    if edges is None:
        return None
    return Bars(low, high, edges, tuple(_shares(one, edges) for one in held))


def _edges(low: float, high: float, bins: int, *, is_whole: bool) -> tuple[float, ...] | None:
    if is_whole and high - low < _EXACT:  # each bin holds as many whole numbers as the others
        each = int((high - low) // bins) + 1
        return tuple(low - 0.5 + at * each for at in range(int((high - low) // each) + 2))
    width = high / bins - low / bins
    if not (width > 0 and math.isfinite(width)):
        return None
    return (*(min(low + at * width, high) for at in range(bins)), high)


def _shares(cells: Cells, edges: Sequence[float]) -> tuple[float, ...]:
    below = [
        0.0,
        *cells.shares_at(edges[1:-1]),
        1.0,
    ]  # the ends hold all: what equals the last edge lies in the last bin
    return tuple(max(after - before, 0.0) for before, after in zip(below[:-1], below[1:], strict=True))
