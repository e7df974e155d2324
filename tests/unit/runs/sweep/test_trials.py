"""What counts of the runs of a trial, who is behind, and how the best is put into words."""

from __future__ import annotations

import pytest

from gnomon.runs.sweep.file import Pruning, plan_of
from gnomon.runs.sweep.pruning import Median, pruner_of
from gnomon.runs.sweep.trials import Attempt, best_of, not_run_again, trials_of
from gnomon.runs.sweep.views import judged
from gnomon.runs.sweep.words import best_words

TABLE = {
    "command": "x",
    "metric": "auc",
    "goal": "maximize",
    "seeds": [1, 2, 3, 4],
    "params": {"lr": [0.1, 0.2, 0.3]},
}
PLAN = plan_of(TABLE, "x")


def run(number, seed, value, status="finished", params=None, id=""):
    return Attempt(id or f"{number:04}{seed:04}", number, params or {"lr": number / 10}, seed, status, value)


def one(*runs):
    (trial,) = trials_of(runs)
    return trial


def test_the_objective_is_the_mean_over_seeds_once_all_have_ended():
    assert one(run(0, 1, 0.1), run(0, 2, 0.2)).objective([1, 2]) == pytest.approx(0.15)
    assert one(run(0, 1, 0.1)).objective([1, 2]) is None and one(run(0, 1, 0.1)).status([1, 2]) == "open"


def test_half_of_the_seeds_are_enough_and_fewer_are_not():
    half = one(run(0, 1, 0.1), run(0, 2, 0.2), run(0, 3, None, "failed"), run(0, 4, None, "timed out"))
    assert (half.objective([1, 2, 3, 4]), half.status([1, 2, 3, 4])) == (pytest.approx(0.15), "finished")
    less = one(run(0, 1, 0.1), *[run(0, seed, None, "failed") for seed in (2, 3, 4)])
    assert (less.objective([1, 2, 3, 4]), less.status([1, 2, 3, 4])) == (None, "failed")


def test_runs_of_one_seed_are_averaged_and_one_that_finished_outweighs_one_that_failed():
    trial = one(
        run(0, 1, 0.1, id="a"),
        run(0, 1, 0.3, id="b"),
        run(0, 1, None, "failed", id="c"),
        run(0, 2, 0.4, id="d"),
    )
    assert trial.objective([1, 2]) == pytest.approx((0.2 + 0.4) / 2)


def test_what_was_stopped_or_cut_off_is_run_again_and_what_failed_only_where_asked():
    trial = one(
        run(0, 1, None, "stopped"), run(0, 2, None, "open"), run(0, 3, None, "failed"), run(0, 4, 0.5)
    )
    assert trial.open_seeds([1, 2, 3, 4]) == [1, 2]
    assert trial.open_seeds([1, 2, 3, 4], retry=True) == [1, 2, 3]


def test_a_pruned_seed_prunes_its_trial():
    trial = one(run(0, 1, 0.1, "pruned"), run(0, 2, 0.9))
    assert (trial.status([1, 2, 3]), trial.open_seeds([1, 2, 3]), trial.objective([1, 2])) == (
        "pruned",
        [],
        None,
    )


def test_one_number_given_apart_to_two_configurations_is_two_trials():
    found = trials_of([run(3, 1, 0.1), run(3, 1, 0.2, params={"lr": 9.0}, id="other")])
    assert [trial.label for trial in found] == ["3", "3b"]
    assert sorted(trial.objective([1]) for trial in found) == [0.1, 0.2]


def test_the_best_is_that_of_the_goal_and_of_equal_ones_the_first():
    trials = trials_of([run(0, 1, 0.5), run(1, 1, 0.7), run(2, 1, 0.7)])
    assert best_of(trials, [1], highest=True).number == 1 and best_of(trials, [1], highest=False).number == 0
    assert best_of([], [1], highest=True) is None


def words(*values, seeds=(1, 2, 3, 4), **more):
    trials = trials_of(
        [run(n, seed, value) for n, row in enumerate(values) for seed, value in zip(seeds, row, strict=False)]
    )
    plan = plan_of({**TABLE, "seeds": list(seeds[: len(values[0])])}, "x") if values else PLAN
    return best_words(trials, plan, judged(trials, plan), **more)


def test_what_does_not_vary_between_seeds_is_not_called_noise():
    """Three seeds that give one value each leave no noise, and yet too few seeds to tell it from chance."""
    told = words([0.1] * 3, [0.3] * 3, [0.2] * 3)
    assert "cannot be told from 2 of the 2 others" in told
    assert told.endswith("no spread at all between seeds: too few seeds to tell that from chance")
    unread = words([0.1] * 3, [0.3] * 3, [0.2] * 3, is_seed_unread=True)
    assert unread.endswith(
        "no spread at all between seeds, and nothing read the seed: further seeds tell nothing"
    )
    assert words([0.1] * 3, [0.1] * 3).endswith("(trial 1): the values are the same")
    mixed = words([0.1, 0.9, 0.4], [0.8, 0.8, 0.8], [0.8, 0.8, 0.8])
    assert mixed.endswith("the noise between seeds could explain it")


def test_the_best_is_claimed_only_where_noise_does_not_explain_it():
    assert words() == "no trial has finished"
    assert "it is the only one that finished" in words([0.1, 0.2, 0.3, 0.4])
    assert "cannot be told" in words([0.5], [0.9])  # one seed
    clear = words([0.10, 0.11, 0.12, 0.10], [0.90, 0.91, 0.92, 0.90], [0.20, 0.21, 0.22, 0.20])
    assert (
        "best mean: trial 1 (lr=0.1), auc 0.907 [0.896, 0.919] (4 seeds)" in clear
        and "better than each of the 2 others" in clear
    )
    noise = words([0.1, 0.9, 0.4, 0.6], [0.2, 0.8, 0.5, 0.7], [0.8, 0.3, 0.5, 0.2])
    assert "cannot be told from 2 of the 2 others (trials 0, 2)" in noise and "better" not in noise


@pytest.mark.parametrize("kind", ["median", "halving", "hyperband"])
def test_pruners_need_enough_finished_curves_of_the_same_seed(kind):
    if kind != "median":
        pytest.importorskip("optuna", reason="the extra `sweep` is not installed")
    pruner = pruner_of(plan_of({**TABLE, "pruning": {"kind": kind, "after": 2, "trials": 2}}, "x"))
    steps = list(range(20))
    bad = [0.01] * 20
    for number in range(8):
        pruner.take(f"good{number}", 1, steps, [0.9 + number / 100] * 20)
    stopped = [
        next(
            (upto for upto in range(1, 20) if pruner.is_behind(f"bad{number}", 1, steps[:upto], bad[:upto])),
            None,
        )
        for number in range(12)
    ]
    assert any(stopped) and all(
        upto is None or upto >= 2 for upto in stopped
    )  # Hyperband gives some of them a longer way
    assert not any(
        pruner.is_behind("alone", 2, steps[:upto], bad[:upto]) for upto in range(1, 20)
    )  # another seed
    pruner.drop("bad0")


def test_the_median_looks_at_the_same_step_and_at_the_best_so_far():
    rule = Median(Pruning("median", after=1, trials=1), highest=False)
    rule.take("a", None, [0, 10, 20], [1.0, 0.5, 0.1])
    assert rule.is_behind("b", None, [0, 10], [2.0, 0.6])
    assert not rule.is_behind("b", None, [0, 9], [2.0, 0.6])  # at step 9 the other one still had 1.0
    assert not rule.is_behind("b", None, [0, 10, 20], [0.05, 9.0, 9.0])  # it was better once
    assert not rule.is_behind("b", None, [0, 30], [2.0, 2.0])  # nobody came so far
    assert rule.is_behind("b", None, [0, 10], [float("nan")] * 2)


def test_a_run_that_was_cut_short_and_run_again_does_not_count():
    said = [(1, "stopped"), (1, "finished"), (2, "stopped"), (3, "open"), (3, "failed"), (4, "open")]
    attempts = [Attempt(f"{nth:020x}", 0, {}, seed, status=status) for nth, (seed, status) in enumerate(said)]
    assert [(one.seed, one.status) for one in not_run_again(attempts)] == [
        (1, "finished"), (2, "stopped"), (3, "failed"), (4, "open")
    ]  # fmt: skip
