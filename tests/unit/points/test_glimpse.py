"""A few rows of a long WAL, and what is read for them."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.points import glimpse as module
from gnomon.points.glimpse import glimpse, live_wals
from gnomon.points.series_points import SeriesKey


def points(record, run, name, rank=0):
    record.replica.update()
    key = SeriesKey(run, name, rank)
    wals = record.replica.index.ask(lambda database: live_wals(database, key))
    found = [glimpse(record.home.env, record.home.path, wal, key) for wal in wals]
    return [one for one in found if one]


@pytest.mark.slow
@pytest.mark.parametrize(
    "row",
    [{"loss": 0.5}, {"loss": 0.5, "n": 2**70 + 1}, {f"m{at}": 1.0 for at in range(300)} | {"loss": 0.5}],
)
def test_what_is_glimpsed_was_logged_and_the_end_is_there(project, row):
    run = gnomon.run("long")
    steps = 20_000 if len(row) < 100 else 400
    for step in range(steps):
        run.log({**row, "loss": float(step)}, step=3 * step)
    (found,) = points(gnomon.open(), run.id, "loss")
    assert 20 < len(found) < 2_000
    at = [row.step for row in found]
    assert at[-1] == 3 * (steps - 1)
    assert [3 * int(row.value) for row in found] == at
    assert at == sorted(set(at))
    assert [row.time_us for row in found] == sorted(row.time_us for row in found)
    middle = [step for step in at if 0.3 < step / (3 * steps) < 0.7]
    assert len(middle) >= 3


def test_a_short_file_is_read_whole(project):
    run = gnomon.run("short")
    for step in range(100):
        run.log(loss=1.0, step=step)
    (found,) = points(gnomon.open(), run.id, "loss")
    assert [row.step for row in found] == [*range(100)]


def test_another_series_run_or_rank_gives_nothing(project):
    run, other = gnomon.run("one"), gnomon.run("two")
    for step in range(5_000):
        run.log(loss=1.0, step=step)
        other.log(acc=1.0, step=step)
    record = gnomon.open()
    assert points(record, run.id, "acc") == points(record, run.id, "loss", rank=1) == []
    assert len(points(record, other.id, "acc")[0]) > 20


def test_the_last_points_are_found_though_many_other_rows_follow_each(project):
    run, other = gnomon.run("slow"), gnomon.run("busy")
    for step in range(40):
        run.log(loss=1.0, step=step)
        for at in range(200):
            other.log(busy=1.0, step=200 * step + at)
    (found,) = points(gnomon.open(), run.id, "loss")
    assert [row.step for row in found][-20:] == [*range(20, 40)]


def test_bytes_that_are_no_record_are_no_rows():
    definitions = module.Definitions(["loss"], [("run", 0)], [b"\0\0\0\0\0\0\0\0"])
    (shape,) = module._shapes(definitions, SeriesKey("run", "loss", 0))
    assert module._rows_in((shape.beginning + bytes(34)) * 200, [shape], only_first=False) == []
