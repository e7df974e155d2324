"""Weigh parameters against a metric: how much each explains, how sure that is, and which cannot be told apart.

The unit is a configuration: what its seeds did is one score. So five seeds of one setting are never five pieces of evidence
about that setting.

Always true: the chance that one or more parameters are said to matter although none does is at most `level` (Holm's
correction of exchange tests, which ask nothing of the distribution of the metric). "little, if any" is said only where the
interval lies below `LITTLE` and there are configurations enough to see a bend. The same numbers give the same answer, in any
order of the parameters; a rising transformation of the scores changes nothing.
Not promised: that a parameter causes what it goes with. See docs/explanation/parameter-importance.md.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from operator import mul
from typing import TYPE_CHECKING, Literal, NamedTuple

from gnomon.runs.importance import share as shares
from gnomon.runs.importance.bins import Binned, binned
from gnomon.runs.importance.pairs import Pair, pairs_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Verdict = Literal["matters", "little, if any", "cannot tell"]
    Direction = Literal["rises", "falls", "not one way", ""]

LEVEL = 0.05
LITTLE = 0.1  # a share below this is little
MANY = 40  # configurations that it takes to say so: few ranges hide a best value in the middle
FEWEST = 10  # configurations: of fewer, nothing is said

TOO_FEW = f"fewer than {FEWEST} configurations have it"


class Level(NamedTuple):
    """One class of a parameter: its values, how many configurations it holds, and the middle of their metric."""

    label: str
    n: int
    middle: float | None  # the median of the configurations' means; None where none has a finite value


@dataclass(frozen=True, slots=True)
class Weight:
    """What these runs say of one parameter. `share`, `low` and `high` are parts of the variance of the metric's ranks."""

    name: str
    n: int  # configurations that it was weighed by
    share: float
    low: float
    high: float
    p: float  # by this parameter alone
    corrected: float  # for all parameters together (Holm); at or below the level exactly where it "matters"
    verdict: Verdict
    rho: float | None  # Spearman's; None where the values are not numbers
    direction: Direction  # of the metric where the parameter rises; empty where nothing is claimed
    levels: tuple[Level, ...] = field(repr=False)
    twins: tuple[str, ...] = ()  # parameters that vary together with it: their shares cannot be told apart


class Weighed(NamedTuple):
    """All parameters, the largest share first; `unexamined` are those of which nothing can be asked, with why."""

    weights: tuple[Weight, ...]
    unexamined: tuple[tuple[str, str], ...]
    pairs: tuple[Pair, ...]


class _Measured(NamedTuple):
    share: shares.Share
    p: float
    rho: float | None


def weigh(
    scores: Sequence[float],
    parameters: Mapping[str, Sequence[object]],
    *,
    values: Sequence[float | None] | None = None,
    level: float = LEVEL,
) -> Weighed:
    """Weigh parameters: of each, one value a configuration, in the order of `scores`, of which only the ranks count.

    `values` are the metric's means in its own unit, for the levels; the scores unless given.
    """
    found: dict[str, Binned] = {}
    unexamined = []
    for name, cells in parameters.items():
        classes = binned(cells)
        if classes.why or classes.n < FEWEST:
            unexamined.append((name, classes.why or TOO_FEW))
        else:
            found[name] = classes
    measured = _measure(scores, found, parameters)
    pairs = pairs_of(found, parameters)
    fair = shares.holm([one.p for one in measured.values()])
    weights = []
    for (name, one), corrected in zip(measured.items(), fair, strict=True):
        low, high = shares.interval(one.share)
        verdict = _verdict(corrected <= level, high, one.share.n)
        twins = [other for first, second, _ in pairs for other in (first, second) if name in (first, second)]
        levels = _levels(found[name], scores if values is None else values)
        direction = _direction(one) if verdict == "matters" else ""
        weights.append(
            Weight(
                name, one.share.n, one.share.share, low, high, one.p, corrected, verdict, one.rho, direction, levels,
                tuple([twin for twin in twins if twin != name]),
            )
        )  # fmt: skip
    weights.sort(key=lambda one: (-one.share, one.corrected, one.name))
    return Weighed(tuple(weights), tuple(unexamined), pairs)


def _verdict(does_matter: bool, high: float, n: int) -> Verdict:
    if does_matter:
        return "matters"
    return "little, if any" if high < LITTLE and n >= MANY else "cannot tell"


def _direction(one: _Measured) -> Direction:
    """Return which way the metric goes; "not one way" where ranks in a line explain less than half of the share."""
    if one.rho is None:
        return ""
    if one.rho * one.rho < one.share.share / 2:
        return "not one way"
    return "rises" if one.rho > 0 else "falls"


def _measure(
    scores: Sequence[float], found: Mapping[str, Binned], parameters: Mapping[str, Sequence[object]]
) -> dict[str, _Measured]:
    """Return what each parameter explains; those that the same configurations have are exchanged together."""
    by_members: dict[tuple[int, ...], list[str]] = {}
    for name, one in found.items():
        by_members.setdefault(tuple([at for at, code in enumerate(one.codes) if code >= 0]), []).append(name)
    result: dict[str, _Measured] = {}
    for members, names in by_members.items():
        own = shares.ranked([scores[at] for at in members])
        sizes, explained = [], []
        for name in names:
            counts, sums = _sums(found[name], members, own)
            sizes.append(counts)
            explained.append(shares.explained_by(counts, sums))
        chances = shares.chances(own, sizes, explained)
        for name, each, part, p in zip(names, sizes, explained, chances, strict=True):
            n, k = len(members), len(each)
            rho = None
            if found[name].is_numeric:
                of_parameter = shares.ranked([parameters[name][at] for at in members])  # type: ignore[misc]
                rho = max(-1.0, min(1.0, sum(map(mul, of_parameter, own))))
            result[name] = _Measured(shares.Share(part, shares.without_chance(part, n, k), n, k), p, rho)
    return {name: result[name] for name in found}


def _sums(one: Binned, members: Sequence[int], own: Sequence[float]) -> tuple[list[int], list[float]]:
    counts, sums = [0] * len(one.labels), [0.0] * len(one.labels)
    for at, score in zip(members, own, strict=True):
        code = one.codes[at]
        counts[code] += 1
        sums[code] += score
    return counts, sums


def _levels(one: Binned, values: Sequence[float | None]) -> tuple[Level, ...]:
    members: list[list[float]] = [[] for _ in one.labels]
    counts = [0] * len(one.labels)
    for code, value in zip(one.codes, values, strict=True):
        if code >= 0:
            counts[code] += 1
            if value is not None and math.isfinite(value):
                members[code].append(value)
    rows = zip(one.labels, counts, members, strict=True)
    return tuple([Level(label, n, statistics.median(own) if own else None) for label, n, own in rows])
