"""Numbers as people write them: signs, separators of several languages, exponents, units, ±, ranges, composite durations.

`1,234` may be one thousand or one and a bit: such a number has two readings, and whoever checks it takes the one that is right.

Always true: time is in proportion to the text; a number that is glued to letters which are no unit is none.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from gnomon.team.prose.units import NONE, PATTERN, SPACE, UNITS, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_MINUSES = "-−–﹣－"
_MINUS = rf"\{_MINUSES}"  # for a class of characters
_GROUPS = r"[,.'’\u00a0\u2009\u202f _٬]"
_DIGITS = (
    rf"(?:\d{{1,3}}(?:{_GROUPS}\d{{3}}){{1,8}}(?:[.,٫]\d{{1,30}})?|\d{{1,2}}(?:,\d\d){{1,6}},\d{{3}}(?:\.\d{{1,30}})?"
    r"|\d{1,30}(?:[.,٫]\d{1,30})?|[.,]\d{1,30})"
)
_POWER = rf"(?:[eE][+{_MINUS}]?\d{{1,3}}|{SPACE}?[×x·*⋅]{SPACE}?10(?:\^\{{?[+{_MINUS}]?\d{{1,3}}\}}?|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{{1,3}}))"
_END = r"(?![\w]|[.,]\d)"
_NUMBER = rf"(?:{_DIGITS}(?:{_POWER})?)(?![\d]|[.,]\d)"
_SIGN = rf"[+{_MINUS}±]?"
_BEFORE = r"(?<![\w.,])"
_RANGE = rf"(?:{SPACE}?[–—]{SPACE}?|{SPACE}?-{SPACE}?(?=\d)|{SPACE}?(?:to|bis|and|\.\.\.?|…){SPACE}|,{SPACE})"
_PLUS_MINUS = rf"{SPACE}?(?:±|\+/-|\+-|\\pm){SPACE}?"

NUMBER = re.compile(
    rf"{_BEFORE}(?P<compared>[<>≤≥]{SPACE}?)?(?P<sign>{_SIGN}){SPACE}?(?P<number>{_NUMBER})"
    rf"(?P<unit>{PATTERN})?(?P<end>{_END})"
)
_SPREAD = re.compile(rf"{_PLUS_MINUS}(?P<number>{_NUMBER})\)?(?P<unit>{PATTERN})?{_END}")
_UPPER = re.compile(rf"{_RANGE}(?P<sign>{_SIGN})(?P<number>{_NUMBER})(?P<unit>{PATTERN})?{_END}")
_PART = (
    rf"{SPACE}?(?:and{SPACE})?(\d{{1,6}}(?:\.\d{{1,6}})?){SPACE}?"
    r"(days?|d|hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|sec|s|ms)(?![^\W\d_])"
)
_COMPOSITE = re.compile(rf"{_BEFORE}(?:{_PART})(?:,?{_PART}){{1,4}}")
_ONE_PART = re.compile(_PART)
_CLOCK = re.compile(rf"{_BEFORE}(\d{{1,4}}):(\d{{2}})(?::(\d{{2}}))?(?![\d:])")
_UNIT = re.compile(PATTERN)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_PLAIN_MINUS = str.maketrans(dict.fromkeys(_MINUSES, "-"))
_MARKUP = re.compile(r"[*`$~]+|(?<!\w)_+|_+(?!\w)")


class Reading(NamedTuple):
    """A number as it may be read: its value, and one unit of its last digit."""

    value: Decimal
    last_digit: Decimal
    digits: int  # significant ones

    def times(self, factor: Decimal) -> Reading:
        """Return the reading in another unit."""
        return Reading(self.value * factor, self.last_digit * factor, self.digits)


class Written(NamedTuple):
    """A number in a text, at `text[start:end]`; all of it that belongs together: sign, unit, ±, the other end of a range.

    `unit` is a key of `units.UNITS`. `readings` are what the number may mean, in that unit; `spread` and `upper` the same for
    what stands behind a ± and for the upper end of a range, None where there is none.
    """

    text: str
    start: int
    end: int
    readings: tuple[Reading, ...]
    unit: str = NONE
    compared: str = ""
    spread: tuple[Reading, ...] | None = None
    upper: tuple[Reading, ...] | None = None


def plain(text: str) -> str:
    """Return a text with marks of emphasis and code made blank; every character stays in its place."""
    return _MARKUP.sub(lambda match: " " * len(match[0]), text)


def numbers_in(text: str) -> list[Written]:
    """Return the numbers of a short text, each with all that belongs to it.

    >>> [(one.text, one.unit) for one in numbers_in("about 91.4 % after 3 min 20 s")]
    [('91.4 %', '%'), ('3 min 20 s', 's')]
    """
    found = [*_durations(text)]
    taken = [(one.start, one.end) for one in found]
    at = 0
    while match := NUMBER.search(text, at):
        within = next((end for start, end in taken if start <= match.start("number") < end), None)
        if within is not None:
            at = within
            continue
        one = _whole(text, match)
        found.append(one)
        at = max(one.end, at + 1)
    return sorted(found, key=lambda one: one.start)


def with_tail(one: Written, tail: str) -> tuple[Written, int]:
    """Return a number that ends a link, with the unit and the ± that stand behind the link; and how much of `tail` that is."""
    used = 0
    if one.unit == NONE and (unit := _UNIT.match(tail)):
        one, used = one._replace(unit=unit_of(unit[0]), text=one.text + unit[0].rstrip()), unit.end()
    if one.spread is None and (spread := _SPREAD.match(tail, used)):
        unit_behind = unit_of(spread["unit"] or "")
        one = one._replace(
            spread=_readings(spread["number"], ""),
            unit=one.unit or unit_behind,
            text=one.text + tail[used : spread.end()],
        )
        used = spread.end()
    return one, used


def spread_behind(text: str, end: int) -> int:
    """Return where a number ends that ends at `end`, with a ± behind it."""
    found = _SPREAD.match(text, end)
    return found.end() if found else end


def _whole(text: str, match: re.Match[str]) -> Written:
    """Return a number that was found with what follows it: a spread, the upper end of a range."""
    readings = _readings(match["number"], match["sign"].replace("±", ""))
    unit, end = unit_of(match["unit"] or ""), match.end("unit") if match["unit"] else match.end("number")
    spread = upper = None
    if found := _SPREAD.match(text, end):
        spread = _readings(found["number"], "")
        unit = unit or unit_of(found["unit"] or "")
        end = found.end()
    elif (found := _UPPER.match(text, end)) and _is_range(unit, found):
        upper = _readings(found["number"], found["sign"])
        unit = unit or unit_of(found["unit"] or "")
        end = found.end()
    start = match.start()
    compared = (match["compared"] or "").strip()
    return Written(text[start:end].strip(), start, end, readings, unit, compared, spread, upper)


def _is_range(unit: str, found: re.Match[str]) -> bool:
    """Return whether two numbers are ends of one range: of one unit, if both have one."""
    other = unit_of(found["unit"] or "")
    return not (unit and other and unit != other)


def _durations(text: str) -> Iterator[Written]:
    """Yield durations of several parts: `3 min 20 s`, `2h5m`, `1:23:45`."""
    for match in _COMPOSITE.finditer(text):
        total, last = Decimal(0), Decimal(1)
        for number, word in _ONE_PART.findall(match[0]):
            factor = Decimal(60) if word == "m" else UNITS[unit_of(word)].factor
            reading = _readings(number, "")[0].times(factor)
            total, last = total + reading.value, reading.last_digit
        yield Written(match[0].strip(), match.start(), match.end(), (Reading(total, last, 9),), "s")
    for match in _CLOCK.finditer(text):
        first, second = Decimal(match[1]), Decimal(match[2])
        readings: tuple[Reading, ...]
        if match[3]:
            readings = (Reading(first * 3600 + second * 60 + Decimal(match[3]), Decimal(1), 9),)
        else:
            readings = (
                Reading(first * 60 + second, Decimal(1), 9),
                Reading(first * 3600 + second * 60, Decimal(60), 9),
            )
        yield Written(match[0], match.start(), match.end(), readings, "s")


def _readings(number: str, sign: str) -> tuple[Reading, ...]:
    """Return what a number may mean: most have one reading, `1,234` and `1.234` two."""
    digits, scale = _without_power(number)
    is_negative = sign.translate(_PLAIN_MINUS) == "-"
    found = []
    for whole, fraction in _ways(digits):
        value = Decimal(f"{whole or '0'}.{fraction}" if fraction else whole or "0")
        last = Decimal(1).scaleb(-len(fraction))
        significant = len((whole + fraction).lstrip("0")) or 1
        found.append(
            Reading((-value if is_negative else value).scaleb(scale), last.scaleb(scale), significant)
        )
    return tuple(found)


def _without_power(number: str) -> tuple[str, int]:
    """Return the digits of a number and the power of ten behind them."""
    match = re.search(_POWER, number)
    if match is None:
        return number, 0
    power = match[0].translate(_RAISED).translate(_PLAIN_MINUS)
    power = (
        power[1:]
        if power[0] in "eE"
        else power.rpartition("10")[2]
        if "^" not in power
        else power.rpartition("^")[2]
    )
    return number[: match.start()], int(power.strip("{}"))


def _ways(digits: str) -> list[tuple[str, str]]:
    """Return the ways to read digits with separators, as (whole part, fraction)."""
    points = [char for char in digits if char in ".,٫"]
    bare = re.sub(r"[^\d.,٫]", "", digits)
    if "٫" in points:
        whole, _, fraction = bare.partition("٫")
        return [(re.sub(r"\D", "", whole), fraction)]
    if len(set(points)) == 2:
        whole, _, fraction = bare.rpartition(points[-1])
        return [(re.sub(r"\D", "", whole), fraction)]
    if not points:
        return [(bare, "")]
    if len(points) > 1:
        return [(re.sub(r"\D", "", bare), "")]
    whole, _, fraction = bare.partition(points[0])
    as_decimal = (whole, fraction)
    if len(fraction) != 3 or whole.lstrip("0") == "" or len(whole) > 3 or bare != digits:
        return [as_decimal]
    as_thousands = (whole + fraction, "")
    return [as_thousands, as_decimal] if points[0] == "," else [as_decimal, as_thousands]
