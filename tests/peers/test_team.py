"""The case `team` itself: that it measures what it says, with so little work that its figures mean nothing."""

import pytest

from benchmarks.bench import Bench
from benchmarks.cases import team
from benchmarks.served import Client, serve
from benchmarks.targets import TARGETS

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def own(bench: Bench) -> list[dict]:
    return [{"case": "team", "peer": "gnomon", **row} for row in team.CASE.measure(bench, "gnomon")]


def test_every_promise_is_judged_and_nothing_failed(own: list[dict]):
    assert [row for row in own if "error" in row] == []
    promised = [target for target in TARGETS if target.case == "team"]
    assert len(promised) == len(team.FIGURES)
    assert all(target.value(own) > 0 for target in promised)


def test_what_is_measured_holds_what_it_says(bench: Bench, own: list[dict]):
    assert own
    seat = bench.seat("gnomon", "team", of="gnomon-pages", fresh=False)
    with serve(seat) as served, Client(served) as client:
        client.enter()
        catchup = client.get("/catchup").body.decode()
        assert "Asked of you" in catchup and "updates" in catchup, "all of it is new to the reader"
        page = client.get(client.get("/page/all-runs").location).body.decode()
        assert page.count('class="card"') == 200
        assert client.get("/?part=waiting").body.decode().count("200 things wait") <= 1
