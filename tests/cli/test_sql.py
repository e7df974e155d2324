"""`gnomon sql`: what is printed, written to files, refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

import gnomon
from gnomon.runs.sql.schema import TABLES


def test_a_table_with_aligned_numbers(ask, three_runs):
    answer = ask("sql", "select name, params.lr, metrics.auc from runs order by metrics.auc desc")
    assert answer.code == 0
    assert answer.lines == [
        "name       lr    auc",
        "line-3  0.001  0.999",
        "line-2  0.01   0.99",
        "line-1  0.1    0.9",
    ]


def test_fields_of_a_struct_are_columns_of_their_own(ask, three_runs):
    answer = ask("sql", "select name, params from runs order by name limit 1")
    assert answer.lines[0].split() == ["params"]
    assert answer.lines[1].split() == ["name", "lr", "net.depth"]
    assert answer.lines[2].split() == ["line-1", "0.1", "6"]


@pytest.mark.slow
def test_how_many_rows_there_are_is_said(ask, three_runs):
    answer = ask("sql", "select step from points where series = 'loss' order by step", "--limit", "2")
    assert answer.lines == ["step", "   0", "   0"]
    assert answer.err == "2 of 60 rows; `--all` or `--limit N` shows more\n"
    assert len(ask("sql", "from points", "--all").lines) == 121
    assert len(ask("sql", "from points").lines) == 21
    assert ask("sql", "from range(3000000)", "--limit", "1").err.startswith("1 of more than 1,000,000 rows")


@pytest.mark.slow
def test_json_and_csv_for_programs(ask, three_runs):
    query = "select name, created, tags, params, sum(1) as n, null as nothing from runs group by all order by name"
    first = ask("sql", query, "--json", "--limit", "1").json()
    assert first[0]["name"] == "line-1" and first[0]["params"] == {"lr": 0.1, "net": {"depth": 6}}
    assert first[0]["n"] == 1 and first[0]["nothing"] is None and first[0]["created"].endswith("Z")
    lines = ask("sql", "select name, metrics.auc from runs order by name", "--csv").lines
    assert lines == ["name,auc", "line-1,0.9", "line-2,0.99", "line-3,0.999"]
    assert ask("sql", "select 1 as a where false", "--json").json() == []
    assert ask("sql", "select date '2026-01-02' as d, '\\xFF'::blob as b", "--json").json() == [
        {"d": "2026-01-02", "b": "ff"}
    ]


def test_what_diverged_is_not_what_is_missing(ask, three_runs):
    query = (
        "select 'nan'::double as a, [1.0, '-inf'::double] as b, {'c': 'inf'::double} as c, null::double as d"
    )
    assert ask("sql", query, "--json").json() == [
        {"a": "NaN", "b": [1.0, "-Infinity"], "c": {"c": "Infinity"}, "d": None}
    ]
    assert ask("sql", "select 'nan'::double as a, '-inf'::double as b, null as c", "--csv").lines == [
        "a,b,c",
        "nan,-inf,",
    ]


def test_a_query_from_stdin(ask, three_runs, monkeypatch):
    from io import StringIO

    monkeypatch.setattr(sys, "stdin", StringIO("select count(*) as n\nfrom runs;\n"))
    assert ask("sql", "-").lines == ["n", "3"]


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv", "json"])
def test_a_file_holds_all_rows(ask, three_runs, tmp_path, ending):
    target = tmp_path / f"answer.{ending}"
    answer = ask("sql", "select name, seed, metrics.auc from runs order by name", "--out", str(target))
    assert (answer.code, answer.lines) == (0, [str(target)])
    import polars

    readers = {
        "parquet": polars.read_parquet,
        "arrow": polars.read_ipc,
        "csv": polars.read_csv,
        "json": polars.read_json,
    }
    assert readers[ending](target).rows() == [("line-1", 1, 0.9), ("line-2", 2, 0.99), ("line-3", 3, 0.999)]
    assert [path.name for path in tmp_path.glob(".gnomon-*")] == []
    again = ask("sql", "select 1 as a", "--out", str(target))
    assert again.code == 2 and "is there already" in again.err and "--overwrite" in again.err
    assert ask("sql", "select 1 as a", "--out", str(target), "--overwrite").code == 0


def test_a_query_that_fails_leaves_no_file(ask, three_runs, tmp_path):
    target = tmp_path / "answer.csv"
    query = "select 1 / (range - 5000)::int as x, error('no') from range(10)"
    assert ask("sql", query, "--out", str(target)).code == 2
    assert not target.exists() and [path.name for path in tmp_path.glob(".gnomon-*")] == []
    assert ask("sql", "select 1", "--out", str(tmp_path / "no" / "a.csv")).err.startswith(
        "error: there is no folder"
    )
    assert "must end in one of" in ask("sql", "select 1", "--out", str(tmp_path / "a.xlsx")).err


def test_the_schema_is_printed_without_a_record(ask, project):
    answer = ask("sql", "--schema")
    assert [line.split()[0] for line in answer.lines] == ["table", *TABLES]
    runs = ask("sql", "--schema", "runs")
    assert [line.split()[0] for line in runs.lines[1:]] == [column.name for column in TABLES["runs"].columns]
    assert "did you mean `runs`" in ask("sql", "--schema", "run").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "`gnomon sql` needs a query"),
        (("select 1", "--json", "--csv"), "exclude each other"),
        (("select 1", "--all", "--limit", "1"), "exclude each other"),
        (("select 1", "--out", "a.csv", "--limit", "1"), "exclude each other"),
        (("select 1", "--timeout", "0"), "above 0"),
        (("select 1", "--timeout", "nan"), "above 0"),
        (("select 1", "--limit", "-1"), "whole number from 0"),
    ],
)
def test_a_wrong_command_says_so(ask, three_runs, words, said):
    answer = ask("sql", *words)
    assert answer.code == 2 and said in answer.err and answer.out == ""


def test_an_error_shows_the_place_and_what_may_be_meant(ask, three_runs):
    answer = ask("sql", "select name, params.lrr from runs")
    assert answer.code == 2
    assert answer.err.splitlines() == [
        "error: no run has the parameter `lrr`",
        "",
        "LINE 1: select name, params.lrr from runs",
        "                            ^^^ (GN120)",
        "hint: did you mean `lr`? there are `lr`, `net.depth`",
    ]


def test_a_plan_is_printed_line_by_line(ask, three_runs):
    assert len(ask("sql", "explain select name from runs").lines) > 3


@pytest.mark.slow
def test_what_strangers_wrote_cannot_touch_the_terminal(ask, project):
    evil = "\x1b]0;owned\x07\x1b[31mred\u202e\r\nx"
    with gnomon.run(evil, params={"p\x1b[2J": "v\x1b[2J", "=cmd()": "=1+1"}) as run:
        run.log({"s\x1b[2J": 1.0})
        run.note("n\x1b[2J\x9b")
    for query in (
        "from runs",
        "from params",
        "from metrics",
        "from notes",
        "select params, metrics from runs",
        "from entries",
    ):
        for way in ((), ("--json",), ("--csv",)):
            answer = ask("sql", query, *way)
            assert answer.code == 0
            for char in ("\x1b", "\x07", "\x9b", "\u202e", "\r"):
                assert char not in answer.out + answer.err, (query, way)
    answer = ask("sql", 'select name as "a\x1b[2J", nope from runs')
    assert answer.code == 2 and "\x1b" not in answer.err
    assert ask("sql", "select value from params where name = '=cmd()'", "--csv").lines == ["value", "'=1+1"]


def test_hidden_runs_on_demand(ask, three_runs):
    gnomon.open().remove(three_runs[0])
    assert ask("sql", "select count(*) as n from runs").lines == ["n", "2"]
    assert ask("sql", "select count(*) as n from runs where removed", "--with-removed").lines == ["n", "1"]


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gnomon", "sql", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


ENDLESS = "select count(*) from range(1000000000000)"
DEAF = "select levenshtein(repeat('a', 1000000), repeat('b', 1000000))"


@pytest.mark.slow
@pytest.mark.parametrize("query", [ENDLESS, DEAF])
def test_a_query_is_stopped_when_its_time_is_over(three_runs, project, monkeypatch, query):
    monkeypatch.chdir(project)
    began = time.monotonic()
    out, err = (process := started(query, "--timeout", "0.5")).communicate(timeout=60)
    assert time.monotonic() - began < 3.2  # its start included
    assert process.returncode == 2
    assert out == "" and err.splitlines()[0] == "error: the query was stopped after 0.5 s (GN121)"
    assert len(err.splitlines()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("query", [ENDLESS, DEAF])
def test_ctrl_c_stops_a_query(three_runs, project, monkeypatch, query):
    monkeypatch.chdir(project)
    process = started(query)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "interrupted\n")


@pytest.mark.slow
def test_ctrl_c_while_the_tables_are_filled(three_runs, project):
    """DuckDB works in the main thread then, and may make a RuntimeError of Ctrl-C."""
    code = (
        "import sys; from gnomon.runs.sql import tables; from gnomon.cli.main import main\n"
        "def make(self, statement):\n"
        "    print('ready', flush=True)\n"
        "    while True:\n"
        "        self.connection.execute('select sum(range % 7) from range(20000000)').fetchall()\n"
        "tables.Tables.make = make\n"
        "sys.exit(main(['sql', 'select 1']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=project
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    try:
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (130, "", "interrupted\n")


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system does not hold to the limit")
def test_one_huge_text_cannot_take_the_machine(three_runs, project, monkeypatch):
    """DuckDB does not count it; the limit of the process does."""
    code = (
        "import sys, resource; import gnomon.runs.sql.engine as engine; engine.memory_for_queries = lambda: 300 << 20\n"
        "from gnomon.cli.main import main\n"
        "code = main(['sql', \"select length(repeat('x', 4000000000))\"])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=project, timeout=100, check=False
    )
    assert done.returncode == 2 and "more memory than it may use" in done.stderr
    assert int(done.stdout) < 1500


@pytest.mark.slow
def test_the_reader_of_the_output_may_go_away(three_runs, project):
    command = (
        f"{sys.executable} -m gnomon sql 'from range(10000000)' --csv | head -2; exit ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=project, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (141, "range\n0\n", "")


@pytest.mark.slow
def test_it_writes_nothing_into_the_record(ask, three_runs):
    home = gnomon.open().path

    def files() -> dict[str, int]:
        return {
            os.path.join(folder, name): os.path.getsize(os.path.join(folder, name))
            for folder, _, names in os.walk(home)
            for name in names
        }

    before = files()
    for table in TABLES:
        assert ask("sql", f"from {table}", "--json").code == 0
    assert files() == before


def test_a_narrow_terminal_keeps_what_runs_are_told_apart_by(three_runs, project, monkeypatch):
    from gnomon.cli.main import _run
    from gnomon.cli.terminal import Terminal

    class Narrow(Terminal):
        width = 70

    from io import StringIO

    out, err = StringIO(), StringIO()
    terminal = Narrow(out, err)
    assert _run(["sql", "from runs"], terminal) == 0
    terminal.end()
    shown = out.getvalue().splitlines()[1].split()
    assert {"id", "name", "status", "auc", "loss"} <= set(shown)
    assert "parent" not in shown and "too narrow for" in err.getvalue()
    assert max(map(len, out.getvalue().splitlines())) <= 70
