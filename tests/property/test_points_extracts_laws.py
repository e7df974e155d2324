"""Whatever files hold the points of a record, and however they came and went, the answers are those of a simple model.

The model is written from docs/internals/record-format.md alone: of each run of each WAL the file counts that names the run
and has the most rows; what a continuation left behind does not count.
"""

from __future__ import annotations

import functools
import math
import os
import struct
import tempfile
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gnomon.points import follow, outline, outlines, thin
from gnomon.points.seal import merge_segments, seal, write_segment
from gnomon.points.segment import decode, read_file
from gnomon.record.home import open_home
from gnomon.replica import Replica
from gnomon.runs.views import Record
from tests.unit.points.test_follow import FOLDER, BootedCache
from tests.unit.points.tiny_wal import CREATED_NS, LOG, TinyWal
from tests.unit.points.world import World
from tests.unit.record.made_record import MadeLog, MadeRecord

RUN, OTHER = "0123456789abcdef0123", "ff00"
RUNS = (RUN, OTHER)
NAMES = ("loss", "acc")
HUGE = 2**60 + 1
VALUES = (
    1.5,
    math.nan,
    -0.0,
    0.0,
    HUGE,
    -7.25,
    math.inf,
    HUGE + 2,
    3.0,
    -math.inf,
    HUGE - 2,
    0.5,
    math.nan,
    2.0,
)
ROWS = (24, 18, 30)
EARLY = (7, 13)
OTHER_LOG = bytes(range(100, 116))


class Row(NamedTuple):
    row: int
    rank: int
    step: int
    time_us: int
    values: dict


class Source(NamedTuple):
    """What one file has of one WAL."""

    wal: int
    rows: int
    runs: tuple[str, ...]
    is_segment: bool


class File(NamedTuple):
    name: str
    data: bytes
    sources: tuple[Source, ...]

    def __repr__(self) -> str:
        return f"{self.name[:6]}: {self.sources}"


class Continued(NamedTuple):
    """A continuation of RUN: from which row of which WAL, and where the same process's rows count again."""

    wal: int
    row: int
    until: tuple[int, int] | None


# ---------------------------------------------------------------- files


def wal_of(which: int, rows: int) -> TinyWal:
    """The first rows of one of three WALs: two of one process, one of another; in each, two runs and two ranks take turns."""
    wal = TinyWal(
        salt=bytes([which + 1]) * 16,
        ordinal=min(which, 1) if which < 2 else 0,
        created_ns=CREATED_NS + 10 * which,
        log=LOG if which < 2 else OTHER_LOG,
    )
    for row in range(rows):
        values = {
            name: VALUES[(row * (3 + which) + 5 * at) % len(VALUES)]
            for at, name in enumerate(NAMES)
            if (row + at) % 4
        }
        step = row if row % 9 else 3  # it goes back now and then, and stands
        values = values or {"loss": float(row)}
        log = wal.log_wide if row % 11 == 10 else wal.log
        log(
            values,
            step=step,
            time_ns=CREATED_NS + 1_000 * row,
            run=RUNS[row % 5 == 2],
            rank=int(row % 7 == 3),
        )
    return wal


@functools.cache
def truth(which: int, run: str) -> list[Row]:
    return [
        Row(number, rank, step, time_ns // 1000, values)
        for number, (of, rank, step, time_ns, values) in enumerate(wal_of(which, ROWS[which]).rows)
        if of == run
    ]


@functools.cache
def wal_ids() -> list[str]:
    return [wal_of(which, 1).id.hex() for which in range(3)]


@functools.cache
def segment_files() -> list[File]:
    """Segments of WALs as they were early or whole, of all runs or of some, alone and merged."""
    env = World()
    found: list[File] = []
    with tempfile.TemporaryDirectory() as folder:
        paths: dict[str, tuple[Source, ...]] = {}
        for which in range(3):
            for rows in (*EARLY, ROWS[which]):
                for runs in (RUNS, RUNS[:1], RUNS[1:]):
                    wal = wal_of(which, rows)
                    path = os.path.join(folder, f"{wal.id.hex()}.wal")
                    with open(path, "wb") as file:
                        file.write(wal.closed() if rows == ROWS[which] else wal.open_ended())
                    (whole,) = seal(env, os.path.join(folder, "whole"), [path])
                    read = decode(read_file(env, whole.path), whole.path)
                    cover = msgspec.structs.replace(
                        read.covers[0], runs=tuple(one for one in read.covers[0].runs if one.run in runs)
                    )
                    points = {group: part for group, part in read.points.items() if group[0].run in runs}
                    paths[write_segment(env, folder, points, [cover])] = (Source(which, rows, runs, True),)
        single = list(paths)
        for at in range(0, len(single), 2):
            some = [single[at], single[(at * 5 + 7) % len(single)], single[(at * 7 + 3) % len(single)]]
            for merged in merge_segments(env, folder, sorted(set(some))):
                number = {wal: which for which, wal in enumerate(wal_ids())}
                paths[merged.path] = tuple(
                    Source(number[one.wal], one.rows, tuple({run.run for run in one.runs}), True)
                    for one in merged.covers
                )
        for path, sources in paths.items():
            found.append(File(os.path.basename(path), env.read_file(path), sources))
    return found


def cut_wal(which: int, keep: int | None, copy: int) -> File:
    """A WAL's file or a copy of it, cut after so many bytes of its body (None: closed)."""
    wal = wal_of(which, ROWS[which])
    name = f"{wal.id.hex()}.wal" if not copy else f"copy{copy}.wal"
    if keep is None:
        return File(name, wal.closed(), (Source(which, len(wal.rows), RUNS, False),))
    end = 1024 + min(keep, len(wal.body))
    rows = max([rows for after, rows in wal.ends if after <= end], default=0)
    data = wal.open_ended()
    data = data[:end] + bytes(len(data) - end) if copy != 2 else data[:end]
    return File(name, data, (Source(which, rows, RUNS, False),))


# ---------------------------------------------------------------- the model


def counted(here: list[File], run: str) -> dict[int, list[Row]]:
    """What counts of a run, by WAL, in their order."""
    most: dict[int, int] = {}
    for file in here:
        for source in file.sources:
            if run in source.runs:
                most[source.wal] = max(source.rows, most.get(source.wal, 0))
    found = {
        which: [row for row in truth(which, run) if row.row < rows] for which, rows in sorted(most.items())
    }
    return {which: rows for which, rows in found.items() if rows}


def that_counts(here: list[File], run: str, made: list[Continued]) -> dict[int, list[Row]]:
    """The same without what continuations left behind."""
    found = counted(here, run)
    if run != RUN:
        return found
    made = [one for one in made if one.wal in found]
    process = (0, 0, 1)
    is_closed = [
        one.until is not None and one.until[0] in found and process[one.until[0]] == process[one.wal]
        for one in made
    ]
    kept: dict[int, list[Row]] = {}
    for which, rows in found.items():
        ends = [
            (one.wal, one.row)
            for one, closed in zip(made, is_closed, strict=True)
            if not closed and process[one.wal] == process[which]
        ]
        rows = [row for row in rows if not ends or (which, row.row) <= max(ends)]
        for one, closed in zip(made, is_closed, strict=True):
            if closed and process[one.wal] == process[which]:
                rows = [row for row in rows if not (one.wal, one.row) < (which, row.row) < one.until]
        if rows:
            kept[which] = rows
    return kept


def points_of(rows: dict[int, list[Row]], name: str, rank: int | None) -> list[tuple]:
    """(rank, step, µs, value) in the order of `series()`."""
    return [
        (row.rank, row.step, row.time_us, bits(row.values[name]), which, row.row)
        for which, several in rows.items()
        for row in sorted(several, key=lambda row: (row.rank, row.row))
        if name in row.values and rank in (None, row.rank)
    ]


def bits(value: float | int) -> bytes | int:
    return struct.pack("<d", value) if isinstance(value, float) else value


def number(value: bytes | int) -> float | int:
    return struct.unpack("<d", value)[0] if isinstance(value, bytes) else value


def figures(points: list[tuple]) -> tuple:
    values = [number(point[3]) for point in points]
    numbers = [value for value in values if value == value]
    least, most = (min(numbers), max(numbers)) if numbers else (None, None)
    return (
        len(points), len(values) - len(numbers), points[0][1], points[-1][1], points[-1][2], points[-1][3],
        least if least != 0 else 0, most if most != 0 else 0,
    )  # fmt: skip


# ---------------------------------------------------------------- what Gnomon says


def told_series(series) -> list[tuple]:
    which = {wal: at for at, wal in enumerate(wal_ids())}
    wals = [which[part.wal] for part in series.parts for _ in range(len(part.points))]
    return list(
        zip(
            series.ranks(), series.steps(), series.times(), map(bits, series.values()), wals, series.rows(),
            strict=True,
        )
    )  # fmt: skip


def told_figures(stat) -> tuple:
    return (
        stat.count, stat.nan, stat.first_step, stat.last_step, stat.last_time_us, bits(stat.last), stat.min, stat.max
    )  # fmt: skip


def check_thinned(thinned, every: list[tuple], buckets: int) -> None:
    kept = told_series(thinned)
    places = [every.index(point) for point in kept]
    assert places == sorted(set(places))
    assert thinned.total == len(every)
    if not every:
        return
    assert {every[0], every[-1]} <= set(kept)
    numbers = [number(point[3]) for point in every if number(point[3]) == number(point[3])]
    shown = [number(point[3]) for point in kept if number(point[3]) == number(point[3])]
    if numbers:
        assert (min(shown), max(shown)) == (min(numbers), max(numbers))
    assert len(kept) <= max(4 * buckets, 1)


def check(record: Record, here: list[File], made: list[Continued], buckets: int) -> None:
    """Assert that the record says what the model says."""
    for run in RUNS:
        rows = that_counts(here, run, made)
        view = record.run(run)
        expected = {
            (name, rank): points
            for name in NAMES
            for rank in (0, 1)
            if (points := points_of(rows, name, rank))
        }
        assert {key: told_figures(stat) for key, stat in view.stats.items()} == {
            key: figures(points) for key, points in expected.items()
        }
        for name in view.series_names:
            for rank in (0, 1, None):
                points = points_of(rows, name, rank)
                assert told_series(view.series(name, rank)) == points
                check_thinned(view.series(name, rank, buckets=buckets), points, buckets)
    cells = record.runs(
        columns=["id", *(f"metrics.{name}{figure}" for name in NAMES for figure in ("", ".min", ".max"))]
    )
    for row in cells.to_pylist():
        rows = that_counts(here, row["id"], made)
        for name in NAMES:
            points = points_of(rows, name, 0) or points_of(rows, name, 1)
            if points:
                told = figures(points)
                assert bits_of_cell(row[f"metrics.{name}"]) == bits_of_cell(number(told[5]))
                assert (row[f"metrics.{name}.min"], row[f"metrics.{name}.max"]) == told[6:]
            else:
                assert row[f"metrics.{name}"] is None


def bits_of_cell(value) -> object:
    return "nan" if value != value else value


def check_sql(record: Record, here: list[File], made: list[Continued]) -> None:
    told = sorted(
        (row["run"], row["series"], row["rank"], row["wal"], row["row"], row["step"], row["us"],
         int(row["exact"]) if row["exact"] is not None else bits(row["value"]))
        for row in record.sql("select *, epoch_us(time) as us from points").to_pylist()
    )  # fmt: skip
    expected = sorted(
        (run, name, row.rank, wal_ids()[which], row.row, row.step, row.time_us, bits(row.values[name]))
        for run in RUNS
        for which, rows in that_counts(here, run, made).items()
        for row in rows
        for name in row.values
    )
    assert told == expected


def entries_of(made: list[Continued]) -> list[MadeLog]:
    logs = []
    first = MadeLog(1)
    for run in RUNS:
        first.add("run.created", f"run:{run}", {"name": run[:4], "rank": 0})
    logs.append(first)
    for at, one in enumerate(made):
        log = MadeLog(2 + at)
        continues: dict = {"wal": wal_ids()[one.wal], "row": one.row}
        if one.until is not None:
            continues["until"] = {"wal": wal_ids()[one.until[0]], "row": one.until[1]}
        log.add("run.joined", f"run:{RUN}", {"rank": 0, "continues": continues})
        logs.append(log)
    return logs


wal_cuts = st.builds(cut_wal, st.integers(0, 2), st.none() | st.integers(0, 2200), st.integers(0, 2))
places = st.tuples(st.integers(0, 2), st.integers(0, 29))
continuations = st.lists(
    st.builds(lambda place, until: Continued(*place, until), places, st.none() | places).filter(
        lambda one: one.until is None or (one.wal, one.row) < one.until
    ),
    max_size=2,
)


def test_a_file_that_has_another_wal_by_now_gives_nothing_to_the_one_before(tmp_path):
    """The law below found it: a copy of the WAL that was continued makes room for one of another WAL, under its name."""
    made_record = MadeRecord(str(tmp_path), env=BootedCache(str(tmp_path / "cache")))
    made = [Continued(2, 2, None)]
    for log in entries_of(made):
        made_record.put_log(log)
    home = made_record.home
    os.makedirs(os.path.join(home.path, FOLDER))
    whole = next(
        file
        for file in segment_files()
        if any(one[:2] == (2, ROWS[2]) and set(one.runs) == set(RUNS) for one in file.sources)
    )

    def put(*files: File) -> None:
        for file in files:
            made_record.put(f"{FOLDER}/{file.name}", file.data)

    with Record(Replica(home)) as record:
        put(cut_wal(2, 167, 2), cut_wal(1, None, 0))
        record.replica.update()
        put(whole, cut_wal(0, None, 2))
        record.replica.update()
        check(record, [cut_wal(1, None, 0), whole, cut_wal(0, None, 2)], made, 2)


@pytest.mark.slow
@given(data=st.data())
@settings(
    deadline=None,
    max_examples=int(os.environ.get("POINTS_EXAMPLES", "20")),
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes
    report_multiple_bugs=False,
)
def test_any_files_in_any_order_give_the_answers_of_the_model(data):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for module, name, few in (
            (outline, "PIECE", 3), (outline, "FEWEST", 4), (outlines, "FEWEST", 4), (follow, "FEWEST", 4),
            (thin, "FEWEST_FOR_BUCKET", 6),
        ):  # fmt: skip
            patch.setattr(module, name, few)
        made_record = MadeRecord(folder, env=BootedCache(os.path.join(folder, "cache")))
        made = data.draw(continuations)
        logs = entries_of(made)
        made_record.put_log(logs[0])
        said: list[Continued] = []
        home = made_record.home
        os.makedirs(os.path.join(home.path, FOLDER))
        here: dict[str, File] = {}
        record = Record(Replica(home))
        pool = segment_files()
        for nth in range(data.draw(st.integers(2, 7))):
            for _ in range(data.draw(st.integers(1, 4))):
                file = data.draw(wal_cuts | st.sampled_from(pool) | st.sampled_from(pool))
                path = os.path.join(home.path, FOLDER, file.name)
                if file.name in here:
                    del here[file.name]
                    os.unlink(path)
                    if data.draw(st.booleans()):
                        continue
                here[file.name] = file
                made_record.put(f"{FOLDER}/{file.name}", file.data)
            if len(said) < len(made) and data.draw(st.booleans()):
                made_record.put_log(logs[1 + len(said)])
                said.append(made[len(said)])
            record.replica.update()
            if nth % 2:
                check(record, list(here.values()), said, 1 + nth)
        check(record, list(here.values()), said, 2)
        check_sql(record, list(here.values()), said)
        fresh = Record(Replica(open_home(home.path, BootedCache(os.path.join(folder, "other")))))
        assert fresh.replica.index.export() == record.replica.index.export()
        fresh.close()
        record.close()
