"""One series of 1,000,000 points: read whole from a fresh process, and its size on the disk."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Bench, Case, Row, size_of
from benchmarks.processes import FailedError, Seat, run_task, time_command

POINTS = 1_000_000
LIMIT_S = 60.0  # slow peers write fewer points
ROUNDS = 7
SEAL_RUNS = 100
LARGE_BYTES = 100_000
NUMPY = "import numpy; numpy.zeros(1_000_000).sum()"
READ = 'import gnomon; s = gnomon.open().run("{id}").series("loss"); assert len(s) == {points}; s.value.sum()'


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    yield from _gnomon(bench) if peer == "gnomon" else _peer(bench, peer)


CASE = Case(
    "series",
    "one series of 1,000,000 points",
    ("gnomon", "trackio", "tensorboardx", "mlflow-sqlite"),
    measure,
)


def _gnomon(bench: Bench) -> Iterator[Row]:
    """Read the series while it is a WAL, then sealed."""
    points = bench.amount(POINTS, 20_000)
    for float32 in (True, False):
        seat = bench.seat("gnomon", "series")
        kind = "float32" if float32 else "float64"
        row = run_task(seat, "write_series", points=points, float32=float32, limit_s=600)
        yield {"figure": "write", "kind": kind, **row}
        read = [seat.python, "-c", READ.format(id=_only_run(seat), points=points)]
        for sealed in (False, True):
            if sealed and not seal(seat):
                raise FailedError("gnomon: the WAL was not sealed")
            for number in range(bench.amount(ROUNDS, 2)):
                yield {"figure": "read", "kind": kind, "round": number, "sealed": sealed, **_read(seat, read)}
            suffix = "parquet" if sealed else "wal"
            size = sum(file.stat().st_size for file in _points(seat, suffix)) / points
            yield {"figure": "size", "kind": kind, "sealed": sealed, "bytes_per_point": size}


def _read(seat: Seat, read: list[str | Path]) -> Row:
    floor = time_command([seat.python, "-c", NUMPY], seat)
    whole = time_command(read, seat)
    return {"more_ms": 1e3 * (whole.wall_s - floor.wall_s), "cpu_more_ms": 1e3 * (whole.cpu_s - floor.cpu_s)}


def seal(seat: Seat) -> bool:
    """Go on as a user does, with small runs, until the large WALs are sealed; return whether that came."""
    for number in range(SEAL_RUNS):
        if all(wal.stat().st_size < LARGE_BYTES for wal in _points(seat, "wal")):
            return True
        run_task(seat, "make_runs", runs=1, first=number, rows=1, limit_s=60.0)
    return False


def _points(seat: Seat, suffix: str) -> list[Path]:
    return list((seat.store / ".gnomon" / "points").rglob(f"*.{suffix}"))


def _only_run(seat: Seat) -> str:
    print_id = "import gnomon; open('id', 'w').write(gnomon.open().runs().to_pylist()[0]['id'])"
    time_command([seat.python, "-c", print_id], seat)
    return (seat.store / "id").read_text()


def _peer(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "series")
    points = bench.amount(POINTS, 2_000)
    row = run_task(seat, "write_series", points=points, float32=True, limit_s=LIMIT_S)
    yield {"figure": "write", "kind": "float32", **row}
    size = size_of(seat.store)[1] / row["points"]
    yield {"figure": "size", "kind": "float32", "sealed": True, "bytes_per_point": size}
    floor = run_task(seat, "doing_nothing")
    row = run_task(seat, "read_series", run="long", metric="loss")
    more = 1e3 * (row["process_wall_s"] - floor["process_wall_s"])
    yield {"figure": "read", "kind": "float32", "round": 1, "sealed": True, "more_ms": more, **row}
