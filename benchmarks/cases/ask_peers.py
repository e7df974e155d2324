"""The questions that other trackers can answer too, of as many runs as each of them makes in five minutes: 1,000 at most.

All of them, Gnomon too, are asked in Python by a fresh process of their own; what a worker that does nothing takes is taken
away. A question for which a tracker has no call is left out. Whoever made fewer runs had less to read: the rows say how many.
"""

from collections.abc import Iterator

from benchmarks.bench import Bench, Case, Row
from benchmarks.processes import run_task
from benchmarks.seed_groups import RARE

GROUPS = 10
LIMIT_S = 300.0
ROUNDS = 3
QUESTIONS = {
    "filter and sort": ("read_page", {"where": "m00", "above": 0.2, "sort": "m01", "limit": 50}),
    "mean of a metric by a parameter": ("read_means", {"metric": "m00", "param": "model"}),
    "search: a word of a note": ("find_word", {"word": RARE[3]}),
}


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "ask-peers")
    made = run_task(
        seat,
        "make_seed_groups",
        first=0,
        groups=bench.amount(GROUPS, 1),
        limit_s=LIMIT_S if not bench.quick else 20.0,
    )
    yield {"figure": "make", **made}
    run_task(seat, "prepare")
    for figure, (task, arguments) in QUESTIONS.items():
        for number in range(bench.amount(ROUNDS, 1) + 1):  # round 0 brings an index up to date
            floor = run_task(seat, "doing_nothing")
            row = run_task(seat, task, **arguments)
            if row["found"] is None:
                break
            yield {
                "figure": figure,
                **row,
                "round": number,
                "runs": made["runs"],
                "more_ms": 1e3 * (row["process_wall_s"] - floor["process_wall_s"]),
                "cpu_more_ms": 1e3 * (row["process_cpu_s"] - floor["process_cpu_s"]),
            }


CASE = Case(
    "ask-peers",
    "questions to 1,000 runs, of those who can answer them",
    ("gnomon", "trackio", "mlflow-sqlite", "aim"),
    measure,
)
