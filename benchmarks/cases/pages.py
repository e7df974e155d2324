"""The pages of a tracker: how soon they are there, what they take, and how soon a chart is drawn, in the Chromium of the system.

Gnomon: the record of the case `ask` (100,000 runs), which is made if it is not there; ten series of 1,000,000 points; 100 runs of
20 metrics of 1,000 points. The others: 1,000 runs, and the same curves, as many as they take within `MAKE_S` and `CURVES_S`, kept
for the next time. Each tracker's pages are started as its users start them. What a page must show to be ready: `peers/site.py`.
"""

import json
import random
import shutil
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.bench import Bench, Case, Row
from benchmarks.cases.ask import GROUPS, make_groups
from benchmarks.cases.series import LARGE_BYTES, seal
from benchmarks.peers.site import Visit
from benchmarks.processes import FailedError, Seat, run_task, time_command
from benchmarks.seed_groups import METRICS, MODELS, SEEDS
from benchmarks.served import Client, Served, serve

ROUNDS = 5
REQUESTS = 60
PEER_GROUPS = 10
LONG = {"runs": 10, "metrics": 1, "points": 1_000_000}
MANY = {"runs": 100, "metrics": 20, "points": 1_000}
MAKE_S, CURVES_S = 300.0, 120.0
READY_S = 120.0
SCREEN, TALL = (1280, 800), (1280, 5000)
TABLE = Visit("/runs", 'document.readyState === "complete" && all("#rows tr[data-run]").length > 0')
DRAWN = 'location.pathname === "/compare" && all("figure[data-drawn] canvas").length >= N'
IN_SIGHT = (
    'location.pathname === "/compare" && all("figure.chart").length >= N && all("figure.chart")'
    '.filter((one) => one.getBoundingClientRect().top < innerHeight).every((one) => one.matches("[data-drawn]"))'
)
FIELD = "input[type=search][name=where]"
MATCHING = "/runs?where=metrics.m00+%3E+0.2{}&sort=metrics.m01"
"""An address of the table with rows, for each round another one."""
BROWSER = Path(__file__).with_name("pages_browser.py")


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    yield from _gnomon(bench) if peer == "gnomon" else _peer(bench, peer)


CASE = Case(
    "pages",
    "the pages: time, memory, charts, in a browser",
    ("gnomon", "trackio", "tensorboardx", "wandb", "mlflow-sqlite", "aim"),
    measure,
)


def _gnomon(bench: Bench) -> Iterator[Row]:
    yield from _table(bench)
    for figure, curves in (("long", LONG), ("many", MANY)):
        yield from _charts(bench, figure, curves)


# ---------------------------------------------------------------- Gnomon's table


def questions() -> Iterator[str]:
    """Yield addresses of the table, without an end: each filters and sorts otherwise, and no two have the same thresholds."""
    chance = random.Random(5)
    shapes = (
        "metrics.{one} > {far}",
        "metrics.{one} < {far} and params.depth < {depth}",
        "params.model = '{model}' and metrics.{one} > {far}",
        "params.lr <= 0.01 and metrics.{one} > {far} and metrics.{two} < {near}",
        "name ~ '*{model}*' and metrics.{one} < {far}",
    )
    while True:
        for shape in shapes:
            one, two, sort = chance.sample(METRICS, 3)
            where = shape.format(
                one=one, two=two, model=chance.choice(MODELS), depth=chance.randrange(10, 50),
                far=round(chance.uniform(0.1, 0.9), 6), near=round(chance.uniform(0.5, 1), 6),
            )  # fmt: skip
            order = chance.choice((f"metrics.{sort}", f"metrics.{sort}:asc", "params.p03", "created"))
            yield "/runs?" + urlencode({"where": where, "sort": order})


def _table(bench: Bench) -> Iterator[Row]:
    groups = bench.amount(max(1, round(GROUPS * bench.scale)), 3)
    seat = bench.seat("gnomon", "ask", of="gnomon-pages", fresh=False)
    make_groups(seat, groups)
    time_command(
        [seat.python.with_name("gnomon"), "runs", "--limit", "1"], seat
    )  # brings the index up to date
    size = {"runs": groups * SEEDS}
    for number in range(bench.amount(ROUNDS, 1) + 1):  # round 0 brings files into memory
        with serve(seat) as served:
            yield {"figure": "start", "of": "table", "round": number, "ms": 1e3 * served.first_s, **size}
    asked = questions()
    with serve(seat) as served:
        start_mb = served.memory_mb()
        for row in _at_the_server(bench, served, asked):
            yield {**row, **size}
        paths = [TABLE.path, *(MATCHING.format(number) for number in range(bench.amount(ROUNDS, 1)))]
        visit = visit_of("table", TABLE, paths, then="type", field=FIELD)
        for row in looked(served, [visit]):
            yield {**row, **size}
        yield {"figure": "memory", "of": "table", **size, **_memory(served, start_mb)}


def _at_the_server(bench: Bench, served: Served, asked: Iterator[str]) -> Iterator[Row]:
    """Ask for the table, and for the first page, as a browser does, without one."""
    with Client(served) as client:
        client.enter()
        for number in range(bench.amount(3, 1)):
            paths = list(islice(asked, bench.amount(REQUESTS, 5)))
            yield {"figure": "table at the server", "round": number + 1, **_answers(client, paths)}
            paths = ["/"] * bench.amount(20, 3)
            yield {"figure": "first page at the server", "round": number + 1, **_answers(client, paths)}


def _answers(client: Client, paths: list[str]) -> Row:
    """Return how long answers took, whole, one after the other."""
    took = []
    for path in paths:
        answer = client.get(path)
        if answer.status != 200 or b'id="filter-error"' in answer.body:
            raise FailedError(f"gnomon: {path} was answered with {answer.status}")
        took.append((answer.ms, path))
    took.sort()
    return {
        "requests": len(took),
        "p50_ms": took[len(took) // 2][0],
        "p95_ms": took[min(len(took) - 1, int(0.95 * len(took)))][0],
        "max_ms": took[-1][0],
        "slowest": took[-1][1],
    }


# ---------------------------------------------------------------- Gnomon's charts


def _charts(bench: Bench, figure: str, curves: dict[str, int]) -> Iterator[Row]:
    """Draw the curves as the trainings left them, and sealed."""
    seat = bench.seat("gnomon", f"pages-{figure}", of="gnomon-pages")
    made = run_task(seat, "make_curves", **_fewer(bench, curves), limit_s=1e6)
    ids = run_task(seat, "run_ids", prefix="curve-")["ids"]
    yield {"figure": "made", "of": figure, **made}
    size = {key: made[key] for key in ("runs", "metrics", "points")}
    for sealed in (False, True):
        if sealed and not seal(seat):
            raise FailedError("gnomon: the points were not sealed")
        if not sealed and _is_sealed(seat):
            continue  # the trainings' own end has sealed them
        with serve(seat) as served:
            start_mb = served.memory_mb()
            for row in looked(served, list(_drawings(bench, figure, ids, made))):
                yield {**row, **size, "sealed": sealed}
            yield {"figure": "memory", "of": figure, **size, "sealed": sealed, **_memory(served, start_mb)}


def _fewer(bench: Bench, curves: dict[str, int]) -> dict[str, int]:
    return {
        **curves,
        "runs": bench.amount(curves["runs"], 4),
        "points": bench.amount(curves["points"], min(20_000, curves["points"] // 5)),
    }


def _is_sealed(seat: Seat) -> bool:
    wals = (seat.store / ".gnomon" / "points").rglob("*.wal")
    return all(wal.stat().st_size < LARGE_BYTES for wal in wals)


def _drawings(bench: Bench, figure: str, ids: list[str], made: Row) -> Iterator[Row]:
    query = urlencode([("run", run) for run in ids])
    rounds = bench.amount(ROUNDS, 1) + 1  # round 0: the first chart since the pages were started
    paths, charts = [f"/compare?{query}"] * rounds, made["metrics"]
    visit = Visit("/compare", DRAWN)
    if figure == "long":
        yield visit_of("long", visit, paths, charts=charts, link_from=f"/compare/differences?{query}")
        yield visit_of("long, zoomed", visit, paths[1:], charts=charts, then="zoom")
    else:
        yield visit_of("many", visit, paths, charts=charts, viewport=TALL)
        yield visit_of("many, scrolled", Visit("/compare", IN_SIGHT), paths[1:], charts=charts, then="scroll")


# ---------------------------------------------------------------- the others


def _peer(bench: Bench, peer: str) -> Iterator[Row]:
    site = bench.seat(peer, "pages-none").cls.site
    if site is None:
        yield {"figure": "missing", "of": "pages", "why": bench.seat(peer, "pages-none").cls.why_no_site}
        return
    seconds = MAKE_S if not bench.quick else 20.0
    table = {"first": 0, "groups": bench.amount(PEER_GROUPS, 1), "limit_s": seconds}
    curves = {"limit_s": CURVES_S if not bench.quick else 10.0}
    for of, task, arguments in (
        ("table", "make_seed_groups", table),
        ("long", "make_curves", {**_fewer(bench, LONG), **curves}),
        ("many", "make_curves", {**_fewer(bench, MANY), **curves}),
    ):
        try:
            yield from _peer_pages(bench, peer, of, task, arguments)
        except FailedError as error:
            yield {"figure": of, "error": str(error)}


def _peer_pages(bench: Bench, peer: str, of: str, task: str, arguments: Row) -> Iterator[Row]:
    seat = bench.seat(peer, f"pages-{of}", fresh=False)
    made = _made(seat, task, arguments)
    yield {"figure": "made", "of": of, **made}
    size = {key: made[key] for key in ("runs", "metrics", "points") if key in made}
    site = seat.cls.site
    visit: Visit | None = getattr(site, of)
    if visit is None and of != "table":
        yield {"figure": "missing", "of": of, "why": site.missing[of]}
        return
    for number in range(2 if of == "table" else 1):  # round 0 brings files into memory
        with serve(seat) as served:
            start_mb = served.memory_mb()
            yield {
                "figure": "start",
                "of": of,
                "round": number,
                "ms": 1e3 * served.first_s,
                "processes": served.processes(),
                **size,
            }
            if number == 0 and of == "table":
                continue
            if visit is None:
                yield {"figure": "missing", "of": of, "why": site.missing[of]}
            else:
                visits = _peer_visits(bench, of, visit, made)
                for row in looked(served, visits):
                    yield {**row, **size}
            yield {"figure": "memory", "of": of, **size, **_memory(served, start_mb)}


def _peer_visits(bench: Bench, of: str, visit: Visit, made: Row) -> list[Row]:
    paths = [visit.path] * (bench.amount(3, 1) + 1)
    charts = min(made.get("metrics", 0), visit.most)
    if of != "many":
        return [visit_of(of, visit, paths, charts=charts)]
    visits = [visit_of("many", visit, paths, charts=charts, viewport=TALL)]
    if visit.scrolls:
        first = Visit(visit.path, visit.first_ready or visit.ready)
        visits += [visit_of("many, scrolled", first, paths[1:], charts=charts, then="scroll")]
    return visits


def _made(seat: Seat, task: str, arguments: Row) -> Row:
    """Have a tracker make its runs, or take those of an earlier time that were asked for in the same words."""
    kept, asked = seat.folder / "made.json", {"task": task, **arguments}
    if kept.exists() and (found := json.loads(kept.read_text()))["asked"] == asked:
        return {**found["made"], "again": True}
    for folder in (seat.store, seat.home):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    made = run_task(seat, task, **arguments)
    run_task(seat, "prepare")
    kept.write_text(json.dumps({"asked": asked, "made": made}))
    return made


# ---------------------------------------------------------------- both


def visit_of(
    name: str, visit: Visit, paths: list[str], *, charts: int = 0, viewport: tuple[int, int] = SCREEN, link_from: str = "",
    then: str = "", field: str = "",
) -> Row:  # fmt: skip
    return {
        "name": name, "ready": visit.ready, "paths": paths, "charts": charts, "viewport": viewport, "link_from": link_from,
        "then": then, "field": field, "limit_s": READY_S, "picture": "",
    }  # fmt: skip


def looked(served: Served, visits: list[Row]) -> Iterator[Row]:
    """Yield a row for each round of each visit of a fresh browser."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise FailedError("there is no Chromium here: `apt-get install chromium`")
    seat = Seat(served.seat.cls, Path(sys.executable), served.seat.folder)
    errand, out = seat.folder / "errand.json", seat.folder / "looked.json"
    for visit in visits:
        visit["picture"] = str(seat.folder / f"{visit['name'].replace(', ', '-')}.png")
    enter = f"{served.base}/enter#code={code}" if (code := served.code()) else ""
    errand.write_text(
        json.dumps({"chromium": chromium, "base": served.base, "enter": enter, "visits": visits})
    )
    out.unlink(missing_ok=True)
    time_command([sys.executable, BROWSER, errand, out], seat, limit_s=1800)
    for row in json.loads(out.read_text()):
        scrolls = {
            f"{name}_{key}": value
            for name in ("scroll", "scroll_again")
            for key, value in row.pop(name, {}).items()
        }
        yield {"figure": row.pop("visit"), **row, **scrolls}


def _memory(served: Served, start_mb: float) -> Row:
    return {
        "start_mb": start_mb,
        "after_mb": served.memory_mb(),
        "peak_mb": served.peak_mb(),
        "processes": served.processes(),
    }
