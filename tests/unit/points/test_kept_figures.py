"""The figures of a run that was continued from an earlier row are those of its series: what was left behind does not count."""

from __future__ import annotations

import os
from contextlib import nullcontext

import pytest

import gnomon
from gnomon.points.query import PointFiles
from gnomon.replica import Replica
from gnomon.runs.sql import points_table
from gnomon.session import close_all
from gnomon.upkeep import do_upkeep


def log_run(values, *, first=0, **settings):
    """Log a run as a process of its own would."""
    with gnomon.run(**settings) as run:
        for step, value in enumerate(values, first):
            run.log({"loss": value}, step=step)
    close_all()
    return run.id


def continued(project) -> str:
    """0 … 9 with a lowest and a highest value that are left behind, then on from step 5; and a run beside it."""
    run = log_run([5.0, 4.0, 3.0, 4.0, 5.0, -100.0, 3.0, 100.0, 2.0, 1.0], name="a")
    log_run([4.0, 2.5], first=5, resume=run, resume_step=5)
    log_run([0.0], name="b")
    return run


def check(run: str) -> None:
    record = gnomon.open()
    view = record.run(run)
    values = view.series("loss").values()
    assert values == [5.0, 4.0, 3.0, 4.0, 5.0, 4.0, 2.5]
    stat = view.stats["loss", 0]
    assert (stat.count, stat.min, stat.max, stat.last, stat.last_step) == (7, 2.5, 5.0, 2.5, 6)
    columns = ["id", "metrics.loss.min", "metrics.loss.max", "metrics.loss"]
    (row, _) = record.runs(columns=columns, sort="metrics.loss.min:desc").to_pylist()
    assert list(row.values()) == [run, 2.5, 5.0, 2.5]
    query = f"select min, max, count from metrics where run = '{run}'"
    assert [tuple(one.values()) for one in record.sql(query).to_pylist()] == [(2.5, 5.0, 7)]
    record.close()


@pytest.mark.slow
def test_every_face_says_what_the_series_says(project):
    check(continued(project))


@pytest.mark.slow
def test_so_it_is_when_the_points_are_sealed_and_the_index_is_built_anew(project, monkeypatch):
    run = continued(project)
    check(run)
    monkeypatch.setattr("gnomon.upkeep.WALS_TO_SEAL", 1)
    assert any("sealed" in line for line in do_upkeep(gnomon.open().path))
    close_all()
    check(run)
    gnomon.open().replica.index._keeper.start_over()
    check(run)


def test_the_rows_are_read_once_and_kept(project, monkeypatch):
    run = continued(project)
    gnomon.open().runs()
    monkeypatch.setattr(PointFiles, "points", lambda *_, **__: pytest.fail("the points were read"))
    assert gnomon.open().run(run).stats["loss", 0].min == 2.5
    log_run([1.0], name="c")
    gnomon.open().runs()
    with pytest.raises(pytest.fail.Exception):  # another cut: another question
        log_run([9.0], first=6, resume=run, resume_step=6)
        gnomon.open().runs()


def test_of_a_run_that_goes_on_after_its_last_row_no_row_is_read(project, monkeypatch):
    monkeypatch.setattr(PointFiles, "points", lambda *_, **__: pytest.fail("the points were read"))
    run = log_run([3.0, 2.0], name="a")
    log_run([1.0], first=2, resume=run)
    assert gnomon.open().run(run).stats["loss", 0].count == 3


def test_a_file_that_was_gone_while_it_was_asked_is_asked_again(project, monkeypatch):
    run = continued(project)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PointFiles, "points", lambda *_, **__: {})
        patch.setattr(PointFiles, "is_complete", False)
        assert gnomon.open().runs(columns=["id", "metrics.loss.max"], sort="created:asc").to_pylist()[0] == {
            "id": run,
            "metrics.loss.max": 4.0,
        }
    log_run([1.0], name="news")
    check_max = gnomon.open().runs(columns=["id", "metrics.loss.max"], sort="created:asc").to_pylist()[0]
    assert check_max == {"id": run, "metrics.loss.max": 5.0}


def test_a_series_is_asked_again_where_its_file_was_sealed_meanwhile(project, monkeypatch):
    run = log_run([3.0, 2.0], name="a")
    view = gnomon.open().run(run)
    real = Replica.points_of
    sealed = []

    def seal_first(self, *args, **kwargs):
        files = real(self, *args, **kwargs)
        if not sealed:
            sealed.append(do_upkeep(self.home.path))
        return files

    monkeypatch.setattr("gnomon.upkeep.WALS_TO_SEAL", 1)
    monkeypatch.setattr(Replica, "points_of", seal_first)
    assert view.series("loss").values() == [3.0, 2.0]
    assert any("WALs deleted" in line for line in sealed[0])
    assert not [name for _, _, names in os.walk(view.record.path) for name in names if name.endswith(".wal")]
    close_all()


def test_sql_asks_again_where_a_file_was_sealed_meanwhile(project, monkeypatch):
    run = log_run([3.0, 2.0], name="a")
    record = gnomon.open()
    record.run(run)
    real = points_table._known_files
    sealed = []

    def seal_then(database):
        files = real(database)
        if not sealed:
            sealed.append(do_upkeep(record.path))
        return files

    monkeypatch.setattr("gnomon.upkeep.WALS_TO_SEAL", 1)
    monkeypatch.setattr(
        "gnomon.runs.sql.engine.kept_off", lambda _home: nullcontext()
    )  # as on a disk without locks
    monkeypatch.setattr(points_table, "_known_files", seal_then)
    assert [row["value"] for row in record.sql("select value from points").to_pylist()] == [3.0, 2.0]
    assert any("WALs deleted" in line for line in sealed[0])
    close_all()
