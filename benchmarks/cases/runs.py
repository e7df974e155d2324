"""1,000 small runs, and the table of them from a fresh process."""

from collections.abc import Iterator

from benchmarks.bench import Bench, Case, Row, size_of
from benchmarks.peers import TRACKERS
from benchmarks.processes import Seat, run_task, time_command

RUNS = 1_000
STEPS = 10
LIMIT_S = 60.0  # slow peers make fewer runs
TABLE_ROUNDS = 9
PYTHON_TABLE = 'import gnomon; gnomon.open().runs(sort="metrics.m00")'


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "runs")
    runs = bench.amount(RUNS, 20)
    row = run_task(seat, "make_runs", runs=runs, first=0, rows=STEPS, limit_s=LIMIT_S)
    files, size = size_of(seat.store)
    cpu_ms = 1e3 * row["cpu_s"] / row["runs"]
    yield {
        "figure": "make",
        **row,
        "cpu_ms_per_run": cpu_ms,
        "files": files,
        "bytes_per_run": size / row["runs"],
    }
    yield from _gnomon_tables(bench, seat) if peer == "gnomon" else _table(seat)


CASE = Case("runs", "1,000 small runs and the table of them", TRACKERS, measure)


def _gnomon_tables(bench: Bench, seat: Seat) -> Iterator[Row]:
    """The command line and the call in Python, in turn, each against a bare interpreter."""
    ways = {
        "command": [seat.python.with_name("gnomon"), "runs", "--sort", "metrics.m00", "--json"],
        "python": [seat.python, "-c", PYTHON_TABLE],
    }
    for number in range(bench.amount(TABLE_ROUNDS, 2)):  # round 0 brings the index up to date
        for way, argv in ways.items():
            bare = time_command([seat.python, "-c", "pass"], seat)
            table = time_command(argv, seat)
            more = 1e3 * (table.wall_s - bare.wall_s)
            cpu_more = 1e3 * (table.cpu_s - bare.cpu_s)
            yield {"figure": "table", "way": way, "round": number, "more_ms": more, "cpu_more_ms": cpu_more}


def _table(seat: Seat) -> Iterator[Row]:
    floor = run_task(seat, "doing_nothing")
    row = run_task(seat, "read_table", sort="m00")
    more = 1e3 * (row["process_wall_s"] - floor["process_wall_s"])
    yield {"figure": "table", "way": "python", "round": 1, "more_ms": more, **row}
