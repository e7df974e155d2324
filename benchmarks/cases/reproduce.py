"""`gnomon reproduce`: how much longer it takes than the run itself, once code and environment are in the cache.

Wall time, since that is what a person waits for; both start the same command in the same environment.
"""

import subprocess
import time
from collections.abc import Iterator

from benchmarks.bench import Bench, Case, Row
from benchmarks.processes import Seat

ROUNDS = 10
FILES = 500  # of the repository, so that there is something to rebuild
SCRIPT = """
import gnomon
with gnomon.run("plain", params={"lr": 0.1}, seed=1) as run:
    for step in range(100):
        run.log(loss=1 / (step + 1), step=step)
"""


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "reproduce")
    (seat.store / "train.py").write_text(SCRIPT)
    (seat.store / ".gitignore").write_text(".gnomon/\n")
    for number in range(bench.amount(FILES, 20)):
        (seat.store / f"module_{number}.py").write_text(f"x = {number}\n" * 50)
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"],
    ):
        subprocess.run(["git", *words], cwd=seat.store, check=True, capture_output=True)
    _wall_s(seat, "run", "--quiet", "--", seat.python, "train.py")
    _wall_s(seat, "reproduce", "@1", "--quiet")  # fills the cache
    for number in range(bench.amount(ROUNDS, 2)):
        run_s = _wall_s(seat, "run", "--quiet", "--", seat.python, "train.py")
        again_s = _wall_s(seat, "reproduce", "@1", "--quiet")
        yield {
            "figure": "again",
            "round": number,
            "run_s": run_s,
            "reproduce_s": again_s,
            "more_s": again_s - run_s,
        }


CASE = Case("reproduce", "wall time of making a run again, beyond the run", ("gnomon",), measure)


def _wall_s(seat: Seat, *words: object) -> float:
    """Return the wall time of a command that ends well."""
    start = time.perf_counter()
    subprocess.run(
        [seat.python.with_name("gnomon"), *map(str, words)],
        cwd=seat.store,
        env=seat.environ(),
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start
