"""What people of a team write to each other: 100,000 writings, all of them new to the reader, asked for through the pages.

The record is made once (a minute) and kept: delete the folder `team` under the root to begin again. None of the other trackers
has writings, a catch-up or references that are shown live, so this case has no peers.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.bench import Bench, Case, Row
from benchmarks.processes import FailedError, run_task, time_command
from benchmarks.served import Client, Served, serve
from benchmarks.team_writings import COMMON, RARE, WORDS

WRITINGS = 100_000
ROUNDS = 2
REQUESTS = 20
FIGURES = ("search", "search, common words", "catch-up", "list", "cards", "waiting")


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "team", of="gnomon-pages", fresh=False)
    writings = bench.amount(max(500, round(WRITINGS * bench.scale)), 500)
    made = seat.folder / f"made-{writings}"
    if not made.exists():
        seat = bench.seat(peer, "team", of="gnomon-pages")
        yield {"figure": "made", **run_task(seat, "write_team", writings=writings)}
        made.touch()
    time_command([seat.python.with_name("gnomon"), "search", RARE], seat)  # brings the index up to date
    with serve(seat) as served, Client(served) as client:
        client.enter()
        for figure in FIGURES:
            for number in range(bench.amount(ROUNDS, 1) + 1):  # round 0 brings files into memory
                asked = [_address(figure, nth) for nth in range(bench.amount(REQUESTS, 3))]
                yield {
                    "figure": figure,
                    "round": number,
                    "writings": writings,
                    **_answers(served, client, asked),
                }


CASE = Case("team", "100,000 writings of a team: search, catching up, lists, cards", ("gnomon",), measure)


def _address(figure: str, nth: int) -> str:
    """Return an address of a figure: the searches are for one word, two words, a rare one and a beginning in turn."""
    if figure.startswith("search"):
        words = COMMON if figure.endswith("common words") else WORDS
        one, two = words[(37 * nth) % len(words)], words[(37 * nth + 5) % len(words)]
        return "/search?" + urlencode({"q": (one, f"{one} {two}", RARE, f"{one[:3]}*")[nth % 4]})
    if figure == "list":
        path = ("/questions", "/problems", "/updates", "/pages")[nth % 4]
        return f"{path}?q={COMMON[nth % len(COMMON)]}" if nth % 2 else path
    return {"catch-up": "/catchup", "cards": "/page/all-runs", "waiting": "/?part=waiting"}[figure]


def _answers(served: Served, client: Client, paths: list[str]) -> Row:
    """Return how long whole answers took, one after the other, and the server's processor time for one."""
    took, before = [], _processor_s(served.pid)
    for path in paths:
        answer = client.get(path)
        if answer.status == 303:  # a name leads to the whole address, which is what takes time
            answer = client.get(answer.location)
        if answer.status != 200:
            raise FailedError(f"gnomon: {path} was answered with {answer.status}")
        took.append((answer.ms, path))
    cpu_s = _processor_s(served.pid) - before
    took.sort()
    p95_ms, slowest = took[min(len(took) - 1, int(0.95 * len(took)))][0], took[-1][1]
    return {
        "requests": len(took), "p50_ms": took[len(took) // 2][0], "p95_ms": p95_ms, "cpu_ms": 1e3 * cpu_s / len(took),
        "slowest": slowest,
    }  # fmt: skip


def _processor_s(pid: int) -> float:
    """Return the processor time of a process so far, in seconds; 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
