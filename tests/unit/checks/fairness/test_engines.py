"""One expression, many engines: DuckDB, Spark, Ibis, Polars and all others give the same answer.

Spark needs PySpark and Java: `pip install 'gnomon[engines]'`, and `apt install openjdk-17-jre-headless` on Debian.
"""

import importlib.util
import shutil

import numpy as np
import pandas as pd
import pytest

from gnomon.checks.kinds.fairness.check import fairness

N = 20_000


@pytest.fixture(scope="module")
def people():
    """Return people with a missing label, outcomes, decisions and scores here and there."""
    chance = np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "sex": chance.choice(["f", "m"], N),
            "region": chance.choice(["north", "south", "west", "(none)"], N, p=[0.5, 0.3, 0.19, 0.01]),
            "grade": chance.integers(1, 4, N),
            "score": chance.random(N).round(6),
            "pay": chance.normal(1000, 300, N).round(3),
        }
    )
    table["y"] = np.where(chance.random(N) < table["score"], "yes", "no")
    table["p"] = chance.random(N) < 0.5 - 0.15 * (table["sex"] == "f")
    table["said"] = (table["pay"] + chance.normal(0, 100, N)).round(3)
    table.loc[chance.choice(N, 200), "region"] = None
    table.loc[chance.choice(N, 200), "y"] = None
    table.loc[chance.choice(N, 200), "score"] = None
    table.loc[chance.choice(N, 200), "said"] = None
    return table


def answers(table):
    """Return what a table gives as a classification and as a regression."""
    groups = ["sex", "region", "grade"]
    return [
        fairness(table, target="y", prediction="p", score="score", positive="yes", groups=groups),
        fairness(
            table, target="y", score="score", threshold=0.3, positive="yes", groups=groups, metrics="accuracy"
        ),
        fairness(table, target="pay", prediction="said", groups=groups),
    ]


@pytest.fixture(scope="module")
def expected(people):
    return answers(people)


def require_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.notes == other.notes
        assert one.rows == other.rows
        assert one.evidence[0]["rows"] == other.evidence[0]["rows"] == N
        for finding, wanted in zip(one.findings, other.findings, strict=True):
            assert (finding.key, finding.outcome) == (wanted.key, wanted.outcome)
            assert finding[3:6] == pytest.approx(wanted[3:6], abs=1e-9), finding.key
        for figures, wanted in zip(one.figures, other.figures, strict=True):
            assert figures.columns == wanted.columns
            for row, wanted_row in zip(figures.rows, wanted.rows, strict=True):
                assert [cell for cell in row if isinstance(cell, str)] == [
                    cell for cell in wanted_row if isinstance(cell, str)
                ]
                numbers, wanted_numbers = (
                    [cell for cell in cells if isinstance(cell, (int, float))] for cells in (row, wanted_row)
                )
                assert numbers == pytest.approx(wanted_numbers, rel=1e-9, abs=1e-9), (figures.name, row)


def of_polars(people, folder):
    polars = pytest.importorskip("polars")
    return polars.from_pandas(people)


def of_polars_lazy(people, folder):
    return of_polars(people, folder).lazy()


def of_polars_categories(people, folder):
    import polars

    return of_polars(people, folder).with_columns(polars.col("sex", "region", "y").cast(polars.Categorical))


def of_pandas_categories(people, folder):
    return people.astype({"sex": "category", "region": "category", "y": "category"})


def of_arrow(people, folder):
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.Table.from_pandas(people)


def of_parquet(people, folder):
    people.to_parquet(folder / "people.parquet")
    return folder / "people.parquet"


def of_csv(people, folder):
    people.to_csv(folder / "people.csv", index=False)
    return folder / "people.csv"


def of_duckdb(people, folder):
    import duckdb

    connection = duckdb.connect()
    connection.register("given", people)
    connection.execute("CREATE TABLE people AS SELECT * FROM given")
    return connection.table("people")


def of_ibis(people, folder):
    if importlib.util.find_spec("ibis") is None:
        pytest.skip("Ibis is not installed")
    import ibis

    return ibis.duckdb.connect().read_parquet(of_parquet(people, folder))


def of_spark(people, folder):
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("PySpark is not installed (`pip install 'gnomon[engines]'`)")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or newer (Debian: `apt install openjdk-17-jre-headless`)")
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", str(folder))
        .config("spark.sql.codegen.wholeStage", "false")  # so few rows are not worth a compiler
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    return spark.read.parquet(str(of_parquet(people, folder)))


FRAMES = [
    of_polars,
    of_polars_lazy,
    of_polars_categories,
    of_pandas_categories,
    of_arrow,
    of_parquet,
    of_csv,
    of_duckdb,
]


@pytest.mark.slow
@pytest.mark.parametrize("made", FRAMES, ids=lambda made: made.__name__)
def test_every_kind_of_table_gives_the_same_answer(made, people, expected, tmp_path):
    require_same(answers(made(people, tmp_path)), expected)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the libraries' own
@pytest.mark.parametrize("made", [of_ibis, of_spark], ids=lambda made: made.__name__)
def test_other_engines_give_the_same_answer_as_duckdb(made, people, expected, tmp_path):
    require_same(answers(made(people, tmp_path)), expected)
