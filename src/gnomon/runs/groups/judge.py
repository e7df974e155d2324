"""Say which group of seeds is better, by how much, or that it cannot be told.

A claim is made only where the noise between seeds cannot explain it: the chance that one or more claims of a
judgement are wrong is at most `level`, however many groups there are and although the best one was found by looking.

How (the reasons, sources, limits and measured figures: docs/explanation/honest-comparison.md):

- Runs that repeat a seed are averaged, so that a seed counts once (`spread.per_seed`).
- A seed without a finite value failed. A group with such seeds is never the better side of a verdict: what its
  other seeds show is how good it is where it does not fail.
- A group with fewer than two seeds that have a value is not judged, and enters no correction (`unjudged`).
- Compared seed by seed where the groups share enough seeds: decided by the seeds alone, never by the values. Two
  exceptions: a group that has no spread at all leaves nothing that pairing could take away, and where the seeds that
  both have point the other way than all seeds do, those that only one of them has decide: then no pairs are made.
- The noise of each group borrows from the others as far as they agree (`noise.py`).
- The bound is that of all pairs of the groups that are not told from the best yet (Tukey, stepping down), and
  never less than that of all comparisons with one group (Dunnett). With a baseline it is Dunnett's.

Always true: a verdict is given exactly where `p` is at or below `level`, and where there is an interval, exactly where
that excludes 0; of which group it is, `difference` and the means of both groups agree.
A further seed never takes away a verdict where nothing varies between seeds.
The order of the samples, and shifting or scaling all values, change no verdict.
Not promised: anything about noise that all runs share, such as one test set. Seeds are not the only noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.runs.groups import student
from gnomon.runs.groups.bounds import MOST_SEEDS, Bounds, pairs_that_tell, reliability
from gnomon.runs.groups.differences import Group, Table, Uncertain, are_enough, group_of
from gnomon.runs.groups.spread import LARGEST

Verdict = Literal["better", "worse", "cannot tell"]

LEVELS = (0.001, 0.5)  # the bounds are computed for these
SKEW = 0.1  # by this times the skewness of the values, the interval of a mean is wider

ENOUGH = 5  # seeds to begin with: they find three standard deviations in most cases (the page of figures)

ONE_SEED = "one seed says nothing about its own noise: at least 2 are needed"
REFERENCE_ONE_SEED = "the reference has fewer than 2 seeds, so its noise is unknown"
SAME = "the values are the same"
NO_SPREAD = "no spread at all between seeds: too few seeds to tell that from chance"
PAIRS_LATER = "they share too few seeds yet to be compared seed by seed"


class Sample(NamedTuple):
    """The values of one group: one value a run."""

    name: str
    values: tuple[float, ...]
    seeds: tuple[object, ...]  # the seed of each run, or None where it has none; as long as `values`


@dataclass(frozen=True, slots=True)
class Standing:
    """One group on its own: its mean over seeds and how sure that mean is."""

    name: str
    n: int  # seeds with a finite value, runs of one seed averaged
    mean: float | None  # None: no finite value
    spread: float | None  # sample standard deviation (n - 1); None with fewer than two seeds
    low: (
        float | None
    )  # interval of the mean, on its own, at 1 - level; None with fewer than two seeds, or no spread
    high: float | None
    failed: int  # seeds without: NaN, infinite, or beyond 1e100 in any of their runs
    repeated: int  # runs that repeat a seed of this group: averaged with it


@dataclass(frozen=True, slots=True)
class Comparison:
    """One group against the reference. The verdict is about the group `name`: "worse" = worse than the reference."""

    name: str
    difference: float | None  # mean of this group minus mean of the reference, in the metric's own unit
    low: float | None  # interval of `difference`, good for all comparisons together; excludes 0 exactly where
    high: (
        float | None
    )  # the verdict is not "cannot tell". None: none can be given (nothing varies, or `why` says it)
    p: float | None  # corrected for all comparisons; at or below `level` exactly where a verdict is given
    verdict: Verdict
    is_paired: bool
    n_pairs: int  # seeds that both have, over which the difference is taken; 0: not paired
    left_out: int  # seeds that only one of the two has, and that the difference leaves out; 0 where it is not paired
    more_seeds: int | None  # further seeds in each group that would probably settle it; None: see `why`
    why: str | None  # why it cannot be told, or why no number of seeds is given; None where settled


class Promising(NamedTuple):
    """A group of one seed whose value is better than the best mean: worth more seeds, and no more than that."""

    name: str
    more_seeds: int
    of: int  # how many such groups there are; this one has the best value


@dataclass(frozen=True, slots=True)
class Judgement:
    """What may be said of all groups, by one method that holds its level however many there are."""

    level: float  # the chance, at most, that one or more verdicts are wrong
    better: Literal["higher", "lower"]
    standings: tuple[Standing, ...]  # best mean first; then groups with failed seeds; then what is not judged
    reference: (
        str | None
    )  # the best group of two seeds or more, none of which failed if there is one; or the baseline
    is_baseline: bool  # the reference was named by the caller, not chosen by its mean
    comparisons: tuple[
        Comparison, ...
    ]  # one for each other group that is judged, in the order of the standings
    winner: str | None  # the one group that is better than every other; None: there is no such group
    undecided: tuple[str, ...]  # groups that cannot be told from the reference, in the order of the standings
    unjudged: tuple[str, ...] = ()  # fewer than two seeds with a finite value: in no comparison
    corrected: int = 0  # comparisons that were corrected for
    promising: Promising | None = None


def judge(
    samples: Sequence[Sample],
    *,
    better: Literal["higher", "lower"],
    level: float = 0.05,
    baseline: str | None = None,
) -> Judgement:
    """Return which group is better, by how much, and what cannot be told.

    Parameters
    ----------
    samples : one per group, names all different
        NaN, infinite and absurd values (beyond 1e100) make their seed a failed one. Runs of one seed are averaged.
    better : "higher" or "lower"
        Which values are better.
    level : in [0.001, 0.5]
        The chance, at most, that one or more claims are wrong; the intervals hold at 1 - level.
    baseline : the name of a group
        Compare every group with this one, instead of with the best.

    Raises
    ------
    BadArgumentError
        A name that comes twice, lengths that differ, an unknown baseline, a level outside its range.

    >>> a = Sample("a", (0.91, 0.92, 0.90, 0.91), (1, 2, 3, 4))
    >>> b = Sample("b", (0.81, 0.82, 0.80, 0.82), (5, 6, 7, 8))
    >>> judge([a, b], better="higher").winner
    'a'
    """
    _check(samples, better, level, baseline)
    unit = _unit(samples)
    sign = 1.0 if better == "higher" else -1.0
    groups = sorted(
        (group_of(sample, unit) for sample in samples),
        key=lambda group: (
            group.n < 2,
            group.n == 0,
            group.failed > 0,
            -sign * group.mean,
            group.name,
        ),
    )
    usable = [group for group in groups if group.n >= 2]
    table = Table(sorted(usable, key=lambda group: group.name))
    reference = usable[0] if usable else None
    if baseline is not None:
        reference = next(group for group in groups if group.name == baseline)
    comparisons: tuple[Comparison, ...] = ()
    if reference is not None:
        comparisons = _compare(usable, reference, table, sign, level, baseline is not None, unit)
    undecided = tuple(c.name for c in comparisons if c.verdict == "cannot tell")
    return Judgement(
        level=level,
        better=better,
        standings=tuple(_standing(group, table, level, unit) for group in groups),
        reference=reference.name if reference else None,
        is_baseline=baseline is not None,
        comparisons=comparisons,
        winner=_winner(reference, comparisons),
        undecided=undecided,
        unjudged=tuple(group.name for group in groups if group.n < 2 and group is not reference),
        corrected=len(comparisons) if reference is not None and reference.n >= 2 else 0,
        promising=_promising(groups, usable, sign, baseline),
    )


# ---------------------------------------------------------------- groups


def _check(
    samples: Sequence[Sample], better: Literal["higher", "lower"], level: float, baseline: str | None
) -> None:
    if better not in ("higher", "lower"):
        raise BadArgumentError(f'`better` of judge() must be "higher" or "lower"; got {better!r}')
    if not LEVELS[0] <= level <= LEVELS[1]:
        raise BadArgumentError(f"`level` of judge() must be in {[*LEVELS]}; got {level!r}")
    names = set()
    for sample in samples:
        if sample.name in names:
            raise BadArgumentError(f"two groups have the name {sample.name!r}; each needs its own")
        names.add(sample.name)
        if len(sample.values) != len(sample.seeds):
            raise BadArgumentError(
                f"group {sample.name!r} has {len(sample.values)} values but {len(sample.seeds)} seeds; "
                "it needs one seed (or None) for each value"
            )
    if baseline is not None and baseline not in names:
        raise BadArgumentError(f"`baseline` of judge() must name a group; got {baseline!r}")


def _unit(samples: Sequence[Sample]) -> float:
    """Return a power of two of the size of the values: dividing by it is exact, and no fourth power overflows."""
    sizes = sorted(abs(v) for sample in samples for v in sample.values if v and abs(v) <= LARGEST)
    if not sizes:
        return 1.0
    return math.ldexp(1.0, math.frexp(max(sizes[len(sizes) // 2], math.ldexp(sizes[-1], -200)))[1])


def _standing(group: Group, table: Table, level: float, unit: float) -> Standing:
    low = high = spread = None
    if group.n >= 2:
        spread = math.sqrt(table.raw[group.name].variance) * unit
    if spread:
        noise = table.own[group.name]
        half = student.t_quantile(level, student.stepped(noise.df)) * math.sqrt(noise.variance / group.n)
        half *= 1 + SKEW * table.skewness
        low, high = (group.mean - half) * unit, (group.mean + half) * unit
    mean = group.mean * unit if group.n else None
    return Standing(group.name, group.n, mean, spread, low, high, group.failed, group.repeated)


# ---------------------------------------------------------------- verdicts


def _compare(
    usable: Sequence[Group],
    reference: Group,
    table: Table,
    sign: float,
    level: float,
    is_baseline: bool,
    unit: float,
) -> tuple[Comparison, ...]:
    pairs = pairs_that_tell(len(usable), level, is_baseline)
    errors = table.errors(reference, pairs) if reference.n >= 2 else {}
    bounds = Bounds(errors, level, is_baseline)
    bounds.step_down()
    reliable = reliability([e for name, e in errors.items() if name in bounds.open])
    found = []
    for group in usable:
        if group is reference:
            continue
        if group.name not in errors:
            difference = (group.mean - reference.mean) * unit if reference.n else None
            found.append(_untold(group.name, difference, REFERENCE_ONE_SEED))
            continue
        error = errors[group.name]
        ahead = reference if sign * error.difference > 0 else group
        if ahead.failed and error.difference:
            found.append(_untold(group.name, -error.difference * unit, _why_failed(ahead)))
            continue
        one = _comparison(group, reference, error, bounds, sign, reliable, unit)
        if one.verdict == "cannot tell" and not one.is_paired and not error.is_exact:
            one = _with_pairs_later(one, group, reference, table, bounds)
        found.append(one)
    return tuple(found)


def _untold(name: str, difference: float | None, why: str) -> Comparison:
    return Comparison(name, difference, None, None, None, "cannot tell", False, 0, 0, None, why)


def _why_failed(group: Group) -> str:
    have = "has" if group.failed == 1 else "have"
    return f"{group.failed:,} of {group.n + group.failed:,} seeds of `{group.name}` {have} no finite value"


def _comparison(
    group: Group,
    reference: Group,
    error: Uncertain,
    bounds: Bounds,
    sign: float,
    reliable: float,
    unit: float,
) -> Comparison:
    name, difference = group.name, error.difference
    n_pairs = len(error.seeds)
    p, half = bounds.of(name)
    is_told = name not in bounds.open
    verdict: Verdict = "cannot tell"
    more = why = None
    if is_told:
        verdict = "worse" if sign * difference > 0 else "better"
    elif error.is_exact:
        why = SAME if difference == 0 else NO_SPREAD
        more = bounds.more_exact(name)
    else:
        more, why = bounds.more(error, reliable)
    low = high = None
    if half is not None:
        low, high = (-difference - half) * unit, (-difference + half) * unit
    left_out = reference.n + group.n - 2 * n_pairs if n_pairs else 0
    return Comparison(
        name, -difference * unit, low, high, p, verdict, n_pairs > 0, n_pairs, left_out, more, why
    )


def _with_pairs_later(
    one: Comparison, group: Group, reference: Group, table: Table, bounds: Bounds
) -> Comparison:
    """Return a comparison that cannot be told with the further seeds that would do in pairs, where those are fewer.

    The few seeds that both have show how much pairing would take away. They may advise, and not decide.
    """
    error = table.in_pairs(reference, group)
    if error is None:
        return one
    reliable = max(0.0, 1 - (error.after(0)[0] / error.difference) ** 2)
    for more in range(1, min(MOST_SEEDS, one.more_seeds or MOST_SEEDS + 1)):
        is_enough = are_enough(len(error.seeds) + more, reference.n + more, group.n + more)
        if is_enough and bounds.settles(error, more, reliable):
            return replace(one, more_seeds=more, why=PAIRS_LATER)
    return one


def _promising(
    groups: Sequence[Group], usable: Sequence[Group], sign: float, baseline: str | None
) -> Promising | None:
    means = [sign * group.mean for group in usable if not group.failed]
    if not means:
        return None
    found = [
        group
        for group in groups
        if group.n == 1 and not group.failed and group.name != baseline and sign * group.mean > max(means)
    ]
    return Promising(found[0].name, ENOUGH - 1, len(found)) if found else None


def _winner(reference: Group | None, comparisons: Sequence[Comparison]) -> str | None:
    if reference is None or not comparisons:
        return None
    if all(comparison.verdict == "worse" for comparison in comparisons):
        return reference.name
    return None
