"""Axes: where a value stands between two ends, and which values get a tick.

Always true: ticks are round numbers inside the axis, written so that no two look alike; the whole range of floats can be an
axis, down to a single value.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NUMBER, WHOLE, SECONDS, MOMENT = "number", "whole", "seconds", "moment"  # kinds of an axis
PADDING = 0.04
MOST_DIGITS = 7  # of a number in thousands, millions, …
LARGEST = 1.7976931348623157e308
SMALLEST = 5e-324
_UNITS = ((86400 * 3, 86400, "d"), (3600 * 3, 3600, "h"), (60 * 3, 60, "min"), (1, 1, "s"), (0, 0.001, "ms"))
_CLOCK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Tick(NamedTuple):
    """A value on an axis and how it is written."""

    value: float
    text: str


class Scale(NamedTuple):
    """An axis from `low` to `high`, `low` below `high`. On a logarithmic one, both are above 0."""

    low: float
    high: float
    is_log: bool = False
    kind: str = NUMBER

    def at(self, value: float) -> float:
        """Return where a value stands: 0 at the low end, 1 at the high end; NaN where it has no place on this axis."""
        if self.is_log:
            if not value > 0:
                return math.nan
            low, high = math.log10(self.low), math.log10(self.high)
            if low < high:
                return (math.log10(value) - low) / (high - low)
        span = self.high - self.low
        if span < math.inf:
            return (value - self.low) / span
        return (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)

    @property
    def unit(self) -> tuple[float, str]:
        """The unit that a length of time is shown in: (its seconds, its name)."""
        for from_s, seconds, name in _UNITS:
            if self.high >= from_s:
                return float(seconds), name
        return 1.0, "s"

    def ticks(self, about: int, *, is_unicode: bool = True) -> list[Tick]:
        """Return about so many ticks (at least one, at most twice as many)."""
        about = max(about, 2)
        if self.kind == MOMENT and not self.is_log:
            ticks = _of_clock(self, about)
            if ticks:
                return ticks
        seconds = self.unit[0] if self.kind == SECONDS else 1.0
        low, high = self.low / seconds, self.high / seconds
        if not self.low < high * seconds:
            low, high, seconds = self.low, self.high, 1.0
        values = sorted(set(_round_powers(low, high, about))) if self.is_log else []
        is_powers = len(values) >= 2
        if not is_powers:
            values = _round_steps(low, high, about, is_whole=self.kind == WHOLE)
        texts = _powers(values, is_unicode) if is_powers else written(values, is_unicode=is_unicode)
        if is_unicode:
            texts = [text.replace("-", "−") for text in texts]
        first_of = {text: value for value, text in reversed(list(zip(values, texts, strict=True)))}
        return [Tick(value * seconds, text) for text, value in reversed(first_of.items())]  # none twice


def scale_of(
    values: Iterable[float], *, is_log: bool = False, kind: str = NUMBER, padding: float = PADDING
) -> Scale | None:
    """Return an axis that holds all the finite values (all above 0, on a logarithmic one); None where there are none."""
    drawn = [value for value in values if -math.inf < value < math.inf and (value > 0 or not is_log)]
    if not drawn:
        return None
    low, high = min(drawn), max(drawn)
    if is_log:
        if low == high:
            return Scale(max(low / 2, SMALLEST), min(high * 2, LARGEST), True, kind)
        more = (high / low) ** padding if high / low < LARGEST else 10.0**10
        return Scale(max(low / more, SMALLEST), min(high * more, LARGEST), True, kind)
    if low == high:
        around = abs(low) * 0.1 or 0.5
        if kind not in (NUMBER, WHOLE):
            around = 0.5
        return Scale(max(low - around, -LARGEST), min(high + around, LARGEST), False, kind)
    more = (high / 2 - low / 2) * (2 * padding)
    return Scale(max(low - more, -LARGEST), min(high + more, LARGEST), False, kind)


def _round_steps(low: float, high: float, about: int, *, is_whole: bool = False) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten between the ends; of a whole number, if so wanted."""
    raw = (high / 2 - low / 2) / about * 2
    if raw <= 0:
        return [low]
    if is_whole:
        raw = max(raw, 1.0)
    exponent = math.floor(math.log10(raw))
    near = [(digit, power) for power in (exponent, exponent + 1) for digit in (1, 2, 5)]
    near = [(digit, power) for digit, power in near if 0 < _times(digit, power) < math.inf]
    digit, power = min(
        near, key=lambda one: abs(math.log(_times(*one)) - math.log(raw)), default=(1, exponent)
    )
    step = _times(digit, power) or SMALLEST
    first = math.ceil(low / step) if math.isfinite(low / step) else 0
    values = [_times(digit * (first + number), power) for number in range(2 * about + 2)]
    found = sorted({value for value in values if low <= value <= high})
    return found or [low, high]


def _times(number: int, power: int) -> float:
    """Return number · 10^power, rounded once; infinite where no float is so large."""
    try:
        return float(number * 10**power) if power >= 0 else number / 10**-power
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _round_powers(low: float, high: float, about: int) -> list[float]:
    """Return powers of ten between the ends, with 2 and 5 times them where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stride = max(1, -(-(last - first) // about))
    for digits in ((1,), (1, 2, 5), (1, 2, 3, 4, 5, 6, 8)):
        values = [
            value
            for power in range(first, last + 1)
            if power % stride == 0
            for digit in digits
            if low <= (value := _times(digit, power)) <= high
        ]
        if len(values) > min(about // 2, 3):
            break
    return values


def _powers(values: Sequence[float], is_unicode: bool) -> list[str]:
    """Return how ticks of a logarithmic axis are written."""
    if all(1e-4 < value < 1e6 for value in values):
        return [f"{value:,.0f}" if value >= 1 else f"{value:.6g}" for value in values]
    texts = []
    for value in values:
        mantissa, _, exponent = f"{value:e}".partition("e")
        head = f"{float(mantissa):g}"
        power = f"10{str(int(exponent)).translate(_RAISED)}"
        if not is_unicode:
            texts.append(f"{head}e{int(exponent)}")
        else:
            texts.append(power if head == "1" else f"{head}·{power}")
    return texts


def written(values: Sequence[float], *, is_unicode: bool = True) -> list[str]:
    """Return how round numbers are written side by side: with equally many digits behind the point, and a shared power.

    >>> written([0.0, 0.5, 1.0]), written([0.0, 50000.0, 100000.0]), written([0.0, 2e-07])
    (['0.0', '0.5', '1.0'], ['0', '50k', '100k'], ['0', '2·10⁻⁷'])
    """
    largest = max(map(abs, values), default=0.0)
    if largest == 0 or 1e-3 <= largest < 1e4:
        return _decimals(values)
    apart = _apart(values)
    if 1e4 <= largest < 1e15:
        texts = [_with_suffix(value, apart * 1e-3) for value in values]
        is_far = max(map(len, texts)) > MOST_DIGITS  # a small range far from zero
        return _decimals(values) if is_far else texts
    exponent = math.floor(math.log10(apart if apart and largest / apart < 100 else largest))
    texts = _decimals([_shifted(value, -exponent) for value in values])
    power = f"·10{str(exponent).translate(_RAISED)}" if is_unicode else f"e{exponent}"
    return [text + power if value else "0" for text, value in zip(texts, values, strict=True)]


def _with_suffix(value: float, close: float) -> str:
    """Return a number in thousands, millions, …, `close` enough."""
    unit, suffix = next((one for one in _SUFFIXES if abs(value) >= one[0]), (1.0, ""))
    digits = 0
    while digits < 12 and abs(round(value / unit, digits) - value / unit) * unit > close:
        digits += 1
    return f"{value / unit + 0.0:.{digits}f}{suffix}"


def _shifted(value: float, power: int) -> float:
    half = power // 2  # in two steps: 10^power may be beyond the floats
    return value * 10.0**half * 10.0 ** (power - half)


def _decimals(values: Sequence[float]) -> list[str]:
    """Return the values with as few digits behind the point as tell each exactly enough."""
    apart = _apart(values)
    close = (apart or abs(values[0]) if values else 0.0) * 1e-3
    digits = 0
    while digits < 15 and any(abs(round(value, digits) - value) > close for value in values):
        digits += 1
    return [f"{value + 0.0:.{digits}f}" for value in values]


def _apart(values: Sequence[float]) -> float:
    """Return the smallest distance between neighbours; 0 where there is none."""
    return min((b - a for a, b in zip(values, values[1:], strict=False) if b > a), default=0.0)


# --- moments


def _of_clock(scale: Scale, about: int) -> list[Tick]:
    """Return ticks at round times of the clock, UTC; none where the axis is too short or no clock shows such times."""
    raw = (scale.high - scale.low) / about
    if not 0 <= scale.low <= scale.high < 250_000_000_000:
        return []
    if raw < 0.5:
        return _of_fractions(scale, about)
    step = next((one for one in _CLOCK_STEPS if one >= raw), 0)
    if not step:
        days = _round_steps(0, raw / 86400, 1)[-1]
        step = max(1, round(days)) * 86400
        step = step if step >= raw else 2 * step
    first = -(-scale.low // step) * step
    ticks: list[Tick] = []
    day = None
    moment = first
    while moment <= scale.high:
        parts = time.gmtime(moment)
        today = f"{parts.tm_mday} {_MONTHS[parts.tm_mon - 1]}"
        if step >= 86400:
            text = f"{today} {parts.tm_year}" if step >= 86400 * 60 else today
        else:
            text = f"{parts.tm_hour:02}:{parts.tm_min:02}" + (f":{parts.tm_sec:02}" if step < 60 else "")
            if day is not None and today != day:
                text = today
        day = today
        ticks.append(Tick(float(moment), text))
        moment += step
    return ticks


def _of_fractions(scale: Scale, about: int) -> list[Tick]:
    """Return ticks at fractions of a second."""
    minute = scale.low // 60 * 60
    seconds = _round_steps(scale.low - minute, scale.high - minute, about)
    parts = time.gmtime(minute)
    return [
        Tick(minute + second, f"{parts.tm_hour:02}:{parts.tm_min:02}:{'0' * (second < 10)}{text}")
        for second, text in zip(seconds, _decimals(seconds), strict=True)
        if second < 60 or scale.high - minute < 60
    ]
