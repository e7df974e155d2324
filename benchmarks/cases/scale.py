"""100,000 runs made by 1,000 processes: the first page of a table, and how many files there are.

Making them takes long (some 10 to 20 minutes on two cores), so it goes on where it stopped: delete the folder
`scale` under the root to begin again. `--scale 0.1` makes a tenth of the processes.
"""

import os
from collections.abc import Iterator

from benchmarks.bench import Bench, Case, Row, size_of
from benchmarks.processes import Seat, reap_orphans, run_task, start_task, time_command

PROCESSES = 1_000
RUNS_PER_PROCESS = 100
STEPS = 3
PAGE_ROUNDS = 9
PAGE = [
    "runs",
    "--where",
    "params.p0 < 0.5 and metrics.m00 > 0.2",
    "--sort",
    "metrics.m01",
    "--limit",
    "50",
    "--json",
]


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "scale", fresh=False)
    wanted = bench.amount(max(1, round(PROCESSES * bench.scale)), 4)
    yield _make(seat, wanted)
    command = [seat.python.with_name("gnomon"), *PAGE]
    for number in range(bench.amount(PAGE_ROUNDS, 2)):  # round 0 brings the index up to date
        bare = time_command([seat.python, "-c", "pass"], seat)
        page = time_command(command, seat)
        yield {
            "figure": "page",
            "round": number,
            "ms": 1e3 * page.wall_s,
            "more_ms": 1e3 * (page.wall_s - bare.wall_s),
            "cpu_ms": 1e3 * page.cpu_s,
        }
    files, size = size_of(seat.store / ".gnomon")
    yield {"figure": "files after", "files": files, "bytes": size, "runs": wanted * RUNS_PER_PROCESS}


CASE = Case("scale", "100,000 runs made by 1,000 processes", ("gnomon",), measure)


def _make(seat: Seat, wanted: int) -> Row:
    """Bring the store to so many processes' runs, as many at a time as there are cores."""
    progress = seat.folder / "processes-done"
    done = int(progress.read_text()) if progress.exists() else 0
    row: Row = {
        "figure": "files made",
        "runs": wanted * RUNS_PER_PROCESS,
        "resumed_at": done * RUNS_PER_PROCESS,
    }
    if done == 0:  # the first process alone: it makes the record
        row["ms_per_run_first"] = run_task(seat, "make_runs", **_share(0))["ms_per_run"]
        done = 1
    while done < wanted:
        batch = range(done, min(wanted, done + (os.cpu_count() or 1)))
        tasks = [start_task(seat, "make_runs", **_share(number)) for number in batch]
        results = [task.wait() for task in tasks]
        reap_orphans()
        row["ms_per_run_last"] = max(result["ms_per_run"] for result in results)
        done = batch.stop
        progress.write_text(str(done))
    row["files"], row["bytes"] = size_of(seat.store / ".gnomon")
    return row


def _share(process: int) -> dict:
    return {"runs": RUNS_PER_PROCESS, "first": process * RUNS_PER_PROCESS, "rows": STEPS, "limit_s": 600.0}
