"""A short script in a git repository of 1,000 files: until its first metric is logged, and until it is over."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Bench, Case, Row
from benchmarks.peers import TRACKERS
from benchmarks.processes import Seat, time_command

ROUNDS = 15
PEER_ROUNDS = 3
FILES = 1_000
FIRST_METRIC = """
import os
def first_metric(told=[]):
    if not told:
        told.append(os.write({first}, b"1"))
"""
HEAVY = (
    "numpy pandas pyarrow arro3 polars duckdb torch starlette uvicorn jinja2 http.server aiohttp requests httpx "
    "cryptography nacl ssl"
).split()
LIST_HEAVY = f"import sys, gnomon; print([m for m in {HEAVY} if m in sys.modules], file=open('loaded', 'w'))"


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "cold")
    _make_repository(seat.store)
    rounds = bench.amount(ROUNDS if peer == "gnomon" else PEER_ROUNDS, 2)
    for number in range(-1, rounds):  # round -1 makes the record, the keys and the caches
        bare = time_command([seat.python, "-c", "pass"], seat)
        hello = time_command([seat.python, "-c", FIRST_METRIC + seat.cls.hello], seat)
        yield {
            "figure": "hello",
            "round": number,
            "first_metric_more_ms": 1e3 * (hello.first_s - bare.wall_s),
            "whole_more_ms": 1e3 * (hello.wall_s - bare.wall_s),
            "cpu_more_ms": 1e3 * (hello.cpu_s - bare.cpu_s),
            "bare_ms": 1e3 * bare.wall_s,
        }
    if peer == "gnomon":
        yield {"figure": "import", "heavy": heavy_modules(seat)}


CASE = Case("cold", "from process start to the first metric, and a trivial run", TRACKERS, measure)


def heavy_modules(seat: Seat) -> list[str]:
    """Return which libraries of `HEAVY` the line `import gnomon` loads."""
    time_command([seat.python, "-c", LIST_HEAVY], seat)
    return [name for name in HEAVY if repr(name) in (seat.store / "loaded").read_text()]


def _make_repository(folder: Path) -> None:
    for number in range(FILES):
        path = folder / f"part{number % 20:02}" / f"module{number:04}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'"""Module {number}."""\n\nVALUE = {number}\n' * 20)
    who = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "--all"], [*who, "commit", "--quiet", "--message=All"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
