"""`kill -9` of the process group at any moment: which acknowledged points are gone?

A worker logs and, when a call has returned, counts it in shared memory. It is killed, with everything below it, at a
random moment. Several workers are killed on one store; then a fresh process reads all of it back. The page cache
lives on: this is a crash of the process, not of the machine.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

from benchmarks.bench import Bench, Case, Row
from benchmarks.peers import TRACKERS
from benchmarks.processes import FailedError, Seat, kill_tree, reap_orphans, run_task, start_task

RATES = {"10 a second": 10.0, "100 a second": 100.0, "full speed": 0.0}
CALLS_PER_RUN = {"10 a second": 3, "100 a second": 20, "full speed": 10_000}
LOOPS = 20
PEER_LOOPS = 4
START_LIMIT_S = 60.0


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    """One long run a worker; of Gnomon also workers that start and end runs all the time."""
    loops = bench.amount(LOOPS if peer == "gnomon" else PEER_LOOPS, 2)
    for speed in RATES:
        for many in (False, True) if peer == "gnomon" else (False,):
            try:
                row = kill_and_read(bench.seat(peer, "kill"), speed, loops, many_runs=many)
            except FailedError as error:
                row = {"error": str(error)}
            yield {"figure": "kill", "speed": speed, "many_runs": many, **row}


CASE = Case("kill", "acknowledged points that kill -9 takes away", (*TRACKERS, "jsonl-flush"), measure)


def kill_and_read(seat: Seat, speed: str, loops: int, *, many_runs: bool, seed: int = 5) -> Row:
    """Kill `loops` workers on one store and return what was acknowledged, lost, wrong and early, in points."""
    chance = random.Random(f"{seed}{speed}{many_runs}")
    per_run = CALLS_PER_RUN[speed] if many_runs else 0
    runs: dict[str, int] = {}
    for loop in range(loops):
        moment = chance.uniform(0, 0.5 if many_runs and not RATES[speed] else 2.0)
        acknowledged = _kill_one(seat, f"crash-{loop}", RATES[speed], per_run, moment)
        runs |= _acknowledged_by_run(f"crash-{loop}", acknowledged, per_run)
    row = run_task(seat, "read_after_kill", runs=runs)
    return {"kills": loops, "acknowledged": sum(runs.values()), **row}


def _kill_one(seat: Seat, run: str, rate: float, per_run: int, after_s: float) -> int:
    """Kill a worker so long after its first acknowledged call; return how many calls it had acknowledged."""
    ack = seat.folder / "acknowledged"
    ack.write_bytes(bytes(8))
    task = start_task(seat, "log_until_killed", run=run, ack=ack, rate=rate, calls_per_run=per_run)
    alarm = monotonic() + START_LIMIT_S
    while not _count(ack) and task.process.poll() is None and monotonic() < alarm:
        sleep(0.002)
    sleep(after_s)
    died = task.process.poll() is not None
    kill_tree(task.process.pid)
    task.process.wait()
    reap_orphans()
    if died:
        raise task.failed()
    return _count(ack)


def _count(ack: Path) -> int:
    return int.from_bytes(ack.read_bytes(), "little")


def _acknowledged_by_run(run: str, acknowledged: int, per_run: int) -> dict[str, int]:
    """Return how many points of each run were acknowledged: full runs, then the one that was cut."""
    if not per_run:
        return {f"{run}-0": acknowledged}
    full, rest = divmod(acknowledged, per_run)
    counts = {f"{run}-{number}": per_run for number in range(full)}
    return {**counts, f"{run}-{full}": rest} if rest else counts
