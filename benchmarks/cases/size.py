"""What `pip install` brings: packages, and bytes on the disk, of a tracker and all that it requires."""

from collections.abc import Iterator

from benchmarks.bench import Bench, Case, Row
from benchmarks.peers import TRACKERS
from benchmarks.processes import run_task


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "size")
    yield {"figure": "size", **run_task(seat, "weigh", distribution=seat.cls.distribution)}


CASE = Case("size", "packages and megabytes that an install brings", TRACKERS, measure)
