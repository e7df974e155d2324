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
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.runs.groups import student
from gnomon.runs.groups.noise import Common, Noise, common, drawn, measured, same_each_time
from gnomon.runs.groups.spread import LARGEST, per_seed

Verdict = Literal["better", "worse", "cannot tell"]

LEVELS = (0.001, 0.5)  # the bounds are computed for these
FEWEST_PAIRED_DF = 4  # pairing costs degrees of freedom: it must leave these
SHARED = 0.75  # …and this part of the seeds that an unpaired comparison would use
MOST_SEEDS = 100  # no advice beyond this many further seeds
SKEW = 0.1  # by this times the skewness of the values, the interval of a mean is wider
SURE = 0.67  # of advice on further seeds: normal quantile of the chance that they settle it, once the difference is real
EVERY_PAIR = (
    24  # up to this many groups, every pair says how alike their differences vary; beyond, eight each
)

ENOUGH = 5  # seeds to begin with: they find three standard deviations in most cases (the page of figures)

ONE_SEED = "one seed says nothing about its own noise: at least 2 are needed"
REFERENCE_ONE_SEED = "the reference has fewer than 2 seeds, so its noise is unknown"
COULD_BE_NOISE = "the noise between seeds could explain the difference"
SAME = "the values are the same"
NO_SPREAD = "no spread at all between seeds: too few seeds to tell that from chance"
WITHIN_NOISE = "the difference is too small against the noise to say how many seeds would settle it"
PAIRS_LATER = "they share too few seeds yet to be compared seed by seed"
TOO_MANY = f"more than {MOST_SEEDS} further seeds would be needed"


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
        (_group(sample, unit) for sample in samples),
        key=lambda group: (
            group.n < 2,
            group.n == 0,
            group.failed > 0,
            -sign * group.mean,
            group.name,
        ),
    )
    usable = [group for group in groups if group.n >= 2]
    table = _Table(sorted(usable, key=lambda group: group.name))
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


class _Group(NamedTuple):
    """One group, its repeated seeds averaged, in the unit of the judgement."""

    name: str
    by_seed: Mapping[Hashable, float]  # empty where a run names no seed
    values: tuple[float, ...]  # one a seed
    mean: float  # 0 where there is no value
    failed: int  # seeds without a finite value
    repeated: int

    @property
    def n(self) -> int:
        return len(self.values)


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


def _group(sample: Sample, unit: float) -> _Group:
    found = per_seed(sample.values, sample.seeds)
    values = tuple([value / unit for value in found.values])
    return _Group(
        sample.name,
        {} if found.alone else {seed: value / unit for seed, value in found.by_seed.items()},
        values,
        math.fsum(values) / len(values) if values else 0.0,
        found.failed,
        found.repeated,
    )


def _standing(group: _Group, table: _Table, level: float, unit: float) -> Standing:
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


# ---------------------------------------------------------------- noise


def _skewness(groups: Sequence[Sequence[float]]) -> float:
    """Return how skewed the values of all groups are together, either way: the mean of their standardized third moments.

    Few values hardly show the skew that makes the interval of their mean too short; those of many groups do.
    """
    total, count = 0.0, 0
    for values in groups:
        n = len(values)
        if n < 3:
            continue
        mean = math.fsum(values) / n
        deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / n)
        if deviation > 0:
            total += math.fsum(((value - mean) / deviation) ** 3 for value in values)
            count += n
    return abs(total) / count if count else 0.0


class _Error(NamedTuple):
    """How uncertain a difference is."""

    difference: float
    noises: tuple[tuple[Noise, int], ...]  # each with the seeds that it is a mean over: one (paired) or two
    limit: float
    seeds: tuple[Hashable, ...]  # those shared, where it is paired

    def after(self, more: int) -> tuple[float, float]:
        """Return the standard error and its degrees of freedom with `more` seeds in each group."""
        parts = [noise.variance / (n + more) for noise, n in self.noises]
        whole = math.fsum(parts)
        df = [noise.df + more for noise, _ in self.noises]
        if whole == 0:
            return 0.0, min(df)
        squares = math.fsum((part / whole) ** 2 / d for part, d in zip(parts, df, strict=True))
        limit = max(self.limit + more, *df) if len(df) > 1 else df[0]
        return math.sqrt(whole), student.stepped(min(1 / squares, limit))

    @property
    def is_exact(self) -> bool:
        return all(noise.variance == 0 for noise, _ in self.noises)


class _Table:
    """The noise of all groups with two seeds or more, by name."""

    def __init__(self, usable: Sequence[_Group]) -> None:
        self.groups = usable
        self.raw = {group.name: measured(group.values) for group in usable}
        self.together = common(list(self.raw.values()))
        self.own = {name: drawn(noise, self.together) for name, noise in self.raw.items()}
        self.skewness = _skewness([group.values for group in usable if self.raw[group.name].variance > 0])

    def errors(self, reference: _Group, enough_pairs: int) -> dict[str, _Error]:
        """Return the uncertainty of each difference to the reference.

        `enough_pairs`: so many that show one and the same difference can be told by that. Fewer are compared
        unpaired, as two groups of fewer seeds are: else a further seed could take a verdict away.
        """
        shared = self._shared(reference)
        family = [group for group in self.groups if group is reference or group.name in shared]
        together = _differences_together(family) if shared else None
        found = {}
        for group in self.groups:
            if group is reference:
                continue
            seeds = shared.get(group.name, ())
            if seeds and together is not None:
                noise = drawn(_noise_of_difference(reference, group, seeds), together)
                difference = math.fsum(reference.by_seed[s] - group.by_seed[s] for s in seeds) / len(seeds)
                is_enough = noise.variance > 0 or difference == 0 or len(seeds) >= enough_pairs
                if is_enough and difference * (reference.mean - group.mean) >= 0:
                    found[group.name] = _Error(difference, ((noise, len(seeds)),), together.limit, seeds)
                    continue
            noises = (self.own[reference.name], reference.n), (self.own[group.name], group.n)
            found[group.name] = _Error(reference.mean - group.mean, noises, self.together.limit, ())
        return found

    def in_pairs_later(self, reference: _Group, group: _Group, more: int) -> _Error | None:
        """Return the uncertainty of a difference taken over the few seeds that both have, if `more` further ones in each
        make them enough to be compared so; None where they do not, or where too few are shared to know it.
        """
        seeds = tuple(seed for seed in reference.by_seed if seed in group.by_seed)
        unpaired = 2 / (1 / (reference.n + more) + 1 / (group.n + more))
        if len(seeds) < 2 or len(seeds) + more < max(2, SHARED * unpaired):
            return None
        if len(seeds) + more - 1 < FEWEST_PAIRED_DF:
            return None
        noise = _noise_of_difference(reference, group, seeds)
        difference = math.fsum(reference.by_seed[s] - group.by_seed[s] for s in seeds) / len(seeds)
        if noise.variance == 0 or difference * (reference.mean - group.mean) <= 0:
            return None
        return _Error(difference, ((noise, len(seeds)),), float(noise.df), seeds)

    def _shared(self, reference: _Group) -> dict[str, tuple[Hashable, ...]]:
        """Return the seeds shared with the reference of each group that is to be compared seed by seed."""
        shared = {}
        for group in self.groups:
            seeds = tuple(seed for seed in reference.by_seed if seed in group.by_seed)
            unpaired = 2 / (1 / reference.n + 1 / group.n)
            if self.raw[reference.name].variance == 0 == self.raw[group.name].variance:
                continue  # the seed has no effect in either
            if group is not reference and len(seeds) >= max(2, SHARED * unpaired):
                shared[group.name] = seeds
        df = sum(len(seeds) - 1 for seeds in shared.values())
        return shared if df >= FEWEST_PAIRED_DF else {}


def _noise_of_difference(a: _Group, b: _Group, seeds: Sequence[Hashable]) -> Noise:
    size = max(abs(a.mean), abs(b.mean))
    return measured([a.by_seed[seed] - b.by_seed[seed] for seed in seeds], size=size)


def _differences_together(family: Sequence[_Group]) -> Common:
    """Return what the differences between groups that share seeds say together about their noise."""
    k = len(family)
    shifts = range(1, k // 2 + 1) if k <= EVERY_PAIR else range(1, 9)
    pairs = sorted({(min(i, j), max(i, j)) for shift in shifts for i in range(k) for j in [(i + shift) % k]})
    noises = []
    for i, j in pairs:
        a, b = family[i], family[j]
        seeds = [seed for seed in a.by_seed if seed in b.by_seed]
        if len(seeds) >= 2:
            noises.append(_noise_of_difference(a, b, seeds))
    if not noises:
        return Common(0.0, 0.0, 0.0)
    count = len(noises)
    limit = math.fsum(noise.df for noise in noises) * (k - 1) / count
    # Two differences that share a group have correlation 1/2, and so their variances 1/4.
    overlap = min(0.25, 0.25 * (4 * count / k - 2) / max(1, count - 1))
    return common(noises, groups=k, overlap=overlap, limit=limit)


# ---------------------------------------------------------------- verdicts


def _compare(
    usable: Sequence[_Group],
    reference: _Group,
    table: _Table,
    sign: float,
    level: float,
    is_baseline: bool,
    unit: float,
) -> tuple[Comparison, ...]:
    pairs = _pairs_that_tell(len(usable), level, is_baseline)
    errors = table.errors(reference, pairs) if reference.n >= 2 else {}
    bounds = _Bounds(errors, level, is_baseline)
    bounds.step_down()
    reliable = _reliability([e for name, e in errors.items() if name in bounds.open])
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


def _why_failed(group: _Group) -> str:
    have = "has" if group.failed == 1 else "have"
    return f"{group.failed:,} of {group.n + group.failed:,} seeds of `{group.name}` {have} no finite value"


def _comparison(
    group: _Group,
    reference: _Group,
    error: _Error,
    bounds: _Bounds,
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
    one: Comparison, group: _Group, reference: _Group, table: _Table, bounds: _Bounds
) -> Comparison:
    """Return a comparison that cannot be told with the further seeds that would do in pairs, where those are fewer.

    The few seeds that both have show how much pairing would take away. They may advise, and not decide.
    """
    for more in range(1, min(MOST_SEEDS, one.more_seeds or MOST_SEEDS + 1)):
        error = table.in_pairs_later(reference, group, more)
        if error is None:
            continue
        reliable = max(0.0, 1 - (error.after(0)[0] / error.difference) ** 2)
        if bounds.settles(error, more, reliable):
            return replace(one, more_seeds=more, why=PAIRS_LATER)
    return one


class _Bounds:
    """How large each difference must be, counted in standard errors.

    The best group was found by looking, so any two groups could have been compared: Tukey's bound of all pairs.
    Once some groups are told from the best, a wrong claim can only be about those that are left: the bound is that
    of all pairs of fewer groups. It never falls below Dunnett's, so that the intervals still hold together.
    """

    def __init__(self, errors: Mapping[str, _Error], level: float, is_baseline: bool) -> None:
        self.errors, self.level, self.is_baseline = errors, level, is_baseline
        self.open = set(errors)  # groups not told from the reference
        self._statistics: dict[str, tuple[float, float]] = {}
        self._sizes: dict[str, int] = {}  # of those told: how many groups were left when they were
        for name, error in errors.items():
            se, df = error.after(0)
            self._statistics[name] = (abs(error.difference) / se if se else math.inf, df)
        self._dunnett = student.with_one(_size(len(errors)), self._correlation())

    def _correlation(self) -> float:
        """Return how much the differences move together because they share the reference: at most 1/2."""
        shares = [
            error.noises[0][0].variance
            / error.noises[0][1]
            / math.fsum(noise.variance / n for noise, n in error.noises)
            for error in self.errors.values()
            if len(error.noises) == 2 and not error.is_exact
        ]
        return math.floor(min(0.5, *shares, 0.5) * 10) / 10 if shares else 0.5

    def step_down(self) -> None:
        left = len(self.errors) + 1
        while True:
            told = [name for name in self.open if self._is_told(name, left)]
            for name in told:
                self._sizes[name] = left
            self.open.difference_update(told)
            if not told or not self.open or self.is_baseline:
                break
            left = len(self.open) + 1
        self._left = left

    def _is_told(self, name: str, left: int) -> bool:
        error = self.errors[name]
        if error.is_exact:
            return error.difference != 0 and self._exact_p(error, 0) <= self.level
        statistic, df = self._statistics[name]
        return statistic > self.bound(df, left)

    def bound(self, df: float, left: int) -> float:
        """Return the bound where `left` groups, the reference included, are not told apart yet."""
        bound = self._dunnett.critical(self.level, df)
        if not self.is_baseline:
            bound = max(bound, student.all_pairs(_size(left)).critical(self.level, df))
        return bound

    def of(self, name: str) -> tuple[float, float | None]:
        """Return the corrected p of a difference, and half the width of its interval (None: there is none)."""
        error = self.errors[name]
        if error.is_exact:
            p = self._exact_p(error, 0) if error.difference else 1.0
            return p, None
        statistic, df = self._statistics[name]
        left = self._sizes.get(name, self._left)
        p = self._dunnett.survival(statistic, df)
        if not self.is_baseline:
            p = max(p, student.all_pairs(_size(left)).survival(statistic, df))
        # The bound is a root, found to nine digits: at the very edge, the verdict decides.
        p = max(p, math.nextafter(self.level, 1)) if name in self.open else min(p, self.level)
        return p, self.bound(df, left) * error.after(0)[0]

    def _exact_p(self, error: _Error, more: int) -> float:
        """Return the chance that shuffled labels give this, where no seed changed anything.

        Without noise there is no t. But had the two groups the same distribution, then any assignment of the values
        to them (unpaired) was as likely as this one. Paired: `same_each_time`.
        """
        comparisons = _pairs_of(len(self.errors) + 1, self.is_baseline)
        if error.seeds:
            chance = same_each_time(len(error.seeds) + more)
        else:
            (_, a), (_, b) = error.noises
            chance = 2 / math.comb(a + b + 2 * more, a + more)
        return min(1.0, comparisons * chance)

    def more_exact(self, name: str) -> int | None:
        error = self.errors[name]
        if error.difference == 0:
            return None
        return next((m for m in range(1, MOST_SEEDS + 1) if self._exact_p(error, m) <= self.level), None)

    def settles(self, error: _Error, more: int, reliable: float) -> bool:
        """Return whether `more` further seeds in each group will probably tell a difference.

        They are expected to show `reliable` times the difference seen, give or take the noise.
        """
        now, _ = error.after(0)
        then, df = error.after(more)
        old = (then / now) ** 2  # the weight of the seeds at hand
        expected = abs(error.difference) * (old + (1 - old) * reliable)
        doubt = math.sqrt(now**2 - then**2) * math.sqrt(reliable * (1 - old) + old)
        return expected - SURE * doubt > self.bound(df, self._left) * then

    def more(self, error: _Error, reliable: float) -> tuple[int | None, str]:
        """Return how many further seeds in each group would probably settle a difference, or why that is unknown."""
        now, _ = error.after(0)
        if abs(error.difference) * reliable <= 0:
            return None, WITHIN_NOISE
        if not self.settles(error, MOST_SEEDS, reliable):
            endless = abs(error.difference) * reliable < SURE * now * math.sqrt(reliable)
            return None, WITHIN_NOISE if endless else TOO_MANY
        low, high = 0, MOST_SEEDS
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.settles(error, middle, reliable) else (middle, high)
        return high, COULD_BE_NOISE


def _pairs_of(groups: int, is_baseline: bool) -> int:
    """Return how many pairs of groups could have been compared."""
    return groups - 1 if is_baseline else groups * (groups - 1) // 2


def _pairs_that_tell(groups: int, level: float, is_baseline: bool) -> int:
    """Return how many seeds that all show one and the same difference are a verdict."""
    pairs = max(1, _pairs_of(groups, is_baseline))
    return next(seeds for seeds in range(1, MOST_SEEDS + 1) if pairs * same_each_time(seeds) <= level)


def _size(count: int) -> int:
    """Return `count`, rounded up to one of a few sizes where it is large: fewer bounds to compute."""
    if count <= 30:
        return count
    step = 1 << (count.bit_length() - 5)
    return -(-count // step) * step


def _reliability(errors: Sequence[_Error]) -> float:
    """Return the part of a difference that is probably real: 1 minus noise / (spread of the means), at least 0.

    The best mean was found by looking, and is partly luck (James and Stein 1961). Over the groups not told apart.
    """
    if not errors:
        return 0.0
    means = [0.0, *(error.difference for error in errors)]
    middle = math.fsum(means) / len(means)
    between = math.fsum((mean - middle) ** 2 for mean in means) / (len(means) - 1)
    noise = math.fsum(error.after(0)[0] ** 2 for error in errors) / len(errors) / 2
    return max(0.0, 1 - noise / between) if between else 0.0


def _promising(
    groups: Sequence[_Group], usable: Sequence[_Group], sign: float, baseline: str | None
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


def _winner(reference: _Group | None, comparisons: Sequence[Comparison]) -> str | None:
    if reference is None or not comparisons:
        return None
    if all(comparison.verdict == "worse" for comparison in comparisons):
        return reference.name
    return None
