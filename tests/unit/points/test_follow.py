"""The figures of points in the index: a function of the files that are there, at the cost of what is new."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from thorough import examples

from gnomon.points import figures, follow, outlines
from gnomon.points.follow import PointFigures, bounds_by_log
from gnomon.points.reader import read_wal
from gnomon.points.seal import merge_segments, seal
from gnomon.points.segment import covers_of, decode, read_file
from gnomon.points.stats import merge, stat_of, stats_of
from gnomon.record.index import Index
from tests.unit.points.tiny_wal import BOOT, CREATED_NS, LOG, RUN, TinyWal
from tests.unit.record.made_record import CacheEnv, MadeRecord

OTHER = "ff00"
FOLDER = "points/" + "a" * 32


class BootedCache(CacheEnv):
    boot = BOOT

    def boot_id(self):
        return self.boot


@pytest.fixture
def record(tmp_path):
    return MadeRecord(tmp_path / "record", env=BootedCache(str(tmp_path / "cache")))


def index_of(record) -> Index:
    return Index(record.home, extensions=[PointFigures()])


def figures_of(index: Index, run: str = RUN) -> dict:
    return index.stats("run", run)["points"]


def wal_of(*values: float | int, salt: bytes = b"s" * 16, **more) -> TinyWal:
    wal = TinyWal(salt=salt, **more)
    for step, value in enumerate(values):
        wal.log({"loss": value}, step=step)
    return wal


def path_of(wal: TinyWal) -> str:
    return f"{FOLDER}/{wal.id.hex()}.wal"


def sealed(record, *wals: TinyWal) -> str:
    """Seal WALs as their process does; return the segment's path within the record."""
    full = [str(record.put(path_of(wal), wal.closed())) for wal in wals]
    (segment,) = seal(record.env, os.path.dirname(full[0]), full)
    return os.path.relpath(segment.path, record.home.path)


@pytest.fixture
def reads(monkeypatch):
    """Names the files that are read for their points."""
    names = []

    def note(name, real):
        def counted(env, path, *args, **kwargs):
            names.append(f"{name} {os.path.basename(path)[:8]}")
            return real(env, path, *args, **kwargs)

        return counted

    monkeypatch.setattr(follow, "read_wal", note("wal", read_wal))
    monkeypatch.setattr(figures, "segment_stats", note("segment", figures.segment_stats))
    return names


# ---------------------------------------------------------------- WALs


def test_the_figures_of_a_live_wal_grow_with_it(record):
    wal = wal_of(3.0, 1.0)
    path = record.put(path_of(wal), wal.open_ended(spare=10_000))
    index = index_of(record)
    assert figures_of(index)[0, "loss"].count == 2
    for step, value in enumerate((2.0, -5.0), start=2):
        wal.log({"loss": value, "acc": 0.5}, step=step)
    state = path.stat()
    with path.open("r+b") as file:  # in place, as through a memory map: no mark in size or time
        file.seek(1024)
        file.write(wal.body)
    os.utime(path, ns=(state.st_mtime_ns, state.st_mtime_ns))
    index.update()
    loss, acc = figures_of(index)[0, "loss"], figures_of(index)[0, "acc"]
    assert (loss.count, loss.first_step, loss.last_step, loss.last, loss.min, loss.max) == (
        4,
        0,
        3,
        -5.0,
        -5.0,
        3.0,
    )
    assert acc.count == 2


def test_only_what_is_new_in_a_wal_is_read(record, reads):
    wal = wal_of(*range(50))
    record.put(path_of(wal), wal.open_ended())
    index = index_of(record)
    index.update()
    assert len(reads) == 1
    index.update()
    assert len(reads) == 1
    index.close()
    index_of(record).update()
    assert len(reads) == 1, "what the file of the index holds is enough for a new process"


def test_a_torn_last_record_is_no_news_for_ever(record, reads):
    wal = wal_of(1.0)
    record.put(path_of(wal), wal.open_ended()[: 1024 + len(wal.body)] + b"\x2a\0\0\0torn" + bytes(92))
    index = index_of(record)
    index.update()
    count = len(reads)
    index.update()
    assert len(reads) == count
    assert figures_of(index)[0, "loss"].count == 1


def test_runs_of_one_wal_and_wals_of_one_run_are_told_apart_and_joined(record):
    first = wal_of(1.0, 2.0, created_ns=CREATED_NS)
    first.log({"loss": 9.0}, step=0, run=OTHER, rank=3)
    second = wal_of(0.5, salt=b"t" * 16, created_ns=CREATED_NS + 10)
    record.put(path_of(second), second.closed())
    record.put(path_of(first), first.closed())
    index = index_of(record)
    joined = figures_of(index)[0, "loss"]
    assert (joined.count, joined.last, joined.max) == (3, 0.5, 2.0)
    assert list(figures_of(index, OTHER)) == [(3, "loss")]
    assert figures_of(index, "no such run") == {}


def test_a_file_without_a_sound_header_counts_for_nothing_and_is_read_once(record, reads):
    record.put(f"{FOLDER}/{'b' * 32}.wal", b"GNMWAL1\n" + bytes(2_000))
    record.put(f"{FOLDER}/{'c' * 32}.wal", b"")
    index = index_of(record)
    index.update()
    count = len(reads)
    index.update()
    assert len(reads) == count
    assert index.problems() == []


def test_a_file_that_has_no_header_yet_is_looked_at_again(record):
    wal = wal_of(1.0)
    path = record.put(path_of(wal), bytes(2_000))
    index = index_of(record)
    index.update()
    assert figures_of(index) == {}
    data = wal.open_ended()
    state = path.stat()
    with path.open("r+b") as file:
        file.write(data[:2_000])
    os.utime(path, ns=(state.st_mtime_ns, state.st_mtime_ns))
    index.update()
    assert figures_of(index)[0, "loss"].count == 1


def test_copies_of_one_wal_count_once_and_the_longer_one_counts(record):
    wal = wal_of(1.0, 2.0, 3.0)
    short = 1024 + wal.ends[-2][0] - 1024
    record.put(path_of(wal), wal.open_ended()[:short])
    record.put(f"points/{'b' * 32}/copy.wal", wal.closed())
    index = index_of(record)
    assert figures_of(index)[0, "loss"].count == 3
    record.remove(f"points/{'b' * 32}/copy.wal")
    index.update()
    assert figures_of(index)[0, "loss"].count == 2


def test_a_wal_that_grows_past_a_copy_that_was_counted_is_counted_from_its_start(record):
    wal = wal_of(*range(6))
    ends = [end for end, _ in wal.ends]
    first = record.put(path_of(wal), wal.open_ended()[: ends[-5]] + bytes(8192 - ends[-5]))
    index = index_of(record)
    assert figures_of(index)[0, "loss"].count == 2
    record.put(f"points/{'b' * 32}/copy.wal", wal.open_ended()[: ends[-2]])
    index.update()
    assert figures_of(index)[0, "loss"].count == 5
    with first.open("r+b") as file:
        file.seek(1024)
        file.write(wal.body)
    index.update()
    assert (figures_of(index)[0, "loss"].count, figures_of(index)[0, "loss"].last) == (6, 5.0)


def test_a_shorter_copy_that_comes_in_place_of_a_wal_is_what_counts(record):
    """It is allocated ahead, so it may be as long as what was read."""
    wal = wal_of(*range(40))
    record.put(path_of(wal), wal.closed())
    index = index_of(record)
    assert figures_of(index)[0, "loss"].count == 40
    end = next(end for end, rows in wal.ends if rows == 7)
    record.put(path_of(wal), wal.open_ended()[:end] + bytes(5_000))
    index.update()
    assert figures_of(index)[0, "loss"].count == 7
    record.put(path_of(wal), wal.closed())
    index.update()
    assert figures_of(index)[0, "loss"].count == 40


def test_a_copy_that_was_made_while_it_ran_does_not_make_unknown_what_is_known(record):
    wal = wal_of(1.0, 2.0)
    record.put(path_of(wal), wal.closed())
    record.put(f"points/{'b' * 32}/copy.wal", wal.open_ended())
    record.env.boot = b"another boot.. ."
    for again in range(2):
        index = index_of(record)
        index.update()
        assert index.ask(lambda database: bounds_by_log(database, record.home, RUN)) == {LOG.hex(): 0}
        index.close()
        if not again:
            sealed(record, wal)
            record.remove(path_of(wal))


def outlined(index, wal: TinyWal) -> list[bool]:
    found, _ = index.ask(lambda database: follow.held_of_series(database, RUN, "loss", None))
    return [one.outline is not None for one in found]


def test_a_long_series_that_grew_while_it_was_followed_is_outlined_when_it_ends(record, monkeypatch):
    for module in (outlines, follow):
        monkeypatch.setattr(module, "FEWEST", 30)
    wal = wal_of(*map(float, range(20)))
    path = record.put(path_of(wal), wal.open_ended(spare=20_000))
    index = index_of(record)
    index.update()
    for step in range(20, 40):
        wal.log({"loss": float(step)}, step=step)
    with path.open("r+b") as file:
        file.seek(1024)
        file.write(wal.body)
    index.update()
    assert outlined(index, wal) == [False]
    record.put(path_of(wal), wal.closed())  # no row is new, and it has ended
    index.update()
    assert outlined(index, wal) == [True]


def test_a_long_series_whose_process_died_is_outlined_when_it_is_sealed(record, monkeypatch):
    for module in (outlines, follow):
        monkeypatch.setattr(module, "FEWEST", 30)
    wal = wal_of(*map(float, range(20)))
    record.put(path_of(wal), wal.open_ended(spare=20_000))
    index = index_of(record)
    index.update()
    for step in range(20, 40):
        wal.log({"loss": float(step)}, step=step)
    record.put(path_of(wal), wal.open_ended(spare=20_000))
    index.update()
    assert outlined(index, wal) == [False]
    record.remove(path_of(wal))
    sealed(record, wal)
    record.remove(path_of(wal))
    index.update()
    assert outlined(index, wal) == [True]


# ---------------------------------------------------------------- segments


def test_a_wal_that_was_counted_and_then_sealed_is_not_read_again(record, reads):
    wals = [wal_of(1.0, 2.0, salt=bytes([n]) * 16) for n in range(3)]
    for wal in wals:
        record.put(path_of(wal), wal.closed())
    index = index_of(record)
    before = figures_of(index)
    reads.clear()
    sealed(record, *wals)
    index.update()
    for wal in wals:
        record.remove(path_of(wal))
    index.update()
    assert figures_of(index) == before
    assert [read for read in reads if read.startswith("segment")] == []


@pytest.mark.slow
@pytest.mark.parametrize("is_large", [False, True])
def test_a_segment_gives_the_same_figures_as_its_wals(record, monkeypatch, is_large):
    """Small segments are decoded, large ones grouped by DuckDB."""
    monkeypatch.setattr(figures, "LARGE_BYTES", 0 if is_large else 1 << 30)
    payload_nan = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000123))[0]
    wals = [
        wal_of(-0.0, 0.0, float("nan"), float("inf"), salt=b"1" * 16),
        wal_of(2**60 + 1, 1.0, -(2**70), salt=b"2" * 16, created_ns=CREATED_NS + 1),
        wal_of(payload_nan, salt=b"3" * 16, created_ns=CREATED_NS + 2),
    ]
    wals[0].log({"épisode": 0.1, "it's \"": 5e-324}, step=-7, run=OTHER, rank=2)
    for wal in wals:
        record.put(path_of(wal), wal.closed())
    from_wals = index_of(record)
    expected = repr([_sorted(figures_of(from_wals)), _sorted(figures_of(from_wals, OTHER))])
    from_wals.close()
    sealed(record, *wals)
    for wal in wals:
        record.remove(path_of(wal))
    shutil.rmtree(record.env.cache_folder())
    from_segment = index_of(record)
    assert repr([_sorted(figures_of(from_segment)), _sorted(figures_of(from_segment, OTHER))]) == expected


def _sorted(found: dict) -> dict:
    return dict(sorted(found.items()))


def test_a_damaged_segment_counts_for_nothing_and_is_named(record):
    wal = wal_of(1.0, 2.0)
    segment = sealed(record, wal)
    record.remove(path_of(wal))
    path = Path(record.home.path) / segment
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    index = index_of(record)
    assert figures_of(index) == {}
    (problem,) = index.problems()
    assert problem.file == segment
    assert "its bytes do not match its name" in problem.what
    path.write_bytes(good)
    os.utime(path, ns=(1, 1))
    index.update()
    assert figures_of(index)[0, "loss"].count == 2
    assert index.problems() == []


def test_what_is_gone_is_not_counted_any_more(record):
    wal = wal_of(1.0, 2.0)
    segment = sealed(record, wal)
    index = index_of(record)
    assert figures_of(index)[0, "loss"].count == 2
    record.remove(segment)
    index.update()
    assert figures_of(index)[0, "loss"].count == 2
    record.remove(path_of(wal))
    index.update()
    assert figures_of(index) == {}
    record.put(path_of(wal), wal.closed())
    index.update()
    assert figures_of(index)[0, "loss"].count == 2


# ---------------------------------------------------------------- what may be missing


def test_the_bound_of_a_wal_that_has_not_ended_is_judged_when_it_is_asked_for(record):
    """While the machine runs nothing is missing; after it went down nobody can tell, though the file is as it was."""
    wal = wal_of(1.0)
    record.put(path_of(wal), wal.open_ended())
    index = index_of(record)
    assert index.ask(lambda database: bounds_by_log(database, record.home, RUN)) == {LOG.hex(): 0}
    record.env.boot = b"another boot.. ."
    index.update()
    assert index.ask(lambda database: bounds_by_log(database, record.home, RUN)) == {LOG.hex(): None}


# ---------------------------------------------------------------- anything, in any order

SALTS = (b"1" * 16, b"2" * 16)


class AnyPoints(RuleBasedStateMachine):
    """WALs grow, end, are sealed, merged, copied, cut and lost; the figures are always those of the best sources."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="gnomon-points-")
        self.record = MadeRecord(self.folder, env=BootedCache(os.path.join(self.folder, "cache")))
        self.index = index_of(self.record)
        self.wals = {salt: TinyWal(salt=salt, created_ns=CREATED_NS + n) for n, salt in enumerate(SALTS)}
        self.lock = None

    def teardown(self):
        if self.lock is not None:
            self.record.env.close(self.lock)
        self.index.close()
        shutil.rmtree(self.folder)

    def paths(self, listed) -> list[str]:
        return [os.path.join(self.record.home.path, path) for path, _ in listed]

    @rule(
        salt=st.sampled_from(SALTS),
        run=st.sampled_from([RUN, OTHER]),
        name=st.sampled_from("ab"),
        value=st.sampled_from([1.0, -0.0, 2**60 + 1, float("nan"), 7.5]),
    )
    def a_process_logs(self, salt, run, name, value):
        wal = self.wals[salt]
        wal.log({name: value}, step=len(wal.rows), run=run)
        path = Path(self.record.home.path) / path_of(wal)
        if path.exists() and path.stat().st_size == 8192:
            with path.open("r+b") as file:
                file.seek(1024)
                file.write(wal.body[:7168])
        else:
            self.record.put(path_of(wal), wal.open_ended(spare=8192 - 1024 - len(wal.body)))

    @precondition(lambda self: any(wal.rows for wal in self.wals.values()))
    @rule(data=st.data())
    def wals_are_sealed(self, data):
        wals = data.draw(
            st.lists(
                st.sampled_from([wal for wal in self.wals.values() if wal.rows]), min_size=1, unique=True
            )
        )
        sealed(self.record, *wals)
        for wal in wals:
            if data.draw(st.booleans()):
                self.record.remove(path_of(wal))

    @precondition(lambda self: len(self.record.home.segment_files()) > 1)
    @rule()
    def segments_are_merged(self):
        paths = self.paths(self.record.home.segment_files())
        merged = {
            segment.path for segment in merge_segments(self.record.env, os.path.dirname(paths[0]), paths)
        }
        for path in set(paths) - merged:
            os.unlink(path)

    @precondition(lambda self: self.record.home.wal_files() or self.record.home.segment_files())
    @rule(data=st.data(), keep=st.floats(0, 1))
    def a_file_is_cut_or_goes(self, data, keep):
        paths = self.paths(self.record.home.wal_files() + self.record.home.segment_files())
        path = Path(data.draw(st.sampled_from(paths)))
        content = path.read_bytes()
        path.unlink()
        if data.draw(st.booleans()):
            path.write_bytes(content[: int(keep * len(content))])

    @rule()
    def a_new_process_comes(self):
        self.index.close()
        self.index = index_of(self.record)

    @rule()
    def somebody_holds_the_lock(self):
        if self.lock is None:
            self.index.update()
            (folder,) = Path(self.record.env.cache_folder()).iterdir()
            self.lock = self.record.env.open_lock(str(folder / "lock"))
            assert self.record.env.try_lock(self.lock)
        else:
            self.record.env.close(self.lock)
            self.lock = None

    @invariant()
    def the_figures_are_those_of_the_best_sources(self):
        self.index.update()
        for run in (RUN, OTHER):
            assert repr(_sorted(figures_of(self.index, run))) == repr(_sorted(self.expected(run)))

    def expected(self, run: str) -> dict:
        best: dict[str, tuple] = {}
        for path in self.paths(self.record.home.wal_files()):
            read = read_wal(self.record.env, path)
            if read.header is not None and read.rows > best.get(read.header.wal, (-1,))[0]:
                place = (read.header.created_ns, read.header.ordinal, read.header.wal)
                best[read.header.wal] = (read.rows, place, stats_of(read.blocks))
        for path in self.paths(self.record.home.segment_files()):
            try:
                covers = covers_of(self.record.env, path)
                points = decode(read_file(self.record.env, path), path).points
            except figures.DamagedFileError:
                continue
            for cover in covers:
                if cover.rows > best.get(cover.wal, (-1,))[0]:
                    stats = {
                        key: stat_of(part.steps, part.times_us, part.values, part.exact or None)
                        for (key, wal), part in points.items()
                        if wal == cover.wal
                    }
                    best[cover.wal] = (cover.rows, (cover.started_ns, cover.ordinal, cover.wal), stats)
        joined: dict = {}
        for _, _, stats in sorted(best.values(), key=lambda source: source[1]):
            for key, stat in stats.items():
                if key.run == run:
                    place = (key.rank, key.series)
                    joined[place] = merge(joined[place], stat) if place in joined else stat
        return joined


TestAnyPoints = AnyPoints.TestCase
TestAnyPoints.settings = settings(
    deadline=None,
    max_examples=examples(15),
    stateful_step_count=20,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
