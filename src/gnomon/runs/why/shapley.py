"""Shapley values, and how pairs of factors act together, from the values of mixtures. One seed at a time; no noise here.

The Shapley value of a factor is what swapping it does, in the mean over all orders in which the factors can be swapped
one after the other (L. Shapley, "A value for n-person games", 1953). How much more two factors do together is the Shapley
interaction index (M. Grabisch and M. Roubens, "An axiomatic approach to the concept of interaction among players in
cooperative games", 1999): the mean of v(S+i+j) - v(S+i) - v(S+j) + v(S), weighted as by random orders.

Always true: shares sum to the difference of the ends, to rounding. A factor that changes nothing has exactly 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from gnomon.runs.why.answer import Mixture
from gnomon.runs.why.mixtures import subsets


def shares_of_all(factors: Sequence[str], value: Mapping[Mixture, float]) -> dict[str, float]:
    """Return the Shapley value of each factor, from the values of all mixtures.

    >>> ab, a, b, none = (frozenset(names) for names in ("ab", "a", "b", ""))
    >>> shares_of_all(["a", "b"], {none: 1.0, a: 2.0, b: 1.0, ab: 6.0})  # a: (1 + 5) / 2, b: (0 + 4) / 2
    {'a': 3.0, 'b': 2.0}
    """
    k = len(factors)
    weights = [1 / (k * math.comb(k - 1, size)) for size in range(k)]
    return {
        factor: math.fsum(
            weights[len(mixture)] * (value[mixture | {factor}] - value[mixture])
            for mixture in subsets(name for name in factors if name != factor)
        )
        for factor in factors
    }


def shares_of_orders(orders: Sequence[Sequence[str]], value: Mapping[Mixture, float]) -> dict[str, float]:
    """Return what swapping each factor did, in the mean over some orders.

    >>> ab, a, b, none = (frozenset(names) for names in ("ab", "a", "b", ""))
    >>> shares_of_orders([("a", "b")], {none: 1.0, a: 2.0, b: 1.0, ab: 6.0})
    {'a': 1.0, 'b': 4.0}
    """
    steps: dict[str, list[float]] = {factor: [] for factor in orders[0]}
    for order in orders:
        for place, factor in enumerate(order):
            steps[factor].append(value[frozenset(order[: place + 1])] - value[frozenset(order[:place])])
    return {factor: math.fsum(found) / len(orders) for factor, found in steps.items()}


def together_of_all(factors: Sequence[str], value: Mapping[Mixture, float]) -> dict[tuple[str, str], float]:
    """Return what each pair of factors does together beyond what each does alone, from the values of all mixtures.

    >>> ab, a, b, none = (frozenset(names) for names in ("ab", "a", "b", ""))
    >>> together_of_all(["a", "b"], {none: 1.0, a: 2.0, b: 1.0, ab: 6.0})
    {('a', 'b'): 4.0}
    """
    k = len(factors)
    weights = [1 / ((k - 1) * math.comb(k - 2, size)) for size in range(k - 1)]
    found = {}
    for first, second in combinations(factors, 2):
        others = subsets(name for name in factors if name not in (first, second))
        found[first, second] = math.fsum(
            weights[len(mixture)]
            * (
                (value[mixture | {first, second}] - value[mixture | {first}])
                - (value[mixture | {second}] - value[mixture])
            )
            for mixture in others
        )
    return found
