"""Of a segment only the row groups are read that may hold what is asked for."""

from __future__ import annotations

import os

import pytest

from gnomon.errors import DamagedFileError
from gnomon.points import row_groups, segment
from gnomon.points.row_groups import chosen, may_hold
from gnomon.points.seal import seal
from gnomon.points.segment import collect
from gnomon.points.series_points import SeriesKey, Within
from tests.unit.points.tiny_wal import RUN, TinyWal
from tests.unit.points.world import World, add_rows, put

MOST = 10_000


@pytest.fixture
def path(tmp_path, world, monkeypatch):
    """A segment of two series of 100 points, in row groups of 10."""
    monkeypatch.setattr(segment, "ROW_GROUP", 10)
    wal = TinyWal()
    add_rows(wal, 100, names=("acc", "loss"))
    return seal(world, str(tmp_path), [put(tmp_path, wal)])[0].path


def asked(world, path, names, within=None):
    """Return (rows of the row groups that are read, what they hold, how many points of each series were left out)."""
    covers = segment.covers_of(world, path)

    def is_wanted(key, wal):
        return key.series in names

    may = may_hold([RUN], names, [cover.wal for cover in covers], is_wanted)
    found = chosen(world, path, MOST, may, lambda _: within)
    points = collect(found.batches, is_wanted)
    return found.rows, {key.series: part for (key, _), part in points.items()}, [*found.left_out.values()]


def test_row_groups_of_other_series_are_not_read(world, path):
    rows, points, left_out = asked(world, path, {"loss"})
    assert rows == 100
    assert points["loss"].steps.tolist() == [*range(100)]
    assert left_out == []
    assert asked(world, path, {"nothing"})[:2] == (0, {})


@pytest.mark.parametrize(
    ("low", "high", "steps", "rows"),
    [
        (34, 36, range(30, 40), 10),  # both neighbours are in the same row group
        (40, 45, range(30, 50), 20),  # the lower neighbour is the last of the one before
        (-9, -5, range(10), 10),
        (500, 600, range(90, 100), 10),
        (0, 99, range(100), 100),
    ],
)
def test_of_a_part_only_its_row_groups_and_its_neighbours_are_read(world, path, low, high, steps, rows):
    found, points, left_out = asked(world, path, {"loss"}, Within("step", low, high))
    assert found == rows
    assert points["loss"].steps.tolist() == [*steps]
    assert sum(left_out) == 100 - rows


def test_row_groups_without_figures_may_hold_anything(world, path, monkeypatch):
    monkeypatch.setattr(row_groups, "_edges_of", lambda group: {})
    rows, points, _ = asked(world, path, {"loss"}, Within("step", 34, 36))
    assert rows == 200
    assert len(points["loss"]) == 100


def test_more_points_than_a_segment_may_hold_are_refused(world, path):
    found = chosen(world, path, 5, lambda _: True)
    with pytest.raises(DamagedFileError, match="more points than it says"):
        collect(found.batches)


@pytest.mark.parametrize("end", [b"", b"PAR1", b"\xff\xff\xff\x7fPAR1", b"\x10\x00\x00\x00PAR1"])
def test_a_footer_that_is_none_is_damage(world, path, end):
    with open(path, "rb") as file:
        data = file.read()
    os.chmod(path, 0o600)
    with open(path, "wb") as file:
        file.write(data[:-8] + end)
    with pytest.raises(DamagedFileError):
        collect(chosen(world, path, MOST, lambda _: True).batches)


def test_an_error_of_the_disk_is_no_damage(path):
    class Failing(World):
        is_failing = False

        def read(self, fd, size, offset=0):
            if self.is_failing:
                raise OSError(5, "Input/output error")
            return super().read(fd, size, offset)

    world = Failing()
    found = chosen(world, path, MOST, lambda _: True)
    world.is_failing = True
    with pytest.raises(OSError, match="Input/output error"):
        collect(found.batches)


def test_a_footer_is_read_once_for_each_state_of_a_file(world, path, monkeypatch):
    reads = []
    real = row_groups._read_footer
    monkeypatch.setattr(row_groups, "_read_footer", lambda *asked: reads.append(1) or real(*asked))
    for state in (1, 2):
        os.utime(path, ns=(state, state))
        assert asked(world, path, {"loss"})[0] == asked(world, path, {"acc"})[0] == 100
        assert len(reads) == state


def test_a_key_of_one_series_is_told_only_where_all_rows_are_of_it():
    edges = {"run": (b"ab", b"ab"), "series": (b"loss", b"loss"), "rank": (0, 0), "wal": (b"ff", b"ff")}
    one = row_groups.RowGroup(1, edges, b"")
    assert one.group == (SeriesKey("ab", "loss", 0), "ff")
    for name, (low, _) in edges.items():
        higher = low + 1 if name == "rank" else low + b"x"
        assert one._replace(edges={**edges, name: (low, higher)}).group is None
