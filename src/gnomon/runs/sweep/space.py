"""What a sweep may try: of each parameter its values, or a range.

A parameter is called by its dotted name (`model.width`). Values are what TOML and JSON have: numbers, texts, true and false.
Always true: `drawn` depends on the parameter and the number drawn, on nothing else; a value of a range lies in it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

POINTS = 5  # of a range of real numbers that a grid takes, unless the file says


class Choice(NamedTuple):
    """One of some values. A parameter with one value is the same for all."""

    name: str
    values: tuple[object, ...]

    def grid(self) -> tuple[object, ...]:
        """Return the values that a grid takes."""
        return self.values

    def drawn(self, share: float) -> object:
        """Return the value for a number in [0, 1)."""
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def __str__(self) -> str:
        from gnomon.text import any_value

        return ", ".join(map(any_value, self.values))


class Range(NamedTuple):
    """Any number from `low` to `high`, both included; evenly by size where `is_log`; whole numbers by `step` where `is_whole`."""

    name: str
    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False
    step: int = 1
    points: int | None = None

    def grid(self) -> tuple[object, ...]:
        """Return the values that a grid takes: `points` of them, evenly; all whole numbers where nothing is said."""
        if self.is_whole and self.points is None:
            return tuple(range(int(self.low), int(self.high) + 1, self.step))
        points = self.points or POINTS
        if points == 1:
            return (self._at(0.0),)
        found = [self._at(number / (points - 1)) for number in range(points)]
        return tuple(dict.fromkeys(found))

    def drawn(self, share: float) -> object:
        """Return the value for a number in [0, 1)."""
        if not self.is_whole:
            return self._at(share)
        if self.is_log:  # each whole number has the part of the axis that rounds to it
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            return self._whole(math.exp(low + share * (high - low)))
        count = (int(self.high) - int(self.low)) // self.step + 1
        return int(self.low) + self.step * min(int(share * count), count - 1)

    def _at(self, share: float) -> object:
        if share in (0.0, 1.0):
            value: float = self.high if share else self.low
        elif self.is_log:
            low, high = math.log(self.low), math.log(self.high)
            value = math.exp(low + share * (high - low))
        else:
            value = self.low + share * (self.high - self.low)
        return self._whole(value) if self.is_whole else _tidy(min(max(value, self.low), self.high))

    def _whole(self, value: float) -> int:
        nearest = int(self.low) + self.step * round((value - self.low) / self.step)
        last = int(self.low) + (int(self.high) - int(self.low)) // self.step * self.step
        return min(max(nearest, int(self.low)), last)

    def __str__(self) -> str:
        from gnomon.text import number

        kind = ", whole numbers" if self.is_whole else ""
        return f"{number(self.low)} to {number(self.high)}{', by size' if self.is_log else ''}{kind}"


Dimension = Choice | Range


def _tidy(value: float) -> float:
    """Return a number without the digits that only come of the logarithm: 0.01 for 0.010000000000000002."""
    rounded = float(f"{value:.14g}")
    return rounded if math.isclose(rounded, value, rel_tol=1e-13) else value


def grid_size(space: Sequence[Dimension]) -> int:
    """Return how many configurations a grid has."""
    return math.prod(len(one.grid()) for one in space)


def nested(params: Mapping[str, object]) -> dict[str, object]:
    """Return parameters by dotted name as nested dicts.

    >>> nested({"lr": 0.1, "model.width": 64})
    {'lr': 0.1, 'model': {'width': 64}}
    """
    found: dict[str, object] = {}
    for name, value in params.items():
        *above, last = name.split(".")
        inner = found
        for part in above:
            inner = inner.setdefault(part, {})  # type: ignore[assignment]
        inner[last] = value
    return found
