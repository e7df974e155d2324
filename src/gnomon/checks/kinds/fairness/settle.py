"""How many people it would probably take to settle what cannot be told now: the note beside *cannot tell*.

An estimate and no promise: it takes what was found for the truth, and says which number of people would then decide it four
times of five.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gnomon.checks.kinds.fairness.pairs import range_z
from gnomon.text import count

if TYPE_CHECKING:
    from gnomon.checks.kinds.fairness.judge import Weighed

_POWER_Z = 0.84  # of a normal: four of five cases
_LIKELY = 0.5  # a chance above this says that the groups may well be alike
_NEAR = 0.1  # of the limit: closer to it than this part, more people decide little
_MOST = 10_000_000


class Need(NamedTuple):
    """One or both groups of a pair, and how many each would need."""

    label: str
    n: int
    wanted: int


def needs(one: Weighed, pair: tuple[int, int], times: float) -> list[Need]:
    """Return what it takes to make the spread of a pair's difference `times` smaller in its square.

    Where one group is the smaller by far, more of it alone will do; else both have to grow.
    """
    first, second = sorted(pair, key=lambda place: float(one.measured.n[place]))
    n, other = float(one.measured.n[first]), float(one.measured.n[second])
    goal = (1 / n + 1 / other) / times
    if 1 / other < goal / 2:
        wanted = {first: 1 / (goal - 1 / other)}
    else:
        wanted = {first: n * times, second: other * times}
    return [
        Need(one.measured.labels[place], int(one.measured.n[place]), _rounded(value))
        for place, value in wanted.items()
    ]


def _rounded(value: float) -> int:
    """Return a number up to two digits, as an estimate deserves.

    >>> _rounded(431.2)
    440
    """
    step: int = 10 ** max(0, math.floor(math.log10(max(value, 1))) - 1)
    return math.ceil(value / step) * step


def note(one: Weighed, level: float, price: float, unit: str) -> str:
    """Return why a gap cannot be told, and what would probably settle it. Chances are multiplied by `price`, for all of them."""
    gap = one.gap
    if gap is None:
        return ""
    first, second = gap.widest
    apart = float(one.measured.value[first] - one.measured.value[second])
    said, found = "the interval reaches beyond the limit", max(apart, 0.0)
    if one.pair is not None:
        chance = one.p_beyond * price
        said = f"chance alone makes as much in {_percent(chance)} of such tables, after correction"
        if chance <= _LIKELY:
            goal = range_z(max(level / price, 1e-12), len(one.places)) + _POWER_Z
            return _joined(one, said, one.pair, (goal / one.z) ** 2, unit)
        found = 0.0  # so the groups may well be alike: how many people would show that?
    room = one.limit - found
    if room <= _NEAR * one.limit:
        return f"{said}: the gap is so near the limit that more {unit} would hardly decide it"
    return _joined(one, said, gap.widest, ((gap.high - apart) / room) ** 2, unit)


def _joined(one: Weighed, said: str, pair: tuple[int, int], times: float, unit: str) -> str:
    found = needs(one, pair, max(times, 1.0))
    if any(need.wanted > _MOST for need in found):
        return said
    wanted = " and ".join(f"{need.wanted:,} {unit} of `{need.label}`" for need in found)
    there = " and ".join(f"{need.n:,}" for need in found)
    return f"{said}; about {wanted} would probably settle it ({there} now)"


def _percent(p: float) -> str:
    part = 100 * min(p, 1.0)
    return f"{part:.0f} %" if part >= 10 else f"{part:.2g} %"


def too_small(labels: list[tuple[str, int]], unit: str) -> str:
    """Return small groups in words: the largest five, and how many more.

    >>> too_small([("Other", 3), ("(missing)", 1)], "positives")
    '`Other` 3, `(missing)` 1 positives'
    """
    shown = ", ".join(
        f"`{label}` {n:,}" for label, n in sorted(labels, key=lambda one: (-one[1], one[0]))[:5]
    )
    return f"{shown} {unit}" + (f" and {count(len(labels) - 5, 'more group')}" if len(labels) > 5 else "")
