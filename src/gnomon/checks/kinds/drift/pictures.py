"""The distribution of a column in both tables as bars: shares of rows in the same bins, or of the same categories.

Always true: the shares of a table add up to 1. Bins end at round numbers, and where there are few different values each has a bar
of its own; values beyond the middle 99 % of both tables are in the outermost bins.
"""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.kinds.drift.columns import TIMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.kinds.drift.numbers import Steps

BINS = 12
CATEGORIES = 12
_OUT = 0.005
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


class Bars(NamedTuple):
    """A bar for each label, in both tables."""

    labels: tuple[str, ...]
    reference: tuple[float, ...]
    current: tuple[float, ...]


def bars_of_counts(labels: Sequence[str | None], ours: Any, theirs: Any) -> Bars:
    """Return the bars of categories, the most common first; those without a label, and all beyond the first, are `other`."""
    shares = ours / ours.sum(), theirs / theirs.sum()
    order = [int(at) for at in np.argsort(-(shares[0] + shares[1]), kind="stable") if labels[at] is not None]
    kept = order[: CATEGORIES - 1] if len(order) > CATEGORIES else order
    named = [str(labels[at]) for at in kept]
    bars = [[float(share[at]) for at in kept] for share in shares]
    if len(kept) < len(labels):
        named.append("other")
        for bar in bars:
            bar.append(max(0.0, 1 - math.fsum(bar)))
    return Bars(tuple(named), tuple(bars[0]), tuple(bars[1]))


def bars_of_steps(steps: Steps, kind: str) -> Bars | None:
    """Return the bars of numbers; None where no finite value is there."""
    is_cells = steps.low is not None and steps.high is not None and bool((steps.high > steps.low).any())
    if len(steps.values) <= BINS and not is_cells:
        return _bars(
            [said(value, kind) for value in steps.values], np.arange(1, len(steps.values) + 1), steps
        )
    finite = np.flatnonzero(np.isfinite(steps.values))
    if not len(finite):
        return None
    both = ((steps.reference, steps.n), (steps.current, steps.m))
    first = min(int(np.searchsorted(below, _OUT * total)) for below, total in both)
    last = max(int(np.searchsorted(below, (1 - _OUT) * total)) for below, total in both)
    first, last = min(max(first, finite[0]), finite[-1]), max(min(last, finite[-1]), finite[0])
    edges, digits = _edges(float(steps.values[first]), float(steps.values[last]))
    if not edges:
        return None
    ends = np.append(np.searchsorted(steps.values, edges), len(steps.values))
    names = [said(edge, kind, digits) for edge in edges]
    labels = [
        f"below {names[0]}",
        *(f"{one} to {other}" for one, other in zip(names[:-1], names[1:], strict=True)),
        f"{names[-1]} or more",
    ]
    return _bars(labels, ends, steps)


def _bars(labels: list[str], ends: Any, steps: Steps) -> Bars:
    """Return the bars of rows before each end, which counts steps."""
    both = []
    for below, total in ((steps.reference, steps.n), (steps.current, steps.m)):
        upto = np.where(ends > 0, below[np.maximum(ends, 1) - 1], 0)
        both.append(tuple(float(share) for share in np.diff(upto, prepend=0) / total))
    return Bars(tuple(labels), both[0], both[1])


def _edges(low: float, high: float) -> tuple[list[float], int]:
    """Return round numbers within a range that cut it into at most `BINS` bins, and with how many digits they are told apart."""
    width = high / BINS - low / BINS
    if not (width > 0 and math.isfinite(width)):
        return ([low] if low == high else []), 3
    power = 10.0 ** math.floor(math.log10(width)) if width > 1e-300 else 0.0
    step = next((power * nice for nice in _NICE if power * nice >= width), power)
    if not step > 0 or not math.isfinite(step):
        return [], 0
    first, last = math.ceil(low / step), math.floor(high / step)
    edges = [at * step for at in range(first, last + 1)] if last - first < 2 * BINS else []
    return edges, max(0, math.ceil(-math.log10(step) - 1e-9)) + (step / power == 2.5)


def said(value: float, kind: str, digits: int = 3) -> str:
    """Return a value as a label says it: a time as its date.

    >>> said(1234.5, "numbers", 1), said(86400.0, "times"), said(2.0, "numbers")
    ('1,234.5', '1970-01-02', '2')
    """
    if kind == TIMES and math.isfinite(value):
        try:
            moment = datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(seconds=value)
        except OverflowError:
            return f"{value:.3g}"
        return moment.strftime("%Y-%m-%d" if value % 86_400 == 0 else "%Y-%m-%d %H:%M")
    if not math.isfinite(value) or abs(value) >= 1e12 or digits > 9 or (value and abs(value) < 1e-6):
        return f"{value:.4g}"
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
