"""Parameters that vary together: where one tells the other, no analysis of these runs can tell their shares apart."""

from __future__ import annotations

import math
from collections import Counter
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.importance.bins import is_given
from gnomon.runs.importance.share import ranked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.importance.bins import Binned

TOGETHER = 0.6  # from here on, two parameters vary together


class Pair(NamedTuple):
    """Two parameters that vary together in these runs; `strength` is from `TOGETHER` to 1, where each tells the other."""

    first: str
    second: str
    strength: float


def pairs_of(found: Mapping[str, Binned], parameters: Mapping[str, Sequence[object]]) -> tuple[Pair, ...]:
    """Return the pairs that vary together, the closest first: by their classes, and by their ranks where both are numbers."""
    names = list(found)
    whole = {
        name: ranked(parameters[name])  # type: ignore[arg-type]
        for name in names
        if found[name].is_numeric and all(map(is_given, parameters[name]))
    }
    pairs = []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            strength = together(found[first].codes, found[second].codes)
            if first in whole and second in whole:
                strength = max(strength, min(1.0, abs(sum(map(mul, whole[first], whole[second])))))
            if strength >= TOGETHER:
                pairs.append(Pair(first, second, strength))
    return tuple(sorted(pairs, key=lambda pair: (-pair.strength, pair.first, pair.second)))


def together(a: Sequence[int], b: Sequence[int]) -> float:
    """Return how closely two classifications go together: Cramér's V without its bias (Bergsma 2013), from 0 to 1.

    >>> together([0, 0, 1, 1, 2, 2] * 4, [1, 1, 0, 0, 2, 2] * 4)
    1.0
    """
    cells = {pair: count for pair, count in Counter(zip(a, b, strict=True)).items() if min(pair) >= 0}
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    for (row, column), count in cells.items():
        rows[row] += count
        columns[column] += count
    r, c, n = len(rows), len(columns), sum(rows.values())
    if min(r, c) < 2:
        return 0.0
    raw = sum(count * count / (rows[row] * columns[column]) for (row, column), count in cells.items()) - 1
    fair = max(0.0, raw - (r - 1) * (c - 1) / (n - 1))
    least = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return round(min(1.0, math.sqrt(fair / least)), 12) if least > 0 else 0.0
