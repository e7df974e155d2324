"""The shipped SQL over plain files tells what Gnomon tells: the same runs, parameters, points and metrics, each once."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import shutil

import pytest
from people import Person

import gnomon
from gnomon.errors import BadArgumentError
from gnomon.points.rows import RunPoints
from gnomon.runs.sql.shipped.dialects import DIALECTS
from gnomon.runs.sql.shipped.views import place_of, statements

FIRST, HIDDEN, LIVE, RESUMED = (f"{number:04d}0123456789abcdef" for number in range(1, 5))
MICROSECONDS = {
    "duckdb": "epoch_us(time)",
    "clickhouse": "toUnixTimestamp64Micro(time)",
    "spark": "unix_micros(time)",
}
POINTS = "run, series, rank, step, value, exact, wal, {q}row{q}"
QUESTIONS = {
    "runs": "SELECT id, name, seed, {q}group{q}, parent FROM {runs}",
    "params": "SELECT run, name, value, CASE WHEN name <> 'big' THEN number END FROM {params}"
    " WHERE name NOT LIKE 'deep%' AND name <> 'list'",
    "metrics": "SELECT run, name, {q}last{q}, {q}min{q}, {q}max{q}, {q}count{q}, first_step, last_step FROM {metrics}",
    "points": f"SELECT {POINTS}, {{time}} FROM {{points}}",
}


@pytest.fixture(scope="module")
def share(tmp_path_factory):
    """A remote with every kind of duplicate: parts beside their bundle, older copies of live logs and WALs, a clone's files."""
    root = tmp_path_factory.mktemp("shipped")
    place = root / "share"
    ann, ben = Person(root, "ann").found(), Person(root, "ben")
    first = begun(ann, FIRST, {"name": "first", "seed": 3, "group": "a \"quoted\" 'group'", "params": PARAMS})
    first.append("run.params", f"run:{FIRST}", {"params": {"lr": 0.5, "later": "é\n"}})
    log_to(first, FIRST, [{"loss": 1.0, "b/c": math.nan}, {"loss": 2**63 + 1, "b/c": 2.0}, {"b/c": -1.5}])
    log_to(first, FIRST, [{"mixed": one} for one in (0.0, 1.0, math.nan, 4.0)], first=3)
    replaced = first.append("run.params", f"run:{FIRST}", {"params": {"taken_back": 1}})
    first.append("run.noted", f"run:{FIRST}", {"text": "a note"}, over=[replaced])
    first.close()
    hidden = begun(ann, HIDDEN, {"label": "train.py", "parent": FIRST})
    log_to(hidden, HIDDEN, [{"loss": 9.0}])
    hidden.close()
    parts = root / "parts"
    shutil.copytree(ann.path, parts)
    live = begun(ann, LIVE, {"label": "train.py"})
    points = log_to(live, LIVE, [{"loss": 1.0 / (step + 1)} for step in range(20)])
    live.sync()
    ann.sync(place)
    older = root / "older"
    shutil.copytree(place, older)
    points.log({"loss": 0.25, "late": 1.0}, step=20)
    resumed = begun(ann, RESUMED, {"name": "before"})
    log_to(resumed, RESUMED, [{"loss": float(step)} for step in range(10)])
    wal = max(ann.home.wal_files(), key=lambda pair: pair[1].st_mtime_ns)[0]
    resumed.close()
    ann.sync(place)
    ben.clone(place)
    again = ben.session()
    cited = {"wal": os.path.basename(wal).removesuffix(".wal"), "row": 6}
    again.append("run.joined", f"run:{RESUMED}", {"continues": cited, "step": 7})
    log_to(again, RESUMED, [{"loss": 100.0}, {"loss": 101.0}], first=7)
    old = again.append("run.renamed", f"run:{RESUMED}", {"name": "between"})
    again.append("run.renamed", f"run:{RESUMED}", {"name": "after"}, over=[old])
    again.append("run.removed", f"run:{HIDDEN}", {"removed": True})
    again.close()
    ben.sync(place)
    for source in (parts, older, ben.path, ann.path):
        for part in ("log", "points"):
            shutil.copytree(
                os.path.join(source, part),
                place / part,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns("*.wal"),
            )
    live.close()
    return place


PARAMS = {
    "lr": 0.1,
    "flag": True,
    "big": 12345678901234567890123,
    "text": 'a "b" \\ c',
    "deep": {"a": 1},
    "list": [1],
}


def begun(person, run, body):
    session = person.session()
    session.append("run.created", f"run:{run}", body)
    return session


def log_to(session, run, rows, first=0):
    points = RunPoints(session, run, 0)
    for step, row in enumerate(rows, first):
        points.log(row, step=step)
    session.test_points = points
    return points


def duckdb_ask(_):
    import duckdb

    connection = duckdb.connect()
    return lambda text: connection.execute(text).fetchall()


def clickhouse_ask(tmp_path):
    if importlib.util.find_spec("chdb") is None:
        pytest.skip("chdb is not installed (`pip install gnomon[engines]`)")
    from chdb.session import Session

    session = Session(str(tmp_path / "chdb"))
    settings = " SETTINGS output_format_json_quote_denormals = 1, output_format_json_quote_64bit_integers = 0"

    def ask(text):
        is_question = text.startswith("SELECT")
        answer = str(session.query(text + settings * is_question, "JSONCompactEachRow"))
        return [
            tuple(float(cell) if cell in ("nan", "inf", "-inf") else cell for cell in json.loads(line))
            for line in answer.splitlines()
            if is_question
        ]

    return ask


def spark_ask(tmp_path):
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("PySpark is not installed (`pip install gnomon[engines]`)")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or newer (Debian: `apt install openjdk-17-jre-headless`)")
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.warehouse.dir", str(tmp_path))
        .config("spark.sql.codegen.wholeStage", "false")  # so few rows are not worth a compiler
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    return lambda text: [tuple(row) for row in spark.sql(text).collect()]


ENGINES = {"duckdb": duckdb_ask, "clickhouse": clickhouse_ask, "spark": spark_ask}


def names(engine, quote):
    tables = ("runs", "params", "metrics", "points")
    found = {name: name if engine is None else f"gnomon_{name}" for name in tables}
    return {**found, "q": quote, "time": MICROSECONDS[engine or "duckdb"] + " AS at_us"}


def in_order(rows):
    return sorted((tuple(map(told, row)) for row in rows), key=repr)


def told(cell):
    """Return a cell so that NaN equals itself, and a whole number the same float (JSON has no other)."""
    if isinstance(cell, bool) or cell is None or isinstance(cell, str):
        return cell
    return repr(float(cell))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_tells_what_gnomon_tells(share, tmp_path, engine):
    ask = ENGINES[engine](tmp_path)
    for statement in statements(DIALECTS[engine], place_of(str(share))):
        ask(statement)
    record = gnomon.open(str(share))
    for what, question in QUESTIONS.items():
        expected = [
            tuple(row.values()) for row in record.sql(question.format(**names(None, '"'))).to_pylist()
        ]
        found = ask(question.format(**names(engine, DIALECTS[engine].quote)))
        assert in_order(found) == in_order(expected), what
        assert expected, what
    ends = {tuple(row) for row in ask("SELECT id, status FROM gnomon_runs")}
    assert ends == {(FIRST, "open"), (LIVE, "open"), (RESUMED, "open")}


@pytest.mark.slow
def test_the_record_has_what_must_not_be_counted(share):
    """What the test above is about is there: doubled lines, doubled rows, a hidden run, rows that were left behind."""
    import duckdb

    lines = [line for path in share.glob("log/*/*.jsonl") for line in path.read_bytes().splitlines()]
    assert len(lines) > len(set(lines)) + 5
    segments = str(share / "points" / "*" / "*.parquet")
    rows, once = (
        duckdb.connect()
        .execute("select count(*), count(distinct (wal, row, series)) from read_parquet(?)", [segments])
        .fetchone()
    )
    counted = gnomon.open(str(share)).sql("select count(*) as n from points").to_pylist()[0]["n"]
    assert rows > once > counted


@pytest.mark.parametrize(
    "url", ["ssh://host/path", "git+origin", "https://host", "/a/b*c", "s3://bucket/[x]"]
)
def test_what_no_engine_reads_is_refused_by_name(url):
    with pytest.raises(BadArgumentError) as caught:
        place_of(url)
    assert url in str(caught.value)


def test_a_quote_in_a_path_ends_no_text():
    for dialect in DIALECTS.values():
        assert (
            "x'y" not in dialect.lines("/x'y").replace("''", "").replace("\\'", "") or dialect.name == "spark"
        )
    assert "`/x``y/" in "".join(DIALECTS["spark"].lines("/x`y").split("text."))
