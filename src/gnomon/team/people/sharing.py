"""Choose one option a week so that the largest sum of costs of a person is as small as can be, then the sum of all.

The search goes week by week and keeps the sums that could still end better than the best choice that is known. What they can
end as is bounded by weighing people: whatever the weights, the largest sum is at least the weighted mean of the sums, and
that is least where each week takes its cheapest option by these weights. A first pass keeps few sums and finds a good
choice; the second drops none that could end better. Where it comes to its end within its budget, no choice is better.

Always true: whole numbers decide; the same options give the same choice. Floats are used to find weights, and any will do.
"""

from __future__ import annotations

from collections import defaultdict
from math import exp
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Costs = tuple[int, ...]
    Front = list[Costs]

FEW = 250
"""How many sums the first pass keeps from week to week."""
BUDGET = 600_000
"""How many sums the second pass looks at; some 4 seconds. Where it needs more, nothing is proved."""
_ROUNDS = 120
_SCALE = 1 << 12  # weights are whole numbers of this sum, about


class Option(NamedTuple):
    """What a slot costs each person, and when it begins."""

    costs: Costs
    start: int


class Choice(NamedTuple):
    """One option of each week; the largest sum that any choice must have; whether it is certain that none is better."""

    options: list[Option]
    least: int
    is_exact: bool


def share(weeks: Sequence[Sequence[Option]]) -> Choice:
    """Return the best choice that is found. Each week has at least one option, each option a cost for every person."""
    fronts = [_front({option.costs for option in week}) for week in weeks]
    bounds = _Bounds(fronts)
    known = _improved(fronts, _one_by_one(fronts))
    good = _improved(fronts, _search(fronts, known, bounds, FEW)[0])
    best, is_exact = _search(fronts, good, bounds, None)
    options = _spread(weeks, best)
    least, _ = bounds.least((0,) * len(best[0]), 0)
    return Choice(options, max(_total(best)) if is_exact else least, is_exact)


def _worth(sums: Costs) -> tuple[int, int]:
    """What is made small: the largest sum of a person, then the sum of all."""
    return max(sums), sum(sums)


def _added(sums: Costs, costs: Costs) -> Costs:
    return tuple(map(int.__add__, sums, costs))


def _total(chosen: Sequence[Costs]) -> Costs:
    return tuple(map(sum, zip(*chosen, strict=True)))


def _front(costs: Iterable[Costs]) -> Front:
    """Return the costs that no others beat or equal for every person; the same for any order."""
    kept: Front = []
    for one in sorted(costs, key=lambda costs: (sum(costs), costs)):  # what beats another has the smaller sum
        if not any(all(map(int.__le__, other, one)) for other in kept):
            kept.append(one)
    return kept


# ---------------------------------------------------------------- a good choice, quickly


def _one_by_one(fronts: Sequence[Front]) -> list[Costs]:
    """Return a choice in which each week takes what is best after the weeks before."""
    sums: Costs = (0,) * len(fronts[0][0])
    chosen = []
    for front in fronts:
        chosen.append(_best_after(sums, front))
        sums = _added(sums, chosen[-1])
    return chosen


def _best_after(sums: Costs, costs: Iterable[Costs]) -> Costs:
    return min(costs, key=lambda one: (_worth(_added(sums, one)), one))


def _improved(fronts: Sequence[Front], chosen: Sequence[Costs]) -> list[Costs]:
    """Return a choice that no change of a single week makes better."""
    chosen = list(chosen)
    worth = _worth(_total(chosen))
    is_better = True
    while is_better:
        is_better = False
        for week, front in enumerate(fronts):
            sums = tuple(map(int.__sub__, _total(chosen), chosen[week]))
            best = _best_after(sums, front)
            if _worth(_added(sums, best)) < worth:
                chosen[week], worth, is_better = best, _worth(_added(sums, best)), True
    return chosen


# ---------------------------------------------------------------- what sums can end as


class _Bounds:
    """The least that sums after some weeks can end as: (largest sum of a person, sum of all), each for itself."""

    def __init__(self, fronts: Sequence[Front]) -> None:
        self._weights = _weights(fronts)
        self._each = _after_each(fronts, lambda front: tuple(map(min, zip(*front, strict=True))))
        self._all = _after_each(fronts, lambda front: (min(map(sum, front)),))
        self._weighed = _after_each(
            fronts, lambda front: tuple(min(_weighed(one, of) for of in front) for one in self._weights)
        )
        self._totals = [sum(one) for one in self._weights]

    def least(self, sums: Costs, weeks: int) -> tuple[int, int]:
        """Return what these sums of the first weeks can end as at the least."""
        largest = max(map(int.__add__, sums, self._each[weeks]))
        for weights, rest, total in zip(self._weights, self._weighed[weeks], self._totals, strict=True):
            largest = max(largest, -((_weighed(weights, sums) + rest) // -total))
        return largest, sum(sums) + self._all[weeks][0]


def _weighed(weights: Costs, costs: Costs) -> int:
    return sum(map(int.__mul__, weights, costs))


def _after_each(fronts: Sequence[Front], least: Callable[[Front], Costs]) -> list[Costs]:
    """Return, for each number of weeks, what the weeks after those cost at the least; zeros after the last."""
    found = [tuple(0 for _ in least(fronts[-1]))]
    for front in reversed(fronts):
        found.append(_added(found[-1], least(front)))
    return found[::-1]


def _weights(fronts: Sequence[Front]) -> list[Costs]:
    """Return weights of people that give high bounds: equal ones, and those that a game between both sides ends with.

    Each round takes the cheapest options by the weights so far, and gives more weight to who then has much.
    """
    people = len(fronts[0][0])
    scale = max(max(map(max, front)) for front in fronts) * len(fronts) or 1
    weights = [1.0 / people] * people
    best = (-1.0, weights)
    mean = [0.0] * people
    for round_ in range(1, _ROUNDS + 1):
        sums = [0] * people
        for front in fronts:
            cheapest = min(front, key=lambda one: sum(map(float.__mul__, weights, map(float, one))))
            sums = list(map(int.__add__, sums, cheapest))
        best = max(best, (sum(map(float.__mul__, weights, map(float, sums))), weights))
        step = 8.0 / round_**0.5
        raised = [weight * exp(step * one / scale) + 1e-9 for weight, one in zip(weights, sums, strict=True)]
        weights = [one / sum(raised) for one in raised]
        mean = [before + one for before, one in zip(mean, weights, strict=True)]
    found = [[1.0] * people, best[1], mean]
    return [tuple(int(one * _SCALE / sum(weights)) + 1 for one in weights) for weights in found]


# ---------------------------------------------------------------- the best choice


def _search(
    fronts: Sequence[Front], known: Sequence[Costs], bounds: _Bounds, most: int | None
) -> tuple[list[Costs], bool]:
    """Return the best choice found, and whether none is better.

    With `most`, sums beyond so many a week are dropped, the worst first; without it the search ends where it exceeds `BUDGET`.
    """
    best, worth = list(known), _worth(_total(known))
    ways: dict[Costs, object] = {(0,) * len(known[0]): None}
    looked_at, is_exact = 0, True
    for week, front in enumerate(fronts, start=1):
        looked_at += len(ways) * len(front)
        if most is None and looked_at > BUDGET:
            return best, False
        found: dict[Costs, object] = {}
        for sums, chosen in ways.items():
            for costs in front:
                after = _added(sums, costs)
                if after not in found:
                    found[after] = (costs, chosen)
        rated = sorted((least, sums) for sums in found if (least := bounds.least(sums, week)) < worth)
        is_exact = is_exact and (most is None or len(rated) <= most)
        ways = {sums: found[sums] for _, sums in rated[:most]}
    if ways:  # all are better than what was known
        best = _unrolled(ways[min(ways, key=lambda sums: (_worth(sums), sums))])
    return best, is_exact


def _unrolled(chosen: object) -> list[Costs]:
    """Return what was chosen, the first week first; a way holds (costs, way before it)."""
    found: list[Costs] = []
    while isinstance(chosen, tuple):
        costs, chosen = chosen
        found.append(costs)
    return found[::-1]


# ---------------------------------------------------------------- over the weeks


def _spread(weeks: Sequence[Sequence[Option]], chosen: Sequence[Costs]) -> list[Option]:
    """Return an option of each week: the same costs as chosen, in the order that keeps the sums of all close together.

    Costs change places only between weeks that have the same to choose from. Of options with equal costs the one that begins
    earliest in its week is taken, on the half hour where one does.
    """
    first: list[dict[Costs, Option]] = []
    for week in weeks:
        first.append({})
        for option in sorted(week, key=lambda option: (option.start % 1800 != 0, option.start)):
            first[-1].setdefault(option.costs, option)
    left: defaultdict[frozenset[Costs], list[Costs]] = defaultdict(list)
    for known, costs in zip(first, chosen, strict=True):
        left[frozenset(known)].append(costs)
    sums: Costs = (0,) * len(chosen[0])
    ordered = []
    for known in first:
        waiting = left[frozenset(known)]
        best = _best_after(sums, waiting)
        waiting.remove(best)
        sums = _added(sums, best)
        ordered.append(known[best])
    return ordered
