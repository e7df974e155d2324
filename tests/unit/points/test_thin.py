"""A thinned series draws the line of the whole one, however long it is and whatever files hold it."""

from __future__ import annotations

import math
import os
import sqlite3
from itertools import pairwise

import pytest

import gnomon
from gnomon.env import REAL
from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.points import follow, outline, outlines
from gnomon.points.outline import PIECE
from gnomon.record.index_cells import sealed
from gnomon.record.index_place import write_stamp
from gnomon.replica import Replica
from gnomon.session import close_all
from gnomon.upkeep import do_upkeep


@pytest.fixture
def outlined(monkeypatch):
    """Have short series outlined too, so that a test need not log a million points."""
    for module in (outline, outlines, follow):
        monkeypatch.setattr(module, "FEWEST", 2 * PIECE)


def curve(step: int) -> float:
    return math.sin(step / 700) + (step * 7919 % 1000) / 500


def log_run(name="long", rows=40_000, value=curve, *, first=0, **settings):
    """Log a run as a process of its own would."""
    with gnomon.run(name, **settings) as run:
        for step in range(first, first + rows):
            run.log({"loss": value(step)}, step=step)
    close_all()
    return run.id


def points_of(series) -> list[tuple]:
    return list(zip(series.steps(), series.times(), series.values(), strict=True))


def check_line(thinned, whole, buckets):
    """Assert what `points.thin` promises of a series whose outlines were taken."""
    every = points_of(whole)
    kept = points_of(thinned)
    place = {point: at for at, point in enumerate(every)}
    places = [place[point] for point in kept]
    assert places == sorted(set(places)), "points of the series, in its order, each once"
    assert thinned.total == len(every)
    assert len(kept) <= 4 * buckets
    values = [value for _, _, value in every]
    for start, after in pairwise(
        [*places, len(every)]
    ):  # nothing between two kept points goes beyond its bucket
        assert after > start
    assert {every[0], every[-1]} <= set(kept)
    assert min(values) == min(value for _, _, value in kept)
    assert max(values) == max(value for _, _, value in kept)
    slack = len(every) / buckets / 4 + 1
    for bucket in range(buckets):
        low, high = bucket * len(every) / buckets + slack, (bucket + 1) * len(every) / buckets - slack
        inside = values[math.ceil(low) : math.floor(high)]
        near = [values[at] for at in places if low - 2 * slack <= at <= high + 2 * slack]
        assert min(near) <= min(inside) and max(near) >= max(inside)


def open_run(run_id):
    return gnomon.open().run(run_id)


@pytest.mark.slow
def test_a_long_series_is_drawn_from_its_outlines_alone(project, outlined):
    run = open_run(log_run())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replica, "points_of", lambda *_, **__: pytest.fail("the points were read"))
        thinned = run.series("loss", buckets=8)
    check_line(thinned, run.series("loss"), 8)


@pytest.mark.slow
@pytest.mark.parametrize("buckets", [1, 2, 5, 9])
def test_the_line_is_that_of_the_whole_series(project, outlined, buckets):
    run = open_run(log_run())
    check_line(run.series("loss", buckets=buckets), run.series("loss"), buckets)


def test_a_series_that_is_not_long_is_thinned_by_its_points(project, outlined):
    run = open_run(log_run(rows=3 * PIECE))
    whole = run.series("loss")
    thinned = run.series("loss", buckets=10)
    assert 30 < len(thinned) <= 40 and thinned.total == 3 * PIECE
    assert set(points_of(thinned)) <= set(points_of(whole))
    few = run.series("loss", buckets=PIECE)
    assert points_of(few) == points_of(whole) and few.total == len(few)
    assert f"{len(thinned)} of 3,072 points" in repr(thinned)
    assert ": 3072 points" in repr(few)


@pytest.mark.slow
def test_sealed_and_unsealed_and_rebuilt_from_segments_the_line_is_the_same(project, outlined, monkeypatch):
    run_id = log_run()
    before = points_of(open_run(run_id).series("loss", buckets=6))
    monkeypatch.setattr("gnomon.upkeep.WALS_TO_SEAL", 1)
    record = gnomon.open()
    assert any("sealed" in line for line in do_upkeep(record.path))
    close_all()
    assert not [name for _, _, names in os.walk(record.path) for name in names if name.endswith(".wal")]
    assert points_of(open_run(run_id).series("loss", buckets=6)) == before
    record.replica.index._keeper.start_over()
    run = open_run(run_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replica, "points_of", lambda *_, **__: pytest.fail("the points were read"))
        assert points_of(run.series("loss", buckets=6)) == before


@pytest.mark.slow
def test_a_run_of_several_processes_is_one_line(project, outlined):
    run_id = log_run(rows=20_000)
    log_run(rows=20_000, first=20_000, resume=run_id)
    run = open_run(run_id)
    check_line(run.series("loss", buckets=7), run.series("loss"), 7)


@pytest.mark.slow
def test_what_a_resumed_run_left_behind_is_not_drawn(project, outlined):
    run_id = log_run(rows=30_000, value=lambda step: 1000.0 if step >= 20_000 else curve(step))
    log_run(rows=20_000, first=20_000, resume=run_id, resume_step=20_000)
    run = open_run(run_id)
    thinned = run.series("loss", buckets=7)
    assert max(thinned.values()) < 10
    check_line(thinned, run.series("loss"), 7)


@pytest.mark.slow
def test_of_a_run_that_was_resumed_almost_from_its_beginning_little_is_drawn(project, outlined):
    run_id = log_run(rows=30_000)
    log_run(rows=2, first=1, resume=run_id, resume_step=1)
    thinned = open_run(run_id).series("loss", buckets=5)
    assert thinned.steps() == [0, 1, 2] and thinned.total == 3
    log_run(rows=1, first=0, value=lambda _: 1.5, resume=run_id, resume_step=1)
    assert points_of(open_run(run_id).series("loss", buckets=5)) == points_of(open_run(run_id).series("loss"))


@pytest.mark.slow
def test_where_steps_go_back_buckets_hold_equally_many_points(project, outlined):
    with gnomon.run("back") as run:
        for nth in range(40_000):
            run.log({"loss": curve(nth)}, step=nth % 10_000)
    view = open_run(run.id)
    check_line(view.series("loss", buckets=4), view.series("loss"), 4)


@pytest.mark.slow
def test_nan_is_kept_only_where_a_bucket_begins_or_ends(project, outlined):
    run = open_run(log_run(value=lambda step: math.nan if step % 3 else curve(step)))
    values = run.series("loss", buckets=6).values()
    assert sum(map(math.isnan, values)) <= 12
    assert min(value for value in values if value == value) == min(
        value for value in run.series("loss").values() if value == value
    )


@pytest.mark.slow
def test_a_series_with_huge_whole_numbers_is_exact(project, outlined):
    huge = 2**80 + 1
    run = open_run(log_run(value=lambda step: huge if step == 12_345 else curve(step)))
    thinned = run.series("loss", buckets=6)
    assert huge in thinned.values()
    assert thinned.total == 40_000


@pytest.mark.slow
def test_of_huge_whole_numbers_the_lowest_and_highest_stay_exactly(project, outlined):
    """All of them have one nearest float64."""
    run = open_run(log_run(value=lambda step: 2**60 + step * 7919 % 101))
    thinned = run.series("loss", buckets=6).values()
    assert (min(thinned), max(thinned)) == (2**60, 2**60 + 100)


@pytest.mark.slow
def test_what_has_no_outline_is_read_together(project, outlined, monkeypatch):
    run_id = log_run(rows=PIECE)
    for nth in range(1, 9):
        log_run(rows=PIECE, first=nth * PIECE, resume=run_id)
    view = open_run(run_id)
    asked = []
    real = Replica.points_of
    monkeypatch.setattr(Replica, "points_of", lambda self, *a, **k: asked.append(1) or real(self, *a, **k))
    check_line(view.series("loss", buckets=2), view.series("loss"), 2)
    assert len(asked) == 2  # for the thin one, and for the whole


@pytest.mark.slow
def test_a_live_run_is_drawn_to_its_last_point(project, outlined):
    with gnomon.run("live") as run:
        for step in range(20_000):
            run.log({"loss": curve(step)}, step=step)
        assert open_run(run.id).series("loss", buckets=4).steps()[-1] == 19_999
        for step in range(20_000, 41_000):
            run.log({"loss": curve(step)}, step=step)
        view = open_run(run.id)
        check_line(view.series("loss", buckets=4), view.series("loss"), 4)
    view = open_run(run.id)
    check_line(view.series("loss", buckets=4), view.series("loss"), 4)


@pytest.mark.slow
def test_ranks_are_drawn_one_after_the_other_or_one_alone(project, outlined):
    run_id = log_run(rows=20_000, id="ab" * 10, rank=0)
    log_run(rows=20_000, id=run_id, rank=1, value=lambda step: curve(step) + 50)
    view = open_run(run_id)
    assert max(view.series("loss", buckets=4).values()) < 50
    both = view.series("loss", rank=None, buckets=4)
    assert both.total == 40_000 and max(both.values()) > 50 and set(both.ranks()) == {0, 1}


def test_another_series_as_x_axis_is_thinned_too(project):
    with gnomon.run("xy") as run:
        for step in range(5_000):
            run.log({"loss": curve(step), "seen": step * 64}, step=step)
    thinned = open_run(run.id).series("loss", x="seen", buckets=10)
    assert 30 < len(thinned) <= 40
    assert [x // 64 for x in thinned.x_values()] == thinned.steps()


@pytest.mark.parametrize("buckets", [0, -1, 1.5, True, "many"])
def test_a_wrong_number_of_buckets_is_refused(project, buckets):
    run = open_run(log_run(rows=3))
    with pytest.raises(
        BadArgumentError, match="`buckets` of `series\\(\\)` must be a whole number from 1; got"
    ):
        run.series("loss", buckets=buckets)
    with pytest.raises(UnknownSubjectError):
        run.series("nothing", buckets=2)


@pytest.mark.slow
def test_an_outline_of_fewer_points_than_were_counted_is_not_taken(project, outlined):
    view = open_run(log_run())
    before = points_of(view.series("loss", buckets=6))
    keeper = view.record.replica.index._keeper
    view.record.close()
    shortened = outline.outline_of(view.series("loss").parts[0].points.below(20_000))
    view.record.close()
    with sqlite3.connect(keeper._find_place().path) as database:
        changed = database.execute("UPDATE point_outline SET data = ?", (sealed(shortened.pack()),))
        assert changed.rowcount == 1
    write_stamp(keeper._find_place(), REAL)
    assert points_of(view.series("loss", buckets=6)) == before
