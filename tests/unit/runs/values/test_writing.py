"""Rich values on their way into the record, while another thread brings things to the disk."""

from __future__ import annotations

import threading

import pytest

import gnomon
from gnomon.runs.values.writing import ValueWriter


@pytest.mark.slow
def test_a_run_that_ends_does_not_wait_for_a_thread_that_waits_for_it(project, monkeypatch):
    """The thread of the session stores values when the run ends: each has what the other wants, unless the order is one."""
    is_storing, goes_on = threading.Event(), threading.Event()
    store = ValueWriter._store

    def slowly(self, waiting):
        is_storing.set()
        goes_on.wait(20)
        store(self, waiting)

    run = gnomon.run("a")
    run.log(words=gnomon.Text("hello"))
    values = run._values
    monkeypatch.setattr(ValueWriter, "_store", slowly)
    other = threading.Thread(target=values.flush)
    other.start()
    assert is_storing.wait(20)
    ending = threading.Thread(target=run.finish)
    ending.start()
    ending.join(0.2)  # it waits for the values, in one order of locks or the other
    goes_on.set()
    ending.join(20)
    other.join(20)
    assert not ending.is_alive(), "the run and the thread wait for each other"
    assert not other.is_alive()
    (value,) = gnomon.open().run(run.id).values("words")
    assert value.step == 0
    assert not values._to_write


def test_values_of_the_last_moment_are_there_when_the_run_has_ended(project):
    with gnomon.run("a") as run:
        for step in range(5):
            run.log(words=gnomon.Text(f"hello {step}"))
    assert [one.step for one in gnomon.open().run(run.id).values("words")] == list(range(5))
