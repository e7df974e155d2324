"""A replica joins logs, points and objects: one update, then questions."""

from __future__ import annotations

import os
import shutil

import pytest

from gnomon.errors import NoRecordError
from gnomon.points.seal import seal
from gnomon.replica import Replica
from tests.unit.points.tiny_wal import BOOT, LOG, RUN, TinyWal
from tests.unit.record.made_record import CacheEnv, MadeLog, MadeRecord


class BootedCache(CacheEnv):
    def boot_id(self):
        return BOOT


@pytest.fixture
def record(tmp_path):
    made = MadeRecord(tmp_path / "record", env=BootedCache(str(tmp_path / "cache")))
    log = MadeLog(1)
    log.add("run.created", f"run:{RUN}", {"name": "first", "params": {"lr": 0.1}, "rank": 0})
    log.add("run.ended", f"run:{RUN}", {"status": "finished"})
    made.put_log(log)
    return made


def logged(*values: float) -> TinyWal:
    wal = TinyWal()
    for step, value in enumerate(values):
        wal.log({"loss": value}, step=step)
    return wal


def wal_path(wal: TinyWal) -> str:
    return f"points/{'a' * 32}/{wal.id.hex()}.wal"


def test_a_run_has_its_entries_and_its_figures_in_one_row(record):
    wal = logged(3.0, 1.0, 2.0)
    record.put(wal_path(wal), wal.closed())
    with Replica.open(record.home.path, record.env) as replica:
        replica.update()
        keys = ["name", "status", "params.lr", "metrics.loss"]
        assert replica.index.columns("run", keys) == {
            "name": ["first"], "status": ["finished"], "params.lr": [0.1], "metrics.loss": [2.0],
        }  # fmt: skip
        stat = replica.point_stats(RUN)[0, "loss"]
        assert (stat.count, stat.min, stat.max) == (3, 1.0, 3.0)
        assert replica.points_of(RUN).series(RUN, "loss").values() == [3.0, 1.0, 2.0]
        assert replica.missing_by_log(RUN) == {LOG.hex(): 0}


def test_a_row_follows_the_points_of_a_run_whose_entries_stand_still(record):
    wal = logged(3.0)
    path = record.put(wal_path(wal), wal.open_ended(spare=10_000))
    with Replica.open(record.home.path, record.env) as replica:
        replica.update()
        assert replica.index.columns("run", ["metrics.loss"])["metrics.loss"] == [3.0]
        wal.log({"loss": 0.25}, step=1)
        with path.open("r+b") as file:
            file.seek(1024)
            file.write(wal.body)
        replica.update()
        assert replica.index.columns("run", ["metrics.loss"])["metrics.loss"] == [0.25]
        assert replica.points_of(RUN).series(RUN, "loss").values() == [3.0, 0.25]


def test_points_that_come_before_the_entries_of_their_run_are_not_lost(record, tmp_path):
    late = MadeRecord(tmp_path / "late", env=record.env)
    wal = logged(1.5)
    late.put(wal_path(wal), wal.closed())
    with Replica.open(late.home.path, late.env) as replica:
        replica.update()
        assert replica.index.subjects("run") == []
        shutil.copytree(os.path.join(record.home.path, "log"), os.path.join(late.home.path, "log"))
        replica.update()
        assert replica.index.columns("run", ["metrics.loss"])["metrics.loss"] == [1.5]


def test_sealing_changes_no_answer(record):
    wal = logged(3.0, 1.0, 2.0)
    path = str(record.put(wal_path(wal), wal.closed()))
    with Replica.open(record.home.path, record.env) as replica:
        replica.update()
        before = replica.index.export()
        seal(record.env, os.path.dirname(path), [path])
        os.unlink(path)
        replica.update()
        assert replica.index.export() == before
        assert replica.points_of(RUN).series(RUN, "loss").values() == [3.0, 1.0, 2.0]
        assert replica.missing_by_log(RUN) == {LOG.hex(): 0}
    shutil.rmtree(record.env.cache_folder())
    with Replica.open(record.home.path, record.env) as replica:
        replica.update()
        assert replica.index.export() == before


def test_a_folder_without_a_record_is_an_error(tmp_path):
    with pytest.raises(NoRecordError):
        Replica.open(str(tmp_path / ".gnomon"))
