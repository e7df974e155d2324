"""`gnomon sweep`: processor time of a trial, less that of the same command under `gnomon run --`.

Both record all that they record by default; the command prints one number, which is picked. What is left behind to tidy up in
the background counts with whoever left it. A trial's process is forked from one that is warm, so the difference may be below 0.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Bench, Case, Row
from benchmarks.processes import Seat, time_command

TRIALS = 60
ALONE = 20
ROUNDS = 3
SCRIPT = "print('auc=0.5')\n"
FILE = """
name = "sweep {number}"
command = "{python} train.py {{x}}"
metric = "auc"
goal = "maximize"
pick = "auc"
sampler = "{sampler}"
trials = {trials}
parallel = {parallel}
[params]
x = {{ from = 1, to = {trials}, kind = "whole" }}
"""


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "sweep")
    trials, alone = bench.amount(TRIALS, 3), bench.amount(ALONE, 2)
    (seat.store / "train.py").write_text(SCRIPT)
    _gnomon(seat, "run", "--quiet", "--", seat.python, "train.py")  # makes the record
    for number in range(bench.amount(ROUNDS, 1)):
        run_ms = [
            1e3 * _gnomon(seat, "run", "--quiet", "--pick", "auc", "--", seat.python, "train.py", str(x))
            for x in range(alone)
        ]
        each_ms = sum(run_ms) / len(run_ms)
        for sampler in ("grid", "random"):
            for parallel in (1, 2):
                name = f"{number}-{sampler}-{parallel}"
                text = FILE.format(
                    number=name, python=seat.python, sampler=sampler, trials=trials, parallel=parallel
                )
                (Path(seat.store) / "sweep.toml").write_text(text)
                trial_ms = 1e3 * _gnomon(seat, "sweep") / trials
                yield {
                    "figure": "trial", "sampler": sampler, "parallel": parallel, "round": number, "trials": trials,
                    "trial_ms": trial_ms, "run_ms": each_ms, "more_ms": trial_ms - each_ms,
                }  # fmt: skip


CASE = Case("sweep", "processor time of a trial of a sweep, beyond its own", ("gnomon",), measure)


def _gnomon(seat: Seat, *words: object) -> float:
    """Return the processor time of a command."""
    return time_command([seat.python.with_name("gnomon"), *map(str, words)], seat).cpu_s
