"""The findings of a check of robustness, from what was measured.

Always true: all findings of one result are corrected together (Holm); a finding of something chosen as the worst of several is
corrected for all of those too. Which outcome when: docs/internals/checks.md, "The verdict".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gnomon.checks.kinds.robustness.trial import NOISE
from gnomon.checks.result import FAIL, PASS, UNKNOWN, Finding
from gnomon.runs.importance.share import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.kinds.robustness.drops import Drop
    from gnomon.checks.kinds.robustness.slices import Slice


class Disturbed(NamedTuple):
    """What came of one way and strength. `drop` is None where the model gave no answer, and `note` says why."""

    kind: str
    strength: float
    drop: Drop | None
    note: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}.{self.strength:g}"


class Hurt(NamedTuple):
    """What noise in one column alone costs; `changed` is the share of rows whose prediction changed."""

    column: str
    drop: Drop | None
    changed: float
    note: str = ""


class Measured(NamedTuple):
    """All that was measured. `base` is the figure on the rows as they are, `why_not` why nothing can be told, if so."""

    metric: str
    base: float
    rows: int
    disturbed: Sequence[Disturbed]
    hurt: Sequence[Hurt]
    slices: Sequence[tuple[str, Sequence[Slice]]]  # of each column that has two or more
    why_not: str = ""
    sign: int = 1  # -1 where a larger figure is worse; a drop is how much worse it is

    @property
    def title(self) -> str:
        """What the metric is called."""
        from gnomon.checks.kinds.performance.names import METRICS

        return next(each[self.metric].title for each in METRICS.values() if self.metric in each)

    def less(self, drop: float) -> float:
        """Return the figure after a drop."""
        return self.base - self.sign * drop


def findings(found: Measured, limits: dict[str, float], level: float) -> tuple[Finding, ...]:
    """Return a finding for each way and strength, and for each column with slices."""
    chances = [one.drop.beyond(limits[one.kind]) if one.drop is not None else 1.0 for one in found.disturbed]
    worst = [worst_of(parts, limits["shift"]) for _, parts in found.slices]
    chances += [
        min(1.0, len(parts) * one.chance) for (_, parts), one in zip(found.slices, worst, strict=True)
    ]
    corrected = holm(chances)
    split = len(found.disturbed)
    made = [
        _of_strength(found, one, limits[one.kind], p <= level)
        for one, p in zip(found.disturbed, corrected[:split], strict=True)
    ]
    made += [
        _of_slices(found, parts, one, limits["shift"], p <= level)
        for (_, parts), one, p in zip(found.slices, worst, corrected[split:], strict=True)
    ]
    return tuple(made)


def _of_strength(found: Measured, one: Disturbed, limit: float, is_sure: bool) -> Finding:
    what, demand = _way(one), f"a {_loss(found)} of at most {limit:g}"
    metric = found.title
    if one.drop is None or found.why_not:
        return Finding(
            one.key, f"{metric} under {what}", UNKNOWN, limit=demand, note=one.note or found.why_not
        )
    value, low, high, _, error = one.drop
    outcome = FAIL if low > limit and is_sure else PASS if high <= limit else UNKNOWN
    note = "" if outcome != UNKNOWN else _how_many(found.rows, value - limit, error)
    return Finding(
        one.key,
        f"{metric} {_moved(found, value)} under {what}, from {found.base:.3f}",
        outcome,
        value,
        low,
        high,
        demand,
        note,
    )


def _of_slices(found: Measured, parts: Sequence[Slice], worst: Slice, limit: float, is_sure: bool) -> Finding:
    demand = f"a {_loss(found)} of at most {limit:g}"
    is_lower = (worst.drop >= 0) == (found.sign > 0)
    what = f"{found.title} is {abs(worst.drop):.3f} {'lower' if is_lower else 'higher'} where {worst.label}"
    high = max(one.high for one in parts)
    outcome = FAIL if worst.drop > limit and is_sure else PASS if high <= limit else UNKNOWN
    note = f"the worst of {len(parts)} slices; {worst.rows:,} rows"
    if outcome == UNKNOWN:
        note += (
            "; beyond the limit, and chance explains it"
            if worst.drop > limit
            else "; the interval goes beyond the limit"
        )
    return Finding(f"shift.{worst.column}", what, outcome, worst.drop, worst.low, high, demand, note)


def worst_of(parts: Sequence[Slice], limit: float) -> Slice:
    """Return the slice that decides: of those beyond the limit the one that chance explains least, else the largest drop."""
    beyond = [one for one in parts if one.drop > limit]
    return (
        min(beyond, key=lambda one: one.chance)
        if beyond
        else max(parts, key=lambda one: one.drop if one.drop == one.drop else -2)
    )


def _how_many(rows: int, apart: float, error: float) -> str:
    """Return how many rows would probably tell, where that is a number somebody could gather."""
    needed = rows * (1.96 * error / apart) ** 2 if apart else math.inf
    if not math.isfinite(needed) or needed > 1e8:
        return "it is at the limit"
    digits = max(0, len(str(int(needed))) - 2)
    return f"about {math.ceil(needed / 10**digits) * 10**digits:,} rows would probably tell"


def _way(one: Disturbed) -> str:
    if one.kind == NOISE:
        return f"noise of {one.strength:g} standard deviations"
    return f"{100 * one.strength:.3g} % of the cells left blank"


def _moved(found: Measured, drop: float) -> str:
    return f"{'falls' if (drop >= 0) == (found.sign > 0) else 'rises'} by {abs(drop):.3f}"


def _loss(found: Measured) -> str:
    return "drop" if found.sign > 0 else "rise"
