"""`gnomon verify`: megabytes a second of sealed files (packs and segments) and of logs.

The time that it takes on a record that holds almost nothing is taken away.
"""

from collections.abc import Iterator

from benchmarks.bench import Bench, Case, Row
from benchmarks.cases.series import seal
from benchmarks.processes import FailedError, Seat, Timing, run_task, time_command

ROUNDS = 5


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    empty = bench.seat("gnomon", "verify-empty")
    run_task(empty, "write_notes", runs=1, notes=1, note_bytes=100)
    packs = bench.seat("gnomon", "verify-packs")
    run_task(packs, "keep_file", size_bytes=bench.amount(400_000_000, 2_000_000))
    segments = bench.seat("gnomon", "verify-segments")
    run_task(segments, "write_rows", rows=bench.amount(500_000, 2_000))
    if not seal(segments):
        raise FailedError("gnomon: the WAL was not sealed")
    logs = bench.seat("gnomon", "verify-logs")
    run_task(logs, "write_notes", runs=1, notes=bench.amount(60_000, 200), note_bytes=1_000)
    for number in range(bench.amount(ROUNDS, 1)):
        for what, seat in {"packs": packs, "segments": segments, "logs": logs}.items():
            least, took = _verify(empty), _verify(seat)
            size_mb = _megabytes(seat)
            yield {
                "figure": f"verify {what}",
                "round": number,
                "megabytes": size_mb,
                "mb_per_s": size_mb / (took.wall_s - least.wall_s),
                "mb_per_cpu_s": size_mb / (took.cpu_s - least.cpu_s),
            }


CASE = Case("verify", "gnomon verify, megabytes a second", ("gnomon",), measure)


def _verify(seat: Seat) -> Timing:
    return time_command([seat.python.with_name("gnomon"), "verify"], seat)


def _megabytes(seat: Seat) -> float:
    files = (path for path in (seat.store / ".gnomon").rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files) / 1e6
