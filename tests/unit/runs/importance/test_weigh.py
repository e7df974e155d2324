"""What is said of parameters, where the truth is known: false alarms, what is found, seeds, and what varies together."""

import math
import random

import pytest

from gnomon.runs.importance.weigh import weigh


def drawn(chance, n):
    """Six parameters of `n` configurations, of every kind, none of which has to do with another."""
    return {
        "lr": [10 ** chance.uniform(-4, 0) for _ in range(n)],
        "depth": [chance.choice([2, 4, 8]) for _ in range(n)],
        "optimizer": [chance.choice("abcd") for _ in range(n)],
        "amp": [chance.random() < 0.4 for _ in range(n)],
        "decay": [chance.choice([0, 1e-3, 1e-2]) for _ in range(n)],
        "batch": [2 ** chance.randint(3, 9) for _ in range(n)],
    }


def verdicts(weighed):
    return {one.name: one.verdict for one in weighed.weights}


@pytest.mark.slow
def test_false_alarms_are_no_more_often_than_stated():
    """500 cases in which no parameter matters, with heavy tails: one or more of six is said to matter in at most 5 %."""
    chance = random.Random(20)
    alarms = 0
    for case in range(500):
        n = (12, 16, 24, 32)[case % 4]
        found = weigh([chance.gauss(0, 1) ** 3 for _ in range(n)], drawn(chance, n))
        alarms += "matters" in verdicts(found).values()
    assert 0.01 < alarms / 500 <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["rises", "bends", "category"])
def test_a_strong_parameter_is_found_by_forty_configurations(shape):
    chance = random.Random(21)
    found = 0
    for _ in range(60):
        parameters = drawn(chance, 40)
        name = "optimizer" if shape == "category" else "lr"
        effect = {
            "rises": lambda value: math.log10(value),
            "bends": lambda value: -((math.log10(value) + 2) ** 2) / 2,
            "category": lambda value: 1.5 * "abcd".index(value),
        }[shape]
        scores = [effect(value) + chance.gauss(0, 0.4) for value in parameters[name]]
        found += verdicts(weigh(scores, parameters))[name] == "matters"
    assert found >= 54


def test_a_best_value_in_the_middle_is_found_and_is_not_one_way():
    chance = random.Random(2)
    parameters = drawn(chance, 60)
    scores = [-((math.log10(value) + 2) ** 2) + chance.gauss(0, 0.2) for value in parameters["lr"]]
    first = weigh(scores, parameters).weights[0]
    assert (first.name, first.verdict, first.direction) == ("lr", "matters", "not one way")
    assert abs(first.rho) < 0.4 and first.low > 0.3
    middles = [level.middle for level in first.levels]
    assert max(middles) not in (middles[0], middles[-1])


@pytest.mark.slow
def test_which_way_is_said_where_it_is_one():
    values = [float(at) for at in range(40)]
    (up,) = weigh(values, {"a": values}).weights
    (down,) = weigh([-value for value in values], {"a": values}).weights
    assert (up.direction, up.rho) == ("rises", pytest.approx(1.0))
    assert (down.direction, down.rho) == ("falls", pytest.approx(-1.0))


def test_only_ranks_count():
    chance = random.Random(4)
    parameters = drawn(chance, 40)
    scores = [chance.gauss(0, 1) + math.log10(value) for value in parameters["lr"]]
    plain, bent = weigh(scores, parameters), weigh([math.exp(5 * score) for score in scores], parameters)
    assert [(one.name, one.share, one.p) for one in plain.weights] == [
        (one.name, one.share, one.p) for one in bent.weights
    ]


@pytest.mark.slow
def test_the_verdict_is_that_of_the_corrected_chance():
    chance = random.Random(6)
    for _ in range(20):
        parameters = drawn(chance, 30)
        scores = [chance.gauss(0, 1) + 0.5 * math.log10(value) for value in parameters["lr"]]
        for one in weigh(scores, parameters).weights:
            assert (one.verdict == "matters") == (one.corrected <= 0.05)
            assert one.corrected >= one.p
            assert bool(one.direction) <= (one.verdict == "matters")


def test_little_if_any_takes_many_configurations():
    chance = random.Random(8)
    parameters = {"a": [chance.choice([1, 2]) for _ in range(600)]}
    assert verdicts(weigh([chance.random() for _ in range(600)], parameters)) == {"a": "little, if any"}
    few = weigh(
        [float(at // 2) for at in range(30)], {"a": [1, 2] * 15}
    )  # no association at all, but few ranges
    assert few.weights[0].high < 0.1 and verdicts(few) == {"a": "cannot tell"}


def test_parameters_that_vary_together_are_named():
    chance = random.Random(9)
    depth = [chance.choice([2, 4, 8]) for _ in range(40)]
    parameters = {
        "depth": depth,
        "width": [32 * value for value in depth],
        "model": [f"net-{value}" for value in depth],
        "lr": [chance.random() for _ in range(40)],
    }
    found = weigh([value + chance.gauss(0, 1) for value in depth], parameters)
    assert {frozenset(pair[:2]) for pair in found.pairs} == {
        frozenset(pair) for pair in (("depth", "width"), ("depth", "model"), ("width", "model"))
    }
    twins = {one.name: set(one.twins) for one in found.weights}
    assert twins["depth"] == {"width", "model"} and twins["lr"] == set()


def test_a_parameter_that_few_have_is_weighed_by_those():
    chance = random.Random(10)
    values = [chance.random() if at < 30 else None for at in range(60)]
    (one,) = weigh(
        [at if value is None else value for at, value in enumerate(values)], {"momentum": values}
    ).weights
    assert one.n == 30 and one.verdict == "matters"
    found = weigh([1.0 * at for at in range(60)], {"rare": [1, 2] * 4 + [None] * 52})
    assert found.weights == () and "fewer than 10" in found.unexamined[0][1]
