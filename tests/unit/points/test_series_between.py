"""A part of a series by its steps: what lies between, and the neighbours to which a line goes on."""

from __future__ import annotations

import gnomon


def test_the_points_between_two_steps_and_the_one_on_each_side():
    with gnomon.run() as run:
        for step in range(10):
            run.log(loss=step * 0.5, step=step * 10)
    series = gnomon.open().run(run.id).series("loss")
    part = series.between(25, 51)
    assert part.steps() == [20, 30, 40, 50, 60]
    assert part.values() == [1.0, 1.5, 2.0, 2.5, 3.0]
    assert part.total == 10
    assert series.between(-5, 3).steps() == [0, 10]
    assert series.between(1000, 2000).steps() == [90]


def test_where_steps_go_back_the_neighbours_are_the_nearest_steps():
    with gnomon.run() as run:
        for step in (0, 10, 5, 20):
            run.log(loss=1.0, step=step)
    assert gnomon.open().run(run.id).series("loss").between(9, 11).steps() == [10, 5, 20]
