"""Whether a number that somebody wrote is a rounding of what the record has, and if not, what may have gone wrong.

A written number agrees where the value lies at most half a unit of its last digit away (both ways of rounding a half are right).
Whole numbers that end in zeros may be rounded to them from 1,000 on, as long as two digits are left: 12,000 for 12,345.

Always true: everything is reckoned in decimals, so 0.9145 is a half and not a bit less.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from gnomon.team.prose.units import NONE, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gnomon.team.prose.values import Value
    from gnomon.team.prose.written import Reading, Written

_ONE = Decimal(1)
_ROUNDED_FROM = 1_000
_MOST_AS_SHARE = 20  # 2,000 %: beyond, nobody means a share of one
_PERCENT_FROM = 1.5  # a series that was larger than this is kept in percent
_HALF_OFF = Decimal("0.5")
_NO_NUMBER = Decimal("1e-15")
_FACTORS = tuple(map(Decimal, ("100", "1000", "1e6", "1e9", "60", "3600", "24", "86400", "60000", "3600000")))
_BYTE_FACTORS = tuple(
    [Decimal(1024) ** n for n in (1, 2, 3)] + [(Decimal(1024) / 1000) ** n for n in (1, 2, 3, 4)]
)
_BYTE = "bytes"


class Match(NamedTuple):
    """A reading that agrees: as it is in the unit of the record, and by what it was multiplied."""

    reading: Reading
    scale: Decimal


def agreement(written: Written, value: Value) -> Match | None:
    """Return how a written number agrees with a value; None where it does not. The value is a number."""
    if value.number is None or not math.isfinite(value.number):
        return None
    exact = value.exact
    for scale in scales(written.unit, value):
        for reading in written.readings:
            if _agrees(written, reading, scale, value, exact):
                return Match(reading.times(scale), scale)
    return None


def scales(unit: str, value: Value) -> list[Decimal]:
    """Return by what a number of this unit may be multiplied to be in the unit of the record; empty where it cannot be."""
    of = UNITS[unit]
    has = value.unit
    if unit == NONE or of.dimension == "times":
        return [_ONE]
    if of.dimension == "share":
        return _of_share(of.factor, value)
    if of.dimension == "count":
        return [of.factor] if has is None or has.dimension in ("count", _BYTE) else []
    if has is None:
        return [_ONE, of.factor]  # it may be kept in that unit, or in seconds or bytes
    if has.dimension == of.dimension:
        return [of.factor / has.factor]
    if unit == "B" and has.dimension == "count":
        return [Decimal("1e9")]
    return [_ONE] if has.dimension == "count" and of.dimension == _BYTE else []


def _of_share(factor: Decimal, value: Value) -> list[Decimal]:
    if value.unit is not None and value.unit.dimension == "share":
        return [factor / value.unit.factor]
    if value.unit is not None and value.unit.dimension != "count":
        return []
    size = abs(value.exact)
    found = [factor] if size <= _MOST_AS_SHARE else []
    largest = value.largest if value.largest is not None else float(size)
    if largest > _PERCENT_FROM:
        found.append(factor * 100)
    return found


def _agrees(written: Written, reading: Reading, scale: Decimal, value: Value, exact: Decimal) -> bool:
    if written.compared:
        return _holds(written.compared, exact, reading.value * scale)
    if written.upper is not None:
        return _spans(reading, written.upper, scale, value, exact)
    if not _is_rounding(reading, exact / scale):
        return False
    if written.spread is None or not value.has_seeds:
        return True
    return value.spread is not None and any(
        _is_rounding(one, Decimal(repr(value.spread)) / scale) for one in written.spread
    )


def _holds(sign: str, value: Decimal, limit: Decimal) -> bool:
    if sign in "<≤":
        return value < limit or (sign == "≤" and value == limit)
    return value > limit or (sign == "≥" and value == limit)


def _spans(lower: Reading, upper: Sequence[Reading], scale: Decimal, value: Value, exact: Decimal) -> bool:
    """Return whether a range is the interval of a group, or holds a single value."""
    if value.low is not None and value.high is not None:
        low, high = Decimal(repr(value.low)) / scale, Decimal(repr(value.high)) / scale
        return _is_rounding(lower, low) and any(_is_rounding(one, high) for one in upper)
    inside = exact / scale
    return lower.value - lower.last_digit / 2 <= inside and any(
        inside <= one.value + one.last_digit / 2 for one in upper
    )


def _is_rounding(reading: Reading, value: Decimal) -> bool:
    """Return whether a reading is a rounding of a value, both in the unit of the reading."""
    gap = abs(reading.value - value)
    if gap <= abs(value) * _NO_NUMBER:
        return True
    return any(gap <= last / 2 for last in _last_digits(reading))


def _last_digits(reading: Reading) -> Iterator[Decimal]:
    """Yield the unit of the last digit: of a whole number that ends in zeros, also that of the digits before them."""
    last = reading.last_digit
    yield last
    size = abs(reading.value)
    if last != _ONE or size < _ROUNDED_FROM:
        return
    while size % (last * 10) == 0 and size / (last * 10) >= 10:
        last *= 10
        yield last


def nearest(numbers: Sequence[Written], value: Value) -> Written:
    """Return the number that is nearest to a value in its unit: which one was meant, where none agrees."""
    if value.number is None or not math.isfinite(value.number):
        return numbers[0]
    exact = value.exact

    def gap(one: Written) -> Decimal:
        possible = scales(one.unit, value) or [_ONE]
        return min(abs(reading.value * scale - exact) for reading in one.readings for scale in possible)

    return min(numbers, key=gap)


# ---------------------------------------------------------------- what went wrong


def hides(match: Match, value: Value) -> str:
    """Return what a right rounding hides; empty where it hides nothing."""
    exact, shown = value.exact, match.reading.value
    if shown == exact or not exact:
        return ""
    if not shown:
        return "a small number is written as 0"
    if abs(exact) < 1 and abs(shown) == 1:
        return "a number below 1 is written as 1"
    if 99 < abs(exact) < 100 and abs(shown) == 100 and match.scale == _ONE:
        return "a number below 100 % is written as 100 %"
    if abs(shown - exact) >= abs(exact) * _HALF_OFF:
        return "what is written is off by half of the number or more"
    return ""


def other_unit(written: Written, value: Value) -> Decimal | None:
    """Return by which factor of a unit a written number is off; None where no such factor makes it right."""
    if value.number is None or not math.isfinite(value.number) or written.compared or not value.number:
        return None
    exact = value.exact
    of_bytes = UNITS[written.unit].dimension == _BYTE or (
        value.unit is not None and value.unit.dimension == _BYTE
    )
    factors = [*_FACTORS, *(_BYTE_FACTORS if of_bytes else ())]
    bases = scales(written.unit, value) or [_ONE, UNITS[written.unit].factor]
    for reading in written.readings:
        for factor in _both_ways(factors):
            for base in bases:
                inside = exact / (base * factor)
                if _is_rounding(reading, inside) and (reading.digits > 1 or reading.value == inside):
                    return factor
    if not scales(written.unit, value):
        return _ONE
    return None


def _both_ways(factors: Iterable[Decimal]) -> Iterator[Decimal]:
    for factor in factors:
        yield factor
        yield 1 / factor


def rounded_as(written: Written, value: Value) -> str:
    """Return a value with as many digits and in the unit that somebody wrote; in full where that hides it.

    Where that unit cannot be the value's it is in the unit of the record.
    """
    reading = written.readings[-1]
    possible = scales(written.unit, value)
    scale = possible[0] if possible else _ONE
    number = value.exact / scale
    places = max(0, -int(reading.last_digit.adjusted()))
    text = f"{number:.{places}f}"
    text = text if Decimal(text) or not number else f"{number:.3g}"
    return f"{text} {written.unit}" if written.unit and possible else text
