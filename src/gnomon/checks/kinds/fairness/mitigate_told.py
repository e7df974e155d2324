"""The findings of mitigation: whether the gap between groups is within its limit after each method.

Always true: a finding is about the gap alone; what it cost in accuracy is a figure with its interval, and nobody's verdict.
All findings are corrected together (Holm), as those of a check of fairness are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon import text
from gnomon.checks.kinds.fairness import judge
from gnomon.checks.kinds.fairness.mitigate_counts import Change, rate_after
from gnomon.checks.kinds.fairness.mitigate_gaps import change_of_gap
from gnomon.checks.kinds.fairness.mitigate_settings import PARITY
from gnomon.checks.kinds.fairness.names import SMALLEST
from gnomon.checks.result import FAIL, PASS, UNKNOWN, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

WORDS = {
    "selection_rate": "selection rates",
    "true_positive_rate": "true positive rates",
    "false_positive_rate": "false positive rates",
}


class Compared(NamedTuple):
    """One method on the test rows. `counts` as `mitigate_counts.counted` gives them; `random` is the share of rows that would be
    decided otherwise if chance drew again.
    """

    method: str
    counts: Array
    random: float


class Refused(NamedTuple):
    """A method that could not be fitted, and why."""

    method: str
    why: str


class Question(NamedTuple):
    """What was asked: the groups, the constraint, the limit, and how."""

    attribute: str
    labels: tuple[str, ...]
    constraint: str
    max_gap: float
    level: float
    resamples: int
    seed: int

    @property
    def metrics(self) -> tuple[str, ...]:
        """The rates that the constraint wants to be equal."""
        return (
            ("selection_rate",)
            if self.constraint == PARITY
            else ("true_positive_rate", "false_positive_rate")
        )


class Judged(NamedTuple):
    """The gap after a method: its outcome and interval, how it changed, and what is to be said."""

    outcome: str
    low: float
    high: float
    change: Change
    note: str


def judged(compared: Sequence[Compared], asked: Question) -> dict[str, Judged]:
    """Return what is judged of each method that was fitted."""
    level = asked.level / len(asked.metrics)
    weighed = [
        [
            judge.weigh(rate, asked.max_gap, level=level, seed=asked.seed)
            for rate in (
                rate_after(one.counts, metric, asked.attribute, asked.labels) for metric in asked.metrics
            )
        ]
        for one in compared
    ]
    fair = iter(judge.corrected([part.p for parts in weighed for part in parts]))
    return {
        one.method: _judged(one, parts, [next(fair) for _ in parts], asked)
        for one, parts in zip(compared, weighed, strict=True)
    }


def _judged(one: Compared, parts: Sequence[judge.Weighed], fair: Sequence[float], asked: Question) -> Judged:
    change = change_of_gap(one.counts, asked.metrics, [part.places for part in parts], asked.level)
    outcomes = [judge.outcome_of(part, p, asked.level) for part, p in zip(parts, fair, strict=True)]
    outcome = FAIL if FAIL in outcomes else UNKNOWN if UNKNOWN in outcomes else PASS
    gaps = [part.gap for part in parts if part.gap is not None]
    if len(gaps) < len(parts):
        return Judged(outcome, 0.0, 1.0, change, f"fewer than two groups have {SMALLEST} rows that count")
    small = len({int(place) for part in parts for place in part.small})
    notes = (
        [f"{text.count(small, 'group')} with fewer than {SMALLEST} rows that count left out"] if small else []
    )
    if outcome == UNKNOWN:
        is_within = change.after <= asked.max_gap
        notes.insert(
            0,
            "the interval goes beyond the limit" if is_within else "beyond the limit, and chance explains it",
        )
    return Judged(
        outcome, max(gap.low for gap in gaps), max(gap.high for gap in gaps), change, "; ".join(notes)
    )


def findings(
    compared: Sequence[Compared | Refused], found: Mapping[str, Judged], asked: Question
) -> tuple[Finding, ...]:
    """Return a finding for each method."""
    return tuple(_finding(one, found.get(one.method), asked) for one in compared)


def _finding(one: Compared | Refused, found: Judged | None, asked: Question) -> Finding:
    key, demand = f"gap.{one.method}", f"at most {asked.max_gap:g}"
    named = " and ".join(WORDS[metric] for metric in asked.metrics)
    if found is None or found.change.after != found.change.after:
        note = one.why if isinstance(one, Refused) else found.note if found else ""
        return Finding(
            key, f"the gap of {named} between groups after {one.method}", UNKNOWN, limit=demand, note=note
        )
    after, before = found.change.after, found.change.before
    what = f"{named} differ by up to {after:.3f} between groups after {one.method}, before by {before:.3f}"
    return Finding(key, what, found.outcome, after, found.low, found.high, demand, found.note)
