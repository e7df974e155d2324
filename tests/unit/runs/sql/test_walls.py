"""A query cannot write, read other files, run for ever or take all memory. Each attack is tried against both walls.

The first wall reads the statement; the second is DuckDB's own lock. The attacks on files are tried against the second alone as
well, so that neither leans on the other.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import duckdb
import pytest

import gnomon
from gnomon.errors import BadArgumentError, BadQueryError, QueryStoppedError
from gnomon.runs.sql.engine import connect, lock
from gnomon.runs.sql.statement import read

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

SECRET = "a,b\nsecret,2\n"
READS = [
    "select * from read_csv('{file}')",
    "select * from read_csv_auto('{file}')",
    "select * from read_text('{file}')",
    "select * from read_blob('{file}')",
    "select * from read_json('{file}')",
    "select * from read_ndjson_objects('{file}')",
    "select * from read_parquet('{file}')",
    "select * from parquet_metadata('{file}')",
    "select * from parquet_schema('{file}')",
    "select * from sniff_csv('{file}')",
    "select * from glob('{folder}/*')",
    "from '{file}'",
    'from "{file}"',
    "select * from query('select * from read_text(''{file}'')')",
    "select * from query_table('{file}')",
    "select * from json_execute_serialized_sql(json_serialize_sql('select * from read_text(''{file}'')'))",
    "select (select content from read_text('{file}'))",
    "with a as (from read_text('{file}')) from a",
    "select * from runs where name in (select content from read_text('{file}'))",
    "select * from runs, lateral (select * from read_text('{file}'))",
    "explain analyze select * from read_text('{file}')",
    "describe '{file}'",
    "summarize '{file}'",
]
WRITES = [
    "copy (select 1) to '{out}'",
    "with a as (copy (select 1) to '{out}') select 1",
    "export database '{out}'",
    "attach '{out}' as other",
    "create table t as select 1",
    "create macro leak() as table select * from read_text('{file}')",
    "create view v as select 1",
    "with a as (insert into runs select * from runs returning *) from a",
    "insert into runs values (1)",
    "update runs set name = 'x'",
    "delete from runs",
    "drop view runs",
    "alter table runs rename to other",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set python_enable_replacements = true",
    "reset lock_configuration",
    "pragma enable_profiling",
    "call enable_logging()",
    "checkpoint",
    "vacuum",
    "begin",
    "use memory",
    "set variable x = 1",
    "prepare a as select 1",
    "import database '{folder}'",
    "pivot metrics on name using first(last)",
]
OTHER = [
    "select getenv('HOME')",
    "select * from duckdb_secrets()",
    "select * from which_secret('s3://x', 's3')",
    "select current_setting('secret_directory')",
    "select * from duckdb_settings()",
    "select * from from_substrait('x'::blob)",
    "select * from secret_variable",
    "select * from python_arrow_scan(1, 2, 3)",
    "select * from pandas_scan(12345)",
    "select * from arrow_scan(1, 2, 3)",
    "select * from _runs",
    "select * from system.main.duckdb_tables",
    "select * from test_all_types()",
    "select 1; copy (select 1) to '{out}'",
    "select * from 'https://example.org/x.parquet'",
    "select * from read_parquet('s3://bucket/x.parquet')",
    "select '\0'",
]


@pytest.fixture
def record(project):
    for seed in range(3):
        with gnomon.run("a", params={"lr": 0.1}, seed=seed) as run:
            run.log({"loss": 1.0}, step=0)
    return gnomon.open()


@pytest.fixture
def places(tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text(SECRET)
    return {"file": secret, "folder": tmp_path, "out": tmp_path / "out.file"}


@pytest.mark.parametrize("attack", [*READS, *WRITES, *OTHER])
def test_a_query_that_does_more_than_ask_is_refused(record, places, attack):
    secret_variable = [1]  # a replacement scan would find it
    with pytest.raises(BadQueryError):
        record.sql(attack.format(**places))
    assert secret_variable
    assert not places["out"].exists()
    assert record.sql("select count(*) as n from runs").column("n") == [3]


@pytest.mark.parametrize("attack", [*READS, *WRITES, *OTHER])
def test_the_reading_of_a_statement_holds_alone(places, attack):
    with pytest.raises(BadQueryError):
        read(connect(1 << 28), attack.format(**places))


@pytest.mark.parametrize("attack", [*READS, *WRITES[:4], *WRITES[13:16]])
def test_the_lock_of_the_engine_holds_alone(places, attack):
    connection = connect(1 << 28)
    lock(connection, [])
    with pytest.raises(duckdb.Error):
        connection.execute(attack.format(**places)).fetchall()
    assert not places["out"].exists()


@pytest.mark.parametrize(
    "setting",
    ["set memory_limit = '1TB'", "reset memory_limit", "pragma memory_limit = '1TB'", "set threads = 64"],
)
def test_the_lock_of_the_engine_keeps_its_limits(setting):
    connection = connect(1 << 28)
    lock(connection, [])
    with pytest.raises(duckdb.Error, match="configuration has been locked"):
        connection.execute(setting)


def test_only_the_files_that_it_is_given_can_be_read(places):
    other = places["folder"] / "other.csv"
    other.write_text(SECRET)
    connection = connect(1 << 28)
    lock(connection, [str(places["file"])])
    assert connection.execute(f"select b from read_csv('{places['file']}')").fetchall() == [(2,)]
    with pytest.raises(duckdb.Error, match=r"Cannot access|disabled"):
        connection.execute(f"select b from read_csv('{other}')").fetchall()


def test_a_python_variable_is_no_table(record):
    numbers = record.sql("select 1 as a").to_arrow()
    assert numbers is not None
    with pytest.raises(BadQueryError, match="there is no table `numbers`"):
        record.sql("select * from numbers")


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from range(1000000000000)",
        "with recursive a as (select 1 as x union all select x + 1 from a) select count(*) from a",
        "select count(*) from range(10000000) a, range(10000000) b where a.range * b.range = 7",
    ],
)
def test_a_query_without_end_is_stopped(record, query):
    began = time.monotonic()
    with pytest.raises(QueryStoppedError, match=r"was stopped after 0\.3 s"):
        record.sql(query, timeout_s=0.3)
    assert time.monotonic() - began < 10


@pytest.mark.slow
def test_a_function_that_heeds_no_interrupt_holds_nobody_up(record):
    began = time.monotonic()
    with pytest.raises(QueryStoppedError, match=r"was stopped after 0\.3 s"):
        record.sql("select levenshtein(repeat('a', 60000), repeat('b', 60000))", timeout_s=0.3)
    assert time.monotonic() - began < 2.5
    for thread in threading.enumerate():  # the work that nobody waits for ends by itself
        if thread.name == "gnomon-sql":
            thread.join(60)


@pytest.mark.slow
def test_a_process_that_ends_meanwhile_waits_and_says_nothing(record):
    """Python taken down under DuckDB at work writes pages of `nanobind: leaked …`."""
    code = (
        "import gnomon\n"
        "try:\n"
        "    gnomon.open().sql(\"select levenshtein(repeat('a', 40000), repeat('b', 40000))\", timeout_s=0.2)\n"
        "except TimeoutError:\n"
        "    print('stopped')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")


@pytest.mark.slow
def test_work_that_was_left_does_no_more_than_its_piece(record):
    """An interrupt that comes between two pieces is lost, so there are more until the end."""
    query = "select count(*) from range(levenshtein(repeat('a', 30000), repeat('b', 30000)) * 1000000000)"
    with pytest.raises(QueryStoppedError):
        record.sql(query, timeout_s=0.1)
    left = [thread for thread in threading.enumerate() if thread.name == "gnomon-sql"]
    for thread in left:
        thread.join(60)
    assert not any(thread.is_alive() for thread in left)


def test_a_query_that_wants_too_much_memory_is_told_so(record, monkeypatch):
    monkeypatch.setattr("gnomon.runs.sql.engine.memory_for_queries", lambda: 200 << 20)
    with pytest.raises(QueryStoppedError, match=r"more memory than it may use here \(0.2 GB"):
        record.sql("select * from range(100000000) order by hash(range)")


def test_a_text_beyond_all_bounds_is_an_error(record):
    with pytest.raises((BadQueryError, QueryStoppedError)):
        record.sql("select repeat('x', 10000000000)")


def test_a_query_nested_beyond_reason_is_an_error(record):
    with pytest.raises(BadQueryError):
        record.sql("select " + "(" * 5000 + "1" + ")" * 5000)


@pytest.mark.parametrize("limit", [0, -1, float("nan"), "1", True, None])
def test_a_time_limit_that_is_none_is_refused(record, limit):
    with pytest.raises(BadArgumentError, match="`timeout_s` of `sql"):
        record.sql("select 1", timeout_s=limit)


def test_nothing_is_left_on_the_disk(record, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    record.sql("select 1")  # makes the index
    monkeypatch.chdir(here)
    before = sorted(tmp_path.rglob("*"))
    record.sql("select count(*) from runs a, runs b, range(100000) order by 1")
    assert sorted(tmp_path.rglob("*")) == before


def test_questions_of_one_thread_do_not_hinder_those_of_another(record):
    found = []

    def ask():
        found.append(gnomon.open().sql("select count(*) as n from runs").column("n"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[3]] * 4
