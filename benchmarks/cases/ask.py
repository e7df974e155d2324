"""Questions to 100,000 runs (1,000 groups of 100 seeds, 30 params, 20 metrics), and to one series of 100,000,000 points.

Making both takes some ten minutes on two cores, so it goes on where it stopped: delete the folder `ask` under the root to
begin again. `--scale 0.1` makes a tenth of the groups and of the points. What peers can answer, they are asked in `ask_peers`.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Bench, Case, Row
from benchmarks.processes import Seat, reap_orphans, run_task, start_task, time_command
from benchmarks.seed_groups import SEEDS

GROUPS = 1_000
POINTS = 100_000_000
BUCKETS = 1_000
ROUNDS = 7
AT_ONCE = 2
WHERE = "metrics.m00 > 0.2"
SORT = "metrics.m01"
QUESTIONS = {
    "filter and sort": ["runs", "--where", WHERE, "--sort", SORT, "--limit", "50", "--json"],
    "compare groups": ["compare", "--groups", "m00", "--better", "lower"],
    "search: a rare word": ["search", "quokka"],
    "search: a word of all runs": ["search", "m00"],
    "search: two words of all runs": ["search", "m00", "m01"],
    "search: two words": ["search", "loss", "rate"],
    "search: a beginning": ["search", "res*"],
    "search: a parameter": ["search", "quokka", "lr=0.01"],
    "search: no hit": ["search", "plateuas"],
    "sql: all last values": ["sql", "select name, count(*), avg(last), max(last) from metrics group by name"],
}
THIN = """
import gnomon
series = gnomon.open().run({id!r}).series("loss", buckets={buckets})
assert series.total == {points} and 0 < len(series) <= 4 * {buckets}, series
"""


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    yield from _questions(bench, peer)
    yield from _long_series(bench)


CASE = Case("ask", "questions to 100,000 runs, and to 100,000,000 points", ("gnomon",), measure)


def _questions(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "ask", fresh=False)
    groups = bench.amount(max(1, round(GROUPS * bench.scale)), 3)
    make_groups(seat, groups)
    for figure, question in QUESTIONS.items():
        yield from _timed(bench, seat, figure, [seat.python.with_name("gnomon"), *question], groups * SEEDS)


def make_groups(seat: Seat, wanted: int) -> None:
    """Bring the store to so many groups, a process for each."""
    progress = seat.folder / "groups-done"
    done = int(progress.read_text()) if progress.exists() else 0
    while done < wanted:
        batch = range(
            done, min(wanted, done + (AT_ONCE if done else 1))
        )  # the first alone: it makes the record
        tasks = [
            start_task(seat, "make_seed_groups", first=group, groups=1, limit_s=600.0) for group in batch
        ]
        for task in tasks:
            task.wait()
        reap_orphans()
        done = batch.stop
        progress.write_text(str(done))


def _timed(bench: Bench, seat: Seat, figure: str, command: list[str | Path], runs: int) -> Iterator[Row]:
    for number in range(bench.amount(ROUNDS, 2)):  # round 0 brings the index up to date
        bare = time_command([seat.python, "-c", "pass"], seat)
        asked = time_command(command, seat)
        yield {
            "figure": figure,
            "round": number,
            "runs": runs,
            "ms": 1e3 * asked.wall_s,
            "more_ms": 1e3 * (asked.wall_s - bare.wall_s),
            "cpu_more_ms": 1e3 * (asked.cpu_s - bare.cpu_s),
        }


def _long_series(bench: Bench) -> Iterator[Row]:
    seat = bench.seat("gnomon", "ask-series", fresh=False)
    points = bench.amount(max(10_000, round(POINTS * bench.scale)), 50_000)
    made = seat.folder / f"made-{points}"
    if not made.exists():
        seat = bench.seat("gnomon", "ask-series")
        row = run_task(seat, "log_curve", points=points)
        yield {"figure": "long series: make", **row}
        made.write_text(row["run"])
    thin = THIN.format(id=made.read_text(), buckets=BUCKETS, points=points)
    yield from _timed(bench, seat, "long series: 1,000 buckets", [seat.python, "-c", thin], 1)
