"""The cost of a call of `log`: processor time of the whole run, and the time of single calls.

Each tracker stands between floors: they run just before and just after it, with its own interpreter, and its ratio
is to their mean. Rounds repeat that.
"""

from collections.abc import Iterator

from benchmarks.bench import Bench, Case, Row
from benchmarks.peers import TRACKERS
from benchmarks.processes import run_task
from benchmarks.shapes import LIBRARY, SHAPES

CALLS = 100_000
QUICK_CALLS = 5_000
LIMIT_S = 10.0  # slow peers log for so long
ROUNDS = 5  # of Gnomon; the peers are slower by factors, not by percents, and get one


def measure_one(bench: Bench, peer: str) -> Iterator[Row]:
    """One scalar a call."""
    yield from _rounds(bench, peer, "log_one", "log_one", ("memory", "jsonl-flush"))
    yield from _rounds(bench, peer, "log_timed", "log_timed", ("memory", "jsonl-flush"), scalars=1)


def measure_twenty(bench: Bench, peer: str) -> Iterator[Row]:
    """20 scalars a call: plain floats by everyone, the other shapes by Gnomon."""
    shapes = list(SHAPES) if peer == "gnomon" else ["floats"]
    if peer == "gnomon" and not run_task(bench.seat(peer, "log"), "has_torch")["torch"]:
        shapes.remove("tensor")
    for shape in shapes:
        yield from _rounds(bench, peer, "log_many", shape, ("memory", "jsonl-flush"), shape=shape)
    yield from _rounds(bench, peer, "log_timed", "log_timed", ("memory", "jsonl-flush"), scalars=20)


ONE = Case("log-1", "one scalar a call of log", TRACKERS, measure_one)
TWENTY = Case("log-20", "20 scalars a call of log", TRACKERS, measure_twenty)


def _rounds(
    bench: Bench, peer: str, task: str, figure: str, floors: tuple[str, ...], **arguments: object
) -> Iterator[Row]:
    """Run floors, tracker, floors, tracker, …, floors; yield one row a round."""
    before = _floors(bench, peer, task, floors, arguments)
    for number in range(bench.amount(ROUNDS, 1) if peer == "gnomon" else 1):
        row = _once(bench, peer, peer, task, arguments)
        after = _floors(bench, peer, task, floors, arguments)
        around = {
            floor: {key: (value + after[floor][key]) / 2 for key, value in times.items()}
            for floor, times in before.items()
        }
        cpu_s = row["cpu_s"] - around["nothing"]["cpu_s"]
        yield {
            "figure": figure,
            "round": number,
            **row,
            "cpu_us": 1e6 * cpu_s / row["calls"],
            "floors": around,
        }
        before = after


def _floors(bench: Bench, peer: str, task: str, floors: tuple[str, ...], arguments: dict) -> dict[str, dict]:
    """Measure the floors in the peer's environment; of the processor time, what was used when the loop had ended."""
    plain = {**arguments, "shape": "floats"} if "shape" in arguments else arguments
    found = {}
    for floor in floors:
        row = _once(bench, floor, peer, task, plain)
        times = {key: row[key] for key in ("p50_us", "p99_us", "mean_us") if key in row}
        found[floor] = times or {"cpu_us": row["run_cpu_us"]}
    library = LIBRARY.get(str(arguments.get("shape")))
    ending = run_task(bench.seat("memory", "log", of=peer), "doing_nothing", library=library)
    return {**found, "nothing": {"cpu_s": ending["cpu_s"]}}


def _once(bench: Bench, peer: str, of: str, task: str, arguments: dict) -> Row:
    seat = bench.seat(peer, "log", of=of)
    return run_task(seat, task, calls=bench.amount(CALLS, QUICK_CALLS), limit_s=LIMIT_S, **arguments)
