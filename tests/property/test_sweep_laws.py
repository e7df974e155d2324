"""Laws of sweeps: samplers, folds, and what a record says of a sweep, whatever order it came in."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.features import declare_features
from gnomon.runs.sweep import entries
from gnomon.runs.sweep.file import plan_of
from gnomon.runs.sweep.samplers import Grid, Random
from gnomon.runs.sweep.space import Choice, Range, grid_size
from gnomon.runs.sweep.state import SWEEP, TRIAL, fold_sweep, fold_trial
from gnomon.runs.sweep.trials import Attempt, trials_of
from tests.property.laws import different_answers
from tests.unit.record.made_record import MadeLog

pytestmark = pytest.mark.slow

declare_features()
quick = settings(
    phases=[Phase.generate, Phase.shrink], deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)  # fmt: skip
SWEEPS = [f"{number:020x}" for number in (1, 2)]
RUNS = [f"{number:020x}" for number in range(3, 7)]
statuses = st.sampled_from([*entries.ENDINGS, "open"])
rows_of_runs = st.tuples(
    st.sampled_from(RUNS), st.integers(0, 2), st.integers(1, 3), statuses, st.floats(-1, 1)
)
values = st.one_of(st.integers(-5, 5), st.floats(-5, 5), st.booleans(), st.sampled_from(["adam", "sgd"]))


@st.composite
def dimensions(draw, name):
    kind = draw(st.sampled_from(["choice", "whole", "log", "linear", "log whole"]))
    if kind == "choice":
        found = draw(st.lists(values, min_size=1, max_size=4, unique_by=lambda one: (type(one), one)))
        return Choice(name, tuple(found))
    low = draw(st.integers(1, 20))
    high = low + draw(st.integers(1, 30))
    if kind == "whole":
        return Range(name, low, high, is_whole=True, step=draw(st.integers(1, 7)))
    points = draw(st.none() | st.integers(1, 6))
    return Range(name, low, high, "log" in kind, "whole" in kind, points=points)


@st.composite
def spaces(draw):
    return [draw(dimensions(name)) for name in "abc"[: draw(st.integers(1, 3))]]


def inside(one, value) -> bool:
    if isinstance(one, Choice):
        return any(value == known and type(value) is type(known) for known in one.values)
    is_step = not one.is_whole or (isinstance(value, int) and (value - one.low) % one.step == 0)
    return one.low <= value <= one.high and is_step


@settings(quick, max_examples=examples(100))
@given(spaces())
def test_a_grid_covers_the_product_once(space):
    grid = Grid(space)
    found = [grid.params(number) for number in range(grid.size)]
    keys = {tuple((type(value), value) for value in params.values()) for params in found}
    assert len(keys) == len(found) == grid_size(space) == math.prod(len(one.grid()) for one in space)
    for one in space:
        assert {(type(p[one.name]), p[one.name]) for p in found} == {(type(v), v) for v in one.grid()}
        assert all(inside(one, params[one.name]) for params in found)


@settings(quick, max_examples=examples(100))
@given(
    spaces(),
    st.integers(0, 1000),
    st.lists(st.integers(0, 500), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
)
def test_random_draws_depend_on_seed_and_number_alone(space, seed, numbers, random):
    one, other = Random(space, seed), Random(space, seed)
    expected = {number: one.params(number) for number in numbers}
    for number in random.sample(
        numbers, len(numbers)
    ):  # in another order, by another sampler, as after a resume
        assert other.params(number) == expected[number]
        assert all(inside(dimension, expected[number][dimension.name]) for dimension in space)


@settings(quick, max_examples=examples(60))
@given(st.lists(rows_of_runs, max_size=14), st.randoms(use_true_random=False))
def test_the_order_of_runs_makes_no_difference(rows, random):
    attempts = [
        Attempt(f"{run}{place}", number, {"lr": number}, seed, status, value)
        for place, (run, number, seed, status, value) in enumerate(rows)
    ]
    shuffled = random.sample(attempts, len(attempts))
    seeds = (1, 2, 3)
    one, other = trials_of(attempts), trials_of(shuffled)
    assert [(t.label, t.status(seeds), t.objective(seeds), t.open_seeds(seeds)) for t in one] == [
        (t.label, t.status(seeds), t.objective(seeds), t.open_seeds(seeds)) for t in other
    ]
    for trial in one:
        objective = trial.objective(seeds)
        assert (objective is not None) == (trial.status(seeds) == "finished")
        if objective is not None:
            assert 2 * len(trial.values(seeds)) >= len(seeds)


@st.composite
def bodies(draw):
    """Subject, kind and body, now and then an odd one."""
    odd = st.sampled_from([None, 3, -1, "x", [], {}, float("nan"), float("inf"), True, 2**60])
    if draw(st.booleans()):
        file = {"command": "x", "metric": "a", "goal": "maximize", "trials": draw(st.integers(1, 9)),
                "seeds": draw(st.lists(st.integers(1, 4), unique=True)), "params": {"lr": [1, 2]}}  # fmt: skip
        if draw(st.integers(0, 4)) == 0:
            file[draw(st.sampled_from(["seeds", "trials", "params"]))] = draw(odd)
        body = {
            "name": draw(st.sampled_from(["a", "\x1b[31m", 3, None])),
            "file": draw(st.sampled_from([file, file, file, None, 3])),
        }
        return entries.sweep_subject(draw(st.sampled_from(SWEEPS))), entries.MADE, body
    body = {
        "sweep": draw(st.sampled_from(SWEEPS)), "number": draw(st.integers(0, 3)), "params": {"lr": draw(st.integers(1, 2))},
        "seed": draw(st.integers(1, 3)), "status": draw(st.sampled_from(entries.ENDINGS)), "value": draw(st.floats(-1, 1)),
        "why": "it failed", "duration_s": 1.5, "step": 3,
    }  # fmt: skip
    if draw(st.integers(0, 3)) == 0:
        body[draw(st.sampled_from(sorted(body)))] = draw(odd)
    return (
        entries.trial_subject(draw(st.sampled_from(RUNS))),
        draw(st.sampled_from([entries.BEGUN, entries.ENDED])),
        body,
    )


@st.composite
def histories(draw):
    logs = [
        MadeLog(number, time_us=draw(st.integers(0, 20)) * 1_000)
        for number in range(1, draw(st.integers(2, 4)) + 1)
    ]
    written: dict[str, list[str]] = {}
    for _ in range(draw(st.integers(3, 14))):
        log = draw(st.sampled_from(logs))
        if not log.lines:
            log.add("log.opened", f"log:{log.id}")
        subject, kind, body = draw(bodies())
        known = written.setdefault(subject, [])
        over = draw(st.lists(st.sampled_from(known), max_size=2, unique=True)) if known else []
        known.append(log.add(kind, subject, body, over=over))
    return [log for log in logs if log.lines]


@settings(quick, max_examples=examples(60))
@given(histories(), st.randoms(use_true_random=False))
def test_order_grouping_and_repetition_make_no_difference(logs, random):
    assert len(different_answers(logs, random)) == 1


class Entry:
    """What a fold asks of an entry."""

    def __init__(self, number, kind, body):
        self.hash, self.kind, self.body, self.time_us, self.author = (
            f"{number:064x}",
            kind,
            body,
            number % 3,
            None,
        )
        self.digest = bytes.fromhex(self.hash)


@settings(quick, max_examples=examples(100))
@given(st.lists(bodies(), max_size=6), st.randoms(use_true_random=False))
def test_folds_never_raise_and_their_order_makes_no_difference(said, random):
    live = [Entry(number, kind, body) for number, (_, kind, body) in enumerate(said)]
    for fold, feature in ((fold_sweep, SWEEP), (fold_trial, TRIAL)):
        state = fold(random.sample(live, len(live)))
        assert state == fold(live)
        json.dumps(state)
        dict(feature.cells("a" * 20, state, {}))
        list(feature.texts(state))


def test_two_who_extend_apart_have_the_trials_and_seeds_of_both():
    made = [
        {"name": "a", "file": {"trials": 9, "seeds": [3, 1]}},
        {"name": "a", "file": {"trials": 5, "seeds": [2]}},
    ]
    live = [Entry(number, entries.MADE, body) for number, body in enumerate(made)]
    assert fold_sweep(live)["file"] == {"trials": 9, "seeds": [2, 1, 3]}


@settings(quick, max_examples=8)
@given(st.integers(0, 100), st.integers(1, 5))
def test_optuna_proposes_the_same_with_and_without_a_resume(seed, stop):
    pytest.importorskip("optuna", reason="the extra `sweep` is not installed")
    from gnomon.runs.sweep.optuna_sampler import Tpe

    plan = plan_of(
        {"command": "x", "metric": "a", "goal": "minimize", "sampler": "optuna", "trials": 8, "sampler_seed": seed,
         "seeds": [1, 2], "params": {"lr": {"from": 1e-4, "to": 1.0, "scale": "log"},
                                     "n": {"from": 1, "to": 9, "kind": "whole"}, "o": ["a", "b"]}},
        "x",
    )  # fmt: skip

    def go(resumed_at):
        attempts: list[Attempt] = []
        sampler = Tpe(plan, [])
        for number in range(8):
            if number == resumed_at:
                sampler = Tpe(plan, trials_of(attempts))
            params = sampler.params(number)
            value = abs(math.log(params["lr"]) + 3) + params["n"]
            attempts += [
                Attempt(f"{number}-{one}", number, params, one, "finished", value + one) for one in (1, 2)
            ]
            sampler.tell(trials_of(attempts)[number])
        return [one.params for one in trials_of(attempts)]

    assert go(stop) == go(None)
