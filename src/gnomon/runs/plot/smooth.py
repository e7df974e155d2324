"""Smoothing: an exponential mean that looks back only.

Two ways to say how strong, both with the start set right (a mean of what was seen so far, never pulled towards zero):

- a weight from 0 to below 1: each point weighs so much of the next one, wherever they lie (TensorBoard's slider);
- a half-life from 1 on, or of time: a point weighs half as much for each so far that it lies behind on the x-axis, so that
  runs that log more or less often are smoothed alike.

Always true: a smoothed value lies between the lowest and the highest value so far. NaN stays NaN and counts for nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_WRITTEN = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(s|min|h|d)?")


class Smoothing(NamedTuple):
    """How to smooth: by `weight` where that is not None, else by `half_life` on the x-axis. `text` says it to people."""

    weight: float | None
    half_life: float
    is_time: bool
    text: str


def smoothing(asked: object) -> Smoothing | None:
    """Return what `0.9`, `200` or `"5min"` mean; None for no smoothing (None, 0). Raises BadArgumentError."""
    if asked is None:
        return None
    match = _WRITTEN.fullmatch(str(asked).strip()) if not isinstance(asked, bool) else None
    if match is None:
        raise _refused(asked)
    number, unit = float(match[1]), match[2]
    if unit is not None:
        if number <= 0:
            raise _refused(asked)
        return Smoothing(None, number * _SECONDS[unit], True, f"half-life {match[1]} {unit}")
    if number >= 1:
        return Smoothing(None, number, False, f"half-life {number:g}")
    return Smoothing(number, 0.0, False, f"weight {number:g}") if number > 0 else None


def _refused(asked: object) -> BadArgumentError:
    return BadArgumentError(
        f"`smooth` of `plot()` must be a weight from 0 to below 1, a half-life from 1 on, or one of time; got {asked!r}",
        hint="for instance 0.9, or 200 (steps), or 5min (with `x` time or relative)",
    )


def smoothed(xs: Sequence[float], ys: Sequence[float], how: Smoothing) -> list[float]:
    """Return the exponential mean at each point. `xs` are finite; see the module for what it is.

    >>> [round(value, 4) for value in smoothed([0, 1, 2], [0.0, 1.0, 1.0], Smoothing(0.5, 0, False, ""))]
    [0.0, 0.6667, 0.8571]
    """
    weight = how.weight
    if weight is not None:
        return _by_point(ys, weight)
    out = []
    mean = total = 0.0
    before = distance = factor = 0.0
    for x, y in zip(xs, ys, strict=True):
        if y != y:
            out.append(y)
            continue
        apart = abs(x - before)
        if apart != distance:
            distance = apart
            factor = 0.5 ** (apart / how.half_life)
        before = x
        total = total * factor + 1.0
        half = y / (2 * total) - mean / (2 * total)  # half the way: the whole may be too far for a float
        mean = mean + half + half
        out.append(mean)
    return out


def _by_point(ys: Sequence[float], weight: float) -> list[float]:
    out = []
    mean = total = 0.0
    for y in ys:
        if y == y:
            total = total * weight + 1.0
            half = y / (2 * total) - mean / (2 * total)
            mean = mean + half + half
            out.append(mean)
        else:
            out.append(y)
    return out
