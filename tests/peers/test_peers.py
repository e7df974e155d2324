"""What the comparison with other trackers says, but for times: nothing here measures any.

The environments are made on the first run, which needs a package index and some minutes.
"""

import pytest

from benchmarks.bench import Bench
from benchmarks.cases.cold import heavy_modules
from benchmarks.cases.kill import RATES, kill_and_read
from benchmarks.processes import run_task
from benchmarks.values import SHORT

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

GNOMON_KILLS = 8
SOME_PEERS = ["trackio", "tensorboardx", "mlflow-sqlite"]


@pytest.mark.parametrize("many_runs", [False, True], ids=["one run", "runs ended and begun"])
@pytest.mark.parametrize("speed", RATES)
def test_kill_9_takes_no_acknowledged_point_of_gnomon(bench: Bench, speed: str, many_runs: bool):
    seat = bench.seat("gnomon", "kill")
    row = kill_and_read(seat, speed, GNOMON_KILLS, many_runs=many_runs)
    assert row["acknowledged"] > 0
    assert (row["lost"], row["wrong"], row["unreadable"]) == (0, 0, 0), row["first_error"]
    assert row["early"] <= GNOMON_KILLS, "more than the one call that was in flight at each kill"


def test_the_kill_test_sees_losses(bench: Bench):
    """A buffered file loses its buffer: a harness that finds nothing lost there would find nothing anywhere."""
    row = kill_and_read(bench.seat("jsonl", "kill", of="gnomon"), "100 a second", 2, many_runs=False)
    assert row["lost"] > 0


@pytest.mark.parametrize("peer", ["gnomon", *SOME_PEERS])
def test_what_was_logged_is_read_back_by_a_fresh_process(bench: Bench, peer: str):
    """The same work really was done by all that the figures compare."""
    seat = bench.seat(peer, "back")
    made = run_task(seat, "make_runs", runs=3, first=0, rows=10, limit_s=60.0)
    assert made["runs"] == 3
    back = run_task(seat, "read_back", run="run-000001", metric="m07")
    assert back["steps"] == list(range(10))
    assert back["values"] == [SHORT[1 * 200 + step * 20 + 7] for step in range(10)]
    assert run_task(seat, "read_table", sort="m00")["runs"] == 3


def test_base_install_stays_small(bench: Bench):
    sizes = {
        peer: run_task(bench.seat(peer, "size"), "weigh", distribution=peer) for peer in ("gnomon", "trackio")
    }
    gnomon = sizes["gnomon"]
    assert gnomon["mb"] <= 150, gnomon["heaviest"]
    assert gnomon["packages"] <= 25
    assert gnomon["mb"] < sizes["trackio"]["mb"]


def test_import_loads_no_heavy_library(bench: Bench):
    assert heavy_modules(bench.seat("gnomon", "import")) == []
