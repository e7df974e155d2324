"""The figures of a series, from the columns of a WAL."""

from __future__ import annotations

import math
import struct

import msgspec
import pytest

from gnomon.points.columns import column
from gnomon.points.reader import read_bytes
from gnomon.points.series_points import SeriesKey
from gnomon.points.stats import SeriesStat, merge, stat_of, stats_of
from tests.unit.points.tiny_wal import CREATED_NS, RUN, TinyWal

NAN = float("nan")
LOSS = SeriesKey(RUN, "loss", 0)


def stats(wal: TinyWal) -> dict:
    return stats_of(read_bytes(wal.closed()).blocks)


def of(*values, steps=None) -> SeriesStat:
    steps = steps or range(len(values))
    return stat_of(column("q", steps), column("q", [10 * step for step in steps]), column("d", values))


def test_a_hand_worked_series(numpy_or_not):
    wal = TinyWal()
    for step, value in [(5, 2.0), (6, -1.0), (4, NAN), (7, 1.5)]:
        wal.log({"loss": value}, step=step, time_ns=CREATED_NS + step * 1000)
    stat = stats(wal)[LOSS]
    assert (stat.count, stat.nan) == (4, 1)
    assert (stat.first_step, stat.last_step) == (5, 7)
    assert stat.last_time_us == CREATED_NS // 1000 + 7
    assert (stat.last, stat.min, stat.max) == (1.5, -1.0, 2.0)


def test_the_last_value_is_that_of_the_last_row_even_if_it_is_nan(numpy_or_not):
    assert math.isnan(of(1.0, NAN).last)
    assert (of(1.0, NAN).min, of(1.0, NAN).max) == (1.0, 1.0)


def test_a_series_of_nan_has_no_smallest_value(numpy_or_not):
    stat = of(NAN, NAN)
    assert (stat.count, stat.nan, stat.min, stat.max) == (2, 2, None, None)


def test_infinities_are_numbers(numpy_or_not):
    stat = of(1.0, math.inf, -math.inf)
    assert (stat.min, stat.max, stat.nan) == (-math.inf, math.inf, 0)


def test_there_is_one_zero(numpy_or_not):
    for values in ([0.0, -0.0], [-0.0, 0.0]):
        assert struct.pack("<d", of(*values).min) == struct.pack("<d", of(*values).max) == bytes(8)


@pytest.mark.parametrize("number", [2**53 + 1, -(2**63), 2**63, 2**70 + 1, -(10**400)])
def test_whole_numbers_stay_exact_through_msgpack(number, numpy_or_not):
    wal = TinyWal()
    wal.log({"loss": 1.0}, step=0)
    wal.log({"loss": number}, step=1)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(stats(wal)[LOSS]), type=SeriesStat)
    assert kept.last == number
    assert isinstance(kept.last, int)
    assert (kept.min, kept.max) == (min(1.0, number), max(1.0, number))


def test_a_series_of_huge_numbers_only(numpy_or_not):
    wal = TinyWal()
    for step, number in enumerate([2**70, 2**70 + 1, 2**70 - 1]):
        wal.log({"loss": number + 2}, step=step)
    stat = stats(wal)[LOSS]
    assert (stat.min, stat.max, stat.last) == (2**70 + 1, 2**70 + 3, 2**70 + 1)


def test_a_series_that_stands_in_several_sets_of_columns_is_followed_by_row():
    wal = TinyWal()
    wal.log({"loss": 1.0, "a": 0.0}, step=10)
    wal.log({"loss": 2.0}, step=11)
    wal.log({"loss": 3.0, "a": 0.0}, step=12)
    wal.log({"loss": 0.5}, step=13)
    wal.log_wide({"loss": 9.0, "b": 1.0}, step=14)
    stat = stats(wal)[LOSS]
    assert (stat.count, stat.first_step, stat.last_step, stat.last) == (5, 10, 14, 9.0)
    assert (stat.min, stat.max) == (0.5, 9.0)


def test_ranks_and_runs_are_kept_apart():
    wal = TinyWal()
    wal.log({"loss": 1.0}, step=0)
    wal.log({"loss": 2.0}, step=0, rank=1)
    wal.log({"loss": 3.0}, step=0, run="ff")
    assert {key: stat.last for key, stat in stats(wal).items()} == {
        LOSS: 1.0,
        SeriesKey(RUN, "loss", 1): 2.0,
        SeriesKey("ff", "loss", 0): 3.0,
    }


def test_merging_successive_ranges_gives_the_figures_of_the_whole(numpy_or_not):
    values = [3.0, NAN, -2.0, math.inf, 0.5, NAN]
    whole = of(*values)
    for cut in range(1, len(values)):
        first = of(*values[:cut], steps=range(cut))
        then = of(*values[cut:], steps=range(cut, len(values)))
        assert msgspec.msgpack.encode(merge(first, then)) == msgspec.msgpack.encode(whole)


def test_a_stat_is_small():
    assert len(msgspec.msgpack.encode(of(0.1, 0.2, 0.3))) < 60
