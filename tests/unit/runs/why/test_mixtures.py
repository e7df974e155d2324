"""Which runs are asked for: what they cost is known before, nothing is run twice, a budget is kept."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import BadArgumentError
from gnomon.runs.why.mixtures import Question, Run, needed, orders, plan, subsets

A = frozenset()
SIX = tuple("abcdef")
TEN = tuple("abcdefghij")


def noisy(mixture, seed, effect=1.0):
    """A metric that every factor raises, with a noise of its own for every run."""
    return effect * len(mixture) + random.Random(f"{sorted(mixture)} {seed}").random() / 2


def still(mixture, seed):
    """A metric that is noise alone."""
    return noisy(mixture, seed, effect=0.0)


def run_all(question, evaluate=noisy, results=None):
    """Run what is asked for until nothing is; return the results and the stages."""
    results, stages = {} if results is None else results, []
    while (stage := plan(question, results)).runs:
        assert not set(stage.runs) & set(results)
        assert len(set(stage.runs)) == len(stage.runs)
        results.update({run: evaluate(*run) for run in stage.runs})
        stages.append(stage)
    return results, stages


def test_first_the_ends_then_all_mixtures_of_six():
    question = Question(SIX, (1, 2, 3))
    results, stages = run_all(question)
    assert [(stage.name, len(stage.runs)) for stage in stages] == [("ends", 6), ("mixtures", 186)]
    assert stages[0].then_at_most == 186
    assert set(results) == {(mixture, seed) for mixture in subsets(SIX) for seed in (1, 2, 3)}


def test_ends_that_cannot_be_told_apart_are_all_that_is_run():
    results, stages = run_all(Question(SIX, (1, 2, 3, 4, 5)), still)
    assert [stage.name for stage in stages] == ["ends"]
    assert (
        plan(Question(SIX, (1, 2, 3, 4, 5)), results).why
        == "the noise between seeds could explain the difference"
    )


def test_everything_is_run_where_it_is_asked_for():
    results, _ = run_all(Question(("a", "b"), (1, 2), everything=True), still)
    assert len(results) == 8


def test_one_seed_is_no_reason_to_go_on():
    results, _ = run_all(Question(("a", "b"), (1,)))
    assert len(results) == 2
    assert "one seed" in plan(Question(("a", "b"), (1,)), results).why


def test_runs_come_seed_by_seed():
    """What is cut short leaves whole seeds, which count."""
    question = Question(("a", "b"), (3, 1, 2))
    ends = {run: noisy(*run) for run in plan(question, {}).runs}
    assert [run.seed for run in plan(question, ends).runs] == [3, 3, 1, 1, 2, 2]


@pytest.mark.slow
@given(st.sets(st.integers(0, 63)), st.sampled_from([("a", "b", "c"), TEN]))
def test_what_is_known_is_not_asked_for_again(kept, factors):
    """Any part of the results may exist already: what is run and what was there is the same in the end."""
    question = Question(factors, (1, 2, 3))
    whole, _ = run_all(question)
    known = {run: whole[run] for place, run in enumerate(sorted(whole, key=repr)) if place % 64 in kept}
    resumed, stages = run_all(question, results=dict(known))
    assert resumed == whole
    assert sum(len(stage.runs) for stage in stages) == len(whole) - len(known)


def test_a_failed_run_is_not_tried_again_and_its_seed_not_gone_on_with():
    question = Question(("a", "b", "c"), (1, 2, 3))
    results = {run: noisy(*run) for run in plan(question, {}).runs}
    results[frozenset("a"), 2] = math.nan
    stage = plan(question, results)
    assert {run.seed for run in stage.runs} == {1, 3}
    results.update({run: noisy(*run) for run in stage.runs})
    assert plan(question, results).name == "done"


def test_a_seed_without_an_end_is_not_gone_on_with():
    question = Question(("a", "b"), (1, 2, 3, 4), everything=True)
    results = {run: noisy(*run) for run in plan(question, {}).runs}
    results[A, 1] = math.inf
    assert {run.seed for run in plan(question, results).runs} == {2, 3, 4}


def test_where_every_seed_fails_nothing_is_left_to_run():
    question = Question(("a", "b"), (1, 2), everything=True)
    stage = plan(question, dict.fromkeys(plan(question, {}).runs, math.nan))
    assert (stage.name, stage.runs, stage.why) == ("done", (), "no seed has a value at both ends")


def test_ten_factors_are_sampled_in_reversed_pairs_of_orders():
    question = Question(TEN, (1, 2))
    walked = orders(question, 1)
    assert len(walked) == 2 * question.pairs == 6
    assert all(walked[i + 1] == walked[i][::-1] for i in range(0, 6, 2))
    assert all(sorted(order) == list(TEN) for order in walked)
    assert walked != orders(question, 2), "each seed walks its own"
    assert len(needed(question, 1)) <= 64


@given(st.permutations(TEN), st.integers(1, 5))
def test_orders_depend_on_no_order(factors, seed):
    assert orders(Question(tuple(factors), (seed,)), seed) == orders(Question(TEN, (seed, 6, 7)), seed)


@given(st.integers(1, 40), st.integers(2, 12), st.integers(1, 6))
def test_a_budget_is_kept_and_a_larger_one_only_adds(beyond, k, n):
    factors, seeds = tuple(f"f{i}" for i in range(k)), tuple(range(n))
    least = Question(factors, seeds).least
    small = Question(factors, seeds, budget=least, everything=True)
    large = Question(factors, seeds, budget=least + 10 * beyond, everything=True)
    few, many = set(run_all(small)[0]), set(run_all(large)[0])
    assert len(few) <= least
    assert len(many) <= least + 10 * beyond
    assert few <= many


def test_orders_are_the_same_in_every_process():
    """They are part of what a resumed question rests on: a change here runs paid mixtures again."""
    assert orders(Question(tuple("abcdefg"), ("s",)), "s")[0] == tuple("bcdagef")


def test_six_factors_within_a_budget_are_sampled():
    assert Question(SIX, (1, 2), budget=128).is_exact
    assert not Question(SIX, (1, 2), budget=127).is_exact


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"factors": ()}, "`factors` of a question must not be empty"),
        ({"seeds": ()}, "`seeds` of a question must not be empty"),
        ({"factors": ("a", "b", "a")}, "`factors` of a question has 'a' twice"),
        ({"seeds": (1, 2, 1)}, "`seeds` of a question has 1 twice"),
        ({"level": 0.0}, r"`level` of a question must be in \[0.001, 0.5\]; got 0.0"),
        ({"level": math.nan}, "`level`"),
        ({"budget": 11}, "must be at least 12 runs for 3 factors and 2 seeds; got 11"),
    ],
)
def test_a_bad_question_is_refused(wrong, message):
    with pytest.raises(BadArgumentError, match=message):
        Question(**{"factors": ("a", "b", "c"), "seeds": (1, 2), **wrong})


def test_a_run_is_a_mixture_and_a_seed():
    assert Run(A, 1) in {(A, 1): 0.0}
