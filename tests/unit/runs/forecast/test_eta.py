"""When runs of a real record will end, and what that rests on."""

from __future__ import annotations

import itertools

import pytest

import gnomon
from gnomon import upkeep
from gnomon.runs.forecast.eta import eta, etas
from gnomon.session import close_all

START = 1_700_000_000.0


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves: `clock.s` is seconds since 1970 UTC."""
    from gnomon.env import Env

    class Clock:
        s = START

        def wait(self, seconds):
            self.s += seconds

    one = Clock()
    ticks = itertools.count()  # two things never happen at one nanosecond
    monkeypatch.setattr(Env, "time_ns", lambda _: int(one.s * 1e9) + next(ticks))
    return one


def train(
    clock, name, steps, *, step_s=2.0, names=("loss",), finish=True, seed=None, group=None, every=1, **params
):
    run = gnomon.run(name, params=params, seed=seed, group=group)
    for step in range(0, steps, every):
        clock.wait(step_s * every)
        run.log(dict.fromkeys(names, 1.0 / (step + 1)), step=step)
    if finish:
        run.finish()
    return run


def told(clock, run):
    return eta(gnomon.open(), run.id, clock.s)


def test_a_run_that_states_its_steps(clock):
    one = told(clock, train(clock, "a", 50, finish=False, max_steps=100))
    assert (one.verdict, one.done, one.total) == ("told", 50, 100)
    assert one.low < START + 200 < one.high
    assert "`max_steps` is 100" in one.basis and "a step taken for one of them" in one.basis
    assert one.ends_before(START + 150) < 0.1 and one.ends_before(START + 400) > 0.9
    assert one.ends_before(clock.s) == 0


def test_a_run_goes_by_where_those_before_it_ended(clock):
    for seed in range(6):
        train(clock, "b", 80, seed=seed, lr=0.1)
    began = clock.s
    one = told(clock, train(clock, "b", 40, seed=7, finish=False, lr=0.1))
    assert one.low < began + 160 < one.high and one.total == 80
    assert "6 earlier runs of its configuration ended after 80 steps" in one.basis


def by_plan(clock, seed, *, steps=100, closing=0.0, finish=True):
    """A run whose steps take five times as long from the middle on, and that works on after its last step."""
    run = gnomon.run("plan", params={"max_steps": 100}, seed=seed)
    for step in range(steps):
        clock.wait(1 if step < 50 else 5)
        run.log(loss=1.0, step=step)
    if finish:
        clock.wait(closing)
        run.finish()
    return run


@pytest.mark.parametrize("is_sealed", [False, True], ids=["as logged", "sealed"])
def test_what_earlier_runs_did_from_here_on_is_foreseen(clock, is_sealed):
    for seed in range(4):
        by_plan(clock, seed, closing=60.0)
    if is_sealed:
        close_all()
        upkeep.do_upkeep(gnomon.open().path)
    began = clock.s
    one = told(clock, by_plan(clock, 9, steps=50, finish=False))
    assert one.low < began + 360 < one.high < began + 700


def test_when_earlier_runs_did_their_steps_is_read_once_and_of_the_newest(clock, monkeypatch):
    from gnomon.runs.forecast import reading

    earlier = [by_plan(clock, seed, steps=20).id for seed in range(8)]
    running = [by_plan(clock, seed, steps=10, finish=False) for seed in (20, 21)]
    read, real = [], reading.Courses._read_one
    monkeypatch.setattr(
        reading.Courses, "_read_one", lambda self, run, axis: read.append(run) or real(self, run, axis)
    )
    record = gnomon.open()
    etas(record, [run.id for run in running], clock.s)
    assert read == earlier[: -reading.MOST_COURSES - 1 : -1]
    read.clear()
    monkeypatch.setattr(reading, "MOST_AT_ONCE", 2)
    assert etas(record, [run.id for run in running], clock.s)[0].verdict == "told"
    assert len(read) == 2


def test_with_nothing_to_go_by_nobody_can_tell(clock):
    one = told(clock, train(clock, "c", 40, finish=False, lr=0.1))
    assert (one.verdict, one.low, one.ends_before(clock.s + 9)) == ("cannot tell", None, None)
    assert "it says nowhere how many steps it takes" in one.basis


def test_epochs_need_something_that_says_what_an_epoch_is(clock):
    one = told(clock, train(clock, "d", 40, finish=False, epochs=80))
    assert one.verdict == "cannot tell" and "log a series `epoch`" in one.basis


def test_a_validation_at_each_step_makes_a_step_an_epoch(clock):
    one = told(clock, train(clock, "e", 40, finish=False, epochs=80, names=("loss", "val/loss")))
    assert (one.verdict, one.total) == ("told", 80)


def test_earlier_runs_show_that_a_step_is_an_epoch(clock):
    train(clock, "f", 80, epochs=80, seed=1)
    one = told(clock, train(clock, "f", 40, finish=False, epochs=80, seed=2))
    assert (one.verdict, one.total) == ("told", 80)
    assert "`epochs` is 80 (as 1 earlier run of its configuration had)" in one.basis


def test_a_series_of_epochs_is_followed(clock):
    run = gnomon.run("g", params={"epochs": 10})
    for step in range(300):
        clock.wait(1)
        run.log({"loss": 1.0, "epoch": step // 50}, step=step)
    one = told(clock, run)
    assert (one.unit, one.total, one.done) == ("epoch", 10, 5)
    assert one.low < START + 500 < one.high


def test_what_is_stated_is_not_believed_where_earlier_runs_ended_otherwise(clock):
    for seed in range(3):
        train(clock, "h", 50, seed=seed, max_steps=5000)
    began = clock.s
    one = told(clock, train(clock, "h", 25, seed=9, finish=False, max_steps=5000))
    assert one.low < began + 100 < one.high and "max_steps" not in one.basis


def test_a_run_beyond_what_it_stated_is_not_forecast(clock):
    one = told(clock, train(clock, "i", 200, finish=False, max_steps=100))
    assert one.verdict == "cannot tell"


def test_runs_of_other_parameters_or_of_another_name_are_no_twins(clock):
    for seed in range(4):
        train(clock, "k", 30, seed=seed, lr=0.1)
        train(clock, "other", 70, seed=seed, lr=0.2)
    one = told(clock, train(clock, "k", 10, seed=9, finish=False, lr=0.2))
    assert "4 earlier runs of a name like its ended after 30 steps" in one.basis
    assert "how long" not in one.basis


def test_hidden_and_failed_runs_do_not_count_but_are_said(clock):
    runs = [train(clock, "m", 30, seed=seed, lr=0.1) for seed in range(3)]
    with pytest.raises(ZeroDivisionError), gnomon.run("m", params={"lr": 0.1}, seed=5) as failing:
        failing.log(loss=1.0, step=0)
        clock.wait(5)
        raise ZeroDivisionError
    close_all()
    gnomon.open().remove(runs[0].id)
    one = told(clock, train(clock, "m", 10, seed=9, finish=False, lr=0.1))
    assert "2 earlier runs of its configuration ended after 30 steps" in one.basis
    assert "1 run like it failed or was stopped" in one.basis


def test_a_run_without_steps_goes_by_durations(clock):
    for seed in range(3):
        run = gnomon.run("n", seed=seed)
        clock.wait(100)
        run.finish()
    run = gnomon.run("n", seed=7)
    began = clock.s
    clock.wait(30)
    one = told(clock, run)
    assert one.low < began + 100 < one.high
    assert "how long 3 earlier runs of its configuration took" in one.basis


def test_a_run_that_ended_has_ended(clock):
    run = train(clock, "o", 10, max_steps=10)
    one = told(clock, run)
    assert (one.verdict, one.low, one.ends_before(clock.s + 1)) == ("ended", one.high, 1.0)
    assert one.ends_before(START) == 0.0


def test_a_run_whose_process_is_dead_stopped_reporting(clock, project):
    import subprocess
    import sys

    program = (
        "import os, gnomon; run = gnomon.run('p', params={'max_steps': 100})\n"
        "for step in range(40): run.log(loss=1.0, step=step)\n"
        "print(run.id, flush=True); os._exit(9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=False
    )
    one = eta(gnomon.open(), done.stdout.strip(), clock.s)
    assert (one.verdict, one.low, one.ends_before(clock.s + 1e9)) == ("stopped reporting", None, None)
    assert "its process is gone" in one.basis


def test_a_run_that_was_resumed_keeps_its_pace_and_not_the_pause(clock):
    first = train(clock, "q", 40, max_steps=100)
    clock.wait(10_000)
    run = gnomon.run(resume=first.id)
    for step in range(40, 60):
        clock.wait(2)
        run.log(loss=1.0, step=step)
    one = told(clock, run)
    assert (one.done, one.total) == (60, 100)
    assert one.low < clock.s + 80 < one.high < clock.s + 200


@pytest.mark.slow
def test_a_long_run_is_told_from_a_few_of_its_rows(clock, monkeypatch):
    run = train(clock, "r", 60_000, step_s=1.0, finish=False, max_steps=100_000)
    from gnomon.env import Env

    real, read = Env.read, []
    monkeypatch.setattr(
        Env, "read", lambda self, fd, size, *at: read.append(size) or real(self, fd, size, *at)
    )
    record = gnomon.open()
    record.replica.update()
    read.clear()
    one = eta(record, run.id, clock.s)
    assert one.done == 60_000 and one.low < START + 100_000 < one.high
    assert sum(read) < 200_000


def test_many_runs_are_told_as_each_of_them(clock):
    for seed in range(3):
        train(clock, "s", 30, seed=seed, lr=0.1)
        train(clock, "t", 60, seed=seed, group="g", lr=0.1)
    running = [
        train(clock, "s", 10, seed=7, finish=False, lr=0.1),
        train(clock, "t", 20, seed=7, group="g", finish=False, lr=0.1),
        train(clock, "u", 20, finish=False, max_steps=50),
    ]
    record = gnomon.open()
    together = etas(record, [run.id for run in running], clock.s)
    assert together == [eta(record, run.id, clock.s) for run in running]
    assert [one.total for one in together] == [30, 60, 50]
