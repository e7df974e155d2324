"""Series of many runs at once are those of each run alone, whatever files hold them."""

from __future__ import annotations

import os
import tempfile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.points import many, row_groups, segment
from gnomon.points.many import Held, Loose, ManySeries
from gnomon.points.query import Cut, PointFiles
from gnomon.points.seal import merge_segments, seal, write_segment
from gnomon.points.segment import covers_of, decode, read_file
from tests.property.test_points_laws import logs, slow_disk, wals_of
from tests.unit.points.tiny_wal import bits
from tests.unit.points.world import World, put


def extract(world, folder: str, path: str, runs) -> str | None:
    """Write a segment that leaves the other runs out; None where nothing is left."""
    found = decode(read_file(world, path), path)
    covers = [
        msgspec.structs.replace(cover, runs=tuple(one for one in cover.runs if one.run in runs))
        for cover in found.covers
    ]
    points = {group: part for group, part in found.points.items() if group[0].run in runs}
    return write_segment(world, folder, points, [cover for cover in covers if cover.runs]) if points else None


def said(series) -> list:
    """All that there is to say of a series."""
    return [
        series.name, series.run, series.total, [(part.wal, part.rank, len(part.points)) for part in series.parts],
        series.steps(), series.times(), [*map(bits, series.values())], series.rows(), series.ranks(), series.exact,
        [*map(bits, series.x_values())],
    ]  # fmt: skip


@pytest.mark.slow
@given(logs, st.data())
@settings(slow_disk, max_examples=examples(60))
def test_many_runs_at_once_have_the_series_that_each_has_alone(logged, data):
    world = World()
    draw = data.draw
    wals = wals_of(logged)
    runs = sorted({row[0] for wal in wals for row in wal.rows} | {"none"})
    names = sorted({name for wal in wals for row in wal.rows for name in row[4]}) or ["loss"]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(many, "MOST_AT_ONCE", draw(st.sampled_from([1, 10, 1000]), label="at once"))
        patch.setattr(segment, "ROW_GROUP", 5)
        patch.setattr(row_groups, "ROW_GROUP", 5)
        paths = [put(folder, wal) for wal in wals]
        sealed = [one.path for path in paths for one in seal(world, folder, [path])]
        merged = [one.path for one in merge_segments(world, folder, sealed)] if draw(st.booleans()) else []
        some = [
            extract(world, folder, path, draw(st.sets(st.sampled_from(runs)), label="extract"))
            for path in sealed
        ]
        for wal, path in zip(wals, paths, strict=True):  # some files are copies that were made earlier
            if draw(st.booleans(), label="torn"):
                whole = wal.open_ended()
                with open(path, "wb") as file:
                    file.write(whole[: draw(st.integers(1024, len(whole)))])
        segments = [*{*sealed, *merged, *filter(None, some)}]
        segments = draw(st.lists(st.sampled_from(segments), unique=True) if segments else st.just([]))
        loose = draw(st.lists(st.sampled_from(paths), unique=True))
        if segments and draw(st.booleans(), label="one is gone"):
            os.unlink(segments[0])
        covers = {path: covers_or_none(world, path) for path in segments}
        of_run = {path: {row[0] for row in wal.rows} for path, wal in zip(paths, wals, strict=True)}
        asked = draw(st.lists(st.sampled_from(runs), unique=True), label="runs")
        rank = draw(st.sampled_from([0, 3, None]), label="rank")
        x = draw(st.sampled_from([None, *names]), label="x")
        cuts = {run: list(draw(cuts_of(wals), label=f"cuts of {run}")) for run in runs}
        held = Held(
            frozenset(asked),
            covers,
            {path: Loose(wal.id.hex(), len(wal.rows), frozenset(of_run[path] & {*asked}))
             for path, wal in zip(paths, wals, strict=True) if path in loose and of_run[path] & {*asked}},
        )  # fmt: skip
        at_once = ManySeries(world, "", held)
        found = list(at_once.series(asked, names, rank, x, cuts=cuts.__getitem__))
        assert sorted(run for run, _ in found) == sorted(asked)
        for run, by_name in found:
            assert list(by_name) == names
            naming = {
                path: [cover for cover in several if cover.names(run)] for path, several in covers.items()
            }
            alone = PointFiles(
                world,
                segments=[path for path in segments if naming[path]],
                wals=[path for path in paths if path in loose and run in of_run[path]],
                covers=naming,
            )
            for name, series in by_name.items():
                assert said(series) == said(alone.series(run, name, rank, x, cuts=cuts[run]))
            assert {one.file for one in alone.problems} <= {one.file for one in at_once.problems}


def covers_or_none(world, path):
    try:
        return list(covers_of(world, path))
    except OSError:
        return []


def cuts_of(wals):
    places = st.tuples(st.sampled_from([wal.id.hex() for wal in wals]), st.integers(0, 12))
    return st.lists(st.builds(lambda at, until: Cut(*at, until), places, st.none() | places), max_size=2)
