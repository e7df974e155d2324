"""Choose one option a week so that costs are shared fairly: the largest sum of a person as small as can be, then the next.

Of two choices the fairer one is that whose sums, the largest first, come first in the dictionary (**leximin**): nobody's
lot is made worse to spare somebody who has less already. All people count alike; which of them has which sum does not.

A few weeks are chosen as a whole: all sums that half of them can have are held against all that the other half can have,
by sets of bits that say which of those leave each person within the best that is known. Of more weeks four at a time are chosen
anew, until that makes nothing fairer; what any choice must come to at the least is then found by weighing people: whatever
the weights, the largest sum is at least the weighted mean of the sums, and that is least where each week takes its cheapest.

Always true: whole numbers decide; the same options give the same choice. Where `is_exact`, no choice is fairer; elsewhere no
choice has a largest sum below `least`. Floats are used to find weights, and any will do.
"""

from __future__ import annotations

import random
import sys
from bisect import bisect_left
from collections import defaultdict
from math import exp
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Costs = tuple[int, ...]
    Front = list[Costs]
    Ways = dict[Costs, object]  # sums of some weeks, with how they come about: (costs, way before it)

MOST_IN_SETS, MOST_BESIDE = 25_000, 1_000_000
"""How many sums one half of the weeks may have for the choice to be made as a whole; and the other, over the people."""
MOST_COMPARED = 400_000
"""How many pairs of sums are compared at the most, where many come to the same largest one."""
AT_A_TIME, MOST_TIMES = 4, 60
_EDGES = 128  # of sets of bits, for each person
_ROUNDS = 300
_SCALE = 1 << 12  # weights are whole numbers of this sum, about


class Option(NamedTuple):
    """What a slot costs each person, and when it begins."""

    costs: Costs
    start: int


class Choice(NamedTuple):
    """One option of each week; the largest sum that any choice must have; whether it is certain that none is fairer."""

    options: list[Option]
    least: int
    is_exact: bool


def share(weeks: Sequence[Sequence[Option]]) -> Choice:
    """Return the fairest choice that is found. Each week has at least one option, each option a cost for every person."""
    fronts = [_front({option.costs for option in week}) for week in weeks]
    known = _improved(fronts, _one_by_one(fronts))
    bound = _Bound(fronts)
    best, is_exact = _as_a_whole(fronts, known, bound)
    if not is_exact:
        best = _some_at_a_time(fronts, best)
    largest = max(_total(best))
    return Choice(_spread(weeks, best), largest if is_exact else min(bound.of_all, largest), is_exact)


def _worth(sums: Iterable[int]) -> list[int]:
    """What is made small: the largest sum of a person, then the next, and so on."""
    return sorted(sums, reverse=True)


def _added(sums: Costs, costs: Costs) -> Costs:
    return tuple(map(int.__add__, sums, costs))


def _taken(sums: Costs, costs: Costs) -> Costs:
    return tuple(map(int.__sub__, sums, costs))


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
    """Return a choice that no change of a single week makes fairer."""
    chosen = list(chosen)
    worth = _worth(_total(chosen))
    is_better = True
    while is_better:
        is_better = False
        for week, front in enumerate(fronts):
            sums = _taken(_total(chosen), chosen[week])
            best = _best_after(sums, front)
            if _worth(_added(sums, best)) < worth:
                chosen[week], worth, is_better = best, _worth(_added(sums, best)), True
    return chosen


# ---------------------------------------------------------------- what sums must come to


class _Bound:
    """What the largest sum of a person comes to at the least, whatever is chosen."""

    def __init__(self, fronts: Sequence[Front]) -> None:
        self._weights = _weights(fronts)
        self._least = [[min(_weighed(one, of) for of in front) for front in fronts] for one in self._weights]
        least = [(sum(of_each), sum(one)) for of_each, one in zip(self._least, self._weights, strict=True)]
        self.of_all = max(-(sum_ // -total) for sum_, total in least)

    def room(self, left: Sequence[int], most: int) -> list[tuple[Costs, int]]:
        """Return weights, each with what sums weighed by them may come to for the largest to end at `most` or below.

        `left` are the weeks that are still to be chosen.
        """
        return [
            (weights, most * sum(weights) - sum(least[week] for week in left))
            for weights, least in zip(self._weights, self._least, strict=True)
        ]


def _weighed(weights: Costs, costs: Costs) -> int:
    return sum(map(int.__mul__, weights, costs))


def _weights(fronts: Sequence[Front]) -> list[Costs]:
    """Return weights of people that give high bounds: equal ones, and those that a game between both sides ends with.

    Each round takes the cheapest options by the weights so far, and gives more weight to who then has much.
    """
    people = len(fronts[0][0])
    alike: defaultdict[tuple[Costs, ...], int] = defaultdict(int)
    for front in fronts:
        alike[tuple(front)] += 1
    scale = max(max(map(max, front)) for front in fronts) * len(fronts) or 1
    weights = [1.0 / people] * people
    best = (-1.0, weights)
    mean = [0.0] * people
    for round_ in range(1, _ROUNDS + 1):
        sums = [0] * people
        for costs, times in alike.items():
            cheapest = min(costs, key=lambda one: sum(map(float.__mul__, weights, map(float, one))))
            sums = [before + times * one for before, one in zip(sums, cheapest, strict=True)]
        best = max(best, (sum(map(float.__mul__, weights, map(float, sums))), weights))
        step = 8.0 / round_**0.5
        raised = [weight * exp(step * one / scale) + 1e-9 for weight, one in zip(weights, sums, strict=True)]
        weights = [one / sum(raised) for one in raised]
        mean = [before + one for before, one in zip(mean, weights, strict=True)]
    found = [[1.0] * people, best[1], mean]
    return [tuple(int(one * _SCALE / sum(weights)) + 1 for one in weights) for weights in found]


# ---------------------------------------------------------------- the fairest choice of a few weeks


class _Sets:
    """Sums of some weeks, and for each person sets of those that leave them within an edge, as whole numbers of bits."""

    def __init__(self, ways: Ways) -> None:
        self.ways = ways
        self.sums = sorted(ways, key=lambda sums: (_worth(sums), sums))
        self._of_each = [_edges([sums[person] for sums in self.sums]) for person in range(len(self.sums[0]))]

    def within(self, room: Sequence[int]) -> Iterator[Costs]:
        """Return the sums that leave each person within their room, and some that do not, the fairest first."""
        left = (1 << len(self.sums)) - 1
        for most, (edges, sets) in zip(room, self._of_each, strict=True):
            place = bisect_left(edges, most)
            if place < len(sets):
                left &= sets[place]
            if not left:
                return
        while left:
            lowest = left & -left
            yield self.sums[lowest.bit_length() - 1]
            left ^= lowest


def _edges(values: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return edges that rise, and for each the set of the places whose value is at or below it."""
    ordered = sorted(range(len(values)), key=values.__getitem__)
    edges: list[int] = []
    sets: list[int] = []
    among = 0
    for count, place in enumerate(ordered, start=1):
        among |= 1 << place
        if count == len(ordered) or count * _EDGES // len(ordered) > (count - 1) * _EDGES // len(ordered):
            if edges and edges[-1] == values[place]:
                sets[-1] = among
            else:
                edges.append(values[place])
                sets.append(among)
    return edges, sets


def _as_a_whole(fronts: Sequence[Front], known: list[Costs], bound: _Bound) -> tuple[list[Costs], bool]:
    """Return the fairest choice, and True; or the fairest that is known and False, where there are too many to choose from."""
    order = sorted(
        range(len(fronts)), key=lambda week: fronts[week]
    )  # weeks that are alike come to the same sums
    half = len(order) // 2
    most = max(_total(known))
    halves: list[Ways] = []
    beside_most = MOST_BESIDE // len(known[0])
    for weeks, limit in ((order[:half], MOST_IN_SETS), (order[half:], beside_most)):
        ways = _ways(fronts, weeks, limit, lambda left: bound.room(left, most))
        if ways is None:
            return known, False
        halves.append(ways)
    if not all(halves):
        return known, True  # nothing comes within what is known, so nothing is fairer
    beside = sorted(halves[1], key=lambda sums: (_worth(sums), sums))  # what is found early spares the rest
    found, is_whole = _paired(_Sets(halves[0]), beside, (0,) * len(known[0]), _worth(_total(known)))
    if found is None:
        return known, is_whole
    by_week = dict(zip(order, _unrolled(halves[0][found[0]], halves[1][found[1]]), strict=True))
    return [by_week[week] for week in range(len(fronts))], is_whole


def _ways(
    fronts: Sequence[Front],
    weeks: Sequence[int],
    limit: int,
    room_after: Callable[[Sequence[int]], list[tuple[Costs, int]]] = lambda _: [],
) -> Ways | None:
    """Return all sums of these weeks for which there is room; None where they are more than `limit`."""
    ways: Ways = {(0,) * len(fronts[0][0]): None}
    for count, week in enumerate(weeks, start=1):
        room = room_after([one for one in range(len(fronts)) if one not in weeks[:count]])
        found: Ways = {}
        for sums, way in ways.items():
            for costs in fronts[week]:
                after = _added(sums, costs)
                if after not in found and all(_weighed(weights, after) <= most for weights, most in room):
                    found[after] = (costs, way)
            if len(found) > limit:
                return None
        ways = found
    return ways


def _paired(
    sets: _Sets, beside: Iterable[Costs], base: Costs, worth: list[int]
) -> tuple[tuple[Costs, Costs] | None, bool]:
    """Return the sums (of the sets, and beside them) that with `base` are the fairest; None where none is fairer than `worth`.

    False after it says that not all were compared.
    """
    best: tuple[Costs, Costs] | None = None
    compared = 0
    for one in beside:
        begun = _added(base, one)
        most = worth[0]
        if max(begun) > most:
            continue
        for other in sets.within([most - sum_ for sum_ in begun]):
            compared += 1
            found = _worth(map(int.__add__, begun, other))
            if found < worth:
                worth, best = found, (other, one)
        if compared > MOST_COMPARED:
            return best, False
    return best, True


def _unrolled(first: object, second: object) -> list[Costs]:
    """Return what was chosen of the weeks of one half and then of the other, the first week first."""
    chosen: list[Costs] = []
    for half in (second, first):
        way = half
        while isinstance(way, tuple):
            costs, way = way
            chosen.append(costs)
    return chosen[::-1]


# ---------------------------------------------------------------- more weeks


def _some_at_a_time(fronts: Sequence[Front], known: list[Costs]) -> list[Costs]:
    """Return a choice that is fairer than what is known, or that: a few weeks are chosen anew, then others.

    Where that helps no more, one or two of the rest get what chance gives them before; what is worse for it is dropped.
    """
    best, kept = list(known), _Kept(fronts)
    rng = random.Random(0)  # noqa: S311 - the same weeks in the same order, always
    size = AT_A_TIME if kept.has_few_enough() else 2
    for time in range(MOST_TIMES):
        chosen, order = list(best), rng.sample(range(len(fronts)), len(fronts))
        weeks, rest = sorted(order[:size], key=lambda week: kept.kinds[week]), order[size:]
        for week in rest[: max(0, time - len(fronts)) % 3]:
            chosen[week] = rng.choice(fronts[week])
        base = _taken(_total(chosen), _total([chosen[week] for week in weeks]))
        sets, beside = kept.sets(weeks[: size // 2]), kept.sets(weeks[size // 2 :])
        found, _ = _paired(sets, beside.sums, base, _worth(_total(best)))
        if found:
            anew = _unrolled(sets.ways[found[0]], beside.ways[found[1]])
            for week, costs in zip(weeks, anew, strict=True):
                chosen[week] = costs
            best = chosen
    return best


class _Kept:
    """The sets of a few weeks, made once for all weeks that are alike."""

    def __init__(self, fronts: Sequence[Front]) -> None:
        self._fronts = fronts
        first: dict[tuple[Costs, ...], int] = {}
        self.kinds = [first.setdefault(tuple(front), week) for week, front in enumerate(fronts)]
        self._made: dict[tuple[int, ...], _Sets] = {}

    def has_few_enough(self) -> bool:
        """Return whether the sums of any two weeks are so few that they may be held against each other."""
        return max(map(len, self._fronts)) ** 2 <= MOST_IN_SETS // 2

    def sets(self, weeks: Sequence[int]) -> _Sets:
        """Return the sums of these weeks."""
        key = tuple(self.kinds[week] for week in weeks)
        if key not in self._made:
            self._made[key] = _Sets(_ways(self._fronts, key, sys.maxsize) or {})
        return self._made[key]


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
