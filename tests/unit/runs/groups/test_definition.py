"""Which runs are a group of seeds, what it is called, and its mean and spread."""

from __future__ import annotations

import math

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, BadExpressionError, UnknownSubjectError
from gnomon.runs.groups.configuration import is_seed_like
from gnomon.runs.groups.definition import find_group, seed_groups
from gnomon.runs.groups.naming import named, without_seed
from gnomon.runs.groups.siblings import siblings, standings
from gnomon.runs.groups.spread import Spread, count_of, shown, spread_of


def train(name="net", *, params=None, seed=None, group=None, status="finished", **values):
    run = gnomon.run(name, params=params, seed=seed, group=group)
    run.log(values or {"loss": 1.0})
    run.finish(status)
    return run.id


def groups(where=None):
    return {one.name: one for one in seed_groups(gnomon.open(), where)}


def test_equal_parameters_and_another_seed_are_one_group(project):
    ids = [train(f"net-{seed}", params={"lr": 0.1, "seed": seed}, seed=seed) for seed in (1, 2, 3)]
    (one,) = groups().values()
    assert (one.name, one.runs, one.seeds, one.params) == ("net", tuple(ids), (1, 2, 3), {"lr": 0.1})


def test_one_label_over_several_configurations_is_several_groups(project):
    for lr in (0.1, 0.2):
        for seed in (1, 2):
            train(params={"lr": lr, "depth": 6}, seed=seed, group="depth-6")
    train(params={"lr": 0.1, "depth": 6}, seed=3, group="other")
    assert {name: len(one) for name, one in groups().items()} == {
        "depth-6 lr=0.1": 2,
        "depth-6 lr=0.2": 2,
        "other": 1,
    }


def test_a_seed_that_is_a_parameter_only_counts(project):
    for seed in (1, 2):
        train(params={"lr": 0.1, "model": {"random_state": seed}})
    assert [one.seeds for one in groups().values()] == [(1, 2)]


def test_runs_with_a_name_only_go_by_it_without_the_seed(project):
    for seed in (1, 2):
        train(f"mlp-64-{seed}", seed=seed)
        train(f"mlp-32-s{seed}", seed=seed)
    train("mlp-64")
    assert {name: len(one) for name, one in groups().items()} == {"mlp-64": 3, "mlp-32": 2}


def test_runs_without_anything_are_alone(project):
    for _ in range(2):
        train(None)
    assert [len(one) for one in groups().values()] == [1, 1]


def test_what_does_not_count_is_counted_apart(project):
    params = {"lr": 0.1}
    for seed, status in enumerate(("finished", "failed", "stopped", "finished", "finished")):
        last = train(params=params, seed=seed, status=status)
    gnomon.open().remove(last)
    train("hidden", params={"lr": 9}, seed=1)
    gnomon.open().remove(next(iter(groups("params.lr = 9").values())).runs[0])
    with gnomon.run("net", params=params, seed=7):
        (one,) = groups().values()
    assert one.seeds == (0, 3) and one.apart == {"failed": 1, "stopped": 1, "hidden": 1, "running": 1}


def test_a_filter_chooses_runs_and_keeps_names(project):
    for lr in (0.1, 0.2):
        for seed in (1, 2, 3):
            train(params={"lr": lr}, seed=seed, group="g")
    assert {name: one.seeds for name, one in groups("seed > 1 and params.lr = 0.2").items()} == {
        "g lr=0.2": (2, 3)
    }
    assert groups("params.lr > 5") == {}
    with pytest.raises(BadExpressionError):
        groups("params.lr >")


def test_one_number_in_two_kinds_is_one_configuration_and_so_is_nan(project):
    for value in (1, 1.0):
        train(params={"x": value, "y": math.nan})
    train(params={"x": 2, "y": math.nan})
    assert sorted(len(one) for one in groups().values()) == [1, 2]


def test_long_parameters_that_differ_at_their_end_are_two_configurations(project):
    for end in "ab":
        train(params={"prompt": "word " * 100 + end})
    assert [len(one) for one in groups().values()] == [1, 1]


def test_more_parameters_than_are_read_at_a_time_all_count(project):
    many = {f"p{number:03}": number for number in range(150)}
    for last in (1, 1, 2):
        train(params={**many, "z": last})
    assert sorted(len(one) for one in groups().values()) == [1, 2]
    assert all(len(one.params) == 151 for one in groups().values())


def test_hostile_names_and_labels_stay_apart(project):
    for label in ("\x1b[31m", "a lr=1", "a", ""):
        train(params={"lr": 1}, group=label)
    train(params={"lr": 2}, group="a")
    names = list(groups())
    assert len(set(names)) == len(names) == 5


def test_no_two_groups_share_a_name():
    assert named(["a", "a lr=1", "a"], [{"lr": 1}, {}, {"lr": 2}], ["1" * 20, "2" * 20, "3" * 20]) == [
        "a lr=1 (11111111)", "a lr=1 (22222222)", "a lr=2",
    ]  # fmt: skip


def test_a_name_says_no_more_than_it_needs():
    params = [
        {"a": number % 2, "b": number, "c": 7, "d": number % 3, "e": number % 5} for number in range(12)
    ]
    assert named([""] * 12, params, ["x"] * 12)[3] == "b=3"


@pytest.mark.parametrize(
    ("name", "seed", "without"),
    [
        ("trees-8-3", 3, "trees-8"),
        ("trees-8-03", 3, "trees-8"),
        ("trees-00", 0, "trees"),
        ("trees-83", 3, "trees-83"),
        ("mlp-64", None, "mlp-64"),
        ("net seed=7", None, "net"),
        ("net_s7", 7, "net"),
        ("boss7", 7, "boss"),
        ("7", 7, "7"),
        ("seed7", 7, "seed7"),
        ("", 7, ""),
    ],
)
def test_a_name_without_its_seed(name, seed, without):
    assert without_seed(name, seed) == without


def test_seeds_are_known_by_their_names():
    assert all(map(is_seed_like, ("seed", "a.b.Seed", "torch_seed", "random-state", "randomState", "rng")))
    assert not any(map(is_seed_like, ("seeds", "n_seeds", "seed.lr", "state", "string")))


def test_a_group_is_found_by_name_or_by_a_label_that_one_group_has(project):
    for lr in (0.1, 0.2):
        train(params={"lr": lr}, group="two")
    train(params={"lr": 0.1}, group="one")
    found = seed_groups(gnomon.open())
    assert find_group(found, "one").label == "one"
    assert find_group(found, "two lr=0.2").params == {"lr": 0.2}
    with pytest.raises(AmbiguousIdError, match="label of 2 groups"):
        find_group(found, "two")
    with pytest.raises(UnknownSubjectError, match="there is no group of seeds `thre`"):
        find_group(found, "thre")


def test_spread_of_hand_worked_cases():
    assert spread_of([1.0, 3.0], [1, 2]) == Spread(2, 2.0, math.sqrt(2), 0)
    assert spread_of([1.0, 3.0, 5.0], [1, 2, 2]) == Spread(2, 2.5, math.sqrt(4.5), 0)
    assert spread_of([1.0, 3.0], [None, None]).n == 2
    assert spread_of([1.0, math.nan, None, math.inf], [1, 2, 3, 4]) == Spread(1, 1.0, None, 2)
    assert spread_of([], []) == Spread(0, None, None, 0)
    assert spread_of([1e308, 10**400, 1.0], [1, 2, 3]) == Spread(1, 1.0, None, 2)
    assert spread_of([1.0, math.nan, 3.0], [1, 1, 2]) == Spread(1, 3.0, None, 1)
    assert str(spread_of([1.0, 3.0, math.nan], [1, 2, 3])) == "2.0 ± 1.4 (2 of 3)"
    assert str(spread_of([math.nan], [1])) == "0 of 1 finite"


def test_seeds_and_runs_are_counted():
    assert str(count_of([0, 1, 2])) == "3 seeds"
    assert str(count_of([0, 1, 0, 0, 1])) == "2 seeds, 5 runs (seed 0 3 times, seed 1 twice)"
    assert count_of([None, None, [1], [1]]).seeds == 3
    assert count_of([]).seeds == 0


def test_spread_counts_as_the_judge_does():
    from gnomon.runs.groups.judge import Sample, judge

    values, seeds = (1.0, 2.0, 4.0, math.nan, 9.0), (1, 1, 2, 3, None)
    mine = spread_of(values, seeds)
    other = judge([Sample("a", values, seeds)], better="higher").standings[0]
    assert (mine.n, mine.failed) == (other.n, other.failed) == (3, 1)
    assert (mine.mean, mine.spread) == pytest.approx((other.mean, other.spread))


def test_a_spread_that_is_rounding_is_none():
    found = spread_of([0.95, 0.95 + 1.2e-16, 0.95 + 2.4e-16, math.nan], range(4))
    assert found.spread == 0 and str(found) == "0.95 ± 0 (3 of 4)"
    assert spread_of([1e9, 1e9 + 1e-3], range(2)).spread > 0
    assert spread_of([0.0, 0.0], range(2)).spread == 0


def test_digits_follow_the_spread():
    assert shown(0.123456, 0.0123) == "0.123 ± 0.012"
    assert shown(1234.5, 67.8) == "1234 ± 68"
    assert shown(1e-9, 1e-12) == "1e-09 ± 1e-12"


# ---------------------------------------------------------------- the table


def test_the_table_has_means_and_can_be_sorted_by_them(project):
    for group, heights in (("low", (1.0, 2.0)), ("high", (5.0, 7.0)), ("mid", (3.0, 3.0, 3.0))):
        for seed, height in enumerate(heights):
            train(group=group, seed=seed, params={"p": group}, loss=height)
    record = gnomon.open()
    table = record.groups(sort="metrics.loss")
    assert [one.name for one in table] == ["high", "mid", "low"]
    assert table.column("metrics.loss")[0] == Spread(2, 6.0, math.sqrt(2), 0)
    assert [one.name for one in record.groups(sort="n", limit=1)] == ["mid"]
    assert [one.name for one in record.groups(sort="params.p")] == ["high", "low", "mid"]
    assert len(record.groups(limit=1)) == 1 and record.groups(limit=1).total == 3
    assert record.groups(columns=["name", "nope"]).unknown == ["nope"]
    assert record.groups(sort="metrics.loss").to_dict()["groups"][0]["metrics"]["loss"]["mean"] == 6.0
    with pytest.raises(BadArgumentError):
        record.groups(limit=-1)
    with pytest.raises(BadExpressionError):
        record.groups(sort="nonsense")


def test_an_empty_record_has_no_groups(project):
    gnomon.run("a").finish("failed")
    record = gnomon.open()
    assert [(len(one), one.apart) for one in record.groups()] == [(0, {"failed": 1})]


# ---------------------------------------------------------------- one run among its seeds


def test_a_run_knows_its_seeds_as_the_groups_do(project):
    ids = [
        train("x", params={"lr": lr, "n": math.nan, "seed": seed}, seed=seed, group=group, loss=float(seed), auc=lr)
        for group in ("g", None) for lr in (0.1, 0.2) for seed in (1, 2, 3)
    ] + [train(f"plain-{seed}", seed=seed) for seed in (1, 2)]  # fmt: skip
    train("x", params={"lr": 0.1, "n": math.nan}, seed=9, group="g", status="failed")
    record = gnomon.open()
    by_run = {run: one for one in seed_groups(record) for run in one.runs}
    for run in ids:
        found = siblings(record, run)
        assert (found.runs, found.seeds, found.apart) == (
            by_run[run].runs,
            by_run[run].seeds,
            by_run[run].apart,
        )
    third = {one.metric: one for one in standings(record, siblings(record, ids[2]), ids[2])}
    assert (third["loss"].place, third["loss"].spread.mean) == (3, 2.0)


def test_a_run_alone_has_no_seeds_to_lie_among(project):
    run = train(params={"lr": 0.1}, seed=1)
    train(params={"lr": 0.2}, seed=1)
    assert siblings(gnomon.open(), run) is None
