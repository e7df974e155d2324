"""A part of a series is what one picks from the whole of it, whatever files hold it and whatever of them is read."""

from __future__ import annotations

import math
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.points import columns, row_groups, segment
from gnomon.points.many import Held, Loose, ManySeries
from gnomon.points.query import Cut, PointFiles
from gnomon.points.seal import seal
from gnomon.points.segment import covers_of
from gnomon.points.series_points import Within
from tests.property.test_many_laws import cuts_of
from tests.property.test_points_laws import floats, huge, int64, slow_disk, wals_of
from tests.unit.points.tiny_wal import bits
from tests.unit.points.world import World, put

steps = st.integers(-3, 12) | st.integers(-3, 12) | int64  # repeated, going back, and far away
rows = st.tuples(
    st.sampled_from(["ab", "ff00"]),
    st.sampled_from([0, 0, 0, 3]),
    st.dictionaries(st.sampled_from(["loss", "acc"]), floats | st.just(float("nan")) | huge, min_size=1),
    steps,
    st.integers(-3, 12).map(lambda micros: micros * 1000) | int64,
    st.booleans(),
)
in_order = st.lists(rows, max_size=30).map(lambda some: sorted(some, key=lambda row: row[3]))
logs = st.lists(in_order | st.lists(rows, max_size=30), min_size=1, max_size=3)
ends = st.integers(-4, 13).map(float) | st.floats(-1e15, 1e15)


def picked(series, part: Within) -> list:
    """Return what is to be expected of a part, from the whole series: of each WAL and rank."""
    found = []
    low, high = sorted((part.low, part.high))
    for one in series.parts:
        numbers = (one.points.steps if part.by == "step" else one.points.times_us).tolist()
        inside = {at for at, number in enumerate(numbers) if low <= number <= high}
        below = [(number, at) for at, number in enumerate(numbers) if number < low]
        above = [(number, at) for at, number in enumerate(numbers) if number > high]
        places = sorted(
            {*inside, *(at for _, at in (max(below, default=(0, -1)), min(above, default=(0, -1))))} - {-1}
        )
        values = one.points.exactly()
        found += [
            (
                one.wal,
                one.rank,
                one.points.rows[at],
                one.points.steps[at],
                one.points.times_us[at],
                bits(values[at]),
            )
            for at in places
        ]
    return found


def told(series) -> list:
    wals = [part.wal for part in series.parts for _ in range(len(part.points))]
    columns = (
        wals,
        series.ranks(),
        series.rows(),
        series.steps(),
        series.times(),
        map(bits, series.values()),
    )
    return list(zip(*columns, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("with_numpy", [True, False])
@given(logs, st.data())
@settings(slow_disk, max_examples=examples(60))
def test_a_part_is_picked_from_the_whole_whatever_is_read(with_numpy, logged, data):
    world = World()
    draw = data.draw
    wals = wals_of(logged)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "NUMPY_WORTHWHILE", 1 if with_numpy else 1 << 60)
        patch.setattr(segment, "ROW_GROUP", draw(st.sampled_from([1, 2, 5]), label="row group"))
        patch.setattr(row_groups, "ROW_GROUP", draw(st.sampled_from([1, 7]), label="batch"))
        paths = [put(folder, wal) for wal in wals]
        sealed = [one.path for one in seal(world, folder, paths)]
        is_sealed = draw(st.booleans(), label="sealed")
        cuts = draw(cuts_of(wals), label="cuts")
        part = Within(
            draw(st.sampled_from(["step", "time"]), label="by"),
            draw(ends | st.just(-math.inf)),
            draw(ends | st.just(math.inf)),
        )
        rank = draw(st.sampled_from([0, None]), label="rank")
        files = {"segments": sealed} if is_sealed else {"wals": paths}
        for run in ("ab", "ff00"):
            for name in ("loss", "acc"):
                whole = PointFiles(world, **files).series(run, name, rank, cuts=cuts)
                found = PointFiles(world, **files).series(run, name, rank, cuts=cuts, within=part)
                assert told(found) == picked(whole, part)
                assert told(whole.within(part)) == picked(whole, part)
                assert found.total == whole.total == whole.within(part).total == len(whole)
        covers = {path: list(covers_of(world, path)) for path in sealed} if is_sealed else {}
        loose = {} if is_sealed else {
            path: Loose(wal.id.hex(), len(wal.rows), frozenset({"ab", "ff00"}))
            for path, wal in zip(paths, wals, strict=True)
        }  # fmt: skip
        many = ManySeries(world, "", Held(frozenset({"ab", "ff00"}), covers, loose))
        at_once = many.series(["ab", "ff00"], ["loss", "acc"], rank, cuts=lambda _: cuts, within=part)
        for run, by_name in at_once:
            for name, series in by_name.items():
                alone = PointFiles(world, **files).series(run, name, rank, cuts=cuts, within=part)
                assert told(series) == told(alone)
                assert series.total == alone.total


def test_what_a_continuation_left_behind_is_no_neighbour(tmp_path):
    """Steps 0 to 5, continued after row 2 by another WAL: steps 3 to 5 of the first count no more."""
    first = [("ab", 0, {"loss": float(step)}, step, 0, False) for step in range(6)]
    second = [("ab", 0, {"loss": 100.0 + step}, step, 0, False) for step in range(3, 9)]
    wals = wals_of([first, second])
    paths = [put(tmp_path, wal) for wal in wals]
    [cut] = [Cut(wals[0].id.hex(), 2)]
    world = World()
    sealed = [one.path for path in paths for one in seal(world, str(tmp_path), [path])]
    for files in ({"wals": [paths[0]]}, {"segments": [sealed[0]]}):
        found = PointFiles(world, **files).series("ab", "loss", cuts=[cut], within=Within("step", 4, 9))
        assert found.steps() == [2]
        assert found.total == 3
