"""Comparing runs: what differs, and metrics side by side."""

from __future__ import annotations

import math

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError, UsageError
from gnomon.runs.compare.at import area, parse_at, value_at_step
from gnomon.runs.compare.direction import guess
from gnomon.runs.compare.facts import differences, is_same, without_seeds


def train(name="net", *, seed=1, lr=0.1, height=0.0, steps=5, group=None, **params):
    with gnomon.run(name, params={"lr": lr, **params}, seed=seed, group=group) as run:
        for step in range(steps):
            run.log(
                {"loss": height + 1.0 / (1 + step), "acc": 0.5 + step / 10, "odd": float(step)}, step=step
            )
    return run.id


def compare(*runs, **options):
    return gnomon.open().compare(*runs, **options)


def test_two_runs_that_do_not_differ_are_said_to_be_equal(project):
    found = compare(train(), train())
    assert found.is_same and not found.is_pair_of_seeds
    assert found.sentence.startswith("nothing that is recorded differs")
    assert "not recorded: Python, packages, machine, code of all" in found.sentence  # capture is off in tests


def test_a_pair_of_seeds_is_called_so(project):
    found = compare(train(seed=1), train(seed=2))
    assert found.is_pair_of_seeds and found.sentence.startswith("a pair of seeds")
    assert found.seeds.differ == {"seed": [1, 2]}


def test_parameters_that_are_seeds_do_not_hide_a_pair_of_seeds(project):
    found = compare(train(seed=1, data={"random_state": 4}), train(seed=2, data={"random_state": 5}))
    assert found.is_pair_of_seeds and found.params.differ == {}
    assert found.seeds.differ == {"seed": [1, 2], "data.random_state": [4, 5]}


def test_parameters_that_differ_stand_with_all_values(project):
    found = compare(train(lr=0.1, depth=3), train(lr=0.2, depth=3), train(lr=0.1, depth=3, wide=True))
    assert found.params.differ == {"lr": [0.1, 0.2, 0.1], "wide": [None, None, True]}
    assert found.params.agree == 1 and found.differs_in == ("params",)
    assert found.sentence.startswith("they differ in 2 parameters (lr, wide)")


def test_metrics_stand_side_by_side_with_the_difference_to_the_first(project):
    found = compare(train(), train(height=2.0))
    rows = {row.name: row for row in found.metrics}
    assert rows["loss"].values == (0.2, 2.2) and rows["loss"].differences == (2.0,)
    assert rows["acc"].values == (0.9, 0.9) and rows["acc"].differences == (0.0,)


@pytest.mark.parametrize(
    ("at", "loss", "acc", "odd"),
    [
        ("last", 0.2, 0.9, 4.0),
        ("best", 0.2, 0.9, None),
        ("step=2", 1 / 3, 0.7, 2.0),
        ("step=99", 0.2, 0.9, 4.0),
        ("area", (1 / 2 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 10) / 4, 0.7, 2.0),
    ],
)
def test_a_metric_is_looked_at_where_one_says(project, at, loss, acc, odd):
    found = compare(train(), train(), at=at)
    for name, value in (("loss", loss), ("acc", acc), ("odd", odd)):
        (row,) = [row for row in found.metrics if row.name == name]
        assert row.values == (value, value) if value is None else row.values == pytest.approx((value, value))


def test_a_step_before_all_others_is_an_error_that_names_the_rule(project):
    with pytest.raises(
        UnknownSubjectError, match=r"logged anything at step=-1 or before(?s:.*)at the last step before it"
    ):
        compare(train(), train(), at="step=-1")
    with gnomon.run("late") as late:
        late.log(loss=1.0, step=7)
    found = compare(train(), late.id, at="step=2", metrics=["loss"])
    assert found.metrics[0].values == (1 / 3, None)
    with gnomon.run("without") as one, gnomon.run("without") as other:
        pass
    assert compare(one.id, other.id, at="step=2").metrics == ()


def test_best_of_a_metric_without_a_direction_needs_one(project):
    rows = {
        row.name: row for row in compare(train(), train(), at="best", better="lower", metrics=["odd"]).metrics
    }
    assert list(rows) == ["odd"] and rows["odd"].values == (0.0, 0.0) and not rows["odd"].is_guessed


def test_metrics_are_chosen_by_name_and_pattern(project):
    a, b = train(), train()
    assert [row.name for row in compare(a, b, metrics=["l*", "odd"]).metrics] == ["loss", "odd"]
    assert [row.name for row in compare(a, b, metrics="acc").metrics] == ["acc"]
    with pytest.raises(UnknownSubjectError, match="none of these runs has a metric `los`"):
        compare(a, b, metrics=["los"])


def test_series_of_the_system_are_left_out_unless_asked_for(project):
    with gnomon.run("a") as a, gnomon.run("b") as b:
        for run in (a, b):
            run.log({"loss": 1.0, "system/cpu_percent": 3.0})
    assert [row.name for row in compare(a.id, b.id).metrics] == ["loss"]
    assert [row.name for row in compare(a.id, b.id, metrics=["system/*"]).metrics] == ["system/cpu_percent"]


def test_groups_of_seeds_are_compared_by_their_means(project):
    for seed in (1, 2, 3):
        train(seed=seed, group="low", height=seed / 100)
        train(seed=seed, group="high", height=1 + seed / 100, lr=0.5)
    found = compare("low", "high", metrics=["loss"])
    (row,) = found.metrics
    assert [one.n for one in row.values] == [3, 3]
    assert row.differences[0] == pytest.approx(1.0)
    assert found.params.differ == {"lr": [0.1, 0.5]} and "seed" not in found.differs_in
    assert [one.runs for one in found.runs] == [3, 3]


def test_kept_files_are_compared_by_their_bytes(project):
    ids = []
    for text in ("one", "two"):
        (project / "data.csv").write_text(text)
        (project / "same.csv").write_text("same")
        with gnomon.run("r") as run:
            run.keep("data.csv")
            run.keep("same.csv")
        ids.append(run.id)
    found = compare(*ids)
    assert list(found.kept.differ) == ["data.csv"] and found.kept.agree == 1
    assert found.to_dict()["data"]["versions"] == {"differ": {}, "agree": 0}


def test_wrong_questions_are_refused(project):
    run, other = train(), train()
    with pytest.raises(UsageError, match="needs two runs or more; got 1"):
        compare(run)
    with pytest.raises(BadArgumentError, match="given twice"):
        compare(run, run[:12])
    with pytest.raises(BadArgumentError, match="at most 20"):
        compare(*[run] * 21)
    with pytest.raises(UnknownSubjectError, match="no group of seeds is called so"):
        compare(run, "nobody")
    with pytest.raises(BadArgumentError, match="`at` must be"):
        compare(run, other, at="first")
    with pytest.raises(BadArgumentError, match="'higher' or 'lower'"):
        compare(run, other, better="more")


def test_a_label_over_several_configurations_is_ambiguous(project):
    for lr in (0.1, 0.2):
        train(group="both", lr=lr)
    with pytest.raises(AmbiguousIdError, match=r"`both lr=0\.1`"):
        compare("both", "both lr=0.1")


@pytest.mark.parametrize("text", ["", "first", "step=", "step=x", "step=1.5", "step=" + "9" * 30, "STEP=1"])
def test_where_to_look_is_read_strictly(text):
    with pytest.raises(BadArgumentError):
        parse_at(text)


def test_values_at_steps_and_areas_of_hand_worked_cases():
    assert value_at_step([0, 10], [1.0, 2.0], 9) == 1.0
    assert value_at_step([], [], 9) is None
    assert area([0, 10], [0.0, 1.0]) == 0.5
    assert area([0, 1, 10], [1.0, math.nan, 1.0]) == 1.0
    assert area([3, 3], [1.0, 2.0]) == 1.5
    assert area([0, 1], [1e308, 1e308]) == 1e308


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("loss", "lower"),
        ("val_loss", "lower"),
        ("valLoss", "lower"),
        ("RMSE", "lower"),
        ("test/accuracy", "higher"),
        ("acc@5", "higher"),
        ("f1", "higher"),
        ("mAP", "higher"),
        ("map50", "higher"),
        ("auc_loss", "lower"),
        ("neg_mean_squared_error", "higher"),
        ("epoch", None),
        ("glossary", None),
        ("", None),
    ],
)
def test_which_way_is_better_is_guessed_from_whole_words(name, way):
    assert guess(name) == way


def test_values_are_the_same_where_they_say_the_same():
    assert is_same(1, 1.0) and is_same(math.nan, math.nan) and is_same("a", "a")
    assert not is_same(1, True) and not is_same(1, "1") and not is_same(None, 0)
    assert differences([{"a": 1}, {"a": 1, "b": 2}]).differ == {"b": [None, 2]}


@pytest.mark.parametrize(
    ("command", "without"),
    [
        ("python t.py --seed 3", "python t.py"),
        ("python t.py --seed=3 --lr 1", "python t.py --lr 1"),
        ("python t.py train.random_state=7", "python t.py"),
        ("python seed.py", "python seed.py"),
        ("python t.py --seeds 3", "python t.py --seeds 3"),
    ],
)
def test_a_command_without_its_seed(command, without):
    assert without_seeds(command) == without


def test_a_curve_that_ends_in_nan_has_no_area_and_is_no_missing_value():
    assert math.isnan(area([0, 1, 2], [1.0, 1.0, math.nan]))
    assert math.isnan(area([0], [math.inf]))
    assert area([], []) is None


def test_a_run_that_never_had_a_finite_value_failed_and_is_not_without_one(project):
    for seed, losses in enumerate([(math.nan, math.nan), (0.5, math.nan), (0.5, 0.4)]):
        with gnomon.run("net", seed=seed, group="g") as run:
            for step, loss in enumerate(losses):
                run.log({"loss": loss}, step=step)
    with gnomon.run("net", seed=9, group="g") as run:
        run.log({"other": 1.0}, step=1)
    record = gnomon.open()
    failed = {
        at: record.compare_groups("loss", at=at).rows[0].standing.failed
        for at in ("last", "best", "area", "step=0", "step=1")
        if record.compare_groups("loss", at=at).rows
    }
    assert failed == {"best": 1, "step=0": 1}
    # at the other places only one seed of three has a finite value: there is nothing to judge
    for at in ("last", "area", "step=1"):
        found = record.compare_groups("loss", at=at)
        assert [(row.standing.n, row.standing.failed) for row in found.unjudged] == [(1, 2)]
        assert "1 of 4 runs of `g`" in " ".join(found.notes)


def test_rows_say_at_which_steps_their_values_are(project):
    found = compare(train(steps=5), train(steps=3))
    (row,) = [row for row in found.metrics if row.name == "loss"]
    assert row.steps == (4, 2) and row.is_uneven and not row.is_same
    assert row.to_dict()["last_steps"] == [4, 2]
    found = compare(train(steps=5), train(steps=3), at="step=2")
    assert not any(row.is_uneven for row in found.metrics) and found.notes == ()
