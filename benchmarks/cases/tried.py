"""Whether a configuration was tried before, asked of 100,000 runs with 20 parameters: processor time in a process that is open.

Each round is a fresh process that has the record open and its index up to date; the first question reads the columns, the
second has them. `--scale 0.1` makes a tenth of the runs. Delete the folder `tried` under the root to make the runs again.
"""

from collections.abc import Iterator

from benchmarks.bench import Bench, Case, Row
from benchmarks.processes import run_task
from benchmarks.tried_runs import KINDS

RUNS = 100_000
ROUNDS = 5
QUESTIONS = ("equal", "close", "a few parameters", "none is close", "of a run")


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    runs = bench.amount(max(1_000, round(RUNS * bench.scale)), 1_000)
    for kind in KINDS:
        seat = bench.seat(peer, f"tried-{kind}", fresh=False)
        made = seat.folder / f"made-{runs}"
        if not made.exists():
            seat = bench.seat(peer, f"tried-{kind}")
            run_task(seat, "make_tried_runs", runs=runs, kind=kind)
            made.touch()
        for question in QUESTIONS:
            for number in range(bench.amount(ROUNDS, 1)):
                row = run_task(seat, "ask_tried", question=question, nth=number)
                yield {"figure": question, "kind": kind, "round": number, "runs": runs, **row}


CASE = Case("tried", "whether a configuration was tried before, of 100,000 runs", ("gnomon",), measure)
