"""Series of many runs of a record are those that each run gives alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import gnomon
from gnomon import upkeep
from gnomon.points import many as of_points
from gnomon.points.segment import refusing_damage
from gnomon.runs import many
from gnomon.runs.many import series_of_many


@pytest.fixture
def runs(project):
    """Runs with several ranks, one that was resumed from an earlier step, one without the series; some are sealed."""
    made = []
    for number in range(4):
        with gnomon.run(f"plain-{number}") as run:
            for step in range(30):
                run.log({"loss": number + step / 7, "tokens": step * 100.0}, step=step)
        made.append(run.id)
    with gnomon.run("other") as run:
        run.log({"acc": 1.0}, step=0)
    made.append(run.id)
    for rank in (2, 1):
        code = f"import gnomon\nwith gnomon.run('ranks') as run: run.log({{'loss': 10.0 + {rank}, 'tokens': 1.0}}, step=3)"
        env = {**os.environ, "RANK": str(rank), "WORLD_SIZE": "3", "GNOMON_RUN_ID": "cd" * 10}
        subprocess.run([sys.executable, "-c", code], env=env, cwd=project, check=True, timeout=60)
    upkeep.do_upkeep(gnomon.open().path)
    with gnomon.run(resume=made[0], resume_step=6) as run:
        for step in range(6, 9):
            run.log({"loss": 100.0 + step, "tokens": 1.0}, step=step)
    return [*made, "cd" * 10]


def said(series):
    return (
        series.name, series.steps(), series.values(), series.times(), series.ranks(), series.rows(), series.x_values(),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("few", [0, 2_000], ids=["looked for", "folded"])
@pytest.mark.parametrize("at_once", [1, 1_000_000])
def test_many_runs_give_what_each_gives_alone(runs, monkeypatch, few, at_once):
    monkeypatch.setattr(many, "FEW", few)
    monkeypatch.setattr(of_points, "MOST_AT_ONCE", at_once)
    record = gnomon.open()
    record.replica.update()
    for x in (None, "tokens"):
        for rank in ("lowest", 0, 2, None):
            found = dict(series_of_many(record, runs, ["loss", "acc"], rank=rank, x=x))
            assert sorted(found) == sorted(runs)
            for run in runs:
                view = record.run(run)
                for name in ("loss", "acc"):
                    if name not in view.series_names:
                        assert len(found[run][name]) == 0
                        continue
                    lowest = min(one for series, one in view.stats if series == name)
                    alone = view.series(name, rank=lowest if rank == "lowest" else rank, x=x)
                    assert said(found[run][name]) == said(alone)
    resumed = dict(series_of_many(record, runs, ["loss"]))[runs[0]]["loss"]
    assert resumed.steps() == [*range(9)] and resumed.values()[6:] == [106.0, 107.0, 108.0]
    assert dict(series_of_many(record, runs, ["loss"]))["cd" * 10]["loss"].values() == [11.0]


@pytest.mark.slow
def test_progress_counts_the_runs(runs):
    record = gnomon.open()
    record.replica.update()
    seen = []
    assert len(list(series_of_many(record, runs, ["loss"], progress=lambda *done: seen.append(done)))) == 6
    assert seen == [(number, 6) for number in range(1, 7)]


def test_an_interrupt_within_duckdb_is_no_damage():
    with pytest.raises(KeyboardInterrupt), refusing_damage("x"):
        raise RuntimeError("Query interrupted")
