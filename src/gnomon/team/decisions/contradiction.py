"""Whether later runs contradict what was seen, or only differ from it as seeds do.

- **A value, or the mean of a group.** The mean of the later seeds must lie outside the interval in which it is
  expected, given the spread of the seeds that were there (Student's t, `LEVEL`). One or two seeds hardly know it: then
  that of the later ones counts, too. Where nobody knows it, a later run that differs weakens the evidence, and no more.
  (To borrow the spread of other groups was tried: it lost more than it found, as groups that went astray are among
  them.)
- **A comparison.** It is judged again over all runs, as `compare --groups` does (`runs.groups.judge`). It is
  contradicted where the verdict is now the other way round; where the later runs alone, judged in the same way, say the
  opposite, or give an interval of the difference that does not touch the one of that day, and no such lead any more;
  and where later seeds of one side lie outside the spread of its seeds, on the wrong side of the other's mean. A lead
  that can no longer be told from noise is *weakened*, no more.

Always true: seeds without a finite value contradict nothing; they are said.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.groups import student
from gnomon.runs.groups.judge import Sample, judge
from gnomon.runs.groups.spread import per_seed
from gnomon.team.decisions.evidence import Side, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.groups.judge import Comparison

LEVEL = 0.02  # of a value or a mean: how often seeds that agree are called a contradiction, at most
ENOUGH = 3  # seeds whose own spread counts alone; fewer borrow that of the later ones
ROUNDING = 1e-9
INTACT, WEAKENED, CHANGED, UNKNOWN = "intact", "weakened", "changed", "cannot tell"


class Values(NamedTuple):
    """Values of some runs with their seeds; None is no value."""

    values: tuple[float | None, ...]
    seeds: tuple[object, ...]

    @property
    def of_seeds(self) -> tuple[float, ...]:
        """One finite value a seed."""
        return per_seed(self.values, self.seeds).values

    @property
    def failed(self) -> int:
        """Seeds without a finite value."""
        return per_seed(self.values, self.seeds).failed

    def __add__(self, other: object) -> Values:
        assert isinstance(other, Values)  # noqa: S101 - only used so
        return Values(self.values + other.values, self.seeds + other.seeds)


class Finding(NamedTuple):
    """What later runs do to a piece of evidence, and why."""

    verdict: str
    why: str = ""


# ---------------------------------------------------------------- a value, a mean


def against(claimed: float, weight: int, then: Sequence[float], later: Sequence[float]) -> Finding:
    """Return what later seeds say of a claimed value, the mean of `weight` of the seeds `then` (1: a single run).

    >>> against(0.91, 1, (0.91, 0.912, 0.909), (0.911,)).verdict, against(0.91, 1, (0.91, 0.912, 0.909), (0.8,)).verdict
    ('intact', 'changed')
    """
    if not later or not math.isfinite(claimed):
        return Finding(INTACT)
    mean = math.fsum(later) / len(later)
    seeds = f"{len(later):,} later seed{'s' if len(later) > 1 else ''} of its group: {mean:.6g}"
    difference = abs(mean - claimed)
    if difference <= ROUNDING * max(abs(mean), abs(claimed)):
        return Finding(INTACT)
    variance, df = _pooled([then] if len(then) >= ENOUGH else [then, later])
    if df == 0:
        return Finding(WEAKENED, f"{seeds}; with one seed each, nobody can tell whether that is noise")
    if variance == 0:
        if df + 1 < ENOUGH:
            return Finding(WEAKENED, f"{seeds}; too few seeds to tell whether that is chance")
        return Finding(CHANGED, f"{seeds}, where all seeds were alike")
    bound = student.t_quantile(LEVEL, df) * math.sqrt(variance * (1 / weight + 1 / len(later)))
    if difference <= bound:
        return Finding(INTACT)
    return Finding(CHANGED, f"{seeds}, beyond the noise between seeds (± {bound:.2g})")


def _pooled(groups: Sequence[Sequence[float]]) -> tuple[float, int]:
    """Return the variance within groups of values, and its degrees of freedom."""
    squares, df = 0.0, 0
    for group in groups:
        if len(group) > 1:
            mean = math.fsum(group) / len(group)
            squares += math.fsum((one - mean) ** 2 for one in group)
            df += len(group) - 1
    return (squares / df if df else 0.0), df


# ---------------------------------------------------------------- a comparison


class Lead(NamedTuple):
    """How the first of two groups stands to the second: `verdict` is better, worse or cannot tell, of the first."""

    verdict: str
    difference: float | None  # mean of the first minus mean of the second
    low: float | None
    high: float | None


def lead(left: Values, right: Values, order: str) -> Lead | None:
    """Return how two groups compare; `>`: the first is said to be higher. None with fewer than two seeds in one."""
    if len(left.of_seeds) < 2 or len(right.of_seeds) < 2:
        return None
    samples = [_sample("left", left), _sample("right", right)]
    found = judge(samples, better="higher" if order == ">" else "lower", baseline="left")
    (one,) = found.comparisons
    return _lead(one)


def _sample(name: str, of: Values) -> Sample:
    pairs = [(value, seed) for value, seed in zip(of.values, of.seeds, strict=True) if value is not None]
    return Sample(name, tuple([value for value, _ in pairs]), tuple([seed for _, seed in pairs]))


def _lead(one: Comparison) -> Lead:
    """Turn round what is said of the second group against the first."""
    verdict = {"worse": "better", "better": "worse"}.get(one.verdict, "cannot tell")
    turned = [None if value is None else -value for value in (one.difference, one.high, one.low)]
    if verdict != "cannot tell" and one.low is None:  # nothing varies: the difference is all that was seen
        turned = [turned[0]] * 3
    return Lead(verdict, *turned)


class Sides(NamedTuple):
    """The two groups of a comparison: the runs of that day with their values of now, and the later ones."""

    left: Values
    right: Values
    left_later: Values
    right_later: Values


def contested(was: Lead, order: str, sides: Sides) -> tuple[Finding, Lead | None]:
    """Return what the runs of now say of a comparison, and the lead that says so: over all runs, or the later ones."""
    now = lead(sides.left + sides.left_later, sides.right + sides.right_later, order)
    if now is None:
        return Finding(CHANGED, "fewer than two seeds of a group are left"), None
    if now.verdict == "worse" and was.verdict != "worse":
        return Finding(CHANGED, "with the runs of now it is the other way round"), now
    if was.verdict != "better":
        return Finding(INTACT), now
    later = _later(order, sides)
    if later is not None and later.verdict != "better":
        if later.verdict == "worse":
            return Finding(CHANGED, "the later runs say the opposite"), later
        if _is_apart(was, later, order):
            return Finding(CHANGED, "the later runs show no such difference"), later
    if _strays(order, sides):
        return Finding(CHANGED, "later seeds lie beyond the noise of their group, on the other side"), now
    if now.verdict != "better":
        return Finding(WEAKENED, "it can no longer be told from noise"), now
    return Finding(INTACT), now


def _later(order: str, sides: Sides) -> Lead | None:
    """Return how the groups compare by later runs alone; of a group without enough of them, by those of that day."""
    left, right = sides.left_later, sides.right_later
    has_left, has_right = len(left.of_seeds) >= 2, len(right.of_seeds) >= 2
    if not (has_left or has_right):
        return None
    return lead(left if has_left else sides.left, right if has_right else sides.right, order)


def _is_apart(was: Lead, later: Lead, order: str) -> bool:
    """Return whether the interval of the difference by later runs lies wholly below that of the lead of that day."""
    if was.low is None or was.high is None or later.low is None or later.high is None:
        return False
    return later.high < was.low if order == ">" else later.low > was.high


def _strays(order: str, sides: Sides) -> bool:
    """Return whether later seeds of one group lie beyond its own noise and on the wrong side of the other's mean."""
    sign = 1.0 if order == ">" else -1.0
    left, right = sides.left.of_seeds, sides.right.of_seeds
    if len(left) < ENOUGH or len(right) < ENOUGH:
        return False
    for then, later, other, way in (
        (left, sides.left_later.of_seeds, right, sign),
        (right, sides.right_later.of_seeds, left, -sign),
    ):
        if not later or way * (_mean(later) - _mean(other)) >= 0:
            continue
        if against(_mean(then), len(then), then, later).verdict == CHANGED:
            return True
    return False


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def side_of(group: str, runs: Sequence[str], of: Values) -> Side:
    """Return a group of seeds as evidence keeps it."""
    values = of.of_seeds
    n = len(values)
    mean = _mean(values) if n else None
    spread = math.sqrt(_pooled([values])[0]) if n > 1 else None
    return Side(group, tuple(runs), written(of.values), n, mean, spread)
