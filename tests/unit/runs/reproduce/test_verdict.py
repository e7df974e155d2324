"""The verdict of a repeat: what counts as the same, as rounding, as within the spread of its seeds."""

from __future__ import annotations

import math

import pytest

import gnomon
from gnomon.runs import entries
from gnomon.runs.actions import write
from gnomon.runs.reproduce.verdict import compare, is_time
from gnomon.runs.reproduce.views import made_again


def made(seed, values, group="g", **more):
    """A finished run that logged these values of `score`, step by step."""
    with gnomon.run("a", params={"lr": 0.1}, seed=seed, group=group) as run:
        for step, value in enumerate(values):
            run.log({"score": value, **more}, step=step)
    return run.id


def outcome(original, repeat):
    record = gnomon.open()
    record.replica.update()
    return compare(record, record.run(original), record.run(repeat))


def as_repeat(monkeypatch, of, *args, **more):
    import json

    from gnomon.runs import given as given_module
    from gnomon.runs.given import VARIABLE

    monkeypatch.setattr(given_module, "_outside", None)
    monkeypatch.setenv(VARIABLE, json.dumps({"repeats": {"run": of, "for": "replication"}}))
    found = made(*args, **more)
    monkeypatch.setattr(given_module, "_outside", None)
    return found


def test_the_same_values_at_the_same_steps_are_identical(monkeypatch):
    one = made(1, [0.1, math.nan, 0.3], time_s=1.0)
    other = as_repeat(monkeypatch, one, 1, [0.1, math.nan, 0.3])
    assert outcome(one, other).verdict == "identical"


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.1, 0.3 * (1 + 1e-12)], "identical up to rounding"),
        ([0.1, 0.3 * (1 + 1e-6)], "differs"),
        ([0.1 + 1e-6, 0.3], "differs"),  # the last value alone does not make it the same
        ([0.1], "differs"),
        ([], "differs"),
        ([0.1, math.nan], "differs"),
    ],
)
def test_what_is_not_the_same(monkeypatch, values, verdict):
    one = made(1, [0.1, 0.3])
    assert outcome(one, as_repeat(monkeypatch, one, 1, values)).verdict == verdict


@pytest.mark.parametrize(
    ("seeds", "last", "verdict"),
    [
        (5, 0.52, "within the spread of its seeds"),
        (5, 0.90, "differs"),
        (3, 0.52, "within the spread of its seeds"),
        (2, 0.505, "differs"),
    ],
)
def test_within_the_spread_of_its_seeds(monkeypatch, seeds, last, verdict):
    runs = [made(seed, [0.50 + 0.01 * seed]) for seed in range(seeds)]
    found = outcome(runs[0], as_repeat(monkeypatch, runs[0], 0, [last]))
    assert found.verdict == verdict
    (row,) = found.metrics
    assert row.seeds == seeds
    if seeds >= 3:
        # Student's prediction interval for one more value, by hand.
        values = [0.50 + 0.01 * seed for seed in range(seeds)]
        mean = sum(values) / seeds
        sd = math.sqrt(sum((value - mean) ** 2 for value in values) / (seeds - 1))
        t = {3: 4.302653, 5: 2.776445}[seeds]
        assert row.high == pytest.approx(mean + t * sd * math.sqrt(1 + 1 / seeds), rel=1e-6)


def test_the_interval_grows_with_how_many_metrics_differ(monkeypatch):
    runs = [made(seed, [0.5 + 0.01 * seed], other=0.5 + 0.01 * seed) for seed in range(4)]
    (alone,) = outcome(runs[0], as_repeat(monkeypatch, runs[0], 0, [0.511], other=0.5)).metrics[1:]
    both = outcome(runs[0], as_repeat(monkeypatch, runs[0], 0, [0.511], other=0.511)).metrics
    assert alone.high < both[1].high


def test_a_metric_that_one_side_never_logged(monkeypatch):
    one = made(1, [0.1], extra=1.0)
    lost = outcome(one, as_repeat(monkeypatch, one, 1, [0.1]))
    assert [(row.metric, row.outcome) for row in lost.metrics] == [("extra", "missing"), ("score", "same")]
    two = made(2, [0.1])
    more = outcome(two, as_repeat(monkeypatch, two, 2, [0.1], extra=1.0))
    assert [(row.metric, row.outcome) for row in more.metrics] == [("score", "same"), ("extra", "added")]
    assert lost.verdict == more.verdict == "differs"


def test_a_run_without_metrics_cannot_be_told(monkeypatch):
    with gnomon.run("a") as run:
        pass
    found = outcome(run.id, as_repeat(monkeypatch, run.id, 1, []))
    assert found.verdict == "cannot tell"
    assert "no metric that could be compared" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "measures"),
    [
        ("system/cpu", True), ("time/epoch", True), ("perf/x", True), ("train/samples_per_second", True), ("epoch_time", True),
        ("step_seconds", True), ("loss", False), ("val/time_to_event_auc", False), ("timeliness", False),
    ],
)  # fmt: skip
def test_what_measures_the_machine_does_not_count(name, measures):
    assert is_time(name) is measures


def test_files_with_other_bytes_are_named(monkeypatch, project):
    (project / "m.bin").write_bytes(b"1")
    with gnomon.run("a", seed=1) as run:
        run.log(score=1, step=0)
        run.keep("m.bin")
    (project / "m.bin").write_bytes(b"2")
    with gnomon.run("b", seed=1) as again:
        again.log(score=1, step=0)
        again.keep("m.bin")
    assert outcome(run.id, again.id).differs == ("m.bin",)


def test_what_a_stranger_writes_breaks_nothing(project):
    one = made(1, [0.1])
    record = gnomon.open()
    for body in [
        {
            "verdict": "identical",
            "by": "no id",
            "swapped": [1],
            "gaps": "x",
            "metrics": [[1, 2], ["m", 1, 2, 3, 4, 5, "outside"]],
        },
        {"verdict": 7},
        {},
        {"verdict": "differs", "metrics": [["m", "a", None, [], {}, -1, None]], "why": "\u202eevil\x1b[2J"},
    ]:
        write(record, one, entries.REPLICATED, body)
    for body in [
        {"a": one, "b": one, "metric": "m", "shares": [[1] * 7, ["x", "y", "z", None, None, None, True]]},
        {"shares": 3},
    ]:
        write(record, one, entries.EXPLAINED, body)
    record.replica.update()
    run = record.run(one)
    found = made_again(run)
    assert [view.verdict for view in found] == ["differs", "unknown", "unknown", "identical"]
    assert found[3].by is None
    assert len(run.explanations) == 2
