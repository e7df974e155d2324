"""Spark and DuckDB give the same answer. Runs where pyspark and Java are (the extra `engines`)."""

import shutil

import numpy as np
import polars as pl
import pytest

from gnomon.checks.kinds.drift.check import drift
from gnomon.checks.kinds.drift.counted import sketch_of

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # pyspark's own, of pandas 3
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
]


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.session.timeZone": "UTC",
        "spark.log.level": "ERROR",
    }
    session = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    yield session
    session.stop()


def _rows(n, seed, shift=0.0):
    chance = np.random.default_rng(seed)
    return pl.DataFrame({
        "x": np.where(chance.random(n) < 0.1, np.nan, chance.standard_t(2, n) + shift),
        "k": chance.poisson(4, n),
        "w": chance.choice(["a", "b", "c"], n),
        "t": pl.Series(chance.integers(10**15, 2 * 10**15, n)).cast(pl.Datetime("us", "UTC")),
    })  # fmt: skip


def test_spark_and_duckdb_count_the_same_and_judge_alike(spark, tmp_path):
    tables = {"before": _rows(700, 1), "after": _rows(600, 2, shift=1.0)}
    there = {}
    for name, frame in tables.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
        there[name] = spark.read.parquet(str(tmp_path / f"{name}.parquet")).cache()
    sketches = [sketch_of(frame) for frame in tables.values()]
    assert [sketch_of(one) for one in there.values()] == sketches

    found = drift(there["before"], there["after"])
    assert any("the rows are not on this machine" in note for note in found.notes)
    mine = drift(*sketches)
    assert tuple(one for one in found.findings if one.key != "joint") == mine.findings
    assert {one.key for one in found.failed} == {"drift.x"}
    assert found.finding("joint") == drift(tables["before"], tables["after"]).finding("joint")


def test_some_rows_of_spark_are_drawn_where_there_are_many(spark, monkeypatch):
    from gnomon.checks.kinds.drift import looked

    monkeypatch.setattr(looked, "MOST_ROWS", 300)
    frame = spark.createDataFrame([(float(at), float(at % 7)) for at in range(900)], "x double, y double")
    found = drift(frame, frame)
    assert any("looked at 300 rows" in note for note in found.notes)
    assert found.finding("joint").outcome in ("pass", "cannot tell")
