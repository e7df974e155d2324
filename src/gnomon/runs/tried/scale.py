"""How far two values of one parameter lie apart: 0 where they are equal, 1 where the one says nothing of the other.

The record itself says what is much. Of a parameter whose values span a factor of ten or more (a learning rate) a factor of
ten is a whole difference, and less of one less: 0.1 and 0.12 are 0.08 apart. Of one with at least `FEWEST` values within a
factor of ten (a depth, a momentum) the range that was tried is a whole difference. Where fewer values are known, the change
itself counts, as for a learning rate. Off is not little: 0 and any other number are a whole difference, unless the range
counts. Texts and booleans differ or do not, and so does what only one has.

Always true: the distance is the same both ways, 0 for equal values only, at most 1, and depends on which values there are,
never on how often or in which order they came. 1, 1.0 and true are one value, and so are two NaN.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

FEWEST = 5
DECADE = 10.0
LEAST = 1e-12  # of what differs in its last digit only
_NUMBERS = (int, float)


class Scale(NamedTuple):
    """What a whole difference is of a parameter's numbers: `width` of them side by side; a factor of ten where it is 0."""

    width: float = 0.0

    def apart(self, one: float, other: float) -> float:
        """Return how far two finite numbers lie apart, from 0 to 1."""
        if one == other:
            return 0.0
        if self.width:
            return min(1.0, max(LEAST, abs(one - other) / self.width))
        if not one or not other or (one < 0) is not (other < 0):
            return 1.0
        return min(1.0, max(LEAST, abs(math.log10(abs(one)) - math.log10(abs(other)))))

    def all_apart(self, ones: Iterable[float], other: float) -> list[float]:
        """Return the same for many floats; what is not finite is a whole difference."""
        width = self.width
        if width:
            found = [abs(one - other) / width for one in ones]
        elif other == 0:
            return [1.0 if one else 0.0 for one in ones]
        else:
            sign, log = math.copysign(1.0, other), math.log10(abs(other))
            found = [
                0.0 if one == other else abs(math.log10(one * sign) - log) or LEAST if one * sign > 0 else 1.0
                for one in ones
            ]
        return [one if one < 1 else 1.0 for one in found]  # NaN too

    def reach(self, one: float, within: float) -> tuple[float, float]:
        """Return bounds that hold all numbers that are at most so far from one, and perhaps a few more."""
        if within >= 1.0:
            return (-math.inf, math.inf)
        slack = 1e-9 * abs(one)
        if self.width:
            return (one - within * self.width - slack, one + within * self.width + slack)
        factor = DECADE**within
        ends = sorted((one / factor, one * factor))
        return (ends[0] - slack, ends[1] + slack)


def is_number(value: object) -> bool:
    """Return whether a value is a number that has a place among others: neither a boolean nor NaN nor infinite."""
    return isinstance(value, _NUMBERS) and not isinstance(value, bool) and as_float(value) is not None


def as_float(value: float) -> float | None:
    """Return a number as a finite float; None where it is none."""
    try:
        found = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return None
    return found if math.isfinite(found) else None


def scale_of(values: Iterable[object], asked: object = None) -> Scale:
    """Return the scale of a parameter by all values that are known of it, that in question among them.

    >>> scale_of([0.1, 0.01, 1e-4]), scale_of([2, 4, 6, 8, 10]), scale_of([0.1], 0.12)
    (Scale(width=0.0), Scale(width=8.0), Scale(width=0.0))
    """
    numbers = {
        number
        for value in (*values, asked)
        if isinstance(value, _NUMBERS)
        and not isinstance(value, bool)
        and (number := as_float(value)) is not None
    }
    return scale_of_ends(numbers, has_enough=len(numbers) >= FEWEST)


def scale_of_ends(numbers: Iterable[float], *, has_enough: bool) -> Scale:
    """Return the scale of finite numbers, of which the least, the least above 0 and the greatest are enough.

    `has_enough` says whether at least `FEWEST` different ones are known.
    """
    found = sorted(numbers)
    if not has_enough or not found:
        return Scale()
    above = next((number for number in found if number > 0), 0.0)
    if found[0] >= 0 and above and found[-1] / above >= DECADE:
        return Scale()
    return Scale(min(found[-1] - found[0], sys.float_info.max))


def apart(one: object, other: object, scale: Scale) -> float:
    """Return how far two values of a parameter lie apart; None is a value that is not there.

    >>> [apart("adam", other, Scale()) for other in ("adam", "sgd", None)], apart(0.1, 0.01, Scale())
    ([0.0, 1.0, 1.0], 1.0)
    """
    if one == other or (one != one and other != other):
        return 0.0
    if one is None or other is None or not is_number(one) or not is_number(other):
        return 1.0
    return scale.apart(float(one), float(other))  # type: ignore[arg-type]  # numbers, as was asked
