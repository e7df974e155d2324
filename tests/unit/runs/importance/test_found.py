"""Which runs count for the importance of parameters, and what is said of it."""

import math
import random

import pytest

import gnomon
from gnomon.errors import BadArgumentError, UnknownSubjectError


def train(name="sweep", *, seed=None, status="finished", group=None, params=None, **metrics):
    run = gnomon.run(name, params=params or {}, seed=seed, group=group)
    if metrics:
        run.log(metrics, step=1)
    run.finish(status)
    return run.id


@pytest.fixture
def sweep(project):
    """Thirty configurations in which `lr` matters; ten of them with three seeds."""
    chance = random.Random(1)
    for at in range(30):
        lr = 10 ** chance.uniform(-4, 0)
        params = {"lr": lr, "batch": chance.choice([16, 32, 64]), "fixed": 1, "out": f"runs/{at}", "seed": at}
        for seed in range(3 if at % 3 == 0 else 1):
            train(seed=seed, params=params, auc=0.5 + 0.1 * math.log10(lr) + chance.gauss(0, 0.02))
    return gnomon.open()


def test_seeds_are_one_configuration_and_no_parameter(sweep):
    found = sweep.importance("auc")
    assert (found.runs, found.configurations) == (50, 30)
    assert [one.name for one in found] == ["lr", "batch"]
    assert found.weights[0].verdict == "matters" and found.weights[0].direction == "rises"
    assert dict(found.unexamined) == {"out": "nearly every configuration has a value of its own"}
    assert "`lr` (" in found.sentence and "not cause" in found.sentence


def test_more_seeds_are_no_more_evidence(project):
    """Four configurations whose values differ by chance: a hundred seeds of them make no parameter matter."""
    chance = random.Random(3)
    for lr in (0.1, 0.2, 0.3, 0.4):
        height = chance.random()
        for seed in range(25):
            train(seed=seed, group=f"day-{seed % 2}", params={"lr": lr}, auc=height + chance.gauss(0, 0.001))
    found = gnomon.open().importance("auc")
    assert (found.runs, found.configurations, found.weights) == (100, 4, ())
    assert "Cannot tell" in found.sentence and "it takes 10" in found.sentence


def test_only_finished_runs_with_the_metric_count(sweep):
    train(status="failed", params={"lr": 0.1}, auc=0.9)
    train(params={"lr": 0.1})
    hidden = train(params={"lr": 0.1}, auc=0.9)
    record = gnomon.open()
    record.remove(hidden)
    found = record.importance("metrics.auc", where="params.lr is not missing")
    assert found.runs == 50
    assert "1 run left out: not finished" in found.notes
    assert "1 finished run left out: without `auc`" in found.notes


def test_a_run_without_a_finite_value_counts_as_the_worst(project):
    for at in range(24):
        train(params={"lr": 0.1 if at % 2 else 10.0, "at": at}, auc=0.8 if at % 2 else float("nan"))
        train(params={"lr": 0.1 if at % 2 else 10.0, "at": at}, weird=0.8 if at % 2 else float("inf"))
    record = gnomon.open()
    found = record.importance("auc")
    first = found.weights[0]
    assert (first.name, first.direction, found.configurations) == ("lr", "falls", 24)
    assert [level.middle for level in first.levels] == [0.8, None]
    assert any("count as worse than all others (higher is better, a guess" in note for note in found.notes)
    unknown = record.importance("weird")
    assert unknown.configurations == 12
    assert any("12 runs left out: `weird` is not finite" in note for note in unknown.notes)


@pytest.mark.slow
def test_figures_and_durations_are_metrics_too(sweep):
    assert sweep.importance("auc.min").metric == "auc.min"
    assert sweep.importance("duration").configurations == 30


def test_what_is_unknown_or_wrong_is_said(sweep):
    with pytest.raises(UnknownSubjectError, match=r"no run has a metric `auk`.*\n.*did you mean `auc`"):
        sweep.importance("auk")
    with pytest.raises(BadArgumentError, match="`level`"):
        sweep.importance("auc", level=1.5)


def test_plain_values_say_the_same(sweep):
    found = sweep.importance("auc").to_dict()
    assert found["configurations"] == 30 and found["parameters"][0]["name"] == "lr"
    assert found["parameters"][0]["levels"][0].keys() == {"label", "n", "middle"}
