"""The index is made again from the record: entries of runs, and notes with their full text, a second.

The cache folder is deleted; the next command rebuilds the index. From its time that of the same command
with the index in place is taken away.
"""

import shutil
from collections.abc import Iterator

from benchmarks.bench import Bench, Case, Row
from benchmarks.processes import Seat, run_task, time_command

ROUNDS = 5
RUNS = 10_000
NOTES = 20_000
NOTE_BYTES = 300
COMMAND = ["runs", "--limit", "1", "--json"]


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    yield from _rebuild(bench, "runs", runs=bench.amount(RUNS, 20), notes=0)
    yield from _rebuild(bench, "notes", runs=1, notes=bench.amount(NOTES, 50))


CASE = Case("index", "rebuilding the index", ("gnomon",), measure)


def _rebuild(bench: Bench, what: str, *, runs: int, notes: int) -> Iterator[Row]:
    seat = bench.seat("gnomon", "index")
    run_task(seat, "write_notes", runs=runs, notes=notes, note_bytes=NOTE_BYTES)
    command = [seat.python.with_name("gnomon"), *COMMAND]
    time_command(command, seat)
    entries = _count(seat, b'"kind":"run.')
    counted = notes or entries
    for number in range(bench.amount(ROUNDS, 1)):
        warm = time_command(command, seat)
        shutil.rmtree(seat.home / "cache")
        cold = time_command(command, seat)
        yield {
            "figure": f"rebuild {what}",
            "round": number,
            "entries": entries,
            "counted": counted,
            "rebuild_s": cold.wall_s - warm.wall_s,
            "per_second": counted / (cold.wall_s - warm.wall_s),
            "per_cpu_second": counted / (cold.cpu_s - warm.cpu_s),
        }


def _count(seat: Seat, mark: bytes) -> int:
    """Return how many lines of the record's logs hold a mark."""
    logs = (seat.store / ".gnomon" / "log").rglob("*.jsonl")
    return sum(line.count(mark, 0, 1500) > 0 for log in logs for line in log.read_bytes().splitlines())
