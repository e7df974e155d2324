"""Shares are Shapley values: against their definition over all orders, and by the axioms that only they fulfil."""

import math
from itertools import combinations, permutations

from hypothesis import given
from hypothesis import strategies as st

from gnomon.runs.why.mixtures import subsets
from gnomon.runs.why.shapley import shares_of_all, shares_of_orders, together_of_all

amounts = st.floats(-1e6, 1e6, allow_nan=False)


@st.composite
def games(draw, least=1, most=4):
    """Names, and a value for every mixture of them."""
    names = [f"factor.{i}" for i in range(draw(st.integers(least, most)))]
    return names, {mixture: draw(amounts) for mixture in subsets(names)}


def by_definition(names, value):
    """The mean over all orders of what each factor adds where it comes."""
    found = dict.fromkeys(names, 0.0)
    orders = list(permutations(names))
    for order in orders:
        for place, name in enumerate(order):
            found[name] += value[frozenset(order[: place + 1])] - value[frozenset(order[:place])]
    return {name: total / len(orders) for name, total in found.items()}


def near(a, b, size=1e6):
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9 * size)


@given(games())
def test_a_share_is_the_mean_over_all_orders(game):
    names, value = game
    brute = by_definition(names, value)
    assert all(near(share, brute[name]) for name, share in shares_of_all(names, value).items())


@given(games(most=5))
def test_shares_sum_to_the_difference(game):
    names, value = game
    total = math.fsum(shares_of_all(names, value).values())
    assert near(total, value[frozenset(names)] - value[frozenset()])


@given(games(), st.data())
def test_a_factor_that_changes_nothing_has_exactly_nothing(game, data):
    names, value = game
    idle = {mixture: value[mixture - {"idle"}] for mixture in subsets([*names, "idle"])}
    shares = shares_of_all([*names, "idle"], idle)
    assert shares["idle"] == 0.0
    assert all(near(shares[name], share) for name, share in shares_of_all(names, value).items())
    assert all(more == 0 for pair, more in together_of_all([*names, "idle"], idle).items() if "idle" in pair)


@given(games(least=2))
def test_two_factors_that_do_the_same_have_the_same(game):
    names, value = game
    first, second = names[:2]
    swap = {first: second, second: first}

    def swapped(mixture):
        return frozenset(swap.get(name, name) for name in mixture)

    even = {mixture: value[mixture] + value[swapped(mixture)] for mixture in value}
    shares = shares_of_all(names, even)
    assert near(shares[first], shares[second])


@given(games(least=3, most=3), games(least=3, most=3), st.floats(-10, 10))
def test_shares_are_linear(one, other, times):
    names, a = one
    _, b = other
    both = shares_of_all(names, {mixture: a[mixture] + times * b[mixture] for mixture in a})
    of_a, of_b = shares_of_all(names, a), shares_of_all(names, b)
    assert all(near(both[name], of_a[name] + times * of_b[name], 1e7) for name in names)


@given(games(), st.randoms())
def test_the_order_of_factors_changes_nothing(game, chance):
    names, value = game
    shuffled = list(names)
    chance.shuffle(shuffled)
    assert shares_of_all(shuffled, value) == {name: shares_of_all(names, value)[name] for name in shuffled}


@given(games())
def test_all_orders_walked_give_the_exact_share(game):
    names, value = game
    walked = shares_of_orders(list(permutations(names)), value)
    assert all(near(walked[name], share) for name, share in shares_of_all(names, value).items())


@given(games())
def test_any_orders_walked_sum_to_the_difference(game):
    names, value = game
    total = math.fsum(shares_of_orders([names, names[::-1]], value).values())
    assert near(total, value[frozenset(names)] - value[frozenset()])


@given(games(least=2))
def test_what_a_pair_does_together_is_what_one_does_more_where_the_other_is(game):
    """The index of a pair is the share of one with the other there, less its share with the other gone."""
    names, value = game
    for pair, more in together_of_all(names, value).items():
        first, second = pair
        rest = [name for name in names if name != second]
        there = shares_of_all(rest, {m: value[m | {second}] for m in subsets(rest)})[first]
        gone = shares_of_all(rest, {m: value[m] for m in subsets(rest)})[first]
        assert near(more, there - gone)


def test_factors_that_only_add_do_nothing_together():
    value = {mixture: float(sum(map(int, mixture))) for mixture in subsets("1248")}
    assert shares_of_all("1248", value) == {"1": 1.0, "2": 2.0, "4": 4.0, "8": 8.0}
    assert together_of_all("1248", value) == dict.fromkeys(combinations("1248", 2), 0.0)


def test_two_factors_that_only_act_together_share_what_they_do():
    value = {mixture: 6.0 * ({"a", "b"} <= mixture) for mixture in subsets("abc")}
    assert shares_of_all("abc", value) == {"a": 3.0, "b": 3.0, "c": 0.0}
    assert together_of_all("abc", value) == {("a", "b"): 6.0, ("a", "c"): 0.0, ("b", "c"): 0.0}
