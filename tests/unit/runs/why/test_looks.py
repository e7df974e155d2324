"""More seeds until a cause is told: when it stops, what it costs, and that it is wrong no more often for it."""

import math
import random

import pytest

from gnomon.errors import BadArgumentError
from gnomon.runs.why.attribute import Question
from gnomon.runs.why.attribute import attribute as attribute_once
from gnomon.runs.why.looks import attribute, looks_at, plan

A = frozenset()


def noise(seed, *what, size=1.0):
    return size * random.Random(f"{seed} {what}").gauss(0, 1)


def ask(evaluate, factors, seeds=40, first=5, **options):
    """Ask as `gnomon why --up-to` does; return the answer and what was run."""
    looks, results = looks_at(Question(tuple(factors), tuple(range(seeds)), **options), first), {}
    while (stage := plan(looks, results)).runs:
        assert not results.keys() & set(stage.runs)
        results.update({run: evaluate(*run) for run in stage.runs})
    return attribute(looks, results), results


@pytest.mark.parametrize(
    ("seeds", "first", "counts"),
    [
        (5, 5, [5]),
        (7, 5, [7]),
        (8, 5, [5, 8]),
        (20, 5, [5, 10, 20]),
        (40, 5, [5, 10, 20, 40]),
        (50, 5, [5, 10, 20, 50]),
        (50, 1, [1, 2, 4, 8, 16, 32, 50]),
    ],
)
def test_looks_double_their_seeds_and_share_the_level(seeds, first, counts):
    looks = looks_at(Question(("lr",), tuple(range(seeds)), budget=10 * seeds), first)
    assert [len(look.seeds) for look in looks] == counts
    assert math.fsum(look.level for look in looks) == pytest.approx(0.05)
    assert [look.budget for look in looks] == [10 * count for count in counts]


def test_a_level_that_cannot_be_shared_is_named():
    with pytest.raises(
        BadArgumentError, match=r"`level` of 4 looks must be at least 0.004, 0.001 for each; got 0.003"
    ):
        looks_at(Question(("lr",), tuple(range(40)), level=0.003), 5)


def test_one_look_is_the_question_itself():
    def evaluate(mixture, seed):
        return 3 * ("lr" in mixture) + noise(seed, *sorted(mixture))

    question = Question(("code", "lr"), tuple(range(5)))
    answer, results = ask(evaluate, ("code", "lr"), seeds=5)
    assert answer == attribute_once(question, results)


def test_a_clear_cause_takes_the_first_look_only():
    answer, results = ask(
        lambda m, s: 9 * ("lr" in m) + noise(s, "lr" in m, "code" in m, size=0.3), ("code", "lr")
    )
    assert [cause.name for cause in answer.causes] == ["lr"]
    assert len(answer.seeds) == 5 and len(results) == 5 * 4
    assert answer.level == pytest.approx(0.05)
    assert any("this is look 1" in note for note in answer.notes)


def test_a_weak_cause_is_found_by_more_seeds():
    def evaluate(mixture, seed):
        return 1.3 * ("lr" in mixture) + noise(seed, "weak", "lr" in mixture, "code" in mixture)

    five, _ = ask(evaluate, ("code", "lr"), seeds=5)
    answer, _ = ask(evaluate, ("code", "lr"))
    assert not five.causes
    assert [cause.name for cause in answer.causes] == ["lr"]
    assert 5 < len(answer.seeds) <= 40
    assert all((one.p <= answer.level) == one.is_cause for one in answer.shares)
    assert all((one.low > 0 or one.high < 0) == one.is_cause for one in answer.shares)


def test_mixtures_are_run_only_once_the_ends_differ():
    answer, results = ask(lambda m, s: noise(s, "none", bool(m)), ("a", "b", "c"))
    assert answer.verdict == "no cause above noise"
    assert len(answer.difference.by_seed) == 40
    assert {mixture for mixture, _ in results} == {A, frozenset("abc")}


@pytest.mark.parametrize("value", [1.0, math.nan])
def test_what_more_seeds_do_not_change_ends_at_the_first_look(value):
    answer, results = ask(lambda _m, _s: value, ("a", "b"))
    assert not answer.causes
    assert len(results) == 10


def test_a_mixture_that_always_fails_ends_at_the_first_look():
    answer, results = ask(
        lambda m, s: math.nan if m == {"a"} else 5.0 * len(m) + noise(s, *sorted(m)), ("a", "b")
    )
    assert answer.why == "no seed has a value for every run that it needs"
    assert {seed for _, seed in results} == set(range(5))


def test_it_goes_on_while_a_share_that_is_not_told_is_larger_than_the_cause():
    def evaluate(mixture, seed):
        wild = [1, 19, 2, 15, 1.0][seed] if seed < 5 else 8 + noise(seed, "wild")
        return 1 * ("lr" in mixture) + wild * ("wild" in mixture) + noise(seed, *sorted(mixture), size=0.05)

    five, _ = ask(evaluate, ("lr", "wild"), seeds=5, everything=True)
    answer, _ = ask(evaluate, ("lr", "wild"), everything=True)
    assert [cause.name for cause in five.causes] == ["lr"]
    assert [cause.name for cause in answer.causes] == ["wild", "lr"]


def test_what_an_earlier_look_told_stays_told():
    """Later seeds in which all is noise do not take back what was told at its own level."""

    def evaluate(mixture, seed):
        lr = 1.0 if seed < 5 else noise(seed, "lr", size=9)
        wild = [1, 19, 2, 15, 1.0][seed] if seed < 5 else -9 * (-1) ** seed
        return lr * ("lr" in mixture) + wild * ("wild" in mixture) + noise(seed, *sorted(mixture), size=0.01)

    answer, results = ask(evaluate, ("lr", "wild"), seeds=10, everything=True)
    assert len({seed for _, seed in results}) == 10
    assert [cause.name for cause in answer.causes] == ["lr"]
    assert len(answer.seeds) == 5


@pytest.mark.slow
def test_looking_again_alarms_no_more_often_than_it_says():
    """5 % and three standard errors. With the whole level at each look it is 12 %: that is seen, too."""
    cases = 400
    most = 0.05 + 3 * math.sqrt(0.05 * 0.95 / cases)

    def alarms(level):
        told = 0
        for case in range(cases):
            chance = random.Random(case)
            looks, results = looks_at(Question(("a",), tuple(range(40)), level=level), 5), {}
            while (stage := plan(looks, results)).runs:
                results.update({run: chance.gauss(0, 1) for run in stage.runs})
            told += bool(attribute(looks, results).causes)
        return told / cases

    assert alarms(0.05) <= most < alarms(4 * 0.05)
