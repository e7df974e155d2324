"""The file of a sweep, its space and its samplers."""

from __future__ import annotations

import math

import pytest

from gnomon.errors import BadArgumentError, MissingFileError
from gnomon.runs.sweep.command import filled, placeholders
from gnomon.runs.sweep.file import plan_of, read_plan
from gnomon.runs.sweep.samplers import Grid, Random
from gnomon.runs.sweep.space import Choice, Range

TABLE = {"command": "train --lr {lr}", "metric": "auc", "goal": "maximize", "params": {"lr": [0.1, 0.2]}}


def test_a_plan_has_defaults_that_are_written_down_once():
    plan = plan_of(TABLE, "lr.toml")
    assert (plan.name, plan.command, plan.sampler, plan.trials, plan.seeds, plan.parallel) == (
        "lr", ("train", "--lr", "{lr}"), "grid", 2, (), 1,
    )  # fmt: skip
    assert plan.table["name"] == "lr" and plan_of(plan.table, "elsewhere") == plan
    assert (plan.better, plan_of({**TABLE, "goal": "minimize"}, "x").better) == ("higher", "lower")


def test_a_grid_ignores_trials_and_counts_its_points():
    space = {
        "lr": {"from": 1e-4, "to": 1e-1, "scale": "log"},
        "depth": [2, 4, 6],
        "layers": {"from": 1, "to": 4, "kind": "whole"},
    }
    plan = plan_of({**TABLE, "trials": 20, "params": space}, "x")
    assert plan.trials == 5 * 3 * 4
    assert plan.space[0].grid() == pytest.approx((1e-4, 10**-3.25, 10**-2.5, 10**-1.75, 1e-1))
    assert plan.space[2].grid() == (1, 2, 3, 4)


def test_nested_parameters_have_dotted_names():
    plan = plan_of(
        {**TABLE, "params": {"lr": 0.1, "model": {"width": [1, 2], "deep": {"er": [True, False]}}}}, "x"
    )
    assert [one.name for one in plan.space] == ["lr", "model.width", "model.deep.er"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"params": {}}, "`params` in `x.toml` must name what to try"),
        ({"params": {"lr": {"from": 1, "two": 2}}}, "unknown key `params.lr.two`"),
        ({"params": {"lr": {"from": 1}}}, "`params.lr.to` in `x.toml` must be a number; it is not there"),
        ({"params": {"lr": {"from": 2, "to": 1}}}, "must go from the smaller number to the larger one; got 'from 2 to 1'"),
        ({"params": {"lr": {"from": 1.5, "to": 2, "kind": "whole"}}}, "must have whole ends"),
        ({"params": {"lr": {"from": 0.0, "to": 1, "step": 2}}}, "`params.lr.step`"),
        ({"params": {"lr": [math.nan]}}, "must be a number, a text, true or false; got nan"),
        ({"params": {"lr": [1, 1]}}, "must name each value once"),
        ({"params": {"lr": [[1]]}}, "must be a number, a text, true or false; got [1]"),
        ({"params": "lr"}, "`params` in `x.toml` must be a table; got 'lr'"),
        ({"sampler": "bayes"}, '`sampler` in `x.toml` must be one of "grid", "random", "optuna"'),
        ({"sampler": "random"}, "`trials` in `x.toml` must say how many"),
        ({"sampler": "random", "trials": 3, "params": {"lr": [0.1]}}, "leave something to try"),
        ({"sampler": "random", "trials": 10**6}, "100,000 runs at most"),
        ({"seeds": [1, 1]}, "must name each seed once"),
        ({"seeds": [1.5]}, "must be a list of whole numbers; got [1.5]"),
        ({"command": ""}, "`command` in `x.toml` must be a command"),
        ({"command": "train 'x"}, "words as a shell reads them"),
        ({"command": "train {lr"}, "its braces in pairs"),
        ({"command": "train {lr} {seed}"}, "`seed` needs the seeds"),
        ({"command": "train {l}"}, "did you mean `{lr}`?"),
        ({"pruning": {"kind": "mean"}}, '`pruning.kind` in `x.toml` must be one of "median"'),
        ({"pruning": {"after": 0}}, "`pruning.after` in `x.toml` must be a whole number from 1; got 0"),
        ({"timeout": 0}, "`timeout` in `x.toml` must be a length of time above 0; got 0"),
        ({"ray": {"cpu": 1}}, "unknown key `ray.cpu`"),
        ({"ray": {"gpus": -1}}, "`ray.gpus`"),
        ({"parallel": True}, "`parallel` in `x.toml` must be a whole number from 1; got True"),
        ({"goal": None}, "`goal` in `x.toml` must be one of"),
        ({"pick": [1]}, "`pick`"),
        ({"name": "x" * 201}, "200 characters at most"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_value_rule_and_next_step(changes, said):
    with pytest.raises(BadArgumentError) as error:
        plan_of({**TABLE, **changes}, "x.toml")
    assert said in str(error.value)
    assert error.value.hint


def test_files_that_are_no_files(tmp_path):
    with pytest.raises(MissingFileError, match="there is no file"):
        read_plan(str(tmp_path / "none.toml"))
    with pytest.raises(BadArgumentError, match="cannot be read"):
        read_plan(str(tmp_path))
    (tmp_path / "x.toml").write_bytes(b"\xff")
    with pytest.raises(BadArgumentError, match="is no TOML"):
        read_plan(str(tmp_path / "x.toml"))


def test_words_stay_words():
    assert filled(["--name={name}", "{{x}}"], {"name": "a b; rm -rf {lr}"}) == [
        "--name=a b; rm -rf {lr}",
        "{x}",
    ]
    assert filled(["{lr}"], {"lr": 1e-05}) == ["1e-05"] and filled(["{n}"], {"n": 10**15}) == [
        "1000000000000000"
    ]
    assert placeholders("{a}{b.c}") == ["a", "b.c"]
    with pytest.raises(ValueError, match="a single `}`"):
        placeholders("a}")


def test_the_last_parameter_of_a_grid_changes_fastest():
    grid = Grid([Choice("a", (1, 2)), Choice("b", ("x", "y", "z"))])
    assert [grid.params(number) for number in range(3)] == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 1, "b": "z"},
    ]
    assert list(grid.params(5)) == ["a", "b"]


def test_a_draw_of_one_parameter_does_not_depend_on_the_others():
    lr, depth = Range("lr", 0, 1), Choice("depth", (1, 2, 3))
    assert [Random([lr], 3).params(n)["lr"] for n in range(9)] == [
        Random([depth, lr], 3).params(n)["lr"] for n in range(9)
    ]
    assert Random([lr], 3).params(0) != Random([lr], 4).params(0)
    assert len({Random([lr], 3).params(n)["lr"] for n in range(50)}) == 50


def test_whole_numbers_by_size_are_drawn_by_size():
    one = Range("n", 1, 1000, is_log=True, is_whole=True)
    found = [one.drawn(number / 1000) for number in range(1000)]
    assert min(found) == 1 and max(found) > 985 and found == sorted(found)
    assert 15 < sorted(found)[500] < 35  # the middle is the geometric one, √1000
